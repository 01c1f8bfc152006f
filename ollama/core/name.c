// SPDX-License-Identifier: MIT
//
// Model names as Ollama reads them. One pass from the right, no copies: every part is a view into
// the text as written, so a problem's place is a pointer difference. What Ollama refuses is refused
// here for the same reason; nothing is "repaired".
#include "ollama/core/name.h"

#include "base/utf.h"

#define MAX_PART 80
#define MAX_HOST 350

static void problem_set(struct model_name_problem *problem, enum model_name_fault fault,
                        enum model_name_part part, size_t start, size_t end) {
    if (problem) {
        *problem = (struct model_name_problem){fault, part, start, end};
    }
}

static bool part_start_ok(char c) {
    return char_is_alnum(c) || c == '_';
}

static bool part_char_ok(enum model_name_part part, char c) {
    if (char_is_alnum(c) || c == '_' || c == '-') {
        return true;
    }
    switch (part) {
    case MODEL_PART_HOST: return c == '.' || c == ':';
    case MODEL_PART_MODEL:
    case MODEL_PART_TAG: return c == '.';
    case MODEL_PART_NAME:
    case MODEL_PART_NAMESPACE: break;
    }
    return false;
}

// Is `part` (a view into `written`) a valid part of that kind?
static bool part_check(struct str written, struct str part, enum model_name_part kind,
                       struct model_name_problem *problem) {
    size_t at = (size_t)(part.p - written.p);
    if (part.n == 0) {
        // The empty place itself has no bytes: show the delimiter that promises it.
        size_t start = at > 0 ? at - 1 : at;
        size_t end = at > 0 ? at : (at < written.n ? at + 1 : at);
        problem_set(problem, MODEL_NAME_EMPTY_PART, kind, start, end);
        return false;
    }
    for (size_t i = 0; i < part.n; i++) {
        bool ok = i == 0 ? part_start_ok(part.p[i]) : part_char_ok(kind, part.p[i]);
        if (!ok) {
            size_t end = i;
            utf8_next(part, &end);
            enum model_name_fault fault = MODEL_NAME_BAD_CHAR;
            if (kind == MODEL_PART_HOST && part.p[i] == '/') {
                fault = MODEL_NAME_TOO_MANY_PARTS;
            } else if (i == 0 && part_char_ok(kind, part.p[i])) {
                fault = MODEL_NAME_BAD_START;
            } else if (i == 0 && (part.p[i] == '.' || part.p[i] == ':')) {
                fault = MODEL_NAME_BAD_START;
            }
            problem_set(problem, fault, kind, at + i, at + end);
            return false;
        }
    }
    if (part.n > (kind == MODEL_PART_HOST ? MAX_HOST : MAX_PART)) {
        problem_set(problem, MODEL_NAME_TOO_LONG, kind, at, at + part.n);
        return false;
    }
    return true;
}

// Cuts a source suffix off `*base`: ":cloud" and ":local" after the last colon, or "-cloud" at the
// end of the tag.
static enum model_source source_cut(struct str *base) {
    size_t colon = str_rfind_char(*base, ':');
    if (colon == STR_NPOS) {
        return MODEL_SOURCE_NONE;
    }
    struct str last = str_trim(str_from_index(*base, colon + 1));
    if (str_ieq(last, STR("cloud")) || str_ieq(last, STR("local"))) {
        *base = str_slice(*base, 0, colon);
        return str_ieq(last, STR("cloud")) ? MODEL_SOURCE_CLOUD : MODEL_SOURCE_LOCAL;
    }
    struct str tag = str_from_index(*base, colon + 1);
    if (str_iends(tag, STR("-cloud")) && str_find_char(tag, '/') == STR_NPOS) {
        *base = str_slice(*base, 0, base->n - strlen("-cloud"));
        return MODEL_SOURCE_CLOUD;
    }
    return MODEL_SOURCE_NONE;
}

