// SPDX-License-Identifier: MIT
//
// ollama-ls.load, .unload, .delete {model, host?} and .selectModel {model, role}.
#include <stdlib.h>

#include "base/uri.h"
#include "base/utf.h"
#include "lsp/handlers/manage.h"
#include "session/model_choice.h"

// One load, unload or delete under way.
struct job {
    struct lsp_server *lsp;
    struct server *server; // held
    struct call *call;
    struct progress *progress;
    char *model;
    const char *doing; // "Loading"
    const char *done;  // "loaded"
};

static void job_destroy(struct job *job) {
    free(job->model);
    free(job);
}

static void on_done(void *data, const struct call_result *result, struct json_object *answer) {
    struct job *job = data;
    struct arena arena = {0};
    (void)answer;
    if (result->code == ERR_OK) {
        progress_end(job->progress, MESSAGE_INFO,
                     arena_printf(&arena, "%s is %s", job->model, job->done));
    } else if (result->code == ERR_CANCELLED) {
        progress_end(job->progress, MESSAGE_INFO,
                     arena_printf(&arena, "%s %s was cancelled", job->doing, job->model));
    } else {
        struct str why = failure_text(&arena, result);
        progress_end(
            job->progress, MESSAGE_ERROR,
            arena_printf(&arena, "%s %s failed: %.*s", job->doing, job->model, STR_ARG(why)));
    }
    arena_finish(&arena);
    server_refresh(job->server);
    server_drop(job->server);
    status_changed(job->lsp);
    job_destroy(job);
}

static void on_cancel(void *data) {
    call_cancel(((struct job *)data)->call);
}

static struct job *job_begin(struct lsp_server *lsp, struct server *server, struct str model,
                             const char *kind, const char *doing, const char *done) {
    struct arena arena = {0};
    struct job *job = mem_alloc(sizeof(*job));
    *job = (struct job){
        .lsp = lsp, .server = server, .model = mem_strdup(model), .doing = doing, .done = done};
    server_hold(server);
    struct progress_options options = {
        .title = arena_printf(&arena, "%s %.*s", doing, STR_ARG(model)),
        .kind = str_from(kind),
        .model = model,
        .on_cancel = on_cancel,
        .data = job,
    };
    job->progress = progress_begin(lsp, &options);
    arena_finish(&arena);
    return job;
}

// False when it has been answered: the catalog shows that the model is not there.
static bool is_installed(struct request *request, const struct target *target) {
    const struct catalog *catalog = server_catalog(target->server);
    if (target->server->state != SERVER_OK || !catalog ||
        catalog_find_written(catalog, target->model)) {
        return true;
    }
    struct str shown = display_escape(request->arena, target->model, 200);
    if (target->server->kind == SERVER_KIND_OPENAI) {
        reply_err(request, RPC_REQUEST_FAILED, "%.*s is none of the models of %.*s", STR_ARG(shown),
                  STR_ARG(uri_redact(request->arena, target->server->url)));
        return false;
    }
    reply_err(request, RPC_REQUEST_FAILED, "%.*s is not installed on %.*s; try: ollama pull %.*s",
              STR_ARG(shown), STR_ARG(uri_redact(request->arena, target->server->url)),
              STR_ARG(shown));
    return false;
}

static bool read_installed(struct request *request, struct json_object *argument,
                           struct target *target) {
    return target_read(request, argument, target) && target_is_ollama(request, target) &&
           target_is_reachable(request, target) && is_installed(request, target);
}

void command_load(struct request *request, struct json_object *argument) {
    struct target target;
    if (!read_installed(request, argument, &target)) {
        return;
    }
    struct job *job =
        job_begin(request->server, target.server, target.model, "load", "Loading", "loaded");
    job->call = ollama_load(session_http(request->server->session), server_endpoint(target.server),
                            target.model, STR_NONE, on_done, job);
    reply_ok(request, NULL);
}

void command_unload(struct request *request, struct json_object *argument) {
    struct target target;
    if (!read_installed(request, argument, &target)) {
        return;
    }
    struct job *job =
        job_begin(request->server, target.server, target.model, "unload", "Unloading", "unloaded");
    job->call = ollama_unload(session_http(request->server->session),
                              server_endpoint(target.server), target.model, on_done, job);
    reply_ok(request, NULL);
}

struct doomed {
    char *url;
    char *model;
};

static void on_delete_answer(struct lsp_server *lsp, bool yes, void *data) {
    struct doomed *doomed = data;
    struct server *server = session_server_by_url(lsp->session, str_from(doomed->url));
    if (yes && server) {
        struct job *job =
            job_begin(lsp, server, str_from(doomed->model), "delete", "Deleting", "deleted");
        job->call = ollama_delete(session_http(lsp->session), server_endpoint(server),
                                  str_from(doomed->model), on_done, job);
    }
    free(doomed->url);
    free(doomed->model);
    free(doomed);
}

void command_delete(struct request *request, struct json_object *argument) {
    struct target target;
    if (!read_installed(request, argument, &target)) {
        return;
    }
    struct arena *arena = request->arena;
    struct str shown = display_escape(arena, target.model, 200);
    struct doomed *doomed = mem_alloc(sizeof(*doomed));
    *doomed = (struct doomed){mem_strdup(target.server->url), mem_strdup(target.model)};
    struct str question =
        arena_printf(arena, "Delete %.*s from %.*s? It would have to be pulled again.",
                     STR_ARG(shown), STR_ARG(uri_redact(arena, target.server->url)));
    if (ask_user(request->server, question, STR("Delete"), on_delete_answer, doomed)) {
        reply_ok(request, NULL);
        return;
    }
    free(doomed->url);
    free(doomed->model);
    free(doomed);
    reply_err(request, RPC_REQUEST_FAILED,
              "this editor cannot be asked whether to delete %.*s; try: ollama rm %.*s",
              STR_ARG(shown), STR_ARG(shown));
}

// False when it has been answered: the catalog shows that the model is not there, or cannot do it.
static bool is_fit(struct request *request, const struct target *target, enum choice_role role) {
    const struct catalog *catalog = server_catalog(target->server);
    if (target->server->state != SERVER_OK || !catalog) {
        return true; // not known yet
    }
    struct choice_input input = {
        .role = role,
        .catalog = catalog,
        .argument = target->model,
        .where = uri_redact(request->arena, target->server->url),
    };
    struct choice choice = model_choose(request->arena, &input);
    if (choice.name.n > 0) {
        return true;
    }
    reply_err(request, RPC_REQUEST_FAILED, "%.*s",
              STR_ARG(error_text(request->arena, choice.error.message, choice.error.remedy)));
    return false;
}

void command_select_model(struct request *request, struct json_object *argument) {
    struct str name = json_get_str(argument, "role");
    enum choice_role role;
    if (!choice_role_parse(name, &role)) {
        reply_err(request, RPC_INVALID_PARAMS,
                  "the command needs {\"model\": NAME, \"role\": \"chat\"|\"autocomplete\"|"
                  "\"embed\"}");
        return;
    }
    struct target target;
    struct error error = {0};
    if (!target_read(request, argument, &target) || !is_fit(request, &target, role)) {
        return;
    }
    if (state_set_model(session_state(request->server->session), lsp_server_root(request->server),
                        name, target.model, &error, request->arena) != ERR_OK) {
        reply_err(request, RPC_REQUEST_FAILED, "the choice could not be remembered: %.*s",
                  STR_ARG(error.message));
        return;
    }
    status_changed(request->server);
    reply_ok(request, NULL);
}
