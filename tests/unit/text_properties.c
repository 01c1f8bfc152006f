// SPDX-License-Identifier: MIT
//
// Properties of text/ against the naive model: whatever changes come, the text, its lines, its
// positions and the splice are what the model says.
#include "text/edit.h"

#include "text_random.h"

enum { CHANGE_BYTES = 60, BATCH = 5, ROUNDS = 40 };

static const enum position_encoding ENCODINGS[] = {POSITION_UTF8, POSITION_UTF16, POSITION_UTF32};

static void check_bytes(const struct text *text, const struct model *model) {
    assert_int_equal(text_size(text), model->n);
    assert_memory_equal(text_str(text).p, model->bytes ? model->bytes : "", model->n);
    assert_int_equal(text_str(text).p[model->n], 0);
}

// The index that edits carried over is the one a new text would have.
static void check_lines(const struct text *text) {
    struct text *fresh = text_create(text_str(text));
    assert_int_equal(text_line_count(text), text_line_count(fresh));
    for (size_t i = 0; i < text_line_count(fresh); i++) {
        assert_int_equal(text_line_start(text, i), text_line_start(fresh, i));
        assert_int_equal(text_line_end(text, i), text_line_end(fresh, i));
        assert_int_equal(text_line_is_ascii(text, i), text_line_is_ascii(fresh, i));
        assert_int_equal(text_line_at(text, text_line_start(text, i)), i);
    }
    text_release(fresh);
}

static void check_positions(const struct text *text, const struct model *model,
                            enum position_encoding encoding) {
    struct str s = model_str(model);
    struct text_cursor cursor = text_cursor_init(text, encoding);
    for (size_t offset = 0;;) {
        struct position expected = model_position(s, offset, encoding);
        struct position position = text_position(text, offset, encoding);
        assert_int_equal(position_cmp(position, expected), 0);
        assert_int_equal(position_cmp(text_cursor_position(&cursor, offset), expected), 0);
        assert_int_equal(text_offset(text, position, encoding), offset);
        if (offset >= s.n) {
            break;
        }
        size_t eol = model_eol(s, offset);
        size_t next = offset + (eol > 0 ? eol : model_character(s, offset));
        for (size_t inside = offset + 1; inside < next; inside++) {
            position = text_position(text, inside, encoding);
            assert_int_equal(position_cmp(position, expected), 0);
        }
        offset = next;
    }
}

static void check_splice(const struct text *old, const struct text *new,
                         struct text_splice splice) {
    struct str a = text_str(old), b = text_str(new);
    assert_true(splice.start <= splice.old_end && splice.old_end <= a.n);
    assert_true(splice.start <= splice.new_end && splice.new_end <= b.n);
    assert_int_equal(a.n - splice.old_end, b.n - splice.new_end);
    assert_memory_equal(a.p, b.p, splice.start);
    assert_memory_equal(a.p + splice.old_end, b.p + splice.new_end, a.n - splice.old_end);
    bool none = splice.old_end == splice.start && splice.new_end == splice.start;
    assert_int_equal(str_eq(a, b), none);
}

static struct text *edit_one_by_one(struct text *text, const struct text_change *changes, size_t n,
                                    enum position_encoding encoding, struct text_splice *all) {
    struct text *current = text_retain(text);
    for (size_t i = 0; i < n; i++) {
        struct text_splice splice;
        struct text *next = text_edit(current, &changes[i], 1, encoding, &splice);
        check_splice(current, next, splice);
        *all = i == 0 ? splice : text_splice_merge(*all, splice);
        text_release(current);
        current = next;
    }
    return current;
}

