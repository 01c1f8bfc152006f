// SPDX-License-Identifier: MIT
//
// curl's multi handle on the caller's libuv loop: each socket that curl watches is one uv_poll_t,
// its one timeout is one uv_timer_t. The only file that knows curl. Invariants:
//  - curl is entered only by http_drive, transfer_start and transfer_stop, none of which is
//    reachable from inside a curl callback: callbacks only set bytes aside and put the call on the
//    ready list.
//  - An easy handle is removed and freed only outside curl.
#include "ollama/io/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/uri.h"
#include "base/utf.h"
#include "ollama/core/host.h"
#include "ollama/io/http_internal.h"

#define LOG_MODULE "http"

enum {
    HEADER_BYTES_MAX = 256 * 1024, // all header lines of one answer; curl 7.88 itself has no total
    IDLE_CONNECTIONS_MAX = 16,
    DETAIL_BYTES_MAX = 200, // of foreign text in a message
    UPLOAD_BUFFER = 256 * 1024,
};

_Static_assert(sizeof(((struct http_call *)0)->detail) >= CURL_ERROR_SIZE, "curl writes that much");

// A socket that curl wants to know about.
struct watch {
    uv_poll_t poll;
    struct http *http;
    curl_socket_t socket;
};

// --- what curl calls ---

static size_t on_curl_header(char *bytes, size_t size, size_t n, void *data) {
    struct http_call *call = data;
    size_t length = size * n;
    call->n_header_bytes += length;
    if (call->n_header_bytes > HEADER_BYTES_MAX) {
        return 0;
    }
    bool is_blank = length > 0 && (bytes[0] == '\r' || bytes[0] == '\n');
    if (is_blank && !call->has_headers) {
        long status = 0;
        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
        if (status >= 200) { // not an interim answer such as 100 or 103
            call->has_headers = true;
            call_make_ready(call);
        }
    }
    return length;
}

static size_t on_curl_body(char *bytes, size_t size, size_t n, void *data) {
    struct http_call *call = data;
    size_t length = size * n;
    call->n_received += length;
    if (call->max_body > 0 && call->n_received > call->max_body) {
        return 0;
    }
    call->has_headers = true;
    if (!buf_append(&call->body, str_of(bytes, length))) {
        return 0;
    }
    call_make_ready(call);
    return length;
}

static size_t on_curl_read(char *to, size_t size, size_t n, void *data) {
    struct http_call *call = data;
    size_t n_taken = 0;
    switch (http_file_take(call->file, to, size * n, &n_taken)) {
    case HTTP_FILE_WAIT: return CURL_READFUNC_PAUSE;
    case HTTP_FILE_FAILED: return CURL_READFUNC_ABORT;
    case HTTP_FILE_TOOK: call_make_ready(call); break;
    case HTTP_FILE_END: break;
    }
    return n_taken;
}

// A kept connection may turn out dead when the first bytes are gone: they are sent anew.
static int on_curl_seek(void *data, curl_off_t offset, int origin) {
    struct http_call *call = data;
    bool ok = origin == SEEK_SET && http_file_seek(call->file, offset);
    return ok ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_CANTSEEK;
}

static void http_drive(struct http *http, curl_socket_t socket, int events);

static void on_poll(uv_poll_t *poll, int status, int events) {
    struct watch *watch = poll->data;
    int flags = 0;
    if (status < 0) {
        flags = CURL_CSELECT_ERR;
    }
    if (events & UV_READABLE) {
        flags |= CURL_CSELECT_IN;
    }
    if (events & UV_WRITABLE) {
        flags |= CURL_CSELECT_OUT;
    }
    http_drive(watch->http, watch->socket, flags);
}

