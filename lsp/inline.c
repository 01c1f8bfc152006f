// SPDX-License-Identifier: MIT
//
// A flight is one question to the model server, from the pause before it to its answer. At most one
// per document; at most one request of the client waits for it.
//
//   request ─ known? ──────────────────────────────────────────────> answer at once
//      └─ PAUSING ─ pause over ─> FLYING ─ enough, or done ─> cache ─> answer
//            │ superseded            │ superseded by typing what it is about to say: flies on
//            └─> answered empty      │ and says something else: closed, asked anew for that place
//                                    └ else: socket closed, answered empty
//
// A pause lasts until it is known which models there are, and what they can.
//
// Invariants: a waiting request is answered exactly once: by the flight's end, by the one that
// supersedes it (an empty list), or by rpc.c when the client cancels it (then the flight is given
// up). An answer goes by the text that its request was about, whatever the document has become.
#include "lsp/inline.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/uri.h"
#include "base/utf.h"
#include "lsp/ai_model.h"
#include "ollama/io/generate.h"
#include "session/metrics.h"

#define LOG_MODULE "inline"
#define REST_MS 5000     // after a failure of the model
#define LOADING_MS 1000  // silent for so long: the model loads, and closing would stop that
#define SILENCE_MS 60000 // a call that said nothing for so long is not waited for by new requests
#define KNOWING_MS 5000  // what models there are and what they can is waited for, so long
#define KNOWING_STEP_MS 20
#define TROUBLE_MAX 300 // bytes of what the status tells
#define INVOKED 1       // InlineCompletionTriggerKind

// What a request of the client was about.
struct asked {
    struct request *request; // parked; NULL: none waits
    struct text *text;       // a reference of its own
    size_t offset;
    bool is_selecting;
    struct inline_selected selected; // text: owned
};

struct inline_flight {
    struct lsp_server *lsp;
    struct inline_flight *next;
    enum { PAUSING, FLYING, LANDED } stage; // LANDED: waits for its call to report
    struct document *document;
    struct asked asked;
    int64_t due_ms;
    int64_t patient_until_ms;
    bool is_ridden; // asked is about a later place than the call
    bool has_spoken;
    bool is_enough; // ended by us because nothing more was needed: a good end

    struct arena arena;
    struct str model;
    struct str server_url;
    uint64_t key; // of document and model, for the cache
    struct inline_spot spot;
    struct inline_filter *filter;
    struct server *server; // held
    struct call *call;
};

// --- which model ---

struct chosen {
    struct server *server; // NULL: there is none to ask
    bool is_pending;       // … yet: what there is, or what it can, is being asked
    struct str model;
    int64_t context_running;
    int64_t context_max;
};

static bool is_wanted(struct lsp_server *lsp) {
    const struct ai_settings *settings = &session_settings(lsp->session)->ai;
    struct str chosen =
        state_model(session_state(lsp->session), lsp_server_root(lsp), STR("autocomplete"));
    return settings->enable && (settings->inline_completion.enable || chosen.n > 0);
}

void inline_watch(struct lsp_server *lsp) {
    struct session *session = lsp->session;
    struct server *server = ai_model_server(lsp, ROLE_CHOICE_AUTOCOMPLETE, STR_NONE);
    struct interest *interest = &lsp->inlines.interest;
    bool is_watched =
        lsp->caps.inline_completion && is_wanted(lsp) && session_may_send_text(session, server);
    struct server *before = interest->n > 0 ? interest->servers[0] : NULL;
    if (before != (is_watched ? server : NULL)) {
        session_want(session, interest, &server, is_watched ? 1 : 0);
    }
}

static struct chosen choose(struct lsp_server *lsp, struct arena *arena) {
    struct chosen chosen = {0};
    struct server *server = ai_model_server(lsp, ROLE_CHOICE_AUTOCOMPLETE, STR_NONE);
    if (!is_wanted(lsp) || !session_may_send_text(lsp->session, server)) {
        return chosen;
    }
    if (server->state != SERVER_OK || !server_catalog(server)) {
        chosen.is_pending = server->state != SERVER_UNREACHABLE; // inline_watch has it asked
        return chosen;
    }
    struct choice choice = ai_model_choose(lsp, arena, server, ROLE_CHOICE_AUTOCOMPLETE, STR_NONE);
    bool is_known = choice.model && choice.model->capabilities_known;
    if (choice.name.n > 0 && choice.model && !is_known) {
        server_want_details(server, choice.name);
        chosen.is_pending = server_details_pending(server);
    }
    if (choice.name.n == 0 || !is_known || model_lacks(choice.model, CAP_INSERT)) {
        LOG_DBG("no model that completes: %.*s", STR_ARG(choice.error.message));
        return chosen;
    }
    chosen.server = server;
    chosen.model = arena_copy(arena, choice.name);
    chosen.context_running = choice.model->running.context_length;
    chosen.context_max = choice.model->context_length;
    return chosen;
}

