// SPDX-License-Identifier: MIT
//
// The cleaner's limits: an answer that is too long, and answers made to be slow.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "assist_clean_rig.h"

#define ANSWER (256u * 1024)

static void test_limit(void **state) {
    (void)state;
    struct clean_options options = clean_options_for("a.py");
    struct cleaner *cleaner = cleaner_create(&options);
    struct buf text, thinking;
    buf_init(&text, 2 * LIMIT_ANSWER);
    buf_init(&thinking, LIMIT_ANSWER);
    static char block[64 * 1024];
    memset(block, 'x', sizeof(block));
    for (size_t i = 0; i < LIMIT_ANSWER / sizeof(block); i++) {
        cleaner_feed(cleaner, str_of(block, sizeof(block)), &text, &thinking);
        assert_false(cleaner_is_full(cleaner));
    }
    cleaner_feed(cleaner, STR("y"), &text, &thinking);
    assert_true(cleaner_is_full(cleaner));
    cleaner_end(cleaner, &text, &thinking);
    assert_int_equal(cleaner_text(cleaner).n, LIMIT_ANSWER);
    assert_int_equal(text.n, LIMIT_ANSWER);
    cleaner_destroy(cleaner);
    buf_finish(&text);
    buf_finish(&thinking);
}

// Seconds of processor time for a long answer made of one part.
static double time_of(const struct clean_options *options, const char *part) {
    struct buf answer, text, thinking;
    buf_init(&answer, ANSWER);
    buf_init(&text, 64 * ANSWER);
    buf_init(&thinking, 64 * ANSWER);
    while (buf_append(&answer, str_from(part))) {
    }
    clock_t begin = clock();
    struct cleaner *cleaner = cleaner_create(options);
    for (size_t at = 0; at < answer.n; at += 64) {
        cleaner_feed(cleaner, str_slice(buf_str(&answer), at, at + 64), &text, &thinking);
    }
    cleaner_end(cleaner, &text, &thinking);
    assert_true(cleaner_text(cleaner).n <= 16 * ANSWER);
    cleaner_destroy(cleaner);
    double took = (double)(clock() - begin) / CLOCKS_PER_SEC;
    buf_finish(&answer);
    buf_finish(&text);
    buf_finish(&thinking);
    return took;
}

static void test_hostile_answers_take_linear_time(void **state) {
    (void)state;
    static const char *const PARTS[] = {
        "<",
        "<|im",
        "[",
        "`",
        "``` ",
        "~",
        " ",
        "\t",
        "\n",
        " \n",
        "Sure ",
        "This ",
        "Here is\n",
        "a\n\nThis is a",
        "x\n```\n",
        "```python\n",
        "\"\"\"",
        "</think>",
        "<think>",
        "\xe2\x97",
        "\xff",
        "<s> ",
        "</s> ",
        "'</s>\n",
        "**",
        "- ",
        "a|`",
        "\\",
        "[a](b)",
        "\r",
        "x = 1\n    y\n",
        "}\n",
        "} \t\n\n",
        "}    x\n",
        "def f(x):\n",
        "aab",
        ");\n}\n",
    };
    struct clean_options options[6] = {clean_options_for("a.py"), clean_options_for("a.html"),
                                       clean_options_for("a.md")};
    options[0].indent = STR("    ");
    options[2].mode = CLEAN_MARKDOWN;
    // Places between many lines that are alike.
    static char before[16 * 1024], after[16 * 1024], rest[8 * 1024];
    for (size_t i = 0; i < sizeof(before); i++) {
        before[i] = "def f(x):\n"[i % 10];
        after[i] = "\n}"[i % 2];
        rest[i % sizeof(rest)] = "aab"[i % 3];
    }
    for (size_t k = 3; k < 6; k++) {
        options[k] = clean_options_for("a.py");
        options[k].before = str_of(before, sizeof(before) - k);
    }
    options[3].after = str_of(after, sizeof(after));
    options[4].after = str_of(rest, sizeof(rest));
    options[5].after = STR(");\n}\n}\n");
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        for (size_t k = 0; k < 6; k++) {
            double took = time_of(&options[k], PARTS[i]);
            // Linear ones take 0.1 s, with sanitizers one; quadratic ones minutes.
            if (took > 5) {
                fail_msg("\"%s\" took %.1f s", PARTS[i], took);
            }
            if (getenv("OLLAMA_LS_TEST_TIMES")) {
                fprintf(stderr, "%zu \"%s\": %.2f s\n", k, PARTS[i], took);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_hostile_answers_take_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
