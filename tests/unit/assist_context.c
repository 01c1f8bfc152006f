// SPDX-License-Identifier: MIT
//
// Context of AI actions: instructions in comments, what is shown around a target within a budget,
// and, on random and broken texts, what must hold for all of them. Targets one by one:
// assist_target.c.
#include "assist/budget.h"
#include "base/clock.h"

#include "assist_rig.h"

// --- instructions ---

static void check_instruction(const char *language, const char *code, const char *expected,
                              const char *expected_without) {
    struct fixture fixture;
    fixture_init(&fixture, language, str_from(code));
    for (int round = 0; round < 2; round++) {
        struct str bytes = text_str(fixture.text);
        struct text_range all = {0, bytes.n};
        while (all.start < all.end && char_is_space(bytes.p[all.start])) {
            all.start++;
        }
        while (all.end > all.start && char_is_space(bytes.p[all.end - 1])) {
            all.end--;
        }
        struct str without;
        struct str got = context_instruction(&fixture.arena, &fixture.input, all, &without);
        if (!str_eq(got, str_from(expected)) || !str_eq(without, str_from(expected_without))) {
            print_error("%s\n%s\n  instruction '%.*s'\n  without '%.*s'\n", language, code,
                        STR_ARG(got), STR_ARG(without));
            fail();
        }
        fixture.input.tree = NULL; // the same by lines
    }
    fixture_finish(&fixture);
}

static void test_instructions(void **state) {
    (void)state;
    check_instruction("python", "# ai: make it async\ndef f():\n    pass\n", "make it async",
                      "def f():\n    pass");
    check_instruction("python", "    # AI: make it\n    # async, please\n    x = 1\n",
                      "make it async, please", "    x = 1");
    check_instruction("python", "x = 1  # Ollama: as a float\ny = 2\n", "as a float",
                      "x = 1\ny = 2");
    check_instruction("python", "x = 1\n# use a set AI!\n", "use a set", "x = 1");
    check_instruction("python", "# add a test\n# for this\nx = 1\n", "add a test for this",
                      "# add a test\n# for this\nx = 1");
    check_instruction("python", "# plain\n# ai: this one\nx = 1\n", "this one", "# plain\nx = 1");
    check_instruction("python", "# ai: first\nx = 1\n# ai: second\n", "first",
                      "x = 1\n# ai: second");
    check_instruction("python", "x = 'no comment'\n", "", "x = 'no comment'");
    check_instruction("python", "# ai:\nx = 1\n", "", "x = 1");
    check_instruction("c", "/* ai: split\n * this */\nint f(void);\n", "split this",
                      "int f(void);");
    check_instruction("c", "int a; /* AI! use long */ int b;\n", "use long", "int a;  int b;");
    check_instruction("c", "/* ai: split this */\n/* A note. */\nint a;\n", "split this",
                      "/* A note. */\nint a;");
    check_instruction("c", "/* ai: split this */\n// A note.\nint a;\n", "split this",
                      "// A note.\nint a;");
    check_instruction("rust", "/// ai: shorter\nfn f() {}\n", "shorter", "fn f() {}");
    check_instruction("lua", "-- ai: shorter\nlocal a = 1\n", "shorter", "local a = 1");
    check_instruction("shell", "# ai: quote it\r\necho $a\r\n", "quote it", "echo $a");
    check_instruction("shell", "echo a#b # c\n", "", "echo a#b # c");
    check_instruction("markdown", "<!-- ai: shorter -->\nA long text.\n", "shorter",
                      "A long text.");
    check_instruction("c", "", "", "");
}

static void test_comment_signs_in_strings(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, "python", STR("x = 'a # ai: no'\n"));
    struct str without;
    struct text_range all = {0, 16};
    struct str got = context_instruction(&fixture.arena, &fixture.input, all, &without);
    assert_int_equal(got.n, 0);
    fixture_finish(&fixture);
}

// --- context ---

static void check_part(const char *what, struct str got, const char *expected) {
    if (!str_eq(got, str_from(expected))) {
        print_error("%s: got '%.*s', expected '%s'\n", what, STR_ARG(got), expected);
        fail();
    }
}

static struct text_range range_of(struct str text, const char *part) {
    size_t at = str_find(text, str_from(part));
    assert_true(at != STR_NPOS);
    return (struct text_range){at, at + strlen(part)};
}

