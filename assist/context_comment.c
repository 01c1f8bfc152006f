// SPDX-License-Identifier: MIT
//
// Instructions that people write into their code: which comment of a range is one, what it says,
// and the code without it. With a tree the grammar tells what a comment is; without one, the signs
// of the language at the start of a line do, and behind code only where the comment is marked as
// an instruction, because anything may look like a comment there.
#include "assist/marks.h"
#include "base/vec.h"

struct comments {
    VEC(struct text_range) found;
    struct arena *arena;
    const struct context_input *input;
    struct str text;
    bool has_no_close; // no block comment ends from here on
};

enum { SIGNS_MAX = 100 }; // signs behind code that are looked at, in one line

static struct str range_str(struct str text, struct text_range range) {
    return str_slice(text, range.start, range.end);
}

// --- what a comment says ---

static struct str without_prefix(struct str s, struct str prefix) {
    return prefix.n > 0 && str_istarts(s, prefix) ? str_from_index(s, prefix.n) : s;
}

// One line of a comment without its signs: "/// x", "//! x", "## x", " * x" are x.
static struct str line_words(const struct language *language, struct str line) {
    struct str sign = str_from(language->line_comment);
    line = str_trim(line);
    struct str rest = without_prefix(line, sign);
    if (rest.p != line.p) {
        char last = sign.p[sign.n - 1];
        while (rest.n > 0 && !char_is_alpha(last) && (rest.p[0] == last || rest.p[0] == '!')) {
            rest = str_from_index(rest, 1);
        }
    }
    return str_trim(rest);
}

// A block comment without its signs; else the comment as it is.
static struct str block_inside(const struct language *language, struct str comment) {
    struct str open = str_from(language->block_comment[0]);
    struct str close = str_from(language->block_comment[1]);
    if (open.n == 0 || !str_starts(comment, open)) {
        return comment;
    }
    comment = str_from_index(comment, open.n);
    return str_ends(comment, close) ? str_slice(comment, 0, comment.n - close.n) : comment;
}

static bool is_block(const struct language *language, struct str comment) {
    return block_inside(language, comment).p != comment.p;
}

// Calls for every line of a comment that has words.
static struct str next_words(const struct language *language, bool is_in_block, struct str *rest) {
    struct str line;
    while (str_next_line(rest, &line)) {
        struct str words = is_in_block ? str_trim(line) : line_words(language, line);
        while (is_in_block && words.n > 0 && (words.p[0] == '*' || words.p[0] == '!')) {
            words = str_trim(str_from_index(words, 1));
        }
        if (words.n > 0) {
            return words;
        }
    }
    return STR_NONE;
}

// "ai: x" is x; also "x AI!", as another tool has taught people to write. False: no mark.
static bool strip_mark(struct str words, struct str *out) {
    static const struct str MARKS[] = {STR_INIT("ai:"), STR_INIT("ai!"), STR_INIT("ollama:")};
    for (size_t i = 0; i < sizeof(MARKS) / sizeof(MARKS[0]); i++) {
        if (str_istarts(words, MARKS[i])) {
            *out = str_trim(str_from_index(words, MARKS[i].n));
            return true;
        }
    }
    struct str end = STR(" ai!");
    if (str_iends(words, end)) {
        *out = str_trim(str_slice(words, 0, words.n - end.n));
        return true;
    }
    return false;
}

static bool is_marked(const struct language *language, struct str comment) {
    bool block = is_block(language, comment);
    struct str rest = block ? block_inside(language, comment) : comment;
    struct str words = next_words(language, block, &rest);
    return strip_mark(words, &words);
}

// --- which comments there are ---

static void add_comment(struct comments *comments, size_t start, size_t end) {
    *VEC_PUSH(comments->arena, &comments->found) = (struct text_range){start, end};
}

static void find_by_tree(struct comments *comments, const struct syntax *syntax,
                         struct text_range range) {
    struct marks marks = syntax_marks(syntax, range.start, range.end, MARK_COMMENT);
    for (size_t i = 0; i < marks.n; i++) {
        size_t n = comments->found.n;
        bool is_inside = n > 0 && comments->found.at[n - 1].end >= marks.at[i].range.end;
        if (range_holds(range, marks.at[i].range) && !is_inside) {
            add_comment(comments, marks.at[i].range.start, marks.at[i].range.end);
        }
    }
}

// Where the comment that begins at `start` ends: a block at its closing sign, any other with its
// line. `start` if none begins there.
static size_t comment_end(struct comments *comments, size_t start, size_t line_end, size_t limit) {
    const struct language *language = comments->input->language;
    struct str sign = str_from(language->line_comment);
    struct str open = str_from(language->block_comment[0]);
    struct str close = str_from(language->block_comment[1]);
    struct str rest = str_slice(comments->text, start, limit);
    if (open.n > 0 && str_starts(rest, open)) {
        struct str inside = str_from_index(rest, open.n);
        size_t at = comments->has_no_close ? STR_NPOS : str_find(inside, close);
        comments->has_no_close = comments->has_no_close || (at == STR_NPOS && limit > line_end);
        return at == STR_NPOS ? line_end : start + open.n + at + close.n;
    }
    return sign.n > 0 && str_istarts(rest, sign) ? line_end : start;
}

