// SPDX-License-Identifier: MIT
//
// What a model gets to see around a target, within a budget. Tokens are given out nearest first:
// the target, imports and outline (a quarter of what is left each, at most), then lines before and
// behind, two of three before; what one side does not need the other may have. Estimates add up at
// line ends (budget.h), so the sum of the parts is what is sent.
//
// Invariant: what `before` shows is neither in `imports` nor in `outline`, and what of them
// `before` does not show was only left out if is_truncated says so.
#include "assist/budget.h"
#include "assist/marks.h"
#include "base/buf.h"
#include "base/vec.h"

enum {
    IMPORT_BYTES = 64 * 1024, // of the start of a text, where imports stand
    OUTLINE_MAX = 32,         // heads
    SAMPLE_LINES = 2000,      // looked at for line ends and indentation
    INDENT_MAX = 8,           // columns of one level
};

struct part {
    struct text_range range; // in the text
    struct str text;         // as it is shown
    size_t tokens;
    size_t indent; // outline: where a line that stands for its body begins
};

struct builder {
    struct arena *arena;
    const struct context_input *input;
    struct str text;
    struct text_range target;
    struct str all_before, all_after;
    VEC(struct part) imports;
    VEC(struct part) heads; // outermost first
    struct context *out;
};

// --- line ends and indentation of the text ---

static struct str usual_eol(const struct text *text) {
    size_t counts[3] = {0};
    static const struct str EOLS[3] = {STR_INIT("\n"), STR_INIT("\r\n"), STR_INIT("\r")};
    struct str bytes = text_str(text);
    for (size_t line = 0; line + 1 < text_line_count(text) && line < SAMPLE_LINES; line++) {
        size_t end = text_line_end(text, line);
        size_t size = text_line_start(text, line + 1) - end;
        counts[size == 2 ? 1 : bytes.p[end] == '\r' ? 2 : 0]++;
    }
    size_t best = counts[1] > counts[0] ? 1 : 0;
    return EOLS[counts[2] > counts[best] ? 2 : best];
}

// By how much lines are indented deeper than the line before, most often.
static struct str usual_unit(const struct text *text, size_t near) {
    static const struct str BLANKS = STR_INIT("        ");
    size_t tabs = 0;
    size_t steps[INDENT_MAX + 1] = {0};
    size_t last = 0;
    size_t line = text_line_at(text, near);
    line = line > SAMPLE_LINES / 2 ? line - SAMPLE_LINES / 2 : 0;
    struct str bytes = text_str(text);
    for (size_t i = 0; i < SAMPLE_LINES && line < text_line_count(text); i++, line++) {
        size_t start = text_line_start(text, line);
        size_t indent = line_indent_end(text, line) - start;
        if (line_is_blank(text, line) || bytes.p[start + indent] == '*') {
            continue; // also the inner lines of C's comments
        }
        if (indent > 0 && bytes.p[start] == '\t') {
            tabs++;
        } else if (indent > last + 1 && indent - last <= INDENT_MAX) {
            steps[indent - last]++;
        }
        last = indent;
    }
    size_t best = 4;
    size_t all = 0;
    for (size_t i = 2; i <= INDENT_MAX; i++) {
        best = steps[i] > steps[best] ? i : best;
        all += steps[i];
    }
    return tabs > all ? STR("\t") : str_slice(BLANKS, 0, best);
}

// --- the target ---

static void describe_target(struct builder *builder) {
    const struct text *text = builder->input->text;
    struct context *out = builder->out;
    struct text_range target = builder->target;
    size_t line = text_line_at(text, target.start);
    size_t line_start = text_line_start(text, line);
    size_t indent_end = line_indent_end(text, line);
    size_t first = indent_end < target.start ? indent_end : target.start;
    size_t mark = line_start;
    while (mark < first && !char_is_space(builder->text.p[mark])) {
        mark++; // a byte order mark
    }
    out->indent = str_slice(builder->text, mark, first);
    out->is_line_start = indent_end >= target.start;
    size_t start = out->is_line_start ? mark : target.start;
    bool is_empty = target.start == target.end;
    out->code = is_empty ? STR_NONE : str_slice(builder->text, start, target.end);
    builder->all_before = str_slice(builder->text, 0, start);

    size_t last = text_line_at(text, target.end);
    bool ends_line = line_text_end(text, last) <= target.end;
    size_t after = ends_line ? text_line_start(text, last + 1) : target.end;
    builder->all_after = str_from_index(builder->text, after > target.end ? after : target.end);
}

