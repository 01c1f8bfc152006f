// SPDX-License-Identifier: MIT
//
// The library table, names of other places, and what wrong names could have meant
// (data/suggestions.tsv).
#include "ollama_rows.h"

#include "ollama/core/library.h"

static const char SMALL[] =
    "{\"models\":["
    "{\"name\":\"llama3.2:3b\",\"details\":{\"parameter_size\":\"3.2B\"}},"
    "{\"name\":\"llama3.1:8b\",\"details\":{\"parameter_size\":\"8.0B\"}},"
    "{\"name\":\"qwen2.5-coder:7b\",\"details\":{\"parameter_size\":\"7.6B\"}},"
    "{\"name\":\"nomic-embed-text:latest\",\"capabilities\":[\"embedding\"],"
    "\"details\":{\"parameter_size\":\"137M\"}},"
    "{\"name\":\"mistral:latest\",\"details\":{\"parameter_size\":\"7.2B\"}},"
    "{\"name\":\"llava:7b\",\"details\":{\"parameter_size\":\"7B\"}},"
    "{\"name\":\"gemma3:4b\",\"details\":{\"parameter_size\":\"4.3B\"}},"
    "{\"name\":\"phi3:mini\",\"details\":{\"parameter_size\":\"3.8B\"}},"
    "{\"name\":\"gpt-oss:20b-cloud\",\"remote_host\":\"https://ollama.com:443\"},"
    "{\"name\":\"mannix/llama3.1-8b-abliterated:latest\","
    "\"details\":{\"parameter_size\":\"8.0B\"}},"
    "{\"name\":\"hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M\","
    "\"details\":{\"parameter_size\":\"1.24B\"}}]}";

static struct catalog *small_catalog(struct arena *arena) {
    struct error error = {0};
    struct catalog *catalog = catalog_from_file(str_from(SMALL), arena, &error);
    assert_non_null(catalog);
    assert_int_equal(catalog->n_models, 11);
    return catalog;
}

static void check_suggestion(struct arena *arena, const struct str cells[MAX_CELLS], size_t line) {
    static const char KINDS[] = "ILHG";
    struct catalog *catalog = str_eq(cells[1], STR("small")) ? small_catalog(arena) : NULL;
    struct suggestion found[8];
    size_t n = suggest_models(arena, cells[0], catalog, 0, found, 8);
    if (str_eq(cells[2], STR("-"))) {
        CHECK_STR(line, n ? found[0].name : STR("-"), STR("-"));
    } else {
        CHECK(line, n > 0);
        CHECK_STR(line, found[0].name, cells[2]);
        CHECK_STR(line, str_of(&KINDS[found[0].kind], 1), cells[3]);
        CHECK_STR(line, found[0].same_size ? STR("=") : STR("-"), cells[4]);
    }
    for (size_t i = 0; i < n; i++) {
        CHECK(line, (found[i].model != NULL) == (found[i].kind == SUGGESTION_INSTALLED));
        CHECK(line, i == 0 || found[i - 1].score <= found[i].score);
        struct model_name name;
        CHECK(line, model_name_parse(found[i].name, MODEL_NAME_INFERENCE, &name, NULL));
        for (size_t j = 0; j < i; j++) {
            CHECK(line, !str_ieq(found[i].name, found[j].name));
        }
    }
    catalog_release(catalog);
}

static void suggestions(void **state) {
    (void)state;
    assert_true(each_row("suggestions.tsv", check_suggestion) > 120);
}

static bool suggests(struct str written, const struct catalog *catalog, struct str unwanted) {
    struct arena arena = {0};
    struct suggestion found[16];
    size_t n = suggest_models(&arena, written, catalog, 0, found, 16);
    bool hit = false;
    for (size_t i = 0; i < n; i++) {
        hit = hit || str_istarts(found[i].name, unwanted);
    }
    arena_finish(&arena);
    return hit;
}

// Two letters apart, nothing in common.
static void never_across_families(void **state) {
    (void)state;
    struct arena arena = {0};
    struct catalog *catalog = small_catalog(&arena);
    static const char *const PAIRS[][2] = {
        {"llama3", "llava"},    {"llama3:13b", "llava"}, {"llama2", "llava"},
        {"llava", "llama"},     {"llava:13b", "llama"},  {"mistral:7b-x", "mixtral"},
        {"mixtral", "mistral"}, {"phi3", "yi"},          {"gemma3", "gemma3n:"},
        {"qwen3:8b", "qwq"},    {"gpt-4o", "gpt-oss"},   {"orca-mini", "codellama"},
    };
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
        const struct catalog *catalogs[] = {NULL, catalog};
        for (size_t c = 0; c < 2; c++) {
            bool hit = suggests(str_from(PAIRS[i][0]), catalogs[c], str_from(PAIRS[i][1]));
            if (hit) {
                print_error("'%s' suggests '%s'\n", PAIRS[i][0], PAIRS[i][1]);
            }
            assert_false(hit);
        }
    }
    catalog_release(catalog);
    arena_finish(&arena);
}

