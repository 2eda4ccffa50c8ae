# SPDX-License-Identifier: LGPL-2.1-or-later
"""A connection to a session's libvirt that ends, or goes silent, at a chosen moment."""

import os
import socket
import threading


class Cutter:
    """A socket that leads to the session's daemon until the client has sent one of the words, the given times over.

    silent: then the connection stays open, and nothing passes any more, as with a daemon that hangs.
    """

    def __init__(self, env, word, times=1, silent=False):
        self.word, self.times, self.hits = word, times, 0
        self.silent = silent
        self.far = env.run_dir / "libvirt/libvirt-sock"
        self.path = env.dir / "cut.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        os.chmod(self.path, 0o666)
        self.listener.listen()
        self.uri = f"qemu+unix:///session?socket={self.path}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(self.far))
            threading.Thread(target=self.pump, args=(far, near), daemon=True).start()
            threading.Thread(target=self.pump, args=(near, far, True), daemon=True).start()

    def pump(self, source, target, watched=False):
        sent = b""
        try:
            while data := source.recv(65536):
                sent += data if watched else b""
                if sent.count(self.word) >= self.times:
                    self.hits += 1
                    if self.silent:
                        return
                    break
                if self.silent and self.hits:
                    return
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if not watched:  # the other thread has been told by the shutdown
            source.close()

    def close(self):
        self.listener.close()
        self.path.unlink()
