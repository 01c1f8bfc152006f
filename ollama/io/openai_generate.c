// SPDX-License-Identifier: MIT
//
// The generating calls of servers of kind openai: streams of server-sent events become the frames
// that Ollama's calls give. What servers refuse is left out and the request sent again, each thing
// once. Invariants: a stream is complete only when it said why it ended or sent "[DONE]"; one that
// just stops is a failure, however politely it did; the final frame comes once, after the last
// numbers.
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "ollama/io/generate_internal.h"
#include "ollama/io/openai.h"

#define INSERT_REMEDY "choose a model that fills in, for example qwen2.5-coder on llama-server"

enum {
    AFTER_LAST_MS = 1000, // usage and "[DONE]" normally come with the reason
    TRIES_MAX = 6,        // requests of one call, each with less in it
};

struct run {
    struct generation generation;
    struct call *call;
    struct sse sse;
    struct generation_options options; // for another request: strings of the call's arena
    struct str url;                    // of the API; llama.cpp's own paths stand elsewhere
    struct str model;
    struct str prompt;
    struct str suffix;
    struct json_object *body; // owned: what is sent
    enum insert_route route;  // of a request with a suffix; INSERT_UNKNOWN: none
    unsigned n_tries;
    bool is_insert_refused;
    bool has_last;  // it said why it ended
    bool is_hollow; // the latest chunk was of the kind that hides a failure
    enum done_reason reason;
    struct generation_metrics metrics;
    int64_t first_us; // clock of the first text and the latest
    int64_t latest_us;
};

// --- chunks ---

static bool give(struct run *run, const struct generation_frame *frame) {
    if (!generation_take(&run->generation, frame)) {
        call_cancel(run->call);
    }
    return !run->call->is_cancelled;
}

// Servers that tell no times are timed here: from the first token to the last.
static void measure(struct run *run) {
    int64_t took = run->latest_us - run->first_us;
    if (run->metrics.eval_us == 0 && run->metrics.tokens_out > 1 && took > 0) {
        run->metrics.eval_us = took;
    }
}

static void on_very_late_end(uv_timer_t *timer) {
    struct call *call = timer->data;
    if (call->transfer) {
        http_cancel(call->transfer);
    }
}

static bool finish(struct run *run) {
    measure(run);
    run->call->is_complete = true;
    uv_timer_start(&run->call->timer, on_very_late_end, AFTER_LAST_MS, 0);
    struct generation_frame frame = {.done = true, .reason = run->reason, .metrics = run->metrics};
    return give(run, &frame);
}

static void on_late_end(uv_timer_t *timer) {
    struct call *call = timer->data;
    if (call->transfer && finish(call->data)) {
        http_cancel(call->transfer);
    }
}

static bool take_chunk(struct run *run, struct json_object *object) {
    struct openai_chunk chunk;
    openai_chunk_read(object, &chunk);
    run->is_hollow = chunk.is_hollow;
    openai_metrics_merge(&run->metrics, &chunk.metrics);
    if (chunk.text.n > 0 || chunk.thinking.n > 0) {
        struct generation_frame frame = {.text = chunk.text, .thinking = chunk.thinking};
        run->latest_us = clock_us();
        run->first_us = run->first_us > 0 ? run->first_us : run->latest_us;
        if (!give(run, &frame)) {
            return false;
        }
    }
    if (chunk.is_last && !run->has_last) {
        run->has_last = true;
        run->reason = chunk.reason;
        uv_timer_start(&run->call->timer, on_late_end, AFTER_LAST_MS, 0);
    }
    return !chunk.is_whole || finish(run);
}

static bool take_event(struct run *run, struct str data) {
    struct call *call = run->call;
    if (openai_is_done(data)) {
        return finish(run);
    }
    struct json_object *object = NULL;
    bool goes_on = false;
    call->n_frames++;
    arena_reset(&call->scratch);
    if (json_parse(&call->scratch, data, &object, NULL) != ERR_OK ||
        !json_is(object, json_type_object)) {
        call_fail_protocol(call, &call->failure, "an event that is no JSON object");
    } else if (openai_is_error(object)) {
        call_fail_remote(call, &call->failure, 0, STR("application/json"), data);
    } else {
        goes_on = take_chunk(run, object);
    }
    json_object_put(object);
    return goes_on;
}

