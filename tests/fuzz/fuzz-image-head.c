/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as the head of an image: what import takes draws on no other file, and both readers of
 * a qcow2 head agree on that. */
#include "import/image-head.h"
#include "util/error.h"
#include "util/qcow2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Not NULL, and no byte more than there is. */
    g_autofree uint8_t *bytes = size > 0 ? g_memdup2(data, size) : g_malloc0(1);
    g_autoptr(GError) error = NULL;
    MvmImageFormat format = MVM_IMAGE_RAW;
    MvmQcow2Head head = {0};
    bool is_qcow2 = mvm_qcow2_head_read(bytes, size, &head);
    bool taken = mvm_image_head_check(bytes, size, "import", "input", &format, &error);

    g_assert_true(taken == (error == NULL));
    g_assert_true(mvm_qcow2_head_draws(bytes, size) == (is_qcow2 && head.draws));
    if (!taken) {
        g_assert_true(g_error_matches(error, MVM_ERROR, MVM_ERROR_USAGE));
        return 0;
    }
    g_assert_true((format == MVM_IMAGE_QCOW2) == is_qcow2);
    g_assert_false(is_qcow2 && (head.draws || head.encrypted));
    return 0;
}
