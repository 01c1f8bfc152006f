// SPDX-License-Identifier: MIT
//
// The last station: code becomes the file's in indentation and line ends, or an answer to be shown
// becomes harmless Markdown.
//
// The first line of code goes out without its indentation, since the target starts behind it. How
// the other lines are to be moved shows at the second one (clean_indent.c), which is therefore held
// where the target is indented. Blanks and line ends wait for what follows them, so that none is
// left behind the last line. Invariant: `out` never ends with one, unless the file goes on there.
#include "assist/clean_parts.h"

#include "base/limits.h"

#define LINE_MAX (4u * LIMIT_ANSWER)

void clean_out_init(struct clean_out *out, const struct clean_rules *rules,
                    const struct clean_hints *hints, struct buf *text) {
    *out = (struct clean_out){.rules = rules,
                              .hints = hints,
                              .out = text,
                              .least_rest = SIZE_MAX,
                              .least_step = SIZE_MAX};
    out->model_unit = hints->model_unit;
    out->shift = hints->shift;
    out->is_decided = hints->has_shift;
    clean_strings_init(&out->strings, rules);
    markdown_filter_init(&out->filter);
    buf_init(&out->first_space, LINE_MAX);
    buf_init(&out->opening, LINE_MAX);
    buf_init(&out->space, LINE_MAX);
    buf_init(&out->blank, LINE_MAX);
    buf_init(&out->line, LINE_MAX);
    buf_init(&out->tail, LINE_MAX);
}

void clean_out_finish(struct clean_out *out) {
    markdown_filter_finish(&out->filter);
    buf_finish(&out->first_space);
    buf_finish(&out->opening);
    buf_finish(&out->space);
    buf_finish(&out->blank);
    buf_finish(&out->line);
    buf_finish(&out->tail);
}

// --- shown -------------------------------------------------------------------------------------

static void feed_shown(struct clean_out *out, char c) {
    if (c == '\n' || (char_is_blank(c) && !out->is_in_text)) {
        if (out->has_first) {
            buf_append_char(&out->blank, c);
        }
        out->is_in_text = out->is_in_text && c != '\n';
        return;
    }
    out->has_first = out->is_in_text = true;
    if (out->blank.n > 0) {
        markdown_filter_feed(&out->filter, buf_str(&out->blank), out->out);
        buf_clear(&out->blank);
    }
    markdown_filter_feed(&out->filter, str_of(&c, 1), out->out);
}

// --- code --------------------------------------------------------------------------------------

static void flush_blank(struct clean_out *out) {
    for (size_t i = 0; i < out->blank.n; i++) {
        if (out->blank.p[i] == '\n') {
            buf_append(out->out, out->rules->options.eol);
        } else {
            buf_append_char(out->out, out->blank.p[i]);
        }
    }
    buf_clear(&out->blank);
}

// Indentation moved by `out->shift`.
static void put_space(struct clean_out *out, struct str space, ptrdiff_t shift) {
    const struct clean_options *options = &out->rules->options;
    if (shift < 0) {
        size_t less = (size_t)-shift;
        buf_append(out->out, str_from_index(space, less < space.n ? less : space.n));
        return;
    }
    size_t more = (size_t)shift;
    if (more == options->indent.n) {
        buf_append(out->out, options->indent);
    } else {
        for (size_t i = 0; i < more; i++) {
            buf_append_char(out->out, options->unit.n > 0 ? options->unit.p[0] : ' ');
        }
    }
    buf_append(out->out, space);
}

static void put_indent(struct clean_out *out) {
    struct buf space;
    buf_init(&space, LINE_MAX);
    clean_indent_convert(out, buf_str(&out->space), &space);
    put_space(out, buf_str(&space), out->shift);
    buf_finish(&space);
}

// A line inside a string is content: if the target has it, it stays as it was there; else it moves
// with the code only where it is written as part of it.
static void put_string_line(struct clean_out *out) {
    struct str space = buf_str(&out->space);
    const struct clean_line *known = clean_rules_line(out->rules, buf_str(&out->line));
    if (known && !known->is_ambiguous) {
        buf_append(out->out, str_slice(known->text, 0, known->indent));
    } else if (!out->is_line_heredoc && (out->is_line_doc || space.n > out->opening.n)) {
        put_indent(out);
    } else {
        buf_append(out->out, space);
    }
}

static void begin_first_line(struct clean_out *out) {
    const struct clean_options *options = &out->rules->options;
    buf_clear(&out->blank);
    buf_append(&out->first_space, buf_str(&out->space));
    out->has_first = true;
    // In the middle of a line, where nothing is replaced, a blank before may be meant.
    if (!options->is_line_start && options->code.n == 0) {
        buf_append(out->out, buf_str(&out->space));
    }
}

static void decide(struct clean_out *out, struct str line) {
    struct str space = buf_str(&out->space);
    if (out->model_unit == 0 && space.n > 0) {
        out->model_unit = clean_indent_guess_unit(out, space);
    }
    if (!out->is_decided) {
        clean_indent_decide(out, space, line);
        out->is_decided = true;
    }
}