static bool on_bytes(struct call *call, struct str bytes) {
    struct run *run = call->data;
    struct str data;
    sse_feed(&run->sse, bytes);
    while (!call->is_complete && sse_next(&run->sse, &data)) {
        if (!take_event(run, data)) {
            return false;
        }
    }
    if (run->sse.is_too_long && !call->is_complete) {
        call->failure.code = ERR_LIMIT;
        call->failure.message =
            arena_printf(&call->arena, "%.*s%s sent an event longer than %u MiB",
                         STR_ARG(call->where), call->path, LIMIT_NDJSON_LINE / (1024 * 1024));
        return false;
    }
    if (run->sse.is_page) { // more of it tells no more
        call_fail_protocol(call, &call->failure, "a web page");
    }
    return !run->sse.is_page;
}

// --- ends ---

static void fail_early(struct run *run, struct call_result *result) {
    struct call *call = run->call;
    result->code = ERR_PROTOCOL;
    if (run->is_hollow) {
        result->message = arena_printf(
            &call->arena, "%.*s%s stopped in the middle of its answer and hid the reason",
            STR_ARG(call->where), call->path);
        result->remedy =
            STR("see the server's log; a server of Ollama itself tells more when it is "
                "configured with the kind ollama");
        return;
    }
    result->message = arena_printf(&call->arena, "the answer of %.*s%s ended too early",
                                   STR_ARG(call->where), call->path);
    result->remedy = STR("try again; the server's log may say why it stopped");
}

static void on_end(struct call *call, struct call_result *result) {
    struct run *run = call->data;
    struct str data;
    if (!call->is_complete && sse_end(&run->sse, &data)) {
        bool is_piece = call->n_frames > 0 && !openai_is_done(data) &&
                        json_check(data, NULL) != ERR_OK; // a stream that was cut short
        if (!is_piece) {
            take_event(run, data);
        }
    }
    if (call->failure.code == ERR_OK && !call->is_complete && run->has_last) {
        finish(run); // without "[DONE]", as some servers do
    }
    if (call->is_cancelled) {
        result->code = ERR_CANCELLED;
        result->message = STR("cancelled");
    } else if (call->failure.code != ERR_OK) {
        *result = call->failure;
    } else if (!call->is_complete) {
        fail_early(run, result);
    }
}

static void on_report(struct call *call, const struct call_result *outcome) {
    struct run *run = call->data;
    struct call_result result = *outcome;
    if (run->is_insert_refused) {
        result.code = ERR_REMOTE;
        result.remote.fault = FAULT_CAPABILITY;
        result.remedy = STR(INSERT_REMEDY);
    }
    generation_over(&run->generation, &result);
    sse_finish(&run->sse);
    json_object_put(run->body);
    free(run);
}

// --- again, with less ---

static const char *path_of(struct call *call, const char *tail) {
    return arena_cstr(&call->arena, openai_api_path(&call->arena, call->endpoint.url, tail));
}

static void learn(const struct run *run, enum insert_route route) {
    struct openai_knowledge *knowledge = run->call->endpoint.knowledge;
    if (knowledge) {
        knowledge->insert = route;
    }
}

static void restart(struct run *run, const char *path) {
    struct call *call = run->call;
    sse_finish(&run->sse);
    sse_init(&run->sse, LIMIT_NDJSON_LINE);
    call->n_frames = 0;
    call->failure = (struct call_result){0};
    call_restart(call, path, run->body);
}

// Nothing is known of /infill here: what has no such path may know a suffix.
static bool is_no_infill(const struct call_result *result) {
    long status = result->remote.status;
    if (result->remote.fault == FAULT_MODEL_MISSING) {
        return false;
    }
    bool is_no_path = result->remote.fault == FAULT_NOT_OLLAMA || status == 404 || status == 405;
    return is_no_path || str_ifind(result->message, STR("unexpected endpoint")) != STR_NPOS;
}

