// SPDX-License-Identifier: MIT
//
// The cleaner: bytes in, whole characters through the stations (clean_parts.h), text out.
//
// The answer is kept. At its end each station is asked whether it would have done otherwise, had it
// known the end; if so the answer passes again, with that as a hint, a few times at most. What
// comes out is the whole text. Where it begins with what was given out already, the rest is given
// out now; where not, the pieces were wrong, and the whole text is right (clean.h).
#include "assist/clean.h"

#include <stdlib.h>

#include "assist/clean_parts.h"
#include "base/limits.h"
#include "base/utf.h"

#define PASSES_MAX 6
#define TEXT_MAX (16u * LIMIT_ANSWER) // what indentation, line ends and escapes may make of it

// One passing of the answer.
struct pass {
    struct clean_hints hints;
    struct buf *text; // borrowed
    struct clean_out out;
    struct clean_echo echo;
    struct clean_body body;
    struct clean_router router;
};

struct cleaner {
    struct arena arena;
    struct clean_rules rules;
    struct pass pass;
    struct buf raw;      // normalised
    size_t start;        // of the answer in `raw`; before it: thinking without an opening tag
    struct buf text;     // of the first passing
    struct buf final;    // of a later one
    struct buf thinking; // of the current call
    size_t n_taken;
    char pending[4]; // start of a character
    size_t n_pending;
    bool is_after_cr;
    bool is_full;
    bool is_ended;
    bool is_corrected; // `final` is the answer
};

// --- a passing ---------------------------------------------------------------------------------

static void pass_open(struct pass *pass, const struct clean_rules *rules) {
    clean_out_init(&pass->out, rules, &pass->hints, pass->text);
    clean_echo_init(&pass->echo, rules, &pass->out);
    clean_body_init(&pass->body, rules, &pass->hints, &pass->echo);
}

static void pass_close(struct pass *pass) {
    clean_body_finish(&pass->body);
    clean_echo_finish(&pass->echo);
    clean_out_finish(&pass->out);
}

static void pass_begin(struct pass *pass, const struct clean_rules *rules, struct buf *text) {
    pass->text = text;
    pass_open(pass, rules);
    clean_router_init(&pass->router, rules, &pass->body);
}

static void pass_finish(struct pass *pass) {
    clean_router_finish(&pass->router);
    pass_close(pass);
}

// True: `hints` now says what should be done otherwise.
static bool pass_end(struct pass *pass, struct clean_hints *hints) {
    *hints = pass->hints;
    clean_router_end(&pass->router);
    bool is_wrong = clean_body_end(&pass->body, hints);
    clean_echo_end(&pass->echo);
    return clean_out_end(&pass->out, hints) || is_wrong;
}

// A closing tag without an opening one: all that was text before was thinking.
static void restart(void *data, size_t before, size_t behind) {
    struct cleaner *cleaner = data;
    struct pass *pass = &cleaner->pass;
    struct str raw = buf_str(&cleaner->raw);
    buf_append(&cleaner->thinking, str_trim(str_slice(raw, cleaner->start, raw.n - before)));
    cleaner->start = raw.n - behind;
    pass_close(pass);
    pass_open(pass, &cleaner->rules);
    buf_clear(&cleaner->text);
}

// --- create and destroy ------------------------------------------------------------------------

static void copy_options(struct arena *arena, const struct clean_options *from,
                         struct clean_options *to) {
    *to = *from;
    to->eol = from->eol.n > 0 ? arena_copy(arena, from->eol) : STR("\n");
    to->indent = arena_copy(arena, from->indent);
    to->unit = arena_copy(arena, from->unit);
    to->code = arena_copy(arena, from->code);
    to->before = arena_copy(arena, clean_echo_near_before(from->before));
    to->lead = arena_copy(arena, from->lead);
    to->after = arena_copy(arena, clean_echo_near_after(from->after));
    struct str *tokens = ARENA_ARRAY(arena, from->n_tokens + 1, struct str);
    size_t n = 0;
    for (size_t i = 0; i < from->n_tokens; i++) {
        struct str token = from->tokens[i];
        if (token.n > 0 && token.n < 100) { // longer ones are none
            tokens[n++] = arena_copy(arena, token);
        }
    }
    to->tokens = tokens;
    to->n_tokens = n;
}

struct cleaner *cleaner_create(const struct clean_options *options) {
    struct cleaner *cleaner = mem_alloc(sizeof(*cleaner));
    struct clean_options copy;
    arena_init(&cleaner->arena);
    copy_options(&cleaner->arena, options, &copy);
    clean_rules_init(&cleaner->rules, &cleaner->arena, &copy);
    buf_init(&cleaner->raw, 4u * LIMIT_ANSWER);
    buf_init(&cleaner->text, TEXT_MAX);
    buf_init(&cleaner->final, TEXT_MAX);
    buf_init(&cleaner->thinking, TEXT_MAX);
    pass_begin(&cleaner->pass, &cleaner->rules, &cleaner->text);
    cleaner->pass.router.thinking = &cleaner->thinking;
    cleaner->pass.router.on_restart = restart;
    cleaner->pass.router.data = cleaner;
    return cleaner;
}

void cleaner_destroy(struct cleaner *cleaner) {
    if (!cleaner) {
        return;
    }
    pass_finish(&cleaner->pass);
    buf_finish(&cleaner->raw);
    buf_finish(&cleaner->text);
    buf_finish(&cleaner->final);
    buf_finish(&cleaner->thinking);
    arena_finish(&cleaner->arena);
    free(cleaner);
}

// --- characters --------------------------------------------------------------------------------

