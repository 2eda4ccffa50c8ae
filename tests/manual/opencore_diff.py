# SPDX-License-Identifier: LGPL-2.1-or-later
"""What macvm changes in upstream's real config.plist, as a diff; fails when it is more than was asked. See opencore-diff.sh."""

import argparse
import difflib
import pathlib
import plistlib
import sys

import opencore_picker  # which finds the harness, too
import harness

ASKED = {
    ("Misc", "Boot", "Timeout"), ("Misc", "Security", "SecureBootModel"), ("UEFI", "Output", "Resolution"),
    ("NVRAM", "Add", "7C436110-AB2A-4BBB-A880-FE41995C9F82", "boot-args"), ("PlatformInfo", "Automatic"),
    *(("PlatformInfo", "Generic", key) for key in ("SystemProductName", "SystemSerialNumber", "MLB", "ROM", "SystemUUID")),
}


def leaves(value, path=()):
    if isinstance(value, dict):
        return [leaf for key, part in value.items() for leaf in leaves(part, (*path, key))] or [(path, {})]
    return [(path, value)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=pathlib.Path, help="a checkout of OSX-KVM")
    args = parser.parse_args()
    before = (args.checkout / "OpenCore/config.plist").read_text()
    with harness.Environment.session() as env:
        opencore_picker.bring(env, args.checkout.resolve())
        env.macvm("define", *opencore_picker.SMALL, "--resolution", "1280x720")
        after = env.macvm("config", "get", "macos").out
    sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), "upstream", "machine", n=1))
    old, new = dict(leaves(plistlib.loads(before.encode()))), dict(leaves(plistlib.loads(after.encode())))
    wrong = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)} - ASKED
    lines = sum(line[0] == "+" for line in difflib.ndiff(before.splitlines(), after.splitlines()))
    if wrong or lines > len(ASKED) or list(old) != list(new):
        sys.exit(f"changed without being asked: {sorted(wrong)}; {lines} lines differ")


if __name__ == "__main__":
    main()
