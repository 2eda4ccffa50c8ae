#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Upstream's real OpenCore in a disk that macvm made: does it reach its picker, at the screen size asked for?
#   tests/manual/opencore-picker.sh CHECKOUT [--resolution WxH] [--from OLDER-CHECKOUT] [--keep PICTURE.png]
# CHECKOUT is a checkout of OSX-KVM. Needs no KVM and no macOS; takes a minute or two under TCG.
exec python3 "$(dirname "$0")/opencore_picker.py" "$@"
