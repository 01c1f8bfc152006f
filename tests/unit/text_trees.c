// SPDX-License-Identifier: MIT
//
// Trees: after any edits, a tree parsed with the old one's help is the tree of a fresh parse; a
// parse in steps gives the same tree; a tree keeps what it needs alive.
#include "grammars/grammars.h"
#include "text/tree.h"

#include "text_random.h"

enum { PIECES_MAX = 40, DOCUMENT_BYTES = 2000, ROUNDS = 30 };

struct language {
    const TSLanguage *(*get)(void);
    struct str open, item, close;  // a sound document is open, items, close
    struct str pieces[PIECES_MAX]; // what changes, and unsound documents, are made of
};

static const struct language YAML = {
    grammar_yaml,
    STR_INIT(""),
    STR_INIT("- name: caf\xc3\xa9\n  model: \"llama3\"\n  roles: [chat, edit]\n"
             "  text: |\n    a: b\n\n    c\n"),
    STR_INIT(""),
    {STR_INIT("\n"),
     STR_INIT("\n  "),
     STR_INIT("\n    "),
     STR_INIT("\n- "),
     STR_INIT("\n  - "),
     STR_INIT("model: llama3"),
     STR_INIT("key:"),
     STR_INIT("a: b"),
     STR_INIT("\""),
     STR_INIT("'"),
     STR_INIT("\"quoted: text\""),
     STR_INIT(" # comment\n"),
     STR_INIT("|\n  block\n"),
     STR_INIT("[a, b]"),
     STR_INIT("{a: b}"),
     STR_INIT("---\n"),
     STR_INIT("&x "),
     STR_INIT("*x"),
     STR_INIT(" "),
     STR_INIT("\xc3\xa9"),
     STR_INIT("\r\n"),
     STR_INIT("\xf0\x9f\x98\x80"),
     STR_INIT(": "),
     STR_INIT("["),
     STR_INIT("\r")}};
static const struct language JSON = {
    grammar_json,
    STR_INIT("["),
    STR_INIT("{\"model\": \"llama3\", \"list\": [1, {\"a\": null}]},\n"),
    STR_INIT("0]"),
    {STR_INIT("{"), STR_INIT("}"), STR_INIT("["), STR_INIT("]"), STR_INIT("\"model\": \"llama3\""),
     STR_INIT(","), STR_INIT("\""), STR_INIT("\\"), STR_INIT("true"), STR_INIT("12.5e3"),
     STR_INIT("\n"), STR_INIT("// note\n"), STR_INIT("/* a\nb */"), STR_INIT(": "),
     STR_INIT("\"\xc3\xa9\""), STR_INIT("{\"a\": [1, 2]}"), STR_INIT("\r\n"), STR_INIT("null"),
     STR_INIT("\r")}};
static const struct language TOML = {
    grammar_toml,
    STR_INIT("title = \"x\"\n"),
    STR_INIT("[[models]]\nname = \"llama3\" # note\nlist = [1,\n  2]\ntext = \"\"\"\na\n\"\"\"\n"),
    STR_INIT(""),
    {STR_INIT("\n"), STR_INIT("[table]\n"), STR_INIT("[[array]]\n"), STR_INIT("a = 1\n"),
     STR_INIT("model = \"llama3\"\n"), STR_INIT("\"\"\""), STR_INIT("'''"), STR_INIT("\""),
     STR_INIT("x.y = true\n"), STR_INIT("# note\n"), STR_INIT("["), STR_INIT("]"),
     STR_INIT("list = [1,\n2]\n"), STR_INIT(" = "), STR_INIT("\xc3\xa9"), STR_INIT("\r\n"),
     STR_INIT("\r")}};
static const struct language MODELFILE = {
    grammar_modelfile,
    STR_INIT("# base\n"),
    STR_INIT("FROM llama3\nPARAMETER stop \"x\"\nSYSTEM \"\"\"You\n  are\n\"\"\"\n"),
    STR_INIT(""),
    {STR_INIT("\n"),
     STR_INIT("FROM llama3\n"),
     STR_INIT("PARAMETER stop \"x\"\n"),
     STR_INIT("\""),
     STR_INIT("\"\"\""),
     STR_INIT("SYSTEM \"\"\"a\nb\"\"\"\n"),
     STR_INIT("SYSTEM \"\"\""),
     STR_INIT("MESSAGE user hi\n"),
     STR_INIT("# note\n"),
     STR_INIT("PARAMETER "),
     STR_INIT("bad"),
     STR_INIT(" "),
     STR_INIT("\r"),
     STR_INIT("\r\n"),
     STR_INIT("\xc3\xa9"),
     STR_INIT("\xe2\x80\x8b"),
     STR_INIT("\nFROM"),
     STR_INIT("MESSAGE"),
     STR_INIT("\0"),
     STR_INIT("\xef\xbb\xbf")}};
