#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""`macvm fetch --dmg`: every kind of disk image decoded, every kind of broken one refused, nothing left behind."""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests" / "fake"))
import media_fixture  # noqa: E402

MACVM = os.environ.get("MACVM", str(SOURCE / "build" / "dev" / "macvm"))


class Tangled(media_fixture.Dmg):
    """Raw runs that do not lie one after the other in the data fork; decoded is what they stand for, unused are
    places that no run refers to."""

    def __init__(self, **options):
        super().__init__(**options)
        self.fork, self.breaks = bytearray(), {"tables": Tangled.tangle}

    def content(self, size):
        data = super().content(size)
        self.fork += data
        return data

    def tangle(self):
        table = self.tables[0]
        runs = [run for run in table.runs if run.length]
        size = runs[0].length
        runs[1].offset = runs[2].offset  # the same payload: what was the second's is nobody's
        runs[5].offset += 1000  # a hole of 1000 bytes, and an overlap
        runs[9].offset, runs[12].offset = runs[12].offset, runs[9].offset
        runs[-1].offset = 0
        self.unused = [size, 2 * size - 1, 5 * size, 5 * size + 999, len(self.fork) - 1]
        table.crc, self.decoded = 0, bytearray()
        for run in table.runs:
            part = bytes(self.fork[run.offset:run.offset + run.length]) or bytes(run.sectors * 512)
            self.decoded += part
            if run.kind != media_fixture.TYPES["ignore"]:
                table.crc = media_fixture.zlib.crc32(part, table.crc)


