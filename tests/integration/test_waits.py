#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""Each wait has an end: for a host that does not answer, for a daemon that hangs, and for whoever presses Ctrl-C."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import unittest

import harness
from cutter import Cutter

# A process of a busy machine may be late by itself.
SOON = 2.5


class Silence:
    """A socket that accepts, and never answers."""

    def __init__(self, path, env):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        env.own(path)
        self.listener.listen()
        self.uri = f"qemu+unix:///system?socket={path}"

    def close(self):
        self.listener.close()


def start(env, *args):
    return env.spawn(env.macvm_argv(*args, connect=False), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_caught(process):
    """Until the program's own handlers have its signals, and a moment for it to reach the call that hangs."""
    def caught():
        masks = [line.split()[1] for line in harness._read(process.pid, "status").decode().splitlines()
                 if line.startswith("SigCgt:")]
        return masks and int(masks[0], 16) >> (signal.SIGTERM - 1) & 1
    harness.wait_for(caught, 20, "the program's signal handlers", 0.02)
    time.sleep(0.7)


class Connect(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.context = harness.Environment.session()
        cls.env = cls.context.__enter__()
        cls.addClassCleanup(cls.context.__exit__, None, None, None)
        cls.env.write("slow", "#!/bin/sh\nexec sleep 4321\n", 0o755)
        cls.silence = Silence(cls.env.dir / "silent.sock", cls.env)
        cls.addClassCleanup(cls.silence.close)
        cls.uris = (cls.silence.uri, f"qemu+ssh://far/system?command={cls.env.dir}/slow")

    def sleepers(self):
        return [pid for pid in self.env.processes() if b"sleep\x004321" in harness._read(pid, "cmdline")]

    def test_signals(self):
        """The first one ends it, and what was started for the connection."""
        for uri in self.uris:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                with self.subTest(uri=uri, number=number):
                    macvm = start(self.env, "--json", "-c", uri, "list")
                    wait_caught(macvm)
                    begun = time.monotonic()
                    macvm.send_signal(number)  # to it alone: ssh is not told
                    out, err = macvm.communicate(timeout=20)
                    self.assertLess(time.monotonic() - begun, SOON)
                    self.assertEqual((130, b"", "interrupted"), (macvm.returncode, out, json.loads(err)["error"]["code"]))
                    harness.wait_for(lambda: not self.sleepers(), 5, "the end of ssh")

    def test_deadline(self):
        self.env.write("h/.config/macvm/macvm.conf", "[connection]\ntimeout=1\n")
        for uri in self.uris:
            done = self.env.macvm("-c", uri, "list", connect=False, expect=5)
            self.assertLess(done.seconds, 1 + SOON)
            self.assertIn(f"cannot connect to libvirt at '{uri}': no answer within 1 s\n", done.err)
            self.assertIn("hint: check that ", done.err)
            self.assertIn("'timeout' in the group [connection] of macvm.conf", done.err)
            harness.wait_for(lambda: not self.sleepers(), 5, "the end of ssh")

    def test_default(self):
        config = pathlib.Path(self.env.config_home, "macvm/macvm.conf")
        config.unlink(missing_ok=True)
        done = self.env.macvm("-c", self.silence.uri, "list", connect=False, expect=5)
        self.assertIn("no answer within 10 s", done.err)
        self.assertLess(done.seconds, 10 + SOON)

    def test_configuration(self):
        for text, said in (("timeout=0", "'timeout' is not a number of seconds from 1 to 3600"),
                           ("timeout=soon", "'timeout' is not a number of seconds from 1 to 3600"),
                           ("patience=3", "unknown key 'patience'")):
            self.env.write("h/.config/macvm/macvm.conf", f"[connection]\n{text}\n")
            self.assertIn(said, self.env.macvm("list", expect=2).err)
        self.env.write("h/.config/macvm/macvm.conf", "[connection]\ntimeout=30\n[machine]\nmemory=lots\n")
        self.env.macvm("list")

    def test_question(self):
        """Whoever is asked something on the terminal is not hurried."""
        self.env.write("h/.config/macvm/macvm.conf", "[connection]\ntimeout=1\n")
        self.env.write("asks", "#!/bin/sh\nexec 9<>/dev/tty\nprintf 'password: ' >&9\nread -r answer <&9\n"
                       "echo \"heard $answer\" >&2\n", 0o755)
        outer, inner = os.openpty()
        argv = self.env.macvm_argv("-c", f"qemu+ssh://far/system?command={self.env.dir}/asks", "list", connect=False)
        macvm = self.env.spawn(["setsid", "--ctty", "--wait", *argv], stdin=inner, stdout=inner, stderr=subprocess.PIPE)
        os.close(inner)
        self.assertIn(b"password", os.read(outer, 100))
        time.sleep(3.5)
        self.assertIsNone(macvm.poll())
        os.write(outer, b"secret\n")
        self.assertIn(b"heard secret", macvm.communicate(timeout=20)[1])
        os.close(outer)


class Hanging(unittest.TestCase):
    """The daemon hangs in mid-command."""

    def test_given_up(self):
        with harness.Environment.session() as env:
            env.virsh("list")
            silent = Cutter(env, b"nobody", silent=True)
            begun = time.monotonic()
            done = env.macvm("-c", silent.uri, "status", "nobody", connect=False, expect=5, timeout=90)
            self.assertLess(time.monotonic() - begun, 45)
            self.assertEqual(1, silent.hits)
            self.assertIn("cannot find machine 'nobody': ", done.err)
            self.assertIn("hint: libvirt does not answer any more", done.err)
            silent.close()

    def test_interrupted(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number=number), harness.Environment.session() as env:
                env.virsh("list")
                silent = Cutter(env, b"nobody", silent=True)
                macvm = start(env, "-c", silent.uri, "status", "nobody")
                harness.wait_for(lambda: silent.hits, 20, "the call")
                begun = time.monotonic()
                macvm.send_signal(number)
                err = macvm.communicate(timeout=20)[1].decode()
                self.assertLess(time.monotonic() - begun, SOON)
                self.assertEqual(130, macvm.returncode)
                self.assertIn("macvm: interrupted: ", err)
                self.assertIn("hint: run the command again", err)
                silent.close()

    def test_stopped_daemon(self):
        """The real one, stopped: as above, and no other program is left behind."""
        with harness.Environment.session() as env:
            env.virsh("list")
            for pid in env.daemon_pids():
                os.kill(pid, signal.SIGSTOP)
            macvm = start(env, "-c", env.uri, "list")
            wait_caught(macvm)
            begun = time.monotonic()
            macvm.send_signal(signal.SIGTERM)
            macvm.communicate(timeout=20)
            self.assertLess(time.monotonic() - begun, SOON)
            self.assertEqual(130, macvm.returncode)
            for pid in env.daemon_pids():
                os.kill(pid, signal.SIGCONT)


if __name__ == "__main__":
    unittest.main()
