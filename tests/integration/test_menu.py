#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""What macvm asks a person at a terminal: the menu, and the question of undefine. However long the answer takes, the
connection is kept, and one that a restart of the daemon ended is made again."""

import contextlib
import os
import pty
import select
import signal
import time
import unittest

import harness

SMALL = ("--accel", "tcg", "--memory", "1G", "--cores", "2", "--threads", "1", "--ssh-user", "root")
# libvirt's daemon drops a client that has not answered for this long.
IMPATIENT = 'keepalive_interval = 1\nkeepalive_count = 1\n'
LONG = 4


class Terminal:
    """macvm on a terminal of its own."""

    def __init__(self, env, *args):
        self.fd, end = pty.openpty()
        self.process = env.spawn(env.macvm_argv(*args), stdin=end, stdout=end, stderr=end)
        os.close(end)
        self.text = ""

    def expect(self, wanted, timeout=60):
        """Reads until wanted is there; what came before it, and it."""
        deadline = time.monotonic() + timeout
        while wanted not in self.text:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise harness.Failed(f"waited in vain for {wanted!r} in {self.text!r}")
            with contextlib.suppress(OSError):
                self.text += os.read(self.fd, 4096).decode().replace("\r\n", "\n")
        found, _, self.text = self.text.partition(wanted)
        return found + wanted

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        code = self.process.wait(30)
        os.close(self.fd)
        return code


@contextlib.contextmanager
def defined():
    with harness.Environment.session() as env:
        env.write(env.config_home / "libvirt/libvirtd.conf", IMPATIENT)
        env.macvm("define", *SMALL)
        yield env


class Menu(unittest.TestCase):
    def test_choices(self):
        """By letter, number and word; a mistake, and a refusal, ask again."""
        with defined() as env:
            menu = Terminal(env)
            first = menu.expect("\n> ")
            self.assertIn("macos: shut off\n", first)
            for label in ("start", "stop", "restart", "view", "log", "clipboard", "status", "quit"):
                self.assertIn(f"] {label}\n", first)
            menu.type("what\n")
            self.assertIn("a number or a letter of the list, please", menu.expect("\n> "))
            menu.type("STOP\n")
            self.assertIn("macvm: cannot stop 'macos': it is not running (shut off)\n", menu.expect("\n> "))
            menu.type("s\n")
            self.assertIn("macos: running\n", menu.expect("\n> "))
            menu.type("4\n")
            self.assertIn("vnc://127.0.0.1:", menu.expect("\n> "))
            menu.type("i\n")
            self.assertIn("State       running", menu.expect("\n> "))
            menu.type("6\n")  # nothing to share: this terminal has no display
            self.assertIn("macvm: cannot", menu.expect("\n> "))
            menu.type("l\n")
            self.assertIn("qemu-system-x86_64", menu.expect("\n> "))
            env.virsh("destroy", "macos")
            menu.type(" 8 \n")
            self.assertEqual(0, menu.end())

    def test_left_open(self):
        with defined() as env:
            menu = Terminal(env)
            menu.expect("\n> ")
            time.sleep(LONG)
            menu.type("i\n")
            self.assertIn("State       shut off", menu.expect("\n> "))
            env.kill_daemons()
            time.sleep(0.5)
            menu.type("i\n")
            told = menu.expect("\n> ")
            self.assertIn("State       shut off", told)
            self.assertIn("macos: shut off\n", told)
            # A daemon that does not come back is no reason to offer a new machine.
            env.kill_daemons()
            env.run_dir.chmod(0)
            menu.type("what\n")
            self.assertIn("macos: not known (cannot find machine 'macos'", menu.expect("\n> "))
            env.run_dir.chmod(0o700)
            menu.type("q\n")
            self.assertEqual(0, menu.end())

    def test_ends(self):
        """Ctrl-C, and the end of the input."""
        with defined() as env:
            for end in (lambda menu: menu.process.send_signal(signal.SIGINT), lambda menu: menu.type("\x04")):
                menu = Terminal(env)
                menu.expect("\n> ")
                end(menu)
                self.assertEqual(0, menu.end())


class Hung(unittest.TestCase):
    def test_daemon(self):
        """No call into a daemon that hangs can be ended, but the program can."""
        with defined() as env:
            pid, = env.daemon_pids()
            os.kill(pid, signal.SIGSTOP)
            try:
                hung = Terminal(env, "status")
                time.sleep(1)
                hung.process.send_signal(signal.SIGINT)
                hung.expect("macvm: interrupted")
                self.assertEqual(130, hung.end())
            finally:
                os.kill(pid, signal.SIGCONT)


class Question(unittest.TestCase):
    def test_undefine(self):
        with defined() as env:
            for answer, code in (("n\n", 130), ("\x04", 130), ("yes\n", 0)):
                asked = Terminal(env, "undefine", "--remove-storage")
                asked.expect("Delete 'macos' and its disks? [y/N] ")
                time.sleep(LONG if code == 0 else 0)
                asked.type(answer)
                self.assertEqual(code, asked.end())
            self.assertEqual("", env.virsh("vol-list", "macvm").out.strip())


if __name__ == "__main__":
    harness.main()
