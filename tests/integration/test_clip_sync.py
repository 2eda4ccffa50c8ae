#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
# ctest: TIMEOUT 600
"""Two clipboards that stay the same: no loops, no secrets, the newest copy wins."""

import os
import subprocess
import time
import unittest

import cliplab
import harness
import xowner
from cliplab import TEXT

HINT = "x-kde-passwordManagerHint"
CONCEALED = "org.nspasteboard.ConcealedType"


class Loop(unittest.TestCase):
    def test_alternating(self):
        """1,000 copies, 500 on each side, are 1,000 transfers; the agent neither grows nor keeps descriptors."""
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            pid = lab.status(mac)["pid"]
            after_warm_up = None
            reader = xowner.Reader(lab.display)
            with xowner.Owner(lab.display, {"UTF8_STRING": b"host 0"}) as owner:
                for i in range(500):
                    if i > 0:
                        owner.copy(b"host %d" % i)
                    lab.wait(lambda: mac.text() == b"host %d" % i, f"copy {i} in the guest")
                    mac.copy(b"guest %d" % i)
                    lab.wait(lambda: reader.paste("UTF8_STRING") == b"guest %d" % i, f"copy {i} on the host")
                    if i == 100:
                        after_warm_up = self.cost(pid)
            reader.close()
            status = lab.status(mac)
            self.assertEqual((status["sent"], status["received"]), (500, 500))
            descriptors, memory = self.cost(pid)
            self.assertEqual(descriptors, after_warm_up[0])
            self.assertLess(memory, after_warm_up[1] + 1024)

    def test_memory_after_pictures(self):
        """What a large content took is given back with the next one."""
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            lab.copy(b"first")
            lab.wait(lambda: mac.text() == b"first")
            pid = lab.status(mac)["pid"]
            before = self.cost(pid)[1]
            picture = os.urandom(30 << 20)
            mac.put({"public.png": picture})
            lab.wait(lambda: lab.paste("image/png") == picture, "the picture on the host")
            lab.copy(picture[::-1], "image/png")
            lab.wait(lambda: mac.get("public.png") == picture[::-1], "the picture in the guest")
            mac.copy(b"last")
            lab.wait(lambda: lab.paste() == b"last")
            lab.wait(lambda: self.cost(pid)[1] < before + 4096, "the memory")

    @staticmethod
    def cost(pid):
        """Open descriptors and resident KiB."""
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            memory = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        return len(os.listdir(f"/proc/{pid}/fd")), memory

    def test_nothing_at_connect(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.copy(b"there before")
            mac.copy(b"there, too")
            lab.sync(mac)
            time.sleep(1)
            self.assertEqual((mac.text(), lab.paste()), (b"there, too", b"there before"))
            status = lab.status(mac)
            self.assertEqual((status["sent"], status["received"]), (0, 0))

    def test_same_text_twice(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac, "--verbose")
            lab.copy(b"again")
            lab.wait(lambda: mac.text() == b"again")
            for i in range(1, 3):  # each to its end: what both sides copy in one moment is another matter
                lab.copy(b"again")
                lab.wait(lambda: lab.log().count(b"the guest has it already") == i, "the same to be known")
            for i in range(1, 3):
                mac.copy(b"again")  # a clipboard manager in the guest
                lab.wait(lambda: lab.log().count(b"the host has it already") == i, "the same to be known")
            mac.copy(b"other")
            lab.wait(lambda: lab.paste() == b"other")
            status = lab.status(mac)
            self.assertEqual((status["sent"], status["received"]), (1, 1))

    def test_copy_in_the_guest_while_the_host_sends(self):
        """What was copied last stays, and crosses; the host's copy began to arrive before it."""
        with cliplab.Lab(display=False) as lab:
            mac = lab.mac()
            with cliplab.Agent(mac) as agent:
                self.assertEqual(agent.receive()[0], b"H")
                agent.send(b"W")
                agent.send(b"S", TEXT.encode())
                agent.send(b"B", b"from the host")
                agent.send(b"P")
                self.assertEqual(agent.receive(), (b"p", 0, b""))
                mac.copy(b"later")
                self.assertEqual(agent.receive(), (b"C", 1, b"plain\n" + TEXT.encode()))
                agent.send(b"Z")
                self.assertEqual(agent.receive(), (b"A", 1, b"lost"))
                self.assertEqual(mac.text(), b"later")
                agent.send(b"W")
                agent.send(b"Z")
                self.assertEqual(agent.receive(), (b"A", 2, b"own"))

    def test_burst(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            for i in range(100):
                lab.copy(b"%d" % i)
            lab.wait(lambda: mac.text() == b"99", "the last copy of a burst")
            count = mac.count()
            for i in range(100):
                mac.copy(b"guest %d" % i)
            lab.wait(lambda: lab.paste() == b"guest 99")
            self.assertEqual(mac.text(), b"guest 99")
            self.assertEqual(mac.count(), count + 100)

    def test_two_guests(self):
        """One host clipboard, two agents: a copy in one guest arrives in the other, once."""
        with cliplab.Lab() as lab:
            one, two = lab.mac(), lab.mac()
            lab.sync(one)
            lab.sync(two)
            for i in range(5):
                one.copy(b"from one %d" % i)
                lab.wait(lambda: two.text() == b"from one %d" % i, "the other guest")
                two.copy(b"from two %d" % i)
                lab.wait(lambda: one.text() == b"from two %d" % i, "the first guest")
            counts = one.count(), two.count()
            time.sleep(1)
            self.assertEqual((one.count(), two.count()), counts)
            for mac in (one, two):
                status = lab.status(mac)
                self.assertEqual((status["sent"], status["received"]), (5, 5))

    def test_beside_clipboard_manager(self):
        """One that takes over whatever anybody copies: all arrives, nothing comes back, nothing is sent twice."""
        cliplab.need("xclipboard")
        with cliplab.Lab() as lab:
            mac = lab.mac()
            with subprocess.Popen(["xclipboard"], env=lab.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as manager:
                reader = xowner.Reader(lab.display)
                lab.wait(reader.owner, "the manager")
                reader.close()
                lab.clip("sync", mac, "--verbose")
                lab.wait(lambda: lab.status(mac)["connected"])
                for i in range(10):
                    lab.copy(b"host %d\n" % i)
                    lab.wait(lambda: mac.text() == b"host %d\n" % i, "the guest")
                    mac.copy(b"guest %d\n" % i)
                    lab.wait(lambda: lab.paste() == b"guest %d\n" % i, "the host")
                # what the manager took over was looked at and left where it was
                lab.wait(lambda: b"the guest has it already" in lab.log(), "the manager's copy")
                status = lab.status(mac)
                self.assertEqual((status["sent"], status["received"], mac.count()), (10, 10, 20))
                manager.kill()

    def test_directions(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac, "--direction", "to-guest")
            mac.copy(b"stays")
            lab.copy(b"goes")
            lab.wait(lambda: mac.text() == b"goes")
            lab.clip("stop", mac)
            lab.sync(mac, "--direction", "to-host")
            lab.copy(b"stays")
            mac.copy(b"comes")
            lab.wait(lambda: lab.paste() == b"comes")
            self.assertEqual(lab.status(mac)["sent"], 0)

    def test_guest_wins_its_own_race(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            mac.mock("steal", "copied in the same moment")
            lab.copy(b"host")
            lab.wait(lambda: lab.paste() == b"copied in the same moment")
            self.assertEqual(mac.text(), b"copied in the same moment")


class Secrets(unittest.TestCase):
    def test_host(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.clip("sync", mac, "--verbose")
            lab.wait(lambda: lab.status(mac)["connected"])
            with xowner.Owner(lab.display, {"UTF8_STRING": b"hunter2", HINT: b"secret"}):
                lab.wait(lambda: lab.log().count(b"marked as secret") == 1, "the mark to be seen")
            lab.copy(b"hunter2")  # a clipboard manager, without the mark
            lab.wait(lambda: lab.log().count(b"marked as secret") == 2, "the text to be known again")
            lab.copy(b"harmless")
            lab.wait(lambda: mac.text() == b"harmless")
            self.assertEqual(lab.status(mac)["sent"], 1)
            self.assertNotIn(b"hunter2", lab.log())
            self.assertNotIn(b"harmless", lab.log())

    def test_host_beside_clipboard_manager(self):
        """It takes over at once, without the mark, what a password manager copies: while the agent reads it."""
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.clip("sync", mac, "--verbose")
            lab.wait(lambda: lab.status(mac)["connected"])
            for i in range(10):
                with xowner.Owner(lab.display, {"UTF8_STRING": b"hunter%d" % i, HINT: b"secret"}) as password:
                    password.listed.wait(cliplab.DEADLINE)
                    with xowner.Owner(lab.display, {"UTF8_STRING": b"hunter%d" % i}):
                        lab.wait(lambda: lab.log().count(b"marked as secret") > i, "the mark to be seen")
                        time.sleep(0.05)
            lab.copy(b"hunter9")
            lab.copy(b"harmless")
            lab.wait(lambda: mac.text() == b"harmless")
            self.assertEqual((lab.status(mac)["sent"], mac.count()), (1, 1))

    def test_mark_set_after_the_text(self):
        """The agent does not give out what got its mark after it was told of."""
        with cliplab.Lab(display=False) as lab:
            mac = lab.mac()
            with cliplab.Agent(mac) as agent:
                self.assertEqual(agent.receive()[0], b"H")
                mac.copy(b"hunter2")
                self.assertEqual(agent.receive(), (b"C", 1, b"plain\n" + TEXT.encode()))
                (mac.board / CONCEALED).write_bytes(b"")
                agent.send(b"F", b"00001000 " + TEXT.encode(), meta=1)
                answers = sorted(agent.receive() for _ in range(2))
                self.assertEqual(answers, [(b"C", 1, b"concealed\n" + TEXT.encode()), (b"E", 1, b"stale")])

    def test_guest(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.clip("sync", mac, "--verbose")
            lab.wait(lambda: lab.status(mac)["connected"])
            mac.put({TEXT: b"hunter2", CONCEALED: b""})
            lab.wait(lambda: lab.log().count(b"marked as secret") == 1, "the mark to be seen")
            mac.copy(b"hunter2")  # a clipboard manager, without the mark
            lab.wait(lambda: lab.log().count(b"marked as secret") == 2, "the text to be known again")
            mac.mock("item-types", "org.nspasteboard.TransientType")
            mac.copy(b"marked on another item")
            lab.wait(lambda: lab.log().count(b"marked as secret") == 3, "the second item to be looked at")
            mac.mock("item-types", None)
            mac.copy(b"harmless")
            lab.wait(lambda: lab.paste() == b"harmless")
            self.assertEqual(lab.status(mac)["received"], 1)
            self.assertNotIn(b"hunter2", lab.log())

    def test_clear(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            lab.copy(b"sent by mistake")
            lab.wait(lambda: mac.text() == b"sent by mistake")
            xowner.clear(lab.display)
            lab.wait(lambda: mac.text() is None, "the guest's copy to be gone")

    def test_quit(self):
        """An application that quits takes its copy along; the guest keeps what it got."""
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            with xowner.Owner(lab.display, {"UTF8_STRING": b"of another"}):
                lab.wait(lambda: mac.text() == b"of another")
            lab.wait(lambda: lab.paste() is None, "the owner to be gone")
            time.sleep(0.5)
            self.assertEqual(mac.text(), b"of another")


if __name__ == "__main__":
    harness.main()
