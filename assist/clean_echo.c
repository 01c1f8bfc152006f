// SPDX-License-Identifier: MIT
//
// What an answer that is put in repeats of the file: chat models like to begin with the function,
// or the whole file, up to the place once more (this file), and to end with lines that stand behind
// the place already (clean_echo_tail.c). Put in, both are broken code.
//
// The beginning is held as long as it is a run of the file's lines that may go on to the place.
// Where the run starts is open: several lines may be alike, so all starts are followed at once, and
// the longest repetition counts. Lines are compared without the blanks around them, since models
// indent in their own way, and without blank lines.
//
// Invariants: what is held is a repetition so far, for every start that is alive. Nothing is
// dropped that could have been meant: see is_evident(). The number of lines and bytes that are
// known of the file bounds what can be held, and the time it takes.
#include "assist/clean_parts.h"

#include "assist/insert.h"
#include "base/limits.h"
#include "base/utf.h"

enum {
    NEAR = 16 * 1024, // bytes on either side: about as much as an answer may have (ai.numPredict)
};
_Static_assert(CLEAN_AROUND <= UINT16_MAX, "lines are counted in 16 bits");

// --- what is known -----------------------------------------------------------------------------

struct str clean_echo_near_before(struct str before) {
    if (before.n <= NEAR) {
        return before;
    }
    struct str near = str_from_index(before, before.n - NEAR);
    size_t at = 0;
    while (at < near.n && !char_is_eol(near.p[at])) {
        at++; // of that line the beginning is not known
    }
    return str_from_index(near, at);
}

struct str clean_echo_near_after(struct str after) {
    if (after.n <= NEAR) {
        return after;
    }
    size_t n = NEAR;
    while (n > 0 && !char_is_eol(after.p[n - 1])) {
        n--;
    }
    return str_slice(after, 0, n);
}

size_t clean_echo_count_said(struct str s) {
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool is_beyond = ((unsigned char)s.p[i] & 0xC0) == 0xC0; // its first byte
        n += char_is_alnum(s.p[i]) || is_beyond;
    }
    return n;
}

static struct clean_known known_of(struct str line) {
    struct str text = str_trim(line);
    return (struct clean_known){text, str_indent(line), clean_echo_count_said(text)};
}

static size_t count_lines(struct str text) {
    struct str line;
    size_t n = 0;
    while (str_next_line(&text, &line)) {
        n += str_trim(line).n > 0;
    }
    return n;
}

// The last lines before the place.
static void know_before(struct clean_around *around, struct arena *arena, struct str before,
                        bool is_line_start) {
    size_t n = count_lines(before);
    size_t n_skipped = n > CLEAN_AROUND ? n - CLEAN_AROUND : 0;
    around->before = ARENA_ARRAY(arena, n - n_skipped + 1, struct clean_known);
    bool has_end = before.n == 0 || char_is_eol(before.p[before.n - 1]);
    struct str line = STR_NONE;
    for (size_t i = 0; str_next_line(&before, &line);) {
        struct clean_known known = known_of(line);
        if (known.text.n > 0 && i++ >= n_skipped) {
            around->before[around->n_before++] = known;
        }
    }
    around->is_open = !is_line_start && !has_end && str_trim(line).n > 0;
    around->has_blank = around->is_open && char_is_blank(line.p[line.n - 1]);
}

static void know_after(struct clean_around *around, struct arena *arena, struct str after) {
    size_t n = count_lines(after);
    n = n < CLEAN_AROUND ? n : CLEAN_AROUND;
    around->after = ARENA_ARRAY(arena, n + 1, struct clean_known);
    bool has_rest = after.n > 0 && !char_is_eol(after.p[0]);
    struct str line;
    for (bool is_own = has_rest; str_next_line(&after, &line); is_own = false) {
        struct clean_known known = known_of(line);
        if (is_own) {
            around->rest = known.text;
            around->is_rest_apart = known.indent > 0;
        } else if (known.text.n > 0 && around->n_after < n) {
            around->after[around->n_after++] = known;
        }
    }
}

