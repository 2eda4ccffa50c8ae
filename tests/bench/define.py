#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`macvm define` of a machine whose volumes exist beside `virsh define` of the same XML (budget: 1.5) and beside
`virt-install --import` of a like machine; `macvm status` beside `virsh list` (budget: 1.3); `macvm --version` beside
`virsh --version` (budget: 1.2).

define.py [RUNS] prints medians and ratios, and fails beyond a budget. The programs run in turns, so that a busy machine slows
all of them."""

import itertools
import pathlib
import shutil
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 25


def medians(env, commands):
    """{name: median of seconds} for {name: what gives the next argv}."""
    times = {name: [] for name in commands}
    for _ in range(RUNS + 1):  # the first one warms up
        for name, next_argv in commands.items():
            argv = next_argv()
            start = time.perf_counter()
            env.run(argv)
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values[1:]) for name, values in times.items()}


def report(title, found, ours, peer, budget):
    ratio = found[ours] / found[peer]
    told = f"budget {budget}" if budget else "no budget"
    print(f"{title}: {ours} {found[ours] * 1000:.1f} ms, {peer} {found[peer] * 1000:.1f} ms, ratio {ratio:.2f} ({told})")
    return budget is not None and ratio > budget


def new_machine(env):
    """A machine that is not there yet, on a host that was asked before, beside the upload of its OpenCore disk by virsh."""
    names = (f"new{number}" for number in itertools.count())
    made = []

    def define():
        for name in made:
            env.macvm("undefine", name, "--remove-storage", "--yes")
        made[:] = [next(names)]
        return env.macvm_argv("define", made[0], "--memory", "2G")

    def upload():
        env.virsh("vol-delete", "--pool", "macvm", "peer.img", expect=None)
        env.virsh("vol-create-as", "macvm", "peer.img", image.stat().st_size)
        return ["virsh", "-c", env.uri, "vol-upload", "--pool", "macvm", "--sparse", "peer.img", image]

    image = pathlib.Path(env.virsh("vol-path", "macos-opencore.qcow2", "macvm", expect=None).out.strip() or env.standin())
    found = medians(env, {"macvm define": define, "virsh vol-upload": upload})
    env.macvm("undefine", made[0], "--remove-storage", "--yes")
    beyond = found["macvm define"] - found["virsh vol-upload"]
    print(f"define of a new machine: {found['macvm define'] * 1000:.1f} ms, {beyond * 1000:.1f} ms beyond its upload (budget 500)")
    return beyond > 0.5


def main():
    over = False
    with harness.Environment.session() as env:
        env.checkout()
        env.macvm("define", "--accel", "tcg", "--memory", "2G")
        xml = env.write("same.xml", env.virsh("dumpxml", "--inactive", "--security-info", "macos").out)
        # Each `set` has something to define: without it, it would find that nothing has changed.
        memory = itertools.cycle(("2049M", "2048M"))
        commands = {"macvm define": lambda: env.macvm_argv("define", "macos"),
                    "macvm set": lambda: env.macvm_argv("set", "macos", "--memory", next(memory)),
                    "virsh define": lambda: ["virsh", "-c", env.uri, "define", xml]}
        if shutil.which("virt-install", path=harness.PATH):
            disk = env.virsh("vol-path", "macos.qcow2", "macvm").out.strip()
            commands["virt-install"] = lambda: ["virt-install", "--connect", env.uri, "--name", "vi", "--memory", "2048", "--import",
                                        "--disk", disk, "--osinfo", "detect=off,require=off", "--network", "none",
                                        "--check", "all=off", "--noautoconsole", "--virt-type", "qemu", "--print-xml"]
        found = medians(env, commands)
        over |= report("define, nothing new", found, "macvm define", "virsh define", 1.3)
        over |= report("define, a change", found, "macvm set", "virsh define", 1.5)
        if "virt-install" in found:
            report("virt-install only prints", found, "macvm set", "virt-install", None)
        over |= new_machine(env)
        found = medians(env, {"macvm status": lambda: env.macvm_argv("status", "macos"),
                              "virsh list": lambda: ["virsh", "-c", env.uri, "list", "--all"]})
        over |= report("status of a machine that is off", found, "macvm status", "virsh list", 1.3)
        found = medians(env, {"macvm --version": lambda: env.macvm_argv("--version", connect=False),
                              "virsh --version": lambda: ["virsh", "--version"]})
        over |= report("start of the program", found, "macvm --version", "virsh --version", 1.2)
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
