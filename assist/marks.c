// SPDX-License-Identifier: MIT
//
// Runs a language's query over a part of a tree. The work is bounded by the tree's size (a tree has
// at most a few times LIMIT_TREE_TOKENS nodes), the matches in progress and the marks taken; what
// goes beyond is not marked, which makes a target larger or a context poorer, never wrong.
#include "assist/marks.h"

#include <stdlib.h>

#include "base/utf.h"
#include "base/vec.h"

enum {
    MATCH_LIMIT = 1024,
    WIDE_ERROR = 2000, // children
};

static unsigned kind_of_capture(const TSQuery *query, uint32_t id) {
    static const struct {
        struct str name;
        unsigned kind;
    } KINDS[] = {
        {STR_INIT("function"), MARK_FUNCTION},   {STR_INIT("class"), MARK_CLASS},
        {STR_INIT("import"), MARK_IMPORT},       {STR_INIT("statement"), MARK_STATEMENT},
        {STR_INIT("comment"), MARK_COMMENT},     {STR_INIT("body"), MARK_BODY},
        {STR_INIT("attribute"), MARK_ATTRIBUTE},
    };
    uint32_t length = 0;
    const char *name = ts_query_capture_name_for_id(query, id, &length);
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        if (str_eq(KINDS[i].name, str_of(name, length))) {
            return KINDS[i].kind;
        }
    }
    return 0;
}

// Is there an ERROR of so many tokens that walking them would take quadratic time (tree-sitter asks
// of every child whether one with a name follows)? Only what has errors in it is looked at.
static bool has_wide_error(TSNode root) {
    if (!ts_node_has_error(root)) {
        return false;
    }
    bool is_wide = false;
    TSTreeCursor cursor = ts_tree_cursor_new(root);
    bool more = true;
    while (more && !is_wide) {
        TSNode node = ts_tree_cursor_current_node(&cursor);
        is_wide = ts_node_child_count(node) > WIDE_ERROR &&
                  str_eq(str_from(ts_node_type(node)), STR("ERROR"));
        if (ts_node_has_error(node) && ts_tree_cursor_goto_first_child(&cursor)) {
            continue;
        }
        while (!(more = ts_tree_cursor_goto_next_sibling(&cursor)) &&
               ts_tree_cursor_goto_parent(&cursor)) {
        }
    }
    ts_tree_cursor_delete(&cursor);
    return is_wide;
}

bool syntax_init(struct syntax *syntax, struct arena *arena, const struct context_input *input) {
    *syntax = (struct syntax){.input = input, .arena = arena, .text = text_str(input->text)};
    const struct language *language = input->language;
    if (!input->tree || !language->grammar || tree_text(input->tree) != input->text ||
        tree_language(input->tree) != language->grammar() ||
        has_wide_error(tree_root(input->tree))) {
        return false;
    }
    syntax->own = input->query ? NULL : language_query_create(language);
    syntax->query = input->query ? input->query : syntax->own;
    return syntax->query != NULL;
}

void syntax_finish(struct syntax *syntax) {
    if (syntax->own) {
        ts_query_delete(syntax->own);
    }
}

static struct str captured(const struct syntax *syntax, const TSQueryMatch *match, uint32_t id) {
    for (uint16_t i = 0; i < match->capture_count; i++) {
        if (match->captures[i].index == id) {
            return tree_node_str(syntax->input->tree, match->captures[i].node);
        }
    }
    return STR_NONE;
}

// (#eq? @name "text"), the only predicate of our query files: name, capture, string, done.
static bool predicates_hold(const struct syntax *syntax, const TSQueryMatch *match) {
    uint32_t n = 0;
    const TSQueryPredicateStep *steps =
        ts_query_predicates_for_pattern(syntax->query, match->pattern_index, &n);
    for (uint32_t i = 0; i + 3 < n; i += 4) {
        uint32_t length = 0;
        const char *value =
            ts_query_string_value_for_id(syntax->query, steps[i + 2].value_id, &length);
        if (!str_eq(captured(syntax, match, steps[i + 1].value_id), str_of(value, length))) {
            return false;
        }
    }
    return true;
}

static int compare_marks(const void *a, const void *b) {
    const struct mark *x = a;
    const struct mark *y = b;
    if (x->range.start != y->range.start) {
        return x->range.start < y->range.start ? -1 : 1;
    }
    return (x->range.end < y->range.end) - (x->range.end > y->range.end);
}

