// SPDX-License-Identifier: MIT
//
// What an action works on: from a selection, or a cursor, to a range of the text that makes sense
// as a whole. A selection is covered by nodes (context_cover.c); for a cursor, the marks around it
// decide. Without a usable tree it goes by lines.
//
// Invariants: a range never leaves the text nor cuts a character or a \r\n; it begins behind the
// indentation of its line.
#include "assist/context_cover.h"

enum { LEADING_BYTES = 16 * 1024 }; // how far comments before a definition are followed

#define NO_MARK SIZE_MAX

// --- by lines ---

// The lines around `offset` up to the next blank ones; on a blank line, the next paragraph, else
// the one before.
static struct text_range paragraph_at(const struct text *text, size_t offset) {
    size_t count = text_line_count(text);
    size_t line = text_line_at(text, offset);
    size_t at = line;
    while (at < count && line_is_blank(text, at)) {
        at++;
    }
    if (at == count) {
        at = line;
        while (at > 0 && line_is_blank(text, at)) {
            at--;
        }
    }
    if (line_is_blank(text, at)) {
        return (struct text_range){offset, offset};
    }
    size_t first = at;
    while (first > 0 && !line_is_blank(text, first - 1)) {
        first--;
    }
    while (at + 1 < count && !line_is_blank(text, at + 1)) {
        at++;
    }
    return (struct text_range){line_indent_end(text, first), line_text_end(text, at)};
}

// Where an offset in the blanks of a line that has text means: the nearest end of the text.
static size_t into_line(const struct text *text, size_t offset) {
    size_t line = text_line_at(text, offset);
    size_t first = line_indent_end(text, line);
    size_t last = line_text_end(text, line);
    return offset < first ? first : offset > last ? last : offset;
}

// --- marks around a place ---

static struct marks marks_at(const struct syntax *syntax, size_t offset) {
    return syntax_marks(syntax, offset > 0 ? offset - 1 : 0, offset + 1, ~0u);
}

static size_t range_length(struct text_range range) {
    return range.end - range.start;
}

// The innermost of `kinds` that holds the character at `offset`; one that ends there goes before
// what only surrounds it (the cursor stands behind a statement).
static size_t innermost(const struct marks *marks, size_t offset, unsigned kinds) {
    size_t around = NO_MARK;
    size_t ending = NO_MARK;
    for (size_t i = 0; i < marks->n; i++) {
        struct text_range range = marks->at[i].range;
        if (!(marks->at[i].kinds & kinds) || range.start > offset || range.end < offset) {
            continue;
        }
        size_t *best = range.end == offset ? &ending : &around;
        if (*best == NO_MARK || range_length(range) < range_length(marks->at[*best].range)) {
            *best = i;
        }
    }
    if (around == NO_MARK || (ending != NO_MARK && marks->at[around].range.start < offset &&
                              range_holds(marks->at[around].range, marks->at[ending].range))) {
        return ending;
    }
    return around;
}

static size_t starting(const struct marks *marks, size_t offset, unsigned kinds) {
    for (size_t i = 0; i < marks->n; i++) {
        if (marks->at[i].range.start == offset && (marks->at[i].kinds & kinds)) {
            return i; // the outermost
        }
    }
    return NO_MARK;
}

// The whole of a definition: with the node that decorates or exports it, but not what has it in
// its body.
static struct text_range whole_definition(const struct marks *marks, size_t i) {
    struct text_range inner = marks->at[i].range;
    struct text_range body = {0, SIZE_MAX};
    for (size_t k = 0; k < marks->n; k++) {
        struct text_range range = marks->at[k].range;
        if ((marks->at[k].kinds & MARK_BODY) && range_holds(range, inner) &&
            range_holds(body, range)) {
            body = range;
        }
    }
    for (size_t k = 0; k < marks->n; k++) {
        struct text_range range = marks->at[k].range;
        bool has_in_body = range_holds(range, body) && !range_equals(range, body);
        if ((marks->at[k].kinds & MARK_DEFINITION) && range_holds(range, inner) && !has_in_body) {
            return range; // it may be all there is in that body
        }
    }
    return inner;
}

// --- comments and attributes before a definition ---

// Behind blanks and at most one line end; `offset` itself if a blank line follows.
static size_t next_line_text(struct str text, size_t offset) {
    size_t ends = 0;
    size_t at = offset;
    while (at < text.n && char_is_space(text.p[at])) {
        ends += text.p[at] == '\n' ||
                (text.p[at] == '\r' && !(at + 1 < text.n && text.p[at + 1] == '\n'));
        at++;
    }
    return ends <= 1 ? at : offset;
}

