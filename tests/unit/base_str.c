// SPDX-License-Identifier: MIT
//
// Views: searching against a naive search on random texts, splitting, lines, numbers, and path
// patterns.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/glob.h"
#include "base/str.h"

static void compares(void **state) {
    (void)state;
    assert_true(str_ieq(STR("LLama3:8B"), STR("llama3:8b")));
    assert_false(str_ieq(STR("a"), STR("ab")));
    assert_false(str_ieq(STR("@"), STR("`"))); // differ by the case bit only
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("b"), STR("ab")) > 0);
    assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
    assert_int_equal(str_cmp(STR_NONE, STR("")), 0);
    assert_int_equal(str_icmp(STR("ABC"), STR("abc")), 0);
    assert_true(str_icmp(STR("ABD"), STR("abc")) > 0);
    assert_true(str_starts(STR("ollama/x"), STR("ollama/")));
    assert_false(str_starts(STR("oll"), STR("ollama")));
    assert_true(str_ends(STR("a.json"), STR(".json")));
    assert_false(str_ends(STR("n"), STR("json")));
    assert_true(str_istarts(STR("HTTP://"), STR("http")));
    assert_true(str_iends(STR("A.JSON"), STR(".json")));
    assert_true(str_starts(STR_NONE, STR("")));
    assert_true(str_ends(STR_NONE, STR_NONE));
    assert_true(str_ihash(STR("AbC")) == str_ihash(STR("aBc")));
    assert_true(str_hash(STR("AbC")) != str_hash(STR("aBc")));
    assert_true(str_hash(STR("a")) == UINT64_C(0xaf63dc4c8601ec8c)); // published FNV-1a value
}

static size_t naive_find(struct str s, struct str needle, bool icase) {
    for (size_t i = 0; i + needle.n <= s.n; i++) {
        struct str part = str_of(s.p + i, needle.n);
        if (icase ? str_ieq(part, needle) : str_eq(part, needle)) {
            return i;
        }
    }
    return STR_NPOS;
}

static void finds_like_a_naive_search(void **state) {
    (void)state;
    static const char letters[] = {'a', 'A', 'b', 'B', '-', '\0'};
    uint32_t seed = 12345;
    for (int round = 0; round < 20000; round++) {
        char text[24];
        char part[4];
        for (size_t i = 0; i < sizeof(text); i++) {
            seed = seed * 1664525u + 1013904223u;
            text[i] = letters[(seed >> 16) % sizeof(letters)];
        }
        for (size_t i = 0; i < sizeof(part); i++) {
            seed = seed * 1664525u + 1013904223u;
            part[i] = letters[(seed >> 16) % sizeof(letters)];
        }
        struct str s = str_of(text, (seed >> 8) % (sizeof(text) + 1));
        struct str needle = str_of(part, seed % (sizeof(part) + 1));
        assert_int_equal(str_find(s, needle), naive_find(s, needle, false));
        assert_int_equal(str_ifind(s, needle), naive_find(s, needle, true));
    }
    assert_int_equal(str_find(STR_NONE, STR("x")), STR_NPOS);
    assert_int_equal(str_rfind_char(STR("a/b/c"), '/'), 3);
    assert_int_equal(str_rfind_char(STR("abc"), '/'), STR_NPOS);
    assert_int_equal(str_find_char(STR_NONE, '/'), STR_NPOS);
}

static void splits_and_trims(void **state) {
    (void)state;
    struct str rest = STR("a,,b,");
    static const char *const parts[] = {"a", "", "b", ""};
    size_t n = 0;
    while (rest.p) {
        struct str part = str_split(&rest, ',');
        assert_true(n < 4);
        assert_true(str_eq(part, str_from(parts[n++])));
    }
    assert_int_equal(n, 4);
    assert_true(str_eq(str_trim(STR(" \t\r\n x y \v\f")), STR("x y")));
    assert_int_equal(str_trim(STR(" \n ")).n, 0);
    assert_true(str_eq(str_slice(STR("abc"), 1, 99), STR("bc")));
    assert_int_equal(str_slice(STR("abc"), 5, 2).n, 0);
}

static void walks_lines(void **state) {
    (void)state;
    struct str rest = STR("a\nb\r\n\rc\r\r\nd");
    static const char *const lines[] = {"a", "b", "", "c", "", "d"};
    struct str line;
    size_t n = 0;
    while (str_next_line(&rest, &line)) {
        assert_true(n < 6);
        assert_true(str_eq(line, str_from(lines[n++])));
    }
    assert_int_equal(n, 6);
    rest = STR("x\n");
    assert_true(str_next_line(&rest, &line));
    assert_false(str_next_line(&rest, &line));
}

// Lines that end in \r alone must not cost a search to the end of the text each.
static void walks_old_mac_lines_in_linear_time(void **state) {
    (void)state;
    enum { SIZE = 4 * 1024 * 1024 };
    char *text = test_malloc(SIZE);
    memset(text, '\r', SIZE);
    struct str rest = str_of(text, SIZE);
    struct str line;
    size_t n = 0;
    int64_t start = clock_ms();
    while (str_next_line(&rest, &line) && clock_ms() - start < 20000) {
        n++;
    }
    assert_int_equal(n, SIZE);
    test_free(text);
}

