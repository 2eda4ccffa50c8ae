/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/hostprobe.h"

#include "util/file.h"
#include "util/paths.h"
#include "virt/probe-keep.h"

#include <string.h>

static char *
path_of(MvmConnection *conn)
{
    const char *uri = mvm_connection_get_endpoint(conn)->uri;
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, uri, -1);
    g_autofree char *name = g_strdup_printf("hosts/%.16s.conf", sum);

    return mvm_path_user_data(name);
}

static int64_t
now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static MvmProbe *
load(MvmConnection *conn, const MvmProbeKey *key)
{
    g_autofree char *path = path_of(conn);
    size_t len = 0;
    g_autofree char *text = mvm_file_read(path, MVM_PROBE_KEEP_MAX, &len, NULL);

    return text != NULL ? mvm_probe_parse(text, len, key, now()) : mvm_probe_new();
}

/* What cannot be kept is asked again next time. */
static void
save(MvmConnection *conn, const MvmProbeKey *key, const MvmProbe *probe)
{
    g_autofree char *path = path_of(conn);
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *text = mvm_probe_format(probe, key);

    if (mvm_file_make_dir(dir, NULL))
        (void)mvm_file_replace(path, text, strlen(text), 0600, NULL);
}

bool
mvm_hostprobe_ask(const MvmContext *context, const MvmHost *host, MvmProbeQuestion question,
                  int64_t max_refusal_age, MvmProbe **ret_probe, GError **error)
{
    g_autoptr(MvmProbeKey) key = mvm_probe_key_new(context->conn, host);
    g_autoptr(MvmProbe) probe = load(context->conn, key);
    const MvmProbeAnswer *kept = mvm_probe_get(probe, question);

    if (kept == NULL || (!kept->works && now() - kept->asked >= max_refusal_age)) {
        if (!mvm_probe_ask(context->conn, host, question, MVM_PROBE_TIMEOUT, probe, error))
            return false;
        save(context->conn, key, probe);
    }
    *ret_probe = g_steal_pointer(&probe);
    return true;
}

MvmProbe *
mvm_hostprobe_refresh(MvmConnection *conn, const MvmHost *host, GError **error)
{
    g_autoptr(MvmProbeKey) key = mvm_probe_key_new(conn, host);
    MvmProbe *probe = mvm_probe_run(conn, host, MVM_PROBE_TIMEOUT, error);

    if (probe != NULL)
        save(conn, key, probe);
    return probe;
}

void
mvm_hostprobe_forget(MvmConnection *conn)
{
    g_autofree char *path = path_of(conn);

    (void)unlink(path);
}
