#!/bin/sh
# The cluster test in namespaces of its own: network, mounts and process ids. Whatever it starts, containers included, is
# seen by nobody else and ends with it, also when it is killed. Words are for `node --test`:
#   npm run test:cluster -- --test-name-pattern="^[125]\\."
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# In lower case: buildah takes a path for an image's name.
TMPDIR=${TMPDIR:-/tmp}/handspegel-cluster-$$
mkdir "$TMPDIR"
export TMPDIR

# A shell is the first process in there, because it waits for orphans.
unshare --net --mount --propagation private --pid --fork --kill-child --mount-proc \
  sh -c 'node --test --test-concurrency=1 "$@"; exit $?' sh "$@" "$here"/*.test.ts &
inside=$!
trap 'kill "$inside"' INT TERM
code=0
wait "$inside" || code=$?

# No process is left in them; cgroups are the whole machine's.
for task in "$TMPDIR"/*/n?/var/lib/containerd/io.containerd.runtime.v2.task/k8s.io/*; do
  rmdir /sys/fs/cgroup/*/k8s.io/"${task##*/}" /sys/fs/cgroup/k8s.io/"${task##*/}" 2>/dev/null || true
done
rmdir /sys/fs/cgroup/*/k8s.io 2>/dev/null || true
rm -rf "$TMPDIR"
exit "$code"
