#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
# ctest: TIMEOUT 600
"""`macvm fetch` into a storage volume: of this machine's libvirt, over qemu+ssh, killed in the middle, with a full pool."""

import os
import pathlib
import shutil
import sys
import tempfile
import unittest

import harness

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fake"))
import media_fixture  # noqa: E402
from recovery_server import RecoveryServer  # noqa: E402

VOLUME = "recovery-14.img"


class FetchPool(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.media = pathlib.Path(tempfile.mkdtemp(prefix="macvm-media-"))
        cls.addClassCleanup(shutil.rmtree, cls.media)
        cls.key, cls.public = media_fixture.make_key(str(cls.media))
        cls.dmg, cls.raw, cls.list = (cls.media / name for name in ("a.dmg", "a.raw", "a.chunklist"))
        # Holes at the start, inside and at the end.
        media_fixture.make(str(cls.dmg), str(cls.raw), seed=2, size=24 << 20, run_sectors=512,
                           methods=("zlib", "zlib", "zero", "raw"))
        cls.list.write_bytes(media_fixture.chunklist(str(cls.dmg), cls.key, 1 << 20))

    def server(self, **faults):
        return RecoveryServer(self.dmg, self.list, faults)

    def args(self, env, server, *more):
        key = env.write("pub.pem", pathlib.Path(self.public).read_bytes())
        return ["fetch", "14", "--server", server.url, "--trust-key", key, *more]

    def volumes(self, env, pool="macvm"):
        lines = env.virsh("vol-list", pool).out.splitlines()
        return sorted(line.split()[0] for line in lines if line.strip())

    def assert_volume(self, env, pool="macvm"):
        self.assertEqual(self.volumes(env, pool), [VOLUME])
        copy = env.dir / "copy.img"
        env.virsh("vol-download", "--pool", pool, VOLUME, copy)
        self.assertEqual(copy.read_bytes(), self.raw.read_bytes())

    def check(self, env):
        with self.server() as server:
            told = env.macvm_json(*self.args(env, server), timeout=120)
            self.assertTrue(told["fetched"])
            self.assertEqual(told["path"].rsplit("/", 1)[1], VOLUME)
            self.assert_volume(env)
            # Again: it is there, and nobody is asked.
            server.requests.clear()
            self.assertFalse(env.macvm_json(*self.args(env, server))["fetched"])
            self.assertEqual(server.requests, [])

    def test_session(self):
        with harness.Environment.session() as env:
            self.check(env)

    def test_ssh(self):
        with harness.Environment.ssh("session") as env:
            self.check(env)

    def test_local_image(self):
        with harness.Environment.session() as env:
            env.macvm("fetch", "14", "--dmg", env.write("a.dmg", self.dmg.read_bytes()))
            self.assert_volume(env)

    def test_refused_leaves_no_volume(self):
        with harness.Environment.session() as env:
            # In the middle: the beginning is in the volume by then.
            with self.server(flip=str(self.dmg.stat().st_size // 2)) as server:
                refused = env.macvm(*self.args(env, server), expect=1, timeout=120)
            self.assertIn("does not match the chunklist", refused.err)
            self.assertEqual(self.volumes(env), [])

    def test_killed(self):
        """kill -9 in the middle: no finished volume; the next run makes it."""
        with harness.Environment.session() as env:
            with self.server(slow="1500000") as server:
                process = env.spawn(env.macvm_argv(*self.args(env, server)))
                harness.wait_for(lambda: len([line for line in server.requests if "data" in line]) >= 4, 120,
                                 "some chunks")
                process.kill()
                process.wait()
                server.faults.clear()
                env.macvm(*self.args(env, server), timeout=120)
            self.assert_volume(env)

    def test_pool_full(self):
        with harness.Environment.system() as env:
            target = env.dir / "small"
            env.run(["mkdir", target])
            env.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", target])
            env.virsh("pool-define-as", "small", "dir", "--target", target)
            with self.server() as server:
                refused = env.macvm(*self.args(env, server, "--pool", "small"), expect=1, timeout=120)
            self.assertIn("No space left", refused.err)
            self.assertEqual(env.run(["ls", target]).out, "")


if __name__ == "__main__":
    harness.main()
