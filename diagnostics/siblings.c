// SPDX-License-Identifier: MIT
//
// The sibling rule and the host rule (config-formats 2.2, 2.3), which cover most hand-made
// settings:
//
//   vision: {provider: ollama, model: llava:7b, base_url: …}     provider beside model
//   llm: {provider: ollama, config: {model: …}}                  provider one level above
//   chat: {base_url: http://localhost:11434/v1, model: …}        the URL says it
//   ollama: {llm_model: …, embedding_model: …}                   the section's name says it
//
// Which keys and words count is data (conventions/lists.json); how they stand together is here.
#include "diagnostics/settings.h"

#include "ollama/core/library.h"

#define KEY_MAX 48    // longer keys are none of ours
#define MERGE_DEPTH 3 // merge keys that lead to merge keys
#define MERGE_MAX 8   // objects merged by one key

enum sibling {
    SIBLING_NONE,
    SIBLING_PROVIDER,
    SIBLING_WEAK,
    SIBLING_MODEL,
    SIBLING_LIST,
    SIBLING_HOST,
    SIBLING_NESTED
};

// Lower case without '_' and '-': base_url, baseUrl and base-url are one key.
static struct str normalize(struct str key, char out[KEY_MAX]) {
    size_t n = 0;
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] != '_' && key.p[i] != '-') {
            if (n == KEY_MAX) {
                return STR_NONE;
            }
            out[n++] = char_lower(key.p[i]);
        }
    }
    return str_of(out, n);
}

static enum sibling classify(const struct sibling_lists *lists, struct str key) {
    return str_list_has(lists->provider_keys, key)        ? SIBLING_PROVIDER
           : str_list_has(lists->weak_provider_keys, key) ? SIBLING_WEAK
           : str_list_has(lists->model_keys, key)         ? SIBLING_MODEL
           : str_list_has(lists->model_list_keys, key)    ? SIBLING_LIST
           : str_list_has(lists->host_keys, key)          ? SIBLING_HOST
           : str_list_has(lists->nested_keys, key)        ? SIBLING_NESTED
                                                          : SIBLING_NONE;
}

struct family {
    bool is_ollama; // a provider key says so
    bool is_weak;   // `name: ollama`
    bool is_other;  // a provider key names somebody else
    bool has_model;
    bool is_prose; // a value is words for people: the texts of a user interface
    bool is_url;   // the host is an Ollama URL
    const struct config_node *host;
    const struct config_node *host_place; // where one is about to be written: nothing stands there
};

// "Choose a model": words without a digit. "llama 3.1" is a name with a slip in it.
static bool text_is_prose(struct str text) {
    text = str_trim(text);
    for (size_t i = 0; i < text.n; i++) {
        if (char_is_digit(text.p[i]) || text.p[i] == '{' || text.p[i] == '$') {
            return false;
        }
    }
    return str_find_char(text, ' ') != STR_NPOS;
}

static void look_at_members(struct settings *settings, const struct config_node *object,
                            struct family *family, int depth);

static void look_at(struct settings *settings, const struct config_node *object,
                    struct family *family) {
    look_at_members(settings, object, family, 0);
}

// `<<: *common` or a list of such: what is merged counts as written here.
static void look_at_merged(struct settings *settings, const struct config_node *merged,
                           struct family *family, int depth) {
    if (depth == MERGE_DEPTH) {
        return;
    }
    if (merged->kind == CONFIG_OBJECT) {
        look_at_members(settings, merged, family, depth + 1);
        return;
    }
    size_t i = 0;
    for (const struct config_node *each = merged->first; each && i < MERGE_MAX;
         each = each->next, i++) {
        const struct config_node *object = config_resolve(each);
        if (object && object->kind == CONFIG_OBJECT) {
            look_at_members(settings, object, family, depth + 1);
        }
    }
}