static void test_whole_text_fits(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(
        &fixture, "python",
        STR("import os\r\n\r\nclass A:\r\n  def f(self):\r\n    x = 1\r\n    return x\r\n"));
    struct context context;
    struct text_range target = range_of(text_str(fixture.text), "x = 1");
    context_build(&fixture.arena, &fixture.input, target, 1000, &context);
    check_part("code", context.code, "    x = 1");
    check_part("indent", context.indent, "    ");
    check_part("unit", context.unit, "  ");
    check_part("eol", context.eol, "\r\n");
    check_part("before", context.before, "import os\r\n\r\nclass A:\r\n  def f(self):\r\n");
    check_part("after", context.after, "    return x\r\n");
    check_part("imports", context.imports, "");
    check_part("outline", context.outline, "");
    assert_true(context.is_line_start);
    assert_false(context.is_truncated);
    assert_false(context.is_target_too_large);
    fixture_finish(&fixture);
}

static void test_inside_a_line(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, "c", STR("int f(int a) {\n\treturn a - 1; // one\n}\n"));
    struct context context;
    struct text_range target = range_of(text_str(fixture.text), "a - 1");
    context_build(&fixture.arena, &fixture.input, target, 1000, &context);
    check_part("code", context.code, "a - 1");
    check_part("indent", context.indent, "\t");
    check_part("unit", context.unit, "\t");
    check_part("before", context.before, "int f(int a) {\n\treturn ");
    check_part("after", context.after, "; // one\n}\n");
    assert_false(context.is_line_start);
    fixture_finish(&fixture);
}

static void test_empty_place(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, "python", STR("def f():\n    \n    return 1\n"));
    struct context context;
    context_build(&fixture.arena, &fixture.input, (struct text_range){13, 13}, 1000, &context);
    check_part("code", context.code, "");
    check_part("indent", context.indent, "    ");
    check_part("before", context.before, "def f():\n");
    check_part("after", context.after, "    return 1\n");
    assert_true(context.is_line_start);
    fixture_finish(&fixture);
}

static void test_empty_text(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, "text", STR(""));
    struct context context;
    context_build(&fixture.arena, &fixture.input, (struct text_range){0, 0}, 0, &context);
    assert_int_equal(context.tokens, 0);
    check_part("unit", context.unit, "    ");
    check_part("eol", context.eol, "\n");
    assert_false(context.is_truncated);
    fixture_finish(&fixture);
}

// A long class: imports, then filler, then the target's method.
static struct str long_class(struct arena *arena, size_t fillers, size_t inner) {
    char *bytes = arena_alloc(arena, 400 + (fillers + inner) * 40);
    int n = sprintf(bytes, "import os\nfrom a import (\n    b,\n    c,\n)\n\n\n"
                           "@dataclass\nclass Foo(Base):\n");
    for (size_t i = 0; i < fillers; i++) {
        n += sprintf(bytes + n, "    filler_%zu = compute(%zu)\n", i, i);
    }
    n += sprintf(bytes + n, "    def bar(self):\n        import sys\n");
    for (size_t i = 0; i < inner; i++) {
        n += sprintf(bytes + n, "        y = %zu\n", i);
    }
    n += sprintf(bytes + n, "        x = 1\n        return x\n");
    return str_of(bytes, (size_t)n);
}

static void test_outline_and_imports(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct fixture fixture;
    fixture_init(&fixture, "python", long_class(&arena, 300, 0));
    struct str bytes = text_str(fixture.text);
    struct text_range target = range_of(bytes, "x = 1");
    struct context context;
    context_build(&fixture.arena, &fixture.input, target, 200, &context);
    check_part("imports", context.imports, "import os\nfrom a import (\n    b,\n    c,\n)");
    check_part("outline", context.outline, "@dataclass\nclass Foo(Base):\n    \xe2\x80\xa6");
    assert_true(str_ends(context.before, STR("    def bar(self):\n        import sys\n")));
    assert_true(str_starts(context.before, STR("    filler_")));
    assert_true(context.is_truncated);
    assert_in_range(context.tokens, 150, 200);

    assert_true(context.is_truncated);
    fixture_finish(&fixture);

    // So far inside that the method's head is not shown either; what it imports is its own.
    fixture_init(&fixture, "python", long_class(&arena, 300, 50));
    target = range_of(text_str(fixture.text), "x = 1");
    context_build(&fixture.arena, &fixture.input, target, 200, &context);
    assert_false(str_contains(context.before, STR("def bar")));
    check_part("imports", context.imports, "import os\nfrom a import (\n    b,\n    c,\n)");
    check_part("outline", context.outline,
               "@dataclass\nclass Foo(Base):\n    \xe2\x80\xa6\n"
               "    def bar(self):\n        \xe2\x80\xa6");

    // The nearest head goes before the others, imports and outline do not take it all.
    context_build(&fixture.arena, &fixture.input, target, 60, &context);
    check_part("outline", context.outline, "    def bar(self):\n        \xe2\x80\xa6");
    assert_true(context.before.n > 0 && context.after.n > 0);
    assert_true(context.tokens <= 60);
    fixture_finish(&fixture);
    arena_finish(&arena);
}

