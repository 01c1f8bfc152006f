// SPDX-License-Identifier: MIT
//
// What may be completed at the cursor, told from the bytes around it: a block where one was just
// opened and nothing is in it yet, else one line; and which brackets the completion may close,
// which are those that the text before opens and the text behind does not close. Everything here is
// a guess that only has to be right for code that people write; a wrong one costs a line too few.
#include "assist/inline_private.h"

enum { STACK = 128, AFTER_SCAN = 4096 };

struct open_bracket {
    char open;
    size_t indent; // columns of the line where its statement begins
    size_t line;   // where its line begins
};

// A line as the scan saw it.
struct line_seen {
    size_t start;
    size_t code_end;  // behind its last byte that is code or string and no blank
    bool has_code;    // not only strings and comments
    bool has_any;     // something but blanks and comments
    size_t indent;    // of the line
    size_t statement; // of the line where its statement begins
    bool is_started;
};

struct scan {
    const struct inline_place *place;
    struct str text;
    struct inline_lexer lexer;
    struct open_bracket stack[STACK];
    size_t n;
    struct line_seen line;
    struct line_seen previous; // the last line before with code
};

static void push(struct scan *scan, char open) {
    if (scan->n == STACK) {
        memmove(scan->stack, scan->stack + 1, (STACK - 1) * sizeof(scan->stack[0]));
        scan->n--;
    }
    scan->stack[scan->n++] = (struct open_bracket){open, scan->line.statement, scan->line.start};
}

static void pop(struct scan *scan, char closer) {
    for (size_t i = scan->n; i-- > 0;) {
        if (inline_closer_of(scan->stack[i].open) == closer) {
            // Brackets inside that were not closed are mistakes, or were never brackets.
            scan->n = i;
            if (scan->stack[i].indent < scan->line.statement) {
                scan->line.statement = scan->stack[i].indent;
            }
            return;
        }
    }
}

static void next_line(struct scan *scan, size_t start) {
    bool counts =
        scan->place->language->indent_is_syntax ? scan->line.has_code : scan->line.has_any;
    if (counts) {
        scan->previous = scan->line;
    }
    scan->line = (struct line_seen){.start = start};
}

// A comment began: its first bytes passed as code, since only the last one tells.
static void take_back_mark(struct scan *scan, size_t i) {
    struct line_seen *line = &scan->line;
    size_t start = scan->lexer.opened;
    if (scan->lexer.is_block) {
        start = i + 1 - strlen(scan->place->language->block_comment[0]);
    }
    struct str code = inline_trim_end(str_slice(scan->text, line->start, start));
    line->code_end = line->start + code.n;
    line->has_any = line->has_any && !inline_is_blank(code);
    line->has_code = line->has_code && line->has_any;
}

static void scan_byte(struct scan *scan, size_t i) {
    char c = scan->text.p[i];
    bool was_comment = scan->lexer.kind == INLINE_COMMENT;
    bool is_code = inline_lexer_step(&scan->lexer, scan->text, i);
    if (char_is_eol(c)) {
        next_line(scan, i + 1);
        return;
    }
    if (char_is_space(c)) {
        return;
    }
    struct line_seen *line = &scan->line;
    if (!line->is_started) {
        line->is_started = true;
        line->indent = line->statement = inline_indent(str_from_index(scan->text, line->start));
    }
    if (scan->lexer.kind == INLINE_COMMENT) {
        if (!was_comment) {
            take_back_mark(scan, i);
        }
    } else if (!was_comment) {
        line->code_end = i + 1;
        line->has_any = true;
        line->has_code = line->has_code || is_code;
    }
    if (is_code && inline_closer_of(c)) {
        push(scan, c);
    } else if (is_code && inline_is_closer(c)) {
        pop(scan, c);
    }
}

// --- the tree ------------------------------------------------------------------------------------

enum tree_says { TREE_UNKNOWN, TREE_CODE, TREE_STRING, TREE_COMMENT };

static enum tree_says said_by(const char *type) {
    struct str name = str_from(type);
    if (str_contains(name, STR("comment"))) {
        return TREE_COMMENT;
    }
    if (str_contains(name, STR("interpolation")) || str_contains(name, STR("substitution"))) {
        return TREE_CODE;
    }
    bool is_string = str_contains(name, STR("string")) || str_contains(name, STR("quote_scalar")) ||
                     str_contains(name, STR("char_literal")) || str_eq(name, STR("block_scalar"));
    return is_string ? TREE_STRING : TREE_UNKNOWN;
}

// Of a string's content: with its quotes.
static TSNode whole_string(TSNode node) {
    TSNode parent = ts_node_parent(node);
    while (!ts_node_is_null(parent) && said_by(ts_node_type(parent)) == TREE_STRING) {
        node = parent;
        parent = ts_node_parent(node);
    }
    return node;
}

