/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/answer.h"

#include "media/media-limits.h"
#include "media/refuse.h"
#include "util/error.h"

#include <string.h>

#define APPLE_DOMAIN ".apple.com"

/* Tokens are sent back in a header, so nothing but printable ASCII may be in them. */
static bool
is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        if (!g_ascii_isprint(*text))
            return false;
    }
    return true;
}

static bool
host_allowed(const char *host, const char *only)
{
    g_autofree char *lower = g_ascii_strdown(host, -1);

    if (only != NULL)
        return g_ascii_strcasecmp(host, only) == 0;
    return g_str_has_suffix(lower, APPLE_DOMAIN);
}

static bool
check_url(const char *url, const char *only, GError **error)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    const char *scheme = uri == NULL ? NULL : g_uri_get_scheme(uri);
    const char *host = uri == NULL ? NULL : g_uri_get_host(uri);

    if (host == NULL || g_uri_get_userinfo(uri) != NULL ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        return mvm_media_refuse(error, "its answer has an address that is not of the web");
    if (!host_allowed(host, only))
        return mvm_media_refuse(error, "its answer points to host '%s', which is not %s", host,
                                only != NULL ? "the server's own" : "Apple's");
    return true;
}

/* Where the value of key belongs, or NULL for one that is of no interest. */
static char **
slot_of(MvmAnswer *answer, const char *key)
{
    const struct {
        const char *key;
        char **slot;
    } slots[] = {
        {"AP", &answer->product},         {"AU", &answer->image_url},
        {"AT", &answer->image_token},     {"CU", &answer->chunklist_url},
        {"CT", &answer->chunklist_token},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(slots); i++) {
        if (strcmp(slots[i].key, key) == 0)
            return slots[i].slot;
    }
    return NULL;
}

static bool
parse_line(MvmAnswer *answer, char *line, GError **error)
{
    char *value = strstr(line, ": ");
    char **slot = NULL;

    if (value == NULL)
        return true;
    *value = '\0';
    value += strlen(": ");
    slot = slot_of(answer, line);
    if (slot == NULL)
        return true;
    if (*slot != NULL || *value == '\0' || !is_plain(value))
        return mvm_media_refuse(error, "its answer has an unusable value for %s", line);
    *slot = g_strdup(value);
    return true;
}

static bool
refuse_as_other(GError **error)
{
    mvm_media_refuse(error, "its answer is not one of a recovery server");
    mvm_error_set_hint(error, "%s", MVM_SOMEBODY_ELSE);
    return false;
}

bool
mvm_answer_parse(const char *text, size_t len, const char *host, MvmAnswer *ret_answer,
                 GError **error)
{
    g_autofree char *copy = NULL;
    g_auto(GStrv) lines = NULL;
    g_auto(MvmAnswer) answer = {0};

    /* An empty one may have no text at all. */
    if (len < 1 || len > MVM_ANSWER_MAX || memchr(text, '\0', len) != NULL)
        return refuse_as_other(error);
    copy = g_strndup(text, len);
    lines = g_strsplit(copy, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_strchomp(*line);
        if (!parse_line(&answer, *line, error))
            return false;
    }
    if (answer.product == NULL || answer.image_url == NULL || answer.image_token == NULL ||
        answer.chunklist_url == NULL || answer.chunklist_token == NULL)
        return refuse_as_other(error);
    if (!check_url(answer.image_url, host, error) || !check_url(answer.chunklist_url, host, error))
        return false;
    *ret_answer = answer;
    memset(&answer, 0, sizeof(answer));
    return true;
}

void
mvm_answer_clear(MvmAnswer *answer)
{
    g_clear_pointer(&answer->product, g_free);
    g_clear_pointer(&answer->image_url, g_free);
    g_clear_pointer(&answer->image_token, g_free);
    g_clear_pointer(&answer->chunklist_url, g_free);
    g_clear_pointer(&answer->chunklist_token, g_free);
}

static bool
parse_number(const char **text, char end, uint64_t *ret_value)
{
    char *stop = NULL;

    if (!g_ascii_isdigit(**text))
        return false;
    *ret_value = g_ascii_strtoull(*text, &stop, 10);
    if (*stop != end)
        return false;
    *text = stop + (end != '\0');
    return true;
}

bool
mvm_content_range_parse(const char *text, uint64_t *ret_first, uint64_t *ret_last,
                        uint64_t *ret_total)
{
    static const char unit[] = "bytes ";

    if (g_ascii_strncasecmp(text, unit, strlen(unit)) != 0)
        return false;
    text += strlen(unit);
    return parse_number(&text, '-', ret_first) && parse_number(&text, '/', ret_last) &&
           parse_number(&text, '\0', ret_total);
}