static void on_timeout(uv_timer_t *timer) {
    http_drive(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_timer(CURLM *multi, long ms, void *data) {
    (void)multi;
    struct http *http = data;
    if (ms < 0) {
        uv_timer_stop(&http->timeout);
    } else {
        uv_timer_start(&http->timeout, on_timeout, (uint64_t)ms, 0);
    }
    return 0;
}

static void on_watch_closed(uv_handle_t *handle) {
    struct watch *watch = handle->data;
    struct http *http = watch->http;
    free(watch);
    http_handle_gone(http);
}

static struct watch *watch_create(struct http *http, curl_socket_t socket) {
    struct watch *watch = mem_alloc(sizeof(*watch));
    int status = uv_poll_init_socket(http->loop, &watch->poll, socket);
    if (status != 0) {
        // The transfer then ends by its time limit or a cancel.
        LOG_ERR("cannot watch a socket: %s", uv_strerror(status));
        free(watch);
        return NULL;
    }
    watch->http = http;
    watch->socket = socket;
    watch->poll.data = watch;
    http->n_handles++;
    curl_multi_assign(http->multi, socket, watch);
    return watch;
}

static int on_curl_socket(CURL *easy, curl_socket_t socket, int what, void *data,
                          void *socket_data) {
    (void)easy;
    struct http *http = data;
    struct watch *watch = socket_data;
    if (what == CURL_POLL_REMOVE) {
        if (watch) {
            curl_multi_assign(http->multi, socket, NULL);
            uv_poll_stop(&watch->poll);
            uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
        }
        return 0;
    }
    if (!watch) {
        watch = watch_create(http, socket);
    }
    if (watch) {
        int events = what & CURL_POLL_IN ? UV_READABLE : 0;
        events |= what & CURL_POLL_OUT ? UV_WRITABLE : 0;
        uv_poll_start(&watch->poll, events, on_poll);
    }
    return 0;
}

// A program that we start (ollama serve) must not inherit connections: they would outlive a cancel.
static int on_curl_new_socket(void *data, curl_socket_t socket, curlsocktype purpose) {
    (void)data;
    (void)purpose;
    int flags = fcntl(socket, F_GETFD);
    bool ok = flags >= 0 && fcntl(socket, F_SETFD, flags | FD_CLOEXEC) == 0;
    return ok ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

// --- endings ---

static struct str detail_of(struct http_call *call, CURLcode code) {
    const char *text = call->detail[0] ? call->detail : curl_easy_strerror(code);
    return display_escape(&call->arena, str_from(text), DETAIL_BYTES_MAX);
}

static enum err fail_unconnected(struct http_call *call, CURLcode code) {
    long os_error = 0;
    curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &os_error);
    if (os_error == ECONNREFUSED) {
        call->response.refused = true;
        return error_set(&call->error, &call->arena, ERR_IO, "connection to %.*s refused",
                         STR_ARG(call->origin));
    }
    struct str detail = os_error ? str_from(strerror((int)os_error)) : detail_of(call, code);
    return error_set(&call->error, &call->arena, ERR_IO, "no connection to %.*s: %.*s",
                     STR_ARG(call->origin), STR_ARG(detail));
}

static enum err fail_late(struct http_call *call) {
    curl_off_t sent_after_us = 0; // 0: the connection was never there
    curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &sent_after_us);
    int64_t ms = call->total_ms;
    if (sent_after_us == 0) {
        ms = ms > 0 && ms < TIME_CONNECT_MS ? ms : TIME_CONNECT_MS;
        return error_set(&call->error, &call->arena, ERR_TIMEOUT,
                         "no connection to %.*s within %.3g s", STR_ARG(call->origin),
                         (double)ms / 1000);
    }
    return error_set(&call->error, &call->arena, ERR_TIMEOUT, "%.*s did not answer within %.3g s",
                     STR_ARG(call->url), (double)ms / 1000);
}

static enum err fail_large(struct http_call *call) {
    if (call->n_header_bytes > HEADER_BYTES_MAX) {
        return error_set(&call->error, &call->arena, ERR_LIMIT,
                         "%.*s sent more than %d KiB of headers", STR_ARG(call->url),
                         HEADER_BYTES_MAX / 1024);
    }
    size_t max = call->max_body > 0 ? call->max_body : (size_t)HTTP_PENDING_MAX;
    return error_set(&call->error, &call->arena, ERR_LIMIT, "%.*s answered with more than %zu KiB",
                     STR_ARG(call->url), max / 1024);
}

// What curl's verdict means in our terms.
static enum err fail_from_curl(struct http_call *call, CURLcode code) {
    struct str detail = detail_of(call, code);
    struct arena *arena = &call->arena;
    struct error *error = &call->error;
    if (code == CURLE_ABORTED_BY_CALLBACK && http_file_failed(call->file)) {
        return http_file_fail(call);
    }
    switch ((int)code) {
    case CURLE_OK: return ERR_OK;
    case CURLE_WRITE_ERROR: return fail_large(call);
    case CURLE_OPERATION_TIMEDOUT: return fail_late(call);
    case CURLE_COULDNT_CONNECT: return fail_unconnected(call, code);
    case CURLE_COULDNT_RESOLVE_HOST:
        return error_set(error, arena, ERR_IO, "no address is known for the host of %.*s",
                         STR_ARG(call->origin));
    case CURLE_COULDNT_RESOLVE_PROXY:
        return error_set(error, arena, ERR_IO, "no address is known for the proxy to %.*s",
                         STR_ARG(call->origin));
    case CURLE_GOT_NOTHING:
        return error_set(error, arena, ERR_IO, "%.*s closed the connection without an answer",
                         STR_ARG(call->origin));
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
        return error_set(error, arena, ERR_IO, "connection to %.*s was lost: %.*s",
                         STR_ARG(call->origin), STR_ARG(detail));
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
        return error_set(error, arena, ERR_PROTOCOL, "%.*s does not speak HTTP: %.*s",
                         STR_ARG(call->origin), STR_ARG(detail));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
        return error_set(error, arena, ERR_IO, "no trusted TLS connection to %.*s: %.*s",
                         STR_ARG(call->origin), STR_ARG(detail));
    default:
        return error_set(error, arena, ERR_IO, "request to %.*s failed: %.*s",
                         STR_ARG(call->origin), STR_ARG(detail));
    }
}

static struct str media_type(struct arena *arena, const char *content_type) {
    struct str rest = str_from(content_type);
    struct str type = str_trim(str_split(&rest, ';'));
    return arena_lower(arena, str_slice(type, 0, 100));
}

void response_update(struct http_call *call) {
    if (!call->easy) {
        return;
    }
    struct http_response *response = &call->response;
    curl_off_t connect_us = 0;
    curl_off_t first_us = 0;
    curl_off_t total_us = 0;
    long n_connects = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &response->status);
    curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &n_connects);
    curl_easy_getinfo(call->easy, CURLINFO_CONNECT_TIME_T, &connect_us);
    curl_easy_getinfo(call->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_us);
    curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    response->reused = n_connects == 0 && response->status != 0;
    response->connect_us = response->reused ? 0 : connect_us;
    response->first_byte_us = first_us;
    response->total_us = total_us;
    if (call->has_headers && !response->content_type.p) {
        char *content_type = NULL;
        curl_easy_getinfo(call->easy, CURLINFO_CONTENT_TYPE, &content_type);
        response->content_type = media_type(&call->arena, content_type ? content_type : "");
    }
}

