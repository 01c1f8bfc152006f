// SPDX-License-Identifier: MIT
//
// ollama-ls.pull {model, host?, ask?}: installs a model with progress. Answers at once; the work
// goes on behind progress, can be cancelled (which closes the HTTP stream), and a second pull of
// the same model on the same server joins the first.
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"
#include "lsp/handlers/manage.h"

struct pull {
    struct lsp_server *lsp;
    struct server *server; // held
    char *model;
    struct call *call;
    struct progress *progress;
    struct pull_progress state;
    struct pull *next;
};

static struct pull **pulls_of(struct lsp_server *server) {
    return &server->pulls;
}

static void pull_destroy(struct pull *pull) {
    struct pull **link = pulls_of(pull->lsp);
    while (*link != pull) {
        link = &(*link)->next;
    }
    *link = pull->next;
    pull_progress_finish(&pull->state);
    free(pull->model);
    free(pull);
}

static struct pull *find_running(struct lsp_server *server, const struct target *target) {
    for (struct pull *it = *pulls_of(server); it; it = it->next) {
        struct model_name name;
        if (it->server == target->server &&
            model_name_parse(str_from(it->model), MODEL_NAME_INFERENCE, &name, NULL) &&
            model_name_eq(&name, &target->name)) {
            return it;
        }
    }
    return NULL;
}

static void report(struct pull *pull) {
    struct arena arena = {0};
    struct pull_progress *state = &pull->state;
    struct str text = pull_progress_text(&arena, state, clock_ms());
    if (text.n == 0) {
        text = display_escape(&arena, state->status, 80);
    }
    progress_report(pull->progress, text, pull_progress_percent(state));
    arena_finish(&arena);
}

static bool on_frame(void *data, struct json_object *frame) {
    struct pull *pull = data;
    struct arena arena = {0};
    struct remote_error error;
    if (pull_progress_feed(&pull->state, frame, &arena, &error) == ERR_OK) {
        report(pull);
    }
    arena_finish(&arena);
    return true;
}

static void on_done(void *data, const struct call_result *result) {
    struct pull *pull = data;
    struct arena arena = {0};
    if (result->code == ERR_OK) {
        metrics_add_pull(session_metrics(pull->lsp->session), pull->server->url,
                         str_from(pull->model));
        progress_end(pull->progress, MESSAGE_INFO,
                     arena_printf(&arena, "%s is installed", pull->model));
    } else if (result->code == ERR_CANCELLED) {
        progress_end(pull->progress, MESSAGE_INFO,
                     arena_printf(&arena, "Pulling %s was cancelled", pull->model));
    } else {
        struct str why = failure_text(&arena, result);
        progress_end(pull->progress, MESSAGE_ERROR,
                     arena_printf(&arena, "Pulling %s failed: %.*s", pull->model, STR_ARG(why)));
    }
    arena_finish(&arena);
    // The catalog's change makes findings, hints and lenses anew.
    server_refresh(pull->server);
    server_drop(pull->server);
    status_changed(pull->lsp);
    pull_destroy(pull);
}

static void on_cancel(void *data) {
    struct pull *pull = data;
    call_cancel(pull->call);
}

static void start(struct lsp_server *lsp, struct server *server, struct str model) {
    struct arena arena = {0};
    struct pull *pull = mem_alloc(sizeof(*pull));
    *pull = (struct pull){.lsp = lsp, .server = server, .model = mem_strdup(model)};
    pull->next = *pulls_of(lsp);
    *pulls_of(lsp) = pull;
    pull_progress_init(&pull->state);
    server_hold(server);
    struct progress_options options = {
        .title = arena_printf(&arena, "Pulling %.*s", STR_ARG(model)),
        .kind = STR("pull"),
        .model = model,
        .has_percentage = true,
        .on_cancel = on_cancel,
        .data = pull,
    };
    pull->progress = progress_begin(lsp, &options);
    struct stream_handlers handlers = {on_frame, on_done, pull};
    pull->call = ollama_pull(session_http(lsp->session), server_endpoint(server), model, &handlers);
    arena_finish(&arena);
}

// --- asking first ---

struct pending {
    char *url;
    char *model;
};

