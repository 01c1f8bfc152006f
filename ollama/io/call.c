// SPDX-License-Identifier: MIT
//
// One call of the Ollama API from start to its one report. Everything that can go wrong is put into
// words here, so that each message names the server and, where there is one, the remedy.
// Invariants: the report comes once, from the loop, never from inside the function that started or
// cancelled the call; the call frees itself after it.
#include "ollama/io/call.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/uri.h"
#include "base/utf.h"
#include "ollama/core/host.h"

#define LOG_MODULE "client"

enum {
    NEXT_TURN_MS = 1,            // with 0 libuv before 1.46 may stay in one turn for ever
    AFTER_FINAL_MAX = 64 * 1024, // bytes that may follow a final frame; with more we hang up
};

// --- creation and end ---

struct endpoint endpoint_copy(struct arena *arena, const struct endpoint *endpoint) {
    struct http_header *headers = ARENA_ARRAY(arena, endpoint->n_headers, struct http_header);
    for (size_t i = 0; i < endpoint->n_headers; i++) {
        headers[i].name = arena_copy(arena, endpoint->headers[i].name);
        headers[i].value = arena_copy(arena, endpoint->headers[i].value);
    }
    struct str url = endpoint->url;
    while (str_ends(url, STR("/"))) { // exactly one slash before the path: Ollama redirects "//"
        url.n--;
    }
    return (struct endpoint){
        .url = arena_copy(arena, url),
        .api_key = arena_copy(arena, endpoint->api_key),
        .headers = headers,
        .n_headers = endpoint->n_headers,
        .no_proxy = endpoint->no_proxy,
        .kind = endpoint->kind,
        .knowledge = endpoint->knowledge,
    };
}

struct call *call_create(struct http *http, const struct endpoint *endpoint, const char *path,
                         struct str model) {
    struct call *call = mem_alloc(sizeof(*call));
    struct arena *arena = &call->arena;
    call->http = http;
    call->endpoint = endpoint_copy(arena, endpoint);
    call->where = display_escape(arena, uri_redact(arena, call->endpoint.url), LIMIT_HOST);
    call->path = arena_cstr(arena, str_from(path));
    call->model = arena_copy(arena, model);
    uv_timer_init(http_loop(http), &call->timer);
    call->timer.data = call;
    return call;
}

static void on_timer_closed(uv_handle_t *handle) {
    struct call *call = handle->data;
    json_object_put(call->answer);
    if (call->has_framer) {
        ndjson_finish(&call->framer);
    }
    buf_finish(&call->body);
    arena_finish(&call->scratch);
    arena_finish(&call->arena);
    free(call);
}

static void call_end(struct call *call, const struct call_result *result) {
    call->is_reported = true;
    LOG_DBG("%.*s%s: %s in %lld us", STR_ARG(call->where), call->path, err_name(result->code),
            (long long)result->elapsed_us);
    call->report(call, result);
    uv_close((uv_handle_t *)&call->timer, on_timer_closed);
}

static void set_cancelled(struct call_result *result) {
    result->code = ERR_CANCELLED;
    result->message = STR("cancelled");
}

static void on_refused(uv_timer_t *timer) {
    struct call *call = timer->data;
    struct call_result result = call->failure;
    if (call->is_cancelled) {
        set_cancelled(&result);
    }
    call_end(call, &result);
}

// --- failures in words ---

static bool is_loopback(const struct call *call) {
    struct host host;
    host_parse(call->endpoint.url, &host);
    return host_is_loopback(&host);
}

static bool is_openai(const struct call *call) {
    return call->endpoint.kind == SERVER_KIND_OPENAI;
}

