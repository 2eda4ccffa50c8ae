#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules for all files of the tree. check-tree.py SOURCE MACVM

Each text file names its licence; the top level has no other entries than those below; links of the documentation lead
somewhere; and the commands that it shows are commands of the program."""

import pathlib
import re
import subprocess
import sys

source, program = pathlib.Path(sys.argv[1]), sys.argv[2]
TOP = {"CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json", "HACKING.md", "LICENSE", "README.md", "bootstrap.sh", "docs", "packaging", "patches",
       "src", "templates", "tests"}
# What is compared or parsed byte by byte, and what has no comments.
DATA = ("tests/golden/", "tests/fuzz/corpus/", "tests/data/")
PLAIN = {"LICENSE", "CMakePresets.json", "packaging/debian/changelog", "packaging/debian/source/format"}
LICENCE = "SPDX-License-Identifier: LGPL-2.1-or-later"
wrong = []


def files():
    for top in sorted(source.iterdir()):
        if top.name in TOP or top.name in (".ci", ".clang-format", ".editorconfig", ".gitignore"):
            yield from sorted(path for path in ([top] if top.is_file() else top.rglob("*")) if path.is_file())


wrong += [f"{entry.name}: has no place at the top level" for entry in source.iterdir()
          if entry.name not in TOP | {"build"} and not entry.name.startswith(".")]
for path in files():
    name = path.relative_to(source).as_posix()
    if name in PLAIN or name.startswith(DATA) or "__pycache__" in name:
        continue
    if LICENCE not in path.read_text(errors="replace")[:400]:
        wrong.append(f"{name}: no line '{LICENCE}'")

commands = set(re.findall(r"^  ([a-z]+)  +\S", subprocess.run([program, "--help"], check=True, capture_output=True,
                                                              text=True).stdout, re.M)) | {"start", "stop"}
for page in [*source.glob("*.md"), *source.glob("docs/*.md")]:
    text = page.read_text()
    wrong += [f"{page.name}: {link} leads nowhere" for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
              if not (page.parent / link).exists()]
    for language, block, inline in re.findall(r"```(\w*)\n(.*?)```|`([^`\n]+)`", text, re.S):
        code = inline or ("" if language == "mermaid" else block)
        for command in re.findall(r"(?:^|&& |\$ )macvm (?:-c \S+ |--json )*([a-z]+)\b(?![-./:])", code, re.M):
            if command not in commands:
                wrong.append(f"{page.name}: 'macvm {command}' is no command")
print("\n".join(wrong) if wrong else "licences, links and commands are in order")
sys.exit(1 if wrong else 0)
