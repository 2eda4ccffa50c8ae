# SPDX-License-Identifier: LGPL-2.1-or-later
"""The mock pasteboard: the directory $MOCK_PASTEBOARD, a file per type, named by its UTI, and
changeCount, a decimal number. Everything that changes it holds a lock on the file .lock.

Files in .mock/ make it misbehave as a Mac may:
  hang-read    reads block while the file exists, as under the privacy prompt
  no-poll      poll() cannot be bound
  deaf         osascript starts and says nothing while the file exists
  console      the name of the user at the screen, when that is somebody else
  item-types   type names, one a line, of a second item on the pasteboard
  steal        the next write is followed at once by somebody else's: the file's content, as text
"""

import contextlib
import fcntl
import os
import pwd
import select
import time

TEXT = "public.utf8-plain-text"


def folder():
    return os.environ["MOCK_PASTEBOARD"]


def flag(name):
    """The content of the file .mock/NAME, or None."""
    try:
        with open(os.path.join(folder(), ".mock", name), encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def locked():
    with open(os.path.join(folder(), ".lock"), "a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def change_count():
    """0 when the file is missing or is just being written."""
    try:  # asked at every step: without Python's layers, which cost more than the rest of the mock
        file = os.open(os.path.join(folder(), "changeCount"), os.O_RDONLY)
    except FileNotFoundError:
        return 0
    try:
        return int(os.read(file, 32))
    except ValueError:
        return 0
    finally:
        os.close(file)


def names():
    return sorted(n for n in os.listdir(folder()) if n != "changeCount" and not n.startswith("."))


def replace(name, data):
    new = os.path.join(folder(), ".new." + name)
    with open(new, "wb") as file:
        file.write(data)
    os.rename(new, os.path.join(folder(), name))


def prepare():
    """Empties the pasteboard; returns the new change count."""
    with locked():
        for name in names():
            os.unlink(os.path.join(folder(), name))
        count = change_count() + 1
        replace("changeCount", b"%d" % count)
    return count


def put(name, data, own):
    """Adds a type to the content with the change count own; 0 when that is no longer there."""
    if "/" in name or name.startswith("."):
        raise ValueError(name)
    with locked():
        if change_count() != int(own):
            return 0
        replace(name, data)
    return 1


def steal():
    text = flag("steal")
    if text is not None:
        os.unlink(os.path.join(folder(), ".mock", "steal"))
        put(TEXT, text.encode(), prepare())


def get(name):
    while flag("hang-read") is not None:
        time.sleep(0.02)
    try:
        with open(os.path.join(folder(), name), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def read(length):
    """Exactly length bytes of standard input, fewer only at its end."""
    pieces = []
    left = int(length)
    while left > 0:
        piece = os.read(0, left)
        if not piece:
            break
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def write(data):
    view = memoryview(data)
    while view:
        view = view[os.write(1, view):]


def poll(milliseconds):
    poller = select.poll()
    poller.register(0, select.POLLIN)
    return len(poller.poll(int(milliseconds)))


def natives():
    while flag("deaf") is not None:
        time.sleep(0.02)
    return {
        "flag": flag,
        "count": change_count,
        "names": lambda: "\n".join(names()),
        "prepare": prepare,
        "put": put,
        "steal": steal,
        "get": get,
        "read": read,
        "write": write,
        "poll": poll,
        "user": lambda: pwd.getpwuid(os.getuid()).pw_name,
    }
