#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: TIMEOUT 600
"""Whose disk, whose NVRAM: what macvm deletes, replaces, resizes and takes over is nobody else's, and never blank instead of lost."""

import contextlib
import pathlib
import re
import unittest
import xml.etree.ElementTree as ElementTree

import harness
import test_opencore

SMALL = ("--accel", "tcg", "--memory", "512M", "--cores", "1", "--threads", "1")
MINIMAL = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>64</memory>
<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>{devices}</devices></domain>"""
DISK = "<disk type='file' device='{device}'><driver name='qemu' type='{format}'/><source {source}/><target dev='{dev}' bus='{bus}'/></disk>"


def domain(env, name="m"):
    return ElementTree.fromstring(env.virsh("dumpxml", "--inactive", "--security-info", name).out)


def edit(env, name, change):
    text = env.virsh("dumpxml", "--inactive", "--security-info", name).out
    env.virsh("define", env.write("edit.xml", change(text)))


def volumes(directory):
    return sorted(path.name for path in pathlib.Path(directory).iterdir())


def pool(env, directory, name="macvm"):
    """A pool of that name in a directory that is there."""
    env.run(["mkdir", "-p", directory])
    env.virsh("pool-define-as", name, "dir", "--target", directory)
    env.virsh("pool-start", name)
    return pathlib.Path(directory)


def other_domain(env, name, devices):
    env.virsh("define", env.write(f"{name}.xml", MINIMAL.format(name=name, devices=devices)))


def file_disk(path, device="disk", format="qcow2", dev="sda", bus="sata", attribute="file"):
    return DISK.format(source=f"{attribute}='{path}'", device=device, format=format, dev=dev, bus=bus)


def without_network(text):
    """Two machines of one network are in each other's way: of both kinds that macvm has."""
    text = re.sub(r"<interface.*?</interface>", "", text, flags=re.S)
    text = re.sub(r"<qemu:arg value='-netdev'/>\s*<qemu:arg [^>]*/>", "", text)
    return re.sub(r"<qemu:arg value='-device'/>\s*<qemu:arg value='[^']*netdev[^']*'/>", "", text)


@contextlib.contextmanager
def session():
    with harness.Environment.session() as env:
        env.checkout()
        yield env


class TwoHosts(unittest.TestCase):
    """Two daemons that share a directory, as two hosts share a file system."""

    @contextlib.contextmanager
    def hosts(self):
        with session() as a, session() as b:
            shared = pool(a, a.dir / "shared")
            pool(b, shared)
            yield a, b, shared

    def test_running_there(self):
        """A4, A5: a definition that was left behind, and none: the disks of what runs on the other host stay."""
        with self.hosts() as (a, b, shared):
            a.macvm("define", "m", *SMALL, "--ssh-port", a.free_port())
            b.macvm("define", "m", *SMALL, "--ssh-port", b.free_port())
            b.macvm("up", "m")
            before = volumes(shared)
            error = a.macvm("--json", "undefine", "m", "--remove-storage", "--yes", expect=4).error
            self.assertIn("has it open", error["message"])
            self.assertIn("another host", error["hint"])
            self.assertIn("m", a.virsh("list", "--all", "--name").out.split())
            for command in (("set", "m", "--disk-size", "90G"), ("set", "m", "--resolution", "1280x720")):
                done = a.macvm(*command, expect=(0, 4))
                self.assertTrue(set(before) <= set(volumes(shared)), done)
            a.virsh("undefine", "m", "--nvram")
            stamps = {name: (shared / name).stat().st_mtime_ns for name in before if "opencore" in name}
            error = a.macvm("--json", "define", "m", *SMALL, expect=4).error
            self.assertIn("has it open", error["message"])
            self.assertEqual(stamps, {name: (shared / name).stat().st_mtime_ns for name in stamps})
            error = a.macvm("--json", "undefine", "m", "--remove-storage", "--yes", expect=(3, 4)).error
            self.assertTrue(set(before) <= set(volumes(shared)))
            b.virsh("destroy", "m")
            a.macvm("define", "m", *SMALL)


    def test_migrated(self):
        """A4: libvirt knows that the machine went to the other host, also when it is off there."""
        with session() as a, session() as b:
            for name in ("libvirtd.conf", "virtqemud.conf"):  # two hosts have two names
                b.write(b.config_home / "libvirt" / name, 'host_uuid = "12345678-1234-4234-8234-123456789abc"\n')
            shared = pool(a, a.dir / "shared")
            pool(b, shared)
            a.macvm("define", "m", *SMALL)
            edit(a, "m", lambda text: without_network(text))
            a.virsh("start", "m", "--paused")
            b.virsh("list")
            there = next(path for path in (b.run_dir / "libvirt").iterdir() if path.name in ("libvirt-sock", "virtqemud-sock"))
            moved = a.virsh("migrate", "m", f"qemu+unix:///session?socket={there}", "--live", "--persistent", "--unsafe",
                            "--migrateuri", f"tcp:127.0.0.1:{a.free_port()}", expect=None, timeout=120)
            if moved.code != 0:
                harness.skip(f"this libvirt does not migrate between two sessions: {moved.err.strip()}")
            b.virsh("destroy", "m")
            before = volumes(shared)
            error = a.macvm("--json", "undefine", "m", "--remove-storage", "--yes", expect=4).error
            self.assertIn("was migrated", error["message"])
            a.macvm("set", "m", "--disk-size", "90G", expect=4)
            self.assertEqual(before, volumes(shared))
            self.assertIn("kept NVRAM", a.macvm("undefine", "m").err)  # as the hint says
            self.assertEqual(before, volumes(shared))
            b.macvm("undefine", "m", "--remove-storage", "--yes")
            self.assertEqual([], volumes(shared))


