/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/screenshot.h"

#include "ops/machine.h"
#include "ops/png.h"
#include "util/command.h"
#include "util/error.h"
#include "virt/domain.h"

static MvmDomain *
open_active(const MvmContext *context, const char *name, const char *verb, GError **error)
{
    g_autoptr(MvmDomain) domain = mvm_domain_open(context->conn, name, error);
    MvmState state = MVM_STATE_UNKNOWN;

    if (domain == NULL || !mvm_domain_get_state(domain, &state, NULL, error))
        return NULL;
    if (!mvm_state_is_active(state)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot %s '%s': it is not running (%s)",
                    verb, name, mvm_state_name(state));
        mvm_error_set_hint(error, "'macvm up %s' starts it", name);
        return NULL;
    }
    return g_steal_pointer(&domain);
}

GByteArray *
mvm_machine_screenshot(const MvmContext *context, const char *name, GError **error)
{
    g_autoptr(MvmDomain) domain = open_active(context, name, "take a picture of", error);
    g_autoptr(GByteArray) picture = NULL;
    g_autofree char *mime = NULL;

    if (domain == NULL || (picture = mvm_domain_screenshot(domain, &mime, error)) == NULL)
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

bool
mvm_machine_view(const MvmContext *context, const char *name, bool *ret_opened, char **ret_screen,
                 GError **error)
{
    g_autoptr(MvmDomain) domain = open_active(context, name, "show", error);
    g_autoptr(xmlDoc) doc = domain == NULL ? NULL : mvm_domain_get_xml(domain, error);
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

    if (doc == NULL)
        return false;
    screen = mvm_machine_screen(doc);
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
    *ret_screen = g_steal_pointer(&screen);
    return true;
}