static void test_outline_of_braces(void **state) {
    (void)state;
    struct fixture fixture;
    struct arena arena;
    arena_init(&arena);
    char *bytes = arena_alloc(&arena, 8000);
    int n = sprintf(bytes, "import a from \"a\";\nconst b = require(\"b\");\n"
                           "const c = other(\"c\");\n"
                           "export class A extends B {\n  async f(x) {\n");
    for (int i = 0; i < 150; i++) {
        n += sprintf(bytes + n, "    call_%d(%d);\n", i, i);
    }
    sprintf(bytes + n, "    last();\n  }\n}\n");
    fixture_init(&fixture, "javascript", str_from(bytes));
    struct text_range target = range_of(text_str(fixture.text), "last();");
    struct context context;
    context_build(&fixture.arena, &fixture.input, target, 200, &context);
    check_part("imports", context.imports, "import a from \"a\";\nconst b = require(\"b\");");
    check_part("outline", context.outline,
               "export class A extends B {\n  \xe2\x80\xa6\n  async f(x) {\n    \xe2\x80\xa6");
    fixture_finish(&fixture);
    arena_finish(&arena);
}

// An import that the lines before show is not said again, one further up is.
static void test_imports_that_are_shown(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena);
    char *bytes = arena_alloc(&arena, 20000);
    int n = sprintf(bytes, "import far\n");
    for (int i = 0; i < 200; i++) {
        n += sprintf(bytes + n, "filler_%d = compute(%d)\n", i, i);
    }
    sprintf(bytes + n, "import near\nx = 1\n");
    struct fixture fixture;
    fixture_init(&fixture, "python", str_from(bytes));
    struct text_range target = range_of(text_str(fixture.text), "x = 1");
    struct context context;
    context_build(&fixture.arena, &fixture.input, target, 100, &context);
    check_part("imports", context.imports, "import far");
    assert_true(str_ends(context.before, STR("import near\n")));

    // At the top, only what is behind can be too much.
    target = range_of(text_str(fixture.text), "import far");
    context_build(&fixture.arena, &fixture.input, target, 100, &context);
    check_part("before", context.before, "");
    assert_true(context.is_truncated);
    fixture_finish(&fixture);
    arena_finish(&arena);
}

// Deep inside, the innermost heads are kept, and they leave room for the lines.
static void test_many_heads(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena);
    char *bytes = arena_alloc(&arena, 20000);
    int n = 0;
    for (int i = 0; i < 20; i++) {
        n += sprintf(bytes + n, "%*sclass Level%d:\n", i, "", i);
    }
    for (int i = 0; i < 100; i++) {
        n += sprintf(bytes + n, "%*sy = %d\n", 20, "", i);
    }
    sprintf(bytes + n, "%*sx = 1\n", 20, "");
    struct fixture fixture;
    fixture_init(&fixture, "python", str_from(bytes));
    struct text_range target = range_of(text_str(fixture.text), "x = 1");
    struct context context;
    context_build(&fixture.arena, &fixture.input, target, 200, &context);
    assert_true(str_contains(context.outline, STR("class Level19:")));
    assert_false(str_contains(context.outline, STR("class Level10:")));
    assert_true(tokens_estimate(context.outline) <= 50);
    assert_true(context.is_truncated);
    fixture_finish(&fixture);
    arena_finish(&arena);
}

