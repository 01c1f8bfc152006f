// SPDX-License-Identifier: MIT
//
// Conventions over whole files: what is a reference, with which role, host and flags, and what is
// none. Case files (tests/cases) show findings; here is what they rest on. Also: conventions of
// settings, and the property that following the needles loses nothing against looking at
// everything.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/uri.h"
#include "diagnostics/convention.h"

static const char *const kinds[] = {"model",     "host",   "variable", "value",
                                    "parameter", "number", "path"};
static const char *const origins[] = {"", "beside", "provider", "file", "dotenv"};

static void print_flags(const struct reference *reference, struct buf *out) {
    static const struct {
        unsigned flag;
        const char *word;
    } words[] = {{REF_PULLS, "pulls"},      {REF_INSTALLS, "installs"}, {REF_NEW_NAME, "new"},
                 {REF_PLACEHOLDER, "hole"}, {REF_QUIET, "quiet"},       {REF_EXAMPLE, "example"},
                 {REF_EMPTY, "empty"}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (reference->flags & words[i].flag) {
            buf_printf(out, " %s", words[i].word);
        }
    }
    if (reference->flags & REF_WRONG_PREFIX) {
        buf_printf(out, " wants(%.*s)", STR_ARG(reference->prefix_wanted));
    }
}

static void print_reference(const struct reference *reference, struct buf *out) {
    buf_printf(out, "%s %.*s", kinds[reference->kind], STR_ARG(reference->text));
    if (reference->prefix.n > 0) {
        buf_printf(out, " prefix(%.*s)", STR_ARG(reference->prefix));
    }
    if (reference->kind == REF_MODEL) {
        buf_printf(out, " %s", role_name(reference->role));
    }
    print_flags(reference, out);
    if (reference->kind == REF_HOST) {
        buf_printf(out, "%s%s%s%s",
                   reference->v1 == V1_WANTED      ? " v1"
                   : reference->v1 == V1_FORBIDDEN ? " no-v1"
                                                   : "",
                   reference->is_listen_address ? " listen" : "",
                   reference->hostname_only ? " name" : "",
                   reference->is_container ? " container" : "");
        if (reference->published_port) {
            buf_printf(out, " port(%u)", (unsigned)reference->published_port);
        }
    }
    if (reference->host.origin != HOST_ORIGIN_NONE) {
        buf_printf(out, " @%s(%.*s%s)", origins[reference->host.origin],
                   STR_ARG(reference->host.written),
                   reference->host.is_container ? ", container" : "");
    }
    buf_printf(out, " [%.*s]\n", STR_ARG(reference->convention));
}

struct run {
    const struct analyzer *analyzer;
    const char *path;
    struct str text;
    const struct env_entry *dotenv;
    size_t n_dotenv;
};

// The references as text. Checks what must hold for all: order, ranges, the text as it stands.
static void run_analysis(const struct run *run, struct buf *out) {
    struct arena arena;
    arena_init(&arena);
    struct text *text = text_create(run->text);
    struct str path = str_from(run->path);
    struct analysis_input input = {.path = path,
                                   .folder_path = path,
                                   .format = format_detect(path, STR_NONE, run->text),
                                   .text = text,
                                   .dotenv = run->dotenv,
                                   .n_dotenv = run->n_dotenv};
    struct analysis *analysis = analyzer_run(run->analyzer, &arena, &input);
    for (size_t i = 0; i < analysis->n_references; i++) {
        const struct reference *reference = &analysis->references[i];
        assert_true(reference->prefix_start <= reference->start &&
                    reference->start <= reference->end);
        assert_true(reference->end <= run->text.n);
        assert_true(i == 0 || reference[-1].prefix_start <= reference->prefix_start);
        assert_true(analysis_at(analysis, reference->end) != NULL);
        print_reference(reference, out);
    }
    text_release(text);
    arena_finish(&arena);
}