// Lengths of the longest beginning of the first i of `n` parts that is also their end.
static size_t *borders_of(struct arena *arena, size_t n, const void *parts,
                          bool (*are_alike)(const void *parts, size_t i, size_t k)) {
    size_t *borders = ARENA_ARRAY(arena, n + 1, size_t);
    size_t k = 0;
    for (size_t i = 1; i < n; i++) {
        while (k > 0 && !are_alike(parts, i, k)) {
            k = borders[k];
        }
        k += are_alike(parts, i, k);
        borders[i + 1] = k;
    }
    return borders;
}

static bool are_lines_alike(const void *parts, size_t i, size_t k) {
    const struct clean_known *lines = parts;
    return str_eq(lines[i].text, lines[k].text);
}

static bool are_bytes_alike(const void *parts, size_t i, size_t k) {
    const char *bytes = parts;
    return bytes[i] == bytes[k];
}

// --- what counts as a repetition ---------------------------------------------------------------

// A line with more to it than one word, of which there may be two in a row: "try {", "else:".
static bool has_words(struct str line) {
    size_t n = 0;
    bool in_word = false;
    for (size_t i = 0; i < line.n; i++) {
        bool is_word = char_is_alnum(line.p[i]) || line.p[i] == '_' || (line.p[i] & 0x80);
        n += (is_word && !in_word) || line.p[i] == '(';
        in_word = is_word;
    }
    return n >= 2;
}

static bool is_opener(struct str line) {
    return line.n == 1 && str_find_char(STR("{(["), line.p[0]) != STR_NPOS;
}

// Does line `i` begin a block? By its end, by the next line, or since that stands deeper.
static bool is_head(const struct clean_rules *rules, size_t i) {
    const struct clean_around *around = &rules->around;
    const struct clean_known *known = &around->before[i];
    if (!has_words(known->text)) {
        return false;
    }
    bool is_last = i + 1 == around->n_before;
    if (insert_opens_block(known->text) || (!is_last && is_opener(known[1].text))) {
        return true;
    }
    return (is_last ? rules->options.indent.n : known[1].indent) > known->indent;
}

// Is an answer that says the lines from `i` up to the place a repetition? `most`: letters and
// digits of the one with the most. Closing brackets, "return x" and the like may well come twice.
// On the place's own line a word is enough: "((" may be meant twice, "return" is not.
static bool is_evident(const struct clean_rules *rules, size_t i, size_t most) {
    const struct clean_around *around = &rules->around;
    const struct clean_known *known = &around->before[i];
    bool is_last = i + 1 == around->n_before;
    if (is_last && around->is_open) {
        return known->n_said > 0;
    }
    if (is_last && insert_is_comment(rules->options.language, known->text)) {
        return has_words(known->text);
    }
    return is_head(rules, i) || (!is_last && most >= CLEAN_SAYS_MUCH);
}

static void find_starts(struct clean_rules *rules, struct arena *arena) {
    struct clean_around *around = &rules->around;
    size_t most = 0;
    around->starts = ARENA_ARRAY(arena, around->n_before + 1, uint16_t);
    for (size_t i = around->n_before; i-- > 0;) {
        size_t said = around->before[i].n_said;
        most = said > most ? said : most;
        if (is_evident(rules, i, most)) {
            around->starts[around->n_starts++] = (uint16_t)i;
        }
    }
}

// Blocks that are open at the place and end before the first line behind it does.
static size_t count_inner(const struct clean_rules *rules) {
    const struct clean_around *around = &rules->around;
    size_t level = rules->options.indent.n;
    size_t n = 0;
    for (size_t i = around->n_before; i-- > 0 && around->n_after > 0;) {
        size_t indent = around->before[i].indent;
        if (indent < level) {
            level = indent;
            n += indent > around->after[0].indent;
        }
    }
    return n;
}

void clean_echo_rules(struct clean_rules *rules, struct arena *arena) {
    struct clean_around *around = &rules->around;
    const struct clean_options *options = &rules->options;
    struct str before = arena_join(arena, options->before, options->lead);
    if (rules->is_shown) {
        return;
    }
    // A character that is cut there would be cut in the answer, too.
    know_before(around, arena, utf8_is_valid(before) ? before : STR_NONE, options->is_line_start);
    know_after(around, arena, utf8_is_valid(options->after) ? options->after : STR_NONE);
    find_starts(rules, arena);
    around->line_borders = borders_of(arena, around->n_after, around->after, are_lines_alike);
    around->rest_borders = borders_of(arena, around->rest.n, around->rest.p, are_bytes_alike);
    around->n_inner = count_inner(rules);
}