static void look_at_members(struct settings *settings, const struct config_node *object,
                            struct family *family, int depth) {
    const struct sibling_lists *lists = &settings->set->siblings;
    for (const struct config_node *child = object->first; child; child = child->next) {
        char buffer[KEY_MAX];
        struct str key = normalize(config_key(settings->config, child), buffer);
        const struct config_node *value = config_resolve(child);
        if (value && str_eq(key, STR("<<")) && settings->config->has_aliases) {
            look_at_merged(settings, value, family, depth);
            continue;
        }
        if (key.n == 0 || !value) {
            continue;
        }
        struct str text =
            value->kind == CONFIG_SCALAR ? config_text(settings->config, value) : STR_NONE;
        switch (classify(lists, key)) {
        case SIBLING_PROVIDER:
            family->is_ollama = family->is_ollama || str_list_matches(lists->provider_values, text);
            family->is_other = family->is_other || str_list_matches(lists->other_values, text);
            break;
        case SIBLING_WEAK: family->is_weak = str_list_matches(lists->provider_values, text); break;
        case SIBLING_MODEL:
        case SIBLING_LIST:
            family->has_model = true;
            family->is_prose = family->is_prose || text_is_prose(text);
            break;
        case SIBLING_HOST:
            // Of several the one that is Ollama's counts: a map may hold a web page's URL too.
            family->is_prose = family->is_prose || text_is_prose(text);
            if (value->kind == CONFIG_SCALAR && !str_istarts(text, STR("ollama://")) &&
                (!family->host || text_is_ollama_url(text))) {
                family->host = value;
                family->is_url = text_is_ollama_url(text);
            }
            family->host_place = value->kind == CONFIG_NULL ? value : family->host_place;
            break;
        default: break;
        }
    }
}

static enum model_role role_of(struct settings *settings, struct str key,
                               const struct config_node *object) {
    const struct sibling_lists *lists = &settings->set->siblings;
    const struct config_node *above = object;
    // What the model's own key says, else the names of the objects around it.
    for (int level = 0; level < 3 && key.n > 0; level++) {
        if (str_list_matches(lists->embed_keys, key)) {
            return ROLE_EMBED;
        }
        if (str_list_matches(lists->vision_keys, key)) {
            return ROLE_VISION;
        }
        if (str_list_matches(lists->autocomplete_keys, key)) {
            return ROLE_AUTOCOMPLETE;
        }
        if (str_list_matches(lists->chat_keys, key)) {
            return ROLE_CHAT;
        }
        while (above && !above->has_key) {
            above = above->parent;
        }
        key = above ? config_key(settings->config, above) : STR_NONE;
        above = above ? above->parent : NULL;
    }
    return ROLE_ANY;
}

static bool is_word_of_json(struct str text) {
    double number = 0;
    return str_eq(text, STR("true")) || str_eq(text, STR("false")) || str_to_double(text, &number);
}

// A key or a value of a map of models: surely a model's name, or a word for something else?
static bool looks_like_model(struct str text) {
    struct model_name name;
    return model_name_parse(text, MODEL_NAME_INFERENCE, &name, NULL) &&
           (name.has_tag || library_find(name.model));
}

static void add_model(struct settings *settings, const struct config_node *object,
                      struct piece value, struct str key, const struct config_node *host,
                      unsigned flags) {
    static const struct form forms[] = {
        {.prefix = STR_INIT("ollama_chat/")},
        {.prefix = STR_INIT("ollama/")},
        {.prefix = STR_INIT("ollama://"), .host_mark = '@'},
        {.prefix = STR_INIT("openai/")},
        {.prefix = STR_INIT("")},
    };
    struct model_place place = {.value = value,
                                .forms = forms,
                                .n_forms = sizeof(forms) / sizeof(forms[0]),
                                .role = role_of(settings, key, object),
                                .flags = flags,
                                .convention = STR("provider beside model"),
                                .takes_empty = true};
    size_t index = settings->collector->references.n;
    struct reference *reference = collect_model(settings->collector, &place, NULL);
    if (!reference) {
        return;
    }
    if (host && reference->host.origin == HOST_ORIGIN_NONE) {
        reference_set_host(settings->collector, reference, config_value(settings->config, host),
                           HOST_ORIGIN_SIBLING);
    }
    const struct config_node *options = config_get(settings->config, object, STR("options"));
    const struct config_node *num_ctx = config_get(settings->config, object, STR("num_ctx"));
    num_ctx = num_ctx ? num_ctx : config_get(settings->config, options, STR("num_ctx"));
    if (num_ctx) {
        struct piece piece = config_value(settings->config, num_ctx);
        collect_num_ctx(settings->collector, &piece, index, place.convention);
    }
}

