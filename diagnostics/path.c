// SPDX-License-Identifier: MIT
//
// Paths and conditions (path.h). Walks are bounded: by the depth of the file, by the steps of the
// path and by a budget, because aliases can make a small YAML file endless.
#include "diagnostics/path.h"

#include "base/limits.h"

#define FIND_BUDGET 10000 // steps of one path_find

// --- reading ---

static void add_step(struct arena *arena, struct path_step *steps, size_t *n, struct str key) {
    struct path_step *step = &steps[(*n)++];
    bool is_pattern = str_find_char(key, '*') != STR_NPOS || str_find_char(key, '?') != STR_NPOS;
    step->kind = is_pattern ? STEP_PATTERN : STEP_KEY;
    step->key = arena_copy(arena, key);
}

// One segment at the front of *rest; false when it is malformed.
static bool read_segment(struct arena *arena, struct str *rest, struct path_step *steps,
                         size_t *n) {
    struct str s = *rest;
    size_t used = 0;
    if (s.p[0] == '\'') {
        size_t end = str_find_char(str_from_index(s, 1), '\'');
        if (end == STR_NPOS) {
            return false;
        }
        steps[*n].kind = STEP_KEY;
        steps[(*n)++].key = arena_copy(arena, str_slice(s, 1, end + 1));
        used = end + 2;
    } else if (s.p[0] == '{') {
        size_t end = str_find_char(s, '}');
        if (end == STR_NPOS) {
            return false;
        }
        struct str name = str_slice(s, 1, end);
        if (str_eq(name, STR("key"))) {
            steps[(*n)++].kind = STEP_KEY_ITSELF;
        } else {
            struct path *named = ARENA_NEW(arena, struct path);
            struct str problem;
            if (!path_parse(arena, name, named, &problem)) {
                return false;
            }
            steps[*n].kind = STEP_NAMED;
            steps[(*n)++].named = named;
        }
        used = end + 1;
    } else {
        while (used < s.n && s.p[used] != '.' && s.p[used] != '[') {
            used++;
        }
        struct str key = str_slice(s, 0, used);
        if (str_eq(key, STR("^"))) {
            steps[(*n)++].kind = STEP_UP;
        } else if (key.n > 0) {
            add_step(arena, steps, n, key);
        } else if (s.p[0] != '[') {
            return false;
        }
    }
    s = str_from_index(s, used);
    while (str_starts(s, STR("[]"))) {
        steps[(*n)++].kind = STEP_EACH;
        s = str_from_index(s, 2);
    }
    if (s.n > 0 && s.p[0] != '.') {
        return false;
    }
    *rest = str_from_index(s, s.n > 0 ? 1 : 0);
    return s.n != 1; // no '.' at the end
}

bool path_parse(struct arena *arena, struct str text, struct path *out, struct str *problem) {
    *out = (struct path){0};
    *problem = STR_NONE;
    struct str rest = text;
    if (str_starts(rest, STR("/"))) {
        out->is_rooted = true;
        rest = str_from_index(rest, 1);
    } else if (str_starts(rest, STR("**."))) {
        out->is_anywhere = true;
        rest = str_from_index(rest, 3);
    }
    struct path_step *steps = ARENA_ARRAY(arena, rest.n + 1, struct path_step);
    out->steps = steps;
    while (rest.n > 0) {
        if (!read_segment(arena, &rest, steps, &out->n)) {
            *problem = arena_printf(arena, "\"%.*s\" is no path", STR_ARG(text));
            return false;
        }
    }
    for (size_t i = 0; i < out->n; i++) {
        if (steps[i].kind == STEP_KEY || steps[i].kind == STEP_PATTERN ||
            steps[i].kind == STEP_NAMED) {
            out->n_above = i;
        }
        if (steps[i].kind == STEP_KEY_ITSELF && i + 1 < out->n) {
            *problem = arena_printf(arena, "{key} must end the path \"%.*s\"", STR_ARG(text));
            return false;
        }
    }
    if (out->n == 0 && !str_eq(text, STR("/"))) {
        *problem = STR("a path must not be empty");
        return false;
    }
    return true;
}