static void on_answer(struct lsp_server *lsp, bool yes, void *data) {
    struct pending *pending = data;
    // The server may have gone from the settings while the question stood.
    struct server *server = session_server_by_url(lsp->session, str_from(pending->url));
    struct target target = {.server = server, .model = str_from(pending->model)};
    if (yes && server && model_name_parse(target.model, MODEL_NAME_INFERENCE, &target.name, NULL) &&
        !find_running(lsp, &target)) {
        start(lsp, server, target.model);
    }
    free(pending->url);
    free(pending->model);
    free(pending);
}

// "Pull gemma3:12b (8.1 GB) to http://…?"
static struct str question_of(struct arena *arena, const struct target *target) {
    struct str size = STR_NONE;
    const struct library_model *library =
        model_name_is_library(&target->name) ? library_find(target->name.model) : NULL;
    for (size_t i = 0; library && i < library->n_tags; i++) {
        if (str_ieq(library->tags[i].tag, target->name.tag) && library->tags[i].size) {
            size =
                arena_printf(arena, " (%.*s)", STR_ARG(format_size(arena, library->tags[i].size)));
        }
    }
    struct str registry = model_name_is_default_registry(&target->name)
                              ? STR_NONE
                              : arena_printf(arena, " from %.*s", STR_ARG(target->name.host));
    return arena_printf(arena, "Pull %.*s%.*s%.*s to %.*s?",
                        STR_ARG(display_escape(arena, target->model, 200)), STR_ARG(size),
                        STR_ARG(registry), STR_ARG(uri_redact(arena, target->server->url)));
}

// False if the client cannot be asked.
static bool ask(struct lsp_server *lsp, struct arena *arena, const struct target *target) {
    struct pending *pending = mem_alloc(sizeof(*pending));
    *pending = (struct pending){mem_strdup(target->server->url), mem_strdup(target->model)};
    if (!ask_user(lsp, question_of(arena, target), STR("Pull"), on_answer, pending)) {
        free(pending->url);
        free(pending->model);
        free(pending);
        return false;
    }
    return true;
}

// --- setting autoPull ---

void auto_pull_consider(struct lsp_server *lsp, const struct findings *findings) {
    struct arena arena = {0};
    for (size_t i = 0; i < findings->n && lsp->asked_pulls.n < LIMIT_QUESTIONS; i++) {
        const struct finding *finding = &findings->at[i];
        struct target target = {.server = session_default(lsp->session), .model = finding->name};
        bool is_new = false;
        if (finding->code != CODE_MODEL_NOT_INSTALLED || finding->n_fixes == 0 ||
            finding->fixes[0].kind != FIX_PULL || !finding->fixes[0].preferred) {
            continue; // only what the library vouches for is offered unasked
        }
        if (finding->fixes[0].host.n) {
            target.server = session_server_by_url(lsp->session, finding->fixes[0].host);
        }
        if (!target.server || !target.server->is_configured ||
            !model_name_parse(target.model, MODEL_NAME_INFERENCE, &target.name, NULL)) {
            continue;
        }
        struct str key = arena_printf(&arena, "%.*s %.*s", STR_ARG(target.server->url),
                                      STR_ARG(model_name_full(&arena, &target.name)));
        (void)strmap_put(&lsp->asked_pulls, key, &is_new);
        if (is_new && !find_running(lsp, &target)) {
            (void)ask(lsp, &arena, &target);
        }
    }
    arena_finish(&arena);
}

void command_pull(struct request *request, struct json_object *argument) {
    struct target target;
    if (!target_read(request, argument, &target) || !target_is_reachable(request, &target)) {
        return;
    }
    if (find_running(request->server, &target)) {
        reply_ok(request, NULL);
        return;
    }
    bool must_ask = !model_name_is_default_registry(&target.name);
    bool wants_ask = json_get_bool(argument, "ask", false);
    if ((must_ask || wants_ask) && ask(request->server, request->arena, &target)) {
        reply_ok(request, NULL);
        return;
    }
    if (must_ask || wants_ask) {
        reply_err(request, RPC_REQUEST_FAILED,
                  "this editor cannot be asked whether to pull %.*s; try: ollama pull %.*s",
                  STR_ARG(display_escape(request->arena, target.model, 200)),
                  STR_ARG(display_escape(request->arena, target.model, 200)));
        return;
    }
    start(request->server, target.server, target.model);
    reply_ok(request, NULL);
}
