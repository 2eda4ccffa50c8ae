# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the integration tests stand on: one isolated libvirt connection, the stand-in guest, and a tidy end.

    with harness.Environment.session() as env:          # .system(), .ssh("session"), .ssh("system", apart=True)
        env.checkout()                                  # an upstream checkout with a made-up OSK and the stand-in
        port = env.free_port()
        env.macvm("define", "t", "--accel", "tcg", "--memory", "1G", "--ssh-port", port)
        env.macvm("up", "t", "--wait-ssh=120", timeout=180)
        guest = env.guest(port)
        guest.run("pbcopy", input=b"bytes")
        env.virsh("shutdown", "t")
        env.wait_state("t", "shut off")

Everything of an environment is below one short temporary directory: HOME, the XDG directories, libvirt's sockets, and for
qemu:///system libvirt's own directories too, in a mount namespace, so that the machine's real libvirt is never touched.
Leaving the context kills what belongs to it; so does a watchdog process when the test itself is killed.

Environment variables: MACVM the program (default: build/dev/macvm of this tree), MACVM_STANDIN_DIR where the stand-in is
built (default: build/standin), MACVM_TEST_KEEP=1 keeps the directory, MACVM_TEST_VERBOSE=1 prints each command.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import pwd
import random
import re
import shlex
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib
from xml.etree import ElementTree

SOURCE = pathlib.Path(__file__).resolve().parents[2]
QEMU = "{http://libvirt.org/schemas/domain/qemu/1.0}"
SKIP = 77  # what ctest takes for "skipped"
NOBODY = 65534
OVMF = pathlib.Path("/usr/share/OVMF")
# Sixty-four characters, and obviously not the real thing, which must never be in this tree.
FAKE_OSK = "test-words-in-place-of-a-key;test-words-in-place-of-a-key;(c)0ur"
assert len(FAKE_OSK) == 64
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DAEMONS = ("libvirtd", "virtqemud", "virtlogd", "virtstoraged", "virtnetworkd", "virtsecretd", "virtnodedevd")


class Failed(AssertionError):
    """A command or a wait that did not end as it had to."""


def skip(reason):
    raise unittest.SkipTest(reason)


def prepare_sshd():
    """Makes root's sshd its folder for privilege separation, which on a fresh machine only the service's start makes."""
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)


def program():
    """The macvm under test, or a skipped test: not every build tree has one."""
    path = pathlib.Path(os.environ.get("MACVM", SOURCE / "build/dev/macvm")).resolve()
    if not os.access(path, os.X_OK):
        skip(f"no program at {path}: build preset dev, or set MACVM")
    return path


def wait_for(predicate, timeout, what, interval=0.1):
    """The first true value of predicate(), asked until the deadline. An exception of it counts as "not yet"."""
    deadline = time.monotonic() + timeout
    last = None
    while True:
        try:
            value = predicate()
            if value:
                return value
        except (Failed, OSError, subprocess.SubprocessError, ValueError) as error:
            last = error
        if time.monotonic() >= deadline:
            raise Failed(f"waited {timeout} s in vain for {what}" + (f"; last: {last}" if last else ""))
        time.sleep(interval)


def standin_dir():
    """Where the stand-in guest is, built when need be (a matter of milliseconds when it is)."""
    out = pathlib.Path(os.environ.get("MACVM_STANDIN_DIR", SOURCE / "build/standin"))
    done = subprocess.run([SOURCE / "tests/standin/build.sh", out], capture_output=True, text=True, timeout=900)
    if done.returncode:
        hint = "cannot build the stand-in guest"
        if os.environ.get("MACVM_TEST_REQUIRE_STANDIN"):
            raise Failed(f"{hint}:\n{done.stderr}")
        skip(f"{hint}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}")
    return out


@dataclasses.dataclass
class Result:
    """How a program ended. out and err are text, raw is stdout's bytes."""

    argv: list
    code: int
    raw: bytes
    err: str
    seconds: float

    @property
    def out(self):
        return self.raw.decode("utf-8", "replace")

    @property
    def json(self):
        try:
            return json.loads(self.raw)
        except ValueError as error:
            raise Failed(f"stdout of {self} is not one JSON document ({error}):\n{self.out}") from None

    @property
    def error(self):
        """The error of a --json call: {"code", "message", "hint"}."""
        for line in self.err.splitlines():
            if line.startswith("{"):
                return json.loads(line)["error"]
        raise Failed(f"no JSON error on stderr of {self}")

    def __str__(self):
        return f"'{shlex.join(map(str, self.argv))}' (exit {self.code}, {self.seconds:.2f} s)\n{self.out}{self.err}"


