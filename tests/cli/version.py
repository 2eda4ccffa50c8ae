#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What --version prints: one line; with -v, on either side, also the libraries, each with the version that pkg-config knows.
version.py MACVM VERSION"""

import json
import re
import shutil
import subprocess
import sys

program, version = sys.argv[1:]
MODULES = {"libvirt": "libvirt", "libxml2": "libxml-2.0", "libgit2": "libgit2", "libcurl": "libcurl", "OpenSSL": "libcrypto",
           "libdeflate": "libdeflate", "zlib": "zlib", "bzip2": None, "liblzma": "liblzma", "libfdisk": "fdisk",
           "libwayland": "wayland-client", "GLib": "glib-2.0", "json-glib": "json-glib-1.0", "libsmartcols": "smartcols"}
NOT_COMPILED, NOT_RUNNING = {"bzip2"}, {"libdeflate", "libwayland", "json-glib"}


def macvm(*argv):
    done = subprocess.run([program, *argv], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                          env={"HOME": "/nonexistent", "LANG": "C.UTF-8", "PATH": ""})
    assert done.returncode == 0 and done.stderr == "", (argv, done)
    return done.stdout


assert macvm("--version") == f"macvm {version}\n"
long = macvm("-v", "--version")
assert long == macvm("--version", "--verbose") and long.startswith(f"macvm {version}\n"), long
rows = [line.split() for line in long.splitlines()[2:]]
assert [row[0] for row in rows] == list(MODULES), long

assert json.loads(macvm("--json", "--version")) == {"version": version}
found = json.loads(macvm("--json", "-v", "--version"))
assert found["version"] == version
assert [[lib["name"], lib["compiled"] or "-", lib["running"] or "-"] for lib in found["libraries"]] == rows
for lib in found["libraries"]:
    name = lib["name"]
    assert (lib["compiled"] is None) == (name in NOT_COMPILED) and (lib["running"] is None) == (name in NOT_RUNNING), lib
    assert all(re.match(r"\d+\.\d+", lib[key]) for key in ("compiled", "running") if lib[key]), lib
    if MODULES[name] and shutil.which("pkg-config"):
        known = subprocess.run(["pkg-config", "--modversion", MODULES[name]], capture_output=True, text=True).stdout.strip()
        assert known == lib["compiled"], f"{name}: compiled with {lib['compiled']}, pkg-config has {known}"
