#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`macvm list` beside `virsh list --all` on a true session daemon with 1, 50 and 500 machines.

list.py [RUNS] prints the medians and their ratio (budget: 1.3), and fails beyond it. Both programs run in turns, so that a
busy machine slows both."""

import pathlib
import statistics
import sys
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402

BUDGET = 1.3
RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
# As large as what define writes there: the last rendering is most of it.
RENDER = "x" * 7000
DOMAIN = """\
<domain type='qemu'><name>m{number}</name><uuid>{uuid}</uuid>
<metadata><macvm:machine xmlns:macvm='https://macvm.org/xmlns/domain/1' version='1' os='14'>
<macvm:ssh port='{port}' user='joe'/><macvm:option name='memory'>1G</macvm:option><macvm:render>{render}</macvm:render>
</macvm:machine></metadata>
<memory unit='MiB'>1024</memory><vcpu>2</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os></domain>
"""


def measure(env, count):
    """Medians of seconds: virsh, macvm."""
    times = {"virsh": [], "macvm": []}
    for _ in range(RUNS + 1):  # the first one warms up
        for name, argv in (("virsh", ["virsh", "-c", env.uri, "list", "--all"]), ("macvm", env.macvm_argv("list"))):
            start = time.perf_counter()
            out = env.run(argv).out
            times[name].append(time.perf_counter() - start)
            assert out.count(" m") + out.count("\nm") >= count, f"{name} shows fewer than {count} machines"
    return tuple(statistics.median(times[name][1:]) for name in ("virsh", "macvm"))


def main():
    over, defined = False, 0
    with harness.Environment.session() as env:
        for count in (1, 50, 500):
            while defined < count:
                xml = DOMAIN.format(number=defined, uuid=uuid.uuid4(), port=2222 + defined, render=RENDER)
                env.virsh("define", env.write("m.xml", xml))
                defined += 1
            virsh, macvm = measure(env, count)
            over = over or macvm > BUDGET * virsh
            print(f"{count:4} machines: virsh list {virsh * 1000:6.1f} ms, macvm list {macvm * 1000:6.1f} ms, "
                  f"ratio {macvm / virsh:.2f}")
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
