// SPDX-License-Identifier: MIT
//
// One check of a server: version, then tags when due, then ps, one after the other on one
// connection. Invariants: nothing is asked before /api/version has answered with a version (DESIGN
// A4); the snapshot is replaced only when an answer differs from the one before; every started
// check ends in check_over.
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf.h"
#include "ollama/io/call.h"
#include "ollama/io/server_internal.h"

#define LOG_MODULE "server"

enum {
    VERSION_BYTES_MAX = 64, // shown; a longer one is cut
    TTL_SLACK = 20, // a list in the last 1/20 of its time is fetched along with a health check
};

// --- answers ---

void answer_drop_json(struct answer *answer) {
    json_object_put(answer->json);
    answer->json = NULL;
}

void answer_clear(struct answer *answer) {
    answer_drop_json(answer);
    free(answer->text);
    answer->text = NULL;
    answer->n = 0;
}

bool answer_take(struct answer *answer, struct str text, struct json_object *json) {
    answer_drop_json(answer);
    answer->json = json_object_get(json);
    if (answer->text && str_eq(str_of(answer->text, answer->n), text)) {
        return false;
    }
    free(answer->text);
    answer->text = mem_strdup(text);
    answer->n = text.n;
    return true;
}

// Owned, or NULL if there is no answer.
static struct json_object *answer_json(const struct answer *answer, struct arena *arena) {
    struct json_object *json = NULL;
    if (answer->json) {
        return json_object_get(answer->json);
    }
    if (answer->text) {
        json_parse(arena, str_of(answer->text, answer->n), &json, NULL);
    }
    return json;
}

enum err check_rebuild(struct server *server) {
    struct server_private *p = server->private;
    struct arena arena = {0};
    enum err result = ERR_OK;
    struct json_object *tags = answer_json(&p->tags, &arena);
    struct json_object *ps = answer_json(&p->ps, &arena);
    struct catalog *catalog;
    if (server->kind == SERVER_KIND_OPENAI) {
        bool is_studio = p->program == OPENAI_LMSTUDIO;
        struct openai_sources sources = {tags, is_studio ? NULL : ps, is_studio ? ps : NULL,
                                         p->knowledge.insert};
        p->built_insert = p->knowledge.insert;
        catalog = openai_catalog(server->url, server->version, &sources, &result);
    } else {
        catalog =
            catalog_create(server->url, server->version, tags, ps, details_of, server, &result);
    }
    json_object_put(tags);
    json_object_put(ps);
    arena_finish(&arena);
    if (!catalog) {
        return result;
    }
    catalog_release(p->catalog);
    p->catalog = catalog;
    p->is_dirty = false;
    p->is_changed = true;
    p->background = 0;
    return ERR_OK;
}

// --- the end of a check ---

static struct waiter *take_waiters(struct server_private *p) {
    struct waiter *done = NULL;
    struct waiter **link = &p->waiters;
    while (*link) {
        struct waiter *waiter = *link;
        if (waiter->is_for_next) {
            waiter->is_for_next = false;
            link = &waiter->next;
        } else {
            *link = waiter->next;
            waiter->next = done;
            done = waiter;
        }
    }
    return done;
}

static void check_over(struct server *server) {
    struct server_private *p = server->private;
    answer_drop_json(&p->tags);
    answer_drop_json(&p->ps);
    p->step = CHECK_NONE;
    server->checked_ms = clock_ms();
    struct waiter *waiters = take_waiters(p);
    bool is_again = p->is_again;
    p->is_again = false;
    if (is_again && !p->is_closing) {
        check_start(server, true, true);
    }
    server_hold(server); // the callbacks may close the server
    if (!p->is_halted) {
        server_announce(server);
    }
    while (waiters) {
        struct waiter *waiter = waiters;
        waiters = waiter->next;
        waiter->done(waiter->data, server);
        free(waiter);
    }
    details_pump(server);
    server_schedule(server);
    server_drop(server);
}

static void set_state(struct server *server, enum server_state state, struct str message,
                      struct str remedy) {
    struct server_private *p = server->private;
    bool stale = state == SERVER_UNREACHABLE && p->catalog;
    if (server->state == state && server->stale == stale &&
        str_eq(server->error_message, message) && str_eq(server->error_remedy, remedy)) {
        return;
    }
    server->state = state;
    server->stale = stale;
    server_set_text(&p->error_message, &server->error_message, message);
    server_set_text(&p->error_remedy, &server->error_remedy, remedy);
    p->is_changed = true;
}

static void check_failed(struct server *server, const struct call_result *result) {
    struct server_private *p = server->private;
    p->is_halted = result->code == ERR_CANCELLED;
    if (!p->is_halted && !p->is_closing) {
        p->failures++;
        p->health_ms = clock_ms();
        details_cancel(server);
        details_retry(server);
        LOG_INF("%.*s", STR_ARG(result->message));
        set_state(server, SERVER_UNREACHABLE, result->message, result->remedy);
    }
    check_over(server);
}

