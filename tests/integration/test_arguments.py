#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""The command line that libvirt makes of the default machine, compared with the table in docs/qemu-arguments.md."""

import re
import unittest

import harness

ROW = re.compile(r"^\| (`.*?`) \| (.*) \| ((?:`[^`]+`(?: or )?)+)? ?\|$")


def table():
    """(the user's argument, what must be on the command line: one of these) for each row that names something."""
    text = (harness.SOURCE / "docs/qemu-arguments.md").read_text().split("What the template has beyond")[0]
    rows = [ROW.match(line) for line in text.splitlines() if line.startswith("| `")]
    assert None not in rows, "a row that the test cannot read"
    return [(row[1], re.findall(r"`([^`]+)`", row[3])) for row in rows if row[3]]


def arguments(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return [""]


class Arguments(unittest.TestCase):
    def test_every_argument_arrives(self):
        with harness.Environment.session() as env:
            env.checkout()
            env.macvm("define", "--accel", "tcg", "--memory", "2G", "--cores", "6", "--threads", "2")
            env.virsh("start", "macos", timeout=120)
            pid, = env.qemu_pids()
            line = arguments(pid)
            # passt, where libvirt runs it for the machine, has the forward
            whole = "\n".join(line + [arg for other in env.processes() for arg in arguments(other) if "passt" in arguments(other)[0]])
            self.assertGreater(len(table()), 30)
            for argument, wanted in table():
                self.assertTrue(any(word in whole for word in wanted), f"{argument} did not arrive: {wanted} in\n{whole}")
            # By value, where a word alone would prove little.
            self.assertRegex(whole, r"\n12,sockets=1,dies=1,(clusters=1,)?cores=6,threads=2\n")
            self.assertEqual(1, line.count("-cpu"))
            self.assertTrue(any(arg.startswith("Haswell-noTSX,") for arg in line))
            self.assertNotIn("hostfwd=tcp::", whole)
            disks = re.findall(r'"driver":"ide-hd","bus":"ide\.(\d)"', whole)
            self.assertEqual(["0", "2"], disks)


if __name__ == "__main__":
    harness.main()
