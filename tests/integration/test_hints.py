#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""Failures of a host, as a user meets them: each has the hint of its own cause, and a hint that names a remedy works."""

import os
import pathlib
import re
import socket
import unittest

import harness

SMALL = ("--accel", "tcg", "--memory", "1G", "--cores", "1", "--threads", "1")


class Daemons(unittest.TestCase):
    """Stand-ins for the sockets of the daemons: Debian has no virtqemud."""

    @classmethod
    def setUpClass(cls):
        cls.context = harness.Environment.session()
        cls.env = cls.context.__enter__()
        cls.addClassCleanup(cls.context.__exit__, None, None, None)

    def hint(self, uri, **how):
        done = self.env.macvm("-c", uri, "list", connect=False, expect=5, **how)
        self.assertEqual(1, done.err.count("hint: "), done.err)
        return done.err.partition("hint: ")[2]

    def stale(self, name):
        """A socket that nobody listens at any more."""
        path = self.env.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
        self.env.own(path)
        return path

    def test_modular(self):
        """The system's, by whatever way libvirt comes to its socket."""
        for name in ("virtqemud-sock", "virtstoraged-sock", "virtnetworkd-sock"):
            uri = f"qemu+unix:///system?socket=/nowhere/{name}"
            self.assertIn("'systemctl enable --now virtqemud.socket virtstoraged.socket virtnetworkd.socket'", self.hint(uri))
            uri = f"qemu+unix:///system?socket={self.stale('sys/' + name)}"
            self.assertIn("virtqemud.socket", self.hint(uri))
        self.assertIn("libvirtd.socket", self.hint("qemu+unix:///system?socket=/nowhere/libvirt-sock"))

    def test_session(self):
        """A session's is not started by systemctl, and not replaced by itself."""
        for name in ("virtqemud-sock", "libvirt-sock"):
            said = self.hint(f"qemu+unix:///session?socket={self.env.run_dir}/gone/{name}")
            self.assertNotIn("systemctl", said)
            self.assertNotIn("qemu:///session", said)
            self.assertIn("install libvirt's daemon", said)

    def test_own_socket(self):
        self.assertIn("socket= in the URI", self.hint("qemu+unix:///system?socket=/nowhere/mine"))
        closed = self.stale("mine.sock")
        os.chmod(closed, 0)
        self.assertIn("socket= ", self.hint(f"qemu+unix:///system?socket={closed}"))

    def test_far(self):
        for words, said in (("sh: 1: nc: not found", "needs nc on the host"),
                            ("ssh: connect to host far port 22: No route to host", "is up and reachable"),
                            ("ssh: connect to host far port 22: Connection refused", "sshd runs on that host")):
            self.env.write("says", f"#!/bin/sh\necho '{words}' >&2\nsleep 0.5\nexit 1\n", 0o755)
            self.assertIn(said, self.hint(f"qemu+ssh://far/system?command={self.env.dir}/says"))

    def test_uris(self):
        self.assertIn("such as qemu:///system", self.hint("foo"))
        done = self.env.macvm("-c", "test:///default", "define", connect=False, expect=5)
        self.assertIn("libvirt's test driver runs nothing", done.err)
        self.assertIn("qemu:///session", done.err)

    def test_doctor(self):
        """Which daemon answers, as the socket proves it."""
        done = self.env.macvm("--json", "doctor", expect=None, timeout=120)
        said = next(check["message"] for check in done.json["checks"] if check["id"] == "libvirt")
        self.assertRegex(said, r"^libvirt \d+\.\d+\.\d+ by (libvirtd \(one daemon for all\)|virtqemud \(one of several daemons\))")
        done = self.env.macvm("list")
        self.assertIn("no machines on qemu:///session yet; 'macvm define' creates one", done.err)
        self.assertIn("'macvm define' creates one", self.env.macvm("status", expect=3).err)


class Machine(unittest.TestCase):
    def test_variables(self):
        """NVRAM of 0 bytes: the start names what helps, which then does; the end of an earlier run is no error."""
        with harness.Environment.session() as env:
            env.checkout()
            env.macvm("define", "m", *SMALL, "--ssh-port", env.free_port())
            env.macvm("up", "m")
            env.macvm("down", "m", "--force", "--timeout", "1")
            self.assertIsNone(env.macvm_json("status", "m")["last_error"])
            nvram = re.search(r"<nvram[^>]*>([^<]+)</nvram>", env.virsh("dumpxml", "m").out)[1]
            os.truncate(nvram, 0)
            done = env.macvm("up", "m", expect=1)
            self.assertIn("'macvm set m --reset-nvram'", done.err)
            self.assertNotIn("signal 15", env.macvm_json("status", "m")["last_error"] or "")
            env.macvm("set", "m", "--reset-nvram")
            env.macvm("up", "m")
            self.assertGreater(pathlib.Path(nvram).stat().st_size, 0)

    def test_failure_inside_libvirt(self):
        """QEMU was never run: what it wrote before is not why."""
        with harness.Environment.session() as env:
            env.checkout()
            env.macvm("define", "m", *SMALL, "--ssh-port", env.free_port())
            env.macvm("up", "m")
            for pid in env.qemu_pids():
                os.kill(pid, 15)
            env.wait_state("m", "shut off")
            xml = env.virsh("dumpxml", "--inactive", "--security-info", "m").out
            path = env.write("m.xml", xml.replace("<memory ", "<memoryBacking><hugepages><page size='1048576' unit='KiB'/>"
                                                 "</hugepages></memoryBacking><memory ", 1))
            env.virsh("define", path)
            env.macvm("up", "m", expect=(1, 5))
            self.assertNotIn("signal 15", env.macvm_json("status", "m")["last_error"] or "")


if __name__ == "__main__":
    unittest.main()