static const struct language DOTENV = {
    grammar_dotenv,
    STR_INIT("# env\n"),
    STR_INIT("OLLAMA_HOST=http://x:1 # c\nexport A=\"b\nc\"\nD='e'\n"),
    STR_INIT(""),
    {STR_INIT("\n"), STR_INIT("OLLAMA_HOST=http://x:1\n"), STR_INIT("A=\"b\" # c\n"),
     STR_INIT("\""), STR_INIT("'"), STR_INIT("B='x\ny'\n"), STR_INIT("export "), STR_INIT("C="),
     STR_INIT("D: e\n"), STR_INIT("\\"), STR_INIT(" #"), STR_INIT("<<<<<<< HEAD\n"),
     STR_INIT("=======\n"), STR_INIT(" "), STR_INIT("\r"), STR_INIT("\r\n"), STR_INIT("\xc3\xa9"),
     STR_INIT("\0"), STR_INIT("word")}};

static struct str random_piece(struct random *random, const struct language *language) {
    size_t n = 0;
    while (n < PIECES_MAX && language->pieces[n].p) {
        n++;
    }
    return language->pieces[random_below(random, n)];
}

// Appends pieces while there is room for `size` bytes.
static size_t random_pieces(struct random *random, const struct language *language, char *out,
                            size_t size) {
    size_t n = 0;
    for (;;) {
        struct str piece = random_piece(random, language);
        if (n + piece.n > size) {
            return n;
        }
        memcpy(out + n, piece.p, piece.n);
        n += piece.n;
    }
}

static size_t random_document(struct random *random, const struct language *language, char *out,
                              size_t max) {
    size_t size = random_below(random, max);
    if (random_one_in(random, 3)) {
        return random_pieces(random, language, out, size);
    }
    size_t n = 0;
    for (struct str part = language->open; n + part.n + language->close.n <= size;
         part = language->item) {
        memcpy(out + n, part.p, part.n);
        n += part.n;
    }
    memcpy(out + n, language->close.p, language->close.n);
    return n + language->close.n;
}

static bool points_equal(TSPoint a, TSPoint b) {
    return a.row == b.row && a.column == b.column;
}

static bool nodes_equal(TSTreeCursor *a, TSTreeCursor *b) {
    TSNode x = ts_tree_cursor_current_node(a), y = ts_tree_cursor_current_node(b);
    if (ts_node_symbol(x) != ts_node_symbol(y) || ts_node_start_byte(x) != ts_node_start_byte(y) ||
        ts_node_end_byte(x) != ts_node_end_byte(y) ||
        !points_equal(ts_node_start_point(x), ts_node_start_point(y)) ||
        !points_equal(ts_node_end_point(x), ts_node_end_point(y)) ||
        ts_node_is_missing(x) != ts_node_is_missing(y) ||
        ts_node_has_error(x) != ts_node_has_error(y) ||
        ts_tree_cursor_current_field_id(a) != ts_tree_cursor_current_field_id(b)) {
        return false;
    }
    bool down = ts_tree_cursor_goto_first_child(a);
    if (down != ts_tree_cursor_goto_first_child(b)) {
        return false;
    }
    while (down) {
        if (!nodes_equal(a, b)) {
            return false;
        }
        bool next = ts_tree_cursor_goto_next_sibling(a);
        if (next != ts_tree_cursor_goto_next_sibling(b)) {
            return false;
        }
        if (!next) {
            ts_tree_cursor_goto_parent(a);
            ts_tree_cursor_goto_parent(b);
            down = false;
        }
    }
    return true;
}

static bool trees_equal(const struct tree *a, const struct tree *b) {
    TSTreeCursor x = ts_tree_cursor_new(tree_root(a)), y = ts_tree_cursor_new(tree_root(b));
    bool equal = nodes_equal(&x, &y);
    ts_tree_cursor_delete(&x);
    ts_tree_cursor_delete(&y);
    return equal;
}

