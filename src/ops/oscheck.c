/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/oscheck.h"

#include "util/error.h"

/* What of MVM_CPU_FEATURES a guest cannot have there, NULL-terminated; NULL with an error. */
static char **
ask_missing(const MvmContext *context, bool kvm, GError **error)
{
    g_auto(GStrv) features = g_strsplit(MVM_CPU_FEATURES, " ", -1);
    char **missing = NULL;

    if (!mvm_host_missing_cpu_features(context->conn, kvm, (const char *const *)features, &missing,
                                       error))
        return NULL;
    return missing;
}

/* Why os cannot run there with that accelerator, or NULL. What cannot be asked is no obstacle. */
static char *
find_obstacle(const MvmContext *context, const MvmHost *host, const MvmOs *os, bool kvm)
{
    g_auto(GStrv) missing = ask_missing(context, kvm, NULL);

    return mvm_os_find_obstacle(os, &host->versions, (const char *const *)missing);
}

/* "macOS 12 (Monterey) works here: --os 12", what else can be done, or both. */
static char *
find_way_out(const MvmContext *context, const MvmHost *host, const MvmOs *os, bool kvm,
             const char *const *missing)
{
    const MvmOs *nearest = mvm_os_find_nearest(os, &host->versions, missing);
    g_autoptr(GString) hint = g_string_new(NULL);

    if (nearest != NULL)
        g_string_append_printf(hint, "macOS %s (%s) works here: --os %s", nearest->id,
                               nearest->title, nearest->id);
    if (kvm && host->tcg != NULL) {
        g_autofree char *obstacle = find_obstacle(context, host, os, false);

        if (obstacle == NULL)
            g_string_append_printf(hint, "%s--accel tcg emulates the CPU, slowly",
                                   hint->len > 0 ? "; " : "");
    }
    if (hint->len == 0)
        g_string_append(hint, "use another host, or bring this one up to date");
    return g_string_free(g_steal_pointer(&hint), FALSE);
}

static bool
check(const MvmContext *context, const MvmHost *host, const MvmOs *os, bool kvm,
      const char *const *missing, GError **error)
{
    g_autofree char *obstacle = mvm_os_find_obstacle(os, &host->versions, missing);
    g_autofree char *hint = NULL;

    if (obstacle == NULL)
        return true;
    hint = find_way_out(context, host, os, kvm, missing);
    g_set_error(error, MVM_ERROR, MVM_ERROR_HOST, "cannot run macOS %s (%s) on this host: %s",
                os->id, os->title, obstacle);
    mvm_error_set_hint(error, "%s", hint);
    return false;
}

/* A note has no hint: both in one sentence. */
static void
note(const MvmContext *context, const GError *error)
{
    const char *hint = mvm_error_get_hint(error);

    mvm_progress_note(context->progress, "%s%s%s", error->message, hint != NULL ? "; " : "",
                      hint != NULL ? hint : "");
}

bool
mvm_oscheck_fit(const MvmContext *context, const MvmHost *host, bool strict, MvmMachine *machine,
                GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GError) unfit = NULL;
    g_auto(GStrv) missing = ask_missing(context, machine->kvm, &cause);

    if (missing == NULL && strict) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    machine->versions = host->versions;
    mvm_host_fit_cpu(host, (const char *const *)missing, machine);
    if (check(context, host, machine->os, machine->kvm, (const char *const *)missing, &unfit))
        return true;
    if (!strict) {
        note(context, unfit);
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&unfit));
    return false;
}

/* With the one accelerator, as far as it is there. */
static bool
check_with(const MvmContext *context, const MvmHost *host, const MvmOs *os, bool kvm,
           GError **error)
{
    g_auto(GStrv) missing = ask_missing(context, kvm, NULL);

    return check(context, host, os, kvm, (const char *const *)missing, error);
}

bool
mvm_oscheck_media(const MvmContext *context, const MvmOs *os, const char *accel, bool only_warn,
                  GError **error)
{
    g_autoptr(MvmHost) host = mvm_host_read(context->conn, NULL);
    g_autoptr(GError) cause = NULL;
    bool kvm = false;

    if (host == NULL)
        return true;
    kvm = host->kvm != NULL && g_strcmp0(accel, "tcg") != 0;
    if (check_with(context, host, os, kvm, &cause))
        return true;
    if (accel == NULL && kvm && host->tcg != NULL) {
        g_autofree char *obstacle = find_obstacle(context, host, os, false);

        only_warn = only_warn || obstacle == NULL;
    }
    if (only_warn) {
        note(context, cause);
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}
