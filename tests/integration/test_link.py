#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""A connection to libvirt that ends at a chosen moment: told as that, and nothing is concluded from it."""

import json
import os
import signal
import subprocess
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
            self.assertIn("cannot create storage pool 'macvm'", said)
            env.macvm("define", *SMALL, "--accel", "tcg")


class Interrupted(unittest.TestCase):
    def test_while_connecting(self):
        """Ctrl-C, which ssh gets as well."""
        with harness.Environment.session() as env:
            env.write("slow", "#!/bin/sh\nexec sleep 60\n", 0o755)
            macvm = env.spawn(env.macvm_argv("--json", "-c", f"qemu+ssh://far/system?command={env.dir}/slow", "list", connect=False),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            harness.wait_for(lambda: any(b"sleep\00060" in harness._read(pid, "cmdline") for pid in env.processes()), 20, "ssh")
            os.killpg(macvm.pid, signal.SIGINT)
            out, err = macvm.communicate(timeout=20)
            self.assertEqual((130, b"", "interrupted"), (macvm.returncode, out, json.loads(err)["error"]["code"]))


class Default(unittest.TestCase):
    def test_uri_of_libvirt_conf(self):
        """A host that was chosen and does not answer is not replaced by this one."""
        with harness.Environment.session() as env:
            self.assertEqual([], env.macvm_json("list", connect=False)["machines"])
            env.libvirt_conf('uri_default = "qemu+unix:///system?socket=/nowhere"\n')
            self.assertIn("cannot connect to libvirt: Failed to connect socket to '/nowhere'",
                          env.macvm("list", connect=False, expect=5).err)
            env.libvirt_conf('# uri_default = "qemu+unix:///system?socket=/nowhere"\n')
            self.assertEqual([], env.macvm_json("list", connect=False)["machines"])


class Far(unittest.TestCase):
    def test_last_error(self):
        """Why a machine did not start is in a log over there."""
        with harness.Environment.ssh("session", apart=True) as env:
            env.checkout()
            for name in ("one", "two"):
                env.macvm("define", name, *SMALL, "--accel", "tcg", "--ssh-port", env.server.free_port())
            env.macvm("up", "one")
            self.assertIsNone(env.macvm_json("status", "one")["last_error"])
            text = env.virsh("dumpxml", "--inactive", "--security-info", "two").out
            env.virsh("define", env.write("two.xml", text.replace("</qemu:commandline>", "<qemu:arg value='-nonsense'/></qemu:commandline>")))
            env.macvm("up", "two", expect=(1, 5))
            self.assertIn("-nonsense: invalid option", env.macvm_json("status", "two")["last_error"])
            # QEMU's warnings at its start are not why it ended.
            for pid in env.server.qemu_pids():
                os.kill(pid, signal.SIGKILL)
            env.wait_state("one", "shut off")
            killed = env.macvm_json("status", "one")
            self.assertEqual(("crashed", None), (killed["reason"], killed["last_error"]))

    def test_firmware(self):
        """What firmware is, is asked of the other host, whose files cannot be seen from here."""
        with harness.Environment.ssh("session") as env:
            pool = env.server.dir / "fw"
            pool.mkdir()
            code, vars = ((harness.OVMF / f"OVMF_{part}_4M.fd").read_bytes() for part in ("CODE", "VARS"))
            for name, content in (("code.fd", code), ("vars.fd", vars), ("small.fd", vars[:131072]),
                                  ("none.fd", b"root:x:0:0\n" * 100)):
                env.server.write(f"fw/{name}", content)
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
