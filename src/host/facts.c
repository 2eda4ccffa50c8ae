/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/facts.h"

static void
finding_clear(MvmFinding *finding)
{
    g_free(finding->detail);
    g_free(finding->problem);
    g_free(finding->fix);
}

const char *
mvm_facts_connect(const MvmFacts *facts)
{
    return facts->connect != NULL ? facts->connect : "";
}

void
mvm_facts_free(MvmFacts *facts)
{
    if (facts == NULL)
        return;
    mvm_machine_free(facts->machine);
    g_free(facts->unfit);
    g_clear_error(&facts->connection_error);
    g_free(facts->uri);
    g_free(facts->daemon);
    g_free(facts->opencore_path);
    g_free(facts->connect);
    g_free(facts->host_name);
    mvm_host_free(facts->host);
    g_clear_error(&facts->host_error);
    mvm_probe_free(facts->probe);
    g_clear_error(&facts->probe_error);
    g_strfreev(facts->missing_features);
    g_clear_error(&facts->features_error);
    mvm_kernel_free(facts->kernel);
    g_clear_error(&facts->kernel_error);
    g_free(facts->pool_name);
    g_free(facts->pool_path);
    g_clear_error(&facts->pool_error);
    g_free(facts->closed_dir);
    g_free(facts->access_unknown);
    g_free(facts->screen);
    finding_clear(&facts->opencore);
    finding_clear(&facts->osk);
    finding_clear(&facts->recovery);
    finding_clear(&facts->system_disk);
    g_clear_error(&facts->network_error);
    g_free(facts);
}