static void suggestions_with_role(void **state) {
    (void)state;
    static const char TAGS[] =
        "{\"models\":[{\"name\":\"qwen3:4b\",\"capabilities\":[\"completion\"]},"
        "{\"name\":\"qwen3:1.7b\",\"capabilities\":[\"completion\",\"insert\"]}]}";
    struct arena arena = {0};
    struct catalog *catalog = catalog_from_file(str_from(TAGS), &arena, NULL);
    struct suggestion found[4];
    assert_true(suggest_models(&arena, STR("qwen3:8b"), catalog, 0, found, 4) >= 2);
    assert_true(str_eq(found[0].name, STR("qwen3:4b")));
    assert_true(suggest_models(&arena, STR("qwen3:8b"), catalog, CAP_INSERT, found, 4) >= 1);
    assert_true(str_eq(found[0].name, STR("qwen3:1.7b")));
    catalog_release(catalog);
    arena_finish(&arena);
}

// What --fix may write without asking must be beyond doubt.
static void certain_or_not(void **state) {
    (void)state;
    static const struct {
        const char *installed;
        const char *written;
        const char *first;
        bool sure;
    } ROWS[] = {
        {"gemma3n:e4b", "gemma3:4b", "gemma3n:e4b", false},
        {"x/qwen3:8b\nqwen3:8b-q8_0", "qwen3:8b", "qwen3:8b-q8_0", true},
        {"x/qwen3:8b", "qwen3:8b", "x/qwen3:8b", false},
        {"qwen3:8b", "x/qwen3:8b", "qwen3:8b", false},
        {"qwen3:8b", "Qwen/Qwen3-8B", "qwen3:8b", true},
        {"x/qwen3:8b", "x/quen3:8b", "x/qwen3:8b", true},
        {"qwen2.5-coder:7b-base", "qwen2.5-coder:7b", "qwen2.5-coder:7b-base", false},
        {"qwen3:8b-cloud", "qwen3:8b", "qwen3:8b-cloud", false},
        {"qwen3:8b-cloud", "qwen3:8-cloud", "qwen3:8b-cloud", true},
        {"llama3.1:8b", "llama3:8b", "llama3.1:8b", false},
        {"llama3.2-vision:11b", "llama3.2:11b", "llama3.2-vision:11b", false},
        {"mixtral:8x22b", "mixtral:8x7b", "mixtral:8x22b", false},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct arena arena = {0};
        struct catalog *catalog = catalog_from_file(str_from(ROWS[i].installed), &arena, NULL);
        struct suggestion found[4];
        size_t n = suggest_models(&arena, str_from(ROWS[i].written), catalog, 0, found, 4);
        CHECK(i, n > 0);
        CHECK_STR(i, found[0].name, str_from(ROWS[i].first));
        CHECK(i, found[0].same_size == ROWS[i].sure);
        catalog_release(catalog);
        arena_finish(&arena);
    }
}

// Hostile texts cost nothing and harm nothing.
static void suggestions_of_garbage(void **state) {
    (void)state;
    struct arena arena = {0};
    struct catalog *catalog = small_catalog(&arena);
    struct suggestion found[8];
    char text[600];
    unsigned seed = 1;
    static const char BYTES[] = "llama3.2:-_/@ 8bqQwen\0\xff\xc3.codrx";
    for (int round = 0; round < 3000; round++) {
        seed = seed * 1664525 + 1013904223;
        size_t n = (seed >> 16) % (round % 50 == 0 ? sizeof(text) : 40);
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525 + 1013904223;
            text[i] = BYTES[(seed >> 16) % (sizeof(BYTES) - 1)];
        }
        struct foreign_id foreign;
        foreign_id_detect(str_of(text, n), &foreign);
        const struct catalog *known = round % 2 ? catalog : NULL;
        size_t count = suggest_models(&arena, str_of(text, n), known, 0, found, 8);
        assert_true(count <= 8);
        for (size_t i = 0; i < count; i++) {
            struct model_name name;
            assert_true(model_name_parse(found[i].name, MODEL_NAME_INFERENCE, &name, NULL));
        }
    }
    assert_int_equal(suggest_models(&arena, STR("llama32"), NULL, 0, found, 1), 1);
    assert_int_equal(suggest_models(&arena, STR("llama32"), NULL, 0, found, 0), 0);
    catalog_release(catalog);
    arena_finish(&arena);
}

