// SPDX-License-Identifier: MIT
//
// From the bytes of a message to its handler and back. One place decides what is legal when:
//
//   STARTING --initialize answered--> READY --initialized--> RUNNING --shutdown--> STOPPING
//       any state --exit or end of input--> EXITED
//
// Invariant: a request leaves with exactly one response. Its object goes HANDLING -> DONE, or
// HANDLING -> PARKED -> DONE; a handler that neither replies nor parks is our bug and is answered
// with an internal error. Answered requests live until the end of the turn, so that a second reply
// is seen as such instead of being a use of freed memory.
#include "lsp/rpc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/utf.h"
#include "lsp/rpc_private.h"
#include "lsp/server.h"

#define LOG_MODULE "rpc"

// --- responses ---

static void respond(struct request *request, struct json_object *message) {
    struct rpc_request *private = request->private;
    struct rpc *rpc = &request->server->rpc;
    json_object_object_add(message, "id", json_object_get(private->id));
    rpc__send(rpc, message, SEND_NEEDED);

    int64_t us = clock_us() - private->started_us;
    LOG_DBG("%s %.*s %s in %lld us", request->method->name, STR_ARG(json_text(private->id)),
            json_has(message, "error") ? "failed" : "answered", (long long)us);
    rpc__trace(request->server, request->method->name, private->id, us);

    for (struct rpc_request **at = &rpc->requests; *at; at = &(*at)->next) {
        if (*at == private) {
            *at = private->next;
            rpc->n_requests--;
            break;
        }
    }
    private->state = REQUEST_DONE;
    private->next = rpc->finished;
    rpc->finished = private;
    lsp_server_wake(request->server);
}

void reply_ok(struct request *request, struct json_object *result) {
    if (NEVER(request->private->state == REQUEST_DONE)) {
        json_object_put(result);
        return;
    }
    struct json_object *message = rpc__envelope();
    json_object_object_add(message, "result", result);
    respond(request, message);
}

static void fail(struct request *request, enum rpc_code code, struct str text) {
    if (NEVER(request->private->state == REQUEST_DONE)) {
        return;
    }
    struct json_object *error = json_object_new_object();
    json_set_int(error, "code", code);
    json_set_str(error, "message", text);
    struct json_object *message = rpc__envelope();
    json_object_object_add(message, "error", error);
    request->server->method_stats[method_index(request->method)].errors++;
    respond(request, message);
}

void reply_err(struct request *request, enum rpc_code code, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fail(request, code, display_escape(request->arena, str_from(text), 0));
}

void request_park(struct request *request, request_cancel_fn on_cancel, void *data) {
    enum request_state state = request->private->state;
    if (NEVER(state != REQUEST_HANDLING && state != REQUEST_PARKED)) {
        return;
    }
    request->private->state = REQUEST_PARKED;
    request->private->on_cancel = on_cancel;
    request->private->cancel_data = data;
}

// --- cancellation ---

static void cancel(struct rpc_request *private) {
    request_cancel_fn on_cancel = private->on_cancel;
    private->on_cancel = NULL;
    if (on_cancel) {
        on_cancel(&private->public, private->cancel_data);
    }
    fail(&private->public, RPC_REQUEST_CANCELLED, STR("the request was cancelled"));
}

void rpc_cancel(struct lsp_server *server, struct json_object *id) {
    for (struct rpc_request *at = server->rpc.requests; at; at = at->next) {
        if (at->state == REQUEST_PARKED && json_object_equal(at->id, id)) {
            cancel(at);
            return;
        }
    }
}

// A hook may end other requests too, so the search starts anew after each.
static void cancel_matching(struct lsp_server *server, const struct document *document) {
    struct rpc_request *at = server->rpc.requests;
    while (at) {
        if (at->state == REQUEST_PARKED && (!document || at->public.document == document)) {
            cancel(at);
            at = server->rpc.requests;
        } else {
            at = at->next;
        }
    }
}

void rpc_cancel_all(struct lsp_server *server) {
    cancel_matching(server, NULL);
}

void rpc_cancel_document(struct lsp_server *server, const struct document *document) {
    cancel_matching(server, document);
}

void rpc_drop_all(struct lsp_server *server) {
    for (;;) {
        struct rpc_request *at = server->rpc.requests;
        while (at && !at->on_cancel) {
            at = at->next;
        }
        if (!at) {
            return;
        }
        request_cancel_fn on_cancel = at->on_cancel;
        at->on_cancel = NULL;
        on_cancel(&at->public, at->cancel_data);
    }
}

