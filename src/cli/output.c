/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/cli.h"
#include "ops/config.h"
#include "util/error.h"
#include "util/interrupt.h"
#include "util/words.h"
#include "virt/pump.h"

#include <poll.h>
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
mvm_cli_print(FILE *to, const char *format, ...)
{
    g_autofree char *text = NULL, *shown = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    shown = mvm_word_printable(text);
    fputs(shown, to);
}

void
mvm_cli_print_document(const char *text)
{
    if (isatty(STDOUT_FILENO))
        mvm_cli_print(stdout, "%s", text);
    else
        fputs(text, stdout);
}

void
mvm_cli_print_style(const MvmCli *cli, FILE *to, MvmStyle style)
{
    fputs(mvm_cli_style(cli, to, style), to);
}

static void
print_sentence(MvmCli *cli, const char *text)
{
    if (g_str_has_prefix(text, WARNING)) {
        mvm_cli_print_style(cli, stderr, MVM_STYLE_WARN);
        fputs(WARNING, stderr);
        mvm_cli_print_style(cli, stderr, MVM_STYLE_PLAIN);
        text += strlen(WARNING);
    }
    mvm_cli_print(stderr, "%s\n", text);
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
    if (!cli->json) {
        print_sentence(cli, text);
        return;
    }
    if (cli->said == NULL)
        cli->said = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(cli->said, g_steal_pointer(&text));
}

void
mvm_cli_end_say(MvmCli *cli, bool succeeded)
{
    for (guint i = 0; succeeded && cli->said != NULL && i < cli->said->len; i++)
        print_sentence(cli, cli->said->pdata[i]);
    g_clear_pointer(&cli->said, g_ptr_array_unref);
}

/* False at Ctrl-C. A terminal hands out whole lines, so that none is left in stdin's buffer. */
static bool
wait_for_input(void)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = mvm_interrupt_fd(), .events = POLLIN}};

    while (!mvm_interrupted() && (poll(fds, G_N_ELEMENTS(fds), -1) < 0 || fds[0].revents == 0))
        ;
    return !mvm_interrupted();
}

char *
mvm_cli_read_line(MvmCli *cli)
{
    G_GNUC_UNUSED g_autoptr(MvmPump) pump = cli->conn != NULL ? mvm_pump_start() : NULL;
    g_autofree char *line = NULL;
    size_t size = 0;

    if (!wait_for_input() || getline(&line, &size, stdin) < 0)
        return NULL;
    return g_strdup(g_strstrip(line));
}

bool
mvm_cli_confirm(MvmCli *cli, const char *question, bool *ret_yes, GError **error)
{
    g_autofree char *answer = NULL;

    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot ask '%s': no terminal", question);
        mvm_error_set_hint(error, "give --yes to agree beforehand");
        return false;
    }
    mvm_cli_progress_end(cli);
    mvm_cli_print(stderr, "%s [y/N] ", question);
    answer = mvm_cli_read_line(cli);
    if (answer == NULL)
        fputc('\n', stderr);
    *ret_yes = answer != NULL &&
               (g_ascii_strcasecmp(answer, "y") == 0 || g_ascii_strcasecmp(answer, "yes") == 0);
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
    unsigned timeout = MVM_CONNECTION_TIMEOUT;

    if (cli->conn != NULL)
        return cli->conn;
    if (!mvm_config_load_timeout(&timeout, error))
        return NULL;
    cli->conn = mvm_connection_open(cli->uri, timeout, error);
    if (cli->conn != NULL && mvm_connection_is_root_session(cli->conn))
        mvm_cli_say(cli, "macvm: for root, qemu:///session is the system's libvirt: "
                         "the same as qemu:///system");
    return cli->conn;
}
