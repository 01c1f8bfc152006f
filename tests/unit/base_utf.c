// SPDX-License-Identifier: MIT
//
// UTF-8: every code point there and back, every kind of damage, and text made safe for people.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf.h"

static void round_trips_every_code_point(void **state) {
    (void)state;
    for (uint32_t c = 0; c < 0x110100; c++) {
        char bytes[4];
        struct str s = str_of(bytes, utf8_put(c, bytes));
        bool scalar = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
        size_t i = 0;
        assert_int_equal(utf8_next(s, &i), scalar ? c : 0xFFFD);
        assert_int_equal(i, s.n);
        assert_true(utf8_is_valid(s));
        assert_int_equal(utf8_length(s), 1);
        assert_int_equal(utf8_length_utf16(s), scalar && c > 0xFFFF ? 2 : 1);
    }
}

static void damage_costs_one_byte_each(void **state) {
    (void)state;
    static const struct {
        struct str bytes;
        size_t bad;
    } cases[] = {
        {STR_INIT("\x80"), 1},
        {STR_INIT("\xC3"), 1},
        {STR_INIT("\xC0\xAF"), 2},
        {STR_INIT("\xE2\x82"), 2},
        {STR_INIT("\xE0\x80\xAF"), 3},
        {STR_INIT("\xED\xA0\x80"), 3},
        {STR_INIT("\xF0\x9F\x98"), 3},
        {STR_INIT("\xF4\x90\x80\x80"), 4},
        {STR_INIT("\xF8\x88\x80\x80\x80"), 5},
        {STR_INIT("\xFF\xFE"), 2},
        {STR_INIT("\xF0\x80\x80\x80"), 4},
    };
    struct arena arena = {0};
    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        // Behind and before ASCII of several lengths, for the eight-byte steps.
        for (size_t pad = 0; pad < 18; pad++) {
            struct str ascii = str_slice(STR("abcdefghijklmnopqrstuvwxyz"), 0, pad);
            struct str bytes = cases[k].bytes;
            struct str s = arena_printf(&arena, "%.*s%.*sz", STR_ARG(ascii), STR_ARG(bytes));
            assert_false(utf8_is_valid(s));
            assert_int_equal(utf8_length(s), pad + cases[k].bad + 1);
            assert_int_equal(utf8_length_utf16(s), pad + cases[k].bad + 1);
            struct str clean = utf8_sanitize(&arena, s);
            assert_true(utf8_is_valid(clean));
            assert_int_equal(clean.n, pad + 3 * cases[k].bad + 1);
            arena_reset(&arena);
        }
    }
    struct str fine = STR("fine \xC3\xA9");
    assert_ptr_equal(utf8_sanitize(&arena, fine).p, fine.p);
    assert_true(utf8_is_valid(STR_NONE));
    arena_finish(&arena);
}

static void knows_what_is_unsafe(void **state) {
    (void)state;
    static const uint32_t unsafe[] = {0,      0x1B,   0x1F,   0x7F,    0x80,    0x9F,   0x200B,
                                      0x200D, 0x200F, 0x2028, 0x2029,  0x202A,  0x202E, 0x2060,
                                      0x2066, 0x2069, 0xFEFF, 0xE0001, 0xE007F, 0x61C};
    static const uint32_t safe[] = {' ',    'a',    '~',    0xA0,   0xE9,    0x200A,
                                    0x2010, 0x2027, 0x20AC, 0xFFFD, 0x1F600, 0x4E2D};
    for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
        assert_true(char_is_unsafe(unsafe[i]));
    }
    for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++) {
        assert_false(char_is_unsafe(safe[i]));
    }
}

static void assert_str(struct str got, struct str wanted) {
    if (!str_eq(got, wanted)) {
        fail_msg("got \"%.*s\", wanted \"%.*s\"", STR_ARG(got), STR_ARG(wanted));
    }
}

static void escapes_for_display(void **state) {
    (void)state;
    struct arena arena = {0};
    struct str fine = STR("llama3:8b é");
    assert_ptr_equal(display_escape(&arena, fine, 0).p, fine.p);
    assert_ptr_equal(display_escape(&arena, fine, fine.n).p, fine.p);
    assert_str(display_escape(&arena, STR("a\n\t\r\x1b[31m\0"), 0),
               STR("a\\n\\t\\r\\x1b[31m\\x00"));
    assert_str(display_escape(&arena, STR("\xE2\x80\xAE\xff"), 0), STR("\\u{202e}\\xff"));
    assert_str(display_escape(&arena, STR("\xF3\xA0\x80\x81"), 0), STR("\\u{e0001}"));
    assert_str(display_escape(&arena, STR("abcdef"), 3), STR("abc…"));
    assert_str(display_escape(&arena, STR("ab\xC3\xA9x"), 3), STR("ab…")); // no half character
    assert_str(display_escape(&arena, STR("ab\nx"), 3), STR("ab…"));       // no half escape
    assert_str(display_escape(&arena, STR_NONE, 5), STR(""));
    arena_finish(&arena);
}

static void escapes_for_markdown(void **state) {
    (void)state;
    struct arena arena = {0};
    assert_str(markdown_escape(&arena, STR("a*b_[x](y)<i>")), STR("a\\*b\\_\\[x\\](y)\\<i\\>"));
    assert_str(markdown_escape(&arena, STR("\x07")), STR("\\\\x07"));
    assert_str(markdown_escape(&arena, STR("plain")), STR("plain"));
    assert_str(markdown_escape(&arena, STR("see http://x.y or WWW.x.y, 3.2B-a")),
               STR("see http\\://x.y or WWW\\.x.y, 3.2B-a"));
    assert_str(markdown_code(&arena, STR("x")), STR("`x`"));
    assert_str(markdown_code(&arena, STR("a`b``c")), STR("```a`b``c```"));
    assert_str(markdown_code(&arena, STR("`a")), STR("`` `a ``"));
    assert_str(markdown_code(&arena, STR(" a ")), STR("`  a  `"));
    assert_str(markdown_code(&arena, STR("a\nb")), STR("`a\\nb`"));
    assert_str(markdown_code(&arena, STR("")), STR("`  `"));
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips_every_code_point),
        cmocka_unit_test(damage_costs_one_byte_each),
        cmocka_unit_test(knows_what_is_unsafe),
        cmocka_unit_test(escapes_for_display),
        cmocka_unit_test(escapes_for_markdown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
