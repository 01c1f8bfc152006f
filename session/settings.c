// SPDX-License-Identifier: MIT
//
// Merging and checking settings. One table row per key says its type and grade; the merge walks the
// table, so a key cannot be forgotten by one of the sources. Invariants: servers[0] always exists;
// a key of grade user never comes from the workspace.
#include "session/settings.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/uri.h"
#include "ollama/core/backend_url.h"
#include "ollama/core/environment.h"

enum grade { GRADE_USER, GRADE_ANY };

enum key_type { KEY_STRING, KEY_BOOL, KEY_NUMBER, KEY_ARRAY, KEY_OBJECT, KEY_DURATION };

struct key {
    const char *path; // dotted
    enum key_type type;
    enum grade grade;
};

// DESIGN A15. Members of ai and inlineCompletion are rows of their own because their grades differ.
static const struct key keys[] = {
    {"url", KEY_STRING, GRADE_USER},
    {"servers", KEY_ARRAY, GRADE_USER},
    {"trustedHosts", KEY_ARRAY, GRADE_USER},
    {"hostMap", KEY_OBJECT, GRADE_USER},
    {"backend", KEY_STRING, GRADE_USER},
    {"fallback", KEY_BOOL, GRADE_USER},
    {"autoPull", KEY_BOOL, GRADE_USER},
    {"ollamaPath", KEY_STRING, GRADE_USER},
    {"cacheTtl", KEY_NUMBER, GRADE_ANY},
    {"healthInterval", KEY_NUMBER, GRADE_ANY},
    {"conventions", KEY_ARRAY, GRADE_ANY},
    {"exclude", KEY_ARRAY, GRADE_ANY},
    {"severity", KEY_OBJECT, GRADE_ANY},
    {"ignoreModels", KEY_ARRAY, GRADE_ANY},
    {"ai.enable", KEY_BOOL, GRADE_ANY},
    {"ai.review", KEY_BOOL, GRADE_ANY},
    {"ai.think", KEY_BOOL, GRADE_ANY},
    {"ai.model", KEY_OBJECT, GRADE_USER},
    {"ai.temperature", KEY_NUMBER, GRADE_USER},
    {"ai.numPredict", KEY_NUMBER, GRADE_USER},
    {"ai.keepAlive", KEY_DURATION, GRADE_USER},
    {"ai.prompts", KEY_OBJECT, GRADE_USER},
    {"actions", KEY_ARRAY, GRADE_USER},
    {"inlineCompletion.enable", KEY_BOOL, GRADE_ANY},
    {"inlineCompletion.debounceMs", KEY_NUMBER, GRADE_ANY},
    {"inlineCompletion.model", KEY_STRING, GRADE_USER},
};

#define CACHE_TTL_S 60
#define HEALTH_INTERVAL_S 30
#define TEMPERATURE_MAX 2 // above it every model writes noise
#define NUM_PREDICT_DEFAULT 4096
#define NUM_PREDICT_MAX 1000000
#define KEEP_ALIVE_MAX_S 1000000000 // about 30 years; Go's durations end at 292
#define DEBOUNCE_MS 150
#define DEBOUNCE_MAX_MS 10000

struct merge {
    const struct settings_input *input;
    struct settings *settings;
    void (*on_problem)(void *data, struct str message);
    void *data;
};

const char *settings_source_name(enum settings_source source) {
    switch (source) {
    case SETTINGS_USER_FILE: return "the user file config.json";
    case SETTINGS_WORKSPACE_FILE: return SETTINGS_WORKSPACE_NAME;
    case SETTINGS_INIT_OPTIONS: return "initializationOptions";
    case SETTINGS_CLIENT: return "the editor's configuration";
    case SETTINGS_SOURCE_COUNT: break;
    }
    return "settings";
}

static const char *type_text(enum key_type type) {
    switch (type) {
    case KEY_STRING: return "a string";
    case KEY_BOOL: return "true or false";
    case KEY_NUMBER: return "a number";
    case KEY_ARRAY: return "an array";
    case KEY_OBJECT: return "an object";
    case KEY_DURATION: return "a duration such as \"5m\", or a number of seconds";
    }
    return "something else";
}