// What to do about a server that is not there.
static struct str start_remedy(const struct call *call, const struct http_response *response) {
    if (!response->refused) {
        return is_openai(call) ? STR("check the address, and that the server runs there")
                               : STR("check the address, and that Ollama runs there");
    }
    if (is_openai(call)) {
        return STR("start the server there (llama-server, LM Studio, vLLM, mlx_lm.server, …)");
    }
    return is_loopback(call) ? STR("ollama serve")
                             : STR("start Ollama there with an address that others reach: "
                                   "OLLAMA_HOST=0.0.0.0 ollama serve");
}

static void fail_transport(struct call *call, struct call_result *result, enum err code,
                           const struct http_response *response, const struct error *error) {
    result->code = code;
    result->message = error->message;
    result->remedy = error->remedy;
    if (!str_is_empty(result->remedy) || (code != ERR_IO && code != ERR_TIMEOUT)) {
        return;
    }
    if (response->refused || response->status == 0) {
        result->remedy = start_remedy(call, response);
    }
}

static enum err code_of_fault(enum remote_fault fault) {
    switch (fault) {
    case FAULT_MODEL_MISSING: return ERR_NOT_FOUND;
    case FAULT_UNAUTHORIZED:
    case FAULT_FORBIDDEN_HOST: return ERR_DENIED;
    case FAULT_NOT_OLLAMA: return ERR_PROTOCOL;
    case FAULT_NONE:
    case FAULT_INVALID_NAME:
    case FAULT_CAPABILITY:
    case FAULT_CONTEXT:
    case FAULT_MEMORY:
    case FAULT_BUSY:
    case FAULT_NETWORK_REMOTE:
    case FAULT_RUNNER:
    case FAULT_SERVER: break;
    }
    return ERR_REMOTE;
}

static bool asks_version(const struct call *call) {
    return strcmp(call->path, "/api/version") == 0;
}

void call_fail_protocol(struct call *call, struct call_result *result, const char *what) {
    result->code = ERR_PROTOCOL;
    result->remote.fault = FAULT_NOT_OLLAMA;
    result->message =
        asks_version(call)
            ? arena_printf(&call->arena, "%.*s is not an Ollama server: /api/version answered %s",
                           STR_ARG(call->where), what)
            : arena_printf(&call->arena, "%.*s%s answered %s, which is not what %s answers",
                           STR_ARG(call->where), call->path, what,
                           is_openai(call) ? "an OpenAI-like server" : "Ollama");
}

void call_fail_remote(struct call *call, struct call_result *result, long status,
                      struct str content_type, struct str body) {
    struct remote_error *remote = &result->remote;
    (is_openai(call) ? openai_error_classify : remote_error_classify)(
        &call->arena, status, content_type, body, call->model, remote);
    remote->status = status;
    if (status >= 300 && status < 400) {
        remote->fault = FAULT_NOT_OLLAMA;
        result->message =
            arena_printf(&call->arena, "%.*s redirects %s elsewhere (%ld), which is not followed",
                         STR_ARG(call->where), call->path, status);
    } else if (remote->fault == FAULT_NOT_OLLAMA) {
        const char *kind = str_eq(content_type, STR("text/html")) ? " with a web page" : "";
        result->message =
            asks_version(call)
                ? arena_printf(&call->arena,
                               "%.*s is not an Ollama server: /api/version answered %ld%s",
                               STR_ARG(call->where), status, kind)
                : arena_printf(&call->arena, "%.*s answered %s with %ld%s: %s",
                               STR_ARG(call->where), call->path, status, kind,
                               is_openai(call) ? "no OpenAI-like server, or another path"
                                               : "an old Ollama, or none");
    } else if (remote->fault == FAULT_FORBIDDEN_HOST) {
        result->message = arena_printf(
            &call->arena, "%.*s refused the request (%ld): its check of Host or Origin failed",
            STR_ARG(call->where), status);
    } else {
        result->message = arena_printf(&call->arena, "%.*s: %.*s", STR_ARG(call->where),
                                       STR_ARG(remote->message));
    }
    result->code = code_of_fault(remote->fault);
    result->remedy = remote->remedy;
}

