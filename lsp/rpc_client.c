// SPDX-License-Identifier: MIT
//
// From us to the client: envelopes, notifications, and requests of our own. A client may never
// answer, so each request may have a limit of time; whatever comes later is dropped in silence.
//
// Invariant: the `done` of a call runs exactly once.
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "lsp/rpc_private.h"
#include "lsp/server.h"

#define LOG_MODULE "rpc"

struct json_object *rpc__envelope(void) {
    struct json_object *message = json_object_new_object();
    json_set_str(message, "jsonrpc", STR("2.0"));
    return message;
}

bool rpc__send(struct rpc *rpc, struct json_object *message, enum send_class class) {
    bool sent = rpc->sink.send(rpc->sink.data, json_text(message), class);
    json_object_put(message);
    return sent;
}

void rpc__send_error(struct rpc *rpc, struct json_object *id, enum rpc_code code, struct str text) {
    struct json_object *error = json_object_new_object();
    json_set_int(error, "code", code);
    json_set_str(error, "message", text);
    struct json_object *message = rpc__envelope();
    json_object_object_add(message, "id", json_object_get(id));
    json_object_object_add(message, "error", error);
    rpc__send(rpc, message, SEND_NEEDED);
}

bool rpc_notify(struct lsp_server *server, enum send_class class, const char *method,
                struct json_object *params) {
    if (server->rpc.state == RPC_STARTING || server->rpc.state == RPC_EXITED) {
        json_object_put(params);
        return false;
    }
    struct json_object *message = rpc__envelope();
    json_set_str(message, "method", str_from(method));
    if (params) {
        json_object_object_add(message, "params", params);
    }
    return rpc__send(&server->rpc, message, class);
}

bool rpc_takes(const struct lsp_server *server, enum send_class class) {
    const struct rpc_sink *sink = &server->rpc.sink;
    return !sink->takes || sink->takes(sink->data, class);
}

void rpc__trace(struct lsp_server *server, const char *what, struct json_object *id, int64_t us) {
    if (server->trace == TRACE_OFF) {
        return;
    }
    char text[200];
    if (id) {
        snprintf(text, sizeof(text), "%s (id %.40s) was answered", what, json_text(id).p);
    } else {
        snprintf(text, sizeof(text), "%s was taken in", what);
    }
    struct json_object *params = json_object_new_object();
    json_set_str(params, "message", str_from(text));
    if (server->trace == TRACE_VERBOSE) {
        snprintf(text, sizeof(text), "%lld us; %zu requests in flight; %zu documents open",
                 (long long)us, server->rpc.n_requests, server->documents.n);
        json_set_str(params, "verbose", str_from(text));
    }
    rpc_notify(server, SEND_DROPPABLE, "$/logTrace", params);
}

// --- requests of ours ---

static void on_limit(uv_timer_t *timer);

static void arm_timer(struct rpc *rpc) {
    int64_t nearest = 0;
    for (const struct rpc_call *call = rpc->calls; call; call = call->next) {
        if (call->deadline_ms && (!nearest || call->deadline_ms < nearest)) {
            nearest = call->deadline_ms;
        }
    }
    if (!nearest) {
        uv_timer_stop(&rpc->timer);
        return;
    }
    int64_t wait = nearest - clock_ms();
    // libuv's clock is the one of the start of the turn: without this, work done since counts
    // twice.
    uv_update_time(rpc->timer.loop);
    uv_timer_start(&rpc->timer, on_limit, wait > 0 ? (uint64_t)wait + 1 : 0, 0);
}

// Takes a call out of the list and ends it.
static void finish_call(struct lsp_server *server, struct rpc_call **at, enum err code,
                        struct json_object *result) {
    struct rpc_call *call = *at;
    *at = call->next;
    server->rpc.n_calls--;
    if (call->done) {
        call->done(server, code, result, call->data);
    }
    free(call);
}

static void on_limit(uv_timer_t *timer) {
    struct lsp_server *server = timer->data;
    int64_t now = clock_ms();
    struct rpc_call **at = &server->rpc.calls;
    while (*at) {
        if ((*at)->deadline_ms && (*at)->deadline_ms <= now) {
            LOG_WRN("the client did not answer %s", (*at)->method);
            finish_call(server, at, ERR_TIMEOUT, NULL);
            at = &server->rpc.calls; // `done` may have changed the list
        } else {
            at = &(*at)->next;
        }
    }
    arm_timer(&server->rpc);
}

void rpc_request(struct lsp_server *server, const char *method, struct json_object *params,
                 int64_t limit_ms, rpc_answer_fn done, void *data) {
    struct rpc *rpc = &server->rpc;
    struct rpc_call *call = mem_alloc(sizeof(*call));
    call->id = ++rpc->next_id;
    call->method = method;
    call->deadline_ms = limit_ms > 0 ? clock_ms() + limit_ms : 0;
    call->done = done;
    call->data = data;
    call->next = rpc->calls;
    rpc->calls = call;
    rpc->n_calls++;

    struct json_object *message = rpc__envelope();
    json_set_int(message, "id", call->id);
    json_set_str(message, "method", str_from(method));
    if (params) {
        json_object_object_add(message, "params", params);
    }
    rpc__send(rpc, message, SEND_NEEDED);
    if (call->deadline_ms) {
        arm_timer(rpc);
    }
}

void rpc__take_response(struct lsp_server *server, struct json_object *message) {
    struct json_object *id = json_get(message, "id");
    if (!json_is(id, json_type_int)) {
        LOG_DBG("a response to no request of ours");
        return;
    }
    int64_t number = json_object_get_int64(id);
    for (struct rpc_call **at = &server->rpc.calls; *at; at = &(*at)->next) {
        if ((*at)->id != number) {
            continue;
        }
        struct json_object *error = json_get(message, "error");
        if (error) {
            LOG_INF("the client refused %s: %.*s", (*at)->method,
                    STR_ARG(str_slice(json_get_str(error, "message"), 0, 200)));
        }
        finish_call(server, at, error ? ERR_REMOTE : ERR_OK,
                    error ? error : json_get(message, "result"));
        arm_timer(&server->rpc);
        return;
    }
    LOG_DBG("a response that came too late, or to no request of ours");
}

// --- life ---

void rpc_init(struct rpc *rpc, struct lsp_server *server, uv_loop_t *loop, struct rpc_sink sink) {
    *rpc = (struct rpc){.sink = sink};
    uv_timer_init(loop, &rpc->timer);
    rpc->timer.data = server;
}

void rpc_close(struct lsp_server *server, uv_close_cb on_closed) {
    rpc_drop_all(server);
    while (server->rpc.calls) {
        finish_call(server, &server->rpc.calls, ERR_CANCELLED, NULL);
    }
    uv_close((uv_handle_t *)&server->rpc.timer, on_closed);
}