// Sorts, and makes one of those with the same range.
static void marks_settle(struct marks *marks) {
    if (marks->n < 2) {
        return;
    }
    qsort(marks->at, marks->n, sizeof(marks->at[0]), compare_marks);
    size_t n = 1;
    for (size_t i = 1; i < marks->n; i++) {
        if (range_equals(marks->at[i].range, marks->at[n - 1].range)) {
            marks->at[n - 1].kinds |= marks->at[i].kinds;
        } else {
            marks->at[n++] = marks->at[i];
        }
    }
    marks->n = n;
}

// At most this many captures are known; ids beyond mark nothing.
enum { CAPTURES_MAX = 32 };

struct marks syntax_marks(const struct syntax *syntax, size_t from, size_t to, unsigned kinds) {
    unsigned wanted[CAPTURES_MAX] = {0};
    uint32_t captures = ts_query_capture_count(syntax->query);
    for (uint32_t i = 0; i < captures && i < CAPTURES_MAX; i++) {
        wanted[i] = kind_of_capture(syntax->query, i) & kinds;
    }
    VEC(struct mark) found = {0};
    TSQueryCursor *cursor = ts_query_cursor_new();
    ts_query_cursor_set_match_limit(cursor, MATCH_LIMIT);
    // An end of 0 would mean no end at all.
    ts_query_cursor_set_byte_range(cursor, (uint32_t)from, (uint32_t)(to > from ? to : from + 1));
    ts_query_cursor_exec(cursor, syntax->query, tree_root(syntax->input->tree));
    TSQueryMatch match;
    while (found.n < MARKS_MAX && ts_query_cursor_next_match(cursor, &match)) {
        for (uint16_t i = 0; i < match.capture_count; i++) {
            uint32_t id = match.captures[i].index;
            if (id >= CAPTURES_MAX || !wanted[id] || !predicates_hold(syntax, &match)) {
                continue;
            }
            TSNode node = match.captures[i].node;
            struct text_range range = {ts_node_start_byte(node), ts_node_end_byte(node)};
            range = range_trim(syntax->text, range);
            if (range.start < range.end) {
                *VEC_PUSH(syntax->arena, &found) = (struct mark){range, wanted[id]};
            }
        }
    }
    ts_query_cursor_delete(cursor);
    struct marks marks = {found.at, found.n};
    marks_settle(&marks);
    return marks;
}

// --- ranges and lines ---

struct text_range range_trim(struct str text, struct text_range range) {
    range.end = range.end < text.n ? range.end : text.n;
    size_t start = range.start;
    while (start < range.end && char_is_space(text.p[start])) {
        start++;
    }
    if (start >= range.end) {
        return (struct text_range){range.start < text.n ? range.start : text.n,
                                   range.start < text.n ? range.start : text.n};
    }
    while (char_is_space(text.p[range.end - 1])) {
        range.end--;
    }
    return (struct text_range){start, range.end};
}

size_t line_indent_end(const struct text *text, size_t line) {
    size_t at = text_line_start(text, line);
    size_t end = text_line_end(text, line);
    struct str bytes = text_str(text);
    if (at == 0 && str_starts(bytes, STR("\xef\xbb\xbf"))) {
        at = 3;
    }
    while (at < end && char_is_space(bytes.p[at])) {
        at++;
    }
    return at;
}

size_t line_text_end(const struct text *text, size_t line) {
    size_t start = line_indent_end(text, line);
    size_t end = text_line_end(text, line);
    struct str bytes = text_str(text);
    while (end > start && char_is_space(bytes.p[end - 1])) {
        end--;
    }
    return end;
}

bool line_is_blank(const struct text *text, size_t line) {
    return line_indent_end(text, line) >= text_line_end(text, line);
}

bool is_first_on_line(const struct text *text, size_t offset) {
    return line_indent_end(text, text_line_at(text, offset)) >= offset;
}

// Where the character or line end that `offset` is inside of begins and ends; both are `offset`
// between two.
static struct text_range around(struct str text, size_t offset) {
    if (offset == 0 || offset >= text.n) {
        return (struct text_range){offset, offset};
    }
    if (text.p[offset] == '\n' && text.p[offset - 1] == '\r') {
        return (struct text_range){offset - 1, offset + 1};
    }
    for (size_t back = 1; back <= 3 && back <= offset; back++) {
        size_t end = offset - back;
        utf8_next(text, &end);
        if (end > offset) {
            return (struct text_range){offset - back, end};
        }
    }
    return (struct text_range){offset, offset};
}

size_t snap_down(struct str text, size_t offset) {
    return around(text, offset < text.n ? offset : text.n).start;
}

size_t snap_up(struct str text, size_t offset) {
    return around(text, offset < text.n ? offset : text.n).end;
}