// The start of the comments and attributes that stand right above `start`, without blank lines.
static size_t leading_start(const struct syntax *syntax, size_t start) {
    const struct text *text = syntax->input->text;
    size_t from = start > LEADING_BYTES ? start - LEADING_BYTES : 0;
    if (start == 0 || !is_first_on_line(text, start)) {
        return start;
    }
    struct marks marks = syntax_marks(syntax, from, start, MARK_LEADING);
    for (size_t i = marks.n; i > 0; i--) {
        struct text_range range = marks.at[i - 1].range;
        if (range.end > start) {
            continue;
        }
        if (range.end == start || next_line_text(syntax->text, range.end) != start ||
            !is_first_on_line(text, range.start)) {
            break;
        }
        start = range.start;
    }
    return start;
}

// From a comment or attribute on to what it belongs to, past further ones: its start, or STR_NPOS.
// *end becomes the end of the last one.
static size_t follow_leading(const struct syntax *syntax, struct text_range first, size_t *end) {
    struct marks marks = syntax_marks(syntax, first.start, first.end + LEADING_BYTES, MARK_LEADING);
    *end = first.end;
    size_t next = next_line_text(syntax->text, first.end);
    for (size_t i = 0; i < marks.n; i++) {
        if (marks.at[i].range.start == next && next > *end) {
            *end = marks.at[i].range.end;
            next = next_line_text(syntax->text, *end);
        }
    }
    return next > *end && next < syntax->text.n ? next : STR_NPOS;
}

// --- a cursor ---

static struct text_range finished_pick(const struct syntax *syntax, const struct marks *marks,
                                       size_t i) {
    struct text_range range = marks->at[i].range;
    if (marks->at[i].kinds & MARK_DEFINITION) {
        range = whole_definition(marks, i);
        range.start = leading_start(syntax, range.start);
    }
    // A `;` that is not the statement's own belongs to it all the same.
    if (range.end < syntax->text.n && syntax->text.p[range.end] == ';') {
        range.end++;
    }
    return range;
}

// A cursor in a comment or attribute on lines of its own: the statement that follows it, with it.
static struct text_range leading_target(const struct syntax *syntax, struct text_range leading,
                                        enum target_kind kind, size_t offset) {
    size_t end;
    size_t next = follow_leading(syntax, leading, &end);
    if (next != STR_NPOS) {
        struct marks marks = marks_at(syntax, next);
        size_t pick = starting(&marks, next, MARK_DEFINITION);
        if (pick != NO_MARK) {
            return finished_pick(syntax, &marks, pick);
        }
        pick = starting(&marks, next, MARK_WHOLE);
        if (pick != NO_MARK && kind == TARGET_NODES) {
            struct text_range range = finished_pick(syntax, &marks, pick);
            range.start = leading_start(syntax, range.start);
            return range;
        }
    }
    if (kind == TARGET_DEFINITION) {
        struct marks marks = marks_at(syntax, offset);
        size_t pick = innermost(&marks, offset, MARK_DEFINITION);
        if (pick != NO_MARK) {
            return finished_pick(syntax, &marks, pick);
        }
    }
    return (struct text_range){leading_start(syntax, leading.start), end};
}

// Is the tree broken between the cursor and what was picked around it?
static bool is_broken(const struct syntax *syntax, size_t offset, struct text_range picked) {
    struct text_range here = {offset, offset < syntax->text.n ? offset + 1 : offset};
    struct text_range error;
    return cover_error(syntax, here, &error) && range_holds(picked, error);
}

static struct text_range statement_at(const struct syntax *syntax, const struct marks *marks,
                                      size_t offset) {
    size_t pick = innermost(marks, offset, MARK_WHOLE);
    if (pick == NO_MARK || is_broken(syntax, offset, marks->at[pick].range)) {
        return paragraph_at(syntax->input->text, offset);
    }
    return finished_pick(syntax, marks, pick);
}

static struct text_range cursor_in_text(const struct syntax *syntax, size_t offset,
                                        enum target_kind kind) {
    const struct text *text = syntax->input->text;
    offset = into_line(text, offset);
    struct marks marks = marks_at(syntax, offset);
    size_t pick = innermost(&marks, offset, MARK_WHOLE | MARK_LEADING);
    if (pick != NO_MARK && (marks.at[pick].kinds & MARK_LEADING)) {
        struct text_range leading = marks.at[pick].range;
        if (is_first_on_line(text, leading.start)) {
            return leading_target(syntax, leading, kind, offset);
        }
        // A comment behind code speaks of the code.
        offset = leading.start;
        while (offset > 0 && char_is_blank(syntax->text.p[offset - 1])) {
            offset--;
        }
        marks = marks_at(syntax, offset);
    }
    if (kind == TARGET_DEFINITION) {
        size_t first = line_indent_end(text, text_line_at(text, offset));
        struct marks at_line = marks_at(syntax, first);
        pick = starting(&at_line, first, MARK_DEFINITION);
        size_t inner = innermost(&marks, offset, MARK_DEFINITION);
        if (pick != NO_MARK && (inner == NO_MARK || marks.at[inner].range.start <= first)) {
            return finished_pick(syntax, &at_line, pick);
        }
        if (inner != NO_MARK) {
            return finished_pick(syntax, &marks, inner);
        }
    }
    return statement_at(syntax, &marks, offset);
}

