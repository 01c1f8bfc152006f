// SPDX-License-Identifier: MIT
//
// What an answer repeats at its end of what stands behind the place: the closing bracket of the
// block, the lines after it (clean_echo.c tells of the beginning).
//
// Only the end of the answer shows that a repetition was one, so whole lines are held while they
// are a run of those behind the place, from the first of them on. When the run breaks, a shorter
// one may have begun within it: which one is known beforehand, as in any search for a text
// (`line_borders`). Where something stands behind the place on its own line, that is looked for in
// the same way, byte by byte, and the lines behind it right after it.
//
// Invariants: `held` is such a run and no more; all before it was given out, and what is known of
// the answer (brackets, indentation) is known of exactly that. What is dropped was not needed to
// close something that the answer opened.
#include "assist/clean_parts.h"

#include "assist/insert.h"
#include "base/limits.h"

enum {
    HELD_MAX = 64 * 1024, // more than that are blanks
    SAYS_SOME = 3,
    RING = CLEAN_AROUND + 1,
};

// --- given out ---------------------------------------------------------------------------------

static size_t kind_of(char c) {
    return c == '(' || c == ')' ? 0 : c == '[' || c == ']' ? 1 : 2;
}

// Follows the code by one character.
static void count_bracket(struct clean_strings *code, char c, struct clean_brackets *brackets) {
    const char *last = code->last;
    bool is_rust_char = last[3] == '\'' && last[1] != '\'' && last[0] != '\'' &&
                        str_eq(code->rules->language, STR("rust"));
    clean_strings_feed(code, c);
    bool is_code = code->kind == STRING_NONE && !code->line_quote && !code->is_remark;
    if (!is_code || is_rust_char) {
        return;
    }
    if (str_find_char(STR("([{"), c) != STR_NPOS) {
        brackets->open[kind_of(c)]++;
    } else if (str_find_char(STR(")]}"), c) != STR_NPOS) {
        size_t *open = &brackets->open[kind_of(c)];
        brackets->n_outer += *open == 0;
        *open -= *open > 0;
    }
}

static void end_given(struct clean_tail *tail) {
    struct str line = buf_str(&tail->given);
    size_t width = str_indent(line);
    if (width < line.n) {
        tail->last_opens = insert_opens_block(line);
        if (tail->n_lines++ == 0) {
            tail->first_width = width;
            tail->first_opens = tail->last_opens;
        } else if (width < tail->least) {
            tail->least = width;
        }
    }
    buf_clear(&tail->given);
}

static void give(struct clean_tail *tail, char c) {
    count_bracket(&tail->code, c, &tail->brackets);
    clean_out_feed(tail->out, c);
    tail->n_given++;
    if (c == '\n') {
        end_given(tail);
    } else {
        buf_append_char(&tail->given, c);
    }
}

// What is held goes out up to `at`, counted from the beginning.
static void release_to(struct clean_tail *tail, size_t at) {
    size_t n = at - tail->n_given;
    for (size_t i = 0; i < n; i++) {
        give(tail, tail->held.p[i]);
    }
    buf_consume(&tail->held, n);
}

static void release(struct clean_tail *tail) {
    release_to(tail, tail->n_given + tail->held.n);
    tail->rest_q = 0;
    tail->rest_blank = 0;
    tail->is_behind_rest = false;
    tail->is_live = false;
    tail->n_run = 0;
}

// --- lines behind the place --------------------------------------------------------------------

static struct str known_text(const struct clean_tail *tail, size_t i) {
    const struct clean_around *around = &tail->rules->around;
    return i < around->n_after ? around->after[i].text : STR_NONE;
}

static void begin_line(struct clean_tail *tail, bool is_live) {
    tail->is_live = is_live;
    tail->is_in_text = false;
    tail->width = 0;
    buf_clear(&tail->line);
    if (is_live) {
        size_t slot = (tail->run_first + tail->n_run) % RING;
        tail->run[slot].at = tail->n_given + tail->held.n;
        tail->run[slot].width = 0;
    }
}

// May the current line become line `i`, or is it?
static bool fits(const struct clean_tail *tail, size_t i) {
    struct str known = known_text(tail, i);
    struct str line = buf_str(&tail->line);
    return known.n > 0 && str_starts(known, str_slice(line, 0, known.n)) &&
           str_trim(str_from_index(line, known.n)).n == 0;
}

static bool is_whole(const struct clean_tail *tail, size_t i) {
    return tail->line.n >= known_text(tail, i).n && fits(tail, i);
}

// As fits(), if it did before the newest character came.
static bool fits_on(const struct clean_tail *tail) {
    struct str known = known_text(tail, tail->n_run);
    size_t at = tail->line.n - 1;
    char c = tail->line.p[at];
    return known.n > 0 && (at < known.n ? known.p[at] == c : char_is_blank(c));
}

