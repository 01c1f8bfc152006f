// SPDX-License-Identifier: MIT
//
// From JSON to conventions. Strings are copied into the set's arena: the JSON is freed afterwards.
#include "diagnostics/convention_read.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/json.h"
#include "base/utf.h"
#include "diagnostics/analysis.h"

#define PROBLEM_MAX 256

void convention_problem(struct convention_reader *reader, const char *format, ...) {
    reader->failed = true;
    if (!reader->on_problem) {
        return;
    }
    char text[PROBLEM_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    size_t used = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
    struct str message = display_escape(reader->arena, str_of(text, used), PROBLEM_MAX);
    if (reader->file.n > 0) {
        message = arena_printf(reader->arena, "%.*s: conventions[%zu]: %.*s", STR_ARG(reader->file),
                               reader->index, STR_ARG(message));
    } else {
        message =
            arena_printf(reader->arena, "conventions[%zu]: %.*s", reader->index, STR_ARG(message));
    }
    reader->on_problem(reader->data, message);
}

// --- small pieces ---

// A string, or an array of strings, as an array ended by an empty string.
static const struct str *read_strings(struct convention_reader *reader, struct json_object *value,
                                      const char *member, size_t *n) {
    bool is_single = json_is(value, json_type_string);
    size_t count = is_single ? 1 : json_count(value);
    if (value && !is_single && !json_is(value, json_type_array)) {
        convention_problem(reader, "%s: a string or an array of strings is expected", member);
    }
    struct str *list = ARENA_ARRAY(reader->arena, count + 1, struct str);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        struct str text = json_str(is_single ? value : json_at(value, i));
        if (text.n == 0) {
            convention_problem(reader, "%s: a string that is not empty is expected", member);
            continue;
        }
        list[used++] = arena_copy(reader->arena, text);
    }
    if (n) {
        *n = used;
    }
    return list;
}

static void read_path(struct convention_reader *reader, struct str text, struct path *out) {
    struct str problem;
    if (!path_parse(reader->arena, text, out, &problem)) {
        convention_problem(reader, "%.*s", STR_ARG(problem));
    }
}

static const struct path *read_paths(struct convention_reader *reader, struct json_object *value,
                                     const char *member, size_t *n) {
    const struct str *texts = read_strings(reader, value, member, n);
    struct path *paths = ARENA_ARRAY(reader->arena, *n + 1, struct path);
    for (size_t i = 0; i < *n; i++) {
        read_path(reader, texts[i], &paths[i]);
    }
    return paths;
}

// Members that are none of `known` (which ends with NULL) are problems: a typing error in a setting
// must not pass in silence.
static void check_members(struct convention_reader *reader, struct json_object *object,
                          const char *const *known) {
    json_object_object_foreach (object, key, value) {
        (void)value;
        size_t i = 0;
        while (known[i] && strcmp(known[i], key) != 0) {
            i++;
        }
        if (!known[i]) {
            convention_problem(reader, "unknown member \"%s\"", key);
        }
    }
}

static uint8_t read_v1(struct convention_reader *reader, struct json_object *object) {
    struct str word = json_get_str(object, "v1");
    if (word.n == 0) {
        return V1_ANY;
    }
    if (!str_eq(word, STR("wanted")) && !str_eq(word, STR("forbidden"))) {
        convention_problem(reader, "v1: \"wanted\" or \"forbidden\" is expected");
    }
    return str_eq(word, STR("wanted")) ? V1_WANTED : V1_FORBIDDEN;
}

static char read_separator(struct convention_reader *reader, struct json_object *object) {
    struct str word = json_get_str(object, "separator");
    if (word.n > 1) {
        convention_problem(reader, "separator: one character is expected");
    }
    return word.n == 1 ? word.p[0] : 0;
}

// --- conditions ---