// `models`: names, objects with a name, or a map whose keys or values are names.
static void add_models(struct settings *settings, const struct config_node *object,
                       const struct config_node *models, struct str key,
                       const struct config_node *host) {
    const struct config *config = settings->config;
    if (models->kind == CONFIG_SCALAR) {
        add_model(settings, object, config_value(config, models), key, host, 0);
        return;
    }
    for (const struct config_node *each = models->first; each; each = each->next) {
        const struct config_node *value = config_resolve(each);
        if (!value) {
            continue;
        }
        if (value->kind == CONFIG_SCALAR &&
            (models->kind == CONFIG_ARRAY || !is_word_of_json(config_text(config, value)))) {
            // Values of a map of models are names where they look like it: {chat: llama3, mode:
            // fast}.
            bool is_sure =
                models->kind == CONFIG_ARRAY || looks_like_model(config_text(config, value));
            add_model(settings, object, config_value(config, value),
                      each->has_key ? config_key(config, each) : key, host,
                      is_sure ? 0 : REF_QUIET);
        } else if (models->kind == CONFIG_OBJECT && value->kind != CONFIG_ARRAY) {
            bool is_sure = looks_like_model(config_key(config, each));
            if (is_sure ||
                value->kind !=
                    CONFIG_SCALAR) { // {fetch: true} is a switch, {qwen3:8b: true} is not
                add_model(settings, object, config_key_piece(config, each), key, host,
                          is_sure ? 0 : REF_QUIET);
            }
        } else if (models->kind == CONFIG_ARRAY && value->kind == CONFIG_OBJECT) {
            struct family family = {0};
            look_at(settings, value, &family);
            const struct config_node *name = NULL;
            const struct str *names = settings->set->siblings.name_keys;
            for (; names && names->n > 0 && !name; names++) {
                name = config_get(config, value, *names);
            }
            if (name && name->kind == CONFIG_SCALAR && (!family.is_other || family.is_ollama)) {
                add_model(settings, value, config_value(config, name), key,
                          family.host ? family.host : host, 0);
            }
        }
    }
}

static void add_members(struct settings *settings, const struct config_node *object,
                        const struct config_node *host, bool is_nested) {
    const struct sibling_lists *lists = &settings->set->siblings;
    for (const struct config_node *child = object->first; child; child = child->next) {
        char buffer[KEY_MAX];
        struct str key = normalize(config_key(settings->config, child), buffer);
        const struct config_node *value = config_resolve(child);
        enum sibling sibling = value ? classify(lists, key) : SIBLING_NONE;
        if (sibling == SIBLING_MODEL &&
            (value->kind == CONFIG_SCALAR || value->kind == CONFIG_NULL)) {
            add_model(settings, object, config_value(settings->config, value), key, host, 0);
        } else if (sibling == SIBLING_LIST ||
                   (sibling == SIBLING_MODEL && value->kind == CONFIG_ARRAY)) {
            add_models(settings, object, value, key, host);
        } else if (sibling == SIBLING_NESTED && value->kind == CONFIG_OBJECT && !is_nested) {
            struct family inner = {0};
            look_at(settings, value, &inner);
            if (!inner.is_other || inner.is_ollama) {
                const struct config_node *own = inner.host ? inner.host : host;
                if (inner.host) {
                    struct piece piece = config_value(settings->config, inner.host);
                    collect_host(settings->collector, &piece, V1_ANY, STR("provider beside model"),
                                 0);
                }
                add_members(settings, value, own, true);
            }
        }
    }
}

void siblings_collect(struct settings *settings, const struct config_node *object) {
    const struct sibling_lists *lists = &settings->set->siblings;
    bool is_section = object->has_key &&
                      str_list_matches(lists->section_keys, config_key(settings->config, object));
    // A container is called ollama because it serves models, whatever its own settings name.
    is_section = is_section && !config_get(settings->config, object, STR("image")) &&
                 !config_get(settings->config, object, STR("build"));
    bool has_hint = is_section;
    for (const struct config_node *child = object->first; child && !has_hint; child = child->next) {
        has_hint = child->matters &&
                   ((child->kind != CONFIG_OBJECT && child->kind != CONFIG_ARRAY) ||
                    str_eq(config_key(settings->config, child), STR("<<")));
    }
    if (!has_hint) {
        return;
    }
    struct family family = {0};
    look_at(settings, object, &family);
    bool is_ollama = family.is_ollama || (family.is_url && family.has_model) ||
                     (family.is_weak && family.has_model && family.host) ||
                     (is_section && !family.is_other && !family.is_prose &&
                      (family.has_model || family.is_url));
    if (!is_ollama) {
        return;
    }
    const struct config_node *host = family.host ? family.host : family.host_place;
    if (host) {
        struct piece piece = config_value(settings->config, host);
        collect_host(settings->collector, &piece, V1_ANY, STR("provider beside model"), 0);
    }
    add_members(settings, object, family.host, false);
}
