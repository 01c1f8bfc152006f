// SPDX-License-Identifier: MIT
//
// Token estimates, cutting at lines, and which context is asked for.
#include "assist/budget.h"

#include "text_random.h"

static void check_estimate(const char *text, size_t low, size_t high) {
    size_t got = tokens_estimate(str_from(text));
    if (got < low || got > high) {
        print_error("'%s': %zu, expected %zu to %zu\n", text, got, low, high);
        fail();
    }
}

// The lower bounds are what tokenizers of today make of the texts.
static void test_estimates(void **state) {
    (void)state;
    check_estimate("", 0, 0);
    check_estimate("a", 1, 1);
    check_estimate("hello world", 2, 3);
    check_estimate("internationalization", 2, 5);
    check_estimate("\n", 1, 1);
    check_estimate("\r\n", 1, 1);
    check_estimate("        return 1\n", 4, 6);
    check_estimate("12345678", 3, 8);
    check_estimate("for (int i = 0; i < n; i++) {\n", 14, 24);
    check_estimate("def add(a: int, b: int) -> int:\n    return a + b\n", 18, 32);
    check_estimate("\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97", 3, 9);
    check_estimate("\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 2, 8);
    check_estimate("\xff\xff\xff", 1, 3);
}

static void check_cut(const char *text, size_t tokens, const char *head, const char *tail) {
    struct str got_head = tokens_head(str_from(text), tokens);
    struct str got_tail = tokens_tail(str_from(text), tokens);
    if (!str_eq(got_head, str_from(head)) || !str_eq(got_tail, str_from(tail))) {
        print_error("'%s' to %zu: '%.*s', '%.*s'\n", text, tokens, STR_ARG(got_head),
                    STR_ARG(got_tail));
        fail();
    }
}

static void test_cut_at_lines(void **state) {
    (void)state;
    check_cut("", 5, "", "");
    check_cut("a\nb\nc\n", 0, "", "");
    check_cut("a\nb\nc\n", 2, "a\n", "c\n");
    check_cut("a\nb\nc\n", 3, "a\n", "c\n");
    check_cut("a\nb\nc\n", 4, "a\nb\n", "b\nc\n");
    check_cut("a\nb\nc\n", 100, "a\nb\nc\n", "a\nb\nc\n");
    check_cut("a\nb\nc", 3, "a\n", "b\nc");
    check_cut("a\r\nb\r\nc\r\n", 2, "a\r\n", "c\r\n");
    check_cut("a\rb\rc\r", 2, "a\r", "c\r");
    check_cut("a\n\r\nb", 3, "a\n\r\n", "\r\nb");
    check_cut("\n\n\n", 2, "\n\n", "\n\n");
    check_cut("\r\r\n\r", 2, "\r\r\n", "\r\n\r");
    check_cut("one line that is too long", 3, "", "");
    check_cut("a\none line that is too long\nb", 3, "a\n", "b");
}

static bool is_line_border(struct str text, size_t at) {
    if (at == 0 || at == text.n) {
        return true;
    }
    bool splits_pair = text.p[at - 1] == '\r' && text.p[at] == '\n';
    return !splits_pair && (text.p[at - 1] == '\n' || text.p[at - 1] == '\r');
}

// What is cut fits, is as long as can be, and the estimates of lines add up.
static void cut_round(struct random *random) {
    char bytes[600];
    struct str text = str_of(bytes, random_text(random, bytes, sizeof(bytes), true));
    size_t tokens = random_below(random, tokens_estimate(text) + 3);
    struct str head = tokens_head(text, tokens);
    struct str tail = tokens_tail(text, tokens);
    assert_true(tokens_estimate(head) <= tokens);
    assert_true(tokens_estimate(tail) <= tokens);
    assert_true(head.n == 0 || head.p == text.p);
    assert_true(tail.n == 0 || tail.p + tail.n == text.p + text.n);
    assert_true(is_line_border(text, head.n));
    assert_true(is_line_border(text, text.n - tail.n));
    for (size_t at = 0; at <= text.n; at++) {
        if (!is_line_border(text, at)) {
            continue;
        }
        size_t before = tokens_estimate(str_slice(text, 0, at));
        size_t after = tokens_estimate(str_from_index(text, at));
        assert_int_equal(before + after, tokens_estimate(text));
        assert_true(at <= head.n || before > tokens);
        assert_true(text.n - at <= tail.n || after > tokens);
    }
}

static void test_cut_random_texts(void **state) {
    (void)state;
    random_each_seed(500, cut_round);
}

static void check_budget(struct budget_input input, int64_t num_ctx, int64_t num_predict,
                         bool fits) {
    struct budget got = budget_for(&input);
    if (got.num_ctx != num_ctx || got.num_predict != num_predict || got.fits != fits ||
        got.prompt != num_ctx - num_predict) {
        print_error("running %lld max %lld predict %lld needed %lld wanted %lld: num_ctx %lld, "
                    "num_predict %lld, prompt %lld, fits %d\n",
                    (long long)input.running, (long long)input.max, (long long)input.num_predict,
                    (long long)input.needed, (long long)input.wanted, (long long)got.num_ctx,
                    (long long)got.num_predict, (long long)got.prompt, got.fits);
        fail();
    }
}

// {running, max, num_predict, needed, wanted}
static void test_budgets(void **state) {
    (void)state;
    // What runs is kept as it is, if it holds all.
    check_budget((struct budget_input){4096, 131072, 1024, 500, 3000}, 4096, 1024, true);
    check_budget((struct budget_input){4096, 131072, 1024, 500, 3072}, 4096, 1024, true);
    check_budget((struct budget_input){5000, 131072, 1024, 500, 3900}, 5000, 1024, true);
    check_budget((struct budget_input){131072, 131072, 1024, 500, 900}, 131072, 1024, true);
    // Else the next power of two.
    check_budget((struct budget_input){4096, 131072, 1024, 500, 3073}, 8192, 1024, true);
    check_budget((struct budget_input){5000, 131072, 1024, 500, 4000}, 8192, 1024, true);
    check_budget((struct budget_input){0, 131072, 1024, 500, 1024}, 2048, 1024, true);
    check_budget((struct budget_input){0, 131072, 1024, 500, 1025}, 4096, 1024, true);
    check_budget((struct budget_input){0, 131072, 100, 1, 1}, 2048, 100, true);
    // Up to the maximum, which may be any number.
    check_budget((struct budget_input){0, 10000, 1024, 500, 8900}, 10000, 1024, true);
    check_budget((struct budget_input){0, 10000, 1024, 500, 90000}, 10000, 1024, true);
    check_budget((struct budget_input){0, 10000, 1024, 8976, 90000}, 10000, 1024, true);
    check_budget((struct budget_input){0, 10000, 1024, 8977, 90000}, 10000, 1024, false);
    // Nothing is known of the model, or only what it runs with.
    check_budget((struct budget_input){0, 0, 1024, 500, 90000}, 8192, 1024, true);
    check_budget((struct budget_input){32768, 0, 1024, 500, 90000}, 32768, 1024, true);
    check_budget((struct budget_input){4096, 0, 1024, 500, 90000}, 8192, 1024, true);
    // It runs with more than it was trained for.
    check_budget((struct budget_input){16384, 8192, 1024, 500, 90000}, 16384, 1024, true);
    // A small model's answer gets half.
    check_budget((struct budget_input){0, 2048, 4096, 500, 90000}, 2048, 1024, true);
    check_budget((struct budget_input){0, 512, 4096, 257, 300}, 512, 256, false);
}

// Whatever servers and settings say.
static void budget_round(struct random *random) {
    static const int64_t VALUES[] = {INT64_MIN, -1,   0,     1,      2,       3,        511,
                                     2048,      4096, 10000, 131072, 1 << 30, INT64_MAX};
    int64_t v[5];
    for (size_t i = 0; i < 5; i++) {
        v[i] = VALUES[random_below(random, sizeof(VALUES) / sizeof(VALUES[0]))];
    }
    struct budget_input input = {v[0], v[1], v[2], v[3], v[4]};
    struct budget got = budget_for(&input);
    assert_true(got.num_ctx > 0 && got.num_predict > 0 && got.prompt >= 0);
    assert_true(got.prompt + got.num_predict == got.num_ctx);
    assert_true(got.num_ctx >= input.running || input.running > 1 << 30);
    assert_true(input.num_predict < 1 || got.num_predict <= input.num_predict);
    assert_int_equal(got.fits, input.needed <= got.prompt);
}

static void test_random_budgets(void **state) {
    (void)state;
    random_each_seed(500, budget_round);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_estimates),        cmocka_unit_test(test_cut_at_lines),
        cmocka_unit_test(test_cut_random_texts), cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_random_budgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
