#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""What macvm says to bad input: each command line of tests/cli/bad-input.txt with its exit code, its text on stderr and the
code of its JSON error. MVM_TEST_REGENERATE=1 writes the file anew from what the program does.

"## SCENE" begins what happens in an environment that the function scene_SCENE() makes ready.
"""

import difflib
import hashlib
import os
import re
import shlex
import socket
import unittest

import cutter
import harness

CASES = harness.SOURCE / "tests/cli/bad-input.txt"
RULE = re.compile(r"^macvm: (cannot [a-z]+( |$)|'.+' stays)", re.M)
SMALL = ("--accel", "tcg", "--memory", "1G", "--cores", "2", "--threads", "1", "--ssh-port", "31999")


def scene_names(env):
    """Names that are none, and machines that are not there."""


def scene_options(env):
    """Values that no machine can have."""


def scene_host(env):
    """No OSK, no upstream, a host that is too small or has no KVM."""
    env.write("code.fd", (harness.OVMF / "OVMF_CODE_4M.fd").read_bytes()[:1966080])  # of a 2 MiB build


def scene_taken(env):
    """Names, images and locks that somebody else has."""
    env.checkout()
    env.macvm("define", "mine", *SMALL)
    env.virsh("define", env.write("f.xml", "<domain type='qemu'><name>foreign</name><memory>65536</memory>"
                                           "<os><type arch='x86_64'>hvm</type></os></domain>"))
    env.virsh("domrename", "mine", "renamed")
    definitions = os.stat(env.config_home / "libvirt")
    key = hashlib.sha256(f"session {definitions.st_dev}:{definitions.st_ino}\nbusy".encode()).hexdigest()[:32]
    held = socket.socket(socket.AF_UNIX)
    held.bind(f"\0macvm-define-{key}")
    env.after = held.close


def scene_metadata(env):
    """A domain whose metadata is not what macvm wrote."""
    env.checkout()
    env.macvm("define", "broken", *SMALL)
    text = env.virsh("dumpxml", "--inactive", "--security-info", "broken").out
    text = re.sub(r'<macvm:ssh port="\d+" user="[^"]*"/>', "", text)
    text = re.sub(r"(<macvm:machine[^>]*>)", r'\1<macvm:ssh port="70000" user="-oProxyCommand=touch pwned"/>', text)
    text = re.sub(r"(<macvm:render>).*?(</macvm:render>)", r"\1&lt;domain&gt;\2", text, flags=re.S)
    env.virsh("define", env.write("e.xml", text))


def scene_pool(env):
    """A pool in which nothing can be made, and images that are none."""
    env.write("empty.img", "")
    env.virsh("pool-create-as", "readonly", "dir", "--target", "/proc")
    env.run(["mkfifo", env.dir / "fifo"])
    env.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "/etc/passwd", env.dir / "based.qcow2"])


def scene_configuration(env):
    """A configuration file with a secret where none may be."""
    env.write(env.config_home / "macvm/macvm.conf", "[machine]\nosk: never-to-be-shown\n")


def scene_connection(env):
    """Connections that lead nowhere, to who does not let us in, or to who does not mean well."""
    with socket.socket(socket.AF_UNIX) as closed:
        closed.bind(str(env.dir / "closed.sock"))
    os.chmod(env.dir / "closed.sock", 0)
    env.write("hostile", "#!/bin/sh\nprintf '%0999d' 7\nexec cat >/dev/null\n", 0o755)
    env.write("banner", "#!/bin/sh\nhead -c 1 >/dev/null\nprintf 'run rm -rf ~ now\\033]0;x\\007\\n' >&2\nexit 255\n", 0o755)


def scene_link(env):
    """A link that is cut while a machine is defined."""
    env.checkout()
    env.virsh("list")
    cut = cutter.Cutter(env, b"<name>macos-opencore.qcow2</name>")
    env.after = cut.close


def scene_full(env):
    """A pool whose file system has no room."""
    if os.geteuid() != 0:
        harness.skip("a file system of a test's own needs root")
    env.checkout()
    (env.dir / "full").mkdir()
    env.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "tmpfs", env.dir / "full"], as_root=True)
    env.after = lambda: env.run(["umount", "-l", env.dir / "full"], as_root=True)
    env.virsh("pool-create-as", "full", "dir", "--target", env.dir / "full")


def run_line(env, line):
    words = [word.replace("HERE", str(env.dir)) for word in shlex.split(line)[1:]]
    text = env.macvm(*words, connect="-c" not in words, expect=None)
    if text.code == 0 or text.out or harness.FAKE_OSK in text.err or "never-to-be-shown" in text.err:
        raise harness.Failed(f"more than a message: {text}")
    code = env.macvm("--json", *words, connect="-c" not in words, expect=text.code).error["code"]
    shown = re.sub(r"the host has [0-9.]+ [KMGT]iB", "the host has N GiB", text.err.replace(str(env.dir), "HERE"))
    shown = re.sub(r"compat=\d\.\d+", "compat=N", shown)
    shown = shown[max(shown.find("macvm: "), 0):]  # not the usage, nor remarks on this very host
    return f"$ {line}\n{shown}[exit {text.code}, {code}]\n"


def run_scene(name, lines):
    """The scene's cases, done again, as they stand in the file."""
    with harness.Environment.session() as env:
        env.after = lambda: None
        globals()[f"scene_{name}"](env)
        try:
            done = [run_line(env, line) for line in lines]
        finally:
            env.after()
        if (env.dir / "pwned").exists():
            raise harness.Failed("a command of the metadata was run")
    return "\n".join(done)


class Messages(unittest.TestCase):
    maxDiff = None

    def test_bad_input(self):
        wanted = CASES.read_text()
        head, *scenes = wanted.split("\n## ")
        got = [head]
        for scene in scenes:
            name = scene.split("\n", 1)[0]
            lines = [line[2:] for line in scene.splitlines() if line.startswith("$ ")]
            try:
                got.append(f"{name}\n{run_scene(name, lines)}")
            except unittest.SkipTest:
                got.append(scene)
        text = "\n## ".join(got)
        if os.environ.get("MVM_TEST_REGENERATE"):
            CASES.write_text(text)
        elif text != wanted:
            self.fail("".join(difflib.unified_diff(wanted.splitlines(True), text.splitlines(True), str(CASES), "now")))
        for case in text.split("\n$ ")[1:]:
            self.assertRegex(case, RULE)


if __name__ == "__main__":
    harness.main()
