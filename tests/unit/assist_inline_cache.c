// SPDX-License-Identifier: MIT
//
// What is known already: typing into a suggestion, deleting back, brackets that editors add, items
// of the menu, and the bounds of the cache.
#include "assist_inline_rig.h"

#include <time.h>

enum { DOC = 7 };

struct known {
    struct inline_cache *cache;
    struct arena arena;
    uint64_t now;
};

static void known_init(struct known *known, struct inline_cache_limits limits) {
    *known = (struct known){.cache = inline_cache_create(limits), .now = 1000};
    arena_init(&known->arena);
}

static void known_finish(struct known *known) {
    inline_cache_destroy(known->cache);
    arena_finish(&known->arena);
}

static void view_of(struct known *known, struct str marked, struct inline_view *view) {
    size_t at = str_find(marked, STR("‸"));
    assert_true(at != STR_NPOS);
    struct str bytes = arena_join(&known->arena, str_slice(marked, 0, at),
                                  str_from_index(marked, at + sizeof("‸") - 1));
    struct text *text = text_create(bytes);
    inline_view_init(view, &known->arena, text, at, NULL);
    view->before = arena_copy(&known->arena, view->before);
    view->after = arena_copy(&known->arena, view->after);
    text_release(text);
}

static void put(struct known *known, struct str marked, struct str text) {
    struct inline_view view;
    struct inline_spot spot;
    view_of(known, marked, &view);
    inline_spot_init(&spot, DOC, &view);
    inline_cache_put(known->cache, &spot, text, known->now);
}

// "-": nothing is known.
static struct str find(struct known *known, struct str marked) {
    struct inline_view view;
    struct str text;
    view_of(known, marked, &view);
    return inline_cache_find(known->cache, DOC, &view, known->now, &known->arena, &text) ? text
                                                                                         : STR("-");
}

static void test_typing_and_deleting(void **state) {
    (void)state;
    struct known known;
    known_init(&known, INLINE_CACHE_LIMITS);
    put(&known, STR("a\nx = ‸\nb\n"), STR("load(file)"));
    assert_str(find(&known, STR("a\nx = ‸\nb\n")), STR("load(file)"));
    assert_str(find(&known, STR("a\nx = l‸\nb\n")), STR("oad(file)"));
    assert_str(find(&known, STR("a\nx = load(fil‸\nb\n")), STR("e)"));
    assert_str(find(&known, STR("a\nx = load(file)‸\nb\n")), STR("-")); // typed to its end
    assert_str(find(&known, STR("a\nx = le‸\nb\n")), STR("-"));
    assert_str(find(&known, STR("a\nx =‸\nb\n")), STR("-"));
    assert_str(find(&known, STR("a\ny = ‸\nb\n")), STR("-")); // other text before
    assert_str(find(&known, STR("a\nx = ‸\nc\n")), STR("-")); // behind
    assert_str(find(&known, STR("a\nx = ‸\nb\n\n")), STR("-"));
    // A later one at a typed place, then deleting back to the first.
    put(&known, STR("a\nx = lo‸\nb\n"), STR("cate()"));
    assert_str(find(&known, STR("a\nx = loc‸\nb\n")), STR("ate()"));
    assert_str(find(&known, STR("a\nx = loa‸\nb\n")), STR("d(file)"));
    assert_str(find(&known, STR("a\nx = lo‸\nb\n")), STR("cate()")); // the later one
    assert_str(find(&known, STR("a\nx = l‸\nb\n")), STR("oad(file)"));
    assert_str(find(&known, STR("a\nx = ‸\nb\n")), STR("load(file)"));
    known_finish(&known);
}

static void test_other_document(void **state) {
    (void)state;
    struct known known;
    known_init(&known, INLINE_CACHE_LIMITS);
    put(&known, STR("x‸"), STR("yz"));
    struct inline_view view;
    struct str text;
    view_of(&known, STR("x‸"), &view);
    assert_false(inline_cache_find(known.cache, DOC + 1, &view, known.now, &known.arena, &text));
    inline_cache_forget(known.cache, DOC + 1);
    assert_str(find(&known, STR("x‸")), STR("yz"));
    inline_cache_forget(known.cache, DOC);
    assert_str(find(&known, STR("x‸")), STR("-"));
    assert_int_equal(inline_cache_bytes(known.cache), 0);
    known_finish(&known);
}

