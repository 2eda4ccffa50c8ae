#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine's own OpenCore disk: made of an EFI folder, read back, made anew, and booted from."""

import base64
import os
import plistlib
import pty
import re
import unittest
import xml.etree.ElementTree as ElementTree

import harness

SMALL = ("--accel", "tcg", "--memory", "1G", "--cores", "2", "--threads", "1", "--ssh-user", "root")
BOOT = "7C436110-AB2A-4BBB-A880-FE41995C9F82"

# Written for this test: the keys that upstream's has and define changes, comments and odd spacing that have to stay.
CONFIG = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<!-- a comment that stays -->
	<key>Misc</key>
	<dict>
		<key>Boot</key>
		<dict><key>Timeout</key>   <integer>45</integer></dict>
		<key>Security</key>
		<dict>
			<key>SecureBootModel</key>
			<string>Default</string>
		</dict>
	</dict>
	<key>NVRAM</key>
	<dict>
		<key>Add</key>
		<dict>
			<key>{BOOT}</key>
			<dict>
				<key>boot-args</key>
				<string>-v keepsyms=1 test=1</string>
			</dict>
		</dict>
	</dict>
	<key>PlatformInfo</key>
	<dict>
		<key>Automatic</key>
		<true/>
		<key>Generic</key>
		<dict>
			<key>MLB</key>
			<string>shared</string>
			<key>ROM</key>
			<string>shared</string>
			<key>SystemProductName</key>
			<string>iMacPro1,1</string>
			<key>SystemSerialNumber</key>
			<string>shared</string>
			<key>SystemUUID</key>
			<string>shared</string>
		</dict>
	</dict>
	<key>UEFI</key>
	<dict>
		<key>Output</key>
		<dict>
			<key>Resolution</key>
			<string>1024x768</string>
		</dict>
	</dict>
</dict>
</plist>
"""


def checkout(env):
    """The stand-in's checkout with an EFI folder, whose loader is the stand-in itself, taken out of its disk."""
    top = env.checkout()
    if env.run(["mcopy", "--version"], expect=None).code != 0:
        harness.skip("no mtools")
    raw, loader = env.dir / "standin.raw", env.dir / "BOOTX64.EFI"
    env.run(["qemu-img", "convert", "-O", "raw", env.standin(), raw])
    env.run(["mcopy", "-n", "-i", f"{raw}@@1M", "::/EFI/BOOT/BOOTX64.EFI", loader])
    env.write(top / "OpenCore/EFI/BOOT/BOOTx64.efi", loader.read_bytes())
    raw.unlink()
    for name in ("OpenCore.efi", "Kexts/Some.kext/Contents/Info.plist", "Resources/Image/a file.icns"):
        env.write(top / "OpenCore/EFI/OC" / name, f"content of {name}")
    env.write(top / "OpenCore/config.plist", CONFIG)
    return top


def disk(env, name="macos"):
    """The volume of the OpenCore disk that the machine starts with next."""
    domain = ElementTree.fromstring(env.virsh("dumpxml", "--inactive", name).out)
    return domain.find("devices/disk/target[@dev='sda']/../source").get("file").rpartition("/")[2]


def config(env, name="macos", volume=None):
    """(text, dict) of the config.plist in the machine's volume, brought here through libvirt."""
    copy, raw = env.dir / "volume.qcow2", env.dir / "volume.raw"
    env.virsh("vol-download", "--pool", "macvm", volume or disk(env, name), copy)
    env.run(["qemu-img", "convert", "-O", "raw", copy, raw])
    text = env.run(["mtype", "-i", f"{raw}@@1M", "::/EFI/OC/config.plist"]).out
    copy.unlink()
    raw.unlink()
    return text, plistlib.loads(text.encode())


def generic(env, name="macos", volume=None):
    """What the volume says, in the words of `status --json`."""
    found = config(env, name, volume)[1]["PlatformInfo"]["Generic"]
    return {"model": found["SystemProductName"], "serial": found["SystemSerialNumber"], "mlb": found["MLB"],
            "uuid": found["SystemUUID"], "rom": found["ROM"].hex().upper()}


def boot_args(env):
    return config(env)[1]["NVRAM"]["Add"][BOOT]["boot-args"]


