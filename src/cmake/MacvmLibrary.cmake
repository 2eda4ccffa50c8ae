# SPDX-License-Identifier: LGPL-2.1-or-later
# macvm_library(NAME SOURCES ... [USES part ...] [PKG module ...])
#
# One static library a folder. USES names the parts it may call (docs/architecture.md); because
# each is a target of its own, the linker holds the rule. PKG names pkg-config modules whose
# headers only this folder sees.
function(macvm_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;USES;PKG" ${ARGN})
    add_library(macvm-${name} STATIC ${ARG_SOURCES})
    target_include_directories(macvm-${name} PUBLIC "${CMAKE_SOURCE_DIR}/src")
    foreach(part ${ARG_USES})
        target_link_libraries(macvm-${name} PUBLIC macvm-${part})
    endforeach()
    foreach(module ${ARG_PKG})
        string(MAKE_C_IDENTIFIER "PC_${module}" var)
        pkg_check_modules(${var} REQUIRED IMPORTED_TARGET GLOBAL ${module})
        target_link_libraries(macvm-${name} PRIVATE PkgConfig::${var})
    endforeach()
endfunction()
