# SPDX-License-Identifier: LGPL-2.1-or-later

# Driven by tests/integration/test_storage.py, which finds it beside the program.
add_executable(storage-driver integration/storage-driver.c)
target_link_libraries(storage-driver PRIVATE macvm-virt)
