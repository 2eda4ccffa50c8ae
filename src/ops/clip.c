/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/clip.h"

#include "clip/control.h"
#include "ops/guest-ssh.h"
#include "util/error.h"
#include "util/lock.h"
#include "util/paths.h"
#include "util/ssh.h"
#include "util/words.h"

#include <string.h>

#define ANSWER_MS 5000 /* for what an agent knows */
#define FIND_MS 500    /* the same, when any agent is asked who it is */
#define COPY_MS 40000  /* for a push or a pull */
#define STOP_US (5 * G_USEC_PER_SEC)
#define STOP_STEP_US (20 * 1000)
#define KEY_MAX 48 /* the path of a socket has 107 bytes at most */

/* A name for files that is as readable as the socket's path allows. */
static char *
make_key(const char *alias)
{
    if (strlen(alias) <= KEY_MAX && strchr(alias, '/') == NULL)
        return g_strdup(alias);
    return g_compute_checksum_for_string(G_CHECKSUM_MD5, alias, -1);
}

MvmClipPeer *
mvm_clip_peer_from_ssh(const char *destination, GError **error)
{
    MvmSshTarget *target = mvm_ssh_target_parse(destination, error);
    MvmClipPeer *peer = NULL;

    if (target == NULL)
        return NULL;
    peer = g_new0(MvmClipPeer, 1);
    peer->name = mvm_ssh_target_format(target);
    peer->key = make_key(target->alias);
    peer->target = target;
    return peer;
}

static MvmSshTarget *
target_of(MvmDomain *domain, GError **error)
{
    g_autoptr(MvmMetadata) metadata = mvm_domain_get_metadata(domain, error);
    g_autofree char *alias = mvm_ssh_alias(mvm_domain_get_uuid(domain));
    g_autofree char *proxy = NULL;
    g_autoptr(MvmGuestAddress) address = NULL;
    MvmSshTarget *target = NULL;

    if (metadata == NULL || !mvm_guest_ssh_check(domain, error) ||
        (address = mvm_guest_address_find(domain, metadata, error)) == NULL ||
        !mvm_guest_ssh_proxy(domain, address, MVM_SSH_BATCH, &proxy, error))
        return NULL;
    target = mvm_ssh_target_new(metadata->ssh_user, address->host, address->port, alias, error);
    if (target == NULL)
        return NULL;
    target->proxy = g_steal_pointer(&proxy);
    target->known = true;
    return target;
}

MvmClipPeer *
mvm_clip_peer_from_machine(const MvmContext *context, const char *name, GError **error)
{
    g_autoptr(MvmDomain) domain = mvm_domain_open(context->conn, name, error);
    MvmSshTarget *target = domain != NULL ? target_of(domain, error) : NULL;
    MvmClipPeer *peer = NULL;

    if (target == NULL)
        return NULL;
    peer = g_new0(MvmClipPeer, 1);
    peer->name = g_strdup(name);
    peer->key = g_strdup(mvm_domain_get_uuid(domain));
    peer->target = target;
    peer->target->name = g_strdup(name);
    peer->domain = g_steal_pointer(&domain);
    return peer;
}

/* Whether the agent that listens at path says that it is of that machine. */
static bool
is_agent_of(const char *path, const char *uri, const char *name)
{
    g_autofree char *answer = mvm_control_ask(path, "status", FIND_MS, NULL, NULL);
    g_autofree char *its_name = answer != NULL ? mvm_control_get(answer, "machine") : NULL;
    g_autofree char *its_uri = answer != NULL ? mvm_control_get(answer, "uri") : NULL;

    return g_strcmp0(its_name, name) == 0 && its_uri != NULL &&
           strcmp(its_uri, uri != NULL ? uri : "") == 0;
}

MvmClipPeer *
mvm_clip_peer_find(const char *uri, const char *name)
{
    g_autofree char *folder = mvm_path_runtime("");
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *file = NULL;

    while (dir != NULL && (file = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, file, NULL);
        MvmClipPeer *peer = NULL;

        if (!g_str_has_prefix(file, "clip-") || !g_str_has_suffix(file, ".sock") ||
            !is_agent_of(path, uri, name))
            continue;
        peer = g_new0(MvmClipPeer, 1);
        peer->name = g_strdup(name);
        peer->key =
            g_strndup(file + strlen("clip-"), strlen(file) - strlen("clip-") - strlen(".sock"));
        return peer;
    }
    return NULL;
}