static void read_condition(struct convention_reader *reader, struct json_object *value,
                           struct condition *out) {
    if (json_is(value, json_type_object) && json_has(value, "not")) {
        out->is_negated = !out->is_negated;
        read_condition(reader, json_get(value, "not"), out);
        return;
    }
    bool is_key = out->kind == CONDITION_KEY;
    if (json_is(value, json_type_boolean)) {
        out->kind = CONDITION_EXISTS;
        out->is_negated = out->is_negated == json_object_get_boolean(value);
    } else if (json_is(value, json_type_object) && json_get_bool(value, "url", false)) {
        out->kind = CONDITION_URL;
    } else {
        out->kind = is_key ? CONDITION_KEY : CONDITION_TEXT;
        out->values = read_strings(reader, value, "a condition", &out->n_values);
        if (out->n_values == 0) {
            convention_problem(reader, "a condition is true, false, a text, texts, {url} or {not}");
        }
    }
}

static void read_group(struct convention_reader *reader, struct json_object *object,
                       struct condition_group *group) {
    VEC(struct condition) conditions = {0};
    json_object_object_foreach (object, key, value) {
        struct condition *condition = VEC_PUSH(reader->arena, &conditions);
        if (strcmp(key, "{key}") == 0) {
            condition->kind = CONDITION_KEY;
        } else {
            read_path(reader, str_from(key), &condition->path);
        }
        read_condition(reader, value, condition);
    }
    group->at = conditions.at;
    group->n = conditions.n;
}

// An object, all of whose members must hold, or an array of such objects, any of which must.
static struct conditions read_conditions(struct convention_reader *reader,
                                         struct json_object *value, const char *member) {
    struct conditions conditions = {0};
    if (!value) {
        return conditions;
    }
    bool is_single = json_is(value, json_type_object);
    size_t n = is_single ? 1 : json_count(value);
    if (n == 0) {
        convention_problem(reader, "%s: an object or an array of objects is expected", member);
    }
    conditions.groups = ARENA_ARRAY(reader->arena, n + 1, struct condition_group);
    for (size_t i = 0; i < n; i++) {
        struct json_object *object = is_single ? value : json_at(value, i);
        if (!json_is(object, json_type_object)) {
            convention_problem(reader, "%s: an object is expected", member);
            continue;
        }
        read_group(reader, object, &conditions.groups[conditions.n++]);
    }
    return conditions;
}

// --- forms and roles ---

static void read_form_text(struct convention_reader *reader, struct str text, struct form *out) {
    // "ollama/" alone is short for "ollama/NAME", "plain" for "NAME".
    if (str_eq(text, STR("plain"))) {
        text = STR("NAME");
    } else if (text.n > 0 && strchr("/:|,@", text.p[text.n - 1])) {
        text = arena_join(reader->arena, text, STR("NAME"));
    }
    size_t name = str_find(text, STR("NAME"));
    if (name == STR_NPOS) {
        convention_problem(reader,
                           "form: NAME must stand where the name stands, as in \"ollama/NAME\"");
        return;
    }
    struct str prefix = str_slice(text, 0, name);
    struct str rest = str_from_index(text, name + 4);
    if (rest.n > 0) {
        if (rest.n != 5 || !str_ends(rest, STR("HOST"))) {
            convention_problem(reader,
                               "form: only a mark and HOST may follow NAME, as in \"NAME@HOST\"");
        }
        out->host_mark = rest.p[0];
    }
    if (str_starts(prefix, STR("*")) && prefix.n > 1) {
        out->lead = arena_copy(reader->arena, str_slice(prefix, 1, 2));
        prefix = str_from_index(prefix, 2);
    }
    if (str_starts(prefix, STR("ID"))) {
        out->has_id = true;
        prefix = str_from_index(prefix, 2);
    }
    out->prefix = arena_copy(reader->arena, prefix);
}

const struct form *convention_read_forms(struct convention_reader *reader,
                                         struct json_object *value, size_t *n) {
    bool is_single = value && !json_is(value, json_type_array);
    *n = is_single ? 1 : json_count(value);
    struct form *forms = ARENA_ARRAY(reader->arena, *n + 1, struct form);
    static const char *const known[] = {"form", "wanted", "only", NULL};
    for (size_t i = 0; i < *n; i++) {
        struct json_object *entry = is_single ? value : json_at(value, i);
        if (!json_is(entry, json_type_object)) {
            read_form_text(reader, json_str(entry), &forms[i]);
            continue;
        }
        check_members(reader, entry, known);
        read_form_text(reader, json_get_str(entry, "form"), &forms[i]);
        forms[i].is_wrong = json_has(entry, "wanted");
        forms[i].wanted = arena_copy(reader->arena, json_get_str(entry, "wanted"));
        forms[i].only_library_tag = str_eq(json_get_str(entry, "only"), STR("library-tag"));
    }
    return forms;
}