bool call_answer_is_error(struct json_object *answer) {
    struct json_object *error = json_get(answer, "error");
    return json_is(error, json_type_string) || json_is(error, json_type_object);
}

// --- the transfer ---

static bool status_is_good(const struct http_response *response) {
    return response->status >= 200 && response->status < 300;
}

static bool on_body(void *data, const struct http_response *response, struct str bytes) {
    struct call *call = data;
    bool is_good = status_is_good(response);
    if (call->is_complete) {
        call->n_after += bytes.n;
        return call->n_after <= AFTER_FINAL_MAX;
    }
    if (is_good && call->frames) {
        return call->frames(call, bytes);
    }
    if (is_good) {
        return buf_append(&call->body, bytes); // http's own limit is the same
    }
    size_t room = LIMIT_VERSION_BODY - call->body.n;
    buf_append(&call->body, str_slice(bytes, 0, room));
    call->is_enough = bytes.n >= room;
    return !call->is_enough;
}

static void on_done(void *data, enum err code, const struct http_response *response,
                    const struct error *error) {
    struct call *call = data;
    struct call_result result = {0};
    call->transfer = NULL;
    call->elapsed_us += response->total_us;
    // The start of a long error page says as much as all of it.
    call->is_enough |= code == ERR_LIMIT && response->status >= 300 && call->body.n > 0;
    if (call->is_cancelled) {
        set_cancelled(&result);
    } else if (call->failure.code != ERR_OK) {
        result = call->failure;
    } else if (call->is_complete) {
        result.code = ERR_OK;
    } else if (code != ERR_OK && !call->is_enough &&
               !(call->may_hang_up && code == ERR_IO && status_is_good(response))) {
        fail_transport(call, &result, code, response, error);
    } else if (!status_is_good(response)) {
        call_fail_remote(call, &result, response->status, response->content_type,
                         buf_str(&call->body));
    } else {
        call->end(call, &result);
    }
    result.elapsed_us = call->elapsed_us;
    if (call->again && call->again(call, &result)) {
        return;
    }
    call_end(call, &result);
}

static void on_sent(void *data, int64_t n) {
    struct call *call = data;
    call->sent(call->data, n);
}

static bool model_is_sendable(struct str model) {
    for (size_t i = 0; i < model.n; i++) {
        unsigned char c = (unsigned char)model.p[i];
        if (c < 0x20 || c == 0x7f) {
            return false;
        }
    }
    return model.n <= LIMIT_NAME;
}

// Why a call is not made at all; empty: it is.
static struct str refusal_of(struct call *call) {
    if (!model_is_sendable(call->model)) {
        struct str shown = display_escape(&call->arena, str_slice(call->model, 0, LIMIT_NAME), 100);
        return arena_printf(&call->arena, "\"%.*s\" is no model name", STR_ARG(shown));
    }
    bool is_ollama_path = str_starts(str_from(call->path), STR("/api/")) &&
                          !str_starts(str_from(call->path), STR("/api/v0/")); // LM Studio's
    if (is_openai(call) && is_ollama_path) {
        return arena_printf(&call->arena, "%.*s is no Ollama server: it does not know %s",
                            STR_ARG(call->where), call->path);
    }
    return STR_NONE;
}

void call_refuse(struct call *call, enum err code, struct str message, struct str remedy) {
    call->failure.code = code;
    call->failure.message = message;
    call->failure.remedy = remedy;
    uv_timer_start(&call->timer, on_refused, NEXT_TURN_MS, 0);
}

