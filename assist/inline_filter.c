// SPDX-License-Identifier: MIT
//
// An answer as it comes, and when it is enough. Every byte is one step of a machine that only looks
// back, so where the pieces were cut cannot matter; what is shown is then made of the bytes that it
// kept, as a whole (inline_trim.c).
//
// Before the completion there may be blanks, special tokens, thinking, a fence, or chatter and then
// a fence; the machine passes them (struct lead), then follows lines, brackets and strings
// (struct body). Bounded: INLINE_ANSWER bytes are kept, nothing looks back further than that, and
// a look back over lines happens at line ends alone.
#include "assist/inline_private.h"

#include <stdlib.h>

enum {
    LEAD_LINE = 160,   // a first line that long and still without an end is no chatter
    BLANK_LINES = 3,   // before a completion
    REPEAT_LINE = 4,   // letters and digits of a line that is told from others
    REPEAT_BYTES = 32, // of a line that goes in circles
    REPEAT_UNIT = 8,
    PERIOD_LINES = 4,
};

enum state {
    STATE_START, // blanks, tokens
    STATE_THINK,
    STATE_FENCE,   // the rest of the line behind ```
    STATE_LINE,    // a first line that may be chatter
    STATE_CHATTER, // until a fence
    STATE_BODY,
    STATE_DONE,
};

struct inline_filter {
    struct inline_shape shape;
    struct arena arena; // the shape's texts
    struct buf raw;
    struct buf shown;
    enum state state;
    size_t next;   // byte to step on
    size_t mark;   // start of what is being recognised
    size_t body;   // where the completion begins
    size_t cut;    // where it ends
    bool is_whole; // it was stopped by a rule: its last line is complete
    bool is_fenced;
    bool is_skipped; // it began with lines that stand before the cursor
    size_t previous; // the last of them
    bool is_void;    // nothing is to be shown
    // body
    struct inline_lexer lexer;
    size_t line;       // start of the current line
    bool is_line_code; // it began as code, not inside a string or comment
    size_t n_lines;    // complete ones with something on them
    size_t n_blank;    // blank ones in a row
    char open[INLINE_BRACKETS * 2];
    size_t depth;      // of brackets that the completion opened; may be more than `open` holds
    size_t line_depth; // at the start of the line
    size_t n_closed;   // of place.closable
    bool is_closing;   // the block's own bracket was closed
    size_t balanced;   // end of the last line with no bracket open
};

struct inline_filter *inline_filter_create(const struct inline_view *view,
                                           const struct inline_place *place) {
    struct inline_filter *filter = mem_alloc(sizeof(*filter));
    arena_init(&filter->arena);
    buf_init(&filter->raw, INLINE_ANSWER);
    buf_init(&filter->shown, 4 * INLINE_ANSWER);
    inline_shape_init(&filter->shape, &filter->arena, view, place);
    inline_lexer_init(&filter->lexer, place->language);
    filter->cut = filter->previous = SIZE_MAX;
    return filter;
}

void inline_filter_destroy(struct inline_filter *filter) {
    if (filter) {
        arena_finish(&filter->arena);
        buf_finish(&filter->raw);
        buf_finish(&filter->shown);
        free(filter);
    }
}

static void stop_at(struct inline_filter *filter, size_t cut) {
    filter->cut = cut > filter->body ? cut : filter->body;
    filter->is_whole = true;
    filter->state = STATE_DONE;
}

static void stop_void(struct inline_filter *filter) {
    filter->is_void = true;
    stop_at(filter, filter->body);
}

static struct str body_str(const struct inline_filter *filter) {
    return str_from_index(buf_str(&filter->raw), filter->body);
}

// --- lines of the body ---------------------------------------------------------------------------

