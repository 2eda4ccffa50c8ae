/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/osk.h"

#include "host/smc.h"
#include "upstream/osk.h"
#include "util/error.h"

char *
mvm_osk_find(const MvmContext *context, const char *configured, const char *current)
{
    char *osk = NULL;

    if (configured != NULL)
        return g_strdup(configured);
    if (mvm_upstream_read_osk(NULL, &osk, NULL))
        return osk;
    if (current != NULL)
        return g_strdup(current);
    /* This machine's SMC answers for a guest of this machine only. */
    if (!mvm_connection_get_endpoint(context->conn)->remote)
        osk = mvm_smc_read_osk(MVM_SMC_DIR, NULL);
    if (osk == NULL)
        mvm_progress_note(context->progress,
                          "macOS will not start without an OSK: run 'macvm bootstrap' and define "
                          "again, or set osk= in macvm.conf");
    return osk;
}
