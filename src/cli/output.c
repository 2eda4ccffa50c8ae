/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/cli.h"
#include "util/error.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WARNING "warning:"

static bool
wants_color(const MvmCli *cli, FILE *stream)
{
    const char *no_color = g_getenv("NO_COLOR");
    const char *term = g_getenv("TERM");

    if (cli->color != MVM_COLOR_AUTO)
        return cli->color == MVM_COLOR_ALWAYS;
    if (no_color != NULL && *no_color != '\0')
        return false;
    return isatty(fileno(stream)) && term != NULL && strcmp(term, "dumb") != 0;
}

const char *
mvm_cli_style(const MvmCli *cli, FILE *stream, MvmStyle style)
{
    static const char *const begins[] = {
        [MVM_STYLE_PLAIN] = "\033[0m",  [MVM_STYLE_BOLD] = "\033[1m",
        [MVM_STYLE_GOOD] = "\033[32m",  [MVM_STYLE_WARN] = "\033[33m",
        [MVM_STYLE_BAD] = "\033[1;31m",
    };

    return wants_color(cli, stream) ? begins[style] : "";
}

void
mvm_cli_say(MvmCli *cli, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    if (cli->quiet)
        return;
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    mvm_cli_progress_end(cli);
    if (g_str_has_prefix(text, WARNING))
        fprintf(stderr, "%s" WARNING "%s%s\n", mvm_cli_style(cli, stderr, MVM_STYLE_WARN),
                mvm_cli_style(cli, stderr, MVM_STYLE_PLAIN), text + strlen(WARNING));
    else
        fprintf(stderr, "%s\n", text);
}

bool
mvm_cli_confirm(MvmCli *cli, const char *question, bool *ret_yes, GError **error)
{
    g_autofree char *answer = NULL;
    size_t size = 0;

    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot ask '%s': no terminal", question);
        mvm_error_set_hint(error, "give --yes to agree beforehand");
        return false;
    }
    mvm_cli_progress_end(cli);
    fprintf(stderr, "%s [y/N] ", question);
    *ret_yes = false;
    /* The whole line: what stayed of it would answer the next question. */
    if (getline(&answer, &size, stdin) < 0) {
        fputc('\n', stderr);
        return true;
    }
    g_strstrip(answer);
    *ret_yes = g_ascii_strcasecmp(answer, "y") == 0 || g_ascii_strcasecmp(answer, "yes") == 0;
    return true;
}

void
mvm_cli_print_json(MvmJson *json)
{
    g_autofree char *text = mvm_json_to_text(json, true);

    fputs(text, stdout);
    mvm_json_free(json);
}

void
mvm_cli_print_change(const char *name, bool changed, bool running)
{
    MvmJson *json = mvm_json_new();

    mvm_json_begin_object(json, NULL);
    mvm_json_string(json, "name", name);
    mvm_json_bool(json, "changed", changed);
    mvm_json_bool(json, "running", running);
    mvm_json_end_object(json);
    mvm_cli_print_json(json);
}

MvmConnection *
mvm_cli_connect(MvmCli *cli, GError **error)
{
    if (cli->conn != NULL)
        return cli->conn;
    cli->conn = mvm_connection_open(cli->uri, error);
    if (cli->conn != NULL && mvm_connection_is_root_session(cli->conn))
        mvm_cli_say(cli, "macvm: for root, qemu:///session is the system's libvirt: "
                         "the same as qemu:///system");
    return cli->conn;
}
