// SPDX-License-Identifier: MIT
//
// From a selection to syntax nodes. One descent with a tree cursor from the root to the smallest
// node that covers the selection: each child on the way is looked at once, and nothing recurses,
// because a tree may be as deep as its text is long.
#include "assist/context_cover.h"

struct cover {
    TSNode node;   // the smallest that covers the range
    TSNode parent; // null: node is the root
    bool has_error;
    struct text_range error; // the innermost ERROR on the way, `has_error`
};

static struct text_range node_range(TSNode node) {
    return (struct text_range){ts_node_start_byte(node), ts_node_end_byte(node)};
}

static bool node_is_error(TSNode node) {
    return str_eq(str_from(ts_node_type(node)), STR("ERROR"));
}

// Moves the cursor to the first child that holds `range`; false: none does, and the cursor stays.
static bool descend(TSTreeCursor *cursor, struct text_range range) {
    if (!ts_tree_cursor_goto_first_child(cursor)) {
        return false;
    }
    do {
        if (range_holds(node_range(ts_tree_cursor_current_node(cursor)), range)) {
            return true;
        }
    } while (ts_tree_cursor_goto_next_sibling(cursor));
    ts_tree_cursor_goto_parent(cursor);
    return false;
}

static struct cover find_cover(const struct syntax *syntax, struct text_range range) {
    struct cover cover = {.node = tree_root(syntax->input->tree)};
    TSTreeCursor cursor = ts_tree_cursor_new(cover.node);
    do {
        TSNode node = ts_tree_cursor_current_node(&cursor);
        if (!ts_node_eq(node, cover.node)) {
            cover.parent = cover.node;
            cover.node = node;
        }
        if (node_is_error(node)) {
            cover.has_error = true;
            cover.error = node_range(node);
        }
    } while (descend(&cursor, range));
    ts_tree_cursor_delete(&cursor);
    return cover;
}

bool cover_error(const struct syntax *syntax, struct text_range range, struct text_range *error) {
    struct cover cover = find_cover(syntax, range);
    *error = cover.error;
    return cover.has_error;
}

struct text_range cover_lines(const struct text *text, struct text_range range) {
    size_t first = text_line_at(text, range.start);
    size_t last = text_line_at(text, range.end > range.start ? range.end - 1 : range.end);
    return range_trim(text_str(text),
                      (struct text_range){line_indent_end(text, first), line_text_end(text, last)});
}

// The children of a node that a range touches.
struct run {
    struct text_range range;       // from the first to the last, trimmed
    struct text_range first, last; // `,` and `;` aside
    size_t n;                      // likewise
    bool has_error;
    bool is_list; // named nodes and commas in turn
};

static struct run find_run(const struct syntax *syntax, TSNode node, struct text_range range) {
    struct run run = {.is_list = true};
    bool was_named = false;
    bool has_comma = false;
    TSTreeCursor cursor = ts_tree_cursor_new(node);
    bool more = ts_tree_cursor_goto_first_child(&cursor);
    for (; more; more = ts_tree_cursor_goto_next_sibling(&cursor)) {
        TSNode child = ts_tree_cursor_current_node(&cursor);
        struct text_range at = range_trim(syntax->text, node_range(child));
        if (at.start >= range.end) {
            break;
        }
        if (at.end <= range.start || at.start == at.end) {
            continue;
        }
        bool is_named = ts_node_is_named(child);
        struct str type = is_named ? STR_NONE : str_from(ts_node_type(child));
        bool is_comma = str_eq(type, STR(","));
        bool is_separator = is_comma || str_eq(type, STR(";"));
        run.is_list = run.is_list && (is_comma || (is_named && !was_named));
        has_comma = has_comma || is_comma;
        was_named = is_named;
        run.has_error = run.has_error || ts_node_has_error(child) || ts_node_is_missing(child);
        run.range.start = run.range.end == 0 ? at.start : run.range.start;
        run.range.end = at.end;
        if (!is_separator) {
            run.first = run.n == 0 ? at : run.first;
            run.last = at;
            run.n++;
        }
    }
    ts_tree_cursor_delete(&cursor);
    run.is_list = run.is_list && has_comma;
    return run;
}

