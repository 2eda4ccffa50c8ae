/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/clip.h"
#include "cli/commands.h"
#include "cli/pick.h"
#include "ops/clip-daemon.h"
#include "ops/clip-run.h"
#include "util/error.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MAX ((off_t)1 << 20) /* bytes of the file in the runtime directory */

typedef struct {
    char *ssh, *direction, *backend; /* owned, or NULL */
    gboolean foreground;
    int ready_fd;     /* hidden: the descriptor to tell the start by; 0: none */
    const char *name; /* borrowed, or NULL */
    MvmDirection ways;
} ClipArgs;

static void
clip_args_clear(ClipArgs *args)
{
    g_free(args->ssh);
    g_free(args->direction);
    g_free(args->backend);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ClipArgs, clip_args_clear)

/* What the agent's thread tells: to the parent by ready_fd, to the log by stderr. */
typedef struct {
    int ready_fd; /* -1: nobody waits, or it was told */
    bool quiet;
    bool background; /* stderr is the log file */
} Listener;

static void
on_settled(const GError *error, void *data)
{
    Listener *listener = data;

    mvm_clip_daemon_tell_ready(listener->ready_fd, error);
    listener->ready_fd = -1;
}

/* The file is in memory, as all of the runtime directory. */
static void
bound_log(void)
{
    struct stat st;

    if (fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > LOG_MAX &&
        ftruncate(STDERR_FILENO, 0) == 0)
        fputs("the log was full; it begins anew\n", stderr);
}

static void
on_log(const char *line, void *data)
{
    Listener *listener = data;
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%F %T");

    if (listener->background)
        bound_log();
    if (!listener->quiet)
        mvm_cli_print(stderr, "%s %s\n", time, line);
}

/* The same in the agent and in whoever asks for it. */
static const char *
asked_uri(const MvmCli *cli)
{
    const char *fallback = g_getenv("LIBVIRT_DEFAULT_URI");

    if (cli->uri != NULL)
        return cli->uri;
    return fallback != NULL ? fallback : "";
}

