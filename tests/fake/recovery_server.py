#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recovery server on loopback that speaks Apple's protocol, and misbehaves as it is told.

    recovery_server.py DMG CHUNKLIST [--port N] [--fault NAME[=VALUE]]... [--log FILE]

Prints its address once it listens. Faults (RecoveryServer.faults, a dict; each request that is
hit is logged with the name):
    cut=N            close the connection after N bytes of each answer with image data
    cut-once=N       the same, for the first such answer
    stall=N          stand still for ever after N bytes, for the first such answer
    slow=N           send image data at N bytes a second, each connection
    no-ranges        answer 200 with the whole file to a range
    forbidden-once   403 to the first request for image data
    forbidden        403 to every one
    forbidden-ask    403 to the request that asks what to fetch
    gone             416 to every request for image data
    busy=N           503 with Retry-After: N to the first request for image data
    total            a Content-Range with the size of another file
    shift            a range that begins a byte later than asked for
    long             a byte more than asked for
    flip=OFFSET      the byte at OFFSET of the image is another, always
    flip-once=OFFSET the same, the first time that it is sent
    html             a page instead of image data, with status 200
    html-answer      a page instead of the answer that tells what to fetch
    no-key=KEY       an answer without KEY
    bad-host         an answer that points to another host
    no-session       no cookie
    flip-list=OFFSET the byte at OFFSET of the chunklist is another
    long-answer      an answer without end
    empty-answer     an answer of no bytes
    html-stream      a page instead of image data, with status 200 and of unknown length
    empty-list       a chunklist of no bytes
