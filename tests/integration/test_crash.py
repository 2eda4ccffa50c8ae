#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
# ctest: TIMEOUT 900
"""macvm killed, libvirt's daemon killed, Ctrl-C: at any moment of define, up and undefine. Whatever it was, the same command
run again goes on from there, and a machine that is undefined leaves nothing.

MACVM_CRASH_ROUNDS is how often each is tried (default: 1), MACVM_CRASH_SEED the moments' seed, which is told."""

import os
import random
import signal
import subprocess
import time
import unittest

import harness

SMALL = ("--accel", "tcg", "--memory", "512M", "--cores", "1", "--threads", "1", "--ssh-user", "root")
ROUNDS = int(os.environ.get("MACVM_CRASH_ROUNDS", 1))
SEED = int(os.environ.get("MACVM_CRASH_SEED", random.randrange(1 << 30)))


class Crash(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(SEED)
        print(f"MACVM_CRASH_SEED={SEED}", flush=True)
        context = harness.Environment.session()
        self.env = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        self.env.checkout()
        define = ("define", "m", *SMALL, "--ssh-port", self.env.free_port())
        self.commands = {"define": define, "up": ("up", "m"), "undefine": ("undefine", "--remove-storage", "--yes", "m")}
        self.longest = {name: self.env.macvm(*args, timeout=120).seconds for name, args in
                        (("define", define), ("up", self.commands["up"]))}
        self.env.virsh("destroy", "m")
        self.longest["undefine"] = self.env.macvm(*self.commands["undefine"]).seconds

    def volumes(self):
        listed = self.env.virsh("vol-list", "macvm", expect=None)
        return set(listed.out.split()[::2]) if listed.code == 0 else set()

    def left(self):
        """What a machine that is gone must not leave."""
        folders = (self.env.run_dir / "macvm", self.env.config_home / "libvirt/qemu/nvram")
        files = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
        return sorted(self.volumes()), files

    def again(self, name):
        """Runs the command until it succeeds: a daemon that was killed is started by the first one."""
        for _ in range(3):
            done = self.env.macvm(*self.commands[name], expect=None, timeout=120)
            if done.code == 0:
                return
            self.assertIn(done.code, (4, 5), done)
        self.fail(f"does not converge: {done}")

    def check(self, interrupt, codes):
        for name in ("define", "up", "undefine") * ROUNDS:
            if name != "define":
                self.again("define")
            moment = self.random.random() * self.longest[name]
            process = self.env.spawn(self.env.macvm_argv(*self.commands[name]), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            time.sleep(moment)
            interrupt(process)
            err = process.communicate(timeout=120)[1].decode()
            about = f"{name} after {moment:.2f} s: {process.returncode}\n{err}"
            self.assertIn(process.returncode, codes, about)
            # Nothing that is told is half of something.
            told = self.env.macvm("--json", "status", "m", expect=(0, 3), timeout=120)
            if told.code == 0:
                self.assertEqual([True, True], [disk["capacity"] is not None for disk in told.json["disks"]], about)
            self.again("define")
            self.assertEqual({"m-opencore.qcow2", "m.qcow2"}, self.volumes(), about)
            self.env.virsh("destroy", "m", expect=None)
            self.again("undefine")
            self.assertEqual(([], []), self.left(), about)

    def test_killed(self):
        self.check(lambda process: process.kill(), (0, -signal.SIGKILL))

    def test_daemon_killed(self):
        def kill(_process):
            for pid in self.env.daemon_pids():
                os.kill(pid, signal.SIGKILL)
        # 4: libvirt tried again, and the passt of the first try still holds the port
        self.check(kill, (0, 4, 5))

    def test_interrupted(self):
        self.check(lambda process: process.send_signal(signal.SIGINT), (0, 130, -signal.SIGINT))  # before it is heard


if __name__ == "__main__":
    harness.main()
