/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/screenshot.h"

#include "ops/awake.h"
#include "ops/machine.h"
#include "ops/png.h"
#include "ops/screen.h"
#include "util/command.h"
#include "util/error.h"
#include "util/words.h"
#include "virt/domain.h"

static bool
lacks(const char *name, const char *verb, const char *what, const char *option, GError **error)
{
    g_autofree char *word = mvm_word_quote(name);

    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot %s '%s': it has no %s", verb, name,
                what);
    mvm_error_set_hint(error, "'macvm set %s %s' gives it one, from its next start on", word,
                       option);
    return false;
}

static bool
check_video(MvmDomain *domain, GError **error)
{
    g_autoptr(xmlDoc) doc = mvm_domain_get_xml(domain, error);

    if (doc == NULL)
        return false;
    return mvm_xml_get_node(doc, "/domain/devices/video[not(model/@type='none')]") != NULL ||
           lacks(mvm_domain_get_name(domain), "take a picture of", "video card", "--video vmvga",
                 error);
}

GByteArray *
mvm_machine_screenshot(const MvmContext *context, const char *name, GError **error)
{
    g_autoptr(MvmDomain) domain = mvm_domain_open(context->conn, name, error);
    g_autoptr(GByteArray) picture = NULL;
    g_autofree char *mime = NULL;

    if (domain == NULL || !mvm_check_running(domain, "take a picture of", error) ||
        !check_video(domain, error) ||
        (picture = mvm_domain_screenshot(domain, &mime, error)) == NULL)
        return NULL;
    if (mvm_png_is(picture->data, picture->len))
        return g_steal_pointer(&picture);
    return mvm_png_from_ppm(picture->data, picture->len, error);
}

static bool
has_desktop(void)
{
    return g_getenv("DISPLAY") != NULL || g_getenv("WAYLAND_DISPLAY") != NULL;
}

/* <listen type='none'/>: only a viewer that libvirt hands a descriptor sees it. */
static bool
no_viewer(const char *name, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot show '%s': its screen listens nowhere, and there is no virt-viewer here",
                name);
    mvm_error_set_hint(error, "install virt-viewer, and run this on a desktop");
    return false;
}

bool
mvm_machine_view(const MvmContext *context, const char *name, bool *ret_opened, char **ret_screen,
                 GError **error)
{
    g_autoptr(MvmDomain) domain = mvm_domain_open(context->conn, name, error);
    g_autoptr(xmlDoc) doc = NULL;
    const MvmEndpoint *endpoint = mvm_connection_get_endpoint(context->conn);
    g_autofree char *screen = NULL;
    /* --attach hands over a descriptor: on this machine no port is needed. Elsewhere it cannot. */
    const char *const by_libvirt[] = {"virt-viewer",
                                      "--connect",
                                      endpoint->uri,
                                      "--uuid",
                                      domain == NULL ? "" : mvm_domain_get_uuid(domain),
                                      endpoint->remote ? NULL : "--attach",
                                      NULL};

    if (domain == NULL || !mvm_check_running(domain, "show", error) ||
        (doc = mvm_domain_get_xml(domain, error)) == NULL)
        return false;
    if (mvm_xml_get_node(doc, "/domain/devices/graphics") == NULL)
        return lacks(name, "show", "screen", "--graphics vnc", error);
    screen = mvm_screen_address(doc);
    *ret_opened = false;
    if (has_desktop() && mvm_command_exists(by_libvirt[0])) {
        *ret_opened = mvm_command_launch(by_libvirt, error);
        return *ret_opened;
    }
    if (has_desktop() && !endpoint->remote && screen != NULL &&
        mvm_command_exists("remote-viewer")) {
        const char *const by_port[] = {"remote-viewer", screen, NULL};

        *ret_opened = mvm_command_launch(by_port, error);
        return *ret_opened;
    }
    if (screen == NULL)
        return no_viewer(name, error);
    *ret_screen = g_steal_pointer(&screen);
    return true;
}