static bool type_fits(enum key_type type, struct json_object *value) {
    switch (type) {
    case KEY_STRING: return json_is(value, json_type_string);
    case KEY_BOOL: return json_is(value, json_type_boolean);
    case KEY_NUMBER: return json_is(value, json_type_int) || json_is(value, json_type_double);
    case KEY_ARRAY: return json_is(value, json_type_array);
    case KEY_OBJECT: return json_is(value, json_type_object);
    case KEY_DURATION: return type_fits(KEY_STRING, value) || type_fits(KEY_NUMBER, value);
    }
    return false;
}

#define PROBLEM(merge, ...)                                                                        \
    ((merge)->on_problem                                                                           \
         ? (merge)->on_problem((merge)->data,                                                      \
                               arena_printf(&(merge)->settings->arena, __VA_ARGS__))               \
         : (void)0)

static bool is_user_grade(const struct settings_input *input, enum settings_source source) {
    return source == SETTINGS_USER_FILE || source == SETTINGS_INIT_OPTIONS ||
           (source == SETTINGS_CLIENT && input->client_is_user_grade);
}

// "ai.enable" may be written nested or as one dotted key.
static struct json_object *lookup(struct json_object *source, const char *path) {
    struct json_object *flat = json_get(source, path);
    return flat ? flat : json_path(source, path);
}

// The value in force for a key, borrowed from its source; NULL: the default.
static struct json_object *merged(struct merge *merge, const struct key *key) {
    struct json_object *found = NULL;
    for (int i = SETTINGS_SOURCE_COUNT - 1; i >= 0; i--) {
        enum settings_source source = (enum settings_source)i;
        struct json_object *value = lookup(merge->input->sources[source], key->path);
        if (!value) {
            continue;
        }
        if (key->grade == GRADE_USER && !is_user_grade(merge->input, source)) {
            PROBLEM(merge,
                    "setting \"%s\" from %s is ignored: a workspace may not set it; put it into "
                    "initializationOptions or the user file ollama-ls/config.json",
                    key->path, settings_source_name(source));
            continue;
        }
        if (!type_fits(key->type, value)) {
            PROBLEM(merge, "setting \"%s\" in %s must be %s; it is ignored", key->path,
                    settings_source_name(source), type_text(key->type));
            continue;
        }
        if (!found) {
            found = value;
        }
    }
    return found;
}

static struct json_object *merged_by_path(struct merge *merge, const char *path) {
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (strcmp(keys[i].path, path) == 0) {
            return merged(merge, &keys[i]);
        }
    }
    return NULL;
}

static struct str own(struct merge *merge, struct str s) {
    return arena_copy(&merge->settings->arena, s);
}

static struct str merged_str(struct merge *merge, const char *path) {
    return own(merge, json_str(merged_by_path(merge, path)));
}

static bool merged_bool(struct merge *merge, const char *path, bool fallback) {
    struct json_object *value = merged_by_path(merge, path);
    return value ? json_object_get_boolean(value) != 0 : fallback;
}

static int64_t merged_ms(struct merge *merge, const char *path, double fallback_s) {
    struct json_object *value = merged_by_path(merge, path);
    double seconds = value ? json_object_get_double(value) : fallback_s;
    if (!(seconds >= 1 && seconds <= 86400)) {
        PROBLEM(merge, "setting \"%s\" must lie between 1 and 86400 seconds; %g is used", path,
                fallback_s);
        seconds = fallback_s;
    }
    return (int64_t)(seconds * 1000);
}

static struct str *merged_strings(struct merge *merge, const char *path, size_t *n) {
    struct json_object *array = merged_by_path(merge, path);
    size_t count = json_count(array);
    struct str *out = ARENA_ARRAY(&merge->settings->arena, count + 1, struct str);
    *n = 0;
    for (size_t i = 0; i < count; i++) {
        if (json_is(json_at(array, i), json_type_string)) {
            out[(*n)++] = own(merge, json_str(json_at(array, i)));
        } else {
            PROBLEM(merge, "setting \"%s\": element %zu must be a string; it is ignored", path, i);
        }
    }
    return out;
}