class FetchLocal(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="macvm-fetch-"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.dmg, self.raw, self.out = (self.dir / name for name in ("a.dmg", "a.raw", "out.img"))

    def fetch(self, *args):
        return subprocess.run([MACVM, "fetch", "--output", self.out, "--dmg", self.dmg, *args],
                              capture_output=True, text=True, timeout=120)

    def assert_same(self):
        self.assertEqual(self.out.read_bytes(), self.raw.read_bytes())

    def assert_nothing_left(self, *also):
        self.assertEqual(sorted(os.listdir(self.dir)),
                         sorted(p.name for p in (self.dmg, self.raw, *also) if p.exists()))

    def make(self, **options):
        media_fixture.make(str(self.dmg), str(self.raw), **options)

    def assert_refused(self, done, *also):
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, r"^macvm: cannot (use|read) '")
        self.assert_nothing_left(*also)

    def test_methods(self):
        for methods in ("raw", "zlib", "bzip2", "lzma", "adc", "zlib,raw,bzip2,lzma,adc"):
            for options in ({}, {"bare": True}, {"data_offset": 12345}):
                with self.subTest(methods=methods, **options):
                    self.make(seed=7, size=3 << 20, methods=methods.split(","), run_sectors=300, **options)
                    done = self.fetch()
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assert_same()
                    self.assert_nothing_left(self.out)
                    self.out.unlink()

    def test_sparse(self):
        self.make(seed=1, size=32 << 20, methods=["zlib", "zero", "ignore"])
        self.assertEqual(self.fetch().returncode, 0)
        self.assert_same()
        self.assertLess(self.out.stat().st_blocks * 512, 24 << 20)

    def test_breaks(self):
        for name in media_fixture.BREAKS:
            for bare in (False, True):
                with self.subTest(name=name, bare=bare):
                    self.make(seed=3, size=1 << 18, run_sectors=64, bare=bare, broken=name)
                    self.assert_refused(self.fetch())

    def test_mutations(self):
        """Whatever is changed or cut off: refused, or the image came out as it should all the same."""
        self.make(seed=5, size=1 << 20, run_sectors=256, methods=["zlib", "raw", "zero", "bzip2", "lzma", "adc"])
        good, source = self.dmg.read_bytes(), random.Random(3)
        tables, refused = good.index(b"<?xml"), 0
        for number in range(120):
            data = bytearray(good)
            if number % 4 == 0:
                del data[source.choice((source.randrange(len(good)), len(good) - 1, len(good) - 512, tables, 512)):]
            else:  # the tables and the trailer more often than the data
                data[source.randrange(tables if number % 4 > 1 else 0, len(good))] ^= 1 << source.randrange(8)
            self.dmg.write_bytes(data)
            with self.subTest(number=number):
                done = self.fetch()
                if done.returncode == 0:
                    self.assert_same()
                    self.out.unlink()
                else:
                    self.assert_refused(done)
                    refused += 1
        self.assertGreater(refused, 60)

    def test_lzfse_is_named(self):
        self.make(methods=["lzfse"])
        done = self.fetch()
        self.assert_refused(done)
        self.assertIn("LZFSE", done.stderr)
        self.assertIn("hint: ", done.stderr)

    def test_encrypted_is_named(self):
        """Both versions, by the marks that hdiutil writes."""
        for data in (b"encrcdsa" + bytes(4096), bytes(4096) + b"cdsaencr"):
            self.dmg.write_bytes(data)
            done = self.fetch()
            self.assert_refused(done)
            self.assertIn("it is encrypted\nhint: decrypt it", done.stderr)

    def test_empty_runs(self):
        """Older hdiutil writes one of no sectors before the end mark."""
        for kind in ("zero", "ignore"):
            self.make(seed=3, size=2 << 20, methods=["zlib"], empty_run=kind)
            done = self.fetch()
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("Not verified: ", done.stdout)
            self.assert_same()
            self.out.unlink()

    def test_chunklist(self):
        key, public = media_fixture.make_key(str(self.dir))
        chunklist = self.dir / "a.chunklist"
        self.make(size=4 << 20)
        chunklist.write_bytes(media_fixture.chunklist(str(self.dmg), key, 1 << 18))
        extra = [pathlib.Path(key), pathlib.Path(public), chunklist]
        args = ("--chunklist", chunklist, "--trust-key", public)
        done = self.fetch(*args)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_same()
        self.out.unlink()
        # Another key is Apple's, which did not sign this.
        done = self.fetch("--chunklist", chunklist)
        self.assert_refused(done, *extra)
        self.assertIn("signature", done.stderr)
        # A byte that no checksum of the image itself covers.
        data = bytearray(self.dmg.read_bytes())
        data[-300] ^= 1
        self.dmg.write_bytes(data)
        self.assert_refused(self.fetch(*args), *extra)
        self.dmg.write_bytes(data + b"x")
        self.assert_refused(self.fetch(*args), *extra)

    def test_chunklist_covers_what_no_run_needs(self):
        """Bytes before the data fork: no checksum of the image covers them, the chunklist does."""
        key, public = media_fixture.make_key(str(self.dir))
        chunklist = self.dir / "a.chunklist"
        self.make(size=1 << 20, data_offset=1 << 20)
        chunklist.write_bytes(media_fixture.chunklist(str(self.dmg), key, 1 << 18))
        data = bytearray(self.dmg.read_bytes())
        data[5] ^= 1
        self.dmg.write_bytes(data)
        self.assertEqual(self.fetch().returncode, 0)
        self.assert_same()
        self.out.unlink()
        done = self.fetch("--chunklist", chunklist, "--trust-key", public)
        self.assert_refused(done, pathlib.Path(key), pathlib.Path(public), chunklist)
        self.assertIn("chunk 0 ", done.stderr)

    def test_data_fork(self):
        """Runs that share a payload, overlap another's, come out of order or leave bytes to no run: the checksum of
        the data fork covers each byte once all the same."""
        dmg = Tangled(seed=11, size=2 << 20, methods=["raw"], run_sectors=64, bare=True)
        with open(self.dmg, "wb") as file, open(self.raw, "wb") as raw:
            dmg.write(file, raw)
        self.raw.write_bytes(dmg.decoded)
        done = self.fetch()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_same()
        self.out.unlink()
        data = bytearray(self.dmg.read_bytes())
        for place in dmg.unused:
            with self.subTest(place=place):
                data[place] ^= 1
                self.dmg.write_bytes(data)
                done = self.fetch()
                self.assert_refused(done)
                self.assertIn("the checksum of its data", done.stderr)
                data[place] ^= 1

    def test_output_exists(self):
        self.make()
        self.out.write_bytes(b"mine")
        done = self.fetch()
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertEqual(self.out.read_bytes(), b"mine")
        self.assert_nothing_left(self.out)

    def test_usage(self):
        for args, code in ((["--server", "http://x"], 2), (["--trust-key", "x"], 2), (["9"], 3),
                           (["--output", ""], 2), (["--output", "-"], 2), (["--chunklist", self.dir / "none"], 3)):
            with self.subTest(args=args):
                self.make()
                self.assertEqual(self.fetch(*args).returncode, code)
                self.assert_nothing_left()
        self.dmg.unlink()
        self.assertEqual(self.fetch().returncode, 3)
        os.mkdir(self.dmg)
        self.assertEqual(self.fetch().returncode, 1)

    def test_full_disk(self):
        """A file system that is full in the middle: the error says so, and nothing is left."""
        self.make(size=4 << 20, methods=["raw"])
        done = subprocess.run(["/bin/sh", "-c", 'ulimit -f 2048; trap "" XFSZ; exec "$0" "$@"', MACVM, "fetch",
                               "--output", self.out, "--dmg", self.dmg], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("cannot write", done.stderr)
        self.assert_nothing_left()

    def test_list(self):
        text = subprocess.run([MACVM, "fetch", "--list"], capture_output=True, text=True, check=True).stdout
        self.assertRegex(text, r"(?m)^14 +sonoma +macOS Sonoma \(default\)$")
        versions = json.loads(subprocess.run([MACVM, "--json", "fetch", "--list"], capture_output=True, text=True,
                                             check=True).stdout)["versions"]
        self.assertEqual([v["id"] for v in versions if v["default"]], ["14"])
        self.assertEqual(len(versions), 9)

    def test_against_other_readers(self):
        """The same image through dmg2img and qemu-img, where they can read it."""
        for methods, programs in (("zlib,raw", ("dmg2img", "qemu-img")), ("bzip2,adc", ("dmg2img",))):
            self.make(size=8 << 20, methods=methods.split(","))
            self.assertEqual(self.fetch().returncode, 0)
            for program in programs:
                if shutil.which(program) is None:
                    continue
                other = self.dir / "other.img"
                args = {"dmg2img": ["dmg2img", "-s", self.dmg, other],
                        "qemu-img": ["qemu-img", "convert", "-f", "dmg", "-O", "raw", self.dmg, other]}[program]
                subprocess.run(args, check=True, capture_output=True)
                self.assertEqual(other.read_bytes(), self.out.read_bytes(), program)
                other.unlink()
            self.out.unlink()


if __name__ == "__main__":
    unittest.main()
