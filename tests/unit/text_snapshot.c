// SPDX-License-Identifier: MIT
//
// Texts, positions and edits by example; text_properties.c has what must hold for all of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "text/edit.h"

static void check_line(const struct text *text, size_t line, struct str expected) {
    struct str actual = text_line(text, line);
    assert_int_equal(actual.n, expected.n);
    assert_memory_equal(actual.p, expected.p, expected.n);
}

static void check_text(const struct text *text, const char *expected) {
    assert_string_equal(text_str(text).p, expected);
    assert_int_equal(text_size(text), strlen(expected));
}

static void check_at(const struct text *text, size_t offset, enum position_encoding encoding,
                     uint32_t line, uint32_t character) {
    struct position position = text_position(text, offset, encoding);
    assert_int_equal(position.line, line);
    assert_int_equal(position.character, character);
}

static void test_lines_end_with_any_eol(void **state) {
    (void)state;
    struct text *text = text_create(STR("one\ntwo\r\nthree\rfour\n\r\n"));
    assert_int_equal(text_line_count(text), 6);
    check_line(text, 0, STR("one"));
    check_line(text, 1, STR("two"));
    check_line(text, 2, STR("three"));
    check_line(text, 3, STR("four"));
    check_line(text, 4, STR(""));
    check_line(text, 5, STR(""));
    check_line(text, 6, STR(""));
    assert_int_equal(text_line_start(text, 2), 9);
    assert_int_equal(text_line_start(text, 99), text_size(text));
    assert_int_equal(text_line_at(text, 8), 1); // the \n of \r\n
    assert_int_equal(text_line_at(text, 9), 2);
    assert_int_equal(text_line_at(text, 1000), 5);
    text_release(text);
}

static void test_empty_text_has_one_line(void **state) {
    (void)state;
    struct text *text = text_create(STR_NONE);
    assert_int_equal(text_line_count(text), 1);
    check_text(text, "");
    check_at(text, 0, POSITION_UTF16, 0, 0);
    assert_int_equal(text_offset(text, (struct position){7, 7}, POSITION_UTF16), 0);
    text_release(text);
}

static void test_eol_across_the_eight_byte_steps(void **state) {
    (void)state;
    char bytes[40];
    for (size_t at = 0; at + 1 < sizeof(bytes); at++) {
        memset(bytes, 'x', sizeof(bytes));
        memcpy(bytes + at, "\r\n", 2);
        struct text *text = text_create(str_of(bytes, sizeof(bytes)));
        assert_int_equal(text_line_count(text), 2);
        assert_int_equal(text_line_end(text, 0), at);
        assert_int_equal(text_line_start(text, 1), at + 2);
        text_release(text);
    }
}

static void test_positions_in_three_encodings(void **state) {
    (void)state;
    // a, e acute (2 bytes), a CJK character (3), an emoji (4, a surrogate pair), z
    struct text *text = text_create(STR("\xef\xbb\xbf\na\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80z"));
    check_at(text, 3, POSITION_UTF16, 0, 1); // a BOM is a character
    check_at(text, 14, POSITION_UTF8, 1, 10);
    check_at(text, 14, POSITION_UTF16, 1, 5);
    check_at(text, 14, POSITION_UTF32, 1, 4);
    check_at(text, 12, POSITION_UTF16, 1, 3); // inside the emoji: its start
    check_at(text, 99, POSITION_UTF16, 1, 6);
    assert_int_equal(text_offset(text, (struct position){1, 3}, POSITION_UTF16), 10);
    assert_int_equal(text_offset(text, (struct position){1, 4}, POSITION_UTF16), 10); // half of it
    assert_int_equal(text_offset(text, (struct position){1, 5}, POSITION_UTF16), 14);
    assert_int_equal(text_offset(text, (struct position){1, 2}, POSITION_UTF8), 5); // in e acute
    assert_int_equal(text_offset(text, (struct position){1, 99}, POSITION_UTF32), 15);
    assert_int_equal(text_offset(text, (struct position){0, 99}, POSITION_UTF32), 3);
    text_release(text);
}