// Is the line at the end of raw the one before it again, and that one its own predecessor, or do
// the last lines repeat a group of lines? Where the first copy ends, 0: no.
static size_t repeated_lines(const struct inline_filter *filter, size_t end) {
    struct str body = str_slice(buf_str(&filter->raw), filter->body, end);
    size_t starts[2 * PERIOD_LINES + 1];
    size_t n = 0, at = body.n;
    starts[0] = body.n + 1; // as if a line end followed
    while (n < 2 * PERIOD_LINES && at != STR_NPOS && body.n > 0) {
        size_t start = inline_line_start(body, at);
        starts[++n] = start;
        at = start > 0 ? start - 1 : STR_NPOS;
    }
    for (size_t period = 1; period <= PERIOD_LINES; period++) {
        size_t copies = period == 1 ? 3 : 2;
        if (period * copies > n) {
            break;
        }
        struct str last = str_slice(body, starts[period], starts[0] - 1);
        bool is_same = inline_count_word_bytes(last) >= (period == 1 ? 1u : 8u);
        for (size_t copy = 1; copy < copies && is_same; copy++) {
            struct str other =
                str_slice(body, starts[(copy + 1) * period], starts[copy * period] - 1);
            is_same = str_eq(str_trim(last), str_trim(other)); // the first line has no indentation
        }
        if (is_same) {
            return filter->body + starts[(copies - 1) * period] - 1;
        }
    }
    return 0;
}

// A line of a block in a language of brackets may stand no deeper than the line that opened it.
static bool may_be_outside(struct str line) {
    struct str trimmed = str_trim(line);
    return trimmed.n == 0 || trimmed.p[0] == '#' || inline_is_closer(trimmed.p[0]) ||
           trimmed.p[trimmed.n - 1] == ':' || str_starts(trimmed, STR("case ")) ||
           str_starts(trimmed, STR("//"));
}

// Does the line leave the block? Where the block then ends.
static bool leaves_block(struct inline_filter *filter, struct str line, size_t end, size_t *cut) {
    const struct inline_place *place = &filter->shape.place;
    bool is_first = filter->line == filter->body;
    if (is_first || filter->line_depth > 0 || !filter->is_line_code ||
        inline_indent(line) > place->indent) {
        return false;
    }
    *cut = filter->line;
    if (place->by_brackets) {
        return !may_be_outside(line);
    }
    if (inline_first_word(place->language, line) == INLINE_WORD_END && !place->has_closer) {
        *cut = end;
    }
    return true;
}

// A block whose first line goes on behind what opens it: "if x: return", "{ return 1; }". If it is
// indented, the model only forgot the line end.
static bool is_one_liner(const struct inline_filter *filter, struct str line) {
    return inline_indent(line) < 2 && filter->shape.place.is_opener &&
           filter->line == filter->body && filter->depth == 0 && !inline_is_blank(line) &&
           filter->lexer.kind != INLINE_COMMENT;
}

static void reset_body(struct inline_filter *filter, size_t start) {
    const struct inline_place *place = &filter->shape.place;
    filter->body = filter->line = start;
    inline_lexer_init(&filter->lexer, place->language);
    filter->lexer.kind = place->kind;
    filter->lexer.quote = place->quote;
    filter->lexer.is_triple = place->is_triple;
    filter->lexer.from_before = true;
    filter->is_line_code = place->kind == INLINE_CODE;
    filter->depth = filter->line_depth = filter->n_closed = filter->balanced = 0;
}

// A model that was trained to chat begins with what it was given: those lines are not part of the
// completion. Without a fence only the very last line is taken for that.
static bool skip_repeated(struct inline_filter *filter, struct str line, bool is_first,
                          size_t end) {
    if (filter->n_lines > 0 || filter->shape.place.is_prose) {
        return false;
    }
    // Behind one that was repeated, a bracket alone is another.
    size_t least = filter->is_skipped ? 0 : REPEAT_LINE;
    size_t which = inline_repeats_previous(&filter->shape, line, is_first, least);
    if (which == 0 && filter->previous == 0 && inline_count_word_bytes(line) >= REPEAT_LINE) {
        stop_void(filter); // again and again
        return true;
    }
    if (which >= filter->previous || (which > 0 && !filter->is_fenced)) {
        return false;
    }
    filter->previous = which;
    filter->is_skipped = true;
    reset_body(filter, end < filter->raw.n ? end + 1 : end);
    return true;
}

