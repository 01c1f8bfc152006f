// SPDX-License-Identifier: MIT
//
// The cleaner: how an answer is made to fit the place it goes to, where it is written in another
// way than the file, or says once more what stands there.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "assist_clean_rig.h"

#define FENCE "```"

static void check_with(const struct clean_options *options, const char *answer,
                       const char *wanted) {
    for (size_t size = 1; size < 8; size += 3) {
        struct run run;
        run_init(&run);
        run_clean(&run, options, str_from(answer), size, NULL);
        if (!str_eq(buf_str(&run.whole), str_from(wanted))) {
            fail_msg("%s\n--- wanted\n%s\n--- got\n%.*s\n---", answer, wanted,
                     STR_ARG(buf_str(&run.whole)));
        }
        run_finish(&run);
    }
}

static void check_indent(const char *indent, const char *unit, const char *code, const char *answer,
                         const char *wanted) {
    struct clean_options options = clean_options_for("a.py");
    options.indent = str_from(indent);
    options.unit = str_from(unit);
    options.code = str_from(code);
    check_with(&options, answer, wanted);
}

// What stands before the cursor on its line is said once more.
static void test_repeated_start_of_line(void **state) {
    (void)state;
    static const char *const CASES[][3] = {
        {"    return ", "return a + b", "a + b"},
        {"    return ", "    return a + b\n", "a + b"},
        {"    return ", FENCE "python\n    return a + b\n" FENCE, "a + b"},
        {"    return", "return a + b", " a + b"},
        {"    return ", "returned + b", "ed + b"},
        {"    return ", "ret + b", "ret + b"},
        {"    return ", "retur", "retur"},
        {"    return ", "return", ""},
        {"    return ", "a + b", "a + b"},
        {"x = foo(a, ", "x = foo(a, b)\ny = 2", "b)\ny = 2"},
        {"((", "((a))", "((a))"},
        {"名 = ", "名 = 1", "1"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct clean_options options = clean_options_for("a.py");
        options.is_line_start = false;
        options.before = str_from(CASES[i][0]);
        check_with(&options, CASES[i][1], CASES[i][2]);
    }
}

// Answers in steps of blanks that are not the file's.
static void test_other_steps(void **state) {
    (void)state;
    const char *four = "if z:\n    y()";
    const char *two = "if z:\n  y()";
    check_indent("", "    ", four, "if a:\n  b()\n  if c:\n    d()\ne()",
                 "if a:\n    b()\n    if c:\n        d()\ne()");
    check_indent("", "  ", two, "if a:\n    b()\n    if c:\n        d()",
                 "if a:\n  b()\n  if c:\n    d()");
    check_indent("", "    ", "", "if a:\n  b()", "if a:\n    b()");
    check_indent("    ", "    ", "    if z:\n        y()", "if a:\n  b()\n  if c:\n    d()",
                 "if a:\n        b()\n        if c:\n            d()");
    check_indent("    ", "    ", "    if z:\n        y()", "    if a:\n      b()\n    c()",
                 "if a:\n        b()\n    c()");
    // The target's own way; brackets; lines that only look so.
    check_indent("", "    ", two, "if a:\n  b()", "if a:\n  b()");
    check_indent("", "    ", four, "a(\n    b,\n        c)", "a(\n    b,\n        c)");
    check_indent("", "    ", four, "f(\n        a):\n    b()\n    if c:\n        d()",
                 "f(\n        a):\n    b()\n    if c:\n        d()");
    check_indent("", "    ", four, "if a:\n    b(1,\n      2)\n    c()",
                 "if a:\n    b(1,\n      2)\n    c()");
    check_indent("", "    ", four, "a()\nq = '''\n  x\n    y\n'''",
                 "a()\nq = '''\n  x\n    y\n'''");
    // The first line does not tell: shown at the end.
    check_indent("", "    ", four, "f(a, b)\nif a:\n  b()\n  if c:\n    d()",
                 "f(a, b)\nif a:\n    b()\n    if c:\n        d()");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeated_start_of_line),
        cmocka_unit_test(test_other_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
