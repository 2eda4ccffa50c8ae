#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The menu, as a user at a terminal meets it: menu.py MACVM. The connection is libvirt's test driver with the machines of
machines.xml."""

import os
import pathlib
import pty
import select
import sys
import tempfile
import time

program = os.path.realpath(sys.argv[1])
machines = pathlib.Path(__file__).resolve().parent / "machines.xml"


def talk(uri, *lines):
    """Types each line when the prompt is there; returns the exit status and all that was on the screen."""
    with tempfile.TemporaryDirectory() as home:
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(home)
            os.execve(program, [program, "-c", uri], {"PATH": os.environ["PATH"], "HOME": home, "XDG_RUNTIME_DIR": home,
                                                      "LANG": "C.UTF-8", "TERM": "dumb"})
        screen, waiting, deadline = b"", list(lines), time.monotonic() + 30
        while time.monotonic() < deadline:
            if select.select([terminal], [], [], 1)[0]:
                try:
                    got = os.read(terminal, 65536)
                except OSError:  # the other end is closed
                    got = b""
                if not got:
                    break
                screen += got
            if screen.endswith(b"> ") and waiting:
                os.write(terminal, waiting.pop(0).encode() + b"\n")
                screen += b"\n"
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), screen.decode().replace("\r\n", "\n")


def expect(screen, *parts):
    rest = screen
    for part in parts:
        if part not in rest:
            sys.exit(f"no {part!r}, in its place, in:\n{screen}")
        rest = rest.split(part, 1)[1]


code, screen = talk(f"test://{machines}", "nobody", "on", "zz", "i", "s", "m", "2", "x", "9", "open", "q")
expect(screen, "Which machine?", "1  asleep: paused", "Which machine?", "\non: running\n", "1  [s] start", "a number or a letter",
       "Name        on", "cannot start 'on': it is running", "Which machine?", "\nit's öff: shut off\n",
       "cannot stop 'it's öff'", "Which machine?", "\nopen: shut off\n")
assert code == 0, code

code, screen = talk("test:///default", "start", "8")
expect(screen, "macos: not defined yet", "8  [q] quit", "cannot find machine 'macos'", "macos: not defined yet")
assert code == 0 and "another machine" not in screen, screen
