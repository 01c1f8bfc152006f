// SPDX-License-Identifier: MIT
//
// The diff by lines and the ranges that follow: against references written for clarity, on many
// small random texts; and how long the worst texts take.
#include "text/diff.h"

#include <time.h>

#include "base/buf.h"
#include "base/limits.h"
#include "text_random.h"

enum { LINES_MAX = 40, BYTES_MAX = 600 };

// --- the properties of every diff ---

struct lines {
    struct str at[BYTES_MAX];
    size_t n;
};

static void lines_read(struct lines *lines, struct str s) {
    lines->n = 0;
    for (size_t i = 0, start = 0; i < s.n;) {
        size_t eol = model_eol(s, i);
        i += eol > 0 ? eol : 1;
        if (eol > 0 || i == s.n) {
            lines->at[lines->n++] = str_slice(s, start, i);
            start = i;
        }
    }
}

static size_t lines_lcs(const struct lines *a, const struct lines *b) {
    static size_t length[BYTES_MAX + 1][BYTES_MAX + 1];
    for (size_t i = 0; i <= a->n; i++) {
        for (size_t j = 0; j <= b->n; j++) {
            size_t best = 0;
            if (i > 0 && j > 0) {
                best = str_eq(a->at[i - 1], b->at[j - 1]) ? length[i - 1][j - 1] + 1 : 0;
                best = length[i - 1][j] > best ? length[i - 1][j] : best;
                best = length[i][j - 1] > best ? length[i][j - 1] : best;
            }
            length[i][j] = best;
        }
    }
    return length[a->n][b->n];
}

// A place where a line begins, or the end.
static bool is_line_border(struct str s, size_t at) {
    struct lines lines;
    lines_read(&lines, s);
    size_t start = 0;
    for (size_t i = 0; i < lines.n; i++) {
        if (start == at) {
            return true;
        }
        start += lines.at[i].n;
    }
    return start == at;
}

static size_t count_lines(struct str s) {
    struct lines lines;
    lines_read(&lines, s);
    return lines.n;
}

static void check_diff(struct str a, struct str b) {
    enum { OFFSET = 1000 };
    struct arena arena = {0};
    struct edit *edits;
    size_t n = text_diff(&arena, a, b, OFFSET, &edits);
    size_t replaced = 0, put = 0, previous_end = 0;
    for (size_t i = 0; i < n; i++) {
        edits[i].start -= OFFSET;
        edits[i].end -= OFFSET;
        assert_true(edits[i].start <= edits[i].end && edits[i].end <= a.n);
        assert_true(edits[i].start < edits[i].end || edits[i].text.n > 0);
        assert_true(i == 0 || edits[i].start > previous_end); // a line between two
        assert_true(is_line_border(a, edits[i].start) && is_line_border(a, edits[i].end));
        assert_true(edits[i].text.n == 0 ||
                    (edits[i].text.p >= b.p && edits[i].text.p + edits[i].text.n <= b.p + b.n));
        replaced += count_lines(str_slice(a, edits[i].start, edits[i].end));
        put += count_lines(edits[i].text);
        previous_end = edits[i].end;
    }
    struct str made = text_apply(&arena, a, edits, n);
    assert_int_equal(made.n, b.n);
    assert_memory_equal(made.p, b.n ? b.p : "", b.n);
    struct lines from, to;
    lines_read(&from, a);
    lines_read(&to, b);
    size_t common = lines_lcs(&from, &to);
    assert_int_equal(replaced, from.n - common);
    assert_int_equal(put, to.n - common);
    arena_finish(&arena);
}

static size_t random_lines(struct random *random, char *out, size_t kinds) {
    static const char *const KINDS[] = {"a", "b", "", "  c", "\tx", "}", "f", "é"};
    static const char *const ENDS[] = {"\n", "\n", "\n", "\n", "\r\n", "\r"};
    size_t n = 0;
    size_t count = random_below(random, LINES_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *kind = KINDS[random_below(random, kinds)];
        const char *end = ENDS[random_below(random, random_one_in(random, 8) ? 6 : 4)];
        n += (size_t)snprintf(out + n, BYTES_MAX - n, "%s%s", kind,
                              i + 1 == count && random_one_in(random, 3) ? "" : end);
    }
    return n;
}