static void take(struct cleaner *cleaner, char c) {
    bool is_pair = c == '\n' && cleaner->is_after_cr;
    cleaner->is_after_cr = c == '\r';
    if (is_pair) {
        return;
    }
    c = c == '\r' ? '\n' : c;
    buf_append_char(&cleaner->raw, c);
    clean_router_feed(&cleaner->pass.router, c);
}

static void take_character(struct cleaner *cleaner, uint32_t c) {
    char bytes[4];
    size_t n = utf8_put(c, bytes);
    for (size_t i = 0; i < n; i++) {
        take(cleaner, bytes[i]);
    }
}

// Bytes that the character beginning with this one has.
static size_t length_of(char lead) {
    unsigned char c = (unsigned char)lead;
    return c >= 0xC2 && c <= 0xDF ? 2 : c >= 0xE0 && c <= 0xEF ? 3 : c >= 0xF0 && c <= 0xF4 ? 4 : 1;
}

// Could what is pending still become a character?
static bool may_complete(const struct cleaner *cleaner) {
    size_t wanted = length_of(cleaner->pending[0]);
    if (cleaner->n_pending >= wanted) {
        return false;
    }
    // Completed with both ends of what may follow: one of them is a character, if any is.
    for (int tail = 0; tail < 2; tail++) {
        char whole[4];
        memcpy(whole, cleaner->pending, cleaner->n_pending);
        memset(whole + cleaner->n_pending, tail ? 0x80 : 0xBF, wanted - cleaner->n_pending);
        if (utf8_is_valid(str_of(whole, wanted))) {
            return true;
        }
    }
    return false;
}

static void take_pending(struct cleaner *cleaner) {
    struct str pending = str_of(cleaner->pending, cleaner->n_pending);
    size_t i = 0;
    uint32_t c = utf8_next(pending, &i);
    bool is_mark = c == 0xFEFF && cleaner->raw.n == 0; // of an encoding: the file has its own
    if (!is_mark || str_starts(cleaner->rules.options.code, STR("\xEF\xBB\xBF"))) {
        take_character(cleaner, c);
    }
    memmove(cleaner->pending, cleaner->pending + i, cleaner->n_pending - i);
    cleaner->n_pending -= i;
}

static void take_byte(struct cleaner *cleaner, char c) {
    if (cleaner->n_pending == 0 && (unsigned char)c < 0x80) {
        take(cleaner, c);
        return;
    }
    cleaner->pending[cleaner->n_pending++] = c;
    while (cleaner->n_pending > 0 && !may_complete(cleaner)) {
        take_pending(cleaner);
    }
}

// --- the interface -----------------------------------------------------------------------------

// What came out since `given` goes to the caller. After a restart the text begins anew.
static void hand_over(struct cleaner *cleaner, size_t given, struct buf *text,
                      struct buf *thinking) {
    size_t from = given <= cleaner->text.n ? given : 0;
    buf_append(text, str_from_index(buf_str(&cleaner->text), from));
    buf_append(thinking, buf_str(&cleaner->thinking));
    buf_clear(&cleaner->thinking);
}

void cleaner_feed(struct cleaner *cleaner, struct str piece, struct buf *text,
                  struct buf *thinking) {
    if (cleaner->is_ended) {
        return;
    }
    size_t start = cleaner->start;
    size_t given = cleaner->text.n;
    for (size_t i = 0; i < piece.n; i++) {
        if (cleaner->n_taken >= LIMIT_ANSWER) {
            cleaner->is_full = true;
            break;
        }
        cleaner->n_taken++;
        take_byte(cleaner, piece.p[i]);
    }
    hand_over(cleaner, cleaner->start == start ? given : 0, text, thinking);
}

static void pass_again(struct cleaner *cleaner, const struct clean_hints *hints,
                       struct clean_hints *next, bool *is_wrong) {
    struct pass pass = {.hints = *hints};
    buf_clear(&cleaner->final);
    pass_begin(&pass, &cleaner->rules, &cleaner->final);
    pass.router.has_thought = true; // where the answer begins is settled
    struct str raw = str_from_index(buf_str(&cleaner->raw), cleaner->start);
    for (size_t i = 0; i < raw.n; i++) {
        clean_router_feed(&pass.router, raw.p[i]);
    }
    *is_wrong = pass_end(&pass, next);
    pass_finish(&pass);
}

void cleaner_end(struct cleaner *cleaner, struct buf *text, struct buf *thinking) {
    if (cleaner->is_ended) {
        return;
    }
    size_t start = cleaner->start;
    size_t given = cleaner->text.n;
    while (cleaner->n_pending > 0) {
        take_pending(cleaner);
    }
    cleaner->is_ended = true;
    struct clean_hints hints;
    bool is_wrong = pass_end(&cleaner->pass, &hints);
    if (cleaner->start != start) {
        given = 0;
    }
    for (int i = 0; is_wrong && i < PASSES_MAX; i++) {
        struct clean_hints next;
        cleaner->is_corrected = true;
        pass_again(cleaner, &hints, &next, &is_wrong);
        hints = next;
    }
    if (cleaner->is_corrected &&
        str_starts(buf_str(&cleaner->final), str_slice(buf_str(&cleaner->text), 0, given))) {
        buf_append(text, str_from_index(buf_str(&cleaner->final), given));
        buf_append(thinking, buf_str(&cleaner->thinking));
        return;
    }
    hand_over(cleaner, given, text, thinking);
}

struct str cleaner_text(const struct cleaner *cleaner) {
    return buf_str(cleaner->is_corrected ? &cleaner->final : &cleaner->text);
}

bool cleaner_is_full(const struct cleaner *cleaner) {
    return cleaner->is_full;
}