static void read_headers(struct merge *merge, struct server_setting *server,
                         struct json_object *object) {
    if (!json_is(object, json_type_object)) {
        return;
    }
    struct arena *arena = &merge->settings->arena;
    server->headers =
        ARENA_ARRAY(arena, (size_t)json_object_object_length(object) + 1, struct http_header);
    json_object_object_foreach (object, name, value) {
        if (json_is(value, json_type_string)) {
            server->headers[server->n_headers].name = arena_copy(arena, str_from(name));
            server->headers[server->n_headers++].value = arena_copy(arena, json_str(value));
        } else {
            PROBLEM(merge, "setting \"servers\": header \"%s\" must be a string; it is ignored",
                    name);
        }
    }
}

// https://ollama.com takes the key of the environment (DESIGN A4.6).
static void default_key(struct server_setting *server) {
    if (server->api_key_env.n == 0 && str_eq(server->canonical, STR("https://ollama.com:443"))) {
        server->api_key_env = STR("OLLAMA_API_KEY");
    }
}

// Where a server is and what it speaks, as far as its URL tells. A model in it is the one for chat
// where the server is the default one. False, with a warning: it is none.
static bool read_address(struct merge *merge, const char *key, struct str written,
                         struct server_setting *server) {
    struct arena *arena = &merge->settings->arena;
    struct backend_url form;
    server->url = own(merge, written);
    backend_url_parse(arena, server->url, &form);
    if (form.in_process) {
        PROBLEM(merge,
                "setting \"%s\": %.*s names no server: local:// loads a model into the program "
                "itself; it is ignored",
                key, STR_ARG(uri_redact(arena, server->url)));
        return false;
    }
    server->canonical = host_canonical(arena, form.url.n > 0 ? form.url : server->url);
    server->kind = form.kind;
    server->model = form.model;
    return true;
}

static bool read_server(struct merge *merge, struct json_object *entry, size_t i,
                        struct server_setting *server) {
    struct str url = json_get_str(entry, "url");
    struct str kind = json_get_str(entry, "kind");
    if (url.n == 0) {
        PROBLEM(merge, "setting \"servers\": entry %zu needs a \"url\"; it is ignored", i);
        return false;
    }
    if (kind.n && !str_eq(kind, STR("ollama")) && !str_eq(kind, STR("openai"))) {
        PROBLEM(merge,
                "setting \"servers\": entry %zu: \"kind\" must be \"ollama\" or \"openai\"; it is "
                "ignored",
                i);
        return false;
    }
    *server = (struct server_setting){0};
    if (!read_address(merge, "servers", url, server)) {
        return false;
    }
    if (kind.n > 0) {
        server->kind = str_eq(kind, STR("openai")) ? SERVER_KIND_OPENAI : SERVER_KIND_OLLAMA;
    }
    server->api_key_env = own(merge, json_get_str(entry, "apiKeyEnv"));
    server->name = own(merge, json_get_str(entry, "name"));
    if (server->name.n == 0) {
        server->name = server->canonical;
    }
    read_headers(merge, server, json_get(entry, "headers"));
    default_key(server);
    return true;
}

static void use_url(struct merge *merge, const char *key, struct server_setting *server,
                    struct str url) {
    *server = (struct server_setting){.name = STR("default")};
    if (!read_address(merge, key, url, server)) {
        read_address(merge, key, STR_NONE, server);
    }
    default_key(server);
}

// OLLAMA_HOST names an Ollama, with /v1 or without.
static void use_environment(struct merge *merge, struct server_setting *server) {
    struct str host = merge->input->env_ollama_host;
    use_url(merge, "OLLAMA_HOST", server, host);
    if (str_istarts(str_trim(host), STR("http"))) {
        server->kind = SERVER_KIND_OLLAMA;
    }
}

