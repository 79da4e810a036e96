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

# Helm 3, which many still have.
helm3=3.22.0
if ! { [ -x "$bin/helm-3/helm" ] && "$bin/helm-3/helm" version --short | grep -qF "v${helm3%.*}"; }; then
  echo "building: helm $helm3"
  mkdir -p "$bin/helm-3"
  GOBIN=$bin/helm-3 GOFLAGS='' go install "helm.sh/helm/v3/cmd/helm@v$helm3"
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
if [ ! -x "$bin/user-data-check" ] || [ -n "$(find "$check/main.go" -newer "$bin/user-data-check")" ]; then
  echo 'building: readers of user-data'
  mkdir -p "$bin"
  (cd "$check" && GOFLAGS='' go build -trimpath -ldflags '-s -w' -o "$bin/user-data-check" .)
fi

# What Argo CD, Flux and helmfile take: their own definitions, out of their Go modules.
schemas=${XDG_CACHE_HOME:-$HOME/.cache}/handspegel/schemas
schema() { # MODULE@VERSION FILE…
  module=$1
  shift
  for file in "$@"; do
    [ -e "$schemas/$module/$(basename "$file")" ] && continue
    dir=$(cd / && GOFLAGS='' go mod download -json "$module" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    [ -d "$schemas/$module" ] || rm -rf "$schemas/${module%@*}@"* # of another version
    mkdir -p "$schemas/$module"
    cp "$dir/$file" "$schemas/$module/"
  done
}
schema github.com/argoproj/argo-cd/v3@v3.5.1 manifests/crds/application-crd.yaml
schema github.com/fluxcd/helm-controller@v1.6.0 config/crd/bases/helm.toolkit.fluxcd.io_helmreleases.yaml
schema github.com/fluxcd/source-controller@v1.9.0 config/crd/bases/source.toolkit.fluxcd.io_ocirepositories.yaml \
  config/crd/bases/source.toolkit.fluxcd.io_helmrepositories.yaml
schema github.com/helmfile/helmfile@v1.8.0 pkg/state/state.go
