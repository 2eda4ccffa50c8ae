/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/define-copy.h"

#define INTERFACE_MAC "/domain/devices/interface/mac/@address"

/* The copy of an image lies where the original does, and still has a name of that image. */
static bool
is_copy_of(const char *copy, const char *original, MvmImage image)
{
    g_autofree char *copy_dir = g_path_get_dirname(copy);
    g_autofree char *original_dir = g_path_get_dirname(original);

    return g_str_equal(copy_dir, original_dir) && mvm_image_of_path(copy) == image;
}

static void
forget_image(MvmHadImage *image)
{
    g_clear_pointer(&image->path, g_free);
    g_clear_pointer(&image->format, g_free);
    image->attached = image->replaced = false;
}

/* The system disk holds what cannot be made anew: one that is shared stays, for libvirt and QEMU to
 * refuse when both machines run. */
static void
adopt_image(MvmCurrent *current, MvmImage image)
{
    g_autofree char *path = mvm_current_image_source(image);
    g_autofree char *now = mvm_xml_get(current->doc, path);
    MvmHadImage *had = &current->images[image];
    bool shared = had->path != NULL && g_strcmp0(now, had->path) == 0;

    if (had->path == NULL || now == NULL)
        return;
    if (shared && (image == MVM_IMAGE_RECOVERY ||
                   (image == MVM_IMAGE_OPENCORE && current->metadata->opencore_made != NULL))) {
        forget_image(had);
    } else if (!shared && is_copy_of(now, had->path, image)) {
        mvm_xml_set(current->base, path, "%s", now);
        g_free(had->path);
        had->path = g_strdup(now);
        had->attached = true;
        had->replaced = false;
    } else if (!shared && image == MVM_IMAGE_OPENCORE) {
        g_clear_pointer(&current->metadata->opencore_made, g_free);
    }
}

/* virt-clone gives each <interface> a new address, but knows nothing of QEMU's arguments. */
static void
adopt_mac(MvmCurrent *current)
{
    g_autofree char *rendered = mvm_xml_get(current->base, INTERFACE_MAC);
    g_autofree char *now = mvm_xml_get(current->doc, INTERFACE_MAC);

    g_clear_pointer(&current->mac, g_free);
    if (rendered == NULL || now == NULL || g_ascii_strcasecmp(rendered, now) == 0)
        return;
    mvm_xml_set(current->base, INTERFACE_MAC, "%s", now);
    current->mac = g_steal_pointer(&now);
}

void
mvm_current_adopt(MvmCurrent *current)
{
    MvmMetadata *metadata = current->metadata;

    for (int i = 0; current->base != NULL && i < MVM_IMAGE_COUNT; i++)
        adopt_image(current, (MvmImage)i);
    if (current->base != NULL)
        adopt_mac(current);
    g_clear_pointer(&metadata->identity, mvm_identity_free);
    /* The original's, as long as that has it. */
    g_clear_pointer(&metadata->opencore_previous, g_free);
    g_clear_pointer(&metadata->opencore_previous_from, g_free);
    metadata->ssh_port = 0;
    mvm_metadata_set_option(metadata, "ssh-port", NULL);
}
