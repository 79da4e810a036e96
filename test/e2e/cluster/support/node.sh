#!/bin/sh
# What one node sees, in a network and mount namespace of its own: NAME NUMBER DIR. Everything that lasts on a node lies
# below DIR, where the test looks at it too.
set -eu
name=$1 number=$2 dir=$3

mount --make-rprivate /
for place in /run /var/lib /var/log; do mount -t tmpfs tmpfs "$place"; done
for place in /etc/containerd /var/lib/containerd /var/lib/kubelet /var/lib/handspegel /var/lib/spegel; do
  mkdir -p "$dir$place" "$place"
  mount --bind "$dir$place" "$place"
done
mount --make-rshared /var/lib/kubelet
mkdir -p /run/cni/net.d /run/netns /var/log/pods /var/log/containers

# kubelet sets these on a real node; here they would be the whole machine's.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=$dir/sysctl/${setting%%=*}
  mkdir -p "$(dirname "$file")"
  echo "${setting#*=}" >"$file"
  mount --bind "$file" "/proc/sys/${setting%%=*}"
done

printf '127.0.0.1 localhost\n%s %s\n' "172.30.0.$number" "$name" >"$dir/hosts"
echo 'nameserver 172.30.0.1' >"$dir/resolv.conf"
mount --bind "$dir/hosts" /etc/hosts
mount --bind "$dir/resolv.conf" /etc/resolv.conf

cat >/run/cni/net.d/10-cluster.conflist <<END
{"cniVersion": "0.4.0", "name": "cluster", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "/run/cni/ipam", "ranges": [[{"subnet": "10.244.$number.0/24"}]],
            "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}},
  {"type": "loopback"}]}
END

# The origin registry speaks plain HTTP: a registry directory that nobody's template makes.
origin=/etc/containerd/certs.d/172.30.0.1:5000
mkdir -p "$origin"
echo "server = 'http://172.30.0.1:5000'" >"$origin/hosts.toml"

cat >/etc/containerd/config.toml <<END
version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
address = "/run/containerd/containerd.sock"
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "172.30.0.1:5000/pause:1"
[plugins."io.containerd.cri.v1.images".registry]
config_path = "/etc/containerd/certs.d"
[plugins."io.containerd.cri.v1.runtime"]
# Without CAP_SYS_RESOURCE no pod would start.
restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["/usr/lib/cni"]
conf_dir = "/run/cni/net.d"
END

echo ready
exec sleep infinity
