#!/bin/sh
# Brings what the other targets use: Debian packages and npm modules. Idempotent, and silent when all is there.
# Usage: scripts/bootstrap.sh [peers | windows]   (also what only the peer tests use, or what runs the Windows half)
set -eu
cd "$(dirname "$0")/.."

say() { echo "bootstrap: $*" >&2; }
die() { say "$*"; exit 1; }

# command -> the package that has it
missing=""
need() {
  command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
PATH="$PATH:/usr/sbin:/sbin"
need containerd containerd
need ctr containerd
need runc runc
# The test image holds this one binary, so it has to be the static build.
busybox=$(command -v busybox) && ! ldd "$busybox" >/dev/null 2>&1 || missing="$missing busybox-static"
need ip iproute2
need tc iproute2
need qemu-system-x86_64 qemu-system-x86
[ -x /usr/lib/qemu/virtiofsd ] || missing="$missing qemu-system-common"
need setpriv util-linux
need script bsdutils
# Counts system calls for test/budget.
need strace strace
need mkfs.ext4 e2fsprogs
# CNI's portmap, firewall and masquerade.
[ "${1:-}" != peers ] || need iptables iptables
if [ "${1:-}" = windows ]; then
  need wine "wine wine64"
  need x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64-win32
fi

install_packages() {
  command -v apt-get >/dev/null 2>&1 || die "missing:$missing; this is no Debian, install them by hand"
  [ "$(id -u)" = 0 ] || die "missing:$missing; run 'make bootstrap' as root once"
  say "installing:$missing"

  # The tests start containerd themselves, each its own: the system's service has no part in them and stays off.
  no_services=/usr/sbin/policy-rc.d
  if [ -e "$no_services" ]; then
    no_services=""
  else
    printf '#!/bin/sh\nexit 101\n' >"$no_services"
    chmod +x "$no_services"
    trap 'rm -f "$no_services"' EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086
  apt-get install -qq -y --no-install-recommends $missing >&2 || {
    apt-get update -qq >&2
    # shellcheck disable=SC2086
    apt-get install -qq -y --no-install-recommends $missing >&2
  }
  case "$missing" in
    *containerd*) command -v systemctl >/dev/null 2>&1 && systemctl disable -q containerd.service 2>/dev/null || true ;;
  esac
  [ -z "$no_services" ] || { rm -f "$no_services"; trap - EXIT; }
}
[ -z "$missing" ] || install_packages

# The image of the VM is made of what apt's lists name.
if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then
  command -v apt-get >/dev/null 2>&1 || die "has no apt to take the VM's kernel from: this is no Debian"
  [ "$(id -u)" = 0 ] || die "apt has no lists; run 'apt-get update' as root once"
  say "apt-get update"
  apt-get update -qq >&2
fi

case "$(node --version 2>/dev/null)" in
  v2[0-9].* | v[3-9][0-9].*) ;;
  *) die "needs Node >= 20, found '$(node --version 2>/dev/null || echo none)'" ;;
esac

# A linked node_modules belongs to another checkout, which keeps it current.
if [ ! -L node_modules ] && ! cmp -s package-lock.json node_modules/.installed-lock.json; then
  say "npm ci"
  npm ci --no-fund --no-audit --loglevel=error >&2
  cp package-lock.json node_modules/.installed-lock.json
fi

[ "${1:-}" != windows ] || scripts/windows.sh
