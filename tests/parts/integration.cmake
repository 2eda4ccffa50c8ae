# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/integration/test_*.py: real libvirtd and QEMU, one ctest entry a file, label "integration". A comment of the
# file's own may say more: "# ctest: TIMEOUT 300", and "# ctest: PARALLEL" when it boots no guest.
find_program(MACVM_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH) # the system's, before a developer's own
find_program(MACVM_PYTHON python3)
if(MACVM_PYTHON)
    set(standin_dir "${CMAKE_SOURCE_DIR}/build/standin")
    # A machine that cannot fetch the packages skips what needs the guest.
    add_test(NAME integration/build-standin
        COMMAND sh -c "\"$0\" \"$1\" || exit \${MACVM_TEST_REQUIRE_STANDIN:-77}"
                "${CMAKE_SOURCE_DIR}/tests/standin/build.sh" "${standin_dir}")
    set_tests_properties(integration/build-standin PROPERTIES
        LABELS integration FIXTURES_SETUP standin SKIP_RETURN_CODE 77 TIMEOUT 900)
    file(GLOB scripts CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/integration/test_*.py")
    foreach(script ${scripts})
        get_filename_component(name "${script}" NAME_WE)
        string(REGEX REPLACE "^test_" "" name "${name}")
        add_test(NAME integration/${name} COMMAND "${MACVM_PYTHON}" "${script}")
        set_tests_properties(integration/${name} PROPERTIES
            LABELS integration FIXTURES_REQUIRED standin SKIP_RETURN_CODE 77 TIMEOUT 900
            ENVIRONMENT "MACVM=$<TARGET_FILE:macvm>;MACVM_STANDIN_DIR=${standin_dir};PYTHONDONTWRITEBYTECODE=1")
        file(STRINGS "${script}" notes REGEX "^# ctest: ")
        if(notes MATCHES "TIMEOUT ([0-9]+)")
            set_tests_properties(integration/${name} PROPERTIES TIMEOUT ${CMAKE_MATCH_1})
        endif()
        if(NOT notes MATCHES "PARALLEL")
            # One after the other: begun first, so that all else runs beside them.
            set_tests_properties(integration/${name} PROPERTIES RESOURCE_LOCK guest COST 1000)
        endif()
    endforeach()
endif()
