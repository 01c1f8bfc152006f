// SPDX-License-Identifier: MIT
//
// ollama-ls.library: the table of well-known library models, for the pickers of plugins that offer
// what can be pulled. It comes with this version; nobody is asked.
#include "lsp/handlers/manage.h"
#include "ollama/core/library.h"

static struct json_object *tag_object(const struct library_tag *tag) {
    struct json_object *object = json_object_new_object();
    json_set_str(object, "tag", tag->tag);
    json_set_int(object, "size", tag->size);
    json_set_bool(object, "cloud", tag->cloud);
    return object;
}

static struct json_object *model_object(const struct library_model *model) {
    struct json_object *object = json_object_new_object();
    json_set_str(object, "name", model->name);
    json_set_str(object, "latest", model->latest);
    struct json_object *capabilities = json_object_new_array();
    for (unsigned bit = CAP_COMPLETION; bit <= CAP_AUDIO; bit <<= 1) {
        bool has = (model->capabilities & bit) || (bit == CAP_INSERT && model->insert);
        if (has) {
            json_add(capabilities, json_new_str(str_from(capability_name((enum capability)bit))));
        }
    }
    json_set(object, "capabilities", capabilities);
    if (model->context_length) {
        json_set_int(object, "contextLength", model->context_length);
    }
    struct json_object *tags = json_object_new_array();
    for (size_t i = 0; i < model->n_tags; i++) {
        json_add(tags, tag_object(&model->tags[i]));
    }
    json_set(object, "tags", tags);
    return object;
}

void command_library(struct request *request, struct json_object *argument) {
    (void)argument;
    struct json_object *models = json_object_new_array();
    for (size_t i = 0; i < library_count(); i++) {
        json_add(models, model_object(library_at(i)));
    }
    struct json_object *result = json_object_new_object();
    json_set_int(result, "version", 1);
    json_set_str(result, "date", library_date());
    json_set(result, "models", models);
    reply_ok(request, result);
}
