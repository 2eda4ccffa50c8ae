#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Measures `macvm fetch` beside its peers, in one run on one machine, and prints ratios:
#   decode     a local .dmg to a raw image: macvm, dmg2img, qemu-img convert
#   fetch      a signed .dmg on a loopback server to a raw image: macvm, and curl + dmg2img
# Each is run RUNS times in turn, the medians are compared; the raw images byte by byte. Everything lies in one
# directory, by default in memory (/dev/shm): it takes about 2.5 times SIZE MiB.
#
#   tests/bench/media.sh [MACVM]        default: build/release/macvm
# Environment: SIZE (MiB, 600), RUNS (5), SOURCE (a folder whose files are the contents; default /usr/lib), BENCH_DIR.
# The wall ratio counts on an idle machine; where others work, the processors' time tells more.
# Budgets (design): decode at most 0.3 of dmg2img, fetch at most 0.4 of curl + dmg2img, memory below 128 MiB.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
macvm=${1:-$top/build/release/macvm}
size=${SIZE:-600}
runs=${RUNS:-5}
source=${SOURCE:-/usr/lib}
dir=$(mktemp -d "${BENCH_DIR:-/dev/shm}/macvm-bench.XXXXXX")
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || :
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

for program in curl dmg2img qemu-img openssl python3; do
    command -v "$program" >/dev/null || { echo "media.sh: needs $program" >&2; exit 77; }
done
[ -x "$macvm" ] || { echo "media.sh: no program at $macvm; build the release preset first" >&2; exit 1; }

PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
python=$(command -v /usr/bin/python3 || command -v python3)
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$dir/key.pem"
openssl pkey -in "$dir/key.pem" -pubout -out "$dir/pub.pem"
echo "making an image of $size MiB from $source"
"$python" "$top/tests/fake/media_fixture.py" "$dir/a.dmg" --size "$size" --run-sectors 2048 --source "$source" \
    --raw "$dir/a.raw" --chunklist "$dir/a.chunklist" --key "$dir/key.pem"
"$python" "$top/tests/fake/recovery_server.py" "$dir/a.dmg" "$dir/a.chunklist" >"$dir/url" &
server=$!
while [ ! -s "$dir/url" ]; do sleep 0.1; done
url=$(cat "$dir/url")

# Runs the rest as a command; its seconds (user + system too) and peak KiB go to the file $dir/NAME.
measure() {
    name=$1
    shift
    "$python" - "$dir/$name" "$@" <<'EOF'
import resource, subprocess, sys, time
begin = time.monotonic()
done = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
wall = time.monotonic() - begin
if done.returncode != 0:
    sys.exit(f"{sys.argv[2:]} failed: {done.stderr.decode(errors='replace')}")
use = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "a") as file:
    print(wall, use.ru_utime + use.ru_stime, use.ru_maxrss, file=file)
EOF
}

same() {
    cmp "$dir/a.raw" "$dir/out.img" || { echo "media.sh: $1 made another image" >&2; exit 1; }
    rm -f "$dir/out.img"
}

i=0
while [ "$i" -lt "$runs" ]; do
    i=$((i + 1))
    measure decode-macvm "$macvm" -q fetch --output "$dir/out.img" --dmg "$dir/a.dmg"
    same macvm
    measure decode-dmg2img dmg2img -s "$dir/a.dmg" "$dir/out.img"
    same dmg2img
    measure decode-qemu-img qemu-img convert -f dmg -O raw "$dir/a.dmg" "$dir/out.img"
    same qemu-img
    measure fetch-macvm "$macvm" -q fetch --output "$dir/out.img" --server "$url" --trust-key "$dir/pub.pem"
    same macvm
    # The peers' way: session and answer cost next to nothing, so only the image counts for them.
    cookie=$("$python" -c '
import sys, urllib.request as r
base = sys.argv[1]
agent = {"User-Agent": "InternetRecovery/1.0"}
session = r.urlopen(r.Request(base + "/", headers=agent)).headers["Set-Cookie"].split("; ")[0]
body = "cid=%s\nsn=%s\nbid=Mac-%s\nk=%s\nfg=%s\nos=default" % ("0" * 16, "0" * 17, "0" * 16, "0" * 64, "0" * 64)
head = dict(agent, Cookie=session, **{"Content-Type": "text/plain"})
answer = r.urlopen(r.Request(base + "/InstallationPayload/RecoveryImage", body.encode(), head)).read().decode()
print(dict(line.split(": ", 1) for line in answer.splitlines())["AT"])' "$url")
    # shellcheck disable=SC2016 # the inner shell expands its own arguments
    measure fetch-curl-dmg2img sh -c 'curl -sS --fail -b "AssetToken=$1" -o "$2/copy.dmg" "$3" &&
        dmg2img -s "$2/copy.dmg" "$2/out.img" && rm "$2/copy.dmg"' sh "$cookie" "$dir" \
        "$url/content/RecoveryImage/BaseSystem.dmg"
    same 'curl + dmg2img'
done

"$python" - "$dir" <<'EOF'
import os, pathlib, statistics, sys
folder = pathlib.Path(sys.argv[1])
def medians(name):
    rows = [[float(x) for x in line.split()] for line in (folder / name).read_text().splitlines()]
    return [statistics.median(column) for column in zip(*rows)] + [max(row[2] for row in rows)]
print(f"image {os.path.getsize(folder / 'a.dmg')} bytes, decoded {os.path.getsize(folder / 'a.raw')} bytes, "
      f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
print(f"{'':20} {'wall s':>8} {'cpu s':>8} {'peak MiB':>9} {'wall ratio':>11} {'budget':>7} {'cpu ratio':>10}")
for ours, peer, budget in (("decode-macvm", "decode-dmg2img", "0.3"), ("decode-macvm", "decode-qemu-img", "-"),
                           ("fetch-macvm", "fetch-curl-dmg2img", "0.4")):
    a, b = medians(ours), medians(peer)
    print(f"{ours:20} {a[0]:8.2f} {a[1]:8.2f} {a[3] / 1024:9.0f}")
    print(f"{peer:20} {b[0]:8.2f} {b[1]:8.2f} {b[3] / 1024:9.0f} {a[0] / b[0]:11.2f} {budget:>7} {a[1] / b[1]:10.2f}")
EOF
