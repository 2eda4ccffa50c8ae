#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""Machines of other programs, taken over: what comes along, what is told, and what is refused."""

import os
import pathlib
import random
import re
import signal
import struct
import subprocess
import time
import unittest
import xml.etree.ElementTree as ElementTree

import harness
import test_opencore
from test_profiles import emulate

SMALL = ("--accel", "tcg")
OVMF = pathlib.Path("/usr/share/OVMF")

# Written for this test, in the manner of OSX-KVM's.
SCRIPT = """
RAM="1024" # MiB
CORES="1"
HERE="."
# -drive id=Old,if=none,file="$HERE/old.img"
args=(
  -enable-kvm -m "$RAM" -cpu Haswell-noTSX,kvm=on,vendor=GenuineIntel,+invtsc,+pcid
  -smp 2,cores="$CORES",sockets=1
  -device isa-applesmc,osk="%s"
  -drive if=pflash,format=raw,readonly=on,file="$HERE/OVMF_CODE.fd"
  -drive if=pflash,format=raw,file="$HERE/OVMF_VARS.fd"
  -drive id=OpenCoreBoot,if=none,snapshot=on,format=qcow2,file="$HERE/OpenCore/OpenCore.qcow2"
  -drive id=InstallMedia,if=none,file="$HERE/BaseSystem.img",format=raw
  -drive id=MacHDD,if=none,file="$HERE/mac disk.img",format=qcow2
  -netdev user,id=net0,hostfwd=tcp::%d-:22 -device virtio-net-pci,netdev=net0,id=net0,mac=52:54:00:c9:18:27
  -device vfio-pci,host=01:00.0
)
touch ran
qemu-system-x86_64 "${args[@]}"
"""


def disk(env, path, size="64M", data=3 << 20):
    """A qcow2 image that holds a partition table's signature and some noise."""
    raw = env.dir / "noise.raw"
    raw.write_bytes(bytes(510) + b"\x55\xaa" + random.Random(1).randbytes(data))
    env.run(["truncate", "-s", size, raw], as_root=True)
    env.write(path, "")
    env.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, env.dir / path])
    raw.unlink()
    return env.dir / path


def folder(env, name="öld Mac's"):
    """A folder as OSX-KVM's users have it."""
    top = env.dir / name
    env.write(f"{name}/OpenCore-Boot.sh", SCRIPT % (harness.FAKE_OSK, env.free_port()))
    env.write(f"{name}/OVMF_CODE.fd", (OVMF / "OVMF_CODE_4M.fd").read_bytes())
    env.write(f"{name}/OVMF_VARS.fd", (OVMF / "OVMF_VARS_4M.fd").read_bytes()[:-1] + b"\x01")
    env.write(f"{name}/BaseSystem.img", "x")
    disk(env, f"{name}/OpenCore/OpenCore.qcow2", "1M", 4096)
    disk(env, f"{name}/mac disk.img")
    return top


def content(top):
    return {str(path): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}


def domain(env, name="macos"):
    return ElementTree.fromstring(env.virsh("dumpxml", "--inactive", "--security-info", name).out)


def volume(env, name):
    copy = env.dir / "copy"
    env.virsh("vol-download", "--pool", "macvm", name, copy)
    data = copy.read_bytes()
    copy.unlink()
    return data