// The comment of one line that begins at its start, or behind a blank with a mark. Returns the
// offset behind it, or `start` if there is none.
static size_t find_in_line(struct comments *comments, size_t start, size_t end, size_t limit) {
    size_t first = start;
    while (first < end && char_is_space(comments->text.p[first])) {
        first++;
    }
    size_t signs = 0;
    for (size_t i = first; i < end && signs < SIGNS_MAX; i++) {
        if (i > first && !char_is_blank(comments->text.p[i - 1])) {
            continue;
        }
        // Behind code, a mark must follow on the same line: no search for an end far away.
        size_t after = comment_end(comments, i, end, i == first ? limit : end);
        if (after == i) {
            continue;
        }
        signs++;
        struct text_range range = range_trim(comments->text, (struct text_range){i, after});
        if (i == first || is_marked(comments->input->language, range_str(comments->text, range))) {
            add_comment(comments, range.start, range.end);
            return after;
        }
    }
    return start;
}

static void find_by_lines(struct comments *comments, struct text_range range) {
    const struct text *text = comments->input->text;
    size_t done = range.start;
    size_t line = text_line_at(text, range.start);
    for (; line < text_line_count(text) && text_line_start(text, line) < range.end; line++) {
        size_t start = text_line_start(text, line);
        size_t end = text_line_end(text, line);
        start = start > done ? start : done;
        end = end < range.end ? end : range.end;
        if (start < end && comments->found.n < MARKS_MAX) {
            size_t after = find_in_line(comments, start, end, range.end);
            done = after > done ? after : done;
        }
    }
}

// --- the instruction ---

// The last of the comments that go on with comment `i` on the lines right below.
static size_t last_of_block(const struct comments *comments, size_t i) {
    const struct text *text = comments->input->text;
    const struct language *language = comments->input->language;
    for (; i + 1 < comments->found.n; i++) {
        struct text_range here = comments->found.at[i];
        struct text_range next = comments->found.at[i + 1];
        struct str words = range_str(comments->text, next);
        if (!is_first_on_line(text, here.start) || !is_first_on_line(text, next.start) ||
            text_line_at(text, next.start) != text_line_at(text, here.end - 1) + 1 ||
            is_block(language, range_str(comments->text, here)) || is_block(language, words) ||
            is_marked(language, words)) {
            break;
        }
    }
    return i;
}

static struct str joined_words(const struct comments *comments, size_t first, size_t last) {
    const struct language *language = comments->input->language;
    struct text_range all = {comments->found.at[first].start, comments->found.at[last].end};
    char *out = arena_alloc(comments->arena, all.end - all.start + 1);
    size_t n = 0;
    for (size_t i = first; i <= last; i++) {
        struct str comment = range_str(comments->text, comments->found.at[i]);
        bool block = is_block(language, comment);
        struct str rest = block ? block_inside(language, comment) : comment;
        struct str words = next_words(language, block, &rest);
        if (i == first) {
            strip_mark(words, &words);
        }
        while (words.p) {
            if (words.n > 0) {
                n += n > 0 ? 1 : 0;
                memcpy(out + n, words.p, words.n);
                n += words.n;
                out[n] = ' '; // between this and the next, overwritten by nothing if there is none
            }
            words = next_words(language, block, &rest);
        }
    }
    return str_of(out, n);
}

// `code` without [cut.start, cut.end): whole lines where nothing else stands on them.
static struct str without_comment(struct comments *comments, struct text_range code,
                                  struct text_range cut) {
    const struct text *text = comments->input->text;
    size_t last = text_line_at(text, cut.end - 1);
    bool has_code_behind = line_text_end(text, last) > cut.end;
    if (is_first_on_line(text, cut.start) && !has_code_behind) {
        cut.start = text_line_start(text, text_line_at(text, cut.start));
        cut.end = text_line_start(text, last + 1);
    } else {
        while (!has_code_behind && cut.start > 0 &&
               char_is_blank(comments->text.p[cut.start - 1])) {
            cut.start--;
        }
    }
    cut.start = cut.start > code.start ? cut.start : code.start;
    cut.end = cut.end < code.end ? cut.end : code.end;
    struct str left = arena_join(comments->arena, str_slice(comments->text, code.start, cut.start),
                                 str_slice(comments->text, cut.end, code.end));
    while (cut.end == code.end && left.n > 0 && char_is_space(left.p[left.n - 1])) {
        left.n--;
    }
    return left;
}

struct str context_instruction(struct arena *arena, const struct context_input *input,
                               struct text_range range, struct str *without) {
    struct comments comments = {.arena = arena, .input = input, .text = text_str(input->text)};
    struct text_range code = range;
    if (is_first_on_line(input->text, range.start)) {
        code.start = text_line_start(input->text, text_line_at(input->text, range.start));
    }
    struct syntax syntax;
    if (syntax_init(&syntax, arena, input)) {
        find_by_tree(&comments, &syntax, range);
        syntax_finish(&syntax);
    } else {
        find_by_lines(&comments, range);
    }
    if (without) {
        *without = range_str(comments.text, code);
    }
    for (size_t i = 0; i < comments.found.n; i++) {
        struct text_range at = comments.found.at[i];
        if (is_marked(input->language, range_str(comments.text, at))) {
            size_t last = last_of_block(&comments, i);
            if (without) {
                at.end = comments.found.at[last].end;
                *without = without_comment(&comments, code, at);
            }
            return joined_words(&comments, i, last);
        }
    }
    return comments.found.n > 0 ? joined_words(&comments, 0, last_of_block(&comments, 0))
                                : STR_NONE;
}