// --- the beginning -----------------------------------------------------------------------------

void clean_echo_init(struct clean_echo *echo, const struct clean_rules *rules,
                     struct clean_out *out) {
    const struct clean_around *around = &rules->around;
    *echo = (struct clean_echo){.rules = rules, .out = out};
    clean_strings_init(&echo->strings, rules);
    buf_init(&echo->held, 4u * LIMIT_ANSWER);
    clean_tail_init(&echo->tail, rules, out);
    echo->n_alive = around->n_starts;
    echo->is_head = echo->n_alive > 0;
    for (size_t i = 0; i < around->n_starts; i++) {
        echo->alive[i] = around->starts[i];
    }
}

void clean_echo_finish(struct clean_echo *echo) {
    buf_finish(&echo->held);
    clean_tail_finish(&echo->tail);
}

static void pass_on(struct clean_echo *echo, char c) {
    if (echo->skips_blank && char_is_blank(c)) {
        clean_strings_feed(&echo->out->strings, c); // it is there, too
        return;
    }
    echo->skips_blank = false;
    clean_tail_feed(&echo->tail, c);
}

// The line that is being repeated, if the repetition began at line `start`.
static const struct clean_known *current_of(const struct clean_echo *echo, size_t start) {
    return &echo->rules->around.before[start + echo->n_lines];
}

static bool is_last(const struct clean_echo *echo, size_t start) {
    return start + echo->n_lines + 1 == echo->rules->around.n_before;
}

// A character that is no blank at the beginning of its line.
static void compare(struct clean_echo *echo, char c) {
    bool is_open = echo->rules->around.is_open;
    size_t n = 0;
    for (size_t i = 0; i < echo->n_alive; i++) {
        uint16_t start = echo->alive[i];
        struct str text = current_of(echo, start)->text;
        bool is_behind = echo->column >= text.n;
        if (is_behind ? !char_is_blank(c) : text.p[echo->column] != c) {
            continue;
        }
        if (is_open && is_last(echo, start) && echo->column + 1 == text.n) {
            echo->n_done = echo->held.n;
        } else {
            echo->alive[n++] = start;
        }
    }
    echo->n_alive = n;
    echo->column++;
}

static void compare_end(struct clean_echo *echo) {
    size_t n = 0;
    if (echo->column == 0) {
        return; // blank
    }
    for (size_t i = 0; i < echo->n_alive; i++) {
        uint16_t start = echo->alive[i];
        if (echo->column < current_of(echo, start)->text.n) {
            continue;
        }
        if (is_last(echo, start)) {
            echo->n_done = echo->held.n;
        } else {
            echo->alive[n++] = start;
        }
    }
    echo->n_alive = n;
    echo->n_lines++;
    echo->column = 0;
}

// Nothing more can be a repetition.
static void end_head(struct clean_echo *echo) {
    const struct clean_around *around = &echo->rules->around;
    struct str held = buf_str(&echo->held);
    echo->is_head = false;
    if (echo->n_done > 0) {
        clean_out_skip(echo->out, str_slice(held, 0, echo->n_done), around->is_open);
        echo->skips_blank = around->has_blank;
        echo->tail.may_first = !around->is_open;
    }
    for (size_t i = echo->n_done; i < held.n; i++) {
        pass_on(echo, held.p[i]);
    }
    buf_clear(&echo->held);
}

void clean_echo_feed(struct clean_echo *echo, char c) {
    clean_strings_feed(&echo->strings, c);
    if (!echo->is_head) {
        pass_on(echo, c);
        return;
    }
    buf_append_char(&echo->held, c);
    if (c == '\n') {
        compare_end(echo);
    } else if (echo->column > 0 || !char_is_blank(c)) {
        compare(echo, c);
    }
    if (echo->n_alive == 0) {
        end_head(echo);
    }
}

void clean_echo_end(struct clean_echo *echo) {
    if (echo->is_head) {
        if (!echo->rules->around.is_open) {
            compare_end(echo);
        }
        end_head(echo);
    }
    clean_tail_end(&echo->tail);
}