class Claimed(unittest.TestCase):
    def refused(self, env, who):
        done = env.macvm("undefine", "m", "--remove-storage", "--yes")
        self.assertIn("kept volume 'm.qcow2'", done.err)
        self.assertIn(who, done.err)
        self.assertTrue((self.directory / "m.qcow2").exists())
        env.macvm("define", "m", *SMALL, expect=4)

    def check(self, prepare, who="machine 'other' uses it"):
        with session() as env:
            self.directory = env.data_home / "macvm/images"
            env.macvm("define", "m", *SMALL)
            prepare(env, self.directory / "m.qcow2")
            self.refused(env, who)

    def test_cdrom(self):
        self.check(lambda env, path: other_domain(env, "other", file_disk(path, "cdrom", dev="sdb")))

    def test_floppy(self):
        self.check(lambda env, path: other_domain(env, "other", file_disk(path, "floppy", dev="fda", bus="fdc")))

    def test_link(self):
        """By another name of the same file."""
        def prepare(env, path):
            env.run(["ln", "-s", path.parent, env.dir / "link"])
            other_domain(env, "other", file_disk(env.dir / "link" / path.name))
        self.check(prepare)

    def test_other_pool(self):
        """By another pool with the same directory."""
        def prepare(env, path):
            env.run(["ln", "-s", path.parent, env.dir / "link"])
            pool(env, env.dir / "link", "alias")
            other_domain(env, "other", file_disk(path).replace("type='file'", "type='volume'").replace(
                f"file='{path}'", f"pool='alias' volume='{path.name}'"))
        self.check(prepare)

    def test_base_outside(self):
        """As the base of a disk that is in no pool."""
        def prepare(env, path):
            top = env.dir / "top.qcow2"
            env.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", path, "-F", "qcow2", top])
            other_domain(env, "other", file_disk(top))
        self.check(prepare)

    def test_snapshot(self):
        """By a snapshot alone."""
        def prepare(env, path):
            other_domain(env, "other", file_disk(path))
            env.virsh("snapshot-create-as", "other", "s1")
            env.virsh("detach-disk", "other", "sda", "--config")
        self.check(prepare, "a snapshot of machine 'other'")

    def test_saved(self):
        """By a saved state alone."""
        def prepare(env, path):
            other_domain(env, "other", file_disk(path))
            env.virsh("start", "other")
            env.virsh("detach-disk", "other", "sda", "--config")
            env.virsh("managedsave", "other")
        self.check(prepare, "the saved state of machine 'other'")

    def test_firmware_and_arguments(self):
        """As somebody's NVRAM, and in QEMU's arguments with a comma in the name."""
        with session() as env:
            images = pool(env, env.dir / "a,b")
            env.macvm("define", "m", *SMALL)
            argument = str(images / "m.qcow2").replace(",", ",,")
            text = MINIMAL.format(name="other", devices="").replace(
                "<domain ", "<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' ").replace(
                "</domain>", f"<qemu:commandline><qemu:arg value='file={argument},if=none'/></qemu:commandline></domain>")
            env.virsh("define", env.write("other.xml", text))
            self.directory = images
            self.refused(env, "machine 'other' uses it")

    def test_locked_by_a_program(self):
        with session() as env:
            env.macvm("define", "m", *SMALL)
            disk = env.data_home / "macvm/images/m.qcow2"
            reader = env.spawn(["qemu-img", "bench", "-c", "100000000", "-f", "qcow2", disk])
            harness.wait_for(lambda: env.run(["qemu-img", "resize", disk, "80G"], expect=None).code != 0, 20, "the lock")
            self.assertIn("has it open", env.macvm("undefine", "m", "--remove-storage", "--yes", expect=4).err)
            reader.kill()
            reader.wait()
            env.macvm("undefine", "m", "--remove-storage", "--yes")
            self.assertFalse(disk.exists())

    def test_locked_far_away(self):
        """Where macvm cannot open the file, libvirt looks."""
        with harness.Environment.ssh("session", apart=True) as env:
            env.checkout()
            env.macvm("define", "m", *SMALL)
            disk = env.virsh("vol-path", "m.qcow2", "macvm").out.strip()
            server = env.server
            reader = server.spawn(["qemu-img", "bench", "-c", "100000000", "-f", "qcow2", disk])
            harness.wait_for(lambda: server.run(["qemu-img", "resize", disk, "80G"], expect=None).code != 0, 20, "the lock")
            self.assertIn("has it open", env.macvm("undefine", "m", "--remove-storage", "--yes", expect=4).err)
            reader.kill()
            reader.wait()
            env.macvm("undefine", "m", "--remove-storage", "--yes")


