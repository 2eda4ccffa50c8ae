/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Following a domain by libvirt's events: what it does is known at once, and nothing is asked in
 * between. Ctrl-C ends a wait. So does the loss of a link to another host; a daemon of this machine
 * is waited for until it is back, because the domain outlives it.
 */
#pragma once

#include "virt/domain.h"

typedef struct MvmWatch MvmWatch;

/* Registers for the events, then reads the state, so that no change is missed. domain must outlive
 * the watch, and only one watch at a time may follow a domain. */
MvmWatch *mvm_watch_new(MvmDomain *domain, GError **error);
void mvm_watch_free(MvmWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmWatch, mvm_watch_free)

/* Wakes mvm_watch_step() when fd becomes readable or is at its end; -1: no more. Borrowed. */
void mvm_watch_set_fd(MvmWatch *watch, int fd);

/* Waits until the domain did something, the descriptor is readable, or g_get_monotonic_time()
 * reaches until; then the state is that of now. Fails with MVM_ERROR_CANCELLED on Ctrl-C and with
 * MVM_ERROR_HOST when a link to another host is lost. */
bool mvm_watch_step(MvmWatch *watch, gint64 until, GError **error);

/* The state last seen; *ret_reason, when not NULL, the reason (static). */
MvmState mvm_watch_get_state(const MvmWatch *watch, const char **ret_reason);

/* libvirt's number of the machine's run, another one after each start; 0 while it was seen off
 * only. */
unsigned mvm_watch_get_run(const MvmWatch *watch);

/* Whether the domain has been off at any time since the watch began, even if it runs again. */
bool mvm_watch_has_stopped(const MvmWatch *watch);

/* False while the daemon is away. */
bool mvm_watch_is_connected(const MvmWatch *watch);

/* True when error tells that the connection broke down, not that libvirt said no. */
bool mvm_watch_is_lost(MvmWatch *watch);
