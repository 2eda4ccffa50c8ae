#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: TIMEOUT 1500
"""Nothing goes to another machine than the one that was named, whatever became of ports, keys and ssh's configuration."""

import concurrent.futures
import os
import re
import shlex
import subprocess
import time
import unittest

import harness

BOOT = 300  # seconds that a guest may take under load
SMALL = ("--accel", "tcg", "--memory", "512M", "--cores", "1", "--threads", "1", "--ssh-user", "root")
HOSTILE = """Host *
    ForwardAgent yes
    ForwardX11 yes
    LocalForward {free} 127.0.0.1:22
    RemoteCommand echo evil
    PermitLocalCommand yes
    LocalCommand touch {dir}/local-command
    SetEnv EVIL=1
    ControlMaster auto
    ControlPath {dir}/cm-%r@%h:%p
    ControlPersist 60
    NoHostAuthenticationForLocalhost yes
    StrictHostKeyChecking no
    HostName 192.0.2.1
"""


def define(env, name, port, *options):
    env.macvm("define", *SMALL, "--ssh-port", port, *options, name)


def drop_forward(env, name):
    """Takes the forward out of the definition, as an editor would."""
    xml = env.virsh("dumpxml", "--inactive", "--security-info", name).out
    without = re.sub(r",hostfwd=tcp:127\.0\.0\.1:\d+-:22", "", xml)
    without = re.sub(r"<portForward.*?</portForward>", "", without, flags=re.S)
    assert without != xml
    # what macvm rendered last is text within the metadata
    env.virsh("define", env.write("edited.xml", without))


def key_file(env, name):
    uuid = env.virsh("domuuid", name).out.strip()
    return env.data_home / f"macvm/known_hosts.d/macvm-{uuid}"