enum model_role convention_read_role(struct convention_reader *reader, struct json_object *value) {
    struct str word = json_str(value);
    enum model_role role = role_parse(word);
    if (role == ROLE_ANY && !str_eq(word, STR("any"))) {
        convention_problem(
            reader, "role: one of any, chat, completion, autocomplete, embed, tools, vision");
    }
    return role;
}

static const struct role_rule *read_roles(struct convention_reader *reader,
                                          struct json_object *value, size_t *n) {
    bool is_single = value && !json_is(value, json_type_array);
    *n = is_single ? 1 : json_count(value);
    struct role_rule *roles = ARENA_ARRAY(reader->arena, *n + 1, struct role_rule);
    static const char *const known[] = {"role", "if", NULL};
    for (size_t i = 0; i < *n; i++) {
        struct json_object *entry = is_single ? value : json_at(value, i);
        if (json_is(entry, json_type_object)) {
            check_members(reader, entry, known);
            roles[i].when = read_conditions(reader, json_get(entry, "if"), "role");
            entry = json_get(entry, "role");
        }
        roles[i].role = convention_read_role(reader, entry);
    }
    return roles;
}

// --- rules ---

static bool holds_needle(struct str text) {
    return str_ifind(text, STR("ollama")) != STR_NPOS || str_contains(text, STR("11434"));
}

static bool condition_is_local(const struct condition *condition) {
    if (condition->is_negated || condition->kind == CONDITION_EXISTS ||
        condition->kind == CONDITION_KEY || condition->path.is_rooted) {
        return false;
    }
    for (size_t i = 0; i < condition->path.n; i++) {
        if (condition->path.steps[i].kind == STEP_UP ||
            condition->path.steps[i].kind == STEP_NAMED) {
            return false;
        }
    }
    size_t i = 0;
    while (i < condition->n_values && holds_needle(condition->values[i])) {
        i++;
    }
    return condition->kind == CONDITION_URL || i == condition->n_values;
}

// Is it enough to look where a needle is? Yes when the rule itself asks for one.
static uint8_t prune_of(const struct ref_rule *ref) {
    size_t i = 0;
    while (i < ref->n_forms && !ref->forms[i].has_id && holds_needle(ref->forms[i].prefix)) {
        i++;
    }
    if (ref->n_forms > 0 && i == ref->n_forms) {
        return PRUNE_VALUES;
    }
    for (i = 0; i < ref->when.n; i++) {
        size_t k = 0;
        while (k < ref->when.groups[i].n && !condition_is_local(&ref->when.groups[i].at[k])) {
            k++;
        }
        if (k == ref->when.groups[i].n) {
            return PRUNE_NOTHING;
        }
    }
    return ref->when.n > 0 ? PRUNE_OBJECTS : PRUNE_NOTHING;
}

static void read_ref_host(struct convention_reader *reader, struct json_object *value,
                          struct ref_rule *out) {
    struct str text = json_str(value);
    if (str_contains(text, STR("://"))) {
        out->host_literal = arena_copy(reader->arena, text);
    } else if (value) {
        out->hosts = read_paths(reader, value, "host", &out->n_hosts);
    }
}

