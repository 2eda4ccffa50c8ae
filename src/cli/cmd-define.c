/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `define` and `set`: the same work; set wants the machine to be there and something to change. */
#include "cli/commands.h"
#include "cli/machine-options.h"
#include "cli/pick.h"
#include "machine/name.h"
#include "ops/define.h"
#include "util/error.h"
#include "util/words.h"

#include <string.h>

typedef struct {
    gboolean diff, print_xml, ours, theirs, reset_nvram, new_disk;
    char *opencore; /* owned */
} Switches;

static bool
check_switches(const Switches *switches, GError **error)
{
    if (switches->diff && switches->print_xml) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_USAGE,
                            "cannot use '--diff': it and --print-xml exclude each other");
        return false;
    }
    if (switches->ours && switches->theirs) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_USAGE,
                            "cannot use '--ours': it and --theirs exclude each other");
        return false;
    }
    return true;
}

/* The asked-for options that take effect on a running machine now, or at its next start, as
 * "--memory"; the caller frees. */
static GPtrArray *
list_asked(const MvmDefineRequest *request, const MvmDefineResult *result, bool live)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    if (!result->changed)
        return names;
    for (int i = 0; i < MVM_OPTION_COUNT; i++) {
        const MvmOptionInfo *info = mvm_option_info((MvmOption)i);

        if (request->options->value[i] != NULL && info->live == live)
            g_ptr_array_add(names, g_strconcat("--", info->name, NULL));
    }
    if (request->reset_nvram && !live)
        g_ptr_array_add(names, g_strdup("--reset-nvram"));
    return names;
}

static void
add_names(MvmJson *json, const char *key, const GPtrArray *names)
{
    mvm_json_begin_array(json, key);
    for (guint i = 0; i < names->len; i++)
        mvm_json_string(json, NULL, (const char *)names->pdata[i] + strlen("--"));
    mvm_json_end_array(json);
}

static void
add_list(MvmJson *json, const char *key, const GPtrArray *list)
{
    mvm_json_begin_array(json, key);
    for (guint i = 0; i < list->len; i++)
        mvm_json_string(json, NULL, list->pdata[i]);
    mvm_json_end_array(json);
}

/* What the machine still lacks to start macOS. */
static void
add_missing(MvmJson *json, const MvmDefineResult *result)
{
    mvm_json_begin_array(json, "missing");
    if (result->no_opencore)
        mvm_json_string(json, NULL, "opencore");
    if (result->no_osk)
        mvm_json_string(json, NULL, "osk");
    mvm_json_end_array(json);
}

static void
tell_json(const MvmDefineRequest *request, const MvmDefineResult *result)
{
    MvmJson *json = mvm_json_new();

    mvm_json_begin_object(json, NULL);
    mvm_json_string(json, "name", request->name);
    mvm_json_bool(json, "created", result->created);
    mvm_json_bool(json, "changed", result->changed);
    mvm_json_bool(json, "running", result->running);
    if (result->running) {
        g_autoptr(GPtrArray) now = list_asked(request, result, true),
                             later = list_asked(request, result, false);

        add_names(json, "now", now);
        add_names(json, "next_start", later);
    }
    add_missing(json, result);
    if (request->mode == MVM_DEFINE_DIFF) {
        mvm_json_string(json, "diff", result->text);
        add_list(json, "kept", result->kept);
    }
    if (request->mode == MVM_DEFINE_PRINT)
        mvm_json_string(json, "xml", result->text);
    mvm_json_end_object(json);
    mvm_cli_print_json(json);
}

/* What of a running machine changes when: "; now: --autostart; at its next start: --memory". */
static char *
describe_when(const MvmDefineRequest *request, const MvmDefineResult *result)
{
    static const char *const labels[] = {"; at its next start: ", "; now: "};
    g_autoptr(GString) text = g_string_new(NULL);

    for (int live = 1; live >= 0; live--) {
        g_autoptr(GPtrArray) names = list_asked(request, result, live != 0);
        g_autofree char *list = NULL;

        if (names->len == 0)
            continue;
        g_ptr_array_add(names, NULL);
        list = g_strjoinv(", ", (char **)names->pdata);
        g_string_append_printf(text, "%s%s", labels[live], list);
    }
    if (text->len == 0)
        g_string_append(text, "; what changed shows at its next start");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* A unified difference: what comes green, what goes red. */
static void
print_diff(const MvmCli *cli, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL && (**line != '\0' || line[1] != NULL); line++) {
        MvmStyle style = **line == '+'   ? MVM_STYLE_GOOD
                         : **line == '-' ? MVM_STYLE_BAD
                                         : MVM_STYLE_PLAIN;

        if (style != MVM_STYLE_PLAIN)
            mvm_cli_print_style(cli, stdout, style);
        mvm_cli_print(stdout, "%s", *line);
        if (style != MVM_STYLE_PLAIN)
            mvm_cli_print_style(cli, stdout, MVM_STYLE_PLAIN);
        putchar('\n');
    }
}

/* Where nothing would change, what the user made of the machine, which stays: no part of the
 * difference, which is empty. */
