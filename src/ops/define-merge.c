/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/define-merge.h"

#include "upstream/textdiff.h"
#include "util/error.h"
#include "util/secret.h"
#include "virt/definition.h"
#include "virt/render.h"
#include "xml/merge.h"
#include "xml/xml.h"

#include <string.h>

static bool
not_ours(const char *name, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot define '%s': a domain of that name exists, and macvm did not make it",
                name);
    mvm_error_set_hint(error, "choose another name");
    return false;
}

/* Of the card in QEMU's arguments, which is where libvirt has no passt. */
static char *
find_mac_in_args(xmlDoc *doc)
{
    g_autofree char *arg =
        mvm_xml_get(doc, "/domain/qemu:commandline/qemu:arg"
                         "[contains(@value, '\"netdev\":\"" MVM_NETDEV_ID "\"')]/@value");
    const char *begin = arg != NULL ? strstr(arg, "\"mac\":\"") : NULL;

    if (begin == NULL || strlen(begin) < strlen("\"mac\":\"") + 17)
        return NULL;
    return g_strndup(begin + strlen("\"mac\":\""), 17);
}

static char *
find_mac(xmlDoc *doc)
{
    char *mac = find_mac_in_args(doc);

    return mac != NULL ? mac : mvm_xml_get(doc, "/domain/devices/interface/mac/@address");
}

static char *
find_osk(xmlDoc *doc)
{
    static const char prefix[] = "isa-applesmc,osk=";
    mvm_autosecret char *arg = mvm_xml_get(
        doc, "/domain/qemu:commandline/qemu:arg[starts-with(@value, 'isa-applesmc,osk=')]/@value");
    g_auto(GStrv) parts = NULL;

    if (arg == NULL)
        return NULL;
    parts = g_strsplit(arg + strlen(prefix), ",,", -1);
    return g_strjoinv(",", parts);
}

static bool
has_interface(xmlDoc *doc, const char *mac)
{
    g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(doc, "/domain/devices/interface/mac");
    bool found = false;

    for (guint i = 0; i < nodes->len && !found; i++) {
        g_autofree char *address = mvm_xml_node_get(nodes->pdata[i], "@address");

        found = address != NULL && g_ascii_strcasecmp(address, mac) == 0;
    }
    return found;
}

/* The first card may be one that the user added: macvm's is the one that it rendered. */
static char *
find_own_mac(const MvmCurrent *current)
{
    g_autofree char *rendered = current->base != NULL ? find_mac(current->base) : NULL;
    char *mac = find_mac_in_args(current->doc);

    if (mac == NULL && rendered != NULL && has_interface(current->doc, rendered))
        return g_steal_pointer(&rendered);
    if (mac == NULL)
        mac = find_mac(current->doc);
    return mac != NULL ? mac : g_steal_pointer(&rendered);
}

static void
find_image(const MvmCurrent *current, const char *target, MvmHadImage *image)
{
    g_autofree char *disk = g_strdup_printf("/domain/devices/disk[target/@dev='%s']", target);
    g_autofree char *file = g_strconcat(disk, "/source/@file", NULL);
    g_autofree char *type = g_strconcat(disk, "/driver/@type", NULL);
    g_autoptr(GPtrArray) sources = NULL;

    if (current->base == NULL)
        return;
    image->path = mvm_xml_get(current->base, file);
    image->format = mvm_xml_get(current->base, type);
    sources = mvm_xml_get_nodes(current->doc, "/domain/devices/disk/source[@file]");
    for (guint i = 0; i < sources->len && !image->attached; i++) {
        g_autofree char *path = mvm_xml_node_get(sources->pdata[i], "@file");

        image->attached = g_strcmp0(path, image->path) == 0;
    }
}

static void
had_image_clear(MvmHadImage *image)
{
    g_free(image->path);
    g_free(image->format);
}

static bool
read_metadata(MvmCurrent *current, const char *name, GError **error)
{
    xmlNode *node = mvm_xml_get_node(current->doc, "/domain/metadata/macvm:machine");
    g_autofree char *text = node != NULL ? mvm_xml_node_to_text(node) : NULL;

    if (text == NULL)
        return not_ours(name, error);
    current->metadata = mvm_metadata_parse(text, name, error);
    if (current->metadata == NULL)
        return false;
    if (current->metadata->render == NULL)
        return true;
    current->base = mvm_xml_parse(current->metadata->render, strlen(current->metadata->render),
                                  "the last rendering in the domain's metadata", error);
    return current->base != NULL;
}