/* Is the agent, in this process. */
static bool
be_agent(MvmCli *cli, MvmClipPeer *peer, const ClipArgs *args, MvmAgentTask task, GError **error)
{
    Listener listener = {.ready_fd = args->ready_fd > 0 ? args->ready_fd : -1,
                         .quiet = cli->quiet || (task == MVM_AGENT_PUSH && !cli->verbose),
                         .background = args->ready_fd > 0};
    MvmClipListener events = {on_settled, on_log, &listener};
    MvmClipOptions options = {.task = task,
                              .direction = args->ways,
                              .backend = args->backend,
                              .verbose = cli->verbose,
                              .uri = peer->domain != NULL ? asked_uri(cli) : NULL};
    g_autoptr(GError) cause = NULL;
    bool ok = false;

    if (listener.ready_fd >= 0)
        (void)fcntl(listener.ready_fd, F_SETFD, FD_CLOEXEC);
    ok = mvm_clip_run(peer, &options, &events, &cause);
    if (peer->stuck)
        cli->conn = NULL; /* left to the thread that waits for it */
    if (ok) {
        if (listener.ready_fd < 0)
            return true;
        g_set_error(&cause, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot share the clipboard with '%s': the agent was stopped meanwhile",
                    peer->name);
    }
    mvm_clip_daemon_tell_failed(listener.ready_fd, cause);
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static void
add_pair(GPtrArray *argv, const char *option, const char *value)
{
    if (value == NULL)
        return;
    g_ptr_array_add(argv, (char *)option);
    g_ptr_array_add(argv, (char *)value);
}

/* Has another process be the agent; *ret_note is what it is still trying. */
static bool
start_agent(MvmCli *cli, const MvmClipPeer *peer, const ClipArgs *args, const char *action,
            char **ret_note, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *log = mvm_clip_peer_get_path(peer, "log");
    g_autofree char *fd = g_strdup_printf("--ready-fd=%d", MVM_CLIP_READY_FD);

    add_pair(argv, "--connect", cli->uri);
    if (cli->verbose)
        g_ptr_array_add(argv, (char *)"--verbose");
    g_ptr_array_add(argv, (char *)"clip");
    g_ptr_array_add(argv, (char *)action);
    if (args->ssh == NULL)
        g_ptr_array_add(argv, peer->name);
    add_pair(argv, "--ssh", args->ssh);
    add_pair(argv, "--direction", args->direction);
    add_pair(argv, "--backend", args->backend);
    g_ptr_array_add(argv, (char *)"--foreground");
    g_ptr_array_add(argv, fd);
    g_ptr_array_add(argv, NULL);
    return mvm_clip_daemon_start((const char *const *)argv->pdata, log, ret_note, error);
}

static bool
run_sync(MvmCli *cli, MvmClipPeer *peer, const ClipArgs *args, GError **error)
{
    g_autofree char *note = NULL;

    if (args->foreground) {
        if (!be_agent(cli, peer, args, MVM_AGENT_SYNC, error))
            return false;
        mvm_cli_tell(cli, peer->name, "stopped", "the clipboard is no longer shared with '%s'",
                     peer->name);
        return true;
    }
    /* The second one would begin the first one's log anew. */
    if (!mvm_clip_check_free(peer, error) || !start_agent(cli, peer, args, "sync", &note, error))
        return false;
    if (note != NULL)
        mvm_cli_tell(cli, peer->name, "waiting", "waiting for '%s': %s", peer->name, note);
    else
        mvm_cli_tell(cli, peer->name, "shared", "the clipboard is shared with '%s'", peer->name);
    return true;
}

static bool
run_push(MvmCli *cli, MvmClipPeer *peer, const ClipArgs *args, GError **error)
{
    bool running = false;

    if (!mvm_clip_ask(peer, "push", &running, error))
        return false;
    if (!running && !be_agent(cli, peer, args, MVM_AGENT_PUSH, error))
        return false;
    mvm_cli_tell(cli, peer->name, "pushed", "'%s' has the clipboard", peer->name);
    return true;
}

/* The host's clipboard needs somebody who serves it: the agent, or a process that stays until
 * somebody else copies. */
static bool
run_pull(MvmCli *cli, MvmClipPeer *peer, const ClipArgs *args, GError **error)
{
    g_autofree char *note = NULL;
    bool running = false;

    if (args->foreground && args->ready_fd > 0)
        return be_agent(cli, peer, args, MVM_AGENT_PULL, error);
    if (!mvm_clip_ask(peer, "pull", &running, error))
        return false;
    if (!running && args->foreground && !be_agent(cli, peer, args, MVM_AGENT_PULL, error))
        return false;
    if (!running && !args->foreground && !start_agent(cli, peer, args, "pull", &note, error))
        return false;
    mvm_cli_tell(cli, peer->name, "pulled", "the clipboard of '%s' is here", peer->name);
    return true;
}

static bool
run_stop(MvmCli *cli, MvmClipPeer *peer, const ClipArgs *args, GError **error)
{
    if (!mvm_clip_stop(peer, error))
        return false;
    mvm_cli_tell(cli, peer->name, "stopped", "the clipboard is no longer shared with '%s'",
                 peer->name);
    return true;
}

static void
print_json(const MvmClipPeer *peer, const MvmClipStatus *status)
{
    MvmJson *json = mvm_json_new();

    mvm_json_begin_object(json, NULL);
    mvm_json_bool(json, "running", status->running);
    if (status->running)
        mvm_json_int(json, "pid", status->pid);
    else
        mvm_json_null(json, "pid");
    mvm_json_string(json, "machine", peer->name);
    mvm_json_bool(json, "connected", status->connected);
    mvm_json_string(json, "backend", status->backend);
    mvm_json_int(json, "sent", (int64_t)status->sent);
    mvm_json_int(json, "received", (int64_t)status->received);
    mvm_json_end_object(json);
    mvm_cli_print_json(json);
}

static void
print_row(const char *key, const char *value)
{
    if (value != NULL)
        mvm_cli_print(stdout, "%-10s %s\n", key, value);
}

static void
print_status(const MvmClipPeer *peer, const MvmClipStatus *status)
{
    g_autofree char *agent = g_strdup_printf("process %d", (int)status->pid);
    g_autofree char *backend = status->backend != NULL
                                   ? g_strdup_printf("%s (%s)", status->backend, status->reason)
                                   : NULL;
    g_autofree char *copies =
        g_strdup_printf("%" G_GUINT64_FORMAT " to the guest, %" G_GUINT64_FORMAT " from it",
                        status->sent, status->received);

    print_row("machine", peer->name);
    print_row("agent", status->running ? agent : "not running");
    if (!status->running)
        return;
    print_row("guest", status->connected ? status->agent : "not connected");
    print_row("host", backend);
    print_row("copies", copies);
    print_row("trouble", status->trouble);
}

static bool
run_status(MvmCli *cli, MvmClipPeer *peer, const ClipArgs *args, GError **error)
{
    g_auto(MvmClipStatus) status = {0};

    if (!mvm_clip_status(peer, &status, error))
        return false;
    if (cli->json)
        print_json(peer, &status);
    else
        print_status(peer, &status);
    return true;
}

static const struct {
    const char *name;
    bool (*run)(MvmCli *cli, MvmClipPeer *peer, const ClipArgs *args, GError **error);
    bool asks; /* the agent, and nobody else */
} actions[] = {{"sync", run_sync, false},
               {"push", run_push, false},
               {"pull", run_pull, false},
               {"stop", run_stop, true},
               {"status", run_status, true}};

static bool
parse_direction(ClipArgs *args, GError **error)
{
    static const struct {
        const char *name;
        MvmDirection ways;
    } names[] = {{"both", MVM_DIRECTION_BOTH},
                 {"to-guest", MVM_DIRECTION_TO_GUEST},
                 {"to-host", MVM_DIRECTION_TO_HOST}};

    args->ways = MVM_DIRECTION_BOTH;
    if (args->direction == NULL)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i].name, args->direction) == 0) {
            args->ways = names[i].ways;
            return true;
        }
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                "cannot use '%s' for --direction: not both, to-guest or to-host", args->direction);
    return false;
}

