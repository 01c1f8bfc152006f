// SPDX-License-Identifier: MIT
//
// textDocument/codeAction: the fixes of findings in the range, what can be done with the model at
// the cursor, another back end for the place (code_action_switch.c), and what AI can do
// (code_action_ai.c). Findings are judged anew; what the client
// sends along as diagnostics is only attached to the actions that answer it, never trusted.
#include "lsp/handlers/action_list.h"
#include "lsp/handlers/handlers.h"

#define KIND_QUICKFIX STR("quickfix")
#define KIND_MANAGE STR("ollama-ls.manage")

bool action_list_wants(const struct action_list *list, struct str kind) {
    if (json_count(list->only) == 0) { // absent, or empty: some clients send that for "any"
        return true;
    }
    for (size_t i = 0; i < json_count(list->only); i++) {
        struct str only = json_str(json_at(list->only, i));
        if (only.n == 0 || str_eq(only, kind) ||
            (str_starts(kind, only) && kind.p[only.n] == '.')) {
            return true;
        }
    }
    return false;
}

struct json_object *command_object(struct arena *arena, struct str title, const char *verb,
                                   struct json_object *argument) {
    struct json_object *command = json_object_new_object();
    json_set_str(command, "title", title);
    json_set_str(command, "command", arena_printf(arena, "ollama-ls.%s", verb));
    if (argument) {
        struct json_object *arguments = json_object_new_array();
        json_add(arguments, argument);
        json_set(command, "arguments", arguments);
    }
    return command;
}

struct json_object *action_list_add(struct action_list *list, struct str title, struct str kind,
                                    struct json_object *command) {
    if (!list->request->server->caps.action_literals) {
        json_add(list->actions, command);
        return NULL;
    }
    struct json_object *action = json_object_new_object();
    json_set_str(action, "title", title);
    json_set_str(action, "kind", kind);
    json_set(action, "command", command);
    json_add(list->actions, action);
    return action;
}

static struct json_object *argument_of(const struct action_list *list, const char *key,
                                       struct str value) {
    struct json_object *argument = json_object_new_object();
    json_set_str(argument, key, value);
    json_set_str(argument, "uri", list->request->document->uri);
    return argument;
}

// The command of a fix that is no edit. Returns owned.
static struct json_object *fix_command(const struct action_list *list, const struct fix *fix) {
    struct arena *arena = list->request->arena;
    struct json_object *argument;
    switch (fix->kind) {
    case FIX_PULL:
        argument = json_object_new_object();
        json_set_str(argument, "model", fix->model);
        if (fix->host.n) {
            json_set_str(argument, "host", fix->host);
        }
        return command_object(arena, fix->title, "pull", argument);
    case FIX_START_SERVER: return command_object(arena, fix->title, "startServer", NULL);
    case FIX_SHOW_STATUS:
        // Editors drop what a command returns: ask for a message too.
        argument = json_object_new_object();
        json_set_bool(argument, "show", true);
        return command_object(arena, fix->title, "status", argument);
    case FIX_TRUST_HOST:
        return command_object(arena, fix->title, "trustHost", argument_of(list, "host", fix->host));
    case FIX_IGNORE_MODEL:
        return command_object(arena, fix->title, "ignoreModel",
                              argument_of(list, "model", fix->model));
    case FIX_EDIT: break;
    }
    return NULL;
}

static bool same_range(struct json_object *a, struct json_object *b) {
    return json_object_equal(a, b) != 0;
}

// The client's own diagnostics that this finding stands for. Returns an owned array, or NULL.
static struct json_object *answered(const struct action_list *list, const struct finding *finding) {
    struct request *request = list->request;
    struct json_object *given = json_path(request->params, "context.diagnostics");
    struct json_object *found = NULL;
    struct json_object *range =
        document_range_json(request->server, request->document, finding->start, finding->end);
    for (size_t i = 0; i < json_count(given); i++) {
        struct json_object *diagnostic = json_at(given, i);
        if (str_eq(json_get_str(diagnostic, "source"), STR("ollama-ls")) &&
            str_eq(json_get_str(diagnostic, "code"), str_from(finding_code_name(finding->code))) &&
            same_range(json_get(diagnostic, "range"), range)) {
            found = found ? found : json_object_new_array();
            json_add(found, json_object_get(diagnostic));
        }
    }
    json_object_put(range);
    return found;
}

