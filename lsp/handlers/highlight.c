// SPDX-License-Identifier: MIT
//
// textDocument/documentHighlight: the other places of the document that name the same model.
#include "lsp/handlers/model_at.h"

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
        if (reference->kind == REF_MODEL && !(reference->flags & (REF_PLACEHOLDER | REF_EMPTY)) &&
            model_is(reference->text, &name)) {
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
