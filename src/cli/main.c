/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The only place that prints errors and the only one that decides the exit status. */
#include "cli/cli.h"
#include "cli/menu.h"
#include "cli/version.h"
#include "util/error.h"
#include "util/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Static for give_up(), which runs in a thread of its own. */
static MvmCli program;

static bool
parse_color(const char *name, const char *value, gpointer data, GError **error)
{
    static const char *const names[] = {"auto", "always", "never"};
    MvmCli *cli = data;

    for (int i = 0; i < (int)G_N_ELEMENTS(names); i++) {
        if (strcmp(value, names[i]) == 0) {
            cli->color = (MvmColor)i;
            return true;
        }
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                "cannot use '%s' for --color: not auto, always or never", value);
    return false;
}

/* Takes the global options out of argv wherever they stand before "--". What is not one of them
 * (the command's own options) stays, in order. */
static bool
take_globals(MvmCli *cli, int *argc, char **argv, bool *ret_version, GError **error)
{
    int kept = 1, i = 1;
    const char *before = NULL;

    cli->taken = g_ptr_array_new();
    for (; i < *argc && strcmp(argv[i], "--") != 0; i++) {
        const char *arg = argv[i];

        if (strcmp(arg, "--json") == 0) {
            cli->json = TRUE;
        } else if (strcmp(arg, "-q") == 0 || strcmp(arg, "--quiet") == 0) {
            cli->quiet = TRUE;
        } else if (strcmp(arg, "-v") == 0 || strcmp(arg, "--verbose") == 0) {
            cli->verbose = TRUE;
        } else if (strcmp(arg, "--version") == 0) {
            *ret_version = true;
        } else if (g_str_has_prefix(arg, "--color=")) {
            if (!parse_color("--color", arg + strlen("--color="), cli, error))
                return false;
        } else if (g_str_has_prefix(arg, "--connect=")) {
            g_free(cli->uri);
            cli->uri = g_strdup(arg + strlen("--connect="));
        } else if (strcmp(arg, "-c") == 0 || strcmp(arg, "--connect") == 0 ||
                   strcmp(arg, "--color") == 0) {
            if (i + 1 >= *argc) {
                g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot use '%s': it needs a value",
                            arg);
                return false;
            }
            if (strcmp(arg, "--color") == 0) {
                if (!parse_color(arg, argv[++i], cli, error))
                    return false;
            } else {
                g_free(cli->uri);
                cli->uri = g_strdup(argv[++i]);
            }
        } else {
            argv[kept++] = argv[i];
            before = arg;
            continue;
        }
        if (before != NULL) {
            g_ptr_array_add(cli->taken, (char *)before);
            g_ptr_array_add(cli->taken, (char *)arg);
        }
        before = NULL;
    }
    while (i < *argc)
        argv[kept++] = argv[i++];
    argv[kept] = NULL;
    *argc = kept;
    return true;
}

static bool
unknown_command(const char *name, GError **error)
{
    const char *nearest = mvm_command_nearest(name);

    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot run '%s': no such command", name);
    if (nearest != NULL)
        mvm_error_set_hint(error, "did you mean '%s'? 'macvm --help' lists the commands", nearest);
    else
        mvm_error_set_hint(error, "'macvm --help' lists the commands");
    return false;
}

static void
print_labelled(const MvmCli *cli, MvmStyle style, const char *label, const char *text)
{
    mvm_cli_print_style(cli, stderr, style);
    mvm_cli_print(stderr, "%s", label);
    mvm_cli_print_style(cli, stderr, MVM_STYLE_PLAIN);
    mvm_cli_print(stderr, " %s\n", text);
}

static void
print_error(MvmCli *cli, const GError *error)
{
    const char *hint = mvm_error_get_hint(error);

    mvm_cli_progress_end(cli);
    if (cli->json) {
        g_autoptr(MvmJson) json = mvm_json_new();
        g_autofree char *text = NULL;

        mvm_json_begin_object(json, NULL);
        mvm_json_begin_object(json, "error");
        mvm_json_string(json, "code", mvm_error_code_name(error));
        mvm_json_string(json, "message", error->message);
        mvm_json_string(json, "hint", hint);
        mvm_json_end_object(json);
        mvm_json_end_object(json);
        text = mvm_json_to_text(json, false);
        mvm_cli_print(stderr, "%s", text);
        return;
    }
    print_labelled(cli, MVM_STYLE_BAD, "macvm:", error->message);
    if (hint != NULL)
        print_labelled(cli, MVM_STYLE_BOLD, "hint:", hint);
}

