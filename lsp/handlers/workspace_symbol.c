// SPDX-License-Identifier: MIT
//
// workspace/symbol, and the command ollama-ls.workspaceModels: which models the workspace names,
// and where.
#include "base/limits.h"
#include "base/strmap.h"
#include "base/utf.h"
#include "lsp/handlers/model_uses.h"

#define SYMBOL_CONSTANT 14 // LSP SymbolKind, one of the first 18 that every client knows
#define NAME_MAX_BYTES 200

static void on_symbols(struct request *request, void *data) {
    struct str query = json_get_str(request->params, "query");
    struct model_use *uses;
    size_t n = model_index_uses(request, &uses, NULL);
    struct json_object *list = json_object_new_array();
    (void)data;
    for (size_t i = 0; i < n && json_count(list) < LIMIT_SYMBOLS; i++) {
        if (!str_isubsequence(uses[i].text, query)) {
            continue;
        }
        struct json_object *symbol = json_object_new_object();
        json_set_str(symbol, "name", display_escape(request->arena, uses[i].text, NAME_MAX_BYTES));
        json_set_int(symbol, "kind", SYMBOL_CONSTANT);
        json_set(symbol, "location", use_location(&uses[i]));
        if (uses[i].convention.n) {
            json_set_str(symbol, "containerName", uses[i].convention);
        }
        json_add(list, symbol);
    }
    reply_ok(request, list);
}

void workspace_symbol_on_request(struct request *request) {
    if (!json_is(json_get(request->params, "query"), json_type_string)) {
        reply_err(request, RPC_INVALID_PARAMS, "workspace/symbol needs a query");
        return;
    }
    model_index_await(request, USES_MAX_AGE_MS, on_symbols, NULL);
}

void workspace_symbol_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    (void)server;
    json_set_bool(capabilities, "workspaceSymbolProvider", true);
}

static struct json_object *use_object(const struct model_use *use) {
    struct json_object *object = use_location(use);
    json_set_str(object, "role", str_from(role_name(use->role)));
    json_set_str(object, "convention", use->convention);
    return object;
}

// {models: [{name, uses: [{uri, range, role, convention}]}], truncated}; names that are equal to
// Ollama are one model, names that Ollama would refuse are left out.
static void on_models(struct request *request, void *data) {
    struct arena *arena = request->arena;
    struct model_use *uses;
    bool truncated = false;
    size_t n = model_index_uses(request, &uses, &truncated);
    struct json_object *models = json_object_new_array();
    struct strmap seen; // full name in lower case -> its array of uses
    strmap_init(&seen, arena, 0);
    (void)data;
    for (size_t i = 0; i < n; i++) {
        struct model_name name;
        if (!model_name_parse(uses[i].text, MODEL_NAME_INFERENCE, &name, NULL)) {
            continue;
        }
        struct str display = model_name_display(arena, &name);
        struct json_object *list = strmap_get(&seen, arena_lower(arena, display));
        if (!list) {
            struct json_object *model = json_object_new_object();
            list = json_object_new_array();
            json_set_str(model, "name", display);
            json_set(model, "uses", list);
            json_add(models, model);
            strmap_set(&seen, arena_lower(arena, display), list);
        }
        json_add(list, use_object(&uses[i]));
    }
    struct json_object *result = json_object_new_object();
    json_set(result, "models", models);
    json_set_bool(result, "truncated", truncated);
    reply_ok(request, result);
}

void command_workspace_models(struct request *request, struct json_object *argument) {
    (void)argument;
    model_index_await(request, USES_MAX_AGE_MS, on_models, NULL);
}
