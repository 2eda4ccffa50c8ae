#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
# ctest: TIMEOUT 600
"""`macvm bootstrap` from an empty data directory to a defined machine with its three disks, killed on the way."""

import pathlib
import random
import sys
import time
import unittest

import harness

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fake"))
import media_fixture  # noqa: E402
from recovery_server import RecoveryServer  # noqa: E402

DISKS = {"opencore": "macos-opencore.qcow2", "recovery": "macos-recovery.qcow2", "system": "macos.qcow2"}
MEDIA = "recovery-14.img"  # what macos-recovery.qcow2 is based on


class Whole(media_fixture.Signed, unittest.TestCase):
    options = {"seed": 4, "size": 16 << 20, "run_sectors": 512}

    def prepare(self, env, server):
        key = env.write("pub.pem", pathlib.Path(self.public).read_bytes())
        env.write(env.config_home / "macvm/macvm.conf",
                  "[machine]\naccel=tcg\nmemory=1G\ncores=1\nthreads=1\ndisk-size=10G\n"
                  f"[fetch]\nserver={server.url}\ntrust_key={key}\n")
        return ["bootstrap", "--upstream", env.checkout(git=True, path=env.dir / "upstream")]

    def test_folder_of_ones_own(self):
        """Setup finds what was cloned elsewhere, and so does define later."""
        with harness.Environment.session() as env, RecoveryServer(self.dmg, self.list) as server:
            done = env.macvm(*self.prepare(env, server), env.dir / "own", expect=(0, 5), timeout=240)
            self.assertIn("[6/7] Disk: defined 'macos', with its disk", done.out)
            self.assert_whole(env)
            env.macvm("define", "second")
            self.assertIn(harness.FAKE_OSK, env.virsh("dumpxml", "--security-info", "second").out)

    def assert_whole(self, env):
        disks = {disk["role"]: disk["volume"] for disk in env.macvm("--json", "status", "macos").json["disks"]}
        self.assertEqual(disks, DISKS)
        names = [line.split()[0] for line in env.virsh("vol-list", "macvm").out.splitlines() if line.strip()]
        self.assertEqual(sorted(names), sorted([MEDIA, *DISKS.values()]))
        copy = env.dir / "copy.img"
        env.virsh("vol-download", "--pool", "macvm", MEDIA, copy)
        self.assertEqual(copy.read_bytes(), self.raw.read_bytes())

    def test_killed_until_it_converges(self):
        """kill -9 at random points, now early, now late; the same command then ends with all of it."""
        chance = random.Random(3)
        with harness.Environment.session() as env, \
                RecoveryServer(self.dmg, self.list, {"slow": "1000000"}) as server:
            bootstrap = self.prepare(env, server)
            for longest in (1, 4, 8, 8):
                process = env.spawn(env.macvm_argv(*bootstrap))
                deadline = time.monotonic() + chance.uniform(0, longest)
                while process.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.05)
                process.kill()
                process.wait()
            # 5: this host may lack what macOS needs, which is told, and keeps nothing else from its work.
            done = env.macvm(*bootstrap, expect=(0, 5), timeout=240)
            self.assertIn("[7/7]", done.out)
            self.assert_whole(env)
            # Once more: nobody is asked for anything.
            server.requests.clear()
            self.assertIn("[7/7]", env.macvm(*bootstrap, expect=(0, 5), timeout=240).out)
            self.assertEqual(server.requests, [])


if __name__ == "__main__":
    harness.main()
