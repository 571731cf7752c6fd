#!/bin/sh
# Builds the programs that the peer tests run against, from the module in test/peers, into out/peers:
#   containerd, ctr, containerd-shim-runc-v2, nerdctl, the CNI plugins that nerdctl asks for (all pinned by go.mod), and
#   shimtest.test and its testbin (containerd's conformance suite for shims), cri (ours, a client of k8s.io/cri-api; crictl is not to be had as a module), ttrpc-peer (ours, on containerd's Go ttrpc); and containerd-2.2, from the module in test/peers/containerd-2.2.
# Builds again only when the module, our Go sources, the Go version or this script changed. Ends by printing the versions.
# Usage: scripts/peers.sh
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
module=$root/test/peers
out=$root/out/peers

want_minor=26
if ! command -v go >/dev/null 2>&1; then
  echo "peers.sh: go is not on PATH; the peer tests want Go >= 1.$want_minor: install it from https://go.dev/dl/ and run again" >&2
  exit 1
fi
# Asked outside of the module, where no other toolchain is fetched: this is the Go that is installed.
found=$(cd / && GOTOOLCHAIN=local go env GOVERSION)
minor=$(printf '%s\n' "$found" | sed -n 's/^go1\.\([0-9][0-9]*\).*/\1/p')
if [ -z "$minor" ] || [ "$minor" -lt "$want_minor" ]; then
  echo "peers.sh: go on PATH is $found; the peer tests want Go >= 1.$want_minor: install it from https://go.dev/dl/ and run again" >&2
  exit 1
fi

# Static and without the snapshotters that need C headers; CRI stays in.
export CGO_ENABLED=0
tags='no_btrfs no_devmapper no_zfs'

mkdir -p "$out"
# CI builds them beside what comes before them (.ci/run).
exec 9>"$out/.lock"
flock 9
stamp=$(
  cd "$module"
  {
    echo "$found $tags"
    find . -name '*.go' -o -name '*.mod' -o -name '*.sum' -o -name '*.proto' | LC_ALL=C sort | xargs sha256sum
    sha256sum <"$root/scripts/peers.sh"
  } | sha256sum
)
if [ "$(cat "$out/stamp" 2>/dev/null || true)" != "$stamp" ]; then
  rm -f "$out/stamp"
  echo "peers.sh: building the peers with $found into $out (minutes when nothing is cached)"
  (
    cd "$module"
    nice go build -p 2 -trimpath -tags "$tags" -ldflags '-s -w' -o "$out/" \
      github.com/containerd/containerd/v2/cmd/containerd \
      github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2 \
      github.com/containerd/containerd/v2/cmd/ctr \
      github.com/containerd/nerdctl/v2/cmd/nerdctl
    nice go build -trimpath -ldflags '-s -w' -o "$out/cni/" \
      github.com/containernetworking/plugins/plugins/ipam/host-local \
      github.com/containernetworking/plugins/plugins/main/bridge \
      github.com/containernetworking/plugins/plugins/main/loopback \
      github.com/containernetworking/plugins/plugins/meta/firewall \
      github.com/containernetworking/plugins/plugins/meta/portmap \
      github.com/containernetworking/plugins/plugins/meta/tuning
    nice go test -c -trimpath -o "$out/shimtest.test" github.com/containerd/shimtest
    # Its `forever` ends at any signal, also at the SIGURG with which Go's scheduler interrupts a goroutine: one of 2000 where the processors are busy.
    nice go build -trimpath -ldflags '-s -w -X=runtime.godebugDefault=asyncpreemptoff=1' -o "$out/testbin" github.com/containerd/shimtest/cmd/testbin
    nice go build -trimpath -ldflags '-s -w' -o "$out/ttrpc-peer" ./ttrpc
    nice go build -trimpath -ldflags '-s -w' -o "$out/cri" ./cri
    nice go build -trimpath -ldflags '-s -w' -o "$out/ttrpc-bench" ./bench
    cd containerd-2.2
    nice go build -p 2 -trimpath -tags "$tags" -ldflags '-s -w' -o "$out/containerd-2.2" \
      github.com/containerd/containerd/v2/cmd/containerd
  )
  echo "$stamp" >"$out/stamp"
fi

echo "peers.sh: $found"
"$out/containerd" --version
"$out/containerd-2.2" --version
"$out/ctr" --version
"$out/nerdctl" --version
(cd "$module" && go list -m github.com/containerd/shimtest github.com/containerd/ttrpc github.com/containernetworking/plugins)
runc --version 2>/dev/null | head -n 1 || echo "peers.sh: no runc on PATH" >&2