// Splits `base` from the right; parts that are not there get their defaults.
static void name_split(struct str base, struct model_name *name) {
    name->host = MODEL_DEFAULT_HOST;
    name->namespace_ = MODEL_DEFAULT_NAMESPACE;
    name->tag = MODEL_DEFAULT_TAG;
    size_t slash = str_rfind_char(base, '/');
    size_t colon = str_rfind_char(base, ':');
    if (colon != STR_NPOS && (slash == STR_NPOS || colon > slash)) {
        name->tag = str_from_index(base, colon + 1);
        name->has_tag = true;
        base = str_slice(base, 0, colon);
    }
    if (slash == STR_NPOS) {
        name->model = base;
        return;
    }
    name->model = str_from_index(base, slash + 1);
    base = str_slice(base, 0, slash);
    name->has_namespace = true;
    slash = str_rfind_char(base, '/');
    if (slash == STR_NPOS) {
        name->namespace_ = base;
        return;
    }
    name->namespace_ = str_from_index(base, slash + 1);
    base = str_slice(base, 0, slash);
    name->has_host = true;
    size_t scheme = str_find(base, STR("://"));
    name->host = scheme == STR_NPOS ? base : str_from_index(base, scheme + 3);
}

bool model_name_parse(struct str written, enum model_name_use use, struct model_name *name,
                      struct model_name_problem *problem) {
    *name = (struct model_name){0};
    problem_set(problem, MODEL_NAME_FINE, MODEL_PART_NAME, 0, 0);
    struct str text = use == MODEL_NAME_INFERENCE ? str_trim(written) : written;
    if (str_trim(text).n == 0) {
        problem_set(problem, MODEL_NAME_EMPTY, MODEL_PART_NAME, 0, written.n);
        return false;
    }
    struct str base = text;
    if (use == MODEL_NAME_INFERENCE) {
        name->source = source_cut(&base);
        struct str rest = base;
        if (name->source != MODEL_SOURCE_NONE && source_cut(&rest) != MODEL_SOURCE_NONE) {
            size_t start = (size_t)(rest.p - written.p) + rest.n;
            size_t end = (size_t)(text.p - written.p) + text.n;
            problem_set(problem, MODEL_NAME_TWO_SOURCES, MODEL_PART_TAG, start, end);
            return false;
        }
    }
    name_split(base, name);
    return (!name->has_host || part_check(written, name->host, MODEL_PART_HOST, problem)) &&
           (!name->has_namespace ||
            part_check(written, name->namespace_, MODEL_PART_NAMESPACE, problem)) &&
           part_check(written, name->model, MODEL_PART_MODEL, problem) &&
           (!name->has_tag || part_check(written, name->tag, MODEL_PART_TAG, problem));
}

static const char *part_text(enum model_name_part part) {
    switch (part) {
    case MODEL_PART_NAME: return "name";
    case MODEL_PART_HOST: return "host part";
    case MODEL_PART_NAMESPACE: return "namespace part";
    case MODEL_PART_MODEL: return "model part";
    case MODEL_PART_TAG: return "tag";
    }
    return "name";
}

struct str model_name_problem_text(struct arena *arena, struct str written,
                                   const struct model_name_problem *problem) {
    const char *part = part_text(problem->part);
    struct str bad = display_escape(arena, str_slice(written, problem->start, problem->end), 40);
    switch (problem->fault) {
    case MODEL_NAME_FINE: break;
    case MODEL_NAME_EMPTY: return STR("the model name is empty");
    case MODEL_NAME_EMPTY_PART: return arena_printf(arena, "the %s is empty", part);
    case MODEL_NAME_TOO_LONG:
        return arena_printf(arena, "the %s is longer than %d characters", part,
                            problem->part == MODEL_PART_HOST ? MAX_HOST : MAX_PART);
    case MODEL_NAME_BAD_START:
        return arena_printf(arena,
                            "the %s must begin with a letter, a digit or '_', not with '%.*s'",
                            part, STR_ARG(bad));
    case MODEL_NAME_BAD_CHAR:
        return arena_printf(arena, "character '%.*s' is not allowed in the %s", STR_ARG(bad), part);
    case MODEL_NAME_TOO_MANY_PARTS:
        return STR("a name has at most three parts: host/namespace/model");
    case MODEL_NAME_TWO_SOURCES:
        return arena_printf(arena, "'%.*s': use either :local or :cloud, and only once",
                            STR_ARG(bad));
    }
    return STR("");
}

