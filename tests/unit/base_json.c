// SPDX-License-Identifier: MIT
//
// The JSON guard: vectors of our own in data/json-accept.txt and json-reject.txt, the real
// JSONTestSuite when OLLAMA_LS_JSONTESTSUITE names its test_parsing folder, depth, the relaxed
// dialect, and what comes out of the getters.
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"

#define MIB (1024u * 1024)

static struct arena arena;

static int set_up(void **state) {
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_finish(&arena);
    return 0;
}

static struct json_object *parsed(struct str text) {
    struct json_object *value = NULL;
    struct error error = {0};
    if (json_parse(&arena, text, &value, &error) != ERR_OK) {
        fail_msg("%.*s: %.*s", STR_ARG(text), STR_ARG(error.message));
    }
    return value;
}

static int hex_of(char c) {
    return char_is_digit(c) ? c - '0' : char_lower(c) - 'a' + 10;
}

static struct str unescape(struct str s) {
    char *out = ARENA_ARRAY(&arena, s.n + 1, char);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\\') {
            assert_true(++i < s.n);
            c = s.p[i];
            c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
            if (s.p[i] == 'x') {
                assert_true(i + 2 < s.n);
                c = (char)(hex_of(s.p[i + 1]) * 16 + hex_of(s.p[i + 2]));
                i += 2;
            }
        }
        out[n++] = c;
    }
    return str_of(out, n);
}

// An accepted text must also survive json-c and come back as the same value.
static void check_accepted(const char *name, struct str text) {
    struct error error = {0};
    struct json_object *value = NULL;
    if (json_check(text, NULL) != ERR_OK || json_parse(&arena, text, &value, &error) != ERR_OK) {
        fail_msg("%s must be accepted: %.*s", name, STR_ARG(error.message));
    }
    struct str again = arena_copy(&arena, json_text(value));
    if (json_check(again, NULL) != ERR_OK) {
        fail_msg("%s: written as %.*s", name, STR_ARG(again));
    }
    json_object_put(value);
}

static void check_rejected(const char *name, struct str text) {
    struct error error = {0};
    struct json_object *value = NULL;
    size_t offset = SIZE_MAX;
    if (json_check(text, &offset) == ERR_OK || offset > text.n ||
        json_parse(&arena, text, &value, &error) == ERR_OK) {
        fail_msg("%s must be rejected (offset %zu)", name, offset);
    }
    assert_null(value);
    assert_true(error.message.n > 0);
}

static size_t run_vectors(const char *path, void (*check)(const char *, struct str)) {
    struct str file;
    struct str line;
    size_t count = 0;
    assert_int_equal(file_read(&arena, path, MIB, &file), ERR_OK);
    while (str_next_line(&file, &line)) {
        if (line.n == 0 || line.p[0] == '#') {
            continue;
        }
        struct str text = line;
        struct str name = str_split(&text, '\t');
        assert_non_null(text.p);
        check(arena_cstr(&arena, name), unescape(text));
        count++;
    }
    return count;
}

static void accepts_json(void **state) {
    (void)state;
    assert_true(run_vectors(TEST_DATA_DIR "/unit/data/json-accept.txt", check_accepted) > 80);
}

static void rejects_everything_else(void **state) {
    (void)state;
    assert_true(run_vectors(TEST_DATA_DIR "/unit/data/json-reject.txt", check_rejected) > 160);
}

static void runs_json_test_suite(void **state) {
    (void)state;
    const char *folder = getenv("OLLAMA_LS_JSONTESTSUITE");
    DIR *dir = folder ? opendir(folder) : NULL;
    if (!dir) {
        print_message("skipped: OLLAMA_LS_JSONTESTSUITE does not name a test_parsing folder\n");
        skip();
    }
    size_t yes = 0;
    size_t no = 0;
    size_t either = 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        struct str name = str_from(entry->d_name);
        if (!str_ends(name, STR(".json"))) {
            continue;
        }
        struct str text;
        struct str path = path_join(&arena, str_from(folder), name);
        assert_int_equal(file_read(&arena, path.p, MIB, &text), ERR_OK);
        if (str_starts(name, STR("y_"))) {
            check_accepted(entry->d_name, text);
            yes++;
        } else if (str_starts(name, STR("n_"))) {
            check_rejected(entry->d_name, text);
            no++;
        } else {
            struct json_object *value = NULL;
            enum err verdict = json_check(text, NULL);
            assert_int_equal(json_parse(&arena, text, &value, NULL), verdict);
            json_object_put(value);
            print_message("%s: %s\n", entry->d_name, err_name(verdict));
            either++;
        }
    }
    closedir(dir);
    print_message("JSONTestSuite: %zu accepted, %zu rejected, %zu free\n", yes, no, either);
    assert_true(yes > 0 && no > 0);
}