// What the byte before `offset` is part of, and where that ends.
static enum tree_says ask_tree(const struct tree *tree, size_t offset, size_t *end) {
    enum { UPWARD = 6 };
    if (!tree || offset == 0 || offset > text_size(tree_text(tree))) {
        return TREE_UNKNOWN;
    }
    uint32_t at = (uint32_t)offset - 1;
    TSNode node = ts_node_descendant_for_byte_range(tree_root(tree), at, at + 1);
    for (int i = 0; i < UPWARD && !ts_node_is_null(node); i++) {
        if (ts_node_is_named(node)) {
            const char *type = ts_node_type(node);
            if (strcmp(type, "ERROR") == 0) {
                return TREE_UNKNOWN;
            }
            enum tree_says says = said_by(type);
            if (says == TREE_STRING) {
                node = whole_string(node);
            }
            *end = ts_node_end_byte(node);
            bool is_closed = *end == offset;
            if (says == TREE_COMMENT && is_closed) { // a line comment goes on, "*/" does not
                struct str comment = tree_node_str(tree, node);
                return str_ends(comment, STR("*/")) ? TREE_CODE : TREE_COMMENT;
            }
            if (says != TREE_UNKNOWN) {
                return says == TREE_STRING && is_closed ? TREE_CODE : says;
            }
        }
        node = ts_node_parent(node);
    }
    return TREE_CODE;
}

// --- the text before and behind ------------------------------------------------------------------

static void scan_before(struct scan *scan, const struct inline_view *view,
                        const struct tree *tree) {
    scan->text = view->before;
    size_t window = view->offset - view->before.n;
    size_t from = 0, end = 0;
    enum tree_says says = window > 0 ? ask_tree(tree, window, &end) : TREE_UNKNOWN;
    if ((says == TREE_STRING || says == TREE_COMMENT) && end > window) {
        from = end - window < scan->text.n ? end - window : scan->text.n;
    }
    inline_lexer_init(&scan->lexer, scan->place->language);
    scan->line.start = inline_line_start(scan->text, from);
    for (size_t i = from; i < scan->text.n; i++) {
        scan_byte(scan, i);
    }
}

// The first bracket behind the cursor that closes one before it.
struct closer_seen {
    char c;           // '\0': there is none
    bool begins_line; // with `indent` columns before it
    size_t indent;
    bool is_end_seen; // all of the text behind was looked at
};

static struct closer_seen scan_after(const struct inline_view *view, struct inline_lexer lexer) {
    struct str after = str_slice(view->after, 0, AFTER_SCAN);
    struct closer_seen seen = {.is_end_seen = view->offset + after.n == view->size};
    size_t depth = 0, line = 0;
    bool is_first_line = true, is_blank = true;
    lexer.from_before = true;
    for (size_t i = 0; i < after.n; i++) {
        char c = after.p[i];
        bool is_code = inline_lexer_step(&lexer, after, i);
        if (char_is_eol(c)) {
            line = i + 1;
            is_first_line = false;
            is_blank = true;
            continue;
        }
        if (is_code && inline_closer_of(c)) {
            depth++;
        } else if (is_code && inline_is_closer(c) && depth-- == 0) {
            seen.c = c;
            seen.begins_line = is_blank && !is_first_line;
            seen.indent = inline_indent(str_slice(after, line, i));
            return seen;
        }
        is_blank = is_blank && char_is_space(c);
    }
    return seen;
}

// How many of the open brackets the text behind closes: all up to this index.
static size_t closed_behind(const struct scan *scan, struct closer_seen seen) {
    size_t same = SIZE_MAX;
    for (size_t i = scan->n; i-- > 0;) {
        if (inline_closer_of(scan->stack[i].open) != seen.c) {
            continue;
        }
        if (!seen.begins_line || scan->stack[i].indent == seen.indent) {
            return i + 1;
        }
        same = same == SIZE_MAX ? i + 1 : same;
    }
    return same == SIZE_MAX ? scan->n : same;
}

static void find_closable(struct inline_place *place, const struct scan *scan,
                          const struct inline_view *view) {
    struct closer_seen seen = scan_after(view, scan->lexer);
    size_t kept = 0;
    if (seen.c) {
        kept = closed_behind(scan, seen);
    } else if (!seen.is_end_seen) {
        while (kept < scan->n && scan->stack[kept].line != scan->line.start) {
            kept++;
        }
    }
    for (size_t i = scan->n; i-- > kept && place->n_closable < INLINE_BRACKETS;) {
        place->closable[place->n_closable++] = (struct inline_bracket){
            .open = scan->stack[i].open,
            .is_block = place->is_block && place->by_brackets && i + 1 == scan->n,
        };
    }
}

// --- blocks --------------------------------------------------------------------------------------

