/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/qemu-args.h"
#include "import/shell.h"
#include "import/source.h"
#include "util/error.h"

/* ultimate-macOS-KVM writes the version into its script. */
static void
take_version(MvmImportSource *source, const MvmShell *shell)
{
    const char *os = mvm_shell_get(shell, "OS_ID");

    if (os != NULL && !mvm_options_set(source->options, MVM_OPTION_OS, os, NULL))
        mvm_import_leave(source, "macOS version '%.64s': macvm does not know it", os);
}

MvmImportSource *
mvm_import_read_script(const char *text, size_t len, const char *dir, const char *what,
                       GError **error)
{
    g_autoptr(MvmShell) shell = mvm_shell_read(text, len, dir, what, error);
    g_autoptr(MvmImportSource) source = NULL;

    if (shell == NULL)
        return NULL;
    source = mvm_import_source_new();
    mvm_import_qemu_args(source, shell->words);
    take_version(source, shell);
    if (source->image[MVM_IMPORT_SYSTEM] == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot import '%s': no QEMU command with a disk in it", what);
        mvm_error_set_hint(error, "give the script that starts the machine, quickemu's .conf or a "
                                  "libvirt domain's XML");
        return NULL;
    }
    return g_steal_pointer(&source);
}
