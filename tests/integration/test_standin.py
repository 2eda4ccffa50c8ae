#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The harness and the stand-in guest themselves: a hand-written macOS-like domain, with virsh alone."""

import os
import random
import shutil
import signal
import sys
import time
import unittest
import uuid

import harness

DOMAIN = """\
<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit='MiB'>1024</memory>
  <vcpu placement='static'>2</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <loader readonly='yes' secure='no' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
    <nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'/>
    <smbios mode='sysinfo'/>
  </os>
  <sysinfo type='smbios'>
    <system><entry name='manufacturer'>Apple Inc.</entry></system>
    <baseBoard><entry name='manufacturer'>Apple Inc.</entry></baseBoard>
  </sysinfo>
  <features><acpi/><apic/><vmport state='off'/></features>
  <cpu mode='custom' match='exact' check='none'>
    <model fallback='forbid' vendor_id='GenuineIntel'>Haswell-noTSX</model>
    <topology sockets='1' dies='1' cores='2' threads='1'/>
    <feature policy='optional' name='invtsc'/>
    <feature policy='require' name='avx2'/>
    <feature policy='disable' name='pcid'/>
  </cpu>
  <on_reboot>restart</on_reboot>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/><source file='{images}/opencore.qcow2'/>
      <target dev='sda' bus='sata'/><boot order='1'/>
    </disk>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file='{images}/recovery.img'/><target dev='sdb' bus='sata'/>
    </disk>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/><source file='{images}/system.qcow2'/><target dev='sdc' bus='sata'/>
    </disk>
    <controller type='sata' index='0'/>
    <controller type='usb' model='qemu-xhci' ports='15'/>
    <input type='tablet' bus='usb'/>
    <input type='keyboard' bus='usb'/>
    <graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1'/>
    <video><model type='vmvga'/></video>
    <memballoon model='none'/>
    <serial type='file'><source path='{log}'/><target port='0'/></serial>
  </devices>
  <qemu:commandline>
    <qemu:arg value='-device'/><qemu:arg value='isa-applesmc,osk={osk}'/>
    <qemu:arg value='-global'/><qemu:arg value='ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off'/>
    <qemu:arg value='-netdev'/><qemu:arg value='user,id=net0,hostfwd=tcp:127.0.0.1:{port}-:22'/>
    <qemu:arg value='-device'/>
    <qemu:arg value='virtio-net-pci,netdev=net0,id=nic0,mac=52:54:00:c9:18:27,bus=pcie.0,addr=0xa'/>
  </qemu:commandline>
</domain>
"""


def prepare(env, name="standin"):
    """The volumes and the domain of one machine; returns the forwarded port."""
    images = "/var/lib/libvirt/images" if env.kind == "system" else env.home / "images"
    port = env.free_port()
    env.run(["mkdir", "-p", images])
    env.run(["cp", env.standin(), f"{images}/opencore.qcow2"])
    env.run(["truncate", "-s", "300M", f"{images}/recovery.img"])
    env.run(["qemu-img", "create", "-q", "-f", "qcow2", f"{images}/system.qcow2", "80G"])
    xml = DOMAIN.format(name=name, uuid=uuid.uuid4(), images=images, port=port, osk=harness.FAKE_OSK,
                        log=f"{images}/serial.log")
    env.virsh("define", "--validate", env.write(f"{name}.xml", xml))
    return port


