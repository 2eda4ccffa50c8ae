/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/command.h"
#include "util/error.h"
#include "util/file.h"
#include "util/json.h"
#include "util/lock.h"
#include "util/paths.h"
#include "util/size.h"
#include "util/words.h"

#include <errno.h>
#include <glib/gstdio.h>

static void
test_size_parse(void)
{
    const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {
        {"16G", 17179869184}, {"16 GiB", 17179869184}, {"16gb", 17179869184}, {"1.5G", 1610612736},
        {"1048576", 1048576}, {"4096K", 4194304},      {"1T", 1099511627776}, {"512B", 512},
    };
    const char *bad[] = {"",     "G",      "0",   "-1G", "16X",   "16GG", "0x10",
                         "1e99", "16 G B", "nan", "inf", "9999P", "٣G"};

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        uint64_t bytes = 0;

        g_assert_true(mvm_size_parse(good[i].text, &bytes, NULL));
        g_assert_cmpuint(bytes, ==, good[i].bytes);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        uint64_t bytes = 77;

        g_assert_false(mvm_size_parse(bad[i], &bytes, &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_USAGE);
        g_assert_cmpuint(bytes, ==, 77);
    }
}

static void
test_duration(void)
{
    const struct {
        int64_t seconds;
        const char *text;
    } cases[] = {
        {0, "0 s"},         {59, "59 s"},
        {60, "1 min"},      {3599, "59 min"},
        {3600, "1:00 h"},   {7540, "2:05 h"},
        {86399, "23:59 h"}, {86400, "1 day"},
        {200000, "2 days"}, {INT64_MAX, "2147483647 days"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = mvm_word_duration(cases[i].seconds);

        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void
test_size_format(void)
{
    const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {{0, "0 bytes"},
                 {1023, "1023 bytes"},
                 {17179869184, "16 GiB"},
                 {1610612736, "1.5 GiB"},
                 {85899345920, "80 GiB"}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = mvm_size_format(cases[i].bytes);

        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void
test_words(void)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"macos", "macos"},
        {"a.b-c_d", "a.b-c_d"},
        {"J\xc3\xbcrgens", "J\xc3\xbcrgens"},
        {"my mac", "\"my mac\""},
        {"it's", "\"it's\""},
        {"(a;b)", "\"(a;b)\""},
        {"$HOME", "'$HOME'"},
        {"a\"b", "'a\"b'"},
        {"`it's`", "'`it'\\''s`'"},
        {"", "\"\""},
    };
    g_autofree char *one = mvm_word_count(1, "second");
    g_autofree char *two = mvm_word_count(2, "second");

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *word = mvm_word_quote(cases[i].in);
        g_autofree char *line = g_strconcat("echo ", word, NULL);
        g_auto(GStrv) argv = NULL;

        g_assert_cmpstr(word, ==, cases[i].out);
        g_assert_true(g_shell_parse_argv(line, NULL, &argv, NULL));
        g_assert_cmpstr(argv[1], ==, cases[i].in);
    }
    g_assert_cmpstr(one, ==, "1 second");
    g_assert_cmpstr(two, ==, "2 seconds");
}

static void
test_printable(void)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"J\xc3\xbcrgen's\n\tmac", "J\xc3\xbcrgen's\n\tmac"},
        {"\033]0;x\007", "\\x1b]0;x\\x07"},
        {"\rover", "\\x0dover"},
        {"one\r\ntwo\r", "one\ntwo"},
        {"\x7f", "\\x7f"},
        {"\xc2\x80\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9f\xc2\xa0"},
        {"\xd8\x9c", "\\xd8\\x9c"},                                 /* U+061C */
        {"\xe2\x80\x8b", "\\xe2\\x80\\x8b"},                        /* U+200B */
        {"\xe2\x80\x8e", "\\xe2\\x80\\x8e"},                        /* U+200E */
        {"\xe2\x80\xaa", "\\xe2\\x80\\xaa"},                        /* U+202A */
        {"\xe2\x80\xae", "\\xe2\\x80\\xae"},                        /* U+202E */
        {"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},                        /* U+2066 */
        {"\xe2\x81\xa9", "\\xe2\\x81\\xa9"},                        /* U+2069 */
        {"\xef\xbb\xbf", "\\xef\\xbb\\xbf"},                        /* U+FEFF */
        {"a\xe2\x80\x8d\xe2\x80\x8c", "a\xe2\x80\x8d\xe2\x80\x8c"}, /* joiners */
        {"\xf0\x9f\x91\xa9 \xd9\x81", "\xf0\x9f\x91\xa9 \xd9\x81"},
        {"\xc2\x9b", "\\xc2\\x9b"},
        {"\xff\xc3", "\\xff\\xc3"},
        {"", ""},
    };
    g_autofree char *line = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *out = mvm_word_printable(cases[i].in);

        g_assert_cmpstr(out, ==, cases[i].out);
    }
    line = mvm_word_printable_line("a\n\tb\r");
    g_assert_cmpstr(line, ==, "a\\x0a\\x09b\\x0d");
}

