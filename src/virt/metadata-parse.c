/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/error.h"
#include "virt/metadata-priv.h"

#include <string.h>

#define OS_MAX_LEN 32
#define OPTION_MAX_LEN 4096
#define DIGEST_MAX_LEN 64

static bool
invalid(const char *what, const char *value, GError **error)
{
    g_autofree char *shown = g_strescape(value, NULL);

    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "%s '%.64s' is not valid", what, shown);
    return false;
}

/* A decimal number of at most max; missing (NULL) is 0. */
static bool
read_number(const char *text, const char *what, int max, int *ret_value, GError **error)
{
    guint64 value = 0;

    if (text != NULL && !g_ascii_string_to_unsigned(text, 10, 1, (guint64)max, &value, NULL))
        return invalid(what, text, error);
    *ret_value = (int)value;
    return true;
}

static bool
read_ssh(MvmMetadata *metadata, const xmlNode *node, GError **error)
{
    g_autofree char *port = mvm_metadata_attr(node, "port");

    g_free(metadata->ssh_user);
    metadata->ssh_user = mvm_metadata_attr(node, "user");
    if (metadata->ssh_user != NULL && !mvm_ssh_user_is_valid(metadata->ssh_user))
        return invalid("the ssh user", metadata->ssh_user, error);
    return read_number(port, "the ssh port", G_MAXUINT16, &metadata->ssh_port, error);
}

static bool
read_identity(MvmMetadata *metadata, const xmlNode *node, GError **error)
{
    g_autoptr(MvmIdentity) identity = g_new0(MvmIdentity, 1);

    identity->model = mvm_metadata_attr(node, "model");
    identity->serial = mvm_metadata_attr(node, "serial");
    identity->mlb = mvm_metadata_attr(node, "mlb");
    identity->rom = mvm_metadata_attr(node, "rom");
    if (identity->model == NULL || identity->serial == NULL || identity->mlb == NULL ||
        identity->rom == NULL)
        return invalid("the element", "identity", error);
    if (!mvm_identity_check(identity, error))
        return false;
    metadata->identity = g_steal_pointer(&identity);
    return true;
}

static bool
read_digest(const xmlNode *node, const char *name, char **ret_digest, GError **error)
{
    *ret_digest = mvm_metadata_attr(node, name);
    return *ret_digest == NULL || strlen(*ret_digest) <= DIGEST_MAX_LEN ||
           invalid("the digest", *ret_digest, error);
}

static bool
read_opencore(MvmMetadata *metadata, const xmlNode *node, GError **error)
{
    char *previous = mvm_metadata_attr(node, "previous");

    metadata->opencore_previous = previous;
    if (previous != NULL && (!g_path_is_absolute(previous) || strlen(previous) > OPTION_MAX_LEN))
        return invalid("the previous OpenCore disk", previous, error);
    return read_digest(node, "made", &metadata->opencore_made, error) &&
           read_digest(node, "from", &metadata->opencore_from, error) &&
           read_digest(node, "previous-from", &metadata->opencore_previous_from, error);
}

static bool
read_nvram(MvmMetadata *metadata, const xmlNode *node, GError **error)
{
    g_autofree char *reset = mvm_metadata_attr(node, "reset");

    metadata->reset_nvram = g_strcmp0(reset, "yes") == 0;
    return reset == NULL || metadata->reset_nvram || invalid("the reset of NVRAM", reset, error);
}

static bool
read_config(MvmMetadata *metadata, const xmlNode *node, GError **error)
{
    g_autofree char *key = mvm_metadata_attr(node, "key"), *type = mvm_metadata_attr(node, "type");
    g_autofree char *value = mvm_xml_dup_text(node);
    const MvmConfigEdit edit = {key, type, value};

    if (key == NULL || type == NULL || !mvm_config_edit_is_valid(key, type, value))
        return invalid("the edit of config.plist", key != NULL ? key : "", error);
    if (mvm_config_edits_put(metadata->config, &edit))
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "more than %d edits of config.plist",
                MVM_CONFIG_MAX_EDITS);
    return false;
}

