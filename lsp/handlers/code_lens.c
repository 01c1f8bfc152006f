// SPDX-License-Identifier: MIT
//
// textDocument/codeLens for Modelfiles: above FROM what the base model is and whether it is loaded,
// with the command that changes that. From cached state alone; refreshed with the views when that
// changes.
#include "base/utf.h"
#include "lsp/handlers/modelfile_view.h"

struct lenses {
    struct request *request;
    struct json_object *list;
    const struct reference *reference;
    struct str host; // for commands; empty: the default server
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
             document_range_json(request->server, request->document, lenses->reference->start,
                                 lenses->reference->end));
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

static void add_reference(struct lenses *lenses) {
    struct request *request = lenses->request;
    const struct reference *reference = lenses->reference;
    struct model_name name;
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

void code_lens_on_request(struct request *request) {
    struct lenses lenses = {.request = request, .list = json_object_new_array()};
    const struct analysis *analysis = request->document->format == FORMAT_MODELFILE
                                          ? document_analysis(request->server, request->document)
                                          : NULL;
    for (size_t i = 0; analysis && i < analysis->n_references; i++) {
        lenses.reference = &analysis->references[i];
        add_reference(&lenses);
    }
    reply_ok(request, lenses.list);
}

void code_lens_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    if (server->caps.code_lenses) {
        json_set(capabilities, "codeLensProvider", json_object_new_object());
    }
}
