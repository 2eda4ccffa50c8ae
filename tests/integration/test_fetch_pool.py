#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
# ctest: TIMEOUT 600
"""`macvm fetch` into a storage volume: of this machine's libvirt, over qemu+ssh, killed in the middle, with a full pool."""

import os
import pathlib
import random
import re
import signal
import sys
import time
import unittest

import harness

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fake"))
import media_fixture  # noqa: E402
from recovery_server import RecoveryServer  # noqa: E402

VOLUME = "recovery-14.img"
UNFINISHED = [VOLUME + ".new.part", VOLUME + ".part"]


class FetchPool(media_fixture.Signed, unittest.TestCase):
    # Holes at the start, inside and at the end.
    options = {"seed": 2, "size": 24 << 20, "run_sectors": 512, "methods": ("zlib", "zlib", "zero", "raw")}

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

    def test_ssh_system(self):
        """Where the file cannot be renamed from here, the host copies it."""
        with harness.Environment.ssh("system") as env, self.server() as server:
            env.macvm(*self.args(env, server), timeout=120)
            directory = env.virsh("vol-path", "--pool", "macvm", VOLUME).out.strip().rpartition("/")[0]
            self.assertEqual(env.run(["test", "-w", directory], expect=None).code, 1)
            self.assert_volume(env)

    def test_local_image(self):
        with harness.Environment.session() as env:
            env.macvm("fetch", "14", "--dmg", env.write("a.dmg", self.dmg.read_bytes()))
            self.assert_volume(env)

    def test_pool_of_the_configuration(self):
        """The media is put where machines look for it."""
        with harness.Environment.session() as env:
            env.run(["mkdir", env.dir / "apart"])
            env.virsh("pool-define-as", "apart", "dir", "--target", env.dir / "apart")
            env.write(env.config_home / "macvm/macvm.conf", "[machine]\npool=apart\n")
            env.macvm("fetch", "14", "--dmg", env.write("a.dmg", self.dmg.read_bytes()))
            self.assert_volume(env, "apart")

    def test_refused_leaves_no_volume(self):
        with harness.Environment.session() as env:
            # In the middle: the beginning is in the volume by then.
            with self.server(flip=str(self.dmg.stat().st_size // 2)) as server:
                refused = env.macvm(*self.args(env, server), expect=1, timeout=120)
            self.assertIn("does not match the chunklist", refused.err)
            self.assertEqual(self.volumes(env), [])

    def noted(self, env):
        """Up to which run the journal says that the volume is safe, 0 for none."""
        for path in (env.data_home / "macvm/cache").glob("fetch-*.state"):
            found = re.search(r"run=(\d+)", path.read_text())
            return int(found.group(1)) if found else 0
        return 0

    def kill_somewhere(self, env, server, chance):
        """kill -9 at a random moment after something more was noted than before."""
        before = self.noted(env)
        process = env.spawn(env.macvm_argv(*self.args(env, server)))
        harness.wait_for(lambda: self.noted(env) > before + 8 or process.poll() is not None, 120, "some progress", 0.02)
        time.sleep(chance.uniform(0, 0.5))
        process.kill()
        process.wait()

    def check_killed(self, env):
        """kill -9 at random points: no finished volume until a run goes on to the end, and little is fetched twice."""
        chance = random.Random(7)
        chunks = -(-self.dmg.stat().st_size // (1 << 20))
        with self.server(slow="300000") as server:
            for number in range(2):
                self.kill_somewhere(env, server, chance)
                self.assertEqual(self.volumes(env), UNFINISHED)
                self.assertEqual(env.macvm("status", "nobody", expect=3).code, 3)
            server.requests.clear()
            server.faults.clear()
            last = env.macvm(*self.args(env, server), timeout=120)
            self.assertIn("going on with an interrupted fetch", last.err)
            self.assertLess(len([line for line in server.requests if "data" in line]), chunks)
        self.assert_volume(env)
        self.assertEqual(list((env.data_home / "macvm/cache").iterdir()), [])

    def test_killed(self):
        with harness.Environment.session() as env:
            self.check_killed(env)

    def test_killed_ssh(self):
        with harness.Environment.ssh("session") as env:
            self.check_killed(env)

    def test_what_is_there_is_not_believed(self):
        """What was written is changed meanwhile, or is another beginning: it is fetched anew."""
        with harness.Environment.session() as env:
            with self.server(slow="300000") as server:
                self.kill_somewhere(env, server, random.Random(1))
                path = env.virsh("vol-path", "--pool", "macvm", UNFINISHED[0]).out.strip()
                with open(path, "r+b") as file:
                    file.seek(70000)
                    file.write(b"?")
                server.faults.clear()
                told = env.macvm(*self.args(env, server), timeout=120)
                self.assertNotIn("going on", told.err)
            self.assert_volume(env)

    def test_what_is_another_s_stays(self):
        """A volume that got the name while the fetch was interrupted is not macvm's to replace."""
        with harness.Environment.session() as env:
            with self.server(slow="300000") as server:
                self.kill_somewhere(env, server, random.Random(2))
                env.virsh("vol-create-as", "macvm", VOLUME, "3M")
                path = pathlib.Path(env.virsh("vol-path", "--pool", "macvm", VOLUME).out.strip())
                path.write_bytes(b"somebody's own")
                server.faults.clear()
                refused = env.macvm(*self.args(env, server), expect=4)
                self.assertIn(f"cannot make volume '{VOLUME}': pool 'macvm' has one of that name", refused.err)
                self.assertEqual(path.read_bytes(), b"somebody's own")
                # But a copy that macvm was making when the host went down is: the mark's size says so.
                for name in UNFINISHED:
                    env.virsh("vol-delete", "--pool", "macvm", name)
                env.virsh("vol-create-as", "macvm", UNFINISHED[0], "3M")
                env.virsh("vol-create-as", "macvm", UNFINISHED[1], str((1 << 20) + 7))
                env.macvm(*self.args(env, server), timeout=120)
            self.assert_volume(env)

    def test_room_for_one(self):
        """A host that has to copy at the end, and has no room to."""
        with harness.Environment.ssh("system") as env:
            target = env.server.dir / "small"
            env.server.run(["mkdir", target])
            env.server.run(["mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", target])
            env.virsh("pool-define-as", "small", "dir", "--target", target)
            with self.server() as server:
                refused = env.macvm(*self.args(env, server, "--pool", "small"), expect=1, timeout=120)
            self.assertIn("No space left in pool 'small' for the copy that the host makes at the end", refused.err)
            self.assertRegex(refused.err, r"hint: free [\d.]+ MiB more")
            self.assertEqual(env.server.run(["ls", target]).out, "")

    def test_interrupted(self):
        """Ctrl-C keeps what is there; two at once are told apart."""
        with harness.Environment.session() as env:
            with self.server(slow="300000") as server:
                process = env.spawn(env.macvm_argv(*self.args(env, server)))
                harness.wait_for(lambda: self.noted(env) > 8, 120, "some progress")
                second = env.macvm(*self.args(env, server), expect=4)
                self.assertIn("upload of", second.err)
                process.send_signal(signal.SIGINT)
                self.assertEqual(process.wait(60), 130)
                server.faults.clear()
                self.assertIn("going on", env.macvm(*self.args(env, server), timeout=120).err)
            self.assert_volume(env)

    def test_host_that_asks_whether_we_are_there(self):
        """libvirt closes a connection on which nobody answers its keep-alive."""
        with harness.Environment.session() as env:
            for daemon in ("libvirtd", "virtqemud", "virtstoraged"):
                env.write(env.config_home / f"libvirt/{daemon}.conf", "keepalive_interval = 1\nkeepalive_count = 2\n")
            with self.server(slow="120000") as server:
                process = env.spawn(env.macvm_argv(*self.args(env, server)))
                # The first chunks take 9 s, and libvirt is not spoken to meanwhile.
                harness.wait_for(lambda: any("dmg" in line or "chunklist" in line for line in server.requests), 60, "fetch")
                time.sleep(1)
                server.faults.clear()
                self.assertEqual(process.wait(120), 0)
            self.assert_volume(env)

    def test_pool_full(self):
        """The daemon of libvirt 11.3 crashes at that; it is started again, and asked."""
        if os.geteuid() != 0:
            harness.skip("a file system of a test's own needs root")
        with harness.Environment.session() as env:
            target = env.dir / "small"
            env.run(["mkdir", target])
            env.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=777", "tmpfs", target], as_root=True)
            env.virsh("pool-define-as", "small", "dir", "--target", target)
            with self.server() as server:
                refused = env.macvm(*self.args(env, server, "--pool", "small"), expect=1, timeout=120)
            self.assertIn("No space left", refused.err)
            self.assertEqual(env.run(["ls", target]).out, "")
            env.run(["umount", "-l", target], as_root=True)


if __name__ == "__main__":
    harness.main()
