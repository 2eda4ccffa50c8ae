#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""The command line that libvirt makes of the default machine, compared with the table in docs/qemu-arguments.md."""

import re
import unittest

import harness

ROW = re.compile(r"^\| (`.*?`) \| (.*) \| (`([^`]+)`)? ?\|$")


def table():
    """(the user's argument, what QEMU's command line must have) for each row that names something."""
    text = (harness.SOURCE / "docs/qemu-arguments.md").read_text().split("What the template has beyond")[0]
    rows = [ROW.match(line) for line in text.splitlines() if line.startswith("| `")]
    assert None not in rows, "a row that the test cannot read"
    return [(row[1], row[4]) for row in rows if row[4]]


class Arguments(unittest.TestCase):
    def test_every_argument_arrives(self):
        with harness.Environment.session() as env:
            env.checkout()
            env.macvm("define", "--accel", "tcg", "--memory", "2G", "--cores", "6", "--threads", "2")
            env.virsh("start", "macos", timeout=120)
            pid, = env.qemu_pids()
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                line = [arg.decode() for arg in file.read().split(b"\0")]
            whole = "\n".join(line)
            self.assertGreater(len(table()), 30)
            for argument, wanted in table():
                self.assertIn(wanted, whole, f"{argument} did not arrive")
            # By value, where a word alone would prove little.
            self.assertIn("12,sockets=1,dies=1,cores=6,threads=2", whole)
            self.assertEqual(1, line.count("-cpu"))
            self.assertTrue(any(arg.startswith("Haswell-noTSX,") for arg in line))
            self.assertNotIn("hostfwd=tcp::", whole)
            disks = re.findall(r'"driver":"ide-hd","bus":"ide\.(\d)"', whole)
            self.assertEqual(["0", "2"], disks)


if __name__ == "__main__":
    harness.main()