// [default, …servers] (DESIGN A10).
static void merge_servers(struct merge *merge) {
    struct settings *settings = merge->settings;
    struct json_object *list = merged_by_path(merge, "servers");
    struct str url = json_str(merged_by_path(merge, "url"));
    size_t count = json_count(list);
    if (count >= LIMIT_SERVERS) {
        PROBLEM(merge, "setting \"servers\" has %zu entries; the first %d are used", count,
                LIMIT_SERVERS - 1);
        count = LIMIT_SERVERS - 1;
    }
    size_t room = count + 1 + ROLE_CHOICE_COUNT + 1; // models may name servers of their own
    settings->servers = ARENA_ARRAY(&settings->arena, room, struct server_setting);
    settings->n_servers = 1;
    bool has_default = false;
    for (size_t i = 0; i < count; i++) {
        struct server_setting server;
        if (!read_server(merge, json_at(list, i), i, &server)) {
            continue;
        }
        if (str_eq(server.name, STR("default"))) {
            settings->servers[0] = server;
            has_default = true;
        } else {
            settings->servers[settings->n_servers++] = server;
        }
    }
    if (merge->input->host_flag.n) {
        use_url(merge, "--host", &settings->servers[0], merge->input->host_flag);
    } else if (!has_default && url.n > 0) {
        use_url(merge, "url", &settings->servers[0], url);
    } else if (!has_default) {
        use_environment(merge, &settings->servers[0]);
    }
}

static void merge_host_map(struct merge *merge) {
    struct settings *settings = merge->settings;
    struct json_object *map = merged_by_path(merge, "hostMap");
    if (!map) {
        return;
    }
    settings->host_map = ARENA_ARRAY(&settings->arena, (size_t)json_object_object_length(map) + 1,
                                     struct host_map_entry);
    json_object_object_foreach (map, from, to) {
        if (!json_is(to, json_type_string)) {
            PROBLEM(merge, "setting \"hostMap\": \"%s\" must map to a URL; it is ignored", from);
            continue;
        }
        struct host_map_entry *entry = &settings->host_map[settings->n_host_map++];
        entry->from = own(merge, str_from(from));
        entry->to = own(merge, json_str(to));
    }
}

static void merge_severity(struct merge *merge) {
    struct json_object *map = merged_by_path(merge, "severity");
    if (!map) {
        return;
    }
    json_object_object_foreach (map, name, word) {
        enum finding_code code;
        if (!finding_code_parse(str_from(name), &code)) {
            PROBLEM(merge, "setting \"severity\": there is no finding \"%s\"; see docs/findings.md",
                    name);
        } else if (!severity_parse(json_str(word), &merge->settings->severities[code])) {
            PROBLEM(merge,
                    "setting \"severity\": \"%s\" must be off, hint, information, warning or error",
                    name);
        } else {
            merge->settings->has_severity[code] = true;
        }
    }
}

// --- ai ---

// A model as it is written in a setting: its name, or a URL form that may name its server too.
static struct str read_model(struct merge *merge, const char *key, struct str written,
                             struct str *canonical) {
    struct settings *settings = merge->settings;
    struct backend_url form;
    struct str text = own(merge, str_trim(written));
    backend_url_parse(&settings->arena, text, &form);
    *canonical = STR_NONE;
    if (!form.is_form || form.model.n == 0) {
        return text;
    }
    if (form.in_process) {
        PROBLEM(merge, "setting \"%s\": no server has a model of local://; it is ignored", key);
        return STR_NONE;
    }
    if (!form.has_host && form.kind == SERVER_KIND_OLLAMA) {
        return form.model; // "ollama://MODEL": on whatever server there is
    }
    *canonical = host_canonical(&settings->arena, form.url);
    for (size_t i = 0; i < settings->n_servers; i++) {
        if (str_eq(settings->servers[i].canonical, *canonical)) {
            return form.model;
        }
    }
    settings->servers[settings->n_servers++] = (struct server_setting){
        .name = *canonical, .url = form.url, .canonical = *canonical, .kind = form.kind};
    return form.model;
}