static struct text_range cursor_target(const struct syntax *syntax, size_t offset,
                                       enum target_kind kind) {
    const struct text *text = syntax->input->text;
    size_t line = text_line_at(text, offset);
    if (!line_is_blank(text, line)) {
        return cursor_in_text(syntax, offset, kind);
    }
    struct marks marks = marks_at(syntax, offset);
    unsigned kinds = kind == TARGET_DEFINITION ? MARK_DEFINITION : MARK_WHOLE;
    size_t pick = NO_MARK;
    for (size_t i = 0; i < marks.n; i++) {
        struct text_range range = marks.at[i].range;
        bool is_inside = range.start < offset && offset < range.end;
        pick = is_inside && (marks.at[i].kinds & kinds) ? i : pick;
    }
    if (pick != NO_MARK && !is_broken(syntax, offset, marks.at[pick].range)) {
        return finished_pick(syntax, &marks, pick);
    }
    // Between two: the next one, else the last.
    struct text_range near = paragraph_at(text, offset);
    if (near.start == near.end) {
        return near;
    }
    return cursor_in_text(syntax, near.start > offset ? near.start : near.end, kind);
}

// --- places ---

static struct text_range point_target(const struct text *text, struct text_range selection) {
    struct str bytes = text_str(text);
    size_t at = selection.end;
    if (at > selection.start && (bytes.p[at - 1] == '\n' || bytes.p[at - 1] == '\r')) {
        at = text_line_end(text, text_line_at(text, at - 1));
        at = at < selection.start ? selection.start : at;
    }
    size_t first = line_indent_end(text, text_line_at(text, at));
    at = at < first ? first : at;
    return (struct text_range){at, at};
}

static struct text_range behind_target(const struct syntax *syntax, const struct text *text,
                                       struct text_range range) {
    if (syntax && range.start == range.end) {
        range.start = range.end = into_line(text, range.start);
        struct marks marks = marks_at(syntax, range.start);
        size_t pick = innermost(&marks, range.start, MARK_LEADING);
        if (pick != NO_MARK && is_first_on_line(text, marks.at[pick].range.start)) {
            size_t end;
            size_t next = follow_leading(syntax, marks.at[pick].range, &end);
            range.start = range.end = next != STR_NPOS ? next : range.start;
        }
    }
    struct marks marks = syntax ? marks_at(syntax, range.start) : (struct marks){0};
    for (size_t i = 0; i < marks.n; i++) {
        if ((marks.at[i].kinds & MARK_DEFINITION) && range_holds(marks.at[i].range, range)) {
            range = marks.at[i].range; // the outermost comes first
            break;
        }
    }
    size_t last = range.end > range.start ? range.end - 1 : range.end;
    size_t at = text_line_end(text, text_line_at(text, last));
    return (struct text_range){at, at};
}

// --- all together ---

// Within the text, in order, between characters.
static struct text_range sound_range(struct str text, struct text_range range) {
    if (range.end < range.start) {
        range = (struct text_range){range.end, range.start};
    }
    if (range.start == range.end) {
        range.start = range.end = snap_down(text, range.start);
        return range;
    }
    return (struct text_range){snap_down(text, range.start), snap_up(text, range.end)};
}

static struct text_range target_of(const struct syntax *syntax, const struct context_input *input,
                                   struct text_range selection, enum target_kind kind) {
    struct str bytes = text_str(input->text);
    if (kind == TARGET_POINT) {
        return point_target(input->text, selection);
    }
    struct text_range range = range_trim(bytes, selection);
    if (kind == TARGET_BEHIND) {
        return behind_target(syntax, input->text, range);
    }
    if (range.start == range.end) {
        return syntax ? cursor_target(syntax, range.start, kind)
                      : paragraph_at(input->text, range.start);
    }
    return syntax ? cover_range(syntax, range) : range;
}

struct text_range context_target(const struct context_input *input, enum target_kind kind) {
    struct arena arena;
    arena_init(&arena);
    struct syntax syntax;
    bool has_tree = kind != TARGET_POINT && syntax_init(&syntax, &arena, input);
    struct str bytes = text_str(input->text);
    struct text_range selection = sound_range(bytes, input->selection);
    struct text_range range = target_of(has_tree ? &syntax : NULL, input, selection, kind);
    if (has_tree) {
        syntax_finish(&syntax);
    }
    arena_finish(&arena);
    return sound_range(bytes, range);
}
