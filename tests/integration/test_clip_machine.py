#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: TIMEOUT 900
"""The clipboard of a machine: the agent follows it through libvirt, here with the stand-in guest, which has pbcopy and
pbpaste and no osascript."""

import contextlib
import os
import signal
import subprocess
import unittest

import cliplab
import harness
from harness import wait_for


@contextlib.contextmanager
def machine(env):
    """A display in env's variables, and a defined machine: its guest."""
    cliplab.need("Xvfb", "xclip")
    env.checkout()
    port = env.free_port()
    env.macvm("define", "t", "--accel", "tcg", "--memory", "1G", "--cores", "1", "--threads", "1", "--ssh-port", port,
              "--ssh-user", "root")
    read, write = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-nolisten", "tcp", "-screen", "0", "640x480x24"],
                              pass_fds=[write], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as pipe:
        env.vars["DISPLAY"] = ":" + pipe.readline().strip()
    try:
        yield env.guest(port)
    finally:
        env.macvm("clip", "stop", "t", expect=None)
        server.kill()
        server.wait()


class Machine(unittest.TestCase):
    def status(self, env):
        return env.macvm_json("clip", "status", "t")

    def wait_connected(self, env, connected=True):
        wait_for(lambda: self.status(env)["connected"] == connected, 120, f"connected: {connected}")

    def copy(self, env, text):
        with subprocess.Popen(["xclip", "-selection", "clipboard", "-i"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, env={**os.environ, "DISPLAY": env.vars["DISPLAY"]}) as xclip:
            xclip.communicate(text, timeout=30)

    def paste(self, env):
        return harness.run(["xclip", "-selection", "clipboard", "-o"], expect=None, timeout=30,
                           env={**os.environ, "DISPLAY": env.vars["DISPLAY"]}).raw

    def both_ways(self, env, guest, word):
        self.copy(env, f"für {word}\n".encode())
        wait_for(lambda: guest.run("pbpaste").raw == f"für {word}\n".encode(), 60, "the guest's clipboard")
        guest.run("pbcopy", input=f"é {word}\n\n".encode())
        wait_for(lambda: self.paste(env) == f"é {word}\n\n".encode(), 60, "the host's clipboard")

    def test_life_of_the_machine(self):
        with harness.Environment.session() as env, machine(env) as guest:
            self.assertIn("not running", env.macvm("clip", "sync", "t").err)
            env.macvm("clip", "push", "t", expect=(1, 4))
            env.macvm("clip", "sync", "t", expect=4)
            self.assertEqual(self.status(env)["machine"], "t")
            self.assertTrue(env.macvm_json("status", "t")["clipboard"]["running"])

            env.macvm("up", "t", "--wait-ssh=240", timeout=300)
            self.wait_connected(env)
            self.both_ways(env, guest, "first")

            env.virsh("suspend", "t")
            self.wait_connected(env, False)
            env.virsh("resume", "t")
            self.wait_connected(env)
            self.both_ways(env, guest, "resumed")

            env.kill_daemons()  # nobody tells the agent anything now; it goes on
            self.both_ways(env, guest, "without libvirt")
            # libvirt, while it still connects to QEMU again, ends it and reports "domain is not running"
            env.virsh("destroy", "t", expect=None)
            env.wait_state("t", "shut off")
            self.wait_connected(env, False)

            pid = self.status(env)["pid"]
            self.copy(env, b"copied while it was off")
            env.macvm("up", "t", "--wait-ssh=240", timeout=300)
            self.wait_connected(env)
            self.assertNotEqual(guest.run("pbpaste").raw, b"copied while it was off")
            self.both_ways(env, guest, "second")
            self.assertEqual(self.status(env)["pid"], pid)
            env.macvm("clip", "stop", "t")
            self.assertFalse(env.macvm_json("status", "t")["clipboard"]["running"])
            env.virsh("destroy", "t")
            env.macvm("up", "t", "--clipboard")
            pid = self.status(env)["pid"]
            env.virsh("destroy", "t")
            env.macvm("up", "t", "--clipboard")  # the agent has waited for it
            self.assertEqual(self.status(env)["pid"], pid)

    def test_libvirt_hangs(self):
        """An agent can be asked and stopped while libvirt does not answer."""
        with harness.Environment.session() as env, machine(env):
            env.macvm("clip", "sync", "t")
            frozen = env.daemon_pids()
            self.assertTrue(frozen)
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
            try:
                self.assertTrue(self.status(env)["running"])
                agent = self.status(env)["pid"]
                env.macvm("clip", "stop", "t", timeout=30)
                wait_for(lambda: harness._read(agent, "cmdline") == b"", 10, "the agent's end")
            finally:
                for pid in frozen:
                    os.kill(pid, signal.SIGCONT)
            self.assertFalse(self.status(env)["running"])

    def test_through_the_libvirt_host(self):
        with harness.Environment.ssh("session") as env, machine(env) as guest:
            env.macvm("up", "t", "--wait-ssh=240", timeout=300)
            self.copy(env, b"pushed")
            env.macvm("clip", "push", "t")
            self.assertEqual(guest_text(env), b"pushed")
            env.macvm("clip", "sync", "t")
            self.wait_connected(env)
            self.copy(env, b"through the host")
            wait_for(lambda: guest_text(env) == b"through the host", 60, "the guest's clipboard")


def guest_text(env):
    return env.macvm("ssh", "t", "--", "pbpaste").raw


if __name__ == "__main__":
    harness.main()
