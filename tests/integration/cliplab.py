# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the clipboard tests stand on: an X server, and "Macs": sshd on loopback with a mock pasteboard behind it.

    with cliplab.Lab() as lab:
        mac = lab.mac()
        lab.clip("sync", mac)
        lab.copy(b"text")                       # on the host, with xclip
        lab.wait(lambda: mac.text() == b"text")
        mac.copy(b"text")                       # in the guest
        lab.paste()

Everything is below one short temporary directory; leaving the context ends all that runs there.
"""

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import harness
import xowner
from harness import SOURCE, Failed, run, skip, wait_for

TEXT = "public.utf8-plain-text"
DEADLINE = 30  # seconds; for what takes milliseconds


def need(*programs):
    for name in programs:
        if shutil.which(name, path=harness.PATH) is None:
            skip(f"no program {name}")


def children(pid):
    """All descendants of a process."""
    parents = {p: harness._parent(p) for p in harness._processes()}
    found, layer = [], {pid}
    while layer:
        layer = {p for p, parent in parents.items() if parent in layer}
        found += layer
    return found


class Mac:
    """An ssh server whose sessions find tests/guest/bin first, and one mock pasteboard."""

    def __init__(self, lab, name, agents=("osascript", "pbcopy", "pbpaste"), environment=(), shell_noise=""):
        self.lab, self.dir = lab, lab.dir / name
        self.board = lab.memory / name
        (self.board / ".mock").mkdir(parents=True)
        self.bin = self.dir / "bin"
        self.bin.mkdir(parents=True)
        for agent in agents:
            (self.bin / agent).symlink_to(SOURCE / "tests/guest/bin" / agent)
        self.port = lab.free_port()
        self.environment, self.noise = environment, shell_noise
        self.sshd = None
        self.new_host_key()
        self.start()

    def new_host_key(self):
        for old in self.dir.glob("host_key*"):
            old.unlink()
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.dir / "host_key"])

    def start(self):
        path = f"{self.bin}:{harness.PATH}"
        variables = [f"PATH={path}", f"MOCK_PASTEBOARD={self.board}", *self.environment]
        force = f"ForceCommand printf %s '{self.noise}'; exec /bin/sh -c \"$SSH_ORIGINAL_COMMAND\"" if self.noise else ""
        config = self.dir / "sshd_config"
        config.write_text(f"""Port {self.port}
ListenAddress 127.0.0.1
HostKey {self.dir}/host_key
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AuthorizedKeysFile {self.dir}/authorized_keys
MaxStartups 100
LogLevel ERROR
SetEnv {' '.join(variables)}
{force}
""")
        self.authorize()
        harness.prepare_sshd()
        with open(self.dir / "sshd.log", "ab") as log:
            self.sshd = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", config], stdin=subprocess.DEVNULL,
                                         stdout=log, stderr=log)
        wait_for(self._listens, DEADLINE, "sshd", 0.02)

    def _listens(self):
        return run(["ssh-keyscan", "-p", self.port, "-T", "2", "127.0.0.1"], expect=None).raw != b""

    def authorize(self, allowed=True):
        keys = self.dir / "authorized_keys"
        keys.write_bytes((self.lab.dir / "key.pub").read_bytes() if allowed else b"")

    def stop(self):
        """Ends the server with all its sessions, as the power switch would."""
        if self.sshd is None:
            return
        for pid in [self.sshd.pid, *children(self.sshd.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.sshd.wait()
        self.sshd = None

    def agents(self, word="osascript"):
        """Processes of the agent in the guest."""
        return [pid for pid in children(self.sshd.pid)
                if word in harness._read(pid, "cmdline").decode(errors="replace").replace("\0", " ")
                and b"sshd" not in harness._read(pid, "comm")]

    @property
    def destination(self):
        return f"127.0.0.1:{self.port}"

    # -- the pasteboard
    @contextlib.contextmanager
    def locked(self):
        with open(self.board / ".lock", "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def count(self):
        try:
            return int((self.board / "changeCount").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def set(self, **types):
        """Copies in the guest; keys are UTIs with "_" for "."  and "-"."""
        return self.put({name: data for name, data in types.items()})

    def put(self, types):
        with self.locked():
            for old in self.board.iterdir():
                if old.name != "changeCount" and not old.name.startswith("."):
                    old.unlink()
            for name, data in types.items():
                (self.board / name).write_bytes(data)
            new = self.board / ".count"
            new.write_text(str(self.count() + 1))
            new.rename(self.board / "changeCount")

    def copy(self, text):
        self.put({TEXT: text})

    def get(self, name=TEXT):
        try:
            return (self.board / name).read_bytes()
        except FileNotFoundError:
            return None

    text = get

    def types(self):
        return sorted(f.name for f in self.board.iterdir() if f.name != "changeCount" and not f.name.startswith("."))

    def mock(self, flag, content=""):
        """Makes the pasteboard misbehave (tests/guest/pasteboard.py); None ends it."""
        path = self.board / ".mock" / flag
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(content)


class Agent:
    """The production agent under a Mac's mock, without ssh: its frames (src/clip/frame.h) one by one."""

    def __init__(self, mac):
        text = (SOURCE / "templates/guest-agent.js").read_bytes()
        boot = "(0,eval)($.NSString.alloc.initWithDataEncoding($.NSFileHandle.fileHandleWithStandardInput" \
               f".readDataOfLength({len(text)}),4).js)"
        self.sequence = 0
        self.process = subprocess.Popen([mac.bin / "osascript", "-l", "JavaScript", "-e", 'ObjC.import("Foundation");' + boot],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={"PATH": harness.PATH, "MOCK_PASTEBOARD": str(mac.board)})
        self.process.stdin.write(text)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        with self.process:
            self.process.kill()

    def send(self, kind, payload=b"", meta=0):
        self.process.stdin.write(b"MCV1%s %08x%08x%08x\n" % (kind, self.sequence, meta, len(payload)) + payload)
        self.process.stdin.flush()
        self.sequence += 1

    def receive(self):
        """The next frame's type, number and payload."""
        header = self.process.stdout.read(31)
        return header[4:5], int(header[14:22], 16), self.process.stdout.read(int(header[22:30], 16))


