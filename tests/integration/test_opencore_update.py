#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""A newer OpenCore for a machine, and back: who it is and what was edited stay, and nothing is lost on the way."""

import plistlib
import random
import re
import time
import unittest

import harness
from test_opencore import BOOT, CONFIG, SMALL, checkout, config, disk, generic

# What a newer upstream has: another default, another driver, a key less.
NEWER = (CONFIG.replace("1024x768", "1600x900").replace("keepsyms=1 test=1", "keepsyms=1 newer=1")
         .replace("\t\t<key>Output</key>", "\t\t<key>Drivers</key>\n\t\t<array><string>new.efi</string></array>\n\t\t<key>Output</key>"))


def volumes(env):
    return sorted(re.findall(r"^ (\S*opencore\S*)", env.virsh("vol-list", "macvm").out, re.MULTILINE))


def content(env, path, name="macos"):
    """The text of a file in the machine's OpenCore disk; None: there is none."""
    copy, raw = env.dir / "content.qcow2", env.dir / "content.raw"
    env.virsh("vol-download", "--pool", "macvm", disk(env, name), copy)
    env.run(["qemu-img", "convert", "-O", "raw", copy, raw])
    got = env.run(["mtype", "-i", f"{raw}@@1M", f"::/{path}"], expect=None)
    return got.out if got.code == 0 else None


def edit(env, text, name="macos"):
    """Puts config.plist into the machine's disk as its guest would."""
    copy, raw, plist = env.dir / "edit.qcow2", env.dir / "edit.raw", env.write("edit/config.plist", text)
    env.virsh("vol-download", "--pool", "macvm", disk(env, name), copy)
    env.run(["qemu-img", "convert", "-O", "raw", copy, raw])
    env.run(["mcopy", "-o", "-i", f"{raw}@@1M", plist, "::/EFI/OC/config.plist"])
    env.run(["qemu-img", "convert", "-O", "qcow2", raw, copy])
    env.virsh("vol-upload", "--pool", "macvm", disk(env, name), copy)


def newer(env, top, text=NEWER):
    env.write(top / "OpenCore/EFI/OC/OpenCore.efi", "newer content")
    env.write(top / "OpenCore/config.plist", text)


