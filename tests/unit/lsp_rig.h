// SPDX-License-Identifier: MIT
//
// A language server in the test's own process: messages go in as texts, what comes out is kept in
// order. Settings and state live in a temporary folder. The default server is a port nobody listens
// on.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "lsp/server.h"

#define RIG_LIMIT_MS 10000

struct rig {
    uv_loop_t loop;
    uv_timer_t limit;
    struct lsp_server *server;
    struct json_object *out; // array of messages not yet taken
    char folder[64];
    bool refuses; // the client reads nothing: droppable messages are dropped
    bool exited;
    bool closed;
};

static inline bool rig_take_message(void *data, struct str message, enum send_class class) {
    struct rig *rig = data;
    if (rig->refuses && class != SEND_NEEDED) {
        return false;
    }
    struct arena arena;
    arena_init(&arena);
    struct json_object *object = NULL;
    assert_int_equal(json_parse(&arena, message, &object, NULL), ERR_OK);
    assert_true(str_eq(json_get_str(object, "jsonrpc"), STR("2.0")));
    json_add(rig->out, object);
    arena_finish(&arena);
    return true;
}

static inline void rig_on_exit(void *data) {
    ((struct rig *)data)->exited = true;
}

static inline void rig_on_closed(void *data) {
    ((struct rig *)data)->closed = true;
}

static inline void rig_on_limit(uv_timer_t *timer) {
    *(bool *)timer->data = true;
}

static inline void rig_open(struct rig *rig) {
    memset(rig, 0, sizeof(*rig));
    strncpy(rig->folder, "/tmp/ollama-ls-unit-XXXXXX", sizeof(rig->folder) - 1);
    assert_non_null(mkdtemp(rig->folder));
    setenv("XDG_CONFIG_HOME", rig->folder, 1);
    setenv("XDG_STATE_HOME", rig->folder, 1);
    unsetenv("OLLAMA_HOST");
    rig->out = json_object_new_array();
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    uv_timer_init(&rig->loop, &rig->limit);
    struct lsp_server_options options = {
        .host_flag = STR("127.0.0.1:1"),
        .sink = {.send = rig_take_message, .data = rig},
        .on_exit = rig_on_exit,
        .data = rig,
    };
    rig->server = lsp_server_create(&rig->loop, &options);
}

// Runs the loop while it has something to do at once.
static inline void rig_spin(struct rig *rig) {
    for (int i = 0; i < 10000; i++) {
        uv_run(&rig->loop, UV_RUN_NOWAIT);
        if (uv_backend_timeout(&rig->loop) != 0) {
            return;
        }
    }
    fail_msg("the loop does not come to rest");
}

static inline void rig_send(struct rig *rig, const char *text) {
    lsp_server_receive(rig->server, str_from(text));
}

// As rig_send with ' for ", so that the JSON in tests can be read.
static inline void rig_say(struct rig *rig, const char *text) {
    char *copy = strdup(text);
    for (char *p = copy; *p; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    rig_send(rig, copy);
    free(copy);
}

typedef bool (*rig_match)(struct json_object *message, const void *what);

static inline bool rig_is_method(struct json_object *message, const void *what) {
    return str_eq(json_get_str(message, "method"), str_from(what));
}

static inline bool rig_is_answer(struct json_object *message, const void *what) {
    return !json_has(message, "method") && json_is(json_get(message, "id"), json_type_int) &&
           json_object_get_int64(json_get(message, "id")) == *(const int64_t *)what;
}

static inline bool rig_is_null_answer(struct json_object *message, const void *what) {
    (void)what;
    return !json_has(message, "method") && json_has(message, "id") && !json_get(message, "id");
}

// The first message that matches, taken out; NULL if there is none. Owned by the caller.
static inline struct json_object *rig_find(struct rig *rig, rig_match match, const void *what) {
    for (size_t i = 0; i < json_count(rig->out); i++) {
        struct json_object *message = json_at(rig->out, i);
        if (match(message, what)) {
            json_object_get(message);
            json_object_array_del_idx(rig->out, i, 1);
            return message;
        }
    }
    return NULL;
}

static inline struct json_object *rig_await(struct rig *rig, rig_match match, const void *what) {
    bool is_over = false;
    rig->limit.data = &is_over;
    uv_timer_start(&rig->limit, rig_on_limit, RIG_LIMIT_MS, 0);
    struct json_object *found = NULL;
    while (!(found = rig_find(rig, match, what)) && !is_over) {
        uv_run(&rig->loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&rig->limit);
    assert_non_null(found);
    return found;
}

static inline struct json_object *rig_await_method(struct rig *rig, const char *method) {
    return rig_await(rig, rig_is_method, method);
}

static inline struct json_object *rig_await_answer(struct rig *rig, int64_t id) {
    return rig_await(rig, rig_is_answer, &id);
}

// The code of the answer's error, 0 if it is a result. Checks that there is exactly one of both.
static inline int64_t rig_code(struct rig *rig, int64_t id) {
    struct json_object *answer = rig_await_answer(rig, id);
    assert_true(json_has(answer, "result") != json_has(answer, "error"));
    int64_t code = json_get_int(json_get(answer, "error"), "code", 0);
    json_object_put(answer);
    return code;
}

static inline int64_t rig_null_code(struct rig *rig) {
    struct json_object *answer = rig_find(rig, rig_is_null_answer, NULL);
    assert_non_null(answer);
    int64_t code = json_get_int(json_get(answer, "error"), "code", 0);
    json_object_put(answer);
    return code;
}

static inline void rig_expect_silence(struct rig *rig) {
    rig_spin(rig);
    if (json_count(rig->out) > 0) {
        fail_msg("unexpected: %s", json_text(json_at(rig->out, 0)).p);
    }
}

// initialize with these capabilities and initializationOptions, and `initialized`.
static inline void rig_initialize(struct rig *rig, const char *capabilities, const char *options) {
    char text[8192];
    snprintf(text, sizeof(text),
             "{'jsonrpc':'2.0','id':1,'method':'initialize','params':{'processId':null,"
             "'rootUri':null,'capabilities':%s,'initializationOptions':%s}}",
             capabilities, options);
    rig_say(rig, text);
    assert_int_equal(rig_code(rig, 1), 0);
    rig_say(rig, "{'jsonrpc':'2.0','method':'initialized','params':{}}");
}

// Closes and checks that the loop is empty.
static inline void rig_close(struct rig *rig) {
    lsp_server_close(rig->server, rig_on_closed, rig);
    uv_close((uv_handle_t *)&rig->limit, NULL);
    int64_t begin = clock_ms();
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_true(rig->closed);
    assert_true(clock_ms() - begin < 2000);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    json_object_put(rig->out);
    char command[128];
    snprintf(command, sizeof(command), "%s/ollama-ls/state.json", rig->folder);
    unlink(command);
    snprintf(command, sizeof(command), "%s/ollama-ls", rig->folder);
    rmdir(command);
    rmdir(rig->folder);
}