static void test_invalid_bytes_count_one_each(void **state) {
    (void)state;
    struct text *text = text_create(STR("\xff\xe4\xb8z\xed\xa0\x80!"));
    for (uint32_t e = POSITION_UTF8; e <= POSITION_UTF32; e++) {
        check_at(text, 3, (enum position_encoding)e, 0, 3);
        check_at(text, 7, (enum position_encoding)e, 0, 7);
        assert_int_equal(text_offset(text, (struct position){0, 5}, (enum position_encoding)e), 5);
    }
    text_release(text);
}

static void test_a_text_in_use_outlives_its_edits(void **state) {
    (void)state;
    struct text *text = text_create(STR("FROM llama3\n"));
    struct text *mine = text_retain(text);
    struct text_change change = {.start = {0, 5}, .end = {0, 11}, .text = STR("qwen3")};
    struct text_splice splice;
    struct text *next = text_edit(text, &change, 1, POSITION_UTF16, &splice);
    text_release(text);
    check_text(mine, "FROM llama3\n");
    check_text(next, "FROM qwen3\n");
    assert_int_equal(splice.start, 5); // the 3 that both names end with is not in it
    assert_int_equal(splice.old_end, 10);
    assert_int_equal(splice.new_end, 9);
    text_release(mine);
    text_release(next);
}

static void test_an_edit_can_join_and_split_line_ends(void **state) {
    (void)state;
    struct text *text = text_create(STR("a\rb\rc"));
    struct text_change insert = {.start = {1, 0}, .end = {1, 0}, .text = STR("\n")};
    struct text *joined = text_edit(text, &insert, 1, POSITION_UTF16, NULL);
    assert_int_equal(text_line_count(joined), 3);
    check_line(joined, 1, STR("b"));
    struct text_change removal = {.start = {1, 0}, .end = {1, 1}, .text = STR("\n\n")};
    struct text *split = text_edit(joined, &removal, 1, POSITION_UTF16, NULL);
    check_text(split, "a\r\n\n\n\rc");
    assert_int_equal(text_line_count(split), 5);
    text_release(text);
    text_release(joined);
    text_release(split);
}