static void test_nothing_is_known_too(void **state) {
    (void)state;
    struct known known;
    known_init(&known, INLINE_CACHE_LIMITS);
    put(&known, STR("x‸"), STR(""));
    assert_str(find(&known, STR("x‸")), STR(""));
    assert_str(find(&known, STR("xy‸")), STR("-"));
    known_finish(&known);
}

static void test_brackets_of_the_editor(void **state) {
    (void)state;
    struct known known;
    known_init(&known, INLINE_CACHE_LIMITS);
    put(&known, STR("x = ‸\n"), STR("load(f(a), 1);"));
    assert_str(find(&known, STR("x = load(‸)\n")), STR("f(a), 1"));
    assert_str(find(&known, STR("x = load(f(‸))\n")), STR("a"));
    assert_str(find(&known, STR("x = load(f(a)‸)\n")), STR(", 1"));
    assert_str(find(&known, STR("x = load(f(a), 1)‸\n")), STR(";"));
    assert_str(find(&known, STR("x = load(‸x\n")), STR("-")); // not a bracket
    put(&known, STR("f() ‸\n"), STR("{\n  a;\n}"));
    assert_str(find(&known, STR("f() {‸\n")), STR("\n  a;\n}"));
    assert_str(find(&known, STR("f() {‸}\n")), STR("-")); // another line: not right behind
    known_finish(&known);
}

static void test_bounds(void **state) {
    (void)state;
    struct known known;
    known_init(&known, (struct inline_cache_limits){.entries = 4, .bytes = 40, .age = 100});
    char marked[64];
    for (int i = 0; i < 100; i++) {
        snprintf(marked, sizeof(marked), "line %d ‸", i);
        put(&known, str_from(marked), STR("0123456789"));
        assert_in_range(inline_cache_count(known.cache), 1, 4);
        assert_in_range(inline_cache_bytes(known.cache), 1, 40);
    }
    assert_str(find(&known, STR("line 96 ‸")), STR("0123456789")); // used: stays longest
    put(&known, STR("new ‸"), STR("abc"));
    assert_str(find(&known, STR("line 96 ‸")), STR("0123456789"));
    assert_str(find(&known, STR("line 97 ‸")), STR("-"));
    // One that takes nearly all of it, one that is too large.
    put(&known, STR("big ‸"), STR("0123456789012345678901234567890123456789"));
    assert_int_equal(inline_cache_count(known.cache), 1);
    put(&known, STR("big ‸"), STR("01234567890123456789012345678901234567890"));
    assert_int_equal(inline_cache_count(known.cache), 0); // what was there is out of date
    put(&known, STR("old ‸"), STR("abc"));
    known.now += 100;
    assert_str(find(&known, STR("old ‸")), STR("abc"));
    known.now += 1;
    assert_str(find(&known, STR("old ‸")), STR("-"));
    assert_int_equal(inline_cache_count(known.cache), 0);
    known_finish(&known);
}

static void test_items(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct text *text = text_create(STR("a\nx = värde_lo\nb"));
    struct inline_view view;
    struct inline_item item;
    inline_view_init(&view, &arena, text, 15, NULL);
    assert_true(inline_item_init(&item, &arena, &view, STR("ad()")));
    assert_str(item.text, STR("värde_load()"));
    assert_int_equal(item.start, 6);
    assert_int_equal(item.end, 15);
    assert_false(inline_item_init(&item, &arena, &view, STR("")));
    // In the middle of a character: before it. Past the end: the end.
    inline_view_init(&view, &arena, text, 8, NULL);
    assert_int_equal(view.offset, 7);
    inline_view_init(&view, &arena, text, SIZE_MAX, NULL);
    assert_int_equal(view.offset, text_size(text));
    text_release(text);
    arena_finish(&arena);
}

