/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/recovery.h"

#include "media/media-limits.h"
#include "media/refuse.h"
#include "util/error.h"

#include <string.h>

#define APPLE_SERVER "://osrecovery.apple.com"
#define INFO_PATH "/InstallationPayload/RecoveryImage"

/* Nobody derives these numbers from anything; they only differ from request to request. */
static void
append_random_hex(GString *text, const char *key, unsigned digits)
{
    g_string_append_printf(text, "%s=", key);
    for (unsigned i = 0; i < digits; i++)
        g_string_append_c(text, "0123456789ABCDEF"[g_random_int_range(0, 16)]);
    g_string_append_c(text, '\n');
}

/* The caller frees. */
static char *
info_body(const MvmMediaRequest *request)
{
    GString *text = g_string_new(NULL);

    append_random_hex(text, "cid", 16);
    g_string_append_printf(text, "sn=%s\nbid=%s\n", request->mlb, request->board_id);
    append_random_hex(text, "k", 64);
    append_random_hex(text, "fg", 64);
    g_string_append_printf(text, "os=%s", request->os);
    return g_string_free(text, FALSE);
}

static bool
refuse_status(const char *url, long status, GError **error)
{
    g_autofree char *shown = mvm_http_dup_shown(url);

    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot fetch '%s': the server answers %ld",
                shown, status);
    if (status == 403)
        mvm_error_set_hint(error, "a network filter, a VPN or a data centre's address may be "
                                  "refused: try another network, or a mirror with --server");
    else
        mvm_error_set_hint(error, "try another time, or a mirror with --server");
    return false;
}

/* Both steps over one base address. host: see mvm_answer_parse(). */
static bool
ask(const MvmRecovery *recovery, const char *base, const char *host, MvmAnswer *ret_answer,
    GError **error)
{
    g_autofree char *root = g_strconcat(base, "/", NULL);
    g_autofree char *info = g_strconcat(base, INFO_PATH, NULL);
    g_autofree char *body = info_body(recovery->request);
    g_auto(MvmHttpReply) session = {0};
    g_auto(MvmHttpReply) reply = {0};
    MvmHttpRequest request = {.url = root, .max = MVM_ANSWER_MAX};

    if (!mvm_http_request(&request, &recovery->tuning, recovery->progress, &session, error))
        return false;
    if (session.status != 200)
        return refuse_status(root, session.status, error);
    if (session.session == NULL) {
        g_autofree char *shown = mvm_http_dup_shown(root);

        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot fetch '%s': the server opens no session", shown);
        mvm_error_set_hint(error, "%s", MVM_SOMEBODY_ELSE);
        return false;
    }
    request = (MvmHttpRequest){
        .url = info, .cookie = session.session, .post = body, .max = MVM_ANSWER_MAX};
    if (!mvm_http_request(&request, &recovery->tuning, recovery->progress, &reply, error))
        return false;
    if (reply.status != 200)
        return refuse_status(info, reply.status, error);
    if (!mvm_answer_parse((const char *)reply.body->data, reply.body->len, host, ret_answer,
                          error)) {
        g_autofree char *shown = mvm_http_dup_shown(base);

        g_prefix_error(error, "cannot use server '%s': ", shown);
        if (error != NULL && mvm_error_get_hint(*error) == NULL)
            mvm_error_set_hint(error,
                               "the server is at fault, or somebody changes its answers: try "
                               "another network");
        return false;
    }
    return true;
}

static bool
ask_apple(const MvmRecovery *recovery, MvmAnswer *ret_answer, GError **error)
{
    MvmRecovery once = *recovery;
    g_autoptr(GError) first = NULL;

    /* Some networks let only one of the two through; Apple's own firmware uses http. */
    once.tuning.tries = once.tuning.offline_tries = 1;
    if (ask(&once, "https" APPLE_SERVER, NULL, ret_answer, &first))
        return true;
    if (g_error_matches(first, MVM_ERROR, MVM_ERROR_CANCELLED)) {
        g_propagate_error(error, g_steal_pointer(&first));
        return false;
    }
    return ask(recovery, "http" APPLE_SERVER, NULL, ret_answer, error);
}

bool
mvm_recovery_ask(const MvmRecovery *recovery, MvmAnswer *ret_answer, GError **error)
{
    g_autoptr(GUri) uri = NULL;
    g_autofree char *base = NULL;
    const char *scheme = NULL;

    if (recovery->server == NULL)
        return ask_apple(recovery, ret_answer, error);
    uri = g_uri_parse(recovery->server, G_URI_FLAGS_NONE, NULL);
    scheme = uri == NULL ? NULL : g_uri_get_scheme(uri);
    if (uri == NULL || g_uri_get_host(uri) == NULL || *g_uri_get_host(uri) == '\0' ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "cannot use '%s' as server: not an address like http://HOST", recovery->server);
        return false;
    }
    base = g_strdup(recovery->server);
    while (g_str_has_suffix(base, "/"))
        base[strlen(base) - 1] = '\0';
    return ask(recovery, base, g_uri_get_host(uri), ret_answer, error);
}

MvmChunklist *
mvm_recovery_fetch_chunklist(const MvmRecovery *recovery, const MvmAnswer *answer,
                             const MvmTrust *trust, GError **error)
{
    g_autofree char *cookie = g_strconcat("AssetToken=", answer->chunklist_token, NULL);
    MvmHttpRequest request = {
        .url = answer->chunklist_url, .cookie = cookie, .max = MVM_CHUNKLIST_MAX};
    g_auto(MvmHttpReply) reply = {0};
    MvmChunklist *list = NULL;

    if (!mvm_http_request(&request, &recovery->tuning, recovery->progress, &reply, error))
        return NULL;
    if (reply.status != 200) {
        refuse_status(request.url, reply.status, error);
        return NULL;
    }
    list = mvm_chunklist_load(reply.body->data, reply.body->len, trust, error);
    if (list == NULL) {
        g_prefix_error(error, "cannot use '%s': ", answer->chunklist_url);
        if (error != NULL && mvm_error_get_hint(*error) == NULL)
            mvm_error_set_hint(error, "%s", MVM_SOMEBODY_ELSE);
    }
    return list;
}
