#!/usr/bin/env bash
# The README on a machine with nothing installed: a Debian 12 made by mmdebstrap, a clean clone in it, ./x run, the README's
# next lines, ./x test. As root. Needs mmdebstrap and git here.
#
# usage: fresh_machine.sh [--keep FOLDER]   keeps the machine in FOLDER, or uses the one that is there
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
keep=
[ "${1:-}" != --keep ] || keep=$2
machine=${keep:-$(mktemp -d)/machine}
sources=/etc/apt/sources.list.d/debian.sources
[ -f "$sources" ] || sources=/etc/apt/sources.list

[ -d "$machine/etc" ] || mmdebstrap --quiet --variant=apt --include=ca-certificates bookworm "$machine" "$sources"
rm -rf "$machine/moldau"
git clone --quiet "$root" "$machine/moldau"
mount -t proc proc "$machine/proc"
mount --rbind /dev "$machine/dev"
mount --make-rslave "$machine/dev"
cp /etc/resolv.conf "$machine/etc/resolv.conf"
finish() {
  [ -z "${broker:-}" ] || kill "$broker" 2>/dev/null || true
  umount -R -l "$machine/dev" "$machine/proc" || true
  [ -n "$keep" ] || rm -rf --one-file-system "$machine"
}
trap finish EXIT

inside() { chroot "$machine" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb "$@"; }
log=$machine/moldau/run.log
started=$SECONDS
inside bash -c 'cd /moldau && exec ./x run --admin none' >"$log" 2>&1 &
broker=$!
until grep -q '^ready ' "$log"; do
  kill -0 "$broker" 2>/dev/null || { tail -n 20 "$log"; echo "fresh machine: ./x run ended"; exit 1; }
  [ $((SECONDS - started)) -lt 1800 ] || { echo "fresh machine: ./x run was not ready in time"; exit 1; }
  sleep 1
done
echo "./x run: ready after $((SECONDS - started)) s on a machine with nothing installed"
awk '/^```sh/ { block++; on = 1; next } /^```/ { on = 0 } on && block == 2' "$root/README.md" >"$machine/moldau/lines.sh"
inside bash -ec 'cd /moldau && apt-get update -qq && . ./lines.sh' | tail -n 3
kill "$broker"
wait "$broker" || true
broker=
started=$SECONDS
inside bash -c 'cd /moldau && ./x test' >"$machine/moldau/test.log" 2>&1 || { tail -n 40 "$machine/moldau/test.log"; exit 1; }
grep 'tests passed' "$machine/moldau/test.log"
echo "./x test: $((SECONDS - started)) s"