class Folder(harness.EveryConnection, unittest.TestCase):
    def check(self, env):
        top = folder(env)
        before = content(top)
        told = env.macvm("--json", "import", top, "old", *SMALL, "--dry-run").json
        self.assertFalse(told["done"])
        self.assertEqual(["opencore", "system", "firmware", "nvram"], [image["role"] for image in told["images"]])
        env.virsh("domid", "old", expect=1)
        told = env.macvm("--json", "import", top, "old", *SMALL).json
        for part in ("+pcid", "BaseSystem.img", "vfio-pci", "macOS version"):
            self.assertTrue([line for line in told["left_out"] if part in line], (part, told["left_out"]))
        self.assertEqual(before, content(top))

        xml = env.virsh("dumpxml", "--inactive", "--security-info", "old").out
        for part in ("52:54:00:c9:18:27", harness.FAKE_OSK, "old-code.fd", "old-vars.fd", "Haswell-noTSX"):
            self.assertIn(part, xml)
        tree = domain(env, "old")
        self.assertEqual(str(1 << 20), tree.find("memory").text)
        topology = tree.find("cpu/topology")
        self.assertEqual(("1", "1", "2"), tuple(topology.get(key) for key in ("sockets", "cores", "threads")))
        self.assertEqual(["sda", "sdc"], [d.find("target").get("dev") for d in tree.findall("devices/disk")])
        self.assertEqual(before[str(top / "mac disk.img")], volume(env, "old.qcow2"))
        self.assertEqual(before[str(top / "OVMF_VARS.fd")], volume(env, "old-vars.fd"))
        # It is a machine as any: defining it again keeps it as it is.
        self.assertIn("as it should be", env.macvm("define", "old").out)
        env.macvm("set", "old", "--memory", "2G")
        self.assertEqual(["system"], [d["role"] for d in env.macvm_json("status", "old")["disks"][1:]])
        # The name is taken; another is not, and its copy is its own.
        self.assertIn("there is a domain", env.macvm("import", top, "old", expect=4).err)
        env.macvm("import", top / "OpenCore-Boot.sh", "second", *SMALL, "--move")
        self.assertFalse((top / "mac disk.img").exists())
        self.assertEqual(before[str(top / "mac disk.img")], volume(env, "second.qcow2"))
        self.assertEqual({name for name in before if "mac disk" not in name}, set(content(top)))
        # Its firmware is its own, and goes with it.
        env.macvm("undefine", "old", "--remove-storage", "--yes")
        self.assertEqual([], re.findall(r"^ (old\S*)", env.virsh("vol-list", "macvm").out, re.MULTILINE))
        env.macvm("undefine", "second", "--yes")
        env.macvm("undefine", "second", "--remove-storage", "--yes")
        self.assertEqual("", env.virsh("vol-list", "macvm").out.strip())

    def test_identity(self):
        """The Mac of an OpenCore disk stays that Mac, and its UUID is the domain's."""
        with harness.Environment.session() as env:
            test_opencore.checkout(env)
            env.macvm("define", "first", *SMALL, "--memory", "1G")
            uuid = env.macvm_json("status", "first")["uuid"]
            top = folder(env)
            loader = top / "OpenCore/OpenCore.qcow2"
            env.virsh("vol-download", "--pool", "macvm", "first-opencore.qcow2", loader)
            told = env.macvm("--json", "import", top, "old", *SMALL, "--dry-run").json
            self.assertIsNone(told["uuid"])
            self.assertTrue([line for line in told["left_out"] if uuid in line and "'first'" in line])
            env.macvm("undefine", "first", "--remove-storage", "--yes")
            env.macvm("import", top, "old", *SMALL)
            self.assertEqual(uuid, env.macvm_json("status", "old")["uuid"])
            self.assertEqual(loader.read_bytes(), volume(env, "old-opencore.qcow2"))
            self.assertIn("as it should be", env.macvm("define", "old").out)
            self.assertEqual(loader.read_bytes(), volume(env, "old-opencore.qcow2"))
            self.assertIn("macvm did not make it", env.macvm("import", top, "new", *SMALL, "--csr", "0x67", expect=4).err)
            self.assertNotIn("new", env.virsh("vol-list", "macvm").out)
            before = test_opencore.generic(env, "old")
            self.assertNotIn("UUID", env.macvm("opencore", "update", "old").err)
            env.macvm("set", "old", "--resolution", "1280x720")
            self.assertEqual(before, test_opencore.generic(env, "old"))

    def test_raw(self):
        """A raw disk becomes qcow2 on the way; its name says nothing about what it is."""
        with harness.Environment.session() as env:
            top = folder(env)
            raw = env.dir / "disk.raw"
            env.run(["qemu-img", "convert", "-O", "raw", top / "mac disk.img", raw])
            (top / "mac disk.img").write_bytes(raw.read_bytes())
            told = env.macvm("--json", "import", top, *SMALL, "--move").json
            self.assertFalse(told["moved"])
            self.assertTrue((top / "mac disk.img").exists())
            copy = env.dir / "copy.qcow2"
            env.virsh("vol-download", "--pool", "macvm", "macos.qcow2", copy)
            env.run(["qemu-img", "compare", "-f", "raw", "-F", "qcow2", raw, copy])
            self.assertEqual([], list((env.dir / "h").rglob("import-*")))