class Shared(unittest.TestCase):
    def test_media_by_name_only(self):
        """A9: the recovery that machines share, and a base that clones are made of."""
        with session() as env:
            images = pool(env, env.data_home / "macvm/images")
            env.virsh("vol-create-as", "macvm", "recovery-14.img", "10M", "--format", "raw")
            for name in ("m", "n"):
                env.macvm("define", name, *SMALL)
            env.macvm("undefine", "m", "--remove-storage", "--yes")
            self.assertEqual(["n-opencore.qcow2", "n-recovery.qcow2", "n.qcow2", "recovery-14.img"], volumes(images))
            env.macvm("define", "m", *SMALL)
            self.assertIn("kept volume 'recovery-14.img'",
                          env.macvm("undefine", "m", "--remove-storage", "--remove-media", "--yes").err)
            env.macvm("undefine", "n", "--remove-storage", "--remove-media", "--yes")
            self.assertEqual([], volumes(images))

    def test_base_of_a_clone(self):
        with session() as env:
            images = pool(env, env.data_home / "macvm/images")
            env.virsh("vol-create-as", "macvm", "golden.qcow2", "1G", "--format", "qcow2")
            env.virsh("vol-create-as", "macvm", "m.qcow2", "1G", "--format", "qcow2", "--backing-vol", "golden.qcow2",
                      "--backing-vol-format", "qcow2")
            env.macvm("define", "m", *SMALL)
            env.macvm("undefine", "m", "--remove-storage", "--yes")
            self.assertEqual(["golden.qcow2"], volumes(images))


