#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""Where output goes: standard streams that are closed, and pictures for devices and pipes. With libvirt's test driver,
whose machines have a picture of their own."""

import json
import os
import pathlib
import stat
import struct
import subprocess
import tempfile
import threading
import unittest

import harness

PNG = b"\x89PNG\r\n\x1a\n"
NODE = """<node><domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><name>on</name>
<metadata><macvm:machine xmlns:macvm='https://macvm.org/xmlns/domain/1' version='1'/></metadata>
<memory unit='GiB'>1</memory><vcpu>1</vcpu><os><type>hvm</type></os>
<devices><video><model type='vga'/></video></devices><test:runstate>1</test:runstate></domain></node>"""


class Streams(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        (self.dir / "node.xml").write_text(NODE)
        self.env = {"PATH": harness.PATH, "HOME": folder.name, "XDG_RUNTIME_DIR": folder.name, "LANG": "C.UTF-8",
                    "TERM": "dumb", "LIBVIRT_DEFAULT_URI": f"test://{self.dir}/node.xml"}
        self.env |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}

    def run_macvm(self, *args, closed="", **how):
        """closed: redirections of a shell, which are what closes a descriptor for a program."""
        how.setdefault("stdout", subprocess.PIPE)
        return subprocess.run(["sh", "-c", f'exec "$0" "$@" {closed}', harness.program(), *args], stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, env=self.env, cwd=self.dir, timeout=60, **how)

    def test_closed(self):
        """No file and no connection gets the number of a stream that is closed, and nothing is written into one."""
        for closed in ("<&-", "2>&-", "<&- 2>&-"):
            done = self.run_macvm("list", closed=closed)
            self.assertEqual(0, done.returncode, closed)
            self.assertIn(b"on", done.stdout)
        for closed in (">&-", "<&- >&-"):
            done = self.run_macvm("list", closed=closed)
            self.assertEqual(1, done.returncode, closed)
            self.assertEqual(b"macvm: cannot write to standard output: Bad file descriptor\n", done.stderr)
        self.assertEqual(1, self.run_macvm("list", closed="<&- >&- 2>&-").returncode)
        before = sorted(os.listdir(self.dir))
        done = self.run_macvm("screenshot", "on", "x.png", closed="<&- >&- 2>&-")
        self.assertEqual(0, done.returncode)
        self.assertEqual(PNG, (self.dir / "x.png").read_bytes()[:8])
        self.assertEqual(sorted([*before, "x.png"]), sorted(os.listdir(self.dir)))

    def test_picture(self):
        whole = self.run_macvm("screenshot", "on", "-").stdout
        self.assertEqual(PNG, whole[:8])
        self.assertEqual(whole, self.run_macvm("screenshot", "on", "/dev/stdout").stdout)
        self.assertEqual(0, self.run_macvm("screenshot", "on", "/dev/null").returncode)
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))

    def test_json(self):
        """One document on stdout, or one on stderr: nothing else is there when something fails."""
        done = self.run_macvm("--json", "screenshot", "on", "x.png")
        told = json.loads(done.stdout)
        width, height = struct.unpack(">II", (self.dir / "x.png").read_bytes()[16:24])
        self.assertEqual({"name": "on", "file": "x.png", "width": width, "height": height}, told)
        self.assertEqual(2, self.run_macvm("--json", "screenshot", "on", "-").returncode)
        done = self.run_macvm("--json", "define", "new")
        self.assertEqual((b"", "host"), (done.stdout, json.loads(done.stderr)["error"]["code"]))

    def test_fifo(self):
        whole, got = self.run_macvm("screenshot", "on", "-").stdout, []
        fifo = self.dir / "fifo"
        os.mkfifo(fifo)
        reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()), daemon=True)
        reader.start()
        self.assertEqual(0, self.run_macvm("screenshot", "on", "fifo").returncode)
        reader.join(30)
        self.assertEqual([whole], got)
        self.assertTrue(stat.S_ISFIFO(os.stat(fifo).st_mode))

    def test_full(self):
        if not os.path.exists("/dev/full"):
            harness.skip("no /dev/full")
        done = self.run_macvm("screenshot", "on", "/dev/full")
        self.assertEqual((1, b"macvm: cannot write '/dev/full': No space left on device\n"
                             b"hint: free space there, or choose another place\n"),
                         (done.returncode, done.stderr))
        with open("/dev/full", "wb") as full:
            done = self.run_macvm("list", stdout=full)
            self.assertEqual((1, b"macvm: cannot write to standard output: No space left on device\n"),
                             (done.returncode, done.stderr))


if __name__ == "__main__":
    harness.main()
