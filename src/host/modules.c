/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/modules.h"

/* Nested virtualization is for guests that run machines themselves; the module takes it only when
 * it is loaded. */
static const char *
nested_line(const MvmKernel *kernel)
{
    switch (kernel->vendor) {
    case MVM_CPU_INTEL:
        return "options kvm_intel nested=1\n";
    case MVM_CPU_AMD:
        return "options kvm_amd nested=1\n";
    case MVM_CPU_OTHER:
        break;
    }
    return "";
}

/* The template's lines without its comments, and the maker's. The caller frees. */
static char *
make_conf(const MvmKernel *kernel, const char *template)
{
    GString *conf = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(template, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        if (**line != '\0' && **line != '#')
            g_string_append_printf(conf, "%s\n", *line);
    }
    g_string_append(conf, nested_line(kernel));
    return g_string_free(conf, FALSE);
}

void
mvm_modules_add_work(const MvmKernel *kernel, const char *template, MvmRootWork *work)
{
    g_autofree char *conf = make_conf(kernel, template);
    /* The mode is install's: the file must be readable whatever root's umask is. And a host without
     * the tools for modules lacks the folder (-D). */
    const char *const write_conf[] = {"install",    "-D",         "-m", "0644",
                                      "/dev/stdin", MVM_KVM_CONF, NULL};
    const char *const ignore[] = {"tee", MVM_KVM_IGNORE_MSRS, NULL};
    const char *const quiet[] = {"tee", MVM_KVM_REPORT_MSRS, NULL};

    if (!kernel->ignore_stored)
        mvm_root_work_add(work, write_conf, conf);
    if (kernel->ignore_msrs == 'N' && !kernel->ignore_fixed) {
        mvm_root_work_add(work, ignore, "1\n");
        mvm_root_work_add(work, quiet, "0\n");
    }
}
