/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/volume-priv.h"
#include "xml/xml.h"

#include <string.h>

/* The same file may be written with "//" or "/./" in it. Links are not followed: they are the
 * host's, which may be another machine. */
static bool
same_path(const char *a, const char *b)
{
    g_autofree char *plain_a = NULL;
    g_autofree char *plain_b = NULL;

    if (g_str_equal(a, b))
        return true;
    if (*a != '/' || *b != '/')
        return false;
    plain_a = g_canonicalize_filename(a, "/");
    plain_b = g_canonicalize_filename(b, "/");
    return g_str_equal(plain_a, plain_b);
}

static bool
is_name_char(char c)
{
    return g_ascii_isalnum(c) || (c != '\0' && strchr("._-/", c) != NULL);
}

/* In a raw argument the path is a part of the text ("file=/a/b.img,if=none"), whole when no
 * character of a longer name follows. */
static bool
mentions(const char *text, const char *path)
{
    size_t len = strlen(path);

    for (const char *at = strstr(text, path); at != NULL; at = strstr(at + 1, path)) {
        if (!is_name_char(at[len]))
            return true;
    }
    return false;
}

static bool
text_names(const char *text, bool argument, GPtrArray *images)
{
    for (guint i = 0; i < images->len; i++) {
        const char *path = ((const MvmVolume *)images->pdata[i])->path;

        if (argument ? mentions(text, path) : same_path(text, path))
            return true;
    }
    return false;
}

static bool
any_text_names(xmlDoc *doc, const char *path, bool argument, GPtrArray *images)
{
    g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(doc, path);

    for (guint i = 0; i < nodes->len; i++) {
        g_autofree char *text = mvm_xml_dup_text(nodes->pdata[i]);

        if (text_names(text, argument, images))
            return true;
    }
    return false;
}

/* <source pool='macvm' volume='macos.qcow2'/> */
static bool
any_source_names(xmlDoc *doc, GPtrArray *images)
{
    g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(doc, "/domain/devices//source[@volume]");

    for (guint i = 0; i < nodes->len; i++) {
        g_autofree char *pool = mvm_xml_node_get(nodes->pdata[i], "@pool");
        g_autofree char *volume = mvm_xml_node_get(nodes->pdata[i], "@volume");

        for (guint k = 0; k < images->len; k++) {
            const MvmVolume *image = images->pdata[k];

            if (g_strcmp0(pool, image->pool) == 0 && g_strcmp0(volume, image->name) == 0)
                return true;
        }
    }
    return false;
}

bool
mvm_domain_xml_uses(const char *xml, GPtrArray *images, bool *ret_uses, GError **error)
{
    g_autoptr(xmlDoc) doc = mvm_xml_parse(xml, strlen(xml), "domain", error);

    if (doc == NULL)
        return false;
    /* Every attribute, not a list of those that hold a path today: a new one would be missed. */
    *ret_uses = any_text_names(doc, "/domain/devices//@*", false, images) ||
                any_text_names(doc, "/domain/os//@* | /domain/os//*", false, images) ||
                any_text_names(doc, "/domain/qemu:commandline//@value", true, images) ||
                any_source_names(doc, images);
    return true;
}

static bool
has_path(GPtrArray *volumes, const char *path)
{
    for (guint i = 0; i < volumes->len; i++) {
        if (same_path(((const MvmVolume *)volumes->pdata[i])->path, path))
            return true;
    }
    return false;
}

GPtrArray *
mvm_volume_find_based_on(GPtrArray *volumes, const char *path)
{
    GPtrArray *found = g_ptr_array_new();
    guint before = 0;

    /* Each round finds those that are one step further from path; a circle ends by itself. */
    do {
        before = found->len;
        for (guint i = 0; i < volumes->len; i++) {
            MvmVolume *volume = volumes->pdata[i];

            if (volume->backing != NULL && !has_path(found, volume->path) &&
                (same_path(volume->backing, path) || has_path(found, volume->backing)))
                g_ptr_array_add(found, volume);
        }
    } while (found->len > before);
    return found;
}