// Does the line open a block that has to be filled? `may_bracket`: ( and [ count as well.
static bool opens_block(struct inline_place *place, const struct scan *scan,
                        const struct line_seen *line, bool may_bracket) {
    struct str code = str_slice(scan->text, line->start, line->code_end);
    if (code.n == 0) {
        return false;
    }
    char last = code.p[code.n - 1];
    if (last == '{' || (may_bracket && (last == '(' || last == '['))) {
        place->by_brackets = true;
        place->indent = line->statement;
        return scan->n > 0 && scan->stack[scan->n - 1].open == last;
    }
    place->by_brackets = false;
    place->indent = line->statement;
    if (place->language->indent_is_syntax) {
        bool is_in_brackets = scan->n > 0 && scan->stack[scan->n - 1].line >= line->start;
        return last == ':' && !is_in_brackets;
    }
    return inline_opens_by_word(place->language, code);
}

// Is nothing in the block yet?
static bool is_body_empty(const struct inline_place *place, struct str next) {
    struct str trimmed = str_trim(next);
    return trimmed.n == 0 || inline_indent(next) <= place->indent ||
           (place->by_brackets && inline_is_closer(trimmed.p[0]));
}

static void decide_block(struct inline_place *place, const struct scan *scan, struct str next) {
    if (place->is_prose || place->is_middle) {
        return;
    }
    bool may_bracket = place->is_blank_line;
    const struct line_seen *line = place->is_blank_line ? &scan->previous : &scan->line;
    if (!opens_block(place, scan, line, may_bracket) || !is_body_empty(place, next)) {
        return;
    }
    place->is_block = true;
    place->is_opener = !place->is_blank_line;
    place->has_closer = inline_indent(next) == place->indent &&
                        inline_first_word(place->language, next) != INLINE_WORD_OTHER;
}

// --- style ---------------------------------------------------------------------------------------

static struct str find_eol(const struct inline_view *view) {
    size_t at = str_rfind_char(view->before, '\n');
    struct str in = view->before;
    if (at == STR_NPOS) {
        in = view->after;
        at = str_find_char(in, '\n');
    }
    return at != STR_NPOS && at > 0 && in.p[at - 1] == '\r' ? STR("\r\n") : STR("\n");
}

static struct str find_unit(const struct inline_view *view) {
    size_t tabs = 0, steps[9] = {0}, last = 0;
    struct str rest = view->before, line;
    while (str_next_line(&rest, &line)) {
        if (inline_is_blank(line)) {
            continue;
        }
        size_t indent = inline_indent(line);
        tabs += line.p[0] == '\t' ? 1u : 0u;
        if (indent > last && indent - last < 9 && line.p[0] != '\t') {
            steps[indent - last]++;
        }
        last = indent;
    }
    size_t best = 4;
    for (size_t i = 2; i < 9; i++) {
        best = steps[i] > steps[best] ? i : best;
    }
    if (tabs > 0 && tabs >= steps[best]) {
        return STR("\t");
    }
    return str_slice(STR("        "), 0, best);
}

// A tree knows better than the scan, but what it makes of a string that was just opened is a guess:
// there the scan is right.
static void place_kind(struct inline_place *place, const struct scan *scan, const struct tree *tree,
                       size_t offset) {
    const struct inline_lexer *lexer = &scan->lexer;
    size_t end;
    enum tree_says says = ask_tree(tree, offset, &end);
    bool is_line_string = lexer->kind == INLINE_STRING && lexer->opened >= scan->line.start;
    place->kind = lexer->kind;
    if (says == TREE_COMMENT) {
        place->kind = INLINE_COMMENT;
    } else if (says == TREE_STRING) {
        place->kind = INLINE_STRING;
    } else if (says == TREE_CODE && !(is_line_string && ts_node_has_error(tree_root(tree)))) {
        place->kind = INLINE_CODE;
    }
    if (place->kind == INLINE_STRING && lexer->kind == INLINE_STRING) {
        place->quote = lexer->quote;
        place->is_triple = lexer->is_triple;
    }
    place->is_prose = place->language->is_prose || place->kind != INLINE_CODE;
}

void inline_place_init(struct inline_place *place, const struct inline_view *view,
                       const struct language *language, const struct tree *tree) {
    *place = (struct inline_place){.language = language};
    tree = view->is_selected ? NULL : tree;
    struct scan scan = {.place = place};
    scan_before(&scan, view, tree);
    place_kind(place, &scan, tree, view->offset);
    scan.lexer.kind = place->kind;
    struct str line = str_from_index(view->before, inline_line_start(view->before, view->before.n));
    size_t rest = inline_line_end(view->after, 0);
    place->is_blank_line = inline_is_blank(line);
    place->is_middle = !inline_is_blank(str_slice(view->after, 0, rest));
    place->eol = find_eol(view);
    place->unit = find_unit(view);
    decide_block(place, &scan, inline_first_line(str_from_index(view->after, rest)));
    find_closable(place, &scan, view);
}
