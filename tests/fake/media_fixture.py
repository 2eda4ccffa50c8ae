#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes UDIF disk images and signed chunklists to order, whole or broken in a named way.

The same seed and options give the same bytes. As a program:

    media_fixture.py OUT.dmg [--raw OUT.img] [--size MIB] [--seed N] [--methods zlib,raw,...]
        [--run-sectors N] [--bare] [--data-offset BYTES] [--source FOLDER] [--break NAME]
        [--chunklist OUT.chunklist --key KEY.pem [--chunk BYTES]]
    media_fixture.py --list-breaks
"""
import argparse
import base64
import bz2
import hashlib
import lzma
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

SECTOR = 512
TYPES = {
    "zero": 0, "raw": 1, "ignore": 2, "adc": 0x80000004, "zlib": 0x80000005,
    "bzip2": 0x80000006, "lzfse": 0x80000007, "lzma": 0x80000008,
}
COMMENT, END = 0x7FFFFFFE, 0xFFFFFFFF
MASK = 2**64 - 1


def adc(data):
    """Apple Data Compression: runs of one byte as overlapping copies, the rest as literals."""
    out, pos, literal, seen = bytearray(), 0, bytearray(), {}

    def flush():
        for i in range(0, len(literal), 128):
            part = literal[i:i + 128]
            out.append(0x80 | (len(part) - 1))
            out.extend(part)
        literal.clear()

    while pos < len(data):
        same = 1
        while same < 68 and pos + same < len(data) and data[pos + same] == data[pos]:
            same += 1
        back = seen.get(data[pos:pos + 8], -1)
        seen[data[pos:pos + 8]] = pos
        if same >= 5:
            literal.append(data[pos])
            flush()
            count = same - 1
            if count <= 18:
                out.extend((((count - 3) << 2), 0))
            else:
                out.extend((0x40 | (count - 4), 0, 0))
            pos += same
        elif back >= 0 and pos - back <= 65536 and pos + 8 <= len(data):
            flush()
            distance = pos - back - 1
            out.extend((0x40 | 4, distance >> 8, distance & 255))
            pos += 8
        else:
            literal.append(data[pos])
            pos += 1
    flush()
    return bytes(out)


def lzfse_stored(data):
    """One uncompressed LZFSE block: enough to be refused by name."""
    return b"bvx-" + struct.pack("<I", len(data)) + data + b"bvx$"


ENCODERS = {
    "raw": bytes,
    "adc": adc,
    "zlib": lambda data: zlib.compress(data, 6),
    "bzip2": bz2.compress,
    "lzma": lambda data: lzma.compress(data, preset=1),
    "lzfse": lzfse_stored,
}


class Run:
    def __init__(self, kind, sector, sectors, offset=0, length=0):
        self.kind, self.sector, self.sectors = kind, sector, sectors
        self.offset, self.length = offset, length

    def pack(self):
        return struct.pack(">IIQQQQ", self.kind, 0, self.sector, self.sectors, self.offset,
                           self.length)


class Table:
    def __init__(self, name, sector):
        self.name, self.sector, self.sectors = name, sector, 0
        self.runs, self.crc = [], 0
        self.version, self.data_offset, self.crc_type = 1, 0, 2
        self.magic, self.run_count = b"mish", None

    def pack(self):
        count = len(self.runs) if self.run_count is None else self.run_count
        head = self.magic + struct.pack(">IQQQII24x", self.version, self.sector & MASK, self.sectors,
                                        self.data_offset, 0x808, 0)
        head += checksum(self.crc, self.crc_type) + struct.pack(">I", count & 0xFFFFFFFF)
        return head + b"".join(run.pack() for run in self.runs)


def checksum(crc, kind=2):
    return struct.pack(">III", kind, 32, crc) + bytes(124)


class Dmg:
    """An image in the making; breaks change its parts at the moment that their stage names."""

    def __init__(self, seed=1, size=1 << 20, methods=("zlib",), run_sectors=512, bare=False, empty_run=None,
                 data_offset=0, source=None, broken=None):
        self.random = random.Random(seed)
        self.sectors = size // SECTOR
        self.methods, self.run_sectors, self.bare = methods, run_sectors, bare
        self.empty_run = empty_run
        self.data_offset, self.source = data_offset, source
        self.breaks = BREAKS[broken] if broken else {}
        self.tables, self.koly, self.data_crc, self.length = [], {}, 0, 0

    def at(self, stage, *args):
        if stage in self.breaks:
            return self.breaks[stage](self, *args)
        return args[-1] if args else None

    def content(self, size):
        """Half compressible, as programs are; with stretches of zeros inside."""
        if self.source:
            data = self.source.read(size)
            if len(data) == size:
                return data
        out = bytearray()
        while len(out) < size:
            pick = self.random.random()
            if pick < 0.55:
                word = self.random.randbytes(self.random.randrange(4, 24))
                out += word * self.random.randrange(4, 200)
            elif pick < 0.93:
                out += self.random.randbytes(self.random.randrange(200, 3000))
            else:
                out += bytes(self.random.randrange(100, 20000))
        return bytes(out[:size])

    def add_run(self, table, kind, sectors, dmg, raw):
        size = sectors * SECTOR
        run = Run(TYPES[kind], table.sectors, sectors)
        plain = bytes(size)
        if kind not in ("zero", "ignore"):
            plain = self.content(size)
            payload = self.at("payload", ENCODERS[kind](plain))
            run.offset, run.length = self.length, len(payload)
            dmg.write(payload)
            self.data_crc = zlib.crc32(payload, self.data_crc)
            self.length += len(payload)
        if kind != "ignore":
            table.crc = zlib.crc32(plain, table.crc)
        if raw:
            raw.seek((table.sector + table.sectors) * SECTOR)
            if kind in ("zero", "ignore"):
                raw.truncate((table.sector + table.sectors + sectors) * SECTOR)
            else:
                raw.write(plain)
        table.runs.append(run)
        table.sectors += sectors

    def layout(self):
        """(name, sectors, single method or None) of each table, as a GPT disk of one partition."""
        if self.bare or self.sectors < 128:
            return [("whole disk", self.sectors, None)]
        return [("Protective Master Boot Record", 1, "zlib"), ("GPT Header", 1, "zlib"),
                ("GPT Partition Data", 32, "zlib"), ("Apple_Free", 6, "ignore"),
                ("disk image (Apple_HFS)", self.sectors - 40 - 33, None), ("Apple_Free", 0, None),
                ("GPT Partition Data", 32, "zlib"), ("GPT Header", 1, "zlib")]

    def fill(self, table, sectors, method, dmg, raw):
        table.runs.append(Run(COMMENT, 0, 0))
        while table.sectors < sectors:
            count = min(self.run_sectors, sectors - table.sectors)
            pick = self.random.random()
            kind = method or ("zero" if pick < 0.03 else "ignore" if pick < 0.05 else
                              self.methods[len(table.runs) % len(self.methods)])
            self.add_run(table, kind, count, dmg, raw)
        if self.empty_run:
            table.runs.append(Run(TYPES[self.empty_run], table.sectors, 0))
        table.runs.append(Run(END, table.sectors, 0, self.length))

    def plist(self):
        entries = []
        for i, table in enumerate(self.tables):
            blob = self.at("mish", i, table.pack())
            text = base64.encodebytes(blob).decode()
            entries.append(f"<dict><key>Attributes</key><string>0x0050</string><key>CFName</key>"
                           f"<string>{table.name}</string><key>Data</key>\n<data>\n{text}</data>\n"
                           f"<key>ID</key><string>{i - 1}</string><key>Name</key>"
                           f"<string>{table.name}</string></dict>\n")
        return ('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC '
                '"-//Apple Computer//DTD PLIST 1.0//EN" '
                '"http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n<dict>\n'
                '<key>resource-fork</key>\n<dict>\n<key>blkx</key>\n<array>\n' + "".join(entries) +
                '</array>\n<key>plst</key>\n<array><dict><key>Data</key><data>AAAA</data></dict>'
                '</array>\n</dict>\n</dict>\n</plist>\n').encode()

    def trailer(self, plist_len):
        master = zlib.crc32(b"".join(struct.pack(">I", t.crc) for t in self.tables))
        fields = dict(magic=b"koly", version=4, size=512, flags=1, data_offset=self.data_offset,
                      data_length=self.length, segment=1, segments=1, data_crc=self.data_crc,
                      data_type=2, plist_offset=self.data_offset + self.length,
                      plist_length=plist_len, master=master, master_type=2, variant=1,
                      sectors=self.sectors)
        self.at("koly", fields)
        k = fields
        return (k["magic"] + struct.pack(">III", k["version"], k["size"], k["flags"]) +
                struct.pack(">QQQQQ", 0, k["data_offset"], k["data_length"], 0, 0) +
                struct.pack(">II16x", k["segment"], k["segments"]) +
                checksum(k["data_crc"], k["data_type"]) +
                struct.pack(">QQ120x", k["plist_offset"], k["plist_length"]) +
                checksum(k["master"], k["master_type"]) +
                struct.pack(">IQ12x", k["variant"], k["sectors"]))

    def write(self, dmg, raw=None):
        """Writes the image to the file dmg, and what it decodes to to the file raw."""
        dmg.write(self.random.randbytes(self.data_offset))
        sector = 0
        for name, sectors, method in self.layout():
            table = Table(name, sector)
            self.fill(table, sectors, method, dmg, raw)
            sector += sectors
            self.tables.append(table)
        self.at("tables")
        plist = self.at("plist", self.plist())
        dmg.write(plist)
        dmg.write(self.trailer(len(plist)))
        if raw:
            raw.truncate(self.sectors * SECTOR)
        self.at("file", dmg)


def big(dmg):
    """The table with the most runs, for breaks that need some."""
    return max(dmg.tables, key=lambda table: len(table.runs))


def run_break(change):
    """A break that changes one run in the middle of the big table."""
    def tables(dmg):
        runs = [r for r in big(dmg).runs if r.kind not in (COMMENT, END, 0, 2)]
        change(dmg, runs[len(runs) // 2])
    return {"tables": tables}


def table_break(change):
    return {"tables": lambda dmg: change(dmg, big(dmg))}


def koly_break(**values):
    def koly(dmg, fields):
        for key, value in values.items():
            fields[key] = value(fields[key]) if callable(value) else value
    return {"koly": koly}


def payload_break(change):
    """Changes the first payload, before checksums are made: only decoding can find it."""
    return {"payload": lambda dmg, data: change(data) if dmg.length == 0 else data}


def mish_break(change):
    return {"mish": lambda dmg, i, blob: change(blob) if i == dmg.tables.index(big(dmg)) else blob}


def plist_break(change):
    return {"plist": lambda dmg, text: change(text)}


def swap_runs(dmg, table):
    first = next(i for i, r in enumerate(table.runs) if r.kind not in (COMMENT, END))
    table.runs[first], table.runs[first + 1] = table.runs[first + 1], table.runs[first]


def overlap_tables(dmg):
    big(dmg).sector -= 1


def flip(dmg, file):
    file.seek(dmg.data_offset + dmg.length // 2)
    byte = file.read(1)[0]
    file.seek(-1, os.SEEK_CUR)
    file.write(bytes((byte ^ 1,)))


def cut(count):
    def change(dmg, file):
        file.seek(0, os.SEEK_END)
        file.truncate(file.tell() - count)
    return {"file": change}


def set_run(**values):
    def change(dmg, run):
        for key, value in values.items():
            setattr(run, key, value(getattr(run, key)) if callable(value) else value)
    return run_break(change)


def set_table(**values):
    def change(dmg, table):
        for key, value in values.items():
            setattr(table, key, value(getattr(table, key)) if callable(value) else value)
    return table_break(change)


def drop_end(dmg, table):
    table.runs.pop()


def early_end(dmg, table):
    table.runs.insert(len(table.runs) // 2, Run(END, 0, 0))


ENTITY = (b'<!DOCTYPE plist [<!ENTITY x SYSTEM "file:///etc/passwd">]>')

# Each of these has to be refused; with "koly" and the like the name of the part that is wrong.
BREAKS = {
    "koly-magic": koly_break(magic=b"kolx"),
    "koly-version": koly_break(version=5),
    "koly-size": koly_break(size=511),
    "koly-segments": koly_break(segments=2),
    "koly-data-beyond": koly_break(data_length=lambda n: n + (1 << 20)),
    "koly-data-wraps": koly_break(data_offset=2**64 - 512),
    "koly-data-short": koly_break(data_length=lambda n: n // 2),
    "koly-plist-beyond": koly_break(plist_offset=lambda n: n + 4096),
    "koly-plist-wraps": koly_break(plist_length=2**64 - 1),
    "koly-plist-empty": koly_break(plist_length=0),
    "koly-plist-huge": koly_break(plist_length=(16 << 20) + 1),
    "koly-sectors-zero": koly_break(sectors=0),
    "koly-sectors-small": koly_break(sectors=lambda n: n - 8),
    "koly-sectors-large": koly_break(sectors=lambda n: n + 8),
    "koly-sectors-bomb": koly_break(sectors=1 << 50),
    "koly-master-crc": koly_break(master=lambda n: n ^ 1),
    "koly-crc-kind": koly_break(data_type=8),
    "koly-data-crc": koly_break(data_crc=lambda n: n ^ 1),
    "cut-trailer": cut(1),
    "cut-file": cut(4096),
    "plist-garbage": plist_break(lambda text: b"x" * len(text)),
    "plist-unclosed": plist_break(lambda text: text[:-10]),
    "plist-entity": plist_break(lambda text: text.replace(text[39:text.index(b"<plist")], ENTITY)),
    "plist-no-blkx": plist_break(lambda text: text.replace(b"blkx", b"blky")),
    "plist-bad-base64": plist_break(lambda text: text.replace(b"<data>\n", b"<data>\n*", 1)),
    "plist-array": plist_break(lambda text: text.replace(b"<dict>", b"<list>", 1)),
    "mish-magic": set_table(magic=b"mash"),
    "mish-version": set_table(version=2),
    "mish-short": mish_break(lambda blob: blob[:100]),
    "mish-cut": mish_break(lambda blob: blob[:-1]),
    "mish-trailing": mish_break(lambda blob: blob + b"\0"),
    "mish-count-wraps": set_table(run_count=0x66666668),
    "mish-count-zero": set_table(run_count=0),
    "mish-beyond": set_table(sectors=lambda n: n + 4096),
    "mish-sector-wraps": set_table(sector=2**64 - 8),
    "mish-overlap": {"tables": overlap_tables},
    "mish-data-offset": set_table(data_offset=1 << 40),
    "mish-crc": set_table(crc=lambda n: n ^ 0x80000000),
    "mish-crc-kind": set_table(crc_type=5),
    "mish-no-end": table_break(drop_end),
    "mish-early-end": table_break(early_end),
    "run-unknown-type": set_run(kind=0x80000009),
    "run-lzfse": set_run(kind=0x80000007),
    "run-gap": set_run(sector=lambda n: n + 1),
    "run-swapped": table_break(swap_runs),
    "run-sectors-zero": set_run(sectors=0),
    "run-sectors-long": set_run(sectors=1 << 55),
    "run-sectors-wraps": set_run(sectors=2**64 - 1),
    "run-offset-beyond": set_run(offset=lambda n: n + (1 << 40)),
    "run-offset-wraps": set_run(offset=2**64 - 16),
    "run-length-zero": set_run(length=0),
    "run-length-short": set_run(length=lambda n: n - 1),
    "run-length-long": set_run(length=lambda n: n + 1),
    "run-length-huge": set_run(length=1 << 62),
    "run-raw-short": set_run(kind=1),
    "payload-flip": payload_break(lambda data: data[:-5] + bytes((data[-5] ^ 1,)) + data[-4:]),
    "payload-cut": payload_break(lambda data: data[:-3]),
    "payload-trailing": payload_break(lambda data: data + b"\0"),
    "payload-short": payload_break(lambda data: zlib.compress(zlib.decompress(data)[:-1])),
    "payload-long": payload_break(lambda data: zlib.compress(zlib.decompress(data) + b"x")),
    "payload-other": payload_break(
        lambda data: zlib.compress(b"y" + zlib.decompress(data)[1:])),
    "payload-garbage": payload_break(lambda data: b"\xa5" * len(data)),
    "file-flip": {"file": flip},
}


def chunklist(path, key, chunk=10 << 20, method=1):
    """A chunklist for the file, signed by the private key (PEM file) with openssl."""
    records, count = bytearray(), 0
    with open(path, "rb") as file:
        while True:
            data = file.read(chunk)
            if not data:
                break
            records += struct.pack("<I", len(data)) + hashlib.sha256(data).digest()
            count += 1
    head = b"CNKL" + struct.pack("<IBBBBQQQ", 36, 1, 1, method, 0, count, 36, 36 + 36 * count)
    body = head + bytes(records)
    done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=body,
                          stdout=subprocess.PIPE, check=True)
    return body + done.stdout[::-1]


def make_key(folder):
    """An RSA-2048 key pair of the test's own: (private, public) PEM files."""
    private, public = os.path.join(folder, "key.pem"), os.path.join(folder, "pub.pem")
    subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt",
                    "rsa_keygen_bits:2048", "-out", private], check=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
    return private, public


