#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-service.sh PROGRAM UNIT.in: what systemd says of the user unit. Skipped (77) without systemd-analyze.
set -eu
if ! command -v systemd-analyze >/dev/null; then
    echo "systemd-analyze is missing"
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"
ln -s "$1" "$dir/bin/macvm"
sed "s|@BINDIR@|$dir/bin|" "$2" >"$dir/macvm-clipboard@name.service"
XDG_RUNTIME_DIR=$dir systemd-analyze --user --man=no verify "$dir/macvm-clipboard@name.service" 2>"$dir/said" || {
    cat "$dir/said"
    exit 1
}
# what it does not know is a warning to systemd
if grep -q macvm-clipboard "$dir/said"; then
    cat "$dir/said"
    exit 1
fi