void transfer_stop(struct http_call *call) {
    if (!call->easy) {
        return;
    }
    response_update(call);
    curl_multi_remove_handle(call->http->multi, call->easy);
    curl_easy_cleanup(call->easy);
    call->easy = NULL;
}

void transfer_finish(struct http_call *call) {
    curl_slist_free_all(call->headers);
    call->headers = NULL;
    http_file_drop(call->file);
    call->file = NULL;
}

static void http_collect(struct http *http) {
    CURLMsg *message;
    int n_left = 0;
    while ((message = curl_multi_info_read(http->multi, &n_left))) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        char *data = NULL;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &data);
        struct http_call *call = (struct http_call *)(void *)data;
        call->result = fail_from_curl(call, code);
        transfer_stop(call);
        call->is_done = true;
        call_make_ready(call);
    }
}

void transfer_resume(struct http_call *call) {
    struct http *http = call->http;
    if (!call->easy || NEVER(http->in_curl)) {
        return;
    }
    http->in_curl = true;
    curl_easy_pause(call->easy, CURLPAUSE_CONT);
    http->in_curl = false;
    http_collect(http);
    http_deliver(http);
}

static void http_drive(struct http *http, curl_socket_t socket, int events) {
    if (NEVER(http->in_curl) || !http->multi) {
        return;
    }
    int n_running = 0;
    http->in_curl = true;
    curl_multi_socket_action(http->multi, socket, events, &n_running);
    http->in_curl = false;
    http_collect(http);
    http_deliver(http);
}

// --- setting up a transfer ---