// --- walking ---

static inline char fold(char c) { // this loop is hot: no call for each character
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool wild_match(struct str pattern, struct str text) {
    size_t p = 0;
    size_t t = 0;
    size_t star = SIZE_MAX;
    size_t mark = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            if (p == pattern.n) {
                return true;
            }
            mark = t;
            continue;
        }
        if (p < pattern.n && (pattern.p[p] == '?' || fold(pattern.p[p]) == fold(text.p[t]))) {
            p++;
            t++;
            continue;
        }
        if (star == SIZE_MAX) {
            return false;
        }
        // Try again one further, where what stands behind the star can begin.
        p = star + 1;
        char first = fold(pattern.p[p]);
        t = ++mark;
        while (first != '?' && t < text.n && fold(text.p[t]) != first) {
            t++;
        }
        mark = t;
    }
    while (p < pattern.n && pattern.p[p] == '*') {
        p++;
    }
    return p == pattern.n;
}

static const struct config_node *object_above(const struct config_node *node) {
    const struct config_node *above = node ? node->parent : NULL;
    while (above && above->kind == CONFIG_ARRAY) {
        above = above->parent;
    }
    return above;
}

static bool run(struct path_walk *walk, const struct path *path, size_t i,
                const struct config_node *node);

static bool run_members(struct path_walk *walk, const struct path *path, size_t i,
                        const struct config_node *object, const struct str *pattern) {
    for (const struct config_node *child = object->first; child; child = child->next) {
        if (walk->budget == 0) {
            return false;
        }
        walk->budget--;
        bool may_prune =
            walk->prune == PRUNE_VALUES || (walk->prune == PRUNE_OBJECTS && i <= path->n_above);
        if ((may_prune && !child->matters) ||
            (pattern && !wild_match(*pattern, config_key(walk->config, child)))) {
            continue;
        }
        if (!run(walk, path, i, child)) {
            return false;
        }
    }
    return true;
}

static bool run(struct path_walk *walk, const struct path *path, size_t i,
                const struct config_node *node) {
    if (walk->budget == 0) {
        return false;
    }
    walk->budget--;
    if (i == path->n) {
        return walk->visit(walk->data, node, false);
    }
    const struct path_step *step = &path->steps[i];
    if (step->kind == STEP_KEY_ITSELF) {
        return !node->has_key || walk->visit(walk->data, node, true);
    }
    node = config_resolve(node);
    if (!node) {
        return true;
    }
    switch (step->kind) {
    case STEP_UP: node = object_above(node); return !node || run(walk, path, i + 1, node);
    case STEP_EACH:
        return node->kind == CONFIG_ARRAY ? run_members(walk, path, i + 1, node, NULL)
                                          : run(walk, path, i + 1, node);
    case STEP_PATTERN:
        return node->kind != CONFIG_OBJECT || run_members(walk, path, i + 1, node, &step->key);
    case STEP_NAMED: {
        const struct config_node *name = path_find(walk->config, walk->root, step->named, node);
        struct str key = config_text(walk->config, name);
        node = key.n ? config_get(walk->config, node, key) : NULL;
        return !node || run(walk, path, i + 1, node);
    }
    default:
        node = config_get(walk->config, node, step->key);
        return !node || run(walk, path, i + 1, node);
    }
}

bool path_run(struct path_walk *walk, const struct path *path, const struct config_node *from) {
    const struct config_node *start = path->is_rooted ? walk->root : from;
    return !start || run(walk, path, 0, start);
}

struct finder {
    const struct config_node *found;
};

static bool take_first(void *data, const struct config_node *node, bool is_key) {
    (void)is_key;
    ((struct finder *)data)->found = node;
    return false;
}

// {name} inside a rooted path is relative to the object that the path is asked for, not to where
// the walk stands: /providers.{provider}.url. So names are looked up before the walk.
static struct path bind_names(struct arena *arena, const struct config *config,
                              const struct config_node *root, const struct path *path,
                              const struct config_node *from) {
    struct path bound = *path;
    struct path_step *steps = NULL;
    for (size_t i = 0; i < path->n; i++) {
        if (path->steps[i].kind != STEP_NAMED) {
            continue;
        }
        if (!steps) {
            steps = ARENA_ARRAY(arena, path->n, struct path_step);
            memcpy(steps, path->steps, path->n * sizeof(*steps));
            bound.steps = steps;
        }
        steps[i].kind = STEP_KEY;
        steps[i].key = config_text(config, path_find(config, root, path->steps[i].named, from));
    }
    return bound;
}

