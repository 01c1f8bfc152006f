// SPDX-License-Identifier: MIT
//
// The answer as it comes, and what the client hears of it meanwhile: $/ollama-ls/stream for those
// who asked for it, progress for all.
//
// Invariants: `seq` counts what was really sent, from 0 without gaps; a delta that the transport
// does not take (the client reads slowly) stays in run->delta and goes out with later ones; the
// "end" carries the whole text, so a client that saw none of the deltas has lost nothing.
#include "lsp/ai_private.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/utf.h"

#define PROGRESS_MS 100
#define QUEUED_MS 500         // silence of a running model that is more than reading a short prompt
#define HELD_MAX (256 * 1024) // bytes of one delta: a client that was away gets pieces

// --- $/ollama-ls/stream ---

static bool send_message(struct ai_run *run, enum send_class class, const char *kind,
                         struct json_object *params) {
    json_set_str(params, "id", run->id);
    json_set_int(params, "seq", run->seq);
    json_set_str(params, "kind", str_from(kind));
    if (!rpc_notify(run->lsp, class, "$/ollama-ls/stream", params)) {
        return false;
    }
    run->seq++;
    return true;
}

// A Range of `range` in the document; of nothing if that was closed.
static struct json_object *range_json(const struct ai_run *run, struct text_range range) {
    if (run->document) {
        return document_range_json(run->lsp, run->document, range.start, range.end);
    }
    struct json_object *empty = json_object_new_object();
    json_set(empty, "start", position_to_json((struct position){0}));
    json_set(empty, "end", position_to_json((struct position){0}));
    return empty;
}

static const char *output_name(enum action_output output) {
    switch (output) {
    case OUTPUT_REPLACE: return "replace";
    case OUTPUT_INSERT: return "insert";
    case OUTPUT_SHOW: break;
    }
    return "show";
}

void ai__send_begin(struct ai_run *run) {
    if (!run->lsp->caps.stream_notification) {
        return;
    }
    struct json_object *params = json_object_new_object();
    json_set_str(params, "uri", run->uri);
    json_set(params, "range",
             range_json(run, run->stage == AI_PARSING ? run->selection : run->range));
    json_set_str(params, "action", run->action.name);
    json_set_str(params, "output", str_from(output_name(run->action.output)));
    json_set_str(params, "model", run->model);
    (void)send_message(run, SEND_NEEDED, "begin", params);
}

// The longest part of at most HELD_MAX bytes that does not end inside a character.
static size_t piece_size(struct str text) {
    if (text.n <= HELD_MAX) {
        return text.n;
    }
    size_t n = HELD_MAX;
    while (n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80) {
        n--;
    }
    return n;
}

static void send_buffer(struct ai_run *run, enum send_class class, const char *kind,
                        struct buf *held) {
    size_t sent = 0;
    while (sent < held->n && rpc_takes(run->lsp, class)) {
        struct str rest = str_from_index(buf_str(held), sent);
        size_t n = piece_size(rest);
        struct json_object *params = json_object_new_object();
        json_set_str(params, "text", str_slice(rest, 0, n));
        if (!send_message(run, class, kind, params)) {
            break;
        }
        sent += n;
    }
    buf_consume(held, sent);
}

void ai__send_held(struct ai_run *run, enum send_class class) {
    if (run->stage != AI_WAITING && run->stage != AI_STREAMING) {
        return;
    }
    if (!run->lsp->caps.stream_notification) {
        buf_clear(&run->delta);
        buf_clear(&run->thinking);
        return;
    }
    send_buffer(run, class, "thinking", &run->thinking);
    send_buffer(run, class, "delta", &run->delta);
}

