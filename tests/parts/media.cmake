# SPDX-License-Identifier: LGPL-2.1-or-later
macvm_unit_test(media USES media machine)
macvm_unit_test(media-chunklist USES media)
macvm_unit_test(media-udif USES media)
macvm_fuzz_target(answer USES media)
macvm_fuzz_target(chunklist USES media)
macvm_fuzz_target(codec USES media)
macvm_fuzz_target(udif USES media)
macvm_fuzz_target(udif-decode USES media)