// The change's text is made of the language's pieces; now and then its range is far.
static struct text *random_edit(struct random *random, const struct language *language,
                                struct text *text, struct text_splice *splice) {
    char storage[60];
    struct model model = {.bytes = (char *)(uintptr_t)text_str(text).p, .n = text_size(text)};
    struct text_change change = {.start = random_position(random, &model)};
    change.end = change.start;
    if (random_one_in(random, 8)) {
        change.end = random_position(random, &model);
    } else if (random_one_in(random, 2)) {
        change.end.character += (uint32_t)random_below(random, 5);
    }
    size_t size = random_one_in(random, 3) ? 0 : random_below(random, sizeof(storage));
    change.text = str_of(storage, random_pieces(random, language, storage, size));
    return text_edit(text, &change, 1, POSITION_UTF8, splice);
}

static void check_tree(const struct tree *tree, struct text *text,
                       const struct language *language) {
    struct tree *fresh = tree_parse(text, language->get(), NULL);
    assert_ptr_equal(tree_text(tree), text);
    assert_true(trees_equal(tree, fresh));
    tree_destroy(fresh);
}

// Edits in sequence; now and then a version is skipped, its splice merged into the next one.
static void run_incremental(struct random *random, const struct language *language) {
    char document[DOCUMENT_BYTES + 16];
    size_t n = random_document(random, language, document, DOCUMENT_BYTES);
    struct text *text = text_create(str_of(document, n));
    struct tree *tree = tree_parse(text, language->get(), NULL);
    for (int round = 0; round < ROUNDS; round++) {
        struct text_splice splice;
        struct text *next = random_edit(random, language, text, &splice);
        if (random_one_in(random, 4)) {
            struct text_splice second;
            struct text *after = random_edit(random, language, next, &second);
            splice = text_splice_merge(splice, second);
            text_release(next);
            next = after;
        }
        struct tree_base base = {.tree = tree, .splice = splice};
        struct tree *fresh = tree_parse(next, language->get(), &base);
        check_tree(fresh, next, language);
        check_tree(tree, text, language); // the old one is as it was
        tree_destroy(tree);
        text_release(text);
        tree = fresh;
        text = next;
    }
    tree_destroy(tree);
    text_release(text);
}

// Above the size up to which errors are parsed again from scratch: equal where there are none.
static void run_large(struct random *random, const struct language *language) {
    enum { LARGE_BYTES = 24 * 1024 };
    static char document[2 * LARGE_BYTES];
    size_t n = 0;
    while (n < LARGE_BYTES) {
        n = random_document(random, language, document, sizeof(document));
    }
    struct text *text = text_create(str_of(document, n));
    struct tree *tree = tree_parse(text, language->get(), NULL);
    for (int round = 0; round < 5; round++) {
        struct tree_base base = {.tree = tree};
        struct text *next = random_edit(random, language, text, &base.splice);
        struct tree *incremental = tree_parse(next, language->get(), &base);
        struct tree *fresh = tree_parse(next, language->get(), NULL);
        bool error = ts_node_has_error(tree_root(fresh));
        assert_int_equal(error, ts_node_has_error(tree_root(incremental)));
        assert_true(error || trees_equal(incremental, fresh));
        tree_destroy(fresh);
        tree_destroy(tree);
        text_release(text);
        tree = incremental;
        text = next;
    }
    tree_destroy(tree);
    text_release(text);
}

static void run_all_incremental(struct random *random) {
    const struct language *all[] = {&YAML, &JSON, &TOML, &MODELFILE, &DOTENV};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        run_incremental(random, all[i]);
        if (random_one_in(random, 4)) {
            run_large(random, all[i]);
        }
    }
}

static void test_incremental_equals_fresh(void **state) {
    (void)state;
    random_each_seed(20, run_all_incremental);
}

// Changes inside a character, and ones that complete or break one: what a lexer saw of a character
// must not hide that it is another one now.
static void check_replaced(const struct language *language, struct str before, struct str old,
                           struct str new, struct str after) {
    static char bytes[20 * 1024];
    struct model model = {0};
    model_replace(&model, 0, 0, after);
    model_replace(&model, 0, 0, old);
    model_replace(&model, 0, 0, before);
    struct text *text = text_create(model_str(&model));
    struct tree *tree = tree_parse(text, language->get(), NULL);
    // As bytes: positions could not point into a character.
    model_replace(&model, before.n, before.n + old.n, new);
    memcpy(bytes, model.bytes, model.n);
    struct text_change change = {.whole = true, .text = str_of(bytes, model.n)};
    struct text_splice splice;
    struct text *next = text_edit(text, &change, 1, POSITION_UTF8, &splice);
    struct tree_base base = {.tree = tree, .splice = splice};
    struct tree *incremental = tree_parse(next, language->get(), &base);
    check_tree(incremental, next, language);
    tree_destroy(incremental);
    tree_destroy(tree);
    text_release(next);
    text_release(text);
    model_finish(&model);
}

