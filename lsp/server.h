// SPDX-License-Identifier: MIT
//
// The language server: everything a session holds, in one struct. There is no global state: two
// servers could live in one process (tests do that). Loop thread only.
#pragma once

#include <uv.h>

#include "base/strmap.h"
#include "lsp/ai.h"
#include "lsp/caps.h"
#include "lsp/diagnostics_feed.h"
#include "lsp/documents.h"
#include "lsp/methods.h"
#include "lsp/progress.h"
#include "lsp/rpc.h"
#include "lsp/status.h"
#include "session/session.h"

enum trace_level { TRACE_OFF, TRACE_MESSAGES, TRACE_VERBOSE };

struct lsp_server {
    uv_loop_t *loop;
    struct rpc rpc;
    struct caps caps;
    struct session *session;
    struct documents documents;
    struct diagnostics_feed feed;
    struct progress_set progress;
    struct ai_set ai;
    struct status status;
    struct method_stats method_stats[METHOD_MAX];
    enum trace_level trace;
    struct pull *pulls;        // running ones (handlers/command_pull.c)
    struct model_index *index; // NULL until somebody asks (model_index.h)
    struct arena asked_arena;
    struct strmap asked_pulls; // "URL NAME" of autoPull's questions, each asked once

    // Workspace folders as the client has them.
    struct workspace_folder {
        struct str uri;  // owned
        struct str path; // owned
    } * folders;
    size_t n_folders;

    // private
    struct lsp_server_private *private;
};

struct lsp_server_options {
    struct str host_flag;        // --host
    const char *state_path;      // NULL: the default place; tests give their own
    struct rpc_sink sink;        // where messages go
    void (*on_exit)(void *data); // `exit` came, or the parent process died: close. May be NULL
    void *data;
};

// Opens no socket; reads no file but the user's own. Returns owned.
struct lsp_server *lsp_server_create(uv_loop_t *loop, const struct lsp_server_options *options);

// One message of the client, without framing.
void lsp_server_receive(struct lsp_server *server, struct str message);
void lsp_server_receive_garbage(struct lsp_server *server, struct str problem);
// The input ended: cancels everything, as `exit` without `shutdown` does.
void lsp_server_end_of_input(struct lsp_server *server);

// Cancels everything and closes all handles; frees the server when they are closed, then calls
// on_closed. To be called once, after on_exit or end of input.
void lsp_server_close(struct lsp_server *server, void (*on_closed)(void *data), void *data);

// 0 if `shutdown` was answered before, else 1.
int lsp_server_exit_code(const struct lsp_server *server);

// Are the client's settings known, or given up on? Before, nothing is judged and no server
// contacted: the settings may say that another one is meant.
bool lsp_server_is_settled(const struct lsp_server *server);

// There is something to do at the end of this loop turn (marked documents, …): makes sure it comes.
void lsp_server_wake(struct lsp_server *server);

// --- messages to the user ---

// window/showMessage: only for what the user must act on, or the end of work they asked for.
void lsp_server_show(struct lsp_server *server, enum message_type type, struct str message);
// The same message at most once a session.
void lsp_server_show_once(struct lsp_server *server, enum message_type type, struct str message);

// What a command or a settings change calls after changing what findings depend on: findings, hints
// and lenses are made again.
void lsp_server_refresh_views(struct lsp_server *server);

// The first workspace folder's path, or empty: the scope of choices that belong to no document.
struct str lsp_server_root(const struct lsp_server *server);