bool
mvm_current_load(MvmConnection *conn, const char *name, MvmCurrent **ret_current, GError **error)
{
    MvmCurrent *current = g_new0(MvmCurrent, 1);

    if (!mvm_definition_read(conn, name, &current->xml, error)) {
        mvm_current_free(current);
        return false;
    }
    if (current->xml == NULL) {
        mvm_current_free(current);
        *ret_current = NULL;
        return true;
    }
    current->doc = mvm_xml_parse(current->xml, strlen(current->xml), name, error);
    if (current->doc == NULL || !read_metadata(current, name, error)) {
        mvm_current_free(current);
        return false;
    }
    current->uuid = mvm_xml_get(current->doc, "/domain/uuid");
    current->type = mvm_xml_get(current->doc, "/domain/@type");
    current->osk = find_osk(current->doc);
    current->mac = find_own_mac(current);
    find_image(current, "sda", &current->opencore);
    find_image(current, "sdb", &current->recovery);
    find_image(current, "sdc", &current->system);
    *ret_current = current;
    return true;
}

void
mvm_current_free(MvmCurrent *current)
{
    if (current == NULL)
        return;
    g_free(current->xml);
    g_clear_pointer(&current->doc, xmlFreeDoc);
    g_clear_pointer(&current->base, xmlFreeDoc);
    mvm_metadata_free(current->metadata);
    had_image_clear(&current->opencore);
    had_image_clear(&current->recovery);
    had_image_clear(&current->system);
    g_free(current->uuid);
    g_free(current->mac);
    g_free(current->type);
    mvm_secret_free(current->osk);
    g_free(current);
}

bool
mvm_current_add_options(const MvmCurrent *current, MvmOptions *options, GError **error)
{
    const MvmMetadata *metadata = current->metadata;

    for (guint i = 0; i < metadata->options->len; i++) {
        const MvmMetadataOption *stored = metadata->options->pdata[i];
        MvmOption option = mvm_option_find(stored->name);

        if (option == MVM_OPTION_COUNT)
            continue;
        if (!mvm_options_set(options, option, stored->value, error)) {
            g_prefix_error(error, "cannot use what the domain's metadata remembers: ");
            return false;
        }
    }
    if (metadata->os != NULL)
        return mvm_options_set(options, MVM_OPTION_OS, metadata->os, error);
    return true;
}

void
mvm_merged_free(MvmMerged *merged)
{
    if (merged == NULL)
        return;
    g_free(merged->xml);
    g_free(merged);
}

/* What the user asks for on this command line wins over any edit of the domain. */
static GPtrArray *
forced_paths(const MvmOptions *asked)
{
    GPtrArray *paths = g_ptr_array_new();

    for (int i = 0; i < MVM_OPTION_COUNT; i++) {
        const char *const *path = mvm_render_paths_of((MvmOption)i);

        for (; asked->value[i] != NULL && *path != NULL; path++)
            g_ptr_array_add(paths, (gpointer)*path);
    }
    g_ptr_array_add(paths, NULL);
    return paths;
}

static MvmMergePolicy
policy_of(MvmConflictChoice choice)
{
    switch (choice) {
    case MVM_CONFLICT_OURS:
        return MVM_MERGE_LIVE;
    case MVM_CONFLICT_THEIRS:
        return MVM_MERGE_NEW;
    case MVM_CONFLICT_STOP:
        break;
    }
    return MVM_MERGE_STOP;
}

static bool
tell_conflicts(const char *name, const GPtrArray *conflicts, GError **error)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 0; i < conflicts->len; i++) {
        const MvmMergeConflict *c = conflicts->pdata[i];

        g_string_append_printf(list, "\n  %s: was %s, you have %s, macvm brings %s", c->path,
                               c->base, c->live, c->new);
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot define '%s': your edits and macvm's changes conflict:%s", name, list->str);
    mvm_error_set_hint(error, "--ours keeps what the domain has, --theirs takes what macvm brings");
    return false;
}

/* The merged document, or NULL with the conflicts. */
static xmlDoc *
merge(const MvmCurrent *current, xmlDoc *rendered, const MvmDefineRequest *request, GError **error)
{
    g_autoptr(GPtrArray) forced = forced_paths(request->options);
    MvmMergeInput input = {.base = current->base,
                           .live = current->doc,
                           .new = rendered,
                           .policy = policy_of(request->choice),
                           .forced = (const char *const *)forced->pdata};
    g_autoptr(MvmMergeResult) result = mvm_merge(&input);

    if (result->conflicts->len > 0) {
        tell_conflicts(request->name, result->conflicts, error);
        return NULL;
    }
    return g_steal_pointer(&result->merged);
}