// tests/unit/data/conventions.txt: "==== GROUP PATH", the text, "----", the references.
struct row {
    struct str group, path, text, wanted;
};

#define ROWS_MAX 256

struct rows {
    struct arena arena;
    struct row at[ROWS_MAX];
    size_t n;
};

static void rows_load(struct rows *rows) {
    rows->n = 0;
    arena_init(&rows->arena);
    struct str rest;
    assert_int_equal(
        file_read(&rows->arena, TEST_DATA_DIR "/unit/data/conventions.txt", LIMIT_FILE, &rest),
        ERR_OK);
    for (;;) {
        size_t start = str_find(rest, STR("==== "));
        if (start == STR_NPOS) {
            break;
        }
        rest = str_from_index(rest, start + 5);
        struct str head;
        assert_true(str_next_line(&rest, &head));
        assert_true(rows->n < ROWS_MAX);
        struct row *row = &rows->at[rows->n++];
        row->group = str_split(&head, ' ');
        row->path = arena_copy(&rows->arena, head);
        size_t middle = str_find(rest, STR("----\n"));
        assert_true(middle != STR_NPOS);
        row->text = arena_copy(&rows->arena, str_slice(rest, 0, middle));
        rest = str_from_index(rest, middle + 5);
        size_t end = str_find(rest, STR("==== "));
        row->wanted = str_slice(rest, 0, end == STR_NPOS ? rest.n : end);
    }
}

static void check_group(const char *group, size_t at_least) {
    static struct rows rows;
    rows_load(&rows);
    struct analyzer *analyzer = analyzer_create(NULL, NULL, NULL);
    size_t checked = 0;
    for (size_t i = 0; i < rows.n; i++) {
        const struct row *row = &rows.at[i];
        if (!str_eq(row->group, str_from(group))) {
            continue;
        }
        struct buf out;
        buf_init(&out, 1 << 20);
        struct run run = {.analyzer = analyzer, .path = row->path.p, .text = row->text};
        run_analysis(&run, &out);
        if (!str_eq(buf_str(&out), row->wanted)) {
            fail_msg("%s:\n%.*s--- gives\n%.*s--- instead of\n%.*s", row->path.p,
                     STR_ARG(row->text), STR_ARG(buf_str(&out)), STR_ARG(row->wanted));
        }
        buf_finish(&out);
        checked++;
    }
    assert_true(checked >= at_least);
    analyzer_release(analyzer);
    arena_finish(&rows.arena);
}

static void test_siblings(void **state) {
    (void)state;
    check_group("siblings", 15);
}

static void test_tools(void **state) {
    (void)state;
    check_group("tools", 25);
}

static void test_variables(void **state) {
    (void)state;
    check_group("variables", 14);
}

static void test_containers(void **state) {
    (void)state;
    check_group("containers", 5);
}

static void test_namel3ss(void **state) {
    (void)state;
    check_group("namel3ss", 7);
}

static void test_traps(void **state) {
    (void)state;
    check_group("traps", 10);
}

static void test_dotenv_host(void **state) {
    (void)state;
    static const struct env_entry entries[] = {
        {.name = STR_INIT("OLLAMA_BASE_URL"), .value = STR_INIT("http://b:11434")},
        {.name = STR_INIT("OLLAMA_HOST"), .value = STR_INIT("${NOT_KNOWN}")},
        {.name = STR_INIT("OLLAMA_API_BASE"), .value = STR_INIT("http://c:11434")},
    };
    static const struct {
        const char *path, *text, *wanted;
    } rows[] = {
        {"a.yaml", "{provider: ollama, model: x}\n",
         "model x any @dotenv(http://b:11434) [provider beside model]\n"},
        // A tool that reads a variable of its own.
        {".aider.conf.yml", "model: ollama_chat/x\n",
         "model x prefix(ollama_chat/) chat @dotenv(http://c:11434) [aider]\n"},
        // What stands nearer wins.
        {"a.yaml", "{provider: ollama, model: x, base_url: \"http://d:1\"}\n",
         "model x any @beside(http://d:1) [provider beside model]\nhost http://d:1 [provider "
         "beside model]\n"},
    };
    struct analyzer *analyzer = analyzer_create(NULL, NULL, NULL);
    for (size_t i = 0; i < 3; i++) {
        struct buf out;
        buf_init(&out, 1 << 20);
        struct run run = {analyzer, rows[i].path, str_from(rows[i].text), entries, 3};
        run_analysis(&run, &out);
        assert_string_equal(out.p, rows[i].wanted);
        buf_finish(&out);
    }
    analyzer_release(analyzer);
}