class Made(unittest.TestCase):
    def test_identity(self):
        with harness.Environment.session() as env:
            checkout(env)
            env.macvm("define", *SMALL)
            status = env.macvm_json("status", "macos")
            identity = status["identity"]
            self.assertEqual(identity, generic(env))
            self.assertEqual("iMacPro1,1", identity["model"])
            self.assertEqual(status["uuid"].upper(), identity["uuid"])
            mac = re.search(r"52:54:00(:[0-9a-f]{2}){3}", env.virsh("dumpxml", "macos").out)[0]
            self.assertEqual(mac.replace(":", "").upper(), identity["rom"])
            self.assertEqual("qcow2", status["disks"][0]["format"])
            # The file differs from upstream's in what was meant to be changed.
            text, values = config(env)
            changed = [line.strip() for line in text.splitlines() if line not in CONFIG.splitlines()]
            rom = base64.b64encode(bytes.fromhex(identity["rom"])).decode()
            self.assertEqual(sorted(changed), sorted([
                "<dict><key>Timeout</key>   <integer>10</integer></dict>", "<string>Disabled</string>",
                "<string>keepsyms=1 test=1</string>", f"<string>{identity['mlb']}</string>", f"<data>{rom}</data>",
                f"<string>{identity['serial']}</string>", f"<string>{identity['uuid']}</string>"]))
            self.assertEqual("1024x768", values["UEFI"]["Output"]["Resolution"])
            # The same again makes nothing anew; another machine is another Mac.
            self.assertIn("as it should be", env.macvm("define").out)
            self.assertEqual(identity, env.macvm_json("status", "macos")["identity"])
            env.macvm("define", "second", *SMALL)
            other = env.macvm_json("status", "second")["identity"]
            self.assertEqual(other, generic(env, "second"))
            for key in ("serial", "mlb", "uuid", "rom"):
                self.assertNotEqual(identity[key], other[key])

    def test_options(self):
        with harness.Environment.session() as env:
            checkout(env)
            env.macvm("define", *SMALL, "--resolution", "1920x1080", "--os", "26")
            identity = env.macvm_json("status", "macos")["identity"]
            self.assertEqual("MacPro7,1", identity["model"])
            self.assertEqual(identity, generic(env))
            self.assertIn("made anew", env.macvm("set", "macos", "--verbose-boot", "on").err)
            self.assertEqual("-v keepsyms=1 test=1", boot_args(env))
            env.macvm("set", "macos", "--boot-args", "amfi=1  -x")
            self.assertEqual("-v amfi=1 -x", boot_args(env))
            env.macvm("set", "macos", "--verbose-boot", "off", "--boot-args", "-v debug=0x144")
            self.assertEqual("debug=0x144", boot_args(env))
            env.macvm("set", "macos", "--boot-args", "")
            self.assertEqual("", boot_args(env))
            # Other options leave the disk alone, and all of them the identity.
            self.assertNotIn("anew", env.macvm("set", "macos", "--memory", "1280M").err)
            self.assertEqual("1920x1080", config(env)[1]["UEFI"]["Output"]["Resolution"])
            self.assertEqual(identity, env.macvm_json("status", "macos")["identity"])
            self.assertEqual(identity, generic(env))
            self.assertIn("would be made anew", env.macvm("set", "macos", "--resolution", "1280x720", "--diff").err)
            self.assertEqual("1920x1080", config(env)[1]["UEFI"]["Output"]["Resolution"])
            # An older macOS does not know the newer model.
            self.assertIn("iMacPro1,1", env.macvm("set", "macos", "--os", "14").err)
            self.assertEqual("iMacPro1,1", generic(env)["model"])
            self.assertEqual(env.macvm_json("status", "macos")["identity"], generic(env))
            env.macvm("set", "macos", "--picker-timeout", "0", "--csr", "0x26f")
            values = config(env)[1]
            self.assertEqual(0, values["Misc"]["Boot"]["Timeout"])
            self.assertEqual(b"\x6f\x02\0\0", values["NVRAM"]["Add"][BOOT]["csr-active-config"])
            for wrong in (("--picker-timeout", "-1"), ("--csr", "0x1ffffffff"), ("--csr", "on"), ("--resolution", "1920"), ("--resolution", "1x1"), ("--resolution", "99999x1080"),
                          ("--verbose-boot", "yes"), ("--boot-args", "a\nb")):
                env.macvm("set", "macos", *wrong, expect=2)

    def test_config(self):
        """Keys of config.plist are read from the volume, set by type, remembered, and survive what makes the disk anew."""
        with harness.Environment.session() as env:
            checkout(env)
            env.macvm("define", "großer mac", *SMALL, "--resolution", "1280x720")
            args = f"NVRAM.Add.{BOOT}.boot-args"

            def get(*key, **how):
                return env.macvm("config", "get", "großer mac", *key, **how)

            def put(*words, **how):
                return env.macvm("config", "set", "großer mac", *words, **how)

            text, values = config(env, "großer mac")
            self.assertEqual(text, get().out)
            self.assertEqual("1280x720\n", get("UEFI.Output.Resolution").out)
            self.assertEqual(f"0x{values['PlatformInfo']['Generic']['ROM'].hex()}\n", get("PlatformInfo.Generic.ROM").out)
            self.assertEqual(values["Misc"], plistlib.loads(get("Misc").out.encode()))
            told = env.macvm_json("config", "get", "großer mac", "Misc")
            self.assertEqual(("dict", values["Misc"]), (told["type"], told["value"]))
            self.assertEqual(values["NVRAM"], env.macvm_json("config", "get", "großer mac")["value"]["NVRAM"])
            identity = env.macvm_json("status", "großer mac")["identity"]
            put("PlatformInfo.Automatic", "false", expect=2)
            put("PlatformInfo.Generic.MLB", "C02000000000", expect=2)
            self.assertIn("--type", put("Misc.Boot.Timeout", "soon", expect=2).err)
            self.assertIn("without a key", get("Misc.Bot", expect=3).err)
            put("Misc.Boot", "1", expect=2)
            put("Misc.Nothing.Here", "1", "--type", "integer", expect=3)
            put("Misc.Boot.New", "1", expect=3)
            put("Misc.Boot.New", "1", "--type", "dict", expect=2)
            env.macvm("config", "get", "nobody", expect=3)
            self.assertEqual(text, get().out)
            put("Misc.Boot.Timeout", "0x5")
            put("UEFI.Output.Resolution", "800x600")
            put("--type", "data", "Misc.Boot.New\\.key", "0x0102ff")
            env.macvm("config", "--", "set", "großer mac", args, "-v <a>&\"b\" größer")
            # A terminal does not obey what is in the file; a script gets just that.
            put("Misc.Boot.Steer", "a\x9b31mb", "--type", "string")
            self.assertEqual("a\x9b31mb\n", get("Misc.Boot.Steer").out)
            ours, theirs = pty.openpty()
            env.spawn(env.macvm_argv("config", "get", "großer mac", "Misc.Boot.Steer"), stdout=theirs).wait(60)
            os.close(theirs)
            self.assertEqual(b"a\\xc2\\x9b31mb", os.read(ours, 100).strip())
            os.close(ours)
            env.macvm("config", "unset", "großer mac", "Misc.Boot.Steer")
            put("Misc.Boot.Hide", "yes", "--type", "boolean")
            self.assertIn("as it should be", put("Misc.Boot.Hide", "true").err)
            # What is made later has it as well, except what was asked for since by an option.
            env.macvm("set", "großer mac", "--resolution", "1920x1080")
            values = config(env, "großer mac")[1]
            self.assertEqual({"Timeout": 5, "New.key": b"\1\2\xff", "Hide": True}, values["Misc"]["Boot"])
            self.assertEqual("1920x1080", values["UEFI"]["Output"]["Resolution"])
            self.assertEqual('-v <a>&"b" größer', values["NVRAM"]["Add"][BOOT]["boot-args"])
            self.assertEqual("0x0102ff\n", get("Misc.Boot.New\\.key").out)
            self.assertEqual(identity, env.macvm_json("status", "großer mac")["identity"])
            self.assertEqual(identity, generic(env, "großer mac"))
            self.assertIn("as it should be", env.macvm("define", "großer mac").out)
            # Two at once: each is done, or told to try again, and none is lost.
            both = [env.spawn(env.macvm_argv("config", "set", "großer mac", f"Misc.Boot.{key}", "1", "--type", "integer"))
                    for key in ("A", "B")]
            codes = [process.wait(60) for process in both]
            self.assertIn(0, codes)
            self.assertLessEqual(set(codes), {0, 4})
            boot = config(env, "großer mac")[1]["Misc"]["Boot"]
            self.assertEqual([code == 0 for code in codes], ["A" in boot, "B" in boot])

    def test_not_readable(self):
        """Of a disk that somebody else made config.plist is read, and not set; one without is told as such."""
        with harness.Environment.session() as env:
            checkout(env)
            env.macvm("define", "given", *SMALL, "--opencore", env.standin())
            self.assertIn("no EFI/OC/config.plist", env.macvm("config", "get", "given", expect=1).err)
            raw, image = env.dir / "given.raw", env.dir / "given.qcow2"
            env.run(["qemu-img", "convert", "-O", "raw", env.standin(), raw])
            env.run(["mmd", "-i", f"{raw}@@1M", "::/EFI/OC"])
            plist = env.write("config.plist", CONFIG)
            env.run(["mcopy", "-i", f"{raw}@@1M", plist, "::/EFI/OC/config.plist"])
            env.run(["qemu-img", "convert", "-O", "qcow2", raw, image])
            env.macvm("define", "other", *SMALL, "--opencore", image)
            self.assertEqual("45\n", env.macvm("config", "get", "other", "Misc.Boot.Timeout").out)
            self.assertIn("macvm did not make it", env.macvm("config", "set", "other", "Misc.Boot.Timeout", "3", expect=4).err)
            # A disk that is no disk any more.
            empty = env.write("empty", b"\0" * (1 << 20))
            env.macvm("define", "third", *SMALL)
            env.virsh("vol-upload", "--pool", "macvm", "third-opencore.qcow2", empty)
            self.assertIn("cannot read", env.macvm("config", "get", "third", expect=1).err)

    def test_not_ours(self):
        """A disk that macvm did not make stays as it is."""
        with harness.Environment.session() as env:
            top = checkout(env)
            env.macvm("define", "given", *SMALL, "--opencore", env.standin())
            self.assertIsNone(env.macvm_json("status", "given")["identity"])
            error = env.macvm("--json", "set", "given", "--resolution", "1280x720", expect=4).error
            self.assertIn("macvm did not make it", error["message"])
            # An image for a machine that has one is not passed over in silence.
            for command in ("define", "set"):
                done = env.macvm(command, "given", "--opencore", env.standin())
                self.assertIn("keeps the OpenCore disk that it has", done.err)
                self.assertIn("as it should be", done.out)
            env.run(["mv", top / "OpenCore/EFI", top / "elsewhere"])
            self.assertIn("ready image", env.macvm("define", "ready", *SMALL).err)
            self.assertIsNone(env.macvm_json("status", "ready")["identity"])
            env.macvm("define", "other", *SMALL, "--resolution", "1280x720", expect=3)

    def test_refused_folders(self):
        with harness.Environment.session() as env:
            top = checkout(env)
            env.vars["TMPDIR"] = str(env.write("tmp/.keep", "").parent)
            link = top / "OpenCore/EFI/OC/link"
            env.run(["ln", "-s", "/etc/passwd", link])
            self.assertIn("leads out", env.macvm("define", *SMALL, expect=1).err)
            link.unlink()
            for hostile in ('<!DOCTYPE plist [<!ENTITY a "x">]><plist><dict/></plist>', "<plist>", "",
                            "<plist><dict/></plist>" + " " * (1 << 20)):
                env.write(top / "OpenCore/config.plist", hostile)
                env.macvm("define", *SMALL, expect=(1, 3))
                env.virsh("domid", "macos", expect=1)
            # What failed leaves nothing that is in the way.
            env.write(top / "OpenCore/config.plist", CONFIG)
            env.macvm("define", *SMALL)
            self.assertEqual(env.macvm_json("status", "macos")["identity"], generic(env))
            self.assertEqual([], [path.name for path in (env.dir / "tmp").iterdir() if path.name != ".keep"])

    def test_left_over(self):
        """A disk that is left from an earlier machine says who that one was: the new one gets its own."""
        with harness.Environment.session() as env:
            checkout(env)
            env.macvm("define", *SMALL)
            first = generic(env)
            env.macvm("undefine", "macos", "--yes")
            env.macvm("define", *SMALL)
            self.assertNotEqual(first["serial"], generic(env)["serial"])
            self.assertEqual(env.macvm_json("status", "macos")["identity"], generic(env))


