#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""define and set on real libvirtd, without booting: what is made, what is kept, what is refused."""

import json
import os
import pathlib
import re
import subprocess
import threading
import unittest
import xml.etree.ElementTree as ElementTree

import harness

SMALL = ("--accel", "tcg", "--memory", "1G", "--cores", "2", "--threads", "1", "--ssh-user", "root")
NS = {"qemu": "http://libvirt.org/schemas/domain/qemu/1.0"}


def domain(env, name="macos"):
    return ElementTree.fromstring(env.virsh("dumpxml", "--inactive", "--security-info", name).out)


def args(root):
    return [arg.get("value") for arg in root.findall("qemu:commandline/qemu:arg", NS)]


def edit(env, name, change):
    """What `virsh edit` does: change() gets the text and gives it back."""
    text = env.virsh("dumpxml", "--inactive", "--security-info", name).out
    changed = change(text)
    assert changed != text, "the edit changed nothing"
    env.virsh("define", "--validate", env.write("edit.xml", changed))


class Made(harness.EveryConnection, unittest.TestCase):
    def check(self, env):
        env.checkout()
        env.macvm("define", *SMALL)
        root = domain(env)
        self.assertEqual("qemu", root.get("type"))
        self.assertEqual(str(1 << 20), root.findtext("memory"))
        self.assertEqual("2", root.findtext("vcpu"))
        disks = [(d.find("target").get("dev"), d.find("target").get("bus"), d.find("source").get("file").rsplit("/", 1)[1])
                 for d in root.findall("devices/disk")]
        self.assertEqual([("sda", "sata", "macos-opencore.qcow2"), ("sdc", "sata", "macos.qcow2")], disks)
        self.assertIn(f"isa-applesmc,osk={harness.FAKE_OSK}", args(root))
        self.assertFalse([arg for arg in args(root) if "/" in arg or arg == "-cpu"])
        self.assertEqual("127.0.0.1", root.find("devices/graphics").get("listen"))
        for disk in root.findall("devices/disk"):
            path = disk.find("source").get("file")
            self.assertIn("macvm", env.virsh("vol-pool", path).out)
        capacity = env.virsh("vol-info", "--bytes", "macos.qcow2", "macvm").out
        self.assertIn(str(80 << 30), capacity)
        # What is asked for again is what is there already.
        before = env.virsh("dumpxml", "--inactive", "macos").out
        self.assertIn("as it should be", env.macvm("define").out)
        self.assertEqual(before, env.virsh("dumpxml", "--inactive", "macos").out)
        self.assertEqual("", env.macvm("define", "--diff").out)

    def test_without_upstream(self):
        with harness.Environment.session() as env:
            done = env.macvm("define", *SMALL)
            self.assertIn("macOS will not start without an OSK", done.err)
            self.assertIn("without OpenCore", done.err)
            self.assertIn("macvm bootstrap", done.err)
            # The same command brings in what has come meanwhile.
            env.checkout()
            self.assertIn("changed", env.macvm("define").out)
            targets = [d.find("target").get("dev") for d in domain(env).findall("devices/disk")]
            self.assertEqual(["sda", "sdc"], sorted(targets))
            self.assertTrue([arg for arg in args(domain(env)) if "applesmc" in arg])

    def test_recovery(self):
        with harness.Environment.session() as env:
            env.checkout()
            env.macvm("define", *SMALL)
            # One that had none is told as such; what is remembered is new all the same.
            env.macvm("define", "none", *SMALL)
            done = env.macvm("finish", "none")
            self.assertIn("'none' is without a recovery disk", done.err)
            env.virsh("vol-create-as", "macvm", "recovery-14.img", "10M", "--format", "raw")
            self.assertIn("as it should be", env.macvm("define", "none").out)
            env.macvm("define")
            env.macvm("define", "second", *SMALL)
            for name in ("macos", "second"):
                disk, = [d for d in domain(env, name).findall("devices/disk") if d.find("target").get("dev") == "sdb"]
                self.assertTrue(disk.find("source").get("file").endswith(f"/{name}-recovery.qcow2"))
            self.finish(env)

    def disks(self, env, name="macos"):
        return [(d.find("target").get("dev"), d.find("boot").get("order")) for d in domain(env, name).findall("devices/disk")]

    def finish(self, env):
        """Apple's recovery goes, stays away, and comes back when it is asked for."""
        before = self.disks(env)
        self.assertEqual([("sda", "1"), ("sdb", "2"), ("sdc", "3")], before)
        done = env.macvm("--json", "finish", "macos")
        self.assertEqual({"name": "macos", "changed": True, "running": False}, done.json)
        self.assertEqual([("sda", "1"), ("sdc", "2")], self.disks(env))
        volumes = env.virsh("vol-list", "macvm").out
        self.assertNotIn("macos-recovery.qcow2", volumes)
        self.assertIn("second-recovery.qcow2", volumes)
        self.assertIn("as it should be", env.macvm("define").out)
        self.assertFalse(env.macvm("--json", "finish", "macos").json["changed"])
        self.assertEqual([("sda", "1"), ("sdc", "2")], self.disks(env))
        # The image is second's as well.
        self.assertIn("kept volume 'recovery-14.img'", env.macvm("finish", "macos", "--remove-media").err)
        env.macvm("set", "macos", "--recovery", "on")
        self.assertEqual(before, self.disks(env))
        # What the user edited goes with it; what the user put in its place does not.
        env.virt_xml("macos", "--edit", "target=sdb", "--disk", "cache=none")
        env.macvm("finish", "macos")
        self.assertEqual([("sda", "1"), ("sdc", "2")], self.disks(env))
        env.virsh("vol-create-as", "macvm", "mine.img", "1M", "--format", "raw")
        mine = env.virsh("vol-path", "mine.img", "macvm").out.strip()
        env.virt_xml("second", "--edit", "target=sdb", "--disk", f"path={mine},driver.type=raw")
        self.assertIn("another one was put in its place", env.macvm("finish", "second", expect=4).err)
        self.assertIn(mine, env.virsh("dumpxml", "second").out)
        env.virsh("detach-disk", "second", "sdb", "--config")
        self.assertIn("deleted volume 'second-recovery.qcow2'", env.macvm("finish", "second").err)
        self.assertIn("deleted volume 'recovery-14.img'", env.macvm("finish", "second", "--remove-media").err)
        env.macvm("finish", "nobody", expect=3)
        # A machine that was renamed keeps its images' names.
        env.virsh("vol-create-as", "macvm", "recovery-14.img", "10M", "--format", "raw")
        env.macvm("define", "third", *SMALL)
        env.virsh("domrename", "third", "another")
        self.assertIn("deleted volume 'third-recovery.qcow2'", env.macvm("finish", "another").err)
        env.macvm("set", "another", "--recovery", "on")
        env.macvm("undefine", "another", "--remove-storage", "--yes")
        self.assertNotIn("third", env.virsh("vol-list", "macvm").out)

    def test_print_makes_nothing(self):
        with harness.Environment.session() as env:
            env.checkout()
            text = env.macvm("define", "--print-xml", *SMALL).out
            self.assertEqual("domain", ElementTree.fromstring(text).tag)
            env.virsh("domid", "macos", expect=1)
            self.assertNotIn("macvm", env.virsh("pool-list", "--all", "--name").out)
            self.assertIn("+  <name>macos</name>", env.macvm("define", "--diff", *SMALL).out)
            self.assertNotIn(harness.FAKE_OSK, env.macvm("define", "--diff", *SMALL).out)

    def test_ports(self):
        with harness.Environment.session() as env:
            first = env.free_port()
            env.macvm("define", "one", *SMALL, "--ssh-port", first)
            env.macvm("define", "two", *SMALL)
            env.macvm("define", "three", *SMALL)
            ports = {m["name"]: m["ssh"]["port"] for m in env.macvm_json("list")["machines"]}
            self.assertEqual(3, len(set(ports.values())))
            env.macvm("define", "three")
            self.assertEqual(ports, {m["name"]: m["ssh"]["port"] for m in env.macvm_json("list")["machines"]})

            # Who asks for a port that another one has is told so.
            told = env.macvm("set", "two", "--ssh-port", first)
            self.assertIn(f"port {first} is that of 'one', too: the two cannot run at the same time", told.err)
            self.assertNotIn("that of", env.macvm("set", "two", "--memory", "1G").err)

    def test_names(self):
        with harness.Environment.session() as env:
            env.checkout()
            for name in ("my mac", "Jürgen's Mac", "a.b-c_d"):
                env.macvm("define", name, *SMALL)
                path = domain(env, name).find("devices/disk/source").get("file")
                self.assertTrue(path.endswith(f"/{name}-opencore.qcow2"), path)
            for name in ("../x", "a/b", "", ".x", "a\nb", 'a"b', "-x", "x" * 65):
                self.assertEqual(2, env.macvm("define", *SMALL, "--", name, expect=2).code)
                # A domain may be called so all the same; that is no way out of the runtime directory.
                env.macvm("undefine", "--", name, expect=3)
                env.macvm("undefine", "--remove-storage", "--yes", "--", name, expect=3)
            self.assertEqual([], list(env.run_dir.glob("macvm/*")))
            # One that is called as images are.
            env.macvm("define", "x-opencore", *SMALL)
            roles = {disk["volume"]: disk["role"] for disk in env.macvm_json("status", "x-opencore")["disks"]}
            self.assertEqual({"x-opencore-opencore.qcow2": "opencore", "x-opencore.qcow2": "system"}, roles)