static bool is_marked(const struct marks *marks, struct text_range range) {
    for (size_t i = 0; i < marks->n && marks->at[i].range.start <= range.start; i++) {
        if (range_equals(marks->at[i].range, range)) {
            return true;
        }
    }
    return false;
}

// Statements, members, comments: what may be replaced without what is beside it.
static bool stands_alone(const struct syntax *syntax, const struct run *run) {
    if (run->n == 0) {
        return false;
    }
    if (run->is_list) {
        return true;
    }
    unsigned kinds = MARK_WHOLE | MARK_LEADING;
    struct marks first = syntax_marks(syntax, run->first.start, run->first.start + 1, kinds);
    struct marks last = syntax_marks(syntax, run->last.start, run->last.start + 1, kinds);
    return is_marked(&first, run->first) && is_marked(&last, run->last);
}

static bool type_has(TSNode node, struct str part) {
    return !ts_node_is_null(node) && str_contains(str_from(ts_node_type(node)), part);
}

// The string that a piece between its quotes (or a quote) belongs to; code that is embedded in a
// string is none of its pieces. Else the node itself.
static TSNode string_of(TSNode node) {
    for (;;) {
        bool is_piece = ts_node_child_count(node) == 0 || type_has(node, STR("content")) ||
                        type_has(node, STR("fragment"));
        TSNode parent = is_piece ? ts_node_parent(node) : (TSNode){0};
        if (!type_has(parent, STR("string"))) {
            return node;
        }
        node = parent;
    }
}

// `return a - b` and the `;` that closes it, where they are all of one node.
static struct text_range with_semicolon(const struct syntax *syntax, const struct cover *cover,
                                        struct text_range range) {
    if (!ts_node_is_null(cover->parent)) {
        struct text_range parent = range_trim(syntax->text, node_range(cover->parent));
        uint32_t n = ts_node_child_count(cover->parent);
        TSNode last = n > 1 && n <= 8 ? ts_node_child(cover->parent, n - 1) : (TSNode){0};
        if (parent.start == range.start && !ts_node_is_null(last) &&
            str_eq(str_from(ts_node_type(last)), STR(";"))) {
            return parent;
        }
    }
    if (range.end < syntax->text.n && syntax->text.p[range.end] == ';') {
        struct marks marks =
            syntax_marks(syntax, range.start, range.start + 1, MARK_STATEMENT | MARK_CLASS);
        range.end += is_marked(&marks, range) ? 1 : 0;
    }
    return range;
}

struct text_range cover_range(const struct syntax *syntax, struct text_range range) {
    struct cover cover = find_cover(syntax, range);
    struct run run = find_run(syntax, cover.node, range);
    struct text_range whole = range_trim(syntax->text, node_range(cover.node));
    if (cover.has_error) {
        return cover_lines(syntax->input->text, range);
    }
    if (range_equals(whole, range) || range_equals(run.range, range)) {
        return range;
    }
    TSNode string = string_of(cover.node);
    if (!ts_node_eq(string, cover.node)) {
        cover = (struct cover){.node = string, .parent = ts_node_parent(string)};
        whole = range_trim(syntax->text, node_range(string));
    }
    bool takes_run = !type_has(cover.node, STR("string")) && !run.has_error &&
                     range_holds(run.range, range) && stands_alone(syntax, &run);
    if (takes_run) {
        return range_equals(run.range, whole) ? with_semicolon(syntax, &cover, whole) : run.range;
    }
    if (ts_node_has_error(cover.node) || !range_holds(whole, range)) {
        return cover_lines(syntax->input->text, range);
    }
    return with_semicolon(syntax, &cover, whole);
}
