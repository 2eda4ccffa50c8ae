# SPDX-License-Identifier: LGPL-2.1-or-later
# Asks a g_test program for its cases and writes one add_test() for each: a crash then loses one
# case, cases run in parallel, and ctest counts them.
execute_process(COMMAND "${PROGRAM}" -l OUTPUT_VARIABLE out RESULT_VARIABLE rc
    ERROR_VARIABLE err)
if(NOT rc EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} -l failed: ${err}")
endif()
string(REPLACE "\n" ";" cases "${out}")
set(text "")
foreach(case ${cases})
    string(REGEX REPLACE "^# " "" case "${case}") # GLib 2.80 and newer list the cases as TAP comments
    if(case MATCHES "^/")
        string(APPEND text
            "add_test(\"unit/${NAME}${case}\" \"${PROGRAM}\" -p \"${case}\")\n"
            "set_tests_properties(\"unit/${NAME}${case}\" PROPERTIES LABELS unit TIMEOUT 120 "
            "SKIP_REGULAR_EXPRESSION \"# SKIP\" "
            "ENVIRONMENT \"G_TEST_SRCDIR=${SOURCE_DIR};G_DEBUG=fatal-warnings\")\n")
    endif()
endforeach()
if(text STREQUAL "")
    message(FATAL_ERROR "${PROGRAM} -l lists no test case")
endif()
file(WRITE "${OUTPUT}" "${text}")