"""
import argparse
import http.server
import os
import re
import secrets
import sys
import threading
import time

PAGE = b"<html><body>Please log in to this network</body></html>"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):
        pass

    def note(self, text):
        self.server.note(f"{self.command} {self.path} {text}")

    def fault(self, name):
        return self.server.faults.get(name)

    def once(self, name):
        """The value of a fault that is for one request only: the first one gets it."""
        with self.server.lock:
            return self.server.faults.pop(name, None)

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.note(str(status))

    def cookie(self, name):
        match = re.search(rf"(?:^|; ){name}=([^;]*)", self.headers.get("Cookie", ""))
        return match and match.group(1)

    def do_GET(self):
        try:
            if self.path == "/":
                self.session()
            elif self.path.endswith(".chunklist"):
                self.chunklist()
            elif self.path.endswith(".dmg"):
                self.image()
            else:
                self.reply(404)
        except (BrokenPipeError, ConnectionResetError):
            self.note("client went away")
            self.close_connection = True

    def session(self):
        if "InternetRecovery" not in self.headers.get("User-Agent", ""):
            return self.reply(403)
        if self.fault("no-session"):
            return self.reply(200, PAGE)
        value = secrets.token_hex(8)
        self.server.sessions.add(value)
        return self.reply(200, b"", Set_Cookie=f"session={value}; path=/")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        fields = dict(line.split("=", 1) for line in body.split("\n"))
        wanted = {"cid": "[0-9A-F]{16}", "sn": "[0-9A-Z]{17}", "bid": "Mac-[0-9A-F]{16}",
                  "k": "[0-9A-F]{64}", "fg": "[0-9A-F]{64}", "os": "default|latest"}
        good = (list(fields) == list(wanted) and self.path.endswith("/RecoveryImage") and
                self.headers.get("Content-Type") == "text/plain" and
                all(re.fullmatch(wanted[key], fields[key]) for key in wanted))
        if not good or self.cookie("session") not in self.server.sessions:
            return self.reply(400)
        if self.fault("forbidden-ask"):
            return self.reply(403, PAGE)
        if self.fault("html-answer"):
            return self.reply(200, PAGE)
        if self.fault("empty-answer"):
            return self.reply(200)
        if self.fault("long-answer"):
            return self.reply(200, b"AP: x\n" * 20000)
        return self.reply(200, self.answer(), Content_Type="text/plain")

    def answer(self):
        host = "127.0.0.2" if self.fault("bad-host") else "127.0.0.1"
        base = f"{self.server.scheme}://{host}:{self.server.server_port}/content/RecoveryImage/BaseSystem"
        values = {"AP": "041-99999", "AU": f"{base}.dmg", "AH": "0" * 64, "AT": self.token(),
                  "CU": f"{base}.chunklist", "CH": "0" * 64, "CT": self.token()}
        values.pop(self.fault("no-key"), None)
        return "".join(f"{key}: {value}\n" for key, value in values.items()).encode()

    def token(self):
        value = f"expires=9999999999~access=/content/*~md5={secrets.token_hex(16)}"
        with self.server.lock:
            self.server.tokens.add(value)
        return value

    def chunklist(self):
        if self.cookie("AssetToken") not in self.server.tokens:
            return self.reply(403, PAGE)
        data = bytearray(b"" if self.fault("empty-list") else self.server.chunklist)
        if self.fault("flip-list") is not None:
            data[int(self.fault("flip-list"))] ^= 1
        return self.reply(200, bytes(data))

    def image(self):
        if self.cookie("AssetToken") not in self.server.tokens:
            return self.reply(403, PAGE)
        if self.fault("forbidden") or self.once("forbidden-once"):
            with self.server.lock:
                self.server.tokens.clear()
            return self.reply(403, PAGE)
        if self.fault("gone"):
            return self.reply(416, PAGE)
        busy = self.once("busy")
        if busy is not None:
            return self.reply(503, PAGE, Retry_After=busy)
        if self.fault("html"):
            return self.reply(200, PAGE, Content_Type="text/html")
        if self.fault("html-stream"):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(PAGE)
            self.close_connection = True
            return self.note("page")
        return self.data()

    def data(self):
        size = self.server.size
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not match or self.fault("no-ranges"):
            self.send_response(200)
            self.send_header("Content-Length", str(size))
            self.end_headers()
            return self.send(0, size)
        first, last = int(match.group(1)), min(int(match.group(2)), size - 1)
        if self.fault("shift"):
            first += 1
        if self.fault("long"):
            last = min(last + 1, size - 1)
        total = size + 1 if self.fault("total") else size
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{last}/{total}")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        return self.send(first, last + 1)

    def limit(self):
        """How many bytes to send before the connection is cut or stands still, or None."""
        for name in ("cut-once", "stall"):
            value = self.once(name)
            if value is not None:
                return name, int(value)
        value = self.fault("cut")
        return ("cut", int(value)) if value is not None else (None, None)

    def send(self, first, end):
        name, limit = self.limit()
        slow = self.fault("slow")
        stop = end if limit is None else min(end, first + limit)
        plain = self.server.scheme == "http" and limit is None and not slow and not any(
            key in self.server.faults for key in ("flip", "flip-once"))
        if plain:
            self.wfile.flush()
            offset = first
            while offset < end:
                offset += os.sendfile(self.connection.fileno(), self.server.file, offset,
                                      end - offset)
        else:
            self.send_pieces(first, stop, slow)
        if name and stop < end:
            self.note(f"{name} {first}-{end - 1}")
            if name == "stall":
                self.server.stopped.wait()
            self.close_connection = True
            return
        self.note(f"data {first}-{end - 1}")

    def send_pieces(self, offset, stop, slow):
        while offset < stop:
            step = min(stop - offset, max(1, int(slow) // 20) if slow else 65536)
            data = bytearray(os.pread(self.server.file, step, offset))
            for name, get in (("flip", self.fault), ("flip-once", self.fault)):
                at = get(name)
                if at is not None and offset <= int(at) < offset + step:
                    data[int(at) - offset] ^= 1
                    if name == "flip-once":
                        self.once(name)
            self.wfile.write(data)
            offset += step
            if slow:
                time.sleep(0.05)


class RecoveryServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, dmg, chunklist, faults=None, port=0, log=None, tls=None):
        super().__init__(("127.0.0.1", port), Handler)
        self.scheme = "https" if tls else "http"
        if tls:  # an ssl.SSLContext
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.file = os.open(dmg, os.O_RDONLY)
        self.size = os.fstat(self.file).st_size
        with open(chunklist, "rb") as file:
            self.chunklist = file.read()
        self.faults = dict(faults or {})
        self.sessions, self.tokens, self.requests = set(), set(), []
        self.lock, self.stopped, self.log = threading.Lock(), threading.Event(), log

    def note(self, text):
        with self.lock:
            self.requests.append(text)
            if self.log:
                print(text, file=self.log, flush=True)

    def handle_error(self, request, address):
        self.note(f"lost {sys.exc_info()[1]}")

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.stopped.set()
        self.shutdown()
        self.thread.join()
        self.server_close()
        os.close(self.file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("dmg")
    parser.add_argument("chunklist")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--log", type=argparse.FileType("a"))
    args = parser.parse_args()
    faults = {name: value or True for name, _, value in (f.partition("=") for f in args.fault)}
    server = RecoveryServer(args.dmg, args.chunklist, faults, args.port, args.log)
    print(server.url, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
