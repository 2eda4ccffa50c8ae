/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lets test_storage.py call the storage, capability and probe layers of src/virt one by one.
 *
 *   storage-driver URI COMMAND [ARG...]     results as "key=value" lines; exit codes as macvm's
 */
#include "util/error.h"
#include "util/file.h"
#include "util/size.h"
#include "virt/probe.h"
#include "virt/upload.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What happens once "at" bytes are sent: SIGKILL, an interruption, or a wait for a line of stdin.
 */
typedef struct {
    MvmProgress base;
    const char *what;
    uint64_t at;
    bool waited;
} Accident;

static bool
accident_update(MvmProgress *self, const char *what, uint64_t done, uint64_t total)
{
    Accident *accident = (Accident *)self;
    char line[8];

    if (accident->what == NULL || done < accident->at)
        return true;
    if (strcmp(accident->what, "kill") == 0)
        raise(SIGKILL);
    if (strcmp(accident->what, "stop") == 0)
        return false;
    if (!accident->waited) {
        accident->waited = true;
        puts("waiting");
        fflush(stdout);
        if (fgets(line, sizeof line, stdin) == NULL)
            return false;
    }
    return true;
}

static void
accident_note(MvmProgress *self, const char *text)
{
    printf("note=%s\n", text);
}

static void
print_list(const char *key, char **list)
{
    g_autofree char *text = g_strjoinv(",", list);

    printf("%s=%s\n", key, text);
}

static void
print_volume(const MvmVolume *volume)
{
    printf("pool=%s\nname=%s\npath=%s\ncapacity=%" G_GUINT64_FORMAT
           "\nallocation=%" G_GUINT64_FORMAT "\nformat=%s\nbacking=%s\n",
           volume->pool, volume->name, volume->path, volume->capacity, volume->allocation,
           volume->format, volume->backing != NULL ? volume->backing : "");
}

static bool
run_host(MvmConnection *conn, char **args, GError **error)
{
    g_autoptr(MvmHost) host = mvm_host_read(conn, error);
    const MvmDomCaps *caps = NULL;

    if (host == NULL)
        return false;
    caps = mvm_host_get_domcaps(host, false);
    printf("memory=%" G_GUINT64_FORMAT "\ncpus=%u\nlibvirt=%lu\nqemu=%lu\nuid=%" G_GINT64_FORMAT
           "\nkvm=%d\nmachine=%s\nemulator=%s\nefi=%d\n",
           host->memory, host->cpus, host->versions.libvirt, host->versions.qemu, host->qemu_uid,
           host->kvm != NULL, caps->machine, caps->emulator, caps->efi_autoselect);
    if (host->firmware != NULL)
        printf("code=%s\nvars=%s\n", host->firmware->code, host->firmware->vars);
    print_list("video", caps->video_models);
    return true;
}

static bool
run_missing(MvmConnection *conn, char **args, GError **error)
{
    g_auto(GStrv) missing = NULL;

    if (!mvm_host_missing_cpu_features(conn, strcmp(args[0], "kvm") == 0,
                                       (const char *const *)args + 1, &missing, error))
        return false;
    print_list("missing", missing);
    return true;
}

/* [SECONDS] */
static bool
run_probe(MvmConnection *conn, char **args, GError **error)
{
    static const char *const names[MVM_ASK_COUNT] = {"applesmc", "kvm", "passt"};
    unsigned timeout_ms = args[1] != NULL ? (unsigned)atoi(args[1]) * 1000 : MVM_PROBE_TIMEOUT;
    g_autoptr(MvmHost) host = mvm_host_read(conn, error);
    g_autoptr(MvmProbe) probe = host != NULL ? mvm_probe_run(conn, host, timeout_ms, error) : NULL;

    if (probe == NULL)
        return false;
    printf("kvm_offered=%d\n", host->kvm != NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const MvmProbeAnswer *answer = mvm_probe_get(probe, (MvmProbeQuestion)i);

        if (answer != NULL)
            printf("%s=%d\n%s_reason=%s\n", names[i], answer->works, names[i],
                   answer->works ? "" : answer->reason);
    }
    return true;
}