// The user's headers, and the key unless one of them says who asks.
static void request_headers(struct call *call, struct http_request *request) {
    const struct endpoint *endpoint = &call->endpoint;
    size_t n_max = endpoint->n_headers + 1;
    struct http_header *headers = ARENA_ARRAY(&call->arena, n_max, struct http_header);
    bool has_key = str_is_empty(endpoint->api_key);
    size_t n = 0;
    for (; n < endpoint->n_headers; n++) {
        headers[n] = endpoint->headers[n];
        has_key = has_key || str_ieq(headers[n].name, STR("Authorization"));
    }
    if (!has_key) {
        struct str value = arena_join(&call->arena, STR("Bearer "), endpoint->api_key);
        headers[n++] = (struct http_header){STR("Authorization"), value};
    }
    request->headers = headers;
    request->n_headers = n;
}

static void call_send(struct call *call, struct http_request *request) {
    size_t max_body = request->max_body;
    call->max_body = max_body;
    buf_init(&call->body, max_body > LIMIT_VERSION_BODY ? max_body : LIMIT_VERSION_BODY);
    struct str refusal = refusal_of(call);
    if (refusal.n > 0) {
        call_refuse(call, ERR_INVALID, refusal, STR_NONE);
        return;
    }
    request->url = arena_join(&call->arena, call->endpoint.url, str_from(call->path));
    request_headers(call, request);
    struct http_handlers handlers = {.on_body = on_body,
                                     .on_done = on_done,
                                     .on_sent = call->sent ? on_sent : NULL,
                                     .data = call};
    call->transfer = http_start(call->http, request, &handlers);
}

void call_start(struct call *call, struct str method, struct json_object *body, int64_t total_ms,
                size_t max_body) {
    struct http_request request = {
        .method = method,
        .body = body ? json_text(body) : STR_NONE,
        .total_ms = total_ms,
        .max_body = max_body,
        .no_proxy = call->endpoint.no_proxy,
    };
    call_send(call, &request);
}

void call_start_file(struct call *call, int fd, int64_t size, size_t max_body) {
    struct http_request request = {
        .method = STR("POST"),
        .has_file = true,
        .body_fd = fd,
        .body_size = size,
        .max_body = max_body,
    };
    call_send(call, &request);
}

void call_restart(struct call *call, const char *path, struct json_object *body) {
    size_t max_body = call->max_body;
    call->path = path;
    call->is_enough = false;
    buf_finish(&call->body);
    call_start(call, STR("POST"), body, 0, max_body);
}

void call_cancel(struct call *call) {
    if (call->is_cancelled || call->is_reported) {
        return;
    }
    call->is_cancelled = true;
    if (call->transfer) {
        http_cancel(call->transfer);
    }
}

// --- answers in one piece ---

static void json_end(struct call *call, struct call_result *result) {
    struct str text = buf_str(&call->body);
    if (call->takes_empty && str_is_empty(str_trim(text))) {
        return;
    }
    if (call->known.n > 0 && str_eq(call->known, text)) {
        return;
    }
    struct error error = {0};
    enum err code = json_parse(&call->arena, text, &call->answer, &error);
    if (code != ERR_OK || !json_is(call->answer, json_type_object)) {
        bool is_page = str_istarts(str_trim(text), STR("<"));
        call_fail_protocol(call, result,
                           is_page              ? "a web page"
                           : str_is_empty(text) ? "nothing"
                           : code != ERR_OK     ? "something that is not JSON"
                                                : "JSON that is no object");
    } else if (call_answer_is_error(call->answer)) {
        call_fail_remote(call, result, 0, STR("application/json"), text);
    } else if (call->accepts) {
        const char *what = call->accepts(call->answer);
        if (what) {
            call_fail_protocol(call, result, what);
        }
    }
}

static void json_report(struct call *call, const struct call_result *result) {
    call->json_done(call->data, result, result->code == ERR_OK ? call->answer : NULL);
}

struct call *call_create_json(struct http *http, const struct endpoint *endpoint, const char *path,
                              struct str model, call_json_fn done, void *data) {
    struct call *call = call_create(http, endpoint, path, model);
    call->end = json_end;
    call->report = json_report;
    call->json_done = done;
    call->data = data;
    return call;
}
