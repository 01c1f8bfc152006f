// SPDX-License-Identifier: MIT
//
// Long work that the user sees and can stop: one object per pull, load or action. It is work-done
// progress where the client has it, else one window/showMessage at the end; and it is what status
// and `.cancel` list as active. Tokens are strings "ollama-ls/<id>" (DESIGN A7). Loop thread only.
#pragma once

#include "lsp/rpc.h"
#include "session/session.h"

// LSP MessageType.
enum message_type { MESSAGE_ERROR = 1, MESSAGE_WARNING = 2, MESSAGE_INFO = 3, MESSAGE_LOG = 4 };

struct progress;

struct progress_options {
    struct str title;          // "Pulling llama3.2"
    struct str kind;           // "pull", "load", …: listed as active work under this kind
    struct str model;          // may be empty
    bool has_percentage;       // percentages will be reported
    struct str id;             // the client's own id for it, not in use; empty: one is made
    struct json_object *token; // the client's own workDoneToken (borrowed), or NULL
    // Set: the user may stop it. Called at most once, from the loop; the owner still ends the
    // progress.
    void (*on_cancel)(void *data);
    void *data;
};

// Begins. Never NULL: it works, silently, where the client shows no progress. Strings are copied.
struct progress *progress_begin(struct lsp_server *server, const struct progress_options *options);

// At most one report a 100 ms leaves; the latest wins. `percent` −1: unknown. It never falls.
void progress_report(struct progress *progress, struct str message, int percent);
// For status.
void progress_set_tokens(struct progress *progress, int64_t tokens);
void progress_set_model(struct progress *progress, struct str model); // known only now
void progress_set_loading(struct progress *progress,
                          bool is_loading); // waits for its model to load

// Ends and frees. Clients without progress get the message by window/showMessage, all clients do if
// the type is MESSAGE_ERROR or MESSAGE_WARNING; an empty one is never shown (cancelled work).
void progress_end(struct progress *progress, enum message_type type, struct str message);

struct str progress_id(const struct progress *progress); // "<id>"
bool progress_is_cancelled(const struct progress *progress);
bool progress_has(const struct lsp_server *server, struct str id); // is this id in use?

// Asks active work to stop: the one of that id, or all if empty. Returns how many there were.
size_t progress_cancel(struct lsp_server *server, struct str id);

// What is active, for session_status. Returns the number; the array is in `arena`.
size_t progress_jobs(struct lsp_server *server, struct arena *arena, struct active_job **jobs);

// --- for server.c ---
struct progress_set {
    struct progress *first;
    uint64_t next_id;
    uv_timer_t timer; // sends held-back reports
};
void progress_set_init(struct progress_set *set, struct lsp_server *server, uv_loop_t *loop);
// The session ends: everything is ended towards the client and asked to stop.
void progress_set_stop(struct progress_set *set);
void progress_set_close(struct progress_set *set, uv_close_cb on_closed); // closes the timer
void progress_set_finish(struct progress_set *set); // frees what its owners did not end

// Notification window/workDoneProgress/cancel.
void progress_on_cancel(struct lsp_server *server, struct json_object *params);
