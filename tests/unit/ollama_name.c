// SPDX-License-Identifier: MIT
//
// Model names: the table of record (data/model-names.tsv), equality and hash, display, where a
// problem is, and pages.
#include "ollama_rows.h"

#include "ollama/core/name.h"

static bool same_word(enum model_source source, struct str word) {
    switch (source) {
    case MODEL_SOURCE_NONE: return word.n == 0;
    case MODEL_SOURCE_CLOUD: return str_eq(word, STR("cloud"));
    case MODEL_SOURCE_LOCAL: return str_eq(word, STR("local"));
    }
    return false;
}

static void check_row(struct arena *arena, const struct str cells[MAX_CELLS], size_t line) {
    struct str input = unquote(arena, cells[0]);
    struct model_name name;
    struct model_name_problem problem;
    bool ok = model_name_parse(input, MODEL_NAME_INFERENCE, &name, &problem);
    CHECK(line, ok == str_eq(cells[1], STR("yes")));
    CHECK(line, ok == (problem.fault == MODEL_NAME_FINE));
    if (ok) {
        CHECK_STR(line, model_name_full(arena, &name), cells[2]);
        CHECK(line, same_word(name.source, cells[3]));
    } else {
        CHECK(line, problem.start <= problem.end && problem.end <= input.n);
        CHECK(line, input.n == 0 || problem.end > problem.start);
        CHECK(line, model_name_problem_text(arena, input, &problem).n > 0);
    }
    CHECK(line,
          model_name_parse(input, MODEL_NAME_NEW, &name, &problem) == str_eq(cells[4], STR("yes")));
    // "equal to row 1" stands in the notes.
    if (str_contains(cells[5], STR("row 1")) || str_contains(cells[5], STR("row above"))) {
        struct model_name first;
        struct str other =
            str_contains(cells[5], STR("same as")) ? STR("gpt-oss:20b:cloud") : STR("llama3");
        assert_true(model_name_parse(other, MODEL_NAME_INFERENCE, &first, NULL));
        assert_true(model_name_parse(input, MODEL_NAME_INFERENCE, &name, NULL));
        CHECK(line, model_name_eq(&name, &first));
        CHECK(line, model_name_hash(&name) == model_name_hash(&first));
    }
}

static void names_of_record(void **state) {
    (void)state;
    assert_int_equal(each_row("model-names.tsv", check_row), 121);
}

static struct model_name parsed(const char *text) {
    struct model_name name;
    assert_true(model_name_parse(str_from(text), MODEL_NAME_INFERENCE, &name, NULL));
    return name;
}

static void equality(void **state) {
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        bool equal;
    } PAIRS[] = {
        {"llama3", "LLAMA3:Latest", true},
        {"qwen3:8b:local", "qwen3:8b", true},
        {"gpt-oss:20b:cloud", "GPT-OSS:20b-cloud", true},
        {"qwen3:cloud", "qwen3:latest-cloud", true},
        {"gpt-oss:20b", "gpt-oss:20b-cloud", false},
        {"llama3", "llama3:8b", false},
        {"hf.co/x/y", "huggingface.co/x/y", false},
        {"ollama.com/library/x", "x", false},
        {"a/x", "x", false},
        {"http://h/n/m", "https://h/n/m", true}, // the scheme takes no part
    };
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
        struct model_name a = parsed(PAIRS[i].a);
        struct model_name b = parsed(PAIRS[i].b);
        CHECK(i, model_name_eq(&a, &b) == PAIRS[i].equal);
        CHECK(i, model_name_eq(&b, &a) == PAIRS[i].equal);
        CHECK(i, !PAIRS[i].equal || model_name_hash(&a) == model_name_hash(&b));
    }
}

