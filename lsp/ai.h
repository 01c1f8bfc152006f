// SPDX-License-Identifier: MIT
//
// AI actions at work (DESIGN A8): from the command .ai to the edit in the client's document. What a
// model is asked and what its answer means is decided in assist/; here are the run's states, its
// server, its document and its client. Loop thread only.
#pragma once

#include <uv.h>

#include "assist/action.h"
#include "lsp/rpc.h"

struct ai_run; // one action, private to ai_*.c

#define AI_QUERIES_MAX 32 // languages with a grammar

struct ai_set {
    // --- private ---
    struct ai_run *first;       // at work, or with a result that waits
    struct action_set *actions; // of the settings in force; NULL: to be made
    uv_timer_t timer;           // what cannot be done at once: parsing, held deltas, progress
    struct {                    // compiled when first needed: it takes milliseconds
        const struct language *language;
        TSQuery *query; // owned
    } queries[AI_QUERIES_MAX];
    char *folder;   // of files with results; NULL: none was needed
    char **files;   // their paths, SHOW_FILES_MAX; owned
    size_t n_files; // written so far
};

// What the command .ai asks for; all borrowed.
struct ai_request {
    const struct action *action;
    struct document *document;
    struct text_range selection;
    struct str id;                   // the client's own, or empty
    struct str instruction;          // may be empty
    struct str model;                // may be empty
    bool review;                     // the edit waits for .accept
    struct json_object *diagnostics; // LSP Diagnostic[], or NULL
    struct json_object *token;       // the client's workDoneToken, or NULL
};

// Begins. 0, or the code and (in error->message, in `arena`) the reason why not.
int ai_start(struct lsp_server *server, const struct ai_request *request, struct arena *arena,
             struct error *error);

// The actions of the settings in force. Borrowed until the settings change.
const struct action_set *ai_actions(struct lsp_server *server);

// Could an action run now, as far as is known without asking? False: *reason in `arena`.
bool ai_is_possible(struct lsp_server *server, struct arena *arena, struct str model,
                    struct error *reason);

// --- results that wait ---
struct ai_result {
    struct str id;
    struct str title; // "Refactor (llama3.2:3b)"
    struct text_range range;
};
// Those of this document that touch [start, end]. Returns their number; the array is in `arena`.
size_t ai_results(struct lsp_server *server, struct arena *arena, const struct document *document,
                  size_t start, size_t end, struct ai_result **results);
// 0, or the code and reason. Accepting goes on behind the answer; its failure keeps the result.
int ai_accept(struct lsp_server *server, struct str id, struct arena *arena, struct error *error);
int ai_reject(struct lsp_server *server, struct str id, struct arena *arena, struct error *error);

bool ai_has(struct lsp_server *server,
            struct str id); // is it the id of a run, or of a kept result?

// --- events ---
// Does anything of this document need each of its changes by itself?
bool ai_follows(const struct lsp_server *server, const struct document *document);
// One change of a notification, in their order; then once the end of the notification.
void ai_on_change(struct lsp_server *server, struct document *document,
                  const struct text_splice *splice);
void ai_after_changes(struct lsp_server *server, struct document *document);
void ai_on_open(struct lsp_server *server, struct document *document);
void ai_on_close(struct lsp_server *server, struct document *document);
void ai_on_settings(struct lsp_server *server);

// --- for server.c ---
void ai_init(struct ai_set *set, struct lsp_server *server, uv_loop_t *loop);
void ai_close(struct lsp_server *server, uv_close_cb on_closed); // cancels all, closes the timer
void ai_finish(struct ai_set *set); // frees what is left once calls and timer are closed