class Update(unittest.TestCase):
    def test_there_and_back(self):
        with harness.Environment.session() as env:
            top = checkout(env)
            env.macvm("define", *SMALL, "--verbose-boot", "on")
            identity = env.macvm_json("status", "macos")["identity"]
            self.assertIn("already", env.macvm("opencore", "update").err)
            error = env.macvm("--json", "opencore", "rollback", expect=4).error
            self.assertIn("no older one is kept", error["message"])
            self.assertIn("opencore update", error["hint"])
            env.macvm("config", "set", "macos", "Misc.Boot.Hide", "yes", "--type", "boolean")
            newer(env, top)
            # An option leaves the OpenCore that the machine has.
            env.macvm("set", "macos", "--csr", "0x67")
            self.assertEqual("content of OpenCore.efi", content(env, "EFI/OC/OpenCore.efi"))
            self.assertEqual("1024x768", config(env)[1]["UEFI"]["Output"]["Resolution"])
            # By hand: one key that upstream has left alone, one that it changes, one out of the way.
            text = config(env)[0]
            edit(env, text.replace("1024x768", "800x600").replace("<string>Disabled</string>", "<string>Disabled</string>\n<key>Mine</key><string>a &amp; b</string>"))
            told = env.macvm("opencore", "update", "macos")
            self.assertIn("newer OpenCore", told.err)
            self.assertIn("'UEFI.Output.Resolution' stays '800x600', as edited; this OpenCore brings '1600x900'", told.err)
            self.assertEqual("newer content", content(env, "EFI/OC/OpenCore.efi"))
            values = config(env)[1]
            self.assertEqual({"Timeout": 10, "Hide": True}, values["Misc"]["Boot"])
            self.assertEqual({"SecureBootModel": "Disabled", "Mine": "a & b"}, values["Misc"]["Security"])
            self.assertEqual("800x600", values["UEFI"]["Output"]["Resolution"])
            self.assertEqual(["new.efi"], values["UEFI"]["Drivers"])
            self.assertEqual("-v keepsyms=1 newer=1", values["NVRAM"]["Add"][BOOT]["boot-args"])
            self.assertEqual(b"\x67\0\0\0", values["NVRAM"]["Add"][BOOT]["csr-active-config"])
            self.assertEqual(identity, generic(env))
            self.assertEqual(identity, env.macvm_json("status", "macos")["identity"])
            self.assertEqual(NEWER, content(env, "EFI/OC/macvm-base.plist"))
            self.assertEqual(2, len(volumes(env)))
            self.assertIn("already", env.macvm("opencore", "update").err)
            self.assertFalse(env.macvm_json("opencore", "update")["changed"])
            self.assertIn("as it should be", env.macvm("define").out)
            # Back, with what was asked for since; and forth again.
            env.macvm("set", "macos", "--picker-timeout", "3")
            self.assertEqual(2, len(volumes(env)))
            self.assertIn("former OpenCore", env.macvm("opencore", "rollback").err)
            self.assertEqual("content of OpenCore.efi", content(env, "EFI/OC/OpenCore.efi"))
            self.assertEqual(3, config(env)[1]["Misc"]["Boot"]["Timeout"])
            self.assertEqual(identity, generic(env))
            self.assertEqual(2, len(volumes(env)))
            env.macvm("opencore", "rollback")
            self.assertEqual("newer content", content(env, "EFI/OC/OpenCore.efi"))
            env.macvm("undefine", "--remove-storage", "--yes")
            self.assertEqual([], volumes(env))

    def test_lost_edits(self):
        """What a newer config.plist has no place for is told, and does not stand in the way again."""
        with harness.Environment.session() as env:
            top = checkout(env)
            kext = "<key>Kernel</key><dict><key>Add</key><array>%s</array></dict>\n\t<key>Misc</key>"
            one = "<dict><key>BundlePath</key><string>%s.kext</string><key>Enabled</key><true/></dict>"
            env.write(top / "OpenCore/config.plist", CONFIG.replace("<key>Misc</key>", kext % (one % "A" + one % "B"), 1))
            env.macvm("define", *SMALL)
            env.macvm("config", "set", "macos", "Kernel.Add.1.Enabled", "no")
            env.macvm("config", "set", "macos", "Misc.Boot.Hide", "yes", "--type", "boolean")
            newer(env, top, CONFIG.replace("<key>Misc</key>", kext % (one % "A" + one % "C" + one % "B"), 1))
            told = env.macvm("opencore", "update").err
            self.assertIn("'Kernel.Add.1.Enabled' is no more set", told)
            values = config(env)[1]
            self.assertEqual([True, True, True], [kext["Enabled"] for kext in values["Kernel"]["Add"]])
            self.assertIs(True, values["Misc"]["Boot"]["Hide"])
            env.macvm("set", "macos", "--resolution", "1280x720")
            self.assertIn("was not set", env.macvm("config", "unset", "macos", "Kernel.Add.1.Enabled", expect=3).err)

    def test_image(self):
        """An image in the place of the checkout, and a machine that has somebody else's."""
        with harness.Environment.session() as env:
            top = checkout(env)
            newer(env, top)
            env.macvm("define", "other", *SMALL)
            image = env.dir / "newer.qcow2"
            env.virsh("vol-download", "--pool", "macvm", disk(env, "other"), image)
            env.write(top / "OpenCore/EFI/OC/OpenCore.efi", "older content")
            env.macvm("define", "macos", *SMALL)
            identity = env.macvm_json("status", "macos")["identity"]
            env.macvm("opencore", "update", "macos", "--opencore", image)
            self.assertEqual("newer content", content(env, "EFI/OC/OpenCore.efi"))
            self.assertEqual(identity, generic(env))
            self.assertIn("already", env.macvm("opencore", "update", "macos", "--opencore", image).err)
            before = volumes(env)
            self.assertIn("no EFI/OC/config.plist", env.macvm("opencore", "update", "macos", "--opencore", env.standin(), expect=1).err)
            env.macvm("opencore", "update", "macos", "--opencore", env.dir / "none", expect=1)
            env.macvm("opencore", "rollback", "macos", "--opencore", image, expect=2)
            env.macvm("opencore", "downdate", "macos", expect=2)
            env.macvm("opencore", "update", "nobody", expect=3)
            self.assertEqual(before, volumes(env))
            env.macvm("define", "given", *SMALL, "--opencore", env.standin())
            told = env.macvm("opencore", "update", "given").err
            self.assertIn("becomes another Mac", told)
            self.assertIn("nothing is taken over", told)
            self.assertEqual(env.macvm_json("status", "given")["identity"], generic(env, "given"))

    def test_adopted(self):
        """A machine that came with an OpenCore of somebody else's gets one of macvm's, and stays the Mac that it is."""
        with harness.Environment.session() as env:
            top = checkout(env)
            env.macvm("define", "first", *SMALL)
            first = generic(env, "first")
            image = env.dir / "first.qcow2"
            env.virsh("vol-download", "--pool", "macvm", disk(env, "first"), image)
            for option in (("--resolution", "1280x720"), ("--csr", "0x67")):
                error = env.macvm("--json", "define", "given", *SMALL, "--opencore", image, *option, expect=4).error
                self.assertIn("macvm did not make it", error["message"])
            env.macvm("define", "given", *SMALL, "--opencore", image)
            error = env.macvm("--json", "config", "set", "given", "Misc.Boot.Timeout", "3", expect=4).error
            self.assertIn("opencore update given", error["hint"])
            newer(env, top)
            told = env.macvm("opencore", "update", "given")
            uuid = env.macvm_json("status", "given")["uuid"]
            self.assertIn(f"the Mac's UUID was {first['uuid'].lower()}, and is that of the domain now: {uuid}", told.err)
            self.assertEqual({**first, "uuid": uuid.upper()}, generic(env, "given"))
            self.assertEqual(generic(env, "given"), env.macvm_json("status", "given")["identity"])
            self.assertEqual("newer content", content(env, "EFI/OC/OpenCore.efi", "given"))
            env.macvm("config", "set", "given", "Misc.Boot.Timeout", "3")
            env.macvm("set", "given", "--resolution", "1280x720")
            env.macvm("opencore", "rollback", "given")
            self.assertEqual("content of OpenCore.efi", content(env, "EFI/OC/OpenCore.efi", "given"))
            self.assertEqual(3, config(env, "given")[1]["Misc"]["Boot"]["Timeout"])
            # Upstream's own serial number is nobody's.
            text = config(env, "first")[0]
            env.write(top / "OpenCore/config.plist", text)
            env.macvm("define", "shared", *SMALL, "--opencore", image)
            self.assertIn("which everybody has", env.macvm("opencore", "update", "shared").err)
            self.assertNotEqual(first["serial"], generic(env, "shared")["serial"])
            # Nor is a copy the Mac that the original is, whoever made the disk that it was copied with.
            env.write(top / "OpenCore/config.plist", CONFIG)
            env.macvm("define", "other", *SMALL, "--opencore", image)
            for original, name in (("other", "clone"), ("first", "twin")):
                xml = env.virsh("dumpxml", "--inactive", "--security-info", original).out
                xml = re.sub(r"<uuid>.*</uuid>", "", xml, count=1).replace(f"<name>{original}<", f"<name>{name}<", 1)
                env.virsh("vol-clone", "--pool", "macvm", disk(env, original), f"{name}-opencore.qcow2")
                # Metadata and rendering, in which the texts are escaped, stay the original's, as virt-clone leaves them.
                xml = re.sub(rf"(<source file=['\"][^'\"]*/){disk(env, original)}", rf"\1{name}-opencore.qcow2", xml)
                env.virsh("define", env.write("clone.xml", xml))
                env.macvm("opencore", "update", name)
                self.assertEqual("newer content", content(env, "EFI/OC/OpenCore.efi", name))
                self.assertEqual(env.macvm_json("status", name)["identity"], generic(env, name))
                for key in ("serial", "mlb", "uuid", "rom"):
                    self.assertNotEqual(first[key], generic(env, name)[key])
                self.assertEqual(first["serial"], generic(env, original)["serial"])


