#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: TIMEOUT 1500
"""A defined machine from start to end, with the stand-in guest, on every kind of connection."""

import signal
import subprocess
import time
import unittest

import harness
import test_guest

SMALL = ("--accel", "tcg", "--memory", "1G", "--cores", "2", "--threads", "1", "--ssh-user", "root")
BOOT = 300  # seconds that a guest may take under load


def define(env, name, *options):
    """A machine of that name with a forwarded port of its own, which is returned."""
    far = env.server or env
    env.checkout()
    port = far.free_port()
    env.macvm("define", *SMALL, "--ssh-port", port, *options, "--", name)
    return port


class Connections(unittest.TestCase):
    """The whole life of a machine on one connection after the other."""

    def check(self, env, name="macos"):
        port = define(env, name)
        # What `macvm fetch` would bring; define attaches it.
        env.virsh("vol-create-as", "macvm", "recovery-14.img", "300M", "--format", "raw")
        env.macvm("define", "--", name)
        off = env.macvm_json("status", name)
        self.assertEqual(("shut off", True, env.uri), (off["state"], off["managed"], off["uri"]))
        self.assertEqual(4, env.macvm("down", name, expect=4).code)
        self.assertEqual(4, env.macvm("view", name, expect=4).code)
        self.assertEqual(4, env.macvm("screenshot", name, "x.png", expect=4).code)

        env.macvm("up", f"--wait-ssh={BOOT}", name, timeout=BOOT + 60)
        self.check_running(env, name, port)
        # ACPI from outside, ssh into it, and a stop from inside
        env.macvm("restart", "--timeout", "120", f"--wait-ssh={BOOT}", name, timeout=BOOT + 200)
        self.check_log(env, name)
        self.check_picture(env, name)
        down = env.macvm("down", "--timeout", "120", name, timeout=200)
        self.assertIn("by ssh", down.err)
        self.assertEqual("shut off", env.state(name))

        env.macvm("undefine", "--remove-storage", "--yes", name)
        self.assertEqual(3, env.macvm("status", name, expect=3).code)
        self.assertEqual(["recovery-14.img"], env.virsh("vol-list", "macvm").out.split()[::2])  # for other machines
        self.assertEqual([], list((env.data_home / "macvm/known_hosts.d").iterdir()))

    def check_running(self, env, name, port):
        on = env.macvm_json("status", name)
        self.assertEqual("running", on["state"])
        self.assertTrue(0 <= on["uptime"] < 3600, on["uptime"])
        self.assertEqual({"host": "127.0.0.1", "port": port, "reachable": True}, on["ssh"])
        self.assertEqual({"running": False}, on["clipboard"])
        disks = {disk["role"]: disk for disk in on["disks"]}
        self.assertEqual({"opencore", "recovery", "system"}, set(disks))
        self.assertEqual(80 << 30, disks["system"]["capacity"])
        self.assertEqual(f"{name}.qcow2", disks["system"]["volume"])
        self.assertEqual("qcow2", disks["system"]["format"])
        self.assertTrue(0 < disks["system"]["allocation"] < 1 << 30)
        machine, = env.macvm_json("list")["machines"]
        self.assertEqual({"name", "uuid", "state", "os", "vcpus", "memory", "ssh", "autostart"}, set(machine))
        self.assertEqual((name, on["uuid"], "running", "14", 2, 1 << 30, False),
                         tuple(machine[key] for key in ("name", "uuid", "state", "os", "vcpus", "memory", "autostart")))
        self.assertEqual(4, env.macvm("up", name, expect=4).code)
        self.assertEqual(4, env.macvm("undefine", name, expect=4).code)
        test_guest.check_hardware(self, env, name, harness.facts_of(env.macvm("ssh", name, "--", "standin-facts").out),
                                  cpus=2, cores=2)
        # what ssh says is passed on, its exit status too
        self.assertEqual("b a\n", env.macvm("ssh", name, "--", "echo", "b", "a").out)
        self.assertEqual(37, env.macvm("ssh", name, "--", "exit 37", expect=37).code)
        self.assertIn(f"macvm-{on['uuid']}", (env.data_home / f"macvm/known_hosts.d/macvm-{on['uuid']}").read_text())

    def check_log(self, env, name):
        text = env.macvm("log", "-n", "500", name).out
        self.assertIn("qemu-system-x86_64", text)
        self.assertIn("osk=[...]", text)
        self.assertNotIn(harness.FAKE_OSK, text)
        self.assertEqual(3, len(env.macvm_json("log", "-n", "3", name)["lines"]))

    def check_picture(self, env, name):
        picture = env.write("picture.png", b"old")
        env.macvm("screenshot", name, picture)
        width, height, colours = harness.png_pixels(picture.read_bytes())
        self.assertGreaterEqual(width * height, 640 * 480)
        self.assertGreater(len(colours), 1)
        # as large as libvirt's own, and so is what is told of it
        theirs = env.dir / "theirs.png"
        env.virsh("screenshot", name, theirs)
        told = env.macvm_json("screenshot", name, picture)
        self.assertEqual([(width, height)] * 2, [harness.png_pixels(theirs.read_bytes())[:2], (told["width"], told["height"])])
        self.assertEqual(b"\x89PNG", env.macvm("screenshot", name, "-").raw[:4])

    def test_session(self):
        with harness.Environment.session() as env:
            self.check(env, "Jürgen's mac")

    def test_system(self):
        with harness.Environment.system() as env:
            self.check(env)

    def test_ssh(self):
        with harness.Environment.ssh("session", apart=True) as env:
            self.check(env)
            # every way into the guest led through the host
            self.assertIn("-W", env.ssh_log.read_text())


