# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(metadata USES virt xml util)
macvm_unit_test(life USES ops virt xml util)
macvm_unit_test(png USES ops util PKG libpng)

# What commands say, with libvirt's test driver: tests/cli/*.txt.
add_test(NAME cli/life
    COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/cli/run.py" "$<TARGET_FILE:macvm>"
            "${CMAKE_CURRENT_SOURCE_DIR}/cli/life.txt")
set_tests_properties(cli/life PROPERTIES LABELS cli TIMEOUT 120)

macvm_fuzz_target(metadata USES virt xml util)
macvm_fuzz_target(ppm USES ops util)
