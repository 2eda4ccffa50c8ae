#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: TIMEOUT 300
# ctest: PARALLEL
"""macvm bootstrap over a synthetic repository of upstream's layout: no network, no libvirt."""

import os
import pathlib
import random
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import harness

CPU = {"penryn": "Penryn", "skylake": "Skylake-Client,-hle,-rtm"}
SCRIPT = """\
#!/usr/bin/env bash
{head}
MY_OPTIONS="+ssse3,+sse4.2,+popcnt,+avx,+aes,+xsave,+xsaveopt,check"

# a synthetic script

ALLOCATED_RAM="4096" # MiB
CPU_SOCKETS="1"
CPU_CORES="2"
CPU_THREADS="4"

args=(
  -enable-kvm -m "$ALLOCATED_RAM" -cpu {cpu},kvm=on,vendor=GenuineIntel,+invtsc,vmware-cpuid-freq=on,"$MY_OPTIONS"
  -machine q35
  -device isa-applesmc,osk="{osk}"
)
{tail}"""


def script(cpu="penryn", head="", tail=""):
    return SCRIPT.format(cpu=CPU[cpu], head=head, tail=tail, osk=harness.FAKE_OSK)


class Bootstrap(unittest.TestCase):
    def setUp(self):
        self.program = harness.program()
        if not shutil.which("git"):
            harness.skip("no git")
        folder = tempfile.TemporaryDirectory(prefix="macvm-bootstrap-")
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name).resolve()
        self.upstream = self.top / "upstream"
        self.dir = self.top / "data" / "macvm" / "OSX-KVM"
        self.patches = self.top / "config" / "macvm" / "patches"
        self.patches.mkdir(parents=True)
        (self.top / "run").mkdir(mode=0o700)
        self.env = {"PATH": harness.PATH, "HOME": str(self.top), "LC_ALL": "C.UTF-8",
                    "XDG_DATA_HOME": str(self.top / "data"), "XDG_CONFIG_HOME": str(self.top / "config"),
                    "XDG_RUNTIME_DIR": str(self.top / "run"), "GIT_CONFIG_NOSYSTEM": "1",
                    "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org",
                    "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.org"}
        self.upstream.mkdir()
        self.git(self.upstream, "init", "-q", "-b", "master")
        self.first = self.commit({"OpenCore-Boot.sh": script(), "README.md": "one\n", "notes.txt": "1\n2\n3\n",
                                  "OpenCore/config.plist": "<plist/>\n", "OpenCore/OpenCore.qcow2": b"QFI\xfb",
                                  "OVMF_CODE.fd": bytes(1966080), "OVMF_VARS-1024x768.fd": bytes(131072)})

    def test_many_at_once(self):
        """Each with a runtime directory of its own, as cron has: one makes the checkout, the others leave it alone."""
        runs = []
        for number in range(4):
            runtime = self.top / f"run{number}"
            runtime.mkdir(mode=0o700)
            runs.append(subprocess.Popen([self.program, "bootstrap", "--no-setup", "--upstream", self.upstream],
                                         env=self.env | {"XDG_RUNTIME_DIR": str(runtime)}, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        done = [(*run.communicate(timeout=60), run.returncode) for run in runs]
        self.assertIn(0, [code for _, _, code in done], done)
        for _, err, code in done:
            self.assertIn(code, (0, 4), err)
            if code == 4:
                self.assertIn("another macvm is at work on it", err)
        self.assertEqual(["OSX-KVM"], os.listdir(self.dir.parent))
        self.assertEqual(self.first, self.git(self.dir, "rev-parse", "HEAD"))

    def git(self, where, *args):
        return harness.run(["git", "-C", where, *args], env=self.env).out.strip()

    def commit(self, files):
        for name, content in files.items():
            path = self.upstream / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            if name.endswith(".sh"):
                path.chmod(0o755)
        self.git(self.upstream, "add", "-A")
        self.git(self.upstream, "commit", "-q", "-m", "change")
        return self.git(self.upstream, "rev-parse", "HEAD")

    def macvm(self, *args, expect=0):
        return harness.run([self.program, *args], env=self.env, expect=expect)

    def bootstrap(self, *args, expect=0):
        return self.macvm("--json", "bootstrap", "--no-setup", "--upstream", self.upstream, *args, expect=expect)

    def states(self, result):
        return {patch["name"]: patch["state"] for patch in result.json["patches"]}

    def text(self, name):
        return (self.dir / name).read_text()

    def assert_at(self, commit, patched=("OpenCore-Boot.sh",)):
        """Commit is checked out, nothing but patched differs, and nothing of a run is left behind."""
        self.assertEqual(self.git(self.dir, "rev-parse", "HEAD"), commit)
        changed = self.git(self.dir, "status", "--porcelain", "--untracked-files=no").splitlines()
        self.assertEqual([line.split()[-1] for line in changed], list(patched))
        self.assertEqual([p.name for p in self.dir.parent.iterdir()], ["OSX-KVM"])
        self.assertEqual([p for p in (self.dir / ".git").rglob("*") if p.name.endswith(".lock") or "_git2_" in p.name
                          or p.name == "macvm-journal"], [])

    def user_patch(self, name, path, old, new):
        (self.patches / name).write_text(f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-{old}\n+{new}\n")

    def test_clone_then_rerun(self):
        result = self.bootstrap()
        self.assertEqual(result.json["directory"], str(self.dir))
        self.assertEqual(result.json["commit"], self.first)
        self.assertIsNone(result.json["previous_commit"])
        self.assertEqual(result.json["problems"], [])
        self.assertEqual(self.states(result), {"OpenCore-Boot.sh.patch": "applied"})
        for line in ('ALLOCATED_RAM="16384"', 'CPU_CORES="6"', 'CPU_THREADS="12"', "-cpu Haswell-noTSX,kvm=on",
                     "+avx2,+fma,+bmi1,+bmi2,+smep"):
            self.assertIn(line, self.text("OpenCore-Boot.sh"))
        self.assertTrue(os.access(self.dir / "OpenCore-Boot.sh", os.X_OK))
        self.assert_at(self.first)
        self.assertNotIn(harness.FAKE_OSK[:20], result.out + result.err)
        again = self.bootstrap()
        self.assertEqual(self.states(again), {"OpenCore-Boot.sh.patch": "already-applied"})
        self.assertEqual(again.json["previous_commit"], self.first)
        self.assert_at(self.first)
        self.assertIn("already applied", self.macvm("bootstrap", "--no-setup").err)  # and the origin is remembered

    def test_upstream_moves_under_the_patch(self):
        self.bootstrap()
        second = self.commit({"OpenCore-Boot.sh": script(head="# 1\n# 2\n", tail="# end\n"), "new.txt": "new\n",
                              "notes.txt": None})
        result = self.bootstrap()
        self.assertEqual(result.json["previous_commit"], self.first)
        self.assertEqual(self.states(result), {"OpenCore-Boot.sh.patch": "applied"})
        self.assertIn("# 2\n", self.text("OpenCore-Boot.sh"))
        self.assertIn("Haswell-noTSX", self.text("OpenCore-Boot.sh"))
        self.assertFalse((self.dir / "notes.txt").exists())
        self.assert_at(second)
        third = self.commit({"OpenCore-Boot.sh": script(cpu="skylake")})
        self.assertEqual(self.states(self.bootstrap()), {"OpenCore-Boot.sh@skylake.patch": "applied"})
        self.assertIn("-cpu Haswell-noTSX,kvm=on", self.text("OpenCore-Boot.sh"))
        self.assert_at(third)

    def test_patches_that_change(self):
        """What a patch did goes with it: it is none of the user's edits, and no obstacle later."""
        self.user_patch("a.patch", "README.md", "one", "two")
        self.user_patch("b.patch", "README.md", "two", "three")
        self.bootstrap()
        self.assertEqual(self.text("README.md"), "three\n")
        self.user_patch("b.patch", "README.md", "two", "four")  # as another version of macvm may bring it
        self.assertEqual(self.states(self.bootstrap())["b.patch"], "applied")
        self.assertEqual(self.text("README.md"), "four\n")
        second = self.commit({"README.md": "one\nmore\n", "OpenCore-Boot.sh": script(head="# moved\n")})
        (self.patches / "a.patch").unlink()
        (self.patches / "b.patch").write_text("--- a/README.md\n+++ b/README.md\n@@ -1,2 +1,2 @@\n-one\n+five\n more\n")
        self.assertEqual(self.states(self.bootstrap())["b.patch"], "applied")
        self.assertEqual(self.text("README.md"), "five\nmore\n")
        (self.patches / "b.patch").unlink()
        self.bootstrap()
        self.assert_at(second)
        # Without any, and with the user's own edit of the same file.
        self.user_patch("a.patch", "notes.txt", "1", "0")
        (self.patches / "a.patch").write_text("--- a/notes.txt\n+++ b/notes.txt\n@@ -1,3 +1,3 @@\n-1\n+0\n 2\n 3\n")
        self.bootstrap()
        (self.dir / "notes.txt").write_text("0\n2\n3\nmine\n")
        (self.patches / "a.patch").unlink()
        self.bootstrap()
        self.assertEqual(self.text("notes.txt"), "1\n2\n3\nmine\n")
        self.git(self.dir, "fsck", "--strict")
        self.git(self.dir, "log", "--all", "--oneline")

    def test_record_of_a_run_before(self):
        """What a run leaves that was killed after its move: the record is of another upstream."""
        self.bootstrap()
        old = self.git(self.dir, "rev-parse", "refs/macvm/patches")
        self.commit({"OpenCore-Boot.sh": script(cpu="skylake")})
        self.bootstrap()
        self.git(self.dir, "update-ref", "refs/macvm/patches", old)
        third = self.commit({"OpenCore-Boot.sh": script(cpu="skylake", head="# moved\n")})
        self.assertEqual(self.states(self.bootstrap()), {"OpenCore-Boot.sh@skylake.patch": "applied"})
        self.assert_at(third)

    def expected_by(self, patch):
        """A script that has what the patch expects, at the lines that it names."""
        lines = [f"# {number}" for number in range(60)]
        for hunk in re.split(r"^@@ ", patch, flags=re.M)[1:]:
            head, *body = hunk.splitlines()
            at = int(re.match(r"-(\d+)", head).group(1)) - 1
            old = [line[1:] for line in body if line[:1] in " -"]
            lines[at:at + len(old)] = old
        return "\n".join(lines) + f'\n# -device isa-applesmc,osk="{harness.FAKE_OSK}"\n'

    def test_every_shipped_variant(self):
        """Each fits the script that it is for, by itself, and goes with it when upstream moves to another's."""
        for path in sorted((harness.SOURCE / "patches").glob("OpenCore-Boot.sh*.patch")):
            with self.subTest(name=path.name):
                commit = self.commit({"OpenCore-Boot.sh": self.expected_by(path.read_text())})
                self.assertEqual(self.states(self.bootstrap()), {path.name: "applied"})
                self.assert_at(commit)
                for line in ("Haswell-noTSX", "+avx2,+fma,+bmi1,+bmi2,+smep", '"16384"', 'CPU_CORES="6"', 'CPU_THREADS="12"'):
                    self.assertIn(line, self.text("OpenCore-Boot.sh"))

    def test_patch_applied_by_hand(self):
        self.git(self.top, "clone", "-q", self.upstream, self.dir)
        self.git(self.dir, "apply", harness.SOURCE / "patches" / "OpenCore-Boot.sh.patch")
        self.assertEqual(self.states(self.bootstrap()), {"OpenCore-Boot.sh.patch": "already-applied"})
        second = self.commit({"OpenCore-Boot.sh": script(head="# moved\n")})
        self.assertEqual(self.states(self.bootstrap()), {"OpenCore-Boot.sh.patch": "applied"})
        self.assert_at(second)

    def test_conflict_names_its_place_and_stops_nothing(self):
        self.user_patch("readme.patch", "README.md", "one", "two")
        self.user_patch("zz.patch", "notes.txt", "nowhere", "x")
        result = self.bootstrap()
        self.assertEqual(self.states(result), {"OpenCore-Boot.sh.patch": "applied", "readme.patch": "applied",
                                               "zz.patch": "conflict"})
        message = [patch["message"] for patch in result.json["patches"] if patch["state"] == "conflict"][0]
        for part in ("zz.patch", "notes.txt", "hunk 1", "line 1"):
            self.assertIn(part, message)
        self.assertEqual(self.text("notes.txt"), "1\n2\n3\n")
        self.assertEqual(self.text("README.md"), "two\n")
        self.assert_at(self.first, ["OpenCore-Boot.sh", "README.md"])

    def test_plain_diff(self):
        (self.patches / "plain.patch").write_text("Why: a reason\n--- old/README.md\t2020-01-01\n+++ new/README.md\n"
                                                  "@@ -1 +1,2 @@\n one\n+-- two\n--- old/notes.txt\n+++ new/notes.txt\n"
                                                  "@@ -2 +2 @@\n-2\n+++ b\n")
        self.assertEqual(self.states(self.bootstrap())["plain.patch"], "applied")
        self.assertEqual(self.text("README.md"), "one\n-- two\n")
        self.assertEqual(self.text("notes.txt"), "1\n++ b\n3\n")

    def test_patched_line_changes_upstream(self):
        self.user_patch("readme.patch", "README.md", "one", "two")
        self.bootstrap()
        second = self.commit({"README.md": "three\n"})
        self.assertEqual(self.states(self.bootstrap())["readme.patch"], "conflict")
        self.assertEqual(self.text("README.md"), "three\n")
        self.assert_at(second)

    def test_patch_that_adds_a_file(self):
        (self.patches / "add.patch").write_text("diff --git a/mine.txt b/mine.txt\nnew file mode 100644\n"
                                                "--- /dev/null\n+++ b/mine.txt\n@@ -0,0 +1 @@\n+mine\n")
        self.assertEqual(self.states(self.bootstrap())["add.patch"], "applied")
        self.assertEqual(self.states(self.bootstrap())["add.patch"], "already-applied")
        second = self.commit({"README.md": "more\n"})
        self.assertEqual(self.states(self.bootstrap())["add.patch"], "applied")
        self.assertEqual(self.text("mine.txt"), "mine\n")
        self.assert_at(second)

    def test_hostile_patches_are_refused(self):
        for number, path in enumerate(("../out", "/etc/out", ".git/config", "a/../../out", ".GIT/hooks/x")):
            (self.patches / f"{number}.patch").write_text(
                f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n")
        (self.patches / "link.patch").write_text("diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n"
                                                 "@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n")
        (self.patches / "big.patch").write_bytes(b"x" * (1024 * 1024 + 1))
        (self.patches / "prose.patch").write_text("no patch at all\n")
        states = self.states(self.bootstrap())
        self.assertEqual(states.pop("OpenCore-Boot.sh.patch"), "applied")
        self.assertEqual(set(states.values()), {"refused"}, states)
        self.assertEqual(len(states), 8)
        self.assertFalse((self.dir.parent / "out").exists())
        self.assertFalse((self.dir / "l").is_symlink())

    def test_edits_stay_or_stop_the_update(self):
        self.bootstrap()
        (self.dir / "notes.txt").write_text("1\nmine\n3\n")
        (self.dir / "disk.img").write_text("untracked")
        second = self.commit({"README.md": "two\n"})
        self.bootstrap()
        self.assertEqual(self.text("notes.txt"), "1\nmine\n3\n")
        self.assertEqual(self.text("disk.img"), "untracked")
        self.assert_at(second, ["OpenCore-Boot.sh", "notes.txt"])
        self.commit({"notes.txt": "1\n2\n3\n4\n", "README.md": "three\n"})
        error = self.bootstrap(expect=4).error
        self.assertEqual(error["code"], "conflict")
        self.assertIn("notes.txt", error["message"])
        self.assertIn("diff", error["hint"])
        self.assertEqual(self.text("notes.txt"), "1\nmine\n3\n")
        self.assertEqual(self.text("README.md"), "two\n")
        self.assert_at(second, ["OpenCore-Boot.sh", "notes.txt"])

    def test_untracked_file_in_the_way(self):
        self.bootstrap()
        (self.dir / "new.txt").write_text("mine")
        self.commit({"new.txt": "theirs", "README.md": "two\n"})
        error = self.bootstrap(expect=4).error
        self.assertIn("new.txt", error["message"])
        self.assertEqual(self.text("new.txt"), "mine")
        self.assertEqual(self.text("README.md"), "one\n")
        self.assert_at(self.first)

    def test_staged_and_committed_work_of_the_user(self):
        self.bootstrap()
        (self.dir / "own.txt").write_text("own")
        self.git(self.dir, "add", "own.txt")
        self.commit({"README.md": "two\n"})
        self.assertIn("own.txt", self.bootstrap(expect=4).error["message"])
        self.git(self.dir, "commit", "-q", "-m", "own")
        self.assertIn("diverged", self.bootstrap(expect=4).error["message"])
        self.assertEqual(self.text("own.txt"), "own")

    def test_rewritten_history(self):
        self.bootstrap()
        self.git(self.upstream, "commit", "-q", "--amend", "-m", "other")
        error = self.bootstrap(expect=4).error
        self.assertIn("diverged", error["message"])
        self.assertIn("mv ", error["hint"])
        self.assert_at(self.first)

    def test_ref(self):
        self.git(self.upstream, "tag", "v1")
        second = self.commit({"README.md": "two\n"})
        self.git(self.upstream, "branch", "side", self.first)
        for ref, commit in (("v1", self.first), (second[:12], second), (self.first, self.first), ("side", self.first),
                            ("master", second), ("v1", self.first)):
            self.assertEqual(self.bootstrap("--ref", ref).json["commit"], commit)
            self.assert_at(commit)
        self.bootstrap()
        self.assert_at(second)
        for ref in ("nowhere", "HEAD~1", "master:README.md", "0" * 40, ""):
            self.assertEqual(self.bootstrap("--ref", ref, expect=3).error["code"], "not-found")
        self.assert_at(second)

    def test_folder_and_upstream_that_are_none(self):
        error = self.macvm("--json", "bootstrap", "--no-setup", "--upstream", self.top / "none", expect=(1, 3)).error
        self.assertIn("none", error["message"])
        self.assertFalse(self.dir.exists())
        self.assertEqual(list(self.dir.parent.iterdir()), [])
        own = self.top / "own"
        own.mkdir()
        (own / "file").write_text("mine")
        self.assertEqual(self.bootstrap(own, expect=4).error["code"], "conflict")
        self.assertEqual([path.name for path in own.iterdir()], ["file"])

    def test_another_folder_is_what_machines_are_made_of(self):
        own = self.top / "own"
        self.assertEqual(self.bootstrap(own).json["problems"], [])
        self.assertEqual(os.readlink(self.dir), str(own))
        self.assertEqual(self.bootstrap().json["directory"], str(own))
        self.assert_at(self.first)
        shutil.rmtree(own)
        self.assertEqual(self.bootstrap().json["directory"], str(own))
        self.bootstrap(self.top / "other")
        self.assertEqual(os.readlink(self.dir), str(self.top / "other"))

    def test_another_folder_beside_a_checkout(self):
        self.bootstrap()
        own = self.top / "own"
        problems = self.bootstrap(own).json["problems"]
        self.assertIn(f"not of '{own}'", problems[0])
        self.assertFalse(self.dir.is_symlink())
        self.assert_at(self.first)

    def test_upstream_of_another_user(self):
        """git trusts no repository of somebody else's until it is told to: as the hint says."""
        if os.geteuid() != 0:
            harness.skip("only root can give files away")
        for path in [self.upstream, *self.upstream.rglob("*")]:
            os.chown(path, harness.NOBODY, harness.NOBODY)
        error = self.bootstrap(expect=5).error
        self.assertIn("belongs to another user", error["message"])
        words = shlex.split(error["hint"].partition(": ")[2])
        self.assertEqual(words[0], "git")
        harness.run(words, env=self.env)
        self.bootstrap()
        self.assert_at(self.first)

    def mount(self, size):
        """A file system of that size where the checkouts go, or a skipped test."""
        self.dir.parent.mkdir(parents=True, exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.dir.parent]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
            harness.skip("cannot mount a small file system")
        self.addCleanup(subprocess.run, ["umount", "-l", self.dir.parent])

    def test_full_disk(self):
        """It is told as what it is, nothing half done stays, and with room the same command goes on."""
        self.mount("6m")
        self.commit({"big": random.randbytes(8 << 20)})
        error = self.bootstrap(expect=1).error
        self.assertIn("No space left", error["message"])
        self.assertIn("free space", error["hint"])
        self.assertEqual(list(self.dir.parent.iterdir()), [])
        second = self.commit({"big": None})
        subprocess.run(["mount", "-o", "remount,size=40m", self.dir.parent], check=True)
        self.bootstrap()
        third = self.commit({"notes.txt": "1\n", "big": random.randbytes(1 << 20)})
        fill = self.dir.parent / "fill"
        fill.write_bytes(bytes(os.statvfs(self.dir.parent).f_bavail * os.statvfs(self.dir.parent).f_frsize))
        error = self.bootstrap(expect=1).error
        self.assertIn("No space left", error["message"])
        self.assertIn("free space", error["hint"])
        fill.unlink()
        self.assertEqual(self.git(self.dir, "rev-parse", "HEAD"), second)
        self.bootstrap()
        self.assert_at(third)

    def test_problems_are_named(self):
        self.commit({"OVMF_CODE_4M.fd": bytes(3653632), "OVMF_CODE.fd": None, "OpenCore/OpenCore.qcow2": None,
                     "OpenCore-Boot.sh": "#!/bin/sh\n"})
        problems = " ".join(self.bootstrap().json["problems"])
        for part in ("OVMF_CODE_4M.fd", "131072", "OpenCore.qcow2", "OSK"):
            self.assertIn(part, problems)
        # Each with a remedy, and not with "run 'macvm bootstrap'".
        for part in ("leave that out", "checkout -- OpenCore'", "osk= in macvm.conf"):
            self.assertIn(part, problems)
        self.assertNotIn("macvm bootstrap", problems)

    def test_a_second_one_at_the_same_time(self):
        self.big()
        runs = [subprocess.Popen([self.program, "--json", "bootstrap", "--no-setup", "--upstream", self.upstream], env=self.env,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        errors = [run.communicate(timeout=120)[1] for run in runs]
        codes = sorted(run.returncode for run in runs)
        self.assertIn(codes, ([0, 4], [0, 0]), errors)  # a slow machine may run them one after the other
        if codes == [0, 4]:
            self.assertIn("another macvm", "".join(errors))
        self.assert_at(self.git(self.upstream, "rev-parse", "HEAD"))

    def big(self):
        """A commit of many files, so that there is time to interrupt."""
        return self.commit({f"files/{i}": random.randbytes(20000) for i in range(300)})

    def kill_some(self, count):
        """Starts bootstrap count times and kills it after ever other times of its usual duration."""
        killed = 0
        for i in range(count):
            run = subprocess.Popen([self.program, "-q", "bootstrap", "--no-setup", "--upstream", self.upstream], env=self.env,
                                   stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0, 0.4))
            run.send_signal(signal.SIGKILL)
            killed += run.wait() == -signal.SIGKILL
        return killed

    def test_killed_while_cloning(self):
        commit = self.big()
        self.assertGreater(self.kill_some(8), 0)
        self.bootstrap()
        self.assert_at(commit)
        self.git(self.dir, "fsck", "--strict")

    def test_killed_while_updating(self):
        self.bootstrap()
        for _ in range(4):
            commit = self.big()
            self.assertGreater(self.kill_some(3), 0)
            self.bootstrap()
            self.assert_at(commit)
        self.git(self.dir, "fsck", "--strict")

    def half_moved(self):
        """What a run leaves that was killed while it wrote files: its journal, its locks, half a file."""
        self.env["MACVM_DATA_DIR"] = str(self.top)  # no shipped patches
        self.bootstrap()
        second = self.commit({"README.md": "a longer text\n", "notes.txt": None, "new.txt": "new\n"})
        self.git(self.dir, "fetch", "-q", "origin")
        tree = [self.git(self.dir, "rev-parse", f"{commit}^{{tree}}") for commit in (self.first, second)]
        (self.dir / ".git" / "macvm-journal").write_text(
            f"[move]\nfrom={tree[0]}\nto={tree[1]}\ncommit={second}\nbranch=master\n")
        (self.dir / ".git" / "index.lock").touch()
        (self.dir / "README.md").write_text("a long")
        return second

    def test_half_moved_is_finished(self):
        second = self.half_moved()
        self.bootstrap()
        self.assertEqual(self.text("README.md"), "a longer text\n")
        self.assert_at(second, [])

    def test_half_moved_and_edited_since(self):
        second = self.half_moved()
        (self.dir / "README.md").write_text("mine\n")
        self.assertIn("README.md", self.bootstrap(expect=4).error["message"])
        self.assertEqual(self.text("README.md"), "mine\n")
        (self.dir / "README.md").unlink()
        self.bootstrap()
        self.assert_at(second, [])

    def test_interrupted(self):
        self.big()
        run = subprocess.Popen([self.program, "bootstrap", "--no-setup", "--upstream", self.upstream], env=self.env,
                               stderr=subprocess.PIPE, text=True)
        temp = self.dir.parent / ".OSX-KVM.macvm-clone"
        harness.wait_for(lambda: temp.exists() or run.poll() is not None, 60, "the clone", interval=0.001)
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=60)
        self.assertIn(run.returncode, (0, 130))
        self.assertEqual(self.dir.exists(), run.returncode == 0)
        # A second is not always enough to delete what has come: the next run does.
        self.bootstrap()
        self.assertFalse(temp.exists())
        self.assertTrue(self.dir.exists())


if __name__ == "__main__":
    unittest.main()