static bool header_is_safe(const struct http_header *header) {
    static const struct str framing[] = {STR_INIT("Content-Length"), STR_INIT("Transfer-Encoding"),
                                         STR_INIT("Connection"), STR_INIT("Expect")};
    for (size_t i = 0; i < sizeof(framing) / sizeof(framing[0]); i++) {
        if (str_ieq(header->name, framing[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < header->name.n; i++) {
        char c = header->name.p[i]; // RFC 9110 5.6.2
        if (c == '\0' || (!char_is_alnum(c) && !strchr("!#$%&'*+-.^_`|~", c))) {
            return false;
        }
    }
    for (size_t i = 0; i < header->value.n; i++) {
        unsigned char c = (unsigned char)header->value.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return header->name.n > 0;
}

static bool header_add(struct http_call *call, const char *line) {
    struct curl_slist *longer = curl_slist_append(call->headers, line);
    if (longer) {
        call->headers = longer;
    }
    return longer != NULL;
}

static enum err setup_headers(struct http_call *call, const struct http_request *request) {
    bool ok = header_add(call, "Expect:"); // none: it would cost a round trip
    if (request->has_file) {
        ok = ok && header_add(call, "Content-Type: application/octet-stream");
    } else if (request->body.n > 0) {
        ok = ok && header_add(call, "Content-Type: application/json");
    }
    for (size_t i = 0; i < request->n_headers; i++) {
        const struct http_header *header = &request->headers[i];
        if (!header_is_safe(header)) {
            return error_set(&call->error, &call->arena, ERR_INVALID,
                             "header \"%.*s\" for %.*s is not allowed or holds a control character",
                             STR_ARG(display_escape(&call->arena, header->name, DETAIL_BYTES_MAX)),
                             STR_ARG(call->origin));
        }
        struct str line = header->value.n > 0
                              ? arena_printf(&call->arena, "%.*s: %.*s", STR_ARG(header->name),
                                             STR_ARG(header->value))
                              : arena_printf(&call->arena, "%.*s;", STR_ARG(header->name));
        ok = ok && header_add(call, line.p);
    }
    return ok ? ERR_OK : error_set(&call->error, &call->arena, ERR_BUG, "out of memory");
}

// Reads the URL as curl will, so that the decision about the proxy is about the host that is
// contacted.
static enum err check_url(struct http_call *call, const char *url, bool *is_loopback) {
    enum err result = ERR_OK;
    char *scheme = NULL;
    char *name = NULL;
    CURLU *parts = curl_url();
    CURLUcode code =
        parts ? curl_url_set(parts, CURLUPART_URL, url, CURLU_DISALLOW_USER) : CURLUE_OUT_OF_MEMORY;
    if (code == CURLUE_USER_NOT_ALLOWED) {
        result = error_set(&call->error, &call->arena, ERR_INVALID,
                           "%.*s: a user name or password in a URL is not supported",
                           STR_ARG(call->url));
        call->error.remedy = STR("remove it from the URL and name its variable in \"apiKeyEnv\"");
        goto out;
    }
    if (code != CURLUE_OK || curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_HOST, &name, 0) != CURLUE_OK) {
        result = error_set(&call->error, &call->arena, ERR_INVALID, "%.*s is not a usable URL",
                           STR_ARG(call->url));
        goto out;
    }
    if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) {
        result = error_set(&call->error, &call->arena, ERR_INVALID,
                           "%.*s is neither http nor https", STR_ARG(call->url));
        goto out;
    }
    struct host host;
    host_parse(str_from(name), &host);
    *is_loopback = host_is_loopback(&host);
out:
    curl_free(name);
    curl_free(scheme);
    curl_url_cleanup(parts);
    return result;
}

// Sets an option; `failed` in scope collects refusals.
#define SET(option, value) (failed = failed || curl_easy_setopt(easy, option, value) != CURLE_OK)

static bool setup_transfer(CURL *easy, struct http_call *call, const char *url, bool no_proxy) {
    bool failed = false;
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_USERAGENT, "ollama-ls");
    SET(CURLOPT_HTTPHEADER, call->headers);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (no_proxy) {
        SET(CURLOPT_PROXY, ""); // also beats http_proxy and friends of the environment
    }
    SET(CURLOPT_NOSIGNAL, 1L);
    // Without it removing a handle waits for a name resolution that is under way.
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L); // notices a vanished peer in the silence of a loading model
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)TIME_CONNECT_MS);
    SET(CURLOPT_TIMEOUT_MS, (long)call->total_ms);
    SET(CURLOPT_SOCKOPTFUNCTION, on_curl_new_socket);
    SET(CURLOPT_HEADERFUNCTION, on_curl_header);
    SET(CURLOPT_HEADERDATA, call);
    SET(CURLOPT_WRITEFUNCTION, on_curl_body);
    SET(CURLOPT_WRITEDATA, call);
    SET(CURLOPT_PRIVATE, (char *)(void *)call);
    SET(CURLOPT_ERRORBUFFER, call->detail);
    return !failed;
}

