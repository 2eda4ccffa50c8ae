#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: TIMEOUT 600
# ctest: PARALLEL
"""`macvm fetch` from a recovery server on loopback that misbehaves in every way known of the real ones."""
import contextlib
import os
import pathlib
import pty
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests" / "fake"))
import media_fixture  # noqa: E402
from proxy import Proxy  # noqa: E402
from recovery_server import RecoveryServer  # noqa: E402

MACVM = os.environ.get("MACVM", str(SOURCE / "build" / "dev" / "macvm"))
CHUNK = 1 << 18
# What says how to get to a server; a test says it itself.
PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
           "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"}


class FetchServer(media_fixture.Signed, unittest.TestCase):
    options = {"seed": 11, "size": 12 << 20, "run_sectors": 256}
    chunk = CHUNK

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.size = cls.dmg.stat().st_size
        assert cls.size > 12 * CHUNK

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="macvm-fetch-"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.out = self.dir / "out.img"

    def server(self, **faults):
        return RecoveryServer(self.dmg, self.list, {name.replace("_", "-"): value for name, value in faults.items()})

    def start(self, server, *args, trust=None, env=()):
        env = {key: value for key, value in os.environ.items() if key not in PROXIES} | dict(env)
        return subprocess.Popen([MACVM, "fetch", "--output", self.out, "--server", server.url, "--trust-key",
                                 trust or self.public, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, env=env)

    def fetch(self, server, *args, **options):
        process = self.start(server, *args, **options)
        try:
            process.out, process.err = process.communicate(timeout=240)
        finally:
            process.kill()
        return process

    def assert_done(self, process):
        self.assertEqual(process.returncode, 0, process.err)
        self.assertEqual(self.out.read_bytes(), self.raw.read_bytes())
        self.assertEqual(os.listdir(self.dir), [self.out.name])

    def assert_refused(self, process, text, left=()):
        self.assertEqual(process.returncode, 1, process.err)
        self.assertIn(text, process.err)
        self.assertEqual(os.listdir(self.dir), list(left))

    def ranges(self, server):
        """The ranges that were sent whole, in the order in which they ended."""
        found = (re.search(r"data (\d+)-(\d+)$", line) for line in server.requests)
        return [(int(m.group(1)), int(m.group(2))) for m in found if m]

    def test_plain(self):
        with self.server() as server:
            self.assert_done(self.fetch(server))
            ranges = self.ranges(server)
        # Every chunk exactly once, the last one first.
        self.assertEqual(sorted(ranges), [(at, min(at + CHUNK, self.size) - 1) for at in range(0, self.size, CHUNK)])
        self.assertEqual(ranges[0][1], self.size - 1)

    def test_survives(self):
        cases = [dict(cut_once=1000), dict(cut=100000), dict(no_ranges=True), dict(forbidden_once=True),
                 dict(busy="1"), dict(flip_once="5000"), dict(flip_once=str(CHUNK * 3 + 17)),
                 dict(no_ranges=True, cut_once=3 * CHUNK + 5),
                 dict(no_ranges=True, flip_once=str(CHUNK * 2 + 1))]
        for faults in cases:
            with self.subTest(**faults), self.server(**faults) as server:
                self.assert_done(self.fetch(server))
                self.out.unlink()

    def test_waits_as_long_as_asked(self):
        with self.server(busy="3") as server:
            begin = time.monotonic()
            self.assert_done(self.fetch(server))
            self.assertGreaterEqual(time.monotonic() - begin, 3)

    def test_long_wait_is_told(self):
        with self.server(busy="6", no_ranges=True) as server:
            done = self.fetch(server)
            self.assertEqual(done.err.count("waiting 6 s, as it asks"), 1, done.err)
            self.assertEqual(done.err.count("using one connection"), 1, done.err)
            self.assert_done(done)

    def test_bar_of_a_terminal(self):
        """The bar's last state is the truth, and what is told afterwards has a line of its own."""
        with self.server(slow="900000", busy="2") as server:
            master, slave = pty.openpty()
            env = {key: value for key, value in os.environ.items() if key not in PROXIES} | {"TERM": "xterm"}
            process = subprocess.Popen([MACVM, "fetch", "--output", self.out, "--server", server.url, "--trust-key",
                                        self.public], stdout=slave, stderr=slave, env=env)
            os.close(slave)
            text = b""
            with contextlib.suppress(OSError):  # that is how a terminal ends
                while piece := os.read(master, 4096):
                    text += piece
            os.close(master)
            self.assertEqual(process.wait(60), 0, text)
        states = text.decode().replace("\r\n", "\n").split("\r\033[K")
        self.assertNotIn("left", states[1])  # nothing has come
        self.assertTrue(any(re.search(r"fetching: +[1-9]\d? %.*[KM]iB/s  0:0\d left$", state) for state in states), states)
        self.assertRegex(states[-1], r"^fetching: 100 %[^\n]*/s\nRecovery media of macOS Sonoma is ready: ")

    def test_stalled_connection_is_dropped(self):
        with self.server(stall=1000) as server:
            self.assert_done(self.fetch(server))
            # What had come of that chunk was not asked for again.
            starts = [first for first, _ in self.ranges(server)]
            self.assertTrue(any(first % CHUNK == 1000 for first in starts), starts)

    def test_new_session_after_forbidden(self):
        with self.server(forbidden_once=True) as server:
            self.assert_done(self.fetch(server))
            self.assertEqual(sum("POST" in line for line in server.requests), 2)

    def test_refuses(self):
        cases = [
            (dict(forbidden=True), "403"), (dict(gone=True), "416"), (dict(total=True), "another size"),
            (dict(shift=True), "other ranges"), (dict(long=True), "another size"),
            (dict(flip=str(self.size - 100)), "does not match the chunklist"),
            (dict(flip="5000"), "does not match the chunklist"), (dict(html=True), "a page instead of data"),
            (dict(html_answer=True), "not one of a recovery server"), (dict(no_key="AU"), "not one of a recovery server"),
            (dict(bad_host=True), "not the server's own"), (dict(no_session=True), "no session"),
            (dict(forbidden_ask=True), "403"), (dict(flip_list="100"), "signature does not match"),
            (dict(flip_list="12"), "chunk"), (dict(long_answer=True), "too long"),
            (dict(no_ranges=True, flip="5000"), "does not match the chunklist"),
            (dict(empty_answer=True), "not one of a recovery server"), (dict(empty_list=True), "not a chunklist"),
            (dict(html_stream=True), "sends a page"), (dict(busy="3600"), "come back in 60 minutes"),
            (dict(busy="9223372036854775807"), "to come back in"),
        ]
        for faults, text in cases:
            with self.subTest(**faults), self.server(**faults) as server:
                refused = self.fetch(server)
                self.assert_refused(refused, text)
                self.assertIn("hint: ", refused.err)

    def test_wrong_key(self):
        other = self.dir / "other"
        other.mkdir()
        _, public = media_fixture.make_key(str(other))
        with self.server() as server:
            self.assert_refused(self.fetch(server, trust=public), "signature does not match", ["other"])

    def wait_for_part(self, process, least):
        """Until the program has noted that it came some way."""
        deadline = time.monotonic() + 120
        state = self.dir / "out.img.part.state"
        while time.monotonic() < deadline and process.poll() is None:
            try:
                run = int(re.search(r"run=(\d+)", state.read_text()).group(1))
            except (FileNotFoundError, AttributeError):
                run = 0
            if run >= least:
                return True
            time.sleep(0.02)
        return False

    def test_killed_and_resumed(self):
        """kill -9 at random points; each time the next run goes on, and at the end all is right."""
        chance = random.Random(5)
        for number in range(4):
            with self.subTest(number=number), self.server(slow="700000") as server:
                process = self.start(server)
                if number == 0:
                    time.sleep(chance.uniform(0, 0.3))  # hardly begun
                else:
                    self.assertTrue(self.wait_for_part(process, chance.randrange(1, 12)))
                process.kill()
                process.communicate()
                self.assertFalse(self.out.exists())
                before = server.requests.copy()
                server.faults.clear()
                server.requests.clear()
                process = self.fetch(server)
                if number > 0:
                    self.assertIn("going on", process.err)
                    self.assertLess(len(self.ranges(server)), -(-self.size // CHUNK), before)
                self.assert_done(process)
                self.out.unlink()

    def test_interrupted_and_resumed(self):
        with self.server(slow="700000") as server:
            process = self.start(server)
            self.assertTrue(self.wait_for_part(process, 5))
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, 130)
            self.assertEqual(sorted(os.listdir(self.dir)), ["out.img.part", "out.img.part.state"])
            server.faults.clear()
            process = self.fetch(server)
            self.assertIn("going on", process.err)
            self.assert_done(process)

    def test_part_of_something_else(self):
        """A part and a state that do not belong together are not gone on with."""
        with self.server(slow="700000") as server:
            process = self.start(server)
            self.assertTrue(self.wait_for_part(process, 5))
            process.kill()
            process.communicate()
            part = self.dir / "out.img.part"
            part.rename(self.dir / "moved")
            part.write_bytes(b"\xff" * self.raw.stat().st_size)
            (self.dir / "moved").unlink()
            server.faults.clear()
            process = self.fetch(server)
            self.assertNotIn("going on", process.err)
            self.assert_done(process)

    def test_two_at_once(self):
        with self.server(slow="700000") as server:
            first = self.start(server)
            self.assertTrue(self.wait_for_part(first, 1))
            second = self.fetch(server)
            self.assertEqual(second.returncode, 4, second.err)
            server.faults.clear()
            _, err = first.communicate(timeout=120)
            self.assertEqual(first.returncode, 0, err)
        self.assertEqual(self.out.read_bytes(), self.raw.read_bytes())

    def test_offline(self):
        """What cannot be reached at all fails at once, and says what to look at."""
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            for host in (f"127.0.0.1:{closed.getsockname()[1]}", "name.that.does.not.exist.invalid"):
                with self.subTest(host=host):
                    begin = time.monotonic()
                    done = subprocess.run([MACVM, "fetch", "--output", self.out, "--server", f"http://{host}",
                                           "--trust-key", self.public], capture_output=True, text=True, timeout=120,
                                          env={key: value for key, value in os.environ.items() if key not in PROXIES})
                    self.assertEqual(done.returncode, 1, done.stderr)
                    self.assertIn("offline", done.stderr)
                    # Eight attempts would take 90 s.
                    self.assertLess(time.monotonic() - begin, 45)
                    self.assertEqual(os.listdir(self.dir), [])

    def secure(self, **faults):
        """A server with a certificate of an authority that nobody knows, and that authority's certificate."""
        name = self.dir / "tls"
        name.mkdir(exist_ok=True)
        openssl = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=macvm test",
                   "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", name / "key.pem", "-out", name / "ca.pem"]
        subprocess.run(openssl, check=True, capture_output=True)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(name / "ca.pem", name / "key.pem")
        return RecoveryServer(self.dmg, self.list, faults, tls=tls), name / "ca.pem"

    def assert_fetched(self, process):
        self.assertEqual(process.returncode, 0, process.err)
        self.assertEqual(self.out.read_bytes(), self.raw.read_bytes())
        self.out.unlink()

    def test_https(self):
        server, ca = self.secure()
        with server:
            for variable in ("SSL_CERT_FILE", "CURL_CA_BUNDLE"):
                with self.subTest(variable=variable):
                    self.assert_fetched(self.fetch(server, env={variable: str(ca)}))
            refused = self.fetch(server)
            self.assertEqual(refused.returncode, 1, refused.err)
            self.assertIn("certificate", refused.err)

    def test_proxy(self):
        password = b"somebody:hush-hush"
        server, ca = self.secure()
        with server, self.server() as plain, Proxy(password) as proxy:
            url = f"http://{password.decode()}@127.0.0.1:{proxy.server_address[1]}"
            self.assert_fetched(self.fetch(server, env={"https_proxy": url, "SSL_CERT_FILE": str(ca)}))
            self.assertTrue(proxy.requests and all("CONNECT" in line for line in proxy.requests), proxy.requests)
            proxy.requests.clear()
            self.assert_fetched(self.fetch(plain, "-v", env={"http_proxy": url}))
            self.assertTrue(any("POST http://" in line for line in proxy.requests), proxy.requests)
            proxy.requests.clear()
            self.assert_fetched(self.fetch(plain, env={"http_proxy": url, "no_proxy": "127.0.0.1"}))
            self.assertEqual(proxy.requests, [])
            # Whatever is wrong with the proxy, its password is not told.
            for wrong in (url.replace("somebody", "nobody"), url.rsplit(":", 1)[0] + ":1"):
                refused = self.fetch(plain, "-v", env={"http_proxy": wrong})
                self.assertEqual(refused.returncode, 1, refused.err)
                self.assertNotIn("hush", refused.err + refused.out)
            plain.faults["no-session"] = True
            done = subprocess.run([MACVM, "fetch", "--output", self.out, "--server", plain.url.replace("//", "//me:hush@")],
                                  capture_output=True, text=True, timeout=60)
            self.assertIn("//me@127.0.0.1", done.stderr)
            self.assertNotIn("hush", done.stderr + done.stdout)

    def test_server_that_is_none(self):
        for url in ("ftp://127.0.0.1", "127.0.0.1", "http://", "file:///etc/passwd"):
            with self.subTest(url=url):
                done = subprocess.run([MACVM, "fetch", "--output", self.out, "--server", url, "--trust-key",
                                       self.public], capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertEqual(os.listdir(self.dir), [])


if __name__ == "__main__":
    unittest.main()
