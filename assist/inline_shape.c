// SPDX-License-Identifier: MIT
//
// What an answer is compared with: the cursor's line and the lines around it.
#include "assist/inline_private.h"

void inline_shape_init(struct inline_shape *shape, struct arena *arena,
                       const struct inline_view *view, const struct inline_place *place) {
    *shape = (struct inline_shape){.place = *place};
    size_t start = inline_line_start(view->before, view->before.n);
    size_t end = inline_line_end(view->after, 0);
    struct str next = inline_first_line(str_from_index(view->after, end));
    shape->line = arena_copy(arena, str_from_index(view->before, start));
    shape->rest = arena_copy(arena, inline_trim_end(str_slice(view->after, 0, end)));
    shape->next = arena_copy(arena, inline_trim_end(next));
    struct str before = inline_trim_end(str_slice(view->before, 0, start));
    while (before.n > 0 && shape->n_previous < INLINE_PREVIOUS) {
        size_t line = inline_line_start(before, before.n);
        shape->previous[shape->n_previous++] = arena_copy(arena, str_from_index(before, line));
        before = inline_trim_end(str_slice(before, 0, line));
    }
}

static struct str trim_start(struct str s) {
    while (s.n > 0 && char_is_space(s.p[0])) {
        s = str_from_index(s, 1);
    }
    return s;
}

// Is `before` and then `line`, without blanks at both ends, the same as `other`?
static bool is_same(struct str before, struct str line, struct str other) {
    before = trim_start(before);
    if (before.n == 0) {
        return str_eq(str_trim(line), str_trim(other));
    }
    other = str_trim(other);
    return str_starts(other, before) &&
           str_eq(inline_trim_end(line), str_from_index(other, before.n));
}

bool inline_repeats_next(const struct inline_shape *shape, struct str line, bool is_first) {
    if (inline_count_word_bytes(shape->next) == 0) {
        return false;
    }
    // All of the line may be there as well, or only what was written.
    return is_same(STR(""), line, shape->next) ||
           (is_first && is_same(shape->line, line, shape->next));
}

size_t inline_repeats_previous(const struct inline_shape *shape, struct str line, bool is_first,
                               size_t least) {
    for (size_t i = 0; i < shape->n_previous; i++) {
        if (inline_count_word_bytes(shape->previous[i]) >= least &&
            (is_same(STR(""), line, shape->previous[i]) ||
             (is_first && is_same(shape->line, line, shape->previous[i])))) {
            return i;
        }
    }
    return SIZE_MAX;
}
