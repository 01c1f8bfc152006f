// SPDX-License-Identifier: MIT
//
// The session's frame: what the loop calls, in which order things are closed, and messages to the
// user.
//
// A turn of the loop: timers, then input (each message is handled at once), then `check`: marked
// documents are judged and sent, views refreshed, answered requests freed. While work is left,
// `idle` keeps the loop from waiting.
//
// Closing: everything in flight is told to stop, then the handles and the session are closed; the
// last of them to report frees the server. So nothing that was told to stop can find the server
// gone.
#include "lsp/server.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/utf.h"
#include "lsp/model_index.h"
#include "lsp/server_private.h"

#define LOG_MODULE "server"
#define TURN_BUDGET_US 20000 // a longer turn is logged

// --- messages to the user ---

static void show_now(struct lsp_server *server, enum message_type type, struct str text) {
    struct json_object *params = json_object_new_object();
    json_set_int(params, "type", type);
    json_set_str(params, "message", text);
    rpc_notify(server, SEND_NEEDED, "window/showMessage", params);
}

void lsp_server_show(struct lsp_server *server, enum message_type type, struct str message) {
    struct lsp_server_private *private = server->private;
    struct arena arena;
    arena_init(&arena);
    struct str text = display_escape(&arena, message, 2000);
    if (server->rpc.state >= RPC_RUNNING) {
        show_now(server, type, text);
    } else if (private->n_unshown < UNSHOWN_MAX) {
        private->unshown[private->n_unshown++] = (struct unshown){type, mem_strdup(text)};
    }
    arena_finish(&arena);
}

void lsp_server__show_waiting(struct lsp_server *server) {
    struct lsp_server_private *private = server->private;
    for (size_t i = 0; i < private->n_unshown; i++) {
        show_now(server, private->unshown[i].type, str_from(private->unshown[i].text));
        free(private->unshown[i].text);
    }
    private->n_unshown = 0;
}

void lsp_server_show_once(struct lsp_server *server, enum message_type type, struct str message) {
    struct lsp_server_private *private = server->private;
    uint64_t hash = str_hash(message);
    for (size_t i = 0; i < private->n_shown; i++) {
        if (private->shown[i] == hash) {
            return;
        }
    }
    if (private->n_shown < SHOWN_MAX) {
        private->shown[private->n_shown++] = hash;
        lsp_server_show(server, type, message);
    }
}

struct str lsp_server_root(const struct lsp_server *server) {
    return server->n_folders > 0 ? server->folders[0].path : STR_NONE;
}

// --- views: what clients show that is not asked for again by an edit ---

static uint64_t mix(uint64_t hash, uint64_t value) {
    return (hash ^ value) * 1099511628211u;
}

static uint64_t hash_catalog(uint64_t hash, const struct catalog *catalog) {
    for (size_t i = 0; i < catalog->n_models; i++) {
        const struct model *model = &catalog->models[i];
        hash = mix(hash, str_hash(model->name));
        hash = mix(hash, str_hash(model->digest));
        hash = mix(hash, (uint64_t)model->context_length);
        hash = mix(hash, model->running.loaded);
    }
    return hash;
}

static uint64_t hash_views(struct lsp_server *server) {
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < session_server_count(server->session); i++) {
        const struct server *at = session_server_at(server->session, i);
        const struct catalog *catalog = server_catalog(at);
        hash = mix(hash, str_hash(at->url));
        hash = mix(hash, (uint64_t)at->state);
        hash = catalog ? hash_catalog(hash, catalog) : hash;
    }
    return hash;
}

static void refresh_views(struct lsp_server *server) {
    struct lsp_server_private *private = server->private;
    if (!private->views_are_marked || server->rpc.state != RPC_RUNNING) {
        return;
    }
    private->views_are_marked = false;
    uint64_t hash = hash_views(server);
    bool is_first = private->views_hash == 0; // what is shown so far was made from this
    bool is_news = (hash != private->views_hash && !is_first) || private->views_are_forced;
    private->views_hash = hash;
    private->views_are_forced = false;
    if (!is_news || server->documents.n == 0) {
        return;
    }
    if (server->caps.refresh_inlay_hints && method_find(STR("textDocument/inlayHint"))) {
        rpc_request(server, "workspace/inlayHint/refresh", NULL, 5000, NULL, NULL);
    }
    if (server->caps.refresh_code_lenses && method_find(STR("textDocument/codeLens"))) {
        rpc_request(server, "workspace/codeLens/refresh", NULL, 5000, NULL, NULL);
    }
}

static void mark_views(struct lsp_server *server) {
    server->private->views_are_marked = true;
    lsp_server_wake(server);
}

void lsp_server_refresh_views(struct lsp_server *server) {
    server->private->views_are_forced = true;
    mark_views(server);
    documents_invalidate(server, NULL);
    status_changed(server);
}

// --- settings and servers ---

bool lsp_server_is_settled(const struct lsp_server *server) {
    return server->private->is_settled;
}

void lsp_server__settle(struct lsp_server *server) {
    if (!server->private->is_settled) {
        server->private->is_settled = true;
        uv_timer_stop(&server->private->settle_timer);
        lsp_server__settings_changed(server);
    }
}

void lsp_server__settings_changed(struct lsp_server *server) {
    if (server->private->is_settled) {
        status_watch(server);
    }
    ai_on_settings(server);
    documents_invalidate(server, NULL);
    mark_views(server);
    status_changed(server);
}

static void on_server(void *data, struct server *changed) {
    struct lsp_server *server = data;
    if (server->private->is_closing) {
        return;
    }
    documents_invalidate(server, changed);
    mark_views(server);
    status_changed(server);
}