// --- imports and outline ---

static void find_imports(struct builder *builder, const struct syntax *syntax) {
    size_t end = builder->all_before.n < IMPORT_BYTES ? builder->all_before.n : IMPORT_BYTES;
    struct marks marks = syntax_marks(syntax, 0, end, MARK_IMPORT | MARK_FUNCTION);
    size_t inside = 0; // of a function, up to here
    for (size_t i = 0; i < marks.n; i++) {
        struct text_range range = marks.at[i].range;
        if (marks.at[i].kinds & MARK_FUNCTION) {
            inside = range.end > inside ? range.end : inside;
        } else if (range.start >= inside && range.end <= builder->all_before.n) {
            struct part *part = VEC_PUSH(builder->arena, &builder->imports);
            part->range = range;
            part->text = str_slice(builder->text, range.start, range.end);
            part->tokens = tokens_estimate(part->text) + 1;
            inside = range.end;
        }
    }
}

// The outermost body within `definition` that holds the target; false: none does.
static bool body_of(const struct marks *marks, struct text_range definition,
                    struct text_range target, struct text_range *body) {
    for (size_t i = 0; i < marks->n; i++) {
        struct text_range range = marks->at[i].range;
        if ((marks->at[i].kinds & MARK_BODY) && range_holds(definition, range) &&
            range_holds(range, target) && !range_equals(range, definition)) {
            *body = range;
            return true;
        }
    }
    return false;
}

// The head of a definition ends where its body begins, "{" included; without a body, with its first
// line.
static size_t head_end(const struct builder *builder, struct text_range definition,
                       const struct text_range *body) {
    const struct text *text = builder->input->text;
    if (!body) {
        return line_text_end(text, text_line_at(text, definition.start));
    }
    char first = builder->text.p[body->start];
    size_t end = body->start + (first == '{' || first == '[' ? 1 : 0);
    while (end > definition.start && char_is_space(builder->text.p[end - 1])) {
        end--;
    }
    return end;
}

static void find_heads(struct builder *builder, const struct syntax *syntax) {
    const struct text *text = builder->input->text;
    size_t at = builder->target.start;
    struct marks marks =
        syntax_marks(syntax, at > 0 ? at - 1 : 0, at + 1, MARK_DEFINITION | MARK_BODY);
    struct text_range shown = {0, 0}; // the body of the last head: a wrapper has the same
    for (size_t i = 0; i < marks.n && builder->heads.n < OUTLINE_MAX; i++) {
        struct text_range range = marks.at[i].range;
        if (!(marks.at[i].kinds & MARK_DEFINITION) || !range_holds(range, builder->target) ||
            range_equals(range, builder->target)) {
            continue;
        }
        struct text_range body;
        bool has_body = body_of(&marks, range, builder->target, &body);
        size_t end = head_end(builder, range, has_body ? &body : NULL);
        if (end > builder->all_before.n || (has_body && range_equals(body, shown))) {
            continue;
        }
        shown = has_body ? body : shown;
        size_t start = range.start;
        if (is_first_on_line(text, start)) {
            start = text_line_start(text, text_line_at(text, start));
        }
        struct part *part = VEC_PUSH(builder->arena, &builder->heads);
        part->range = (struct text_range){range.start, end};
        part->text = str_slice(builder->text, start, end);
        part->indent = range.start - start;
        // The head, its end, and a line with "…" that is indented a level deeper.
        part->tokens = tokens_estimate(part->text) + 6 + part->indent / 16;
    }
}

// Keeps what fits of the parts: imports from the first, heads from the innermost.
static size_t keep_imports(struct builder *builder, size_t budget) {
    size_t used = 0;
    for (size_t i = 0; i < builder->imports.n; i++) {
        used += builder->imports.at[i].tokens;
        if (used > budget) {
            builder->imports.n = i;
            builder->out->is_truncated = true;
            return used - builder->imports.at[i].tokens;
        }
    }
    return used;
}

static size_t keep_heads(struct builder *builder, size_t budget) {
    size_t used = 0;
    for (size_t i = builder->heads.n; i > 0; i--) {
        size_t tokens = builder->heads.at[i - 1].tokens;
        if (used + tokens > budget) {
            builder->heads.n -= i;
            builder->heads.at += i;
            builder->out->is_truncated = true;
            return used;
        }
        used += tokens;
    }
    return used;
}

