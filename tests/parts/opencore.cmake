# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(identity USES machine)
