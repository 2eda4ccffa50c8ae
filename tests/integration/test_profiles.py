#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""Every macOS version's machine on real libvirtd, without booting; hosts that cannot run one; the layout of CPUs."""

import unittest
import xml.etree.ElementTree as ElementTree

import harness

TCG = ("--accel", "tcg", "--memory", "1G", "--ssh-user", "root")
NS = {"qemu": "http://libvirt.org/schemas/domain/qemu/1.0"}
# NIC, USB controller, bus of the tablet, model
MACHINES = {
    "10.13": ("vmxnet3", "ich9-ehci1", "usb", "iMacPro1,1"),
    "10.14": ("vmxnet3", "ich9-ehci1", "usb", "iMacPro1,1"),
    "10.15": ("vmxnet3", "qemu-xhci", "usb", "iMacPro1,1"),
    "11": ("virtio", "qemu-xhci", "usb", "iMacPro1,1"),
    "12": ("virtio", "qemu-xhci", "usb", "iMacPro1,1"),
    "13": ("virtio", "qemu-xhci", "usb", "iMacPro1,1"),
    "14": ("virtio", "qemu-xhci", "usb", "iMacPro1,1"),
    "15": ("virtio", "qemu-xhci", "usb", "iMacPro1,1"),
    "26": ("virtio", "qemu-xhci", "virtio", "MacPro7,1"),
}


def domain(env, name):
    return ElementTree.fromstring(env.virsh("dumpxml", "--inactive", "--security-info", name).out)


def topology(env, name):
    at = domain(env, name).find("cpu/topology")
    return tuple(int(at.get(key)) for key in ("sockets", "cores", "threads"))


def emulate(env, *lacking):
    """From now on the host's CPU lacks these features: its QEMU says so when libvirt asks."""
    flags = " ".join(f"-global max-x86_64-cpu.{name}=off" for name in lacking)
    env.write(env.dir / "bin/qemu-system-x86_64", f'#!/bin/sh\nexec /usr/bin/qemu-system-x86_64 {flags} "$@"\n', 0o755)


class Profiles(unittest.TestCase):
    def test_every_version(self):
        with harness.Environment.session() as env:  # without an OSK no emulator is started to look for isa-applesmc
            listed = env.macvm_json("fetch", "--list", connect=False)["versions"]
            self.assertEqual(list(MACHINES), [version["id"] for version in listed])
            for version in listed:
                os, name = version["id"], f"mac{version['id']}"
                nic, usb, tablet, model = MACHINES[os]
                printed = ElementTree.fromstring(env.macvm("define", name, "--os", os, *TCG, "--print-xml").out)
                self.assertEqual(usb, printed.find("devices/controller[@type='usb']").get("model"))
                self.assertIn("sse4.1" if os in ("10.13", "10.14") else "sse4.2", version["needs"]["cpu_features"])
                self.assertEqual(float(os) >= 13, "avx2" in version["needs"]["cpu_features"] and os[:3] != "10.")
                env.macvm("define", name, "--os", os, *TCG)
                root = domain(env, name)
                self.assertEqual(nic, harness.nic(root)["model"])
                self.assertEqual("Haswell-noTSX", root.findtext("cpu/model"))
                self.assertEqual(usb, root.find("devices/controller[@type='usb']").get("model"))
                self.assertEqual(tablet, root.find("devices/input[@type='tablet']").get("bus"))
                self.assertEqual({"sata"}, {disk.get("bus") for disk in root.findall("devices/disk/target")})
                machine = next(root.find("metadata").iter())[0]
                self.assertEqual((os, "1"), (machine.get("os"), machine.get("profile")))
                self.assertIn("as it should be", env.macvm("define", name).out)

    def test_golden(self):
        """libvirt takes what is rendered for every version on every kind of host, and keeps what makes the difference."""
        files = sorted(path for path in (harness.SOURCE / "tests/golden/render").glob("*.xml") if path.stem[0].isdigit())
        self.assertEqual({f"{os}-{kind}" for os in MACHINES for kind in ("intel", "amd", "tcg")},
                         {path.stem for path in files if not path.stem.endswith("-old")})
        with harness.Environment.session() as env:
            for number, path in enumerate(files):
                # KVM is the host's to have; all else of the domain is as it would be there.
                text = path.read_text().replace('type="kvm"', 'type="qemu"', 1).replace("<name>macos<", f"<name>{path.stem}<", 1)
                text = text.replace("c0ffee00-0000-4000-8000-000000000001", f"c0ffee00-0000-4000-8000-{number:012}")
                env.virsh("define", "--validate", env.write(path.name, text))
                wanted, got = ElementTree.fromstring(text), domain(env, path.stem)
                for at in ("cpu/model", "vcpu", "os/loader"):
                    self.assertEqual(wanted.findtext(at), got.findtext(at), path.stem)
                for at, key in (("cpu/model", "vendor_id"), ("devices/video/model", "type"), ("devices/sound", "model"),
                                ("devices/controller[@type='usb']", "model"), ("devices/input[@type='tablet']", "bus")):
                    self.assertEqual(wanted.find(at).get(key), got.find(at).get(key), path.stem)
                for kept in ("cpu/feature", "devices/disk/target", "devices/disk/boot"):
                    self.assertEqual([node.attrib for node in wanted.findall(kept)],
                                     [{key: value for key, value in node.attrib.items() if key in ("policy", "name", "dev", "bus", "order")}
                                      for node in got.findall(kept)], path.stem)
                self.assertEqual([arg.get("value") for arg in wanted.findall("qemu:commandline/qemu:arg", NS)],
                                 [arg.get("value") for arg in got.findall("qemu:commandline/qemu:arg", NS)], path.stem)

    def test_newer_profile(self):
        """What a newer macvm has changed in a profile comes in, and what the user edited stays."""
        with harness.Environment.session() as env:
            env.macvm("define", "m", *TCG)
            text = env.virsh("dumpxml", "--inactive", "--security-info", "m").out
            older = text.replace("qemu-xhci", "nec-xhci").replace("profile='1'", "").replace('profile="1"', "")
            older = older.replace("<memballoon model='none'/>", "<memballoon model='virtio'/>")
            env.virsh("define", "--validate", env.write("older.xml", older))
            self.assertEqual("nec-xhci", domain(env, "m").find("devices/controller[@type='usb']").get("model"))
            self.assertIn("qemu-xhci", env.macvm("define", "m", "--diff").out)
            env.macvm("define", "m")
            root = domain(env, "m")
            self.assertEqual("qemu-xhci", root.find("devices/controller[@type='usb']").get("model"))
            self.assertEqual("virtio", root.find("devices/memballoon").get("model"))
            self.assertEqual("1", next(root.find("metadata").iter())[0].get("profile"))
            # The other way round: this macvm is the older one.
            text = env.virsh("dumpxml", "--inactive", "--security-info", "m").out
            newer = text.replace("profile='1'", "profile='9'").replace('profile="1"', 'profile="9"')
            env.virsh("define", env.write("newer.xml", newer))
            self.assertIn("a newer macvm", env.macvm("define", "m").err)
            self.assertNotIn("a newer macvm", env.macvm("define", "m").err)


