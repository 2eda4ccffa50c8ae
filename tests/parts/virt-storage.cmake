# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(virt-caps USES virt)
macvm_unit_test(probe USES virt util)
macvm_unit_test(virt-error USES virt util PKG libvirt)
macvm_unit_test(claim USES virt util PKG libvirt)
macvm_unit_test(virt-volume USES virt PKG libvirt)
macvm_fuzz_target(caps USES virt)
macvm_fuzz_target(probe USES virt)
target_link_libraries(fuzz-caps PRIVATE PkgConfig::PC_libvirt)

# Driven by tests/integration/test_storage.py, which finds it beside the program.
add_executable(storage-driver integration/storage-driver.c)
target_link_libraries(storage-driver PRIVATE macvm-virt)