static struct str nested(size_t depth, const char *open, const char *close) {
    struct buf buf;
    buf_init(&buf, MIB);
    for (size_t i = 0; i < depth; i++) {
        buf_append(&buf, str_from(open));
    }
    buf_append(&buf, STR("1"));
    for (size_t i = 0; i < depth; i++) {
        buf_append(&buf, str_from(close));
    }
    assert_false(buf.full);
    struct str text = arena_copy(&arena, buf_str(&buf));
    buf_finish(&buf);
    return text;
}

static void limits_depth(void **state) {
    (void)state;
    check_accepted("arrays", nested(LIMIT_JSON_DEPTH, "[", "]"));
    check_accepted("objects", nested(LIMIT_JSON_DEPTH, "{\"a\":", "}"));
    assert_int_equal(json_check(nested(LIMIT_JSON_DEPTH + 1, "[", "]"), NULL), ERR_LIMIT);
    size_t offset = 0;
    assert_int_equal(json_check(nested(100000, "[", "]"), &offset), ERR_LIMIT);
    assert_int_equal(offset, LIMIT_JSON_DEPTH);
    struct json_object *value = NULL;
    struct error error = {0};
    struct str deep = nested(100000, "[{\"\":", "}]");
    assert_int_equal(json_parse(&arena, deep, &value, &error), ERR_LIMIT);
    assert_true(str_contains(error.message, STR("128")));
}

static void names_line_and_column(void **state) {
    (void)state;
    struct json_object *value = NULL;
    struct error error = {0};
    enum err err = json_parse(&arena, STR("{\n  \"\xc3\xa9\": x\n}"), &value, &error);
    assert_int_equal(err, ERR_INVALID);
    assert_int_equal(error.code, ERR_INVALID);
    assert_true(str_ends(error.message, STR("line 2, column 8")));
    json_parse(&arena, STR("{\"a\": ["), &value, &error);
    assert_true(str_contains(error.message, STR("too early at line 1, column 8")));
}

static void keeps_difficult_values(void **state) {
    (void)state;
    struct json_object *value = parsed(STR("{\"k\":1,\"k\":2,\"n\":\"a\\u0000b\","
                                           "\"s\":\"\\uD800x\","
                                           "\"big\":1e999,\"long\":99999999999999999999,"
                                           "\"pair\":\"\\uD83D\\uDE00\",\"z\":null}"));
    assert_int_equal(json_get_int(value, "k", 0), 2);
    assert_true(str_eq(json_get_str(value, "n"), STR("a\0b")));
    assert_true(str_eq(json_get_str(value, "s"), STR("\xEF\xBF\xBDx")));
    assert_true(str_eq(json_get_str(value, "pair"), STR("\xF0\x9F\x98\x80")));
    assert_true(json_get_double(value, "big", 5) < 6);
    assert_int_equal(json_get_int(value, "big", 5), 5);
    assert_true(json_get_int(value, "long", 0) == INT64_MAX);
    assert_true(json_has(value, "z"));
    assert_null(json_get(value, "z"));
    assert_false(json_has(value, "absent"));
    json_object_put(value);
    assert_int_equal(json_parse(&arena, STR("null"), &value, NULL), ERR_OK);
    assert_null(value);
}

static void getters_fall_back(void **state) {
    (void)state;
    struct json_object *value = parsed(
        STR("{\"s\":\"x\",\"i\":7,\"d\":1.5,\"w\":4096.0,\"b\":true,"
            "\"a\":[1,\"y\"],\"o\":{\"p\":{\"q\":3}}}"));
    assert_true(str_eq(json_get_str(value, "s"), STR("x")));
    assert_int_equal(json_get_str(value, "i").n, 0);
    assert_int_equal(json_get_int(value, "i", 0), 7);
    assert_int_equal(json_get_int(value, "s", 9), 9);
    assert_int_equal(json_get_int(value, "d", 9), 9);
    assert_int_equal(json_get_int(value, "w", 9), 4096);
    assert_true(json_get_double(value, "i", 0) > 6.9);
    assert_true(json_get_bool(value, "b", false));
    assert_true(json_get_bool(value, "i", true));
    assert_false(json_get_bool(value, "i", false));
    assert_int_equal(json_count(json_get(value, "a")), 2);
    assert_int_equal(json_count(json_get(value, "o")), 0);
    assert_true(str_eq(json_str(json_at(json_get(value, "a"), 1)), STR("y")));
    assert_null(json_at(json_get(value, "a"), 2));
    assert_null(json_get(json_get(value, "a"), "x"));
    assert_int_equal(json_object_get_int64(json_path(value, "o.p.q")), 3);
    assert_null(json_path(value, "o.x.q"));
    assert_null(json_path(value, "i.p"));
    assert_null(json_get(NULL, "x"));
    assert_int_equal(json_get_int(NULL, "x", 4), 4);
    json_object_put(value);
}