static void test_target_too_large(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct fixture fixture;
    struct str bytes = long_class(&arena, 300, 0);
    fixture_init(&fixture, "python", bytes);
    struct context context;
    struct text_range all = {0, bytes.n - 1};
    context_build(&fixture.arena, &fixture.input, all, 500, &context);
    assert_true(context.is_target_too_large);
    assert_true(context.is_truncated);
    assert_int_equal(context.before.n + context.after.n + context.imports.n, 0);
    assert_true(context.tokens > 500);
    fixture_finish(&fixture);
    arena_finish(&arena);
}

// Whatever the budget, it is kept to, nothing is shown twice, and what is left out is admitted.
static void test_every_budget(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct fixture fixture;
    struct str bytes = long_class(&arena, 40, 5);
    fixture_init(&fixture, "python", bytes);
    struct text_range target = range_of(bytes, "x = 1");
    for (size_t budget = 0; budget < 900; budget += 7) {
        struct context context;
        context_build(&fixture.arena, &fixture.input, target, budget, &context);
        if (context.is_target_too_large) {
            assert_true(budget < 10);
            continue;
        }
        assert_true(context.tokens <= budget);
        bool shows_os = str_contains(context.before, STR("import os\n"));
        bool lists_os = str_contains(context.imports, STR("import os"));
        assert_false(shows_os && lists_os);
        bool shows_class = str_contains(context.before, STR("class Foo"));
        bool lists_class = str_contains(context.outline, STR("class Foo"));
        assert_false(shows_class && lists_class);
        size_t shown = context.before.n + context.code.n + context.after.n;
        bool is_whole = shown + 2 >= bytes.n; // but for line ends around the target
        assert_int_equal(context.is_truncated, !is_whole);
    }
    fixture_finish(&fixture);
    arena_finish(&arena);
}

// --- what holds for every text ---

static bool is_between_characters(struct str text, size_t offset) {
    for (size_t i = 0; i < text.n;) {
        if (i == offset) {
            return true;
        }
        size_t eol = model_eol(text, i);
        i += eol > 0 ? eol : model_character(text, i);
    }
    return offset == text.n;
}

static void check_everything(struct fixture *fixture) {
    struct str bytes = text_str(fixture->text);
    for (int kind = TARGET_NODES; kind <= TARGET_BEHIND; kind++) {
        struct text_range range = context_target(&fixture->input, (enum target_kind)kind);
        assert_true(range.start <= range.end && range.end <= bytes.n);
        assert_true(is_between_characters(bytes, range.start));
        assert_true(is_between_characters(bytes, range.end));
        if (range.start < range.end) {
            assert_false(char_is_space(bytes.p[range.start]));
            assert_false(char_is_space(bytes.p[range.end - 1]));
        }
        // Asked again for what it gave, it gives the same.
        if (kind == TARGET_NODES && range.start < range.end) {
            struct context_input again = fixture->input;
            again.selection = range;
            struct text_range second = context_target(&again, TARGET_NODES);
            assert_true(second.start <= range.start && second.end >= range.end);
        }
        struct str without;
        context_instruction(&fixture->arena, &fixture->input, range, &without);
        assert_true(without.n <= bytes.n);
        struct context context;
        size_t budget = range.end % 97 + 3;
        context_build(&fixture->arena, &fixture->input, range, budget, &context);
        assert_true(context.tokens <= budget || context.is_target_too_large);
    }
}

static const char *const grammars[] = {"c",    "python", "javascript", "typescript", "tsx",
                                       "go",   "rust",   "lua",        "json",       "yaml",
                                       "toml", "dotenv", "modelfile",  "shell",      "markdown"};
enum { GRAMMARS = sizeof(grammars) / sizeof(grammars[0]) };

