#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Records what this machine's libvirt makes of the domains in tests/golden/libvirt.

    tests/manual/record_domains.py [CASE...]

Each CASE/base.xml (default: all) is defined on a qemu:///system of its own, and started without running a CPU where that
can be done. CASE/VERSION-inactive.xml and CASE/VERSION-live.xml are what libvirt prints then; VERSION is libvirt's, "9.0".
What another libvirt printed is defined here as well, so that a machine can be followed from host to host:
CASE/FROM-on-VERSION.xml. What this libvirt refuses
is not recorded. tests/unit/test-xml-merge-libvirt.c merges the recordings. Needs root.
"""

import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/integration"))
import harness  # noqa: E402

GOLDEN = TOP / "tests/golden/libvirt"
IMAGES = "/var/lib/libvirt/images"  # in the environment's own mount namespace


def main(names):
    with harness.Environment.system() as env:
        text = env.virsh("version").out
        version = re.search(r"library: libvirt (\d+\.\d+)", text).group(1)
        for image in ("macos", "macos-opencore", "macos-recovery"):
            env.run(["qemu-img", "create", "-q", "-f", "qcow2", f"{IMAGES}/{image}.qcow2", "64M"])
        for case in sorted(GOLDEN.iterdir()):
            if case.is_dir() and (not names or case.name in names):
                record(env, case, version)


def record(env, case, version):
    done = define(env, case / "base.xml")
    if done:
        (case / f"{version}-inactive.xml").write_text(done)
        if env.virsh("start", "--paused", "macos", expect=None, timeout=120).code == 0:
            (case / f"{version}-live.xml").write_text(scrub(env.virsh("dumpxml", "macos").out))
            env.virsh("destroy", "macos")
        remove(env)
    for other in sorted(path for path in case.glob("[0-9]*.xml") if not path.name.endswith("-live.xml")):
        origin = other.name.removesuffix(".xml").removesuffix("-inactive")
        far = origin.count("-on-") > 1 or origin.split("-on-")[-1] == version
        if not far and (there := define(env, other)):
            (case / f"{origin}-on-{version}.xml").write_text(there)
            remove(env)


def define(env, path):
    copy = env.write("domain.xml", path.read_text())
    done = env.virsh("define", copy, expect=None)
    print(f"{path.parent.name}/{path.name}: {'defined' if done.code == 0 else done.err.strip().splitlines()[-1]}")
    return scrub(env.virsh("dumpxml", "--inactive", "--security-info", "macos").out) if done.code == 0 else None


def scrub(text):
    """Without what differs from start to start: process numbers, terminals, ports of this moment."""
    text = re.sub(r"/dev/pts/\d+", "/dev/pts/1", text)
    return re.sub(r"domain-\d+-macos", "domain-1-macos", text.rstrip() + "\n")


def remove(env):
    env.virsh("undefine", "--nvram", "macos")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except subprocess.TimeoutExpired as error:
        sys.exit(f"record_domains: cannot record: {error}")