static void run_diff(struct random *random) {
    static char a[BYTES_MAX], b[BYTES_MAX];
    for (int i = 0; i < 30; i++) {
        size_t kinds = 1 + random_below(random, 8);
        struct str from = str_of(a, random_lines(random, a, kinds));
        check_diff(from, str_of(b, random_lines(random, b, kinds)));
        check_diff(from, from);
        check_diff(from, str_of(b, random_text(random, b, random_below(random, 200), true)));
        // Some edits of `from`: what a diff is for.
        struct model model = {0};
        model_replace(&model, 0, 0, from);
        for (size_t k = random_below(random, 4); k > 0; k--) {
            size_t start = random_below(random, model.n + 1);
            size_t end = start + random_below(random, 20);
            char put[20];
            size_t n = random_text(random, put, random_below(random, sizeof(put)), false);
            model_replace(&model, start, end < model.n ? end : model.n, str_of(put, n));
        }
        if (model.n < BYTES_MAX) {
            check_diff(from, model_str(&model));
        }
        model_finish(&model);
    }
}

static void test_random_texts(void **state) {
    (void)state;
    random_each_seed(150, run_diff);
}

// --- by example ---

static void expect(const char *a, const char *b, const char *expected) {
    struct arena arena = {0};
    struct edit *edits;
    size_t n = text_diff(&arena, str_from(a), str_from(b), 0, &edits);
    struct buf buf;
    buf_init(&buf, 4096);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&buf, "[%zu,%zu)%.*s|", edits[i].start, edits[i].end, STR_ARG(edits[i].text));
    }
    assert_string_equal(buf.p ? buf.p : "", expected);
    buf_finish(&buf);
    arena_finish(&arena);
}

static void test_examples(void **state) {
    (void)state;
    expect("", "", "");
    expect("a\n", "a\n", "");
    expect("", "a", "[0,0)a|");
    expect("a", "", "[0,1)|");
    expect("a\nb\nc\n", "a\nB\nc\n", "[2,4)B\n|");
    expect("a\nb\nc", "a\nb\nc\n", "[4,5)c\n|");        // a final EOL more
    expect("a\nb\n", "a\r\nb\r\n", "[0,4)a\r\nb\r\n|"); // other line ends are other lines
    expect("a\rb\r", "a\r\nb\r", "[0,2)a\r\n|");        // \r is no prefix of \r\n
    expect("x\ra", "x\r\na", "[0,2)x\r\n|");            // nor at the end of what is equal
    expect("b\n", "a\r\nb\n", "[0,0)a\r\n|");           // nor its \n a suffix
    expect("= 1\nb\nc + 1", "= 2\nb\nc + 2", "[0,4)= 2\n|[6,11)c + 2|"); // parts of lines
    expect("1\n2\n3\n4\n5\n", "1\n3\n4\n5\n6\n", "[2,4)|[10,10)6\n|");
}

static void test_ambiguous_places_are_those_a_person_would_draw(void **state) {
    (void)state;
    expect("def a():\n    x\n\ndef b():\n    x\n",
           "def a():\n    x\n\ndef c():\n    x\n\ndef b():\n    x\n",
           "[16,16)def c():\n    x\n\n|");
    expect("int a {\n  x;\n}\n", "int a {\n  x;\n}\n\nint b {\n  x;\n}\n",
           "[15,15)\nint b {\n  x;\n}\n|");
    expect("int a {\n  x;\n}\n\nint b {\n  x;\n}\n", "int a {\n  x;\n}\n", "[15,31)|");
    expect("if a:\n    f()\n    g()\nh()\n", "if a:\n    f()\n    g()\n    g()\nh()\n",
           "[22,22)    g()\n|");
    expect("q\nb:\n  a\n  c\n", "q\nb:\n  a\nb:\n  a\n  c\n", "[2,2)b:\n  a\n|");
    // Two changes that slide stay apart.
    expect("a\na\nb\na\n", "a\na\na\nb\na\na\n", "[0,0)a\n|[8,8)a\n|");
}

// --- what the worst texts take ---

static double now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

struct big {
    char *p;
    size_t n;
};

static void big_add(struct big *big, const char *before, unsigned long value, const char *after) {
    big->n += (size_t)snprintf(big->p + big->n, 80, "%s%lu%s", before, value, after);
}

static void check_big(const char *what, struct big *a, struct big *b) {
    struct arena arena = {0};
    struct edit *edits;
    double best = 1e9;
    size_t n = 0;
    for (int i = 0; i < 3; i++) {
        arena_reset(&arena);
        double start = now_ms();
        n = text_diff(&arena, str_of(a->p, a->n), str_of(b->p, b->n), 0, &edits);
        double took = now_ms() - start;
        best = took < best ? took : best;
    }
    struct str made = text_apply(&arena, str_of(a->p, a->n), edits, n);
    assert_true(str_eq(made, str_of(b->p, b->n)));
    fprintf(stderr, "%-40s %8.2f ms, %zu edits\n", what, best, n);
    assert_true(best < 500); // a gross guard: machines and sanitizers differ; the aim is 20
    arena_finish(&arena);
}

