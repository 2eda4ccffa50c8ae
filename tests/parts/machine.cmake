# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(machine USES machine)
macvm_unit_test(profile USES machine)
macvm_unit_test(smc USES host)
macvm_unit_test(render USES virt xml PKG libxml-2.0)
