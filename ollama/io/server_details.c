// SPDX-License-Identifier: MIT
//
// Details that tags of older servers lack, asked of /api/show one model at a time: referenced
// models first, then, while somebody is interested, the others. Remembered by digest, so a model is
// asked for once whatever it is called. Invariants: at most LIMIT_SHOW_IN_FLIGHT in flight; only
// while the server has answered with its version; the memory has a bound; arrived details reach the
// snapshot together.
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "ollama/io/server_internal.h"

#define LOG_MODULE "server"

enum {
    DETAILS_MAX = 2 * LIMIT_MODELS,
    DIGEST_BYTES_MAX = 128,
    WANTS_MAX = 1000,
    BATCH_MS = 100, // referenced models: somebody looks at them
    BATCH_BACKGROUND_MS = 1000,
    NEXT_TURN_MS = 1, // with 0 libuv before 1.46 may stay in one turn for ever
};

struct show {
    struct show *next;
    struct server *server;
    struct call *call;
    char *digest; // owned
    bool is_background;
};

// --- what is remembered ---

static void remember(struct server_private *p, struct str digest, const struct model_details *known,
                     unsigned failed_in) {
    if (p->details.n >= DETAILS_MAX) { // models come and go; what is still needed is asked again
        arena_reset(&p->details_arena);
        strmap_init(&p->details, &p->details_arena, STRMAP_COPY);
    }
    struct details *details = strmap_get(&p->details, digest);
    if (!details) {
        details = ARENA_NEW(&p->details_arena, struct details);
        strmap_set(&p->details, digest, details);
    }
    details->known = *known;
    details->failed_in = failed_in;
}

const struct model_details *details_of(void *data, struct str digest) {
    const struct server *server = data;
    const struct details *details = strmap_get(&server->private->details, digest);
    return details && details->failed_in == 0 ? &details->known : NULL;
}

// --- what to ask next ---

static bool is_in_flight(const struct server_private *p, struct str digest) {
    for (const struct show *show = p->shows; show; show = show->next) {
        if (str_eq(str_from(show->digest), digest)) {
            return true;
        }
    }
    return false;
}

static bool is_to_be_asked(const struct server_private *p, const struct model *model) {
    if (model->capabilities_known && model->context_length > 0) {
        return false;
    }
    if (str_is_empty(model->digest) || model->digest.n > DIGEST_BYTES_MAX) {
        return false; // nothing to remember the answer by
    }
    const struct details *details = strmap_get(&p->details, model->digest);
    if (details && (details->failed_in == 0 || details->failed_in == p->epoch)) {
        return false;
    }
    return !is_in_flight(p, model->digest);
}

static const struct model *find_model(const struct catalog *catalog, struct str written) {
    struct model_name name;
    if (!catalog || !model_name_parse(written, MODEL_NAME_INFERENCE, &name, NULL)) {
        return NULL;
    }
    return catalog_find(catalog, &name);
}

static void wants_pop(struct server_private *p) {
    struct want *want = p->wants_first;
    p->wants_first = want->next;
    if (!p->wants_first) {
        p->wants_last = NULL;
    }
    p->n_wants--;
    free(want->model);
    free(want);
}

static const struct model *next_model(struct server_private *p, bool *is_background) {
    *is_background = false;
    while (p->wants_first) {
        const struct model *model = find_model(p->catalog, str_from(p->wants_first->model));
        wants_pop(p);
        if (model && is_to_be_asked(p, model)) {
            return model;
        }
    }
    *is_background = true;
    while (p->interest > 0 && p->background < p->catalog->n_models) {
        const struct model *model = &p->catalog->models[p->background++];
        // The details of remote models come from another machine: only on somebody's behalf.
        if (!model->remote && is_to_be_asked(p, model)) {
            return model;
        }
    }
    return NULL;
}

// --- asking ---

static void put_into_snapshot(struct server *server) {
    struct server_private *p = server->private;
    uv_timer_stop(&p->batch);
    if (!p->has_new_details || !p->catalog) {
        return;
    }
    p->has_new_details = false;
    if (check_rebuild(server) == ERR_OK) {
        server_announce(server);
    }
}

static void on_batch(uv_timer_t *timer) {
    struct server *server = timer->data;
    server_hold(server); // on_change may close the server
    put_into_snapshot(server);
    details_pump(server);
    server_drop(server);
}

static void batch_later(struct server_private *p, uint64_t ms) {
    if (!uv_is_active((uv_handle_t *)&p->batch) || uv_timer_get_due_in(&p->batch) > ms) {
        uv_timer_start(&p->batch, on_batch, ms, 0);
    }
}

static void show_remove(struct show *show) {
    struct server_private *p = show->server->private;
    struct show **link = &p->shows;
    while (*link != show) {
        link = &(*link)->next;
    }
    *link = show->next;
    p->n_shows--;
    free(show->digest);
    free(show);
}

static void on_show(void *data, const struct call_result *result, struct json_object *answer) {
    struct show *show = data;
    struct server *server = show->server;
    struct server_private *p = server->private;
    struct model_details details = {0};
    bool is_background = show->is_background;
    bool is_gone = result->code == ERR_IO || result->code == ERR_TIMEOUT;
    if (result->code == ERR_OK) {
        model_details_from_show(answer, &details);
        remember(p, str_from(show->digest), &details, 0);
        p->has_new_details = true;
    } else if (result->code != ERR_CANCELLED) {
        LOG_DBG("%.*s", STR_ARG(result->message));
        remember(p, str_from(show->digest), &details, p->epoch);
    }
    show_remove(show);
    if (!p->is_closing) {
        if (is_gone) {
            check_start(server, true, false);
        }
        details_pump(server);
        if (p->n_shows == 0 || p->details_waiters) {
            put_into_snapshot(server);
        } else if (p->has_new_details) {
            batch_later(p, is_background ? BATCH_BACKGROUND_MS : BATCH_MS);
        }
        details_tell(server);
    }
    server_drop(server);
}

