#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""Test machines: when a host is asked, what is kept of the answers, and what passt decides."""

import os
import re
import socket
import unittest

import harness

SMALL = ("--memory", "1G", "--cores", "2", "--threads", "1", "--ssh-user", "root")
TCG = ("--accel", "tcg", *SMALL)


def starts(env):
    """How many test machines were started in a session, by the logs that libvirt keeps of them."""
    logs = (env.home / ".cache/libvirt/qemu/log").glob("macvm-probe-*.log")
    return sum(log.read_text(errors="replace").count(": starting up") for log in logs)


def kept(env):
    found = list((env.data_home / "macvm/hosts").glob("*.conf"))
    assert len(found) == 1, found
    return found[0]


def needs_passt(env):
    """Whether this host's libvirt has a usable passt, installed or not."""
    backends = "<value>passt</value>" in env.virsh("domcapabilities", "--virttype", "qemu", "--arch", "x86_64").out
    version = re.search(r"library: libvirt (\d+)\.(\d+)", env.virsh("version").out)
    return backends and (int(version[1]), int(version[2])) >= (9, 2)


def card(env, name="macos"):
    """(backend, MAC, PCI slot) of the network card."""
    xml = env.virsh("dumpxml", "--inactive", name).out
    found = re.search(r"<interface type='user'>(.*?)</interface>", xml, re.S)
    if found:
        slot = re.search(r"bus='0x00' slot='0x(\w+)'", found[1])[1]
        return ("passt" if "<backend type='passt'/>" in found[1] else "other",
                re.search(r"<mac address='([^']*)'", found[1])[1], int(slot, 16))
    found = re.search(r'"mac":"([^"]*)","bus":"pcie.0","addr":"(\w+)"', xml.replace("&quot;", '"'))
    assert "hostfwd=tcp:127.0.0.1" in xml, xml
    return ("slirp", found[1], int(found[2], 16))


