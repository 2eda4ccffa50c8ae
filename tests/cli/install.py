#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `cmake --install` puts where, and that it works there: install.py CMAKE BUILDDIR SOURCE. The prefix is another one than the
tree was configured for."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

cmake, build, source = sys.argv[1:]
if not shutil.which("git"):
    print("no git")
    sys.exit(77)

with tempfile.TemporaryDirectory() as top:
    prefix, home = pathlib.Path(top, "prefix"), pathlib.Path(top, "home")
    home.mkdir()
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "LANG": "C.UTF-8",
           "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org",
           "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.org"}

    def run(*argv):
        return subprocess.run(argv, check=True, capture_output=True, text=True, env=env, cwd=home).stdout

    subprocess.run([cmake, "--install", build, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
    macvm = prefix / "bin/macvm"
    commands = re.findall(r"^  ([a-z]+)  +\S", run(macvm, "--help"), re.M)
    wanted = {"bin/macvm", "share/systemd/user/macvm-clipboard@.service", "share/bash-completion/completions/macvm",
              "share/zsh/site-functions/_macvm", "share/fish/vendor_completions.d/macvm.fish"}
    wanted |= {f"share/macvm/templates/{name}" for name in ("domain.xml", "guest-agent.js", "kvm-macos.conf", "macvm.desktop")}
    wanted |= {"share/licenses/macvm/LICENSE", *(f"share/doc/macvm/{name}.md" for name in ("README", "HACKING", "CHANGELOG"))}
    wanted |= {f"share/doc/macvm/docs/{page.name}" for page in (pathlib.Path(source) / "docs").glob("*.md")}
    if shutil.which("scdoc"):
        wanted |= {"share/man/man1/macvm.1", *(f"share/man/man1/macvm-{command}.1" for command in commands)}
    found = {path.relative_to(prefix).as_posix() for path in prefix.rglob("*") if path.is_file()}
    patches = {name for name in found if re.fullmatch(r"share/macvm/patches/[^/]+\.patch", name)}
    assert patches, "no patches"
    assert found == wanted | patches, f"missing: {wanted - found}; too many: {found - wanted - patches}"
    assert f"ExecStart={macvm} " in (prefix / "share/systemd/user/macvm-clipboard@.service").read_text()

    # The program reads the patches that lie beside it.
    run("git", "init", "-q", "upstream")
    (home / "upstream/README").write_text("")
    run("git", "-C", "upstream", "add", "README")
    run("git", "-C", "upstream", "commit", "-q", "-m", "first")
    (prefix / "share/macvm/patches/own.patch").write_text("""--- a/README
+++ b/README
@@ -0,0 +1 @@
+patched
""")
    done = json.loads(run(macvm, "--json", "bootstrap", "--no-setup", "--upstream", home / "upstream"))
    assert {"name": "own.patch", "state": "applied"}.items() <= done["patches"][-1].items(), done["patches"]
