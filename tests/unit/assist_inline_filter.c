// SPDX-License-Identifier: MIT
//
// The stop rule and what is shown: single rules, and properties on random answers: how an answer is
// cut into pieces does not matter, what is shown is bounded, safe, and repeats nothing. Whole
// answers of models: tests/quality/inline_cases.
#include "assist_inline_rig.h"

#include "base/clock.h"
#include "base/utf.h"

struct shape_case {
    const char *path, *marked;
    bool is_block;
    const char *closable; // what the completion may close, innermost first
};

static void test_places(void **state) {
    (void)state;
    static const struct shape_case CASES[] = {
        {"a.py", "def f():‸\n", true, ""},
        {"a.py", "def f():\n    ‸\n", true, ""},
        {"a.py", "def f():\n    # why\n    ‸\n", true, ""},
        {"a.py", "def f():\n    ‸\n    return 1\n", false, ""},
        {"a.py", "def f():‸\n    return 1\n", false, ""},
        {"a.py", "def f(a,\n      b):‸\n", true, ""},
        {"a.py", "x = {'a':‸\n", false, "{"},
        {"a.py", "if a:\n    b()\n‸\n", false, ""},
        {"a.py", "# if a:‸\n", false, ""},
        {"a.py", "'if a:‸\n", false, ""},
        {"a.py", "f(g(‸)\n", false, ""}, // what stands behind closes the inner one
        {"a.py", "f(g(‸))\n", false, ""},
        {"a.py", "f(\n    a,‸\n)\n", false, ""},
        {"a.c", "int f(void) {‸\n}\n", true, ""},
        {"a.c", "int f(void) {‸\n", true, "{"},
        {"a.c", "int f(void) { // why {‸\n}\n", false, ""},
        {"a.c", "int f(void)\n{\n    ‸\n}\n", true, ""},
        {"a.c", "void f(void) {\n    if (a) {‸\n}\n", true, "{"},
        {"a.c", "void f(void) {\n    if (a) {‸\n    }\n}\n", true, ""},
        {"a.c", "void f(void) {\n    g(a‸\n}\n", false, "("},
        {"a.c", "void f(void) {\n    /* g(a‸\n}\n", false, "{"}, // all is comment
        {"a.c", "x = \"}}(\" + (‸\n", false, "("},
        {"a.js", "f((a) => {‸\n", true, "{("},
        {"a.js", "f((a) => {‸\n});\n", true, ""},
        {"a.js", "f((a) => {‸});\n", false, ""},
        {"a.lua", "local x = function(a)‸\n", true, ""},
        {"a.lua", "if a then‸\nend\n", true, ""},
        {"a.yaml", "a:\n  b:‸\nc: 1\n", true, ""},
        {"README.md", "It's (a {‸\n", false, "{("},
        {"a.json", "{\"a\": [‸", false, "[{"},
        {"a.json", "‸", false, ""},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct spot_rig rig;
        rig_open(&rig, CASES[i].path, str_from(CASES[i].marked));
        char closable[INLINE_BRACKETS + 1] = "";
        for (size_t k = 0; k < rig.place.n_closable; k++) {
            closable[k] = rig.place.closable[k].open;
        }
        if (rig.place.is_block != CASES[i].is_block || strcmp(closable, CASES[i].closable) != 0) {
            print_error("%s: block %d, may close \"%s\"\n", CASES[i].marked, rig.place.is_block,
                        closable);
            fail();
        }
        rig_close(&rig);
    }
}

// A window that begins in the middle of a docstring: only a tree knows.
static void test_tree_tells(void **state) {
    (void)state;
    struct buf document;
    buf_init(&document, 1 << 20);
    buf_append(&document, STR("\"\"\"Begins far before.\n"));
    while (document.n < 2 * INLINE_BEFORE) {
        buf_append(&document, STR("It's a long (story that doesn't end\n"));
    }
    buf_append(&document, STR("\"\"\"\ndef f():\n    ‸\n"));
    struct spot_rig rig;
    rig_open(&rig, "a.py", buf_str(&document));
    assert_true(rig.place.is_block);
    assert_int_equal(rig.place.kind, INLINE_CODE);
    assert_int_equal(rig.place.n_closable, 0);
    rig_close(&rig);
    buf_finish(&document);
}