void check_succeeded(struct server *server) {
    struct server_private *p = server->private;
    enum err result = ERR_OK;
    if (p->is_dirty || !p->catalog) {
        result = check_rebuild(server);
    }
    if (result != ERR_OK) {
        struct call_result failure = {.code = result,
                                      .message = STR("the server's list of models is not usable")};
        check_failed(server, &failure);
        return;
    }
    p->failures = 0;
    set_state(server, SERVER_OK, STR_NONE, STR_NONE);
    check_over(server);
}

// --- the steps ---

static void on_version(void *data, const struct call_result *result, struct json_object *answer);
static void on_tags(void *data, const struct call_result *result, struct json_object *answer);
static void on_ps(void *data, const struct call_result *result, struct json_object *answer);

static void ask(struct server *server, enum check_step step) {
    struct server_private *p = server->private;
    p->step = step;
    server_hold(server);
    if (step == CHECK_VERSION) {
        p->call = ollama_version(p->http, &p->endpoint, on_version, server);
    } else if (step == CHECK_TAGS) {
        p->has_asked_tags = true;
        p->call = ollama_tags(p->http, &p->endpoint, on_tags, server);
        p->call->known = str_of(p->tags.text, p->tags.n); // long, and mostly the same
    } else {
        p->call = ollama_ps(p->http, &p->endpoint, on_ps, server);
    }
}

bool step_ended(struct server *server, const struct call_result *result) {
    struct server_private *p = server->private;
    p->call = NULL;
    if (result->code == ERR_OK && !p->is_closing) {
        return true;
    }
    check_failed(server, result);
    return false;
}

static void ask_ps(struct server *server) {
    struct server_private *p = server->private;
    p->ps_due_ms = 0;
    if (p->has_no_ps) {
        check_succeeded(server);
    } else {
        ask(server, CHECK_PS);
    }
}

void take_version(struct server *server, struct str version) {
    struct server_private *p = server->private;
    struct arena arena = {0};
    version = display_escape(&arena, version, VERSION_BYTES_MAX);
    if (!str_eq(version, server->version) || server->state == SERVER_UNKNOWN) {
        server_set_text(&p->version, &server->version, version);
        p->is_changed = true;
        p->is_dirty = true;
        p->has_no_ps = false;
    }
    arena_finish(&arena);
}

static void on_version(void *data, const struct call_result *result, struct json_object *answer) {
    struct server *server = data;
    struct server_private *p = server->private;
    if (step_ended(server, result)) {
        p->health_ms = clock_ms();
        server->latency_us = result->elapsed_us;
        take_version(server, json_get_str(answer, "version"));
        int64_t age = clock_ms() - p->tags_ms;
        int64_t ttl = p->options.cache_ttl_ms;
        bool is_due = server->state != SERVER_OK || !p->catalog || age >= ttl - ttl / TTL_SLACK;
        if (p->wants_tags || is_due) {
            ask(server, CHECK_TAGS);
        } else {
            ask_ps(server);
        }
    }
    server_drop(server);
}

static void on_tags(void *data, const struct call_result *result, struct json_object *answer) {
    struct server *server = data;
    struct server_private *p = server->private;
    struct str text = p->call ? call_body(p->call) : STR_NONE;
    if (step_ended(server, result)) {
        p->tags_ms = clock_ms();
        p->is_dirty = answer_take(&p->tags, text, answer) || p->is_dirty;
        ask_ps(server);
    }
    server_drop(server);
}

// Running models are an extra: only a server that is gone is a failure here. Servers before 0.1.38
// do not know the path.
static void on_ps(void *data, const struct call_result *result, struct json_object *answer) {
    struct server *server = data;
    struct server_private *p = server->private;
    struct str text = p->call ? call_body(p->call) : STR_NONE;
    bool is_gone = result->code == ERR_IO || result->code == ERR_TIMEOUT ||
                   result->code == ERR_CANCELLED || p->is_closing;
    if (result->code == ERR_OK && !p->is_closing) {
        p->call = NULL;
        p->is_dirty = answer_take(&p->ps, text, answer) || p->is_dirty;
        check_succeeded(server);
    } else if (is_gone) {
        step_ended(server, result);
    } else {
        p->call = NULL;
        p->has_no_ps = result->remote.status == 404 || result->remote.status == 405;
        p->is_dirty = p->is_dirty || p->ps.text;
        answer_clear(&p->ps);
        LOG_DBG("%.*s", STR_ARG(result->message));
        check_succeeded(server);
    }
    server_drop(server);
}

void check_start(struct server *server, bool with_version, bool with_tags) {
    struct server_private *p = server->private;
    if (p->step != CHECK_NONE || p->is_closing) {
        return;
    }
    uv_timer_stop(&p->timer);
    p->wants_tags = with_tags;
    p->has_asked_tags = false;
    if (server->kind == SERVER_KIND_OPENAI) {
        openai_check_start(server, with_tags);
    } else if (with_version || server->state != SERVER_OK) {
        ask(server, CHECK_VERSION);
    } else if (with_tags) {
        ask(server, CHECK_TAGS);
    } else {
        ask_ps(server);
    }
}
