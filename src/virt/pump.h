/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt's event loop in a thread of its own, for work that leaves a connection alone for long
 * (a download, a file that is slow to read): the other end asks from time to time whether anybody
 * is there, only the loop answers, and without an answer the connection is closed. Not together
 * with a watch or a probe: they run the loop themselves.
 */
#pragma once

#include <glib.h>

typedef struct MvmPump MvmPump;

/* One at a time. libvirt's event loop must be registered (mvm_connection_open() does). */
MvmPump *mvm_pump_start(void);

/* Ends the thread and frees pump; NULL is allowed. */
void mvm_pump_stop(MvmPump *pump);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmPump, mvm_pump_stop)