static void test_says_enough(void **state) {
    (void)state;
    struct spot_rig rig;
    rig_open(&rig, "a.py", STR("x = ‸\n"));
    struct inline_filter *filter = inline_filter_create(&rig.view, &rig.place);
    assert_false(inline_filter_feed(filter, STR("load")));
    assert_false(inline_filter_feed(filter, STR("()")));
    assert_true(inline_filter_feed(filter, STR("\n")));
    assert_true(inline_filter_feed(filter, STR("more")));
    assert_str(inline_filter_end(filter, false), STR("load()"));
    inline_filter_destroy(filter);
    rig_close(&rig);
    // At the bracket that the text behind closes, before the line ends.
    rig_open(&rig, "a.py", STR("f(‸)\n"));
    filter = inline_filter_create(&rig.view, &rig.place);
    assert_false(inline_filter_feed(filter, STR("g(1)")));
    assert_true(inline_filter_feed(filter, STR(")")));
    assert_str(inline_filter_end(filter, false), STR("g(1)"));
    inline_filter_destroy(filter);
    rig_close(&rig);
    // Where the block ends.
    rig_open(&rig, "a.py", STR("def f():\n    ‸\n"));
    filter = inline_filter_create(&rig.view, &rig.place);
    assert_false(inline_filter_feed(filter, STR("return 1\n\n")));
    assert_true(inline_filter_feed(filter, STR("def g():\n")));
    assert_str(inline_filter_end(filter, true), STR("return 1"));
    inline_filter_destroy(filter);
    rig_close(&rig);
}

static void test_half_a_character(void **state) {
    (void)state;
    struct spot_rig rig;
    rig_open(&rig, "a.txt", STR("‸"));
    assert_str(rig_show(&rig, STR("Stra\xC3\x9F"), 1), STR("Straß"));
    assert_str(rig_show(&rig, STR("Stra\xC3"), 1), STR("Stra"));
    assert_str(rig_show(&rig, STR("ab \xE6\x97"), 2), STR("ab"));
    assert_str(rig_show(&rig, STR("ab\xED\xA0\x80 c"), 2), STR("ab")); // a surrogate
    assert_str(rig_show(&rig, STR("ab\xFFzz"), 3), STR("ab"));
    assert_str(rig_show(&rig, STR("ab\0cd"), 3), STR("ab"));
    rig_close(&rig);
}

static void test_agrees(void **state) {
    (void)state;
    struct spot_rig rig;
    rig_open(&rig, "a.py", STR("x = ‸\n"));
    struct inline_filter *filter = inline_filter_create(&rig.view, &rig.place);
    assert_true(inline_filter_agrees(filter, STR("anything"))); // nothing has come
    inline_filter_feed(filter, STR("load"));
    assert_true(inline_filter_agrees(filter, STR("")));
    assert_true(inline_filter_agrees(filter, STR("lo")));
    assert_true(inline_filter_agrees(filter, STR("load(f")));
    assert_false(inline_filter_agrees(filter, STR("le")));
    inline_filter_feed(filter, STR("()\n"));
    assert_true(inline_filter_agrees(filter, STR("load(")));
    assert_false(inline_filter_agrees(filter, STR("load(f")));
    inline_filter_destroy(filter);
    rig_close(&rig);
}

// A server that never stops: a few kilobytes are taken, and the rest costs nothing.
static void test_endless_answers(void **state) {
    (void)state;
    static const char *const PIECES[] = {"x",       "(",    " ",  "\n",         "\t\n",
                                         "<think>", "ab\n", "ä",  "}",          "Here is ",
                                         "```",     "\"",   "<|", "    a = 1\n"};
    struct spot_rig rig;
    rig_open(&rig, "a.py", STR("def f():\n    ‸\n"));
    int64_t start = clock_ms();
    for (size_t i = 0; i < sizeof(PIECES) / sizeof(PIECES[0]); i++) {
        struct inline_filter *filter = inline_filter_create(&rig.view, &rig.place);
        size_t fed = 0;
        while (fed < (10u << 20) && !inline_filter_feed(filter, str_from(PIECES[i]))) {
            fed += strlen(PIECES[i]);
        }
        assert_in_range(fed, 0, INLINE_ANSWER);
        assert_in_range(inline_filter_end(filter, true).n, 0, INLINE_ANSWER);
        inline_filter_destroy(filter);
    }
    assert_in_range(clock_ms() - start, 0, 20000);
    rig_close(&rig);
}

// --- properties ----------------------------------------------------------------------------------

