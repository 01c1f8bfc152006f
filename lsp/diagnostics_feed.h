// SPDX-License-Identifier: MIT
//
// Findings to the client, by push or by pull, never both (DESIGN A3). Changes within one loop turn
// are sent once, at its end; what did not change is not sent again.
#pragma once

#include "lsp/documents.h"

#define FEED_BUDGET_US 10000 // work at the end of one turn; what is left waits for the next

struct diagnostics_feed {
    uint64_t clock;               // counts marks
    size_t n_marked;              // documents whose findings may have changed
    bool is_refresh_wanted;       // pull: workspace/diagnostic/refresh is due
    bool is_refresh_sent;         // pull: … and one is under way
    struct request *workspace;    // pull: the held workspace/diagnostic, or NULL
    struct feed_waiting *waiting; // pull: requests for documents that are still being read
};

// The document's findings may have changed.
void feed_mark(struct lsp_server *server, struct document *document);
// It is about to be closed: clears its findings at the client.
void feed_closed(struct lsp_server *server, struct document *document);
// The end of a loop turn: works off marked documents within FEED_BUDGET_US. True if some are left.
bool feed_end_turn(struct lsp_server *server);

// The Diagnostic objects of a document, gated by caps. Returns an owned array.
struct json_object *feed_diagnostics(struct lsp_server *server, struct document *document);

// textDocument/diagnostic, workspace/diagnostic and what announces them.
void feed_on_document(struct request *request);
void feed_on_workspace(struct request *request);
void feed_advertise(const struct lsp_server *server, struct json_object *capabilities);
