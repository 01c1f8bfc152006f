// SPDX-License-Identifier: MIT
//
// Nothing that a model writes may load, run or lead anywhere when it is shown. In text, every
// character that could begin a link, an image, HTML, an entity or a formula gets a backslash:
// readers then show it as itself. In code nothing is active, so the whole question is to agree with
// every reader on what is code. Hence:
//
// Invariants: (1) A fence is written at the margin, with its lines moved left by as much as the
// fence was: there no list or quote can hold it, so no line can end it early but one we see. (2) A
// code span ends on the line that it begins on; what has no end there gets its backticks escaped,
// and is text. (3) A pipe in a code span is escaped in a table, where it would cut the span in two,
// and a row that would make a table of the line before it is not left one; nor does a fence's own
// line hold a pipe. (4) What is held never
// exceeds a line.
#include "assist/markdown.h"

#include "base/limits.h"
#include "base/utf.h"

#define HELD_MAX (8u * LIMIT_ANSWER)
#define TICKS_MAX 16 // longer runs begin no span: escaped, no reader sees one

void markdown_filter_init(struct markdown_filter *filter) {
    *filter = (struct markdown_filter){.is_delimiter_only = true, .is_row_only = true};
    // "---" in the first line would begin what some readers take for settings, fences included.
    filter->had_pipe_span = true;
    buf_init(&filter->held, HELD_MAX);
}

void markdown_filter_finish(struct markdown_filter *filter) {
    buf_finish(&filter->held);
}

static void write_char(struct markdown_filter *filter, char c, struct buf *out) {
    buf_append_char(out, c);
    filter->is_line_open = c != '\n';
}

static void write_str(struct markdown_filter *filter, struct str s, struct buf *out) {
    for (size_t i = 0; i < s.n; i++) {
        write_char(filter, s.p[i], out);
    }
}

static void write_escaped(struct markdown_filter *filter, char c, struct buf *out) {
    write_char(filter, '\\', out);
    write_char(filter, c, out);
}

static bool is_punctuation(char c) {
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
}

// --- text --------------------------------------------------------------------------------------

static bool comes_after(const struct markdown_filter *filter, struct str word) {
    return memcmp(filter->recent + sizeof(filter->recent) - word.n, word.p, word.n) == 0;
}

static void remember(struct markdown_filter *filter, char c) {
    memmove(filter->recent, filter->recent + 1, sizeof(filter->recent) - 1);
    filter->recent[sizeof(filter->recent) - 1] = char_lower(c);
}

static bool is_row_char(char c) {
    return str_find_char(STR("-|: \t>"), c) != STR_NPOS;
}

static void note_row(struct markdown_filter *filter, char c) {
    filter->has_dash = filter->has_dash || c == '-';
    filter->has_pipe = filter->has_pipe || c == '|';
    if (!is_row_char(c)) {
        filter->is_delimiter_only = false;
    }
}

static bool is_active(const struct markdown_filter *filter, char c) {
    return c == '<' || c == '[' || c == '&' || c == '@' || c == '$' ||
           (c == '.' && comes_after(filter, STR("www")));
}

static void put_colon(struct markdown_filter *filter, char behind, struct buf *out) {
    filter->is_colon = false;
    bool is_scheme =
        behind == '/' || comes_after(filter, STR("mailto")) || comes_after(filter, STR("xmpp"));
    if (is_scheme) {
        write_char(filter, '\\', out);
    }
    write_char(filter, ':', out);
    remember(filter, ':');
}

// A character of text that is neither a backtick nor a line end.
static void put_text(struct markdown_filter *filter, char c, struct buf *out) {
    note_row(filter, c);
    if (filter->is_colon) {
        put_colon(filter, c, out);
    }
    if (filter->is_escaped) {
        filter->is_escaped = false;
        write_char(filter, '\\', out);
        if (is_punctuation(c)) {
            write_char(filter, c, out);
            remember(filter, '\0');
            return;
        }
    }
    if (c == '\\') {
        filter->is_escaped = true;
    } else if (c == ':') {
        filter->is_colon = true;
    } else {
        if (is_active(filter, c)) {
            write_char(filter, '\\', out);
        }
        write_char(filter, c, out);
        remember(filter, c);
    }
}

// Nothing more comes behind what was held for the next character.
static void settle(struct markdown_filter *filter, struct buf *out) {
    if (filter->is_colon) {
        put_colon(filter, ' ', out);
    }
    if (filter->is_escaped) {
        filter->is_escaped = false;
        write_char(filter, '\\', out);
    }
}

