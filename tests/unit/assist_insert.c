// SPDX-License-Identifier: MIT
//
// Where text goes that is put in. A case is a text with "|" at the cursor; expected is what the
// text looks like with "ANSWER" put in behind the lead.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "assist/insert.h"

static const struct language PYTHON = {.name = "python", .line_comment = "#"};
static const struct language C = {.name = "c", .line_comment = "//", .block_comment = {"/*", "*/"}};

struct row {
    const struct language *language;
    const char *text;
    const char *expected;
    const char *indent;
    bool is_line_start;
};

static void check(const struct row *row) {
    struct arena arena = {0};
    struct str marked = str_from(row->text);
    size_t at = str_find_char(marked, '|');
    struct str plain = arena_printf(&arena, "%.*s%s", (int)at, marked.p, marked.p + at + 1);
    struct text *text = text_create(plain);
    struct context_input input = {.text = text, .language = row->language, .selection = {at, at}};
    struct context context = {.eol = STR("\n"), .unit = STR("    ")};
    struct placement placement;
    struct text_range target = {at, at};
    placement_for(&arena, &input, TARGET_POINT, target, &context, &placement);
    struct str result = arena_printf(&arena, "%.*s%.*sANSWER%s", (int)at, plain.p,
                                     STR_ARG(placement.lead), plain.p + at);
    assert_string_equal(arena_cstr(&arena, result), row->expected);
    assert_string_equal(arena_cstr(&arena, placement.indent), row->indent);
    assert_int_equal(placement.is_line_start, row->is_line_start);
    text_release(text);
    arena_finish(&arena);
}

static void test_points(void **state) {
    (void)state;
    static const struct row rows[] = {
        // Behind what opens a block: on a line of its own, one level deeper.
        {&PYTHON, "def f(a):|", "def f(a):\n    ANSWER", "    ", true},
        {&PYTHON, "class A:\n    def f(a):|\n", "class A:\n    def f(a):\n        ANSWER\n",
         "        ", true},
        {&C, "int f(void) {|\n}\n", "int f(void) {\n    ANSWER\n}\n", "    ", true},
        // Behind a comment that asks for something: below it.
        {&PYTHON, "    # sum of the list|\n", "    # sum of the list\n    ANSWER\n", "    ", true},
        // In the middle or at the end of an expression: right there.
        {&PYTHON, "total = |\n", "total = ANSWER\n", "", false},
        {&C, "    return a + |;\n", "    return a + ANSWER;\n", "    ", false},
        {&C, "    if (|) {\n", "    if (ANSWER) {\n", "    ", false},
        // On a blank line: as deep as its surroundings want it.
        {&PYTHON, "def f(a):\n    |\n", "def f(a):\n    ANSWER\n", "    ", true},
        {&PYTHON, "def f(a):\n|\n", "def f(a):\n    ANSWER\n", "    ", true},
        {&PYTHON, "    x = 1\n\n|\n", "    x = 1\n\n    ANSWER\n", "    ", true},
        {&C, "\tif (x) {\n\t|\n", "\tif (x) {\n\t    ANSWER\n", "\t    ", true},
        // Deeper than its surroundings on purpose, or less deep: left so.
        {&C, "\t\tx();\n\t|\n", "\t\tx();\n\tANSWER\n", "\t", true},
        {&PYTHON, "        n += 1\n    |\n", "        n += 1\n    ANSWER\n", "    ", true},
        {&C, "x();\n    |\n", "x();\n    ANSWER\n", "    ", true},
        {&C, "|", "ANSWER", "", true},
        {&PYTHON, "while x:|  # forever\n", "while x:ANSWER  # forever\n", "", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check(&rows[i]);
    }
}

static void test_words_that_open(void **state) {
    (void)state;
    static const struct row rows[] = {
        {&C, "if x then|\n", "if x then\n    ANSWER\n", "    ", true},
        {&C, "undo|\n", "undoANSWER\n", "", false},
        {&C, "local function f(a)|\n", "local function f(a)\n    ANSWER\n", "    ", true},
        {&C, "functional(a)|\n", "functional(a)ANSWER\n", "", false},
        {&C, "function f(a)|\n", "function f(a)\n    ANSWER\n", "    ", true},
        {&C, "x.map(a =>|\n", "x.map(a =>\n    ANSWER\n", "    ", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check(&rows[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points),
        cmocka_unit_test(test_words_that_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
