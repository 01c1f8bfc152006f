// SPDX-License-Identifier: MIT
//
// Keeps the promises of ollama/io/http.h: nothing is reported from inside http_start or
// http_cancel, on_done comes once, after on_headers and on_body. Globals are fine here: one server
// at a time.
#include "fuzz/fake_http.h"

#include "fuzz/fuzz.h"

enum { QUEUE_MAX = 8 };

struct http_call {
    struct http *http;
    struct http_handlers handlers;
    struct str path;
    bool is_cancelled;
    struct http_call *next;
};

struct http {
    uv_loop_t *loop;
    uv_idle_t idle;
    struct http_call *calls;
    size_t in_flight;
    bool is_closing;
    void (*on_closed)(void *data);
    void *data;
};

static struct {
    struct {
        long status;
        struct str body;
    } at[QUEUE_MAX];
    size_t n;
    size_t calls;
} queue;

static const struct {
    const char *path;
    const char *body;
} ANSWERS[] = {
    {"/api/version", "{\"version\":\"0.33.0\"}"},
    {"/api/tags",
     "{\"models\":[{\"name\":\"llama3.2:3b\",\"digest\":\"a1\",\"size\":2000000000,\"modified_at\":"
     "\"2026-01-02T03:04:05Z\",\"details\":{\"family\":\"llama\",\"parameter_size\":\"3.2B\","
     "\"quantization_level\":\"Q4_K_M\",\"context_length\":131072},\"capabilities\":["
     "\"completion\","
     "\"tools\"]},{\"name\":\"qwen2.5-coder:7b\",\"digest\":\"b2\"},{\"name\":"
     "\"nomic-embed-text:latest\",\"digest\":\"c3\",\"capabilities\":[\"embedding\"]},"
     "{\"name\":\"gpt-oss:20b-cloud\",\"remote_host\":\"https://ollama.com\"}]}"},
    {"/api/ps",
     "{\"models\":[{\"name\":\"llama3.2:3b\",\"size\":3,\"size_vram\":3,\"context_length\":4096,"
     "\"expires_at\":\"2026-01-02T03:04:05Z\"}]}"},
    {"/api/show",
     "{\"capabilities\":[\"completion\",\"insert\"],\"model_info\":{\"general.architecture\":"
     "\"qwen2\",\"qwen2.context_length\":32768}}"},
    {"/api/pull",
     "{\"status\":\"pulling manifest\"}\n{\"status\":\"pulling a1\",\"digest\":\"a1\",\"total\":"
     "9,\"completed\":4}\n{\"status\":\"success\"}\n"},
    {"/api/create", "{\"status\":\"writing manifest\"}\n{\"status\":\"success\"}\n"},
    {"/api/delete", ""},
    {"/api/generate", "{\"done\":true,\"done_reason\":\"load\"}"},
};

void fake_http_queue(long status, struct str body) {
    if (queue.n < QUEUE_MAX) {
        queue.at[queue.n].status = status;
        queue.at[queue.n++].body = str_of(mem_strdup(body), body.n);
    }
}

void fake_http_reset(void) {
    for (size_t i = 0; i < queue.n; i++) {
        free((char *)queue.at[i].body.p);
    }
    queue.n = 0;
    queue.calls = 0;
}

size_t fake_http_calls(void) {
    return queue.calls;
}

// Takes the next queued answer, else what a healthy server says.
static struct str answer_for(const struct http_call *call, long *status, char **owned) {
    *owned = NULL;
    if (queue.n > 0) {
        *status = queue.at[0].status;
        struct str body = queue.at[0].body;
        *owned = (char *)body.p;
        memmove(queue.at, queue.at + 1, --queue.n * sizeof(queue.at[0]));
        return body;
    }
    for (size_t i = 0; i < sizeof(ANSWERS) / sizeof(ANSWERS[0]); i++) {
        if (str_ends(call->path, str_from(ANSWERS[i].path))) {
            *status = 200;
            return str_from(ANSWERS[i].body);
        }
    }
    *status = 404;
    return STR("404 page not found");
}

static void deliver(struct http_call *call) {
    struct http_response response = {.content_type = STR("application/json")};
    struct error error = {.code = ERR_CANCELLED, .message = STR("cancelled")};
    enum err result = ERR_CANCELLED;
    char *owned = NULL;
    if (!call->is_cancelled && !call->http->is_closing) {
        struct str body = answer_for(call, &response.status, &owned);
        if (response.status == 0) {
            response.refused = true;
            result = ERR_IO;
            error = (struct error){.code = ERR_IO, .message = STR("connection refused")};
        } else {
            result = ERR_OK;
            if (call->handlers.on_headers) {
                call->handlers.on_headers(call->handlers.data, &response);
            }
            // In two pieces, so that a handler that cancels in between is seen.
            size_t half = body.n / 2;
            if (!call->is_cancelled && half > 0 &&
                !call->handlers.on_body(call->handlers.data, &response, str_slice(body, 0, half))) {
                call->is_cancelled = true;
            }
            if (!call->is_cancelled && body.n > half &&
                !call->handlers.on_body(call->handlers.data, &response,
                                        str_from_index(body, half))) {
                call->is_cancelled = true;
            }
            result = call->is_cancelled ? ERR_CANCELLED : ERR_OK;
        }
    }
    call->handlers.on_done(call->handlers.data, result, &response, &error);
    free(owned);
}

static void on_idle_closed(uv_handle_t *handle) {
    struct http *http = handle->data;
    void (*on_closed)(void *data) = http->on_closed;
    void *data = http->data;
    free(http);
    if (on_closed) {
        on_closed(data);
    }
}

static void on_idle(uv_idle_t *idle) {
    struct http *http = idle->data;
    struct http_call *calls = http->calls;
    http->calls = NULL; // what handlers start now comes on a later turn
    while (calls) {
        struct http_call *call = calls;
        calls = call->next;
        deliver(call);
        http->in_flight--;
        free((char *)call->path.p);
        free(call);
    }
    if (!http->calls) {
        uv_idle_stop(idle);
        if (http->is_closing) {
            uv_close((uv_handle_t *)idle, on_idle_closed);
        }
    }
}

struct http *http_create(uv_loop_t *loop) {
    struct http *http = mem_alloc(sizeof(*http));
    http->loop = loop;
    uv_idle_init(loop, &http->idle);
    http->idle.data = http;
    return http;
}

void http_close(struct http *http, void (*on_closed)(void *data), void *data) {
    http->is_closing = true;
    http->on_closed = on_closed;
    http->data = data;
    uv_idle_start(&http->idle, on_idle);
}

struct http_call *http_start(struct http *http, const struct http_request *request,
                             const struct http_handlers *handlers) {
    struct http_call *call = mem_alloc(sizeof(*call));
    call->http = http;
    call->handlers = *handlers;
    call->path = str_of(mem_strdup(request->url), request->url.n);
    struct http_call **last = &http->calls;
    while (*last) {
        last = &(*last)->next;
    }
    *last = call;
    http->in_flight++;
    queue.calls++;
    uv_idle_start(&http->idle, on_idle);
    return call;
}

void http_cancel(struct http_call *call) {
    call->is_cancelled = true;
}

size_t http_in_flight(const struct http *http) {
    return http->in_flight;
}

uv_loop_t *http_loop(const struct http *http) {
    return http->loop;
}
