// SPDX-License-Identifier: MIT
//
// Switching back ends: what is rewritten, that nothing else is, and that doing it twice is doing it
// once.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/limits.h"
#include "diagnostics/switch.h"

struct row {
    const char *about;
    enum format format;
    enum switch_target to;
    const char *model; // NULL: none is given
    const char *url;
    const char *before;
    const char *after; // NULL: as before
};

#define OLLAMA SWITCH_OLLAMA
#define MLX SWITCH_MLX
#define OPENAI SWITCH_OPENAI
#define ENV FORMAT_DOTENV
#define YAML FORMAT_YAML
#define JSON FORMAT_JSON
#define TOML FORMAT_TOML

static const struct row rows[] = {
    // --- WhisperEngine ---
    {"a form becomes another", ENV, MLX, NULL, NULL, "A=1\nLLM_CHAT_API_URL=ollama://phi3:mini\n",
     "A=1\nLLM_CHAT_API_URL=mlx://phi3:mini\n"},
    {"with a model", ENV, OLLAMA, "llama3.2:3b", NULL,
     "LLM_CHAT_API_URL=mlx://mlx-community/Phi-3@localhost:8080 # chat\n",
     "LLM_CHAT_API_URL=ollama://llama3.2:3b # chat\n"},
    {"with a host of one's own", ENV, OLLAMA, "llama3.2:3b", "http://10.0.0.5:11500",
     "LLM_CHAT_API_URL=mlx://x\n", "LLM_CHAT_API_URL=ollama://llama3.2:3b@10.0.0.5:11500\n"},
    {"a host no form can say", ENV, OLLAMA, "m", "https://ollama.example:443",
     "LLM_CHAT_API_URL=mlx://x\n", "LLM_CHAT_API_URL=https://ollama.example:443/v1\n"},
    {"a form becomes a URL, its model a variable", ENV, OPENAI, NULL, NULL,
     "LLM_CHAT_API_URL=\"ollama://phi3\"\r\nB=2\r\n",
     "LLM_CHAT_API_URL=\"http://127.0.0.1:8080/v1\"\r\nLLM_CHAT_MODEL=phi3\r\nB=2\r\n"},
    {"export stays", ENV, OPENAI, "x", NULL, "export LLM_FACTS_API_URL=ollama://phi3",
     "export LLM_FACTS_API_URL=http://127.0.0.1:8080/v1\nexport LLM_FACTS_MODEL=x"},
    {"a URL becomes a form", ENV, OLLAMA, NULL, NULL,
     "LLM_CHAT_API_URL=http://localhost:1234/v1\nLLM_CHAT_MODEL=phi3\n",
     "LLM_CHAT_API_URL=ollama://phi3\nLLM_CHAT_MODEL=phi3\n"},
    {"a URL without a model", ENV, OLLAMA, NULL, NULL,
     "LLM_EMOTION_API_URL=http://localhost:1234/v1\n",
     "LLM_EMOTION_API_URL=http://127.0.0.1:11434/v1\n"},
    {"three at once", ENV, OLLAMA, NULL, NULL,
     "LLM_CHAT_API_URL=mlx://a\nLLM_EMOTION_API_URL=llamacpp://b\nLLM_FACTS_API_URL=local://c\n",
     "LLM_CHAT_API_URL=ollama://a\nLLM_EMOTION_API_URL=ollama://b\nLLM_FACTS_API_URL=ollama://c\n"},
    {"Ollama's own OpenAI route is Ollama", ENV, OLLAMA, NULL, NULL,
     "LLM_CHAT_API_URL=http://localhost:11434/v1\nLLM_CHAT_MODEL=phi3\n", NULL},
    {"another model of Ollama", ENV, OLLAMA, "gemma3:4b", NULL,
     "LLM_CHAT_API_URL=http://localhost:11434/v1\nLLM_CHAT_MODEL=phi3\n",
     "LLM_CHAT_API_URL=http://localhost:11434/v1\nLLM_CHAT_MODEL=gemma3:4b\n"},
    {"another model, the host stays", ENV, OLLAMA, "gemma3:4b", NULL,
     "LLM_CHAT_API_URL=ollama://phi3@gpu:11434\n",
     "LLM_CHAT_API_URL=ollama://gemma3:4b@gpu:11434\n"},
    // --- a provider among variables ---
    {"Cortex Linux", ENV, OLLAMA, NULL, NULL,
     "# which one\nCORTEX_PROVIDER=openai\nOLLAMA_BASE_URL=http://localhost:11434\n"
     "OLLAMA_MODEL=llama3.2\nOPENAI_API_KEY=sk-x\n",
     "# which one\nCORTEX_PROVIDER=ollama\nOLLAMA_BASE_URL=http://localhost:11434\n"
     "OLLAMA_MODEL=llama3.2\nOPENAI_API_KEY=sk-x\n"},
    {"from a vendor, with a model", ENV, OLLAMA, "llama3.2:3b", NULL,
     "CORTEX_PROVIDER=claude\nOLLAMA_MODEL=llama3.2\n",
     "CORTEX_PROVIDER=ollama\nOLLAMA_MODEL=llama3.2:3b\n"},
    {"no model yet", ENV, OLLAMA, "llama3.2:3b", NULL, "CORTEX_PROVIDER=claude\n",
     "CORTEX_PROVIDER=ollama\nOLLAMA_MODEL=llama3.2:3b\n"},
    {"to openai means a server here", ENV, OPENAI, "qwen", NULL, "CORTEX_PROVIDER='ollama'\n",
     "CORTEX_PROVIDER='openai'\nOPENAI_BASE_URL=http://127.0.0.1:8080/v1\nOPENAI_MODEL=qwen\n"},
    {"a base URL that is there stays", ENV, OPENAI, NULL, NULL,
     "LLM_PROVIDER=ollama\nOPENAI_BASE_URL=http://gpu:8000/v1\n",
     "LLM_PROVIDER=openai\nOPENAI_BASE_URL=http://gpu:8000/v1\n"},
    {"but Ollama's is none", ENV, OPENAI, NULL, NULL,
     "LLM_PROVIDER=ollama\nOPENAI_BASE_URL=http://127.0.0.1:11434/v1\n",
     "LLM_PROVIDER=openai\nOPENAI_BASE_URL=http://127.0.0.1:8080/v1\n"},
    {"an MLX server speaks OpenAI's API", ENV, MLX, "phi", NULL,
     "LLM_PROVIDER=ollama\nLLM_MODEL=phi3\nLLM_BASE_URL=http://localhost:11434\n",
     "LLM_PROVIDER=openai\nLLM_MODEL=phi\nLLM_BASE_URL=http://127.0.0.1:8080/v1\n"},
    {"unless the file knows the word", ENV, MLX, NULL, NULL,
     "# ollama | mlx | openai\nLLM_PROVIDER=ollama\nLLM_BASE_URL=http://localhost:11434\n",
     "# ollama | mlx | openai\nLLM_PROVIDER=mlx\nLLM_BASE_URL=http://127.0.0.1:8080/v1\n"},
    {"embeddings stay", ENV, OPENAI, NULL, "http://127.0.0.1:1234",
     "EMBEDDING_PROVIDER=ollama\nEMBEDDING_MODEL=nomic-embed-text\n", NULL},
    {"other providers are none", ENV, OLLAMA, NULL, NULL,
     "AUTH_PROVIDER=openai\nSTORAGE_PROVIDER=local\nCLOUD_PROVIDER=google\n", NULL},
    {"a client without a provider", ENV, OLLAMA, "llama3.2:3b", NULL,
     "OPENAI_BASE_URL=https://api.openai.com/v1\nOPENAI_MODEL=gpt-4o\nOPENAI_API_KEY=sk-x\n",
     "OPENAI_BASE_URL=http://127.0.0.1:11434/v1\nOPENAI_MODEL=llama3.2:3b\nOPENAI_API_KEY=sk-x\n"},
    {"and back", ENV, MLX, "phi", NULL,
     "OPENAI_BASE_URL=http://localhost:11434/v1\nOPENAI_MODEL=llama3.2:3b\n",
     "OPENAI_BASE_URL=http://127.0.0.1:8080/v1\nOPENAI_MODEL=phi\n"},
    {"OLLAMA_MODEL alone", ENV, OLLAMA, "gemma3:4b", NULL, "OLLAMA_MODEL=phi3\n",
     "OLLAMA_MODEL=gemma3:4b\n"},
    {"which nothing switches", ENV, OPENAI, "gemma3:4b", NULL, "OLLAMA_MODEL=phi3\n", NULL},
    {"a variable for a value is left", ENV, OLLAMA, NULL, NULL, "LLM_PROVIDER=$WHICH\n", NULL},
    {"merge conflict marks are no trouble", ENV, OLLAMA, NULL, NULL,
     "<<<<<<< HEAD\nCORTEX_PROVIDER=claude\n=======\nCORTEX_PROVIDER=openai\n>>>>>>> x\n",
     "<<<<<<< HEAD\nCORTEX_PROVIDER=ollama\n=======\nCORTEX_PROVIDER=ollama\n>>>>>>> x\n"},
    {"a shell script", FORMAT_SHELL, OLLAMA, NULL, NULL,
     "#!/bin/sh\nexport LLM_PROVIDER=\"openai\"\nexec app\n",
     "#!/bin/sh\nexport LLM_PROVIDER=\"ollama\"\nexec app\n"},
    // --- variables in settings ---
    {"compose, a map", YAML, OPENAI, NULL, NULL,
     "services:\n  app:\n    environment:\n      LLM_PROVIDER: ollama # here\n      PORT: \"80\"\n"
     "      LLM_MODEL: phi3\n",
     "services:\n  app:\n    environment:\n      LLM_PROVIDER: openai # here\n"
     "      OPENAI_BASE_URL: http://127.0.0.1:8080/v1\n      PORT: \"80\"\n      LLM_MODEL: "
     "phi3\n"},
    {"compose, a list", YAML, OPENAI, "x", NULL,
     "services:\n  app:\n    environment:\n      - LLM_PROVIDER=ollama\n      - PORT=80\n",
     "services:\n  app:\n    environment:\n      - LLM_PROVIDER=openai\n"
     "      - OPENAI_BASE_URL=http://127.0.0.1:8080/v1\n      - OPENAI_MODEL=x\n      - PORT=80\n"},
    {"a default", YAML, OLLAMA, NULL, NULL,
     "services:\n  app:\n    environment:\n      LLM_PROVIDER: ${LLM_PROVIDER:-openai}\n",
     "services:\n  app:\n    environment:\n      LLM_PROVIDER: ${LLM_PROVIDER:-ollama}\n"},
    // --- objects ---
    {"YAML, block", YAML, OPENAI, "qwen", "http://127.0.0.1:1234",
     "llm:\n  provider: ollama   # local\n  model: 'llama3.2:3b'\n  base_url: "
     "http://localhost:11434\n",
     "llm:\n  provider: openai   # local\n  model: 'qwen'\n  base_url: http://127.0.0.1:1234/v1\n"},
    {"YAML, a list of objects", YAML, OPENAI, NULL, NULL,
     "models:\n  - name: A\n    provider: ollama\n    model: a\n    roles: [chat]\n    apiBase: "
     "http://localhost:11434\n"
     "  - provider: ollama\n    model: b\n  - provider: ollama\n    model: e\n    roles:\n      - "
     "embed\n",
     "models:\n  - name: A\n    provider: openai\n    model: a\n    roles: [chat]\n    apiBase: "
     "http://127.0.0.1:8080/v1\n"
     "  - provider: openai\n    apiBase: http://127.0.0.1:8080/v1\n    model: b\n  - provider: "
     "ollama\n    model: e\n    roles:\n      - embed\n"},
    {"YAML, flow", YAML, MLX, NULL, NULL, "llm: {provider: ollama, model: a}\n",
     "llm: {provider: openai, base_url: \"http://127.0.0.1:8080/v1\", model: a}\n"},
    {"YAML, words that are no text", YAML, OLLAMA, "8", NULL,
     "llm: \n  provider: openai\n  model: gpt\n", "llm: \n  provider: ollama\n  model: \"8\"\n"},
    {"a base URL with nothing behind it", YAML, OPENAI, NULL, NULL,
     "provider: ollama\nmodel: a\nbase_url:\n",
     "provider: openai\nmodel: a\nbase_url: http://127.0.0.1:8080/v1\n"},
    {"one level below, a key that names the back end", YAML, OPENAI, NULL, NULL,
     "llm:\n  provider: ollama\n  config:\n    model: a\n    ollama_base_url: "
     "http://localhost:11434\n"
     "embedder:\n  provider: ollama\n  config:\n    model: e\n",
     "llm:\n  provider: openai\n  config:\n    model: a\n    openai_base_url: "
     "http://127.0.0.1:8080/v1\n"
     "embedder:\n  provider: ollama\n  config:\n    model: e\n"},
    {"the provider above decides about /v1", YAML, OLLAMA, "m", NULL,
     "llm:\n  provider: openai\n  config:\n    model: x\n    base_url: http://localhost:1234/v1\n",
     "llm:\n  provider: ollama\n  config:\n    model: m\n    base_url: http://127.0.0.1:11434\n"},
    {"an alias is left", YAML, OLLAMA, NULL, NULL, "a: &p openai\nb:\n  provider: *p\n  model: x\n",
     NULL},
    {"JSON, its layout", JSON, OPENAI, NULL, NULL,
     "{\n  \"llm\": {\n    \"provider\": \"ollama\",\n    \"model\": \"a\"\n  }\n}\n",
     "{\n  \"llm\": {\n    \"provider\": \"openai\",\n    \"base_url\": "
     "\"http://127.0.0.1:8080/v1\",\n"
     "    \"model\": \"a\"\n  }\n}\n"},
    {"JSON, one line, comments", JSON, OPENAI, "x", NULL,
     "// c\n{\"provider\": \"ollama\", \"apiBase\": \"http://localhost:11434/\", \"model\": \"a\"} "
     "// d\n",
     "// c\n{\"provider\": \"openai\", \"apiBase\": \"http://127.0.0.1:8080/v1\", \"model\": "
     "\"x\"} // d\n"},
    {"JSON, at the end", JSON, OPENAI, NULL, NULL, "{\"model\":\"a\",\"provider\":\"ollama\"}",
     "{\"model\":\"a\",\"provider\":\"openai\", \"base_url\": \"http://127.0.0.1:8080/v1\"}"},
    {"TOML", TOML, OLLAMA, "a:1b", NULL,
     "[llm]\nprovider = \"openai\" # x\nmodel = 'gpt-4o'\nbase_url = "
     "\"http://localhost:1234/v1\"\n",
     "[llm]\nprovider = \"ollama\" # x\nmodel = 'a:1b'\nbase_url = \"http://127.0.0.1:11434\"\n"},
    {"TOML, a new key", TOML, OPENAI, NULL, NULL,
     "[llm]\nprovider = \"ollama\"\nmodel = \"a\"\n[x]\n",
     "[llm]\nprovider = \"openai\"\nbase_url = \"http://127.0.0.1:8080/v1\"\nmodel = \"a\"\n[x]\n"},
    {"TOML, inline", TOML, OPENAI, NULL, NULL, "llm = { provider = \"ollama\", model = \"a\" }\n",
     "llm = { provider = \"openai\", base_url = \"http://127.0.0.1:8080/v1\", model = \"a\" }\n"},
    {"capitals stay", YAML, OLLAMA, NULL, NULL, "provider: OpenAI\nmodel: a\n",
     "provider: Ollama\nmodel: a\n"},
    {"a prefix", YAML, OPENAI, NULL, NULL,
     "model_list:\n  - model_name: gpt-4\n    litellm_params:\n      model: ollama_chat/llama3\n"
     "      api_base: http://localhost:11434\n",
     "model_list:\n  - model_name: gpt-4\n    litellm_params:\n      model: openai/llama3\n"
     "      api_base: http://127.0.0.1:8080/v1\n"},
    {"a prefix, back", YAML, OLLAMA, "phi3", NULL,
     "model: openai/x\napi_base: http://localhost:8000/v1\n",
     "model: ollama_chat/phi3\napi_base: http://127.0.0.1:11434\n"},
    {"openai/ without a server is OpenAI's", YAML, OLLAMA, NULL, NULL, "model: openai/gpt-4o\n",
     NULL},
    {"a base URL beside a model", TOML, OLLAMA, "phi3", NULL,
     "base_url = \"http://localhost:1234/v1\"\nmodel = \"x\"\n",
     "base_url = \"http://127.0.0.1:11434/v1\"\nmodel = \"phi3\"\n"},
    {"the only provider, whatever it is", YAML, OLLAMA, "phi3", NULL,
     "llm:\n  provider: anthropic\n  model: claude\n", "llm:\n  provider: ollama\n  model: phi3\n"},
    {"of several the others stay", YAML, OLLAMA, "phi3", NULL,
     "a:\n  provider: anthropic\n  model: claude\nb:\n  provider: openai\n  model: gpt\n",
     "a:\n  provider: anthropic\n  model: claude\nb:\n  provider: ollama\n  model: phi3\n"},
    {"types of other things", YAML, OLLAMA, NULL, NULL, "type: openai\nname: x\n", NULL},
    {"a URL form", YAML, OLLAMA, NULL, NULL, "chat:\n  url: mlx://phi\n",
     "chat:\n  url: ollama://phi\n"},
    {"there already", YAML, OLLAMA, NULL, NULL, "provider: ollama\nmodel: a\n", NULL},
    {"nothing", YAML, OLLAMA, "m", NULL, "a: 1\n", NULL},
    {"empty", JSON, OLLAMA, "m", NULL, "", NULL},
};

