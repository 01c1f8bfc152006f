// SPDX-License-Identifier: MIT
//
// The set of runs: who is there, what happens to them when documents, settings and time change.
//
// Invariants: a run's range names the same text in the document as it is now, whatever was edited
// elsewhere; two runs at work never share a range; a run is freed only when none of its calls can
// report any more.
#include "lsp/ai_private.h"
#include "lsp/server_private.h"
#include "lsp/show_file.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"
#include "lsp/ai_model.h"

#define PARSE_BUDGET_US 15000 // of a turn
#define TICK_PARSE_MS 1
#define TICK_MS 50
#define CLEANED_MAX (16u * (size_t)LIMIT_ANSWER) // escapes and line ends make it longer

const char *ai__outcome_name(enum ai_outcome outcome) {
    static const char *const names[] = {"applied",   "review", "conflict",
                                        "cancelled", "failed", "shown"};
    return names[outcome];
}

bool ai__is_at_work(const struct ai_run *run) {
    return run->stage != AI_KEPT && run->stage != AI_OVER;
}

struct ai_run *ai__find(struct lsp_server *server, struct str id) {
    for (struct ai_run *at = server->ai.first; at; at = at->next) {
        if (at->stage != AI_OVER && str_eq(at->id, id)) {
            return at;
        }
    }
    return NULL;
}

// --- time ---

static void tick_run(struct ai_run *run, int64_t now) {
    struct error error = {0};
    struct arena arena = {0};
    bool done = false;
    switch (run->stage) {
    case AI_PARSING:
        if (ai__prepare(run, PARSE_BUDGET_US, &done, &arena, &error) != 0) {
            ai__fail(run, error.message, error.remedy);
        } else if (done) {
            ai__ask(run);
        }
        break;
    case AI_WAITING:
    case AI_STREAMING:
        ai__send_held(run, SEND_STREAM);
        ai__tell_progress(run);
        break;
    case AI_SETTLING: ai__apply_if_quiet(run); break;
    case AI_APPLYING:
        if (run->retry_until_ms && now >= run->retry_until_ms) {
            ai__retry_apply(run);
        }
        break;
    case AI_ASKING:
    case AI_KEPT:
    case AI_OVER: break;
    }
    arena_finish(&arena);
}

static void on_tick(uv_timer_t *timer) {
    struct lsp_server *server = timer->data;
    int64_t now = clock_ms();
    struct ai_run *next;
    for (struct ai_run *at = server->ai.first; at; at = next) {
        next = at->next;
        ai__free_if_done(at); // what others did not dare to free
    }
    for (struct ai_run *at = server->ai.first; at; at = next) {
        next = at->next; // a run may end and be freed
        tick_run(at, now);
    }
    ai__tick_soon(&server->ai);
}

void ai__tick_soon(struct ai_set *set) {
    uint64_t wait = 0;
    for (const struct ai_run *at = set->first; at; at = at->next) {
        if (at->stage == AI_PARSING || (at->stage == AI_OVER && at->pending == 0)) {
            wait = TICK_PARSE_MS;
        } else if (ai__is_at_work(at) && wait == 0) {
            wait = TICK_MS;
        }
    }
    if (wait == 0 || uv_is_closing((uv_handle_t *)&set->timer)) {
        uv_timer_stop(&set->timer);
    } else if (!uv_is_active((uv_handle_t *)&set->timer) ||
               uv_timer_get_due_in(&set->timer) > wait) {
        uv_timer_start(&set->timer, on_tick, wait, 0);
    }
}

// --- one run ---

static const TSQuery *query_of(struct ai_set *set, const struct language *language) {
    for (size_t i = 0; i < AI_QUERIES_MAX && language->grammar; i++) {
        if (!set->queries[i].language) {
            set->queries[i].language = language;
            set->queries[i].query = language_query_create(language);
        }
        if (set->queries[i].language == language) {
            return set->queries[i].query;
        }
    }
    return NULL;
}

struct context_input ai__context_input(const struct ai_run *run) {
    return (struct context_input){
        .text = run->text,
        .tree = run->tree,
        .language = run->language,
        .selection = run->selection,
        .query = run->tree ? query_of(&run->lsp->ai, run->language) : NULL,
    };
}