class Kept(unittest.TestCase):
    def test_asked_once(self):
        with harness.Environment.session() as env:
            env.checkout()
            env.macvm("define", "a", *SMALL, timeout=120)
            asked = starts(env)
            self.assertGreater(asked, 0)
            self.assertEqual(0o600, kept(env).stat().st_mode & 0o777)
            self.assertNotIn(harness.FAKE_OSK, kept(env).read_text())
            env.macvm("define", "b", *SMALL)
            env.macvm("define", "c", *TCG)
            env.macvm("define", "a")
            self.assertEqual(asked, starts(env))
            env.kill_daemons()  # a session's daemon has another host UUID each time
            env.macvm("define", "d", *SMALL)
            self.assertEqual(asked, starts(env))

    def test_asked_again(self):
        with harness.Environment.session() as env:
            env.checkout()
            env.macvm("define", "a", *SMALL, timeout=120)
            file = kept(env)
            whole = file.read_bytes()
            versions = [re.sub(rb"(?m)^%s=.*$" % key, b"%s=1" % key, whole) for key in (b"libvirt", b"qemu", b"emulator")]
            for number, damage in enumerate((None, *versions, b"", b"\xff\0[" * 100, whole[:len(whole) // 3], whole * 1000)):
                if damage is None:
                    file.unlink()
                else:
                    assert damage != whole
                    file.write_bytes(damage)
                before = starts(env)
                env.macvm("define", f"m{number}", *SMALL, timeout=120)
                self.assertGreater(starts(env), before, damage)
                self.assertEqual(whole.count(b"\n"), file.read_bytes().count(b"\n"))
            before = starts(env)
            env.macvm("doctor", expect=(0, 5), timeout=120)
            self.assertGreater(starts(env), before)

    def test_emulation(self):
        """Only what a network card is made with is found out for a machine that does without KVM."""
        with harness.Environment.session() as env:
            env.checkout()
            env.macvm("define", *TCG, timeout=120)
            self.assertEqual(int(needs_passt(env)), starts(env))

    def test_nowhere_to_keep(self):
        with harness.Environment.session() as env:
            env.checkout()
            env.write(env.data_home / "macvm/hosts", "a file")
            env.macvm("define", *SMALL, timeout=120)
            env.macvm("define", "b", *SMALL, timeout=120)


class Passt(unittest.TestCase):
    def without_passt(self, env):
        """A PATH in which there is everything else."""
        emulator = env.dir / "bin/qemu-system-x86_64"  # the same path with and without passt
        emulator.symlink_to("/usr/bin/qemu-system-x86_64")
        farm = env.dir / "all-but-passt"
        farm.mkdir(mode=0o755)
        for directory in harness.PATH.split(":"):
            for name in os.listdir(directory) if os.path.isdir(directory) else []:
                if not name.startswith("passt") and not (farm / name).is_symlink():
                    (farm / name).symlink_to(os.path.join(directory, name))
        return f"{env.dir}/bin:{farm}"

    def path(self, env, path):
        """Of the daemon, which a session starts by itself."""
        env.kill_daemons()
        env.vars["PATH"] = path

    def test_not_installed(self):
        with harness.Environment.session() as env:
            env.checkout()
            if not needs_passt(env):
                harness.skip("this libvirt has no usable passt")
            whole = env.vars["PATH"]
            bare = self.without_passt(env)
            self.path(env, bare)
            defined = env.macvm("define", *TCG, timeout=120)
            self.assertEqual(1, defined.err.count("passt does not start on the host (Cannot find 'passt' in path"), defined)
            backend, mac, slot = card(env)
            self.assertEqual("slirp", backend)
            before = starts(env)
            self.assertNotIn("passt", env.macvm("define").err)
            self.assertEqual("", env.macvm("define", "--diff").out)
            self.assertEqual(before, starts(env))
            check = {each["id"]: each for each in env.macvm("--json", "doctor", expect=(0, 5), timeout=120).json["checks"]}["network"]
            self.assertEqual(("warn", "install the package passt on the host"), (check["status"], check["fix"]))
            env.macvm("up", timeout=120)
            env.virsh("destroy", "macos")

            self.path(env, whole)
            self.assertEqual("", env.macvm("define", "--diff").out)  # nobody has looked again
            doctor = env.macvm("doctor", expect=(0, 5), timeout=120).out
            self.assertRegex(doctor, r"network +user mode, by passt")
            self.assertIn("+", env.macvm("define", "--diff").out)
            env.macvm("define")
            self.assertEqual(("passt", mac, slot), card(env))
            env.macvm("up", timeout=120)
            env.virsh("destroy", "macos")

            self.path(env, bare)
            failed = env.macvm("up", expect=5, timeout=120).err
            self.assertIn("Cannot find 'passt' in path", failed)
            self.assertIn("'macvm set macos --network user'", failed)
            diff = env.macvm("define", "--diff")
            self.assertIn("passt does not start on the host", diff.err)
            self.assertRegex(diff.out, r"(?m)^-.*passt")
            self.assertEqual("passt", card(env)[0])
            env.macvm("set", "macos", "--network", "user")
            self.assertEqual(("slirp", mac, slot), card(env))

    def test_does_not_start(self):
        """passt is there and refuses to go on."""
        with harness.Environment.session() as env:
            env.checkout()
            if not needs_passt(env):
                harness.skip("this libvirt has no usable passt")
            env.write("bin/passt", "#!/bin/sh\necho 'UNIX domain socket bound at /x' >&2\n"
                      "echo \"Couldn't create user namespace: Operation not permitted\" >&2\nexit 1\n", 0o755)
            defined = env.macvm("define", *TCG, timeout=120)
            self.assertIn("(passt: Couldn't create user namespace: Operation not permitted)", defined.err)
            self.assertEqual("slirp", card(env)[0])
            check = env.macvm("doctor", expect=(0, 5), timeout=120).out
            self.assertIn("user.max_user_namespaces", check)
            self.busy(env)

    def busy(self, env):
        """Whoever makes the network, a port that is taken is a conflict, and it is named."""
        port = env.free_port()
        env.macvm("set", "macos", "--ssh-port", port)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
            taken.listen()
            error = env.macvm("--json", "up", expect=4, timeout=120).error
        self.assertEqual("conflict", error["code"])
        self.assertIn(str(port), error["message"])
        self.assertNotIn("\n", error["message"])
        self.assertIn("'macvm set macos --ssh-port PORT'", error["hint"])

    def test_port(self):
        with harness.Environment.session() as env:
            env.checkout()
            env.macvm("define", *TCG, timeout=120)
            self.assertEqual("passt" if needs_passt(env) and os.path.exists("/usr/bin/passt") else "slirp", card(env)[0])
            self.busy(env)
            if needs_passt(env):
                self.assertIn("[passt]", kept(env).read_text())  # a port that is taken says nothing about the host


if __name__ == "__main__":
    harness.main()