static void foreign_ids(void **state) {
    (void)state;
    static const struct {
        const char *written;
        const char *vendor; // NULL: not foreign
        bool hub;
        bool gguf;
    } ROWS[] = {
        {"meta-llama/Llama-3.1-8B-Instruct", "Hugging Face", true, false},
        {"bartowski/Llama-3.2-1B-Instruct-GGUF", "Hugging Face", true, true},
        {"SomeBody/My-Model-7B", "Hugging Face", true, false},
        {"somebody/My-Model-Instruct-GGUF", "Hugging Face", true, true},
        {"qwen/qwen3-8b", "Hugging Face", true, false},
        {"intfloat/e5-large-v2", "Hugging Face", true, false},
        {"deepseek-ai/DeepSeek-V3", "Hugging Face", true, false},
        {"meta-llama/llama-3.1-8b-instruct:free", "Hugging Face", true, false},
        {"Llama-3.1-8B-Instruct", "Hugging Face", false, false},
        {"all-MiniLM-L6-v2", "Hugging Face", false, false},
        {"gpt-4o", "OpenAI", false, false},
        {"gpt-3.5-turbo", "OpenAI", false, false},
        {"o1", "OpenAI", false, false},
        {"o3-mini", "OpenAI", false, false},
        {"text-embedding-3-small", "OpenAI", false, false},
        {"openai/gpt-4o-mini", "OpenAI", false, false},
        {"claude-3-5-sonnet-20241022", "Anthropic", false, false},
        {"anthropic/claude-3.5-sonnet", "Anthropic", false, false},
        {"gemini-1.5-pro", "Google", false, false},
        {"mistral-large-latest", "Mistral AI", false, false},
        {"deepseek-chat", "DeepSeek", false, false},
        {"grok-2", "xAI", false, false},
        {"llama-3.1-8b", "model hub", false, false},
        {"llama3.1-8b", "model hub", false, false},
        {"qwen2.5-coder-7b-instruct", "Hugging Face", false, false}, // a repository's name
        // Not foreign.
        {"mannix/llama3.1-8b-abliterated", NULL, false, false},
        {"jina/jina-embeddings-v2-base-en", NULL, false, false},
        {"MFDoom/deepseek-r1-tool-calling:8b", NULL, false, false},
        {"unsloth/my-model:8b", NULL, false, false},
        {"library/llama3", NULL, false, false},
        {"hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF", NULL, false, false},
        {"huggingface.co/Qwen/Qwen3-8B-GGUF", NULL, false, false},
        {"gpt-oss", NULL, false, false},
        {"gpt-oss:20b", NULL, false, false},
        {"gemini-3-flash-preview", NULL, false, false},
        {"command-r7b", NULL, false, false},
        {"r1-1776", NULL, false, false},
        {"llama3.1:8b", NULL, false, false},
        {"llama-3.1", NULL, false, false}, // a misspelling
        {"my-model-7b", NULL, false, false},
        {"qwen2.5-coder-tools-7b", NULL, false, false},
        {"o1-clone:8b", NULL, false, false},
        {"my-gpt-4o", NULL, false, false},
        {"", NULL, false, false},
        {"/", NULL, false, false},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct foreign_id found;
        foreign_id_detect(str_from(ROWS[i].written), &found);
        if (found.is_foreign != (ROWS[i].vendor != NULL)) {
            print_error("'%s'\n", ROWS[i].written);
        }
        CHECK(i, found.is_foreign == (ROWS[i].vendor != NULL));
        CHECK_STR(i, found.vendor, str_from(ROWS[i].vendor));
        CHECK(i, found.is_hugging_face == ROWS[i].hub);
        CHECK(i, found.is_gguf == ROWS[i].gguf);
    }
}

// No library family is ever called foreign, alone or with any of its tags.
static void library_is_not_foreign(void **state) {
    (void)state;
    struct arena arena = {0};
    for (size_t i = 0; i < library_count(); i++) {
        const struct library_model *model = library_at(i);
        struct foreign_id found;
        foreign_id_detect(model->name, &found);
        CHECK(i, !found.is_foreign);
        for (size_t t = 0; t < model->n_tags; t++) {
            struct str name = arena_printf(&arena, "%.*s:%.*s", STR_ARG(model->name),
                                           STR_ARG(model->tags[t].tag));
            foreign_id_detect(name, &found);
            CHECK(i, !found.is_foreign);
            CHECK(i, library_knows_tag(model, model->tags[t].tag));
        }
    }
    arena_finish(&arena);
}