static void test_changes_inside_characters(void **state) {
    (void)state;
    static const struct str CHARACTERS[] = {STR_INIT("\xef\xbb\xbf"),
                                            STR_INIT("\xef\xbb\xbe"),
                                            STR_INIT("\xef\xbb"),
                                            STR_INIT("\xef"),
                                            STR_INIT("\xc2\x85"),
                                            STR_INIT("\xc2\xa9"),
                                            STR_INIT("\xc2"),
                                            STR_INIT("\xe2\x80\xa8"),
                                            STR_INIT("\xe2\x80\xb0"),
                                            STR_INIT("\xe2\x80"),
                                            STR_INIT("\xe2\x80x\xb0"),
                                            STR_INIT("\xe2x\x80\xb0"),
                                            STR_INIT("\xf0\x9f\x98\x80"),
                                            STR_INIT("\xf0\x9fx\x98\x80"),
                                            STR_INIT("")};
    static const struct str PLACES[][2] = {{STR_INIT("key"), STR_INIT(": a\nb: c\n")},
                                           {STR_INIT("key: a"), STR_INIT("b\nb: c\n")},
                                           {STR_INIT("key: a "), STR_INIT(" b\nb: c\n")},
                                           {STR_INIT("- a"), STR_INIT("\n- b\n")},
                                           {STR_INIT("{\"a\": tru"), STR_INIT("e}")},
                                           {STR_INIT("a = 1"), STR_INIT("\nb = 2\n")},
                                           {STR_INIT("FROM"), STR_INIT(" x\nFROM y\n")},
                                           {STR_INIT("FROM \"x"), STR_INIT("\"\nFROM \"\n\"")},
                                           {STR_INIT("A"), STR_INIT("=x\nB=y")},
                                           {STR_INIT("A=\"x\""), STR_INIT("\nB=\"y\"")}};
    const struct language *all[] = {&YAML, &JSON, &TOML, &MODELFILE, &DOTENV};
    enum { N = sizeof(CHARACTERS) / sizeof(CHARACTERS[0]) };
    for (size_t i = 0; i < N * N * (sizeof(PLACES) / sizeof(PLACES[0])) * 5; i++) {
        const struct str *place = PLACES[i / 5 / N / N];
        check_replaced(all[i % 5], place[0], CHARACTERS[i / 5 % N], CHARACTERS[i / 5 / N % N],
                       place[1]);
    }
}

// The same where no error makes a small text be parsed from scratch: behind a key that ends before
// such a character, in a text too large for that.
static void test_changes_inside_characters_of_large_texts(void **state) {
    (void)state;
    enum { PADDING = 17 * 1024 };
    char *after = malloc(PADDING);
    assert_non_null(after);
    memset(after, '#', PADDING);
    memcpy(after, ": a\n", 4);
    static const struct str PAIRS[][2] = {
        {STR_INIT("\xef\xbb\xbf"), STR_INIT("\xef\xbb\xbe")},  // U+FEFF ends a YAML key, not U+FEFE
        {STR_INIT("\xef\xbbx\xbe"), STR_INIT("\xef\xbb\xbe")}, // a deletion joins a character
        {STR_INIT("\xef\xbb\xbe"), STR_INIT("\xef\xbb\xbf")},
        {STR_INIT("\xef\xbb\xbe"), STR_INIT("\xef\xbbx\xbe")}};
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
        check_replaced(&YAML, STR("key"), PAIRS[i][0], PAIRS[i][1], str_of(after, PADDING));
    }
    free(after);
}

// Of a text with errors tree-sitter may make another tree when it is given an old one, even the one
// of the same text, as it does of this (found by the property above).
static void test_errors_do_not_depend_on_the_old_tree(void **state) {
    (void)state;
    struct text *text = text_create(STR(
        "\r\"quoted: text\"\n- {a: b}&x \xf0\x9f\x98\x80: \n  - \r\n&x \"[|\n  block\n"
        "a: b # comment\n---\n # comment\n---\n&x \n- |\n  block\n\n  - {a: b}---\n\r\n\n- [[a: "
        "bmodel: llama3\xf0\x9f\x98\x80&x "));
    struct tree *tree = tree_parse(text, grammar_yaml(), NULL);
    struct tree_base base = {.tree = tree};
    struct tree *again = tree_parse(text, grammar_yaml(), &base);
    assert_true(ts_node_has_error(tree_root(tree)));
    check_tree(again, text, &YAML);
    tree_destroy(again);
    tree_destroy(tree);
    text_release(text);
}

