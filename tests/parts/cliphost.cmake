# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(clip-content USES clip)

macvm_unit_test(clip-x11 USES clip PKG xcb)
target_sources(test-clip-x11 PRIVATE
    unit/clip/servers.c unit/clip/watcher.c unit/clip/x11-peer.c)

macvm_unit_test(clip-x11-hostile USES clip PKG xcb xcb-xfixes)
target_sources(test-clip-x11-hostile PRIVATE
    unit/clip/servers.c unit/clip/watcher.c unit/clip/x11-peer.c)

macvm_unit_test(clip-wayland USES clip PKG wayland-server)
target_sources(test-clip-wayland PRIVATE
    unit/clip/compositor.c unit/clip/servers.c unit/clip/watcher.c)
target_include_directories(test-clip-wayland PRIVATE "${CMAKE_BINARY_DIR}/src/clip/protocol")

# Not a test: tests/bench/clip-host.sh runs it.
add_executable(bench-clip-host EXCLUDE_FROM_ALL
    bench/clip-host.c unit/clip/servers.c unit/clip/watcher.c)
target_link_libraries(bench-clip-host PRIVATE macvm-clip)