void ai__send_end(struct ai_run *run, enum ai_outcome outcome, const struct error *error) {
    if (!run->lsp->caps.stream_notification) {
        return;
    }
    if (run->seq == 0) {
        ai__send_begin(run); // it failed early; who waits for this id has to hear of it
    }
    struct json_object *params = json_object_new_object();
    json_set_str(params, "text", buf_str(&run->result));
    json_set_str(params, "outcome", str_from(ai__outcome_name(outcome)));
    if (error) {
        struct json_object *object = json_object_new_object();
        json_set_str(object, "message", error->message);
        json_set_str(object, "remedy", error->remedy);
        json_set(params, "error", object);
    }
    (void)send_message(run, SEND_NEEDED, "end", params);
}

// --- progress ---

// Does another run of ours keep this model busy? One that streams has it loaded, whatever was known
// when ours began.
static bool is_model_taken(const struct ai_run *run) {
    for (const struct ai_run *at = run->lsp->ai.first; at; at = at->next) {
        bool is_ahead = at->stage == AI_STREAMING || (at->stage == AI_WAITING && run->is_running &&
                                                      at->asked_ms <= run->asked_ms);
        if (at != run && is_ahead && str_eq(at->model, run->model) &&
            str_eq(at->server_url, run->server_url)) {
            return true;
        }
    }
    return false;
}

static struct str waiting_text(struct arena *arena, const struct ai_run *run, int64_t now) {
    if (is_model_taken(run)) {
        return arena_printf(arena, "queued: %.*s works on another action", STR_ARG(run->model));
    }
    if (!run->is_running) {
        return arena_printf(arena, "loading model %.*s", STR_ARG(run->model));
    }
    if (now - run->asked_ms >= QUEUED_MS) {
        return arena_printf(arena, "queued: %.*s is busy, or still reads the prompt",
                            STR_ARG(run->model));
    }
    return run->model;
}

static struct str streaming_text(struct arena *arena, const struct ai_run *run, int64_t now) {
    int64_t ms = now - run->first_ms;
    if (run->tokens < 2 || ms <= 0) {
        return arena_printf(arena, "%.*s: %lld token%s", STR_ARG(run->model),
                            (long long)run->tokens, PLURAL(run->tokens));
    }
    double rate = (double)(run->tokens - 1) * 1000 / (double)ms;
    return arena_printf(arena, "%.*s: %lld tokens, %.*f tokens/s", STR_ARG(run->model),
                        (long long)run->tokens, rate < 10 ? 1 : 0, rate);
}

void ai__tell_progress(struct ai_run *run) {
    int64_t now = clock_ms();
    if (run->told_ms && now - run->told_ms < PROGRESS_MS) {
        return;
    }
    run->told_ms = now;
    struct arena arena = {0};
    bool is_waiting = run->stage == AI_WAITING;
    struct str text =
        is_waiting ? waiting_text(&arena, run, now) : streaming_text(&arena, run, now);
    if (run->is_cut) {
        text = arena_printf(&arena, "%.*s (context cut to fit)", STR_ARG(text));
    }
    if (run->is_remote) {
        text = arena_printf(&arena, "%.*s (remote: text leaves this machine)", STR_ARG(text));
    }
    progress_set_loading(run->progress, is_waiting && !run->is_running && !is_model_taken(run));
    progress_report(run->progress, text, -1);
    arena_finish(&arena);
}

// The model of this run is loaded, as was not known before: runs that wait for it are queued now.
static void tell_waiting(const struct ai_run *run) {
    for (struct ai_run *at = run->lsp->ai.first; at; at = at->next) {
        if (at != run && at->stage == AI_WAITING && str_eq(at->model, run->model)) {
            at->told_ms = 0;
            ai__tell_progress(at);
        }
    }
}

// --- the answer ---

// What stands before the answer in the document comes with its first text.
static void add_lead(struct ai_run *run) {
    if (!run->has_lead && run->delta.n > 0) {
        struct buf all;
        buf_init(&all, run->delta.max);
        buf_append(&all, run->placement.lead);
        buf_append(&all, buf_str(&run->delta));
        buf_finish(&run->delta);
        run->delta = all;
        run->has_lead = true;
    }
}

