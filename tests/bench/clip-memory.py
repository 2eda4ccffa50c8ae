#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the clipboard agent keeps: its memory and its descriptors over many copies.

clip-memory.py [COPIES] alternates copies of both sides, one in fifty of each side's 1 MiB long, prints RSS and the number of
descriptors after each tenth of them, and fails when the end is more than a tenth, or 2 MiB, above the second tenth."""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
os.environ.setdefault("MACVM", str(HERE.parents[1] / "build/release/macvm"))
import cliplab  # noqa: E402
import xowner  # noqa: E402

COPIES = int(sys.argv[1]) if len(sys.argv) > 1 else 10000


def memory(pid):
    """RSS in KiB."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def content(number):
    """Never long where it is looked at: what the agent holds then is no leak."""
    return b"copy %d " % number * (1 << 17 if number % 100 in (24, 25) else 1)


def main():
    seen = []
    with cliplab.Lab() as lab:
        mac = lab.mac()
        lab.sync(mac)
        pid = lab.status(mac)["pid"]
        reader = xowner.Reader(lab.display)
        for number in range(1, COPIES + 1):
            data = content(number)
            if number % 2:
                lab.copy(data)
                lab.wait(lambda: mac.text() == data, "the guest", interval=0.001)
            else:
                before = reader.owner()
                mac.copy(data)
                lab.wait(lambda: reader.owner() not in (0, before), "the host", interval=0.001)
            if number % max(COPIES // 10, 1) == 0:
                seen.append(memory(pid))
                print(f"{number:7} copies   RSS {seen[-1]:7} KiB   {len(os.listdir(f'/proc/{pid}/fd'))} descriptors", flush=True)
        status = lab.status(mac)
        print(f"sent {status['sent']}, received {status['received']}")
    return int(seen[-1] > max(seen[1] * 1.1, seen[1] + 2048))


if __name__ == "__main__":
    sys.exit(main())
