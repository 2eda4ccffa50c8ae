/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/remote.h"

#include "upstream/git.h"
#include "util/words.h"

#include <string.h>

#define ORIGIN "origin"
/* More than this is not OSX-KVM (0.3 GiB in 2025). */
#define RECEIVED_MAX (8ULL * 1024 * 1024 * 1024)

typedef struct {
    MvmProgress *progress;
    const char *url;
    GError *error; /* why a callback stopped the fetch */
} Fetch;

void
mvm_remote_target_clear(MvmRemoteTarget *target)
{
    g_clear_pointer(&target->branch, g_free);
}

/* Objects are counted beforehand, bytes are not: the total is what it would be if the rest were
 * like what has come. */
static bool
tell_received(Fetch *fetch, const git_indexer_progress *stats)
{
    uint64_t total = 0;

    if (stats->received_objects > 0)
        total = (uint64_t)((double)stats->received_bytes / stats->received_objects *
                           stats->total_objects);
    return mvm_progress_update(fetch->progress, "Receiving", stats->received_bytes,
                               MAX(total, stats->received_bytes), &fetch->error);
}

static int
on_transfer(const git_indexer_progress *stats, void *opaque)
{
    Fetch *fetch = opaque;

    if (stats->received_bytes > RECEIVED_MAX) {
        g_set_error(&fetch->error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot fetch '%s': larger than 8 GiB", fetch->url);
        return GIT_EUSER;
    }
    if (stats->received_objects < stats->total_objects || stats->total_deltas == 0)
        return tell_received(fetch, stats) ? 0 : GIT_EUSER;
    if (!mvm_progress_update(fetch->progress, "Resolving (deltas)", stats->indexed_deltas,
                             stats->total_deltas, &fetch->error))
        return GIT_EUSER;
    return 0;
}

static int
on_credentials(git_credential **out, const char *url, const char *user, unsigned allowed,
               void *opaque)
{
    Fetch *fetch = opaque;

    if (fetch->error == NULL) {
        g_set_error(&fetch->error, MVM_ERROR, MVM_ERROR_HOST,
                    "cannot fetch '%s': it wants a login, or there is no such repository", url);
        mvm_error_set_hint(&fetch->error,
                           "name a public repository or a local clone with --upstream");
    }
    return GIT_EUSER;
}

static bool
fetch_all(git_remote *remote, Fetch *fetch, GError **error)
{
    char *refspec = (char *)"+refs/heads/*:refs/remotes/" ORIGIN "/*";
    git_strarray refspecs = {&refspec, 1};
    git_fetch_options options;
    int rc = 0;
    g_autofree char *word = mvm_word_quote(fetch->url);

    git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
    options.callbacks.transfer_progress = on_transfer;
    options.callbacks.credentials = on_credentials;
    options.callbacks.payload = fetch;
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_ALL;
    options.proxy_opts.type = GIT_PROXY_AUTO;
    rc = git_remote_fetch(remote, &refspecs, &options, NULL);
    if (fetch->error != NULL) {
        g_propagate_error(error, fetch->error);
        return false;
    }
    if (rc < 0) {
        mvm_git_set_error(error, "fetch", fetch->url);
        if (error == NULL || mvm_error_get_hint(*error) != NULL)
            return false;
        if (g_file_test(fetch->url, G_FILE_TEST_EXISTS))
            mvm_error_set_hint(error, "is that a whole repository? 'git -C %s fsck' tells", word);
        else
            mvm_error_set_hint(error, "check the address and the network; a proxy is taken from "
                                      "https_proxy, another source from --upstream");
        return false;
    }
    return true;
}

/* The branch that the remote's HEAD is on. */
static bool
find_default(git_remote *remote, const char *url, MvmRemoteTarget *target, GError **error)
{
    const git_remote_head **heads = NULL;
    git_buf name = {0};
    size_t count = 0;

    if (git_remote_ls(&heads, &count, remote) < 0 || count == 0 ||
        strcmp(heads[0]->name, "HEAD") != 0) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                    "cannot find what to check out of '%s': its HEAD names no commit", url);
        mvm_error_set_hint(error, "name a branch, a tag or a commit with --ref");
        return false;
    }
    git_oid_cpy(&target->commit, &heads[0]->oid);
    if (git_remote_default_branch(&name, remote) == 0 && g_str_has_prefix(name.ptr, "refs/heads/"))
        target->branch = g_strdup(name.ptr + strlen("refs/heads/"));
    git_buf_dispose(&name);
    return true;
}

