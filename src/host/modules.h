/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of the kernel's KVM modules that macOS needs. */
#pragma once

#include "host/kernel.h"
#include "host/rootwork.h"

#include <stdbool.h>

/* Adds the commands that are still missing on the host that kernel describes: write MVM_KVM_CONF
 * (so that it stays on) and set the parameters of the loaded module (so that it is on now), where
 * the kernel lets them be set.
 * template is the file's text without the line that depends on the CPU's maker; its comments are
 * not taken. None when all is well. */
void mvm_modules_add_work(const MvmKernel *kernel, const char *template, MvmRootWork *work);