static uint64_t key_of(const struct document *document, struct str model) {
    return str_hash(document->uri) * 31 + str_hash(model);
}

// --- requests of the client ---

static void asked_finish(struct asked *asked) {
    text_release(asked->text);
    free((char *)asked->selected.text.p);
    *asked = (struct asked){0};
}

// False if it cannot be read.
static bool asked_read(struct request *request, struct asked *asked) {
    struct lsp_server *lsp = request->server;
    struct document *document = request->document;
    struct json_object *params = request->params;
    struct json_object *info = json_path(params, "context.selectedCompletionInfo");
    *asked = (struct asked){.request = request};
    if (!document_offset(lsp, document, json_get(params, "position"), &asked->offset)) {
        return false;
    }
    if (json_is(info, json_type_object)) {
        struct inline_selected *selected = &asked->selected;
        struct str text = json_get_str(info, "text");
        asked->is_selecting = document_range(lsp, document, json_get(info, "range"),
                                             &selected->start, &selected->end);
        selected->text = str_of(mem_strdup(text), text.n);
    }
    asked->text = text_retain(document->text);
    return true;
}

static void asked_view(const struct asked *asked, struct arena *arena, struct inline_view *view) {
    inline_view_init(view, arena, asked->text, asked->offset,
                     asked->is_selecting ? &asked->selected : NULL);
}

// What tells that a suggestion was taken: editors run it after they have inserted the text.
static struct json_object *accepted_command(struct str url, struct str model) {
    struct json_object *argument = json_object_new_object();
    struct arena arena = {0};
    json_set_str(argument, "model", model);
    json_set_str(argument, "host", uri_redact(&arena, url));
    arena_finish(&arena);
    struct json_object *arguments = json_object_new_array();
    json_add(arguments, argument);
    struct json_object *command = json_object_new_object();
    json_set_str(command, "title", STR("Completion accepted"));
    json_set_str(command, "command", STR("ollama-ls.inlineAccepted"));
    json_set(command, "arguments", arguments);
    return command;
}

// Answers and consumes: with `shown` at the place that was asked about, or with nothing.
static void answer(struct lsp_server *lsp, struct asked *asked, struct str shown, struct str url,
                   struct str model) {
    struct arena arena = {0};
    struct inline_view view;
    struct inline_item item;
    struct json_object *items = json_object_new_array();
    asked_view(asked, &arena, &view);
    if (shown.n > 0 && inline_item_init(&item, &arena, &view, shown)) {
        struct json_object *object = json_object_new_object();
        json_set_str(object, "insertText", item.text);
        json_set(object, "range", text_range_json(lsp, asked->text, item.start, item.end));
        json_set(object, "command", accepted_command(url, model));
        json_add(items, object);
    }
    struct json_object *list = json_object_new_object();
    json_set(list, "items", items);
    struct request *request = asked->request;
    asked_finish(asked);
    arena_finish(&arena);
    reply_ok(request, list);
}

static void answer_empty(struct lsp_server *lsp, struct asked *asked) {
    if (asked->request) {
        answer(lsp, asked, STR_NONE, STR_NONE, STR_NONE);
    }
}

// --- flights ---

static void begin_flight(struct lsp_server *lsp, struct document *document, struct asked *asked,
                         int64_t pause_ms);

// For the status; empty: all is well again.
static void set_trouble(struct lsp_server *lsp, struct str text) {
    struct inline_set *set = &lsp->inlines;
    if (text.n > 0 || set->trouble) {
        free(set->trouble);
        set->trouble = text.n > 0 ? mem_strdup(text) : NULL;
        status_changed(lsp);
    }
}

static void free_flight(struct inline_flight *flight) {
    struct inline_flight **at = &flight->lsp->inlines.first;
    while (*at != flight) {
        at = &(*at)->next;
    }
    *at = flight->next;
    inline_filter_destroy(flight->filter);
    asked_finish(&flight->asked);
    arena_finish(&flight->arena);
    free(flight);
}

// Closes the socket, if there is one, and lets the client's request go empty-handed.
static void give_up(struct inline_flight *flight) {
    answer_empty(flight->lsp, &flight->asked);
    if (flight->stage == FLYING) {
        flight->stage = LANDED;
        call_cancel(flight->call);
    } else if (flight->stage == PAUSING) {
        free_flight(flight);
    }
}