// [filter->line, end) is a complete line with something on it.
static void end_line(struct inline_filter *filter, size_t end) {
    const struct inline_place *place = &filter->shape.place;
    struct str line = inline_trim_end(str_slice(buf_str(&filter->raw), filter->line, end));
    size_t cut = end;
    bool is_first = filter->line == filter->body && !filter->is_skipped;
    if (skip_repeated(filter, line, is_first, end)) {
        return;
    }
    filter->n_lines++;
    if (filter->shape.rest.n == 0 && inline_repeats_next(&filter->shape, line, is_first)) {
        stop_at(filter, filter->line);
    } else if (!place->is_block || is_one_liner(filter, line) || filter->is_closing) {
        stop_at(filter, end);
    } else if (leaves_block(filter, line, end, &cut)) {
        stop_at(filter, cut);
    } else if ((cut = repeated_lines(filter, end)) > 0) {
        stop_at(filter, cut);
    } else {
        filter->balanced = filter->depth == 0 ? end : filter->balanced;
        if (filter->n_lines >= INLINE_LINES) {
            stop_at(filter, filter->balanced > filter->body ? filter->balanced : end);
        }
    }
}

static void blank_line(struct inline_filter *filter, size_t start) {
    const struct inline_place *place = &filter->shape.place;
    filter->n_blank++;
    if (filter->n_lines > 0) {
        if (!place->is_block || filter->n_blank >= 2) {
            stop_at(filter, start);
        }
    } else if (!place->is_block && !place->is_blank_line) {
        stop_void(filter); // the line is complete as it is
    } else if (filter->n_blank > BLANK_LINES) {
        stop_void(filter);
    }
}

static void newline(struct inline_filter *filter, size_t i) {
    struct str line = str_slice(buf_str(&filter->raw), filter->line, i);
    if (inline_is_blank(line)) {
        blank_line(filter, filter->line);
    } else {
        filter->n_blank = 0;
        end_line(filter, i);
    }
    filter->line = i + 1;
    filter->line_depth = filter->depth;
    filter->is_line_code = filter->lexer.kind == INLINE_CODE;
}

// --- bytes of the body ---------------------------------------------------------------------------

static void bracket_opens(struct inline_filter *filter, char c) {
    if (filter->depth < sizeof(filter->open)) {
        filter->open[filter->depth] = c;
    }
    filter->depth++;
}

// A bracket may close what the completion opened, or what the document left open.
static void bracket_closes(struct inline_filter *filter, size_t i, char c) {
    const struct inline_place *place = &filter->shape.place;
    if (filter->depth > 0) {
        filter->depth--;
        bool is_known = filter->depth < sizeof(filter->open);
        if (is_known && inline_closer_of(filter->open[filter->depth]) != c) {
            stop_at(filter, i);
        }
        return;
    }
    if (filter->n_closed == place->n_closable ||
        inline_closer_of(place->closable[filter->n_closed].open) != c) {
        stop_at(filter, i);
        return;
    }
    filter->is_closing = filter->is_closing || place->closable[filter->n_closed].is_block;
    filter->n_closed++;
}

// A line that repeats something short over and over: where its first copy ends, 0: it does not.
static size_t repeated_bytes(const struct inline_filter *filter, size_t end) {
    struct str line = str_slice(buf_str(&filter->raw), filter->line, end);
    if (line.n < REPEAT_BYTES || line.n % 8 != 0) {
        return 0;
    }
    struct str tail = str_from_index(line, line.n - REPEAT_BYTES);
    if (inline_count_word_bytes(tail) < REPEAT_BYTES / 4) {
        return 0; // a rule, a table
    }
    for (size_t unit = 1; unit <= REPEAT_UNIT; unit++) {
        if (memcmp(tail.p, tail.p + unit, REPEAT_BYTES - unit) == 0) {
            size_t start = line.n - REPEAT_BYTES;
            while (start > 0 && line.p[start - 1] == line.p[start - 1 + unit]) {
                start--;
            }
            return filter->line + start + unit;
        }
    }
    return 0;
}

// Behind the block's own bracket the line may end and close more, nothing else: "});".
static bool goes_on_behind(const struct inline_filter *filter, char c) {
    return filter->is_closing && !char_is_space(c) && !inline_is_closer(c) && c != ';' && c != ',';
}

static bool is_fence_line(const struct inline_filter *filter, size_t i) {
    struct str line = str_slice(buf_str(&filter->raw), filter->line, i + 1);
    bool is_content = filter->shape.place.is_prose && !filter->is_fenced;
    return !is_content && line.p[line.n - 1] == '`' && str_eq(str_trim(line), STR("```"));
}