def run(argv, *, expect=0, timeout=60, input=None, **popen):
    """Runs one program to its end, or kills it with all its children. expect: an exit code, several, or None for any."""
    argv = [str(arg) for arg in argv]
    if isinstance(input, str):
        input = input.encode()
    start = time.monotonic()
    with subprocess.Popen(argv, stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **popen) as process:
        try:
            raw, err = process.communicate(input, timeout)
        except BaseException as error:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raw, err = b"", b""
            with contextlib.suppress(subprocess.TimeoutExpired):  # a daemon may hold the pipe for ever
                raw, err = process.communicate(timeout=2)
            if isinstance(error, subprocess.TimeoutExpired):
                raise Failed(f"'{shlex.join(argv)}' did not end within {timeout} s\n"
                             f"{(raw or b'').decode(errors='replace')}{(err or b'').decode(errors='replace')}") from None
            raise
    result = Result(argv, process.returncode, raw, err.decode("utf-8", "replace"), time.monotonic() - start)
    if os.environ.get("MACVM_TEST_VERBOSE"):
        print(f"+ {result}", file=sys.stderr)
    if expect is not None and result.code not in (expect if isinstance(expect, (tuple, list, set)) else (expect,)):
        raise Failed(f"expected exit {expect} of {result}")
    return result


# --- processes --------------------------------------------------------------------------------------------------------
def _read(pid, name):
    try:
        return pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _parent(pid):
    status = _read(pid, "stat")
    return int(status.rpartition(b")")[2].split()[1]) if status else 0


def _namespace(pid):
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")
    except OSError:
        return ""


def belonging(directory, namespace=None):
    """Processes of an environment: they name its directory, live in its namespace, or descend from such a one."""
    mine = str(directory).encode()
    keep = {os.getpid(), os.getppid()}
    found = set()
    pids = _processes()
    for pid in pids:
        if pid in keep or b"--reap" in _read(pid, "cmdline"):
            continue
        if namespace and _namespace(pid) == namespace:
            found.add(pid)
        elif mine + b"/" in _read(pid, "environ") or mine + b"/" in _read(pid, "cmdline"):
            found.add(pid)
    parents = {pid: _parent(pid) for pid in pids}
    while True:
        more = {pid for pid, parent in parents.items() if parent in found and pid not in found and pid not in keep}
        if not more:
            return found
        found |= more


def kill_all(directory, namespace=None):
    """Ends every process of an environment: daemons first, so that none restarts or reports what is killed next."""
    for number, wait in ((signal.SIGTERM, 1.5), (signal.SIGKILL, 5)):
        pids = belonging(directory, namespace)
        for pid in sorted(pids, key=lambda pid: _read(pid, "comm").strip().decode(errors="replace") not in DAEMONS):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            left = belonging(directory, namespace)
            if not left:
                return
            if number == signal.SIGTERM and not left & pids:
                break
            time.sleep(0.05)


def remove_tree(directory):
    for _ in range(5):
        shutil.rmtree(directory, ignore_errors=True)
        if not os.path.exists(directory):
            return
        time.sleep(0.2)