static const char *const PARTS[] = {"return value",
                                    "\n",
                                    "\n    ",
                                    "\n\n",
                                    "(",
                                    ")",
                                    "{",
                                    "}",
                                    "[",
                                    "]",
                                    "\"",
                                    "'",
                                    " = ",
                                    "x",
                                    "def f():",
                                    "if (a) {",
                                    "// c",
                                    "# c",
                                    "/*",
                                    "*/",
                                    "```",
                                    "```python\n",
                                    "<think>",
                                    "</think>",
                                    "<|endoftext|>",
                                    "<|fim_middle|>",
                                    "Here is the code:\n",
                                    "    ",
                                    "\t",
                                    ";",
                                    ", ",
                                    "ü",
                                    "日",
                                    "\r\n",
                                    "end",
                                    "}\n",
                                    "else",
                                    "foo(bar)",
                                    "\xC3",
                                    "\xE2\x80\xAE",
                                    "value",
                                    "</s>",
                                    "do",
                                    "\\"};

static struct str random_parts(struct random *random, struct arena *arena, size_t max) {
    struct buf out;
    buf_init(&out, 1 << 16);
    for (size_t n = random_below(random, max); n > 0; n--) {
        buf_append(&out, str_from(PARTS[random_below(random, sizeof(PARTS) / sizeof(*PARTS))]));
    }
    struct str copy = arena_copy(arena, buf_str(&out));
    buf_finish(&out);
    return copy;
}

static size_t count_lines(struct str s) {
    size_t lines = 1;
    for (size_t i = 0; i < s.n; i++) {
        lines += s.p[i] == '\n' ? 1u : 0u;
    }
    return lines;
}

static bool has_word(struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        if (char_is_alnum(s.p[i]) || (unsigned char)s.p[i] >= 0x80) {
            return true;
        }
    }
    return false;
}

static void check_no_double(const struct spot_rig *rig, struct str shown) {
    struct str rest = rig->view.after, line = STR_NONE, first;
    if (!str_next_line(&rest, &first) || str_trim(first).n > 0) {
        return;
    }
    while (str_next_line(&rest, &line) && str_trim(line).n == 0) {
    }
    size_t at = str_rfind_char(shown, '\n');
    struct str last = at == STR_NPOS ? shown : str_from_index(shown, at + 1);
    if (has_word(line) && str_eq(str_trim(last), str_trim(line))) {
        print_error("doubled: %.*s\n", STR_ARG(last));
        fail();
    }
}

static void check_answer(struct random *random) {
    static const char *const PATHS[] = {"a.py", "a.c", "a.md", "a.json", "a.lua", "a.rs", "a.go"};
    struct arena arena;
    arena_init(&arena);
    struct str marked = arena_join(&arena, random_parts(random, &arena, 20), STR("‸"));
    marked = arena_join(&arena, marked, random_parts(random, &arena, 12));
    struct str answer = random_parts(random, &arena, 40);
    if (random_one_in(random, 3)) { // models repeat what follows
        struct str after = str_from_index(marked, str_find(marked, STR("‸")) + sizeof("‸") - 1);
        answer = arena_join(&arena, answer, after);
    }
    struct spot_rig rig;
    rig_open(&rig, PATHS[random_below(random, 7)], marked);
    struct str shown = rig_show(&rig, answer, answer.n + 1);
    for (size_t piece = 1; piece < 9; piece++) {
        assert_str(rig_show(&rig, answer, piece), shown);
    }
    assert_true(utf8_is_valid(shown));
    assert_false(str_contains(shown, STR("\xE2\x80\xAE")));
    assert_false(str_contains(shown, STR("<|endoftext|>")));
    assert_false(str_starts(shown, STR("<think>")));
    assert_in_range(count_lines(shown), 1, rig.place.is_block ? INLINE_LINES + 2 : 1);
    check_no_double(&rig, shown);
    struct inline_item item;
    if (inline_item_init(&item, &arena, &rig.view, shown)) {
        struct str all = text_str(rig.text);
        assert_true(item.start <= item.end && item.end <= all.n);
        struct str replaced = str_slice(all, item.start, item.end);
        assert_true(str_find_char(replaced, '\n') == STR_NPOS);
        assert_true(str_starts(item.text, replaced));
    }
    rig_close(&rig);
    arena_finish(&arena);
}

static void test_properties(void **state) {
    (void)state;
    random_each_seed(3000, check_answer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),      cmocka_unit_test(test_tree_tells),
        cmocka_unit_test(test_says_enough), cmocka_unit_test(test_half_a_character),
        cmocka_unit_test(test_agrees),      cmocka_unit_test(test_endless_answers),
        cmocka_unit_test(test_properties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
