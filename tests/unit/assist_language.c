// SPDX-License-Identifier: MIT
//
// The table of languages: detection, fences, and that every query file fits its grammar and marks
// what assist/language.h knows.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "assist/language.h"
#include "base/embed.h"
#include "grammars/grammars.h"

extern const struct embedded_file language_queries_embedded[];

static void check_detected(const char *path, const char *id, const char *expected) {
    const struct language *got = language_detect(str_from(path), str_from(id));
    if (strcmp(got->name, expected) != 0) {
        print_error("'%s' '%s': got %s, expected %s\n", path, id, got->name, expected);
        fail();
    }
}

static void test_detect(void **state) {
    (void)state;
    check_detected("/a/b.c", "", "c");
    check_detected("/a/b.h", "cpp", "c");
    check_detected("/a/b.PY", "", "python");
    check_detected("/a/b.mjs", "", "javascript");
    check_detected("/a/b.jsx", "javascriptreact", "javascript");
    check_detected("/a/b.ts", "", "typescript");
    check_detected("/a/b.d.ts", "", "typescript");
    check_detected("/a/b.tsx", "", "tsx");
    check_detected("/a/b.go", "", "go");
    check_detected("/a/b.rs", "", "rust");
    check_detected("/a/b.lua", "", "lua");
    check_detected("/a/b.jsonc", "", "json");
    check_detected("/a/b.yml", "", "yaml");
    check_detected("/a/Cargo.lock", "", "toml");
    check_detected("/a/Makefile", "", "makefile");
    check_detected("/a/makefile", "", "makefile");
    check_detected("/a/rules.mk", "", "makefile");
    check_detected("/a/Dockerfile.dev", "", "dockerfile");
    check_detected("/a/dev.dockerfile", "", "dockerfile");
    check_detected("/a/Modelfile", "", "modelfile");
    check_detected("/a/Modelfile.coder", "", "modelfile");
    check_detected("/a/Modelfile.py", "", "python");
    check_detected("/a/.env", "", "dotenv");
    check_detected("/a/.env.local", "", "dotenv");
    check_detected("/a/CMakeLists.txt", "", "cmake");
    check_detected("C:\\a\\b.rs", "", "rust");
    check_detected("/a/b.cpp", "", "cpp");
    check_detected("/a/README.md", "", "markdown");
    check_detected("/a.py/b", "", "text");
    check_detected("/a/unnamed", "python", "python");
    check_detected("", "typescriptreact", "tsx");
    check_detected("", "TypeScript", "typescript");
    check_detected("/a/b.unknown", "shellscript", "shell");
    check_detected("/a/b.unknown", "nothing", "text");
    check_detected("", "", "text");
    check_detected("/", "", "text");
    check_detected("/a/.", "", "text");
    check_detected("/a/b.", "", "text");
}

static void check_fence(const char *word, const char *expected) {
    const struct language *got = language_by_fence(str_from(word));
    if (!got || !expected ? got || expected : strcmp(got->name, expected) != 0) {
        print_error("'%s': got %s\n", word, got ? got->name : "none");
        fail();
    }
}

static void test_fences(void **state) {
    (void)state;
    check_fence("python", "python");
    check_fence("py", "python");
    check_fence("Python3", "python");
    check_fence("c++", "cpp");
    check_fence("C#", "csharp");
    check_fence("jsx", "javascript");
    check_fence("typescriptreact", "tsx");
    check_fence("bash", "shell");
    check_fence("golang", "go");
    check_fence("h", "c");
    check_fence("text", "text");
    check_fence("plaintext", "text");
    check_fence("emacs-lisp", "elisp");
    check_fence("env", "dotenv");
    check_fence("", NULL);
    check_fence("nonsense", NULL);
}