static void library_table(void **state) {
    (void)state;
    size_t with_tags = 0;
    for (size_t i = 0; i < library_count(); i++) {
        const struct library_model *model = library_at(i);
        with_tags += model->n_tags && model->capabilities ? 1 : 0;
        assert_ptr_equal(library_find(model->name), model); // no name twice
        struct model_name name;
        assert_true(model_name_parse(model->name, MODEL_NAME_INFERENCE, &name, NULL));
        CHECK(i, model->latest.n == 0 || library_knows_tag(model, model->latest));
        for (size_t t = 0; t < model->n_tags; t++) {
            CHECK(i, model->tags[t].cloud == (model->tags[t].size == 0));
        }
    }
    assert_int_equal(with_tags, 167);
    const struct library_model *model = library_find(STR("LLama3.2"));
    assert_non_null(model);
    assert_true(str_eq(model->latest, STR("3b")));
    assert_int_equal(model->capabilities, CAP_COMPLETION | CAP_TOOLS);
    assert_int_equal(model->context_length, 131072);
    assert_int_equal(model->tags[0].size, 1300000000);
    assert_int_equal(model->tags[1].size, 2000000000);
    model = library_find(STR("qwen2.5-coder"));
    assert_true(model->insert);
    assert_int_equal(model->tags[0].size, 398000000);
    assert_false(library_find(STR("qwen3"))->insert);
    assert_true(library_find(STR("kimi-k2"))->tags[0].cloud);
    assert_null(library_find(STR("nope")));
    assert_null(library_at(library_count()));
    assert_int_equal(library_date().n, 10);
}

static void library_tags(void **state) {
    (void)state;
    static const struct {
        const char *model;
        const char *tag;
        bool known;
    } ROWS[] = {
        {"llama3.1", "", true},
        {"llama3.1", "latest", true},
        {"llama3.1", "8b", true},
        {"llama3.1", "8B", true},
        {"llama3.1", "8b-instruct-q4_K_M", true},
        {"llama3.1", "9b", false},
        {"llama3.1", "8binstruct", false},
        {"llama3.1", "instruct", false},
        {"llama3.1", "8", false},
        {"nomic-embed-text", "v1.5", true},
        {"nomic-embed-text", "v1.5-fp16", false},
        {"gpt-oss", "20b-cloud", true},
        {"kimi-k2", "1t", true},
        {"llama4", "scout", true},
        {"phi3", "mini", true},
        {"granite4.1", "8b", true}, // tags unknown
        {"granite4.1", "foo", false},
        {"granite4.1", "8b-q8_0", true},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        const struct library_model *model = library_find(str_from(ROWS[i].model));
        assert_non_null(model);
        CHECK(i, library_knows_tag(model, str_from(ROWS[i].tag)) == ROWS[i].known);
    }
}

static void aliases(void **state) {
    (void)state;
    static const char *const ROWS[][2] = {
        {"llama3.1-8b", "llama3.1:8b"},
        {"mixtral-8x7b", "mixtral:8x7b"},
        {"deepseek-7b", "deepseek-coder:6.7b"},
        {"phi-2", "phi:2.7b"},
        {"qwen2.5-coder-1.5b", "qwen2.5-coder:1.5b"},
        {"llama3.1-9b", ""},
        {"llama3.1:8b", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        CHECK_STR(i, continue_alias(str_from(ROWS[i][0])), str_from(ROWS[i][1]));
    }
}

static void words(void **state) {
    (void)state;
    static const struct str NAMES[] = {STR_INIT("OLLAMA_HOST"), STR_INIT("OLLAMA_MODELS"),
                                       STR_INIT("OLLAMA_KEEP_ALIVE")};
    assert_int_equal(suggest_word(STR("OLLAMA_HOTS"), NAMES, 3), 0);
    assert_int_equal(suggest_word(STR("ollama_modls"), NAMES, 3), 1);
    assert_int_equal(suggest_word(STR("OLLAMA_KEEPALIVE"), NAMES, 3), 2);
    assert_true(suggest_word(STR("PATH"), NAMES, 3) == STR_NPOS);
    assert_true(suggest_word(STR(""), NAMES, 3) == STR_NPOS);
    assert_true(suggest_word(STR("x"), NAMES, 0) == STR_NPOS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suggestions),
        cmocka_unit_test(never_across_families),
        cmocka_unit_test(suggestions_with_role),
        cmocka_unit_test(certain_or_not),
        cmocka_unit_test(suggestions_of_garbage),
        cmocka_unit_test(foreign_ids),
        cmocka_unit_test(library_is_not_foreign),
        cmocka_unit_test(library_table),
        cmocka_unit_test(library_tags),
        cmocka_unit_test(aliases),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