// A template may have opened the thinking itself: what came until it ends is no completion.
static bool ends_thinking(const struct inline_filter *filter, size_t i) {
    return filter->raw.p[i] == '>' && !filter->shape.place.is_prose &&
           str_ends(str_slice(body_str(filter), 0, i + 1 - filter->body), STR("</think>"));
}

static void step_body(struct inline_filter *filter, size_t i) {
    struct str raw = buf_str(&filter->raw);
    char c = raw.p[i];
    if (ends_thinking(filter, i)) {
        reset_body(filter, i + 1);
        filter->mark = i + 1;
        filter->n_lines = filter->n_blank = 0;
        filter->is_closing = false;
        filter->state = STATE_START;
        return;
    }
    bool is_code = inline_lexer_step(&filter->lexer, body_str(filter), i - filter->body);
    size_t token = inline_token_behind(raw, i + 1);
    if (token > 0 && i + 1 - token >= filter->body) {
        stop_at(filter, i + 1 - token);
        return;
    }
    if (c == '\n') {
        newline(filter, i);
        return;
    }
    if (is_fence_line(filter, i)) {
        stop_at(filter, filter->line);
        return;
    }
    if (goes_on_behind(filter, c)) {
        stop_at(filter, i);
        return;
    }
    if (is_code && !filter->shape.place.language->is_prose) {
        if (inline_closer_of(c)) {
            bracket_opens(filter, c);
        } else if (inline_is_closer(c)) {
            bracket_closes(filter, i, c);
        }
    }
    if (filter->state == STATE_BODY) {
        size_t cut = repeated_bytes(filter, i + 1);
        if (cut > 0) {
            stop_at(filter, cut);
        } else if (i + 1 - filter->line > INLINE_LINE_BYTES) {
            filter->is_void = filter->balanced <= filter->body; // not something that people write
            stop_at(filter, filter->balanced);
        }
    }
}

// What came from `start` on is the completion: it passes once more.
static void begin_body(struct inline_filter *filter, size_t start) {
    filter->state = STATE_BODY;
    reset_body(filter, start);
    filter->next = start;
}

// --- what comes before ---------------------------------------------------------------------------

static struct str lead_str(const struct inline_filter *filter) {
    return str_from_index(buf_str(&filter->raw), filter->mark);
}

// The newest byte is the first that is not blank, or one behind it.
static void step_start(struct inline_filter *filter, size_t i) {
    static const struct str OPEN[] = {STR_INIT("<think>"), STR_INIT("<thinking>"),
                                      STR_INIT("<thought>"), STR_INIT("```")};
    char c = filter->raw.p[i];
    if (filter->mark == i && char_is_space(c)) {
        filter->mark = i + 1;
        return;
    }
    struct str lead = lead_str(filter);
    size_t n;
    bool might;
    if (inline_token_ahead(lead, &n, &might)) {
        filter->body = filter->mark = i + 1;
        return;
    }
    for (size_t k = 0; k < sizeof(OPEN) / sizeof(OPEN[0]); k++) {
        if (str_eq(lead, OPEN[k]) && (k < 3 || !filter->shape.place.language->is_prose)) {
            filter->state = k < 3 ? STATE_THINK : STATE_FENCE;
            filter->mark = i + 1;
            return;
        }
        might = might || (lead.n < OPEN[k].n && str_starts(OPEN[k], lead));
    }
    if (might) {
        return;
    }
    if (char_is_alpha(lead.p[0])) {
        filter->state = STATE_LINE;
        return;
    }
    begin_body(filter, filter->body);
}

static void step_think(struct inline_filter *filter, size_t i) {
    static const struct str CLOSE[] = {STR_INIT("</think>"), STR_INIT("</thinking>"),
                                       STR_INIT("</thought>")};
    struct str lead = lead_str(filter);
    for (size_t k = 0; filter->raw.p[i] == '>' && k < 3; k++) {
        if (str_ends(lead, CLOSE[k])) {
            filter->state = STATE_START;
            filter->body = filter->mark = i + 1;
        }
    }
}

static void step_fence(struct inline_filter *filter, size_t i) {
    if (filter->raw.p[i] == '\n') {
        filter->is_fenced = true;
        begin_body(filter, i + 1);
    }
}