class Waiting(unittest.TestCase):
    """What can happen while macvm waits."""

    @classmethod
    def setUpClass(cls):
        cls.context = harness.Environment.session()
        cls.env = cls.context.__enter__()
        cls.addClassCleanup(cls.context.__exit__, None, None, None)
        cls.port = define(cls.env, "macos")

    def tearDown(self):
        self.env.virsh("destroy", "macos", expect=None)
        self.env.virsh("managedsave-remove", "macos", expect=None)

    def spawn(self, *args):
        return self.env.spawn(self.env.macvm_argv(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def end(self, process, timeout=BOOT + 60):
        out, err = process.communicate(timeout=timeout)
        return process.returncode, out.decode(), err.decode()

    def test_daemon_killed(self):
        up = self.spawn("up", f"--wait-ssh={BOOT}")
        self.env.wait_state("macos", "running", 120)
        self.env.kill_daemons()
        code, _, err = self.end(up)
        self.assertEqual(0, code, err)
        self.assertEqual("running", self.env.state("macos"))
        # and while it waits for the end
        down = self.spawn("down", "--timeout", "200")
        time.sleep(0.3)
        self.env.kill_daemons()
        code, _, err = self.end(down)
        self.assertEqual(0, code, err)
        self.assertEqual("shut off", self.env.state("macos"))

    def test_interrupt(self):
        up = self.spawn("up", "--wait-ssh")
        self.env.wait_state("macos", "running", 120)
        time.sleep(1)
        up.send_signal(signal.SIGINT)
        code, _, err = self.end(up, 30)
        self.assertEqual(130, code, err)
        self.assertIn("interrupted while waiting for 'macos'", err)
        self.assertIn("macvm status macos", err)
        self.assertEqual("running", self.env.macvm_json("status")["state"])

    def test_interrupt_at_once(self):
        """Ctrl-C before the guest was asked anything: it is not asked any more."""
        self.env.macvm("up")  # QEMU takes the connection to the forwarded port, and the firmware says nothing there
        down = self.spawn("down")
        time.sleep(1)
        down.send_signal(signal.SIGINT)
        code, _, err = self.end(down, 30)
        self.assertEqual(130, code, err)
        self.assertNotIn("pressed", err)
        self.assertNotIn("was asked to shut down", err)
        self.assertIn("hint: it was running then", err)

    def test_stops_while_waiting(self):
        up = self.spawn("up", "--wait-ssh")
        self.env.wait_state("macos", "running", 120)
        self.env.virsh("destroy", "macos")
        code, _, err = self.end(up, 60)
        self.assertEqual(1, code, err)
        self.assertIn("the machine stopped (destroyed)", err)

    def test_paused(self):
        self.env.macvm("up")
        self.env.virsh("suspend", "macos")
        self.assertIn("virsh resume macos", self.env.macvm("up", expect=4).err)
        self.assertIn("virsh resume macos", self.env.macvm("down", expect=4).err)
        self.env.macvm("down", "--force")
        self.assertEqual("shut off", self.env.state("macos"))

    def test_deaf_guest(self):
        """The firmware hears no power button: only --force ends it, and only when the time is over."""
        self.env.macvm("up")
        late = self.env.macvm("down", "--timeout", "2", expect=1)
        self.assertIn("macvm down --force macos", late.err)
        self.assertEqual("running", self.env.state("macos"))
        start = time.monotonic()
        self.env.macvm("down", "--timeout", "3", "--force")
        self.assertGreaterEqual(time.monotonic() - start, 3)
        self.assertEqual("shut off", self.env.state("macos"))

    def test_managed_save(self):
        self.env.macvm("up")
        self.env.virsh("managedsave", "macos", timeout=120)
        saved = self.env.macvm("down", expect=4)
        self.assertIn("it is saved, not running", saved.err)
        self.assertTrue(self.env.macvm_json("status")["saved"])
        self.assertIn("goes on as it was", self.env.macvm("set", "macos", "--memory", "1280M").err)
        self.assertNotIn("goes on as it was", self.env.macvm("set", "macos", "--memory", "1280M").err)
        # what the guest had in its memory is not lost without a word
        self.assertIn("--yes", self.env.macvm("undefine", expect=4).err)
        self.assertTrue(self.env.macvm_json("status")["saved"])
        self.assertIn("restoring the saved state", self.env.macvm("up", timeout=120).err)

    def listeners(self, port):
        """The local addresses of sockets that listen on the port, as /proc/net/tcp has them."""
        lines = [line.split() for name in ("tcp", "tcp6") for line in open(f"/proc/net/{name}", encoding="ascii").readlines()[1:]]
        return [line[1].split(":")[0] for line in lines if line[3] == "0A" and int(line[1].split(":")[1], 16) == port]

    def test_forward_without_macvm(self):
        """The forwarded port is there however the machine is started, and on 127.0.0.1 alone."""
        self.assertEqual([], self.listeners(self.port))
        self.env.virsh("start", "macos", timeout=120)
        self.assertEqual(["0100007F"], self.listeners(self.port))
        self.env.virsh("managedsave", "macos", timeout=120)
        self.assertEqual([], self.listeners(self.port))
        self.env.virsh("start", "macos", timeout=120)
        self.assertEqual(["0100007F"], self.listeners(self.port))

    def test_two_at_once(self):
        processes = [self.spawn("up") for _ in range(2)]
        codes = sorted(self.end(process, 120)[0] for process in processes)
        self.assertEqual([0, 4], codes)

    def test_port_taken(self):
        define(self.env, "other", "--ssh-port", self.port)
        self.addCleanup(self.env.macvm, "undefine", "--remove-storage", "--yes", "other")
        self.env.macvm("up", "macos")
        taken = self.env.macvm("up", "other", expect=4)
        self.assertIn(f"port {self.port} of the host leads to 'macos', which is running", taken.err)
        self.assertIn("'macvm set other --ssh-port PORT'", taken.err)
        self.assertNotIn(harness.FAKE_OSK, taken.err)

    def test_power_button(self):
        """Without a way in by ssh it is the button that a guest hears."""
        self.env.macvm("up", f"--wait-ssh={BOOT}", timeout=BOOT + 60)
        down = self.env.macvm("down", "--timeout", "120", env={"MACVM_SSH": "false"}, timeout=200)
        self.assertIn("pressed the power button", down.err)
        self.assertEqual("shut off", self.env.state("macos"))


class Names(unittest.TestCase):
    def test_default(self):
        with harness.Environment.session() as env:
            self.assertIn("'macos'", env.macvm("status", expect=3).err)
            define(env, "only one")
            self.assertEqual("only one", env.macvm_json("status")["name"])
            define(env, "macos")
            self.assertEqual("macos", env.macvm_json("status")["name"])
            self.assertEqual(["macos", "only one"], [m["name"] for m in env.macvm_json("list")["machines"]])
            # one that another machine needs stays
            env.macvm("undefine", "only one")
            self.assertIn("only one.qcow2", env.virsh("vol-list", "macvm").out)
            self.assertEqual(2, env.macvm("undefine", "--remove-storage", expect=2).code)
            self.assertEqual(3, env.macvm("undefine", "only one", expect=3).code)


if __name__ == "__main__":
    harness.main()