class Broken(unittest.TestCase):
    def test_repaired(self):
        """A config.plist that was broken in the guest is made anew by an update, also where no newer OpenCore is there."""
        with harness.Environment.session() as env:
            checkout(env)
            env.macvm("define", *SMALL, "--verbose-boot", "on")
            env.macvm("config", "set", "macos", "Misc.Boot.Timeout", "7")
            before = config(env)[0]
            for text in ("", before[:500], "<!DOCTYPE plist [<!ENTITY a 'b'>]><plist><dict/></plist>"):
                edit(env, text)
                for command in (("config", "get", "macos", "Misc.Boot.Timeout"), ("set", "macos", "--resolution", "800x600")):
                    error = env.macvm("--json", *command, expect=1).error
                    self.assertIn("config.plist", error["message"])
                    self.assertIn("opencore update", error["hint"])
                self.assertIn("nothing is taken over", env.macvm("opencore", "update", "macos").err)
                self.assertEqual(before, config(env)[0])
                self.assertEqual(1, len(volumes(env)))
                self.assertIn("already", env.macvm("opencore", "update", "macos").err)
            env.macvm("opencore", "rollback", "macos", expect=4)


class Unset(unittest.TestCase):
    def test_unset(self):
        with harness.Environment.session() as env:
            checkout(env)
            env.macvm("define", *SMALL)
            before = config(env)[0]
            for words in (("Misc.Boot.Timeout", "0"), ("UEFI.Output.Resolution", "800x600"), ("--type", "string", "Misc.Boot.New", "x")):
                env.macvm("config", "set", "macos", *words)
            error = env.macvm("--json", "config", "unset", "macos", "Misc.Boot", expect=3).error
            self.assertIn("was not set", error["message"])
            self.assertIn("'Misc.Boot.New'", error["hint"])
            for key in ("Misc.Boot.Timeout", "UEFI.Output.Resolution", "Misc.Boot.New"):
                self.assertIn("as OpenCore brings it", env.macvm("config", "unset", "macos", key).err)
            self.assertEqual(before, config(env)[0])
            env.macvm("config", "unset", "macos", expect=2)
            env.macvm("config", "get", "macos", "--type", "string", expect=2)
            # What a disk says of itself is its guest's to write: it is read with care.
            env.macvm("config", "set", "macos", "Misc.Boot.Timeout", "0")
            self.assertEqual(1, len(volumes(env)))