class Ports(unittest.TestCase):
    """Without a guest: QEMU's firmware holds the port."""

    @classmethod
    def setUpClass(cls):
        cls.context = harness.Environment.session()
        cls.env = cls.context.__enter__()
        cls.addClassCleanup(cls.context.__exit__, None, None, None)
        cls.env.checkout()

    def tearDown(self):
        for name in self.env.virsh("list", "--all", "--name").out.split():
            self.env.virsh("destroy", name, expect=None)
            self.env.virsh("undefine", "--nvram", name, expect=None)

    def test_running_machine(self):
        port = self.env.free_port()
        define(self.env, "a", port)
        define(self.env, "b", port)
        first = self.env.macvm("up", "a")
        self.assertIn(f"port {port} is that of 'b', too", first.err)
        taken = self.env.macvm("--json", "up", "b", expect=4).error
        self.assertEqual(("conflict", f"cannot start 'b': port {port} of the host leads to 'a', which is running"),
                         (taken["code"], taken["message"]))
        self.assertEqual("shut off", self.env.state("b"))
        # the hint works
        self.env.macvm("set", "b", "--ssh-port", self.env.free_port())
        self.env.macvm("up", "b")

    def test_program(self):
        port = self.env.free_port()
        define(self.env, "a", port)
        with subprocess.Popen([os.sys.executable, "-c", "import socket,sys; s=socket.create_server(('127.0.0.1', int(sys.argv[1])));"
                               "print(1, flush=True); sys.stdin.read()", str(port)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as holder:
            holder.stdout.readline()
            taken = self.env.macvm("up", "a", expect=4)
            self.assertIn(f"cannot start 'a': another program listens on its port {port}", taken.err)
            holder.stdin.close()
        self.env.macvm("up", "a")

    def test_forward_gone(self):
        """Another sshd at the remembered port is nobody's business."""
        port = self.env.free_port()
        define(self.env, "b", port)
        drop_forward(self.env, "b")
        self.assertEqual(4, self.env.macvm("up", "--wait-ssh", "b", expect=4).code)
        self.env.macvm("up", "b")
        status = self.env.macvm_json("status", "b")
        self.assertEqual({"host": None, "port": None, "reachable": False}, status["ssh"])
        self.assertIn(f"port {port} is no longer forwarded to it", self.env.macvm("status", "b").out)
        self.assertIn("no longer forwards", self.env.macvm("ssh", "b", "--", "true", expect=4).err)
        self.assertIn("no longer forwards", self.env.macvm("clip", "push", "b", expect=4).err)
        down = self.env.macvm("down", "--timeout", "3", "b", expect=1)
        self.assertIn("no longer forwards", down.err)
        self.assertIn("pressed the power button", down.err)
        self.assertFalse(self.env.ssh_log.exists())
        hint = self.env.macvm("--json", "ssh", "b", expect=4).error["hint"]
        command = shlex.split(hint.split("'")[1])
        self.env.macvm(*command[1:])
        self.env.virsh("destroy", "b")
        self.env.macvm("up", "b")
        self.assertEqual(port, self.env.macvm_json("status", "b")["ssh"]["port"])

    def test_other_forward(self):
        """What runs counts: another port of the host, set by an editor after macvm's."""
        port, other = self.env.free_port(), self.env.free_port()
        define(self.env, "b", port)
        xml = self.env.virsh("dumpxml", "--inactive", "--security-info", "b").out
        self.env.virsh("define", self.env.write("e.xml", xml.replace(f"127.0.0.1:{port}-:22", f"127.0.0.1:{other}-:22")
                                                .replace(f"range start='{port}'", f"range start='{other}'")))
        self.env.macvm("up", "b")
        self.assertEqual(other, self.env.macvm_json("status", "b")["ssh"]["port"])
        # a later edit of the definition is not what runs
        drop_forward(self.env, "b")
        self.assertEqual(other, self.env.macvm_json("status", "b")["ssh"]["port"])

    def test_parallel_defines(self):
        """From different sessions of a user, which share no lock."""
        def one(i):
            run_dir = self.env.dir / f"r{i}"
            run_dir.mkdir(mode=0o700)
            self.env.own(run_dir)
            (run_dir / "libvirt").symlink_to(self.env.run_dir / "libvirt")
            return self.env.macvm("define", *SMALL, f"n{i}", env={"XDG_RUNTIME_DIR": run_dir}, timeout=300)
        self.env.virsh("list")
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            list(pool.map(one, range(10)))
        ports = [machine["ssh"]["port"] for machine in self.env.macvm_json("list")["machines"]]
        self.assertEqual(10, len(set(ports)), ports)
        for i in range(10):
            xml = self.env.virsh("dumpxml", f"n{i}").out
            port = self.env.macvm_json("status", f"n{i}")["ssh"]["port"]
            self.assertIn(port, ports)
            self.assertRegex(xml, f"127.0.0.1:{port}-:22|range start='{port}'")


class Guests(unittest.TestCase):
    """Two stand-ins, a and b."""

    def check_log(self, env, log):
        """No command line that macvm made can be turned by the configuration."""
        seen = 0
        for line in log.read_text().split("\0\0"):
            words = [word for word in line.split("\0") if word]
            if not words or words[0] == "-G":
                continue
            seen += 1
            config = env.run(["/usr/bin/ssh", "-G", "-F", env.dir / "hostile", *words]).out.splitlines()
            for wanted in ("forwardagent no", "forwardx11 no", "clearallforwardings yes", "permitlocalcommand no",
                           "controlmaster false", "hostname 127.0.0.1", "nohostauthenticationforlocalhost no"):
                self.assertIn(wanted, config, words)
            for unwanted in ("localforward", "remotecommand", "controlpath", "proxyjump"):
                self.assertFalse([key for key in config if key.split()[0] == unwanted], words)
            self.assertTrue({"stricthostkeychecking true", "stricthostkeychecking accept-new"} & set(config), words)
        return seen

    def hostile_ssh(self, env):
        """An ssh with that configuration, and its log."""
        log = env.dir / "argv.log"
        env.write("argv.log", b"")
        text = HOSTILE.format(free=env.free_port(), dir=env.dir)
        env.write("hostile", text + "".join(f"    IdentityFile {env.dir}/{key}\n" for key in ("id_guest", "id_far")))
        return log, env.write("bin/hostile-ssh", f"#!/bin/sh\nprintf '%s\\0' \"$@\" >>{log}; printf '\\0' >>{log}\n"
                              f"exec /usr/bin/ssh -F {env.dir}/hostile \"$@\"\n", mode=0o755)

    def test_wrong_machine(self):
        with harness.Environment.session() as env:
            env.checkout()
            port, other = env.free_port(), env.free_port()
            define(env, "a", port)
            define(env, "b", port)
            drop_forward(env, "b")
            log, ssh = self.hostile_ssh(env)
            env.vars["MACVM_SSH"] = str(ssh)

            # An agent of the user's.
            agent = env.run(["ssh-agent", "-s"]).out
            env.vars["SSH_AUTH_SOCK"] = re.search(r"SSH_AUTH_SOCK=([^;]+)", agent)[1]
            env.macvm("up", "a", f"--wait-ssh={BOOT}", timeout=BOOT + 60)
            self.assertTrue(key_file(env, "a").read_text())
            env.macvm("up", "b")
            self.assertEqual(4, env.macvm("ssh", "b", "--", "true", expect=4).code)
            self.assertIn("power button", env.macvm("down", "--timeout", "5", "b", expect=1).err)
            self.assertEqual("running", env.state("a"))
            self.assertFalse(key_file(env, "b").exists())
            env.virsh("destroy", "b")

            # A master of the user's own, which leads to a, in the place where ssh looks for one of b's new port.
            socket = env.dir / f"cm-root@127.0.0.1:{other}"
            master = env.spawn(["/usr/bin/ssh", "-F", "/dev/null", "-i", env.dir / "id_guest", "-o",
                                "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={env.dir}/mine", "-NM", "-S", socket,
                                "-p", str(port), "root@127.0.0.1"])
            harness.wait_for(socket.exists, 60, "the master")
            env.macvm("set", "b", "--ssh-port", other, "--theirs")
            env.macvm("up", "b", f"--wait-ssh={BOOT}", timeout=BOOT + 60)
            env.macvm("ssh", "a", "--", "touch", "/tmp/this-is-a")
            self.assertEqual("b", env.macvm("ssh", "b", "--", "test -e /tmp/this-is-a && echo a || echo b").out.strip())
            self.assertEqual("", env.macvm("ssh", "b", "--", "echo $SSH_AUTH_SOCK").out.strip())
            self.assertIn("by ssh", env.macvm("down", "b", "--timeout", "120", timeout=200).err)
            self.assertEqual(("running", "shut off"), (env.state("a"), env.state("b")))
            self.assertIsNone(master.poll())
            self.assertFalse((env.dir / "local-command").exists())

            # A key that was never seen: the power button, and a line why; nor a copy.
            kept = key_file(env, "a").read_text()
            key_file(env, "a").unlink()
            self.assertIn("its host key is not known yet", env.macvm("clip", "push", "a", expect=4).err)
            asked = env.macvm("down", "--timeout", "120", "a", timeout=200)
            self.assertIn("cannot trust 'a': its host key is not known yet; the power button has to do", asked.err)
            self.assertNotIn("by ssh to shut down", asked.err)
            self.assertFalse(key_file(env, "a").exists())

            # Another key than the known one: the same.
            env.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", env.dir / "other_key"])
            public = " ".join((env.dir / "other_key.pub").read_text().split()[:2])
            env.write(key_file(env, "a"), f"{kept.split()[0]} {public}\n", mode=0o600)
            env.virsh("start", "a", timeout=120)
            env.guest(port).wait(BOOT)
            changed = env.macvm("down", "--timeout", "120", "a", timeout=200)
            self.assertIn("cannot trust 'a': its host key has changed; the power button has to do", changed.err)
            self.assertGreater(self.check_log(env, log), 5)


class Endless(unittest.TestCase):
    """Programs that write without an end, in the place of ssh."""

    def test_bounded(self):
        with harness.Environment.session() as env:
            env.checkout()
            define(env, "a", env.free_port())
            env.macvm("up", "a")
            flood = env.write("bin/flood", "#!/bin/sh\ncase \"$*\" in *-G*) exit 1;; esac\nyes 2>/dev/null & yes >&2 & wait\n", 0o755)
            env.write(key_file(env, "a"), "key\n", 0o600)
            # After a login that failed the key is looked at once more, by an ssh that never ends.
            picky = env.write("bin/picky", f"#!/bin/sh\ncase \"$*\" in *PreferredAuthentications=none*) exec {flood};; esac\n"
                              "exit 255\n", 0o755)
            start = time.monotonic()
            argv = env.macvm_argv("ssh", "a", "--", "true")
            done = env.run(["prlimit", f"--data={300 << 20}", "--", *argv], env={"MACVM_SSH": picky}, expect=255, timeout=90)
            self.assertLess(time.monotonic() - start, 60, done)


if __name__ == "__main__":
    harness.main()