static void read_ref(struct convention_reader *reader, struct json_object *entry,
                     struct ref_rule *out) {
    out->paths = read_paths(reader, json_get(entry, "path"), "path", &out->n_paths);
    out->when = read_conditions(reader, json_get(entry, "if"), "if");
    out->forms = convention_read_forms(reader, json_get(entry, "form"), &out->n_forms);
    out->roles = read_roles(reader, json_get(entry, "role"), &out->n_roles);
    read_ref_host(reader, json_get(entry, "host"), out);
    if (json_has(entry, "provider")) {
        struct path *provider = ARENA_NEW(reader->arena, struct path);
        read_path(reader, json_get_str(entry, "provider"), provider);
        out->provider = provider;
    }
    if (json_has(entry, "numCtx")) {
        struct path *num_ctx = ARENA_NEW(reader->arena, struct path);
        read_path(reader, json_get_str(entry, "numCtx"), num_ctx);
        out->num_ctx = num_ctx;
    }
    struct json_object *pulls = json_get(entry, "pulls");
    if (json_is(pulls, json_type_boolean)) {
        out->flags |= json_object_get_boolean(pulls) ? REF_PULLS : 0;
    } else {
        out->pulls = read_conditions(reader, pulls, "pulls");
    }
    out->flags |= json_get_bool(entry, "quiet", false) ? REF_QUIET : 0;
    out->flags |= json_get_bool(entry, "new", false) ? REF_NEW_NAME : 0;
    out->flags |= json_get_bool(entry, "installs", false) ? REF_INSTALLS : 0;
    out->separator = read_separator(reader, entry);
    out->v1 = read_v1(reader, entry);
    out->prune = prune_of(out);
}

static const char *const ref_members[] = {"path",      "if",       "form",   "role",  "host",
                                          "provider",  "pulls",    "quiet",  "new",   "v1",
                                          "separator", "installs", "numCtx", "about", NULL};

static void read_variable(struct convention_reader *reader, struct json_object *entry,
                          const struct convention *convention) {
    static const char *const known[] = {"name",         "kind",      "role", "form",  "requires",
                                        "host",         "separator", "v1",   "quiet", "pulls",
                                        "hostnameOnly", "about",     NULL};
    check_members(reader, entry, known);
    size_t n = 0;
    const struct str *names = read_strings(reader, json_get(entry, "name"), "name", &n);
    struct variable_rule rule = {.convention = convention};
    struct str kind = json_get_str(entry, "kind");
    rule.kind = str_eq(kind, STR("host"))   ? VARIABLE_HOST
                : str_eq(kind, STR("none")) ? VARIABLE_NEITHER
                                            : VARIABLE_MODEL;
    if (rule.kind == VARIABLE_MODEL && !str_eq(kind, STR("model"))) {
        convention_problem(reader, "kind: one of model, host, none");
    }
    rule.role =
        json_has(entry, "role") ? convention_read_role(reader, json_get(entry, "role")) : ROLE_ANY;
    rule.forms = convention_read_forms(reader, json_get(entry, "form"), &rule.n_forms);
    rule.
        requires
    = read_conditions(reader, json_get(entry, "requires"), "requires");
    const struct str *hosts = read_strings(reader, json_get(entry, "host"), "host", &rule.n_hosts);
    rule.hosts = ARENA_ARRAY(reader->arena, rule.n_hosts + 1, struct str);
    memcpy(rule.hosts, hosts, rule.n_hosts * sizeof(*hosts));
    rule.separator = read_separator(reader, entry);
    rule.v1 = read_v1(reader, entry);
    rule.flags |= json_get_bool(entry, "quiet", false) ? REF_QUIET : 0;
    rule.flags |= json_get_bool(entry, "pulls", false) ? REF_PULLS : 0;
    rule.hostname_only = json_get_bool(entry, "hostnameOnly", false);
    for (size_t i = 0; i < n; i++) {
        rule.name = names[i];
        rule.is_pattern = str_find_char(names[i], '*') != STR_NPOS;
        *VEC_PUSH(reader->arena, &reader->variables) = rule;
    }
}

// An array of objects, each checked for unknown members and given to `read`.
#define READ_RULES(reader, entry, member, type, known, target, count, read)                        \
    do {                                                                                           \
        struct json_object *rules_ = json_get(entry, member);                                      \
        size_t n_ = json_count(rules_);                                                            \
        type *at_ = ARENA_ARRAY((reader)->arena, n_ + 1, type);                                    \
        for (size_t i_ = 0; i_ < n_; i_++) {                                                       \
            struct json_object *rule_ = json_at(rules_, i_);                                       \
            if (json_is(rule_, json_type_object)) {                                                \
                check_members(reader, rule_, known);                                               \
            }                                                                                      \
            read(reader, rule_, &at_[i_]);                                                         \
        }                                                                                          \
        (target) = at_;                                                                            \
        (count) = n_;                                                                              \
    } while (0)

