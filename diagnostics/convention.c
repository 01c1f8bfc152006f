// SPDX-License-Identifier: MIT
//
// The set of conventions: the embedded files and the user's entries, read once, put in order, and
// indexed for the scan of file contents and the lookup of variables. Reading one entry is
// convention_read.c.
#include "diagnostics/convention.h"

#include <stdlib.h>

#include "base/embed.h"
#include "base/glob.h"
#include "base/json.h"
#include "diagnostics/convention_read.h"

extern const struct embedded_file conventions_embedded[];

#define BUILT_IN_MAX 128 // conventions compiled in; a test holds the data to it
#define USER_MAX 256     // conventions of the settings; more are refused with a problem

bool str_list_has(const struct str *list, struct str word) {
    for (; list && list->n > 0; list++) {
        if (str_eq(*list, word)) {
            return true;
        }
    }
    return false;
}

bool str_list_matches(const struct str *patterns, struct str text) {
    for (; patterns && patterns->n > 0; patterns++) {
        if (wild_match(*patterns, text)) {
            return true;
        }
    }
    return false;
}

bool convention_takes(const struct convention *convention, enum format format, struct str path) {
    if (convention->formats && !(convention->formats & 1u << format)) {
        return false;
    }
    for (size_t i = 0; i < convention->n_files; i++) {
        if (glob_match(convention->files[i], path)) {
            return true;
        }
    }
    return convention->n_files == 0;
}

// User's conventions first, then those that know their files, then those that know their contents.
static int specificity(const struct convention *convention) {
    if (convention->is_user) {
        return 0;
    }
    return convention->n_files > 0 ? 1 : convention->when.n > 0 ? 2 : 3;
}

static void sort_conventions(struct convention_set *set) {
    for (size_t i = 1; i < set->n; i++) { // stable, and few
        const struct convention *convention = set->at[i];
        size_t k = i;
        while (k > 0 && specificity(set->at[k - 1]) > specificity(convention)) {
            set->at[k] = set->at[k - 1];
            k--;
        }
        set->at[k] = convention;
    }
}

static int compare_variables(const void *a, const void *b) {
    const struct variable_rule *x = *(const struct variable_rule *const *)a;
    const struct variable_rule *y = *(const struct variable_rule *const *)b;
    if (x->is_pattern != y->is_pattern) {
        return x->is_pattern ? 1 : -1;
    }
    int order = x->is_pattern ? 0 : str_cmp(x->name, y->name);
    return order ? order : x < y ? -1 : x > y; // qsort is not stable: keep the order of the files
}

static void index_variables(struct convention_set *set, const struct variable_rule *rules,
                            size_t n) {
    set->variables = ARENA_ARRAY(&set->arena, n + 1, const struct variable_rule *);
    for (size_t i = 0; i < n; i++) {
        set->variables[i] = &rules[i];
    }
    set->n_variables = n;
    qsort(set->variables, n, sizeof(*set->variables), compare_variables);
    while (set->n_exact < n && !set->variables[set->n_exact]->is_pattern) {
        set->n_exact++;
    }
}

// What every file is looked through for: the needles of conventions that take any file name.
static void index_needles(struct convention_set *set) {
    VEC(struct needle) needles = {0};
    for (size_t i = 0; i < set->n; i++) {
        const struct convention *convention = set->at[i];
        for (size_t k = 0; convention->n_files == 0 && k < convention->n_needles; k++) {
            size_t j = 0;
            while (j < needles.n && !str_eq(needles.at[j].text, convention->needles[k].text)) {
                j++;
            }
            if (j == needles.n) {
                *VEC_PUSH(&set->arena, &needles) = convention->needles[k];
            }
        }
    }
    set->needles = needles.at;
    set->n_needles = needles.n;
}

static void add_all(struct convention_set *set, struct convention_reader *reader,
                    struct json_object *entries, size_t max) {
    size_t n = json_count(entries);
    if (n > max) {
        convention_problem(reader, "only the first %zu conventions are read", max);
        n = max;
    }
    for (size_t i = 0; i < n; i++) {
        struct convention *convention = ARENA_NEW(&set->arena, struct convention);
        size_t n_variables = reader->variables.n;
        reader->index = i;
        if (convention_read(reader, json_at(entries, i), convention)) {
            set->at[set->n++] = convention;
        } else {
            reader->variables.n = n_variables;
        }
    }
}

void convention_set_init(struct convention_set *set, struct json_object *user,
                         void (*on_problem)(void *data, struct str message), void *data) {
    *set = (struct convention_set){0};
    arena_init(&set->arena);
    set->at = ARENA_ARRAY(&set->arena, BUILT_IN_MAX + USER_MAX, const struct convention *);
    struct convention_reader reader = {
        .arena = &set->arena, .on_problem = on_problem, .data = data, .is_user = true};
    if (user && !json_is(user, json_type_array)) {
        convention_problem(&reader, "conventions: an array is expected");
    }
    add_all(set, &reader, user, USER_MAX);
    reader.is_user = false;
    for (const struct embedded_file *file = conventions_embedded; file->name; file++) {
        struct json_object *root = NULL;
        struct error error = {0};
        if (json_parse(&set->arena, str_of(file->data, file->size), &root, &error) != ERR_OK) {
            reader.file = str_from(file->name);
            convention_problem(&reader, "%.*s", STR_ARG(error.message));
            continue;
        }
        reader.file = str_from(file->name);
        convention_read_lists(&reader, root, set);
        add_all(set, &reader, json_get(root, "conventions"), BUILT_IN_MAX - set->n);
        json_object_put(root);
    }
    sort_conventions(set);
    index_needles(set);
    index_variables(set, reader.variables.at, reader.variables.n);
}

void convention_set_finish(struct convention_set *set) {
    for (size_t i = 0; i < set->n; i++) {
        for (size_t k = 0; k < 3; k++) {
            if (set->at[i]->queries[k]) {
                ts_query_delete(set->at[i]->queries[k]);
            }
        }
    }
    arena_finish(&set->arena);
    *set = (struct convention_set){0};
}
