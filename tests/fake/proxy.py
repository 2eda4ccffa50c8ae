# SPDX-License-Identifier: LGPL-2.1-or-later
"""An HTTP proxy on loopback for the tests: CONNECT and plain requests, with a password or without."""
import base64
import select
import socket
import socketserver
import threading
import urllib.parse


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        method, target, _ = self.rfile.readline().decode("latin-1").split(" ", 2)
        head = []
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            head.append(line)
        self.server.requests.append(f"{method} {target}")
        wanted = self.server.password and b"Proxy-Authorization: Basic " + base64.b64encode(self.server.password)
        if wanted and not any(line.strip() == wanted for line in head):
            self.wfile.write(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n"
                             b"Connection: close\r\n\r\n")
            return
        url = urllib.parse.urlsplit(f"//{target}" if method == "CONNECT" else target)
        with socket.create_connection((url.hostname, url.port)) as far:
            if method == "CONNECT":
                self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                kept = [line for line in head if not line.lower().startswith((b"proxy-", b"connection:"))]
                far.sendall(f"{method} {url.path} HTTP/1.1\r\nConnection: close\r\n".encode() + b"".join(kept) +
                            b"\r\n")
            self.relay(far)

    def relay(self, far):
        # What of the body came with the head is in the reader already.
        near = self.connection
        near.settimeout(0.05)
        try:
            far.sendall(self.rfile.read1())
        except TimeoutError:
            pass
        near.settimeout(None)
        while True:
            for ready in select.select([near, far], [], [])[0]:
                data = ready.recv(65536)
                if not data:
                    return
                (far if ready is near else near).sendall(data)


class Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, password=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.password, self.requests = password, []

    def handle_error(self, request, address):
        pass

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.shutdown()
        self.thread.join()
        self.server_close()