// --- conventions of settings ---

struct problems {
    struct buf text;
};

static void take_problem(void *data, struct str message) {
    struct problems *problems = data;
    buf_printf(&problems->text, "%.*s\n", STR_ARG(message));
}

static struct analyzer *create_with(const char *json, struct problems *problems) {
    struct arena arena;
    arena_init(&arena);
    struct json_object *conventions = NULL;
    assert_int_equal(json_parse(&arena, str_from(json), &conventions, NULL), ERR_OK);
    buf_init(&problems->text, 1 << 16);
    struct analyzer *analyzer = analyzer_create(conventions, take_problem, problems);
    json_object_put(conventions);
    arena_finish(&arena);
    return analyzer;
}

static void test_built_in(void **state) {
    (void)state;
    struct problems problems;
    struct analyzer *analyzer = create_with("[]", &problems);
    assert_string_equal(problems.text.n ? problems.text.p : "", ""); // our own data has none
    assert_true(analyzer_count(analyzer) > 50);
    const struct convention_set *set = analyzer_conventions(analyzer);
    assert_true(set->n_variables > 100 && set->n_needles == 2);
    analyzer_release(analyzer);
    buf_finish(&problems.text);
}

static void test_user(void **state) {
    (void)state;
    static const struct {
        const char *conventions, *path, *text, *wanted;
    } rows[] = {
        {"[{\"files\": \"bots/*.yaml\", \"path\": \"brain.llm\", \"role\": \"tools\", "
         "\"host\": \"brain.server\"}]",
         "bots/a.yaml", "brain: {llm: phi3, server: x}\n", "model phi3 tools [your convention]\n"},
        {"[{\"name\": \"bots\", \"files\": [\"bots/*.yaml\"], \"path\": \"brain.llm\", "
         "\"host\": \"server\"}]",
         "bots/a.yaml", "brain: {llm: phi3, server: x}\n",
         "model phi3 any @beside(x) [bots]\nhost x [bots]\n"},
        {"[{\"files\": \"bots/*.yaml\", \"path\": \"brain.llm\"}]", "other/a.yaml",
         "brain: {llm: phi3}\n", ""},
        {"[{\"files\": \"*.toml\", \"path\": \"m[]\", \"form\": \"my:\", \"host\": "
         "\"http://g:1\"}]",
         "a.toml", "m = [\"my:a\", \"b\"]\n",
         "model a prefix(my:) any @beside(http://g:1) [your convention]\n"},
        {"[{\"files\": \"*.json\", \"path\": \"**.weights.*.{key}\", \"form\": [\"NAME\"]}]",
         "a.json", "{\"x\": {\"weights\": {\"a\": 1, \"b\": 2}}}\n",
         "model a any [your convention]\nmodel b any [your convention]\n"},
        {"[{\"files\": \"*.json\", \"formats\": [\"json\"], \"role\": \"embed\", "
         "\"query\": \"(pair key: (string) @k value: (string) @model (#eq? @k \\\"vec\\\"))\"}]",
         "a.json", "{\"vec\": \"a\", \"b\": \"c\", \"d\": {\"vec\": \"e\"}}\n",
         "model a embed [your convention]\nmodel e embed [your convention]\n"},
        // The user's word goes before what is built in.
        {"[{\"name\": \"mine\", \"files\": \"*.yaml\", \"path\": \"model\", \"role\": \"vision\"}]",
         "a.yaml", "provider: ollama\nmodel: x\n", "model x vision [mine]\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct problems problems;
        struct analyzer *analyzer = create_with(rows[i].conventions, &problems);
        assert_string_equal(problems.text.n ? problems.text.p : "", "");
        struct buf out;
        buf_init(&out, 1 << 16);
        struct run run = {
            .analyzer = analyzer, .path = rows[i].path, .text = str_from(rows[i].text)};
        run_analysis(&run, &out);
        assert_string_equal(out.n ? out.p : "", rows[i].wanted);
        buf_finish(&out);
        buf_finish(&problems.text);
        analyzer_release(analyzer);
    }
}

static void test_user_problems(void **state) {
    (void)state;
    static const struct {
        const char *conventions, *problem;
    } rows[] = {
        {"{}", "an array is expected"},
        {"[1]", "conventions[0]: an object is expected"},
        {"[{}]", "\"path\" or \"query\" is missing"},
        {"[{\"path\": \"a\"}, {\"path\": \"a..b\"}]", "conventions[1]: \"a..b\" is no path"},
        {"[{\"path\": \"a\", \"rolle\": \"chat\"}]", "unknown member \"rolle\""},
        {"[{\"path\": \"a\", \"role\": \"chatty\"}]", "role: one of"},
        {"[{\"path\": \"a\", \"form\": \"ollama\"}]", "NAME must stand"},
        {"[{\"path\": \"a\", \"files\": 3}]", "files: a string"},
        {"[{\"path\": \"a\", \"formats\": [\"xml\"]}]", "\"xml\" is no format"},
        {"[{\"query\": \"(((\"}]", "query: not understood"},
        {"[{\"query\": \"(pair) @x\", \"formats\": [\"json\"]}]", "neither @model nor @host"},
        {"[{\"query\": \"((pair) @model (#match? @model \\\"x\\\"))\", \"formats\": [\"json\"]}]",
         "predicates"},
        {"[{\"path\": \"{key}.a\"}]", "{key} must end"},
        {"[{\"path\": \"a\", \"if\": {\"b\": 3}}]", "a condition is"},
    };
    size_t n_built_in = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct problems problems;
        struct analyzer *analyzer = create_with(rows[i].conventions, &problems);
        if (!problems.text.n || !strstr(problems.text.p, rows[i].problem)) {
            fail_msg("%s: \"%s\"", rows[i].conventions, problems.text.n ? problems.text.p : "");
        }
        // What is wrong is left out, the rest stays.
        size_t n = analyzer_count(analyzer) - (i == 3 ? 1 : 0);
        n_built_in = n_built_in ? n_built_in : n;
        assert_int_equal(n, n_built_in);
        analyzer_release(analyzer);
        buf_finish(&problems.text);
    }
}