static void display(void **state) {
    (void)state;
    static const char *const ROWS[][2] = {
        {"registry.ollama.ai/library/model:latest", "model:latest"},
        {"registry.ollama.ai/library/model:tag", "model:tag"},
        {"registry.ollama.ai/namespace/model:tag", "namespace/model:tag"},
        {"host/namespace/model:tag", "host/namespace/model:tag"},
        {"host/library/model:tag", "host/library/model:tag"},
        {"llama3", "llama3:latest"},
        {"gpt-oss:20b:cloud", "gpt-oss:20b-cloud"},
        {"qwen3:cloud", "qwen3:cloud"},
        {"qwen3:8b:local", "qwen3:8b"},
        {"hf.co/A/B-GGUF:Q4_K_M", "hf.co/A/B-GGUF:Q4_K_M"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct model_name name = parsed(ROWS[i][0]);
        struct str shown = model_name_display(&arena, &name);
        CHECK_STR(i, shown, str_from(ROWS[i][1]));
        // What is shown can be sent back.
        struct model_name again;
        assert_true(model_name_parse(shown, MODEL_NAME_INFERENCE, &again, NULL));
        CHECK(i, model_name_eq(&name, &again));
    }
    arena_finish(&arena);
}

static void parts(void **state) {
    (void)state;
    struct model_name name = parsed("qwen3:cloud");
    assert_false(name.has_tag);
    name = parsed("model:latest-cloud");
    assert_true(name.has_tag);
    name = parsed("ns/model");
    assert_true(name.has_namespace && !name.has_host && !name.has_tag);
    assert_true(model_name_is_default_registry(&name));
    assert_false(model_name_is_library(&name));
    name = parsed("library/llama3:8b");
    assert_true(model_name_is_library(&name));
    name = parsed("hf.co/a/b");
    assert_true(name.has_host);
    assert_false(model_name_is_default_registry(&name));
    // Explicit tags.
    static const struct {
        const char *text;
        bool has;
    } TAGS[] = {{"some-model", false}, {"some-model:9b", true}, {"user/some-model", false}};
    for (size_t i = 0; i < 3; i++) {
        name = parsed(TAGS[i].text);
        CHECK(i, name.has_tag == TAGS[i].has);
    }
}

// The bytes a message points at, and what it says.
static void problems(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum model_name_fault fault;
        enum model_name_part part;
        size_t start;
        size_t end;
        const char *says;
    } ROWS[] = {
        {"my model", MODEL_NAME_BAD_CHAR, MODEL_PART_MODEL, 2, 3,
         "character ' ' is not allowed in the model part"},
        {"  my model", MODEL_NAME_BAD_CHAR, MODEL_PART_MODEL, 4, 5,
         "character ' ' is not allowed in the model part"},
        {"model:v1.0+build", MODEL_NAME_BAD_CHAR, MODEL_PART_TAG, 10, 11,
         "character '+' is not allowed in the tag"},
        {"mod\xc3\xa8le", MODEL_NAME_BAD_CHAR, MODEL_PART_MODEL, 3, 5,
         "character '\xc3\xa8' is not allowed in the model part"},
        {"user.name/model", MODEL_NAME_BAD_CHAR, MODEL_PART_NAMESPACE, 4, 5,
         "character '.' is not allowed in the namespace part"},
        {"-user/model", MODEL_NAME_BAD_START, MODEL_PART_NAMESPACE, 0, 1,
         "the namespace part must begin with a letter, a digit or '_', not with '-'"},
        {"model:", MODEL_NAME_EMPTY_PART, MODEL_PART_TAG, 5, 6, "the tag is empty"},
        {"ns//model", MODEL_NAME_EMPTY_PART, MODEL_PART_NAMESPACE, 2, 3,
         "the namespace part is empty"},
        {"a/b/c/d", MODEL_NAME_TOO_MANY_PARTS, MODEL_PART_HOST, 1, 2,
         "a name has at most three parts: host/namespace/model"},
        {"foo:cloud:local", MODEL_NAME_TWO_SOURCES, MODEL_PART_TAG, 3, 15,
         "':cloud:local': use either :local or :cloud, and only once"},
        {"a\x1b[31m", MODEL_NAME_BAD_CHAR, MODEL_PART_MODEL, 1, 2,
         "character '\\x1b' is not allowed in the model part"},
        {"", MODEL_NAME_EMPTY, MODEL_PART_NAME, 0, 0, "the model name is empty"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct model_name name;
        struct model_name_problem problem;
        struct str text = str_from(ROWS[i].text);
        CHECK(i, !model_name_parse(text, MODEL_NAME_INFERENCE, &name, &problem));
        CHECK(i, problem.fault == ROWS[i].fault);
        CHECK(i, problem.part == ROWS[i].part);
        CHECK(i, problem.start == ROWS[i].start);
        CHECK(i, problem.end == ROWS[i].end);
        CHECK_STR(i, model_name_problem_text(&arena, text, &problem), str_from(ROWS[i].says));
    }
    arena_finish(&arena);
}

static void pages(void **state) {
    (void)state;
    static const char *const ROWS[][2] = {
        {"llama3.2", "https://ollama.com/library/llama3.2"},
        {"LLAMA3.2:3b", "https://ollama.com/library/llama3.2:3b"},
        {"gpt-oss:20b:cloud", "https://ollama.com/library/gpt-oss:20b-cloud"},
        {"mannix/x:8b", "https://ollama.com/mannix/x"},
        {"hf.co/bartowski/L-GGUF:Q8_0", "https://huggingface.co/bartowski/L-GGUF"},
        {"huggingface.co/a/B", "https://huggingface.co/a/B"},
        {"localhost:5000/a/b", ""},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct model_name name = parsed(ROWS[i][0]);
        CHECK_STR(i, model_name_page(&arena, &name), str_from(ROWS[i][1]));
    }
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_record), cmocka_unit_test(equality), cmocka_unit_test(display),
        cmocka_unit_test(parts),           cmocka_unit_test(problems), cmocka_unit_test(pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
