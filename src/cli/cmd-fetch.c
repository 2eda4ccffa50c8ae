/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "machine/os.h"
#include "ops/fetch.h"
#include "util/error.h"

#include <string.h>

typedef struct {
    gboolean list;
    char *output, *pool, *server, *trust_key, *dmg, *chunklist; /* owned */
} Switches;

static void
switches_clear(Switches *switches)
{
    g_free(switches->output);
    g_free(switches->pool);
    g_free(switches->server);
    g_free(switches->trust_key);
    g_free(switches->dmg);
    g_free(switches->chunklist);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Switches, switches_clear)

/* What a host must have for it. */
static void
list_needs(MvmJson *json, const MvmOs *os)
{
    g_auto(GStrv) features = g_strsplit(os->needs, " ", -1);
    g_autofree char *qemu = mvm_version_format(os->since.qemu);
    g_autofree char *libvirt = mvm_version_format(os->since.libvirt);

    mvm_json_begin_object(json, "needs");
    mvm_json_begin_array(json, "cpu_features");
    for (char **feature = features; *feature != NULL; feature++)
        mvm_json_string(json, NULL, *feature);
    mvm_json_end_array(json);
    mvm_json_string(json, "qemu", qemu);
    mvm_json_string(json, "libvirt", libvirt);
    mvm_json_end_object(json);
}

static void
list_json(const MvmOs *versions, size_t count)
{
    MvmJson *json = mvm_json_new();

    mvm_json_begin_object(json, NULL);
    mvm_json_begin_array(json, "versions");
    for (size_t i = 0; i < count; i++) {
        mvm_json_begin_object(json, NULL);
        mvm_json_string(json, "id", versions[i].id);
        mvm_json_string(json, "name", versions[i].name);
        mvm_json_string(json, "title", versions[i].title);
        mvm_json_bool(json, "default", strcmp(versions[i].id, MVM_OS_DEFAULT) == 0);
        list_needs(json, &versions[i]);
        mvm_json_end_object(json);
    }
    mvm_json_end_array(json);
    mvm_json_end_object(json);
    mvm_cli_print_json(json);
}

static void
list(MvmCli *cli)
{
    size_t count = 0;
    const MvmOs *versions = mvm_os_list(&count);

    if (cli->json) {
        list_json(versions, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        mvm_cli_print(stdout, "%-6s %-12s macOS %s%s\n", versions[i].id, versions[i].name,
                      versions[i].title,
                      strcmp(versions[i].id, MVM_OS_DEFAULT) == 0 ? " (default)" : "");
}

static void
tell(MvmCli *cli, const MvmFetchRequest *request, const MvmFetchResult *result)
{
    if (cli->json) {
        MvmJson *json = mvm_json_new();

        mvm_json_begin_object(json, NULL);
        mvm_json_string(json, "os", request->os->id);
        mvm_json_string(json, "path", result->path);
        mvm_json_string(json, "product", result->product);
        mvm_json_bool(json, "fetched", !result->was_there);
        mvm_json_end_object(json);
        mvm_cli_print_json(json);
    } else if (!cli->quiet) {
        mvm_cli_progress_end(cli);
        mvm_cli_print(stdout, "Recovery media of macOS %s %s: %s\n", request->os->title,
                      result->was_there ? "is there" : "is ready", result->path);
        if (!result->was_there && request->dmg != NULL && request->chunklist == NULL)
            mvm_cli_print(
                stdout,
                "Not verified: without --chunklist nothing proves that it comes from Apple\n");
    }
}

static bool
check(const Switches *switches, GError **error)
{
    const char *wrong = NULL;

    if (switches->chunklist != NULL && switches->dmg == NULL)
        wrong = "--chunklist needs --dmg";
    else if (switches->server != NULL && switches->dmg != NULL)
        wrong = "--server and --dmg exclude each other";
    else if (switches->trust_key != NULL && switches->server == NULL && switches->chunklist == NULL)
        wrong = "--trust-key needs --server or --chunklist";
    else if (switches->pool != NULL && switches->output != NULL)
        wrong = "--pool and --output exclude each other";
    else if (switches->output != NULL &&
             (*switches->output == '\0' || g_str_equal(switches->output, "-")))
        wrong = "--output needs the name of a file: an image with holes is no stream";
    if (wrong != NULL)
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_USAGE, wrong);
    return wrong == NULL;
}

bool
mvm_cmd_fetch(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_auto(Switches) s = {0};
    g_auto(MvmFetchResult) result = {0};
    MvmFetchRequest request = {0};
    MvmContext context = mvm_context(NULL, &cli->progress);
    const GOptionEntry entries[] = {
        {"list", 0, 0, G_OPTION_ARG_NONE, &s.list, "list the versions there are", NULL},
        {"output", 0, 0, G_OPTION_ARG_FILENAME, &s.output,
         "write a raw image to a local file, no volume", "FILE"},
        {"pool", 0, 0, G_OPTION_ARG_STRING, &s.pool, "storage pool of the volume", "POOL"},
        {"server", 0, 0, G_OPTION_ARG_STRING, &s.server, "ask this recovery server", "URL"},
        {"trust-key", 0, 0, G_OPTION_ARG_FILENAME, &s.trust_key,
         "public key of who signed it, if not Apple", "PEM"},
        {"dmg", 0, 0, G_OPTION_ARG_FILENAME, &s.dmg, "take a local disk image", "FILE"},
        {"chunklist", 0, 0, G_OPTION_ARG_FILENAME, &s.chunklist,
         "verify the local disk image by its chunklist", "FILE"},
        {0},
    };

    if (!mvm_cli_parse(cli, entries, &argc, &argv, error) || !check(&s, error))
        return false;
    if (s.list) {
        list(cli);
        return true;
    }
    request = (MvmFetchRequest){
        .os = mvm_os_find(argc > 1 ? argv[1] : MVM_OS_DEFAULT, error),
        .output = s.output,
        .pool = s.pool,
        .server = s.server,
        .trust_key = s.trust_key,
        .dmg = s.dmg,
        .chunklist = s.chunklist,
    };
    if (request.os == NULL)
        return false;
    /* Only for a warning; a file needs no libvirt. */
    if ((s.output == NULL || cli->uri != NULL) &&
        (context.conn = mvm_cli_connect(cli, error)) == NULL)
        return false;
    if (!mvm_fetch(&context, &request, &result, error))
        return false;
    tell(cli, &request, &result);
    return true;
}
