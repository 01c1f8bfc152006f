// SPDX-License-Identifier: MIT
//
// The Markdown filter: nothing active passes outside of code, what is code stays, and no trick with
// lengths, lines, tables or cuts makes readers and the filter disagree on what is code.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "assist/markdown.h"
#include "base/utf.h"
#include "text_random.h"

#define FENCE "```"

static void filter(struct str text, size_t size, struct random *random, struct buf *out) {
    struct markdown_filter markdown;
    markdown_filter_init(&markdown);
    while (text.n > 0) {
        size_t n = size > 0 ? size : random_below(random, 5);
        markdown_filter_feed(&markdown, str_slice(text, 0, n), out);
        text = str_from_index(text, n);
    }
    markdown_filter_end(&markdown, out);
    markdown_filter_finish(&markdown);
}

static void check_bytes(struct str text, const char *wanted) {
    for (size_t size = 1; size < 6; size += 2) {
        struct buf out;
        buf_init(&out, 1 << 20);
        filter(text, size, NULL, &out);
        if (!str_eq(buf_str(&out), str_from(wanted))) {
            fail_msg("%.*s\n--- wanted\n%s\n--- got\n%.*s\n---", STR_ARG(text), wanted,
                     STR_ARG(buf_str(&out)));
        }
        buf_finish(&out);
    }
}

static void check(const char *text, const char *wanted) {
    check_bytes(str_from(text), wanted);
}

static void check_same(const char *text) {
    check(text, text);
}

static void test_plain(void **state) {
    (void)state;
    check_same("# A\n\nSome *text* with **words**, `code` and a list:\n\n- a\n- b\n\n> quoted\n");
    check_same("");
    check_same("a\\*b 1: 2, c; d (e) {f} | g\n");
    check_same("| a | b |\n|---|---|\n| 1 | `2` |\n");
    check_same("line\\\nbreak  \nend\n");
}

static void test_links(void **state) {
    (void)state;
    check("[a](http://b)", "\\[a](http\\://b)");
    check("![a](http://b \"t\")", "!\\[a](http\\://b \"t\")");
    check("[a][b]\n\n[b]: http://c\n", "\\[a]\\[b]\n\n\\[b]: http\\://c\n");
    check("[a]\n[a]:\n  https://x", "\\[a]\n\\[a]:\n  https\\://x");
    check("<https://a>", "\\<https\\://a>");
    check("see https://a.b/c?d=e", "see https\\://a.b/c?d=e");
    check("HTTPS://a WWW.b.c Mailto:d@e", "HTTPS\\://a WWW\\.b.c Mailto\\:d\\@e");
    check("www.a.b", "www\\.a.b");
    check("[^1]\n\n[^1]: note", "\\[^1]\n\n\\[^1]: note");
    check("a: b, c:/d", "a: b, c\\:/d");
    check("ends with:", "ends with:");
}

static void test_html(void **state) {
    (void)state;
    check("<script>alert(1)</script>", "\\<script>alert(1)\\</script>");
    check("<!-- a\n-->", "\\<!-- a\n-->");
    check("<a\nhref=x>", "\\<a\nhref=x>");
    check("&lt;b&gt; &#60; R&D", "\\&lt;b\\&gt; \\&#60; R\\&D");
    check("$$\nx\n$$", "\\$\\$\nx\n\\$\\$");
}

// A backslash must not undo ours.
static void test_backslashes(void **state) {
    (void)state;
    check("\\[a](b)", "\\[a](b)");
    check("\\\\[a](b)", "\\\\\\[a](b)");
    check("\\\\\\[a](b)", "\\\\\\[a](b)");
    check("\\<b>", "\\<b>");
    check("\\\\<b>", "\\\\\\<b>");
    check("\\`[a](b)`", "\\`\\[a](b)\\`");
    check("\\``[a](b)`", "\\``[a](b)`");
    check("http\\://a", "http\\://a");
    check("a\\", "a\\");
}

