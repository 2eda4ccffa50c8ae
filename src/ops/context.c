/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/context.h"

MvmContext
mvm_context(MvmConnection *conn, MvmProgress *progress)
{
    if (conn != NULL && progress != NULL)
        mvm_connection_set_notes(conn, progress);
    return (MvmContext){.conn = conn, .progress = progress};
}
