// SPDX-License-Identifier: MIT
//
// The diff by lines between any two texts: its edits and splices make the new text of the old one,
// and a range that follows them stays a range.
#include "fuzz.h"
#include "text/diff.h"

// Texts of few different lines, so that they have some in common: each byte of the input is a line.
static struct str lines_of(struct arena *arena, struct str seed) {
    static const struct str LINES[] = {
        STR_INIT("\n"),  STR_INIT("a\n"),   STR_INIT("  b\n"), STR_INIT("c\r\n"), STR_INIT("\r"),
        STR_INIT("}\n"), STR_INIT("a\r\n"), STR_INIT("\tx\n"), STR_INIT("a\r"),   STR_INIT("a"),
    };
    char *p = arena_alloc(arena, seed.n * 4 + 1);
    size_t n = 0;
    for (size_t i = 0; i < seed.n; i++) {
        struct str line = LINES[(unsigned char)seed.p[i] % (sizeof(LINES) / sizeof(LINES[0]))];
        memcpy(p + n, line.p, line.n);
        n += line.n;
    }
    return str_of(p, n);
}

static void check_edits(struct arena *arena, struct str from, struct str to) {
    struct edit *edits;
    size_t n = text_diff(arena, from, to, 0, &edits);
    FUZZ_CHECK((n == 0) == str_eq(from, to));
    for (size_t i = 0; i < n; i++) {
        FUZZ_CHECK(edits[i].start <= edits[i].end && edits[i].end <= from.n);
        FUZZ_CHECK(edits[i].start < edits[i].end || edits[i].text.n > 0);
        FUZZ_CHECK(i == 0 || edits[i - 1].end < edits[i].start);
        FUZZ_CHECK(fuzz_is_inside(edits[i].text, to));
    }
    FUZZ_CHECK(str_eq(text_apply(arena, from, edits, n), to));
}

static void check_splices(struct arena *arena, struct str from, struct str to,
                          struct text_range range) {
    struct text_splice *splices;
    size_t n = text_diff_splices(arena, from, to, &splices);
    struct str now = from;
    enum range_fate fate = RANGE_KEPT;
    struct str kept = str_slice(from, range.start, range.end);
    for (size_t i = 0; i < n; i++) {
        struct text_splice splice = splices[i];
        FUZZ_CHECK(splice.start <= splice.old_end && splice.old_end <= now.n);
        FUZZ_CHECK(splice.start <= splice.new_end && splice.new_end <= to.n);
        struct edit edit = {splice.start, splice.old_end,
                            str_slice(to, splice.start, splice.new_end)};
        now = text_apply(arena, now, &edit, 1);
        enum range_fate one = text_range_follow(&range, &splice);
        fate = one > fate ? one : fate;
        FUZZ_CHECK(range.start <= range.end && range.end <= now.n);
        FUZZ_CHECK(fate != RANGE_KEPT || str_eq(str_slice(now, range.start, range.end), kept));
    }
    FUZZ_CHECK(str_eq(now, to));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input input = fuzz_input_of(data, size);
    struct arena arena = {0};
    unsigned mode = fuzz_byte(&input);
    size_t start = fuzz_byte(&input), length = fuzz_byte(&input);
    size_t n = (size_t)fuzz_byte(&input) * 256 + fuzz_byte(&input);
    struct str first = fuzz_bytes(&input, n), second = input.rest;
    if (mode & 1) {
        first = lines_of(&arena, first);
        second = lines_of(&arena, second);
    }
    struct str from = fuzz_exact(first), to = fuzz_exact(second);
    struct text_range range = {start < from.n ? start : from.n, 0};
    range.end = range.start + length < from.n ? range.start + length : from.n;
    check_edits(&arena, from, to);
    check_splices(&arena, from, to, range);
    free((char *)from.p);
    free((char *)to.p);
    arena_finish(&arena);
    return 0;
}