class _Watchdog:
    """A process of its own session that cleans up when this one is gone, however it went."""

    def __init__(self, directory):
        reader, self._writer = os.pipe()
        # the child forks once more and leaves: ctest's timeout kills by parentage
        subprocess.run([sys.executable, __file__, "--reap", str(directory)], stdin=reader, check=True,
                       start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(reader)

    def dismiss(self):
        with contextlib.suppress(OSError):
            os.write(self._writer, b"done")
        os.close(self._writer)


def _reap(directory):
    if os.fork():
        os._exit(0)
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if os.read(0, 4) == b"done":
        return
    namespace = None
    with contextlib.suppress(OSError):
        namespace = pathlib.Path(directory, "namespace").read_text().strip() or None
    kill_all(directory, namespace)
    if not os.environ.get("MACVM_TEST_KEEP"):
        remove_tree(directory)


# --- what a domain's XML says -----------------------------------------------------------------------------------------
def nic(xml):
    """The only NIC of a domain, whichever way it is written: {"model", "mac", "port"}; port is None without a forward.

    libvirt's element where the host has passt or a network, QEMU's arguments where it has not: the host decides.
    """
    root = ElementTree.fromstring(xml) if isinstance(xml, str) else xml
    interface = root.find("devices/interface")
    if interface is not None:
        start = interface.find("portForward/range")
        return {"model": interface.find("model").get("type"), "mac": interface.find("mac").get("address"),
                "port": int(start.get("start")) if start is not None else None}
    args = [arg.get("value") for arg in root.findall(f"{QEMU}commandline/{QEMU}arg")]
    device, = (json.loads(arg) for arg in args if arg.startswith("{") and '"netdev"' in arg)
    forward = re.search(r"hostfwd=tcp:127\.0\.0\.1:(\d+)-:22", " ".join(args))
    return {"model": device["driver"].removesuffix("-net-pci"), "mac": device["mac"],
            "port": int(forward[1]) if forward else None}


# --- the guest --------------------------------------------------------------------------------------------------------
class Guest:
    """ssh to the stand-in through the forwarded port, as a user of the environment would do by hand."""

    def __init__(self, env, port, user="root"):
        self.env, self.port, self.user = env, port, user

    def run(self, command, **how):
        how.setdefault("timeout", 30)
        return self.env.run([self.env.ssh_program, "-o", "ConnectTimeout=5", "-p", self.port, f"{self.user}@127.0.0.1",
                             command], **how)

    def wait(self, timeout=180):
        """Seconds until the first answered command."""
        start = time.monotonic()
        wait_for(lambda: self.run("true", expect=None, timeout=8).code == 0, timeout, "the guest's ssh", 0.2)
        return time.monotonic() - start

    def facts(self):
        return facts_of(self.run("standin-facts").out)


def facts_of(text):
    """What standin-facts says, as a dict; "disk", "nic", "pci" and "input" are lists, the first two of dicts."""
    facts = {"disk": [], "nic": [], "pci": [], "input": []}
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key in ("disk", "nic"):
            name, *pairs = value.split()
            facts[key].append({"name": name, **dict(pair.split("=", 1) for pair in pairs)})
        elif key in facts:
            facts[key].append(value)
        else:
            facts[key] = value
    return facts


# --- environments -----------------------------------------------------------------------------------------------------
class Environment:
    """One libvirt connection and all that belongs to it. Make one with session(), system() or ssh()."""

    def __init__(self, kind, apart=False):
        self.kind = kind
        self.root = os.geteuid() == 0
        self.uid = os.geteuid()
        self.uri = f"qemu:///{kind}"
        self.server = None  # of ssh(): the environment that the connection leads to
        self._apart = apart
        self._holder = None  # keeps the namespaces
        self._ports = []
        self._extra = []  # started here, ended here
        self._stack = contextlib.ExitStack()
        self._shared_before = None
        self.vars = {}

    # -- making one
    @classmethod
    @contextlib.contextmanager
    def session(cls, apart=False):
        """A true qemu:///session: of an unprivileged uid when this is root, for whom it would be the system daemon."""
        with cls("session", apart)._entered() as env:
            yield env

    @classmethod
    @contextlib.contextmanager
    def system(cls, apart=False):
        """A qemu:///system of its own. Root only."""
        if os.geteuid() != 0:
            skip("qemu:///system needs root")
        with cls("system", apart)._entered() as env:
            yield env

    @classmethod
    @contextlib.contextmanager
    def ssh(cls, kind="system", apart=False):
        """A client whose connection leads to a session or system environment through an sshd of the test's own.

        env.server is the far side. apart: it has its own network and mounts, so that neither a guest's forwarded port
        nor a file of the far side can be reached but through ssh; its name, "farhost", is known to ssh alone.
        """
        if not shutil.which("sshd", path=PATH):
            skip("no sshd: install openssh-server")
        if kind == "session" and not shutil.which("virt-ssh-helper", path=PATH):
            skip("no virt-ssh-helper: qemu+ssh to a session needs libvirt 6.8 or newer")
        if apart and os.geteuid() != 0:
            skip("a network namespace needs root")
        with getattr(cls, kind)(apart) as server, cls("ssh")._entered() as env:
            env._connect(server, kind)
            yield env

    @contextlib.contextmanager
    def _entered(self):
        signals = {}

        def leave(number, _frame):
            raise SystemExit(128 + number)
        for number in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(ValueError):  # not the main thread
                signals[number] = signal.signal(number, leave)
        try:
            self._setup()
            yield self
        finally:
            self.close()
            for number, old in signals.items():
                signal.signal(number, old)

    def _setup(self):
        for tool in ("virsh", "qemu-img"):
            if not shutil.which(tool, path=PATH):
                skip(f"no {tool}: install libvirt-clients and qemu-utils")
        # short, because a socket's name has 108 characters; /tmp, because uid 65534 must get there
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mvt.", dir="/tmp"))
        self._watchdog = _Watchdog(self.dir)
        if self.root and self.kind == "session":
            self.uid = NOBODY
        self.home, self.run_dir = self.dir / "h", self.dir / "r"
        self.data_home, self.config_home = self.home / ".local/share", self.home / ".config"
        for path in (self.home, self.run_dir, self.data_home, self.config_home, self.home / ".cache", self.dir / "bin"):
            path.mkdir(parents=True, mode=0o700, exist_ok=True)
        self.vars = {
            "PATH": f"{self.dir}/bin:{PATH}", "LANG": "C.UTF-8", "HOME": str(self.home), "TERM": "dumb",
            "XDG_RUNTIME_DIR": str(self.run_dir), "XDG_DATA_HOME": str(self.data_home),
            "XDG_CONFIG_HOME": str(self.config_home), "XDG_CACHE_HOME": str(self.home / ".cache"),
        }
        for name, value in os.environ.items():
            if name.endswith("SAN_OPTIONS") or name in ("G_DEBUG", "GCOV_PREFIX", "LLVM_PROFILE_FILE", "TZ"):
                self.vars[name] = value
        self._write_ssh()
        self._reserve_displays()
        self._share_knowledge(back=False)
        self.own(self.dir)
        self._program = None
        if self.kind == "system":
            self._setup_system()
        elif self._apart:
            self._hold("true")

    def _reserve_displays(self):
        """VNC ports of its own: two libvirt daemons that look for a free one at the same time find the same."""
        for slot in range(200):
            claim = socket.socket(socket.AF_UNIX)
            try:
                claim.bind(f"\0macvm-test-displays-{slot}")
            except OSError:
                claim.close()
                continue
            self._ports.append(claim)
            self.displays = 5900 + 100 * slot
            break
        settings = "".join(f"remote_{kind}_port_{end} = {self.displays + at}\n" for kind, end, at in (
            ("display", "min", 0), ("display", "max", 89), ("websocket", "min", 90), ("websocket", "max", 99)))
        self.qemu_conf = f"# written by the tests\n{settings}"
        self.write(self.config_home / "libvirt/qemu.conf", self.qemu_conf)

    def _share_knowledge(self, back):
        """What libvirt has found out about QEMU, from the environment before, or back for the next.

        Asking QEMU takes seconds in each environment. libvirt itself looks whether the answers are still those of this
        QEMU, kernel and user, and asks anew when they are not.
        """
        ours = self.dir / "sys/cache/qemu" if self.kind == "system" else self.home / ".cache/libvirt/qemu/cache"
        store = SOURCE / "build/libvirt-knows" / self.kind
        source, target = (ours, store) if back else (store, ours)
        with contextlib.suppress(OSError):
            for file in source.glob("capabilities/*.xml"):
                part = target / f"{file.parent.name}.{os.getpid()}"
                target.joinpath(file.parent.name).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, part)
                os.replace(part, target / file.relative_to(source))

    def own(self, path):
        """Gives a path, and what is below it, to the environment's user."""
        if self.root and self.uid != os.geteuid():
            os.chown(path, self.uid, self.uid)
            for base, directories, files in os.walk(path):
                for name in directories + files:
                    os.chown(os.path.join(base, name), self.uid, self.uid, follow_symlinks=False)

    def write(self, path, content, mode=0o644):
        """A file of the environment's user; relative paths are below its directory."""
        path = self.dir / path
        made = [parent for parent in path.parents if not parent.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        for each in [*made, path]:
            if self.root and self.uid != os.geteuid():
                os.chown(each, self.uid, self.uid)
        return path

    def _write_ssh(self):
        """ssh reads the password file's home directory, not $HOME: a wrapper points it here, and keeps a log."""
        self.ssh_log = self.dir / "ssh.log"
        self.ssh_program = self.dir / "bin/ssh"
        self.ssh_config = self.dir / "ssh_config"
        self.ssh_program.write_text(
            "#!/bin/sh\n"
            f"printf '%s\\n' \"$*\" >>{self.ssh_log}\n"
            f"exec /usr/bin/ssh -F {self.ssh_config} \"$@\"\n")
        self.ssh_program.chmod(0o755)
        self.vars["MACVM_SSH"] = str(self.ssh_program)
        self._ssh_options = [
            "UserKnownHostsFile " + str(self.dir / "known_hosts"), "GlobalKnownHostsFile /dev/null",
            "StrictHostKeyChecking accept-new", "LogLevel ERROR", "BatchMode yes", "IdentitiesOnly yes",
            f"IdentityFile {self.dir}/id_guest", f"IdentityFile {self.dir}/id_far"]
        self._save_ssh_config("")
        with contextlib.suppress(unittest.SkipTest):
            shutil.copy(standin_dir() / "id_ed25519", self.dir / "id_guest")
            (self.dir / "id_guest").chmod(0o600)

    def _save_ssh_config(self, first):
        self.ssh_config.write_text(first + "Host *\n" + "".join(f"    {line}\n" for line in self._ssh_options))

    # -- a system daemon of its own
    def _hold(self, commands):
        """Enters namespaces of its own, runs the shell commands there, and keeps the namespaces until close()."""
        flags = ["--mount", "--propagation", "private"] + (["--net"] if self._apart else [])
        script = f"set -e\n{'ip link set lo up' if self._apart else ':'}\n{commands}\necho ready\nexec cat >/dev/null\n"
        self._holder = subprocess.Popen(["unshare", *flags, "sh", "-c", script], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        if self._holder.stdout.readline().strip() != b"ready":
            error = self._holder.stderr.read().decode(errors="replace").strip()
            self._holder.wait()
            self._holder = None
            raise Failed(f"cannot make a namespace: {error}")
        (self.dir / "namespace").write_text(_namespace(self._holder.pid))

    def _setup_system(self):
        for daemon in ("libvirtd", "virtlogd"):
            if not shutil.which(daemon, path=PATH):
                skip(f"no {daemon}: install libvirt-daemon-system")
        binds = {"/etc/libvirt": "etc", "/var/lib/libvirt": "lib", "/run/libvirt": "run", "/var/cache/libvirt": "cache",
                 "/var/log/libvirt": "log"}
        lines = []
        for place, name in binds.items():
            own = self.dir / "sys" / name
            own.mkdir(parents=True, mode=0o755, exist_ok=True)
            pathlib.Path(place).mkdir(parents=True, exist_ok=True)
            lines.append(f"mount --bind {own} {place}")
        self.dir.chmod(0o711)
        (self.dir / "sys/lib/images").mkdir(mode=0o711)
        # A profile of libvirt's AppArmor driver would be loaded into the machine's kernel, beyond this directory.
        (self.dir / "sys/etc/qemu.conf").write_text(self.qemu_conf + 'security_driver = "none"\n')
        if stat.S_ISCHR(os.stat("/dev/kvm").st_mode) if os.path.exists("/dev/kvm") else False:
            # Mode and group as Debian ships it: narrower, every call makes libvirt ask QEMU anew, which takes seconds.
            node = os.stat("/dev/kvm").st_rdev
            (self.dir / "sys/dev").mkdir()
            lines += [f"mount -t tmpfs -o mode=755 tmpfs {self.dir}/sys/dev",
                      f"mknod {self.dir}/sys/dev/kvm c {os.major(node)} {os.minor(node)}",
                      f"chgrp kvm {self.dir}/sys/dev/kvm", f"chmod 660 {self.dir}/sys/dev/kvm",
                      f"mount --bind {self.dir}/sys/dev/kvm /dev/kvm"]
        try:
            self._hold("\n".join(lines))
        except Failed as error:
            if os.environ.get("MACVM_TEST_SHARED_SYSTEM") != "1":
                skip(f"{error}; MACVM_TEST_SHARED_SYSTEM=1 uses the machine's own system daemon instead")
        if self._holder is None:
            self._setup_shared_system()
        else:
            self.start_daemons()

    def _setup_shared_system(self):
        """Without namespaces, and only when allowed: the machine's daemon, started when it is not there."""
        if os.path.exists("/dev/kvm") and not os.stat("/dev/kvm").st_mode & 0o066:
            shutil.chown("/dev/kvm", "root", "kvm")
            os.chmod("/dev/kvm", 0o660)
        for daemon, socket_name in (("virtlogd", "virtlogd-sock"), ("libvirtd", "libvirt-sock")):
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
                probe.connect(f"/run/libvirt/{socket_name}")
                continue
            pidfile = self.dir / f"{daemon}.pid"
            self.run([daemon, "-d", "-p", pidfile])
            self._extra.append(int(pidfile.read_text()))
        self._shared_before = set(self.virsh("list", "--all", "--name").out.split())

    def start_daemons(self):
        """The system daemons, once more after kill_daemons(). A session starts its own."""
        if self.kind != "system" or self._holder is None:
            return
        for daemon in ("virtlogd", "libvirtd"):
            self.run([daemon, "-d", "-p", f"/run/libvirt/{daemon}.pid"])

    def daemon_pids(self, name=None):
        """Process ids of the environment's libvirt daemons (name: libvirtd covers virtqemud)."""
        wanted = {"libvirtd", "virtqemud"} if name in (None, "libvirtd") else {name}
        return sorted(pid for pid in self.processes() if _read(pid, "comm").strip().decode() in wanted)

    def kill_daemons(self, name="libvirtd", number=signal.SIGKILL):
        """Ends the libvirt daemon; its guests go on. It is back at the next call (session) or start_daemons()."""
        pids = self.daemon_pids(name)
        for pid in pids:
            os.kill(pid, number)
        wait_for(lambda: not set(pids) & set(self.daemon_pids(name)), 10, f"the end of {name}")
        return pids

    def restart_daemons(self):
        self.kill_daemons(number=signal.SIGTERM)
        if self.kind == "system":
            self.run(["libvirtd", "-d", "-p", "/run/libvirt/libvirtd.pid"])

    def processes(self):
        return belonging(self.dir, _namespace(self._holder.pid) if self._holder else None)

    def qemu_pids(self):
        return sorted(pid for pid in self.processes() if _read(pid, "comm").startswith(b"qemu-system"))

    # -- a connection through ssh
    def _connect(self, server, kind):
        self.server = server
        port = self.ssh_port = self.free_port()
        for key in (self.dir / "id_far", server.dir / "host_key"):
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
        # The far side's environment, whoever logs in: a session must not be root's.
        inner = [] if server.uid == os.geteuid() else [
            "setpriv", f"--reuid={server.uid}", f"--regid={server.uid}", "--clear-groups"]
        enter = shlex.join([*inner, "env", "-i", *(f"{k}={v}" for k, v in server.vars.items() if k != "MACVM_SSH"),
                            "sh", "-c"])
        force = server.dir / "bin/login"
        force.write_text(f"#!/bin/sh\ncd {server.home}\nexec {enter} \"${{SSH_ORIGINAL_COMMAND:-sh}}\"\n")
        force.chmod(0o755)
        shutil.copy(f"{self.dir}/id_far.pub", server.dir / "authorized_keys")
        config = server.dir / "sshd_config"
        config.write_text("\n".join([
            f"Port {port}", "ListenAddress 127.0.0.1", f"HostKey {server.dir}/host_key", f"PidFile {server.dir}/sshd.pid",
            "UsePAM no", "StrictModes no", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password", f"AuthorizedKeysFile {server.dir}/authorized_keys",
            f"ForceCommand {force}", "MaxStartups 100", "LogLevel VERBOSE", ""]))
        if self.root:
            prepare_sshd()
        with open(server.dir / "sshd.log", "wb") as log:
            self._sshd = server.spawn([shutil.which("sshd", path=PATH), "-D", "-e", "-f", config], as_root=True, stderr=log)
        self._stack.callback(self._sshd.kill)
        host = "127.0.0.1"
        if server._apart:
            host = "farhost"
            self._save_ssh_config(f"Host {host}\n    HostKeyAlias {host}\n    ProxyCommand nsenter -t {server._holder.pid}"
                                  f" -n {sys.executable} {__file__} --connect 127.0.0.1 %p\n")
        user = pwd.getpwuid(os.geteuid()).pw_name
        self.ssh_destination = f"{user}@{host}"
        self.uri = (f"qemu+ssh://{user}@{host}:{port}/{kind}?keyfile={self.dir}/id_far&no_verify=1&no_tty=1"
                    f"&command={self.ssh_program}")
        wait_for(lambda: self.far("true").code == 0, 20, "the sshd of the test")

    def far(self, command, **how):
        """A shell command on the far side, through ssh."""
        return self.run([self.ssh_program, "-p", self.ssh_port, self.ssh_destination, command], **how)

    def cut_link(self):
        """Kills the far side's sshd and every connection through it."""
        pids = {self._sshd.pid}
        for pid in _processes():
            if _parent(pid) in pids:
                pids.add(pid)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._sshd.wait()

    # -- running programs
    def _popen(self, as_root=False):
        how = {"env": dict(self.vars), "cwd": self.dir}
        if self.root and self.uid != os.geteuid() and not as_root and not self._holder:
            how.update(user=self.uid, group=self.uid, extra_groups=[])
        return how

    def _argv(self, argv, as_root=False):
        if not self._holder:
            return argv
        ids = [] if self.uid == os.geteuid() or as_root else ["-S", str(self.uid), "-G", str(self.uid)]
        return ["nsenter", "-t", str(self._holder.pid), "-m", *(["-n"] if self._apart else []), *ids, f"--wd={self.dir}",
                "--", *argv]

    def run(self, argv, *, env=None, as_root=False, **how):
        """Any program, as the environment's user and with its variables. Returns a Result; raises Failed."""
        popen = self._popen(as_root)
        popen["env"].update({key: str(value) for key, value in (env or {}).items()})
        return run(self._argv([str(arg) for arg in argv], as_root), **popen, **how)

    def spawn(self, argv, *, env=None, as_root=False, **how):
        """The same without waiting; ended by close() at the latest."""
        popen = self._popen(as_root)
        popen["env"].update({key: str(value) for key, value in (env or {}).items()})
        how.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(self._argv([str(arg) for arg in argv], as_root), start_new_session=True, **popen, **how)
        self._extra.append(process.pid)
        self._stack.callback(process.poll)
        return process

    def virsh(self, *args, **how):
        return self.run(["virsh", "-q", "-c", self.uri, *args], **how)

    def virt_xml(self, *args, **how):
        if not shutil.which("virt-xml", path=PATH):
            skip("no virt-xml: install virtinst")
        return self.run(["virt-xml", "-c", self.uri, *args], **how)

    def macvm_argv(self, *args, connect=True):
        """The command line of macvm(), for spawn()."""
        return [self._macvm(), *(["-c", self.uri] if connect else []), *args]

    def macvm(self, *args, connect=True, **how):
        """The program under test; connect=False leaves out -c URI."""
        return self.run(self.macvm_argv(*args, connect=connect), **how)

    def macvm_json(self, *args, **how):
        return self.macvm("--json", *args, **how).json

    def _macvm(self):
        """The program where the environment's user can read it: a build tree below /root is not such a place."""
        if self._program is None:
            path = program()
            data = os.environ.get("MACVM_DATA_DIR", SOURCE)
            reach = self.run(["sh", "-c", f"test -x {path} && test -r {data}/templates/domain.xml"], expect=None).code == 0
            if not reach and os.path.exists(f"{data}/templates"):
                for name in ("templates", "patches"):
                    if os.path.isdir(f"{data}/{name}"):
                        shutil.copytree(f"{data}/{name}", self.dir / "data" / name)
                path = pathlib.Path(shutil.copy(path, self.dir / "bin/macvm"))
                self.own(self.dir / "data")
                self.own(self.dir / "bin")
                self.vars["MACVM_DATA_DIR"] = str(self.dir / "data")
            elif "MACVM_DATA_DIR" in os.environ:
                self.vars["MACVM_DATA_DIR"] = str(data)
            self._program = path
        return self._program

    # -- waiting
    def state(self, name):
        return self.virsh("domstate", name).out.strip()

    def wait_state(self, name, state, timeout=60):
        wait_for(lambda: self.state(name) == state, timeout, f"'{name}' to be {state}", 0.2)

    def guest(self, port, user="root"):
        return Guest(self, port, user)

    # -- fixtures
    def free_port(self):
        """A loopback port that no other test takes: below the ephemeral ones, and claimed while this one lives."""
        for _ in range(200):
            port = random.randrange(20000, 32000)
            claim = socket.socket(socket.AF_UNIX)
            try:
                claim.bind(f"\0macvm-test-port-{port}")
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port))
            except OSError:
                claim.close()
                continue
            self._ports.append(claim)
            return port
        raise Failed("no free loopback port found")

    def standin(self):
        """The stand-in's disk, copied to where the environment's user reads it."""
        path = self.dir / "opencore-standin.qcow2"
        if not path.exists():
            self.write(path.name, (standin_dir() / path.name).read_bytes())
        return path

    def checkout(self, git=False, path=None):
        """A directory with upstream's layout, by default where macvm looks for it."""
        if not (OVMF / "OVMF_CODE_4M.fd").exists():
            skip("no OVMF: install ovmf")
        top = pathlib.Path(path or self.data_home / "macvm/OSX-KVM")
        self.write(top / "OpenCore-Boot.sh",
                   "#!/usr/bin/env bash\n# Written for macvm's tests; it has what a reader of upstream's script looks for.\n"
                   'MY_OPTIONS="+ssse3,+sse4.2,+popcnt,+avx,+aes,+xsave,+xsaveopt,check"\n'
                   "args=(\n"
                   '  -cpu Penryn,kvm=on,vendor=GenuineIntel,+invtsc,vmware-cpuid-freq=on,"$MY_OPTIONS"\n'
                   f'  -device isa-applesmc,osk="{FAKE_OSK}"\n'
                   ')\nqemu-system-x86_64 "${args[@]}"\n', 0o755)
        self.write(top / "OpenCore/OpenCore.qcow2", self.standin().read_bytes())
        for target, source in (("OVMF_CODE_4M.fd", "OVMF_CODE_4M.fd"), ("OVMF_VARS-1920x1080.fd", "OVMF_VARS_4M.fd"),
                               ("OVMF_VARS-1024x768.fd", "OVMF_VARS_4M.fd"), ("OVMF_VARS.fd", "OVMF_VARS_4M.fd"),
                               ("OVMF_CODE.fd", "OVMF_CODE_4M.fd")):
            self.write(top / target, (OVMF / source).read_bytes())
        if git:
            who = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "init.defaultBranch=master"]
            for step in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "upstream"]):
                self.run(["git", *who, "-C", top, *step])
        return top

    def libvirt_conf(self, text):
        """The client's libvirt.conf (uri_aliases, uri_default)."""
        if self.root and self.uid == 0:
            if self._holder is None:
                raise Failed("root's libvirt.conf is the machine's own, use a session or system environment")
            return self.write("sys/etc/libvirt.conf", text)
        return self.write(self.config_home / "libvirt/libvirt.conf", text)

    # -- the end
    def close(self):
        if not hasattr(self, "dir"):
            return
        with contextlib.suppress(Exception):
            if self._shared_before is not None:
                for name in set(self.virsh("list", "--all", "--name").out.split()) - self._shared_before:
                    self.virsh("destroy", name, expect=None)
                    self.virsh("undefine", name, "--nvram", "--managed-save", expect=None)
        namespace = _namespace(self._holder.pid) if self._holder else None
        with contextlib.suppress(Exception):
            self._stack.close()
        kill_all(self.dir, namespace)
        for pid in self._extra:
            with contextlib.suppress(OSError):
                if self._shared_before is not None or _parent(pid) == os.getpid():
                    os.kill(pid, signal.SIGTERM)
        if self._holder:
            with contextlib.suppress(OSError):
                self._holder.stdin.close()
            self._holder.kill()
            self._holder.wait()
            self._holder.stdout.close()
            self._holder.stderr.close()
        for claim in self._ports:
            claim.close()
        self._share_knowledge(back=True)
        if os.environ.get("MACVM_TEST_KEEP"):
            print(f"kept {self.dir}", file=sys.stderr)
        else:
            remove_tree(self.dir)
        self._watchdog.dismiss()