static bool
read_option(MvmMetadata *metadata, const xmlNode *node, GError **error)
{
    g_autofree char *name = mvm_metadata_attr(node, "name");
    g_autofree char *value = mvm_xml_dup_text(node);

    if (name == NULL || *name == '\0' || strlen(name) > OPTION_MAX_LEN)
        return invalid("the name of an option", name != NULL ? name : "", error);
    if (strlen(value) > OPTION_MAX_LEN)
        return invalid("the value of option", name, error);
    if (metadata->options->len >= MVM_METADATA_MAX_OPTIONS) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "more than %d options",
                    MVM_METADATA_MAX_OPTIONS);
        return false;
    }
    mvm_metadata_set_option(metadata, name, value);
    return true;
}

static bool
read_child(MvmMetadata *metadata, xmlNode *child, GError **error)
{
    if (mvm_metadata_is(child, "ssh"))
        return read_ssh(metadata, child, error);
    if (mvm_metadata_is(child, "identity"))
        return read_identity(metadata, child, error);
    if (mvm_metadata_is(child, "nvram"))
        return read_nvram(metadata, child, error);
    if (mvm_metadata_is(child, "opencore"))
        return read_opencore(metadata, child, error);
    if (mvm_metadata_is(child, "config"))
        return read_config(metadata, child, error);
    if (mvm_metadata_is(child, "option"))
        return read_option(metadata, child, error);
    if (mvm_metadata_is(child, "render")) {
        g_free(metadata->render);
        metadata->render = mvm_xml_dup_text(child);
    }
    return true;
}

static bool
read_all(MvmMetadata *metadata, xmlNode *machine, GError **error)
{
    g_autofree char *version = mvm_metadata_attr(machine, "version");
    g_autofree char *profile = mvm_metadata_attr(machine, "profile");
    unsigned seen[MVM_METADATA_SINGLES] = {0};

    metadata->os = mvm_metadata_attr(machine, "os");
    metadata->uuid = mvm_metadata_attr(machine, "uuid");
    if (metadata->uuid != NULL && !g_uuid_string_is_valid(metadata->uuid))
        return invalid("the UUID", metadata->uuid, error);
    if (metadata->os != NULL && strlen(metadata->os) > OS_MAX_LEN)
        return invalid("the macOS version", metadata->os, error);
    if (!read_number(version, "the version", G_MAXINT, &metadata->version, error) ||
        !read_number(profile, "the profile's version", G_MAXINT, &metadata->profile, error))
        return false;
    for (xmlNode *child = mvm_metadata_element(machine->children); child != NULL;
         child = mvm_metadata_element(child->next)) {
        size_t single = mvm_metadata_single(child);

        if (single < MVM_METADATA_SINGLES && seen[single]++ > 0)
            return invalid("a second element", mvm_metadata_single_name(single), error);
        if (!read_child(metadata, child, error))
            return false;
    }
    return true;
}

static MvmMetadata *
parse(const char *text, GError **error)
{
    g_autoptr(MvmMetadata) metadata = mvm_metadata_new();
    g_autoptr(xmlDoc) raw = NULL;
    xmlNode *root = NULL;

    if (strlen(text) > MVM_METADATA_MAX_SIZE) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "more than %d bytes",
                    MVM_METADATA_MAX_SIZE);
        return NULL;
    }
    raw = mvm_xml_parse(text, strlen(text), "metadata", error);
    if (raw == NULL)
        return NULL;
    root = xmlDocGetRootElement(raw);
    if (!mvm_metadata_is(root, "machine")) {
        invalid("the element", (const char *)root->name, error);
        return NULL;
    }
    if (!read_all(metadata, root, error))
        return NULL;
    metadata->unknown = mvm_metadata_copy_unknown(root);
    return g_steal_pointer(&metadata);
}

MvmMetadata *
mvm_metadata_parse(const char *text, const char *machine, GError **error)
{
    MvmMetadata *metadata = parse(text, error);

    if (metadata == NULL) {
        g_prefix_error(error, "cannot read what macvm remembers of '%s': ", machine);
        mvm_error_set_hint(error, "'virsh edit' shows it under <metadata>; "
                                  "correct or remove it there");
    }
    return metadata;
}
