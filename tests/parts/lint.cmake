# SPDX-License-Identifier: LGPL-2.1-or-later
find_program(MACVM_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
set(lint "${CMAKE_CURRENT_SOURCE_DIR}/lint")
add_test(NAME lint/docs COMMAND "${MACVM_PYTHON}" "${lint}/check-docs.py" $<TARGET_FILE:macvm> "${CMAKE_SOURCE_DIR}/docs/man")
add_test(NAME lint/layers COMMAND "${MACVM_PYTHON}" "${lint}/check-layers.py" "${CMAKE_SOURCE_DIR}")
add_test(NAME lint/tree COMMAND "${MACVM_PYTHON}" "${lint}/check-tree.py" "${CMAKE_SOURCE_DIR}" $<TARGET_FILE:macvm>)
add_test(NAME lint/shell COMMAND "${lint}/check-shell.sh" "${CMAKE_SOURCE_DIR}")
add_test(NAME lint/service COMMAND "${lint}/check-service.sh" $<TARGET_FILE:macvm>
    "${CMAKE_SOURCE_DIR}/templates/macvm-clipboard@.service.in")
add_test(NAME lint/packaging COMMAND "${MACVM_PYTHON}" "${lint}/check-packaging.py" "${CMAKE_SOURCE_DIR}" "${CMAKE_COMMAND}"
    "${CMAKE_BINARY_DIR}" "${PROJECT_VERSION}")
set_tests_properties(lint/docs lint/layers lint/tree lint/shell lint/service lint/packaging PROPERTIES LABELS lint SKIP_RETURN_CODE 77)