static void free_run(struct ai_run *run) {
    struct ai_set *set = &run->lsp->ai;
    for (struct ai_run **at = &set->first; *at; at = &(*at)->next) {
        if (*at == run) {
            *at = run->next;
            break;
        }
    }
    tree_parse_destroy(run->parse);
    tree_destroy(run->tree);
    text_release(run->text);
    cleaner_destroy(run->cleaner);
    buf_finish(&run->delta);
    buf_finish(&run->thinking);
    buf_finish(&run->result);
    free(run->original);
    arena_finish(&run->arena);
    free(run);
}

void ai__free_if_done(struct ai_run *run) {
    if (run->stage == AI_OVER && run->pending == 0) {
        free_run(run);
    }
}

bool ai_has(struct lsp_server *server, struct str id) {
    return ai__find(server, id) != NULL;
}

static const char *severity_text(int64_t severity) {
    static const char *const names[] = {"error", "warning", "information", "hint"};
    return severity >= 1 && severity <= 4 ? names[severity - 1] : "problem";
}

#define DIAGNOSTICS_MAX 20 // of one request: a model mends no more at once
#define DIAGNOSTIC_BYTES 1000

static void take_diagnostics(struct ai_run *run, struct json_object *array) {
    size_t n = json_count(array);
    n = n > DIAGNOSTICS_MAX ? DIAGNOSTICS_MAX : n;
    run->diagnostics = ARENA_ARRAY(&run->arena, n + 1, struct context_diagnostic);
    for (size_t i = 0; i < n; i++) {
        struct json_object *item = json_at(array, i);
        struct json_object *message = json_get(item, "message"); // 3.18: may be MarkupContent
        struct str text =
            json_is(message, json_type_object) ? json_get_str(message, "value") : json_str(message);
        size_t start;
        size_t end;
        if (text.n == 0 ||
            !document_range(run->lsp, run->document, json_get(item, "range"), &start, &end)) {
            continue;
        }
        struct json_object *code = json_get(item, "code");
        run->diagnostics[run->n_diagnostics++] = (struct context_diagnostic){
            .start = start,
            .end = end,
            .line = (uint32_t)text_line_at(run->text, start) + 1,
            .severity = severity_text(json_get_int(item, "severity", 1)),
            .source = arena_copy(&run->arena, str_slice(json_get_str(item, "source"), 0, 60)),
            .code = code ? arena_copy(&run->arena,
                                      str_slice(json_is(code, json_type_string)
                                                    ? json_str(code)
                                                    : str_from(json_object_get_string(code)),
                                                0, 60))
                         : STR_NONE,
            .message = arena_copy(&run->arena, str_slice(text, 0, DIAGNOSTIC_BYTES)),
        };
    }
}

static void copy_action(struct ai_run *run, const struct action *action) {
    struct arena *arena = &run->arena;
    run->action = *action;
    run->action.name = arena_copy(arena, action->name);
    run->action.title = arena_copy(arena, action->title);
    run->action.doing = arena_copy(arena, action->doing);
    run->action.kind = arena_copy(arena, action->kind);
    run->action.prompt = arena_copy(arena, action->prompt);
    run->action.languages = NULL; // counts for listing only: who asks by command knows why
    run->action.n_languages = 0;
}

static struct ai_run *create_run(struct lsp_server *server, const struct ai_request *request) {
    struct ai_run *run = mem_alloc(sizeof(*run));
    struct arena *arena = &run->arena;
    struct document *document = request->document;
    run->lsp = server;
    run->document = document;
    run->text = text_retain(document->text);
    run->language = language_detect(document->path, document->language_id);
    run->language_id = arena_copy(arena, document->language_id);
    run->selection = request->selection;
    run->id = arena_copy(arena, request->id);
    run->uri = arena_copy(arena, document->uri);
    run->path = arena_copy(arena, document->path);
    run->name = display_escape(arena, arena_copy(arena, path_base(document->path)), 80);
    run->instruction = arena_copy(arena, str_trim(request->instruction));
    run->model_argument = arena_copy(arena, str_trim(request->model));
    run->review = request->review || session_settings(server->session)->ai.review;
    copy_action(run, request->action);
    take_diagnostics(run, request->diagnostics);
    buf_init(&run->delta, CLEANED_MAX);
    buf_init(&run->thinking, LIMIT_ANSWER);
    buf_init(&run->result, CLEANED_MAX);
    run->next = server->ai.first;
    server->ai.first = run;
    return run;
}