void
mvm_clip_peer_free(MvmClipPeer *peer)
{
    if (peer == NULL)
        return;
    g_free(peer->name);
    g_free(peer->key);
    mvm_ssh_target_free(peer->target);
    mvm_domain_free(peer->domain);
    g_free(peer);
}

char *
mvm_clip_peer_get_path(const MvmClipPeer *peer, const char *suffix)
{
    g_autofree char *name = g_strdup_printf("clip-%s.%s", peer->key, suffix);

    return mvm_path_runtime(name);
}

char *
mvm_clip_peer_get_lock(const MvmClipPeer *peer)
{
    return g_strdup_printf("clip-%s.lock", peer->key);
}

/* *ret_running is false when there is no agent. */
static char *
ask(const MvmClipPeer *peer, const char *word, unsigned timeout_ms, bool *ret_running,
    GError **error)
{
    g_autofree char *path = mvm_clip_peer_get_path(peer, "sock");

    return mvm_control_ask(path, word, timeout_ms, ret_running, error);
}

static uint64_t
number(const char *answer, const char *key)
{
    g_autofree char *text = mvm_control_get(answer, key);

    return text != NULL ? g_ascii_strtoull(text, NULL, 10) : 0;
}

bool
mvm_clip_status(const MvmClipPeer *peer, MvmClipStatus *ret_status, GError **error)
{
    g_autoptr(GError) cause = NULL;
    bool running = false;
    g_autofree char *answer = ask(peer, "status", ANSWER_MS, &running, &cause);
    g_autofree char *connected = NULL;

    *ret_status = (MvmClipStatus){0};
    if (!running)
        return true;
    if (answer == NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    connected = mvm_control_get(answer, "connected");
    ret_status->running = true;
    ret_status->connected = g_strcmp0(connected, "yes") == 0;
    ret_status->pid = (int64_t)number(answer, "pid");
    ret_status->sent = number(answer, "sent");
    ret_status->received = number(answer, "received");
    ret_status->backend = mvm_control_get(answer, "backend");
    ret_status->reason = mvm_control_get(answer, "reason");
    ret_status->agent = mvm_control_get(answer, "agent");
    ret_status->trouble = mvm_control_get(answer, "trouble");
    return true;
}

void
mvm_clip_status_clear(MvmClipStatus *status)
{
    g_free(status->backend);
    g_free(status->reason);
    g_free(status->agent);
    g_free(status->trouble);
    *status = (MvmClipStatus){0};
}

/* The lock is let go of at the very end of the agent's process. */
static bool
wait_for_end(const MvmClipPeer *peer, GError **error)
{
    g_autofree char *name = mvm_clip_peer_get_lock(peer);
    int64_t until = g_get_monotonic_time() + STOP_US;

    while (g_get_monotonic_time() < until) {
        g_autoptr(MvmLock) lock = mvm_lock_take(name, peer->name, NULL);

        if (lock != NULL)
            return true;
        g_usleep(STOP_STEP_US);
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot stop 'the clipboard agent of %s': it does not end", peer->name);
    return false;
}

char *
mvm_clip_peer_command(const MvmClipPeer *peer, const char *action)
{
    g_autofree char *name = mvm_word_quote(peer->name);
    g_autofree char *uri = NULL;

    if (peer->domain == NULL)
        return g_strdup_printf("macvm clip %s", action);
    uri = mvm_word_quote(mvm_connection_get_endpoint(mvm_domain_get_connection(peer->domain))->uri);
    return g_strdup_printf("macvm -c %s clip %s %s", uri, action, name);
}

bool
mvm_clip_stop(const MvmClipPeer *peer, GError **error)
{
    g_autoptr(GError) cause = NULL;
    bool running = false;
    g_autofree char *answer = ask(peer, "stop", ANSWER_MS, &running, &cause);

    if (answer != NULL)
        return wait_for_end(peer, error);
    if (!running) {
        g_autofree char *sync = mvm_clip_peer_command(peer, "sync");

        g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                    "cannot stop 'the clipboard agent of %s': it is not running", peer->name);
        mvm_error_set_hint(error, "'%s' starts one", sync);
        return false;
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

bool
mvm_clip_ask(const MvmClipPeer *peer, const char *word, bool *ret_running, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *answer = ask(peer, word, COPY_MS, ret_running, &cause);

    if (answer != NULL || !*ret_running)
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}
