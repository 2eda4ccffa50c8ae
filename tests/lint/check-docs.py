#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the manual pages with --help, both ways: every command has a page with its summary, its arguments and its other
name; every option is there as --help writes it, with its letter and its value; no page has an option that the command does
not know; and macvm(1) lists all commands. check-docs.py MACVM MANDIR"""

import pathlib
import re
import subprocess
import sys

program, pages = sys.argv[1], pathlib.Path(sys.argv[2])
SECTIONS = ("NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "SEE ALSO")
wrong = []


def help_of(*command):
    return subprocess.run([program, *command, "--help"], check=True, capture_output=True, text=True).stdout


def options_in_help(text):
    """Each option's name, with how a page writes it: "*-n*, *--lines*=_LINES_"."""
    found = {}
    for letter, name, value in re.findall(r"^ +(?:(-\w), |    )--([a-z][a-z-]*)(\S*)", text, re.M):
        value = re.sub(r"[A-Za-z][\w-]*", r"_\g<0>_", value)
        found[name] = f"*{letter}*, *--{name}*{value}" if letter else f"*--{name}*{value}"
    return found


def check_options(page, text, known):
    lines = re.findall(r"^\*-.*$", text, re.M)
    wrong.extend(f"{page.name}: no '{how}'" for how in known.values()
                 if not any(how == part or part.startswith(how + " ") for line in lines
                            for part in [line, *re.split(r",\s+(?=\*--)|,$", line)]))


main = help_of()
wrong += [f"--help is wider than a terminal: {line}" for line in main.splitlines() if len(line) > 80]
GLOBAL = options_in_help(main)
commands = re.findall(r"^  ([a-z]+)  +(\S.*)$", main, re.M)
if len(commands) < 3:
    wrong.append("macvm --help lists no commands")
for command, summary in commands:
    page = pages / f"macvm-{command}.1.scd"
    if not page.exists():
        wrong.append(f"{command}: no page {page.name}")
        continue
    text, shown = page.read_text(), help_of(command)
    wrong += [f"{command} --help is wider than a terminal: {line}" for line in shown.splitlines() if len(line) > 80]
    known = {name: how for name, how in options_in_help(shown).items() if name not in GLOBAL}
    told = set(re.findall(r"\*--([a-z][a-z-]*)\*", text)) - set(GLOBAL)
    check_options(page, text, known)
    wrong += [f"{page.name}: --{option} is not an option" for option in sorted(told - set(known))]
    wrong += [f"{page.name}: no section {heading}" for heading in SECTIONS if f"# {heading}\n" not in text]
    if f"macvm-{command} - {summary[0].lower()}{summary[1:]}\n" not in text:
        wrong.append(f"{page.name}: NAME is not 'macvm-{command} - {summary[0].lower()}{summary[1:]}'")
    synopsis = re.search(r"^# SYNOPSIS\n(.*?)^# ", text, re.M | re.S)[1]
    usage = re.search(r"^Usage: macvm \w+(.*)$", shown, re.M)[1]
    if f"*macvm {command}*" not in synopsis:
        wrong.append(f"{page.name}: SYNOPSIS does not begin with *macvm {command}*")
    for word in re.findall(r"[A-Za-z][A-Za-z.]*[A-Za-z]", usage):
        if (f"_{word}_" if word[0].isupper() else word) not in synopsis:
            wrong.append(f"{page.name}: no {word} in SYNOPSIS")
    alias = re.search(r"^Another name of it is '(\w+)'", shown, re.M)
    if alias and f"*macvm {alias[1]}*" not in text:
        wrong.append(f"{page.name}: does not tell its other name, {alias[1]}")
for page in sorted(pages.glob("macvm-*.1.scd")):
    if page.name.removeprefix("macvm-").removesuffix(".1.scd") not in dict(commands):
        wrong.append(f"{page.name}: no such command")
page = pages / "macvm.1.scd"
check_options(page, page.read_text(), GLOBAL)
wrong += [f"{page.name}: {command} is not listed as in --help" for command, summary in commands
          if f"\n*macvm-{command}*(1)\n\t{summary}.\n" not in page.read_text()]
print("\n".join(wrong) if wrong else f"{len(commands)} commands, their options and pages agree")
sys.exit(1 if wrong else 0)