static struct str apply(struct arena *arena, struct str text, const struct edit *edits, size_t n) {
    struct buf out;
    buf_init(&out, 2 * LIMIT_FILE);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(edits[i].start >= at && edits[i].end >= edits[i].start);
        assert_true(edits[i].end <= text.n);
        buf_append(&out, str_slice(text, at, edits[i].start));
        buf_append(&out, edits[i].text);
        at = edits[i].end;
    }
    buf_append(&out, str_from_index(text, at));
    struct str result = arena_copy(arena, buf_str(&out));
    buf_finish(&out);
    return result;
}

static void test_rows(void **state) {
    (void)state;
    size_t failures = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = {0};
        const struct row *row = &rows[i];
        struct switch_input input = {.format = row->format,
                                     .text = str_from(row->before),
                                     .to = row->to,
                                     .model = str_from(row->model),
                                     .url = str_from(row->url)};
        struct switch_plan plan = switch_make_plan(&arena, &input);
        struct str after = apply(&arena, input.text, plan.edits, plan.n_edits);
        struct str wanted = str_from(row->after ? row->after : row->before);
        input.text = after;
        struct switch_plan again = switch_make_plan(&arena, &input);
        if (!str_eq(after, wanted) || again.n_edits > 0) {
            print_message("%s:\n%.*s\nwanted:\n%.*s\nedits the second time: %zu\n\n", row->about,
                          STR_ARG(after), STR_ARG(wanted), again.n_edits);
            failures++;
        }
        arena_finish(&arena);
    }
    assert_int_equal(0, failures);
}

