/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/png.h"
#include "util/error.h"

#include <string.h>

/* The same picture decoded by libpng is the tests' way to know that it is one. */
#include <png.h>

static void
check_pixels(const GByteArray *png, unsigned width, unsigned height, const char *pixels)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    g_autofree char *out = g_malloc((size_t)width * height * 3);

    g_assert_true(png_image_begin_read_from_memory(&image, png->data, png->len));
    g_assert_cmpuint(image.width, ==, width);
    g_assert_cmpuint(image.height, ==, height);
    image.format = PNG_FORMAT_RGB;
    g_assert_true(png_image_finish_read(&image, NULL, out, 0, NULL));
    g_assert_cmpmem(out, (size_t)width * height * 3, pixels, (size_t)width * height * 3);
}

static void
test_ppm(void)
{
    static const char ppm[] = "P6\n# made by QEMU\n2 3\n255\n"
                              "abcdef"
                              "ghijkl"
                              "\xff\x00\n\x80 P";
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) png = mvm_png_from_ppm(ppm, sizeof(ppm) - 1, &error);

    g_assert_no_error(error);
    g_assert_true(mvm_png_is(png->data, png->len));
    check_pixels(png, 2, 3, ppm + sizeof(ppm) - 1 - 18);
}

static void
test_refused(void)
{
    static const char *const bad[] = {
        "",
        "P6",
        "P5 1 1 255 abc",
        "P6 1 1 255",
        "P6 1 1 255\nab",
        "P6 0 1 255\nabc",
        "P6 1 1 65535\nabcdef",
        "P6 99999999999999999999 1 255\nabc",
        "P6 16384 16384 255\nabc",
        "P6 -1 1 255\nabc",
        "P6 #",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(mvm_png_from_ppm(bad[i], strlen(bad[i]), &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
    }
    g_assert_false(mvm_png_is("\x89PNG", 4));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/png/ppm", test_ppm);
    g_test_add_func("/png/refused", test_refused);
    return g_test_run();
}
