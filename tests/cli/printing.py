#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""printing.py MACVM SOURCE: nothing that others wrote steers the terminal.

Names, messages, import's list, a log's lines: with each class of characters in them, through every way out (tables, text,
errors, hints, JSON), and every print of src/cli goes through the one filter."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

program, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
                    "\U000e0000-\U000e007f]")
PLAIN = "Jürgens 日本語 👩‍💻 فا"
# What XML can hold, and what it cannot: the latter comes by the command line and in scripts.
XML = ["\x7f", "\x85", "\x9b", "\u061c", "\u180e", "\u200b", "\u200e", "\u200f", "\u2028", "\u202a", "\u202e", "\u2066", "\u2069",
       "\u2060", "\ufeff", "\U000e0041"]
OTHER = ["\x01", "\x07", "\x08", "\x1b[31m", "\x1b]0;x\x07", "\r"]
MACHINE = """<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><name>%s</name>
<metadata><macvm:machine xmlns:macvm='https://macvm.org/xmlns/domain/1' version='1' os='14'/></metadata>
<memory unit='GiB'>1</memory><vcpu>1</vcpu><os><type>hvm</type></os><test:runstate>5</test:runstate></domain>"""


def run(home, *args):
    env = {"PATH": os.environ["PATH"], "HOME": home, "XDG_RUNTIME_DIR": home, "LANG": "C.UTF-8", "TERM": "dumb",
           "LIBVIRT_DEFAULT_URI": f"test://{home}/machines.xml"}
    env |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    done = subprocess.run([program, *args], capture_output=True, timeout=60, env=env, cwd=home, stdin=subprocess.DEVNULL)
    text = (done.stdout + done.stderr).decode("utf-8")  # which fails on a byte that is no UTF-8
    found = HIDDEN.search(text)
    assert not found, f"{args}: {found[0]!r} in {text!r}"
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def check_names(home):
    names = [f"{PLAIN}{i}{char}end" for i, char in enumerate(XML)]
    (pathlib.Path(home) / "machines.xml").write_text("<node>" + "".join(MACHINE % name for name in names) + "</node>")
    out = run(home, "list")[1]
    assert out.count(PLAIN) == len(names), out
    assert names == sorted((machine["name"] for machine in json.loads(run(home, "--json", "list")[1])["machines"]),
                           key=names.index)
    for name in names[::2]:
        assert PLAIN in run(home, "status", name)[1]
        assert json.loads(run(home, "--json", "status", name)[1])["name"] == name
    for command in (["down"], ["log"], ["ssh"], ["view"], ["define", "--print-xml"]):
        run(home, *command, names[2])
        run(home, "--json", *command, names[10])


def check_errors(home):
    for i, char in enumerate(XML + OTHER):
        word = f"{PLAIN}{char}end"
        ways = [["status", word], [word], ["define", word], ["define", "x", "--cpu", word], ["-c", word, "list"],
                ["import", word], ["fetch", word], ["set", "x", f"--{word}"]]
        for args in (ways[i % 8], ways[(i + 3) % 8]):
            code, _, err = run(home, *args)
            assert code != 0 and ("end" in err or args[0] == "define"), (args, err)
            failure = json.loads(run(home, "--json", *args)[2])["error"]
            assert "end" in failure["message"] or args[0] == "define", (args, failure)
    args = [os.fsencode(str(program)), b"status", b"a\xff\xc3end"]
    done = subprocess.run(args, capture_output=True, timeout=60, env={"HOME": home, "LIBVIRT_DEFAULT_URI": "test:///default"})
    done.stderr.decode("utf-8")


def check_import(home):
    head = bytes(510) + b"\x55\xaa" + bytes(4096)
    (pathlib.Path(home) / "d.img").write_bytes(head)
    for char in XML[::3] + OTHER:
        (pathlib.Path(home) / "boot.sh").write_text(
            f"qemu-system-x86_64 -hda d.img -device 'x{PLAIN}{char}end' -drive 'file=other{char}.img'\n", newline="")
        code, out, err = run(home, "-c", "test:///default", "import", "boot.sh", "new", "--dry-run")
        code, _, err = run(home, "-c", "test:///default", "--json", "import", "boot.sh", "new", "--dry-run")
        if err:
            json.loads(err)


def check_source():
    wrong = []
    for path in sorted((source / "src/cli").glob("*.c")):
        if path.name in ("output.c", "help.c", "progress-bar.c", "cmd-complete.c", "cmd-completion.c"):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(r"(?<![\w])(v?f?printf|scols_print_table_to_string)\(", line) or \
                    re.search(r"(?<![\w])f?puts\((?!\"|[\w>-]+ \? \")", line):
                wrong.append(f"{path}:{number}: {line.strip()}: mvm_cli_print() prints")
    assert not wrong, "\n".join(wrong)


check_source()
with tempfile.TemporaryDirectory() as home:
    check_names(home)
    check_errors(home)
    check_import(home)