class Standin(unittest.TestCase):
    def life(self, env):
        port = prepare(env)
        started = time.monotonic()
        env.virsh("start", "standin", timeout=120)
        guest = env.guest(port)
        guest.wait(240)
        print(f"\n{env.kind}: {time.monotonic() - started:.1f} s from 'virsh start' to ssh", file=sys.stderr)

        facts = guest.facts()
        self.assertEqual("yes", facts["uefi"])
        self.assertEqual("GenuineIntel", facts["cpu_vendor"])
        self.assertLessEqual({"avx2", "aes", "popcnt", "ssse3", "sse4_2"}, set(facts["cpu_flags"].split()))
        self.assertEqual(("2", "2", "1"), (facts["cpus"], facts["cores"], facts["packages"]))
        self.assertAlmostEqual(1024, int(facts["memory_kib"]) / 1024, delta=120)
        self.assertEqual("Apple Inc.", facts["board_vendor"])
        disks = [(disk["port"], int(disk["bytes"]) >> 20) for disk in facts["disk"]]
        self.assertEqual([("ata1", 66), ("ata2", 300), ("ata3", 80 << 10)], disks)
        nic = facts["nic"][0]
        self.assertEqual(("virtio_net", "52:54:00:c9:18:27", "0000:00:0a.0"), (nic["driver"], nic["mac"], nic["pci"]))
        self.assertTrue({"QEMU QEMU USB Keyboard", "QEMU QEMU USB Tablet"} <= set(facts["input"]), facts["input"])
        self.assertEqual(harness.FAKE_OSK, guest.run("smc-read OSK0 32; smc-read OSK1 32").out)

        for data in (b"", b"plain", bytes(range(256)) * 17, random.Random(1).randbytes(300_000)):
            guest.run("pbcopy", input=data)
            self.assertEqual(data, guest.run("pbpaste").raw)

        picture = env.dir / "screen.png"
        env.virsh("screenshot", "standin", picture)
        width, height, colours = harness.png_pixels(picture.read_bytes())
        self.assertGreaterEqual(width * height, 640 * 400)
        self.assertGreater(len(colours), 1, "the screen is blank")

        env.virsh("shutdown", "standin", "--mode", "acpi")
        env.wait_state("standin", "shut off", 30)
        self.assertEqual([], env.qemu_pids())

        env.virsh("start", "standin", timeout=120)
        guest.wait(240)
        guest.run("sudo -n shutdown -h now")
        env.wait_state("standin", "shut off", 30)
        env.virsh("undefine", "standin", "--nvram")

    def test_session(self):
        with harness.Environment.session() as env:
            self.life(env)
            self.assertNotEqual(0, env.uid)

    def test_system(self):
        with harness.Environment.system() as env:
            self.life(env)


class Isolation(unittest.TestCase):
    def test_session_is_not_roots(self):
        with harness.Environment.session() as env:
            self.assertEqual("qemu:///session", env.virsh("uri").out.strip())
            pid, = env.daemon_pids()
            self.assertEqual(env.uid, os.stat(f"/proc/{pid}").st_uid)
            directory = env.dir
        self.assertFalse(directory.exists())
        self.assertEqual(set(), harness.belonging(directory))

    def test_session_daemon_comes_back(self):
        with harness.Environment.session() as env:
            env.virsh("list")
            before = env.kill_daemons()
            env.virsh("list")
            self.assertNotEqual(before, env.daemon_pids())

    def test_system_leaves_no_trace(self):
        with harness.Environment.system() as env:
            env.virsh("pool-define-as", "mine", "dir", "--target", "/var/lib/libvirt/images")
            env.kill_daemons()
            env.virsh("list", expect=1)
            env.run(["libvirtd", "-d", "-p", "/run/libvirt/libvirtd.pid"])
            self.assertIn("mine", env.virsh("pool-list", "--all", "--name").out)
            directory = env.dir
        self.assertFalse(directory.exists())
        self.assertFalse(os.path.exists("/etc/libvirt/storage/mine.xml"))
        self.assertEqual(set(), harness.belonging(directory))

    def test_a_killed_test_is_tidied_up(self):
        code = ("import harness, os, signal\n"
                "with harness.Environment.session() as env:\n"
                "    env.virsh('list'); print(env.dir, flush=True); os.kill(os.getpid(), signal.SIGKILL)\n")
        done = harness.run([sys.executable, "-c", code], cwd=harness.SOURCE / "tests/integration", expect=-signal.SIGKILL)
        directory = done.out.strip()
        self.assertTrue(directory)
        harness.wait_for(lambda: not os.path.exists(directory) and not harness.belonging(directory), 20, "the watchdog")

    def test_ports_differ(self):
        with harness.Environment.session() as env:
            self.assertEqual(50, len({env.free_port() for _ in range(50)}))


class Remote(unittest.TestCase):
    def check(self, kind, **how):
        with harness.Environment.ssh(kind, **how) as env:
            self.assertIn(kind, env.virsh("uri").out)
            env.virsh("pool-define-as", "far", "dir", "--target", env.server.home)
            self.assertIn("far", env.server.virsh("pool-list", "--all", "--name").out)
            self.assertTrue(env.far("id -u").out.strip() == str(env.server.uid))
            env.cut_link()
            env.virsh("list", expect=1, timeout=20)

    def test_session(self):
        self.check("session")

    def test_system(self):
        self.check("system")

    def test_system_apart(self):
        self.check("system", apart=True)

    def test_session_apart(self):
        self.check("session", apart=True)


if __name__ == "__main__":
    harness.main()