static void add_action(struct action_list *list, const struct finding *finding,
                       const struct fix *fix) {
    const struct caps *caps = &list->request->server->caps;
    struct json_object *command = fix_command(list, fix);
    if (!caps->action_literals) {
        // A client of plain commands cannot be handed an edit.
        if (command) {
            json_add(list->actions, command);
        }
        return;
    }
    struct json_object *action = json_object_new_object();
    json_set_str(action, "title", fix->title);
    json_set_str(action, "kind", KIND_QUICKFIX);
    struct json_object *diagnostics = answered(list, finding);
    if (diagnostics) {
        json_set(action, "diagnostics", diagnostics);
    }
    if (fix->preferred && caps->action_preferred) {
        json_set_bool(action, "isPreferred", true);
    }
    if (command) {
        json_set(action, "command", command);
    } else {
        json_set(action, "edit",
                 document_workspace_edit(list->request->server, list->request->document, fix->edits,
                                         fix->n_edits));
    }
    json_add(list->actions, action);
}

// Those of findings in the range, and of findings that the client names as the ones it asks about:
// Neovim sends a line's diagnostics with the cursor alone for a range.
// Those of findings in the range, and of findings on its line that the client names as the ones it
// asks about: Neovim sends a line's diagnostics with the cursor alone for a range.
static void add_fixes(struct action_list *list, size_t start, size_t end) {
    const struct findings *findings =
        document_findings(list->request->server, list->request->document);
    const struct text *text = list->request->document->text;
    size_t line = text_line_at(text, start);
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *finding = &findings->at[i];
        struct json_object *named =
            text_line_at(text, finding->start) == line ? answered(list, finding) : NULL;
        bool is_meant = named || (finding->end >= start && finding->start <= end);
        json_object_put(named);
        for (size_t f = 0; is_meant && f < finding->n_fixes; f++) {
            add_action(list, finding, &finding->fixes[f]);
        }
    }
}

static void add_manage(struct action_list *list, struct str title, const char *verb,
                       const struct model *model, struct str host) {
    struct json_object *argument = json_object_new_object();
    json_set_str(argument, "model", model->name);
    if (host.n) {
        json_set_str(argument, "host", host);
    }
    (void)action_list_add(list, title, KIND_MANAGE,
                          command_object(list->request->arena, title, verb, argument));
}

// Load, unload, delete the model at the cursor: only when somebody asks for actions, not on every
// move.
static void add_model_actions(struct action_list *list, size_t start) {
    struct request *request = list->request;
    const struct analysis *analysis = document_analysis(request->server, request->document);
    const struct reference *reference = analysis ? analysis_at(analysis, start) : NULL;
    struct model_name name;
    if (list->is_automatic || !reference || reference->kind != REF_MODEL ||
        !model_name_parse(reference->text, MODEL_NAME_INFERENCE, &name, NULL)) {
        return;
    }
    struct server *server =
        document_resolve(request->server, request->document, request->arena, reference).server;
    if (!server || server->state != SERVER_OK || server->kind == SERVER_KIND_OPENAI ||
        !server_catalog(server)) {
        return;
    }
    const struct model *model = catalog_find(server_catalog(server), &name);
    if (!model || model->remote) {
        return;
    }
    struct str host = server == session_default(request->server->session) ? STR_NONE : server->url;
    struct arena *arena = request->arena;
    if (model->running.loaded) {
        add_manage(list, arena_printf(arena, "Unload %.*s", STR_ARG(model->name)), "unload", model,
                   host);
    } else {
        add_manage(list, arena_printf(arena, "Load %.*s", STR_ARG(model->name)), "load", model,
                   host);
    }
    add_manage(list, arena_printf(arena, "Delete %.*s…", STR_ARG(model->name)), "delete", model,
               host);
}

void code_action_on_request(struct request *request) {
    size_t start;
    size_t end;
    struct json_object *context = json_get(request->params, "context");
    if (!document_range(request->server, request->document, json_get(request->params, "range"),
                        &start, &end) ||
        !json_is(context, json_type_object)) {
        reply_err(request, RPC_INVALID_PARAMS, "codeAction needs a range and a context");
        return;
    }
    struct action_list list = {
        .request = request,
        .actions = json_object_new_array(),
        .context = context,
        .only = json_get(context, "only"),
        .start = start,
        .end = end,
        .is_automatic = json_get_int(context, "triggerKind", 1) == 2,
    };
    if (action_list_wants(&list, KIND_QUICKFIX)) {
        add_fixes(&list, start, end);
    }
    if (action_list_wants(&list, KIND_MANAGE)) {
        add_model_actions(&list, start);
    }
    action_list_add_switch(&list);
    action_list_add_ai(&list);
    reply_ok(request, list.actions);
}

void code_action_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    if (!server->caps.action_literals) {
        json_set_bool(capabilities, "codeActionProvider", true);
        return;
    }
    struct json_object *kinds = json_object_new_array();
    json_add(kinds, json_new_str(KIND_QUICKFIX));
    json_add(kinds, json_new_str(KIND_MANAGE));
    action_kinds_ai(kinds);
    struct json_object *provider = json_object_new_object();
    json_set(provider, "codeActionKinds", kinds);
    json_set(capabilities, "codeActionProvider", provider);
}
