/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How it works: telling a domain's metadata takes libvirt little time, so the price of a list is
 * the way there and back. Workers send their questions without waiting for each other's answers;
 * libvirt's client lets threads share one connection for that.
 */
#include "virt/domain-list.h"

#include "util/error.h"
#include "virt/connection-priv.h"

#include <string.h>

/* On this machine more than a few only wait for each other (tests/bench/list.py); over a link each
 * worker is one more question on its way. */
#define LOCAL_WORKERS 8
#define REMOTE_WORKERS 32

typedef struct {
    virDomainStatsRecordPtr *records; /* owned; ended by NULL */
    guint count;
    MvmDomainInfo **infos; /* owned; one for each record, NULL: not a machine of ours */
    gint next;             /* the record that the next free worker takes */
    GMutex lock;
    GPtrArray *left_out; /* why, of each that cannot be asked; owned; under lock */
} Work;

void
mvm_domain_info_free(MvmDomainInfo *info)
{
    if (info == NULL)
        return;
    g_free(info->name);
    g_free(info->uuid);
    mvm_metadata_free(info->metadata);
    g_free(info->damage);
    g_free(info);
}

static void
work_clear(Work *work)
{
    if (work->records != NULL)
        virDomainStatsRecordListFree(work->records);
    for (guint i = 0; work->infos != NULL && i < work->count; i++)
        mvm_domain_info_free(work->infos[i]);
    g_free(work->infos);
    g_clear_pointer(&work->left_out, g_ptr_array_unref);
    g_mutex_clear(&work->lock);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static void
read_stats(MvmDomainInfo *info, const virDomainStatsRecord *record)
{
    int state = VIR_DOMAIN_NOSTATE, reason = 0;
    unsigned long long memory = 0;

    (void)virTypedParamsGetInt(record->params, record->nparams, "state.state", &state);
    (void)virTypedParamsGetInt(record->params, record->nparams, "state.reason", &reason);
    (void)virTypedParamsGetUInt(record->params, record->nparams, "vcpu.current", &info->vcpus);
    (void)virTypedParamsGetULLong(record->params, record->nparams, "balloon.maximum", &memory);
    info->state = mvm_state_from_virt(state);
    info->reason = mvm_state_reason(state, reason);
    info->memory = memory * 1024;
}

static MvmDomainInfo *
make_info(const virDomainStatsRecord *record, const char *metadata)
{
    MvmDomainInfo *info = g_new0(MvmDomainInfo, 1);
    g_autoptr(GError) cause = NULL;
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    (void)virDomainGetUUIDString(record->dom, uuid);
    info->name = g_strdup(virDomainGetName(record->dom));
    info->uuid = g_strdup(uuid);
    info->metadata = mvm_metadata_parse(metadata, info->name, &cause);
    info->damage = cause != NULL ? g_strdup(cause->message) : NULL;
    read_stats(info, record);
    return info;
}

/* Asks for one domain's metadata. */
static bool
ask(const virDomainStatsRecord *record, MvmDomainInfo **ret_info, GError **error)
{
    char *text = virDomainGetMetadata(record->dom, VIR_DOMAIN_METADATA_ELEMENT, MVM_XML_NS_MACVM,
                                      VIR_DOMAIN_AFFECT_CURRENT);
    int code = text == NULL ? mvm_virt_last_code() : 0;

    if (text != NULL) {
        *ret_info = make_info(record, text);
        free(text);
        return true;
    }
    if (code == VIR_ERR_NO_DOMAIN_METADATA || code == VIR_ERR_NO_DOMAIN)
        return true;
    return mvm_virt_set_error(error, "read the metadata of '%s'", virDomainGetName(record->dom));
}

static void *
ask_all(void *opaque)
{
    Work *work = opaque;

    for (guint i = 0; (i = (guint)g_atomic_int_add(&work->next, 1)) < work->count;) {
        g_autoptr(GError) error = NULL;

        if (ask(work->records[i], &work->infos[i], &error))
            continue;
        g_mutex_lock(&work->lock);
        g_ptr_array_add(work->left_out, g_strdup(error->message));
        g_mutex_unlock(&work->lock);
    }
    return NULL;
}

/* This thread is one of the workers. */
static void
run_workers(Work *work, guint workers)
{
    g_autoptr(GPtrArray) threads = g_ptr_array_new();

    /* GLib makes its C locale when the first number is read. Threads that come to that at once find
     * EAGAIN in errno, and g_ascii_string_to_unsigned() refuses a good number for it (GLib 2.74).
     */
    (void)g_ascii_strtoull("0", NULL, 10);
    for (guint i = 1; i < MIN(workers, work->count); i++) {
        GThread *thread = g_thread_try_new("list", ask_all, work, NULL);

        if (thread != NULL)
            g_ptr_array_add(threads, thread);
    }
    ask_all(work);
    for (guint i = 0; i < threads->len; i++)
        g_thread_join(threads->pdata[i]);
}

static bool
get_stats(MvmConnection *conn, Work *work, GError **error)
{
    /* NOWAIT: a domain in the midst of a start or a save must not hold up the list. */
    int count = virConnectGetAllDomainStats(
        conn->virt, VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_BALLOON,
        &work->records, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);

    if (count < 0)
        return mvm_virt_set_error(error, "list the machines");
    work->count = (guint)count;
    work->infos = g_new0(MvmDomainInfo *, work->count);
    return true;
}

/* Sets autostart of every machine that libvirt starts by itself. */
static bool
mark_autostart(MvmConnection *conn, GPtrArray *machines, GError **error)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    virDomainPtr *domains = NULL;
    int count = 0;

    if (machines->len == 0)
        return true;
    count = virConnectListAllDomains(conn->virt, &domains, VIR_CONNECT_LIST_DOMAINS_AUTOSTART);
    if (count < 0)
        return mvm_virt_set_error(error, "list the machines that start by themselves");
    for (int i = 0; i < count; i++) {
        g_hash_table_add(names, g_strdup(virDomainGetName(domains[i])));
        virDomainFree(domains[i]);
    }
    free(domains);
    for (guint i = 0; i < machines->len; i++) {
        MvmDomainInfo *info = machines->pdata[i];

        info->autostart = g_hash_table_contains(names, info->name);
    }
    return true;
}

