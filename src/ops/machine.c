/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/machine.h"

#include "machine/name.h"
#include "ops/clip-state.h"
#include "ops/guest-ssh.h"
#include "ops/images.h"
#include "ops/log.h"
#include "ops/screen.h"
#include "util/error.h"
#include "util/words.h"
#include "virt/domain.h"
#include "virt/volume.h"

#include <string.h>

/* How long a running guest's ssh server may take to greet, in milliseconds. */
#define SSH_TIMEOUT_MS 2000

char *
mvm_machine_pick(const MvmContext *context, const char *given, GError **error)
{
    g_autoptr(GPtrArray) machines = NULL;
    const MvmDomainInfo *only = NULL;

    if (given != NULL)
        return g_strdup(given);
    machines = mvm_domain_list(context->conn, error);
    if (machines == NULL)
        return NULL;
    only = machines->len == 1 ? machines->pdata[0] : NULL;
    return g_strdup(only != NULL ? only->name : MVM_NAME_DEFAULT);
}

MvmLock *
mvm_machine_lock(const MvmContext *context, const char *name, GError **error)
{
    g_autofree char *daemon = mvm_connection_dup_key(context->conn);
    g_autofree char *key = g_strdup_printf("%s\n%s", daemon, name);

    return mvm_lock_take_key("define", key, name, error);
}

bool
mvm_machine_check_off(MvmDomain *domain, const char *verb, MvmState *ret_state, GError **error)
{
    const char *name = mvm_domain_get_name(domain);
    g_autofree char *word = mvm_word_quote(name);
    MvmState state = MVM_STATE_UNKNOWN;

    if (!mvm_domain_get_state(domain, &state, NULL, error))
        return false;
    if (ret_state != NULL)
        *ret_state = state;
    if (!mvm_state_is_active(state))
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot %s '%s': it is %s", verb, name,
                mvm_state_name(state));
    mvm_error_set_hint(error, "'macvm down %s' stops it", word);
    return false;
}

static void
disk_free(void *data)
{
    MvmDiskInfo *disk = data;

    g_free(disk->volume);
    g_free(disk->path);
    g_free(disk->format);
    g_free(disk);
}

void
mvm_machine_status_free(MvmMachineStatus *status)
{
    if (status == NULL)
        return;
    mvm_domain_info_free(status->info);
    mvm_guest_address_free(status->ssh);
    g_free(status->ssh_trouble);
    g_free(status->uri);
    g_free(status->host);
    g_free(status->screen);
    g_free(status->last_error);
    g_clear_pointer(&status->disks, g_ptr_array_unref);
    g_free(status);
}

/* By the names that define gives to volumes (ops/images.h), also of a machine that is called
 * "x-opencore"; the disk that is neither boot loader nor recovery is the system's, and what comes
 * after it was added by the user. */
static const char *
role_of(const char *machine, const char *path, bool *has_system)
{
    g_autofree char *base = path == NULL ? NULL : g_path_get_basename(path);
    g_autofree char *usual = g_strconcat(machine, mvm_image_ending(MVM_IMAGE_SYSTEM), NULL);

    if (g_strcmp0(base, usual) == 0 && !*has_system) {
        *has_system = true;
        return "system";
    }
    if (base != NULL && strstr(base, "-opencore") != NULL)
        return "opencore";
    if (base != NULL && (strstr(base, "-recovery") != NULL || g_str_has_prefix(base, "recovery-")))
        return "recovery";
    if (base == NULL || *has_system)
        return "other";
    *has_system = true;
    return "system";
}

static MvmDiskInfo *
read_disk(MvmDomain *domain, xmlNode *node, bool *has_system)
{
    MvmDiskInfo *disk = g_new0(MvmDiskInfo, 1);

    disk->path = mvm_xml_node_get(node, "source/@file");
    if (disk->path == NULL)
        disk->path = mvm_xml_node_get(node, "source/@dev");
    disk->format = mvm_xml_node_get(node, "driver/@type");
    disk->role = role_of(mvm_domain_get_name(domain), disk->path, has_system);
    if (disk->path == NULL)
        return disk;
    disk->volume = mvm_volume_find_name(mvm_domain_get_connection(domain), disk->path);
    disk->sized =
        mvm_domain_get_disk_size(domain, disk->path, &disk->capacity, &disk->allocation, NULL);
    return disk;
}