static bool setup_method(CURL *easy, const char *method, struct str body) {
    bool failed = false;
    if (strcmp(method, "GET") == 0 && body.n == 0) {
        return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    }
    if (strcmp(method, "HEAD") == 0) {
        return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
    }
    if (body.n > 0 || strcmp(method, "POST") == 0) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
        SET(CURLOPT_COPYPOSTFIELDS, body.n > 0 ? body.p : "");
    }
    if (strcmp(method, "POST") != 0) {
        SET(CURLOPT_CUSTOMREQUEST, method);
    }
    return !failed;
}

static bool setup_body(CURL *easy, struct http_call *call, const struct http_request *request) {
    bool failed = false;
    if (!request->has_file) {
        return setup_method(easy, arena_cstr(&call->arena, request->method), request->body);
    }
    call->file = http_file_open(call, request->body_fd, request->body_size);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
    SET(CURLOPT_READFUNCTION, on_curl_read);
    SET(CURLOPT_READDATA, call);
    SET(CURLOPT_SEEKFUNCTION, on_curl_seek);
    SET(CURLOPT_SEEKDATA, call);
    return call->file && !failed;
}

enum err transfer_start(struct http_call *call, const struct http_request *request) {
    struct arena *arena = &call->arena;
    struct http *http = call->http;
    struct str safe = display_escape(arena, uri_redact(arena, request->url), LIMIT_HOST);
    size_t path = str_find(safe, STR("://"));
    path = path == STR_NPOS ? 0 : path + 3;
    size_t slash = str_find_char(str_from_index(safe, path), '/');
    call->url = arena_copy(arena, safe);
    call->origin = slash == STR_NPOS ? call->url : str_slice(call->url, 0, path + slash);

    bool is_loopback = false;
    const char *url = arena_cstr(arena, request->url);
    enum err result = strlen(url) == request->url.n
                          ? check_url(call, url, &is_loopback)
                          : error_set(&call->error, arena, ERR_INVALID, "%.*s is not a usable URL",
                                      STR_ARG(call->url));
    if (result == ERR_OK) {
        result = setup_headers(call, request);
    }
    if (result != ERR_OK) {
        return result;
    }
    CURL *easy = curl_easy_init();
    if (!easy || !setup_transfer(easy, call, url, request->no_proxy || is_loopback) ||
        !setup_body(easy, call, request)) {
        curl_easy_cleanup(easy);
        return error_set(&call->error, arena, ERR_BUG, "a request to %.*s could not be set up",
                         STR_ARG(call->origin));
    }
    call->easy = easy;
    if (curl_multi_add_handle(http->multi, easy) != CURLM_OK) {
        curl_easy_cleanup(easy);
        call->easy = NULL;
        return error_set(&call->error, arena, ERR_BUG, "a request to %.*s could not be started",
                         STR_ARG(call->origin));
    }
    return ERR_OK;
}

bool curl_set_up(struct http *http) {
    if (http->multi) {
        return true;
    }
    if (!http->is_curl_ready && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return false;
    }
    http->is_curl_ready = true;
    http->multi = curl_multi_init();
    if (!http->multi) {
        return false;
    }
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS_MAX);
    return true;
}

void curl_tear_down(struct http *http) {
    if (http->multi) {
        curl_multi_cleanup(http->multi); // ends the watches of the idle connections
        http->multi = NULL;
    }
}

void curl_release(struct http *http) {
    if (http->is_curl_ready) {
        curl_global_cleanup();
    }
}