static void test_spans(void **state) {
    (void)state;
    check_same("`[a](b)` ``<b> ` &amp;`` end");
    check("`[a](b)", "\\`\\[a](b)");
    check("`a\n[b](c)`", "\\`a\n\\[b](c)\\`");
    check("``a` [b](c)", "\\`\\`a\\` \\[b](c)");
    check("` `` [b](c)", "\\` \\`\\` \\[b](c)");
    check("`` `a` [b](c)", "\\`\\` `a` \\[b](c)");
    check("`a\\` [b](c)", "`a\\` \\[b](c)");
    check("````````````````` x ````````````````` [b]",
          "\\`\\`\\`\\`\\`\\`\\`\\`\\`\\`\\`\\`\\`\\`\\`\\`\\` x "
          "\\`\\`\\`\\`\\`\\`\\`\\`\\`\\`\\`\\`\\`\\`\\`\\`\\` \\[b]");
}

// In a table a pipe ends the cell, and with it the span.
static void test_tables(void **state) {
    (void)state;
    check("a|b\n-|-\n`x | [e](u)` | c\n", "a|b\n-|-\n`x \\| [e](u)` | c\n");
    check("a|b\n-|-\n`x \\| y`\n", "a|b\n-|-\n`x \\| y`\n");
    check("a|b\n-|-\n`x \\\\| [e](u)`\n", "a|b\n-|-\n\\`x \\\\| \\[e](u)\\`\n");
    check("` | ` `[e](u)`\n-|-|-\n", "` | ` `[e](u)`\n\\-|-|-\n");
    check("> `a|b`\n> :-:|-\n", "> `a|b`\n> \\:-:|-\n");
    check("~~~a|b\n-|-\n[a](b)\n~~~\n", "~~~a\n-|-\n[a](b)\n~~~\n");
    check_same("`a || b`\n\ntext\n");
    check("a|b\n-|-\n1|2\n\n`a | [b](c)`", "a|b\n-|-\n1|2\n\n`a | [b](c)`");
}

static void test_fences(void **state) {
    (void)state;
    check_same(FENCE "c\n<b> [a](b) `x` &amp;\n" FENCE "\n");
    check_same("~~~\n" FENCE "\n[a](b)\n~~~\n");
    check(FENCE "c\nint x;", FENCE "c\nint x;\n" FENCE);
    check(FENCE "c\nint x;\n", FENCE "c\nint x;\n" FENCE);
    check("````\n" FENCE "\n[a](b)\n````\n[a](b)", "````\n" FENCE "\n[a](b)\n````\n\\[a](b)");
    check(FENCE "\na\n" FENCE "x\n[a](b)\n" FENCE "\n[c](d)",
          FENCE "\na\n" FENCE "x\n[a](b)\n" FENCE "\n\\[c](d)");
    check(FENCE "\na\n````  \n[c](d)", FENCE "\na\n````\n\\[c](d)");
    check(FENCE "\na\n   " FENCE "\n[c](d)", FENCE "\na\n" FENCE "\n\\[c](d)");
    check(FENCE "\na\n    " FENCE "\n[c](d)", FENCE "\na\n    " FENCE "\n[c](d)\n" FENCE);
    check(FENCE "\na\n\t" FENCE "\n[c](d)\n" FENCE, FENCE "\na\n\t" FENCE "\n[c](d)\n" FENCE);
    check(FENCE " a`b\n[c](d)", "\\`\\`\\` a\\`b\n\\[c](d)");
    check("~~~\na\n~~\n[c](d)\n~~~", "~~~\na\n~~\n[c](d)\n~~~");
}

// A list or a quote could end a fence before we see its end.
static void test_fences_in_lists(void **state) {
    (void)state;
    check("- a\n  " FENCE "c\n  x\n  y\n" FENCE "\n[c](d)\n",
          "- a\n" FENCE "c\nx\ny\n" FENCE "\n\\[c](d)\n");
    check("1. a\n    " FENCE "\n      x\n    " FENCE "\n", "1. a\n" FENCE "\n  x\n" FENCE "\n");
    check("> " FENCE "\n> [a](b)\n", "> \\`\\`\\`\n> \\[a](b)\n");
    check("- " FENCE "\n  [a](b)\n", "- \\`\\`\\`\n  \\[a](b)\n");
}

