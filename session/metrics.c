// SPDX-License-Identifier: MIT
//
// Counting. Names come from users and servers, so their number and length have a limit: what goes
// beyond is counted under the empty name. Numbers come from servers: sums stop at the largest
// number there is, and never run backwards. Nothing of a text, a key or an answer gets here.
#include "session/metrics.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/strmap.h"
#include "base/uri.h"
#include "base/utf.h"
#include "session/private.h"

#define LOG_MODULE "metrics"

enum { US_PER_MS = 1000, US_PER_S = 1000 * 1000 };

struct sum {
    int64_t total;
    int64_t n; // how many told it
};

struct counts {
    struct str model;
    int64_t requests;
    int64_t errors;
    int64_t cancelled;
    int64_t tokens_in;
    int64_t tokens_out;
    struct sum timed_tokens; // tokens of those that told how long they took
    struct sum eval_us;
    struct sum first_us;
    struct sum load_us;
    int64_t hits;
    int64_t pulls;
    int64_t accepted;
};

struct server_counts {
    struct str url;
    struct strmap models; // name -> struct counts
};

struct metrics {
    struct arena arena;
    struct strmap servers; // url -> struct server_counts
    size_t n_models;       // told apart, over all servers
    struct metrics *news;  // the same, since the last metrics_save; owned, NULL: nothing
    void (*on_change)(void *data);
    void *data;
};

struct metrics *metrics_create(void) {
    struct metrics *metrics = mem_alloc(sizeof(*metrics));
    arena_init(&metrics->arena);
    strmap_init(&metrics->servers, &metrics->arena, STRMAP_COPY);
    return metrics;
}

void metrics_destroy(struct metrics *metrics) {
    if (metrics) {
        metrics_destroy(metrics->news);
        arena_finish(&metrics->arena);
        free(metrics);
    }
}

void metrics_on_change(struct metrics *metrics, void (*on_change)(void *data), void *data) {
    metrics->on_change = on_change;
    metrics->data = data;
}

// --- counting ---

static int64_t plus(int64_t a, int64_t b) {
    return b <= 0 ? a : a > INT64_MAX - b ? INT64_MAX : a + b;
}

static void sum_add(struct sum *sum, int64_t value) {
    if (value > 0) {
        sum->total = plus(sum->total, value);
        sum->n++;
    }
}

static struct server_counts *server_of(struct metrics *metrics, struct str url) {
    url = str_slice(url, 0, LIMIT_HOST);
    struct server_counts *server = strmap_get(&metrics->servers, url);
    if (server) {
        return server;
    }
    if (metrics->servers.n >= LIMIT_METRICS && url.n > 0) {
        return server_of(metrics, STR_NONE);
    }
    server = ARENA_NEW(&metrics->arena, struct server_counts);
    server->url = arena_copy(&metrics->arena, url);
    strmap_init(&server->models, &metrics->arena, STRMAP_COPY);
    strmap_set(&metrics->servers, url, server);
    return server;
}

static struct counts *counts_of(struct metrics *metrics, struct str url, struct str model) {
    struct server_counts *server = server_of(metrics, url);
    model = str_slice(model, 0, LIMIT_NAME);
    struct counts *counts = strmap_get(&server->models, model);
    if (counts) {
        return counts;
    }
    if (model.n > 0) {
        if (metrics->n_models >= LIMIT_METRICS) {
            return counts_of(metrics, url, STR_NONE);
        }
        metrics->n_models++;
    }
    counts = ARENA_NEW(&metrics->arena, struct counts);
    counts->model = arena_copy(&metrics->arena, model);
    strmap_set(&server->models, model, counts);
    return counts;
}

static double per_second(int64_t tokens, int64_t us) {
    return us > 0 ? (double)tokens * US_PER_S / (double)us : 0;
}

static const char *outcome_of(const struct call_result *result, const struct generation_end *end) {
    if (result->code == ERR_OK) {
        return end->reason == DONE_LENGTH ? "cut off at its length" : "done";
    }
    return result->code == ERR_CANCELLED ? "cancelled" : err_name(result->code);
}

