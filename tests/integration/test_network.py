#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: TIMEOUT 900
"""Machines on a libvirt network and on a bridge, in a network namespace of the test's own."""

import shutil
import unittest

import harness

BOOT = 300  # seconds that a guest may take under load
SMALL = ("--accel", "tcg", "--memory", "1G", "--cores", "2", "--threads", "1", "--ssh-user", "root")
NETWORK = """<network><name>macs</name><bridge name='macbr0'/><ip address='192.168.123.1' netmask='255.255.255.0'>
<dhcp><range start='192.168.123.50' end='192.168.123.59'/></dhcp></ip></network>"""


class Network(unittest.TestCase):
    def check_guest(self, env, text):
        """Started with the text in its XML, reached at its own address, stopped by ssh."""
        self.assertIn(text, env.virsh("dumpxml", "macos").out)
        self.assertIn("no address of it is known while it is off", env.macvm("status", "macos").out)
        self.assertEqual({"host": None, "port": None, "reachable": False}, env.macvm_json("status", "macos")["ssh"])
        up = env.macvm("up", f"--wait-ssh={BOOT}", "macos", timeout=BOOT + 60)
        self.assertIn("waiting for its address", up.err)
        ssh = env.macvm_json("status", "macos")["ssh"]
        self.assertRegex(ssh["host"], r"^192\.168\.123\.5\d$")
        self.assertEqual((22, True), (ssh["port"], ssh["reachable"]))
        self.assertIn(ssh["host"], env.macvm("ssh", "macos", "--", "ip", "addr").out)
        self.assertIn("by ssh", env.macvm("down", "--timeout", "120", "macos", timeout=200).err)

    def check_bridge(self, env):
        """Nobody has an address to tell: libvirt has leases of its own networks only, the ARP table nothing yet."""
        self.assertNotIn("no bridge", env.macvm("set", "--network", "bridge=macbr0", "macos").err)
        self.assertIn("<source bridge='macbr0'/>", env.virsh("dumpxml", "macos").out)
        env.macvm("up", "macos")
        self.assertEqual({"host": None, "port": None, "reachable": False}, env.macvm_json("status", "macos")["ssh"])
        self.assertIn("knows no address of it", env.macvm("ssh", "macos", "--", "true", expect=3).err)
        env.virsh("destroy", "macos")

    def test_network(self):
        for program in ("dnsmasq", "iptables"):
            if not shutil.which(program, path=harness.PATH):
                harness.skip(f"no {program}: install dnsmasq-base and iptables")
        with harness.Environment.system(apart=True) as env:
            env.checkout()
            missing = env.macvm("define", *SMALL, "--network", "macs", expect=3)
            self.assertIn("'virsh net-list --all' shows the networks", missing.err)
            env.virsh("net-define", env.write("net.xml", NETWORK))
            defined = env.macvm("define", *SMALL, "--network", "macs")
            self.assertIn("network 'macs' is not active: 'virsh net-start macs' starts it", defined.err)
            self.assertIn("virsh net-start", env.macvm("up", "macos", expect=4).err)
            env.virsh("net-start", "macs")
            self.check_guest(env, "<source network='macs'/>")
            self.check_bridge(env)
            self.assertIn("the host has no bridge 'nobr' now", env.macvm("set", "--network", "bridge=nobr", "macos").err)
            self.assertIn("'macvm set macos --network NET'", env.macvm("up", "macos", expect=5).err)
            env.macvm("set", "--network", "user", "macos")
            self.assertEqual(2222, env.macvm_json("status", "macos")["ssh"]["port"])


if __name__ == "__main__":
    harness.main()