// Random pieces of code of any language, with line ends and characters of all kinds.
static size_t random_code(struct random *random, char *out, size_t max) {
    static const struct str PIECES[] = {
        STR_INIT("def f(a):\n    return a\n"),
        STR_INIT("class A {\n  b() { return 1; }\n}\n"),
        STR_INIT("if (a) {"),
        STR_INIT("}"),
        STR_INIT("\n"),
        STR_INIT("\n\n"),
        STR_INIT("\r\n"),
        STR_INIT("\r"),
        STR_INIT("    "),
        STR_INIT("\t"),
        STR_INIT("# ai: do it\n"),
        STR_INIT("// ai: do it\n"),
        STR_INIT("/* ai! "),
        STR_INIT("*/"),
        STR_INIT("\"text \xc3\xa9"),
        STR_INIT("\""),
        STR_INIT("'''"),
        STR_INIT("a = b + c;"),
        STR_INIT("@x\n"),
        STR_INIT("#[x]\n"),
        STR_INIT("key: value\n"),
        STR_INIT("  - item\n"),
        STR_INIT("{\"a\": [1, 2]}"),
        STR_INIT("[t]\n"),
        STR_INIT("fn f() -> i32 { 1 }\n"),
        STR_INIT("func f() {\n\treturn\n}\n"),
        STR_INIT("import a\n"),
        STR_INIT("#include <a.h>\n"),
        STR_INIT("local x = function() return 1 end\n"),
        STR_INIT("\xf0\x9f\x98\x80"),
        STR_INIT("\xff"),
        STR_INIT("\xe4\xb8"),
        STR_INIT("\xef\xbb\xbf"),
        STR_INIT("("),
        STR_INIT(")"),
        STR_INIT(","),
        STR_INIT(" \\\n"),
        STR_INIT("`a ${b} c`"),
        STR_INIT("\0"),
    };
    size_t n = 0;
    for (;;) {
        struct str piece = PIECES[random_below(random, sizeof(PIECES) / sizeof(PIECES[0]))];
        if (n + piece.n > max || random_one_in(random, 60)) {
            return n;
        }
        memcpy(out + n, piece.p, piece.n);
        n += piece.n;
    }
}

static void random_round(struct random *random) {
    char bytes[1500];
    size_t n = random_code(random, bytes, sizeof(bytes));
    struct fixture fixture;
    fixture_init(&fixture, grammars[random_below(random, GRAMMARS)], str_of(bytes, n));
    TSQuery *query = language_query_create(fixture.language);
    fixture.input.query = query;
    for (int i = 0; i < 8; i++) {
        size_t a = random_below(random, n + 1);
        size_t b = random_one_in(random, 2) ? a : random_below(random, n + 1);
        fixture.input.selection = (struct text_range){a < b ? a : b, a < b ? b : a};
        check_everything(&fixture);
    }
    if (query) {
        ts_query_delete(query);
    }
    fixture_finish(&fixture);
}

static void test_random_texts(void **state) {
    (void)state;
    random_each_seed(400, random_round);
}

// Deep and long texts take no longer than their size allows, and no stack.
enum { SLOWEST_US = 20 * 1000 * 1000 }; // for 24 calls, some of them with sanitizers

static void check_large(const char *language, const char *piece, size_t times) {
    struct arena arena;
    arena_init(&arena);
    size_t size = strlen(piece);
    char *bytes = arena_alloc(&arena, times * size + 1);
    for (size_t i = 0; i < times; i++) {
        memcpy(bytes + i * size, piece, size);
    }
    struct fixture fixture;
    fixture_init(&fixture, language, str_of(bytes, times * size));
    fixture.input.selection = (struct text_range){times * size / 2, times * size / 2};
    int64_t start = clock_us();
    check_everything(&fixture);
    fixture.input.selection.end += 3;
    check_everything(&fixture);
    assert_true(clock_us() - start < SLOWEST_US);
    fixture_finish(&fixture);
    arena_finish(&arena);
}

static void test_large_texts(void **state) {
    (void)state;
    check_large("python", "(", 29000);
    check_large("javascript", "[", 29000);
    check_large("json", "[", 29000);
    check_large("javascript", "a=>", 9000);
    check_large("c", "if(a){", 6000);
    check_large("python", "x = 1\n", 9000);
    check_large("rust", "// a comment\n", 9000);
    check_large("c", "#include <a>\n", 4000);
    check_large("text", "a line of some text that has no end\n", 100000);
    check_large("text", "no line end", 300000);
    check_large("text", "\n", 4 << 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instructions),
        cmocka_unit_test(test_comment_signs_in_strings),
        cmocka_unit_test(test_whole_text_fits),
        cmocka_unit_test(test_inside_a_line),
        cmocka_unit_test(test_empty_place),
        cmocka_unit_test(test_empty_text),
        cmocka_unit_test(test_outline_and_imports),
        cmocka_unit_test(test_outline_of_braces),
        cmocka_unit_test(test_imports_that_are_shown),
        cmocka_unit_test(test_many_heads),
        cmocka_unit_test(test_target_too_large),
        cmocka_unit_test(test_every_budget),
        cmocka_unit_test(test_random_texts),
        cmocka_unit_test(test_large_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
