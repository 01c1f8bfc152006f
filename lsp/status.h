// SPDX-License-Identifier: MIT
//
// The status notifications experimental/serverStatus and $/ollama-ls/status (DESIGN A11): the first
// right after `initialized`, then on change only, at most 4 a second, each behind its own gate.
#pragma once

#include "lsp/rpc.h"
#include "session/session.h"

struct status {
    uv_timer_t timer;
    bool is_scheduled;
    int64_t sent_ms;          // clock_ms() of the last one
    char *last_status;        // owned: text last sent, without what changes by itself
    char *last_health;        // owned
    struct interest interest; // in the default server's state
};

void status_init(struct status *status, struct lsp_server *server, uv_loop_t *loop);
void status_start(struct lsp_server *server); // `initialized` came: the first one goes out
// The servers are known (again): somebody who watches the status wants to know the default one's.
void status_watch(struct lsp_server *server);
// Something that status tells may have changed: cheap, call often.
void status_changed(struct lsp_server *server);
// The status object of DESIGN A11. Returns owned.
struct json_object *status_object(struct lsp_server *server);
void status_close(struct lsp_server *server, uv_close_cb on_closed);
void status_finish(struct status *status);