class Killed(unittest.TestCase):
    def test_killed(self):
        """Ended at any point, the machine has a whole disk, and the same command goes on from there."""
        with harness.Environment.session() as env:
            top = checkout(env)
            env.macvm("define", *SMALL)
            identity = env.macvm_json("status", "macos")["identity"]
            begin = time.monotonic()
            env.macvm("set", "macos", "--picker-timeout", "20")
            whole = time.monotonic() - begin
            for number in range(8):
                update = number % 2 == 1
                if update:
                    env.write(top / "OpenCore/EFI/OC/OpenCore.efi", f"content {number}")
                words = ("opencore", "update", "macos") if update else ("set", "macos", "--picker-timeout", str(30 + number))
                process = env.spawn(env.macvm_argv(*words))
                time.sleep(random.uniform(0, whole))
                process.kill()
                process.wait(60)
                # Whatever the domain names is whole.
                self.assertEqual(identity, generic(env))
                self.assertIsNotNone(content(env, "EFI/OC/OpenCore.efi"))
                env.macvm(*words)
                self.assertEqual(identity, generic(env))
                self.assertEqual(f"content {number}" if update else 30 + number,
                                 content(env, "EFI/OC/OpenCore.efi") if update else config(env)[1]["Misc"]["Boot"]["Timeout"])
                self.assertLessEqual(len(volumes(env)), 2)
            env.macvm("undefine", "--remove-storage", "--yes")
            self.assertEqual([], volumes(env))


if __name__ == "__main__":
    harness.main()
