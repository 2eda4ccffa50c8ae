/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/error.h"
#include "virt/volume-priv.h"
#include "xml/xml.h"

#include <string.h>

/* A file name has at most 255 bytes; the rest is for the marks of an unfinished upload. */
#define MAX_NAME_LEN 200

bool
mvm_volume_check_name(const char *name, GError **error)
{
    size_t len = strlen(name);
    bool ok = len > 0 && len <= MAX_NAME_LEN && strchr(name, '/') == NULL &&
              !g_str_equal(name, ".") && !g_str_equal(name, "..") &&
              !g_str_has_suffix(name, MVM_VOLUME_PART) && g_utf8_validate(name, -1, NULL);

    for (size_t i = 0; i < len && ok; i++)
        ok = !g_ascii_iscntrl(name[i]);
    if (!ok) {
        g_autofree char *shown = g_strescape(name, NULL);

        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "cannot use volume name '%.*s': it must be a plain file name of at most %d "
                    "bytes that does not end in '%s'",
                    MAX_NAME_LEN, shown, MAX_NAME_LEN, MVM_VOLUME_PART);
    }
    return ok;
}

char *
mvm_volume_new_xml(const char *name, const char *format, uint64_t capacity)
{
    g_autoptr(xmlDoc) doc = mvm_xml_new("volume");

    mvm_xml_set(doc, "/volume/name", "%s", name);
    mvm_xml_set(doc, "/volume/capacity", "%" G_GUINT64_FORMAT, capacity);
    mvm_xml_set(doc, "/volume/capacity/@unit", "bytes");
    mvm_xml_set(doc, "/volume/allocation", "0");
    mvm_xml_set(doc, "/volume/target/format/@type", "%s", format);
    return mvm_xml_to_text(doc);
}

/* libvirt leaves a figure out when it does not know it. */
static uint64_t
read_size(xmlDoc *doc, const char *path)
{
    uint64_t value = 0;

    (void)mvm_xml_get_uint(doc, path, &value, NULL);
    return value;
}

MvmVolume *
mvm_volume_parse(const char *xml, const char *pool, GError **error)
{
    g_autoptr(xmlDoc) doc = mvm_xml_parse(xml, strlen(xml), "volume", error);
    g_autoptr(MvmVolume) volume = NULL;

    if (doc == NULL)
        return NULL;
    volume = g_new0(MvmVolume, 1);
    volume->pool = g_strdup(pool);
    volume->name = mvm_xml_get(doc, "/volume/name");
    volume->path = mvm_xml_get(doc, "/volume/target/path");
    volume->format = mvm_xml_get(doc, "/volume/target/format/@type");
    volume->backing = mvm_xml_get(doc, "/volume/backingStore/path");
    volume->capacity = read_size(doc, "/volume/capacity");
    volume->allocation = read_size(doc, "/volume/allocation");
    if (volume->name == NULL || volume->path == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot understand 'volume': no name or path in it");
        return NULL;
    }
    if (volume->format == NULL)
        volume->format = g_strdup("");
    return g_steal_pointer(&volume);
}

void
mvm_volume_free(MvmVolume *volume)
{
    if (volume == NULL)
        return;
    g_free(volume->pool);
    g_free(volume->name);
    g_free(volume->path);
    g_free(volume->format);
    g_free(volume->backing);
    g_free(volume);
}