enum worst {
    WORST_EQUAL_BUT_ENDS, // the same but for the first and last line
    WORST_SHUFFLED,       // the same lines in another order
    WORST_DISTINCT,
    WORST_FEW_KINDS,
    WORST_EMPTY_LINES,
    WORST_CR,
    WORST_ONE_LINE,
    WORST_REINDENTED,
    WORST_PERIODIC,
    WORST_MOST_LINES, // as many as are looked at
    WORST_COUNT,
};

static void big_fill(struct big *big, enum worst kind, unsigned side, struct random *random,
                     size_t max) {
    for (unsigned long i = 0; big->n + 100 < max; i++) {
        switch (kind) {
        case WORST_EQUAL_BUT_ENDS:
            big_add(big, i == 0 && side ? "first " : "    a line of code, number ", i, "\n");
            break;
        case WORST_SHUFFLED:
            big_add(big, "    a line of code, number ", side ? (i * 7919) % 131072 : i, "\n");
            break;
        case WORST_DISTINCT: big_add(big, side ? "b" : "a", i, "\n"); break;
        case WORST_FEW_KINDS:
            big_add(big, "    a line of code, ", random_below(random, 20), "\n");
            break;
        case WORST_EMPTY_LINES: big->p[big->n++] = i % 7 == side ? '\r' : '\n'; break;
        case WORST_CR: big_add(big, "", side + i % 1000, "\r"); break;
        case WORST_ONE_LINE: big_add(big, "", i + side, ", "); break;
        case WORST_REINDENTED: big_add(big, side ? "\t" : "    ", i, "\n\n"); break;
        case WORST_PERIODIC: big_add(big, "", (i * (side + 1)) % (2 + side), "\n"); break;
        case WORST_MOST_LINES:
            if (i == LIMIT_DIFF_LINES - 1) {
                max = 0;
            }
            big_add(big, side && i % 8 ? "1" : "", i, "\n");
            break;
        case WORST_COUNT: break;
        }
    }
    if (side) {
        big_add(big, "last ", 1, "");
    }
}

static void test_worst_texts_take_bounded_time(void **state) {
    (void)state;
    static const char *const NAMES[] = {"equal but ends", "shuffled",  "distinct", "few kinds",
                                        "empty lines",    "only \\r",  "one line", "reindented",
                                        "periodic",       "most lines"};
    static const size_t SIZES[] = {4u << 20, 1u << 20, 300u << 10, 30u << 10};
    struct random random = {7};
    struct big a = {malloc(4u << 20), 0}, b = {malloc(4u << 20), 0};
    for (int kind = 0; kind < WORST_COUNT; kind++) {
        for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
            char what[80];
            a.n = b.n = 0;
            big_fill(&a, (enum worst)kind, 0, &random, SIZES[i]);
            big_fill(&b, (enum worst)kind, 1, &random, SIZES[i]);
            snprintf(what, sizeof(what), "%s, %zu kB", NAMES[kind], SIZES[i] >> 10);
            check_big(what, &a, &b);
        }
    }
    free(a.p);
    free(b.p);
}

// Too different for the steps: one edit, without the equal first and last lines.
static void test_past_the_limit(void **state) {
    (void)state;
    struct big a = {malloc(4u << 20), 0}, b = {malloc(4u << 20), 0};
    big_add(&a, "head ", 1, "\n");
    big_add(&b, "head ", 1, "\n");
    for (unsigned long i = 0; i <= LIMIT_DIFF_LINES; i++) {
        big_add(&a, "", i, "\n");
        big_add(&b, "", LIMIT_DIFF_LINES - i, "\n");
    }
    big_add(&a, "tail ", 1, "");
    big_add(&b, "tail ", 1, "");
    struct arena arena = {0};
    struct edit *edits;
    assert_int_equal(text_diff(&arena, str_of(a.p, a.n), str_of(b.p, b.n), 0, &edits), 1);
    assert_int_equal(edits[0].start, strlen("head 1\n"));
    assert_int_equal(edits[0].end, a.n - strlen("tail 1"));
    arena_finish(&arena);
    free(a.p);
    free(b.p);
}

// --- ranges ---