static struct inline_flight *find_flight(struct lsp_server *lsp, const struct document *document) {
    for (struct inline_flight *at = lsp->inlines.first; at; at = at->next) {
        if (at->document == document && at->stage != LANDED) {
            return at;
        }
    }
    return NULL;
}

// The client withdrew its request: rpc.c answers it.
static void on_cancelled(struct request *request, void *data) {
    struct inline_flight *flight = data;
    (void)request;
    flight->asked.request = NULL;
    give_up(flight);
}

// What is said is not what was typed meanwhile: the request waits for an answer to its own place.
static void ask_anew(struct inline_flight *flight) {
    struct asked asked = flight->asked;
    flight->asked = (struct asked){0};
    flight->stage = LANDED;
    begin_flight(flight->lsp, flight->document, &asked, 0);
}

static void land(struct inline_flight *flight, bool is_cut) {
    struct lsp_server *lsp = flight->lsp;
    struct str shown = inline_filter_end(flight->filter, is_cut);
    inline_cache_put(lsp->inlines.cache, &flight->spot, shown, (uint64_t)clock_ms());
    flight->stage = LANDED;
    if (!flight->asked.request) {
        return;
    }
    // The request may be about a later place, where part of the answer is typed already.
    struct arena arena = {0};
    struct inline_view view;
    struct str rest = STR_NONE;
    asked_view(&flight->asked, &arena, &view);
    bool is_known = inline_cache_find(lsp->inlines.cache, flight->key, &view, (uint64_t)clock_ms(),
                                      &arena, &rest);
    if (is_known || !flight->is_ridden) {
        answer(lsp, &flight->asked, rest, flight->server_url, flight->model);
    } else {
        ask_anew(flight);
    }
    arena_finish(&arena);
}

// May it still be about to say what was typed between its place and that of `asked`?
static bool agrees(const struct inline_flight *flight, const struct asked *asked) {
    struct arena arena = {0};
    struct inline_view view;
    struct str typed;
    size_t closers;
    asked_view(asked, &arena, &view);
    bool result = inline_spot_leads_to(&flight->spot, flight->key, &view, &typed, &closers) &&
                  inline_filter_agrees(flight->filter, typed);
    arena_finish(&arena);
    return result;
}

static bool on_frame(void *data, const struct generation_frame *frame) {
    struct inline_flight *flight = data;
    if (flight->stage != FLYING) {
        return false;
    }
    flight->has_spoken = true;
    if (inline_filter_feed(flight->filter, frame->text)) {
        flight->is_enough = true;
        land(flight, false);
        return false; // closes the socket: the model need not say more
    }
    if (flight->is_ridden && !agrees(flight, &flight->asked)) {
        ask_anew(flight);
        return false;
    }
    return true;
}

// Nobody is told but the status: the next try comes by itself, a little later.
static void on_failure(struct inline_flight *flight, const struct call_result *result) {
    struct lsp_server *lsp = flight->lsp;
    struct str text = arena_printf(&flight->arena, "no completions from %.*s: %.*s",
                                   STR_ARG(flight->model), STR_ARG(result->message));
    LOG_INF("%.*s", STR_ARG(text));
    set_trouble(lsp, display_escape(&flight->arena, text, TROUBLE_MAX));
    lsp->inlines.resting_until_ms = clock_ms() + REST_MS;
    server_refresh(flight->server);
    answer_empty(lsp, &flight->asked);
}

static void on_done(void *data, const struct call_result *result,
                    const struct generation_end *end) {
    struct inline_flight *flight = data;
    struct lsp_server *lsp = flight->lsp;
    bool is_ours = flight->stage == LANDED; // ended by us: no failure, and the model is well
    static const struct call_result well = {.code = ERR_OK};
    const struct call_result *counted = flight->is_enough ? &well : result;
    metrics_add(session_metrics(lsp->session), flight->server_url, flight->model, counted, end);
    if (counted->code == ERR_OK) {
        server_touch_running(flight->server);
        set_trouble(lsp, STR_NONE);
    }
    if (!is_ours && result->code == ERR_OK) {
        land(flight, end->reason == DONE_LENGTH);
    } else if (!is_ours) {
        on_failure(flight, result);
    }
    server_drop(flight->server);
    free_flight(flight);
}

// --- the question ---