static struct str choose(void *data, struct str written) {
    assert_true(str_eq(written, STR("gpt-4o")));
    (*(int *)data)++;
    return STR("llama3.2:3b");
}

static void test_a_model_is_chosen_where_the_back_end_changes(void **state) {
    (void)state;
    struct arena arena = {0};
    int asked = 0;
    struct switch_input input = {.format = YAML,
                                 .text = STR("a:\n  provider: openai\n  model: gpt-4o\n"
                                             "b:\n  provider: ollama\n  model: phi3\n"),
                                 .to = OLLAMA,
                                 .choose = choose,
                                 .data = &asked};
    struct switch_plan plan = switch_make_plan(&arena, &input);
    assert_int_equal(1, asked);
    assert_int_equal(2, plan.n_places);
    assert_true(str_eq(apply(&arena, input.text, plan.edits, plan.n_edits),
                       STR("a:\n  provider: ollama\n  model: llama3.2:3b\n"
                           "b:\n  provider: ollama\n  model: phi3\n")));
    assert_int_equal(0, plan.n_notes);
    input.choose = NULL;
    plan = switch_make_plan(&arena, &input);
    assert_int_equal(1, plan.n_notes); // the name is told to be kept
    arena_finish(&arena);
}

static void test_only_the_place_in_the_range(void **state) {
    (void)state;
    struct arena arena = {0};
    struct switch_input input = {.format = YAML,
                                 .text = STR("a:\n  provider: openai\n  model: x\n"
                                             "b:\n  provider: openai\n  model: y\n"),
                                 .to = OLLAMA};
    size_t second = str_find(input.text, STR("b:"));
    input.from = input.to_end = second + 8;
    struct switch_plan plan = switch_make_plan(&arena, &input);
    assert_int_equal(1, plan.n_edits);
    assert_true(plan.edits[0].start > second);
    input.from = input.to_end = 1;
    assert_int_equal(0, switch_make_plan(&arena, &input).n_edits);
    arena_finish(&arena);
}