static void step_line(struct inline_filter *filter, size_t i) {
    struct str lead = lead_str(filter);
    if (filter->raw.p[i] != '\n') {
        if (lead.n > LEAD_LINE || !inline_may_be_chatter(lead)) {
            begin_body(filter, filter->body);
        }
        return;
    }
    if (inline_is_chatter(lead, filter->shape.place.is_prose)) {
        filter->state = STATE_CHATTER;
        filter->mark = i + 1;
        return;
    }
    begin_body(filter, filter->body);
}

static void step_chatter(struct inline_filter *filter, size_t i) {
    if (filter->raw.p[i] != '\n') {
        return;
    }
    struct str line = str_trim(lead_str(filter));
    filter->mark = i + 1;
    if (str_starts(line, STR("```"))) {
        filter->is_fenced = true;
        begin_body(filter, i + 1);
    }
}

static void step(struct inline_filter *filter, size_t i) {
    switch (filter->state) {
    case STATE_START: step_start(filter, i); break;
    case STATE_THINK: step_think(filter, i); break;
    case STATE_FENCE: step_fence(filter, i); break;
    case STATE_LINE: step_line(filter, i); break;
    case STATE_CHATTER: step_chatter(filter, i); break;
    case STATE_BODY: step_body(filter, i); break;
    case STATE_DONE: break;
    }
}

static void run(struct inline_filter *filter) {
    while (filter->next < filter->raw.n && filter->state != STATE_DONE) {
        step(filter, filter->next++);
    }
}

bool inline_filter_feed(struct inline_filter *filter, struct str piece) {
    for (size_t i = 0; i < piece.n && filter->state != STATE_DONE; i++) {
        if (piece.p[i] == '\r') {
            continue; // line ends are made anew
        }
        if (!buf_append_char(&filter->raw, piece.p[i])) {
            filter->is_void = filter->state != STATE_BODY;
            stop_at(filter, filter->raw.n);
            break;
        }
        run(filter);
    }
    return filter->state == STATE_DONE;
}

// --- the end -------------------------------------------------------------------------------------

// The answer ended by itself, and its last line without a line end.
static void end_answer(struct inline_filter *filter, bool is_cut) {
    if (filter->state == STATE_LINE &&
        inline_is_chatter(lead_str(filter), filter->shape.place.is_prose)) {
        filter->state = STATE_CHATTER;
    }
    if (filter->state == STATE_START || filter->state == STATE_LINE) {
        begin_body(filter, filter->body);
        run(filter);
    }
    if (filter->state != STATE_BODY) {
        filter->is_void = filter->is_void || filter->state != STATE_DONE;
        return;
    }
    size_t end = filter->raw.n;
    struct str line = str_slice(buf_str(&filter->raw), filter->line, end);
    if (is_cut && filter->n_lines > 0) {
        // Half a line, and the block is not complete.
        stop_at(filter, filter->balanced > filter->body ? filter->balanced : filter->line);
    } else if (is_cut) {
        while (end > filter->line && inline_is_word(filter->raw.p[end - 1])) {
            end--; // half a word
        }
    } else if (!inline_is_blank(line)) {
        end_line(filter, end);
    }
    if (filter->state == STATE_BODY) {
        stop_at(filter, end);
    }
}

struct str inline_filter_end(struct inline_filter *filter, bool is_cut) {
    end_answer(filter, is_cut);
    filter->state = STATE_DONE;
    buf_clear(&filter->shown);
    if (!filter->is_void) {
        struct str kept = str_slice(buf_str(&filter->raw), filter->body, filter->cut);
        inline_trim(&filter->shape, kept, &filter->shown);
    }
    return buf_str(&filter->shown);
}

bool inline_filter_agrees(const struct inline_filter *filter, struct str typed) {
    if (filter->is_void) {
        return false;
    }
    if (filter->state != STATE_BODY && filter->state != STATE_DONE) {
        return true; // nothing has come yet
    }
    size_t end = filter->state == STATE_DONE ? filter->cut : filter->raw.n;
    struct buf shown;
    buf_init(&shown, 4 * INLINE_ANSWER);
    inline_trim(&filter->shape, str_slice(buf_str(&filter->raw), filter->body, end), &shown);
    bool agrees = str_starts(buf_str(&shown), typed);
    if (filter->state == STATE_BODY) {
        agrees = agrees || str_starts(typed, inline_trim_end(buf_str(&shown)));
    }
    buf_finish(&shown);
    return agrees;
}
