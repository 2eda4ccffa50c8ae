/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The answers of a host's test machines as text, with what they hold for. Pure: the file that
 * holds the text is src/ops/hostprobe.h's.
 *
 * The UUID of the host in libvirt's capabilities is not part of it: a daemon that may not read the
 * firmware's (every qemu:///session, and containers) makes up another one each time that it starts.
 */
#pragma once

#include "virt/probe.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No text is longer, in bytes. */
#define MVM_PROBE_KEEP_MAX (16 * 1024)

/* What the answers hold for: they say nothing about a host where one of these differs. */
typedef struct {
    char *host; /* the host's own name */
    char *uri;
    bool session;   /* the daemon is a user's */
    char *emulator; /* path on the host */
    MvmVersions versions;
} MvmProbeKey;

/* The key of host, which conn leads to. The caller frees. */
MvmProbeKey *mvm_probe_key_new(MvmConnection *conn, const MvmHost *host);
void mvm_probe_key_free(MvmProbeKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmProbeKey, mvm_probe_key_free)

/* A key file. The caller frees. */
char *mvm_probe_format(const MvmProbe *probe, const MvmProbeKey *key);

/* What text holds of key's host at the time now (seconds since 1970). An answer that is damaged, or
 * was given after now, is left out; of a text that is damaged or of another host nothing is taken.
 * Never NULL; the caller frees. */
MvmProbe *mvm_probe_parse(const char *text, size_t len, const MvmProbeKey *key, int64_t now);
