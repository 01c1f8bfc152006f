// SPDX-License-Identifier: MIT
//
// The file behind check --catalog: how a machine without Ollama knows what is installed elsewhere.
// Three forms are told apart by content: the output of `models --json`, an answer of /api/tags, and
// a plain list of names (the output of `ollama list` is one too: its first column).
//
// A server that did not answer when the file was made says nothing: it does not have "no models".
#include "base/json.h"
#include "base/limits.h"
#include "base/utf.h"
#include "ollama/core/catalog_build.h"

static bool digits(struct str s, size_t at, size_t n, int64_t *out) {
    return at + n <= s.n && char_is_digit(s.p[at]) && str_to_int64(str_slice(s, at, at + n), out);
}

// Days from 1970-01-01 to a date of the Gregorian calendar.
static int64_t days_from_date(int64_t year, int64_t month, int64_t day) {
    year -= month <= 2;
    int64_t era = year / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t time_from_rfc3339(struct str text) {
    int64_t year, month, day, hour, minute, second;
    if (text.n < 20 || !digits(text, 0, 4, &year) || !digits(text, 5, 2, &month) ||
        !digits(text, 8, 2, &day) || !digits(text, 11, 2, &hour) || !digits(text, 14, 2, &minute) ||
        !digits(text, 17, 2, &second) || month < 1 || month > 12 || day < 1 || day > 31) {
        return 0;
    }
    int64_t value = days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    char sign = text.p[text.n - 1] == 'Z' ? 'Z' : text.p[text.n - 6];
    if (sign == '+' || sign == '-') {
        int64_t zone_hour, zone_minute;
        if (!digits(text, text.n - 5, 2, &zone_hour) ||
            !digits(text, text.n - 2, 2, &zone_minute)) {
            return 0;
        }
        int64_t offset = zone_hour * 3600 + zone_minute * 60;
        value += sign == '+' ? -offset : offset;
    }
    return value > 0 ? value : 0;
}

static struct str copy_member(struct catalog *catalog, struct json_object *entry, const char *key) {
    return arena_copy(&catalog->arena, json_get_str(entry, key));
}

// One entry of `models --json`; an entry of /api/tags has its own names for the same things.
static void fill_entry(struct catalog *catalog, struct model *model, struct json_object *entry) {
    struct json_object *details = json_get(entry, "details");
    bool tags_form = json_is(details, json_type_object);
    struct json_object *facts = tags_form ? details : entry;
    model->digest = copy_member(catalog, entry, "digest");
    model->size = json_get_int(entry, "size", 0);
    model->modified_at = copy_member(catalog, entry, tags_form ? "modified_at" : "modifiedAt");
    model->modified = time_from_rfc3339(model->modified_at);
    model->family = copy_member(catalog, facts, "family");
    model->parameters = copy_member(catalog, facts, tags_form ? "parameter_size" : "parameters");
    model->quantization =
        copy_member(catalog, facts, tags_form ? "quantization_level" : "quantization");
    model->context_length = json_get_int(facts, tags_form ? "context_length" : "contextLength", 0);
    struct json_object *capabilities = json_get(entry, "capabilities");
    model->capabilities = catalog_capabilities(capabilities);
    model->capabilities_known = json_count(capabilities) > 0;
    model->remote_host = copy_member(catalog, entry, "remote_host");
    model->remote =
        model->remote || json_get_bool(entry, "remote", false) || model->remote_host.n > 0;
    struct json_object *running = json_get(entry, "running");
    if (json_is(running, json_type_object)) {
        model->running.loaded = true;
        model->running.size_vram = json_get_int(running, "sizeVram", 0);
        model->running.context_length = json_get_int(running, "contextLength", 0);
        model->running.expires_at = copy_member(catalog, running, "expiresAt");
    }
}

static void add_list(struct catalog *catalog, size_t *cap, struct json_object *models) {
    size_t n = json_count(models);
    for (size_t i = 0; i < n && !catalog->truncated; i++) {
        struct json_object *entry = json_at(models, i);
        struct str name =
            json_is(entry, json_type_string) ? json_str(entry) : json_get_str(entry, "name");
        struct model *model = catalog_add(catalog, cap, name);
        if (model && json_is(entry, json_type_object)) {
            fill_entry(catalog, model, entry);
        }
    }
}

// The models of the servers that answered. NULL and ERR_NOT_FOUND when there are none of those.
static struct catalog *from_servers(struct json_object *servers, struct arena *arena,
                                    struct error *error) {
    struct catalog *catalog = catalog_new(STR(""), STR(""));
    size_t cap = 0;
    size_t answered = 0;
    for (size_t i = 0; i < json_count(servers) && i < LIMIT_SERVERS; i++) {
        struct json_object *server = json_at(servers, i);
        if (json_get_bool(server, "reachable", true)) {
            answered++;
            add_list(catalog, &cap, json_get(server, "models"));
        }
    }
    if (answered == 0) {
        error_set(error, arena, ERR_NOT_FOUND, "no server answered when it was made");
        catalog_release(catalog);
        return NULL;
    }
    return catalog;
}

static struct catalog *from_json(struct str text, struct arena *arena, struct error *error) {
    struct json_object *root = NULL;
    if (json_parse(arena, text, &root, error) != ERR_OK) {
        return NULL;
    }
    struct catalog *catalog = NULL;
    size_t cap = 0;
    struct json_object *servers = json_get(root, "servers");
    struct json_object *models = json_is(root, json_type_array) ? root : json_get(root, "models");
    if (json_is(servers, json_type_array)) {
        catalog = from_servers(servers, arena, error);
    } else if (json_is(models, json_type_array)) {
        catalog = catalog_new(STR(""), STR(""));
        add_list(catalog, &cap, models);
    } else {
        error_set(error, arena, ERR_INVALID,
                  "the JSON has neither \"servers\" nor \"models\" as a list");
    }
    json_object_put(root);
    return catalog;
}

static struct catalog *from_lines(struct str text, struct arena *arena, struct error *error) {
    struct catalog *catalog = catalog_new(STR(""), STR(""));
    size_t cap = 0;
    size_t number = 0;
    struct str line;
    while (str_next_line(&text, &line)) {
        number++;
        line = str_trim(line);
        if (line.n == 0 || line.p[0] == '#') {
            continue;
        }
        size_t end = 0;
        while (end < line.n && !char_is_space(line.p[end])) {
            end++;
        }
        struct str name = str_slice(line, 0, end);
        if (str_eq(name, STR("NAME")) && end < line.n) {
            continue; // the head of `ollama list`
        }
        if (!catalog_add(catalog, &cap, name) && !catalog->truncated) {
            struct str shown = display_escape(arena, name, 80);
            error_set(error, arena, ERR_INVALID, "line %zu: '%.*s' is not a model name", number,
                      STR_ARG(shown));
            catalog_release(catalog);
            return NULL;
        }
    }
    return catalog;
}

struct catalog *catalog_from_file(struct str text, struct arena *arena, struct error *error) {
    if (str_starts(text, STR("\xef\xbb\xbf"))) {
        text = str_from_index(text, 3);
    }
    struct str trimmed = str_trim(text);
    bool is_json = trimmed.n && (trimmed.p[0] == '{' || trimmed.p[0] == '[');
    struct catalog *catalog =
        is_json ? from_json(trimmed, arena, error) : from_lines(text, arena, error);
    if (catalog) {
        catalog_index(catalog);
    }
    return catalog;
}
