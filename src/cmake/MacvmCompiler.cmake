# SPDX-License-Identifier: LGPL-2.1-or-later
# Language level, warnings, hardening and sanitizers: the same for every target of the tree.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

add_compile_definitions(
    _GNU_SOURCE
    GLIB_VERSION_MIN_REQUIRED=GLIB_VERSION_2_72
    GLIB_VERSION_MAX_ALLOWED=GLIB_VERSION_2_72
    G_LOG_DOMAIN="macvm")
add_compile_options(
    -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
    -Wwrite-strings -Wpointer-arith -Wundef -Wno-unused-parameter)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    # gcc is silent about a jump over a g_autoptr without it; clang rejects such a jump.
    add_compile_options(-Wjump-misses-init)
endif()
if(MACVM_WERROR)
    add_compile_options(-Werror)
endif()
if(MACVM_HARDEN)
    add_compile_options(-fstack-protector-strong -fstack-clash-protection)
    add_compile_definitions(_FORTIFY_SOURCE=2)
    include(CheckPIESupported)
    check_pie_supported(LANGUAGES C)
    add_link_options(-Wl,-z,relro,-z,now)
endif()
if(MACVM_SANITIZE)
    add_compile_options(-fsanitize=${MACVM_SANITIZE} -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${MACVM_SANITIZE})
endif()
if(MACVM_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(MACVM_COVERAGE)
    add_compile_options(--coverage -fprofile-update=atomic) # threads count, too: else some counts are negative
    add_link_options(--coverage)
endif()