class Copied(unittest.TestCase):
    """What virt-clone makes of a machine is another Mac, after one define."""

    def clone(self, env, name, *options):
        env.run(["virt-clone", "--connect", env.uri, "-o", "macos", "-n", name, "--auto-clone", "--check",
                 "disk_size=off", *options])

    def check_own(self, env, name, original):
        self.assertTrue(env.macvm_json("status", name)["copy"])
        self.assertIn("copy of another machine", env.macvm("define", name).err)
        status = env.macvm_json("status", name)
        self.assertFalse(status["copy"])
        self.assertNotEqual(original["ssh"]["port"], status["ssh"]["port"])
        for key in ("serial", "mlb", "uuid", "rom"):
            self.assertNotEqual(original["identity"][key], status["identity"][key])
        volume = status["disks"][0]["volume"]
        self.assertNotEqual(original["disks"][0]["volume"], volume)
        self.assertEqual(status["identity"], generic(env, volume=volume))
        text = env.virsh("dumpxml", "--inactive", name).out
        self.assertEqual(status["ssh"]["port"], harness.nic(text)["port"])
        rom = status["identity"]["rom"].lower()
        self.assertIn(":".join(rom[i:i + 2] for i in range(0, 12, 2)), text.replace("&quot;", '"'))
        done = env.macvm("define", name)
        self.assertEqual(("", f"Machine '{name}' is as it should be\n"), (done.err, done.out))

    def test_side_by_side(self):
        if not harness.shutil.which("virt-clone", path=harness.PATH):
            harness.skip("no virt-clone: install virtinst")
        with harness.Environment.session() as env:
            checkout(env)
            env.macvm("define", *SMALL, "--ssh-port", env.free_port())
            original = env.macvm_json("status", "macos")
            self.clone(env, "clone")
            self.clone(env, "sharer", "--skip-copy", "sda")
            env.macvm("up", "macos")
            error = env.macvm("--json", "up", "clone", expect=4).error
            self.assertIn("macvm define clone", error["hint"])
            self.check_own(env, "clone", original)
            env.macvm("up", "clone")
            self.assertEqual("running", env.state("macos"))
            for name in ("macos", "clone"):
                env.virsh("destroy", name)
            self.check_own(env, "sharer", original)
            # An older macvm did not write down for which domain it wrote: its rendering tells.
            self.clone(env, "older")
            text = env.virsh("dumpxml", "--inactive", "--security-info", "older").out
            older = re.sub(r"(<macvm:machine [^>]*) uuid=[\"'][^\"']*[\"']", r"\1", text)
            self.assertNotEqual(text, older)
            env.virsh("define", env.write("older.xml", older))
            self.check_own(env, "older", original)
            self.assertIn("as it should be", env.macvm("define", "macos").out)
            self.assertEqual(original["identity"], env.macvm_json("status", "macos")["identity"])
            self.assertEqual(original["identity"], generic(env))