const struct config_node *path_find(const struct config *config, const struct config_node *root,
                                    const struct path *path, const struct config_node *from) {
    struct finder finder = {0};
    struct path_walk walk = {.config = config,
                             .root = root,
                             .visit = take_first,
                             .data = &finder,
                             .budget = FIND_BUDGET};
    struct path bound = bind_names(config->arena, config, root, path, from);
    path_run(&walk, &bound, from);
    return config_resolve(finder.found);
}

// --- conditions ---

bool text_is_ollama_url(struct str text) {
    text = str_trim(text);
    if (text.n == 0 || text.n > LIMIT_HOST ||
        (str_ifind(text, STR("11434")) == STR_NPOS && str_ifind(text, STR("ollama")) == STR_NPOS)) {
        return false;
    }
    struct host host;
    host_parse(text, &host);
    if (host.has_port && host_port(&host) == 11434) {
        return true;
    }
    if (str_ieq(host.name, STR("ollama.com")) && host.path.n > 1 &&
        !str_starts(host.path, STR("/v1")) && !str_starts(host.path, STR("/api"))) {
        return false; // a page of the web site
    }
    return host.has_scheme && host_scheme_is_http(&host) &&
           (str_ieq(host.name, STR("ollama")) || str_istarts(host.name, STR("ollama.")) ||
            str_istarts(host.name, STR("ollama-")));
}

static bool value_matches(const struct condition *condition, struct str text) {
    if (condition->kind == CONDITION_URL) {
        return text_is_ollama_url(text);
    }
    for (size_t i = 0; i < condition->n_values; i++) {
        if (wild_match(condition->values[i], text)) {
            return true;
        }
    }
    return false;
}

struct tester {
    const struct condition *condition;
    const struct config *config;
    bool holds;
};

static bool test_place(void *data, const struct config_node *node, bool is_key) {
    struct tester *tester = data;
    const struct condition *condition = tester->condition;
    if (condition->kind == CONDITION_EXISTS) {
        tester->holds = true;
        return false;
    }
    if (is_key) {
        tester->holds = value_matches(condition, config_key(tester->config, node));
        return !tester->holds;
    }
    node = config_resolve(node);
    if (node && node->kind == CONFIG_ARRAY) {
        for (const struct config_node *each = node->first; each; each = each->next) {
            if (value_matches(condition, config_text(tester->config, each))) {
                tester->holds = true;
                return false;
            }
        }
        return true;
    }
    tester->holds = node && node->kind == CONFIG_SCALAR &&
                    value_matches(condition, config_text(tester->config, node));
    return !tester->holds;
}

static bool condition_holds(const struct condition *condition, const struct config *config,
                            const struct config_node *root, const struct config_node *object) {
    struct tester tester = {.condition = condition, .config = config};
    if (condition->kind == CONDITION_KEY) {
        tester.holds = object->has_key && value_matches(condition, config_key(config, object));
    } else {
        struct path_walk walk = {.config = config,
                                 .root = root,
                                 .visit = test_place,
                                 .data = &tester,
                                 .budget = FIND_BUDGET};
        struct path bound = bind_names(config->arena, config, root, &condition->path, object);
        path_run(&walk, &bound, object);
    }
    return tester.holds != condition->is_negated;
}

bool conditions_hold(const struct conditions *conditions, const struct config *config,
                     const struct config_node *root, const struct config_node *object) {
    for (size_t i = 0; i < conditions->n; i++) {
        const struct condition_group *group = &conditions->groups[i];
        size_t k = 0;
        while (k < group->n && condition_holds(&group->at[k], config, root, object)) {
            k++;
        }
        if (k == group->n) {
            return true;
        }
    }
    return conditions->n == 0;
}