def make(dmg_path, raw_path=None, **options):
    with open(dmg_path, "w+b") as dmg:
        if raw_path is None:
            Dmg(**options).write(dmg)
        else:
            with open(raw_path, "wb") as raw:
                Dmg(**options).write(dmg, raw)


class Signed:
    """For a unittest.TestCase: one image with its signed chunklist, made once for all tests of the class.

    options: those of make(); chunk: the chunks' size. The files are cls.dmg, raw and list, the keys cls.key and public.
    """
    options = {}
    chunk = 1 << 20

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.media = pathlib.Path(tempfile.mkdtemp(prefix="macvm-media-"))
        cls.addClassCleanup(shutil.rmtree, cls.media)
        cls.key, cls.public = make_key(str(cls.media))
        cls.dmg, cls.raw, cls.list = (cls.media / name for name in ("a.dmg", "a.raw", "a.chunklist"))
        make(str(cls.dmg), str(cls.raw), **cls.options)
        cls.list.write_bytes(chunklist(str(cls.dmg), cls.key, cls.chunk))


class FolderReader:
    """The files of a folder, one after the other, as one stream."""

    def __init__(self, folder):
        self.paths = (os.path.join(where, name) for where, dirs, names in sorted(os.walk(folder))
                      for name in sorted(names))
        self.file = None

    def read(self, size):
        out = b""
        while len(out) < size:
            if self.file is None:
                path = next(self.paths, None)
                if path is None:
                    return out
                if os.path.islink(path) or not os.path.isfile(path):
                    continue
                self.file = open(path, "rb")
            data = self.file.read(size - len(out))
            if not data:
                self.file.close()
                self.file = None
            out += data
        return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("dmg", nargs="?")
    parser.add_argument("--raw")
    parser.add_argument("--size", type=float, default=1, metavar="MIB")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--methods", default="zlib")
    parser.add_argument("--run-sectors", type=int, default=512)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--data-offset", type=int, default=0)
    parser.add_argument("--source")
    parser.add_argument("--break", dest="broken", choices=sorted(BREAKS))
    parser.add_argument("--chunklist")
    parser.add_argument("--key")
    parser.add_argument("--chunk", type=int, default=10 << 20)
    parser.add_argument("--list-breaks", action="store_true")
    args = parser.parse_args()
    if args.list_breaks:
        print("\n".join(BREAKS))
        return
    if not args.dmg or (args.chunklist and not args.key):
        parser.error("a file to write is needed, and a key for a chunklist")
    make(args.dmg, args.raw, seed=args.seed, size=int(args.size * (1 << 20)) // SECTOR * SECTOR,
         methods=args.methods.split(","), run_sectors=args.run_sectors, bare=args.bare,
         data_offset=args.data_offset, broken=args.broken,
         source=FolderReader(args.source) if args.source else None)
    if args.chunklist:
        with open(args.chunklist, "wb") as file:
            file.write(chunklist(args.dmg, args.key, args.chunk))


if __name__ == "__main__":
    sys.exit(main())
