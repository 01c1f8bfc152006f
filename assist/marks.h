// SPDX-License-Identifier: MIT
//
// Inside assist/ only: what the query of a language marks in a part of a text, as ranges. Marks of
// one tree are nested or apart, never crossing, so everything about what holds what is answered by
// comparing ranges, without walks through the tree (whose depth is up to the author of the text).
#pragma once

#include "assist/context.h"

enum mark_kind {
    MARK_FUNCTION = 1 << 0,
    MARK_CLASS = 1 << 1,
    MARK_IMPORT = 1 << 2,
    MARK_STATEMENT = 1 << 3,
    MARK_COMMENT = 1 << 4,
    MARK_ATTRIBUTE = 1 << 5,
    MARK_BODY = 1 << 6,
    MARK_DEFINITION = MARK_FUNCTION | MARK_CLASS,
    MARK_LEADING = MARK_COMMENT | MARK_ATTRIBUTE, // what belongs to the definition behind it
    MARK_WHOLE = MARK_DEFINITION | MARK_IMPORT | MARK_STATEMENT,
};

struct mark {
    struct text_range range; // without the blanks and line ends around; never empty
    unsigned kinds;          // enum mark_kind
};

struct marks {
    struct mark *at; // by start, outer before inner
    size_t n;
};

// A text with its tree and query at hand.
struct syntax {
    const struct context_input *input;
    struct arena *arena;
    struct str text;
    const TSQuery *query;
    TSQuery *own; // of the call; NULL: the input's is used
};

// False where there is no tree, or one that does not belong to this text and language. Otherwise
// syntax_finish is due.
bool syntax_init(struct syntax *syntax, struct arena *arena, const struct context_input *input);
void syntax_finish(struct syntax *syntax);

// What of `kinds` touches [from, to). In the arena; at most MARKS_MAX.
struct marks syntax_marks(const struct syntax *syntax, size_t from, size_t to, unsigned kinds);

enum { MARKS_MAX = 20000 };

// --- ranges and lines ---

static inline bool range_holds(struct text_range outer, struct text_range inner) {
    return outer.start <= inner.start && inner.end <= outer.end;
}

static inline bool range_equals(struct text_range a, struct text_range b) {
    return a.start == b.start && a.end == b.end;
}

// Without white space at both ends; a blank range becomes empty, at its start.
struct text_range range_trim(struct str text, struct text_range range);

// Where a line's text begins, behind its indentation (and a byte order mark); its end if it is
// blank.
size_t line_indent_end(const struct text *text, size_t line);

// Where a line's text ends, before the blanks at its end; not before line_indent_end.
size_t line_text_end(const struct text *text, size_t line);

bool line_is_blank(const struct text *text, size_t line);

// Do only blanks stand before `offset` on its line?
bool is_first_on_line(const struct text *text, size_t offset);

// Moves `offset` out of the middle of a character or of \r\n: to its start, or behind it.
size_t snap_down(struct str text, size_t offset);
size_t snap_up(struct str text, size_t offset);