// Thinking is only looked at: what cannot be seen, or turns the writing, has no place in it.
static void add_thinking(struct ai_run *run, struct str text) {
    for (size_t at = 0; at < text.n;) {
        size_t start = at;
        uint32_t c = utf8_next(text, &at);
        bool is_shown = !char_is_unsafe(c) || c == '\n' || c == '\t';
        if (is_shown && !buf_append(&run->thinking, str_slice(text, start, at))) {
            buf_clear(&run->thinking); // nobody reads it, and it is no part of the answer
        }
    }
}

bool ai__on_frame(void *data, const struct generation_frame *frame) {
    struct ai_run *run = data;
    if (run->stage != AI_WAITING && run->stage != AI_STREAMING) {
        return false;
    }
    if (run->stage == AI_WAITING) {
        run->stage = AI_STREAMING;
        run->first_ms = clock_ms();
        run->told_ms = 0;
        tell_waiting(run);
    }
    run->tokens += frame->text.n > 0 || frame->thinking.n > 0 ? 1 : 0;
    progress_set_tokens(run->progress, run->tokens);
    add_thinking(run, frame->thinking);
    cleaner_feed(run->cleaner, frame->text, &run->delta, &run->thinking);
    if (cleaner_is_full(run->cleaner)) {
        return false;
    }
    add_lead(run);
    ai__send_held(run, SEND_STREAM);
    ai__tell_progress(run);
    return true;
}

void ai__end_text(struct ai_run *run) {
    if (!run->cleaner) {
        return;
    }
    cleaner_end(run->cleaner, &run->delta, &run->thinking);
    add_lead(run);
    ai__send_held(run, SEND_NEEDED);
    struct str text = cleaner_text(run->cleaner);
    if (text.n > 0) {
        buf_append(&run->result, run->placement.lead);
        buf_append(&run->result, text);
    }
    cleaner_destroy(run->cleaner);
    run->cleaner = NULL;
}

// --- its end ---

static void fail_full(struct ai_run *run) {
    struct arena arena = {0};
    ai__fail(run,
             arena_printf(&arena, "%.*s answered with more than %u MiB", STR_ARG(run->model),
                          LIMIT_ANSWER / (1024 * 1024)),
             STR("set ai.numPredict lower, or choose another model"));
    arena_finish(&arena);
}

static void fail_length(struct ai_run *run, const struct generation_end *end) {
    struct arena arena = {0};
    int64_t tokens = end->metrics.tokens_out ? end->metrics.tokens_out : run->tokens;
    ai__fail(run,
             arena_printf(&arena, "the answer was cut off after %lld token%s", (long long)tokens,
                          PLURAL(tokens)),
             arena_printf(&arena, "raise ai.numPredict (%lld here), or select less",
                          (long long)run->num_predict));
    arena_finish(&arena);
}

void ai__on_done(void *data, const struct call_result *result, const struct generation_end *end) {
    struct ai_run *run = data;
    struct server *server = run->server;
    bool is_over = run->stage != AI_WAITING && run->stage != AI_STREAMING;
    bool is_full = !is_over && run->cleaner && cleaner_is_full(run->cleaner);
    run->call = NULL;
    run->server = NULL;
    run->pending--;
    metrics_add(session_metrics(run->lsp->session), run->server_url, run->model, result, end);
    if (result->code == ERR_OK) {
        server_touch_running(server);
    } else if (result->code != ERR_CANCELLED) {
        server_refresh(server); // it may be gone, or have lost the model
    }
    server_drop(server);
    if (is_over) {
        ai__free_if_done(run);
        return;
    }
    ai__end_text(run);
    if (is_full) {
        fail_full(run);
    } else if (result->code == ERR_CANCELLED) {
        ai__cancel(run); // the program ends
    } else if (result->code != ERR_OK) {
        ai__fail(run, result->message, result->remedy);
    } else if (end->reason == DONE_LENGTH && run->action.output != OUTPUT_SHOW) {
        fail_length(run, end);
    } else {
        ai__finish(run);
    }
}