static void log_call(struct str server, struct str model, const struct call_result *result,
                     const struct generation_end *end) {
    if (!log_enabled(LOG_INFO)) {
        return;
    }
    struct arena arena = {0};
    const struct generation_metrics *told = &end->metrics;
    struct str url = display_escape(&arena, uri_redact(&arena, server), LIMIT_HOST);
    struct str name = display_escape(&arena, model, LIMIT_NAME);
    LOG_INF("%.*s at %.*s: %lld tokens in, %lld out, %.1f tokens/s, first after %lld ms, %s",
            STR_ARG(name), STR_ARG(url), (long long)told->tokens_in, (long long)told->tokens_out,
            per_second(told->tokens_out, told->eval_us), (long long)(end->first_us / US_PER_MS),
            outcome_of(result, end));
    arena_finish(&arena);
}

static struct metrics *news_of(struct metrics *metrics) {
    if (!metrics->news) {
        metrics->news = metrics_create();
    }
    return metrics->news;
}

static void tell_change(struct metrics *metrics) {
    if (metrics->on_change) {
        metrics->on_change(metrics->data);
    }
}

static void count_call(struct counts *counts, const struct call_result *result,
                       const struct generation_end *end) {
    counts->requests++;
    sum_add(&counts->first_us, end->first_us);
    if (result->code == ERR_OK) {
        const struct generation_metrics *told = &end->metrics;
        counts->tokens_in = plus(counts->tokens_in, told->tokens_in);
        counts->tokens_out = plus(counts->tokens_out, told->tokens_out);
        sum_add(&counts->load_us, told->load_us);
        if (told->eval_us > 0) {
            sum_add(&counts->eval_us, told->eval_us);
            sum_add(&counts->timed_tokens, told->tokens_out);
        }
    } else if (result->code == ERR_CANCELLED) {
        counts->cancelled++;
    } else {
        counts->errors++;
    }
}

void metrics_add(struct metrics *metrics, struct str server, struct str model,
                 const struct call_result *result, const struct generation_end *end) {
    count_call(counts_of(metrics, server, model), result, end);
    count_call(counts_of(news_of(metrics), server, model), result, end);
    log_call(server, model, result, end);
    tell_change(metrics);
}

void metrics_add_pull(struct metrics *metrics, struct str server, struct str model) {
    counts_of(metrics, server, model)->pulls++;
    counts_of(news_of(metrics), server, model)->pulls++;
    tell_change(metrics);
}

void metrics_add_hit(struct metrics *metrics, struct str server, struct str model) {
    counts_of(metrics, server, model)->hits++;
    counts_of(news_of(metrics), server, model)->hits++;
    tell_change(metrics);
}

void metrics_add_accepted(struct metrics *metrics, struct str server, struct str model) {
    const struct server_counts *known = strmap_get(&metrics->servers, server);
    struct counts *counts = known ? strmap_get(&known->models, model) : NULL;
    if (counts) {
        counts->accepted++;
    }
}

// --- telling ---

static void set_mean_ms(struct json_object *object, const char *key, const struct sum *sum) {
    if (sum->n > 0) {
        json_set_int(object, key, (sum->total / sum->n + US_PER_MS / 2) / US_PER_MS);
    } else {
        json_set(object, key, NULL);
    }
}

// With one digit after the point, which no double prints as itself.
static void set_speed(struct json_object *object, const struct counts *counts) {
    struct json_object *speed = NULL;
    if (counts->eval_us.n > 0) {
        char text[64];
        double number = per_second(counts->timed_tokens.total, counts->eval_us.total);
        snprintf(text, sizeof(text), "%.1f", number);
        speed = json_object_new_double_s(number, text);
    }
    json_set(object, "tokensPerSecond", speed);
}

static struct json_object *model_object(struct arena *arena, const struct counts *counts) {
    struct json_object *object = json_object_new_object();
    json_set_str(object, "name", display_escape(arena, counts->model, LIMIT_NAME));
    json_set_int(object, "requests", counts->requests);
    json_set_int(object, "errors", counts->errors);
    json_set_int(object, "cancelled", counts->cancelled);
    json_set_int(object, "tokensIn", counts->tokens_in);
    json_set_int(object, "tokensOut", counts->tokens_out);
    set_speed(object, counts);
    set_mean_ms(object, "timeToFirstTokenMs", &counts->first_us);
    set_mean_ms(object, "loadMs", &counts->load_us);
    json_set_int(object, "cacheHits", counts->hits);
    json_set_int(object, "pulls", counts->pulls);
    json_set_int(object, "accepted", counts->accepted);
    return object;
}

