/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/fetch.h"

#include "media/fetch.h"
#include "media/sink-file.h"
#include "ops/config.h"
#include "ops/oscheck.h"
#include "ops/sink-volume.h"
#include "util/error.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/secret.h"
#include "virt/pump.h"
#include "virt/volume.h"

static bool
write_media(const MvmContext *context, const MvmFetchRequest *request, MvmMediaSink *sink,
            const char *journal_path, MvmFetchResult *result, GError **error)
{
    g_autoptr(MvmTrust) trust = NULL;
    MvmRecovery recovery = {
        .request = mvm_media_request_find(request->os->id),
        .server = request->server,
        .tuning = MVM_HTTP_TUNING_DEFAULT,
        .progress = context->progress,
    };

    g_assert(recovery.request != NULL);
    trust = request->trust_key == NULL ? mvm_trust_new_apple()
                                       : mvm_trust_new_pem(request->trust_key, error);
    if (trust == NULL) {
        sink->abort(sink, true);
        return false;
    }
    if (request->dmg != NULL)
        return mvm_media_convert(request->dmg, request->chunklist, trust, sink, context->progress,
                                 error);
    return mvm_media_fetch(&recovery, trust, sink, journal_path, &result->product, error);
}

static bool
fetch_to_file(const MvmContext *context, const MvmFetchRequest *request, MvmFetchResult *result,
              GError **error)
{
    g_autofree char *journal = g_strconcat(request->output, ".part.state", NULL);
    MvmMediaSink *sink = mvm_file_sink_new(request->output, error);
    bool good = false;

    if (sink == NULL)
        return false;
    good = write_media(context, request, sink, journal, result, error);
    mvm_file_sink_free(sink);
    result->path = g_strdup(request->output);
    return good;
}

/* What is remembered of a volume that is not finished. NULL, nothing, when there is no place to
 * write to; the fetch does not depend on it. The caller frees. */
static char *
journal_path(MvmPool *pool, const MvmConnection *conn, const char *volume)
{
    g_autofree char *key = g_strdup_printf("%s\n%s\n%s", mvm_connection_get_endpoint(conn)->uri,
                                           mvm_pool_get_name(pool), volume);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);
    g_autofree char *file = g_strdup_printf("fetch-%.16s.state", sum);
    g_autofree char *folder = mvm_path_user_data("cache");

    return mvm_file_make_dir(folder, NULL) ? g_build_filename(folder, file, NULL) : NULL;
}

/* The pool of macvm.conf is where machines look for what they are installed from. */
static bool
find_pool(const MvmFetchRequest *request, char **ret_pool, GError **error)
{
    g_autoptr(MvmOptions) options = NULL;
    mvm_autosecret char *osk = NULL;

    if (request->pool == NULL && !mvm_config_load(&options, &osk, error))
        return false;
    *ret_pool = g_strdup(options != NULL ? options->value[MVM_OPTION_POOL] : request->pool);
    return true;
}

static bool
fetch_to_pool(const MvmContext *context, const MvmFetchRequest *request, MvmFetchResult *result,
              GError **error)
{
    g_autofree char *name = g_strdup_printf("recovery-%s.img", request->os->id);
    g_autofree char *pool_name = NULL;
    g_autoptr(MvmPool) pool = NULL;
    g_autoptr(MvmVolume) volume = NULL;
    g_autoptr(GError) absent = NULL;
    g_autofree char *journal = NULL;
    g_autoptr(MvmPump) pump = NULL;
    MvmMediaSink *sink = NULL;
    bool good = false;

    if (!find_pool(request, &pool_name, error) ||
        (pool = mvm_pool_ensure(context->conn, pool_name, error)) == NULL)
        return false;
    volume = mvm_volume_lookup(pool, name, &absent);
    if (volume != NULL) {
        result->path = g_strdup(volume->path);
        result->was_there = true;
        return true;
    }
    if (!g_error_matches(absent, MVM_ERROR, MVM_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&absent));
        return false;
    }
    sink = mvm_volume_sink_new(pool, name, context->progress, error);
    if (sink == NULL)
        return false;
    pump = mvm_pump_start();
    journal = journal_path(pool, context->conn, name);
    good = write_media(context, request, sink, journal, result, error);
    if (good)
        result->path = g_strdup(mvm_volume_sink_get_volume(sink)->path);
    mvm_volume_sink_free(sink);
    return good;
}

bool
mvm_fetch(const MvmContext *context, const MvmFetchRequest *given, MvmFetchResult *ret_result,
          GError **error)
{
    g_auto(MvmFetchResult) result = {0};
    g_auto(MvmFetchConfig) config = {0};
    MvmFetchRequest request = *given;
    bool good = false;

    /* A server's key goes with the server. */
    if (given->server == NULL && given->dmg == NULL) {
        if (!mvm_config_load_fetch(&config, error))
            return false;
        request.server = config.server;
        request.trust_key = config.trust_key;
    }
    if (context->conn != NULL &&
        !mvm_oscheck_media(context, given->os, given->accel, given->output != NULL, error))
        return false;
    good = request.output != NULL ? fetch_to_file(context, &request, &result, error)
                                  : fetch_to_pool(context, &request, &result, error);
    if (!good)
        return false;
    *ret_result = result;
    result = (MvmFetchResult){0};
    return true;
}

void
mvm_fetch_result_clear(MvmFetchResult *result)
{
    g_clear_pointer(&result->path, g_free);
    g_clear_pointer(&result->product, g_free);
}
