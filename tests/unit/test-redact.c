/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/redact.h"

#include <glib.h>
#include <string.h>

/* As nasty as a value of 64 characters can be; no real one. */
#define NASTY "a,b'c\"d\\e<f>g&h\ni j;k$l`m!n(o)p,,q''r\"\"s\\\\t\\nu\\u0041v&amp;w%x{y}"

static void
test_plain(void)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"nothing here", "nothing here"},
        {"the osk is not told", "the osk is not told"},
        {"-device isa-applesmc,osk=abc,id=x", "-device isa-applesmc,osk=[...],id=x"},
        {"osk=", "osk=[...]"},
        {"osk=one osk", "osk=[...]"},
        {"osk=0123456789012345678901234567890123456789012345678901234567890123: 'x' is bad",
         "osk=[...]: 'x' is bad"},
        {"osk=01234567890123456789012345678901234567890123456789012345678901234567 more",
         "osk=[...] more"},
        {"osk=a,b=1 osk=b,c=2", "osk=[...],b=1 osk=[...],c=2"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *out = mvm_redact(cases[i].in);

        g_assert_cmpstr(out, ==, cases[i].out);
    }
}

static char *
replace(const char *text, const char *from, const char *to)
{
    g_auto(GStrv) parts = g_strsplit(text, from, -1);

    return g_strjoinv(to, parts);
}

/* All of value is gone. Some of after may be gone with it: how value is written can be ambiguous.
 */
static void
assert_hidden(const char *before, const char *value, const char *after)
{
    g_autofree char *text = g_strconcat(before, value, after, NULL);
    g_autofree char *begin = g_strconcat(before, "[...]", NULL);
    g_autofree char *out = mvm_redact(text);

    g_assert_true(g_str_has_prefix(out, begin));
    g_assert_true(g_str_has_suffix(after, out + strlen(begin)));
}

/* Each way in which the value is seen in logs, messages and documents. */
static void
test_written(void)
{
    g_autofree char *listed = replace(NASTY, ",", ",,");
    g_autofree char *xml = g_markup_escape_text(listed, -1);
    g_autofree char *attribute = replace(xml, "\n", "&#10;");
    g_autofree char *shell = replace(listed, "'", "'\\''");
    g_autofree char *c = g_strescape(NASTY, NULL);
    g_autofree char *octal = replace(c, "\\n", "\\012");
    g_autofree char *hex = replace(c, "\\n", "\\x0a");
    g_autofree char *json = replace(c, "\\n", "\\u000a");

    g_assert_cmpuint(strlen(NASTY), ==, 64);
    assert_hidden("qemu: -device isa-applesmc,osk=", listed, ": bad device");
    assert_hidden("-device 'isa-applesmc,osk=", shell, "' \\\n-msg");
    assert_hidden("<arg value='isa-applesmc,osk=", attribute, "'/>");
    assert_hidden("<arg value=\"isa-applesmc,osk=", xml, "\"/>");
    assert_hidden("{\"osk\":\"", c, "\"}");
    assert_hidden("{\"osk\": \"", json, "\",\"id\":\"x\"}");
    assert_hidden("\"{\\\"osk\\\":\\\"", c, "\\\"}\"");
    assert_hidden("&quot;osk&quot;:&quot;", attribute, "&quot;");
    assert_hidden("osk='", octal, "'");
    assert_hidden("osk=\"", hex, "\"");
    assert_hidden("osk = ", NASTY, " ");
}

/* A log is read line by line, and the value may have newlines. */
static void
test_lines(void)
{
    static const char *const lines[][2] = {
        {"-device 'isa-applesmc,osk=0123456789", "-device 'isa-applesmc,osk=[...]"},
        {"0123456789 it'\\''s", "[...]"},
        {"", "[...]"},
        {"abcdefghijklmnopqrstuvwxyz1234567890' \\", "[...]' \\"},
        {"-id x", "-id x"},
    };
    MvmRedaction redaction = {0};

    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *shown = mvm_redact_line(lines[i][0], &redaction);

        g_assert_cmpstr(shown, ==, lines[i][1]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/redact/plain", test_plain);
    g_test_add_func("/redact/written", test_written);
    g_test_add_func("/redact/lines", test_lines);
    return g_test_run();
}