static bool source_is_cloud(const struct model_name *name) {
    return name->source == MODEL_SOURCE_CLOUD;
}

bool model_name_eq(const struct model_name *a, const struct model_name *b) {
    return source_is_cloud(a) == source_is_cloud(b) && str_ieq(a->model, b->model) &&
           str_ieq(a->tag, b->tag) && str_ieq(a->namespace_, b->namespace_) &&
           str_ieq(a->host, b->host);
}

uint64_t model_name_hash(const struct model_name *name) {
    uint64_t hash = source_is_cloud(name) ? 1 : 0;
    const struct str parts[] = {name->host, name->namespace_, name->model, name->tag};
    for (size_t i = 0; i < 4; i++) {
        hash = (hash ^ str_ihash(parts[i])) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return hash;
}

bool model_name_is_default_registry(const struct model_name *name) {
    return str_ieq(name->host, MODEL_DEFAULT_HOST);
}

bool model_name_is_library(const struct model_name *name) {
    return model_name_is_default_registry(name) &&
           str_ieq(name->namespace_, MODEL_DEFAULT_NAMESPACE);
}

// The tag as a server lists it: remote models are stubs "20b-cloud" or "cloud".
static struct str listed_tag(struct arena *arena, const struct model_name *name) {
    if (!source_is_cloud(name)) {
        return name->tag;
    }
    return name->has_tag ? arena_join(arena, name->tag, STR("-cloud")) : STR("cloud");
}

struct str model_name_display(struct arena *arena, const struct model_name *name) {
    struct str tag = listed_tag(arena, name);
    if (!model_name_is_default_registry(name)) {
        return arena_printf(arena, "%.*s/%.*s/%.*s:%.*s", STR_ARG(name->host),
                            STR_ARG(name->namespace_), STR_ARG(name->model), STR_ARG(tag));
    }
    if (!model_name_is_library(name)) {
        return arena_printf(arena, "%.*s/%.*s:%.*s", STR_ARG(name->namespace_),
                            STR_ARG(name->model), STR_ARG(tag));
    }
    return arena_printf(arena, "%.*s:%.*s", STR_ARG(name->model), STR_ARG(tag));
}

struct str model_name_full(struct arena *arena, const struct model_name *name) {
    return arena_printf(arena, "%.*s/%.*s/%.*s:%.*s", STR_ARG(name->host),
                        STR_ARG(name->namespace_), STR_ARG(name->model), STR_ARG(name->tag));
}

struct str model_name_page(struct arena *arena, const struct model_name *name) {
    if (str_ieq(name->host, STR("hf.co")) || str_ieq(name->host, STR("huggingface.co"))) {
        return arena_printf(arena, "https://huggingface.co/%.*s/%.*s", STR_ARG(name->namespace_),
                            STR_ARG(name->model));
    }
    if (!model_name_is_default_registry(name)) {
        return STR("");
    }
    if (!model_name_is_library(name)) {
        return arena_printf(arena, "https://ollama.com/%.*s/%.*s", STR_ARG(name->namespace_),
                            STR_ARG(name->model));
    }
    // Library pages are lower case; names are compared without case.
    struct str model = arena_lower(arena, name->model);
    if (!name->has_tag && !source_is_cloud(name)) {
        return arena_printf(arena, "https://ollama.com/library/%.*s", STR_ARG(model));
    }
    struct str tag = listed_tag(arena, name);
    return arena_printf(arena, "https://ollama.com/library/%.*s:%.*s", STR_ARG(model),
                        STR_ARG(tag));
}