// No row may hide another: each is found by each of its own words.
static void test_rows_are_reachable(void **state) {
    (void)state;
    for (size_t i = 0; i < language_count(); i++) {
        const struct language *language = language_at(i);
        check_fence(language->name, language->name);
        for (const char *const *word = language->fences; *word; word++) {
            check_fence(*word, language->name);
        }
        for (const char *const *id = language->ids; *id; id++) {
            check_detected("", *id, language->name);
        }
        for (const char *const *extension = language->extensions; *extension; extension++) {
            char path[64];
            if (!strchr(*extension, '.')) {
                snprintf(path, sizeof(path), "/a/b.%s", *extension);
                check_detected(path, "", language->name);
            }
            snprintf(path, sizeof(path), "/a/%s", *extension);
            check_detected(path, "", language->name);
        }
    }
    assert_null(language_at(language_count()));
    assert_string_equal(language_at(language_count() - 1)->name, "text");
    assert_true(language_at(language_count() - 1)->is_prose);
}

static bool is_known_capture(struct str name) {
    static const char *const KNOWN[] = {"function", "class", "import",   "statement",
                                        "comment",  "body",  "attribute"};
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++) {
        if (str_eq(name, str_from(KNOWN[i]))) {
            return true;
        }
    }
    return name.n > 0 && name.p[0] == '_';
}

// The only predicate is (#eq? @name "text").
static void check_predicates(const char *language, const TSQuery *query, uint32_t pattern) {
    uint32_t n = 0;
    const TSQueryPredicateStep *steps = ts_query_predicates_for_pattern(query, pattern, &n);
    assert_int_equal(n % 4, 0);
    for (uint32_t i = 0; i < n; i += 4) {
        uint32_t length = 0;
        const char *name = ts_query_string_value_for_id(query, steps[i].value_id, &length);
        if (!str_eq(str_of(name, length), STR("eq?"))) {
            print_error("%s.scm: predicate %s\n", language, name);
            fail();
        }
        assert_int_equal(steps[i + 1].type, TSQueryPredicateStepTypeCapture);
        assert_int_equal(steps[i + 2].type, TSQueryPredicateStepTypeString);
    }
}

static void test_queries_fit_their_grammars(void **state) {
    (void)state;
    size_t n = 0;
    for (size_t i = 0; i < language_count(); i++) {
        const struct language *language = language_at(i);
        TSQuery *query = language_query_create(language);
        if (!language->grammar) {
            assert_null(query);
            continue;
        }
        n++;
        if (!query) {
            print_error("%s.scm: missing, or does not fit the grammar\n", language->name);
            fail();
        }
        assert_true(ts_query_capture_count(query) > 0);
        assert_true(ts_query_capture_count(query) <= 32); // assist/marks.c
        bool has_statement = false;
        bool has_comment = false;
        for (uint32_t k = 0; k < ts_query_capture_count(query); k++) {
            uint32_t length = 0;
            const char *name = ts_query_capture_name_for_id(query, k, &length);
            if (!is_known_capture(str_of(name, length))) {
                print_error("%s.scm: @%s is not known\n", language->name, name);
                fail();
            }
            has_statement = has_statement || strcmp(name, "statement") == 0;
            has_comment = has_comment || strcmp(name, "comment") == 0;
        }
        assert_true(has_statement && has_comment);
        for (uint32_t k = 0; k < ts_query_pattern_count(query); k++) {
            check_predicates(language->name, query, k);
        }
        ts_query_delete(query);
    }
    assert_int_equal(n, 13);
}

static void test_every_query_file_has_a_language(void **state) {
    (void)state;
    for (const struct embedded_file *file = language_queries_embedded; file->name; file++) {
        struct str name = str_from(file->name);
        assert_true(str_ends(name, STR(".scm")));
        const struct language *language = language_by_fence(str_slice(name, 0, name.n - 4));
        if (!language || !language->grammar) {
            print_error("%s belongs to no language\n", file->name);
            fail();
        }
    }
}

// The runtime must take every grammar, also the ones that its own version did not generate.
static void test_grammars_load(void **state) {
    (void)state;
    TSParser *parser = ts_parser_new();
    for (size_t i = 0; i < language_count(); i++) {
        if (language_at(i)->grammar) {
            assert_true(ts_parser_set_language(parser, language_at(i)->grammar()));
        }
    }
    ts_parser_delete(parser);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detect),
        cmocka_unit_test(test_fences),
        cmocka_unit_test(test_rows_are_reachable),
        cmocka_unit_test(test_queries_fit_their_grammars),
        cmocka_unit_test(test_every_query_file_has_a_language),
        cmocka_unit_test(test_grammars_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
