// SPDX-License-Identifier: MIT
//
// A server's life and schedule. Invariants: no timer runs while nobody is interested; the memory
// lives until the last call has ended and the last handle is closed; after server_close nothing is
// announced.
#include "ollama/io/server.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "ollama/core/host.h"
#include "ollama/io/call.h"
#include "ollama/io/server_internal.h"

#define LOG_MODULE "server"

enum {
    TTL_DEFAULT_MS = 60000, // DESIGN A10, as are the others
    HEALTH_DEFAULT_MS = 30000,
    BACKOFF_LOOPBACK_MS = 2000,
    BACKOFF_LOOPBACK_MAX_MS = 10000,
    BACKOFF_MS = 30000,
    BACKOFF_MAX_MS = 120000,
    PS_SOON_MS = 200, // several calls that end together cost one look
};

// --- memory ---

void server_hold(struct server *server) {
    server->private->n_holds++;
}

static void call_waiters(struct server *server) {
    struct server_private *p = server->private;
    while (p->waiters) {
        struct waiter *waiter = p->waiters;
        p->waiters = waiter->next;
        waiter->done(waiter->data, server);
        free(waiter);
    }
}

void server_drop(struct server *server) {
    struct server_private *p = server->private;
    p->n_holds--;
    if (p->n_holds > 0) {
        return;
    }
    call_waiters(server);
    void (*on_closed)(void *) = p->on_closed;
    void *data = p->closed_data;
    details_finish(server);
    answer_clear(&p->tags);
    answer_clear(&p->ps);
    catalog_release(p->catalog);
    free(p->version);
    free(p->error_message);
    free(p->error_remedy);
    arena_finish(&p->arena);
    free(p);
    free(server);
    if (on_closed) {
        on_closed(data);
    }
}

void server_set_text(char **slot, struct str *shown, struct str text) {
    free(*slot);
    *slot = str_is_empty(text) ? NULL : mem_strdup(text);
    *shown = str_from(*slot);
}

// --- schedule ---

static int64_t backoff_ms(const struct server *server) {
    int64_t ms = server->is_loopback ? BACKOFF_LOOPBACK_MS : BACKOFF_MS;
    int64_t max = server->is_loopback ? BACKOFF_LOOPBACK_MAX_MS : BACKOFF_MAX_MS;
    for (unsigned i = 1; i < server->private->failures && ms < max; i++) {
        ms *= 2;
    }
    return ms < max ? ms : max;
}

static int64_t health_due(const struct server *server) {
    const struct server_private *p = server->private;
    switch (server->state) {
    case SERVER_UNKNOWN: return INT64_MIN;
    case SERVER_OK: return p->health_ms + p->options.health_interval_ms;
    case SERVER_UNREACHABLE: break;
    }
    return p->health_ms + backoff_ms(server);
}

static int64_t tags_due(const struct server *server) {
    const struct server_private *p = server->private;
    return server->state == SERVER_OK ? p->tags_ms + p->options.cache_ttl_ms : INT64_MAX;
}

static int64_t ps_due(const struct server *server) {
    const struct server_private *p = server->private;
    bool is_wanted = server->state == SERVER_OK && p->ps_due_ms > 0 && !p->has_no_ps;
    return is_wanted ? p->ps_due_ms : INT64_MAX;
}

static void on_timer(uv_timer_t *timer) {
    struct server *server = timer->data;
    int64_t now = clock_ms();
    if (now >= health_due(server)) {
        check_start(server, true, false);
    } else if (now >= tags_due(server)) {
        check_start(server, false, true);
    } else if (now >= ps_due(server)) {
        check_start(server, false, false);
    } else {
        server_schedule(server);
    }
}

void server_schedule(struct server *server) {
    struct server_private *p = server->private;
    if (p->is_closing || p->is_halted) {
        return;
    }
    if (p->interest == 0 || p->step != CHECK_NONE) {
        uv_timer_stop(&p->timer);
        return;
    }
    int64_t due = health_due(server);
    due = tags_due(server) < due ? tags_due(server) : due;
    due = ps_due(server) < due ? ps_due(server) : due;
    int64_t now = clock_ms();
    uv_update_time(p->loop);
    uv_timer_start(&p->timer, on_timer, due > now ? (uint64_t)(due - now) : 0, 0);
}

