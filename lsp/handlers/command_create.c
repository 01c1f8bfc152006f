// SPDX-License-Identifier: MIT
//
// ollama-ls.create {uri, model?, host?}: makes a model of an open Modelfile, as `ollama create`
// does but over the API. Here is what can be judged at once; lsp/create.h does the rest.
#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"
#include "lsp/create.h"
#include "lsp/handlers/manage.h"

// False when it has been answered.
static bool read_document(struct request *request, struct json_object *argument,
                          struct document **out) {
    bool is_fine =
        json_is(json_get(argument, "uri"), json_type_string) &&
        (!json_has(argument, "model") || json_is(json_get(argument, "model"), json_type_string));
    if (!is_fine) {
        reply_err(request, RPC_INVALID_PARAMS,
                  "the command needs one object {\"uri\": URI, \"model\"?: NAME, \"host\"?: URL}");
        return false;
    }
    struct document *document = documents_find(request->server, json_get_str(argument, "uri"));
    if (!document) {
        reply_err(request, RPC_INVALID_PARAMS, "the document is not open");
        return false;
    }
    if (document->format != FORMAT_MODELFILE || !document->is_ours || document->is_too_large) {
        reply_err(request, RPC_INVALID_PARAMS, "%.*s is no Modelfile",
                  STR_ARG(display_escape(request->arena, path_base(document->path), 200)));
        return false;
    }
    *out = document;
    return true;
}

// The new name: Ollama would take "x:cloud" too, but chat under that name goes to another machine.
static bool name_is_fine(struct request *request, struct target *target) {
    struct model_name_problem problem;
    bool is_cloud = target->name.source == MODEL_SOURCE_CLOUD;
    struct model_name name;
    if (!is_cloud && model_name_parse(target->model, MODEL_NAME_NEW, &name, &problem)) {
        target->name = name;
        return true;
    }
    struct str shown = display_escape(request->arena, target->model, 80);
    struct str why = is_cloud ? STR("models of that name run on another machine")
                              : model_name_problem_text(request->arena, target->model, &problem);
    reply_err(request, RPC_INVALID_PARAMS, "\"%.*s\" is no name for a new model: %.*s",
              STR_ARG(shown), STR_ARG(why));
    return false;
}

// False when it has been answered with the first thing that Ollama would refuse: of the findings,
// else (they may be silenced by the settings) of the request.
static bool text_is_fine(struct request *request, struct document *document,
                         struct create_request *out) {
    const struct findings *findings = document_findings(request->server, document);
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *finding = &findings->at[i];
        if (finding->severity == SEVERITY_ERROR) {
            reply_err(request, RPC_REQUEST_FAILED, "line %zu: %.*s",
                      text_line_at(document->text, finding->start) + 1, STR_ARG(finding->message));
            return false;
        }
    }
    struct error error = {0};
    if (create_request_read(request->arena, text_str(document->text), out, &error) != ERR_OK) {
        reply_err(request, RPC_REQUEST_FAILED, "%.*s", STR_ARG(error.message));
        return false;
    }
    return true;
}

static bool may_begin(struct request *request, const struct target *target,
                      const struct document *document) {
    struct arena *arena = request->arena;
    const struct lsp_server *lsp = request->server;
    if (!session_may_send_text(lsp->session, target->server)) {
        reply_err(request, RPC_REQUEST_FAILED,
                  "%.*s is not an Ollama server of your settings: no text of documents is sent "
                  "there; try: %.*s",
                  STR_ARG(uri_redact(arena, target->server->url)),
                  STR_ARG(create_command_line(arena, lsp, target->server, target->model,
                                              document->is_file ? document->path : STR_NONE)));
        return false;
    }
    if (!target_is_reachable(request, target)) {
        return false;
    }
    const struct create *running = create_find(lsp, target->server, &target->name);
    if (running && create_is_from(running, document->uri)) {
        reply_ok(request, NULL); // joins it
        return false;
    }
    if (running) {
        reply_err(request, RPC_REQUEST_FAILED,
                  "%.*s is being created from %.*s; wait for it, or cancel it",
                  STR_ARG(target->model), STR_ARG(create_path_shown(arena, running)));
        return false;
    }
    if (create_count(lsp) >= LIMIT_CREATES) {
        reply_err(request, RPC_REQUEST_FAILED, "%d models are being created; wait for one of them",
                  LIMIT_CREATES);
        return false;
    }
    return true;
}

void command_create(struct request *request, struct json_object *argument) {
    struct document *document;
    struct target target;
    if (!read_document(request, argument, &document)) {
        return;
    }
    struct str model = json_has(argument, "model") ? str_trim(json_get_str(argument, "model"))
                                                   : create_name(request->arena, document->path);
    struct create_order order = {.document = document};
    if (!target_read_for(request, argument, model, &target) ||
        !target_is_ollama(request, &target) || !name_is_fine(request, &target) ||
        !may_begin(request, &target, document) ||
        !text_is_fine(request, document, &order.request)) {
        return;
    }
    order.server = target.server;
    order.model = target.model;
    create_begin(request, &order);
}
