/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/context.h"

MvmContext
mvm_context(MvmConnection *conn, MvmProgress *progress)
{
    return (MvmContext){.conn = conn, .progress = progress};
}
