/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/http.h"

#include "media/http-private.h"
#include "util/error.h"

#include <string.h>

#define USER_AGENT "InternetRecovery/1.0"
#define CONNECT_SECONDS 10L
#define REDIRECTS 5L
#define SLOW_BYTES 1024L
#define BUFFER_BYTES 262144L
#define DELAY_MAX_MS 30000
#define RETRY_AFTER_MAX_S 300
#define RETRY_AFTER_TOLD_S 5
#define TICK_MS 100

typedef struct {
    MvmHttpReply *reply;
    MvmProgress *progress;
    size_t max;
    bool too_long;
    GError *stopped; /* owned: progress asked to stop */
} Exchange;

static void
init_libcurl(void)
{
    static gsize done = 0;

    if (g_once_init_enter(&done)) {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
            g_error("libcurl cannot be initialised");
        g_once_init_leave(&done, 1);
    }
}

static void
allow_web_only(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    mvm_curl_set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    mvm_curl_set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
    mvm_curl_set(easy, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
    mvm_curl_set(easy, CURLOPT_REDIR_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
}

/* The certificates that servers are known by, where they are not the system's: libcurl leaves these
 * variables to the curl program. */
static void
set_authorities(CURL *easy)
{
    const char *bundle = g_getenv("CURL_CA_BUNDLE");
    const char *folder = g_getenv("SSL_CERT_DIR");

    if (bundle == NULL || *bundle == '\0')
        bundle = g_getenv("SSL_CERT_FILE");
    if (bundle != NULL && *bundle != '\0')
        mvm_curl_set(easy, CURLOPT_CAINFO, bundle);
    if (folder != NULL && *folder != '\0')
        mvm_curl_set(easy, CURLOPT_CAPATH, folder);
}

CURL *
mvm_http_handle_new(const MvmHttpTuning *tuning, char *error_text)
{
    CURL *easy = NULL;

    init_libcurl();
    easy = curl_easy_init();
    if (easy == NULL)
        g_error("libcurl is out of memory");
    allow_web_only(easy);
    set_authorities(easy);
    mvm_curl_set(easy, CURLOPT_ERRORBUFFER, error_text);
    mvm_curl_set(easy, CURLOPT_NOSIGNAL, 1L);
    mvm_curl_set(easy, CURLOPT_USERAGENT, USER_AGENT);
    mvm_curl_set(easy, CURLOPT_FOLLOWLOCATION, 1L);
    mvm_curl_set(easy, CURLOPT_MAXREDIRS, REDIRECTS);
    mvm_curl_set(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    mvm_curl_set(easy, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
    mvm_curl_set(easy, CURLOPT_LOW_SPEED_TIME, (long)tuning->stall_seconds);
    mvm_curl_set(easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    /* One connection a transfer: streams of one HTTP/2 connection would share its fate. */
    mvm_curl_set(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    return easy;
}

bool
mvm_http_is_transient(CURLcode code, long status)
{
    switch (code) {
    case CURLE_OK:
        return status == 408 || status == 429 || status >= 500;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return true;
    default:
        return false;
    }
}

/* What the server asks for with Retry-After, in seconds; any number. */
static int64_t
retry_after(CURL *easy)
{
    curl_off_t asked = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &asked);
    return asked;
}

int64_t
mvm_http_delay_ms(const MvmHttpTuning *tuning, unsigned failures, CURL *easy)
{
    int64_t delay = (int64_t)tuning->backoff_ms << MIN(failures - 1, 10);

    return MAX(MIN(delay, DELAY_MAX_MS), MIN(retry_after(easy), RETRY_AFTER_MAX_S) * 1000);
}

bool
mvm_http_is_sent_away(CURL *easy)
{
    return retry_after(easy) > RETRY_AFTER_MAX_S;
}

int64_t
mvm_http_get_patience(CURL *easy)
{
    int64_t asked = retry_after(easy);

    return asked >= RETRY_AFTER_TOLD_S && asked <= RETRY_AFTER_MAX_S ? asked : 0;
}

char *
mvm_http_dup_cause(CURL *easy, CURLcode code, long status, const char *error_text)
{
    if (code == CURLE_OK && mvm_http_is_sent_away(easy))
        return g_strdup_printf("the server answers %ld, and to come back in %" G_GINT64_FORMAT
                               " minutes",
                               status, retry_after(easy) / 60);
    if (code == CURLE_OK)
        return g_strdup_printf("the server answers %ld", status);
    return g_strdup(*error_text != '\0' ? error_text : curl_easy_strerror(code));
}

static size_t
on_body(char *data, size_t one, size_t len, void *opaque)
{
    Exchange *exchange = opaque;

    if (len > exchange->max - exchange->reply->body->len) {
        exchange->too_long = true;
        return 0;
    }
    g_byte_array_append(exchange->reply->body, (const guint8 *)data, (guint)len);
    return len;
}

static size_t
on_header(char *data, size_t one, size_t len, void *opaque)
{
    static const char name[] = "set-cookie:";
    Exchange *exchange = opaque;
    g_autofree char *line = g_strndup(data, len);
    char *cookie = NULL;

    if (g_ascii_strncasecmp(line, name, strlen(name)) != 0 || exchange->reply->session != NULL)
        return len;
    cookie = g_strstrip(line + strlen(name));
    if (!g_str_has_prefix(cookie, "session="))
        return len;
    cookie[strcspn(cookie, ";\r\n")] = '\0';
    exchange->reply->session = g_strdup(cookie);
    return len;
}

static int
on_progress(void *opaque, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
    Exchange *exchange = opaque;

    return exchange->stopped != NULL ||
           !mvm_progress_update(exchange->progress, "asking the server", 0, 0, &exchange->stopped);
}

/* Sleeps, awake often enough to be stopped. */
static bool
wait_ms(Exchange *exchange, int64_t ms)
{
    for (gint64 end = g_get_monotonic_time() + ms * 1000; g_get_monotonic_time() < end;) {
        if (on_progress(exchange, 0, 0, 0, 0) != 0)
            return false;
        g_usleep(TICK_MS * 1000);
    }
    return true;
}

static void
set_request(CURL *easy, const MvmHttpRequest *request, struct curl_slist *headers,
            Exchange *exchange)
{
    mvm_curl_set(easy, CURLOPT_URL, request->url);
    if (request->cookie != NULL)
        mvm_curl_set(easy, CURLOPT_COOKIE, request->cookie);
    if (request->post != NULL)
        mvm_curl_set(easy, CURLOPT_POSTFIELDS, request->post);
    mvm_curl_set(easy, CURLOPT_HTTPHEADER, headers);
    mvm_curl_set(easy, CURLOPT_WRITEFUNCTION, on_body);
    mvm_curl_set(easy, CURLOPT_WRITEDATA, exchange);
    mvm_curl_set(easy, CURLOPT_HEADERFUNCTION, on_header);
    mvm_curl_set(easy, CURLOPT_HEADERDATA, exchange);
    mvm_curl_set(easy, CURLOPT_NOPROGRESS, 0L);
    mvm_curl_set(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    mvm_curl_set(easy, CURLOPT_XFERINFODATA, exchange);
}

char *
mvm_http_dup_shown(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_ENCODED | G_URI_FLAGS_HAS_PASSWORD, NULL);

    return uri == NULL ? g_strdup("?") : g_uri_to_string_partial(uri, G_URI_HIDE_PASSWORD);
}

static bool
fail(const MvmHttpRequest *request, Exchange *exchange, bool offline, const char *cause,
     GError **error)
{
    g_autofree char *shown = mvm_http_dup_shown(request->url);

    if (exchange->stopped != NULL) {
        g_propagate_error(error, g_steal_pointer(&exchange->stopped));
        return false;
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot fetch '%s': %s", shown, cause);
    if (offline)
        mvm_error_set_hint(error,
                           "is this machine offline, or does it need a proxy (http_proxy, "
                           "https_proxy)? 'curl -I %s' should answer",
                           shown);
    else
        mvm_error_set_hint(error, "check the network and the proxy (http_proxy, https_proxy), and "
                                  "run it again: it goes on where it was");
    return false;
}

/* Whether the request did not get as far as a server. */
static bool
is_offline(CURL *easy, CURLcode code)
{
    curl_off_t connected = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
    return code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_COULDNT_RESOLVE_HOST ||
           code == CURLE_COULDNT_CONNECT || (code == CURLE_OPERATION_TIMEDOUT && connected == 0);
}

/* Before repetition number failures. False when it is to be stopped. */
static bool
wait_for_server(Exchange *exchange, const MvmHttpTuning *tuning, unsigned failures, CURL *easy)
{
    int64_t seconds = mvm_http_get_patience(easy);

    if (seconds > 0)
        mvm_progress_note(exchange->progress,
                          "the server is busy: waiting %" G_GINT64_FORMAT " s, as it asks",
                          seconds);
    return wait_ms(exchange, mvm_http_delay_ms(tuning, failures, easy));
}

static bool
perform(CURL *easy, const MvmHttpRequest *request, const MvmHttpTuning *tuning,
        const char *error_text, Exchange *exchange, GError **error)
{
    for (unsigned failures = 1;; failures++) {
        CURLcode code = CURLE_OK;
        g_autofree char *cause = NULL;
        bool offline = false;

        g_byte_array_set_size(exchange->reply->body, 0);
        g_clear_pointer(&exchange->reply->session, g_free);
        code = curl_easy_perform(easy);
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &exchange->reply->status);
        if (code == CURLE_OK && !mvm_http_is_transient(code, exchange->reply->status))
            return true;
        cause = exchange->too_long
                    ? g_strdup("the answer is too long")
                    : mvm_http_dup_cause(easy, code, exchange->reply->status, error_text);
        offline = is_offline(easy, code);
        if (exchange->stopped != NULL || exchange->too_long || mvm_http_is_sent_away(easy) ||
            failures >= (offline ? tuning->offline_tries : tuning->tries) ||
            !mvm_http_is_transient(code, exchange->reply->status) ||
            !wait_for_server(exchange, tuning, failures, easy))
            return fail(request, exchange, offline, cause, error);
    }
}

bool
mvm_http_request(const MvmHttpRequest *request, const MvmHttpTuning *tuning, MvmProgress *progress,
                 MvmHttpReply *ret_reply, GError **error)
{
    char error_text[CURL_ERROR_SIZE] = "";
    g_autoptr(CURL) easy = mvm_http_handle_new(tuning, error_text);
    struct curl_slist *headers = NULL;
    g_auto(MvmHttpReply) reply = {.body = g_byte_array_new()};
    Exchange exchange = {.reply = &reply, .progress = progress, .max = request->max};
    bool good = false;

    if (request->post != NULL)
        headers = curl_slist_append(NULL, "Content-Type: text/plain");
    set_request(easy, request, headers, &exchange);
    good = perform(easy, request, tuning, error_text, &exchange, error);
    curl_slist_free_all(headers);
    g_clear_error(&exchange.stopped);
    if (!good)
        return false;
    *ret_reply = reply;
    memset(&reply, 0, sizeof(reply));
    return true;
}

void
mvm_http_reply_clear(MvmHttpReply *reply)
{
    g_clear_pointer(&reply->body, g_byte_array_unref);
    g_clear_pointer(&reply->session, g_free);
}
