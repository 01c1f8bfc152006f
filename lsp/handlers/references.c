// SPDX-License-Identifier: MIT
//
// textDocument/references and textDocument/definition. A model is defined where it is made (`ollama
// create NAME`), else where it is installed (`ollama pull NAME`), else where one asks. A path in a
// Modelfile is defined by its file.
#include "base/uri.h"
#include "lsp/handlers/model_uses.h"

static void on_references(struct request *request, void *data) {
    const struct asked *asked = data;
    struct json_object *context = json_get(request->params, "context");
    bool with_definition = json_get_bool(context, "includeDeclaration", true);
    struct model_use *uses;
    size_t n = model_index_uses(request, &uses, NULL);
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        bool is_definition = (uses[i].flags & REF_NEW_NAME) != 0;
        if (model_is(uses[i].text, &asked->name) && (with_definition || !is_definition)) {
            json_add(list, use_location(&uses[i]));
        }
    }
    reply_ok(request, list);
}

void references_on_request(struct request *request) {
    struct asked *asked = asked_create(request);
    if (!asked) {
        reply_ok(request, NULL);
        return;
    }
    model_index_await(request, USES_MAX_AGE_MS, on_references, asked);
}

void references_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    (void)server;
    json_set_bool(capabilities, "referencesProvider", true);
}

// --- definition ---

static size_t add_defining(struct json_object *list, const struct asked *asked,
                           const struct model_use *uses, size_t n, unsigned flag) {
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        if ((uses[i].flags & flag) && model_is(uses[i].text, &asked->name)) {
            json_add(list, use_location(&uses[i]));
            found++;
        }
    }
    return found;
}

static void on_definition(struct request *request, void *data) {
    const struct asked *asked = data;
    struct model_use *uses;
    size_t n = model_index_uses(request, &uses, NULL);
    struct json_object *list = json_object_new_array();
    if (add_defining(list, asked, uses, n, REF_NEW_NAME) == 0 &&
        add_defining(list, asked, uses, n, REF_INSTALLS) == 0) {
        // As it was written when asked: the same name at the same place, if it still stands there.
        struct position at;
        bool has_position = position_from_json(json_get(request->params, "position"), &at);
        for (size_t i = 0; has_position && i < n; i++) {
            if (request->document && str_eq(uses[i].uri, request->document->uri) &&
                position_cmp(uses[i].start, at) <= 0 && position_cmp(at, uses[i].end) <= 0) {
                json_add(list, use_location(&uses[i]));
            }
        }
    }
    reply_ok(request, list);
}

// The file that FROM, ADAPTER or DRAFT names at the position. False: none.
static bool reply_file(struct request *request) {
    size_t offset;
    const struct document *document = request->document;
    if (!document_offset(request->server, document, json_get(request->params, "position"),
                         &offset)) {
        return false;
    }
    const struct analysis *analysis = document_analysis(request->server, request->document);
    const struct reference *reference = analysis ? analysis_at(analysis, offset) : NULL;
    if (!reference || reference->kind != REF_PATH || !document->is_file || reference->text.n == 0 ||
        str_starts(reference->text, STR("~")) || (reference->flags & REF_PLACEHOLDER)) {
        return false;
    }
    struct arena *arena = request->arena;
    struct str path = path_join(arena, path_dir(document->path), reference->text);
    struct model_use use = {.uri = uri_from_path(arena, path_normalize(arena, path))};
    reply_ok(request, use_location(&use));
    return true;
}

void definition_on_request(struct request *request) {
    if (reply_file(request)) {
        return;
    }
    struct asked *asked = asked_create(request);
    if (!asked) {
        reply_ok(request, NULL);
        return;
    }
    model_index_await(request, USES_MAX_AGE_MS, on_definition, asked);
}

void definition_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    (void)server;
    json_set_bool(capabilities, "definitionProvider", true);
}