static void on_cancel(void *data) {
    ai__cancel(data);
}

static void begin_progress(struct ai_run *run, struct json_object *token) {
    struct arena arena = {0};
    struct progress_options options = {
        .title = arena_printf(&arena, "%.*s %.*s", STR_ARG(run->action.doing), STR_ARG(run->name)),
        .kind = run->action.name,
        .id = run->id,
        .token = token,
        .on_cancel = on_cancel,
        .data = run,
    };
    run->progress = progress_begin(run->lsp, &options);
    run->id = arena_copy(&run->arena, progress_id(run->progress));
    arena_finish(&arena);
}

static size_t count_at_work(const struct ai_set *set) {
    size_t n = 0;
    for (const struct ai_run *at = set->first; at; at = at->next) {
        n += ai__is_at_work(at) ? 1 : 0;
    }
    return n;
}

int ai_start(struct lsp_server *server, const struct ai_request *request, struct arena *arena,
             struct error *error) {
    if (request->id.n && (ai__find(server, request->id) || progress_has(server, request->id))) {
        (void)error_set(error, arena, ERR_INVALID, "the id \"%.*s\" is in use",
                        STR_ARG(display_escape(arena, request->id, 80)));
        return RPC_INVALID_PARAMS;
    }
    if (count_at_work(&server->ai) >= LIMIT_RUNS) {
        (void)error_set(error, arena, ERR_LIMIT,
                        "%d actions are at work already; wait for one, or cancel it", LIMIT_RUNS);
        return RPC_REQUEST_FAILED;
    }
    if (!ai_is_possible(server, arena, request->model, error)) {
        return RPC_REQUEST_FAILED;
    }
    struct ai_run *run = create_run(server, request);
    bool done = false;
    int code = ai__prepare(run, PARSE_BUDGET_US, &done, arena, error);
    if (code != 0) {
        free_run(run);
        return code;
    }
    begin_progress(run, request->token);
    if (done) {
        ai__ask(run);
    }
    ai__tick_soon(&server->ai);
    return 0;
}

// --- what is known without asking ---

static bool refuse(struct error *reason, struct arena *arena, struct str message,
                   struct str remedy) {
    reason->code = ERR_NOT_FOUND;
    reason->message = arena_copy(arena, message);
    reason->remedy = arena_copy(arena, remedy);
    return false;
}

bool ai_is_possible(struct lsp_server *server, struct arena *arena, struct str model,
                    struct error *reason) {
    struct session *session = server->session;
    struct server *target = ai_model_server(server, ROLE_CHOICE_CHAT, model);
    if (!session_settings(session)->ai.enable) {
        return refuse(reason, arena, STR("AI actions are turned off"),
                      STR("the setting ai.enable"));
    }
    if (!session_may_send_text(session, target)) {
        return refuse(reason, arena, STR("the default server is not one that text may be sent to"),
                      STR("name an Ollama server in the setting url"));
    }
    if (target->state == SERVER_UNREACHABLE) {
        return refuse(reason, arena, target->error_message, target->error_remedy);
    }
    if (target->state != SERVER_OK || !server_catalog(target)) {
        return true; // not known yet: asked when it begins
    }
    struct choice choice = ai_model_choose(server, arena, target, ROLE_CHOICE_CHAT, model);
    if (choice.name.n == 0) {
        return refuse(reason, arena, choice.error.message, choice.error.remedy);
    }
    return true;
}

const struct action_set *ai_actions(struct lsp_server *server) {
    struct ai_set *set = &server->ai;
    if (!set->actions) {
        const struct ai_settings *settings = &session_settings(server->session)->ai;
        set->actions =
            action_set_create(settings->actions, settings->prompts, lsp_server__on_problem, server);
    }
    return set->actions;
}

