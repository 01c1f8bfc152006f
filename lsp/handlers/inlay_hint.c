// SPDX-License-Identifier: MIT
//
// textDocument/inlayHint: after an installed model what it is, "3.2B · Q4_K_M · 2.0 GB · 128K ·
// loaded". Announced only to clients that know hints.
#include "base/utf.h"
#include "lsp/handlers/handlers.h"
#include "lsp/server.h"

static void add_hint(struct request *request, struct json_object *hints,
                     const struct reference *reference) {
    struct lsp_server *server = request->server;
    if (reference->kind != REF_MODEL ||
        (reference->flags & (REF_PLACEHOLDER | REF_EMPTY | REF_QUIET))) {
        return;
    }
    struct server *at =
        document_resolve(server, request->document, request->arena, reference).server;
    const struct model *model =
        at ? catalog_find_written(server_catalog(at), reference->text) : NULL;
    if (!model) {
        return;
    }
    struct str summary = model_summary(request->arena, model, true);
    struct json_object *hint = json_object_new_object();
    struct json_object *range =
        document_range_json(server, request->document, reference->end, reference->end);
    json_set(hint, "position", json_object_get(json_get(range, "start")));
    json_object_put(range);
    json_set_str(hint, "label", display_escape(request->arena, summary, 200));
    json_set_bool(hint, "paddingLeft", true);
    json_add(hints, hint);
}

void inlay_hint_on_request(struct request *request) {
    size_t start;
    size_t end;
    if (!document_range(request->server, request->document, json_get(request->params, "range"),
                        &start, &end)) {
        reply_err(request, RPC_INVALID_PARAMS, "inlayHint needs a range");
        return;
    }
    const struct analysis *analysis = document_analysis(request->server, request->document);
    struct json_object *hints = json_object_new_array();
    for (size_t i = 0; analysis && i < analysis->n_references; i++) {
        const struct reference *reference = &analysis->references[i];
        if (reference->end >= start && reference->end <= end) {
            add_hint(request, hints, reference);
        }
    }
    reply_ok(request, hints);
}

void inlay_hint_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    if (server->caps.inlay_hints) {
        json_set_bool(capabilities, "inlayHintProvider", true);
    }
}