void lsp_server__on_problem(void *data, struct str message) {
    lsp_server_show_once(data, MESSAGE_WARNING, message);
}

// --- turns ---

void lsp_server_wake(struct lsp_server *server);

static void on_idle(uv_idle_t *idle) {
    (void)idle; // being active is its work
}

void lsp_server_wake(struct lsp_server *server) {
    if (!server->private->is_closing) {
        uv_idle_start(&server->private->idle, on_idle);
    }
}

static void on_check(uv_check_t *check) {
    struct lsp_server *server = check->data;
    if (server->private->is_closing || !uv_is_active((uv_handle_t *)&server->private->idle)) {
        return;
    }
    uv_idle_stop(&server->private->idle);
    if (feed_end_turn(server)) {
        lsp_server_wake(server);
    }
    refresh_views(server);
    rpc_end_turn(&server->rpc);
}

// Time spent between two waits of the loop, without the waiting.
static void on_prepare(uv_prepare_t *prepare) {
    struct lsp_server *server = prepare->data;
    struct lsp_server_private *private = server->private;
    int64_t now = clock_us();
    uint64_t idle_ns = uv_metrics_idle_time(server->loop);
    int64_t busy = now - private->turn_end_us - (int64_t)((idle_ns - private->idle_ns) / 1000);
    if (private->turn_end_us && busy > TURN_BUDGET_US) {
        LOG_DBG("a turn of the loop took %lld us", (long long)busy);
    }
    private->turn_end_us = now;
    private->idle_ns = idle_ns;
}

// --- messages in ---

void lsp_server_receive(struct lsp_server *server, struct str message) {
    rpc_receive(server, message);
}

void lsp_server_receive_garbage(struct lsp_server *server, struct str problem) {
    rpc_receive_garbage(server, problem);
}

void lsp_server_end_of_input(struct lsp_server *server) {
    if (server->rpc.state != RPC_EXITED) {
        LOG_INF("the input ended without exit");
        server->rpc.state = RPC_EXITED;
        server->private->exit_code = 1;
    }
}

int lsp_server_exit_code(const struct lsp_server *server) {
    return server->private->exit_code;
}

// --- life ---

struct lsp_server *lsp_server_create(uv_loop_t *loop, const struct lsp_server_options *options) {
    struct lsp_server *server = mem_alloc(sizeof(*server));
    strmap_init(&server->asked_pulls, &server->asked_arena, STRMAP_COPY | STRMAP_ICASE);
    struct lsp_server_private *private = mem_alloc(sizeof(*private));
    server->loop = loop;
    server->private = private;
    private->exit_code = 1;
    private->on_exit = options->on_exit;
    private->exit_data = options->data;

    uv_check_init(loop, &private->check);
    uv_idle_init(loop, &private->idle);
    uv_prepare_init(loop, &private->prepare);
    uv_timer_init(loop, &private->parent_timer);
    uv_timer_init(loop, &private->settle_timer);
    private->check.data = server;
    private->idle.data = server;
    private->prepare.data = server;
    private->parent_timer.data = server;
    private->settle_timer.data = server;
    uv_check_start(&private->check, on_check);
    if (log_enabled(LOG_DEBUG)) {
        uv_prepare_start(&private->prepare, on_prepare);
    }
    rpc_init(&server->rpc, server, loop, options->sink);
    progress_set_init(&server->progress, server, loop);
    ai_init(&server->ai, server, loop);
    status_init(&server->status, server, loop);

    struct session_options session_options = {
        .host_flag = options->host_flag,
        .state_path = options->state_path,
    };
    struct session_handlers handlers = {on_server, lsp_server__on_problem, server};
    server->session = session_create(loop, &session_options, &handlers);
    return server;
}

static void free_server(struct lsp_server *server) {
    struct lsp_server_private *private = server->private;
    void (*on_closed)(void *data) = private->on_closed;
    void *data = private->closed_data;
    ai_finish(&server->ai);
    progress_set_finish(&server->progress);
    rpc_finish(&server->rpc);
    status_finish(&server->status);
    folders_finish(server);
    for (size_t i = 0; i < private->n_unshown; i++) {
        free(private->unshown[i].text);
    }
    json_object_put(private->pushed_settings);
    free(private);
    arena_finish(&server->asked_arena);
    free(server);
    if (on_closed) {
        on_closed(data);
    }
}

static void one_closed(struct lsp_server *server) {
    if (--server->private->n_open == 0) {
        free_server(server);
    }
}

static void on_handle_closed(uv_handle_t *handle) {
    one_closed(handle->data);
}

static void on_session_closed(void *data) {
    one_closed(data);
}

void lsp_server_close(struct lsp_server *server, void (*on_closed)(void *data), void *data) {
    struct lsp_server_private *private = server->private;
    private->is_closing = true;
    private->on_closed = on_closed;
    private->closed_data = data;
    server->rpc.state = RPC_EXITED;
    private->n_open = 10; // the session, and the handles closed below

    progress_set_stop(&server->progress);
    ai_close(server, on_handle_closed);
    rpc_close(server, on_handle_closed);
    status_close(server, on_handle_closed);
    progress_set_close(&server->progress, on_handle_closed);
    documents_finish(server);
    model_index_close(server->index);
    server->index = NULL;
    session_close(server->session, on_session_closed, server);
    uv_close((uv_handle_t *)&private->check, on_handle_closed);
    uv_close((uv_handle_t *)&private->idle, on_handle_closed);
    uv_close((uv_handle_t *)&private->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&private->parent_timer, on_handle_closed);
    uv_close((uv_handle_t *)&private->settle_timer, on_handle_closed);
}