// Other open documents as neighbours, the last used first.
static size_t neighbours_of(struct lsp_server *lsp, const struct document *document,
                            struct arena *arena, struct inline_neighbour **out) {
    enum { LOOKED_AT = 64 };
    struct inline_neighbour *list = ARENA_ARRAY(arena, LOOKED_AT, struct inline_neighbour);
    struct document **documents;
    size_t n_documents = documents_by_use(lsp, arena, &documents);
    size_t n = 0;
    for (size_t i = 0; i < n_documents && n < LOOKED_AT; i++) {
        const struct document *at = documents[i];
        if (at != document && at->is_ours && !at->is_too_large) {
            list[n++] = (struct inline_neighbour){
                .path = path_relative(at->path, at->root),
                .language = language_detect(at->path, at->language_id),
                .text = at->text,
            };
        }
    }
    *out = list;
    return n;
}

static void ask(struct inline_flight *flight, struct arena *arena, const struct chosen *chosen) {
    struct lsp_server *lsp = flight->lsp;
    const struct document *document = flight->document;
    struct inline_view view;
    struct inline_place place;
    struct inline_prompt prompt;
    const struct language *language = language_detect(document->path, document->language_id);
    asked_view(&flight->asked, arena, &view);
    inline_place_init(&place, &view, language, NULL);
    struct budget budget = inline_budget(chosen->context_running, chosen->context_max);
    struct inline_prompt_input input = {
        .view = &view,
        .place = &place,
        .path = path_relative(document->path, document->root),
        .sketches = lsp->inlines.sketches,
        .tokens = budget.prompt,
    };
    struct inline_neighbour *neighbours;
    input.n_neighbours = neighbours_of(lsp, document, arena, &neighbours);
    input.neighbours = neighbours;
    inline_prompt_build(arena, &input, &prompt);
    const struct ai_settings *settings = &session_settings(lsp->session)->ai;
    struct generation_options options = {
        .num_ctx = budget.num_ctx,
        .num_predict = prompt.num_predict,
        .has_temperature = true, // the likeliest text: a suggestion must not change by itself
        .temperature = 0,
        .keep_alive = settings->keep_alive,
        .stop = prompt.stops,
        .n_stop = prompt.n_stops,
    };
    struct generation_handlers handlers = {on_frame, on_done, flight};
    flight->stage = FLYING;
    flight->model = arena_copy(&flight->arena, chosen->model);
    flight->server_url = arena_copy(&flight->arena, chosen->server->url);
    flight->key = key_of(document, chosen->model);
    inline_spot_init(&flight->spot, flight->key, &view);
    flight->filter = inline_filter_create(&view, &place);
    flight->server = chosen->server;
    server_hold(flight->server);
    flight->call =
        ollama_generate(session_http(lsp->session), server_endpoint(flight->server), flight->model,
                        prompt.prefix, prompt.suffix, &options, &handlers);
}

static void take_off(struct inline_flight *flight) {
    struct arena arena = {0};
    struct chosen chosen = choose(flight->lsp, &arena);
    if (chosen.server && clock_ms() >= flight->lsp->inlines.resting_until_ms) {
        ask(flight, &arena, &chosen);
    } else if (chosen.is_pending && clock_ms() < flight->patient_until_ms) {
        flight->due_ms = clock_ms() + KNOWING_STEP_MS;
    } else {
        give_up(flight);
    }
    arena_finish(&arena);
}

// --- pauses ---

static void on_pause_over(uv_timer_t *timer);

static void arm_timer(struct inline_set *set) {
    int64_t nearest = 0;
    for (const struct inline_flight *at = set->first; at; at = at->next) {
        if (at->stage == PAUSING && (nearest == 0 || at->due_ms < nearest)) {
            nearest = at->due_ms;
        }
    }
    if (nearest == 0 || uv_is_closing((uv_handle_t *)&set->timer)) {
        uv_timer_stop(&set->timer);
        return;
    }
    int64_t wait = nearest - clock_ms();
    uv_update_time(set->timer.loop);
    uv_timer_start(&set->timer, on_pause_over, wait > 0 ? (uint64_t)wait : 0, 0);
}

static void on_pause_over(uv_timer_t *timer) {
    struct lsp_server *lsp = timer->data;
    int64_t now = clock_ms();
    struct inline_flight *next;
    for (struct inline_flight *at = lsp->inlines.first; at; at = next) {
        next = at->next;
        if (at->stage == PAUSING && at->due_ms <= now) {
            take_off(at);
        }
    }
    arm_timer(&lsp->inlines);
}

// --- the request ---