static void test_odd_ranges(void **state) {
    (void)state;
    struct text *text = text_create(STR("ab\ncd"));
    const struct {
        struct text_change change;
        const char *expected;
    } rows[] = {
        {{.start = {1, 1}, .end = {0, 1}, .text = STR("-")}, "a-d"},      // end before start
        {{.start = {0, 9}, .end = {0, 99}, .text = STR("-")}, "ab-\ncd"}, // past the line
        {{.start = {9, 0}, .end = {99, 9}, .text = STR("-")}, "ab\ncd-"}, // past the text
        {{.start = {0, 1}, .end = {99, 0}, .text = STR("")}, "a"},
        {{.whole = true, .text = STR("new\n")}, "new\n"},
        {{.whole = true}, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct text *next = text_edit(text, &rows[i].change, 1, POSITION_UTF16, NULL);
        check_text(next, rows[i].expected);
        text_release(next);
    }
    text_release(text);
}

static void test_no_change_is_the_same_text(void **state) {
    (void)state;
    struct text *text = text_create(STR("x"));
    struct text *same = text_edit(text, NULL, 0, POSITION_UTF16, NULL);
    assert_ptr_equal(text, same);
    text_release(same);
    struct text_change change = {.whole = true, .text = STR("x")};
    struct text_splice splice;
    same = text_edit(text, &change, 1, POSITION_UTF16, &splice);
    check_text(same, "x");
    assert_int_equal(splice.old_end - splice.start, 0);
    assert_int_equal(splice.new_end - splice.start, 0);
    text_release(same);
    text_release(text);
}

static void test_a_text_has_a_limit(void **state) {
    (void)state;
    char *big = calloc(1, LIMIT_TEXT + 1);
    assert_non_null(big);
    assert_null(text_create(str_of(big, LIMIT_TEXT + 1)));
    struct text *text = text_create(str_of(big, LIMIT_TEXT));
    assert_non_null(text);
    struct text_change change = {.text = STR("x")};
    struct text_splice splice;
    assert_null(text_edit(text, &change, 1, POSITION_UTF16, &splice));
    assert_int_equal(text_size(text), LIMIT_TEXT);
    text_release(text);
    free(big);
}

static void test_many_changes_in_one_batch(void **state) {
    (void)state;
    enum { LINES = 20000 };
    static struct text_change changes[LINES];
    char *bytes = malloc(LINES * 4);
    assert_non_null(bytes);
    for (uint32_t i = 0; i < LINES; i++) {
        memcpy(bytes + i * 4, "abc\n", 4);
        // Bottom up, as editors send the edits of one command.
        struct position at = {LINES - 1 - i, 1};
        changes[i] = (struct text_change){.start = at, .end = at, .text = STR("\xc3\xa9\n")};
    }
    struct text *text = text_create(str_of(bytes, LINES * 4));
    struct text *next = text_edit(text, changes, LINES, POSITION_UTF16, NULL);
    assert_int_equal(text_line_count(next), 2 * LINES + 1);
    assert_int_equal(text_size(next), LINES * 7);
    for (size_t i = 0; i < LINES; i++) {
        check_line(next, 2 * i, STR("a\xc3\xa9"));
        check_line(next, 2 * i + 1, STR("bc"));
        assert_false(text_line_is_ascii(next, 2 * i));
        assert_true(text_line_is_ascii(next, 2 * i + 1));
    }
    text_release(next);
    text_release(text);
    free(bytes);
}

// What each change of a batch did, without what it only wrote again.
static void test_each_change_of_a_batch(void **state) {
    (void)state;
    struct text *text = text_create(STR("one\r\n\xc3\xa9t\xc3\xa9 two\nthree\n"));
    const struct {
        struct text_change change;
        struct text_splice splice;
    } rows[] = {
        {{.start = {2, 0}, .end = {2, 5}, .text = STR("threw")}, {19, 20, 20}},
        {{.start = {1, 3}, .end = {1, 3}, .text = STR("!")}, {10, 10, 11}}, // right behind an e'
        {{.start = {1, 0}, .end = {1, 1}, .text = STR("\xc3\xa8")}, {5, 7, 7}}, // whole characters
        {{.start = {0, 3}, .end = {1, 0}, .text = STR("\n")}, {3, 5, 4}},       // not half a \r\n
        {{.start = {0, 0}, .end = {0, 3}, .text = STR("one")}, {3, 3, 3}},
    };
    enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
    struct text_change changes[ROWS];
    struct text_splice each[ROWS];
    struct text_splice all;
    for (size_t i = 0; i < ROWS; i++) {
        changes[i] = rows[i].change;
    }
    struct text *next = text_edit_each(text, changes, ROWS, POSITION_UTF16, &all, each);
    check_text(next, "one\n\xc3\xa8t\xc3\xa9! two\nthrew\n");
    for (size_t i = 0; i < ROWS; i++) {
        assert_int_equal(each[i].start, rows[i].splice.start);
        assert_int_equal(each[i].old_end, rows[i].splice.old_end);
        assert_int_equal(each[i].new_end, rows[i].splice.new_end);
    }
    text_release(next);
    text_release(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_end_with_any_eol),
        cmocka_unit_test(test_empty_text_has_one_line),
        cmocka_unit_test(test_eol_across_the_eight_byte_steps),
        cmocka_unit_test(test_positions_in_three_encodings),
        cmocka_unit_test(test_invalid_bytes_count_one_each),
        cmocka_unit_test(test_a_text_in_use_outlives_its_edits),
        cmocka_unit_test(test_an_edit_can_join_and_split_line_ends),
        cmocka_unit_test(test_odd_ranges),
        cmocka_unit_test(test_no_change_is_the_same_text),
        cmocka_unit_test(test_a_text_has_a_limit),
        cmocka_unit_test(test_many_changes_in_one_batch),
        cmocka_unit_test(test_each_change_of_a_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