class Lacking(unittest.TestCase):
    def test_no_avx2(self):
        with harness.Environment.session() as env:
            emulate(env, "avx2", "fma")
            for helper in ("sudo", "pkexec"):
                env.write(env.dir / "bin" / helper, "#!/bin/sh\nexit 1\n", 0o755)
            error = env.macvm("--json", "define", *TCG, expect=5).error
            self.assertEqual("host", error["code"])
            self.assertIn("macOS 14 (Sonoma)", error["message"])
            self.assertIn("lacks avx2", error["message"])
            self.assertIn("--os 12", error["hint"])
            self.assertIn("--os 12", env.macvm("fetch", "15", expect=5).err)
            # Nothing was made, nor fetched.
            self.assertEqual("", env.virsh("pool-list", "--all", "--name").out.strip())
            self.assertEqual("", env.virsh("list", "--all", "--name").out.strip())
            for how, failing in (("--dry-run", ("recovery",)), ("--yes", ("recovery", "disk"))):
                steps = {step["id"]: step for step in env.macvm_json("setup", how, expect=None)["steps"]}
                for step in failing:
                    self.assertEqual("failed", steps[step]["status"], steps[step])
                    self.assertIn("--os 12", steps[step]["remedy"])
            # What is only looked at is shown, with a word.
            self.assertIn("--os 12", env.macvm("define", *TCG, "--print-xml").err)
            # For a file on this machine it is only worth a word.
            done = env.macvm("fetch", "14", "--dmg", env.dir / "none.dmg", "--output", env.dir / "x.img", expect=None)
            self.assertIn("lacks avx2", done.err)
            self.assertNotEqual(5, done.code)
            env.macvm("define", *TCG, "--os", "12")
            root = domain(env, "macos")
            self.assertEqual("Penryn", root.findtext("cpu/model"))
            asked = {feature.get("name") for feature in root.findall("cpu/feature[@policy='require']")}
            self.assertIn("sse4.2", asked)
            self.assertFalse(asked & {"avx2", "fma"})
            # The machine that there is cannot become what the host cannot run.
            self.assertIn("--os 12", env.macvm("set", "macos", "--os", "14", expect=5).err)
            self.assertEqual("12", env.macvm_json("list")["machines"][0]["os"])

    def test_nothing_works(self):
        with harness.Environment.session() as env:
            emulate(env, "sse4.1", "sse4.2", "avx2")
            error = env.macvm("--json", "define", *TCG, "--os", "10.14", expect=5).error
            self.assertIn("sse4.1", error["message"])
            self.assertNotIn("--os", error["hint"])


class Topology(unittest.TestCase):
    def test_set(self):
        with harness.Environment.session() as env:
            env.macvm("define", "m", *TCG, "--cores", "6")
            self.assertEqual((1, 6, 2), topology(env, "m"))
            for asked, got in ((("--cores", "4"), (1, 4, 2)), (("--cores", "5"), (5, 1, 2)), (("--cores", "10"), (5, 2, 2)),
                               (("--threads", "1"), (5, 2, 1)), (("--cores", "6"), (3, 2, 1)),
                               (("--threads", "2"), (1, 6, 2))):
                done = env.macvm("set", "m", *asked)
                self.assertEqual(got, topology(env, "m"), asked)
                self.assertEqual(str(got[0] * got[1] * got[2]), domain(env, "m").findtext("vcpu"))
                self.assertEqual(got[0] > 1, "sockets of" in done.err, done.err)
            # What is asked for in so many words stays, with a word on what is better.
            done = env.macvm("set", "m", "--sockets", "1", "--cores", "5")
            self.assertEqual((1, 5, 2), topology(env, "m"))
            self.assertIn("--cores 4 or --cores 6", done.err)
            self.assertIn("64", env.macvm("set", "m", "--cores", "200", expect=2).err)
            self.assertEqual((1, 5, 2), topology(env, "m"))


if __name__ == "__main__":
    harness.main()
