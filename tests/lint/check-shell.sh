#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-shell.sh SOURCE: shellcheck over every shell script of the tree, found by its first line.
set -eu
cd "$1"
command -v shellcheck >/dev/null || {
    echo 'shellcheck is not installed'
    exit 77
}
scripts=$(find bootstrap.sh .ci packaging templates tests -type f ! -name '*.pyc' -exec \
    awk 'FNR == 1 { if (/^#!.*[\/ ](ba|da)?sh( |$)/) print FILENAME; nextfile }' {} +)
[ -n "$scripts" ] || {
    echo "no scripts below $1"
    exit 1
}
printf 'checking %s\n' "$scripts"
# shellcheck disable=SC2086
exec shellcheck $scripts
