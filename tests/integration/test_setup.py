#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""setup on real libvirtd, with a sudo that only writes down what it is asked for."""

import os
import pty
import shutil
import subprocess
import unittest

import harness

STEPS = ["cpu", "kvm", "dependencies", "modules", "recovery", "disk", "launcher"]


def prepare(env, recovery=True):
    """An upstream checkout, small machines, the sudo, and recovery media, so that nothing is asked of Apple."""
    if recovery:
        env.virsh("pool-define-as", "macvm", "dir", "--target", env.data_home / "macvm/images")
        env.virsh("pool-build", "macvm")
        env.virsh("pool-start", "macvm")
        env.virsh("vol-create-as", "macvm", "recovery-14.img", "1M", "--format", "raw")
    env.checkout()
    env.write(env.config_home / "macvm/macvm.conf", "[machine]\naccel=tcg\nmemory=1G\ncores=1\nthreads=1\n")
    env.write("bin/sudo", f'#!/bin/sh\necho "$*" >>{env.dir}/sudo.log\ncat >>{env.dir}/sudo.log\n', 0o755)


def sudo_log(env):
    path = env.dir / "sudo.log"
    return path.read_text() if path.exists() else ""


def steps(where, *args, **how):
    report = where.macvm("--json", "setup", *args, expect=(0, 5), timeout=180, **how).json["steps"]
    assert [step["id"] for step in report] == STEPS, report
    assert [step["number"] for step in report] == list(range(1, 8)), report
    return {step["id"]: step for step in report}


def snapshot(top):
    """All of a tree but what libvirt itself keeps there, and what macvm keeps of its test machines."""
    found = {}
    for base, directories, files in os.walk(top):
        directories[:] = [name for name in directories if name not in ("libvirt", "dconf", "bin", "data", "hosts")]
        for name in files:
            path = os.path.join(base, name)
            if not os.path.islink(path) and os.path.isfile(path):
                with open(path, "rb") as file:
                    found[path] = hash(file.read())
    return found