static int
compare_names(const void *a, const void *b)
{
    const MvmDomainInfo *const *left = a, *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

/* One domain that cannot be asked is left out, with a remark; without a connection there is no
 * list.
 */
static bool
tell_left_out(MvmConnection *conn, const Work *work, GError **error)
{
    if (work->left_out->len > 0 && !mvm_connection_is_alive(conn)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_HOST, "%s", (const char *)work->left_out->pdata[0]);
        mvm_error_set_hint(error, "%s", MVM_VIRT_LOST_HINT);
        return false;
    }
    for (guint i = 0; i < work->left_out->len; i++)
        mvm_connection_note(conn, "%s", (const char *)work->left_out->pdata[i]);
    return true;
}

GPtrArray *
mvm_domain_list(MvmConnection *conn, GError **error)
{
    g_auto(Work) work = {0};
    g_autoptr(GPtrArray) machines =
        g_ptr_array_new_with_free_func((GDestroyNotify)mvm_domain_info_free);

    g_mutex_init(&work.lock);
    work.left_out = g_ptr_array_new_with_free_func(g_free);
    if (!get_stats(conn, &work, error))
        return NULL;
    run_workers(&work, conn->endpoint->remote ? REMOTE_WORKERS : LOCAL_WORKERS);
    if (!tell_left_out(conn, &work, error))
        return NULL;
    for (guint i = 0; i < work.count; i++) {
        if (work.infos[i] != NULL)
            g_ptr_array_add(machines, g_steal_pointer(&work.infos[i]));
    }
    if (!mark_autostart(conn, machines, error))
        return NULL;
    g_ptr_array_sort(machines, compare_names);
    return g_steal_pointer(&machines);
}
