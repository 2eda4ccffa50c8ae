#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the manual pages with --help, both ways: every command has a page, every option is on it, and no page has an
option that the command does not know. check-docs.py MACVM MANDIR"""

import pathlib
import re
import subprocess
import sys

program, pages = sys.argv[1], pathlib.Path(sys.argv[2])
GLOBAL = {"connect", "json", "quiet", "verbose", "color", "help", "version"}
wrong = []


def help_of(*command):
    return subprocess.run([program, *command, "--help"], check=True, capture_output=True, text=True).stdout


def options_in_help(text):
    return set(re.findall(r"^ +(?:-\w, |    )--([a-z][a-z-]*)", text, re.M)) - GLOBAL


def options_in_page(text):
    return set(re.findall(r"\*--([a-z][a-z-]*)\*", text)) - GLOBAL


main = help_of()
commands = re.findall(r"^  ([a-z]+)  +\S", main, re.M)
if len(commands) < 3:
    wrong.append("macvm --help lists no commands")
for command in commands:
    page = pages / f"macvm-{command}.1.scd"
    if not page.exists():
        wrong.append(f"{command}: no page {page.name}")
        continue
    text, shown = page.read_text(), help_of(command)
    synopsis = re.search(r"^Usage: macvm (.*)$", shown, re.M)[1]
    known, told = options_in_help(shown), options_in_page(text)
    wrong += [f"{page.name}: --{option} is missing" for option in sorted(known - told)]
    wrong += [f"{page.name}: --{option} is not an option" for option in sorted(told - known)]
    if f"macvm-{command} - " not in text or f"*macvm {command}*" not in text:
        wrong.append(f"{page.name}: no NAME or SYNOPSIS of '{synopsis}'")
    for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "SEE ALSO"):
        if f"# {heading}\n" not in text:
            wrong.append(f"{page.name}: no section {heading}")
for page in sorted(pages.glob("macvm-*.1.scd")):
    if page.name.removeprefix("macvm-").removesuffix(".1.scd") not in commands:
        wrong.append(f"{page.name}: no such command")
text = (pages / "macvm.1.scd").read_text()
wrong += [f"macvm.1.scd: --{option} is missing" for option in sorted(GLOBAL) if f"--{option}*" not in text]
print("\n".join(wrong) if wrong else f"{len(commands)} commands, their options and pages agree")
sys.exit(1 if wrong else 0)
