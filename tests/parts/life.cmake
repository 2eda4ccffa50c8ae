# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(metadata USES virt xml util)
macvm_unit_test(forward USES virt xml util)
macvm_unit_test(life USES ops virt xml util)
macvm_unit_test(png USES ops util PKG libpng)

# What commands say, with libvirt's test driver: tests/cli/*.txt.
foreach(cases color complete life)
    add_test(NAME cli/${cases}
        COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/cli/run.py" "$<TARGET_FILE:macvm>"
                "${CMAKE_CURRENT_SOURCE_DIR}/cli/${cases}.txt")
    set_tests_properties(cli/${cases} PROPERTIES LABELS cli TIMEOUT 120)
endforeach()
add_test(NAME cli/version
    COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/cli/version.py" "$<TARGET_FILE:macvm>" "${PROJECT_VERSION}")
set_tests_properties(cli/version PROPERTIES LABELS cli TIMEOUT 60)
add_test(NAME cli/install COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/cli/install.py" "${CMAKE_COMMAND}" "${CMAKE_BINARY_DIR}"
        "${CMAKE_SOURCE_DIR}")
set_tests_properties(cli/install PROPERTIES LABELS cli TIMEOUT 60 SKIP_RETURN_CODE 77)
add_test(NAME cli/menu COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/cli/menu.py" "$<TARGET_FILE:macvm>")
set_tests_properties(cli/menu PROPERTIES LABELS cli TIMEOUT 60)
add_test(NAME cli/printing COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/cli/printing.py" "$<TARGET_FILE:macvm>" "${CMAKE_SOURCE_DIR}")
set_tests_properties(cli/printing PROPERTIES LABELS cli TIMEOUT 300)
add_test(NAME cli/completion COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/cli/completion.sh" "$<TARGET_FILE:macvm>")
set_tests_properties(cli/completion PROPERTIES LABELS cli TIMEOUT 60)

macvm_fuzz_target(metadata USES virt xml util)
macvm_fuzz_target(ppm USES ops util)
