// SPDX-License-Identifier: MIT
//
// textDocument/codeLens for Modelfiles: above the first FROM what makes the model and, where it is
// there already, runs it; above each FROM what the base model is and whether it is loaded, with the
// command that changes that. From cached state alone; refreshed with the views when that changes.
#include "base/utf.h"
#include "lsp/handlers/modelfile_view.h"
#include "session/create.h"

struct lenses {
    struct request *request;
    struct json_object *list;
    size_t start, end; // what the lens stands above
    struct str host;   // for commands; empty: the default server
};

static void add(struct lenses *lenses, struct str title, const char *verb,
                struct json_object *argument) {
    struct request *request = lenses->request;
    struct json_object *arguments = json_object_new_array();
    json_add(arguments, argument);
    struct json_object *command = json_object_new_object();
    json_set_str(command, "title", title);
    json_set_str(command, "command", arena_printf(request->arena, "ollama-ls.%s", verb));
    json_set(command, "arguments", arguments);
    struct json_object *lens = json_object_new_object();
    json_set(lens, "range",
             document_range_json(request->server, request->document, lenses->start, lenses->end));
    json_set(lens, "command", command);
    json_add(lenses->list, lens);
}

static struct json_object *model_argument(const struct lenses *lenses, struct str model) {
    struct json_object *argument = json_object_new_object();
    json_set_str(argument, "model", model);
    if (lenses->host.n) {
        json_set_str(argument, "host", lenses->host);
    }
    return argument;
}

static void add_installed(struct lenses *lenses, const struct model *model) {
    struct arena *arena = lenses->request->arena;
    struct json_object *show = json_object_new_object();
    json_set_bool(show, "show", true);
    add(lenses, display_escape(arena, model_summary(arena, model, true), 200), "status", show);
    if (!model->remote) {
        add(lenses, model->running.loaded ? STR("Unload") : STR("Load"),
            model->running.loaded ? "unload" : "load", model_argument(lenses, model->name));
    }
}

static void add_reference(struct lenses *lenses, const struct reference *reference) {
    struct request *request = lenses->request;
    struct model_name name;
    lenses->start = reference->start;
    lenses->end = reference->end;
    if (reference->kind != REF_MODEL ||
        (reference->flags & (REF_PLACEHOLDER | REF_EMPTY | REF_QUIET)) ||
        !model_name_parse(reference->text, MODEL_NAME_INFERENCE, &name, NULL)) {
        return;
    }
    struct server *server =
        document_resolve(request->server, request->document, request->arena, reference).server;
    const struct catalog *catalog = server ? server_catalog(server) : NULL;
    if (!catalog || server->state != SERVER_OK || server->kind == SERVER_KIND_OPENAI) {
        return;
    }
    lenses->host = server == session_default(request->server->session) ? STR_NONE : server->url;
    const struct model *model = catalog_find(catalog, &name);
    if (model) {
        add_installed(lenses, model);
    } else if (model_name_is_default_registry(&name)) {
        struct json_object *argument = model_argument(lenses, reference->text);
        json_set_bool(argument, "ask", true);
        add(lenses, STR("not installed: Pull…"), "pull", argument);
    }
}

// The user's server that the Modelfile's base model is looked up on, else the default one. NULL:
// none that a Modelfile's text may be sent to.
static struct server *server_for_new(struct lenses *lenses, const struct analysis *analysis) {
    struct request *request = lenses->request;
    struct session *session = request->server->session;
    for (size_t i = 0; analysis && i < analysis->n_references; i++) {
        const struct reference *reference = &analysis->references[i];
        if (reference->kind != REF_MODEL) {
            continue;
        }
        struct server *server =
            document_resolve(request->server, request->document, request->arena, reference).server;
        if (session_may_send_text(session, server)) {
            return server;
        }
        break;
    }
    struct server *server = session_default(session);
    return session_may_send_text(session, server) ? server : NULL;
}

static void add_new(struct lenses *lenses, struct server *server) {
    struct request *request = lenses->request;
    struct arena *arena = request->arena;
    struct str name = create_name(arena, request->document->path);
    struct model_name parsed;
    lenses->host = server == session_default(request->server->session) ? STR_NONE : server->url;
    struct json_object *argument = model_argument(lenses, name);
    json_set_str(argument, "uri", request->document->uri);
    add(lenses, arena_printf(arena, "Create %.*s", STR_ARG(name)), "create", argument);
    if (server->state == SERVER_UNKNOWN && lsp_server_is_settled(request->server)) {
        server_refresh(server); // nothing else may ask it: a FROM of a file names no model
    }
    const struct catalog *catalog = server->state == SERVER_OK ? server_catalog(server) : NULL;
    if (catalog && model_name_parse(name, MODEL_NAME_INFERENCE, &parsed, NULL) &&
        catalog_find(catalog, &parsed)) {
        add(lenses, arena_printf(arena, "Run %.*s", STR_ARG(name)), "load",
            model_argument(lenses, name));
    }
}

void code_lens_on_request(struct request *request) {
    struct lenses lenses = {.request = request, .list = json_object_new_array()};
    const struct modelfile *file = modelfile_view(request);
    const struct analysis *analysis =
        file ? document_analysis(request->server, request->document) : NULL;
    size_t from = 0;
    while (file && from < file->n && file->at[from].command != MODELFILE_FROM) {
        from++;
    }
    struct server *server = file && from < file->n ? server_for_new(&lenses, analysis) : NULL;
    if (server && server->kind == SERVER_KIND_OLLAMA) {
        lenses.start = file->at[from].keyword_start;
        lenses.end = file->at[from].outer_end;
        add_new(&lenses, server);
    }
    for (size_t i = 0; analysis && i < analysis->n_references; i++) {
        add_reference(&lenses, &analysis->references[i]);
    }
    reply_ok(request, lenses.list);
}

void code_lens_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    if (server->caps.code_lenses) {
        json_set(capabilities, "codeLensProvider", json_object_new_object());
    }
}
