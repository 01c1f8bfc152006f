// SPDX-License-Identifier: MIT
//
// Findings to the client, by push or by pull, never both (DESIGN A3). Changes within one loop turn are
// sent once, at its end; what did not change is not sent again.
#pragma once

#include "lsp/documents.h"

struct diagnostics_feed {
    bool is_refresh_wanted; // pull: workspace/diagnostic/refresh is due
    bool is_refresh_sent;   // … and one is under way
    struct feed_watch *watch; // the held workspace/diagnostic, or NULL
};

// The document's findings may have changed.
void feed_mark(struct lsp_server *server, struct document *document);
// It was closed: clears its findings. Called before the document goes.
void feed_closed(struct lsp_server *server, struct document *document);
// A server, setting or file changed what findings say: pulling clients are told to ask again.
void feed_refresh(struct lsp_server *server);
// The end of a loop turn: works off marked documents for at most FEED_BUDGET_US. True if some are left.
bool feed_end_turn(struct lsp_server *server);
#define FEED_BUDGET_US 10000
void feed_finish(struct lsp_server *server);

// The Diagnostic objects of a document, gated by caps. Returns an owned array.
struct json_object *feed_diagnostics(struct lsp_server *server, struct document *document);

// textDocument/diagnostic, workspace/diagnostic and what announces them.
void feed_on_document(struct request *request);
void feed_on_workspace(struct request *request);
void feed_advertise(const struct lsp_server *server, struct json_object *capabilities);
