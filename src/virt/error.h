/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt's errors as macvm's.
 *
 * libvirt keeps one "last error" a thread, and every public call, even virDomainFree(), erases it:
 * translate at once after the failing call, before any cleanup runs.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Sets error from libvirt's last error: "cannot <format>: <libvirt's message>", with the code and
 * the hint that go with libvirt's code (see the table in error.c). Always returns false. */
bool mvm_virt_set_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The same for an error of libvirt's that was kept: its code (virErrorNumber) and message. */
void mvm_virt_error_translate(GError **error, const char *what, int virt_code, const char *message);

/* The hint of an error that came by the loss of the connection. */
#define MVM_VIRT_LOST_HINT "the connection to libvirt was lost: run the command again"

/* The hint of one whose other end is silent. */
#define MVM_VIRT_SILENT_HINT                                                                       \
    "libvirt does not answer any more: check the host and its daemon, then run the command again"

/* Part of what libvirt says, in place of QEMU's own words, when QEMU ended before libvirt came to
 * connect to its monitor. Seen with libvirt 9.0, ten times in a hundred on a busy machine. */
#define MVM_VIRT_NO_MONITOR "failed to connect to monitor"

/* The part of a message of libvirt's that is the cause, as it may be shown: without what QEMU
 * warned of before it, without passt's banner, and without secrets. The caller frees. */
char *mvm_virt_cause(const char *message);

/* Part of passt's words when somebody else listens on the forwarded port. */
#define MVM_VIRT_PORT_IN_USE "Address already in use"

/* libvirt's last error code (virErrorNumber), 0 when there is none. */
int mvm_virt_last_code(void);

/* Stops libvirt from printing errors to stderr by itself. A NULL handler would not do that. */
void mvm_virt_silence(void);
