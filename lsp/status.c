// SPDX-License-Identifier: MIT
//
// One timer holds back what comes too often; what is sent is compared with what was sent last, the
// response time aside, which changes by itself and is no news.
#include "lsp/status.h"

#include <stdlib.h>

#include "base/clock.h"
#include "lsp/server.h"

#define STATUS_INTERVAL_MS 250

// The model failed although the server is well: inline completion says so here alone.
static bool has_trouble(const struct lsp_server *server) {
    return server->inlines.trouble && session_default(server->session)->state == SERVER_OK;
}

struct json_object *status_object(struct lsp_server *server) {
    struct arena arena;
    arena_init(&arena);
    struct active_job *jobs;
    size_t n = progress_jobs(server, &arena, &jobs);
    struct json_object *object = session_status(server->session, jobs, n);
    if (has_trouble(server)) {
        struct str message = json_get_str(object, "message");
        json_set_str(object, "message",
                     arena_printf(&arena, "%.*s; %s", STR_ARG(message), server->inlines.trouble));
    }
    arena_finish(&arena);
    return object;
}

// Is it another text than `*last`? Then it becomes that.
static bool is_news(char **last, struct str text) {
    if (*last && str_eq(str_from(*last), text)) {
        return false;
    }
    free(*last);
    *last = mem_strdup(text);
    return true;
}

static bool status_is_news(struct status *status, struct json_object *object) {
    struct json_object *copy = NULL;
    json_object_deep_copy(object, &copy, NULL);
    struct json_object *servers = json_get(copy, "servers");
    for (size_t i = 0; i < json_count(servers); i++) {
        json_object_object_del(json_at(servers, i), "latencyMs");
    }
    bool result = is_news(&status->last_status, json_text(copy));
    json_object_put(copy);
    return result;
}

static void send_status(struct lsp_server *server) {
    struct status *status = &server->status;
    struct json_object *object = status_object(server);
    if (server->caps.server_status) {
        struct json_object *health = session_server_status(object);
        if (has_trouble(server)) {
            json_set_str(health, "health", STR("warning"));
        }
        if (is_news(&status->last_health, json_text(health))) {
            rpc_notify(server, SEND_NEEDED, "experimental/serverStatus", json_object_get(health));
            status->sent_ms = clock_ms();
        }
        json_object_put(health);
    }
    if (server->caps.status_notification && status_is_news(status, object)) {
        rpc_notify(server, SEND_NEEDED, "$/ollama-ls/status", json_object_get(object));
        status->sent_ms = clock_ms();
    }
    json_object_put(object);
}

static bool is_watched(const struct lsp_server *server) {
    return server->caps.server_status || server->caps.status_notification;
}

static void on_due(uv_timer_t *timer) {
    struct lsp_server *server = timer->data;
    server->status.is_scheduled = false;
    send_status(server);
}

void status_changed(struct lsp_server *server) {
    struct status *status = &server->status;
    if (server->rpc.state != RPC_RUNNING || status->is_scheduled || !is_watched(server)) {
        return;
    }
    int64_t wait = status->sent_ms + STATUS_INTERVAL_MS - clock_ms();
    status->is_scheduled = true;
    uv_update_time(server->loop);
    uv_timer_start(&status->timer, on_due, wait > 0 ? (uint64_t)wait : 0, 0);
}

void status_init(struct status *status, struct lsp_server *server, uv_loop_t *loop) {
    *status = (struct status){0};
    uv_timer_init(loop, &status->timer);
    status->timer.data = server;
}

void status_start(struct lsp_server *server) {
    if (is_watched(server)) {
        send_status(server);
    }
}

void status_watch(struct lsp_server *server) {
    if (is_watched(server)) {
        struct server *server_default = session_default(server->session);
        session_want(server->session, &server->status.interest, &server_default, 1);
        status_changed(server);
    }
}

void status_close(struct lsp_server *server, uv_close_cb on_closed) {
    session_want(server->session, &server->status.interest, NULL, 0);
    uv_close((uv_handle_t *)&server->status.timer, on_closed);
}

void status_finish(struct status *status) {
    free(status->last_status);
    free(status->last_health);
}
