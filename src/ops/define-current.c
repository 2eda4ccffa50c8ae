/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/define-current.h"

#include "ops/define-copy.h"
#include "util/error.h"
#include "util/secret.h"
#include "virt/definition.h"
#include "virt/render.h"

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

/* Where the template has an image's disk. */
static const char *const targets[MVM_IMAGE_COUNT] = {"sda", "sdb", "sdc"};

char *
mvm_current_image_source(MvmImage image)
{
    return g_strdup_printf("/domain/devices/disk[target/@dev='%s']/source/@file", targets[image]);
}

static void
find_image(MvmCurrent *current, MvmImage which)
{
    g_autofree char *file = mvm_current_image_source(which);
    g_autofree char *type =
        g_strdup_printf("/domain/devices/disk[target/@dev='%s']/driver/@type", targets[which]);
    g_autofree char *now = mvm_xml_get(current->doc, file);
    MvmHadImage *image = &current->images[which];
    g_autoptr(GPtrArray) sources = NULL;

    image->guessed = current->base == NULL;
    image->path = mvm_xml_get(image->guessed ? current->doc : current->base, file);
    image->format = mvm_xml_get(image->guessed ? current->doc : current->base, type);
    image->now = g_strdup(now);
    image->replaced = now != NULL && image->path != NULL && !g_str_equal(now, image->path);
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
    g_free(image->now);
}

/* Whoever edits the domain can make anything of it; what is no domain is no base to merge with. */
static xmlDoc *
parse_base(const char *text)
{
    g_autoptr(xmlDoc) doc =
        text == NULL ? NULL : mvm_xml_parse(text, strlen(text), "rendering", NULL);

    if (doc == NULL || mvm_xml_get_node(doc, "/domain/name") == NULL)
        return NULL;
    return g_steal_pointer(&doc);
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
    current->remembered = mvm_metadata_to_text(current->metadata);
    current->base = parse_base(current->metadata->render);
    return true;
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
    for (int i = 0; i < MVM_IMAGE_COUNT; i++)
        find_image(current, (MvmImage)i);
    current->copy = mvm_metadata_is_copied(current->metadata, current->uuid);
    if (current->copy)
        mvm_current_adopt(current);
    *ret_current = current;
    return true;
}

void
mvm_current_free(MvmCurrent *current)
{
    if (current == NULL)
        return;
    g_free(current->xml);
    g_free(current->remembered);
    g_clear_pointer(&current->doc, xmlFreeDoc);
    g_clear_pointer(&current->base, xmlFreeDoc);
    mvm_metadata_free(current->metadata);
    for (int i = 0; i < MVM_IMAGE_COUNT; i++)
        had_image_clear(&current->images[i]);
    g_free(current->uuid);
    g_free(current->mac);
    g_free(current->type);
    mvm_secret_free(current->osk);
    g_free(current);
}

/* A newer macvm may know more versions. */
static bool
add_os(const char *os, MvmOptions *options, GError **error)
{
    if (mvm_options_set(options, MVM_OPTION_OS, os, error))
        return true;
    g_prefix_error(error, "cannot use what the domain's metadata remembers: ");
    mvm_error_set_hint(error, "use the macvm that defined it, or say --os");
    return false;
}

bool
mvm_current_add_options(const MvmCurrent *current, bool with_os, MvmOptions *options,
                        GError **error)
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
    return metadata->os == NULL || !with_os || add_os(metadata->os, options, error);
}