// The line has its first character that is not blank.
static void begin_text(struct clean_out *out, char c) {
    out->is_in_text = true;
    out->is_line_held = false;
    if (!out->has_first) {
        begin_first_line(out);
        return;
    }
    bool must_see = !out->is_decided && out->rules->options.indent.n > 0;
    bool may_stay = out->is_line_string &&
                    (out->shift != 0 || out->rules->may_expand || out->rules->may_scale ||
                     str_eq(out->rules->options.unit, STR("\t")));
    if (must_see || may_stay) {
        out->is_line_held = true;
        return;
    }
    decide(out, str_of(&c, 1));
    flush_blank(out);
    put_indent(out);
}

// Without the blanks behind it.
static struct str without_tail(struct str s) {
    while (s.n > 0 && char_is_blank(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

static void flush_tail(struct clean_out *out) {
    buf_append(out->out, buf_str(&out->tail));
    buf_clear(&out->tail);
}

static void end_text(struct clean_out *out) {
    struct str line = buf_str(&out->line);
    if (out->is_line_held) {
        decide(out, line);
        flush_blank(out);
        if (out->is_line_string) {
            put_string_line(out);
        } else {
            put_indent(out);
        }
        struct str end = without_tail(line);
        buf_append(out->out, end);
        buf_append(&out->tail, str_from_index(line, end.n));
    }
    out->n_lines++;
    if (out->n_lines > 1 && !out->is_line_string) {
        clean_indent_count(out, buf_str(&out->space), line);
    }
}

static void note_first(struct clean_out *out, char c) {
    if (out->line.n == 1) {
        out->first_is_item = out->rules->is_keyed && out->line.p[0] == '-' && c == ' ';
    }
    if (out->strings.is_remark) { // "//", "--": the first of the two came before
        bool is_sign = out->n_first_end > 0 && (c == '/' || c == '-') &&
                       out->first_end[out->n_first_end - 1] == c;
        out->n_first_end -= is_sign;
        return;
    }
    if (char_is_blank(c)) {
        return;
    }
    if (out->n_first_end == sizeof(out->first_end)) {
        memmove(out->first_end, out->first_end + 1, sizeof(out->first_end) - 1);
        out->n_first_end--;
    }
    out->first_end[out->n_first_end++] = c;
}

// What the next line needs to know of this one.
static void close_line(struct clean_out *out) {
    if (clean_strings_is_open(&out->strings) && !out->is_line_string) {
        buf_clear(&out->opening);
        buf_append(&out->opening, buf_str(&out->space));
    }
    out->is_in_text = false;
    buf_clear(&out->space);
    buf_clear(&out->line);
    out->is_line_string = clean_strings_is_open(&out->strings);
    out->is_line_doc = out->strings.is_doc;
    out->is_line_heredoc = out->strings.kind == STRING_HEREDOC;
}

static void end_code_line(struct clean_out *out) {
    if (out->is_in_text) {
        end_text(out);
        buf_append(&out->blank, buf_str(&out->tail));
        buf_clear(&out->tail);
    } else {
        buf_append(&out->blank, buf_str(&out->space)); // blanks alone stay as they are
    }
    if (out->has_first) {
        buf_append_char(&out->blank, '\n');
    } else {
        buf_clear(&out->blank);
    }
    close_line(out);
}

static void feed_code(struct clean_out *out, char c) {
    if (c == '\n') {
        end_code_line(out);
        return;
    }
    if (!out->is_in_text && char_is_blank(c)) {
        buf_append_char(&out->space, c);
        return;
    }
    if (!out->is_in_text) {
        begin_text(out, c);
    }
    if (out->n_lines == 0) {
        note_first(out, c);
    }
    buf_append_char(&out->line, c); // for the count at the line's end
    if (out->is_line_held) {
        return;
    }
    if (char_is_blank(c)) {
        buf_append_char(&out->tail, c);
        return;
    }
    flush_tail(out);
    buf_append_char(out->out, c);
}

// Of a line that is complete: what the next one needs to know of strings.
void clean_out_skip(struct clean_out *out, struct str text, bool goes_on) {
    bool is_behind_line = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        clean_strings_feed(&out->strings, c);
        if (c == '\n') {
            is_behind_line = is_behind_line || out->is_in_text;
            close_line(out);
            out->n_first_end = 0;
        } else if (!out->is_in_text && char_is_blank(c)) {
            buf_append_char(&out->space, c);
        } else {
            out->is_in_text = true;
            note_first(out, c);
            buf_append_char(&out->line, c);
        }
    }
    out->has_first = goes_on;
    out->is_first_told = !goes_on || is_behind_line || out->space.n > 0;
    if (goes_on) {
        buf_append(&out->first_space, buf_str(&out->space));
    } else {
        out->is_in_text = false;
        out->n_first_end = 0;
        buf_clear(&out->space);
        buf_clear(&out->line);
    }
}

void clean_out_feed(struct clean_out *out, char c) {
    if (out->rules->is_shown) {
        feed_shown(out, c);
        return;
    }
    clean_strings_feed(&out->strings, c);
    feed_code(out, c);
}

// The answer's last blanks divide it from what stands behind it.
static void keep_end(struct clean_out *out) {
    flush_tail(out);
    if (out->blank.n > 0) {
        flush_blank(out);
        buf_append(out->out, out->rules->options.indent);
    }
}

bool clean_out_end(struct clean_out *out, struct clean_hints *hints) {
    if (out->rules->is_shown) {
        markdown_filter_end(&out->filter, out->out);
        return false;
    }
    if (out->is_in_text) {
        end_text(out);
        out->is_in_text = false;
    }
    if (out->goes_on && out->has_first) {
        keep_end(out);
    }
    return clean_indent_review(out, hints);
}
