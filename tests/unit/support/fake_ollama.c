// SPDX-License-Identifier: MIT
//
// The fake Ollama: one, since each test has its own process or sets it up anew.
#include "support/fake_ollama.h"

#include <stdio.h>

struct fake_ollama ollama;

static void note(char letter) {
    size_t n = strlen(ollama.order);
    if (n + 1 < sizeof(ollama.order)) {
        ollama.order[n] = letter;
    }
}

void answer(struct fake_conn *conn, int status, const char *body) {
    if (body) {
        fake_answer(conn, status, "application/json", body);
    }
}

static void answer_show(struct fake_conn *conn, struct str body) {
    ollama.n_show++;
    note('s');
    size_t n = strlen(ollama.shown);
    snprintf(ollama.shown + n, sizeof(ollama.shown) - n, "%.*s", STR_ARG(body));
    if (ollama.holds_shows && ollama.n_held < 64) {
        ollama.held[ollama.n_held++] = conn;
        ollama.most_held = ollama.n_held > ollama.most_held ? ollama.n_held : ollama.most_held;
    } else {
        answer(conn, ollama.show_status, ollama.show);
    }
}

static void be_ollama(struct fixture *fixture, struct fake_conn *conn,
                      const struct fake_request *request) {
    (void)fixture;
    if (str_eq(request->path, STR("/api/version"))) {
        ollama.n_version++;
        note('v');
        answer(conn, 200, ollama.version);
    } else if (str_eq(request->path, STR("/api/tags"))) {
        ollama.n_tags++;
        note('t');
        if (ollama.holds_tags) {
            ollama.held_tags = conn;
        } else {
            answer(conn, 200, ollama.tags);
        }
    } else if (str_eq(request->path, STR("/api/ps"))) {
        ollama.n_ps++;
        note('p');
        const char *type = ollama.ps_status == 200 ? "application/json" : "text/plain";
        fake_answer(conn, ollama.ps_status, type, ollama.ps);
    } else if (str_eq(request->path, STR("/api/show"))) {
        answer_show(conn, request->body);
    } else {
        fail_msg("asked for %.*s", STR_ARG(request->path));
    }
}

void release_shows(void) {
    for (unsigned i = 0; i < ollama.n_held; i++) {
        answer(ollama.held[i], ollama.show_status, ollama.show);
    }
    ollama.n_held = 0;
}

// --- fixture ---

void on_closed(void *data) {
    ((struct watch *)data)->is_closed = true;
}

static void on_change(void *data, struct server *server) {
    struct watch *watch = data;
    assert_false(watch->is_closed);
    watch->n_changes++;
    watch->is_changed = true;
    if (watch->closes) {
        watch->closes = false;
        server_close(server, on_closed, watch);
    }
}

void on_waited(void *data, struct server *server) {
    struct watch *watch = data;
    assert_ptr_equal(watch->server, server);
    watch->n_waiters++;
    watch->is_waited = true;
}

struct fixture *setup(void) {
    memset(&ollama, 0, sizeof(ollama));
    ollama.version = "{\"version\":\"0.33.0\"}";
    ollama.tags = LIST(MODEL("llama3:latest", "d1", KNOWN));
    ollama.ps = LIST("");
    ollama.ps_status = 200;
    ollama.show = "{\"capabilities\":[\"completion\",\"tools\"],\"model_info\":"
                  "{\"general.architecture\":\"llama\",\"llama.context_length\":8192}}";
    ollama.show_status = 200;
    return fixture_create(be_ollama);
}

struct server *open_server(struct fixture *fixture, struct watch *watch, int64_t ttl,
                           int64_t health) {
    struct endpoint endpoint = {.url = str_from(fixture->server.url)};
    struct server_options options = {ttl, health};
    memset(watch, 0, sizeof(*watch));
    watch->server = server_create(&fixture->loop, fixture->http, &endpoint, STR("default"), true,
                                  &options, on_change, watch);
    assert_int_equal(watch->server->state, SERVER_UNKNOWN);
    assert_true(watch->server->is_loopback);
    assert_null(server_catalog(watch->server));
    return watch->server;
}

void close_server(struct fixture *fixture, struct watch *watch) {
    server_close(watch->server, on_closed, watch);
    assert_true(run_until(&fixture->loop, &watch->is_closed, LIMIT_MS));
}

void refresh(struct fixture *fixture, struct watch *watch) {
    watch->is_waited = false;
    server_refresh_then(watch->server, on_waited, watch);
    assert_true(run_until(&fixture->loop, &watch->is_waited, LIMIT_MS));
}

void wait_for_change(struct fixture *fixture, struct watch *watch) {
    watch->is_changed = false;
    assert_true(run_until(&fixture->loop, &watch->is_changed, LIMIT_MS));
}

const struct model *find(struct server *server, const char *name) {
    struct model_name parsed;
    assert_true(model_name_parse(str_from(name), MODEL_NAME_INFERENCE, &parsed, NULL));
    return catalog_find(server_catalog(server), &parsed);
}
