#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The clipboard agent beside the loop that people write (old-loop.bash), over loopback ssh, X11 and the mock pasteboard.

clip.py [COPIES [IDLE-SECONDS]] prints medians and 95th percentiles each way for 64 B, 1 MiB and a picture of 5 MiB, and the
CPU ticks of both at rest; it fails beyond the budgets of docs/clipboard.md."""

import contextlib
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
os.environ.setdefault("MACVM", str(HERE.parents[1] / "build/release/macvm"))
import cliplab  # noqa: E402
import harness  # noqa: E402
import xowner  # noqa: E402

COPIES = int(sys.argv[1]) if len(sys.argv) > 1 else 60
IDLE = int(sys.argv[2]) if len(sys.argv) > 2 else 60
ONE_ANSWER = 64 * 1024  # what xowner gives and takes in one piece
TICK = os.sysconf("SC_CLK_TCK")
PNG = ("image/png", "public.png")
SIZES = {"64 B": (64, "UTF8_STRING", cliplab.TEXT), "1 MiB": (1 << 20, "UTF8_STRING", cliplab.TEXT),
         "5 MiB PNG": (5 << 20, *PNG)}
BUDGET = {"host to guest": (5, 25), "guest to host": (40, 70)}  # ms for 64 B: median, 95th percentile
RANDOM = random.Random(1)


def content(size, target):
    if target == "image/png":
        return RANDOM.randbytes(size)
    return (b"%016x" % RANDOM.getrandbits(64) * (size // 16 + 1))[:size]


def until(predicate, seconds=20):
    """Milliseconds from now until predicate() holds."""
    start = time.perf_counter()
    while not predicate():
        if time.perf_counter() - start > seconds:
            raise harness.Failed("a copy did not arrive")
        time.sleep(0.0003)
    return (time.perf_counter() - start) * 1000


def identity(path):
    """What no two versions of a file share: the number of one that is gone is soon another's."""
    try:
        now = path.stat()
    except FileNotFoundError:
        return None
    return now.st_ino, now.st_mtime_ns


@contextlib.contextmanager
def copied_by_owner(lab, target):
    """copy(data) of an application that runs: takes the clipboard, and returns when it did; it answers small questions."""
    with xowner.Owner(lab.display, {target: b"begin"}) as owner:
        def copy(data):
            start = time.perf_counter()
            owner.copy(data)
            return start
        yield copy


@contextlib.contextmanager
def copied_by_xclip(lab, target):
    """The same of a new xclip, for what is too long for one answer: it takes the clipboard after its last byte of input."""
    with contextlib.ExitStack() as running:
        def copy(data):
            xclip = subprocess.Popen(["xclip", "-selection", "clipboard", "-i", "-t", target], stdin=subprocess.PIPE,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=lab.env)
            running.callback(xclip.wait)
            time.sleep(0.01)  # it runs and waits
            xclip.stdin.write(data)
            xclip.stdin.close()
            return time.perf_counter()
        yield copy


def to_guest(mac, copy, data, uti):
    """From the copy to the whole file of the pasteboard."""
    path = mac.board / uti
    old = identity(path)

    def arrived():
        try:
            now = path.stat()
        except FileNotFoundError:
            return False
        return (now.st_ino, now.st_mtime_ns) != old and now.st_size == len(data)

    start = copy(data)
    until(arrived)
    took = (time.perf_counter() - start) * 1000
    if mac.get(uti) != data:
        raise harness.Failed("other bytes arrived")
    return took


def to_host(lab, mac, watcher, data, target, uti):
    """From the change of the pasteboard to the end of a paste on the host; a long one is xclip's."""
    before = watcher.owner()
    mac.put({uti: data})
    start = time.perf_counter()
    until(lambda: watcher.owner() not in (before, 0))
    pasted = watcher.paste(target) if len(data) <= ONE_ANSWER else lab.paste(target)
    took = (time.perf_counter() - start) * 1000
    if pasted != data:
        raise harness.Failed("other bytes arrived")
    return took


def row(name, way, times):
    times = sorted(times)
    median, p95 = statistics.median(times), times[int(len(times) * 0.95)]
    print(f"{name:10} {way:14} median {median:7.1f} ms   p95 {p95:7.1f} ms   n {len(times)}", flush=True)
    return median, p95


def measure(lab, mac, copies, sizes, who):
    """Both ways in turns: each copy on the host makes the next one of the guest's a change of owner, and the other way."""
    watcher = xowner.Reader(lab.display)
    results = {}
    for size_name in sizes:
        size, target, uti = SIZES[size_name]
        times = {"host to guest": [], "guest to host": []}
        copied_by = copied_by_owner if size <= ONE_ANSWER else copied_by_xclip
        with copied_by(lab, target) as copy:
            for _ in range(copies if size < 1 << 20 else max(copies // 3, 5)):
                times["host to guest"].append(to_guest(mac, copy, content(size, target), uti))
                time.sleep(RANDOM.uniform(0, 0.1))  # in no step with anybody's polling
                times["guest to host"].append(to_host(lab, mac, watcher, content(size, target), target, uti))
                time.sleep(RANDOM.uniform(0, 0.1))
        for way, values in times.items():
            results[size_name, way] = row(f"{who}", f"{size_name}, {way}", values)
    watcher.close()
    return results


def spent(pids):
    """CPU ticks of the processes, with those of their ended children."""
    total = 0
    for pid in pids:
        fields = harness._read(pid, "stat").rpartition(b")")[2].split()
        total += sum(int(field) for field in fields[11:15])
    return total


def at_rest(name, pids):
    before = spent(pids)
    time.sleep(IDLE)
    ticks = spent(pids) - before
    print(f"{name:10} at rest        {ticks} ticks of 1/{TICK} s in {IDLE} s", flush=True)
    return ticks


def bench_macvm():
    with cliplab.Lab() as lab:
        mac = lab.mac()
        lab.sync(mac)
        pid = lab.status(mac)["pid"]
        results = measure(lab, mac, COPIES, SIZES, "macvm")
        return results, at_rest("macvm", [pid, *cliplab.children(pid)])


def bench_loop():
    with cliplab.Lab() as lab:
        mac = lab.mac()
        control = lab.dir / "control"
        loop = subprocess.Popen(["bash", HERE / "old-loop.bash", lab.ssh, str(mac.port), control], env=lab.env,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(3)  # what it finds at its start it does not send
            lab.copy(b"begin")
            lab.wait(lambda: mac.text() == b"begin", "the loop")
            results = measure(lab, mac, max(COPIES // 4, 5), ["64 B", "1 MiB"], "loop")
            masters = [p for p in harness.belonging(lab.dir) if b"ssh\0" in harness._read(p, "cmdline")[:16]]
            return results, at_rest("loop", [loop.pid, *masters])
        finally:
            loop.kill()
            loop.wait()


def main():
    results, ticks = bench_macvm()
    peer, peer_ticks = bench_loop()
    for (size, way), (median, _) in peer.items():
        print(f"ratio      {size}, {way}: {results[size, way][0] / median:.3f} x the loop")
    print(f"ratio      at rest: {ticks} ticks, the loop {peer_ticks}")
    over = ticks > 0
    for way, (median, p95) in BUDGET.items():
        got = results["64 B", way]
        fits = got[0] <= median and got[1] <= p95
        print(f"budget     64 B, {way}: {got[0]:.1f}/{got[1]:.1f} of {median}/{p95} ms{'' if fits else '   OVER'}")
        over = over or not fits
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
