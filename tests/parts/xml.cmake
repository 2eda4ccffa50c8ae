# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(xml USES xml)
macvm_fuzz_target(xml-parse USES xml)
