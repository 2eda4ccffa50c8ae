# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(host USES host virt machine util)
macvm_unit_test(host-setup USES host virt util)
