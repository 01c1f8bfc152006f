// SPDX-License-Identifier: MIT
//
// The generating calls, over the streams of stream.c. What is added here: frames are read, the time
// to the first one is taken, and ends that only these calls know are put into words: a model that
// was loaded and nothing else, a prompt that does not fit, a model that repeated itself until the
// server gave up on it.
// Invariant: a generation lives exactly as long as its call, and its memory with it.
#include "ollama/io/generate.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "ollama/io/generate_internal.h"
#include "ollama/io/openai.h"

enum {
    REPEATS_MIN = 30, // equal tokens in a row after which Ollama ends the stream without a word
};

// --- frames ---

static void watch_repeats(struct generation *generation, struct str token) {
    if (token.n == generation->token_n && memcmp(token.p, generation->token, token.n) == 0) {
        generation->n_repeats++;
        return;
    }
    generation->n_repeats = 1;
    generation->token_n = 0;
    if (token.n <= GENERATION_TOKEN_MAX) {
        memcpy(generation->token, token.p, token.n);
        generation->token_n = token.n;
    }
}

bool generation_take(struct generation *generation, const struct generation_frame *frame) {
    struct generation_end *end = &generation->end;
    if (end->n_frames++ == 0) {
        int64_t waited = clock_us() - generation->start_us;
        end->first_us = waited > 0 ? waited : 1; // 0 says that none came
    }
    struct str token = frame->text.n > 0 ? frame->text : frame->thinking;
    if (token.n > 0) {
        generation->has_answer = true;
        watch_repeats(generation, token);
    }
    if (frame->done) {
        end->reason = frame->reason;
        end->metrics = frame->metrics;
    }
    return generation->handlers.on_frame(generation->handlers.data, frame);
}

static bool on_frame(void *data, struct json_object *object) {
    struct generation_frame frame;
    generation_frame_read(object, &frame);
    return generation_take(data, &frame);
}

// --- ends ---

static void judge_good_end(struct generation *generation, struct call_result *result) {
    enum done_reason reason = generation->end.reason;
    if (generation->has_answer || (reason != DONE_LOAD && reason != DONE_UNLOAD)) {
        return;
    }
    struct call *call = generation->call;
    result->code = ERR_PROTOCOL;
    result->message =
        arena_printf(&call->arena, "%.*s%s only %s the model and generated nothing",
                     STR_ARG(call->where), call->path, reason == DONE_LOAD ? "loaded" : "unloaded");
    result->remedy = STR("try again with some text: that is what an empty prompt does");
}

// How many tokens would have fit: of the server's own words, else of what was asked for.
static void say_what_fits(struct generation *generation, struct call_result *result) {
    int64_t fits = result->remote.context_tokens;
    fits = fits > 0 ? fits : generation->num_ctx;
    if (fits <= 0) {
        return;
    }
    struct arena *arena = &generation->call->arena;
    result->message = arena_printf(arena, "%.*s (%lld tokens fit, the answer included)",
                                   STR_ARG(result->message), (long long)fits);
}

void generation_over(struct generation *generation, const struct call_result *outcome) {
    struct call_result result = *outcome;
    struct generation_end *end = &generation->end;
    if (result.code == ERR_OK) {
        judge_good_end(generation, &result);
    } else if (result.remote.fault == FAULT_CONTEXT) {
        say_what_fits(generation, &result);
    } else if (result.code == ERR_PROTOCOL && result.remote.fault == FAULT_NONE &&
               generation->n_repeats >= REPEATS_MIN) {
        struct call *call = generation->call;
        result.message =
            arena_printf(&call->arena, "%.*s: the model repeated itself and was stopped",
                         STR_ARG(result.message));
        result.remedy = STR("try again, with a higher temperature or another model");
    }
    if (result.code != ERR_OK) {
        end->reason = DONE_STOP;
        end->metrics = (struct generation_metrics){0};
    }
    generation->handlers.on_done(generation->handlers.data, &result, end);
}

static void on_done(void *data, const struct call_result *outcome) {
    generation_over(data, outcome);
    free(data);
}

// --- starting ---

void generation_init(struct generation *generation, const struct generation_options *options,
                     const struct generation_handlers *handlers) {
    *generation = (struct generation){
        .handlers = *handlers, .num_ctx = options->num_ctx, .start_us = clock_us()};
}

// Takes `body`.
static struct call *start(struct http *http, const struct endpoint *endpoint, const char *path,
                          struct str model, struct json_object *body,
                          const struct generation_options *options,
                          const struct generation_handlers *handlers) {
    struct generation *generation = mem_alloc(sizeof(*generation));
    struct stream_handlers stream = {.on_frame = on_frame, .on_done = on_done, .data = generation};
    generation_init(generation, options, handlers);
    generation->call = ollama_stream(http, endpoint, path, body, model, stream_final_done, &stream);
    json_object_put(body);
    return generation->call;
}

struct call *ollama_chat(struct http *http, const struct endpoint *endpoint, struct str model,
                         const struct chat_message *messages, size_t n,
                         const struct generation_options *options,
                         const struct generation_handlers *handlers) {
    if (endpoint->kind == SERVER_KIND_OPENAI) {
        return openai_chat(http, endpoint, model, messages, n, options, handlers);
    }
    return start(http, endpoint, "/api/chat", model,
                 generation_chat_body(model, messages, n, options), options, handlers);
}

struct call *ollama_generate(struct http *http, const struct endpoint *endpoint, struct str model,
                             struct str prompt, struct str suffix,
                             const struct generation_options *options,
                             const struct generation_handlers *handlers) {
    if (endpoint->kind == SERVER_KIND_OPENAI) {
        return openai_generate(http, endpoint, model, prompt, suffix, options, handlers);
    }
    return start(http, endpoint, "/api/generate", model,
                 generation_generate_body(model, prompt, suffix, options), options, handlers);
}

// --- embed ---

void embedding_over(struct embedding *embedding, const struct call_result *outcome,
                    struct json_object *answer, embeddings_read_fn read) {
    struct call_result result = *outcome;
    struct arena *arena = &embedding->call->arena;
    float *rows = NULL;
    size_t width = 0;
    struct error error = {0};
    if (result.code == ERR_OK &&
        read(arena, answer, embedding->n, &rows, &width, &error) != ERR_OK) {
        call_fail_protocol(embedding->call, &result, arena_cstr(arena, error.message));
    }
    embedding->done(embedding->data, &result, rows, rows ? embedding->n : 0, width);
    free(embedding);
}

static void on_embedded(void *data, const struct call_result *outcome, struct json_object *answer) {
    embedding_over(data, outcome, answer, generation_embeddings_read);
}

struct call *ollama_embed(struct http *http, const struct endpoint *endpoint, struct str model,
                          const struct str *inputs, size_t n,
                          const struct generation_options *options, embed_done_fn done,
                          void *data) {
    if (endpoint->kind == SERVER_KIND_OPENAI) {
        return openai_embed(http, endpoint, model, inputs, n, done, data);
    }
    struct embedding *embedding = mem_alloc(sizeof(*embedding));
    struct json_object *body = generation_embed_body(model, inputs, n, options);
    *embedding = (struct embedding){.done = done, .data = data, .n = n};
    embedding->call = call_create_json(http, endpoint, "/api/embed", model, on_embedded, embedding);
    call_start(embedding->call, STR("POST"), body, 0, LIMIT_EMBED_BODY);
    json_object_put(body);
    return embedding->call;
}