// A line that opens a quote looks for the one that closes it; that none is there must be found out
// once, not for every line. Quadratic, this would take minutes.
static void test_open_quotes_are_not_quadratic(void **state) {
    (void)state;
    enum { LINES = 100 * 1000 };
    static const struct str LINE = STR_INIT("SYSTEM \"\"\"x\n");
    char *bytes = malloc(LINES * LINE.n);
    assert_non_null(bytes);
    for (size_t i = 0; i < LINES; i++) {
        memcpy(bytes + i * LINE.n, LINE.p, LINE.n);
    }
    struct text *text = text_create(str_of(bytes, LINES * LINE.n));
    struct tree *tree = tree_parse(text, grammar_modelfile(), NULL);
    assert_int_equal(ts_node_child_count(tree_root(tree)), LINES);
    tree_destroy(tree);
    text_release(text);
    free(bytes);
}

// tree-sitter 0.20 frees what it never allocated after an error of more than 65,535 tokens.
static void test_texts_too_large_for_tree_sitter(void **state) {
    (void)state;
    static const struct str UNITS[] = {STR_INIT("["), STR_INIT("{\"a\":"), STR_INIT("*a ")};
    const TSLanguage *languages[] = {grammar_json(), grammar_yaml(), grammar_toml()};
    for (size_t u = 0; u < 3; u++) {
        size_t units = 400 * 1000;
        char *bytes = malloc(units * UNITS[u].n);
        assert_non_null(bytes);
        for (size_t i = 0; i < units; i++) {
            memcpy(bytes + i * UNITS[u].n, UNITS[u].p, UNITS[u].n);
        }
        for (size_t i = 0; i < 3; i++) {
            struct text *text = text_create(str_of(bytes, units * UNITS[u].n));
            assert_null(tree_parse(text, languages[i], NULL));
            text_release(text);
        }
        free(bytes);
    }
}

// The smallest budget makes every step stop as soon as the runtime looks at the clock.
static void check_steps(const struct language *language, size_t bytes) {
    char *document = malloc(bytes);
    assert_non_null(document);
    size_t n = 0;
    for (struct str part = language->open; n + part.n + language->close.n <= bytes;
         part = language->item) {
        memcpy(document + n, part.p, part.n);
        n += part.n;
    }
    memcpy(document + n, language->close.p, language->close.n);
    struct text *text = text_create(str_of(document, n + language->close.n));
    struct tree *tree = NULL;
    struct tree_parse *parse = tree_parse_start(text, language->get(), NULL);
    size_t stops = 0;
    while (tree_parse_step(parse, 1, &tree) == ERR_TIMEOUT) {
        assert_null(tree);
        stops++;
        assert_true(stops < 1000 * 1000);
    }
    tree_parse_destroy(parse);
    assert_true(stops > 10);
    check_tree(tree, text, language);
    tree_destroy(tree);
    text_release(text);
    free(document);
}

static void test_steps_give_the_same_tree(void **state) {
    (void)state;
    check_steps(&YAML, 40000);
    check_steps(&JSON, 40000);
    check_steps(&TOML, 40000);
    check_steps(&MODELFILE, 40000);
    check_steps(&DOTENV, 40000);
}

static void test_a_parse_can_be_given_up(void **state) {
    (void)state;
    struct text *text = text_create(STR("a: [1, 2, 3]\n"));
    struct tree_parse *parse = tree_parse_start(text, grammar_yaml(), NULL);
    text_release(text); // the parse has a reference of its own
    tree_parse_destroy(parse);
    tree_parse_destroy(NULL);
}

static void test_a_tree_keeps_its_text(void **state) {
    (void)state;
    struct text *text = text_create(STR("FROM llama3\n"));
    struct tree *tree = tree_parse(text, grammar_modelfile(), NULL);
    text_release(text);
    TSNode value = ts_node_child_by_field_name(ts_node_child(tree_root(tree), 0), "value", 5);
    assert_true(str_eq(tree_node_str(tree, value), STR("llama3")));
    tree_destroy(tree);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_incremental_equals_fresh),
        cmocka_unit_test(test_changes_inside_characters),
        cmocka_unit_test(test_changes_inside_characters_of_large_texts),
        cmocka_unit_test(test_errors_do_not_depend_on_the_old_tree),
        cmocka_unit_test(test_open_quotes_are_not_quadratic),
        cmocka_unit_test(test_texts_too_large_for_tree_sitter),
        cmocka_unit_test(test_steps_give_the_same_tree),
        cmocka_unit_test(test_a_parse_can_be_given_up),
        cmocka_unit_test(test_a_tree_keeps_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