// The run that is held is none: a shorter one may be. False: there is none.
static bool shorten(struct clean_tail *tail) {
    if (tail->n_run == 0 || tail->is_behind_rest) {
        release(tail);
        return false;
    }
    size_t n = tail->rules->around.line_borders[tail->n_run];
    tail->run_first = (tail->run_first + tail->n_run - n) % RING;
    release_to(tail, tail->run[tail->run_first].at);
    tail->n_run = n;
    return true;
}

static void end_line(struct clean_tail *tail) {
    bool has_rest = tail->rules->around.rest.n > 0;
    if (!tail->is_live) {
        give(tail, '\n');
    } else if (tail->is_in_text) {
        while (!is_whole(tail, tail->n_run) && shorten(tail)) {
        }
        if (tail->is_live) {
            tail->n_run++;
            buf_append_char(&tail->held, '\n');
        } else {
            give(tail, '\n');
        }
    } else {
        buf_append_char(&tail->held, '\n');
        if (tail->n_run == 0 && !tail->is_behind_rest) {
            release(tail);
        }
    }
    if (has_rest) {
        begin_line(tail, tail->is_behind_rest);
    } else {
        begin_line(tail, tail->n_lines > 0 || tail->n_run > 0 || tail->may_first);
    }
}

static void feed_line(struct clean_tail *tail, char c) {
    if (c == '\n') {
        end_line(tail);
        return;
    }
    if (!tail->is_live) {
        give(tail, c);
        return;
    }
    buf_append_char(&tail->held, c);
    if (!tail->is_in_text && char_is_blank(c)) {
        tail->width++;
    } else {
        if (!tail->is_in_text) {
            tail->run[(tail->run_first + tail->n_run) % RING].width = tail->width;
            tail->is_in_text = true;
        }
        buf_append_char(&tail->line, c);
        if (!fits_on(tail)) {
            while (shorten(tail) && !fits(tail, tail->n_run)) {
            }
        }
    }
}

// --- the rest of the place's line --------------------------------------------------------------

static void shorten_rest(struct clean_tail *tail) {
    size_t n = tail->rules->around.rest_borders[tail->rest_q];
    release_to(tail, tail->n_given + tail->rest_q - n);
    tail->rest_q = n;
}

static void feed_rest(struct clean_tail *tail, char c) {
    struct str rest = tail->rules->around.rest;
    if (tail->rest_q == rest.n && (c == '\n' || char_is_blank(c))) {
        buf_append_char(&tail->held, c);
        if (c == '\n') {
            tail->is_behind_rest = true;
            begin_line(tail, true);
        } else {
            tail->rest_blank++;
        }
        return;
    }
    if (tail->rest_blank > 0) {
        release(tail);
    }
    while (tail->rest_q > 0 && (tail->rest_q == rest.n || rest.p[tail->rest_q] != c)) {
        shorten_rest(tail);
    }
    if (rest.p[tail->rest_q] == c) {
        buf_append_char(&tail->held, c);
        tail->rest_q++;
    } else {
        give(tail, c);
    }
}

// --- the end -----------------------------------------------------------------------------------

// Has what was given out no bracket open that it opened?
static bool is_closed(const struct clean_tail *tail) {
    const size_t *open = tail->brackets.open;
    return open[0] + open[1] + open[2] == 0;
}

static size_t said_in(const struct clean_tail *tail, size_t n) {
    size_t said = 0;
    for (size_t i = 0; i < n; i++) {
        said += tail->rules->around.after[i].n_said;
    }
    return said;
}

// "end" and the like, in languages whose blocks have no brackets.
static bool is_end_word(struct str line) {
    static const struct str WORDS[] = {STR_INIT("end"), STR_INIT("fi"), STR_INIT("done"),
                                       STR_INIT("esac")};
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (str_starts(line, WORDS[i])) {
            return clean_echo_count_said(line) == WORDS[i].n;
        }
    }
    return false;
}

// Blocks of words are not counted. But a line that stands less deep than all of the answer closes
// none of the answer's.
static bool is_outer_word(const struct clean_tail *tail, size_t n) {
    size_t width = tail->run[tail->run_first].width;
    bool is_outside = tail->n_lines == 0 || (width < tail->first_width && width < tail->least);
    return n == 1 && is_outside && tail->rules->around.n_inner == 0 &&
           is_end_word(known_text(tail, 0));
}

// Brackets that what is held closes and does not open; `whole`: the whole answer.
static size_t count_outer(const struct clean_tail *tail, bool whole) {
    struct clean_strings code = tail->code;
    struct clean_brackets brackets = whole ? tail->brackets : (struct clean_brackets){0};
    for (size_t i = 0; i < tail->held.n; i++) {
        count_bracket(&code, tail->held.p[i], &brackets);
    }
    return brackets.n_outer;
}

