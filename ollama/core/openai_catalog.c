// SPDX-License-Identifier: MIT
//
// What a server of kind openai has, as a catalog. /v1/models gives little more than names; what
// llama.cpp and LM Studio tell besides is put to them. Nothing is guessed: a capability that nobody
// told of is unsure, not absent.
#include "ollama/core/openai.h"

#include "base/json.h"
#include "base/limits.h"
#include "ollama/core/catalog_build.h"

enum {
    CAP_UNTOLD =
        CAP_TOOLS | CAP_INSERT | CAP_VISION | CAP_EMBEDDING | CAP_THINKING | CAP_IMAGE | CAP_AUDIO,
};

enum openai_program openai_program_of(struct json_object *models) {
    struct str owner = json_get_str(json_at(json_get(models, "data"), 0), "owned_by");
    if (str_eq(owner, STR("llamacpp"))) {
        return OPENAI_LLAMACPP;
    }
    bool is_studio =
        str_eq(owner, STR("organization_owner")) || str_eq(owner, STR("organization-owner"));
    return is_studio ? OPENAI_LMSTUDIO : OPENAI_ANY;
}

enum insert_route openai_infill_verdict(long status, struct str message) {
    if (status == 501 || status == 404 || status == 405 ||
        str_ifind(message, STR("not supported")) != STR_NPOS ||
        str_ifind(message, STR("unexpected endpoint")) != STR_NPOS) {
        return INSERT_NONE;
    }
    if (str_contains(message, STR("input_prefix")) || str_contains(message, STR("input_suffix"))) {
        return INSERT_INFILL; // the model can, the request was empty
    }
    return INSERT_UNKNOWN;
}

static int64_t positive(struct json_object *object, const char *key) {
    int64_t n = json_get_int(object, key, 0);
    return n > 0 ? n : 0;
}

// "7.6B", "135M" as Ollama writes them.
static struct str parameters_text(struct arena *arena, int64_t n) {
    if (n <= 0) {
        return STR_NONE;
    }
    bool is_large = n >= 1000 * 1000 * 1000;
    double shown = (double)n / (is_large ? 1e9 : 1e6);
    return arena_printf(arena, is_large ? "%.1fB" : "%.0fM", shown);
}

// What servers call the number of tokens that one request may use.
static int64_t context_of(struct json_object *entry) {
    static const char *const KEYS[] = {"loaded_context_length", "max_model_len",
                                       "max_context_length",    "context_length",
                                       "context_window",        "max_input_tokens"};
    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
        int64_t n = positive(entry, KEYS[i]);
        if (n > 0) {
            return n;
        }
    }
    return positive(json_get(entry, "meta"), "n_ctx_train");
}

static void fill_entry(struct catalog *catalog, struct model *model, struct json_object *entry) {
    struct json_object *meta = json_get(entry, "meta");
    struct str status = json_get_str(json_get(entry, "status"), "value");
    model->size = positive(meta, "size");
    model->parameters = parameters_text(&catalog->arena, positive(meta, "n_params"));
    model->context_length = context_of(entry);
    model->running.loaded = str_eq(status, STR("loaded"));
    catalog->running_known = catalog->running_known || status.n > 0;
}

// llama.cpp: one model is loaded, with the context in use.
static void fill_props(struct catalog *catalog, const struct openai_sources *sources) {
    if (openai_program_of(sources->models) != OPENAI_LLAMACPP) {
        return;
    }
    struct json_object *settings = json_get(sources->props, "default_generation_settings");
    int64_t context = positive(settings, "n_ctx");
    bool sees = json_get_bool(json_get(sources->props, "modalities"), "vision", false);
    catalog->running_known = catalog->running_known || sources->props;
    for (size_t i = 0; i < catalog->n_models; i++) {
        struct model *model = &catalog->models[i];
        bool is_only = catalog->n_models == 1;
        model->capabilities = CAP_COMPLETION | (is_only && sees ? CAP_VISION : 0);
        model->capabilities_unsure = CAP_UNTOLD & ~model->capabilities;
        model->capabilities_known = true;
        if (is_only && sources->props) {
            model->running.loaded = true;
            model->capabilities_unsure &= ~(unsigned)(CAP_VISION | CAP_IMAGE);
            model->context_length = context > 0 ? context : model->context_length;
        }
        model->running.context_length = model->running.loaded ? model->context_length : 0;
    }
}

