/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a libvirt host says, as any bytes: capabilities, domain capabilities, volumes, the words of
 * a refusal. What is accepted must be usable without a further look.
 */
#include "virt/caps.h"
#include "virt/volume-priv.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_domcaps(const char *text)
{
    g_autoptr(MvmDomCaps) caps = mvm_domcaps_parse(text, NULL);
    g_autoptr(MvmFirmware) firmware = NULL;

    if (caps == NULL)
        return;
    g_assert_nonnull(caps->emulator);
    for (guint i = 0; i < caps->cpu_models->len; i++) {
        const MvmCpuModel *model = caps->cpu_models->pdata[i];

        g_assert_nonnull(mvm_domcaps_find_model(caps, model->name));
    }
    firmware = mvm_firmware_choose((const char *const *)caps->loaders);
    if (firmware != NULL) {
        g_assert_true(g_path_is_absolute(firmware->code));
        g_assert_cmpstr(firmware->code, !=, firmware->vars);
    }
}

static void
read_volume(const char *text)
{
    g_autoptr(GPtrArray) volumes = mvm_volume_array_new();
    g_autoptr(GPtrArray) based = NULL;
    MvmVolume *volume = mvm_volume_parse(text, "pool", NULL);
    g_auto(MvmImageSet) images = {0};

    if (volume == NULL)
        return;
    g_ptr_array_add(volumes, volume);
    based = mvm_volume_find_based_on(volumes, volume->path, false);
    g_assert_cmpuint(based->len, <=, 1);
    mvm_image_set_init(&images, volume->path, false);
    g_ptr_array_add(images.volumes, volume);
    (void)mvm_domain_xml_uses(text, &images);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) missing = mvm_caps_parse_missing(text);
    g_autoptr(MvmHost) host = g_new0(MvmHost, 1);

    if (mvm_caps_parse(text, host, NULL)) {
        g_assert_nonnull(host->machines);
        g_assert_cmpint(host->qemu_uid, >=, -1);
        (void)mvm_host_has_machine(host, "q35");
    }
    g_assert_true(missing == NULL || g_strv_length(missing) > 0);
    read_domcaps(text);
    read_volume(text);
    return 0;
}
