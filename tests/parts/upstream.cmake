# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(upstream USES upstream)
macvm_unit_test(upstream-patch USES upstream)
macvm_fuzz_target(patch USES upstream)
