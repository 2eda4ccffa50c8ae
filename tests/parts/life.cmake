# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(metadata USES virt xml util)
macvm_unit_test(life USES ops virt xml util)
macvm_unit_test(png USES ops util PKG libpng)