class Boots(unittest.TestCase):
    def check(self, env):
        port = env.free_port()
        checkout(env)
        env.macvm("define", *SMALL, "--ssh-port", port)
        identity = env.macvm_json("status", "macos")["identity"]
        env.macvm("up", "--wait-ssh=240", timeout=300)
        self.assertEqual("yes", env.guest(port).facts()["uefi"])
        # A running machine's boot disk is not touched: it gets another one for its next start.
        runs_with = disk(env)
        self.assertIn("at its next start", env.macvm("set", "macos", "--resolution", "1280x720").out)
        self.assertNotEqual(runs_with, disk(env))
        self.assertIn(runs_with, env.virsh("vol-list", "macvm").out)
        env.macvm("set", "macos", "--ssh-user", "nobody")
        self.assertIn('user="nobody"', env.virsh("metadata", "macos", "https://macvm.org/xmlns/domain/1").out.replace("'", '"'))
        told = env.macvm_json("set", "macos", "--memory", "1280M", "--ssh-user", "root", "--reset-nvram")
        self.assertEqual((["ssh-user"], ["memory", "reset-nvram"]), (told["now"], told["next_start"]))
        told = env.macvm_json("set", "macos", "--memory", "1280M")
        self.assertEqual((False, [], []), (told["changed"], told["now"], told["next_start"]))
        self.assertIn("now: --ssh-user; at its next start: --cores", env.macvm("set", "macos", "--ssh-user", "root", "--cores",
                                                                              "1").out)
        nvram = ElementTree.fromstring(env.virsh("dumpxml", "macos").out).find("os/nvram")
        variables, template = nvram.text, nvram.get("template")
        env.guest(port).run("poweroff", expect=None)
        env.wait_state("macos", "shut off", 60)
        env.macvm("set", "macos", "--resolution", "1280x720")
        self.assertNotIn(runs_with, env.virsh("vol-list", "macvm").out)
        self.assertEqual("1280x720", config(env)[1]["UEFI"]["Output"]["Resolution"])
        self.assertEqual(identity, generic(env))
        env.run(["cp", template, variables])
        env.run(["truncate", "-s", "+1", variables])
        self.assertIn("is reset", env.macvm("up", "--wait-ssh=240", timeout=300).err)
        self.assertEqual(env.run(["stat", "-Lc", "%s", template]).out, env.run(["stat", "-c", "%s", variables]).out)
        self.assertNotIn("nvram reset", env.virsh("dumpxml", "--inactive", "macos").out)
        env.macvm("undefine", "--remove-storage", "--yes", expect=4)
        env.guest(port).run("poweroff", expect=None)
        env.wait_state("macos", "shut off", 60)

    def test_session(self):
        with harness.Environment.session() as env:
            self.check(env)


if __name__ == "__main__":
    harness.main()