static void merge_models(struct merge *merge) {
    struct json_object *map = merged_by_path(merge, "ai.model");
    const struct server_setting *standard = &merge->settings->servers[0];
    if (standard->model.n > 0) { // "url": "ollama://MODEL@HOST"
        merge->settings->ai.model[ROLE_CHOICE_CHAT] = standard->model;
        merge->settings->ai.model_server[ROLE_CHOICE_CHAT] = standard->canonical;
    }
    if (!map) {
        return;
    }
    json_object_object_foreach (map, name, model) {
        enum choice_role role;
        if (!choice_role_parse(str_from(name), &role)) {
            PROBLEM(merge,
                    "setting \"ai.model\": there is no role \"%s\"; the roles are chat, "
                    "autocomplete and embed",
                    name);
        } else if (json_is(model, json_type_string)) {
            struct ai_settings *ai = &merge->settings->ai;
            ai->model[role] =
                read_model(merge, "ai.model", json_str(model), &ai->model_server[role]);
        } else if (model) { // null means absent
            PROBLEM(merge, "setting \"ai.model\": \"%s\" must be a string; it is ignored", name);
        }
    }
}

// A number between both ends, or the default with one warning.
static double merged_number(struct merge *merge, const char *path, double min, double max,
                            double fallback, bool *is_set) {
    struct json_object *value = merged_by_path(merge, path);
    double number = value ? json_object_get_double(value) : fallback;
    *is_set = value != NULL;
    if (value && !(number >= min && number <= max)) {
        PROBLEM(merge, "setting \"%s\" must lie between %.0f and %.0f; it is ignored", path, min,
                max);
        *is_set = false;
        return fallback;
    }
    return number;
}

static int64_t merged_whole(struct merge *merge, const char *path, int64_t min, int64_t max,
                            int64_t fallback) {
    bool is_set;
    double number = merged_number(merge, path, (double)min, (double)max, (double)fallback, &is_set);
    int64_t whole = (int64_t)number;
    if ((double)whole < number) {
        PROBLEM(merge, "setting \"%s\" must be a whole number; it is ignored", path);
        return fallback;
    }
    return whole;
}

// As Ollama reads it in a request, where a string needs a unit and a number is one of seconds.
static struct str merged_keep_alive(struct merge *merge) {
    struct arena *arena = &merge->settings->arena;
    struct json_object *value = merged_by_path(merge, "ai.keepAlive");
    struct str text = str_trim(json_str(value));
    double seconds = json_object_get_double(value);
    if (json_is(value, json_type_string)) {
        int64_t whole;
        bool is_seconds =
            str_to_int64(text, &whole) && whole >= -KEEP_ALIVE_MAX_S && whole <= KEEP_ALIVE_MAX_S;
        if (is_seconds || duration_is_valid(text)) {
            return own(merge, text);
        }
    } else if (value && seconds >= -KEEP_ALIVE_MAX_S && seconds <= KEEP_ALIVE_MAX_S) {
        int64_t whole = (int64_t)seconds;
        bool is_whole = (double)whole >= seconds && (double)whole <= seconds;
        return is_whole ? arena_printf(arena, "%lld", (long long)whole)
                        : arena_printf(arena, "%.3fs", seconds);
    }
    if (value) {
        PROBLEM(merge, "setting \"ai.keepAlive\" must be %s; it is ignored",
                type_text(KEY_DURATION));
    }
    return STR_NONE;
}

static struct json_object *merged_json(struct merge *merge, const char *path) {
    struct json_object *value = merged_by_path(merge, path);
    return value ? json_object_get(value) : NULL;
}

static enum ai_think merged_think(struct merge *merge) {
    struct json_object *value = merged_by_path(merge, "ai.think");
    if (!value) {
        return AI_THINK_MODEL;
    }
    return json_object_get_boolean(value) ? AI_THINK_ON : AI_THINK_OFF;
}