static MvmClipPeer *
find_peer(MvmCli *cli, const ClipArgs *args, GError **error)
{
    g_autofree char *name = NULL;
    MvmContext context = {0};

    if (args->ssh != NULL && args->name != NULL) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_USAGE,
                            "a machine's name and --ssh exclude each other");
        return NULL;
    }
    if (args->ssh != NULL)
        return mvm_clip_peer_from_ssh(args->ssh, error);
    name = mvm_cli_pick(cli, args->name, &context, error);
    return name != NULL ? mvm_clip_peer_from_machine(&context, name, error) : NULL;
}

bool
mvm_cli_share_clipboard(MvmCli *cli, const char *name, GError **error)
{
    ClipArgs args = {.name = name};
    g_autoptr(MvmClipPeer) peer = find_peer(cli, &args, error);
    g_autofree char *note = NULL;

    if (peer == NULL)
        return false;
    /* The agent of an earlier run waits for the machine. */
    if (mvm_clip_check_free(peer, NULL) && !start_agent(cli, peer, &args, "sync", &note, error))
        return false;
    mvm_cli_say(cli,
                note != NULL ? "the clipboard waits for '%s'" : "the clipboard is shared with '%s'",
                name);
    return true;
}

bool
mvm_cli_toggle_clipboard(MvmCli *cli, const char *name, GError **error)
{
    ClipArgs args = {.name = name};
    g_autoptr(MvmClipPeer) peer = find_peer(cli, &args, error);
    g_auto(MvmClipStatus) status = {0};

    return peer != NULL && mvm_clip_status(peer, &status, error) &&
           (status.running ? run_stop : run_sync)(cli, peer, &args, error);
}

bool
mvm_cmd_clip(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_auto(ClipArgs) args = {0};
    const GOptionEntry entries[] = {
        {"ssh", 0, 0, G_OPTION_ARG_STRING, &args.ssh, "any Mac, as [USER@]HOST[:PORT]; no libvirt",
         "DEST"},
        {"foreground", 0, 0, G_OPTION_ARG_NONE, &args.foreground,
         "stay here instead of in the background", NULL},
        {"direction", 0, 0, G_OPTION_ARG_STRING, &args.direction,
         "which way copies go; default: both", "both|to-guest|to-host"},
        {"backend", 0, 0, G_OPTION_ARG_STRING, &args.backend,
         "how to reach the desktop; default: by itself", "x11|wayland-ext|wayland-wlr"},
        {"ready-fd", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &args.ready_fd, "", "FD"},
        {0},
    };
    g_autoptr(MvmClipPeer) peer = NULL;

    if (!mvm_cli_parse(cli, entries, &argc, &argv, error) || !parse_direction(&args, error))
        return false;
    args.name = argc > 2 ? argv[2] : NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        if (strcmp(actions[i].name, argv[1]) != 0)
            continue;
        /* An agent outlives libvirt's absence, and can be asked and stopped meanwhile. */
        if (actions[i].asks && args.name != NULL && args.ssh == NULL)
            peer = mvm_clip_peer_find(asked_uri(cli), args.name);
        if (peer == NULL)
            peer = find_peer(cli, &args, error);
        return peer != NULL && actions[i].run(cli, peer, &args, error);
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                "cannot run 'clip %s': not sync, push, pull, stop or status", argv[1]);
    return false;
}
