// SPDX-License-Identifier: MIT
//
// A text with its language and syntax tree, for the tests of targets and context.
#pragma once

#include "assist/context.h"

#include "text_random.h"

struct fixture {
    struct arena arena;
    const struct language *language;
    struct text *text;
    struct tree *tree;
    struct context_input input;
};

static inline const struct language *language_named(struct str name) {
    for (size_t i = 0; i < language_count(); i++) {
        if (str_eq(str_from(language_at(i)->name), name)) {
            return language_at(i);
        }
    }
    print_error("no language '%.*s'\n", STR_ARG(name));
    fail();
    return NULL;
}

static inline void fixture_init(struct fixture *fixture, const char *language, struct str bytes) {
    *fixture = (struct fixture){.language = language_named(str_from(language))};
    arena_init(&fixture->arena);
    fixture->text = text_create(bytes);
    if (fixture->language->grammar) {
        fixture->tree = tree_parse(fixture->text, fixture->language->grammar(), NULL);
    }
    fixture->input = (struct context_input){
        .text = fixture->text, .tree = fixture->tree, .language = fixture->language};
}

static inline void fixture_finish(struct fixture *fixture) {
    tree_destroy(fixture->tree);
    text_release(fixture->text);
    arena_finish(&fixture->arena);
}
