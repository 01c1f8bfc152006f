// SPDX-License-Identifier: MIT
//
// JSON-RPC: messages in, the method table, exactly one response per request, and requests of our
// own to the client. Knows the lifecycle (LSP 3.18 "initialize", "shutdown", "exit"), no document.
// Loop thread only. Sink and input are plain bytes, so that a test can stand in for the transport.
#pragma once

#include <uv.h>

#include "base/json.h"

struct lsp_server;
struct document;
struct method;

enum rpc_code {
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_METHOD_NOT_FOUND = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_INTERNAL_ERROR = -32603,
    RPC_NOT_INITIALIZED = -32002,
    RPC_REQUEST_CANCELLED = -32800,
    RPC_CONTENT_MODIFIED = -32801,
    RPC_SERVER_CANCELLED = -32802, // diagnostics and semantic tokens only
    RPC_REQUEST_FAILED = -32803,   // a valid request that could not be fulfilled
};

// One request of the client, from parse to reply. Its memory dies with it.
struct request {
    // --- public, read only ---
    struct lsp_server *server;
    const struct method *method;
    struct arena *arena;        // for whatever the answer is made of
    struct json_object *params; // borrowed until the reply; NULL: absent
    struct document *document;  // METHOD_NEEDS_DOC: the one named by textDocument.uri
    // --- private ---
    struct rpc_request *private;
};

// The client withdrew the request, or the server is shutting down. Let go of what was begun for it;
// the response is sent by the caller, and the request is gone when this returns: do not reply.
typedef void (*request_cancel_fn)(struct request *request, void *data);

// Answers and consumes the request. `result` is taken; NULL is the JSON null. To be called exactly
// once per request, either from the handler or later after request_park.
void reply_ok(struct request *request, struct json_object *result);
// Likewise with an error. The message is shown to people: what, where, remedy.
void reply_err(struct request *request, enum rpc_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Keeps the request for a later reply: call before the handler returns. `on_cancel` may be NULL.
void request_park(struct request *request, request_cancel_fn on_cancel, void *data);

// --- to the client ---

// What is not taken when the client does not read.
enum send_class {
    SEND_NEEDED,
    SEND_DROPPABLE, // above LIMIT_WRITE_PROGRESS: it is lost, later ones say as much
    SEND_STREAM,    // above LIMIT_WRITE_STREAM: the sender keeps it and tries again with more
};

// Sends a notification; `params` is taken (NULL: none). False if it was dropped, or the session is
// not at a point where it may be sent (before the answer to initialize only window/showMessage and
// window/logMessage may).
bool rpc_notify(struct lsp_server *server, enum send_class class, const char *method,
                struct json_object *params);

// The client's answer to a request of ours. Called exactly once: ERR_OK with the result (borrowed,
// NULL is null); ERR_REMOTE with the client's error object as `result`; ERR_TIMEOUT; ERR_CANCELLED
// when the server shuts down.
typedef void (*rpc_answer_fn)(struct lsp_server *server, enum err code, struct json_object *result,
                              void *data);

// Would a notification of this class be taken now? Saves making one that is refused.
bool rpc_takes(const struct lsp_server *server, enum send_class class);

// Sends a request with an id of our own; `params` is taken. `limit_ms` 0: waits as long as the
// session lasts. `done` may be NULL. Never calls `done` from inside. Gate with caps before.
void rpc_request(struct lsp_server *server, const char *method, struct json_object *params,
                 int64_t limit_ms, rpc_answer_fn done, void *data);

// --- for server.c and tests ---

enum rpc_state {
    RPC_STARTING, // before initialize
    RPC_READY,    // initialize is answered
    RPC_RUNNING,  // `initialized` came
    RPC_STOPPING, // `shutdown` was answered: only exit is legal
    RPC_EXITED,   // `exit` came, or the input ended
};

// Where outgoing messages go: one JSON text without framing. False if a droppable one was dropped.
struct rpc_sink {
    bool (*send)(void *data, struct str message, enum send_class class);
    // Would a message of this class be taken now? Asked before one is made. NULL: always.
    bool (*takes)(void *data, enum send_class class);
    void *data;
};

struct rpc {
    enum rpc_state state;
    struct rpc_sink sink;
    struct rpc_request *requests; // in flight: handled now or parked
    size_t n_requests;
    struct rpc_request *finished; // answered in this turn, freed at its end
    struct rpc_call *calls;       // our own requests without an answer yet
    size_t n_calls;
    int64_t next_id;
    uv_timer_t timer;              // for the nearest limit of `calls`
    const struct method *handling; // for the fatal signal handler and logs, NULL between messages
};

void rpc_init(struct rpc *rpc, struct lsp_server *server, uv_loop_t *loop, struct rpc_sink sink);
// Runs the hooks of what is parked without replying, tells callers ERR_CANCELLED, closes the timer.
void rpc_close(struct lsp_server *server, uv_close_cb on_closed);
// Frees what is left once the timer is closed.
void rpc_finish(struct rpc *rpc);

// One message from the client, without framing.
void rpc_receive(struct lsp_server *server, struct str message);
// The transport could not make sense of bytes: one error response with id null.
void rpc_receive_garbage(struct lsp_server *server, struct str problem);

// Cancelling runs the hook and replies −32800. Unknown ids are no error: the answer may be on its
// way.
void rpc_cancel(struct lsp_server *server, struct json_object *id);
void rpc_cancel_document(struct lsp_server *server, const struct document *document);
void rpc_cancel_all(struct lsp_server *server);
// The input ended: nobody is there to read a reply. Runs the hooks alone.
void rpc_drop_all(struct lsp_server *server);

// Frees answered requests: at the end of each loop turn.
void rpc_end_turn(struct rpc *rpc);
