#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
# ctest: TIMEOUT 600
"""A disk that is full, and a daemon that stops or dies, in the middle of a transfer: an error in seconds, and nothing stays.

The pool is an ext4 file system of which root keeps half, as libvirt does not know. MACVM_FULL_ROUNDS is how often each upload
is tried (default: 3)."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
import unittest

import harness

ROUNDS = int(os.environ.get("MACVM_FULL_ROUNDS", 3))
KIB, MIB = 1 << 10, 1 << 20


class Driver:
    """storage-driver, which uploads a file by itself."""

    def __init__(self, env):
        built = harness.program().parent / "bin/storage-driver"
        if not built.exists():
            harness.skip(f"no storage-driver at {built}")
        self.env, self.program = env, shutil.copy(built, env.dir / "bin/storage-driver")
        env.own(self.program)

    def __call__(self, *args, **how):
        return self.env.run([self.program, self.env.uri, *args], **how)


def file_of(env, name, size, step=None):
    """Random data, or a piece of it at each step and holes between."""
    source, path = random.Random(1), env.write(name, b"")
    with open(path, "r+b") as file:
        file.truncate(size)
        for at in range(0, size, step or size):
            file.seek(at)
            file.write(source.randbytes(min(size, size if step is None else 128 * KIB)))
    return path


def small_pool(env, free):
    """A pool called small, with so many bytes left for a user, on a file system that says to libvirt it has 40 MiB more."""
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4", path=harness.PATH):
        harness.skip("cannot make a small file system")
    target, image = env.dir / "small", env.dir / "small.img"
    env.run(["mkdir", target])
    env.run(["truncate", "-s", "100M", image], as_root=True)
    env.run(["mkfs.ext4", "-q", "-m", "50", image], as_root=True)
    if env.run(["mount", "-o", "loop", image, target], as_root=True, expect=None).code:
        harness.skip("cannot mount a file")
    env.run(["chown", str(env.uid), target], as_root=True)
    env.run(["dd", "if=/dev/zero", f"of={target}/ballast", "bs=64k"], expect=1)
    env.run(["truncate", "-s", f"-{free}", target / "ballast"])
    env.virsh("pool-define-as", "small", "dir", "--target", target)
    env.virsh("pool-start", "small")
    return target


def left(target, env):
    return sorted(set(env.run(["ls", target], as_root=True).out.split()) - {"ballast", "lost+found"})


class Full(unittest.TestCase):
    def uploads(self, env, server, free):
        target, drive = small_pool(server, free), Driver(env)
        plain = [file_of(env, f"plain{size}", free + size * KIB) for size in (200, 700, 5000)]
        holes = [file_of(env, f"holes{size}", size, 256 * KIB) for size in (2 * MIB + 2 * free, 80 * MIB)]
        for image in (*plain, *holes):
            for _ in range(ROUNDS):
                done = drive("upload", "small", "v", image, expect=1, timeout=120)  # and not for ever
                self.assertIn("No space left", done.err, image)
                self.assertIn("hint: free space", done.err)
                self.assertEqual([], left(target, server))
        server.run(["truncate", "-s", "0", target / "ballast"])
        drive("upload", "small", "v", plain[0])

    def test_here(self):
        """The room is known before anything is sent."""
        with harness.Environment.session(apart=True) as env:
            self.uploads(env, env, 64 * KIB)

    def test_far(self):
        """Only the host's file system knows that it is full."""
        for free in (0, 64 * KIB, 3 * MIB):
            with self.subTest(free=free), harness.Environment.ssh("session", apart=True) as env:
                self.uploads(env, env.server, free)

    def test_define(self):
        with harness.Environment.ssh("session", apart=True) as env:
            env.checkout()
            target = small_pool(env.server, 128 * KIB)
            for _ in range(ROUNDS):
                done = env.macvm("define", "m", "--accel", "tcg", "--memory", "1G", "--pool", "small", expect=1)
                self.assertIn("No space left", done.err)
                self.assertNotIn("connection", done.err)
                self.assertEqual([], left(target, env.server))


class Silent(unittest.TestCase):
    """A daemon that stands still in the middle of an upload."""

    @contextlib.contextmanager
    def stopped(self, size=96 * MIB):
        with harness.Environment.session() as env:
            drive, image = Driver(env), file_of(env, "image", size)
            drive("pool", "-")
            upload = env.spawn([drive.program, env.uri, "upload", "-", "v", image, f"wait@{5 * MIB}"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(b"waiting\n", upload.stdout.readline())
            yield env, drive, image, upload

    def test_daemon_stopped(self):
        with self.stopped() as (env, drive, image, upload):
            pids = env.daemon_pids()
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            start = time.monotonic()
            err = upload.communicate(b"\n", timeout=120)[1].decode()
            self.assertEqual(5, upload.returncode, err)
            self.assertRegex(err, "cannot upload to volume 'v': (libvirt's virStream|.*keepalive|.*socket is closed)")
            self.assertLess(time.monotonic() - start, 100)
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            drive("upload", "-", "v", image)

    def test_daemon_killed(self):
        with self.stopped() as (env, drive, image, upload):
            env.kill_daemons()
            start = time.monotonic()
            err = upload.communicate(b"\n", timeout=60)[1].decode()
            self.assertEqual(5, upload.returncode, err)
            self.assertLess(time.monotonic() - start, 20)
            drive("upload", "-", "v", image)


if __name__ == "__main__":
    harness.main()
