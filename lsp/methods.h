// SPDX-License-Identifier: MIT
//
// The method table: every message of the client that we handle is one row, and what initialize
// announces is gathered from the same rows, so nothing is announced that is not handled. Adding
// one: docs/adding-a-request.md.
#pragma once

#include "lsp/rpc.h"

enum method_kind { METHOD_REQUEST, METHOD_NOTIFICATION };

enum {
    METHOD_BEFORE_INIT = 1 << 0, // allowed before initialize, and only then
    // `textDocument.uri` names an open document, which becomes request->document. A request for any
    // other is answered with −32602, a notification for it is dropped.
    METHOD_NEEDS_DOC = 1 << 1,
    METHOD_ALWAYS = 1 << 2, // a notification that counts in every state: exit
};

struct method {
    const char *name;
    enum method_kind kind;
    // METHOD_REQUEST: replies or parks.
    void (*on_request)(struct request *request);
    // METHOD_NOTIFICATION: `params` is borrowed for the call, may be NULL.
    void (*on_notification)(struct lsp_server *server, struct json_object *params);
    unsigned flags;
    // Adds what announces this method to ServerCapabilities; NULL: nothing does. May add nothing
    // where the client's capabilities say so.
    void (*advertise)(const struct lsp_server *server, struct json_object *capabilities);
};

// What is counted per row, in `server->method_stats`.
struct method_stats {
    uint64_t calls;
    uint64_t errors;
    uint64_t us; // in handlers, in all
    uint64_t us_max;
};

#define METHOD_MAX 64 // rows the table may have; checked by the compiler

size_t method_index(const struct method *method);
const struct method *method_find(struct str name); // NULL: unknown

// ServerCapabilities of this session. Returns owned.
struct json_object *methods_capabilities(const struct lsp_server *server);
