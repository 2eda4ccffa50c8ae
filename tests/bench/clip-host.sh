#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds and runs tests/bench/clip-host.c with the release preset.
set -eu
cd "$(dirname "$0")/../.."
cmake --preset release >/dev/null
cmake --build --preset release --target bench-clip-host >/dev/null
exec build/release/bin/bench-clip-host
