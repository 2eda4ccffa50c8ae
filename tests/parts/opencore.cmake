# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(identity USES machine)
macvm_unit_test(plist USES media)
macvm_unit_test(opencore-image USES media)
macvm_fuzz_target(plist USES media)