static void read_host(struct convention_reader *reader, struct json_object *entry,
                      struct host_rule *out) {
    read_path(reader, json_get_str(entry, "path"), &out->path);
    out->when = read_conditions(reader, json_get(entry, "if"), "if");
    out->v1 = read_v1(reader, entry);
    out->hostname_only = json_get_bool(entry, "hostnameOnly", false);
    out->separator = read_separator(reader, entry);
}

// Commands and environments may be written as a path alone.
static void read_command(struct convention_reader *reader, struct json_object *entry,
                         struct command_rule *out) {
    bool is_path = json_is(entry, json_type_string);
    read_path(reader, is_path ? json_str(entry) : json_get_str(entry, "path"), &out->path);
    out->when = read_conditions(reader, is_path ? NULL : json_get(entry, "if"), "if");
}

static void read_environment(struct convention_reader *reader, struct json_object *entry,
                             struct environment_rule *out) {
    bool is_path = json_is(entry, json_type_string);
    read_path(reader, is_path ? json_str(entry) : json_get_str(entry, "path"), &out->path);
    out->when = read_conditions(reader, is_path ? NULL : json_get(entry, "if"), "if");
}

static void read_provider(struct convention_reader *reader, struct json_object *entry,
                          struct provider_rule *out) {
    read_path(reader, json_get_str(entry, "path"), &out->path);
    if (json_has(entry, "id")) {
        read_path(reader, json_get_str(entry, "id"), &out->id);
    }
    out->when = read_conditions(reader, json_get(entry, "if"), "if");
    if (json_has(entry, "host")) {
        read_path(reader, json_get_str(entry, "host"), &out->host);
    }
    out->v1 = read_v1(reader, entry);
}

static void read_files(struct convention_reader *reader, struct json_object *entry,
                       struct convention *out) {
    out->files = read_strings(reader, json_get(entry, "files"), "files", &out->n_files);
    size_t n = 0;
    const struct str *formats = read_strings(reader, json_get(entry, "formats"), "formats", &n);
    for (size_t i = 0; i < n; i++) {
        enum format format = FORMAT_NONE;
        for (enum format f = FORMAT_NONE; f <= FORMAT_MARKDOWN; f++) {
            format = str_eq(str_from(format_name(f)), formats[i]) ? f : format;
        }
        if (format == FORMAT_NONE) {
            convention_problem(reader, "formats: \"%.*s\" is no format", STR_ARG(formats[i]));
        }
        out->formats |= 1u << format;
    }
    static const struct needle defaults[] = {{STR_INIT("ollama")}, {STR_INIT("11434")}};
    const struct str *words = read_strings(reader, json_get(entry, "needles"), "needles", &n);
    struct needle *needles = ARENA_ARRAY(reader->arena, n + 1, struct needle);
    for (size_t i = 0; i < n; i++) {
        needles[i].text = arena_lower(reader->arena, words[i]);
    }
    bool is_default = !reader->is_user && !json_has(entry, "needles");
    out->needles = is_default ? defaults : needles;
    out->n_needles = is_default ? 2 : n;
}

