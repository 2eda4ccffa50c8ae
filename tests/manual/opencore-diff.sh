#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Shows what of upstream's real config.plist macvm changes for a machine, and fails when that is more than was asked for.
#   tests/manual/opencore-diff.sh CHECKOUT
exec python3 "$(dirname "$0")/opencore_diff.py" "$@"
