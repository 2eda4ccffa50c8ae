# SPDX-License-Identifier: LGPL-2.1-or-later
"""An owner of X11's clipboard with as many targets as a test wants (xclip has one), and a reader, in X11's own protocol.

Small contents only; the server is reached by its Unix socket, without authority.
"""

import os
import select
import socket
import struct
import threading

ATOM = 4


class Client:
    def __init__(self, display):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(f"/tmp/.X11-unix/X{display}")
        self.socket.sendall(struct.pack("<BxHHHHH", 0x6C, 11, 0, 0, 0, 0))
        head = self.read(8)
        setup = self.read(struct.unpack("<6xH", head)[0] * 4)
        self.base, vendor, formats = struct.unpack_from("<4xI8xH3xB", setup)[0:3]
        self.root = struct.unpack_from("<I", setup, 32 + (vendor + 3) // 4 * 4 + formats * 8)[0]
        self.events = []

    def read(self, length):
        data = b""
        while len(data) < length:
            piece = self.socket.recv(length - len(data))
            if not piece:
                raise EOFError("the X server closed the connection")
            data += piece
        return data

    def request(self, opcode, detail, body):
        self.socket.sendall(struct.pack("<BBH", opcode, detail, 1 + len(body) // 4) + body)

    def reply(self):
        while True:
            answer = self.read(32)
            if answer[0] == 1:
                return answer + self.read(struct.unpack_from("<I", answer, 4)[0] * 4)
            if answer[0] > 1:
                self.events.append(answer)

    def atom(self, name):
        self.request(16, 0, struct.pack("<H2x", len(name)) + name.encode() + bytes(-len(name) % 4))
        return struct.unpack_from("<I", self.reply(), 8)[0]

    def sync(self):
        self.request(43, 0, b"")  # GetInputFocus
        self.reply()

    def close(self):
        self.socket.close()


def clear(display):
    """SetSelectionOwner(CLIPBOARD, None), as an application that clears the clipboard does."""
    client = Client(display)
    client.request(22, 0, struct.pack("<III", 0, client.atom("CLIPBOARD"), 0))
    client.sync()
    client.close()


class Watch:
    """Sees the owner of the clipboard change, from its making on."""

    def __init__(self, display, timeout):
        self.client = client = Client(display)
        client.request(98, 0, struct.pack("<H2x", 6) + b"XFIXES\0\0")  # QueryExtension
        opcode, self.event = struct.unpack_from("<9xBB", client.reply())
        client.request(opcode, 0, struct.pack("<II", 5, 0))  # QueryVersion
        client.reply()
        client.request(opcode, 2, struct.pack("<III", client.root, client.atom("CLIPBOARD"), 1))  # SelectSelectionInput
        client.sync()
        client.socket.settimeout(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.client.close()

    def wait(self):
        """Until somebody takes or gives up the clipboard; TimeoutError when nobody does."""
        while self.client.read(32)[0] & 0x7F != self.event:
            pass


class Reader:
    """Pastes over one connection, without the start of a program for each."""

    def __init__(self, display):
        self.client = client = Client(display)
        self.window = client.base
        client.request(1, 0, struct.pack("<IIhhHHHHII", self.window, client.root, 0, 0, 1, 1, 0, 1, 0, 0))
        self.clipboard, self.property = client.atom("CLIPBOARD"), client.atom("PASTE")

    def owner(self):
        """The window that owns the clipboard; 0: none."""
        self.client.request(23, 0, struct.pack("<I", self.clipboard))
        return struct.unpack_from("<I", self.client.reply(), 8)[0]

    def paste(self, target):
        """None when the owner refuses."""
        atom = self.client.atom(target)
        self.client.request(24, 0, struct.pack("<IIIII", self.window, self.clipboard, atom, self.property, 0))
        while not any(event[0] & 0x7F == 31 for event in self.client.events):  # SelectionNotify
            event = self.client.read(32)
            if event[0] > 1:
                self.client.events.append(event)
        answered = struct.unpack_from("<20xI", self.client.events[-1])[0]
        self.client.events.clear()
        if answered == 0:
            return None
        self.client.request(20, 1, struct.pack("<IIIII", self.window, self.property, 0, 0, 1 << 20))
        answer = self.client.reply()
        unit, length = answer[1], struct.unpack_from("<I", answer, 16)[0]
        return answer[32:32 + length * unit // 8]

    def close(self):
        self.client.close()


class Owner:
    """Owns the clipboard with {target: bytes} until the end of the context; then it quits."""

    def __init__(self, display, targets):
        self.client = client = Client(display)
        self.window = client.base
        client.request(1, 0, struct.pack("<IIhhHHHHII", self.window, client.root, 0, 0, 1, 1, 0, 1, 0, 0))
        self.targets = {client.atom(name): data for name, data in targets.items()}
        self.list, self.clipboard = client.atom("TARGETS"), client.atom("CLIPBOARD")
        self.wake, self.stop = os.pipe()
        self.listed = threading.Event()  # somebody got the list of targets
        self.own()
        client.sync()
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        os.close(self.stop)
        self.thread.join()
        os.close(self.wake)
        self.client.close()

    def own(self):
        self.client.request(22, 0, struct.pack("<III", self.window, self.clipboard, 0))

    def copy(self, data):
        """Takes the clipboard again, with other bytes for every target."""
        self.targets = dict.fromkeys(self.targets, data)
        self.own()

    def answer(self, event):
        time, _, requestor, selection, target, prop = struct.unpack_from("<4xIIIIII", event)[0:6]
        data = self.targets.get(target)
        if target == self.list:
            data = struct.pack(f"<{len(self.targets)}I", *self.targets)
        if data is None:
            prop = 0
        else:
            kind, unit = (ATOM, 4) if target == self.list else (target, 1)
            self.client.request(18, 0, struct.pack("<IIIB3xI", requestor, prop, kind, unit * 8, len(data) // unit)
                                + data + bytes(-len(data) % 4))
        notify = struct.pack("<BxHIIIII8x", 31, 0, time, requestor, selection, target, prop)
        self.client.request(25, 0, struct.pack("<II", requestor, 0) + notify)
        if target == self.list:
            self.listed.set()

    def serve(self):
        while True:
            while self.client.events:
                event = self.client.events.pop(0)
                if event[0] & 0x7F == 30:  # SelectionRequest
                    self.answer(event)
            ready, _, _ = select.select([self.client.socket, self.wake], [], [])
            if self.wake in ready:
                return
            event = self.client.read(32)
            if event[0] > 1:
                self.client.events.append(event)
