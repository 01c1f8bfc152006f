// SPDX-License-Identifier: MIT
//
// For the property tests of text/: a seeded generator of documents and changes, and the naive model
// they are checked against. The model is written for clarity alone and shares no code with text/.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "text/edit.h"

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random) {
    uint64_t z = random->state += 0x9e3779b97f4a7c15u; // splitmix64: any seed will do
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

// 0 .. bound - 1; 0 if bound is 0.
static inline size_t random_below(struct random *random, size_t bound) {
    return bound == 0 ? 0 : (size_t)(random_next(random) % bound);
}

static inline bool random_one_in(struct random *random, size_t n) {
    return random_below(random, n) == 0;
}

// Runs a property with seeds 1 .. count, or with OLLAMA_LS_TEST_SEED alone if that is set. The last
// seed printed is the one that failed.
static inline void random_each_seed(unsigned count, void (*run)(struct random *random)) {
    const char *given = getenv("OLLAMA_LS_TEST_SEED");
    uint64_t first = given ? strtoull(given, NULL, 10) : 1;
    uint64_t last = given ? first : count;
    for (uint64_t seed = first; seed <= last; seed++) {
        fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
        struct random random = {seed};
        run(&random);
    }
}

#define RANDOM_PIECE(literal) STR_INIT(literal)

// At most `max` bytes of characters that tend to break things: EOLs of all kinds, 1 to 4 byte
// characters, combining marks, a BOM, NUL, and with `invalid` also broken UTF-8. Returns the
// length.
static inline size_t random_text(struct random *random, char *out, size_t max, bool invalid) {
    static const struct str PIECES[] = {
        RANDOM_PIECE("a"),
        RANDOM_PIECE("key: value"),
        RANDOM_PIECE(" "),
        RANDOM_PIECE("\n"),
        RANDOM_PIECE("\r\n"),
        RANDOM_PIECE("\r"),
        RANDOM_PIECE("\n\n"),
        RANDOM_PIECE("\r\r\n"),
        RANDOM_PIECE("\n\r"),
        RANDOM_PIECE("\xc3\xa9"),
        RANDOM_PIECE("e\xcc\x81"),
        RANDOM_PIECE("\xe4\xb8\xad"),
        RANDOM_PIECE("\xf0\x9f\x98\x80"),
        RANDOM_PIECE("\xf0\x9f\x98\x80\xf0\x9f\x98\x80"),
        RANDOM_PIECE("\xef\xbb\xbf"),
        RANDOM_PIECE("\xe2\x80\xa8"),
        RANDOM_PIECE("\0"),
        RANDOM_PIECE("a long run of plain characters, several words of it"),
        RANDOM_PIECE("\xff"),
        RANDOM_PIECE("\x80\xbf"),
        RANDOM_PIECE("\xe4\xb8"),
        RANDOM_PIECE("\xf0\x9f\x98"),
        RANDOM_PIECE("\xed\xa0\x80"),
        RANDOM_PIECE("\xc0\xaf"),
        RANDOM_PIECE("\xf4\x90\x80\x80"),
    };
    enum { VALID_PIECES = 18, ALL_PIECES = sizeof(PIECES) / sizeof(PIECES[0]) };
    size_t n = 0;
    for (;;) {
        struct str piece = PIECES[random_below(random, invalid ? ALL_PIECES : VALID_PIECES)];
        if (n + piece.n > max) {
            return n;
        }
        memcpy(out + n, piece.p, piece.n);
        n += piece.n;
    }
}

struct model {
    char *bytes; // owned
    size_t n;
};

static inline struct str model_str(const struct model *model) {
    return str_of(model->bytes, model->n);
}

static inline void model_finish(struct model *model) {
    free(model->bytes);
}

// Bytes [start, end) become `text`.
static inline void model_replace(struct model *model, size_t start, size_t end, struct str text) {
    size_t n = start + text.n + (model->n - end);
    char *bytes = malloc(n + 1);
    assert_non_null(bytes);
    if (start > 0) {
        memcpy(bytes, model->bytes, start);
    }
    if (text.n > 0) {
        memcpy(bytes + start, text.p, text.n);
    }
    if (model->n > end) {
        memcpy(bytes + start + text.n, model->bytes + end, model->n - end);
    }
    free(model->bytes);
    model->bytes = bytes;
    model->n = n;
}

// Length in bytes of the character at i, by Unicode's table of well-formed sequences; 1 if broken.
static inline size_t model_character(struct str s, size_t i) {
    static const struct {
        unsigned char low, high, second_low, second_high;
        size_t n;
    } FORMS[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    const unsigned char *p = (const unsigned char *)s.p + i;
    for (size_t f = 0; f < sizeof(FORMS) / sizeof(FORMS[0]); f++) {
        size_t n = FORMS[f].n;
        if (p[0] < FORMS[f].low || p[0] > FORMS[f].high || i + n > s.n) {
            continue;
        }
        bool good = n < 2 || (p[1] >= FORMS[f].second_low && p[1] <= FORMS[f].second_high);
        for (size_t k = 2; k < n; k++) {
            good = good && p[k] >= 0x80 && p[k] <= 0xbf;
        }
        return good ? n : 1;
    }
    return 1;
}

static inline size_t model_units(size_t character_bytes, enum position_encoding encoding) {
    return encoding == POSITION_UTF8                            ? character_bytes
           : encoding == POSITION_UTF16 && character_bytes == 4 ? 2
                                                                : 1;
}

// Length of the EOL at i, 0 if there is none.
static inline size_t model_eol(struct str s, size_t i) {
    if (i < s.n && s.p[i] == '\n') {
        return 1;
    }
    if (i < s.n && s.p[i] == '\r') {
        return i + 1 < s.n && s.p[i + 1] == '\n' ? 2 : 1;
    }
    return 0;
}

static inline size_t model_offset(struct str s, struct position position,
                                  enum position_encoding encoding) {
    size_t i = 0;
    for (uint32_t line = 0; line < position.line && i < s.n; line++) {
        while (i < s.n && model_eol(s, i) == 0) {
            i++;
        }
        i += model_eol(s, i);
    }
    for (size_t units = 0; i < s.n && model_eol(s, i) == 0;) {
        size_t bytes = model_character(s, i);
        units += model_units(bytes, encoding);
        if (units > position.character) {
            break;
        }
        i += bytes;
    }
    return i;
}

// `offset` is at the start of a character, not between \r and \n.
static inline struct position model_position(struct str s, size_t offset,
                                             enum position_encoding encoding) {
    struct position position = {0, 0};
    for (size_t i = 0; i < offset;) {
        size_t eol = model_eol(s, i);
        if (eol > 0) {
            position.line++;
            position.character = 0;
            i += eol;
        } else {
            size_t bytes = model_character(s, i);
            position.character += (uint32_t)model_units(bytes, encoding);
            i += bytes;
        }
    }
    return position;
}

static inline void model_apply(struct model *model, const struct text_change *change,
                               enum position_encoding encoding) {
    struct str s = model_str(model);
    size_t a = change->whole ? 0 : model_offset(s, change->start, encoding);
    size_t b = change->whole ? s.n : model_offset(s, change->end, encoding);
    model_replace(model, a < b ? a : b, a < b ? b : a, change->text);
}

static inline struct position random_position(struct random *random, const struct model *model) {
    if (random_one_in(random, 20)) {
        return (struct position){(uint32_t)random_next(random), (uint32_t)random_next(random)};
    }
    // Somewhere in the text (perhaps inside a character), or a little behind a line's end.
    struct str s = model_str(model);
    size_t offset = random_below(random, s.n + 1);
    struct position position = {0, 0};
    for (size_t i = 0; i<offset; i += model_eol(s, i)> 0 ? model_eol(s, i) : 1) {
        if (model_eol(s, i) > 0) {
            position.line++;
            position.character = 0;
        } else {
            position.character++;
        }
    }
    position.line += random_one_in(random, 30) ? 2 : 0;
    position.character += random_one_in(random, 10) ? (uint32_t)random_below(random, 5) : 0;
    return position;
}

// A change for a text like the model; `storage` keeps its text and has room for `max` bytes.
static inline struct text_change random_change(struct random *random, const struct model *model,
                                               char *storage, size_t max) {
    struct text_change change = {.whole = random_one_in(random, 40)};
    change.start = random_position(random, model);
    change.end = random_one_in(random, 2) ? change.start : random_position(random, model);
    if (random_one_in(random, 3)) { // a range inside one line
        change.end = change.start;
        change.end.character += (uint32_t)random_below(random, 4);
    }
    size_t size = random_one_in(random, 3) ? 0 : random_below(random, max + 1);
    change.text = str_of(storage, random_text(random, storage, size, false));
    return change;
}