class Others(unittest.TestCase):
    def test_quickemu(self):
        with harness.Environment.session() as env:
            env.write("q/m/OVMF_CODE.fd", (OVMF / "OVMF_CODE_4M.fd").read_bytes())
            env.write("q/m/OVMF_VARS-1920x1080.fd", (OVMF / "OVMF_VARS_4M.fd").read_bytes())
            disk(env, "q/m/OpenCore.qcow2", "1M", 4096)
            disk(env, "q/m/disk.qcow2")
            env.write("q/m.conf", '#!/usr/bin/quickemu --vm\nguest_os="macos"\nimg="m/RecoveryImage.img"\n'
                      'disk_img="m/disk.qcow2"\nmacos_release="monterey"\nram="1G"\ncpu_cores="2"\nssh_port="22333"\n'
                      'public_dir="/home"\n')
            told = env.macvm("--json", "import", env.dir / "q", "quick", *SMALL).json
            self.assertTrue([line for line in told["left_out"] if "public_dir=/home" in line])
            status = env.macvm_json("status", "quick")
            self.assertEqual(("12", 2, 22333), (status["os"], status["vcpus"], status["ssh"]["port"]))
            self.assertEqual((env.dir / "q/m/disk.qcow2").read_bytes(), volume(env, "quick.qcow2"))

    def test_domain(self):
        with harness.Environment.session() as env:
            top = folder(env)
            xml = (f"<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>Old-Mac</name>"
                   f"<uuid>2aca0dd6-cec9-4717-9ab2-0b7b13d111c3</uuid><memory unit='KiB'>1048576</memory><vcpu>2</vcpu>"
                   f"<os><type>hvm</type><loader>{top}/OVMF_CODE.fd</loader><nvram>{top}/OVMF_VARS.fd</nvram></os><devices>"
                   f"<disk type='file' device='disk'><source file=\"{top}/OpenCore/OpenCore.qcow2\"/><target dev='sda'/></disk>"
                   f"<disk type='file' device='disk'><source file=\"{top}/mac disk.img\"/><target dev='sdb'/></disk>"
                   f"<interface type='user'><mac address='52:54:00:e6:85:40'/><model type='e1000'/></interface></devices><qemu:commandline>"
                   f"<qemu:arg value='-cpu'/><qemu:arg value='Penryn,kvm=on,vendor=GenuineIntel,+invtsc,check'/>"
                   f"</qemu:commandline></domain>")
            path = env.write("old.xml", xml.replace("'s/", "&apos;s/"))
            told = env.macvm_json("import", path, *SMALL, "--os", "10.14")
            self.assertTrue([line for line in told["left_out"] if "model e1000: macOS 10.14 gets vmxnet3" in line], told)
            tree = domain(env, "Old-Mac")
            self.assertEqual("2aca0dd6-cec9-4717-9ab2-0b7b13d111c3", tree.find("uuid").text)
            self.assertEqual("Penryn", tree.find("cpu/model").text)
            self.assertIn("52:54:00:e6:85:40", env.virsh("dumpxml", "Old-Mac").out)
            # No argument of QEMU overrules what virt-manager edits.
            self.assertNotIn("-cpu", [arg.get("value") for arg in tree.iter() if arg.tag.endswith("}arg")])

    def test_domain_values(self):
        """Title, description, the firmware's serial numbers, video and a volume come along, and stay at the next define."""
        with harness.Environment.session() as env:
            top = folder(env)
            pool = env.dir / "other"
            pool.mkdir()
            (top / "mac disk.img").rename(pool / "mac.img")
            env.virsh("pool-define-as", "other", "dir", "--target", pool)
            env.virsh("pool-start", "other")
            xml = ("<domain type='kvm'><name>valued</name><title>My &lt;Mac&gt;</title><description>of\ntwo lines</description>"
                   "<memory unit='GiB'>1</memory><vcpu>2</vcpu><os><type>hvm</type></os><sysinfo type='smbios'><system>"
                   "<entry name='serial'>C02SERIAL</entry></system><baseBoard><entry name='serial'>B0ARD</entry></baseBoard>"
                   "</sysinfo><devices><disk type='%s'><source %s/></disk><video><model type='vga'/></video><tpm model='tpm-crb'/>"
                   "</devices></domain>")
            path = env.write("block.xml", xml % ("block", "dev='/dev/sdz'"))
            self.assertIn("physical disks are not taken", env.macvm("import", path, *SMALL, expect=1).err)
            path = env.write("gone.xml", xml % ("volume", "pool='other' volume='gone.img'"))
            self.assertIn("gone.img", env.macvm("import", path, *SMALL, expect=3).err)
            path = env.write("valued.xml", xml % ("volume", "pool='other' volume='mac.img'"))
            told = env.macvm_json("import", path, *SMALL)
            self.assertTrue([line for line in told["left_out"] if "tpm-crb" in line], told)
            self.assertFalse([line for line in told["left_out"] if "SERIAL" in line or "Mac" in line], told)
            self.assertEqual((pool / "mac.img").read_bytes(), volume(env, "valued.qcow2"))

            def values():
                tree = domain(env, "valued")
                return [tree.find(path).text for path in ("title", "description", "sysinfo/system/entry[@name='serial']",
                        "sysinfo/baseBoard/entry[@name='serial']")] + [tree.find("devices/video/model").get("type")]

            self.assertEqual(["My <Mac>", "of\ntwo lines", "C02SERIAL", "B0ARD", "vga"], values())
            self.assertIn("as it should be", env.macvm("define", "valued").out)
            env.macvm("set", "valued", "--memory", "2G")
            self.assertEqual(["My <Mac>", "of\ntwo lines", "C02SERIAL", "B0ARD", "vga"], values())


