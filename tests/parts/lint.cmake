# SPDX-License-Identifier: LGPL-2.1-or-later
find_program(MACVM_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
add_test(NAME lint/docs COMMAND "${MACVM_PYTHON}" "${CMAKE_CURRENT_SOURCE_DIR}/lint/check-docs.py"
    $<TARGET_FILE:macvm> "${CMAKE_SOURCE_DIR}/docs/man")
set_tests_properties(lint/docs PROPERTIES LABELS lint)

add_test(NAME lint/shell COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/lint/check-shell.sh" "${CMAKE_SOURCE_DIR}")
set_tests_properties(lint/shell PROPERTIES LABELS lint SKIP_RETURN_CODE 77)
