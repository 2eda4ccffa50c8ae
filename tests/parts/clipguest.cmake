# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(clip-control USES clip)
macvm_unit_test(clip-engine USES clip)
macvm_unit_test(clip-guest USES clip)
macvm_unit_test(clip-link USES clip)
macvm_unit_test(clip-frame USES clip)
macvm_fuzz_target(clip-frame USES clip)