static void test_front_matter(void **state) {
    (void)state;
    check("---\n" FENCE "\n---\n[a](b)", "\\---\n" FENCE "\n---\n[a](b)\n" FENCE);
    check_same("a\n\n---\n\nb");
}

static void test_characters(void **state) {
    (void)state;
    check("a\x1b[31mb", "a\\x1b\\[31mb");
    check("\xe2\x80\xae"
          "a\xe2\x80\x8b",
          "\\u{202e}a\\u{200b}");
    check("\xff\xe2\x82", "\\xff\\xe2\\x82");
    check("é€😀\ta", "é€😀\ta");
    check("a\r\nb\rc\n", "a\nb\nc\n");
    check_bytes(str_of("a\0b", 3), "a\\x00b");
    check("`\x1b` \n" FENCE "\n\xe2\x80\xa8\n" FENCE, "`\\x1b` \n" FENCE "\n\\u{2028}\n" FENCE);
}

static void test_streams(void **state) {
    (void)state;
    struct markdown_filter markdown;
    struct buf out;
    markdown_filter_init(&markdown);
    buf_init(&out, 1000);
    markdown_filter_feed(&markdown, STR("It is"), &out);
    assert_string_equal(out.p, "It is");
    markdown_filter_feed(&markdown, STR(" `a"), &out);
    assert_string_equal(out.p, "It is ");
    markdown_filter_feed(&markdown, STR("` x\n" FENCE "c\nint"), &out);
    assert_string_equal(out.p, "It is `a` x\n" FENCE "c\nint");
    markdown_filter_finish(&markdown);
    buf_finish(&out);
}

// Cuts change nothing, and nothing unsafe to print comes out.
static void check_random(struct random *random) {
    static const char *const PIECES[] = {
        "`",    "``",    "```",    "~~~", "\n",      "\n\n", " ",    "    ", "\t",
        "|",    "-|-\n", "[a](b)", "![",  "](",      "<b>",  "&lt;", "\\",   "http:",
        "//",   "www.",  "- ",     "> ",  "1. ",     "x",    "---",  "\r",   "\xe2\x80",
        "\xae", "\x1b",  "$$",     "é",   "```js\n", "`|`",  ":",
    };
    char text[400];
    size_t n = 0;
    for (size_t i = random_below(random, 60); i > 0; i--) {
        struct str piece =
            str_from(PIECES[random_below(random, sizeof(PIECES) / sizeof(PIECES[0]))]);
        memcpy(text + n, piece.p, piece.n);
        n += piece.n;
    }
    struct buf one, other;
    buf_init(&one, 1 << 16);
    buf_init(&other, 1 << 16);
    filter(str_of(text, n), SIZE_MAX, random, &one);
    filter(str_of(text, n), 0, random, &other);
    assert_true(str_eq(buf_str(&one), buf_str(&other)));
    assert_true(utf8_is_valid(buf_str(&one)));
    for (size_t i = 0; i < one.n;) {
        uint32_t c = utf8_next(buf_str(&one), &i);
        assert_true(c == '\n' || c == '\t' || !char_is_unsafe(c));
    }
    buf_finish(&one);
    buf_finish(&other);
}

static void test_random(void **state) {
    (void)state;
    random_each_seed(3000, check_random);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),        cmocka_unit_test(test_links),
        cmocka_unit_test(test_html),         cmocka_unit_test(test_backslashes),
        cmocka_unit_test(test_spans),        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_fences),       cmocka_unit_test(test_fences_in_lists),
        cmocka_unit_test(test_front_matter), cmocka_unit_test(test_characters),
        cmocka_unit_test(test_streams),      cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
