# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boots upstream's real OpenCore, put together by macvm, under TCG, and looks at its picker. See opencore-picker.sh."""

import argparse
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402: the path above is where it is

SMALL = ("--accel", "tcg", "--memory", "2G", "--cores", "2", "--threads", "1", "--ssh-user", "root")


def bring(env, checkout):
    """What define reads of the checkout, where macvm looks for it."""
    top = env.data_home / "macvm/OSX-KVM"
    shutil.rmtree(top, ignore_errors=True)
    top.mkdir(parents=True)
    for name in ("OpenCore-Boot.sh", "OpenCore"):
        source = checkout / name
        if source.is_dir():
            shutil.copytree(source, top / name, ignore=shutil.ignore_patterns("*.qcow2", "*.iso"))
        elif source.exists():
            shutil.copy(source, top / name)
    env.own(env.data_home)


def picture(env, path):
    env.macvm("screenshot", "macos", path)
    width, height, colours = harness.png_pixels(path.read_bytes())
    return f"{width}x{height}", len(colours)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=pathlib.Path, help="a checkout of OSX-KVM")
    parser.add_argument("--resolution", default="1280x720")
    parser.add_argument("--firmware", default="auto")
    parser.add_argument("--timeout", type=int, default=240, help="seconds until the picker must be there")
    parser.add_argument("--from", dest="older", type=pathlib.Path, help="an older checkout: defined of that, then updated")
    parser.add_argument("--keep", type=pathlib.Path, help="where the picture goes")
    args = parser.parse_args()
    with harness.Environment.session() as env:
        bring(env, (args.older or args.checkout).resolve())
        env.macvm("define", *SMALL, "--resolution", args.resolution, "--picker-timeout", "0", "--firmware", args.firmware)
        if args.older:
            bring(env, args.checkout.resolve())
            print(env.macvm("opencore", "update", "macos").err, end="")
        env.macvm("up")
        shot = env.dir / "picker.png"

        def is_picker():
            size, colours = picture(env, shot)
            print(f"{size}, {colours} colours", flush=True)
            # Firmware and boot loader write in few colours before; the picker's icons and smooth text have hundreds.
            return size == args.resolution and colours >= 100

        try:
            harness.wait_for(is_picker, args.timeout, f"a picker of {args.resolution}", 3)
        finally:
            if args.keep and shot.exists():
                shutil.copy(shot, args.keep)
        print(f"the picker is there, at {args.resolution}")
        env.macvm("down", "--force", "--timeout", "1")


if __name__ == "__main__":
    main()