static GPtrArray *
read_disks(MvmDomain *domain, xmlDoc *doc)
{
    g_autoptr(GPtrArray) nodes =
        mvm_xml_get_nodes(doc, "/domain/devices/disk[not(@device) or @device='disk']");
    GPtrArray *disks = g_ptr_array_new_with_free_func(disk_free);
    bool has_system = false;

    for (guint i = 0; i < nodes->len; i++)
        g_ptr_array_add(disks, read_disk(domain, nodes->pdata[i], &has_system));
    return disks;
}

static MvmDomainInfo *
read_info(MvmDomain *domain, GError **error)
{
    g_autoptr(MvmDomainInfo) info = g_new0(MvmDomainInfo, 1);

    info->name = g_strdup(mvm_domain_get_name(domain));
    info->uuid = g_strdup(mvm_domain_get_uuid(domain));
    if (!mvm_domain_get_state(domain, &info->state, &info->reason, error) ||
        !mvm_domain_get_size(domain, &info->memory, &info->vcpus, error))
        return NULL;
    info->autostart = mvm_domain_get_autostart(domain);
    return g_steal_pointer(&info);
}

static bool
has_failed(const MvmDomainInfo *info)
{
    return !mvm_state_is_active(info->state) &&
           (g_str_equal(info->reason, "crashed") || g_str_equal(info->reason, "failed") ||
            g_str_equal(info->reason, "panicked"));
}

/* From the XML, which is there anyhow: on a far host each question takes its time. */
static void
read_metadata(xmlDoc *doc, MvmMachineStatus *status)
{
    xmlNode *node = mvm_xml_get_node(doc, "/domain/metadata/macvm:machine");
    g_autofree char *text = node != NULL ? mvm_xml_node_to_text(node) : NULL;
    g_autoptr(GError) cause = NULL;

    status->managed = text != NULL;
    if (text != NULL)
        status->info->metadata = mvm_metadata_parse(text, status->info->name, &cause);
    status->info->damage = cause != NULL ? g_strdup(cause->message) : NULL;
    status->copy = status->info->metadata != NULL &&
                   mvm_metadata_is_copied(status->info->metadata, status->info->uuid);
}

/* That a guest has no address yet is nothing to explain. */
static void
find_ssh(MvmDomain *domain, xmlDoc *doc, MvmMachineStatus *status)
{
    g_autoptr(GError) cause = NULL;

    status->ssh = mvm_guest_address_in(domain, doc, status->info->metadata, &cause);
    if (g_error_matches(cause, MVM_ERROR, MVM_ERROR_CONFLICT))
        status->ssh_trouble = g_strdup_printf("port %d is no longer forwarded to it",
                                              status->info->metadata->ssh_port);
}

MvmMachineStatus *
mvm_machine_status(const MvmContext *context, const char *name, GError **error)
{
    g_autoptr(MvmMachineStatus) status = g_new0(MvmMachineStatus, 1);
    g_autoptr(MvmDomain) domain = mvm_domain_open_any(context->conn, name, error);
    g_autoptr(xmlDoc) doc = NULL;

    if (domain == NULL || (status->info = read_info(domain, error)) == NULL ||
        (doc = mvm_domain_get_xml(domain, error)) == NULL)
        return NULL;
    read_metadata(doc, status);
    status->uri = g_strdup(mvm_connection_get_endpoint(context->conn)->uri);
    status->host = g_strdup(mvm_connection_get_endpoint(context->conn)->host);
    status->saved = mvm_domain_is_saved(domain);
    status->disks = read_disks(domain, doc);
    mvm_screen_warn(context, name, doc);
    status->uptime = -1;
    if (status->info->metadata != NULL)
        find_ssh(domain, doc, status);
    status->clip_running = mvm_clip_is_running(status->info->uuid);
    if (mvm_state_is_active(status->info->state)) {
        status->screen = mvm_screen_address(doc);
        status->uptime = mvm_log_uptime(domain);
        status->ssh_reachable =
            status->ssh != NULL && mvm_guest_ssh_answers(domain, status->ssh, SSH_TIMEOUT_MS);
    } else if (has_failed(status->info)) {
        status->last_error = mvm_log_last_error(domain);
    }
    return g_steal_pointer(&status);
}
