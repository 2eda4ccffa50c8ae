/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/secret.h"

#include <string.h>

void
mvm_secret_free(char *text)
{
    if (text == NULL)
        return;
    explicit_bzero(text, strlen(text));
    g_free(text);
}
