// SPDX-License-Identifier: MIT
//
// What a Modelfile refers to: FROM's model or path, ADAPTER and DRAFT paths, parameters and their
// values. Findings about the Modelfile itself come from rules/modelfile.c.
#include "diagnostics/modelfile.h"

#include "diagnostics/collect.h"

static struct piece value_piece(const struct modelfile_instruction *in) {
    return (struct piece){.text = in->value,
                          .start = in->start,
                          .end = in->end,
                          .map = in->map,
                          .quoting = in->quoting};
}

static void parameter_collect(struct collector *collector, const struct modelfile_instruction *in,
                              size_t model_index) {
    const struct parameter *parameter = parameter_find(in->name);
    struct piece name = {.text = in->name, .start = in->name_start, .end = in->name_end};
    struct reference *r = collect_add(collector, REF_PARAMETER, &name, STR("Modelfile"));
    if (r) {
        r->parameter = parameter;
        r->model_index = model_index;
    }
    struct piece value = value_piece(in);
    r = collect_add(collector, REF_PARAMETER_VALUE, &value, STR("Modelfile"));
    if (r) {
        r->flags &= ~(unsigned)REF_PLACEHOLDER; // "<|end|>" is a stop text, no hole
        r->parameter = parameter;
        r->model_index = model_index;
    }
}

// "https://…/x.gguf", "hg://…": other tools that read Modelfiles fetch these. Neither a path nor a
// name.
static bool is_download(struct str value) {
    size_t scheme = str_find(value, STR("://"));
    if (scheme == STR_NPOS) {
        return false;
    }
    bool is_http = str_istarts(value, STR("http://")) || str_istarts(value, STR("https://"));
    struct model_name name;
    return !is_http || str_iends(value, STR(".gguf")) ||
           !model_name_parse(value, MODEL_NAME_INFERENCE, &name, NULL);
}

void modelfile_collect(struct collector *collector) {
    struct modelfile file;
    modelfile_parse(collector->arena, collector->bytes, &file);
    // Parameters belong to the last model named by FROM, wherever they stand.
    size_t model_index = SIZE_MAX;
    for (size_t i = 0; i < file.n; i++) {
        const struct modelfile_instruction *in = &file.at[i];
        struct piece value = value_piece(in);
        struct reference *r;
        if (in->command == MODELFILE_FROM && !is_download(in->value)) {
            bool is_path = in->value.n > 0 && modelfile_from_is_path(in->value);
            r = collect_add(collector, is_path ? REF_PATH : REF_MODEL, &value, STR("Modelfile"));
            if (r && !is_path) {
                r->flags |= REF_PULLS;
                model_index = collector->references.n - 1;
            }
        } else if (in->command == MODELFILE_ADAPTER || in->command == MODELFILE_DRAFT) {
            collect_add(collector, REF_PATH, &value, STR("Modelfile"));
        }
    }
    for (size_t i = 0; i < file.n; i++) {
        if (file.at[i].command == MODELFILE_PARAMETER) {
            parameter_collect(collector, &file.at[i], model_index);
        }
    }
}