void server_announce(struct server *server) {
    struct server_private *p = server->private;
    if (!p->is_changed || p->is_closing) {
        return;
    }
    p->is_changed = false;
    if (p->on_change) {
        p->on_change(p->data, server);
    }
}

// --- the interface ---

struct server *server_create(uv_loop_t *loop, struct http *http, const struct endpoint *endpoint,
                             struct str name, bool is_configured,
                             const struct server_options *options, server_change_fn on_change,
                             void *data) {
    struct server *server = mem_alloc(sizeof(*server));
    struct server_private *p = mem_alloc(sizeof(*p));
    struct host host;
    server->private = p;
    p->loop = loop;
    p->http = http;
    p->endpoint = endpoint_copy(&p->arena, endpoint);
    if (!is_configured) { // whoever named this host gets no secret of the user's
        p->endpoint.api_key = STR_NONE;
        p->endpoint.n_headers = 0;
    }
    p->options = *options;
    if (p->options.cache_ttl_ms <= 0) {
        p->options.cache_ttl_ms = TTL_DEFAULT_MS;
    }
    if (p->options.health_interval_ms <= 0) {
        p->options.health_interval_ms = HEALTH_DEFAULT_MS;
    }
    p->on_change = on_change;
    p->data = data;
    host_parse(p->endpoint.url, &host);
    server->url = p->endpoint.url;
    server->name = arena_copy(&p->arena, name);
    server->is_configured = is_configured;
    server->is_loopback = host_is_loopback(&host);
    uv_timer_init(loop, &p->timer);
    p->timer.data = server;
    server_hold(server);
    details_init(server);
    return server;
}

static void on_timer_closed(uv_handle_t *handle) {
    server_drop(handle->data);
}

void server_close(struct server *server, void (*on_closed)(void *data), void *data) {
    struct server_private *p = server->private;
    if (NEVER(p->is_closing)) {
        return;
    }
    p->is_closing = true;
    p->on_closed = on_closed;
    p->closed_data = data;
    if (p->call) {
        call_cancel(p->call);
    }
    details_cancel(server);
    details_tell(server);
    uv_close((uv_handle_t *)&p->timer, on_timer_closed);
    uv_close((uv_handle_t *)&p->batch, on_timer_closed);
}

void server_interest(struct server *server, bool wanted) {
    struct server_private *p = server->private;
    if (wanted) {
        p->interest++;
        details_pump(server);
    } else if (!NEVER(p->interest == 0)) {
        p->interest--;
    }
    server_schedule(server);
}

// True if the refresh is the business of the check after the running one.
static bool refresh(struct server *server) {
    struct server_private *p = server->private;
    details_retry(server);
    if (p->step == CHECK_NONE) {
        check_start(server, true, true);
        return false;
    }
    if (p->step == CHECK_VERSION && !p->has_asked_tags) {
        p->wants_tags = true;
        return false;
    }
    p->is_again = true; // the list that is on its way may be older than what the caller knows of
    return true;
}

void server_refresh(struct server *server) {
    if (!server->private->is_closing) {
        refresh(server);
    }
}

void server_refresh_then(struct server *server, void (*done)(void *data, struct server *server),
                         void *data) {
    struct server_private *p = server->private;
    struct waiter *waiter = mem_alloc(sizeof(*waiter));
    waiter->done = done;
    waiter->data = data;
    waiter->is_for_next = !p->is_closing && refresh(server);
    waiter->next = p->waiters;
    p->waiters = waiter;
}

struct catalog *server_catalog(const struct server *server) {
    return server->private->catalog;
}

void server_touch_running(struct server *server) {
    server->private->ps_due_ms = clock_ms() + PS_SOON_MS;
    server_schedule(server);
}

const struct endpoint *server_endpoint(const struct server *server) {
    return &server->private->endpoint;
}