class NeverBlank(unittest.TestCase):
    CHANGES = (("define", "m"), ("set", "m", "--memory", "600M"))

    def refuses(self, env, *texts, code=4):
        for command in self.CHANGES:
            error = env.macvm("--json", *command, expect=code).error
            for text in texts:
                self.assertIn(text, error["message"] + "\n" + error["hint"])

    def test_renamed(self):
        with session() as env:
            env.macvm("define", "m", *SMALL)
            images = env.data_home / "macvm/images"
            env.run(["mv", images / "m.qcow2", images / "mine.qcow2"])
            self.refuses(env, "there is no volume", "--new-disk")
            self.assertEqual(["m-opencore.qcow2", "mine.qcow2"], volumes(images))
            env.macvm("set", "m", "--diff", "--memory", "600M", expect=4)
            env.macvm("set", "m", "--new-disk")
            self.assertIn("m.qcow2", volumes(images))
            self.assertIn("as it should be", env.macvm("define", "m", "--new-disk").out)

    def test_pool_undefined(self):
        """A6: the pool is there again at once, and in it what was there."""
        with session() as env:
            env.macvm("define", "m", *SMALL)
            disk = env.data_home / "macvm/images/m.qcow2"
            before = disk.stat().st_ino
            for command in (*self.CHANGES, ("define", "m", "--diff")):
                env.virsh("pool-destroy", "macvm")
                env.virsh("pool-undefine", "macvm")
                env.macvm(*command)
            self.assertEqual(before, disk.stat().st_ino)
            self.assertEqual([], env.virsh("pool-list", "--all", "--name").out.split())

    def test_pool_undefined_new_machine(self):
        """The same for the disks of a machine that is gone."""
        with session() as env:
            env.macvm("define", "m", *SMALL)
            env.virsh("undefine", "m", "--nvram")
            env.virsh("pool-destroy", "macvm")
            env.virsh("pool-undefine", "macvm")
            self.assertIn("using the system disk that is there", env.macvm("define", "m", *SMALL).err)

    def test_other_pool_undefined(self):
        with session() as env:
            images = pool(env, env.dir / "big disk", "big")
            env.macvm("define", "m", "--pool", "big", *SMALL)
            env.virsh("pool-destroy", "big")
            env.virsh("pool-undefine", "big")
            self.refuses(env, "no pool of that name", "pool-define-as big dir --target", "big disk")
            env.virsh("pool-define-as", "big", "dir", "--target", images)
            self.assertIn("as it should be", env.macvm("define", "m").out)

    def test_drive_away(self):
        """A12: the directory, or the drive that it is on, is not there; with the pool active, inactive and undefined."""
        with session() as env:
            images = env.data_home / "macvm/images"
            env.macvm("define", "m", *SMALL)
            env.run(["mv", images, env.dir / "away"])
            self.refuses(env, "is not there", "is its drive mounted?")
            env.macvm("set", "m", "--diff", "--memory", "600M", expect=4)
            env.macvm("undefine", "m", "--remove-storage", "--yes", expect=4)
            self.refuses(env, "is its drive mounted?")
            self.assertFalse(images.exists())
            env.virsh("pool-undefine", "macvm")
            self.refuses(env, "is its drive mounted?")
            env.macvm("define", "m", "--print-xml", expect=(0, 4))
            self.assertFalse(images.exists())
            self.assertEqual("", env.virsh("pool-list", "--all", "--name").out.strip())
            # an empty directory is what an unmounted drive leaves
            env.run(["mkdir", images])
            self.refuses(env, "there is no volume", "is its drive mounted")
            self.assertEqual([], volumes(images))
            env.run(["rmdir", images])
            env.run(["mv", env.dir / "away", images])
            self.assertIn("as it should be", env.macvm("define", "m").out)

    def test_dry_runs_change_nothing(self):
        with session() as env:
            images = env.data_home / "macvm/images"
            for command in (("define", "m", *SMALL, "--diff"), ("define", "m", *SMALL, "--print-xml")):
                env.macvm(*command)
                self.assertEqual("", env.virsh("pool-list", "--all", "--name").out.strip())
                self.assertFalse(images.exists())
            env.macvm("define", "m", *SMALL)
            env.virsh("pool-destroy", "macvm")
            self.assertEqual("", env.macvm("define", "m", "--diff").out)
            self.assertIn("600", env.macvm("set", "m", "--memory", "600M", "--diff").out)
            self.assertEqual("", env.virsh("pool-list", "--name").out.strip())


class Moved(unittest.TestCase):
    def test_pool_moved(self):
        """B22: the pool of that name has another directory, and the images are in it."""
        with session() as env:
            old = pool(env, env.dir / "old")
            env.macvm("define", "m", *SMALL)
            env.virsh("pool-destroy", "macvm")
            env.virsh("pool-undefine", "macvm")
            new = pool(env, env.dir / "new")
            self.assertIn("its images are in", env.macvm("define", "m", expect=4).err)
            env.run(["sh", "-c", f"mv {old}/* {new}/"])
            done = env.macvm("define", "m")
            self.assertIn(f"are in '{new}' now", done.err)
            self.assertEqual([str(new / "m-opencore.qcow2"), str(new / "m.qcow2")],
                             [source.get("file") for source in domain(env).findall("devices/disk/source")])
            self.assertIn("as it should be", env.macvm("define", "m").out)


