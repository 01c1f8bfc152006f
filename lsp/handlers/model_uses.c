// SPDX-License-Identifier: MIT
#include "lsp/handlers/model_uses.h"

struct asked *asked_create(struct request *request) {
    struct model_name name;
    const struct reference *reference = model_at(request, &name);
    if (!reference) {
        return NULL;
    }
    struct asked *asked = ARENA_NEW(request->arena, struct asked);
    asked->written = arena_copy(request->arena, reference->text);
    (void)model_name_parse(asked->written, MODEL_NAME_INFERENCE, &asked->name, NULL);
    return asked;
}

struct json_object *use_range(const struct model_use *use) {
    struct json_object *range = json_object_new_object();
    json_set(range, "start", position_to_json(use->start));
    json_set(range, "end", position_to_json(use->end));
    return range;
}

struct json_object *use_location(const struct model_use *use) {
    struct json_object *location = json_object_new_object();
    json_set_str(location, "uri", use->uri);
    json_set(location, "range", use_range(use));
    return location;
}