// Follows [start, end) through [at, old_end) -> `put` bytes; expects the fate and the range.
static void expect_range(size_t start, size_t end, size_t at, size_t old_end, size_t put,
                         enum range_fate fate, size_t new_start, size_t new_end) {
    struct text_range range = {start, end};
    struct text_splice splice = {at, old_end, at + put};
    assert_int_equal(text_range_follow(&range, &splice), fate);
    assert_int_equal(range.start, new_start);
    assert_int_equal(range.end, new_end);
}

static void test_ranges_by_example(void **state) {
    (void)state;
    expect_range(10, 20, 3, 5, 7, RANGE_KEPT, 15, 25);       // before
    expect_range(10, 20, 10, 10, 3, RANGE_KEPT, 13, 23);     // put in at the start
    expect_range(10, 20, 5, 10, 3, RANGE_KEPT, 8, 18);       // up to the start
    expect_range(10, 20, 20, 20, 3, RANGE_KEPT, 10, 20);     // put in at the end
    expect_range(10, 20, 20, 25, 0, RANGE_KEPT, 10, 20);     // from the end
    expect_range(10, 20, 25, 30, 1, RANGE_KEPT, 10, 20);     // behind
    expect_range(10, 20, 15, 15, 0, RANGE_KEPT, 10, 20);     // nothing
    expect_range(10, 20, 15, 15, 2, RANGE_TOUCHED, 10, 22);  // inside
    expect_range(10, 20, 10, 12, 5, RANGE_TOUCHED, 10, 23);  // its first bytes
    expect_range(10, 20, 18, 20, 0, RANGE_TOUCHED, 10, 18);  // its last bytes
    expect_range(10, 20, 10, 20, 10, RANGE_TOUCHED, 10, 20); // exactly
    expect_range(10, 20, 10, 20, 4, RANGE_TOUCHED, 10, 14);
    expect_range(10, 20, 10, 20, 0, RANGE_TOUCHED, 10, 10);
    expect_range(10, 20, 5, 15, 2, RANGE_TOUCHED, 7, 12);   // over the start
    expect_range(10, 20, 15, 25, 2, RANGE_TOUCHED, 10, 15); // over the end
    expect_range(10, 20, 6, 20, 9, RANGE_TOUCHED, 10, 15);  // all and four before
    expect_range(10, 20, 6, 20, 2, RANGE_TOUCHED, 8, 8);
    expect_range(10, 20, 10, 24, 9, RANGE_TOUCHED, 10, 15); // all and four behind
    expect_range(10, 20, 10, 24, 2, RANGE_TOUCHED, 10, 10);
    expect_range(10, 20, 9, 21, 12, RANGE_LOST, 9, 9);
    expect_range(10, 10, 10, 10, 3, RANGE_TOUCHED, 13, 13); // at a place
    expect_range(10, 10, 7, 10, 0, RANGE_KEPT, 7, 7);       // removed before it
    expect_range(10, 10, 7, 10, 2, RANGE_TOUCHED, 9, 9);    // put in before it
    expect_range(10, 10, 10, 13, 0, RANGE_KEPT, 10, 10);
    expect_range(10, 10, 10, 13, 2, RANGE_TOUCHED, 10, 10);
    expect_range(10, 10, 9, 11, 2, RANGE_LOST, 9, 9);
    expect_range(10, 10, 2, 4, 4, RANGE_KEPT, 12, 12);
    expect_range(10, 10, 12, 14, 4, RANGE_KEPT, 10, 10);
    expect_range(0, 0, 0, 0, 1, RANGE_TOUCHED, 1, 1);
}