bool convention_read(struct convention_reader *reader, struct json_object *entry,
                     struct convention *out) {
    static const char *const known[] = {
        "name", "about", "files", "formats", "needles", "when", "refs", "hosts", "commands",
        "environments", "providers", "providerIds", "variables", "never", "hostVariables",
        "aliases", "query",
        // the members of a reference, for entries that have only one
        "path", "if", "form", "role", "host", "provider", "pulls", "quiet", "new", "v1",
        "separator", "installs", "numCtx", NULL};
    static const char *const host_members[] = {"path",      "if",    "v1", "hostnameOnly",
                                               "separator", "about", NULL};
    static const char *const place_members[] = {"path", "if", "about", NULL};
    static const char *const provider_members[] = {"path", "id", "if", "host", "v1", "about", NULL};
    reader->failed = false;
    if (!json_is(entry, json_type_object)) {
        convention_problem(reader, "an object is expected");
        return false;
    }
    check_members(reader, entry, known);
    out->is_user = reader->is_user;
    out->name = arena_copy(reader->arena, json_get_str(entry, "name"));
    if (out->name.n == 0) {
        out->name = STR("your convention");
    }
    read_files(reader, entry, out);
    out->when = read_conditions(reader, json_get(entry, "when"), "when");
    READ_RULES(reader, entry, "refs", struct ref_rule, ref_members, out->refs, out->n_refs,
               read_ref);
    READ_RULES(reader, entry, "hosts", struct host_rule, host_members, out->hosts, out->n_hosts,
               read_host);
    READ_RULES(reader, entry, "commands", struct command_rule, place_members, out->commands,
               out->n_commands, read_command);
    READ_RULES(reader, entry, "environments", struct environment_rule, place_members,
               out->environments, out->n_environments, read_environment);
    READ_RULES(reader, entry, "providers", struct provider_rule, provider_members, out->providers,
               out->n_providers, read_provider);
    out->provider_ids =
        read_strings(reader, json_get(entry, "providerIds"), "providerIds", &out->n_provider_ids);
    out->never = read_paths(reader, json_get(entry, "never"), "never", &out->n_never);
    out->host_variables = read_strings(reader, json_get(entry, "hostVariables"), "hostVariables",
                                       &out->n_host_variables);
    out->has_host_variables = json_has(entry, "hostVariables");
    out->maps_aliases = str_eq(json_get_str(entry, "aliases"), STR("continue"));
    struct json_object *variables = json_get(entry, "variables");
    for (size_t i = 0; i < json_count(variables); i++) {
        read_variable(reader, json_at(variables, i), out);
    }
    if (json_has(entry, "path")) { // the short form: one reference
        struct ref_rule *ref = ARENA_NEW(reader->arena, struct ref_rule);
        read_ref(reader, entry, ref);
        out->refs = ref;
        out->n_refs = 1;
    }
    if (json_has(entry, "query")) {
        convention_read_query(reader, entry, out);
    } else if (reader->is_user &&
               out->n_refs + out->n_hosts + out->n_commands + out->n_environments == 0 &&
               json_count(variables) == 0) {
        convention_problem(reader, "\"path\" or \"query\" is missing");
    }
    return !reader->failed;
}

void convention_read_lists(struct convention_reader *reader, struct json_object *root,
                           struct convention_set *set) {
    if (json_has(root, "placeholders")) {
        set->placeholders =
            read_strings(reader, json_get(root, "placeholders"), "placeholders", NULL);
        set->placeholder_words =
            read_strings(reader, json_get(root, "placeholderWords"), "placeholderWords", NULL);
    }
    if (json_has(root, "hostVariables")) {
        set->host_variables = read_strings(reader, json_get(root, "hostVariables"), "hostVariables",
                                           &set->n_host_variables);
    }
    if (json_has(root, "containerNames")) {
        set->container_names =
            read_strings(reader, json_get(root, "containerNames"), "containerNames", NULL);
    }
    struct json_object *lists = json_get(root, "siblings");
    if (!lists) {
        return;
    }
    struct sibling_lists *to = &set->siblings;
    const struct {
        const char *member;
        const struct str **list;
    } members[] = {
        {"providerKeys", &to->provider_keys},
        {"weakProviderKeys", &to->weak_provider_keys},
        {"providerValues", &to->provider_values},
        {"otherValues", &to->other_values},
        {"modelKeys", &to->model_keys},
        {"modelListKeys", &to->model_list_keys},
        {"nameKeys", &to->name_keys},
        {"hostKeys", &to->host_keys},
        {"nestedKeys", &to->nested_keys},
        {"sectionKeys", &to->section_keys},
        {"embedKeys", &to->embed_keys},
        {"visionKeys", &to->vision_keys},
        {"autocompleteKeys", &to->autocomplete_keys},
        {"chatKeys", &to->chat_keys},
    };
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        *members[i].list =
            read_strings(reader, json_get(lists, members[i].member), members[i].member, NULL);
    }
}
