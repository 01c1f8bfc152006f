// SPDX-License-Identifier: MIT
//
// textDocument/documentLink: a model's page, the file that FROM, ADAPTER or DRAFT names.
#include "base/uri.h"
#include "lsp/handlers/handlers.h"
#include "lsp/server.h"

// Where the reference leads; empty if nowhere.
static struct str target_of(struct request *request, const struct reference *reference) {
    struct model_name name;
    if (reference->flags & (REF_PLACEHOLDER | REF_EMPTY | REF_QUIET)) {
        return STR_NONE;
    }
    if (reference->kind == REF_MODEL) {
        return model_name_parse(reference->text, MODEL_NAME_INFERENCE, &name, NULL)
                   ? model_name_page(request->arena, &name)
                   : STR_NONE;
    }
    if (reference->kind == REF_PATH && request->document->is_file &&
        !str_starts(reference->text, STR("~"))) {
        struct str dir = path_dir(request->document->path);
        struct str path = path_join(request->arena, dir, reference->text);
        return uri_from_path(request->arena, path_normalize(request->arena, path));
    }
    return STR_NONE;
}

void document_link_on_request(struct request *request) {
    struct lsp_server *server = request->server;
    const struct analysis *analysis = document_analysis(server, request->document);
    struct json_object *links = json_object_new_array();
    for (size_t i = 0; analysis && i < analysis->n_references; i++) {
        const struct reference *reference = &analysis->references[i];
        struct str target = target_of(request, reference);
        if (target.n == 0) {
            continue;
        }
        struct json_object *link = json_object_new_object();
        json_set(link, "range",
                 document_range_json(server, request->document, reference->start, reference->end));
        json_set_str(link, "target", target);
        json_add(links, link);
    }
    reply_ok(request, links);
}

void document_link_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    (void)server;
    json_set(capabilities, "documentLinkProvider", json_object_new_object());
}
