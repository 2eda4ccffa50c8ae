#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""doctor on real libvirtd: what it finds, on every kind of connection, and that it changes nothing."""

import shlex
import unittest

import harness

FAST = ("--accel", "tcg", "--memory", "1G", "--cores", "1", "--threads", "1")


def doctor(env, *args, **how):
    done = env.macvm("--json", "doctor", *args, expect=(0, 5), timeout=180, **how)
    report = done.json
    failed = [check for check in report["checks"] if check["status"] == "fail"]
    assert report["ok"] == (not failed) and (done.code == 5) == bool(failed), done
    for check in report["checks"]:
        assert set(check) == {"id", "status", "message", "fix"}, check
        assert check["status"] in ("ok", "warn", "fail", "skip"), check
        assert bool(check["fix"]) == (check["status"] in ("warn", "fail")), check
        assert check["message"], check
    return {check["id"]: check for check in report["checks"]}


class Found(harness.EveryConnection, unittest.TestCase):
    def check(self, env):
        checks = doctor(env)
        self.assertIn("libvirt ", checks["libvirt"]["message"])
        self.assertIn("qemu-system-x86_64", checks["emulator"]["message"])
        self.assertEqual("ok", checks["applesmc"]["status"])
        self.assertEqual("ok", checks["firmware"]["status"])
        self.assertEqual("fail", checks["osk"]["status"])
        # What mends it has to be done on the connection that was looked at.
        self.assertEqual(["macvm", "bootstrap", "-c", env.uri], shlex.split(checks["osk"]["fix"]))
        self.assertEqual(["macvm", "fetch", "14", "-c", env.uri], shlex.split(checks["recovery"]["fix"]))
        self.assertNotEqual("skip", checks["clocksource"]["status"])
        self.assertNotIn("macvm", env.virsh("pool-list", "--all", "--name").out)
        self.assertEqual("", env.virsh("list", "--all", "--name").out.strip())
        env.checkout()
        env.macvm("define", *FAST)
        env.virsh("pool-destroy", "macvm")
        checks = doctor(env)
        self.assertEqual("ok", checks["osk"]["status"])
        self.assertNotIn(harness.FAKE_OSK, str(checks))
        self.assertEqual("ok", checks["machine"]["status"])
        self.assertIn(checks["kvm"]["status"], ("ok", "warn"))  # the machine does without
        self.assertIn("not active", checks["pool"]["message"])
        self.assertNotIn("macvm", env.virsh("pool-list", "--name").out)
        env.virsh("pool-start", "macvm")
        checks = doctor(env)
        self.assertEqual("ok", checks["system-disk"]["status"])
        self.assertIn("free", checks["space"]["message"])

    def test_ssh(self):
        with harness.Environment.ssh("system", apart=True) as env:
            self.check(env)
            log = env.ssh_log.read_text()
            self.assertIn("grep -s -H", log)


class Asked(unittest.TestCase):
    def test_version_and_name(self):
        with harness.Environment.session() as env:
            self.assertIn("macOS 26", doctor(env, "--os", "tahoe")["cpu-features"]["message"])
            env.macvm("doctor", "--os", "2", expect=3)
            self.assertEqual("not-found", env.macvm("--json", "doctor", "nobody", expect=3).error["code"])
            env.macvm("doctor", "a", "b", expect=2)

    def test_fixes_mend(self):
        """Commands as they are printed, word for word, and what they leave of the failure."""
        with harness.Environment.system() as env:
            closed = env.dir / "a pool"
            env.run(["mkdir", "-m", "700", closed])
            env.virsh("pool-define-as", "apart", "dir", "--target", closed)
            env.checkout()
            env.write(env.config_home / "macvm/macvm.conf", "[machine]\npool=apart\n")
            env.macvm("define", *FAST)
            env.virsh("vol-delete", "--pool", "apart", "macos.qcow2")
            checks = doctor(env)
            self.assertEqual(f"macvm fetch 14 --pool apart -c {env.uri}", checks["recovery"]["fix"])
            self.assertEqual("fail", checks["image-access"]["status"])
            self.assertIn(f"may not enter {closed}", checks["image-access"]["message"])
            self.assertRegex(checks["image-access"]["fix"], f'^sudo setfacl -m u:[0-9]+:x "{closed}"$')
            env.run(["chmod", "711", closed])
            program, *words = shlex.split(checks["system-disk"]["fix"])
            self.assertEqual("macvm", program)
            env.macvm(*words, connect=False)
            checks = doctor(env)
            self.assertEqual(["ok", "ok"], [checks[name]["status"] for name in ("image-access", "system-disk")])

    def test_emulated_cpu(self):
        """A machine that does without KVM does without the host's CPU features as well."""
        with harness.Environment.session() as env:
            env.write(env.config_home / "macvm/macvm.conf", "[machine]\naccel=tcg\n")
            self.assertIn(doctor(env)["cpu-features"]["status"], ("ok", "fail"))  # as QEMU's age is
            self.assertNotIn("its CPU lacks sse4.2", doctor(env)["cpu-features"]["message"])

    def test_no_libvirt(self):
        with harness.Environment.session() as env:
            uri = f"qemu+unix:///session?socket={env.dir}/nothing"
            done = env.macvm("-c", uri, "--json", "doctor", connect=False, expect=5)
            checks = {check["id"]: check for check in done.json["checks"]}
            self.assertEqual("fail", checks["libvirt"]["status"])
            self.assertEqual("skip", checks["kvm"]["status"])
            self.assertNotEqual("skip", checks["clocksource"]["status"])

    def test_text(self):
        with harness.Environment.session() as env:
            done = env.macvm("doctor", expect=5, timeout=180)
            self.assertIn("\nWhat to do:\n", done.out)
            self.assertRegex(done.out, r"✗ osk +cannot read")
            self.assertIn(f"✗ osk: macvm bootstrap -c {env.uri}", done.out)
            plain = env.macvm("doctor", expect=5, timeout=180, env={"LC_ALL": "C"}).out
            self.assertTrue(plain.isascii(), plain)
            self.assertRegex(plain, r"fail osk")


if __name__ == "__main__":
    harness.main()