/* An identity is told only where the disk has it. */
static void
remember_opencore(MvmMetadata *metadata, const MvmMachine *machine)
{
    g_clear_pointer(&metadata->identity, mvm_identity_free);
    g_free(metadata->opencore_made);
    metadata->opencore_made = g_strdup(machine->opencore_made);
    if (machine->opencore_made != NULL)
        metadata->identity = mvm_identity_copy(machine->identity);
}

/* What macvm must know next time: the options as asked for, and what it rendered now. */
static void
remember(xmlDoc *doc, const MvmCurrent *current, const MvmMachine *machine,
         const MvmOptions *options, const char *rendered)
{
    g_autoptr(MvmMetadata) fresh = current == NULL ? mvm_metadata_new() : NULL;
    MvmMetadata *metadata = current != NULL ? current->metadata : fresh;

    g_free(metadata->os);
    metadata->os = g_strdup(machine->os->id);
    metadata->ssh_port = (int)machine->ssh_port;
    g_free(metadata->ssh_user);
    metadata->ssh_user = g_strdup(machine->ssh_user);
    remember_opencore(metadata, machine);
    for (int i = 0; i < MVM_OPTION_COUNT; i++) {
        if (i != MVM_OPTION_OS && options->value[i] != NULL)
            mvm_metadata_set_option(metadata, mvm_option_info((MvmOption)i)->name,
                                    options->value[i]);
    }
    g_free(metadata->render);
    metadata->render = g_strdup(rendered);
    mvm_metadata_write(metadata, mvm_xml_ensure(doc, "/domain/metadata"));
}

/* What is remembered of a rendering: the template's comments are for the template's readers. */
static char *
text_to_remember(const xmlDoc *rendered)
{
    g_autoptr(xmlDoc) copy = mvm_xml_copy(rendered);
    xmlNode *root = xmlDocGetRootElement(copy);

    mvm_xml_drop_comments(root);
    return mvm_xml_node_to_text(root);
}

MvmMerged *
mvm_define_merge(const MvmCurrent *current, const MvmMachine *machine, const MvmOptions *options,
                 const MvmDefineRequest *request, GError **error)
{
    g_autoptr(xmlDoc) rendered = mvm_render(machine, error);
    g_autoptr(xmlDoc) doc = NULL;
    g_autofree char *text = NULL;
    MvmMerged *merged = NULL;

    if (rendered == NULL)
        return NULL;
    text = text_to_remember(rendered);
    if (current == NULL)
        doc = g_steal_pointer(&rendered);
    else if ((doc = merge(current, rendered, request, error)) == NULL)
        return NULL;
    remember(doc, current, machine, options, text);
    merged = g_new0(MvmMerged, 1);
    merged->xml = mvm_xml_node_to_text(xmlDocGetRootElement(doc));
    merged->changed = current == NULL ||
                      !mvm_xml_equal(xmlDocGetRootElement(current->doc), xmlDocGetRootElement(doc));
    return merged;
}

static char *
text_for_people(const char *xml, GError **error)
{
    g_autoptr(xmlDoc) doc = mvm_xml_parse(xml, strlen(xml), "the domain", error);
    g_autoptr(GPtrArray) args = NULL;

    if (doc == NULL)
        return NULL;
    mvm_xml_remove(doc, "/domain/metadata/macvm:machine");
    args = mvm_xml_get_nodes(doc, "/domain/qemu:commandline/qemu:arg[contains(@value, 'osk=')]");
    for (guint i = 0; i < args->len; i++)
        mvm_xml_attr(args->pdata[i], "value", "isa-applesmc,osk=(hidden)");
    return mvm_xml_to_text(doc);
}

char *
mvm_define_diff(const MvmCurrent *current, const MvmMerged *merged, GError **error)
{
    g_autofree char *before = NULL;
    g_autofree char *after = text_for_people(merged->xml, error);

    if (after == NULL)
        return NULL;
    if (current != NULL && (before = text_for_people(current->xml, error)) == NULL)
        return NULL;
    return mvm_text_diff("now", before, "after define", after, error);
}
