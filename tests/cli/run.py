#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs each case of a file and compares exit code, stdout and stderr with what is written there.

run.py MACVM CASES: a case is a line "$ macvm ARG..." and what came of it, "[exit N]" last. MVM_TEST_REGENERATE=1 writes the
file anew from what the program does. The connection is libvirt's test driver with the machines of machines.xml."""

import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

program, cases = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
HERE = pathlib.Path(__file__).resolve().parent


def run(line, home):
    env = {"PATH": os.environ["PATH"], "HOME": home, "XDG_RUNTIME_DIR": home, "LANG": "C.UTF-8", "TERM": "dumb",
           "LIBVIRT_DEFAULT_URI": f"test://{HERE}/machines.xml"}
    env |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS") or name == "G_DEBUG"}
    done = subprocess.run([program, *shlex.split(line)[1:]], capture_output=True, text=True, timeout=60, env=env, cwd=home,
                          stdin=subprocess.DEVNULL)
    shown = (done.stdout + done.stderr).replace(str(HERE), "HERE").replace("\033", "\\e").replace("\t", "\\t")
    return f"$ {line}\n{shown}[exit {done.returncode}]\n"


with tempfile.TemporaryDirectory() as home:
    wanted = cases.read_text()
    head = "".join(line + "\n" for line in wanted.splitlines() if line.startswith("#"))
    got = head + "\n" + "\n".join(run(line[2:], home) for line in wanted.splitlines() if line.startswith("$ "))
if os.environ.get("MVM_TEST_REGENERATE"):
    cases.write_text(got)
elif got != wanted:
    import difflib
    sys.exit("".join(difflib.unified_diff(wanted.splitlines(True), got.splitlines(True), str(cases), "now")))