// A flight that is about to say what was typed since goes on, for the new request. One that has
// said nothing is closed as superseded, unless it keeps silent because its model is being loaded.
static bool rides_on(struct inline_flight *flight, const struct asked *asked) {
    int64_t silence = clock_ms() - flight->due_ms;
    bool is_same = flight->asked.text == asked->text && flight->asked.offset == asked->offset;
    bool may_speak = silence <= SILENCE_MS && (is_same || silence >= LOADING_MS);
    if (flight->stage != FLYING || !(flight->has_spoken || may_speak) || !agrees(flight, asked)) {
        return false;
    }
    answer_empty(flight->lsp, &flight->asked);
    flight->asked = *asked;
    flight->is_ridden = true;
    return true;
}

static void begin_flight(struct lsp_server *lsp, struct document *document, struct asked *asked,
                         int64_t pause_ms) {
    struct inline_flight *flight = mem_alloc(sizeof(*flight));
    flight->lsp = lsp;
    flight->document = document;
    flight->asked = *asked;
    flight->due_ms = clock_ms() + pause_ms;
    flight->patient_until_ms = flight->due_ms + KNOWING_MS;
    flight->next = lsp->inlines.first;
    lsp->inlines.first = flight;
    request_park(asked->request, on_cancelled, flight);
    arm_timer(&lsp->inlines);
}

static void look(struct lsp_server *lsp, struct document *document, struct asked *asked,
                 const struct chosen *chosen, bool is_invoked) {
    struct arena arena = {0};
    struct inline_set *set = &lsp->inlines;
    struct inline_view view;
    struct str shown = STR_NONE;
    uint64_t key = key_of(document, chosen->model);
    asked_view(asked, &arena, &view);
    struct inline_flight *flight = find_flight(lsp, document);
    if (chosen->server &&
        inline_cache_find(set->cache, key, &view, (uint64_t)clock_ms(), &arena, &shown)) {
        metrics_add_hit(session_metrics(lsp->session), chosen->server->url, chosen->model);
        if (flight) {
            give_up(flight);
        }
        answer(lsp, asked, shown, chosen->server->url, chosen->model);
    } else if (flight && rides_on(flight, asked)) {
        request_park(asked->request, on_cancelled, flight);
    } else {
        if (flight) {
            give_up(flight);
        }
        int64_t pause = session_settings(lsp->session)->ai.inline_completion.debounce_ms;
        begin_flight(lsp, document, asked, is_invoked ? 0 : pause);
    }
    arena_finish(&arena);
}

void inline_on_request(struct request *request) {
    struct lsp_server *lsp = request->server;
    struct document *document = request->document;
    struct asked asked;
    if (!asked_read(request, &asked)) {
        reply_err(request, RPC_INVALID_PARAMS, "inlineCompletion needs a position");
        return;
    }
    inline_watch(lsp);
    struct chosen chosen = choose(lsp, request->arena);
    bool is_possible = chosen.server || chosen.is_pending;
    if (!is_possible || !document->is_ours || document->is_too_large) {
        set_trouble(lsp, STR_NONE); // if there is any, it is the server's
        answer_empty(lsp, &asked);
        return;
    }
    if (!lsp->inlines.cache) {
        lsp->inlines.cache = inline_cache_create(INLINE_CACHE_LIMITS);
        lsp->inlines.sketches = inline_sketches_create();
    }
    int64_t kind = json_get_int(json_get(request->params, "context"), "triggerKind", INVOKED);
    look(lsp, document, &asked, &chosen, kind == INVOKED);
}

void inline_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    if (server->caps.inline_completion) {
        json_set(capabilities, "inlineCompletionProvider", json_object_new_object());
    }
}

// --- events and life ---

void inline_on_close(struct lsp_server *server, const struct document *document) {
    struct inline_set *set = &server->inlines;
    struct inline_flight *flight = find_flight(server, document);
    if (flight) {
        give_up(flight);
    }
    if (set->sketches) {
        inline_sketches_clear(set->sketches); // it keeps texts alive
    }
}

void inline_init(struct inline_set *set, struct lsp_server *server, uv_loop_t *loop) {
    *set = (struct inline_set){0};
    uv_timer_init(loop, &set->timer);
    set->timer.data = server;
}

void inline_close(struct lsp_server *server, uv_close_cb on_closed) {
    struct inline_flight *next;
    session_want(server->session, &server->inlines.interest, NULL, 0);
    for (struct inline_flight *at = server->inlines.first; at; at = next) {
        next = at->next;
        at->asked.request = NULL; // rpc.c has let go of it
        give_up(at);
    }
    uv_close((uv_handle_t *)&server->inlines.timer, on_closed);
}

void inline_finish(struct inline_set *set) {
    while (set->first) {
        free_flight(set->first);
    }
    free(set->trouble);
    inline_cache_destroy(set->cache);
    inline_sketches_destroy(set->sketches);
}