# --- pictures ---------------------------------------------------------------------------------------------------------
def png_pixels(data):
    """(width, height, set of colours) of an 8-bit RGB or RGBA PNG, which is what QEMU writes."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise Failed(f"not a PNG: starts with {data[:16]!r}")
    position, packed, header = 8, b"", None
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8:position + 8 + length]
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        position += 12 + length
    width, height, depth, colour = header[:4]
    if depth != 8 or colour not in (2, 6) or header[6]:
        raise Failed(f"a PNG of another kind than QEMU's: {header}")
    size = 3 if colour == 2 else 4
    raw = zlib.decompress(packed)
    previous, colours, stride = bytearray(width * size), set(), width * size + 1
    for y in range(height):
        kind, line = raw[y * stride], bytearray(raw[y * stride + 1:(y + 1) * stride])
        if kind == 1:
            for i in range(size, len(line)):
                line[i] = (line[i] + line[i - size]) & 255
        elif kind == 2:
            line = bytearray((a + b) & 255 for a, b in zip(line, previous))
        elif kind == 3:
            for i in range(len(line)):
                left = line[i - size] if i >= size else 0
                line[i] = (line[i] + (left + previous[i]) // 2) & 255
        elif kind == 4:
            for i in range(len(line)):
                a, b, c = (line[i - size], previous[i], previous[i - size]) if i >= size else (0, previous[i], 0)
                p, q, r = abs(b - c), abs(a - c), abs(a + b - 2 * c)
                line[i] = (line[i] + (a if p <= q and p <= r else b if q <= r else c)) & 255
        if line != previous or y == 0:
            colours.update(bytes(line[i:i + 3]) for i in range(0, len(line), size))
        previous = line
    return width, height, colours


class EveryConnection:
    """For a unittest.TestCase with a method check(env): it holds in a session, on the system daemon and over ssh."""
    far = "session"  # what ssh leads to

    def test_session(self):
        with Environment.session() as env:
            self.check(env)

    def test_system(self):
        with Environment.system() as env:
            self.check(env)

    def test_ssh(self):
        with Environment.ssh(self.far, apart=True) as env:
            self.check(env)


# --- running a test file ----------------------------------------------------------------------------------------------
def main():
    """unittest.main() with ctest's convention: 77 when nothing ran but skips."""
    test = unittest.main(exit=False, verbosity=2)
    result = test.result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.testsRun == 0 or len(result.skipped) >= result.testsRun:
        sys.exit(SKIP)
    sys.exit(0)


def _relay(host, port):
    """What nc does, for a ProxyCommand."""
    import threading
    link = socket.create_connection((host, int(port)))

    def inward():
        while True:
            data = link.recv(65536)
            if not data:
                os._exit(0)
            view = memoryview(data)
            while view:
                view = view[os.write(1, view):]
    threading.Thread(target=inward, daemon=True).start()
    while True:
        data = os.read(0, 65536)
        if not data:
            link.shutdown(socket.SHUT_WR)
            time.sleep(3600)
        link.sendall(data)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--reap"]:
        _reap(sys.argv[2])
    elif sys.argv[1:2] == ["--connect"]:
        _relay(*sys.argv[2:4])
    elif sys.argv[1:2] == ["shell"]:
        # an environment to try things in by hand: harness.py shell session
        with getattr(Environment, sys.argv[2] if len(sys.argv) > 2 else "session")() as by_hand:
            by_hand.checkout()
            print(f"URI: {by_hand.uri}\nleave with ctrl-D", file=sys.stderr)
            subprocess.run(by_hand._argv(["sh"]), **by_hand._popen())
    else:
        sys.exit(f"usage: {sys.argv[0]} shell [session|system]")