class Lab:
    """A display, keys, the program's directories, and Macs."""

    programs = ("Xvfb", "xclip")

    def __init__(self, display=True):
        need("sshd", "ssh", "ssh-keygen", *self.programs)
        self.program = harness.program()
        self.display_wanted = display
        self.stack = contextlib.ExitStack()
        self.server = None
        self.macs = []
        self.ports = set()

    def __enter__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="clip-", dir="/tmp"))
        self.dir.chmod(0o700)
        # a pasteboard is memory, too: a disk's time is not the agent's
        self.memory = pathlib.Path(tempfile.mkdtemp(prefix="clip-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else self.dir))
        for name in ("run", "data", "config", "home"):
            (self.dir / name).mkdir(mode=0o700)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.dir / "key"])
        self.ssh = self.dir / "ssh"
        self.ssh.write_text(f"#!/bin/sh\nexec ssh -F none -i '{self.dir}/key' -o IdentitiesOnly=yes \"$@\"\n")
        self.ssh.chmod(0o700)
        self.env = {"PATH": harness.PATH, "HOME": str(self.dir / "home"), "XDG_RUNTIME_DIR": str(self.dir / "run"),
                    "XDG_DATA_HOME": str(self.dir / "data"), "XDG_CONFIG_HOME": str(self.dir / "config"),
                    "MACVM_SSH": str(self.ssh), "LC_ALL": "C.UTF-8"}
        if self.display_wanted:
            self.start_display()
        return self

    def __exit__(self, *exception):
        for mac in self.macs:
            mac.stop()
        if self.server is not None:
            self.server.kill()
            self.server.wait()
        harness.kill_all(self.dir)
        if not os.environ.get("MACVM_TEST_KEEP"):
            harness.remove_tree(self.memory)
            harness.remove_tree(self.dir)

    def start_display(self, number=None):
        read, write = os.pipe()
        which = [f":{number}"] if number is not None else []
        self.server = subprocess.Popen(["Xvfb", *which, "-displayfd", str(write), "-nolisten", "tcp", "-screen", "0", "640x480x24"],
                                       pass_fds=[write], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env=self.env)
        os.close(write)
        with os.fdopen(read) as pipe:
            self.display = pipe.readline().strip()
        if not self.display:
            raise Failed("Xvfb does not start")
        self.env["DISPLAY"] = f":{self.display}"

    def free_port(self):
        import socket
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            if port not in self.ports:
                self.ports.add(port)
                return port

    def mac(self, name=None, **how):
        mac = Mac(self, name or f"mac{len(self.macs)}", **how)
        self.macs.append(mac)
        return mac

    # -- the program
    def macvm(self, *args, expect=0, timeout=60):
        return run([self.program, *args], expect=expect, timeout=timeout, env=self.env)

    def clip(self, action, mac, *args, json=False, **how):
        return self.macvm(*(["--json"] if json else []), "clip", action, "--ssh", mac.destination, *args, **how)

    def status(self, mac):
        return self.clip("status", mac, json=True).json

    def wait(self, predicate, what="the clipboard", timeout=DEADLINE, interval=0.005):
        return wait_for(predicate, timeout, what, interval)

    def sync(self, mac, *args):
        """Starts the agent and waits until it is connected."""
        done = self.clip("sync", mac, *args)
        self.wait(lambda: self.status(mac)["connected"], "the connection")
        return done

    def log(self):
        return b"".join(path.read_bytes() for path in (self.dir / "run/macvm").glob("clip-*.log"))

    # -- the host's clipboard
    def copy(self, data, target=None):
        args = ["-t", target] if target else []
        # xclip returns before its child has told the server: the copy would be newer than what the test does next
        with xowner.Watch(self.display, DEADLINE) as watch:
            with subprocess.Popen(["xclip", "-selection", "clipboard", "-i", *args], stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.env) as xclip:
                xclip.communicate(data, timeout=DEADLINE)
            watch.wait()

    def paste(self, target="UTF8_STRING"):
        """None when nobody offers it, or when its owner (an xclip, say) does not get to its end."""
        try:
            done = run(["xclip", "-selection", "clipboard", "-o", "-t", target], expect=None, timeout=5, env=self.env)
        except Failed:
            return None
        return done.raw if done.code == 0 else None

    def targets(self):
        return (self.paste("TARGETS") or b"").decode().split()