static void
say_kept(MvmCli *cli, const MvmDefineResult *result)
{
    if (*result->text != '\0' || result->kept->len == 0)
        return;
    mvm_cli_say(cli, "nothing would change; your own edits are kept:");
    for (guint i = 0; i < result->kept->len; i++)
        mvm_cli_say(cli, "  %s", (const char *)result->kept->pdata[i]);
}

/* The last line, so that it is read. */
static void
print_missing(const MvmCli *cli, const char *name, const MvmDefineResult *result)
{
    g_autofree char *word = mvm_word_quote(name);
    g_autofree char *uri = cli->uri != NULL ? mvm_word_quote(cli->uri) : NULL;

    if (!result->no_opencore && !result->no_osk)
        return;
    mvm_cli_print(
        stdout,
        "It cannot start macOS yet, without %s: macvm bootstrap --no-setup && macvm%s%s define "
        "%s\n",
        !result->no_opencore ? "the SMC's key (OSK)"
        : result->no_osk     ? "OpenCore and the SMC's key (OSK)"
                             : "OpenCore",
        uri != NULL ? " -c " : "", uri != NULL ? uri : "", word);
}

static void
tell(MvmCli *cli, const MvmDefineRequest *request, const MvmDefineResult *result)
{
    g_autofree char *when = NULL;

    mvm_cli_progress_end(cli);
    if (cli->json) {
        tell_json(request, result);
    } else if (request->mode == MVM_DEFINE_DIFF) {
        print_diff(cli, result->text);
        say_kept(cli, result);
    } else if (result->text != NULL) {
        mvm_cli_print_document(result->text);
    } else if (!cli->quiet) {
        when = result->running && result->changed ? describe_when(request, result) : g_strdup("");
        mvm_cli_print(stdout, "Machine '%s' %s%s\n", request->name,
                      result->created   ? "defined"
                      : result->changed ? "changed"
                                        : "is as it should be",
                      when);
        print_missing(cli, request->name, result);
    }
}

static bool
run_define(MvmCli *cli, const MvmOptions *options, const Switches *switches, const char *name,
           bool must_exist, GError **error)
{
    MvmContext context = {0};
    g_autofree char *picked = mvm_cli_pick(cli, name, &context, error);
    g_auto(MvmDefineResult) result = {0};
    MvmDefineRequest request = {.name = picked,
                                .options = options,
                                .opencore = switches->opencore,
                                .reset_nvram = switches->reset_nvram,
                                .new_disk = switches->new_disk,
                                .must_exist = must_exist};

    if (picked == NULL)
        return false;
    if (switches->diff)
        request.mode = MVM_DEFINE_DIFF;
    else if (switches->print_xml)
        request.mode = MVM_DEFINE_PRINT;
    if (switches->ours)
        request.choice = MVM_CONFLICT_OURS;
    else if (switches->theirs)
        request.choice = MVM_CONFLICT_THEIRS;
    if (!mvm_define(&context, &request, &result, error))
        return false;
    tell(cli, &request, &result);
    return true;
}

static bool
define_or_set(MvmCli *cli, int argc, char **argv, bool must_exist, GError **error)
{
    g_auto(MvmMachineOptions) given = {0};
    g_autoptr(MvmOptions) options = NULL;
    Switches switches = {0};
    const GOptionEntry more[] = {
        {"opencore", 0, 0, G_OPTION_ARG_FILENAME, &switches.opencore,
         "OpenCore disk image to begin with", "FILE"},
        {"reset-nvram", 0, 0, G_OPTION_ARG_NONE, &switches.reset_nvram,
         "begin the next start with new NVRAM", NULL},
        {"new-disk", 0, 0, G_OPTION_ARG_NONE, &switches.new_disk,
         "replace a system disk that is gone by an empty one", NULL},
        {"diff", 0, 0, G_OPTION_ARG_NONE, &switches.diff, "only show what would change", NULL},
        {"print-xml", 0, 0, G_OPTION_ARG_NONE, &switches.print_xml, "only print the domain", NULL},
        {"ours", 0, 0, G_OPTION_ARG_NONE, &switches.ours, "in a conflict, keep what the domain has",
         NULL},
        {"theirs", 0, 0, G_OPTION_ARG_NONE, &switches.theirs,
         "in a conflict, take what macvm brings", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autofree GOptionEntry *entries = mvm_machine_options_entries(&given, more);
    g_autofree char *opencore = NULL;
    bool parsed = mvm_cli_parse(cli, entries, &argc, &argv, error);

    opencore = switches.opencore;
    if (!parsed || !check_switches(&switches, error) ||
        (options = mvm_machine_options_check(&given, error)) == NULL)
        return false;
    if (argc > 1 && !mvm_name_check(argv[1], error))
        return false;
    return run_define(cli, options, &switches, argc > 1 ? argv[1] : NULL, must_exist, error);
}

bool
mvm_cmd_define(MvmCli *cli, int argc, char **argv, GError **error)
{
    return define_or_set(cli, argc, argv, false, error);
}

bool
mvm_cmd_set(MvmCli *cli, int argc, char **argv, GError **error)
{
    return define_or_set(cli, argc, argv, true, error);
}