static void ask_next(struct server *server) {
    struct server_private *p = server->private;
    while (!p->is_closing && server->state == SERVER_OK && p->catalog &&
           p->n_shows < LIMIT_SHOW_IN_FLIGHT) {
        bool is_background;
        const struct model *model = next_model(p, &is_background);
        if (!model) {
            return;
        }
        struct show *show = mem_alloc(sizeof(*show));
        show->server = server;
        show->digest = mem_strdup(model->digest);
        show->is_background = is_background;
        show->next = p->shows;
        p->shows = show;
        p->n_shows++;
        server_hold(server);
        show->call = ollama_show(p->http, &p->endpoint, model->name, on_show, show);
    }
}

void details_pump(struct server *server) {
    ask_next(server);
    details_tell(server);
}

static void want_add(struct server_private *p, struct str model, bool is_first) {
    for (const struct want *want = p->wants_first; want; want = want->next) {
        if (str_eq(str_from(want->model), model)) {
            return;
        }
    }
    struct want *want = mem_alloc(sizeof(*want));
    want->model = mem_strdup(model);
    if (!p->wants_first) {
        p->wants_last = want;
    }
    if (is_first || !p->wants_first) {
        want->next = p->wants_first;
        p->wants_first = want;
    } else {
        p->wants_last->next = want;
        p->wants_last = want;
    }
    p->n_wants++;
}

static void want_details(struct server *server, struct str model, bool is_first) {
    struct server_private *p = server->private;
    if (p->is_closing || model.n == 0 || model.n > LIMIT_NAME || p->n_wants >= WANTS_MAX) {
        return;
    }
    if (p->catalog) {
        const struct model *installed = find_model(p->catalog, model);
        if (!installed || !is_to_be_asked(p, installed)) {
            return;
        }
    }
    want_add(p, model, is_first);
    details_pump(server);
}

void server_want_details(struct server *server, struct str model) {
    want_details(server, model, false);
}

// --- waiting ---

// Is there anything to wait for? Not once the snapshot holds the details, or they cannot come.
static bool is_awaited(struct server *server, struct str written) {
    const struct server_private *p = server->private;
    if (p->is_closing) {
        return false;
    }
    if (server->state != SERVER_OK || !p->catalog) {
        return p->step != CHECK_NONE; // the check that runs may find the server
    }
    const struct model *model = find_model(p->catalog, written);
    if (!model || (model->capabilities_known && model->context_length > 0)) {
        return false;
    }
    if (is_to_be_asked(p, model) || is_in_flight(p, model->digest)) {
        return true;
    }
    return p->has_new_details && details_of(server, model->digest) != NULL;
}

static void on_waiter_closed(uv_handle_t *handle) {
    struct details_waiter *waiter = handle->data;
    struct server *server = waiter->server;
    free(waiter->model);
    free(waiter);
    server_drop(server);
}

static void on_waited(uv_timer_t *timer) {
    struct details_waiter *waiter = timer->data;
    struct details_waiter **link = &waiter->server->private->details_waiters;
    while (*link != waiter) {
        link = &(*link)->next;
    }
    *link = waiter->next;
    waiter->done(waiter->data, waiter->server);
    uv_close((uv_handle_t *)timer, on_waiter_closed); // which holds the server until then
}

void details_tell(struct server *server) {
    for (struct details_waiter *it = server->private->details_waiters; it; it = it->next) {
        bool is_over = uv_timer_get_due_in(&it->timer) <= NEXT_TURN_MS;
        if (!is_over && !is_awaited(server, str_from(it->model))) {
            uv_timer_start(&it->timer, on_waited, NEXT_TURN_MS, 0);
        }
    }
}

void server_details_then(struct server *server, struct str model,
                         void (*done)(void *data, struct server *server), void *data) {
    struct server_private *p = server->private;
    struct details_waiter *waiter = mem_alloc(sizeof(*waiter));
    *waiter = (struct details_waiter){
        .next = p->details_waiters,
        .server = server,
        .model = mem_strdup(model),
        .done = done,
        .data = data,
    };
    p->details_waiters = waiter;
    server_hold(server);
    uv_timer_init(p->loop, &waiter->timer);
    waiter->timer.data = waiter;
    uv_timer_start(&waiter->timer, on_waited, TIME_CALL_MS, 0);
    want_details(server, model, true);
    details_tell(server);
}

bool server_details_pending(const struct server *server) {
    const struct server_private *p = server->private;
    return server->state == SERVER_OK && (p->n_shows > 0 || p->n_wants > 0 || p->has_new_details);
}

// --- life ---

void details_init(struct server *server) {
    struct server_private *p = server->private;
    p->epoch = 1; // 0 marks what is known
    strmap_init(&p->details, &p->details_arena, STRMAP_COPY);
    uv_timer_init(p->loop, &p->batch);
    p->batch.data = server;
    server_hold(server);
}

void details_retry(struct server *server) {
    struct server_private *p = server->private;
    p->epoch++;
    p->background = 0;
}

void details_cancel(struct server *server) {
    for (struct show *show = server->private->shows; show; show = show->next) {
        call_cancel(show->call);
    }
}

void details_finish(struct server *server) {
    struct server_private *p = server->private;
    while (p->wants_first) {
        wants_pop(p);
    }
    arena_finish(&p->details_arena);
}
