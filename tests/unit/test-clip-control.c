/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/control.h"
#include "util/error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A control in a thread of its own, as an agent's. */
typedef struct {
    char *folder, *path;
    GMainContext *context;
    GMainLoop *loop;
    GThread *thread;
    MvmControl *control;
} Lab;

static void
on_request(MvmControlRequest *request, const char *word, void *data)
{
    if (strcmp(word, "status") == 0)
        mvm_control_answer(request, "ok\nmachine a b\nsent 3\n");
    else if (strcmp(word, "push") == 0)
        mvm_control_answer(request, "error it is empty\ncode 2\n");
    else if (strcmp(word, "cut") == 0)
        mvm_control_answer(request, "");
    else if (strcmp(word, "silence") != 0)
        mvm_control_answer(request, "error no such request\n");
}

static gpointer
run(gpointer data)
{
    Lab *lab = data;

    g_main_loop_run(lab->loop);
    return NULL;
}

static void
lab_init(Lab *lab)
{
    g_autoptr(GError) error = NULL;

    lab->folder = g_dir_make_tmp("macvm-XXXXXX", NULL);
    lab->path = g_build_filename(lab->folder, "sock", NULL);
    lab->context = g_main_context_new();
    lab->loop = g_main_loop_new(lab->context, FALSE);
    lab->control = mvm_control_new(lab->path, lab->context, on_request, lab, &error);
    g_assert_no_error(error);
    lab->thread = g_thread_new("control", run, lab);
}

static void
lab_clear(Lab *lab)
{
    g_main_loop_quit(lab->loop);
    g_thread_join(lab->thread);
    mvm_control_free(lab->control);
    g_assert_false(g_file_test(lab->path, G_FILE_TEST_EXISTS));
    g_main_loop_unref(lab->loop);
    g_main_context_unref(lab->context);
    g_rmdir(lab->folder);
    g_free(lab->folder);
    g_free(lab->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Lab, lab_clear)

static void
test_ask(void)
{
    g_auto(Lab) lab = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *answer = NULL;
    g_autofree char *machine = NULL;
    bool there = false;
    GStatBuf st;

    lab_init(&lab);
    g_assert_cmpint(g_stat(lab.path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    answer = mvm_control_ask(lab.path, "status", 5000, &there, &error);
    g_assert_true(there);
    g_assert_no_error(error);
    machine = mvm_control_get(answer, "machine");
    g_assert_cmpstr(machine, ==, "a b");
    g_assert_null(mvm_control_get(answer, "mach"));
    g_assert_null(mvm_control_ask(lab.path, "push", 5000, &there, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
    g_assert_cmpstr(error->message, ==, "it is empty");
    g_assert_true(there);
    g_clear_error(&error);
    g_assert_null(mvm_control_ask(lab.path, "nonsense", 5000, NULL, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
    g_clear_error(&error);
    /* An agent that dies over a request has not done what it was asked for. */
    g_assert_null(mvm_control_ask(lab.path, "cut", 5000, NULL, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
    g_clear_error(&error);
    g_assert_null(mvm_control_ask(lab.path, "silence", 100, NULL, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
}

static void
test_nobody(void)
{
    g_autofree char *folder = g_dir_make_tmp("macvm-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "sock", NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autoptr(GError) error = NULL;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool there = true;

    g_assert_null(mvm_control_ask(path, "status", 1000, &there, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
    g_assert_false(there);
    g_clear_error(&error);
    /* What a crashed agent leaves. */
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    close(fd);
    g_assert_null(mvm_control_ask(path, "status", 1000, NULL, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
    g_remove(path);
    g_rmdir(folder);
}

/* Sends text as it is and returns the answer. */
static char *
raw(const char *path, const char *text, size_t len)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    char answer[256] = "";
    ssize_t n = 0;

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    for (size_t i = 0; i < len; i++)
        (void)send(fd, text + i, 1, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    n = recv(fd, answer, sizeof(answer) - 1, MSG_WAITALL);
    close(fd);
    return n >= 0 ? g_strdup(answer) : NULL;
}

static void
test_bad_requests(void)
{
    g_auto(Lab) lab = {0};
    g_autofree char *piecewise = NULL;
    g_autofree char *unknown = NULL;
    g_autofree char *cut = NULL;
    g_autofree char *too_long = NULL;
    g_autofree char *many = g_strnfill(4096, 'x');

    lab_init(&lab);
    piecewise = raw(lab.path, "status\n", 7);
    g_assert_true(g_str_has_prefix(piecewise, "ok\n"));
    unknown = raw(lab.path, "\xff\x01\n", 3);
    g_assert_true(g_str_has_prefix(unknown, "error "));
    cut = raw(lab.path, "stat", 4);
    g_assert_cmpstr(cut, ==, "");
    too_long = raw(lab.path, many, 4096);
    g_assert_true(too_long == NULL || g_str_has_prefix(too_long, "error "));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ask", test_ask);
    g_test_add_func("/nobody", test_nobody);
    g_test_add_func("/bad-requests", test_bad_requests);
    return g_test_run();
}