static bool
dispatch(MvmCli *cli, int argc, char **argv, GError **error)
{
    cli->command = mvm_command_find(argv[1]);
    if (cli->command == NULL)
        return unknown_command(argv[1], error);
    return cli->command->run(cli, argc - 1, argv + 1, error);
}

static bool
run(MvmCli *cli, int argc, char **argv, GError **error)
{
    bool version = false;

    if (!take_globals(cli, &argc, argv, &version, error))
        return false;
    mvm_cli_progress_init(cli);
    if (version) {
        mvm_cli_print_version(cli);
        return true;
    }
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
                     strcmp(argv[1], "help") == 0)) {
        if (argc > 2) {
            char *help[] = {argv[2], (char *)"--help", NULL};

            cli->command = mvm_command_find(argv[2]);
            return cli->command == NULL ? unknown_command(argv[2], error)
                                        : cli->command->run(cli, 2, help, error);
        }
        mvm_help_program(stdout);
        return true;
    }
    if (argc > 1 && argv[1][0] == '-') {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot use '%s': no such option", argv[1]);
        mvm_error_set_hint(error, "'macvm --help' lists the options");
        return false;
    }
    if (argc > 1)
        return dispatch(cli, argc, argv, error);
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        return mvm_menu_run(cli, print_error, error);
    mvm_help_program(stderr);
    g_set_error_literal(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot run 'macvm': no command given");
    return false;
}

/* A file or a connection must not get the number of a standard stream that is closed, or what is
 * printed would end up there. */
static void
keep_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY); /* the lowest free */
    }
}

/* A Ctrl-C reaches ssh as well, so that a connection that is being made ends as if the other side
 * had not let us in. What fails then fails because of it. */
static void
blame_interrupt(GError **error)
{
    GError *cause = *error;

    if (!mvm_interrupted() || g_error_matches(cause, MVM_ERROR, MVM_ERROR_CANCELLED) ||
        g_error_matches(cause, MVM_ERROR, MVM_ERROR_DONE))
        return;
    *error = NULL;
    g_set_error(error, MVM_ERROR, MVM_ERROR_CANCELLED, "interrupted: %s", cause->message);
    g_error_free(cause);
}

/* In another thread, while this program's own is in a call that does not return. */
static void
give_up(void)
{
    struct pollfd terminal = {.fd = STDERR_FILENO, .events = POLLOUT};
    g_autoptr(GError) error = g_error_new_literal(
        MVM_ERROR, MVM_ERROR_CANCELLED, "interrupted: what was in progress did not end in time");
    GError *with_hint = error;

    mvm_error_set_hint(&with_hint, "run the command again: it continues from what is there");
    if (poll(&terminal, 1, 0) == 1 && ftrylockfile(stderr) == 0)
        print_error(&program, error);
    _exit(mvm_error_exit_status(error));
}

int
main(int argc, char **argv)
{
    MvmCli *cli = &program;
    g_autoptr(GError) error = NULL;
    int status = 0;

    keep_standard_streams();
    setlocale(LC_ALL, "");
    signal(SIGPIPE, SIG_IGN);
    mvm_interrupt_catch(give_up);
    if (!run(cli, argc, argv, &error)) {
        blame_interrupt(&error);
        status = mvm_error_exit_status(error);
        mvm_cli_end_say(cli, status == 0);
        if (!g_error_matches(error, MVM_ERROR, MVM_ERROR_DONE))
            print_error(cli, error);
    } else {
        mvm_cli_end_say(cli, true);
        status = cli->exit_status;
    }
    mvm_cli_progress_end(cli);
    mvm_connection_free(cli->conn);
    g_free(cli->uri);
    g_clear_pointer(&cli->taken, g_ptr_array_unref);
    if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE && status == 0) {
        mvm_cli_print(stderr, "macvm: cannot write to standard output: %s\n", g_strerror(errno));
        status = 1;
    }
    return status;
}