// Without what is held the file is what the answer says, whole, and goes on behind it. So it is
// right where the answer itself closes what the file's own brackets would have closed.
static bool closes_enough(const struct clean_tail *tail, size_t n_inner) {
    return count_outer(tail, true) >= count_outer(tail, false) + n_inner;
}

// Does the run stand as deep in the answer as it does in the file? In a block that the answer
// opened the same line is another one.
static bool is_at_depth(const struct clean_tail *tail) {
    size_t width = tail->run[tail->run_first].width;
    if (tail->rules->around.after[0].indent > tail->rules->options.indent.n) {
        return true;
    }
    return tail->first_opens ? width < tail->least : width <= tail->least;
}

// Is the run that is held, `n` whole lines and perhaps a part of the next, a repetition?
static bool is_repetition(const struct clean_tail *tail, size_t n) {
    if (n == 0 || !closes_enough(tail, 0)) {
        return false;
    }
    if (count_outer(tail, false) > 0 && closes_enough(tail, tail->rules->around.n_inner)) {
        return true;
    }
    if (!is_closed(tail)) {
        return false;
    }
    bool says_much = said_in(tail, n) >= CLEAN_SAYS_MUCH && !tail->last_opens && is_at_depth(tail);
    return says_much || is_outer_word(tail, n);
}

static void end_lines(struct clean_tail *tail) {
    while (tail->is_live) {
        size_t next = tail->n_run;
        bool has_whole = tail->is_in_text && is_whole(tail, next);
        bool may_be = !tail->is_in_text || has_whole || fits(tail, next);
        if (may_be && is_repetition(tail, next + has_whole)) {
            buf_clear(&tail->held);
            return;
        }
        shorten(tail);
    }
}

static bool rest_is_repetition(const struct clean_tail *tail, size_t n) {
    struct str rest = tail->rules->around.rest;
    bool is_quote = rest.p[0] == '"' || rest.p[0] == '\'' || rest.p[0] == '`';
    char open_quote = tail->code.kind == STRING_NONE ? tail->code.line_quote : tail->code.quote;
    if (!closes_enough(tail, 0) || (is_quote && open_quote != rest.p[0])) {
        return false;
    }
    size_t said = clean_echo_count_said(rest);
    return said == 0 || said >= SAYS_SOME || count_outer(tail, false) > 0 ||
           said + said_in(tail, n) >= CLEAN_SAYS_MUCH;
}

static void end_rest(struct clean_tail *tail) {
    size_t n = tail->n_run;
    bool is_end = tail->rest_q == tail->rules->around.rest.n;
    if (tail->is_behind_rest && tail->is_in_text) {
        bool has_whole = is_whole(tail, n);
        is_end = has_whole || (n > 0 && fits(tail, n));
        n += has_whole;
    }
    if (is_end && rest_is_repetition(tail, n)) {
        buf_clear(&tail->held);
        tail->out->goes_on = !tail->rules->around.is_rest_apart;
    }
}

// --- the interface -----------------------------------------------------------------------------

void clean_tail_init(struct clean_tail *tail, const struct clean_rules *rules,
                     struct clean_out *out) {
    const struct clean_around *around = &rules->around;
    *tail = (struct clean_tail){.rules = rules, .out = out, .least = SIZE_MAX};
    tail->is_idle = around->n_after == 0 && around->rest.n == 0;
    clean_strings_init(&tail->code, rules);
    buf_init(&tail->held, HELD_MAX + 16);
    buf_init(&tail->line, HELD_MAX + 16);
    buf_init(&tail->given, 4u * LIMIT_ANSWER);
    // The answer may close a string that the place's line opens.
    struct str own = around->is_open ? around->before[around->n_before - 1].text : STR_NONE;
    for (size_t i = 0; i < own.n; i++) {
        clean_strings_feed(&tail->code, own.p[i]);
    }
}

void clean_tail_finish(struct clean_tail *tail) {
    buf_finish(&tail->held);
    buf_finish(&tail->line);
    buf_finish(&tail->given);
}

void clean_tail_feed(struct clean_tail *tail, char c) {
    if (tail->is_idle) {
        clean_out_feed(tail->out, c);
        return;
    }
    if (tail->may_first && tail->n_given == 0 && tail->held.n == 0 && !tail->is_live) {
        begin_line(tail, tail->rules->around.rest.n == 0);
    }
    if (tail->rules->around.rest.n > 0 && !tail->is_behind_rest) {
        feed_rest(tail, c);
    } else {
        feed_line(tail, c);
    }
    if (tail->held.n >= HELD_MAX) {
        release(tail);
    }
}

void clean_tail_end(struct clean_tail *tail) {
    if (tail->rules->around.rest.n > 0) {
        end_rest(tail);
    } else if (!tail->is_idle) {
        end_lines(tail);
    }
    release(tail);
}