// The first example of the documentation is one that works.
static void test_documentation(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct str text;
    assert_int_equal(
        file_read(&arena, SOURCE_DIR "/docs/adding-a-convention.md", LIMIT_FILE, &text), ERR_OK);
    text = str_from_index(text, str_find(text, STR("```json\n")) + 8);
    text = str_slice(text, 0, str_find(text, STR("```")));
    struct json_object *settings = NULL;
    assert_int_equal(json_parse(&arena, text, &settings, NULL), ERR_OK);
    struct problems problems;
    struct analyzer *analyzer =
        create_with(json_text(json_get(settings, "conventions")).p, &problems);
    assert_string_equal(problems.text.n ? problems.text.p : "", "");
    struct buf out;
    buf_init(&out, 1 << 16);
    struct run run = {.analyzer = analyzer,
                      .path = "bots/a.yaml",
                      .text = STR("brain: {llm: phi3, server: h}\n")};
    run_analysis(&run, &out);
    assert_string_equal(out.n ? out.p : "",
                        "model phi3 tools @beside(h) [our bots]\nhost h [our bots]\n");
    buf_finish(&out);
    buf_finish(&problems.text);
    analyzer_release(analyzer);
    json_object_put(settings);
    arena_finish(&arena);
}

// A query that matches everywhere, in ways that multiply, ends with its time.
static void test_slow_query(void **state) {
    (void)state;
    struct problems problems;
    struct analyzer *analyzer =
        create_with("[{\"formats\": [\"json\"], "
                    "\"query\": \"(array (_)* @model (_)* @host (_)* @model (_)* @host)\"}]",
                    &problems);
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_printf(&text, "[1");
    for (int i = 0; i < 20000; i++) {
        buf_printf(&text, ",%d", i);
    }
    buf_printf(&text, "]");
    struct buf out;
    buf_init(&out, 1 << 26);
    int64_t start = clock_ms();
    struct run run = {.analyzer = analyzer, .path = "a.json", .text = buf_str(&text)};
    run_analysis(&run, &out);
    assert_true(clock_ms() - start <
                2000); // its own limit is LIMIT_PATTERN_MS; sanitizers are slow
    buf_finish(&out);
    buf_finish(&text);
    buf_finish(&problems.text);
    analyzer_release(analyzer);
}