static void merge_ai(struct merge *merge) {
    struct ai_settings *ai = &merge->settings->ai;
    ai->enable = merged_bool(merge, "ai.enable", true);
    ai->review = merged_bool(merge, "ai.review", false);
    ai->think = merged_think(merge);
    merge_models(merge);
    ai->temperature =
        merged_number(merge, "ai.temperature", 0, TEMPERATURE_MAX, 0, &ai->has_temperature);
    ai->num_predict = merged_whole(merge, "ai.numPredict", 1, NUM_PREDICT_MAX, NUM_PREDICT_DEFAULT);
    ai->keep_alive = merged_keep_alive(merge);
    ai->prompts = merged_json(merge, "ai.prompts");
    ai->actions = merged_json(merge, "actions");
    ai->inline_completion.enable = merged_bool(merge, "inlineCompletion.enable", false);
    ai->inline_completion.debounce_ms =
        merged_whole(merge, "inlineCompletion.debounceMs", 0, DEBOUNCE_MAX_MS, DEBOUNCE_MS);
    struct str model = json_str(merged_by_path(merge, "inlineCompletion.model"));
    ai->inline_completion.model =
        read_model(merge, "inlineCompletion.model", model, &ai->inline_completion.model_server);
}

static bool is_known_key(struct str name) {
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct str path = str_from(keys[i].path);
        struct str head = str_slice(path, 0, str_find_char(path, '.'));
        if (str_eq(path, name) || str_eq(head, name)) {
            return true;
        }
    }
    return false;
}

bool settings_has_known_key(struct json_object *section) {
    if (json_is(section, json_type_object)) {
        json_object_object_foreach (section, name, value) {
            (void)value;
            if (is_known_key(str_from(name))) {
                return true;
            }
        }
    }
    return false;
}

// A key in one of our own files that no row knows is most likely misspelt.
static void warn_unknown(struct merge *merge, enum settings_source source) {
    struct json_object *object = merge->input->sources[source];
    if (!json_is(object, json_type_object)) {
        return;
    }
    json_object_object_foreach (object, name, value) {
        (void)value;
        if (!str_eq(str_from(name), STR("$schema")) && !is_known_key(str_from(name))) {
            PROBLEM(merge, "%s has an unknown setting \"%s\"; see docs/settings.md",
                    settings_source_name(source), name);
        }
    }
}

struct settings *settings_create(const struct settings_input *input,
                                 void (*on_problem)(void *data, struct str message), void *data) {
    struct settings *settings = mem_alloc(sizeof(*settings));
    arena_init(&settings->arena);
    struct merge merge = {input, settings, on_problem, data};
    merge_servers(&merge);
    merge_host_map(&merge);
    settings->trusted_hosts = merged_strings(&merge, "trustedHosts", &settings->n_trusted_hosts);
    settings->backend = merged_str(&merge, "backend");
    if (settings->backend.n > 0 && !str_eq(settings->backend, STR("ollama")) &&
        !str_eq(settings->backend, STR("openai")) && !str_eq(settings->backend, STR("auto"))) {
        PROBLEM(&merge,
                "setting \"backend\" must be ollama, openai or auto; the default server is used");
        settings->backend = STR_NONE;
    }
    settings->fallback = merged_bool(&merge, "fallback", false);
    settings->auto_pull = merged_bool(&merge, "autoPull", false);
    settings->ollama_path = merged_str(&merge, "ollamaPath");
    settings->cache_ttl_ms = merged_ms(&merge, "cacheTtl", CACHE_TTL_S);
    settings->health_interval_ms = merged_ms(&merge, "healthInterval", HEALTH_INTERVAL_S);
    struct json_object *conventions = merged_by_path(&merge, "conventions");
    settings->conventions = conventions ? json_object_get(conventions) : NULL;
    settings->exclude = merged_strings(&merge, "exclude", &settings->n_exclude);
    settings->ignore_models = merged_strings(&merge, "ignoreModels", &settings->n_ignore_models);
    merge_severity(&merge);
    merge_ai(&merge);
    warn_unknown(&merge, SETTINGS_USER_FILE);
    warn_unknown(&merge, SETTINGS_WORKSPACE_FILE);
    return settings;
}

void settings_destroy(struct settings *settings) {
    if (!settings) {
        return;
    }
    json_object_put(settings->conventions);
    json_object_put(settings->ai.prompts);
    json_object_put(settings->ai.actions);
    arena_finish(&settings->arena);
    free(settings);
}

const char *settings_key_at(size_t i) {
    return i < sizeof(keys) / sizeof(keys[0]) ? keys[i].path : NULL;
}