// --- events ---

bool ai_follows(const struct lsp_server *server, const struct document *document) {
    for (const struct ai_run *at = server->ai.first; at; at = at->next) {
        if (at->document == document && at->stage != AI_OVER) {
            return true;
        }
    }
    return false;
}

static void follow(struct ai_run *run, const struct text_splice *splice) {
    if (run->stage == AI_PARSING) {
        if (ai__parse_again(run, splice) != RANGE_KEPT) {
            ai__conflict(run);
        }
        return;
    }
    enum range_fate fate = text_range_follow(&run->range, splice);
    run->quiet_ms = clock_ms();
    if (fate == RANGE_KEPT) {
        return;
    }
    run->is_lost = run->is_lost || fate == RANGE_LOST;
    if (run->stage != AI_APPLYING) { // our own edit comes back as a change
        run->is_touched = true;
    }
    if (run->stage == AI_ASKING || run->stage == AI_WAITING || run->stage == AI_STREAMING ||
        run->stage == AI_SETTLING) {
        ai__conflict(run);
    }
}

void ai_on_change(struct lsp_server *server, struct document *document,
                  const struct text_splice *splice) {
    struct ai_run *next;
    for (struct ai_run *at = server->ai.first; at; at = next) {
        next = at->next;
        if (at->document == document && at->stage != AI_OVER) {
            follow(at, splice);
        }
    }
}

// A refused edit may have been refused because the client was ahead of us: now we are even.
void ai_after_changes(struct lsp_server *server, struct document *document) {
    struct ai_run *next;
    for (struct ai_run *at = server->ai.first; at; at = next) {
        next = at->next;
        if (at->document == document && at->stage == AI_APPLYING && at->retry_until_ms) {
            ai__retry_apply(at);
        }
    }
}

void ai_on_close(struct lsp_server *server, struct document *document) {
    struct ai_run *next;
    for (struct ai_run *at = server->ai.first; at; at = next) {
        next = at->next;
        if (at->document != document || at->stage == AI_OVER) {
            continue;
        }
        if (at->stage == AI_APPLYING && at->is_accepting) {
            at->stage = AI_KEPT; // the answer to the edit will find it so
            at->is_accepting = false;
        }
        at->closed_hash = str_hash(text_str(document->text));
        at->document = NULL;
        if (at->stage != AI_KEPT) {
            ai__cancel(at);
        }
    }
}

// A result waits across close and open (editors do that to change a language) as long as the text
// is the same.
void ai_on_open(struct lsp_server *server, struct document *document) {
    uint64_t hash = 0;
    for (struct ai_run *at = server->ai.first; at; at = at->next) {
        if (at->stage != AI_KEPT || at->document || !str_eq(at->path, document->path)) {
            continue;
        }
        hash = hash ? hash : str_hash(text_str(document->text));
        if (hash == at->closed_hash) {
            at->document = document;
            if (!str_eq(at->uri, document->uri)) {
                at->uri = arena_copy(&at->arena, document->uri);
            }
        }
    }
}

void ai_on_settings(struct lsp_server *server) {
    action_set_destroy(server->ai.actions);
    server->ai.actions = NULL;
}

// --- life ---

void ai_init(struct ai_set *set, struct lsp_server *server, uv_loop_t *loop) {
    *set = (struct ai_set){0};
    uv_timer_init(loop, &set->timer);
    set->timer.data = server;
}

void ai_close(struct lsp_server *server, uv_close_cb on_closed) {
    struct ai_run *next;
    for (struct ai_run *at = server->ai.first; at; at = next) {
        next = at->next;
        if (ai__is_at_work(at)) {
            ai__cancel(at);
        }
    }
    uv_close((uv_handle_t *)&server->ai.timer, on_closed);
}

void ai_finish(struct ai_set *set) {
    while (set->first) {
        free_run(set->first);
    }
    for (size_t i = 0; i < AI_QUERIES_MAX; i++) {
        if (set->queries[i].query) {
            ts_query_delete(set->queries[i].query);
        }
    }
    action_set_destroy(set->actions);
    show_file_finish(set);
}