static bool is_refusal(const struct call_result *result) {
    long status = result->remote.status;
    return result->remote.fault == FAULT_CAPABILITY || is_no_infill(result) ||
           ((status == 400 || status == 422) &&
            str_ifind(result->message, STR("suffix")) != STR_NPOS);
}

static bool on_again(struct call *call, const struct call_result *result) {
    struct run *run = call->data;
    long status = result->remote.status;
    bool is_refused = result->code != ERR_OK && result->code != ERR_CANCELLED &&
                      result->remote.fault != FAULT_NONE && call->n_frames <= 1 &&
                      !run->generation.has_answer;
    if (!is_refused || ++run->n_tries >= TRIES_MAX) {
        return false;
    }
    if ((status == 400 || status == 422) && openai_body_relax(run->body, result->message)) {
        restart(run, call->path);
        return true;
    }
    if (run->route == INSERT_INFILL && is_no_infill(result)) {
        run->route = INSERT_SUFFIX;
        learn(run, INSERT_SUFFIX);
        json_object_put(run->body);
        run->body = openai_completion_body(run->model, run->prompt, run->suffix, &run->options);
        call->endpoint.url = run->url;
        restart(run, path_of(call, "/completions"));
        return true;
    }
    if (run->route != INSERT_UNKNOWN && is_refusal(result)) {
        learn(run, INSERT_NONE);
        run->is_insert_refused = true;
    }
    return false;
}

// --- starting ---

static struct run *create(struct http *http, const struct endpoint *endpoint, struct str model,
                          const struct generation_options *options,
                          const struct generation_handlers *handlers) {
    struct run *run = mem_alloc(sizeof(*run));
    struct call *call = call_create(http, endpoint, "", model);
    generation_init(&run->generation, options, handlers);
    run->generation.num_ctx = 0; // it was not sent: nothing fits because of it
    run->generation.call = call;
    run->call = call;
    run->model = call->model;
    run->url = call->endpoint.url;
    sse_init(&run->sse, LIMIT_NDJSON_LINE);
    call->data = run;
    call->frames = on_bytes;
    call->end = on_end;
    call->again = on_again;
    call->report = on_report;
    return run;
}

static void keep_options(struct run *run, const struct generation_options *options) {
    struct arena *arena = &run->call->arena;
    struct str *stop = ARENA_ARRAY(arena, options->n_stop + 1, struct str);
    for (size_t i = 0; i < options->n_stop; i++) {
        stop[i] = arena_copy(arena, options->stop[i]);
    }
    run->options = *options;
    run->options.stop = stop;
    run->options.keep_alive = STR_NONE;
}

static struct call *send_run(struct run *run, const char *path) {
    run->call->path = path;
    call_start(run->call, STR("POST"), run->body, 0, 0);
    return run->call;
}

struct call *openai_chat(struct http *http, const struct endpoint *endpoint, struct str model,
                         const struct chat_message *messages, size_t n,
                         const struct generation_options *options,
                         const struct generation_handlers *handlers) {
    struct run *run = create(http, endpoint, model, options, handlers);
    run->body = openai_chat_body(model, messages, n, options);
    return send_run(run, path_of(run->call, "/chat/completions"));
}

static struct call *refuse_insert(struct run *run) {
    struct call *call = run->call;
    call->path = path_of(call, "/completions");
    call->failure.remote.fault = FAULT_CAPABILITY;
    call_refuse(
        call, ERR_REMOTE,
        arena_printf(&call->arena, "%.*s does not fill in between two texts", STR_ARG(call->where)),
        STR(INSERT_REMEDY));
    return call;
}

