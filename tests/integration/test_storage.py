#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
# ctest: TIMEOUT 600
"""Pools, volumes, uploads, capabilities and probes on real libvirt daemons, through storage-driver."""

import concurrent.futures
import contextlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import unittest

import harness

MIB = 1 << 20
NAMES = ("a b.img", "it's \"quoted\".img", "Käse & <Öl>.img", "$(touch x);`y`.img", "-rf.img")
DOMAIN = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>64</memory>
<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>{disk}</devices></domain>"""
FILE_DISK = "<disk type='file'><driver name='qemu' type='{format}'/><source file='{path}'/><target dev='sda' bus='sata'/></disk>"
VOLUME_DISK = "<disk type='volume'><source pool='{pool}' volume='{volume}'/><target dev='sda' bus='sata'/></disk>"


def fields(result):
    """The driver's key=value lines."""
    return dict(line.split("=", 1) for line in result.out.splitlines() if "=" in line)


class Driver:
    """storage-driver in an environment, copied to where its user can read it."""

    def __init__(self, env):
        built = harness.program().parent / "bin/storage-driver"
        if not built.exists():
            harness.skip(f"no storage-driver at {built}")
        self.env = env
        self.program = pathlib.Path(shutil.copy(built, env.dir / "bin/storage-driver"))
        env.own(self.program)

    def __call__(self, *args, **how):
        return self.env.run(self.argv(*args), **how)

    def argv(self, *args):
        return [self.program, self.env.uri, *args]

    def volumes(self, pool="-"):
        return [line.partition("=")[2] for line in self("list", pool).out.splitlines()]

    def directory(self, pool="-"):
        return pathlib.Path(fields(self("pool", pool))["path"])