// --- properties ---

// A convention without needles makes every value matter: then nothing is skipped. It itself finds
// nothing. Both ways must find the same.
static void test_needles_lose_nothing(void **state) {
    (void)state;
    struct problems problems;
    struct analyzer *all =
        create_with("[{\"name\": \"all\", \"path\": \"there.is.none\"}]", &problems);
    struct analyzer *usual = analyzer_create(NULL, NULL, NULL);
    static struct rows rows;
    rows_load(&rows);
    for (size_t i = 0; i < rows.n; i++) {
        struct buf one, two;
        buf_init(&one, 1 << 16);
        buf_init(&two, 1 << 16);
        struct run run = {.analyzer = all, .path = rows.at[i].path.p, .text = rows.at[i].text};
        run_analysis(&run, &one);
        run.analyzer = usual;
        run_analysis(&run, &two);
        assert_string_equal(one.n ? one.p : "", two.n ? two.p : "");
        buf_finish(&one);
        buf_finish(&two);
    }
    arena_finish(&rows.arena);
    analyzer_release(all);
    analyzer_release(usual);
    buf_finish(&problems.text);
}

// Small files that stand for endless ones, and files of nothing but references.
static void test_bounded(void **state) {
    (void)state;
    struct analyzer *analyzer = analyzer_create(NULL, NULL, NULL);
    static const char *const units[] = {"- {provider: ollama, model: x}\n",
                                        "ollama:\n",
                                        "*a ",
                                        "a: ollama/x\n",
                                        "OLLAMA_MODEL: x\n",
                                        "&a [*a, *a]\n"};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        struct buf text, out;
        buf_init(&text, 1 << 21);
        buf_init(&out, 1 << 26);
        while (text.n < 1 << 18) {
            buf_printf(&text, "%s", units[i]);
        }
        int64_t start = clock_ms();
        struct run run = {.analyzer = analyzer, .path = "a.yaml", .text = buf_str(&text)};
        run_analysis(&run, &out);
        assert_true(clock_ms() - start < 5000);
        buf_finish(&text);
        buf_finish(&out);
    }
    // Aliases of lists of aliases: ten lines that would be 10^9 values.
    struct buf text, out;
    buf_init(&text, 1 << 16);
    buf_init(&out, 1 << 20);
    buf_printf(&text, "l0: &l0 [ollama]\n");
    for (int i = 1; i < 10; i++) {
        buf_printf(&text, "l%d: &l%d [", i, i);
        for (int k = 0; k < 10; k++) {
            buf_printf(&text, "%s*l%d", k ? ", " : "", i - 1);
        }
        buf_printf(&text, "]\n");
    }
    buf_printf(&text,
               "model_list: *l9\nprovider: ollama\nmodels: *l9\ncommand: *l9\nenvironment: *l9\n");
    int64_t start = clock_ms();
    struct run run = {.analyzer = analyzer, .path = "a.yaml", .text = buf_str(&text)};
    run_analysis(&run, &out);
    assert_true(clock_ms() - start < 3000);
    buf_finish(&text);
    buf_finish(&out);
    analyzer_release(analyzer);
}

