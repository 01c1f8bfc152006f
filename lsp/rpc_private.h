// SPDX-License-Identifier: MIT
//
// Inside rpc*.c only: what a request and a call of ours are made of.
#pragma once

#include "lsp/rpc.h"

enum request_state {
    REQUEST_HANDLING, // its handler runs
    REQUEST_PARKED,   // to be answered later
    REQUEST_DONE,     // answered: freed at the end of the turn
};

struct rpc_request {
    struct request public;
    struct arena arena;
    struct json_object *message; // owned; `params` is inside
    struct json_object *id;      // borrowed from message
    enum request_state state;
    request_cancel_fn on_cancel;
    void *cancel_data;
    int64_t started_us;
    struct rpc_request *next;
};

// A request of ours to the client.
struct rpc_call {
    int64_t id;
    const char *method;
    int64_t deadline_ms; // clock_ms(), 0: none
    rpc_answer_fn done;
    void *data;
    struct rpc_call *next;
};

// An envelope {"jsonrpc": "2.0", …}. Takes `message`. Returns as rpc_sink.send.
struct json_object *rpc__envelope(void);
bool rpc__send(struct rpc *rpc, struct json_object *message, enum send_class class);
// A response of the client to a call of ours.
void rpc__take_response(struct lsp_server *server, struct json_object *message);
// Error response; `id` borrowed, NULL is null.
void rpc__send_error(struct rpc *rpc, struct json_object *id, enum rpc_code code,
                     struct str message);
// $/logTrace about a message that was handled, if the client asked for it.
void rpc__trace(struct lsp_server *server, const char *what, struct json_object *id, int64_t us);
