# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(metadata USES virt xml util)
