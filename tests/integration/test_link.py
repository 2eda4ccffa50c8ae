#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""A connection to libvirt that ends at a chosen moment: told as that, and nothing is concluded from it."""

import unittest

import harness
from cutter import Cutter

SMALL = ("--memory", "1G", "--cores", "2", "--threads", "1")


class Lost(unittest.TestCase):
    def cut(self, env, word, *args, times=1):
        """Runs macvm through a connection that ends there; what it said."""
        cutter = Cutter(env, word, times)
        try:
            done = env.macvm("-c", cutter.uri, *args, connect=False, expect=5)
        finally:
            cutter.close()
        self.assertEqual(1, cutter.hits)
        self.assertIn("hint: the connection to libvirt was lost: run the command again", done.err)
        return done.err

    def test_probe(self):
        """A test machine that could not be asked about is no finding about KVM or QEMU, and nothing is made of it."""
        with harness.Environment.session() as env:
            env.checkout()
            env.virsh("list")  # starts the daemon
            said = self.cut(env, b"macvm-probe-", "define", *SMALL)
            self.assertIn("cannot start a test machine: ", said)
            for word in ("KVM", "isa-applesmc"):
                self.assertNotIn(word, said)
            env.virsh("domid", "macos", expect=1)
            self.assertNotIn("macvm", env.virsh("pool-list", "--all", "--name").out)

    def test_capabilities(self):
        """Likewise for what the host is asked before."""
        with harness.Environment.session() as env:
            env.checkout()
            env.virsh("list")
            said = self.cut(env, b"q35", "define", *SMALL, "--accel", "tcg")
            self.assertNotIn("install", said)
            said = self.cut(env, b"<pool type", "define", *SMALL, "--accel", "tcg")
            self.assertIn("cannot make pool 'macvm'", said)
            env.macvm("define", *SMALL, "--accel", "tcg")


class Far(unittest.TestCase):
    def test_firmware(self):
        """What firmware is, is asked of the other host, whose files cannot be seen from here."""
        with harness.Environment.ssh("session") as env:
            pool = env.server.dir / "fw"
            pool.mkdir()
            for name, source in (("code.fd", harness.OVMF / "OVMF_CODE_4M.fd"), ("vars.fd", harness.OVMF / "OVMF_VARS_4M.fd"),
                                 ("small.fd", harness.OVMF / "OVMF_VARS.fd"), ("none.fd", "/etc/passwd")):
                env.server.write(f"fw/{name}", harness.pathlib.Path(source).read_bytes())
            env.server.own(pool)
            env.virsh("pool-create-as", "fw", "dir", "--target", pool)

            def define(code, vars, expect):
                return env.macvm("define", *SMALL, "--accel", "tcg", "--ssh-port", env.free_port(), "--print-xml",
                                 "--firmware", f"{code}:{vars}", expect=expect)
            self.assertIn(f"{pool}/code.fd", define(pool / "code.fd", pool / "vars.fd", 0).out)
            listed = harness.OVMF / "OVMF_CODE_4M.fd"
            self.assertIn(str(listed), define(listed, harness.OVMF / "OVMF_VARS_4M.fd", 0).out)
            self.assertIn("not of one build", define(pool / "code.fd", pool / "small.fd", 2).err)
            self.assertIn("not a UEFI firmware volume", define(pool / "none.fd", pool / "vars.fd", 2).err)
            self.assertIn("none that libvirt lists", define("/etc/passwd", "/etc/group", 5).err)


if __name__ == "__main__":
    harness.main()