static void test_ignores(void **state) {
    (void)state;
    struct analyzer *analyzer = analyzer_create(NULL, NULL, NULL);
    struct arena arena;
    arena_init(&arena);
    struct text *text = text_create(STR("provider: ollama # ollama-ls: ignore\n"
                                        "# ollama-ls: ignore[unknown-model, wrong-prefix]\n"
                                        "# more\n"
                                        "model: x\n"
                                        "note: see ollama-ls: ignore\n"
                                        "# ollama-ls: ignore[a]\n"));
    struct analysis_input input = {
        .path = STR("a.yaml"), .folder_path = STR("a.yaml"), .format = FORMAT_YAML, .text = text};
    struct analysis *analysis = analyzer_run(analyzer, &arena, &input);
    assert_int_equal(analysis->n_ignores, 3);
    assert_int_equal(analysis->ignores[0].line, 0);
    assert_int_equal(analysis->ignores[0].codes.n, 0);
    assert_int_equal(analysis->ignores[1].line, 3);
    assert_true(str_eq(analysis->ignores[1].codes, STR("unknown-model, wrong-prefix")));
    assert_int_equal(analysis->ignores[2].line, 6);
    text_release(text);
    arena_finish(&arena);
    analyzer_release(analyzer);
}

static void test_prefix_form(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t n;
    } rows[] = {{"ollama/x", 7},
                {"ollama_chat/x", 12},
                {"ollama:x:8b", 7},
                {"ollama:chat:llama3.1:8b", 12},
                {"ollama:chat", 7},
                {"ollama://x", 9},
                {"ollama|x", 7},
                {"ollama,x", 7},
                {"litellm/ollama/x", 15},
                {"llama3", 0},
                {"ollama", 0},
                {"ollama/", 0},
                {"", 0},
                {"OLLAMA/x", 7},
                {"ollamax/y", 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(prefix_form(str_from(rows[i].text)), rows[i].n);
    }
}

static void test_wild_match(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool wanted;
    } rows[] = {{"", "", true},
                {"", "a", false},
                {"*", "", true},
                {"a*", "ABC", true},
                {"*b", "aab", true},
                {"*b*", "abc", true},
                {"a?c", "abc", true},
                {"a?c", "ac", false},
                {"*ab*ab", "abab", true},
                {"*aab", "aaab", true},
                {"*?", "", false},
                {"*?b", "ab", true},
                {"**", "x", true},
                {"*a*b*c*", "xaxbxcx", true},
                {"*a*b*c", "xaxbx", false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (wild_match(str_from(rows[i].pattern), str_from(rows[i].text)) != rows[i].wanted) {
            fail_msg("%s against %s", rows[i].pattern, rows[i].text);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_siblings),
        cmocka_unit_test(test_tools),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_containers),
        cmocka_unit_test(test_namel3ss),
        cmocka_unit_test(test_traps),
        cmocka_unit_test(test_dotenv_host),
        cmocka_unit_test(test_built_in),
        cmocka_unit_test(test_user),
        cmocka_unit_test(test_user_problems),
        cmocka_unit_test(test_documentation),
        cmocka_unit_test(test_slow_query),
        cmocka_unit_test(test_needles_lose_nothing),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_ignores),
        cmocka_unit_test(test_prefix_form),
        cmocka_unit_test(test_wild_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
