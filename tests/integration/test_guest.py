#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machine as its guest sees it: the stand-in boots from the rendered domain and tells what is there."""

import re
import unittest

import harness

FLAGS = {"avx2", "fma", "bmi1", "bmi2", "smep", "ssse3", "sse4_2", "popcnt", "avx", "aes", "xsave"}


def check_hardware(case, env, name, facts, cpus, cores):
    """The guest of name, of 1 GiB, with recovery, has what its domain says: CPU, memory, three disks in order, NIC."""
    mac = harness.nic(env.virsh("dumpxml", name).out)["mac"]
    case.assertEqual("yes", facts["uefi"])
    case.assertEqual("GenuineIntel", facts["cpu_vendor"])
    case.assertIn("Haswell, no TSX", facts["cpu_model"])
    case.assertLessEqual(FLAGS, set(facts["cpu_flags"].split()))
    case.assertEqual((str(cpus), str(cores), "1"), (facts["cpus"], facts["cores"], facts["packages"]))
    case.assertAlmostEqual(1024, int(facts["memory_kib"]) / 1024, delta=120)
    case.assertEqual("Apple Inc.", facts["board_vendor"])
    case.assertEqual([("ata1", 66), ("ata2", 300), ("ata3", 80 << 10)],
                     [(disk["port"], int(disk["bytes"]) >> 20) for disk in facts["disk"]])
    nic, = facts["nic"]
    case.assertEqual(("virtio_net", mac, "0000:00:0a.0"), (nic["driver"], nic["mac"], nic["pci"]))
    case.assertTrue({"QEMU QEMU USB Keyboard", "QEMU QEMU USB Tablet"} <= set(facts["input"]), facts["input"])


class Guest(unittest.TestCase):
    def macos(self, env):
        """An ssh program whose guests all call themselves macOS."""
        return env.write("bin/macos-ssh", "#!/bin/sh\nfor word; do :; done\n[ \"$word\" != uname ] || exec echo Darwin\n"
                         f"exec {env.vars['MACVM_SSH']} \"$@\"\n", mode=0o755)

    def check(self, env):
        port = env.free_port()
        env.checkout()
        env.macvm("define", "--accel", "tcg", "--memory", "1G", "--cores", "2", "--threads", "2", "--ssh-user", "root",
                  "--ssh-port", port)
        # What `macvm fetch` would bring; define attaches it.
        env.virsh("vol-create-as", "macvm", "recovery-14.img", "300M", "--format", "raw")
        env.macvm("define")
        env.macvm("up", "--wait-ssh=240", timeout=300)

        guest = env.guest(port)
        guest.wait(60)
        check_hardware(self, env, "macos", guest.facts(), cpus=4, cores=2)
        self.assertEqual(harness.FAKE_OSK, guest.run("smc-read OSK0 32; smc-read OSK1 32").out)

        picture = env.dir / "screen.png"
        env.macvm("screenshot", "macos", picture)
        width, height, colours = harness.png_pixels(picture.read_bytes())
        self.assertGreaterEqual(width * height, 640 * 480)
        self.assertGreater(len(colours), 1, "the screen is blank")
        # Written by the guest, and not to what other machines share.
        before = env.virsh("vol-info", "--bytes", "recovery-14.img", "macvm").out
        guest.run("echo scratch | dd of=/dev/$(standin-facts | sed -n 's/^disk=\\(sd.\\) port=ata2.*/\\1/p') conv=fsync")
        self.assertEqual(before, env.virsh("vol-info", "--bytes", "recovery-14.img", "macvm").out)

        # A change made elsewhere while it runs takes effect at the next start, and survives a define.
        env.virt_xml("macos", "--edit", "--vcpus", "vcpus=2,sockets=1,cores=2,threads=1")
        env.macvm("set", "macos", "--memory", "1280M")
        env.macvm("restart", "--timeout", "120", "--wait-ssh=240", timeout=400, env={"MACVM_SSH": self.macos(env)})
        guest.wait(60)
        facts = guest.facts()
        self.assertEqual(("2", "2"), (facts["cpus"], facts["cores"]))
        self.assertAlmostEqual(1280, int(facts["memory_kib"]) / 1024, delta=120)

        # The guest said that it is macOS: it keeps its recovery until it is off, and then has none.
        self.assertIn("ata2", [disk["port"] for disk in facts["disk"]])
        self.assertEqual(["sda", "sdc"], re.findall(r"<target dev='(sd.)'", env.virsh("dumpxml", "--inactive", "macos").out))
        self.assertEqual({"name": "macos", "changed": False, "running": True}, env.macvm("--json", "finish").json)
        guest.run("poweroff", expect=None)
        env.wait_state("macos", "shut off", 60)
        self.assertIn("deleted volume 'macos-recovery.qcow2'", env.macvm("undefine", "--remove-storage", "--yes").err)
        self.assertEqual("recovery-14.img", env.virsh("vol-list", "macvm").out.split()[0])  # other machines may want it
        self.assertEqual(2, len(env.virsh("vol-list", "macvm").out.split()))

    def test_session(self):
        """Here alone: test_life looks at the hardware on every kind of connection."""
        with harness.Environment.session() as env:
            self.check(env)


if __name__ == "__main__":
    harness.main()