class WaylandLab(Lab):
    """The same under a headless sway, without X."""

    programs = ("sway", "wl-copy", "wl-paste")

    def start_display(self, number=None):
        """Once more: with the socket of the one before."""
        runtime = self.dir / "sway"
        runtime.mkdir(mode=0o700, exist_ok=True)
        config = runtime / "config"
        config.write_text("xwayland disable\n")
        # sway refuses to run as root
        who = {"user": 1000, "group": 1000, "extra_groups": []} if os.geteuid() == 0 else {}
        if who:
            self.dir.chmod(0o711)
            os.chown(runtime, 1000, 1000)
        self.server = subprocess.Popen(["sway", "-c", config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, **who,
                                       env={**self.env, "XDG_RUNTIME_DIR": str(runtime), "WLR_BACKENDS": "headless",
                                            "WLR_RENDERER": "pixman", "WLR_LIBINPUT_NO_DEVICES": "1"})
        wait_for(lambda: self._find_socket(runtime), DEADLINE, "sway", 0.02)

    def _find_socket(self, runtime):
        for path in runtime.glob("wayland-*"):
            self.env["WAYLAND_DISPLAY"] = str(path)
            if path.is_socket() and run(["wl-paste", "-l"], expect=None, env=self.env).err.find("connect") < 0:
                return True
        return False

    def copy(self, data, target="text/plain;charset=utf-8"):
        with subprocess.Popen(["wl-copy", "-t", target], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, env=self.env) as program:
            program.communicate(data, timeout=DEADLINE)

    def paste(self, target="text/plain;charset=utf-8"):
        done = run(["wl-paste", "-n", "-t", target], expect=None, timeout=DEADLINE, env=self.env)
        return done.raw if done.code == 0 else None


class GnomeLab(WaylandLab):
    """The same under a headless mutter: Wayland without data control, and XWayland beside it."""

    programs = ("mutter", "Xwayland", "dbus-run-session", "wl-copy", "wl-paste")
    python = "/usr/bin/python3"  # the one that python3-gi is for

    def start_display(self, number=None):
        if run([self.python, "-c", "import gi"], expect=None).code != 0:
            skip("no python3-gi")
        runtime = self.dir / "mutter"
        runtime.mkdir(mode=0o700)
        keyboard = SOURCE / "tests/integration/mutter_keyboard.py"
        # the bus ends with mutter, and the keyboard with the bus
        script = f"'{self.python}' '{keyboard}' & exec mutter --wayland --headless --virtual-monitor 640x480"
        with open(runtime / "log", "wb") as log:
            self.server = subprocess.Popen(["dbus-run-session", "--", "sh", "-c", script], stdin=subprocess.DEVNULL,
                                           stdout=log, stderr=log, env={**self.env, "XDG_RUNTIME_DIR": str(runtime)})
        found = wait_for(lambda: re.search(rb"public X11 display (:\d+).*'(wayland-\d+)'.*keyboard is there",
                                           (runtime / "log").read_bytes(), re.DOTALL), DEADLINE, "mutter", 0.02)
        self.env["DISPLAY"] = found[1].decode()
        self.env["WAYLAND_DISPLAY"] = str(runtime / found[2].decode())
        self.env["XAUTHORITY"] = str(next(runtime.glob(".mutter-Xwaylandauth.*")))