static void test_what_may_be_written(void **state) {
    (void)state;
    static const char *const good[] = {"llama3.2:3b", "hf.co/a/b-c_d:Q4", "http://[::1]:1/v1"};
    static const char *const bad[] = {"",   "a b", "a\"",      "a\n", "a#b",
                                      "-a", "a'",  "\xc3\xa9", "a\\"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(switch_is_writable(str_from(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(switch_is_writable(str_from(bad[i])));
    }
    assert_false(switch_is_writable(str_of("a\0b", 3)));
}

// Thousands of places, odd bytes: bounded work, edits that can be applied.
static void test_hostile_texts(void **state) {
    (void)state;
    static const char *const pieces[] = {"LLM_PROVIDER=openai\n",
                                         "LLM_CHAT_API_URL=mlx://\n",
                                         "- provider: openai\n  model: \xff\x00\n",
                                         "{\"provider\":\"openai\",\"model\":\"x\"},",
                                         "provider = \"openai\"\nmodel = \"\"\n",
                                         "mlx://@:/@@\n",
                                         "OPENAI_BASE_URL=http://\n",
                                         "a: {provider: openai, config: {model: x\n"};
    static const enum format formats[] = {ENV, YAML, JSON, TOML, FORMAT_SHELL};
    for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
        struct buf text;
        buf_init(&text, LIMIT_FILE);
        while (buf_append(&text, str_from(pieces[p])) && text.n < 400000) {
        }
        for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++) {
            for (int to = 0; to < SWITCH_COUNT; to++) {
                struct arena arena = {0};
                struct switch_input input = {.format = formats[f],
                                             .text = buf_str(&text),
                                             .to = (enum switch_target)to,
                                             .model = STR("m")};
                struct switch_plan plan = switch_make_plan(&arena, &input);
                (void)apply(&arena, input.text, plan.edits, plan.n_edits);
                assert_true(plan.n_edits <= 1000 && plan.n_notes <= 20);
                arena_finish(&arena);
            }
        }
        buf_finish(&text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_a_model_is_chosen_where_the_back_end_changes),
        cmocka_unit_test(test_only_the_place_in_the_range),
        cmocka_unit_test(test_what_may_be_written),
        cmocka_unit_test(test_hostile_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
