# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(xml USES xml)
macvm_unit_test(xml-merge USES xml)
macvm_unit_test(xml-merge-golden USES xml)
macvm_unit_test(xml-merge-libvirt USES xml)
macvm_unit_test(xml-merge-random USES xml)
target_compile_definitions(test-xml-merge-golden PRIVATE
    MVM_GOLDEN_DIR="${CMAKE_CURRENT_SOURCE_DIR}/golden/merge")
foreach(target test-xml-merge-libvirt test-xml-merge-random)
    target_compile_definitions(${target} PRIVATE
        MVM_GOLDEN_DIR="${CMAKE_CURRENT_SOURCE_DIR}/golden/libvirt")
endforeach()
macvm_fuzz_target(xml-parse USES xml)
macvm_fuzz_target(xml-merge USES xml)
