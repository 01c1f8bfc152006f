// SPDX-License-Identifier: MIT
//
// The corpus tests of our own grammars, in tree-sitter's file format, so that they run wherever the
// tests run and not only where the tree-sitter CLI is. A file is a list of cases:
//
//     =====
//     name
//     =====
//     source
//     ---
//     (expected tree)
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "grammars/grammars.h"
#include "text/tree.h"

static bool is_rule(struct str line, char c) {
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] != c) {
            return false;
        }
    }
    return line.n >= 3;
}

static struct str read_file(const char *path, char *storage, size_t size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(storage, 1, size, file);
    assert_true(feof(file));
    fclose(file);
    return str_of(storage, n);
}

// Takes lines up to and with the next rule of `c`; returns what stands before it.
static struct str take_section(struct str *rest, char c) {
    const char *start = rest->p;
    struct str line;
    const char *end = rest->p;
    while (str_next_line(rest, &line)) {
        end = line.p;
        if (is_rule(line, c)) {
            return str_of(start, (size_t)(end - start));
        }
        end = line.p + line.n;
    }
    return str_of(start, (size_t)(end - start));
}

// Blanks and line ends between the parts of an expected tree mean nothing.
static void append_normal(struct buf *out, struct str tree) {
    for (size_t i = 0; i < tree.n; i++) {
        bool blank = char_is_space(tree.p[i]);
        bool after_blank = out->n > 0 && out->p[out->n - 1] == ' ';
        if (blank && !after_blank && out->n > 0) {
            buf_append_char(out, ' ');
        } else if (!blank) {
            if (tree.p[i] == ')' && after_blank) {
                out->n--;
            }
            buf_append_char(out, tree.p[i]);
        }
    }
    while (out->n > 0 && out->p[out->n - 1] == ' ') {
        out->n--;
    }
}

static void check_case(const TSLanguage *language, struct str name, struct str source,
                       struct str expected) {
    struct text *text = text_create(source);
    struct tree *tree = tree_parse(text, language, NULL);
    char *actual = ts_node_string(tree_root(tree));
    struct buf wanted, got;
    buf_init(&wanted, 1 << 20);
    buf_init(&got, 1 << 20);
    append_normal(&wanted, expected);
    append_normal(&got, str_from(actual));
    if (!str_eq(buf_str(&wanted), buf_str(&got))) {
        fail_msg("%.*s\nexpected %.*s\n     got %.*s", STR_ARG(name), STR_ARG(buf_str(&wanted)),
                 STR_ARG(buf_str(&got)));
    }
    assert_false(ts_node_has_error(tree_root(tree)));
    buf_finish(&wanted);
    buf_finish(&got);
    free(actual);
    tree_destroy(tree);
    text_release(text);
}

static size_t run_file(const TSLanguage *language, const char *path) {
    static char storage[64 * 1024];
    struct str rest = read_file(path, storage, sizeof(storage));
    size_t cases = 0;
    take_section(&rest, '=');
    while (rest.n > 0) {
        struct str name = str_trim(take_section(&rest, '='));
        struct str source = take_section(&rest, '-');
        struct str expected = take_section(&rest, '=');
        check_case(language, name, source, expected);
        cases++;
    }
    return cases;
}

static void run_corpus(const TSLanguage *language, const char *grammar, size_t at_least) {
    char folder[1024], path[2048];
    snprintf(folder, sizeof(folder), "%s/grammars/%s/test/corpus", SOURCE_DIR, grammar);
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    size_t cases = 0;
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (str_ends(str_from(entry->d_name), STR(".txt"))) {
            snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
            cases += run_file(language, path);
        }
    }
    closedir(entries);
    assert_true(cases >= at_least);
}

// The highlighting query names only nodes that the grammar has.
static void check_highlights(const TSLanguage *language, const char *grammar) {
    char path[1024], storage[4096];
    snprintf(path, sizeof(path), "%s/grammars/%s/queries/highlights.scm", SOURCE_DIR, grammar);
    struct str source = read_file(path, storage, sizeof(storage));
    uint32_t offset;
    TSQueryError error;
    TSQuery *query = ts_query_new(language, source.p, (uint32_t)source.n, &offset, &error);
    if (!query) {
        fail_msg("%s: error %d at byte %u", path, (int)error, offset);
    }
    assert_true(ts_query_capture_count(query) >= 5);
    ts_query_delete(query);
}

static void test_modelfile(void **state) {
    (void)state;
    run_corpus(grammar_modelfile(), "modelfile", 12);
    check_highlights(grammar_modelfile(), "modelfile");
}

static void test_dotenv(void **state) {
    (void)state;
    run_corpus(grammar_dotenv(), "dotenv", 7);
    check_highlights(grammar_dotenv(), "dotenv");
}

static void test_every_grammar_suits_the_runtime(void **state) {
    (void)state;
    const TSLanguage *all[] = {grammar_json(), grammar_yaml(), grammar_toml(), grammar_modelfile(),
                               grammar_dotenv()};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct text *text = text_create(STR(""));
        struct tree *tree = tree_parse(text, all[i], NULL);
        assert_non_null(tree);
        assert_ptr_equal(tree_language(tree), all[i]);
        tree_destroy(tree);
        text_release(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modelfile),
        cmocka_unit_test(test_dotenv),
        cmocka_unit_test(test_every_grammar_suits_the_runtime),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