static bool
is_hex(const char *text)
{
    size_t len = strspn(text, "0123456789abcdefABCDEF");

    return text[len] == '\0' && len >= 4 && len <= GIT_OID_HEXSZ;
}

/* The commit that name (a full reference or a commit's hexadecimal name) leads to. */
static bool
peel(git_repository *repo, const char *name, git_oid *ret_commit)
{
    g_autofree char *spec = g_strconcat(name, "^{commit}", NULL);
    g_autoptr(git_object) object = NULL;

    if (git_revparse_single(&object, repo, spec) < 0)
        return false;
    git_oid_cpy(ret_commit, git_object_id(object));
    return true;
}

static bool
find_ref(git_repository *repo, const char *url, const char *ref, MvmRemoteTarget *target,
         GError **error)
{
    g_autofree char *branch = g_strconcat("refs/remotes/" ORIGIN "/", ref, NULL);
    g_autofree char *tag = g_strconcat("refs/tags/", ref, NULL);
    int valid = 0;

    /* Only names: no "HEAD~3" or "master:file" of git's revision language. */
    if (git_reference_name_is_valid(&valid, branch) == 0 && valid != 0) {
        if (peel(repo, branch, &target->commit)) {
            target->branch = g_strdup(ref);
            return true;
        }
        if (peel(repo, tag, &target->commit))
            return true;
        if (is_hex(ref) && peel(repo, ref, &target->commit))
            return true;
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                "cannot find '%s' in '%s': no such branch, tag or commit", ref, url);
    mvm_error_set_hint(error, "'git ls-remote %s' lists branches and tags", url);
    return false;
}

bool
mvm_remote_fetch(git_repository *repo, const char *url, const char *ref, MvmProgress *progress,
                 MvmRemoteTarget *ret_target, GError **error)
{
    Fetch fetch = {.progress = progress, .url = url};
    g_autoptr(git_remote) remote = NULL;

    if (git_remote_create_anonymous(&remote, repo, url) < 0)
        return mvm_git_set_error(error, "fetch", url);
    if (!fetch_all(remote, &fetch, error))
        return false;
    return ref == NULL ? find_default(remote, url, ret_target, error)
                       : find_ref(repo, url, ref, ret_target, error);
}

bool
mvm_remote_has_commit(git_repository *repo, const git_oid *commit)
{
    static const char *const globs[] = {"refs/remotes/" ORIGIN "/*", "refs/tags/*"};

    for (size_t i = 0; i < G_N_ELEMENTS(globs); i++) {
        git_reference_iterator *iterator = NULL;
        const char *name = NULL;
        bool found = false;

        if (git_reference_iterator_glob_new(&iterator, repo, globs[i]) < 0)
            continue;
        while (!found && git_reference_next_name(&name, iterator) == 0) {
            git_oid tip;

            found = peel(repo, name, &tip) && (git_oid_equal(&tip, commit) ||
                                               git_graph_descendant_of(repo, &tip, commit) == 1);
        }
        git_reference_iterator_free(iterator);
        if (found)
            return true;
    }
    return false;
}

char *
mvm_remote_get_url(git_repository *repo)
{
    g_autoptr(git_remote) remote = NULL;

    if (git_remote_lookup(&remote, repo, ORIGIN) < 0)
        return NULL;
    return g_strdup(git_remote_url(remote));
}

bool
mvm_remote_set_url(git_repository *repo, const char *url, GError **error)
{
    g_autofree char *present = mvm_remote_get_url(repo);
    g_autoptr(git_remote) remote = NULL;

    if (g_strcmp0(present, url) == 0)
        return true;
    if ((present != NULL ? git_remote_set_url(repo, ORIGIN, url)
                         : git_remote_create(&remote, repo, ORIGIN, url)) < 0)
        return mvm_git_set_error(error, "set the origin of", git_repository_workdir(repo));
    return true;
}