struct json_object *metrics_object(const struct metrics *metrics) {
    struct arena arena = {0};
    struct json_object *root = json_object_new_object();
    struct json_object *servers = json_object_new_array();
    json_set_int(root, "version", 1);
    for (size_t i = 0; i < metrics->servers.n; i++) {
        const struct server_counts *server = metrics->servers.at[i].pointer;
        struct json_object *object = json_object_new_object();
        struct json_object *models = json_object_new_array();
        struct str url = uri_redact(&arena, server->url);
        json_set_str(object, "url", display_escape(&arena, url, LIMIT_HOST));
        for (size_t m = 0; m < server->models.n; m++) {
            json_add(models, model_object(&arena, server->models.at[m].pointer));
        }
        json_set(object, "models", models);
        json_add(servers, object);
    }
    json_set(root, "servers", servers);
    arena_finish(&arena);
    return root;
}

// --- kept over sessions ---

// Every number of struct counts and the word it is kept under.
static const struct {
    const char *key;
    size_t offset;
} SUMS[] = {
    {"requests", offsetof(struct counts, requests)},
    {"errors", offsetof(struct counts, errors)},
    {"cancelled", offsetof(struct counts, cancelled)},
    {"tokensIn", offsetof(struct counts, tokens_in)},
    {"tokensOut", offsetof(struct counts, tokens_out)},
    {"timedTokens", offsetof(struct counts, timed_tokens.total)},
    {"timedCalls", offsetof(struct counts, timed_tokens.n)},
    {"evalUs", offsetof(struct counts, eval_us.total)},
    {"evalCalls", offsetof(struct counts, eval_us.n)},
    {"firstUs", offsetof(struct counts, first_us.total)},
    {"firstCalls", offsetof(struct counts, first_us.n)},
    {"loadUs", offsetof(struct counts, load_us.total)},
    {"loadCalls", offsetof(struct counts, load_us.n)},
    {"cacheHits", offsetof(struct counts, hits)},
    {"pulls", offsetof(struct counts, pulls)},
};
#define N_SUMS (sizeof(SUMS) / sizeof(SUMS[0]))

static int64_t *sum_at(const struct counts *counts, size_t i) {
    return (int64_t *)((char *)counts + SUMS[i].offset);
}

struct json_object *metrics_sums(const struct metrics *metrics) {
    struct json_object *root = json_object_new_object();
    struct json_object *servers = json_object_new_array();
    json_set_int(root, "version", 1);
    for (size_t i = 0; i < metrics->servers.n; i++) {
        const struct server_counts *server = metrics->servers.at[i].pointer;
        struct arena arena = {0};
        struct json_object *object = json_object_new_object();
        struct json_object *models = json_object_new_array();
        json_set_str(object, "url", uri_redact(&arena, server->url));
        arena_finish(&arena);
        for (size_t m = 0; m < server->models.n; m++) {
            const struct counts *counts = server->models.at[m].pointer;
            struct json_object *model = json_object_new_object();
            json_set_str(model, "name", counts->model);
            for (size_t k = 0; k < N_SUMS; k++) {
                if (*sum_at(counts, k) > 0) {
                    json_set_int(model, SUMS[k].key, *sum_at(counts, k));
                }
            }
            json_add(models, model);
        }
        json_set(object, "models", models);
        json_add(servers, object);
    }
    json_set(root, "servers", servers);
    return root;
}

void metrics_add_sums(struct metrics *metrics, struct json_object *sums) {
    struct json_object *servers = json_get(sums, "servers");
    for (size_t i = 0; i < json_count(servers); i++) {
        struct json_object *server = json_at(servers, i);
        struct json_object *models = json_get(server, "models");
        for (size_t m = 0; m < json_count(models); m++) {
            struct json_object *model = json_at(models, m);
            struct counts *counts =
                counts_of(metrics, json_get_str(server, "url"), json_get_str(model, "name"));
            for (size_t k = 0; k < N_SUMS; k++) {
                int64_t *sum = sum_at(counts, k);
                *sum = plus(*sum, json_get_int(model, SUMS[k].key, 0));
            }
        }
    }
}

struct metrics *metrics_take_news(struct metrics *metrics) {
    struct metrics *news = metrics->news;
    metrics->news = NULL;
    return news;
}

void metrics_return_news(struct metrics *metrics, struct metrics *news) {
    metrics_destroy(metrics->news);
    metrics->news = news;
}