static void reads_numbers(void **state) {
    (void)state;
    int64_t i = 1;
    uint64_t u = 1;
    double d = 1;
    assert_true(str_to_int64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_true(str_to_int64(STR("9223372036854775807"), &i) && i == INT64_MAX);
    assert_true(str_to_int64(STR("+5"), &i) && i == 5);
    assert_true(str_to_uint64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_true(str_to_double(STR("-1.5e3"), &d) && d < -1499.9 && d > -1500.1);
    assert_true(str_to_double(STR(".5"), &d) && d > 0.4 && d < 0.6);
    static const char *const bad[] = {"", "-", "+", " 1", "1 ", "1x", "0x1", "--1", "+-1"};
    i = 77;
    for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
        assert_false(str_to_int64(str_from(bad[k]), &i));
        assert_false(str_to_double(str_from(bad[k]), &d));
    }
    assert_false(str_to_int64(STR("9223372036854775808"), &i));
    assert_false(str_to_int64(STR("-9223372036854775809"), &i));
    assert_false(str_to_uint64(STR("18446744073709551616"), &u));
    assert_false(str_to_uint64(STR("-1"), &u));
    assert_false(str_to_double(STR("inf"), &d));
    assert_false(str_to_double(STR("nan"), &d));
    assert_false(str_to_double(STR("1e999"), &d));
    assert_false(str_to_double(STR("1\0002"), &d));
    assert_int_equal(i, 77);
}

struct glob_case {
    const char *pattern;
    const char *path;
    bool match;
};

static const struct glob_case globs[] = {
    {"*.yml", "a.yml", true},
    {"*.yml", "x/y/a.yml", true},
    {"*.yml", "a.yaml", false},
    {"x/*.yml", "x/a.yml", true},
    {"x/*.yml", "x/y/a.yml", false},
    {"x/*.yml", "z/x/a.yml", false},
    {"**/x/y", "x/y", true},
    {"**/x/y", "a/b/x/y", true},
    {"**/x/y", "a/xx/y", false},
    {"a/**/b", "a/b", true},
    {"a/**/b", "a/x/y/b", true},
    {"a/**/b", "a/x/yb", false},
    {"a/**", "a/b/c", true},
    {"a/**", "a", false},
    {"a/**", "ab/c", false},
    {"**", "a/b", true},
    {"**/*.c", "base/str.c", true},
    {"**/a*b/**/c", "x/aab/y/aXb/c", true},
    {"a?c", "abc", true},
    {"a?c", "ac", false},
    {"x/a?c", "x/a/c", false},
    {"[a-c]x", "bx", true},
    {"[a-c]x", "dx", false},
    {"[!a-c]x", "dx", true},
    {"[!a-c]x", "ax", false},
    {"x/[!a]y", "x//y", false},
    {"[]]", "]", true},
    {"[a-]", "-", true},
    {"[", "[", true},
    {"[ab", "[ab", true},
    {"*.{yml,yaml}", "a.yaml", true},
    {"*.{yml,yaml}", "a.yl", false},
    {"{a,b{c,d}}e", "bde", true},
    {"{a,b{c,d}}e", "be", false},
    {"{,x}y", "y", true},
    {"{a/b,c}/d", "a/b/d", true},
    {"a{b", "a{b", true},
    {"a}b", "a}b", true},
    {"\\*", "*", true},
    {"\\*", "a", false},
    {".env*", ".env.local", true},
    {"*", ".env", true},
    {"/a", "a", true},
    {"/a", "b/a", false},
    {"docker-compose*.y*ml", "docker-compose.prod.yaml", true},
    {"*a*a*b", "aaab", true},
    {"*a*a*b", "aaac", false},
    {"", "", true},
    {"", "a", false},
};

static void matches_globs(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++) {
        struct str pattern = str_from(globs[i].pattern);
        if (glob_match(pattern, str_from(globs[i].path)) != globs[i].match) {
            fail_msg("%s against %s", globs[i].pattern, globs[i].path);
        }
    }
    assert_true(glob_match_segment(STR("a*{1,2}"), STR("abc2")));
    assert_false(glob_match_segment(STR("a*"), STR("ba")));
}

static void hostile_globs_end_soon(void **state) {
    (void)state;
    char path[4000];
    memset(path, 'a', sizeof(path));
    for (size_t i = 7; i < sizeof(path); i += 8) {
        path[i] = '/';
    }
    struct str slashed = str_of(path, sizeof(path) - 1);
    int64_t start = clock_ms();
    assert_false(glob_match(STR("**/a*a*a*a/**/*a*a*a*/**/*a*/**/a*/**/*/**/b"), slashed));
    assert_false(glob_match(STR("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"
                                "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}c"),
                            slashed));
    memset(path, 'a', sizeof(path));
    assert_false(
        glob_match(STR("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"), str_of(path, sizeof(path))));
    memset(path, '{', 500);
    memset(path + 500, '}', 500);
    assert_false(glob_match(str_of(path, 1000), STR("a")));
    assert_false(glob_match(str_of(path + 250, 500), STR("a")));
    assert_true(clock_ms() - start < 2000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares),
        cmocka_unit_test(finds_like_a_naive_search),
        cmocka_unit_test(splits_and_trims),
        cmocka_unit_test(walks_lines),
        cmocka_unit_test(walks_old_mac_lines_in_linear_time),
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(matches_globs),
        cmocka_unit_test(hostile_globs_end_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
