// SPDX-License-Identifier: MIT
//
// textDocument/prepareRename and textDocument/rename: a model gets another name in every file of
// the workspace. Only the name is replaced: prefix forms ("ollama/", "ollama:") and quotes stay as
// they are. Files that are not open are read anew, since the edit rests on what stands there.
#include "base/limits.h"
#include "base/utf.h"
#include "lsp/handlers/model_uses.h"

struct renaming {
    const struct asked *asked;
    struct str new_name;
};

void rename_on_prepare(struct request *request) {
    struct model_name name;
    const struct reference *reference = model_at(request, &name);
    if (!reference) {
        reply_ok(request, NULL);
        return;
    }
    struct json_object *result = json_object_new_object();
    json_set(
        result, "range",
        document_range_json(request->server, request->document, reference->start, reference->end));
    json_set_str(result, "placeholder",
                 str_slice(text_str(request->document->text), reference->start, reference->end));
    reply_ok(request, result);
}

// {textDocument, edits} of the document-changes form; `edits` is taken.
static struct json_object *document_change(struct lsp_server *server, struct str uri,
                                           struct json_object *edits) {
    const struct document *document = documents_find(server, uri);
    struct json_object *identifier = json_object_new_object();
    json_set_str(identifier, "uri", uri);
    json_set(identifier, "version", document ? json_object_new_int64(document->version) : NULL);
    struct json_object *change = json_object_new_object();
    json_set(change, "textDocument", identifier);
    json_set(change, "edits", edits);
    return change;
}

static void add_file(struct request *request, struct json_object *changes, struct str uri,
                     struct json_object *edits) {
    if (request->server->caps.document_changes) {
        json_add(changes, document_change(request->server, uri, edits));
    } else {
        json_set(changes, arena_cstr(request->arena, uri), edits);
    }
}

static void on_uses(struct request *request, void *data) {
    const struct renaming *renaming = data;
    bool by_document = request->server->caps.document_changes;
    struct json_object *changes = by_document ? json_object_new_array() : json_object_new_object();
    struct json_object *edits = NULL;
    struct model_use *uses;
    size_t n = model_index_uses(request, &uses, NULL);
    for (size_t i = 0; i < n; i++) {
        if (model_is(uses[i].text, &renaming->asked->name)) {
            struct json_object *edit = json_object_new_object();
            json_set(edit, "range", use_range(&uses[i]));
            json_set_str(edit, "newText", renaming->new_name);
            edits = edits ? edits : json_object_new_array();
            json_add(edits, edit);
        }
        if (edits && (i + 1 == n || !str_eq(uses[i + 1].uri, uses[i].uri))) {
            add_file(request, changes, uses[i].uri, edits);
            edits = NULL;
        }
    }
    struct json_object *result = json_object_new_object();
    json_set(result, by_document ? "documentChanges" : "changes", changes);
    reply_ok(request, result);
}

void rename_on_request(struct request *request) {
    struct arena *arena = request->arena;
    struct str new_name = str_trim(json_get_str(request->params, "newName"));
    struct model_name name;
    struct model_name_problem problem;
    if (new_name.n == 0 || new_name.n > LIMIT_NAME ||
        !model_name_parse(new_name, MODEL_NAME_INFERENCE, &name, &problem)) {
        bool is_short = new_name.n > 0 && new_name.n <= LIMIT_NAME;
        struct str why = is_short ? model_name_problem_text(arena, new_name, &problem)
                                  : STR("it is empty or too long");
        reply_err(request, RPC_INVALID_PARAMS, "\"%.*s\" is not a model name: %.*s",
                  STR_ARG(display_escape(arena, new_name, 80)), STR_ARG(why));
        return;
    }
    struct renaming *renaming = ARENA_NEW(arena, struct renaming);
    renaming->asked = asked_create(request);
    renaming->new_name = arena_copy(arena, new_name);
    if (!renaming->asked) {
        reply_err(request, RPC_REQUEST_FAILED, "there is no model name here to be renamed");
        return;
    }
    model_index_await(request, 0, on_uses, renaming);
}

void rename_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    if (!server->caps.rename_prepare) {
        json_set_bool(capabilities, "renameProvider", true);
        return;
    }
    struct json_object *provider = json_object_new_object();
    json_set_bool(provider, "prepareProvider", true);
    json_set(capabilities, "renameProvider", provider);
}
