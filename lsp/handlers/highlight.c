// SPDX-License-Identifier: MIT
//
// textDocument/documentHighlight: the other places of the document that name the same model. It is one
// model however it is spelled ("llama3" and "llama3:latest"), by Ollama's own equality.
#include "lsp/handlers/handlers.h"
#include "lsp/server.h"

// The model named at the request's position; false if none is.
static bool model_at(struct request *request, struct model_name *name) {
    size_t offset;
    if (!document_offset(request->server, request->document, json_get(request->params, "position"),
                         &offset)) {
        return false;
    }
    const struct analysis *analysis = document_analysis(request->server, request->document);
    const struct reference *reference = analysis ? analysis_at(analysis, offset) : NULL;
    return reference && reference->kind == REF_MODEL &&
           !(reference->flags & (REF_PLACEHOLDER | REF_EMPTY)) &&
           model_name_parse(reference->text, MODEL_NAME_INFERENCE, name, NULL);
}

static bool names(const struct reference *reference, const struct model_name *name) {
    struct model_name other;
    return reference->kind == REF_MODEL && !(reference->flags & (REF_PLACEHOLDER | REF_EMPTY)) &&
           model_name_parse(reference->text, MODEL_NAME_INFERENCE, &other, NULL) &&
           model_name_eq(&other, name);
}

void highlight_on_request(struct request *request) {
    struct model_name name;
    if (!model_at(request, &name)) {
        reply_ok(request, NULL);
        return;
    }
    const struct analysis *analysis = document_analysis(request->server, request->document);
    struct json_object *highlights = json_object_new_array();
    for (size_t i = 0; i < analysis->n_references; i++) {
        const struct reference *reference = &analysis->references[i];
        if (names(reference, &name)) {
            struct json_object *highlight = json_object_new_object();
            json_set(highlight, "range",
                     document_range_json(request->server, request->document, reference->start,
                                         reference->end));
            json_add(highlights, highlight);
        }
    }
    reply_ok(request, highlights);
}

void highlight_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    (void)server;
    json_set_bool(capabilities, "documentHighlightProvider", true);
}