class Kept(unittest.TestCase):
    """A second define keeps what the user did in between."""

    def setUp(self):
        self.env = self.enterContext(harness.Environment.session())
        self.env.checkout()
        self.env.macvm("define", *SMALL)

    def enterContext(self, context):  # unittest has it from Python 3.11 on
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def test_edits_survive(self):
        env = self.env
        env.virt_xml("macos", "--edit", "target=sdc", "--disk", "cache=none")
        env.virt_xml("macos", "--edit", "--memory", "1536,maxmemory=1536")
        env.virt_xml("macos", "--add-device", "--rng", "/dev/urandom")
        env.virt_xml("macos", "--add-device", "--channel", "unix,target.type=virtio,target.name=org.example.0")
        env.virt_xml("macos", "--remove-device", "--sound", "ich9")
        env.virt_xml("macos", "--edit", "--video", "model=virtio")
        env.virsh("desc", "macos", "--config", "--title", "My Mac")
        edit(env, "macos", lambda text: text.replace(
            "</qemu:commandline>", "<qemu:arg value='-name'/><qemu:arg value='mine'/></qemu:commandline>"))
        uuid, before = domain(env).findtext("uuid"), args(domain(env))
        self.assertEqual("", env.macvm("define", "--diff").out)
        env.macvm("set", "macos", "--cores", "4", "--ssh-port", env.free_port())
        root = domain(env)
        self.assertEqual(uuid, root.findtext("uuid"))
        self.assertEqual("4", root.findtext("vcpu"))
        self.assertEqual("none", root.find("devices/disk[2]/driver").get("cache"))
        self.assertEqual(str(1536 << 10), root.findtext("memory"))
        self.assertIsNotNone(root.find("devices/rng"))
        self.assertIsNotNone(root.find("devices/channel"))
        self.assertIsNone(root.find("devices/sound"))
        self.assertEqual("virtio", root.find("devices/video/model").get("type"))
        self.assertEqual("My Mac", root.findtext("title"))
        self.assertIn("mine", args(root))
        self.assertEqual(len(before), len(args(root)))

    def test_size_is_told_when_it_is_decided(self):
        with harness.Environment.session() as env:
            env.checkout()
            env.macvm("define", "t", "--accel", "tcg", "--memory", "1G")
            env.virsh("setvcpus", "t", "1", "--config")
            self.assertNotIn("the machine gets", env.macvm("define", "t").err)

    def test_render_that_cannot_be_read(self):
        """Without a last rendering to compare with, the domain stays as it is, and the next define has one."""
        env, before = self.env, self.disks("macos")
        env.virsh("domrename", "macos", "other")
        env.virt_xml("other", "--edit", "target=sdc", "--disk", "cache=none")
        for broken in ("", "&lt;domain&gt;", "&lt;other/&gt;", "x" * (1 << 20), None):
            edit(env, "other", lambda text: re.sub("<macvm:render>.*?</macvm:render>", "" if broken is None else
                                                   f"<macvm:render>{broken}</macvm:render>", text, flags=re.S))
            done = env.macvm("define", "other")
            self.assertIn("cannot be read in its metadata", done.err)
            self.assertEqual(before, self.disks("other"))
            self.assertEqual("none", domain(env, "other").find("devices/disk[2]/driver").get("cache"))
            done = env.macvm("define", "other")
            self.assertEqual(("", "Machine 'other' is as it should be\n"), (done.err, done.out))
        self.assertEqual(2, len(env.virsh("vol-list", "macvm").out.split()[::2]))
        edit(env, "other", lambda text: re.sub("(<macvm:render>).*?(</macvm:render>)", r"\1\2", text, flags=re.S))
        env.macvm("set", "other", "--memory", "1280M")
        self.assertEqual(str(1280 << 10), domain(env, "other").findtext("memory"))

    def test_order_of_metadata(self):
        """What says the same in another order is not written anew."""
        env = self.env

        def reorder(text):
            option = re.search(r"<macvm:option name=['\"]memory['\"]>[^<]*</macvm:option>", text)[0]
            text = text.replace(option, "").replace("</macvm:machine>", option + "</macvm:machine>")
            return text.replace("</metadata>", "<o:own xmlns:o='urn:own'/></metadata>")
        edit(env, "macos", reorder)
        before = env.virsh("dumpxml", "--inactive", "macos").out
        self.assertIn("as it should be", env.macvm("define").out)
        self.assertEqual(before, env.virsh("dumpxml", "--inactive", "macos").out)

    def test_version_of_a_newer_macvm(self):
        edit(self.env, "macos", lambda text: re.sub("(<macvm:machine[^>]* os=)(['\"])14", r"\1\g<2>27", text))
        error = self.env.macvm("--json", "define", expect=3).error
        self.assertIn("metadata remembers: cannot find macOS version '27'", error["message"])
        self.assertIn("or say --os", error["hint"])
        self.env.macvm("define", "--os", "14")
        self.assertEqual("14", self.env.macvm_json("status")["os"])

    def test_asked_for_wins(self):
        self.env.virt_xml("macos", "--edit", "--memory", "1536,maxmemory=1536")
        self.env.macvm("set", "macos", "--memory", "1G")
        self.assertEqual(str(1 << 20), domain(self.env).findtext("memory"))

    def test_conflict(self):
        env = self.env
        template = env.config_home / "macvm/templates/domain.xml"
        shipped = (harness.SOURCE / "templates/domain.xml").read_text()
        env.write(template, shipped.replace("discard='unmap'", "discard='ignore'"))
        edit(env, "macos", lambda text: text.replace("discard='unmap'", "discard='unmap' cache='none'"))
        env.macvm("define")  # another leaf of the same element: no conflict
        edit(env, "macos", lambda text: text.replace("discard='ignore'", ""))
        env.write(template, shipped)
        before = env.virsh("dumpxml", "--inactive", "macos").out
        error = env.macvm("--json", "define", expect=4).error
        self.assertEqual("conflict", error["code"])
        self.assertIn("discard", error["message"])
        self.assertIn("--ours", error["hint"])
        self.assertEqual(before, env.virsh("dumpxml", "--inactive", "macos").out)
        env.macvm("define", "--theirs")
        self.assertEqual("unmap", domain(env).find("devices/disk[2]/driver").get("discard"))

    def test_foreign_domain(self):
        self.env.virsh("define", self.env.write("f.xml", "<domain type='qemu'><name>f</name><memory>65536</memory>"
                                                         "<os><type arch='x86_64'>hvm</type></os></domain>"))
        self.assertIn("macvm did not make it", self.env.macvm("define", "f", *SMALL, expect=4).err)

    def test_two_at_once(self):
        codes = []

        def one():
            codes.append(self.env.macvm("define", "twin", *SMALL, expect=None).code)

        threads = [threading.Thread(target=one) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertIn(0, codes)
        self.assertLessEqual(set(codes), {0, 4})
        self.assertEqual(1, self.env.virsh("list", "--all", "--name").out.split().count("twin"))

    def test_many_at_once(self):
        """Each gets a port of its own, however close to each other they are made."""
        many = [self.env.spawn(self.env.macvm_argv("define", f"m{i}", *SMALL), stderr=subprocess.PIPE) for i in range(4)]
        for process in many:
            err = process.communicate(timeout=120)[1]
            self.assertEqual(0, process.returncode, err)
        machines = self.env.macvm_json("list")["machines"]
        self.assertEqual(5, len({machine["ssh"]["port"] for machine in machines}), machines)
        self.assertEqual([], list(self.env.run_dir.glob("macvm/*")))

    def disks(self, name):
        return [disk["path"] for disk in self.env.macvm_json("status", name)["disks"]]

    def test_renamed(self):
        """A machine keeps its images, and nobody else gets them, whatever it is called."""
        before = self.disks("macos")
        self.env.virsh("domrename", "macos", "other")
        self.env.macvm("define", "other")
        self.assertEqual(before, self.disks("other"))
        self.assertIn("uses it", self.env.macvm("define", "macos", *SMALL, expect=4).err)
        self.env.macvm("set", "other", "--disk-size", "100G")
        self.assertIn(str(100 << 30), self.env.virsh("vol-info", "--bytes", "macos.qcow2", "macvm").out)

    def test_cloned(self):
        """A copy's disks are its own; a disk that it shares is not grown below the other machine."""
        env, before = self.env, self.disks("macos")
        if not harness.shutil.which("virt-clone", path=harness.PATH):
            harness.skip("no virt-clone: install virtinst")
        clone = ["virt-clone", "--connect", env.uri, "-o", "macos", "--auto-clone", "--check", "disk_size=off"]
        env.run([*clone, "-n", "clone"])  # the check: /tmp need not have room for 80 GiB
        env.run([*clone, "-n", "sharer", "--skip-copy", "sdc"])
        cloned = self.disks("clone")
        self.assertFalse(set(before) & set(cloned))
        env.macvm("define", "clone")
        self.assertEqual(cloned, self.disks("clone"))
        env.macvm("set", "clone", "--disk-size", "100G")
        env.macvm("define", "sharer")
        self.assertIn("uses it", env.macvm("set", "sharer", "--disk-size", "100G", expect=4).err)
        self.assertIn(str(80 << 30), env.virsh("vol-info", "--bytes", "macos.qcow2", "macvm").out)

    def test_another_user(self):
        """Who the machine's own user is does not change with who defines it again."""
        env = self.env
        env.macvm("define", "theirs", *SMALL[:-2])
        edit(env, "theirs", lambda text: re.sub("(<macvm:ssh port=.[0-9]+. user=)(['\"])[^'\"]*", r"\1\2joe", text))
        env.macvm("set", "theirs", "--memory", "2G")
        self.assertEqual("joe", domain(env, "theirs").find(".//{https://macvm.org/xmlns/domain/1}ssh").get("user"))

    def test_diff(self):
        """What is only written in another way is no difference."""
        lines = self.env.macvm("set", "macos", "--memory", "2G", "--diff").out.splitlines()
        self.assertEqual(["-  <memory unit=\"MiB\">1024</memory>", "-  <currentMemory unit=\"MiB\">1024</currentMemory>",
                          "+  <memory unit=\"MiB\">2048</memory>", "+  <currentMemory unit=\"MiB\">2048</currentMemory>"],
                         [line for line in lines if line[0] in "+-" and line[1] == " "])

    def test_newer_firmware(self):
        """The machine's variables are of the build that it has: that stays while the host has it."""
        env, own = self.env, self.env.config_home / "qemu/firmware"
        plain = None
        for path in pathlib.Path("/usr/share/qemu/firmware").glob("*.json"):
            if f'"{harness.OVMF}/OVMF_CODE_4M.fd"' in path.read_text():
                plain = path
            env.write(own / path.name, "")  # hides the host's
        if plain is None:
            harness.skip("not Debian's OVMF")
        # Two builds, whatever the host has: the older one goes by an older name.
        pairs = []
        for build in ("", "_4M"):
            pairs.append(tuple(str(env.write(f"fw/OVMF_{part}{build}.fd", (harness.OVMF / f"OVMF_{part}_4M.fd").read_bytes()))
                               for part in ("CODE", "VARS")))

        def listed(*given):
            for number, pair in enumerate(pairs):
                text = json.loads(plain.read_text())
                text["mapping"]["executable"]["filename"], text["mapping"]["nvram-template"]["filename"] = pair
                env.write(own / f"{70 + number}.json", json.dumps(text) if pair in given else "")
        listed(pairs[0])
        env.macvm("define", "old", *SMALL)
        self.assertEqual(pairs[0][0], domain(env, "old").findtext("os/loader"))
        listed(*pairs)
        self.assertEqual("", env.macvm("define", "old").err)
        env.macvm("define", "new", *SMALL)
        self.assertEqual([pair[0] for pair in pairs],
                         [domain(env, name).findtext("os/loader") for name in ("old", "new")])
        listed(pairs[1])
        self.assertIn("macvm set old --reset-nvram", env.macvm("define", "old").err)
        self.assertEqual(pairs[1][0], domain(env, "old").findtext("os/loader"))

    def test_other_pool(self):
        before, target = self.disks("macos"), self.env.dir / "other-pool"
        self.env.run(["mkdir", target])
        self.env.virsh("pool-create-as", "other", "dir", "--target", target)
        self.assertIn("its images are in", self.env.macvm("set", "macos", "--pool", "other", expect=4).err)
        self.assertEqual(before, self.disks("macos"))

    def test_disk_gone(self):
        self.env.virsh("vol-delete", "macos.qcow2", "macvm")
        self.assertIn("--new-disk", self.env.macvm("define", expect=4).err)
        self.env.macvm("define", "--new-disk")

    def test_second_card(self):
        """A card that the user adds does not lend its address to macvm's own."""
        self.env.virt_xml("macos", "--add-device", "--network", "type=user,mac=52:54:00:11:22:33")
        self.assertEqual("", self.env.macvm("define", "--diff").out)

    def test_autostart(self):
        self.env.macvm("set", "macos", "--autostart")
        self.env.virsh("autostart", "--disable", "macos")
        self.env.macvm("define")
        self.assertFalse(self.env.macvm_json("status", "macos")["autostart"])

    def test_disk_size(self):
        self.env.macvm("set", "macos", "--disk-size", "100G")
        self.assertIn(str(100 << 30), self.env.virsh("vol-info", "--bytes", "macos.qcow2", "macvm").out)
        self.env.macvm("set", "macos", "--disk-size", "10G", expect=2)


class Logged(unittest.TestCase):
    def test_reader_has_enough(self):
        """`macvm log -f | head -n 1` ends, whatever else comes."""
        with harness.Environment.session() as env:
            env.macvm("define", *SMALL, "--ssh-port", env.free_port())
            env.macvm("up")
            log = env.home / ".cache/libvirt/qemu/log/macos.log"
            follow = env.spawn(env.macvm_argv("log", "-f", "-n", "1"), stdout=subprocess.PIPE)
            self.assertTrue(follow.stdout.readline())
            follow.stdout.close()

            def ended():
                with open(log, "a", encoding="ascii") as more:
                    more.write("more\n")
                return follow.poll() is not None
            harness.wait_for(ended, 20, "the end of log -f")
            self.assertEqual(0, follow.returncode)


class Undefined(unittest.TestCase):
    def volumes(self, env):
        return env.virsh("vol-list", "macvm").out.split()[::2]

    def test_left_over(self):
        """A machine that is gone without its images: they are told of, and deleted by the same command."""
        with harness.Environment.session() as env:
            env.checkout()
            env.macvm("define", *SMALL)
            env.macvm("define", "other", *SMALL)
            self.assertEqual([], list(env.run_dir.glob("macvm/*")))
            env.virsh("undefine", "--nvram", "macos")
            error = env.macvm("--json", "undefine", "macos", expect=3).error
            self.assertIn("undefine --remove-storage macos", error["hint"])
            env.virsh("vol-create-as", "macvm", "macos-recovery.qcow2.part", "1M")
            env.macvm("undefine", "--remove-storage", "--yes", "macos")
            self.assertEqual(["other-opencore.qcow2", "other.qcow2"], self.volumes(env))
            error = env.macvm("--json", "undefine", "--remove-storage", "--yes", "macos", expect=3).error
            self.assertNotIn("images", error["hint"])
            # what a machine of another name uses is not left over
            env.virsh("domrename", "other", "renamed")
            env.macvm("undefine", "--remove-storage", "--yes", "other", expect=3)
            self.assertEqual(["other-opencore.qcow2", "other.qcow2"], self.volumes(env))

    def test_images_go_last(self):
        """Where the domain cannot be undefined, it keeps its disks."""
        with harness.Environment.session() as env:
            env.checkout()
            env.macvm("define", *SMALL)
            nvram = domain(env).findtext("os/nvram")
            env.run(["mkdir", "-p", f"{nvram}/in-the-way"])
            env.macvm("undefine", "--remove-storage", "--yes", expect=1)
            self.assertEqual(["macos-opencore.qcow2", "macos.qcow2"], self.volumes(env))


class Refused(unittest.TestCase):
    def test_template(self):
        """A template that is none, or makes no domain, is told of before anything is made."""
        with harness.Environment.session() as env:
            env.checkout()
            template = env.config_home / "macvm/templates/domain.xml"
            shipped = (harness.SOURCE / "templates/domain.xml").read_text()
            for text in ("", "<domain>", "<domain/>"):
                env.write(template, text)
                self.assertIn("domain.xml", env.macvm("define", *SMALL, expect=1).err)
                self.assertEqual("", env.virsh("pool-list", "--all", "--name").out.strip())
            # What only libvirt sees is told of after that, and leaves nothing either.
            for wrong in ("<rubbish/>", "<vcpu>2</vcpu>"):
                env.write(template, shipped.replace("<on_poweroff>", wrong + "<on_poweroff>"))
                env.macvm("define", *SMALL, expect=(1, 4, 5))
                self.assertEqual("", env.virsh("vol-list", "macvm").out.strip())
            env.write(template, shipped)
            env.macvm("define", *SMALL)
            # An edit that conflicts costs no disk either: the second machine's merge is refused.
            edit(env, "macos", lambda text: text.replace("discard='unmap'", ""))
            env.virsh("vol-delete", "macos-opencore.qcow2", "macvm")
            env.write(template, shipped.replace("discard='unmap'", "discard='ignore'"))
            env.macvm("define", expect=4)
            self.assertNotIn("opencore", env.virsh("vol-list", "macvm").out)

    def test_what_cannot_be(self):
        with harness.Environment.session() as env:
            small = env.write("small.fd", (harness.OVMF / "OVMF_VARS_4M.fd").read_bytes()[:131072])  # of a 2 MiB build
            for given, code in ((("--os", "16"), 3), (("--memory", "lots"), 2), (("--accel", "hvf"), 2),
                                (("--network", "bridge="), 2), (("--network", "bridge=../x"), 2),
                                (("--pool", "nowhere"), 3), (("--memory", "900T"), 5), (("--accel", "kvm"), 5),
                                (("--firmware", "/nowhere/CODE.fd:/nowhere/VARS.fd"), 3),
                                (("--firmware", f"{harness.OVMF}/OVMF_CODE_4M.fd:{small}"), 2),
                                (("--opencore", "/nowhere.qcow2"), 3)):
                if given[0] == "--accel" and code == 5 and env.run(["test", "-w", "/dev/kvm"], expect=None).code == 0:
                    continue
                options = given if "--accel" in given else (*given, "--accel", "tcg")
                error = env.macvm("--json", "define", *options, expect=code).error
                self.assertTrue(error["message"], given)
                env.virsh("domid", "macos", expect=1)
            env.macvm("set", "nobody", "--memory", "1G", expect=3)

    def test_emulator_without_the_device(self):
        """Some distributions build QEMU without isa-applesmc."""
        with harness.Environment.session() as env:
            env.checkout()
            env.write("bin/qemu-system-x86_64", "#!/bin/sh\ncase \"$*\" in *isa-applesmc*) echo \"qemu-system-x86_64: -device "
                      "isa-applesmc: 'isa-applesmc' is not a valid device model name\" >&2; exit 1;; esac\n"
                      "exec /usr/bin/qemu-system-x86_64 \"$@\"\n", 0o755)
            error = env.macvm("--json", "define", *SMALL[2:], expect=5).error
            self.assertEqual("host", error["code"])
            self.assertIn("'isa-applesmc' is not a valid device model name", error["message"])
            self.assertIn("install a QEMU that has isa-applesmc", error["hint"])
            self.assertEqual("", env.virsh("pool-list", "--all", "--name").out.strip())
            env.macvm("define", *SMALL)  # without KVM nothing is tried out before the start
            error = env.macvm("--json", "up", expect=5).error
            self.assertIn("'isa-applesmc' is not a valid device model name", error["message"])
            self.assertIn("install the QEMU of Debian", error["hint"])

    def test_no_firmware(self):
        with harness.Environment.session() as env:
            env.checkout()
            for path in pathlib.Path("/usr/share/qemu/firmware").glob("*.json"):
                env.write(env.config_home / "qemu/firmware" / path.name, "")
            env.write(env.config_home / "libvirt/qemu.conf", 'nvram = ["/nowhere/CODE.fd:/nowhere/VARS.fd"]\n')
            error = env.macvm("--json", "define", *SMALL[2:], expect=5).error
            self.assertIn("cannot find UEFI firmware on the host", error["message"])
            self.assertIn("--firmware upstream", error["hint"])
            self.assertEqual("", env.virsh("pool-list", "--all", "--name").out.strip())
            env.macvm("define", *SMALL, "--firmware", "upstream")

    def test_configuration(self):
        with harness.Environment.session() as env:
            env.checkout()
            conf = env.config_home / "macvm/macvm.conf"
            secret = "never-to-be-shown"
            for text in (f"[machine]\nosk: {secret}\n", f"[machine]\nosk={secret}\n", f"osk={secret}\n",
                         f"[macvm]\nosk={secret}\n", "[machine]\nmemroy=1G\n"):
                env.write(conf, text)
                done = env.macvm("define", *SMALL, expect=(1, 2))
                self.assertIn("macvm.conf", done.err)
                self.assertNotIn(secret, done.out + done.err)

    def test_image_that_never_ends(self):
        with harness.Environment.session() as env:
            env.run(["mkfifo", env.dir / "fifo"])
            self.assertIn("regular", env.macvm("define", *SMALL, "--opencore", env.dir / "fifo", expect=2).err)
            env.macvm("define", *SMALL, "--opencore", "/dev/zero", expect=2)

    def test_no_libvirt(self):
        with harness.Environment.session() as env:
            done = env.macvm("-c", "qemu+unix:///system?socket=/nowhere", "list", connect=False, expect=5)
            self.assertIn("cannot connect to libvirt", done.err)


if __name__ == "__main__":
    harness.main()
