# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(util USES util)
macvm_unit_test(rate USES util)
macvm_unit_test(redact USES util)
macvm_unit_test(ssh USES virt util)