// --- dispatch ---

static void free_request(struct rpc_request *private) {
    json_object_put(private->message);
    arena_finish(&private->arena);
    free(private);
}

static void count(struct lsp_server *server, const struct method *method, int64_t started_us) {
    struct method_stats *stats = &server->method_stats[method_index(method)];
    uint64_t us = (uint64_t)(clock_us() - started_us);
    stats->calls++;
    stats->us += us;
    if (us > stats->us_max) {
        stats->us_max = us;
    }
}

// Finds the document that METHOD_NEEDS_DOC asks for.
static struct document *named_document(struct lsp_server *server, struct json_object *params) {
    return documents_find(server, json_get_str(json_get(params, "textDocument"), "uri"));
}

// Takes `message`.
static void run_request(struct lsp_server *server, const struct method *method,
                        struct json_object *message) {
    struct rpc *rpc = &server->rpc;
    struct rpc_request *private = mem_alloc(sizeof(*private));
    private->message = message;
    private->id = json_get(message, "id");
    private->started_us = clock_us();
    private->public = (struct request){
        .server = server,
        .method = method,
        .arena = &private->arena,
        .params = json_get(message, "params"),
        .private = private,
    };
    arena_init(&private->arena);
    private->next = rpc->requests;
    rpc->requests = private;
    rpc->n_requests++;

    struct request *request = &private->public;
    if (request->params && !json_is(request->params, json_type_object)) {
        reply_err(request, RPC_INVALID_PARAMS, "params of %s must be an object", method->name);
        return;
    }
    if (method->flags & METHOD_NEEDS_DOC) {
        if (!json_is(json_path(request->params, "textDocument.uri"), json_type_string)) {
            reply_err(request, RPC_INVALID_PARAMS, "%s needs textDocument.uri", method->name);
            return;
        }
        request->document = named_document(server, request->params);
        if (!request->document) {
            reply_err(request, RPC_INVALID_PARAMS, "%s: this document is not open", method->name);
            return;
        }
        if (json_has(request->params, "position")) {
            document_touch(server, request->document);
        }
    }
    rpc->handling = method;
    method->on_request(request);
    rpc->handling = NULL;
    count(server, method, private->started_us);
    if (NEVER(private->state == REQUEST_HANDLING)) {
        reply_err(request, RPC_INTERNAL_ERROR, "%s was not answered", method->name);
    }
}

static void run_notification(struct lsp_server *server, const struct method *method,
                             struct json_object *params) {
    if (params && !json_is(params, json_type_object)) {
        LOG_WRN("params of %s must be an object", method->name);
        return;
    }
    if ((method->flags & METHOD_NEEDS_DOC) && !named_document(server, params)) {
        LOG_WRN("%s for a document that is not open", method->name);
        return;
    }
    int64_t started_us = clock_us();
    server->rpc.handling = method;
    method->on_notification(server, params);
    server->rpc.handling = NULL;
    count(server, method, started_us);
    rpc__trace(server, method->name, NULL, clock_us() - started_us);
}

// --- what is legal when ---

struct refusal {
    enum rpc_code code;
    const char *text; // NULL: none
};

static struct refusal judge_request(const struct lsp_server *server, const struct method *method) {
    enum rpc_state state = server->rpc.state;
    if (state == RPC_STARTING && !(method && (method->flags & METHOD_BEFORE_INIT))) {
        return (struct refusal){RPC_NOT_INITIALIZED, "the server is not initialized"};
    }
    if (state >= RPC_STOPPING) {
        return (struct refusal){RPC_INVALID_REQUEST, "the server is shutting down"};
    }
    if (!method || method->kind != METHOD_REQUEST) {
        return (struct refusal){RPC_METHOD_NOT_FOUND, "there is no such method"};
    }
    if (state != RPC_STARTING && (method->flags & METHOD_BEFORE_INIT)) {
        return (struct refusal){RPC_INVALID_REQUEST, "the server is initialized already"};
    }
    if (server->rpc.n_requests >= LIMIT_REQUESTS) {
        return (struct refusal){RPC_REQUEST_FAILED, "too many requests are in flight"};
    }
    return (struct refusal){0, NULL};
}

