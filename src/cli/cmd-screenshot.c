/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/commands.h"
#include "cli/pick.h"
#include "machine/name.h"
#include "ops/png.h"
#include "ops/screenshot.h"
#include "util/error.h"
#include "util/file.h"
#include "util/words.h"
#include "virt/domain.h"

#include <string.h>
#include <sys/stat.h>

/* To stdout, which must not be a terminal: that would be left in a bad state by the bytes. */
static bool
write_stdout(const GByteArray *picture, GError **error)
{
    if (isatty(STDOUT_FILENO)) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_USAGE,
                            "cannot write a picture to the terminal");
        mvm_error_set_hint(error, "give a file's name, or redirect the output");
        return false;
    }
    /* main() tells when stdout failed. */
    (void)fwrite(picture->data, 1, picture->len, stdout);
    return true;
}

/* A device or a FIFO is written to, not replaced by a file. */
static bool
is_special(const char *file)
{
    struct stat st;

    return stat(file, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static bool
write_special(const char *file, const GByteArray *picture, GError **error)
{
    FILE *stream = fopen(file, "we");
    bool ok = stream != NULL && fwrite(picture->data, 1, picture->len, stream) == picture->len;

    if (stream != NULL && fclose(stream) != 0)
        ok = false;
    return ok || mvm_error_set_errno(error, "write", file);
}

static void
print_json(const char *name, const char *file, const GByteArray *picture)
{
    MvmJson *json = mvm_json_new();
    uint32_t width = 0, height = 0;

    mvm_png_size(picture->data, picture->len, &width, &height);
    mvm_json_begin_object(json, NULL);
    mvm_json_string(json, "name", name);
    mvm_json_string(json, "file", file);
    mvm_json_int(json, "width", width);
    mvm_json_int(json, "height", height);
    mvm_json_end_object(json);
    mvm_cli_print_json(json);
}

static bool
write_file(const char *file, const GByteArray *picture, GError **error)
{
    return is_special(file) ? write_special(file, picture, error)
                            : mvm_file_replace(file, picture->data, picture->len, 0644, error);
}

/* 'screenshot work' is meant for the machine, unless nothing is called so. */
static bool
check_not_machine(MvmCli *cli, const char *file, GError **error)
{
    g_autofree char *word = mvm_word_quote(file);
    g_autoptr(MvmDomain) domain = NULL;

    if (strpbrk(file, "./") != NULL || strcmp(file, "-") == 0 || !mvm_name_check(file, NULL))
        return true;
    if (mvm_cli_connect(cli, error) == NULL)
        return false;
    domain = mvm_domain_open_any(cli->conn, file, NULL);
    if (domain == NULL)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                "cannot write the picture to '%s': that is a machine's name", file);
    mvm_error_set_hint(error,
                       "give the file as well: 'macvm screenshot %s %s.png', or write './%s' for a "
                       "file of that name",
                       word, word, file);
    return false;
}

bool
mvm_cmd_screenshot(MvmCli *cli, int argc, char **argv, GError **error)
{
    g_autoptr(GByteArray) picture = NULL;
    g_autofree char *name = NULL;
    const char *file = NULL;
    MvmContext context = {0};

    if (!mvm_cli_parse(cli, NULL, &argc, &argv, error))
        return false;
    file = argv[argc - 1];
    if (cli->json && strcmp(file, "-") == 0) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_USAGE,
                            "cannot write a picture to standard output with --json: the document "
                            "goes there");
        mvm_error_set_hint(error, "give a file's name");
        return false;
    }
    if (argc == 2 && !check_not_machine(cli, file, error))
        return false;
    if ((name = mvm_cli_pick(cli, argc == 3 ? argv[1] : NULL, &context, error)) == NULL ||
        (picture = mvm_machine_screenshot(&context, name, error)) == NULL)
        return false;
    if (strcmp(file, "-") == 0)
        return write_stdout(picture, error);
    if (!write_file(file, picture, error))
        return false;
    if (cli->json)
        print_json(name, file, picture);
    return true;
}
