/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/probe-keep.h"

#include "virt/connection-priv.h"

#include <stdlib.h>
#include <string.h>

#define GROUP "host"

/* Of one reason, in bytes; libvirt's own sentences are shorter. */
#define MAX_REASON 1024

static const char *const names[MVM_ASK_COUNT] = {"applesmc", "kvm", "passt"};

MvmProbeKey *
mvm_probe_key_new(MvmConnection *conn, const MvmHost *host)
{
    const MvmDomCaps *caps = host->kvm != NULL ? host->kvm : host->tcg;
    MvmProbeKey *key = g_new0(MvmProbeKey, 1);
    char *name = virConnectGetHostname(conn->virt);

    key->host = g_strdup(name != NULL ? name : "");
    free(name);
    key->uri = g_strdup(conn->endpoint->uri);
    key->session = conn->session;
    key->emulator = g_strdup(caps->emulator);
    key->versions = host->versions;
    return key;
}

void
mvm_probe_key_free(MvmProbeKey *key)
{
    if (key == NULL)
        return;
    g_free(key->host);
    g_free(key->uri);
    g_free(key->emulator);
    g_free(key);
}

char *
mvm_probe_format(const MvmProbe *probe, const MvmProbeKey *key)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    g_key_file_set_string(file, GROUP, "name", key->host);
    g_key_file_set_string(file, GROUP, "uri", key->uri);
    g_key_file_set_boolean(file, GROUP, "session", key->session);
    g_key_file_set_string(file, GROUP, "emulator", key->emulator);
    g_key_file_set_uint64(file, GROUP, "libvirt", key->versions.libvirt);
    g_key_file_set_uint64(file, GROUP, "qemu", key->versions.qemu);
    for (int i = 0; i < MVM_ASK_COUNT; i++) {
        const MvmProbeAnswer *answer = &probe->answers[i];
        g_autofree char *reason = NULL;

        if (!answer->known)
            continue;
        g_key_file_set_boolean(file, names[i], "works", answer->works);
        g_key_file_set_int64(file, names[i], "asked", answer->asked);
        if (answer->works)
            continue;
        reason = g_utf8_make_valid(answer->reason, (gssize)strnlen(answer->reason, MAX_REASON - 1));
        reason[MIN(strlen(reason), MAX_REASON)] = '\0';
        g_key_file_set_string(file, names[i], "reason", g_strdelimit(reason, "\n\r\t", ' '));
    }
    return g_key_file_to_data(file, NULL, NULL);
}

static bool
has_string(GKeyFile *file, const char *name, const char *wanted)
{
    g_autofree char *value = g_key_file_get_string(file, GROUP, name, NULL);

    return g_strcmp0(value, wanted) == 0;
}

static bool
is_of(GKeyFile *file, const MvmProbeKey *key)
{
    g_autoptr(GError) error = NULL;
    bool session = g_key_file_get_boolean(file, GROUP, "session", &error);

    return error == NULL && session == key->session && has_string(file, "name", key->host) &&
           has_string(file, "uri", key->uri) && has_string(file, "emulator", key->emulator) &&
           g_key_file_get_uint64(file, GROUP, "libvirt", NULL) == key->versions.libvirt &&
           g_key_file_get_uint64(file, GROUP, "qemu", NULL) == key->versions.qemu;
}

/* What is shown to a user: one line, and nothing that a terminal would obey. */
static bool
is_reason(const char *reason)
{
    if (reason == NULL || *reason == '\0' || strlen(reason) > MAX_REASON)
        return false;
    for (; *reason != '\0'; reason = g_utf8_next_char(reason)) {
        if (!g_unichar_isprint(g_utf8_get_char(reason)))
            return false;
    }
    return true;
}

static void
take_answer(GKeyFile *file, MvmProbeQuestion question, int64_t now, MvmProbe *probe)
{
    g_autoptr(GError) error = NULL;
    bool works = g_key_file_get_boolean(file, names[question], "works", &error);
    int64_t asked = g_key_file_get_int64(file, names[question], "asked", NULL);
    g_autofree char *reason = g_key_file_get_string(file, names[question], "reason", NULL);

    if (error == NULL && asked > 0 && asked <= now && (works || is_reason(reason)))
        mvm_probe_set(probe, question, works, reason, asked);
}

MvmProbe *
mvm_probe_parse(const char *text, size_t len, const MvmProbeKey *key, int64_t now)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    MvmProbe *probe = mvm_probe_new();

    if (len > MVM_PROBE_KEEP_MAX || !g_utf8_validate(text, (gssize)len, NULL) ||
        !g_key_file_load_from_data(file, text, len, G_KEY_FILE_NONE, NULL) || !is_of(file, key))
        return probe;
    for (int i = 0; i < MVM_ASK_COUNT; i++)
        take_answer(file, (MvmProbeQuestion)i, now, probe);
    return probe;
}