def sparse_file(env, name="image", size=64 * MIB, seed=1):
    """Data at the start, in the middle and up to the last odd byte; holes between."""
    source = random.Random(seed)
    path = env.write(name, b"")
    with open(path, "r+b") as file:
        file.truncate(size + 123)
        for start in (0, size // 3 + 4096, size - 3 * MIB):
            file.seek(start)
            file.write(source.randbytes(3 * MIB))
        file.seek(-5, os.SEEK_END)
        file.write(b"last!")
    return path


def same(env, one, other):
    return env.run(["cmp", one, other], as_root=True, expect=None).code == 0


def leftovers(env, directory):
    return sorted(name for name in env.run(["ls", directory], as_root=True).out.splitlines() if ".part" in name)


def define(env, name, disk):
    path = env.write(f"{name}.xml", DOMAIN.format(name=name, disk=disk))
    env.virsh("define", path)


@contextlib.contextmanager
def session():
    with harness.Environment.session() as env:
        yield env, Driver(env)


class Pool(unittest.TestCase):
    def test_made_reused_and_restarted(self):
        with session() as (env, drive):
            self.assertEqual(drive("open", "-", expect=3).out, "")
            self.assertEqual(env.virsh("pool-list", "--all", "--name").out.strip(), "")
            made = fields(drive("pool", "-"))
            self.assertEqual(made, {"name": "macvm", "path": str(env.data_home / "macvm/images")})
            self.assertIn("yes", env.virsh("pool-info", "macvm").out.partition("Autostart")[2])
            env.virsh("pool-destroy", "macvm")
            self.assertEqual(fields(drive("open", "-")), made)
            env.virsh("pool-destroy", "macvm")
            shutil.rmtree(made["path"])
            self.assertIn("is its drive mounted?", drive("open", "-", expect=4).err)
            self.assertFalse(os.path.isdir(made["path"]))
            env.virsh("pool-build", "macvm")
            self.assertEqual(fields(drive("open", "-")), made)

    def test_that_cannot_be_made(self):
        """A place where no directory can be made is told of, and forgotten."""
        with session() as (env, _):
            env.run(["mkdir", "-m", "500", env.dir / "locked"])
            for place, why in (("/proc/nowhere", "cannot create path"), (env.dir / "locked", "Permission denied\nhint: let libvirt's user")):
                done = env.macvm("define", "m", "--accel", "tcg", "--memory", "1G", env={"XDG_DATA_HOME": place}, expect=(1, 5))
                self.assertIn(why, done.err)
                self.assertEqual("", env.virsh("pool-list", "--all", "--name").out.strip())
            env.macvm("define", "m", "--accel", "tcg", "--memory", "1G")

    def test_gone(self):
        """A directory that was removed behind libvirt's back, with the images in it."""
        small = ("--accel", "tcg", "--memory", "1G", "--cores", "1", "--threads", "1")
        with session() as (env, _):
            for name in ("one", "two"):
                env.macvm("define", name, *small)
            shutil.rmtree(env.data_home / "macvm/images")
            self.assertIn("is its drive mounted?", env.macvm("define", "one", expect=4).err)
            self.assertFalse((env.data_home / "macvm/images").exists())
            self.assertIn("is its drive mounted?", env.macvm("undefine", "--remove-storage", "--yes", "one", expect=4).err)
            env.virsh("pool-build", "macvm")
            self.assertIn("--new-disk", env.macvm("define", "one", expect=4).err)
            env.macvm("define", "one", "--new-disk")
            self.assertIsNotNone(env.macvm_json("status", "one")["disks"][-1]["capacity"])
            for name in ("one", "two"):
                env.macvm("undefine", "--remove-storage", "--yes", name)
            self.assertEqual("", env.virsh("list", "--all", "--name").out.strip())

    def test_of_another_kind(self):
        """A pool that does not start is not built: what is on its devices may be somebody's."""
        with session() as (env, _):
            env.write("pool.xml", f"<pool type='fs'><name>fs</name><source><device path='{env.dir}/no-device'/></source>"
                                  f"<target><path>{env.dir}/mounted</path></target></pool>")
            env.virsh("pool-define", env.dir / "pool.xml")
            done = env.macvm("define", "m", "--accel", "tcg", "--memory", "1G", "--pool", "fs", expect=(1, 5))
            self.assertIn("cannot start storage pool 'fs'", done.err)
            self.assertFalse((env.dir / "mounted").exists())

    def test_another_name_for_the_same_directory(self):
        with session() as (env, drive):
            env.virsh("pool-define-as", "mine", "dir", "--target", env.data_home / "macvm/images")
            env.virsh("pool-build", "mine")
            self.assertEqual(fields(drive("pool", "-"))["name"], "mine")
            self.assertEqual(fields(drive("open", "-"))["name"], "mine")
            refused = drive("pool", "other", expect=3)
            self.assertIn("hint: the pools there are: 'mine'", refused.err)

    def test_many_at_once(self):
        with session() as (env, drive):
            with concurrent.futures.ThreadPoolExecutor() as threads:
                results = list(threads.map(lambda _: drive("pool", "-"), range(6)))
            self.assertEqual({result.out for result in results}, {results[0].out})
            self.assertEqual(env.virsh("pool-list", "--name").out.split(), ["macvm"])

    def test_system_and_ssh(self):
        with harness.Environment.ssh("system") as env:
            self.assertEqual(fields(Driver(env)("pool", "-"))["path"], "/var/lib/libvirt/images/macvm")
        with harness.Environment.ssh("session") as env:
            path = fields(Driver(env)("pool", "-"))["path"]
            self.assertEqual(path, str(env.server.home / ".local/share/macvm/images"))
            self.assertTrue(os.path.isdir(path))


class Volume(unittest.TestCase):
    def test_disk_made_and_grown(self):
        with session() as (env, drive):
            disk = fields(drive("create", "-", "d.qcow2", 80 << 30))
            self.assertEqual((disk["capacity"], disk["format"]), (str(80 << 30), "qcow2"))
            self.assertLess(int(disk["allocation"]), MIB)
            self.assertIn("exists already", drive("create", "-", "d.qcow2", 1 << 30, expect=4).err)
            drive("resize", "-", "d.qcow2", 90 << 30)
            self.assertEqual(fields(drive("show", "-", "d.qcow2"))["capacity"], str(90 << 30))
            self.assertIn("does not shrink", drive("resize", "-", "d.qcow2", 80 << 30, expect=2).err)
            define(env, "m", FILE_DISK.format(format="qcow2", path=disk["path"]))
            drive("resize", "-", "d.qcow2", 91 << 30)
            env.virsh("start", "m")
            self.assertIn("machine 'm' uses it", drive("resize", "-", "d.qcow2", 92 << 30, expect=4).err)

    def test_made_behind_libvirts_back(self):
        with session() as (env, drive):
            directory = drive.directory()
            env.run(["truncate", "-s", "5M", directory / "own.raw"])
            self.assertEqual(fields(drive("show", "-", "own.raw"))["capacity"], str(5 * MIB))
            # and deleted again: that keeps nobody from deleting or using another
            drive("create", "-", "other.qcow2", MIB)
            env.run(["rm", directory / "own.raw"])
            drive("delete", "-", "other.qcow2")

    def test_not_deleted_while_used(self):
        with session() as (env, drive):
            paths = {}
            for name in ("file.qcow2", "vol.qcow2", "base.qcow2", "arg.qcow2", "free.qcow2"):
                paths[name] = fields(drive("create", "-", name, 64 * MIB))["path"]
            for name, base in (("middle.qcow2", "base.qcow2"), ("top.qcow2", "middle.qcow2")):
                env.virsh("vol-create-as", "macvm", name, "64M", "--format", "qcow2", "--backing-vol", base,
                          "--backing-vol-format", "qcow2")
            paths["top.qcow2"] = str(drive.directory() / "top.qcow2")
            define(env, "files", FILE_DISK.format(format="qcow2", path=paths["file.qcow2"].replace("/macvm/", "//macvm/./")))
            define(env, "volumes", VOLUME_DISK.format(pool="macvm", volume="vol.qcow2"))
            define(env, "chain", FILE_DISK.format(format="qcow2", path=paths["top.qcow2"]))
            raw = DOMAIN.format(name="raw", disk="").replace("<domain ", "<domain xmlns:qemu='http://libvirt.org/schemas/"
                                                             "domain/qemu/1.0' ").replace(
                "</domain>", "<qemu:commandline><qemu:arg value='-drive'/><qemu:arg value='file=" + paths["arg.qcow2"]
                + ",if=none,id=x'/></qemu:commandline></domain>")
            env.virsh("define", env.write("raw.xml", raw))
            for name, user in (("file.qcow2", "files"), ("vol.qcow2", "volumes"), ("base.qcow2", "chain"),
                               ("middle.qcow2", "chain"), ("top.qcow2", "chain"), ("arg.qcow2", "raw")):
                refused = drive("delete", "-", name, expect=4)
                self.assertIn(f"machine '{user}' uses it", refused.err)
                self.assertIn(name, drive.volumes())
            drive("delete", "-", "free.qcow2")
            drive("delete", "-", "file.qcow2", "files")  # a machine's own disk, while it is off
            env.virsh("start", "chain")
            self.assertIn("machine 'chain'", drive("delete", "-", "base.qcow2", "chain", expect=4).err)
            env.virsh("destroy", "chain")
            env.virsh("undefine", "chain")
            self.assertIn("is based on it", drive("delete", "-", "base.qcow2", expect=4).err)
            for name in ("top.qcow2", "middle.qcow2", "base.qcow2"):
                drive("delete", "-", name)
            self.assertEqual(drive.volumes(), ["arg.qcow2", "vol.qcow2"])

    def test_used_by_what_runs_but_not_by_what_is_stored(self):
        with session() as (env, drive):
            path = fields(drive("create", "-", "d.qcow2", 64 * MIB))["path"]
            define(env, "m", FILE_DISK.format(format="qcow2", path=path))
            env.virsh("start", "m")
            env.virsh("detach-disk", "m", "sda", "--config")
            self.assertIn("machine 'm' uses it", drive("delete", "-", "d.qcow2", expect=4).err)
            env.virsh("destroy", "m")
            drive("delete", "-", "d.qcow2")


class Upload(unittest.TestCase):
    def roundtrip(self, env, drive):
        image = sparse_file(env)
        done = fields(drive("upload", "-", "x.img", image))
        self.assertEqual(done["capacity"], str(64 * MIB + 123))
        self.assertEqual(done["format"], "raw")
        self.assertLess(int(done["allocation"]), 12 * MIB)
        self.assertTrue(same(env.server or env, image, done["path"]))
        return image, pathlib.Path(done["path"])

    def test_identical_and_sparse(self):
        with session() as (env, drive):
            image, path = self.roundtrip(env, drive)
            self.assertIn("has one of that name", drive("upload", "-", "x.img", image, expect=4).err)
            self.assertEqual(leftovers(env, path.parent), [])
            self.assertIn("nothing to put in", drive("upload", "-", "y", "/dev/null", expect=2).err)

    def test_system_and_ssh(self):
        for environment in (harness.Environment.system, harness.Environment.ssh):
            with environment() as env:
                self.roundtrip(env, Driver(env))

    def test_qcow2_as_bytes(self):
        with session() as (env, drive):
            image = env.dir / "q.qcow2"
            env.run(["qemu-img", "create", "-f", "qcow2", image, "1G"])
            env.run(["qemu-io", "-c", "write -P 7 300M 2M", image])
            for number in range(10):  # libvirt looks at the content at a time of its own
                done = fields(drive("upload", "-", f"q{number}.qcow2", image))
                self.assertTrue(same(env, image, done["path"]))
                self.assertEqual((done["format"], done["capacity"]), ("qcow2", str(1 << 30)))
            done = fields(drive("upload", "-", "q0.qcow2", image, "replace"))
            self.assertEqual((done["format"], done["capacity"]), ("qcow2", str(1 << 30)))
            self.assertLess(int(done["allocation"]), 4 * MIB)
            env.run(["qemu-img", "compare", image, done["path"]])

    def test_qcow2_that_is_not_alone(self):
        with session() as (env, drive):
            backed, split = env.dir / "backed.qcow2", env.dir / "split.qcow2"
            env.run(["qemu-img", "create", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", backed])
            env.run(["qemu-img", "create", "-f", "qcow2", "-o", f"data_file={env.dir}/data", split, "1M"])
            for image in (backed, split):
                self.assertIn("draws on another file", drive("upload", "-", "q.qcow2", image, expect=2).err)
            self.assertEqual(env.run(["ls", drive.directory()]).out, "")

    def test_names(self):
        with session() as (env, drive):
            image = sparse_file(env, size=12 * MIB)
            for name in NAMES:
                path = fields(drive("upload", "-", name, image))["path"]
                self.assertTrue(same(env, image, path), name)
            self.assertEqual(sorted(drive.volumes()), sorted(NAMES))
            define(env, "m", FILE_DISK.format(format="raw", path="{}").replace("'{}'", '"' + str(
                drive.directory() / "it's &quot;quoted&quot;.img") + '"'))
            self.assertIn("machine 'm'", drive("delete", "-", NAMES[1], expect=4).err)
            for name in ("", ".", "..", "a/b", "../a", "a\nb", "x.part", "n" * 201):
                self.assertIn("cannot use volume name", drive("upload", "-", name, image, expect=2).err)

    def test_killed_at_any_byte(self):
        with session() as (env, drive):
            image = sparse_file(env)
            directory = drive.directory()
            for _ in range(6):
                at = random.randrange(1, 64 * MIB)
                with self.subTest(at=at):
                    drive("upload", "-", "x.img", image, f"kill@{at}", expect=-signal.SIGKILL)
                    self.assertIn("not finished", drive("show", "-", "x.img", expect=3).err)
                    self.assertEqual(drive.volumes(), [])
                    drive("upload", "-", "x.img", image)
                    self.assertTrue(same(env, image, directory / "x.img"))
                    self.assertEqual(leftovers(env, directory), [])
                    drive("delete", "-", "x.img")

    def test_interrupted(self):
        with session() as (env, drive):
            image = sparse_file(env)
            self.assertIn("interrupted", drive("upload", "-", "x.img", image, f"stop@{5 * MIB}", expect=130).err)
            self.assertEqual(env.run(["ls", drive.directory()]).out, "")

    def test_replaced_at_the_end_only(self):
        with session() as (env, drive):
            old, new = sparse_file(env, "old"), sparse_file(env, "new", 32 * MIB, seed=2)
            path = fields(drive("upload", "-", "x.img", old))["path"]
            define(env, "m", FILE_DISK.format(format="raw", path=path))
            self.assertIn("machine 'm' uses it", drive("upload", "-", "x.img", new, "replace", expect=4).err)
            drive("upload", "-", "x.img", new, "replace=m", f"kill@{9 * MIB}", expect=-signal.SIGKILL)
            self.assertTrue(same(env, old, path))
            self.assertEqual(drive.volumes(), ["x.img"])
            drive("upload", "-", "x.img", new, "replace=m", f"stop@{9 * MIB}", expect=130)
            self.assertTrue(same(env, old, path))
            self.assertEqual(leftovers(env, drive.directory()), [])
            done = drive("upload", "-", "x.img", new, "replace=m")
            self.assertIn("note=", done.out)
            self.assertTrue(same(env, new, path))
            self.assertLess(int(fields(done)["allocation"]), 12 * MIB)
            self.assertEqual(leftovers(env, drive.directory()), [])
            env.virsh("start", "m")
            self.assertIn("machine 'm' uses it", drive("upload", "-", "x.img", old, "replace=m", expect=4).err)

    def test_two_at_once(self):
        with session() as (env, drive):
            image = sparse_file(env)
            drive("pool", "-")
            first = env.spawn(drive.argv("upload", "-", "x.img", image, f"wait@{5 * MIB}"),
                              stdin=harness.subprocess.PIPE, stdout=harness.subprocess.PIPE)
            self.assertEqual(first.stdout.readline(), b"waiting\n")
            self.assertIn("upload of 'x.img'", drive("upload", "-", "x.img", image, expect=4).err)
            first.communicate(b"\n", timeout=60)
            self.assertEqual(first.returncode, 0)
            self.assertTrue(same(env, image, drive.directory() / "x.img"))

    def test_two_at_once_from_two_machines(self):
        """No lock is shared then: the later one wins, and the earlier one says so."""
        with harness.Environment.ssh("session") as env:
            far, near = Driver(env.server), Driver(env)
            image = sparse_file(env)
            shutil.copy(image, env.server.dir / "image")
            env.server.own(env.server.dir / "image")
            far("pool", "-")
            with open(env.dir / "err", "wb") as err:
                first = env.spawn(near.argv("upload", "-", "x.img", image, f"wait@{5 * MIB}"),
                                  stdin=harness.subprocess.PIPE, stdout=harness.subprocess.PIPE, stderr=err)
            self.assertEqual(first.stdout.readline(), b"waiting\n")
            done = fields(far("upload", "-", "x.img", env.server.dir / "image"))
            first.communicate(b"\n", timeout=60)
            self.assertEqual(first.returncode, 4)
            self.assertIn("another upload of it was begun meanwhile", (env.dir / "err").read_text())
            self.assertTrue(same(env.server, image, done["path"]))
            self.assertEqual(far.volumes(), ["x.img"])

    def test_daemon_killed(self):
        for environment in (harness.Environment.session, harness.Environment.system):
            with environment() as env:
                drive = Driver(env)
                image = sparse_file(env)
                directory = drive.directory()
                with open(env.dir / "err", "wb") as err:
                    upload = env.spawn(drive.argv("upload", "-", "x.img", image, f"wait@{5 * MIB}"),
                                       stdin=harness.subprocess.PIPE, stdout=harness.subprocess.PIPE, stderr=err)
                self.assertEqual(upload.stdout.readline(), b"waiting\n")
                env.kill_daemons()
                upload.communicate(b"\n", timeout=60)
                self.assertIn(upload.returncode, (1, 5))
                text = (env.dir / "err").read_text()
                self.assertIn("error: cannot upload to volume 'x.img'", text)
                env.restart_daemons()
                self.assertEqual(drive.volumes(), [])
                drive("upload", "-", "x.img", image)
                self.assertTrue(same(env, image, directory / "x.img"))
                self.assertEqual(leftovers(env, directory), [])

    def test_pool_full(self):
        with harness.Environment.system() as env:
            drive = Driver(env)
            target = env.dir / "small"
            env.run(["mkdir", target])
            env.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", target])
            env.virsh("pool-define-as", "small", "dir", "--target", target)
            old, big = sparse_file(env, "old"), env.write("big", random.Random(3).randbytes(40 * MIB))
            refused = drive("upload", "small", "big.img", big, expect=1)
            self.assertIn("No space left", refused.err)
            self.assertIn("hint: free space", refused.err)
            self.assertEqual(env.run(["ls", target]).out, "")
            drive("upload", "small", "x.img", old)  # holds 9 MiB of data, takes 64
            # a copy of what takes 14 MiB does not fit beside it: then the old one stays
            new = env.write("new", random.Random(4).randbytes(14 * MIB))
            env.run(["dd", "if=/dev/zero", f"of={target}/ballast", "bs=1M", "count=5"])
            refused = drive("upload", "small", "x.img", new, "replace", expect=1)
            self.assertIn("No space left", refused.err)
            self.assertTrue(same(env, old, target / "x.img"))
            self.assertEqual(drive.volumes("small"), ["ballast", "x.img"])
            self.assertEqual(leftovers(env, target), [])
            # no byte is left: that is told before anything is sent, or libvirt would wait for ever
            env.run(["dd", "if=/dev/zero", f"of={target}/more", "bs=1M"], expect=1)
            refused = drive("upload", "small", "x.img", new, "replace", expect=1)
            self.assertIn("No space left", refused.err)
            self.assertEqual(leftovers(env, target), [])
            env.run(["rm", target / "ballast", target / "more"])
            drive("upload", "small", "x.img", new, "replace")
            self.assertTrue(same(env, new, target / "x.img"))


class Host(unittest.TestCase):
    def check(self, env, drive):
        host = fields(drive("host", "-"))
        with open("/proc/meminfo", encoding="ascii") as info:
            total = int(info.readline().split()[1]) * 1024
        self.assertEqual(int(host["memory"]), total)
        self.assertEqual(int(host["cpus"]), os.cpu_count())
        self.assertTrue(os.path.exists(host["emulator"]) and os.path.exists(host["code"]) and os.path.exists(host["vars"]))
        self.assertRegex(host["machine"], r"^pc-q35-\d")
        self.assertGreater(int(host["libvirt"]), 8001000)
        self.assertEqual(fields(drive("missing", "tcg", "avx2", "fma", "bmi1", "bmi2", "smep"))["missing"], "")
        self.assertEqual(fields(drive("missing", "tcg", "avx2", "invtsc", "avx512f"))["missing"], "avx512f,invtsc")
        self.assertIn("nosuch", drive("missing", "tcg", "nosuch", expect=1).err)
        return host

    def probe(self, env, drive):
        found = fields(drive("probe", "-", timeout=120))
        self.assertEqual(found["applesmc"], "1", found)
        self.assertEqual("kvm" in found, found["kvm_offered"] == "1", found)
        for name in ("kvm", "passt"):
            self.assertEqual(found.get(name, "1") == "1", found.get(f"{name}_reason", "") == "", found)
        where = env.server or env
        self.assertEqual(env.virsh("list", "--all", "--name").out.strip(), "")
        harness.wait_for(lambda: not where.qemu_pids(), 10, "the end of the test machine")
        traces = where.run(["find", "/var/lib/libvirt/qemu/nvram", where.home, "-name", "macvm-probe-*_VARS*"],
                           expect=None).out
        self.assertEqual(traces, "")
        return found

    def test_session(self):
        with session() as (env, drive):
            self.assertEqual(self.check(env, drive)["uid"], "-1")
            self.probe(env, drive)

    def test_system(self):
        with harness.Environment.system() as env:
            drive = Driver(env)
            self.assertGreater(int(self.check(env, drive)["uid"]), 0)
            self.probe(env, drive)

    def test_ssh(self):
        with harness.Environment.ssh("session") as env:
            drive = Driver(env)
            self.check(env, drive)
            self.probe(env, drive)

    def caught(self, env, argv):
        """A probe, and QEMU's processes while they live: it is begun again when they were gone before they were seen."""
        for _ in range(30):
            probe = env.spawn(argv, stderr=subprocess.PIPE)
            while probe.poll() is None:
                pids = env.qemu_pids()
                if pids:
                    return probe, pids
            probe.communicate()
        raise harness.Failed("no probe's machine was seen")

    def hung(self, env, argv):
        """What a probe says whose QEMU stood still before libvirt had its answers: another may have them already."""
        for _ in range(10):
            probe, pids = self.caught(env, argv)
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            said = probe.communicate(timeout=120)[1].decode()
            if probe.returncode != 0:
                return probe.returncode, said
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
        raise harness.Failed("no probe's machine was stopped in time")

    def test_hanging_probe_comes_to_an_end(self):
        """A QEMU that does not answer libvirt: that is told after a while, and it does not stay."""
        with session() as (env, drive):
            drive("host", "-")
            code, said = self.hung(env, drive.argv("probe", "-", "2"))
            self.assertIn("libvirt has not started it within 2 s", said)
            self.assertEqual(code, 5)
            harness.wait_for(lambda: not env.qemu_pids(), 30, "the end of the test machine")

    def test_killed_probe_leaves_nothing(self):
        with session() as (env, drive):
            drive("host", "-")
            probe, _ = self.caught(env, drive.argv("probe", "-"))
            probe.kill()
            probe.communicate()
            harness.wait_for(lambda: not env.qemu_pids(), 30, "the end of the test machine")
            harness.wait_for(lambda: not env.virsh("list", "--all", "--name").out.strip(), 30, "an empty list")


if __name__ == "__main__":
    harness.main()