static struct model *model_named(struct catalog *catalog, struct str name) {
    for (size_t i = 0; i < catalog->n_models; i++) {
        if (str_eq(catalog->models[i].name, name)) {
            return &catalog->models[i];
        }
    }
    return NULL;
}

static void fill_studio_model(struct catalog *catalog, struct model *model,
                              struct json_object *entry) {
    struct arena *arena = &catalog->arena;
    struct str type = json_get_str(entry, "type");
    model->family = arena_copy(arena, json_get_str(entry, "arch"));
    model->quantization = arena_copy(arena, json_get_str(entry, "quantization"));
    model->context_length = context_of(entry);
    model->running.loaded = str_eq(json_get_str(entry, "state"), STR("loaded"));
    model->running.context_length = model->running.loaded ? model->context_length : 0;
    if (str_eq(type, STR("embeddings"))) {
        model->capabilities = CAP_EMBEDDING;
        model->capabilities_known = true;
    } else if (str_eq(type, STR("llm")) || str_eq(type, STR("vlm"))) {
        struct json_object *list = json_get(entry, "capabilities");
        model->capabilities = CAP_COMPLETION | (type.p[0] == 'v' ? CAP_VISION : 0);
        for (size_t i = 0; i < json_count(list) && i < 64; i++) {
            bool has_tools = str_eq(json_str(json_at(list, i)), STR("tool_use"));
            model->capabilities |= has_tools ? CAP_TOOLS : 0;
        }
        model->capabilities_unsure = (CAP_TOOLS | CAP_INSERT | CAP_THINKING) & ~model->capabilities;
        model->capabilities_known = true;
    }
}

static void fill_studio(struct catalog *catalog, struct json_object *studio) {
    struct json_object *data = json_get(studio, "data");
    size_t n = json_count(data);
    catalog->running_known = catalog->running_known || n > 0;
    // Both lists are of one server and short; a long one is not worth a table of its own.
    for (size_t i = 0; i < n && i < 1000; i++) {
        struct json_object *entry = json_at(data, i);
        struct model *model = model_named(catalog, json_get_str(entry, "id"));
        if (model) {
            fill_studio_model(catalog, model, entry);
        }
    }
}

// What was learnt of the server holds for its models.
static void fill_insert(struct catalog *catalog, enum insert_route insert) {
    for (size_t i = 0; i < catalog->n_models; i++) {
        struct model *model = &catalog->models[i];
        if (insert == INSERT_INFILL && (model->capabilities & CAP_COMPLETION)) {
            model->capabilities |= CAP_INSERT;
        } else if (insert == INSERT_NONE && !model->capabilities_known) {
            model->capabilities_known = true;
            model->capabilities_unsure = CAP_COMPLETION | CAP_UNTOLD;
        }
        if (insert == INSERT_INFILL || insert == INSERT_NONE) {
            model->capabilities_unsure &= ~(unsigned)CAP_INSERT;
        }
    }
}

struct catalog *openai_catalog(struct str url, struct str version,
                               const struct openai_sources *sources, enum err *result) {
    struct json_object *data = json_get(sources->models, "data");
    if (!json_is(data, json_type_array)) {
        *result = ERR_PROTOCOL;
        return NULL;
    }
    struct catalog *catalog = catalog_new(url, version);
    size_t cap = 0;
    catalog->kind = SERVER_KIND_OPENAI;
    for (size_t i = 0; i < json_count(data) && !catalog->truncated; i++) {
        struct json_object *entry = json_at(data, i);
        struct model *model = catalog_add(catalog, &cap, json_get_str(entry, "id"));
        if (model) {
            fill_entry(catalog, model, entry);
        }
    }
    fill_props(catalog, sources);
    fill_studio(catalog, sources->studio);
    fill_insert(catalog, sources->insert);
    catalog_index(catalog);
    *result = ERR_OK;
    return catalog;
}