class Local(unittest.TestCase):
    def test_first_and_second_run(self):
        with harness.Environment.session() as env:
            prepare(env)
            first = steps(env, "--disk-size", "20G")
            self.assertEqual("done", first["disk"]["status"])
            self.assertEqual("done", first["launcher"]["status"])
            self.assertEqual("there", first["dependencies"]["status"])
            self.assertEqual("there", first["recovery"]["status"])
            self.assertIn(str(20 << 30), env.virsh("vol-info", "--bytes", "macos.qcow2", "macvm").out)
            entry = env.data_home / "applications/macvm-macos.desktop"
            self.assertIn(f" -c {env.uri} view --up macos\n", entry.read_text())
            before, xml = snapshot(env.home), env.virsh("dumpxml", "macos").out
            second = steps(env)
            for name in ("dependencies", "disk", "launcher"):
                self.assertEqual("there", second[name]["status"], second[name])
            self.assertEqual(before, snapshot(env.home))
            self.assertEqual(xml, env.virsh("dumpxml", "macos").out)
            self.assertEqual("", sudo_log(env))  # nobody said yes
            told = env.macvm("setup", expect=(0, 5))
            ready = not {"left", "failed"} & {step["status"] for step in second.values()}
            self.assertEqual(ready, "ready: 'macvm up --view' starts it" in told.err, told)
            mine = entry.read_text()
            env.write(entry, mine.replace("X-Macvm-Machine=macos", "X-Macvm-Machine=other"))
            env.macvm("undefine", "macos")
            self.assertTrue(entry.exists())  # somebody else's
            steps(env)
            self.assertEqual(mine, entry.read_text())
            self.assertIn("removed the desktop launcher", env.macvm("undefine", "macos").err)
            self.assertFalse(entry.exists())

    def test_dry_run_changes_nothing(self):
        with harness.Environment.session() as env:
            prepare(env, recovery=False)
            env.macvm("list")  # copies the program where it can be run
            before = snapshot(env.dir)
            done = steps(env, "--dry-run", "--yes", "--os", "ventura", "--disk-size", "30G")
            self.assertEqual(f"macvm define macos --os 13 --disk-size 30G -c {env.uri}", done["disk"]["remedy"])
            self.assertEqual("would", done["launcher"]["status"])
            self.assertEqual(("would", f"macvm fetch 13 -c {env.uri}"), (done["recovery"]["status"], done["recovery"]["remedy"]))
            self.assertEqual(before, snapshot(env.dir))
            self.assertEqual("", env.virsh("list", "--all", "--name").out.strip())
            self.assertNotIn("macvm", env.virsh("pool-list", "--all", "--name").out)

    def test_under_sudo_as_a_whole(self):
        with harness.Environment.system() as env:
            told = env.macvm("setup", "--dry-run", expect=(0, 5), timeout=180, env={"SUDO_USER": "joe"}).err
            self.assertEqual("run it without" in told, env.uid == 0, told)

    def test_text_has_the_seven_steps(self):
        with harness.Environment.session() as env:
            prepare(env)
            lines = env.macvm("setup", "--dry-run").out.splitlines()
            self.assertEqual([f"[{k}/7]" for k in range(1, 8)], [line[:5] for line in lines if line.startswith("[")])

    def test_launcher_of_an_awkward_name(self):
        if not shutil.which("desktop-file-validate"):
            harness.skip("no desktop-file-validate: install desktop-file-utils")
        with harness.Environment.session() as env:
            prepare(env)
            for name in ("my mac", "100% $HOME's `mac`", "naïve"):
                self.assertEqual("done", steps(env, name)["launcher"]["status"])
                entry = env.data_home / f"applications/macvm-{name}.desktop"
                done = env.run(["desktop-file-validate", entry])
                self.assertEqual("", done.out + done.err)

    def test_two_at_once(self):
        with harness.Environment.session() as env:
            prepare(env)
            argv = env.macvm_argv("setup")
            both = [env.spawn(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
            codes = sorted((process.communicate(timeout=180), process.returncode)[1] for process in both)
            self.assertEqual(0, codes[0])
            self.assertIn(codes[1], (0, 4))
            self.assertIn("macos.qcow2", env.virsh("vol-list", "macvm").out)
            self.assertEqual("there", steps(env)["disk"]["status"])

    def test_wrong_arguments(self):
        with harness.Environment.session() as env:
            env.macvm("setup", "--disk-size", "much", expect=2)
            env.macvm("setup", "--os", "2", expect=3)
            env.macvm("setup", "../x", expect=2)


class Root(unittest.TestCase):
    """The commands for root, on a host that lacks qemu-img and (so it is told) a package manager."""

    def path_without(self, env, *programs, plus=()):
        """A PATH with all programs but those."""
        folder = env.dir / "path"
        folder.mkdir()
        for place in harness.PATH.split(":"):
            for name in os.listdir(place) if os.path.isdir(place) else ():
                if name not in programs and not (folder / name).exists():
                    (folder / name).symlink_to(f"{place}/{name}")
        for name in plus:
            env.write(folder / name, "#!/bin/sh\nexit 1\n", 0o755)
        env.own(folder)
        return f"{env.dir}/bin:{folder}"

    def check(self, packager, expected):
        with harness.Environment.session() as env:
            prepare(env)
            env.virsh("list")  # the daemon has qemu-img, only macvm does not see it
            path = self.path_without(env, "apt-get", "qemu-img", plus=[packager])
            asked = steps(env, env={"PATH": path})["dependencies"]
            told = "".join(f"sudo {line}\n" for line in expected)
            self.assertEqual(("left", told), (asked["status"], asked["remedy"]))
            self.assertEqual("", sudo_log(env))
            done = steps(env, "--yes", env={"PATH": path})["dependencies"]
            self.assertEqual(expected, sudo_log(env).splitlines()[:len(expected)])
            self.assertEqual("failed", done["status"])  # the sudo installed nothing, and setup looked
            return env

    def test_apt(self):
        self.check("apt-get", ["apt-get update", "apt-get install -y qemu-utils"])

    def test_pacman(self):
        self.check("pacman", ["pacman -S --needed --noconfirm qemu-img"])

    def test_nobody_to_become_root_with(self):
        """What is to be run as root is told as root types it."""
        with harness.Environment.session() as env:
            prepare(env)
            env.virsh("list")
            path = self.path_without(env, "apt-get", "qemu-img", "sudo", "pkexec", plus=["dnf"])
            (env.dir / "bin/sudo").unlink()
            done = steps(env, "--yes", env={"PATH": path})["dependencies"]
            self.assertEqual("left", done["status"])
            self.assertIn("neither sudo nor pkexec", done["message"])
            self.assertEqual("dnf install -y qemu-img\n", done["remedy"])

    def test_no_package_manager(self):
        with harness.Environment.session() as env:
            prepare(env)
            env.virsh("list")
            path = self.path_without(env, "apt-get", "qemu-img")
            done = steps(env, env={"PATH": path})["dependencies"]
            self.assertEqual("failed", done["status"])
            self.assertIn("no package manager", done["message"])
            self.assertTrue(done["remedy"])

    def ask(self, answer):
        with harness.Environment.session() as env:
            prepare(env)
            env.virsh("list")
            path = self.path_without(env, "apt-get", "qemu-img", plus=["dnf"])
            master, slave = pty.openpty()
            os.write(master, answer.encode() * 3)
            process = env.spawn(env.macvm_argv("setup"), stdin=slave, stdout=subprocess.PIPE, stderr=slave,
                                env={"PATH": path})
            os.close(slave)
            out = process.communicate(timeout=180)[0].decode()
            os.close(master)
            return out, sudo_log(env)

    def test_refused_yes(self):
        out, log = self.ask("n\n")
        self.assertEqual("", log)
        self.assertIn("left to you, to install qemu-img:\n      sudo dnf install -y qemu-img\n", out)
        self.assertIn("[7/7]", out)

    def test_a_long_answer_is_one_answer(self):
        out, log = self.ask("yes" + " " * 12 + "or rather no\n")
        self.assertEqual("", log)
        self.assertIn("left to you, to install qemu-img:", out)

    def test_interrupted_as_root(self):
        """Ctrl-C in a command for root ends all of it: nothing is installed after that, and no step follows."""
        with harness.Environment.session() as env:
            prepare(env)
            env.virsh("list")
            env.write("bin/sudo", f'#!/bin/sh\necho "$*" >>{env.dir}/sudo.log\nkill -INT $$\n', 0o755)
            path = self.path_without(env, "apt-get", "qemu-img", plus=["apt-get"])
            done = env.macvm("setup", "--yes", expect=130, timeout=180, env={"PATH": path})
            self.assertEqual("apt-get update\n", sudo_log(env))
            self.assertIn("interrupted", done.err)
            self.assertNotIn("[4/7]", done.out)

    def test_yes(self):
        _, log = self.ask("yes\n")
        self.assertIn("dnf install -y qemu-img\n", log)


class Remote(unittest.TestCase):
    def test_root_work_is_only_told(self):
        with harness.Environment.ssh("system", apart=True) as env:
            prepare(env, recovery=False)
            done = steps(env, "--yes", "--dry-run")
            self.assertIn(done["modules"]["status"], ("there", "left"))
            self.assertEqual("", sudo_log(env))
            if done["modules"]["status"] == "left":
                self.assertIn("run on farhost", done["modules"]["message"])


if __name__ == "__main__":
    harness.main()
