#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: TIMEOUT 300
"""What a machine becomes when its user, libvirt and macvm change it: with the real libvirt, whichever that is."""


import pathlib
import re
import unittest
import xml.etree.ElementTree as ET

import harness


class Merge(unittest.TestCase):
    def small(self, env, *more):
        return env.macvm("define", "m", "--accel", "tcg", "--memory", "4G", "--cores", "2", "--threads", "1",
                         "--ssh-port", env.free_port(), *more)

    def xml(self, env, name="m"):
        return ET.fromstring(env.virsh("dumpxml", "--inactive", name).out)

    def edit(self, env, change, name="m"):
        doc = self.xml(env, name)
        change(doc)
        ET.register_namespace("qemu", "http://libvirt.org/schemas/domain/qemu/1.0")
        env.virsh("define", env.write("edited.xml", ET.tostring(doc, "unicode")))

    def test_kinds_and_edits(self):
        with harness.Environment.session() as env:
            env.checkout()
            self.small(env, "--video", "vga")
            self.assertEqual("", env.macvm("define", "m", "--diff").out)

            # another model is another element, and back again
            for model in ("bochs", "virtio", "vmvga"):
                env.macvm("set", "m", "--video", model)
                self.assertEqual(model, self.xml(env).find("devices/video/model").get("type"))
                self.assertEqual("", env.macvm("define", "m", "--diff").out)

            # more memory for a larger screen
            env.write(env.config_home / "macvm/macvm.conf", "[machine]\nresolution=3840x2160\n")
            env.macvm("define", "m")
            self.assertEqual("32768", self.xml(env).find("devices/video/model").get("vram"))

            # an edit gives way to the command line, which is reported
            self.edit(env, lambda doc: doc.find("devices/video/model").set("type", "virtio"))
            kept = env.macvm("define", "m", "--diff")
            self.assertEqual("", kept.out)
            self.assertRegex(kept.err, r"your own edits are kept:\n  /domain/devices/video/model/@type: was vmvga, is virtio")
            done = env.macvm("set", "m", "--video", "vga")
            self.assertIn("replaces your edit of /domain/devices/video", done.err)
            self.assertEqual("vga", self.xml(env).find("devices/video/model").get("type"))

            # what the user removed does not come back as something else
            def without_tablet(doc):
                devices = doc.find("devices")
                devices.remove(devices.find("input[@type='tablet']"))
            self.edit(env, without_tablet)
            refused = env.macvm("set", "m", "--os", "tahoe", expect=4)
            self.assertIn("tablet", refused.err)
            env.macvm("set", "m", "--os", "tahoe", "--ours")
            self.assertIsNone(self.xml(env).find("devices/input[@type='tablet']"))

    def test_sizes(self):
        with harness.Environment.session() as env:
            env.checkout()
            self.small(env)
            # neighbours that overrule the number of CPUs
            env.virsh("setvcpus", "m", "1", "--config")
            checks = {check["id"]: check for check in env.macvm_json("doctor", "m", expect=(0, 5))["checks"]}
            self.assertIn("'m' has 1", checks["cpus"]["message"])
            done = env.macvm("set", "m", "--cores", "4")
            self.assertIn("vcpu/@current is removed: it overrules --cores", done.err)
            vcpu = self.xml(env).find("vcpu")
            self.assertEqual(("4", None), (vcpu.text, vcpu.get("current")))

            # NUMA cells say themselves how much memory there is
            def with_numa(doc):
                cells = ET.SubElement(doc.find("cpu"), "numa")
                ET.SubElement(cells, "cell", id="0", cpus="0-3", memory="4194304", unit="KiB")
            self.edit(env, with_numa)
            env.macvm("set", "m", "--memory", "5G")
            self.assertEqual(str(5 << 20), self.xml(env).find("memory").text)

            # remarks only on what is asked for
            self.edit(env, lambda doc: setattr(doc.find("vcpu"), "text", "4"))
            self.assertNotIn("CPUs", env.macvm("set", "m", "--memory", "4G").err)
            self.assertIn("needs 4 GiB", env.macvm("set", "m", "--memory", "2G").err)

    def test_dry_run_refuses_the_same(self):
        with harness.Environment.session() as env:
            env.checkout()
            tcg = ("--accel", "tcg", "--memory", "4G")
            for wrong in (("--cpu", "Foo"), ("--network", "no-such-network"), ("--opencore", "/nope"),
                          ("--opencore", "/etc/passwd")):
                codes = [env.macvm("define", "x", *tcg, *wrong, *mode, expect=(2, 3, 5)).code for mode in ((), ("--diff",))]
                self.assertEqual(codes[0], codes[1], wrong)
            self.assertIn("neither a qcow2 image", env.macvm("define", "x", *tcg, "--opencore", "/etc/passwd", expect=2).err)
            self.small(env)
            env.macvm("define", "m", "--opencore", "/nope", expect=3)

    def test_cannot_start_yet(self):
        with harness.Environment.session() as env:
            if not (harness.OVMF / "OVMF_CODE_4M.fd").exists():
                harness.skip("no OVMF: install ovmf")
            for _ in range(2):
                last = self.small(env).out.strip().splitlines()[-1]
                self.assertIn("cannot start macOS yet", last)
                self.assertRegex(last, r"macvm bootstrap --no-setup && macvm -c \S+ define m$")
            self.assertEqual(["opencore", "osk"], env.macvm_json("define", "m")["missing"])

    def test_retired_machine_type(self):
        with harness.Environment.system() as env:
            env.checkout()
            self.small(env)
            path = "/etc/libvirt/qemu/m.xml"
            env.run(["sed", "-i", "s/pc-q35-[0-9.]*/pc-q35-2.3/", path])
            env.restart_daemons()
            self.assertEqual("pc-q35-2.3", self.xml(env).find("os/type").get("machine"))
            checks = {check["id"]: check for check in env.macvm_json("doctor", "m", expect=5)["checks"]}
            self.assertEqual("fail", checks["machine"]["status"])
            self.assertIn("pc-q35-2.3", checks["machine"]["message"])
            failed = env.macvm("up", "m", expect=5)
            self.assertIn("macvm define m", failed.err)
            done = env.macvm("define", "m")
            self.assertIn("moves to", done.err)
            self.assertNotEqual("pc-q35-2.3", self.xml(env).find("os/type").get("machine"))
            self.assertIn("as it should be", env.macvm("define", "m").out)

    def test_invariant_tsc(self):
        """Paused: no CPU needs to run for QEMU's own argument, nor for a saved state."""
        with harness.Environment.system() as env:
            caps = env.run(["virsh", "domcapabilities", "--virttype", "kvm", "--machine", "q35"], expect=None)
            if caps.code or "<feature policy='require' name='invtsc'/>" not in caps.out:
                harness.skip("no KVM with an invariant TSC here")
            env.checkout()
            self.small(env)
            self.assertNotIn("invtsc", env.virsh("dumpxml", "m").out)
            env.virsh("define", env.write("kvm.xml", env.virsh("dumpxml", "--inactive", "m").out.replace(
                "type='qemu'", "type='kvm'", 1)))
            # the accelerator is the user's edit, what follows from it is macvm's; only printed, because the KVM of a
            # machine in the cloud may lack what macOS needs
            env.virsh("define", env.write("new.xml", env.macvm("define", "m", "--print-xml").out))
            domain = self.xml(env)
            self.assertEqual("require", domain.find("cpu/feature[@name='invtsc']").get("policy"))
            counter = re.search(r"<counter name='tsc' frequency='(\d+)'", env.run(["virsh", "capabilities"]).out)
            if counter:
                self.assertEqual(counter.group(1), domain.find("clock/timer[@name='tsc']").get("frequency"))
            env.virsh("start", "m", "--paused", timeout=120)
            argv = "".join(pathlib.Path(f"/proc/{pid}/cmdline").read_text() for pid in env.qemu_pids())
            self.assertIn("invtsc=on", argv)
            env.virsh("managedsave", "m", timeout=120)
            self.assertEqual("shut off", env.state("m"))
            printed = ET.fromstring(env.macvm("define", "m", "--print-xml").out)
            self.assertEqual(ET.tostring(domain.find("cpu")), ET.tostring(printed.find("cpu")))
            self.assertEqual(ET.tostring(domain.find("clock")), ET.tostring(printed.find("clock")))


if __name__ == "__main__":
    harness.main()