static void take_request(struct lsp_server *server, struct str name, struct json_object *message) {
    const struct method *method = method_find(name);
    struct refusal refusal = judge_request(server, method);
    if (refusal.text) {
        struct arena arena;
        arena_init(&arena);
        struct str text = arena_printf(&arena, "%s: %.*s", refusal.text,
                                       STR_ARG(display_escape(&arena, name, 100)));
        rpc__send_error(&server->rpc, json_get(message, "id"), refusal.code, text);
        arena_finish(&arena);
        return;
    }
    run_request(server, method, json_object_get(message));
}

static void take_notification(struct lsp_server *server, struct str name,
                              struct json_object *message) {
    const struct method *method = method_find(name);
    bool is_known = method && method->kind == METHOD_NOTIFICATION;
    bool is_exit = is_known && (method->flags & METHOD_ALWAYS);
    if (server->rpc.state == RPC_EXITED ||
        (!is_exit && (server->rpc.state == RPC_STARTING || server->rpc.state == RPC_STOPPING))) {
        LOG_DBG("notification %.*s dropped", STR_ARG(str_slice(name, 0, 100)));
        return;
    }
    if (is_known) {
        run_notification(server, method, json_get(message, "params"));
    } else if (!str_starts(name, STR("$/"))) {
        LOG_DBG("unknown notification %.*s", STR_ARG(str_slice(name, 0, 100)));
    }
}

// Ids are strings or 32-bit integers, never fractions, booleans or null.
static bool is_valid_id(struct json_object *id) {
    if (json_is(id, json_type_int)) {
        int64_t value = json_object_get_int64(id);
        return value >= INT32_MIN && value <= INT32_MAX;
    }
    return json_is(id, json_type_string);
}

static void take_object(struct lsp_server *server, struct json_object *message) {
    struct rpc *rpc = &server->rpc;
    bool has_id = json_has(message, "id");
    struct json_object *id = json_get(message, "id");
    if (!json_has(message, "method") && has_id &&
        (json_has(message, "result") || json_has(message, "error"))) {
        rpc__take_response(server, message);
        return;
    }
    if (has_id && !is_valid_id(id)) {
        rpc__send_error(rpc, NULL, RPC_INVALID_REQUEST,
                        STR("the id of a request is a string or a 32-bit integer"));
        return;
    }
    struct json_object *method = json_get(message, "method");
    bool is_version_2 = str_eq(json_get_str(message, "jsonrpc"), STR("2.0"));
    if (!json_is(method, json_type_string) || !is_version_2) {
        rpc__send_error(rpc, id, RPC_INVALID_REQUEST, STR("this is no JSON-RPC 2.0 message"));
        return;
    }
    if (has_id) {
        take_request(server, json_str(method), message);
    } else {
        take_notification(server, json_str(method), message);
    }
}

void rpc_receive(struct lsp_server *server, struct str text) {
    struct arena arena;
    arena_init(&arena);
    struct error error;
    struct json_object *message = NULL;
    if (json_parse(&arena, text, &message, &error) != ERR_OK) {
        LOG_WRN("a message is no JSON: %.*s", STR_ARG(error.message));
        rpc__send_error(&server->rpc, NULL, RPC_PARSE_ERROR, error.message);
    } else if (json_is(message, json_type_array)) {
        rpc__send_error(&server->rpc, NULL, RPC_INVALID_REQUEST,
                        STR("batches are not part of the Language Server Protocol"));
    } else if (!json_is(message, json_type_object)) {
        rpc__send_error(&server->rpc, NULL, RPC_INVALID_REQUEST, STR("a message is an object"));
    } else {
        take_object(server, message);
    }
    json_object_put(message);
    arena_finish(&arena);
}

void rpc_receive_garbage(struct lsp_server *server, struct str problem) {
    rpc__send_error(&server->rpc, NULL, RPC_PARSE_ERROR, problem);
}

// --- life ---

void rpc_end_turn(struct rpc *rpc) {
    while (rpc->finished) {
        struct rpc_request *private = rpc->finished;
        rpc->finished = private->next;
        free_request(private);
    }
}

void rpc_finish(struct rpc *rpc) {
    rpc_end_turn(rpc);
    while (rpc->requests) {
        struct rpc_request *private = rpc->requests;
        rpc->requests = private->next;
        free_request(private);
    }
}