// --- code spans --------------------------------------------------------------------------------

static size_t run_length(struct str s, size_t at) {
    size_t n = 0;
    while (at + n < s.n && s.p[at + n] == '`') {
        n++;
    }
    return n;
}

static void put_ticks(struct markdown_filter *filter, size_t n, struct buf *out) {
    note_row(filter, '`');
    for (size_t i = 0; i < n; i++) {
        write_escaped(filter, '`', out);
    }
    remember(filter, '`');
}

// A whole span, with its backticks.
static void put_span(struct markdown_filter *filter, struct str span, struct buf *out) {
    bool has_pipe = str_find_char(span, '|') != STR_NPOS;
    note_row(filter, '`');
    if (!has_pipe || !filter->is_in_table) {
        filter->has_pipe_span = filter->has_pipe_span || has_pipe;
        write_str(filter, span, out);
    } else {
        for (size_t i = 0; i < span.n; i++) {
            bool is_done = i > 0 && span.p[i - 1] == '\\';
            if (span.p[i] == '|' && !is_done) {
                write_char(filter, '\\', out);
            }
            write_char(filter, span.p[i], out);
        }
    }
    remember(filter, '`');
}

// Readers do not agree on a pipe behind two backslashes.
static bool is_doubtful(const struct markdown_filter *filter, struct str span) {
    return filter->is_in_table && str_contains(span, STR("\\\\|"));
}

// Index behind the run of `n` backticks that closes the span whose content begins at `at`; it is
// known to exist.
static size_t close_of(struct str s, size_t at, size_t n) {
    while (at < s.n) {
        size_t run = run_length(s, at);
        if (run == n) {
            return at + run;
        }
        at += run > 0 ? run : 1;
    }
    return at;
}

// Text that is held to the end of its line, from an opening run of backticks on that has no end. In
// it there may be spans of other lengths.
static void put_line(struct markdown_filter *filter, struct str s, struct buf *out) {
    size_t last[TICKS_MAX + 1] = {0}; // where the last run of each length begins
    for (size_t at = 0; at < s.n;) {
        size_t run = run_length(s, at);
        if (run > 0 && run <= TICKS_MAX) {
            last[run] = at;
        }
        at += run > 0 ? run : 1;
    }
    for (size_t at = 0; at < s.n;) {
        size_t run = run_length(s, at);
        if (run == 0) {
            put_text(filter, s.p[at++], out);
            continue;
        }
        if (filter->is_escaped) { // only the first one is
            put_text(filter, '`', out);
            at++;
            continue;
        }
        settle(filter, out);
        bool has_end = run <= TICKS_MAX && last[run] > at;
        size_t end = has_end ? close_of(s, at + run, run) : at + run;
        if (has_end && !is_doubtful(filter, str_slice(s, at, end))) {
            put_span(filter, str_slice(s, at, end), out);
            at = end;
        } else {
            put_ticks(filter, run, out);
            at += run;
        }
    }
}

static void feed_span(struct markdown_filter *filter, char c, struct buf *out);

static void feed_text(struct markdown_filter *filter, char c, struct buf *out) {
    filter->state = MARKDOWN_TEXT;
    if (c == '`' && !filter->is_escaped) {
        settle(filter, out);
        filter->state = MARKDOWN_SPAN;
        filter->n_ticks = filter->n_run = 0;
        feed_span(filter, c, out);
        return;
    }
    put_text(filter, c, out);
}

static void end_span(struct markdown_filter *filter, struct buf *out) {
    filter->state = MARKDOWN_TEXT;
    bool is_whole = filter->n_run == filter->n_ticks && filter->n_ticks <= TICKS_MAX &&
                    filter->held.n > filter->n_ticks;
    if (is_whole && !is_doubtful(filter, buf_str(&filter->held))) {
        put_span(filter, buf_str(&filter->held), out);
    } else {
        put_line(filter, buf_str(&filter->held), out);
    }
    buf_clear(&filter->held);
}

static void feed_span(struct markdown_filter *filter, char c, struct buf *out) {
    bool is_opening = filter->n_ticks == filter->held.n;
    if (c == '`') {
        filter->n_ticks += is_opening;
        filter->n_run += !is_opening;
        buf_append_char(&filter->held, c);
        return;
    }
    if (!is_opening && filter->n_run == filter->n_ticks) {
        end_span(filter, out);
        feed_text(filter, c, out);
        return;
    }
    filter->n_run = 0;
    buf_append_char(&filter->held, c);
}