// Drops the parts that the lines before show. Returns the tokens of the others.
static size_t drop_shown(struct builder *builder) {
    size_t start = builder->all_before.n - builder->out->before.n;
    size_t used = 0;
    size_t n = 0;
    for (size_t i = 0; i < builder->imports.n; i++) {
        if (builder->imports.at[i].range.start < start) {
            used += builder->imports.at[i].tokens;
            builder->imports.at[n++] = builder->imports.at[i];
        }
    }
    builder->imports.n = n;
    n = 0;
    for (size_t i = 0; i < builder->heads.n; i++) {
        if (builder->heads.at[i].range.start < start) {
            used += builder->heads.at[i].tokens;
            builder->heads.at[n++] = builder->heads.at[i];
        }
    }
    builder->heads.n = n;
    return used;
}

static void write_parts(struct builder *builder) {
    struct context *out = builder->out;
    struct buf imports;
    struct buf outline;
    buf_init(&imports, SIZE_MAX / 2); // bounded by the budget
    buf_init(&outline, SIZE_MAX / 2);
    for (size_t i = 0; i < builder->imports.n; i++) {
        buf_append(&imports, i > 0 ? STR("\n") : STR_NONE);
        buf_append(&imports, builder->imports.at[i].text);
    }
    for (size_t i = 0; i < builder->heads.n; i++) {
        struct part *head = &builder->heads.at[i];
        buf_append(&outline, i > 0 ? STR("\n") : STR_NONE);
        buf_append(&outline, head->text);
        buf_append(&outline, STR("\n"));
        buf_append(&outline, str_slice(head->text, 0, head->indent));
        buf_append(&outline, out->unit);
        buf_append(&outline, STR("\xe2\x80\xa6"));
    }
    out->imports = arena_copy(builder->arena, buf_str(&imports));
    out->outline = arena_copy(builder->arena, buf_str(&outline));
    buf_finish(&imports);
    buf_finish(&outline);
}

// --- lines around ---

static void take_lines(struct builder *builder, size_t budget) {
    struct context *out = builder->out;
    out->before = tokens_tail(builder->all_before, budget - budget / 3);
    out->after = tokens_head(builder->all_after, budget - tokens_estimate(out->before));
    out->before = tokens_tail(builder->all_before, budget - tokens_estimate(out->after));
}

static bool is_blank(struct str s) {
    return str_trim(s).n == 0;
}

static void take_surroundings(struct builder *builder, size_t budget) {
    struct context *out = builder->out;
    take_lines(builder, budget);
    if (out->before.n < builder->all_before.n) {
        struct syntax syntax;
        if (syntax_init(&syntax, builder->arena, builder->input)) {
            find_imports(builder, &syntax);
            find_heads(builder, &syntax);
            syntax_finish(&syntax);
        }
        // Fewer tokens for lines show less, never more: what is shown now may not be in the end.
        size_t used = keep_imports(builder, budget / 4) + keep_heads(builder, budget / 4);
        take_lines(builder, budget - used);
        used = drop_shown(builder);
        take_lines(builder, budget - used);
        drop_shown(builder);
        write_parts(builder);
    }
    struct str cut_before =
        str_slice(builder->all_before, 0, builder->all_before.n - out->before.n);
    struct str cut_after = str_from_index(builder->all_after, out->after.n);
    out->is_truncated = out->is_truncated || !is_blank(cut_before) || !is_blank(cut_after);
}

void context_build(struct arena *arena, const struct context_input *input, struct text_range target,
                   size_t budget, struct context *out) {
    *out = (struct context){0};
    struct builder builder = {.arena = arena,
                              .input = input,
                              .text = text_str(input->text),
                              .target = target,
                              .out = out};
    describe_target(&builder);
    out->eol = usual_eol(input->text);
    out->unit = usual_unit(input->text, target.start);
    out->tokens = tokens_estimate(out->code);
    if (out->tokens > budget) {
        out->is_target_too_large = true;
        out->is_truncated = true;
        return;
    }
    take_surroundings(&builder, budget - out->tokens);
    if (str_starts(out->before, STR("\xef\xbb\xbf"))) {
        out->before = str_from_index(out->before, 3);
    }
    out->tokens += tokens_estimate(out->before) + tokens_estimate(out->after) +
                   tokens_estimate(out->imports) + tokens_estimate(out->outline);
}