static void builds_text(void **state) {
    (void)state;
    struct json_object *object = json_object_new_object();
    struct json_object *array = json_object_new_array();
    json_set_str(object, "s", STR("a/\xff\0z"));
    json_set_int(object, "i", INT64_MIN);
    json_set_bool(object, "b", true);
    json_set_double(object, "d", 0.5);
    json_set_double(object, "inf", 1e308 * 10);
    json_add(array, json_new_str(STR_NONE));
    json_add(array, NULL);
    json_set(object, "a", array);
    assert_true(str_eq(json_text(object),
                       STR("{\"s\":\"a/\xEF\xBF\xBD\\u0000z\",\"i\":-9223372036854775808,"
                           "\"b\":true,\"d\":0.5,\"inf\":null,\"a\":[\"\",null]}")));
    json_set(array, "not-an-object", json_new_str(STR("freed"))); // ASan would see the leak
    json_add(object, json_new_str(STR("freed")));
    json_object_put(object);
    assert_true(str_eq(json_text(NULL), STR("null")));
}

static void check_relaxed(struct str text, struct str wanted) {
    struct json_object *value = NULL;
    struct error error = {0};
    if (json_parse_relaxed(&arena, text, &value, &error) != ERR_OK) {
        fail_msg("%.*s: %.*s", STR_ARG(text), STR_ARG(error.message));
    }
    if (!str_eq(json_text(value), wanted)) {
        fail_msg("%.*s became %.*s", STR_ARG(text), STR_ARG(json_text(value)));
    }
    json_object_put(value);
}

static void relaxed_takes_comments_and_commas(void **state) {
    (void)state;
    check_relaxed(STR("{\"a\":1,}"), STR("{\"a\":1}"));
    check_relaxed(STR("[1,2 , /* x */ // y\n ]"), STR("[1,2]"));
    check_relaxed(STR("// first\n{/**/\"u\":\"http://x/*y*/,]\"}/* last */"),
                  STR("{\"u\":\"http://x/*y*/,]\"}"));
    check_relaxed(STR("[\"\\\",]\",]"), STR("[\"\\\",]\"]"));
    check_relaxed(STR("\xEF\xBB\xBF{}"), STR("{}"));
    check_relaxed(STR("{\"a\":[1,],}//"), STR("{\"a\":[1]}"));
    check_relaxed(STR("[1/**/,/**/]"), STR("[1]"));
}

static void relaxed_takes_no_more(void **state) {
    (void)state;
    static const char *const texts[] = {"[,]",   "{,}",       "[1,,]", "{\"a\":,}", "[1] /* open",
                                        "/",     "{'a':1}",   "",      "[1 /] ",    "{a:1}",
                                        "\"abc", "\"abc\\", "[1],",  "/**/",      "1/**/2"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct json_object *value = NULL;
        if (json_parse_relaxed(&arena, str_from(texts[i]), &value, NULL) != ERR_INVALID) {
            fail_msg("%s must be rejected", texts[i]);
        }
    }
    struct json_object *value = NULL;
    struct error error = {0};
    json_parse_relaxed(&arena, STR("/* a\nb */ {\n  \"x\": y }"), &value, &error);
    assert_true(str_ends(error.message, STR("line 3, column 8")));
}

// Of three bytes json-c makes hundreds: a text of 16 MiB must not become gigabytes.
static void values_have_a_limit(void **state) {
    (void)state;
    size_t n = 0;
    char *text = malloc(3 * (size_t)LIMIT_JSON_VALUES + 8);
    assert_non_null(text);
    text[n++] = '[';
    for (size_t i = 1; i < LIMIT_JSON_VALUES; i++) { // with the outermost: exactly the limit
        memcpy(text + n, "[],", 3);
        n += 3;
    }
    text[n - 1] = ']';
    assert_int_equal(json_check(str_of(text, n), NULL), ERR_OK);
    memcpy(text + n - 1, ",0]", 3);
    size_t offset = 0;
    assert_int_equal(json_check(str_of(text, n + 2), &offset), ERR_LIMIT);
    assert_int_equal(offset, n);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(accepts_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rejects_everything_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(runs_json_test_suite, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limits_depth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_line_and_column, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_difficult_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(getters_fall_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(builds_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(relaxed_takes_comments_and_commas, set_up, tear_down),
        cmocka_unit_test_setup_teardown(relaxed_takes_no_more, set_up, tear_down),
        cmocka_unit_test(values_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