static void
test_error_hint(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) copy = NULL;

    errno = ENOENT;
    g_assert_false(mvm_error_set_errno(&error, "read", "x"));
    mvm_error_set_hint(&error, "try %d", 2);
    g_prefix_error(&error, "cannot define 'macos': ");
    copy = g_error_copy(error);
    g_assert_cmpstr(copy->message, ==,
                    "cannot define 'macos': cannot read 'x': No such file or directory");
    g_assert_cmpstr(mvm_error_get_hint(copy), ==, "try 2");
    g_assert_cmpint(mvm_error_exit_status(copy), ==, 3);
    g_assert_cmpstr(mvm_error_code_name(copy), ==, "not-found");
}

static void
test_command(void)
{
    const char *ok[] = {"printf", "%s", "a'b \"$HOME\"", NULL};
    const char *fails[] = {"sh", "-c", "echo one >&2; echo two >&2; exit 3", NULL};
    const char *missing[] = {"macvm-no-such-program", NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *out = mvm_command_run(ok, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(out, ==, "a'b \"$HOME\"");
    g_assert_null(mvm_command_run(fails, &error));
    g_assert_cmpstr(error->message, ==, "'sh' failed: two");
    g_clear_error(&error);
    g_assert_null(mvm_command_run(missing, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_HOST);
    g_clear_error(&error);
}

/* Each stream of the child is where the caller of the program finds it. */
/* What a program writes is bounded, and so is its time. */
static void
test_endless(void)
{
    static const char *const floods[][4] = {
        {"yes", NULL}, {"sh", "-c", "exec yes >&2", NULL}, {"sh", "-c", "yes & yes >&2", NULL}};
    static const char *const sleeps[] = {"sleep", "1000", NULL};
    static const char *const stubborn[] = {"sh", "-c", "trap '' TERM; exec >&- 2>&-; sleep 1000",
                                           NULL};
    static const char *const both[] = {
        "sh", "-c",
        "head -c 300000 /dev/zero | tr '\\0' e >&2; head -c 300000 /dev/zero | tr '\\0' o", NULL};
    gint64 begin = g_get_monotonic_time();
    g_autofree char *out = mvm_command_run_within(both, 60, NULL);

    /* Neither pipe waits for the other. */
    g_assert_cmpuint(strlen(out), ==, 300000);
    for (size_t i = 0; i < G_N_ELEMENTS(floods); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(mvm_command_run_within(floods[i], 60, &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
        g_assert_nonnull(strstr(error->message, "wrote too much"));
    }
    {
        g_autoptr(GError) late = NULL, deaf = NULL;

        g_assert_null(mvm_command_run_within(sleeps, 1, &late));
        g_assert_cmpstr(late->message, ==, "'sleep' did not end within 1 second");
        g_assert_null(mvm_command_run_within(stubborn, 1, &deaf));
        g_assert_error(deaf, MVM_ERROR, MVM_ERROR_FAILED);
    }
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 100 * G_USEC_PER_SEC);
}

static void
test_foreground(void)
{
    const char *const plain[] = {"sh", "-c", "echo to stdout; echo to stderr >&2; exit 3", NULL};
    const char *const fed[] = {"sh", "-c", "read word; echo \"got $word\"; echo too >&2", NULL};
    g_autoptr(GError) error = NULL;
    int status = 0;

    if (g_test_subprocess()) {
        g_assert_true(mvm_command_run_foreground(plain, &status, &error));
        g_assert_cmpint(status, ==, 3);
        g_assert_true(mvm_command_run_fed(fed, "input\n", &status, &error));
        g_assert_cmpint(status, ==, 0);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stdout("*to stdout*");
    g_test_trap_assert_stdout_unmatched("*got*");
    g_test_trap_assert_stderr("*to stderr*got input*too*");
}

static void
test_file_replace(void)
{
    g_autofree char *dir = g_dir_make_tmp("macvm-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "f", NULL);
    g_autofree char *absent = g_build_filename(dir, "no", "f", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    GStatBuf st;
    size_t len = 0;

    g_assert_true(mvm_file_replace(path, "secret", 6, 0600, &error));
    g_assert_cmpint(g_stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    text = mvm_file_read(path, 6, &len, &error);
    g_assert_cmpstr(text, ==, "secret");
    g_assert_cmpuint(len, ==, 6);
    g_assert_null(mvm_file_read(path, 5, NULL, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
    g_clear_error(&error);
    g_assert_false(mvm_file_replace(absent, "x", 1, 0600, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
    g_remove(path);
    g_rmdir(dir);
}

static void
test_file_lock(void)
{
    g_autofree char *dir = g_dir_make_tmp("macvm-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "lock", NULL);
    g_autoptr(GError) error = NULL;
    mvm_autofd first = mvm_file_lock(path, "macos", &error);

    g_assert_no_error(error);
    g_assert_cmpint(first, >=, 0);
    g_assert_cmpint(mvm_file_lock(path, "macos", &error), ==, -1);
    g_assert_error(error, MVM_ERROR, MVM_ERROR_CONFLICT);
    g_remove(path);
    g_rmdir(dir);
}

static void
test_lock(void)
{
    g_autofree char *path = mvm_path_runtime("a.lock");
    g_autoptr(GError) error = NULL;
    MvmLock *lock = mvm_lock_take("a.lock", "macos", &error);

    g_assert_no_error(error);
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_null(mvm_lock_take("a.lock", "macos", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_CONFLICT);
    mvm_lock_release(lock);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* Any text makes a name of its own, and none leads out of the directory. */
static void
test_lock_key(void)
{
    static const char *const keys[] = {"qemu:///session\n../../x", "qemu:///system\n../../x", "",
                                       "/"};
    g_autoptr(GPtrArray) locks = g_ptr_array_new_with_free_func((GDestroyNotify)mvm_lock_release);
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_ptr_array_add(locks, mvm_lock_take_key("define", keys[i], "macos", &error));
        g_assert_no_error(error);
    }
    g_assert_null(mvm_lock_take_key("define", keys[0], "macos", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_CONFLICT);
    g_clear_error(&error);
    g_ptr_array_set_size(locks, 0);
    g_ptr_array_add(locks, mvm_lock_take_key("define", keys[0], "macos", &error));
    g_assert_no_error(error);
}

static void
test_lock_dir(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *top = g_dir_make_tmp("macvm-lock-XXXXXX", &error);
    g_autofree char *dir = g_build_filename(top, "checkout", NULL);
    MvmLock *lock = mvm_lock_take_dir(dir, &error);

    g_assert_no_error(error);
    g_assert_null(mvm_lock_take_dir(dir, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_CONFLICT);
    g_clear_error(&error);
    mvm_lock_release(lock);
    g_assert_cmpint(g_mkdir(dir, 0700), ==, 0);
    lock = mvm_lock_take_dir(dir, &error);
    g_assert_no_error(error);
    g_assert_null(mvm_lock_take_dir(dir, NULL));
    mvm_lock_release(lock);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
    g_assert_cmpint(g_rmdir(top), ==, 0); /* nothing stays */
}

/* A file that was removed between being opened and being locked is nobody's lock. */
static void *
take_often(void *opaque)
{
    gint *holders = opaque;
    unsigned taken = 0;

    while (taken < 50) {
        g_autoptr(MvmLock) lock = mvm_lock_take("b.lock", "macos", NULL);

        if (lock == NULL)
            continue;
        g_assert_cmpint(g_atomic_int_add(holders, 1), ==, 0);
        g_thread_yield();
        g_atomic_int_add(holders, -1);
        taken++;
    }
    return NULL;
}

static void
test_lock_removed(void)
{
    GThread *threads[4];
    gint holders = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("lock", take_often, &holders);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
}

static void
test_json(void)
{
    g_autoptr(MvmJson) json = mvm_json_new();
    g_autofree char *text = NULL;

    mvm_json_begin_object(json, NULL);
    mvm_json_string(json, "name", "m\"ä");
    mvm_json_int(json, "memory", INT64_C(9007199254740993));
    mvm_json_begin_array(json, "disks");
    mvm_json_bool(json, NULL, true);
    mvm_json_end_array(json);
    mvm_json_string(json, "none", NULL);
    mvm_json_string(json, "hidden", "\x1b\x7f\xc2\x9b\xe2\x80\xae\xf3\xa0\x81\x81\xff");
    mvm_json_end_object(json);
    text = mvm_json_to_text(json, false);
    g_assert_cmpstr(
        text, ==,
        "{\"name\":\"m\\\"ä\",\"memory\":9007199254740993,\"disks\":[true],\"none\":null,"
        "\"hidden\":\"\\u001b\\u007f\\u009b\\u202e\\udb40\\udc41\xef\xbf\xbd\"}\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
    g_test_add_func("/size/parse", test_size_parse);
    g_test_add_func("/word/duration", test_duration);
    g_test_add_func("/size/format", test_size_format);
    g_test_add_func("/words/shell", test_words);
    g_test_add_func("/words/printable", test_printable);
    g_test_add_func("/error/hint", test_error_hint);
    g_test_add_func("/command/run", test_command);
    g_test_add_func("/command/endless", test_endless);
    g_test_add_func("/command/foreground", test_foreground);
    g_test_add_func("/file/replace", test_file_replace);
    g_test_add_func("/file/lock", test_file_lock);
    g_test_add_func("/lock/take", test_lock);
    g_test_add_func("/lock/key", test_lock_key);
    g_test_add_func("/lock/dir", test_lock_dir);
    g_test_add_func("/lock/removed", test_lock_removed);
    g_test_add_func("/json/write", test_json);
    return g_test_run();
}