// --- the start of a line -----------------------------------------------------------------------

// One more character of how a line begins.
static void note_mark(struct markdown_filter *filter, char c) {
    buf_append_char(&filter->held, c);
    filter->is_row_only = filter->is_row_only && is_row_char(c);
    if (filter->mark.length == 0 && char_is_blank(c)) {
        filter->mark.indent++;
        filter->mark.tab = c == '\t' ? filter->mark.indent : filter->mark.tab;
    } else if (filter->mark.length == 0 || (c == filter->mark.c && !filter->mark.is_over)) {
        filter->mark.c = c;
        filter->mark.length++;
    } else {
        filter->mark.is_over = true;
        filter->mark.is_more = filter->mark.is_more || !char_is_blank(c);
    }
}

static void release(struct markdown_filter *filter, struct buf *out) {
    struct buf held = filter->held;
    buf_init(&filter->held, HELD_MAX);
    for (size_t i = 0; i < held.n; i++) {
        if (filter->state == MARKDOWN_SPAN) {
            feed_span(filter, held.p[i], out);
        } else {
            feed_text(filter, held.p[i], out);
        }
    }
    buf_finish(&held);
}

static void feed_line(struct markdown_filter *filter, char c, struct buf *out) {
    note_mark(filter, c);
    if (filter->mark.length == 0 || (filter->had_pipe_span && filter->is_row_only)) {
        return;
    }
    bool is_mark = filter->mark.c == '`' || filter->mark.c == '~';
    if (is_mark && filter->mark.length >= 3) {
        filter->state = MARKDOWN_OPEN;
    } else if (!is_mark || filter->mark.is_over) {
        filter->state = MARKDOWN_TEXT;
        release(filter, out);
    }
}

// The line before has a code span with a pipe: with this one it would be the head of a table.
static void put_row(struct markdown_filter *filter, struct buf *out) {
    struct str held = buf_str(&filter->held);
    size_t at = 0;
    while (at < held.n && str_find_char(STR(" \t>"), held.p[at]) != STR_NPOS) {
        at++;
    }
    write_str(filter, str_slice(held, 0, at), out);
    if (str_find_char(held, '-') != STR_NPOS) {
        write_char(filter, '\\', out);
    }
    write_str(filter, str_from_index(held, at), out);
    buf_clear(&filter->held);
    filter->is_delimiter_only = false;
}

static void open_fence(struct markdown_filter *filter, struct buf *out) {
    struct str line = str_from_index(buf_str(&filter->held), filter->mark.indent);
    struct str info = str_from_index(line, filter->mark.length);
    if (filter->mark.c == '`' && str_find_char(info, '`') != STR_NPOS) {
        filter->state = MARKDOWN_TEXT;
        release(filter, out);
        return;
    }
    filter->fence_char = filter->mark.c;
    filter->fence_length = filter->mark.length;
    filter->fence_indent = filter->mark.indent;
    filter->is_in_table = false;
    // Some readers look for the head of a table before they look for a fence: no pipe is left.
    write_str(filter, str_slice(line, 0, str_find_char(line, '|')), out);
    buf_clear(&filter->held);
    filter->state = MARKDOWN_CODE;
}

// --- in a fence --------------------------------------------------------------------------------

// Of the line's indentation, what goes.
static size_t surplus(const struct markdown_filter *filter) {
    return filter->mark.indent < filter->fence_indent ? filter->mark.indent : filter->fence_indent;
}

static void feed_fence(struct markdown_filter *filter, char c, struct buf *out) {
    note_mark(filter, c);
    // Only the fence's own characters and blanks behind them may yet close it.
    bool may_close =
        filter->mark.length == 0 || (filter->mark.c == filter->fence_char && !filter->mark.is_more);
    if (!may_close) {
        write_str(filter, str_from_index(buf_str(&filter->held), surplus(filter)), out);
        buf_clear(&filter->held);
        filter->state = MARKDOWN_CODE;
    }
}

static void end_fence_line(struct markdown_filter *filter, struct buf *out) {
    size_t less = surplus(filter);
    struct str line = str_from_index(buf_str(&filter->held), less);
    // A tab is worth up to four blanks: too deep for a fence.
    bool is_close = filter->mark.length >= filter->fence_length &&
                    filter->mark.indent - less <= 3 && filter->mark.tab <= less;
    if (is_close) {
        line = str_slice(line, filter->mark.indent - less,
                         filter->mark.indent - less + filter->mark.length);
        filter->fence_char = '\0';
        filter->state = MARKDOWN_LINE;
    }
    write_str(filter, line, out);
    buf_clear(&filter->held);
}