static bool
run_list(MvmPool *pool, char **args, GError **error)
{
    g_autoptr(GPtrArray) volumes = mvm_volume_list(pool, error);

    for (guint i = 0; volumes != NULL && i < volumes->len; i++)
        printf("volume=%s\n", ((const MvmVolume *)volumes->pdata[i])->name);
    return volumes != NULL;
}

static bool
print_or_fail(MvmVolume *volume)
{
    g_autoptr(MvmVolume) owned = volume;

    if (owned != NULL)
        print_volume(owned);
    return owned != NULL;
}

/* NAME FILE [replace[=MACHINE]] [kill|stop|wait@BYTES] */
static bool
run_upload(MvmPool *pool, char **args, GError **error)
{
    mvm_autofd fd = open(args[1], O_RDONLY | O_CLOEXEC);
    MvmUploadTarget target = {.name = args[0]};
    Accident accident = {.base = {accident_update, accident_note, NULL}};

    if (fd < 0)
        return mvm_error_set_errno(error, "open", args[1]);
    for (char **arg = args + 2; *arg != NULL; arg++) {
        char *at = strchr(*arg, '@');
        char *machine = strchr(*arg, '=');

        if (at != NULL) {
            *at = '\0';
            accident.what = *arg;
            accident.at = g_ascii_strtoull(at + 1, NULL, 10);
        } else {
            target.replace = true;
            target.machine = machine != NULL ? machine + 1 : NULL;
        }
    }
    return print_or_fail(mvm_upload_file(pool, &target, fd, &accident.base, error));
}

static uint64_t
number(const char *text)
{
    return g_ascii_strtoull(text, NULL, 10);
}

static bool
run_in_pool(MvmPool *pool, const char *command, char **args, GError **error)
{
    guint count = g_strv_length(args);

    if (strcmp(command, "pool") == 0) {
        printf("name=%s\npath=%s\n", mvm_pool_get_name(pool), mvm_pool_get_path(pool));
        return true;
    }
    if (strcmp(command, "list") == 0)
        return run_list(pool, args, error);
    if (strcmp(command, "show") == 0 && count >= 1)
        return print_or_fail(mvm_volume_lookup(pool, args[0], error));
    if (strcmp(command, "create") == 0 && count >= 2)
        return print_or_fail(mvm_volume_create_qcow2(pool, args[0], number(args[1]), error));
    if (strcmp(command, "resize") == 0 && count >= 2)
        return mvm_volume_resize(pool, args[0], number(args[1]), error);
    if (strcmp(command, "delete") == 0 && count >= 1)
        return mvm_volume_delete(pool, args[0], args[1], error);
    if (strcmp(command, "upload") == 0 && count >= 2)
        return run_upload(pool, args, error);
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot run '%s': see the source", command);
    return false;
}

static bool
run(char **argv, GError **error)
{
    g_autoptr(MvmConnection) conn = mvm_connection_open(argv[1], MVM_CONNECTION_TIMEOUT, error);
    g_autoptr(MvmPool) pool = NULL;
    const char *name = NULL;

    if (conn == NULL)
        return false;
    if (strcmp(argv[2], "host") == 0)
        return run_host(conn, argv + 3, error);
    if (strcmp(argv[2], "missing") == 0)
        return run_missing(conn, argv + 3, error);
    if (strcmp(argv[2], "probe") == 0)
        return run_probe(conn, argv + 3, error);
    name = strcmp(argv[3], "-") == 0 ? NULL : argv[3];
    pool = strcmp(argv[2], "open") == 0 ? mvm_pool_open(conn, name, error)
                                        : mvm_pool_ensure(conn, name, error);
    if (pool == NULL)
        return false;
    return run_in_pool(pool, strcmp(argv[2], "open") == 0 ? "pool" : argv[2], argv + 4, error);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (argc < 4) {
        fprintf(stderr, "usage: %s URI COMMAND ARG...\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* as src/cli does: libvirt's socket may break */
    if (run(argv, &error))
        return 0;
    fprintf(stderr, "error: %s\n", error->message);
    if (mvm_error_get_hint(error) != NULL)
        fprintf(stderr, "hint: %s\n", mvm_error_get_hint(error));
    return mvm_error_exit_status(error);
}