class Hostile(unittest.TestCase):
    def test_refused(self):
        with harness.Environment.session() as env:
            top = folder(env)
            script, hdd = top / "OpenCore-Boot.sh", top / "mac disk.img"
            text, good = script.read_text(), hdd.read_bytes()

            def refused(code, *parts):
                done = env.macvm("import", top, *SMALL, expect=code)
                for part in parts:
                    self.assertIn(part, done.err)
                env.virsh("domid", "macos", expect=1)

            backing = bytearray(good)
            struct.pack_into(">QI", backing, 8, 0x200, 11)
            backing[0x200:0x20b] = b"/etc/shadow"
            data_file = bytearray(good)
            struct.pack_into(">Q", data_file, 72, 4)
            for image, cause in ((backing, "draws on another file"), (data_file, "draws on another file"),
                                 (b"root:x:0:0" * 500, "neither a qcow2 image nor a raw disk"),
                                 (b"KDMV" + bytes(506) + b"\x55\xaa" + bytes(512), "neither a qcow2"), (b"", "neither a qcow2"),
                                 (b"QFI\xfb\0\0\0\x01" + bytes(100), "another version"), (good[:40], "another version")):
                hdd.write_bytes(image)
                refused(2, cause)
            hdd.unlink()
            refused(3, "No such file")
            os.mkfifo(hdd)
            refused(2, "not a regular file")
            hdd.unlink()
            hdd.symlink_to("/etc/shadow")
            refused((2, 5))
            hdd.unlink()
            hdd.write_bytes(good)
            for bad, cause in ((text.replace("1024", "\0"), "NUL"), ("x" * (1 << 20) + "y", "larger than"),
                               ("A=xxxxxxxxxxxxxxxx\n" + "A=$A$A$A$A\n" * 40, "any machine needs"), ("", "no QEMU command"),
                               (text.replace('"$HERE/mac', '"$(cat /etc/passwd)/mac'), "no QEMU command")):
                script.write_text(bad)
                refused(1, cause)
            self.assertIn("No such file", env.run([*env.macvm_argv("import", ""), *SMALL], expect=3).err)
            env.write("odd/x", "")
            os.mkfifo(env.dir / "odd/pipe.conf")
            self.assertIn("nothing there tells", env.macvm("import", env.dir / "odd", expect=3).err)
            # Firmware that is none stays behind; the machine comes without its NVRAM.
            script.write_text(text)
            (top / "OVMF_VARS.fd").write_bytes(b"root:x:0:0" * 5000)
            told = env.macvm("--json", "import", top, *SMALL).json
            self.assertTrue([line for line in told["left_out"] if "not UEFI firmware" in line])
            self.assertFalse((top / "ran").exists())
            self.assertNotIn("-vars.fd", env.virsh("vol-list", "macvm").out)
            # Neither does a pair of two builds, with which nothing would be kept.
            (top / "OVMF_VARS.fd").write_bytes((OVMF / "OVMF_VARS_4M.fd").read_bytes()[:131072])
            told = env.macvm("--json", "import", top, "mixed", *SMALL).json
            self.assertTrue([line for line in told["left_out"] if "another build" in line], told["left_out"])
            self.assertNotIn("-vars.fd", env.virsh("vol-list", "macvm").out)
            self.assertIn("OVMF_VARS_4M.fd", env.virsh("dumpxml", "mixed").out)

    def test_in_use(self):
        with harness.Environment.session() as env:
            top = folder(env)
            writer = env.spawn(["qemu-io", "-f", "qcow2", top / "mac disk.img"], stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            harness.wait_for(lambda: "a machine runs with it" in env.macvm("import", top, *SMALL, "--dry-run", expect=None).err,
                             30, "the writer's lock")
            writer.stdin.close()
            writer.wait()
            env.macvm("import", top, *SMALL)

    def test_other_volume(self):
        """A volume that is left from somebody else is neither used nor written over."""
        with harness.Environment.session() as env:
            top = folder(env)
            env.macvm("define", "other", *SMALL, "--memory", "1G")
            env.virsh("vol-create-as", "macvm", "macos.qcow2", "64M", "--format", "qcow2")
            left = volume(env, "macos.qcow2")
            self.assertIn("another volume 'macos.qcow2'", env.macvm("import", top, *SMALL, "--move", expect=4).err)
            self.assertEqual(left, volume(env, "macos.qcow2"))
            self.assertTrue((top / "mac disk.img").exists())

    def test_itself(self):
        """A disk that lies where its copy is to be is not taken for the copy: with --move that would delete the machine's."""
        with harness.Environment.session() as env:
            top = folder(env)
            (top / "mac disk.img").rename(top / "macos.qcow2")
            script = top / "OpenCore-Boot.sh"
            script.write_text(script.read_text().replace("mac disk.img", "macos.qcow2"))
            env.own(top)
            before = content(top)
            env.virsh("pool-define-as", "here", "dir", "--target", top)
            env.virsh("pool-start", "here")
            for how in ("--copy", "--move"):
                done = env.macvm("import", top, *SMALL, "--pool", "here", how, expect=4)
                self.assertIn("is the volume 'macos.qcow2' of pool 'here' itself", done.err)
                self.assertIn("another name", done.err)
                env.virsh("domid", "macos", expect=1)
                self.assertEqual(before, content(top))
            # By another name there it gets a copy, even where the name is a link to the same disk.
            (top / "linked.qcow2").hardlink_to(top / "macos.qcow2")
            env.virsh("pool-refresh", "here")
            self.assertIn("itself", env.macvm("import", top, "linked", *SMALL, "--pool", "here", expect=4).err)
            env.macvm("import", top, "apart", *SMALL, "--pool", "here", "--move")
            self.assertFalse((top / "macos.qcow2").exists())
            self.assertEqual(before[str(top / "macos.qcow2")], (top / "apart.qcow2").read_bytes())

    def test_link(self):
        """Of a disk that is a link only the link could be deleted: it stays, and that is told."""
        with harness.Environment.session() as env:
            top = folder(env)
            (top / "mac disk.img").rename(env.dir / "elsewhere.img")
            (top / "mac disk.img").symlink_to(env.dir / "elsewhere.img")
            told = env.macvm("--json", "import", top, *SMALL, "--move").json
            self.assertFalse(told["moved"])
            self.assertTrue([line for line in told["left_out"] if "it is a link" in line], told["left_out"])
            self.assertTrue((top / "mac disk.img").is_symlink() and (env.dir / "elsewhere.img").exists())
            # Nor is it deleted while the domain that it came from has it, or an image of a pool draws on it.
            hdd = env.dir / "elsewhere.img"
            path = env.write("old.xml", f"<domain type='qemu'><name>old</name><memory>524288</memory><os><type arch='x86_64'>hvm"
                             f"</type></os><devices><disk type='file' device='disk'><driver type='qcow2'/><source file='{hdd}'/>"
                             f"<target dev='sda' bus='sata'/></disk></devices></domain>")
            env.virsh("define", path)
            told = env.macvm("--json", "import", path, "kept", *SMALL, "--move").json
            self.assertFalse(told["moved"])
            self.assertTrue([line for line in told["left_out"] if "machine 'old' uses it" in line], told["left_out"])
            env.virsh("undefine", "old")
            pool = pathlib.Path(env.virsh("vol-path", "kept.qcow2", "macvm").out.strip()).parent
            env.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", hdd, "-F", "qcow2", pool / "snapshot.qcow2"])
            env.virsh("pool-refresh", "macvm")
            told = env.macvm("--json", "import", path, "kept", *SMALL, "--move").json
            self.assertTrue([line for line in told["left_out"] if "'snapshot.qcow2' of pool 'macvm' is based on it" in line], told)
            self.assertTrue(hdd.exists())
            env.virsh("vol-delete", "--pool", "macvm", "snapshot.qcow2")
            self.assertTrue(env.macvm("--json", "import", path, "kept", *SMALL, "--move").json["moved"])
            self.assertFalse(hdd.exists())

    def test_told_before(self):
        """What the host cannot do is told before anything is copied."""
        with harness.Environment.session() as env:
            top = folder(env)
            script = top / "OpenCore-Boot.sh"
            text = script.read_text()
            script.write_text(text.replace("Haswell-noTSX", "Haswell-NoTSX"))
            for how in ((), ("--dry-run",)):
                self.assertIn("CPU model 'Haswell-NoTSX'", env.macvm("import", top, *SMALL, *how, expect=3).err)
            self.assertEqual("", env.virsh("pool-list", "--all", "--name").out.strip())
            script.write_text(text)
            emulate(env, "avx2")
            self.assertIn("lacks avx2", env.macvm("import", top, *SMALL, expect=5).err)
            self.assertEqual("", env.virsh("pool-list", "--all", "--name").out.strip())
            env.macvm("import", top, *SMALL, "--os", "12", "--cpu", "Penryn")

    def test_end_of_move(self):
        """A move that was killed when only the deletion was left to do goes on; of a machine that has run since it does not."""
        with harness.Environment.session() as env:
            top = folder(env)
            hdd = top / "mac disk.img"
            good = hdd.read_bytes()
            env.macvm("import", top, *SMALL)
            told = env.macvm("--json", "import", top, *SMALL, "--move").json
            self.assertTrue(told["moved"])
            self.assertFalse(hdd.exists())
            self.assertEqual(good, volume(env, "macos.qcow2"))
            env.write(hdd, good[:-1] + b"\x01")
            self.assertIn("there is a domain", env.macvm("import", top, *SMALL, "--move", expect=4).err)
            env.macvm("define", "other", *SMALL, "--memory", "1G")
            self.assertIn("there is a domain", env.macvm("import", top, "other", *SMALL, "--move", expect=4).err)
            self.assertTrue(hdd.exists())

    def test_killed(self):
        """Killed at any moment, the same command comes to the same end."""
        with harness.Environment.session() as env:
            top = folder(env)
            good = (top / "mac disk.img").read_bytes()
            for delay in (0.1, 0.3, 0.5):
                killed = env.spawn(env.macvm_argv("import", top, *SMALL), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
                time.sleep(delay)
                killed.send_signal(signal.SIGKILL)
                killed.wait()
            done = env.macvm("import", top, *SMALL, expect=(0, 4))
            self.assertTrue(done.code == 0 or "there is a domain" in done.err)
            self.assertEqual(good, volume(env, "macos.qcow2"))
            for delay in (0.2, 0.4, 0.6):
                killed = env.spawn(env.macvm_argv("import", top, "moved", *SMALL, "--move"), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
                time.sleep(delay)
                killed.send_signal(signal.SIGKILL)
                killed.wait()
            if (top / "mac disk.img").exists():
                env.macvm("import", top, "moved", *SMALL, "--move")
            self.assertFalse((top / "mac disk.img").exists())
            self.assertEqual(good, volume(env, "moved.qcow2"))
            self.assertEqual([], re.findall(r"\S+\.part", env.virsh("vol-list", "macvm").out))
            self.assertIn("as it should be", env.macvm("define").out)


if __name__ == "__main__":
    harness.main()