class Nvram(unittest.TestCase):
    def nvram(self, env, name):
        return domain(env, name).findtext("os/nvram")

    def test_renamed(self):
        """A10: a machine that was renamed keeps its NVRAM, and a new one of the old name gets another."""
        with session() as env:
            env.macvm("define", "a", *SMALL)
            path = pathlib.Path(self.nvram(env, "a"))
            env.virsh("domrename", "a", "old")
            pool(env, env.dir / "other", "other")
            env.macvm("define", "a", "--pool", "other", *SMALL)
            self.assertNotEqual(str(path), self.nvram(env, "a"))
            self.assertIn("as it should be", env.macvm("define", "a").out)
            self.assertNotEqual(str(path), self.nvram(env, "a"))
            # a machine that has it all the same
            edit(env, "a", lambda text: text.replace(self.nvram(env, "a"), str(path)))
            env.virsh("start", "old", "--paused")
            self.assertTrue(path.exists())
            self.assertIn("machine 'old' uses it", env.macvm("up", "a", expect=4).err)
            env.virsh("destroy", "old")
            env.macvm("set", "a", "--reset-nvram")
            self.assertNotEqual(str(path), self.nvram(env, "a"))
            edit(env, "a", lambda text: text.replace(self.nvram(env, "a"), str(path)))
            error = env.macvm("--json", "up", "a", expect=4).error
            self.assertIn("cannot reset NVRAM", error["message"])
            content = path.read_bytes()
            self.assertIn("kept NVRAM", env.macvm("undefine", "a").err)
            self.assertEqual(content, path.read_bytes())
            env.macvm("undefine", "old")
            self.assertFalse(path.exists())

    def test_copy(self):
        """A copy by hand has the NVRAM of the original until it is defined."""
        with session() as env:
            env.macvm("define", "a", *SMALL)
            text = env.virsh("dumpxml", "--inactive", "--security-info", "a").out
            text = "".join(line for line in text.splitlines(True) if "<uuid>" not in line)
            env.virsh("define", env.write("copy.xml", text.replace("<name>a</name>", "<name>b</name>")))
            self.assertEqual(self.nvram(env, "a"), self.nvram(env, "b"))
            env.macvm("define", "b")
            self.assertNotEqual(self.nvram(env, "a"), self.nvram(env, "b"))


class Unreadable(unittest.TestCase):
    def test_names(self):
        """A13: files of others whose names are no text."""
        with session() as env:
            env.macvm("define", "m", *SMALL)
            images = env.data_home / "macvm/images"
            for name in (b"x\320\275\250\316.iso", b"y\001\033[31m.img", b"z\n.raw"):
                with open(bytes(images) + b"/" + name, "wb"):
                    pass
            env.own(images)
            env.virsh("pool-refresh", "macvm")
            env.macvm("define", "n", *SMALL)
            done = env.macvm("undefine", "m", "--remove-storage", "--yes")
            self.assertEqual(1, done.err.count("is not UTF-8"), done)
            self.assertNotIn("\033", done.err)
            self.assertEqual([], [name for name in volumes(images) if name.startswith("m")])


class Covered(unittest.TestCase):
    def test_external_snapshot(self):
        """B21: over the disks lies a snapshot, which is named, with what merges it."""
        with session() as env:
            env.macvm("define", "m", *SMALL)
            env.virsh("snapshot-create-as", "m", "before", "--disk-only")
            for command, what in ((("set", "m", "--resolution", "1280x720"), "the OpenCore disk"),
                                  (("opencore", "update", "m"), "the OpenCore disk"),
                                  (("set", "m", "--disk-size", "90G"), "the system disk")):
                error = env.macvm("--json", *command, expect=4).error
                self.assertIn(f"{what} of 'm': the snapshot 'before' lies over it", error["message"])
                self.assertIn("virsh snapshot-delete m before", error["hint"])
            env.macvm("set", "m", "--memory", "600M")
            env.virsh("snapshot-delete", "m", "before", "--metadata")
            self.assertIn("blockcommit", env.macvm("set", "m", "--resolution", "1280x720", expect=4).err)
            images = env.data_home / "macvm/images"
            self.assertEqual(4, len(volumes(images)))
            env.macvm("undefine", "m", "--remove-storage", "--yes")
            self.assertEqual([], volumes(images))

    def test_saved_state(self):
        """B24: the disks that a saved state goes on with stay as they are."""
        with session() as env:
            test_opencore.checkout(env)
            env.macvm("define", "m", *SMALL, "--ssh-port", env.free_port())
            env.macvm("up", "m")
            env.virsh("managedsave", "m")
            images = env.data_home / "macvm/images"
            before = volumes(images)
            for command in (("set", "m", "--resolution", "1280x720"), ("set", "m", "--disk-size", "90G"),
                            ("config", "set", "m", "Misc.Boot.Timeout", "7"), ("opencore", "update", "m")):
                error = env.macvm("--json", *command, expect=4).error
                self.assertIn("the saved state of the guest", error["message"])
                self.assertIn("managedsave-remove m", error["hint"])
            env.macvm("set", "m", "--memory", "600M")
            self.assertEqual(before, volumes(images))
            env.virsh("managedsave-remove", "m")
            env.macvm("set", "m", "--resolution", "1280x720")


if __name__ == "__main__":
    harness.main()