struct call *openai_generate(struct http *http, const struct endpoint *endpoint, struct str model,
                             struct str prompt, struct str suffix,
                             const struct generation_options *options,
                             const struct generation_handlers *handlers) {
    struct run *run = create(http, endpoint, model, options, handlers);
    struct call *call = run->call;
    enum insert_route known = endpoint->knowledge ? endpoint->knowledge->insert : INSERT_UNKNOWN;
    if (suffix.n == 0) {
        run->body = openai_completion_body(model, prompt, STR_NONE, options);
        return send_run(run, path_of(call, "/completions"));
    }
    if (known == INSERT_NONE) {
        return refuse_insert(run);
    }
    run->prompt = arena_copy(&call->arena, prompt);
    run->suffix = arena_copy(&call->arena, suffix);
    keep_options(run, options);
    if (known == INSERT_SUFFIX) {
        run->route = INSERT_SUFFIX;
        run->body = openai_completion_body(model, prompt, suffix, options);
        return send_run(run, path_of(call, "/completions"));
    }
    run->route = INSERT_INFILL;
    run->body = openai_infill_body(model, prompt, suffix, options);
    call->endpoint.url = openai_root_url(run->url);
    return send_run(run, "/infill");
}

// --- embed ---

static void on_embedded(void *data, const struct call_result *outcome, struct json_object *answer) {
    embedding_over(data, outcome, answer, openai_embeddings_read);
}

struct call *openai_embed(struct http *http, const struct endpoint *endpoint, struct str model,
                          const struct str *inputs, size_t n, embed_done_fn done, void *data) {
    struct embedding *embedding = mem_alloc(sizeof(*embedding));
    *embedding = (struct embedding){.done = done, .data = data, .n = n};
    struct call *call = call_create_json(http, endpoint, "", model, on_embedded, embedding);
    embedding->call = call;
    call->path = path_of(call, "/embeddings");
    struct json_object *body = openai_embed_body(model, inputs, n);
    call_start(call, STR("POST"), body, 0, LIMIT_EMBED_BODY);
    json_object_put(body);
    return call;
}

// --- what a check asks ---

static const char *accept_models(struct json_object *answer) {
    if (json_has(answer, "data") && !json_get(answer, "data")) {
        json_set(answer, "data", json_object_new_array());
    }
    return json_is(json_get(answer, "data"), json_type_array) ? NULL : "no list of models";
}

static struct call *ask(struct http *http, const struct endpoint *endpoint, const char *path,
                        size_t max_body, call_json_fn done, void *data) {
    struct endpoint root = *endpoint;
    root.url = openai_root_url(endpoint->url);
    struct call *call = call_create_json(http, &root, path, STR_NONE, done, data);
    call_start(call, STR("GET"), NULL, TIME_CALL_MS, max_body);
    return call;
}

struct call *openai_models(struct http *http, const struct endpoint *endpoint, call_json_fn done,
                           void *data) {
    struct call *call = call_create_json(http, endpoint, "", STR_NONE, done, data);
    call->path = path_of(call, "/models");
    call->accepts = accept_models;
    call_start(call, STR("GET"), NULL, TIME_CALL_MS, LIMIT_TAGS_BODY);
    return call;
}

struct call *openai_props(struct http *http, const struct endpoint *endpoint, call_json_fn done,
                          void *data) {
    return ask(http, endpoint, "/props", LIMIT_SHOW_BODY, done, data);
}

struct call *openai_studio_models(struct http *http, const struct endpoint *endpoint,
                                  call_json_fn done, void *data) {
    return ask(http, endpoint, "/api/v0/models", LIMIT_TAGS_BODY, done, data);
}

struct call *openai_infill_probe(struct http *http, const struct endpoint *endpoint,
                                 call_json_fn done, void *data) {
    struct endpoint root = *endpoint;
    struct json_object *body = json_object_new_object();
    root.url = openai_root_url(endpoint->url);
    struct call *call = call_create_json(http, &root, "/infill", STR_NONE, done, data);
    call_start(call, STR("POST"), body, TIME_CALL_MS, LIMIT_VERSION_BODY);
    json_object_put(body);
    return call;
}
