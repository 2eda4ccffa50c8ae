/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/volume-priv.h"
#include "xml/xml.h"

#include <string.h>
#include <sys/stat.h>

/* The same file may be written with "//" or "/./" in it. Links are not followed here: they are the
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

/* Where both are files of this machine, a link is seen through. */
static bool
same_file(const char *a, const char *b, bool local)
{
    struct stat st_a, st_b;

    return same_path(a, b) || (local && *a == '/' && stat(a, &st_a) == 0 && stat(b, &st_b) == 0 &&
                               st_a.st_dev == st_b.st_dev && st_a.st_ino == st_b.st_ino);
}

/* --- what an image is called ------------------------------------------------------------------ */

void
mvm_image_set_init(MvmImageSet *set, const char *path, bool local)
{
    struct stat st;

    *set = (MvmImageSet){.volumes = g_ptr_array_new()};
    if (local && stat(path, &st) == 0) {
        set->device = (uint64_t)st.st_dev;
        set->inode = (uint64_t)st.st_ino;
    }
}

void
mvm_image_set_clear(MvmImageSet *set)
{
    g_clear_pointer(&set->volumes, g_ptr_array_unref);
}

bool
mvm_image_set_has(const MvmImageSet *set, const char *path)
{
    struct stat st;

    for (guint i = 0; i < set->volumes->len; i++) {
        if (same_path(path, ((const MvmVolume *)set->volumes->pdata[i])->path))
            return true;
    }
    return set->inode != 0 && *path == '/' && stat(path, &st) == 0 &&
           (uint64_t)st.st_dev == set->device && (uint64_t)st.st_ino == set->inode;
}

/* --- in the XML of a domain ------------------------------------------------------------------- */

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

/* QEMU doubles a comma that is part of a value. */
static bool
argument_mentions(const char *text, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, ",", -1);
    g_autofree char *doubled = g_strjoinv(",,", parts);

    return mentions(text, path) || mentions(text, doubled);
}

static bool
any_mentioned(const char *text, const MvmImageSet *images)
{
    for (guint i = 0; i < images->volumes->len; i++) {
        if (argument_mentions(text, ((const MvmVolume *)images->volumes->pdata[i])->path))
            return true;
    }
    return false;
}

static bool
any_text_names(xmlDoc *doc, const char *path, bool argument, const MvmImageSet *images)
{
    g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(doc, path);

    for (guint i = 0; i < nodes->len; i++) {
        g_autofree char *text = mvm_xml_dup_text(nodes->pdata[i]);

        if (argument ? any_mentioned(text, images) : mvm_image_set_has(images, text))
            return true;
    }
    return false;
}

/* <source pool='macvm' volume='macos.qcow2'/> */
static bool
any_source_names(xmlDoc *doc, const char *path, const MvmImageSet *images)
{
    g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(doc, path);

    for (guint i = 0; i < nodes->len; i++) {
        g_autofree char *pool = mvm_xml_node_get(nodes->pdata[i], "@pool");
        g_autofree char *volume = mvm_xml_node_get(nodes->pdata[i], "@volume");

        for (guint k = 0; k < images->volumes->len; k++) {
            const MvmVolume *image = images->volumes->pdata[k];

            if (g_strcmp0(pool, image->pool) == 0 && g_strcmp0(volume, image->name) == 0)
                return true;
        }
    }
    return false;
}

/* A snapshot has the domains that it goes back to, and its own files. */
#define DOMAINS "(/domain | /domainsnapshot/domain | /domainsnapshot/inactiveDomain)"

bool
mvm_domain_xml_uses(const char *xml, const MvmImageSet *images)
{
    g_autofree char *text = g_utf8_make_valid(xml, -1);
    g_autoptr(xmlDoc) doc = mvm_xml_parse(text, strlen(text), "domain", NULL);

    /* What cannot be read may still need the file that it mentions. */
    if (doc == NULL)
        return any_mentioned(xml, images);
    /* Every attribute and text, not a list of those that hold a path today: a new one would be
     * missed. */
    return any_text_names(doc, DOMAINS "/devices//@*", false, images) ||
           any_text_names(doc, DOMAINS "/devices//*[not(*)]", false, images) ||
           any_text_names(doc, DOMAINS "/os//@*", false, images) ||
           any_text_names(doc, DOMAINS "/os//*", false, images) ||
           any_text_names(doc, "/domainsnapshot/disks//@* | /domainsnapshot/memory/@*", false,
                          images) ||
           any_text_names(doc, DOMAINS "/qemu:commandline//@value", true, images) ||
           any_source_names(doc, DOMAINS "/devices//source[@volume]", images);
}

GPtrArray *
mvm_domain_xml_list_disks(const char *xml)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = g_utf8_make_valid(xml, -1);
    g_autoptr(xmlDoc) doc = mvm_xml_parse(text, strlen(text), "domain", NULL);
    g_autoptr(GPtrArray) nodes = doc == NULL
                                     ? NULL
                                     : mvm_xml_get_nodes(doc, "/domain/devices/disk/source/@file | "
                                                              "/domain/devices/disk/source/@dev");

    for (guint i = 0; nodes != NULL && i < nodes->len; i++)
        g_ptr_array_add(paths, mvm_xml_dup_text(nodes->pdata[i]));
    return paths;
}

/* --- what is based on an image ---------------------------------------------------------------- */

static bool
has_path(GPtrArray *volumes, const char *path, bool local)
{
    for (guint i = 0; i < volumes->len; i++) {
        if (same_file(((const MvmVolume *)volumes->pdata[i])->path, path, local))
            return true;
    }
    return false;
}

GPtrArray *
mvm_volume_find_based_on(GPtrArray *volumes, const char *path, bool local)
{
    GPtrArray *found = g_ptr_array_new();
    guint before = 0;

    /* Each round finds those that are one step further from path; a circle ends by itself. */
    do {
        before = found->len;
        for (guint i = 0; i < volumes->len; i++) {
            MvmVolume *volume = volumes->pdata[i];

            if (volume->backing != NULL && !has_path(found, volume->path, false) &&
                (same_file(volume->backing, path, local) ||
                 has_path(found, volume->backing, local)))
                g_ptr_array_add(found, volume);
        }
    } while (found->len > before);
    return found;
}
