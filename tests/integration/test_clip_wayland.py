#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
# ctest: TIMEOUT 300
"""The clipboard agent as a whole under a Wayland compositor, with the programs that Wayland's users copy and paste by."""

import random
import unittest

import cliplab
import harness

PNG = "image/png", "public.png"
PROTOCOLS = "wayland-ext", "wayland-wlr"  # which one depends on the version of sway


class Wayland(unittest.TestCase):
    def both_ways(self, lab, mac, word):
        lab.copy(b"f\xc3\xbcr " + word + b"\r\n\n")
        lab.wait(lambda: mac.text() == b"f\xc3\xbcr " + word + b"\r\n\n", "the guest's clipboard")
        mac.copy(b"\xf0\x9f\x8d\x8e " + word + b"\n")
        lab.wait(lambda: lab.paste() == b"\xf0\x9f\x8d\x8e " + word + b"\n", "the host's clipboard")

    def five_and_a_picture(self, lab, mac):
        for i in range(5):
            self.both_ways(lab, mac, b"%d" % i)
        picture = random.Random(1).randbytes(3 << 20)
        lab.copy(picture, PNG[0])
        lab.wait(lambda: mac.get(PNG[1]) == picture, "the picture in the guest")
        mac.put({PNG[1]: picture[::-1]})
        lab.wait(lambda: lab.paste(PNG[0]) == picture[::-1], "the picture on the host")

    def test_end_to_end(self):
        with cliplab.WaylandLab() as lab:
            mac = lab.mac()
            lab.copy(b"there before")
            lab.sync(mac)
            self.assertIn(lab.status(mac)["backend"], PROTOCOLS)
            self.five_and_a_picture(lab, mac)
            status = lab.status(mac)
            self.assertEqual((status["sent"], status["received"], mac.count()), (6, 6, 12))

            lab.server.kill()
            lab.server.wait()
            lab.wait(lambda: lab.status(mac)["backend"] is None, "the loss to be seen")
            lab.start_display()
            lab.wait(lambda: lab.status(mac)["backend"] in PROTOCOLS, "the display")
            self.both_ways(lab, mac, b"after")

    def test_gnome(self):
        """GNOME has no data control: there the agent is an X client, which mutter hands everything on to, focus or not."""
        with cliplab.GnomeLab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            self.assertEqual("x11", lab.status(mac)["backend"])
            self.five_and_a_picture(lab, mac)


if __name__ == "__main__":
    harness.main()
