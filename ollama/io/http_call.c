// SPDX-License-Identifier: MIT
//
// The life of calls: a list of all, a list of those with something to deliver, and the closing of
// the client. Invariants: handlers run only from http_deliver, which is entered from the loop; a
// call is freed only after its on_done; http_start and http_cancel never run a handler.
#include "ollama/io/http.h"

#include <stdlib.h>

#include "base/log.h"
#include "ollama/io/http_internal.h"

#define LOG_MODULE "http"

void call_make_ready(struct http_call *call) {
    struct http *http = call->http;
    if (call->is_ready) {
        return;
    }
    call->is_ready = true;
    call->next_ready = NULL;
    if (http->ready_last) {
        http->ready_last->next_ready = call;
    } else {
        http->ready_first = call;
    }
    http->ready_last = call;
}

static struct http_call *take_ready(struct http *http) {
    struct http_call *call = http->ready_first;
    http->ready_first = call->next_ready;
    if (!http->ready_first) {
        http->ready_last = NULL;
    }
    call->is_ready = false;
    return call;
}

static void on_turn(uv_idle_t *turn) {
    uv_idle_stop(turn);
    http_deliver(turn->data);
}

// Not a timer of 0 ms: libuv before 1.46 runs one that is started by a timer in the same turn.
static void deliver_later(struct http *http) {
    uv_idle_start(&http->turn, on_turn);
}

static void call_destroy(struct http_call *call) {
    struct http *http = call->http;
    if (call->previous) {
        call->previous->next = call->next;
    } else {
        http->calls = call->next;
    }
    if (call->next) {
        call->next->previous = call->previous;
    }
    http->n_calls--;
    transfer_finish(call);
    buf_finish(&call->body);
    arena_finish(&call->arena);
    free(call);
}

static void call_deliver(struct http_call *call) {
    struct http_handlers *handlers = &call->handlers;
    if (!call->is_cancelled && call->has_headers && !call->is_announced) {
        call->is_announced = true;
        response_update(call);
        if (handlers->on_headers) {
            handlers->on_headers(handlers->data, &call->response);
        }
    }
    if (!call->is_cancelled && call->file && handlers->on_sent &&
        http_file_at(call->file) != call->n_sent_told) {
        call->n_sent_told = http_file_at(call->file);
        handlers->on_sent(handlers->data, call->n_sent_told);
    }
    if (!call->is_cancelled && call->body.n > 0) {
        bool wants_more = !handlers->on_body ||
                          handlers->on_body(handlers->data, &call->response, buf_str(&call->body));
        buf_clear(&call->body);
        if (!wants_more) {
            http_cancel(call);
        }
    }
    if (call->is_ready || !call->is_done) {
        return; // more to come; or its own handler cancelled it and on_done waits for a turn
    }
    handlers->on_done(handlers->data, call->result, &call->response, &call->error);
    call_destroy(call);
}

static void on_handle_closed(uv_handle_t *handle) {
    http_handle_gone(handle->data);
}

static void tear_down(struct http *http) {
    curl_tear_down(http);
    uv_close((uv_handle_t *)&http->timeout, on_handle_closed);
    uv_close((uv_handle_t *)&http->turn, on_handle_closed);
}

// One round: what becomes ready meanwhile waits for the next turn, so that handlers which start
// calls that fail at once cannot keep the loop here.
void http_deliver(struct http *http) {
    struct http_call *last = http->ready_last;
    while (http->ready_first) {
        bool is_last = http->ready_first == last;
        call_deliver(take_ready(http));
        if (is_last) {
            break;
        }
    }
    if (http->ready_first) {
        deliver_later(http);
    }
    if (http->is_closing && !http->calls && !uv_is_closing((uv_handle_t *)&http->turn)) {
        tear_down(http);
    }
}

void http_handle_gone(struct http *http) {
    http->n_handles--;
    if (http->n_handles > 0) {
        return;
    }
    void (*on_closed)(void *) = http->on_closed;
    void *data = http->data;
    curl_release(http);
    free(http);
    if (on_closed) {
        on_closed(data);
    }
}

// --- the interface ---

struct http *http_create(uv_loop_t *loop) {
    struct http *http = mem_alloc(sizeof(*http));
    http->loop = loop;
    uv_timer_init(loop, &http->timeout);
    uv_idle_init(loop, &http->turn);
    http->timeout.data = http;
    http->turn.data = http;
    http->n_handles = 2;
    return http;
}

void http_close(struct http *http, void (*on_closed)(void *data), void *data) {
    if (NEVER(http->is_closing)) {
        return;
    }
    http->is_closing = true;
    http->on_closed = on_closed;
    http->data = data;
    for (struct http_call *call = http->calls; call; call = call->next) {
        http_cancel(call);
    }
    deliver_later(http);
}

struct http_call *http_start(struct http *http, const struct http_request *request,
                             const struct http_handlers *handlers) {
    struct http_call *call = mem_alloc(sizeof(*call));
    call->http = http;
    call->handlers = *handlers;
    call->max_body = request->max_body;
    call->total_ms = request->total_ms;
    buf_init(&call->body, HTTP_PENDING_MAX);
    call->next = http->calls;
    if (http->calls) {
        http->calls->previous = call;
    }
    http->calls = call;
    http->n_calls++;
    if (http->is_closing) {
        call->result = error_set(&call->error, &call->arena, ERR_CANCELLED, "cancelled");
    } else if (!curl_set_up(http)) {
        call->result =
            error_set(&call->error, &call->arena, ERR_BUG, "libcurl could not be set up");
    } else {
        call->result = transfer_start(call, request);
    }
    if (call->result != ERR_OK) {
        call->is_done = true;
        call_make_ready(call);
        deliver_later(http);
    }
    return call;
}

void http_cancel(struct http_call *call) {
    if (call->is_cancelled || NEVER(call->http->in_curl)) {
        return;
    }
    call->is_cancelled = true;
    transfer_stop(call);
    call->is_done = true;
    call->result = error_set(&call->error, &call->arena, ERR_CANCELLED, "cancelled");
    call_make_ready(call);
    deliver_later(call->http);
}

size_t http_in_flight(const struct http *http) {
    return http->n_calls;
}

uv_loop_t *http_loop(const struct http *http) {
    return http->loop;
}
