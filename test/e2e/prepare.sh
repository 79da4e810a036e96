#!/bin/sh
# Installs the real parts that the tests here use; does nothing when they are all there. Debian 12, as root.
set -eu

missing=''
need() { # COMMAND PACKAGE
  command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need containerd containerd
need ctr containerd
need docker-registry docker-registry
need busybox busybox-static
need ip iproute2
need unshare util-linux
need setpriv util-linux
need mount mount
need openssl openssl
need buildah buildah
need umoci umoci
need skopeo skopeo
need promtool prometheus
need prometheus prometheus
need chromium 'chromium fonts-dejavu-core'
need shellcheck shellcheck
need curl curl
need wget wget
need cloud-init cloud-init
need runc runc
need iptables iptables
need conntrack conntrack
need dnsmasq dnsmasq-base
need kubectl kubernetes-client
[ -x /usr/lib/cni/portmap ] || missing="$missing containernetworking-plugins"

if [ "$(id -u)" -ne 0 ]; then
  echo 'test/e2e needs root: network and mount namespaces, containerd, other users' >&2
  exit 1
fi
if [ -n "$missing" ]; then
  echo "installing:$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # Nothing that is installed starts a service: the tests start and end their own.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  # Wanted for its schema only: it shall do nothing to this machine, at no boot.
  case $missing in *cloud-init*) mkdir -p /etc/cloud && : >/etc/cloud/cloud-init.disabled ;; esac
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $missing
fi
for command in containerd ctr docker-registry busybox ip unshare nsenter setpriv prlimit openssl buildah umoci skopeo promtool prometheus chromium \
  shellcheck curl wget cloud-init runc iptables conntrack dnsmasq kubectl /usr/lib/cni/portmap; do
  command -v "$command" >/dev/null || {
    echo "test/e2e: $command is missing although its package is installed" >&2
    exit 1
  }
done

# Containerds beside Debian's, each in a directory of its own: built once (a minute or two), then found in the cache. The
# nodes of cluster/ run containers with the newest, and so need its shim.
bin=${XDG_CACHE_HOME:-$HOME/.cache}/handspegel/bin
build() { # RELEASE COMMAND...
  release=$1
  shift
  for command in "$@"; do
    if [ -x "$bin/$release/$command" ] && "$bin/$release/$command" -v | grep -qF " $release"; then continue; fi
    command -v go >/dev/null || {
      echo "test/e2e: Go is missing, to build $command $release" >&2
      exit 1
    }
    echo "building: $command $release"
    mkdir -p "$bin/$release"
    new=$(mktemp -d "$bin/.new.XXXXXX")
    GOBIN=$new GOFLAGS='' go install "github.com/containerd/containerd/v2/cmd/$command@v$release"
    mv "$new/$command" "$bin/$release/"
    rmdir "$new"
  done
}
build 2.2.9 containerd ctr
build 2.4.2 containerd ctr containerd-shim-runc-v2

# Helm, for the chart: about two minutes, once.
helm=4.3.1
if ! { [ -x "$bin/helm" ] && "$bin/helm" version --short | grep -qF "v${helm%.*}"; }; then
  echo "building: helm $helm"
  mkdir -p "$bin"
  GOBIN=$bin GOFLAGS='' go install "helm.sh/helm/v4/cmd/helm@v$helm"
fi

# etcd, API server and the rest of Kubernetes in one program: about five minutes, once.
kube=1.34
if [ ! -x "$bin/kube-$kube/kube" ]; then
  echo "building: Kubernetes $kube"
  mkdir -p "$bin/kube-$kube"
  stamp=k8s.io/component-base/version
  (
    cd "$(dirname "$0")/cluster/kube"
    GOFLAGS='' go build -trimpath -o "$bin/kube-$kube/.new" \
      -ldflags "-s -w -X $stamp.gitVersion=v$kube.4 -X $stamp.gitMajor=${kube%.*} -X $stamp.gitMinor=${kube#*.}" .
  )
  mv "$bin/kube-$kube/.new" "$bin/kube-$kube/kube"
fi

# Ignition's and nodeadm's own readers, for what user-data prints: a minute, once.
check=$(dirname "$0")/user-data-check
if [ ! -x "$bin/user-data-check" ] || [ "$check/main.go" -nt "$bin/user-data-check" ]; then
  echo 'building: readers of user-data'
  mkdir -p "$bin"
  (cd "$check" && GOFLAGS='' go build -trimpath -ldflags '-s -w' -o "$bin/user-data-check" .)
fi