static void run_edits(struct random *random) {
    char storage[BATCH][CHANGE_BYTES];
    char document[400];
    size_t n = random_text(random, document, random_below(random, sizeof(document)), true);
    struct model model = {0};
    model_replace(&model, 0, 0, str_of(document, n));
    struct text *text = text_create(model_str(&model));
    for (int round = 0; round < ROUNDS; round++) {
        enum position_encoding encoding = ENCODINGS[random_below(random, 3)];
        struct text_change changes[BATCH];
        size_t count = 1 + random_below(random, BATCH);
        for (size_t i = 0; i < count; i++) {
            changes[i] = random_change(random, &model, storage[i], CHANGE_BYTES);
            model_apply(&model, &changes[i], encoding);
        }
        struct text_splice splice, split_splice;
        struct text *next = text_edit(text, changes, count, encoding, &splice);
        struct text *split = edit_one_by_one(text, changes, count, encoding, &split_splice);
        check_bytes(next, &model);
        assert_true(str_eq(text_str(next), text_str(split)));
        check_lines(next);
        check_lines(split);
        check_splice(text, next, splice);
        struct str a = text_str(text), b = text_str(next);
        assert_memory_equal(a.p, b.p, split_splice.start);
        assert_int_equal(a.n - split_splice.old_end, b.n - split_splice.new_end);
        assert_memory_equal(a.p + split_splice.old_end, b.p + split_splice.new_end,
                            a.n - split_splice.old_end);
        for (size_t e = 0; e < 3; e++) {
            check_positions(next, &model, ENCODINGS[e]);
        }
        text_release(split);
        text_release(text);
        text = next;
    }
    text_release(text);
    model_finish(&model);
}

static void test_edits_equal_the_model(void **state) {
    (void)state;
    random_each_seed(60, run_edits);
}

// Positions far outside, in descending and random order: never past the text, same as the model.
static void run_wild_positions(struct random *random) {
    char document[300];
    struct model model = {0};
    model_replace(&model, 0, 0,
                  str_of(document, random_text(random, document, sizeof(document), true)));
    struct text *text = text_create(model_str(&model));
    for (int i = 0; i < 300; i++) {
        enum position_encoding encoding = ENCODINGS[random_below(random, 3)];
        struct position position = random_position(random, &model);
        assert_int_equal(text_offset(text, position, encoding),
                         model_offset(model_str(&model), position, encoding));
    }
    struct text_cursor cursor = text_cursor_init(text, POSITION_UTF16);
    for (int i = 0; i < 300; i++) {
        size_t offset = random_below(random, model.n + 10);
        struct position expected = text_position(text, offset, POSITION_UTF16);
        assert_int_equal(position_cmp(text_cursor_position(&cursor, offset), expected), 0);
    }
    text_release(text);
    model_finish(&model);
}

static void test_wild_positions(void **state) {
    (void)state;
    random_each_seed(40, run_wild_positions);
}

// Lines of a megabyte, with and without non-ASCII text, edited in the middle.
static void run_long_lines(struct random *random) {
    enum { SIZE = 1 << 20 };
    char *document = malloc(SIZE);
    assert_non_null(document);
    memset(document, 'x', SIZE);
    if (random_one_in(random, 2)) {
        for (size_t i = 0; i + 4 < SIZE; i += 64) {
            memcpy(document + i, "\xf0\x9f\x98\x80", 4);
        }
    }
    document[SIZE / 2] = '\n';
    struct model model = {0};
    model_replace(&model, 0, 0, str_of(document, SIZE));
    struct text *text = text_create(model_str(&model));
    char storage[CHANGE_BYTES];
    for (int round = 0; round < 6; round++) {
        struct text_change change = random_change(random, &model, storage, CHANGE_BYTES);
        change.whole = false;
        struct text_splice splice;
        struct text *next = text_edit(text, &change, 1, POSITION_UTF16, &splice);
        model_apply(&model, &change, POSITION_UTF16);
        check_bytes(next, &model);
        check_lines(next);
        check_splice(text, next, splice);
        text_release(text);
        text = next;
    }
    text_release(text);
    model_finish(&model);
    free(document);
}

static void test_long_lines(void **state) {
    (void)state;
    random_each_seed(6, run_long_lines);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edits_equal_the_model),
        cmocka_unit_test(test_wild_positions),
        cmocka_unit_test(test_long_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