// The reference: the old text is marked byte by byte, 'r' in the range, '-' outside; what is put in
// is 'n'. Old and new texts are compared by their marks.
static void run_ranges(struct random *random) {
    for (int i = 0; i < 200; i++) {
        size_t size = random_below(random, 12);
        size_t s = random_below(random, size + 1), e = s + random_below(random, size - s + 1);
        size_t at = random_below(random, size + 1);
        size_t old_end = at + random_below(random, size - at + 1);
        size_t put = random_below(random, 4);
        if (s == e || (at == old_end && put == 0)) {
            continue; // those by example
        }
        char marks[40];
        size_t n = 0, first = STR_NPOS, last = 0, left = 0;
        for (size_t k = 0; k <= size; k++) {
            if (k == at) {
                memset(marks + n, 'n', put);
                n += put;
            }
            if (k < size && (k < at || k >= old_end)) {
                bool inside = k >= s && k < e;
                first = inside && left == 0 ? n : first;
                last = inside ? n + 1 : last;
                left += inside;
                marks[n++] = inside ? 'r' : '-';
            }
        }
        struct text_range range = {s, e};
        struct text_splice splice = {at, old_end, at + put};
        enum range_fate fate = text_range_follow(&range, &splice);
        assert_true(range.start <= range.end && range.end <= n);
        bool is_whole = left == e - s && (left == 0 || last - first == left);
        assert_int_equal(fate == RANGE_KEPT, is_whole);
        assert_int_equal(fate == RANGE_LOST, at < s && old_end > e);
        if (left > 0 && at >= s && old_end <= e) { // inside: what is put in belongs to it
            first = at == s && fate == RANGE_TOUCHED ? s : first;
            last = old_end == e && fate == RANGE_TOUCHED ? at + put : last;
        }
        if (left > 0) {
            assert_int_equal(range.start, first);
            assert_int_equal(range.end, last);
        }
        for (size_t k = range.start; k < range.end; k++) {
            assert_int_not_equal(marks[k], '-'); // never a byte that was outside
        }
    }
}

static void test_random_ranges(void **state) {
    (void)state;
    random_each_seed(60, run_ranges);
}

// --- splices ---

static void check_splices(struct str a, struct str b, size_t max_put) {
    struct arena arena = {0};
    struct text_splice *splices;
    size_t n = text_diff_splices(&arena, a, b, &splices);
    // From the last one back, all texts between are known: the new text behind a splice is final.
    struct model model = {0};
    model_replace(&model, 0, 0, a);
    ptrdiff_t delta = 0;
    size_t put = 0;
    for (size_t i = 0; i < n; i++) {
        struct text_splice s = splices[i];
        assert_true(s.start <= s.old_end && s.start <= s.new_end && s.old_end <= model.n);
        assert_true(i == 0 || s.start >= splices[i - 1].new_end);
        model_replace(&model, s.start, s.old_end, str_slice(b, s.start, s.new_end));
        delta += (ptrdiff_t)s.new_end - (ptrdiff_t)s.old_end;
        put += s.new_end - s.start;
    }
    assert_int_equal((ptrdiff_t)a.n + delta, (ptrdiff_t)b.n);
    assert_true(str_eq(model_str(&model), b));
    assert_true(put <= max_put);
    assert_int_equal(n == 0, str_eq(a, b));
    model_finish(&model);
    arena_finish(&arena);
}

static void run_splices(struct random *random) {
    static char a[BYTES_MAX], b[BYTES_MAX];
    for (int i = 0; i < 50; i++) {
        struct str from = str_of(a, random_lines(random, a, 8));
        struct str to = str_of(b, random_lines(random, b, 8));
        check_splices(from, to, SIZE_MAX);
        from = str_of(a, random_text(random, a, random_below(random, 200), true));
        to = str_of(b, random_text(random, b, random_below(random, 200), true));
        check_splices(from, to, SIZE_MAX);
    }
}

static void test_random_splices(void **state) {
    (void)state;
    random_each_seed(60, run_splices);
}

// A client that sends whole texts: two changes do not touch what is between them.
static void test_a_range_between_two_changes_is_kept(void **state) {
    (void)state;
    struct str a = STR("import a\n\ndef f():\n    pass\n\nf()\n");
    struct str b = STR("import a\nimport b\n\ndef f():\n    pass\n\nf(1)\n");
    struct arena arena = {0};
    struct text_splice *splices;
    size_t n = text_diff_splices(&arena, a, b, &splices);
    assert_int_equal(n, 2);
    struct text_range range = {10, 27};
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(text_range_follow(&range, &splices[i]), RANGE_KEPT);
    }
    assert_true(str_eq(str_slice(b, range.start, range.end), STR("def f():\n    pass")));
    check_splices(STR("f(\"\xc3\xa9\")\n"), STR("f(\"\xc3\xa8\")\n"), 2); // a character, not a byte
    check_splices(STR("\xc3\xa9x\n"), STR("\xc3\xa9yx\n"), 1);
    check_splices(STR("a\r"), STR("a\r\n"), 2);
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_texts),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_ambiguous_places_are_those_a_person_would_draw),
        cmocka_unit_test(test_worst_texts_take_bounded_time),
        cmocka_unit_test(test_past_the_limit),
        cmocka_unit_test(test_ranges_by_example),
        cmocka_unit_test(test_random_ranges),
        cmocka_unit_test(test_random_splices),
        cmocka_unit_test(test_a_range_between_two_changes_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
