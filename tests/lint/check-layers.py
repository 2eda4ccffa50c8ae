#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may use whom, as docs/architecture.md has it: the includes of each folder of src, and what its library links, agree
with the table there; headers of other projects stay in the folder named for them; and only src/cli prints or exits.
check-layers.py SOURCE"""

import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
PARTS = {path.name for path in (source / "src").iterdir() if (path / "CMakeLists.txt").exists()}
# Beside libc, GLib and Linux, which all may use.
FOREIGN = {"libvirt": "virt", "git2": "upstream", "curl": "media", "libdeflate": "media", "lzma": "media", "bzlib": "media",
           "openssl": "media", "libfdisk": "media", "zlib": "media ops", "json-glib": "util", "libsmartcols": "cli",
           "xcb": "clip", "wayland-client": "clip", "libxml": "xml virt ops"}
SPEAKS = re.compile(r"(?<![\w.>])(?:printf|puts|fputs|fprintf|putchar|perror|g_print|g_printerr|exit|_exit)\(")
wrong = []

table = re.search(r"^## Parts\n\n```\n(.*?)```", (source / "docs/architecture.md").read_text(), re.M | re.S)[1]
allowed = {}
for row in re.split(r"\n(?=src/)", table):
    part, uses = re.match(r"src/(\w+)/", row), re.search(r" uses: (.*)", row)
    if part:
        allowed[part[1]] = PARTS if "all of these" in uses[1] else set(re.findall(r"[a-z]+", uses[1].split(";")[0])) & PARTS
wrong += [f"docs/architecture.md: no row of src/{part}/" for part in sorted(PARTS - set(allowed))]

for part in sorted(PARTS & set(allowed)):
    folder = source / "src" / part
    linked = re.search(r"USES ([a-z\s]+)", (folder / "CMakeLists.txt").read_text())
    linked = set(linked[1].split()) & PARTS if linked else set()
    if part != "cli" and linked != allowed[part] - {part} and allowed[part] != PARTS:
        wrong.append(f"src/{part}: links {sorted(linked)}, but the table has {sorted(allowed[part])}")
    for path in sorted(folder.glob("*.[ch]")):
        name, text = path.relative_to(source), path.read_text()
        used = set(re.findall(r'^#include "(\w+)/', text, re.M)) & PARTS
        wrong += [f"{name}: may not use {other}" for other in sorted(used - allowed[part] - {part})]
        for header in re.findall(r"^#include <([^>]+)>", text, re.M):
            owner = FOREIGN.get(re.split(r"[/.]", header)[0])
            if owner and part not in owner.split():
                wrong.append(f"{name}: {header} belongs into src/{owner.split()[0]}")
        if part != "cli":
            wrong += [f"{name}: only src/cli prints and exits: {call}" for call in sorted(set(SPEAKS.findall(text)))]
print("\n".join(wrong) if wrong else f"{len(PARTS)} parts use what they may use")
sys.exit(1 if wrong else 0)
