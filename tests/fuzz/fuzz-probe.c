/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kept answers of test machines from any bytes: what is taken of them can be kept again. */
#include "virt/probe-keep.h"

#include <string.h>

#define NOW 1000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_same(const MvmProbeAnswer *a, const MvmProbeAnswer *b)
{
    return a->known == b->known && a->works == b->works && a->asked == b->asked &&
           g_strcmp0(a->reason, b->reason) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char host[] = "h", uri[] = "qemu:///session", emulator[] = "/usr/bin/qemu";
    const MvmProbeKey key = {.host = host, .uri = uri, .session = true, .emulator = emulator};
    const char *text = size > 0 ? (const char *)data : "";
    g_autoptr(MvmProbe) probe = mvm_probe_parse(text, size, &key, NOW);
    g_autofree char *again = mvm_probe_format(probe, &key);
    g_autoptr(MvmProbe) second = mvm_probe_parse(again, strlen(again), &key, NOW);

    for (int i = 0; i < MVM_ASK_COUNT; i++) {
        const MvmProbeAnswer *answer = &probe->answers[i];

        g_assert_true(is_same(answer, &second->answers[i]));
        g_assert_true(!answer->known || (answer->asked > 0 && answer->asked <= NOW));
        g_assert_true(!answer->known || answer->works == (answer->reason == NULL));
    }
    return 0;
}
