// SPDX-License-Identifier: MIT
//
// What a model answers: the text is the same however it was cut into pieces, nothing grows out of
// proportion, and what comes out is valid UTF-8, without a line end behind it; as Markdown it has
// nothing that must not be printed.
//
// Input: mode and language, shape of the place, length of the target (1 byte), the target, the text
// before and the text behind a place where nothing is replaced in the same way, then the answer;
// its own bytes tell where it is cut.
#include "assist/clean.h"
#include "base/limits.h"
#include "base/utf.h"
#include "fuzz/fuzz.h"

enum { GROWTH_MAX = 16 }; // "\n" becomes "\r\n" and eight blanks, U+200B in Markdown "\u{200b}"

struct outcome {
    struct buf text, thinking, whole;
};

static void outcome_init(struct outcome *outcome, size_t max) {
    buf_init(&outcome->text, max);
    buf_init(&outcome->thinking, max);
    buf_init(&outcome->whole, max);
}

static void outcome_finish(struct outcome *outcome) {
    buf_finish(&outcome->text);
    buf_finish(&outcome->thinking);
    buf_finish(&outcome->whole);
}

// Pieces are as long as the low bits of the byte at their start say, or of `size` bytes.
static void clean(const struct clean_options *options, struct str answer, size_t size,
                  struct outcome *outcome) {
    struct cleaner *cleaner = cleaner_create(options);
    while (answer.n > 0) {
        size_t n = size > 0 ? size : 1u + ((unsigned char)answer.p[0] & 7u);
        struct str piece = fuzz_exact(str_slice(answer, 0, n));
        cleaner_feed(cleaner, piece, &outcome->text, &outcome->thinking);
        answer = str_from_index(answer, piece.n);
        free((char *)piece.p);
    }
    cleaner_end(cleaner, &outcome->text, &outcome->thinking);
    buf_append(&outcome->whole, cleaner_text(cleaner));
    cleaner_destroy(cleaner);
    FUZZ_CHECK(!outcome->text.full && !outcome->thinking.full && !outcome->whole.full);
}

static void check_whole(const struct clean_options *options, struct str whole) {
    FUZZ_CHECK(utf8_is_valid(whole));
    if (options->mode == CLEAN_CODE && whole.n > 0) {
        bool has_end = whole.p[whole.n - 1] == '\n' || whole.p[whole.n - 1] == '\r';
        FUZZ_CHECK(!has_end || options->after.n > 0);
        FUZZ_CHECK(!options->is_line_start || !char_is_blank(whole.p[0]));
    }
    for (size_t i = 0; options->mode == CLEAN_MARKDOWN && i < whole.n;) {
        uint32_t c = utf8_next(whole, &i);
        FUZZ_CHECK(c == '\n' || c == '\t' || !char_is_unsafe(c));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct str INDENTS[] = {STR_INIT(""), STR_INIT("    "), STR_INIT("\t\t"),
                                         STR_INIT("  ")};
    static const struct str UNITS[] = {STR_INIT("    "), STR_INIT("\t"), STR_INIT("  ")};
    static const struct str EOLS[] = {STR_INIT("\n"), STR_INIT("\r\n"), STR_INIT("\r"),
                                      STR_INIT("\n")};
    static const struct str EXTRA[] = {STR_INIT("<|x|>"), STR_INIT("ab")};
    struct fuzz_input input = fuzz_input_of(data, size);
    unsigned which = fuzz_byte(&input);
    unsigned shape = fuzz_byte(&input);
    struct str code = fuzz_bytes(&input, fuzz_byte(&input));
    struct str before = fuzz_bytes(&input, fuzz_byte(&input));
    struct str after = fuzz_bytes(&input, fuzz_byte(&input));
    struct clean_options options = {
        .mode = which & 0x80 ? CLEAN_MARKDOWN : CLEAN_CODE,
        .language = language_at((which & 0x7f) % language_count()),
        .eol = EOLS[shape & 3],
        .indent = INDENTS[shape >> 2 & 3],
        .unit = UNITS[(shape >> 4 & 3) % 3],
        .code = code,
        .is_line_start = !(shape & 0x40),
        .before = before,
        .after = after,
        .tokens = EXTRA,
        .n_tokens = shape & 0x80 ? 2 : 0,
    };
    struct str answer = input.rest;
    struct outcome one, other;
    // A line of a string that the target has gets the indentation it has there.
    size_t max = (GROWTH_MAX + code.n) * (answer.n + 16);
    outcome_init(&one, max);
    outcome_init(&other, max);
    clean(&options, answer, SIZE_MAX, &one);
    clean(&options, answer, 0, &other);
    FUZZ_CHECK(str_eq(buf_str(&one.whole), buf_str(&other.whole)));
    check_whole(&options, buf_str(&one.whole));
    outcome_finish(&one);
    outcome_finish(&other);
    return 0;
}
