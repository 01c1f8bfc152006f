// SPDX-License-Identifier: MIT
//
// Inline completion at work (DESIGN A9): one request to the model server at a time per document,
// begun after a pause in typing, closed down to the socket when it is superseded or cancelled. What
// a place is, what is asked and what is shown is decided in assist/inline.h. Loop thread only.
#pragma once

#include <uv.h>

#include "assist/inline.h"
#include "lsp/rpc.h"
#include "session/session.h"

struct inline_flight; // private to inline.c

struct inline_set {
    char *trouble; // owned, for the status: why the last try failed; NULL: it did not
    // --- private ---
    struct inline_flight *first;
    struct inline_cache *cache;       // NULL: nothing was asked yet
    struct inline_sketches *sketches; // likewise
    uv_timer_t timer;                 // for the nearest pause
    int64_t resting_until_ms;         // after a failure of the model: nothing is asked before
    struct interest interest;         // in the default server, while completions are wanted
};

// Row of the method table: textDocument/inlineCompletion. Always answers with a list, if need be an
// empty one.
void inline_on_request(struct request *request);
void inline_advertise(const struct lsp_server *server, struct json_object *capabilities);

void inline_on_close(struct lsp_server *server, const struct document *document);

// --- for server.c ---
// Settings, or the model chosen for the workspace, may have changed: while completions are wanted
// the server's state is kept fresh, so that one that comes back is noticed.
void inline_watch(struct lsp_server *server);
void inline_init(struct inline_set *set, struct lsp_server *server, uv_loop_t *loop);
void inline_close(struct lsp_server *server,
                  uv_close_cb on_closed); // gives all up, closes the timer
void inline_finish(struct inline_set *set);
