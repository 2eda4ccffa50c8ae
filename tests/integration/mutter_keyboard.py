#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Gives the headless mutter of this session's bus a keyboard, without which no program may copy, and keeps it there."""

import time

from gi.repository import Gio, GLib

NAME = "org.gnome.Mutter.RemoteDesktop"
KEY_A = 30


def main():
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    while True:
        try:
            path = call(bus, "/org/gnome/Mutter/RemoteDesktop", NAME, "CreateSession")[0]
            break
        except GLib.Error:
            time.sleep(0.05)  # mutter has not come so far
    call(bus, path, f"{NAME}.Session", "Start")
    for pressed in (True, False):
        call(bus, path, f"{NAME}.Session", "NotifyKeyboardKeycode", GLib.Variant("(ub)", (KEY_A, pressed)))
    print("keyboard is there", flush=True)
    GLib.MainLoop().run()


def call(bus, path, interface, method, args=None):
    return bus.call_sync(NAME, path, interface, method, args, None, Gio.DBusCallFlags.NONE, -1, None)


if __name__ == "__main__":
    main()