// --- lines and characters ----------------------------------------------------------------------

// The line is over: nothing of it stays held.
static void end_line(struct markdown_filter *filter, struct buf *out) {
    bool is_row = filter->had_pipe_span && filter->is_row_only && filter->held.n > 0;
    if (filter->state == MARKDOWN_LINE && is_row) {
        put_row(filter, out);
    } else if (filter->state == MARKDOWN_OPEN) {
        open_fence(filter, out);
    } else if (filter->state == MARKDOWN_FENCE) {
        end_fence_line(filter, out);
    } else if (filter->state == MARKDOWN_LINE) {
        release(filter, out);
    }
    if (filter->state == MARKDOWN_SPAN) {
        end_span(filter, out);
    }
    settle(filter, out);
}

static void begin_line(struct markdown_filter *filter) {
    bool is_row = filter->is_delimiter_only && filter->has_dash && filter->has_pipe;
    bool is_blank = filter->is_delimiter_only && !filter->has_dash && !filter->has_pipe;
    filter->is_in_table = !filter->fence_char && !is_blank && (filter->is_in_table || is_row);
    filter->had_pipe_span = filter->has_pipe_span;
    filter->has_pipe_span = filter->has_dash = filter->has_pipe = false;
    filter->is_delimiter_only = true;
    filter->state = filter->fence_char ? MARKDOWN_FENCE : MARKDOWN_LINE;
    filter->is_row_only = true;
    memset(&filter->mark, 0, sizeof(filter->mark));
    remember(filter, '\n');
}

static void feed_char(struct markdown_filter *filter, char c, struct buf *out) {
    if (c == '\n') {
        end_line(filter, out);
        write_char(filter, '\n', out);
        begin_line(filter);
        return;
    }
    switch (filter->state) {
    case MARKDOWN_LINE: feed_line(filter, c, out); break;
    case MARKDOWN_TEXT: feed_text(filter, c, out); break;
    case MARKDOWN_SPAN: feed_span(filter, c, out); break;
    case MARKDOWN_OPEN: note_mark(filter, c); break;
    case MARKDOWN_FENCE: feed_fence(filter, c, out); break;
    case MARKDOWN_CODE: write_char(filter, c, out); break;
    }
}

// What is pending, as people may see it.
static void feed_pending(struct markdown_filter *filter, struct buf *out) {
    struct arena arena = {0};
    struct str shown = display_escape(&arena, str_of(filter->pending, filter->n_pending), 0);
    for (size_t i = 0; i < shown.n; i++) {
        feed_char(filter, shown.p[i], out);
    }
    filter->n_pending = 0;
    arena_finish(&arena);
}

static size_t length_of(char lead) {
    unsigned char c = (unsigned char)lead;
    return c >= 0xC2 && c <= 0xDF ? 2 : c >= 0xE0 && c <= 0xEF ? 3 : c >= 0xF0 && c <= 0xF4 ? 4 : 1;
}

static void feed_byte(struct markdown_filter *filter, char c, struct buf *out) {
    bool is_tail = ((unsigned char)c & 0xC0) == 0x80;
    if (filter->n_pending > 0 && !is_tail) {
        feed_pending(filter, out);
    }
    bool is_pair = c == '\n' && filter->is_after_cr;
    filter->is_after_cr = c == '\r';
    if (is_pair) {
        return;
    }
    if (c == '\n' || c == '\r') {
        feed_char(filter, '\n', out);
    } else if (c == '\t' || (c >= ' ' && c <= '~')) {
        feed_char(filter, c, out);
    } else {
        filter->pending[filter->n_pending++] = c;
        if (filter->n_pending >= length_of(filter->pending[0])) {
            feed_pending(filter, out);
        }
    }
}

void markdown_filter_feed(struct markdown_filter *filter, struct str piece, struct buf *out) {
    for (size_t i = 0; i < piece.n; i++) {
        feed_byte(filter, piece.p[i], out);
    }
}

void markdown_filter_end(struct markdown_filter *filter, struct buf *out) {
    if (filter->n_pending > 0) {
        feed_pending(filter, out);
    }
    end_line(filter, out);
    if (filter->fence_char) {
        if (filter->is_line_open) {
            write_char(filter, '\n', out);
        }
        for (size_t i = 0; i < filter->fence_length; i++) {
            write_char(filter, filter->fence_char, out);
        }
        filter->fence_char = '\0';
    }
}
