#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
# ctest: TIMEOUT 600
"""The clipboard agent's connection and its life as a process: what breaks, and what comes of it."""

import contextlib
import os
import signal
import stat
import subprocess
import time
import unittest

import cliplab
import harness

MACHINE = """<node><domain type='test'><name>twin</name><uuid>{uuid}</uuid>
  <metadata><macvm:machine xmlns:macvm='https://macvm.org/xmlns/domain/1' version='1'><macvm:ssh port='{port}'/></macvm:machine></metadata>
  <memory unit='GiB'>1</memory><vcpu>1</vcpu><os><type>hvm</type></os>
  <devices><interface type='user'>{backend}<portForward proto='tcp' address='127.0.0.1'><range start='{port}' to='22'/></portForward>
  </interface></devices></domain></node>
"""


def ssh_of(pid):
    """The agent's ssh processes."""
    return [p for p in cliplab.children(pid) if harness._read(p, "comm") == b"ssh\n"]


def ticks(pid):
    fields = harness._read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[11]) + int(fields[12])


class Connection(unittest.TestCase):
    def both_ways(self, lab, mac, word):
        lab.copy(b"host " + word)
        lab.wait(lambda: mac.text() == b"host " + word, "the guest's clipboard")
        mac.copy(b"guest " + word)
        lab.wait(lambda: lab.paste() == b"guest " + word, "the host's clipboard")

    def test_noise_of_the_login_shell(self):
        with cliplab.Lab() as lab:
            mac = lab.mac(shell_noise="Welcome! MCV1 MCV")
            lab.sync(mac)
            self.both_ways(lab, mac, b"x")
            self.assertIn("osascript", lab.clip("status", mac).out)

    def test_server_restart(self):
        """Copied while nobody was there, and then as ever."""
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            self.both_ways(lab, mac, b"before")
            mac.stop()
            lab.wait(lambda: not lab.status(mac)["connected"], "the loss to be seen")
            lab.copy(b"copied meanwhile")
            mac.start()
            lab.wait(lambda: mac.text() == b"copied meanwhile", "what was copied meanwhile")
            self.both_ways(lab, mac, b"after")
            mac.stop()
            mac.copy(b"copied in the guest meanwhile")
            mac.start()
            lab.wait(lambda: lab.paste() == b"copied in the guest meanwhile", "what was copied there meanwhile")

    def test_gap_with_pbcopy(self):
        """What lay on the guest's clipboard all along is no copy after a gap; what was copied in it is one."""
        with cliplab.Lab() as lab:
            mac = lab.mac(agents=("pbcopy", "pbpaste"))
            mac.copy(b"there before")
            lab.copy(b"there, too")
            lab.sync(mac)
            for between in (None, b"copied meanwhile"):
                mac.stop()
                lab.wait(lambda: not lab.status(mac)["connected"], "the loss to be seen")
                if between is not None:
                    mac.copy(between)
                mac.start()
                lab.wait(lambda: lab.status(mac)["connected"], "the connection")
                if between is None:
                    time.sleep(1.5)
                    self.assertEqual((lab.paste(), lab.status(mac)["received"]), (b"there, too", 0))
            lab.wait(lambda: lab.paste() == b"copied meanwhile")

    def test_ssh_killed(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            pid = lab.status(mac)["pid"]
            for child in ssh_of(pid):
                os.kill(child, signal.SIGKILL)
            lab.copy(b"copied at once")
            lab.wait(lambda: mac.text() == b"copied at once")
            self.both_ways(lab, mac, b"after")
            self.assertEqual(lab.status(mac)["pid"], pid)

    def test_frozen_agent(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            self.both_ways(lab, mac, b"before")
            frozen = mac.agents()
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
            start = time.monotonic()
            lab.copy(b"does not wait for ever")
            lab.wait(lambda: mac.text() == b"does not wait for ever", interval=0.05)
            self.assertGreater(time.monotonic() - start, 4)
            for pid in frozen:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def test_blocked_read(self):
        """macOS asks its user before the pasteboard may be read: the other way goes on meanwhile."""
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            self.both_ways(lab, mac, b"before")
            mac.mock("hang-read")
            mac.copy(b"cannot be read")
            time.sleep(0.2)
            start = time.monotonic()
            lab.copy(b"can be written")
            lab.wait(lambda: mac.text() == b"can be written", "the free way")
            self.assertLess(time.monotonic() - start, 10)
            self.assertIn(b"takes too long", lab.log())
            self.assertIn("macOS does not let the guest's clipboard be read", lab.clip("status", mac).out)
            mac.mock("hang-read", None)
            self.assertEqual(lab.status(mac)["received"], 1)
            lab.clip("pull", mac)  # tries at once, and finds that it is let
            self.assertNotIn("trouble", lab.clip("status", mac).out)

    def test_fallback_when_osascript_is_silent(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            mac.mock("deaf")
            lab.clip("sync", mac)
            lab.wait(lambda: lab.status(mac)["connected"], "the fallback")
            self.assertIn("pbcopy", lab.clip("status", mac).out)
            self.both_ways(lab, mac, "für".encode())
            mac.mock("deaf", None)

    def test_without_poll(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            mac.mock("no-poll")
            lab.sync(mac)
            self.both_ways(lab, mac, b"x")

    def test_hostile_guest(self):
        """An agent that floods, one that ends at once, one that lies about lengths: none keeps macvm from anything else."""
        hello = "printf 'MCV1H 000000000000000100000000\\n'"
        flood = (b"MCV1H 000000000000000100000000\n" +
                 b"".join(b"MCV1C %08x%08x0000001f\nplain\npublic.utf8-plain-text\n\n\n" % (n, n + 1) for n in range(1, 10000)))
        for agent, said in (("exec cat $(dirname $0)/flood", b"the agent says too much"), (hello + "; exit 0", None),
                            ("exit 0", b"the connection ended"),
                            (hello + "; printf 'MCV1C 0000000100000002000000ff\\nplain'; exit 1", b"the connection ended"),
                            (hello + "; yes noise >&2", b"it says too much"),
                            (hello + "; printf 'MCV1C 0000000100000002ffffffff\\n'; exec sleep 60", b"a frame that is too long"),
                            (hello + "; printf 'MCV1A 000000010000000200000003\\nown'; exec sleep 60", b"that nobody asked for")):
            with self.subTest(agent=agent), cliplab.Lab() as lab:
                mac = lab.mac(agents=())
                (mac.bin / "flood").write_bytes(flood)
                (mac.bin / "osascript").write_text(f"#!/bin/sh\n{agent}\n")
                (mac.bin / "osascript").chmod(0o755)
                lab.clip("sync", mac)
                pid = lab.status(mac)["pid"]
                if said is None:
                    time.sleep(3)
                    self.assertLessEqual(lab.log().count(b"connected to"), 4)
                else:
                    lab.wait(lambda: said in lab.log(), "the end of the connection")
                self.assertEqual(pid, lab.status(mac)["pid"])
                self.assertLess(len(lab.log()), 10000)
                lab.clip("stop", mac)

    def test_other_user_at_the_screen(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            mac.mock("console", "somebody")
            lab.sync(mac)
            self.assertIn("nobody is logged in", lab.clip("status", mac).out)

    def test_not_there_yet(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            mac.stop()
            done = lab.clip("sync", mac)
            self.assertIn("waiting for", done.err)
            self.assertFalse(lab.status(mac)["connected"])
            mac.start()
            lab.wait(lambda: lab.status(mac)["connected"], "the connection")
            lab.clip("stop", mac)
            mac.stop()
            lab.copy(b"x")
            lab.clip("push", mac, expect=1)
            lab.clip("pull", mac, expect=1)

    def test_not_let_in(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            mac.authorize(False)
            done = lab.clip("sync", mac, json=True, expect=1)
            self.assertIn("Permission denied", done.error["message"])
            self.assertIn(f"ssh-copy-id -p {mac.port} 127.0.0.1", done.error["hint"])
            self.assertFalse(lab.status(mac)["running"])

    def test_host_key_changed(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            mac.stop()
            mac.new_host_key()
            mac.start()
            lab.wait(lambda: not lab.status(mac)["running"], "the agent's end")
            self.assertIn(b"its host key has changed", lab.log())
            done = lab.clip("sync", mac, json=True, expect=1)
            self.assertIn("host key has changed", done.error["message"])
            self.assertIn("known_hosts.d", done.error["hint"])
            self.assertIsNone(mac.text())

    def test_host_key_of_machine(self):
        """`ssh` and `clip` keep one key, and tell a changed one in the same words."""
        uuid = "11111111-1111-4111-8111-111111111111"
        with cliplab.Lab() as lab:
            mac = lab.mac()
            machines = lab.dir / "machines.xml"
            on = ("--connect", f"test://{machines}")
            for backend in ("<backend type='passt'/>", ""):  # libvirt 9.0 has the forward without it
                machines.write_text(MACHINE.format(uuid=uuid, port=mac.port, backend=backend))
                if lab.macvm(*on, "list", expect=None).code == 0:
                    break
            key = lab.dir / f"data/macvm/known_hosts.d/macvm-{uuid}"
            self.assertEqual(b"a b\n", lab.macvm(*on, "ssh", "twin", "--", "echo", "a", "b").raw)
            self.assertEqual(255, lab.macvm(*on, "ssh", "twin", "--", "exit 255", expect=255).code)
            self.assertEqual(1, key.read_text().count("\n"))
            lab.copy(b"x")
            lab.macvm(*on, "clip", "push", "twin")
            self.assertEqual(b"x", mac.text())
            self.assertEqual(1, key.read_text().count("\n"))
            mac.stop()
            mac.new_host_key()
            mac.start()
            said = [lab.macvm(*on, "--json", *command, expect=1).error
                    for command in (("ssh", "twin", "--", "true"), ("clip", "push", "twin"))]
            self.assertEqual("cannot trust 'twin': its host key has changed", said[0]["message"])
            self.assertIn(str(key), said[0]["hint"])
            self.assertEqual(said[0], said[1])
            key.unlink()
            lab.macvm(*on, "ssh", "twin", "--", "true")
            self.assertTrue(key.exists())

    def test_destination(self):
        with cliplab.Lab(display=False) as lab:
            for wrong in ("-oProxyCommand=x", "a b", "host:0", "host:99999", "", "$(x)@host", "user@-x"):
                lab.macvm("clip", "status", f"--ssh={wrong}", expect=2)
            lab.macvm("clip", "status", "--ssh=[::1]:22")
            lab.macvm("clip", "status", "name", "--ssh=host", expect=2)
            lab.macvm("clip", "nonsense", "--ssh=host", expect=2)
            lab.macvm("clip", "sync", "--ssh=host", "--direction=up", expect=2)


class Process(unittest.TestCase):
    def test_life(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            self.assertIn("hint: 'macvm clip sync'", lab.clip("stop", mac, expect=4).err)
            self.assertEqual(lab.status(mac), {"running": False, "pid": None, "machine": mac.destination, "connected": False,
                                               "backend": None, "sent": 0, "received": 0})
            lab.sync(mac)
            log = lab.log()
            lab.clip("sync", mac, expect=4)
            self.assertEqual(log, lab.log())
            status = lab.status(mac)
            self.assertEqual((status["running"], status["backend"]), (True, "x11"))
            sockets = [p for p in (lab.dir / "run/macvm").iterdir() if stat.S_ISSOCK(p.stat().st_mode)]
            self.assertEqual([stat.S_IMODE(p.stat().st_mode) for p in sockets], [0o600])
            lab.clip("stop", mac)
            self.assertFalse(sockets[0].exists())
            lab.wait(lambda: not mac.agents(), "the guest's side to end")
            self.assertEqual(harness._read(status["pid"], "cmdline"), b"")  # gone, or not yet reaped

    def test_stop_while_connecting(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.ssh.write_text("#!/bin/sh\nexec sleep 60\n")
            with subprocess.Popen([lab.program, "clip", "sync", "--ssh", mac.destination], env=lab.env,
                                  stderr=subprocess.PIPE) as start:
                lab.wait(lambda: lab.status(mac)["running"])
                lab.clip("stop", mac)
                self.assertIn(b"the agent was stopped meanwhile", start.communicate(timeout=cliplab.DEADLINE)[1])
            self.assertEqual(1, start.returncode)

    def test_interrupted_push(self):
        """What was not done is not told as done."""
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.copy(b"x")
            lab.ssh.write_text("#!/bin/sh\n: > $0.begun\nexec sleep 60\n")
            for action in ("push", "pull"):
                with subprocess.Popen([lab.program, "clip", action, "--ssh", mac.destination], env=lab.env,
                                      stderr=subprocess.PIPE) as program:
                    lab.wait(lambda: (lab.dir / "ssh.begun").exists(), "ssh")
                    (lab.dir / "ssh.begun").unlink()
                    program.send_signal(signal.SIGINT)
                    self.assertEqual((b"macvm: interrupted\n", 130),
                                     (program.communicate(timeout=cliplab.DEADLINE)[1], program.wait()))

    def test_push_to_a_dying_agent(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            for pid in mac.agents():
                os.kill(pid, signal.SIGSTOP)
            lab.copy(b"x")
            with subprocess.Popen([lab.program, "clip", "push", "--ssh", mac.destination], env=lab.env,
                                  stderr=subprocess.PIPE) as push:
                time.sleep(0.5)
                os.kill(lab.status(mac)["pid"], signal.SIGKILL)
                said = push.communicate(timeout=cliplab.DEADLINE)[1]
            self.assertEqual(1, push.returncode)
            self.assertIn(b"it ended without an answer", said)

    def test_folder_of_another(self):
        """Nothing is written where somebody else could have put a link."""
        with cliplab.Lab() as lab:
            mac = lab.mac()
            runtime, elsewhere = lab.dir / "run/macvm", lab.dir / "elsewhere"
            elsewhere.mkdir()
            for make in (lambda: runtime.symlink_to(elsewhere), lambda: (runtime.mkdir(), runtime.chmod(0o777))):
                make()
                for args in ((), ("--foreground",)):
                    self.assertIn("only you can write to", lab.clip("sync", mac, *args, expect=1).err)
                self.assertEqual([], [*elsewhere.iterdir(), *runtime.iterdir()])
                if runtime.is_symlink():
                    runtime.unlink()
                else:
                    runtime.rmdir()

    def test_crash(self):
        """What a crashed agent leaves is no obstacle, and its ssh ends with it."""
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            os.kill(lab.status(mac)["pid"], signal.SIGKILL)
            lab.wait(lambda: not lab.status(mac)["running"])
            lab.wait(lambda: not mac.agents(), "the guest's side to end")
            lab.sync(mac)
            lab.copy(b"x")
            lab.wait(lambda: mac.text() == b"x")

    def test_foreground(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            with subprocess.Popen([lab.program, "clip", "sync", "--ssh", mac.destination, "--foreground"], env=lab.env,
                                  stderr=subprocess.PIPE) as agent:
                self.assertIn(b"connected to", agent.stderr.readline())
                agent.send_signal(signal.SIGTERM)
                agent.communicate(timeout=cliplab.DEADLINE)
            self.assertEqual(agent.returncode, 0)
            self.assertFalse(lab.status(mac)["running"])

    def test_display_restart(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            lab.server.kill()
            lab.server.wait()
            lab.wait(lambda: lab.status(mac)["backend"] is None, "the loss to be seen")
            mac.copy(b"copied meanwhile")
            for action in ("push", "pull"):
                self.assertIn("the display is gone", lab.clip(action, mac, expect=1).err)
            self.assertEqual(0, lab.status(mac)["received"])
            for pid in ssh_of(lab.status(mac)["pid"]):
                os.kill(pid, signal.SIGKILL)
            lab.wait(lambda: not lab.status(mac)["connected"], "the loss to be seen")
            self.assertRegex(lab.clip("status", mac).out, "trouble .*(is gone|lets us in); cannot reach")
            lab.wait(lambda: lab.status(mac)["connected"], "the connection")
            self.assertRegex(lab.clip("status", mac).out, "trouble .*(is gone|lets us in)\n")
            lab.start_display(lab.display)
            lab.wait(lambda: lab.status(mac)["backend"] == "x11", "the display")
            lab.wait(lambda: lab.paste() == b"copied meanwhile", "what was copied meanwhile")
            self.assertNotIn("trouble", lab.clip("status", mac).out)
            lab.copy(b"x")
            lab.wait(lambda: mac.text() == b"x")

    def test_no_display(self):
        with cliplab.Lab(display=False) as lab:
            mac = lab.mac()
            for action in ("sync", "push", "pull"):
                self.assertTrue(lab.clip(action, mac, expect=5).err)
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.clip("sync", mac, "--backend", "wayland-ext", expect=5)
            self.assertIn("hint: without --backend", lab.clip("sync", mac, "--backend", "nonsense", expect=2).err)

    def test_at_rest(self):
        """Nobody wakes up on the host while nobody copies."""
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            pid = lab.status(mac)["pid"]
            lab.copy(b"x")
            lab.wait(lambda: mac.text() == b"x")
            time.sleep(0.5)
            before = [ticks(p) for p in (pid, *ssh_of(pid))]
            self.assertEqual(len(before), 2)
            time.sleep(10)
            self.assertEqual([ticks(p) for p in (pid, *ssh_of(pid))], before)


if __name__ == "__main__":
    harness.main()
