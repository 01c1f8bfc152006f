// SPDX-License-Identifier: MIT
#include "lsp/handlers/model_at.h"

const struct reference *model_at(struct request *request, struct model_name *name) {
    size_t offset;
    struct json_object *position = json_get(request->params, "position");
    if (!document_offset(request->server, request->document, position, &offset)) {
        return NULL;
    }
    const struct analysis *analysis = document_analysis(request->server, request->document);
    const struct reference *reference = analysis ? analysis_at(analysis, offset) : NULL;
    bool is_model = reference && reference->kind == REF_MODEL &&
                    !(reference->flags & (REF_PLACEHOLDER | REF_EMPTY)) &&
                    model_name_parse(reference->text, MODEL_NAME_INFERENCE, name, NULL);
    return is_model ? reference : NULL;
}

bool model_is(struct str written, const struct model_name *name) {
    struct model_name other;
    return model_name_parse(written, MODEL_NAME_INFERENCE, &other, NULL) &&
           model_name_eq(&other, name);
}