static void test_selected_item(void **state) {
    (void)state;
    struct known known;
    known_init(&known, INLINE_CACHE_LIMITS);
    struct text *text = text_create(STR("a\nx = fooz\nb\n"));
    struct inline_view view;
    struct inline_item item;
    struct inline_selected selected = {6, 9, STR("foobar")};
    inline_view_init(&view, &known.arena, text, 8, &selected);
    assert_true(view.is_selected);
    assert_str(view.before, STR("a\nx = foobar"));
    assert_str(view.after, STR("z\nb\n"));
    assert_true(inline_item_init(&item, &known.arena, &view, STR("(1)")));
    assert_str(item.text, STR("foobar(1)")); // begins with the item, and replaces its range
    assert_int_equal(item.start, 6);
    assert_int_equal(item.end, 9);
    // Accepting it in the menu leads to the same place.
    struct inline_spot spot;
    inline_spot_init(&spot, DOC, &view);
    inline_cache_put(known.cache, &spot, STR("(1)"), known.now);
    assert_str(find(&known, STR("a\nx = foobar‸z\nb\n")), STR("(1)"));
    // What cannot be meant is ignored.
    const struct inline_selected wrong[] = {
        {9, 6, STR_INIT("f")},     {6, 11, STR_INIT("f")}, {0, 9, STR_INIT("f")},
        {6, 9, STR_INIT("f\ng")},  {6, 9, STR_INIT("")},   {6, 900, STR_INIT("f")},
        {9, 10, STR_INIT("late")},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        inline_view_init(&view, &known.arena, text, 8, &wrong[i]);
        assert_false(view.is_selected);
        assert_int_equal(view.offset, 8);
        assert_str(view.replaced, STR("fo"));
    }
    text_release(text);
    known_finish(&known);
}

// Typing any part of any completion anywhere in a document, larger than the windows, yields the
// rest.
static void check_typing(struct random *random) {
    struct known known;
    known_init(&known, INLINE_CACHE_LIMITS);
    char bytes[3000];
    size_t n = random_below(random, sizeof(bytes));
    for (size_t i = 0; i < n; i++) {
        bytes[i] = "ab \n("[random_below(random, 5)];
    }
    struct str document = str_of(bytes, n);
    size_t at = random_below(random, n + 1);
    struct str before = str_slice(document, 0, at), after = str_from_index(document, at);
    struct str shown = STR("b(a, ab)\n  a b\n");
    size_t typed = random_below(random, shown.n);
    struct inline_view view;
    struct inline_spot spot;
    struct text *text = text_create(document);
    inline_view_init(&view, &known.arena, text, at, NULL);
    inline_spot_init(&spot, DOC, &view);
    inline_cache_put(known.cache, &spot, shown, known.now);
    text_release(text);
    struct str now = arena_join(
        &known.arena, arena_join(&known.arena, before, str_slice(shown, 0, typed)), after);
    text = text_create(now);
    inline_view_init(&view, &known.arena, text, at + typed, NULL);
    struct str rest;
    assert_true(inline_cache_find(known.cache, DOC, &view, known.now, &known.arena, &rest));
    assert_str(rest, str_from_index(shown, typed));
    text_release(text);
    known_finish(&known);
}

static void test_typing_anywhere(void **state) {
    (void)state;
    random_each_seed(500, check_typing);
}

static int64_t cpu_us(void) {
    return (int64_t)clock() * 1000000 / CLOCKS_PER_SEC;
}

// Printed for docs/inline-completion.md.
static void test_cost(void **state) {
    (void)state;
    enum { ROUNDS = 1000 };
    struct known known;
    known_init(&known, INLINE_CACHE_LIMITS);
    struct buf document;
    buf_init(&document, 2 << 20);
    while (document.n < 1 << 20) {
        buf_append(&document, STR("some_value = compute(1)\n"));
    }
    struct text *text = text_create(buf_str(&document));
    struct inline_view view;
    struct str found;
    for (size_t i = 0; i < 64; i++) {
        struct inline_spot spot;
        inline_view_init(&view, &known.arena, text, 500000 + i, NULL);
        inline_spot_init(&spot, DOC, &view);
        inline_cache_put(known.cache, &spot, STR("nothing like the text"), known.now);
    }
    int64_t start = cpu_us();
    for (size_t i = 0; i < ROUNDS; i++) {
        inline_view_init(&view, &known.arena, text, 500063 + i % 16, NULL);
        inline_cache_find(known.cache, DOC, &view, known.now, &known.arena, &found);
    }
    print_message("view and a look into a full cache, 1 MB document %8.1f us\n",
                  (double)(cpu_us() - start) / ROUNDS);
    text_release(text);
    buf_finish(&document);
    known_finish(&known);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_typing_and_deleting),
        cmocka_unit_test(test_other_document),
        cmocka_unit_test(test_nothing_is_known_too),
        cmocka_unit_test(test_brackets_of_the_editor),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_selected_item),
        cmocka_unit_test(test_typing_anywhere),
        cmocka_unit_test(test_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
