// SPDX-License-Identifier: MIT
//
// textDocument/hover: a card for what stands at the cursor. Null where nothing is known.
#include "lsp/handlers/cards.h"
#include "lsp/handlers/handlers.h"
#include "lsp/server.h"

static struct str card_of(struct request *request, const struct reference *reference) {
    struct arena *arena = request->arena;
    struct server *server = NULL;
    switch (reference->kind) {
    case REF_MODEL: {
        struct model_name name;
        if ((reference->flags & (REF_PLACEHOLDER | REF_EMPTY)) ||
            !model_name_parse(reference->text, MODEL_NAME_INFERENCE, &name, NULL)) {
            return STR_NONE;
        }
        server = document_resolve(request->server, request->document, arena, reference).server;
        const struct catalog *catalog = server ? server_catalog(server) : NULL;
        const struct model *model = catalog ? catalog_find(catalog, &name) : NULL;
        return model_card(arena, reference->text, &name, model, server);
    }
    case REF_HOST:
        if (reference->flags & (REF_PLACEHOLDER | REF_EMPTY)) {
            return STR_NONE;
        }
        server = document_resolve(request->server, request->document, arena, reference).server;
        return host_card(arena, reference, server);
    case REF_VARIABLE:
    case REF_VARIABLE_VALUE:
        return reference->variable ? variable_card(arena, reference->variable) : STR_NONE;
    case REF_PARAMETER:
    case REF_PARAMETER_VALUE:
        return reference->parameter ? parameter_card(arena, reference->parameter) : STR_NONE;
    case REF_PATH: return STR_NONE;
    }
    return STR_NONE;
}

void hover_on_request(struct request *request) {
    struct lsp_server *server = request->server;
    size_t offset;
    if (!document_offset(server, request->document, json_get(request->params, "position"),
                         &offset)) {
        reply_err(request, RPC_INVALID_PARAMS, "hover needs a position with line and character");
        return;
    }
    const struct analysis *analysis = document_analysis(server, request->document);
    const struct reference *reference = analysis ? analysis_at(analysis, offset) : NULL;
    struct str card = reference ? card_of(request, reference) : STR_NONE;
    if (card.n == 0) {
        reply_ok(request, NULL);
        return;
    }
    struct json_object *contents = json_object_new_object();
    json_set_str(contents, "kind",
                 server->caps.hover_markdown ? STR("markdown") : STR("plaintext"));
    json_set_str(contents, "value",
                 server->caps.hover_markdown ? card : card_to_plain(request->arena, card));
    struct json_object *hover = json_object_new_object();
    json_set(hover, "contents", contents);
    json_set(hover, "range",
             document_range_json(server, request->document, reference->start, reference->end));
    reply_ok(request, hover);
}

void hover_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    (void)server;
    json_set_bool(capabilities, "hoverProvider", true);
}
