/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/metadata.h"

#include <string.h>

static void
option_free(void *data)
{
    MvmMetadataOption *option = data;

    g_free(option->name);
    g_free(option->value);
    g_free(option);
}

MvmMetadata *
mvm_metadata_new(void)
{
    MvmMetadata *metadata = g_new0(MvmMetadata, 1);

    metadata->version = MVM_METADATA_VERSION;
    metadata->config = mvm_config_edits_new();
    metadata->options = g_ptr_array_new_with_free_func(option_free);
    return metadata;
}

void
mvm_metadata_free(MvmMetadata *metadata)
{
    if (metadata == NULL)
        return;
    g_free(metadata->os);
    g_free(metadata->uuid);
    g_free(metadata->ssh_user);
    mvm_identity_free(metadata->identity);
    g_free(metadata->opencore_made);
    g_free(metadata->opencore_from);
    g_free(metadata->opencore_previous);
    g_free(metadata->opencore_previous_from);
    g_ptr_array_unref(metadata->config);
    g_ptr_array_unref(metadata->options);
    g_free(metadata->render);
    g_clear_pointer(&metadata->unknown, xmlFreeDoc);
    g_free(metadata);
}

static MvmMetadataOption *
find_option(const MvmMetadata *metadata, const char *name)
{
    for (guint i = 0; i < metadata->options->len; i++) {
        MvmMetadataOption *option = metadata->options->pdata[i];

        if (g_str_equal(option->name, name))
            return option;
    }
    return NULL;
}

const char *
mvm_metadata_get_option(const MvmMetadata *metadata, const char *name)
{
    const MvmMetadataOption *option = find_option(metadata, name);

    return option != NULL ? option->value : NULL;
}

bool
mvm_metadata_is_copied(const MvmMetadata *metadata, const char *uuid)
{
    g_autofree char *written = g_strdup(metadata->uuid);
    g_autoptr(xmlDoc) doc = NULL;

    if (written == NULL && metadata->render != NULL)
        doc = mvm_xml_parse(metadata->render, strlen(metadata->render), "rendering", NULL);
    if (doc != NULL)
        written = mvm_xml_get(doc, "/domain/uuid");
    return written != NULL && g_ascii_strcasecmp(written, uuid) != 0;
}

void
mvm_metadata_set_option(MvmMetadata *metadata, const char *name, const char *value)
{
    MvmMetadataOption *option = find_option(metadata, name);

    if (option != NULL && value == NULL) {
        g_ptr_array_remove(metadata->options, option);
    } else if (option != NULL) {
        g_free(option->value);
        option->value = g_strdup(value);
    } else if (value != NULL) {
        option = g_new0(MvmMetadataOption, 1);
        option->name = g_strdup(name);
        option->value = g_strdup(value);
        g_ptr_array_add(metadata->options, option);
    }
}

bool
mvm_ssh_user_is_valid(const char *text)
{
    if (*text == '\0' || *text == '-')
        return false;
    for (const char *p = text; *p != '\0'; p++) {
        if ((guchar)*p <= ' ' || *p == 0x7f || strchr("'`\"\\;&<>|(){}$", *p) != NULL)
            return false;
    }
    return true;
}
