// SPDX-License-Identifier: MIT
//
// A document with a cursor, written as one text with "‸" where the cursor is, for the tests of
// inline completion.
#pragma once

#include "assist/inline.h"

#include "text_random.h"

struct spot_rig {
    struct arena arena;
    struct text *text;
    struct tree *tree;
    const struct language *language;
    size_t offset;
    struct inline_view view;
    struct inline_place place;
};

// `path` tells the language.
static inline void rig_open(struct spot_rig *rig, const char *path, struct str marked) {
    *rig = (struct spot_rig){.language = language_detect(str_from(path), STR_NONE)};
    arena_init(&rig->arena);
    size_t at = str_find(marked, STR("‸"));
    assert_true(at != STR_NPOS);
    struct str bytes = arena_join(&rig->arena, str_slice(marked, 0, at),
                                  str_from_index(marked, at + sizeof("‸") - 1));
    rig->offset = at;
    rig->text = text_create(bytes);
    if (rig->language->grammar) {
        rig->tree = tree_parse(rig->text, rig->language->grammar(), NULL);
    }
    inline_view_init(&rig->view, &rig->arena, rig->text, at, NULL);
    inline_place_init(&rig->place, &rig->view, rig->language, rig->tree);
}

static inline void rig_close(struct spot_rig *rig) {
    tree_destroy(rig->tree);
    text_release(rig->text);
    arena_finish(&rig->arena);
}

// What is shown of an answer; in the rig's arena.
static inline struct str rig_show(struct spot_rig *rig, struct str answer, size_t piece) {
    struct inline_filter *filter = inline_filter_create(&rig->view, &rig->place);
    for (size_t at = 0; at < answer.n; at += piece) {
        if (inline_filter_feed(filter, str_slice(answer, at, at + piece))) {
            break;
        }
    }
    struct str shown = arena_copy(&rig->arena, inline_filter_end(filter, false));
    inline_filter_destroy(filter);
    return shown;
}

#define assert_str(got, wanted)                                                                    \
    do {                                                                                           \
        struct str got_ = (got), wanted_ = (wanted);                                               \
        if (!str_eq(got_, wanted_)) {                                                              \
            print_error("got  <%.*s>\nwant <%.*s>\n", STR_ARG(got_), STR_ARG(wanted_));            \
        }                                                                                          \
        assert_true(str_eq(got_, wanted_));                                                        \
    } while (0)
