# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(import USES import)
macvm_fuzz_target(import USES import)
macvm_fuzz_target(image-head USES import)
