// SPDX-License-Identifier: MIT
//
// Servers of kind openai without the wire: framing of events cut anywhere, bodies, chunks, errors,
// catalogs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json.h"
#include "ollama/core/backend_url.h"
#include "ollama/core/openai.h"

static struct json_object *parse(const char *text) {
    struct arena arena = {0};
    struct json_object *object = NULL;
    if (json_parse(&arena, str_from(text), &object, NULL) != ERR_OK) {
        fail_msg("no JSON: %s", text);
    }
    arena_finish(&arena);
    return object;
}

// --- events ---

// All events of a stream, joined by "|", that arrives in pieces of at most 7 bytes; seed 0: at
// once.
static void events(const char *stream, uint64_t seed, struct buf *out) {
    struct sse framer;
    struct str rest = str_from(stream);
    struct str event;
    sse_init(&framer, 100);
    buf_clear(out);
    while (rest.n > 0) {
        seed = seed * 6364136223846793005u + 1442695040888963407u * (seed > 0);
        size_t n = seed > 0 ? 1 + (size_t)(seed >> 33) % 7 : rest.n;
        n = n < rest.n ? n : rest.n;
        char *piece = malloc(n); // so that a sanitizer sees a look beyond
        memcpy(piece, rest.p, n);
        sse_feed(&framer, str_of(piece, n));
        while (sse_next(&framer, &event)) {
            buf_append(out, event);
            buf_append_char(out, '|');
        }
        free(piece);
        rest = str_from_index(rest, n);
    }
    if (sse_end(&framer, &event)) {
        buf_append(out, event);
        buf_append(out, STR("$"));
    }
    if (framer.is_page) {
        buf_append(out, STR("PAGE"));
    }
    if (framer.is_too_long) {
        buf_append(out, STR("LONG"));
    }
    sse_finish(&framer);
}

#define LONG50 "01234567890123456789012345678901234567890123456789"

static void test_events(void **state) {
    (void)state;
    static const struct {
        const char *stream;
        const char *events;
    } rows[] = {
        {"data: a\n\ndata: b\n\n", "a|b|"},
        {"data:a\r\n\r\ndata:  b\r\n\r\n", "a| b|"},
        {"data: a\r\rdata: b\r\r", "a|b|"},
        {"data: a\ndata: b\n\n", "a\nb|"},
        {"data: a\r\ndata\r\ndata: b\r\n\r\n", "a\n\nb|"},
        {": comment\n\ndata: a\n: another\n\n", "a|"},
        {":\n\n:\n\n", ""},
        {"event: x\nid: 1\nretry: 5\ndata: a\n\n", "a|"},
        {"event: ping\n\ndata: a\n\n", "a|"},
        {"\n\n\ndata: a\n\n", "a|"},
        {"data\n\n", "|"},
        {"data: [DONE]", "[DONE]$"},
        {"data: a\n\ndata: b\n", "a|b$"},
        {"data: a\n\ndat", "a|"},
        {"data: a\n\n{\"error\":\"x\"}\n", "a|{\"error\":\"x\"}|"},
        {"data: a\n\nerror: {\"code\":1}\n\n", "a|{\"code\":1}|"},
        {"error: text\n\n", ""},
        {"database: a\n\n", ""},
        {"{\"a\":\n1}", "{\"a\":\n1}$"},
        {" \r\n{\"a\":1}\n", "{\"a\":1}\n$"},
        {"<html>data: a\n\n", "PAGE"},
        {"", ""},
        {"data: " LONG50 "\n\n", LONG50 "|"},
        {"data: " LONG50 "\ndata: " LONG50 "\n\n", "LONG"},
        {"data: " LONG50 LONG50 "\n\n", "LONG"},
        {": " LONG50 LONG50, "LONG"},
        {"{" LONG50 LONG50, "LONG"},
        {"data: \xc3\xa4\n\n", "\xc3\xa4|"},
    };
    struct buf out;
    buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (uint64_t seed = 0; seed < 50; seed++) {
            events(rows[i].stream, seed, &out);
            if (!str_eq(buf_str(&out), str_from(rows[i].events))) {
                fail_msg("%s: %.*s", rows[i].stream, STR_ARG(buf_str(&out)));
            }
        }
    }
    buf_finish(&out);
}

static void test_done(void **state) {
    (void)state;
    assert_true(openai_is_done(STR("[DONE]")));
    assert_true(openai_is_done(STR(" [DONE] ")));
    assert_false(openai_is_done(STR("[DONE] or not")));
    assert_false(openai_is_done(STR("")));
}

// --- requests ---

static void check_body(struct json_object *body, const char *expected) {
    assert_string_equal(json_text(body).p, expected);
    json_object_put(body);
}

static void test_bodies(void **state) {
    (void)state;
    struct chat_message message = {"user", STR("hi")};
    struct str stop[] = {STR("\n\n")};
    struct generation_options plain = {.num_ctx = 9, .keep_alive = STR("5m"), .num_predict = -1};
    struct generation_options full = {.num_predict = 7,
                                      .has_temperature = true,
                                      .temperature = 0.5,
                                      .think = THINK_OFF,
                                      .stop = stop,
                                      .n_stop = 1};
    check_body(openai_chat_body(STR("m"), &message, 1, &plain),
               "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
               "\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
    check_body(openai_chat_body(STR("m"), &message, 1, &full),
               "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
               "\"stream\":true,\"max_tokens\":7,\"temperature\":0.5,\"stop\":[\"\\n\\n\"],"
               "\"stream_options\":{\"include_usage\":true},"
               "\"chat_template_kwargs\":{\"enable_thinking\":false}}");
    check_body(openai_completion_body(STR("m"), STR("a("), STR(")"), &full),
               "{\"model\":\"m\",\"prompt\":\"a(\",\"suffix\":\")\",\"stream\":true,"
               "\"max_tokens\":7,\"temperature\":0.5,\"stop\":[\"\\n\\n\"],"
               "\"stream_options\":{\"include_usage\":true}}");
    check_body(openai_infill_body(STR("m"), STR("a("), STR(")"), &full),
               "{\"model\":\"m\",\"input_prefix\":\"a(\",\"input_suffix\":\")\",\"stream\":true,"
               "\"n_predict\":7,\"temperature\":0.5,\"stop\":[\"\\n\\n\"]}");
    check_body(openai_embed_body(STR("m"), stop, 1),
               "{\"model\":\"m\",\"input\":[\"\\n\\n\"],\"encoding_format\":\"float\"}");
}

static void test_relax(void **state) {
    (void)state;
    struct json_object *body =
        parse("{\"model\":\"m\",\"max_tokens\":7,\"temperature\":1,\"stream_options\":{}}");
    assert_false(openai_body_relax(body, STR("model is wrong")));
    assert_false(openai_body_relax(body, STR("suffix")));
    assert_true(openai_body_relax(
        body, STR("'max_tokens' is not supported: use 'max_completion_tokens' instead")));
    assert_int_equal(json_get_int(body, "max_completion_tokens", 0), 7);
    assert_false(json_has(body, "max_tokens"));
    assert_true(openai_body_relax(body, STR("unknown field stream_options")));
    assert_true(openai_body_relax(body, STR("Unsupported value: 'temperature'")));
    assert_false(openai_body_relax(body, STR("Unsupported value: 'temperature'")));
    assert_true(openai_body_relax(body, STR("max_completion_tokens is too large: 7")));
    assert_false(json_has(body, "max_completion_tokens"));
    json_object_put(body);
    body = parse("{\"max_tokens\":7}");
    assert_true(openai_body_relax(body, STR("Unrecognized request argument: max_tokens")));
    assert_int_equal(json_object_object_length(body), 0);
    json_object_put(body);
}

static void test_paths(void **state) {
    (void)state;
    struct arena arena = {0};
    static const struct {
        const char *url;
        const char *path;
        const char *root;
    } rows[] = {
        {"http://h:8080", "/v1/models", "http://h:8080"},
        {"http://h:8080/v1", "/models", "http://h:8080"},
        {"https://r.ai:443/api/v1", "/models", "https://r.ai:443/api"},
        {"https://g:443/v1beta/openai", "/models", "https://g:443/v1beta/openai"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str path = openai_api_path(&arena, str_from(rows[i].url), "/models");
        assert_string_equal(path.p, rows[i].path);
        struct str root = openai_root_url(str_from(rows[i].url));
        assert_true(str_eq(root, str_from(rows[i].root)));
    }
    arena_finish(&arena);
}

// --- chunks ---

static void test_chunks(void **state) {
    (void)state;
    static const struct {
        const char *json;
        const char *text;
        const char *thinking;
        const char *flags; // L last, W whole, H hollow, C cut off at its length
    } rows[] = {
        {"{\"model\":\"m\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}",
         "", "", ""},
        {"{\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}", "a", "", ""},
        {"{\"choices\":[{\"delta\":{\"reasoning_content\":\"t\"}}]}", "", "t", ""},
        {"{\"choices\":[{\"delta\":{\"reasoning\":\"t\",\"content\":\"\"}}]}", "", "t", ""},
        {"{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}", "", "", "L"},
        {"{\"model\":\"\",\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}", "", "",
         "LC"},
        {"{\"choices\":[{\"delta\":{},\"finish_reason\":\"brand_new\"}]}", "", "", "L"},
        {"{\"choices\":[{\"text\":\"x\",\"finish_reason\":null}]}", "x", "", ""},
        {"{\"choices\":[{\"text\":\"\",\"finish_reason\":\"length\"}]}", "", "", "LC"},
        {"{\"choices\":[{\"message\":{\"content\":\"all\"},\"finish_reason\":\"stop\"}]}", "all",
         "", "LW"},
        {"{\"choices\":[],\"model\":\"m\",\"usage\":{}}", "", "", ""},
        {"{\"model\":\"\",\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":null}]}", "",
         "", "H"},
        {"{\"content\":\"x\",\"stop\":false}", "x", "", ""},
        {"{\"content\":\"\",\"stop\":true,\"stop_type\":\"limit\"}", "", "", "LWC"},
        {"{\"content\":\"\",\"stop\":true,\"stop_type\":\"eos\"}", "", "", "LW"},
        {"{\"content\":\"\",\"stop\":true,\"stopped_limit\":true}", "", "", "LWC"},
        {"{\"choices\":5,\"content\":\"x\"}", "", "", ""},
        {"{\"choices\":[{\"delta\":{\"content\":[1]}}]}", "", "", ""},
        {"{\"choices\":[null]}", "", "", ""},
        {"{}", "", "", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct json_object *object = parse(rows[i].json);
        struct openai_chunk chunk;
        openai_chunk_read(object, &chunk);
        char flags[8];
        snprintf(flags, sizeof(flags), "%s%s%s%s", chunk.is_last ? "L" : "",
                 chunk.is_whole ? "W" : "", chunk.is_hollow ? "H" : "",
                 chunk.reason == DONE_LENGTH ? "C" : "");
        if (!str_eq(chunk.text, str_from(rows[i].text)) ||
            !str_eq(chunk.thinking, str_from(rows[i].thinking)) ||
            strcmp(flags, rows[i].flags) != 0) {
            fail_msg("%s: %.*s %.*s %s", rows[i].json, STR_ARG(chunk.text), STR_ARG(chunk.thinking),
                     flags);
        }
        json_object_put(object);
    }
}

static void test_metrics(void **state) {
    (void)state;
    struct openai_chunk chunk;
    struct json_object *usage =
        parse("{\"choices\":[],\"usage\":{\"prompt_tokens\":50,\"completion_tokens\":6,"
              "\"prompt_tokens_details\":{\"cached_tokens\":40}}}");
    openai_chunk_read(usage, &chunk);
    assert_int_equal(chunk.metrics.tokens_in, 10);
    assert_int_equal(chunk.metrics.tokens_out, 6);
    assert_int_equal(chunk.metrics.eval_us, 0);
    struct generation_metrics sum = chunk.metrics;
    struct json_object *timings =
        parse("{\"timings\":{\"prompt_n\":2,\"prompt_ms\":0.351,\"predicted_n\":3,"
              "\"predicted_ms\":0.5}}");
    openai_chunk_read(timings, &chunk);
    openai_metrics_merge(&sum, &chunk.metrics);
    assert_int_equal(sum.tokens_in, 2);
    assert_int_equal(sum.tokens_out, 3);
    assert_int_equal(sum.prompt_us, 351);
    assert_int_equal(sum.eval_us, 500);
    struct json_object *bad =
        parse("{\"usage\":{\"prompt_tokens\":-5,\"completion_tokens\":\"x\"},\"timings\":[]}");
    openai_chunk_read(bad, &chunk);
    openai_metrics_merge(&sum, &chunk.metrics);
    assert_int_equal(sum.tokens_in, 2);
    json_object_put(usage);
    json_object_put(timings);
    json_object_put(bad);
}

static void test_embeddings(void **state) {
    (void)state;
    struct arena arena = {0};
    struct error error;
    float *rows;
    size_t width;
    struct json_object *good =
        parse("{\"data\":[{\"index\":1,\"embedding\":[3,4]},{\"index\":0,\"embedding\":[1,2.5]}]}");
    assert_int_equal(openai_embeddings_read(&arena, good, 2, &rows, &width, &error), ERR_OK);
    assert_int_equal(width, 2);
    assert_true(rows[0] > 0.9f && rows[0] < 1.1f && rows[1] > 2.4f && rows[2] > 2.9f);
    assert_int_equal(openai_embeddings_read(&arena, good, 1, &rows, &width, &error), ERR_PROTOCOL);
    json_object_put(good);
    static const char *const bad[] = {
        "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":0,\"embedding\":[1]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":2,\"embedding\":[1]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":-1,\"embedding\":[1]}]}",
        "{\"data\":[{\"embedding\":[1]},{\"embedding\":[1,2]}]}",
        "{\"data\":[{\"embedding\":[1]},{\"embedding\":\"AAAA\"}]}",
        "{\"data\":[null,null]}",
        "{}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct json_object *answer = parse(bad[i]);
        if (openai_embeddings_read(&arena, answer, 2, &rows, &width, &error) != ERR_PROTOCOL) {
            fail_msg("%s", bad[i]);
        }
        json_object_put(answer);
    }
    arena_finish(&arena);
}

// --- errors ---

static void test_errors(void **state) {
    (void)state;
    static const struct {
        long status;
        const char *body;
        enum remote_fault fault;
        const char *message;
        const char *remedy;
    } rows[] = {
        {404,
         "{\"error\":{\"message\":\"The model `x` does not exist\",\"code\":\"model_not_found\"}}",
         FAULT_MODEL_MISSING, "does not exist", "that the server lists"},
        {404, "{\"error\":{\"message\":\"model 'x' not found\"}}", FAULT_MODEL_MISSING, "not found",
         "that the server lists"},
        {400, "{\"error\":\"text only\"}", FAULT_SERVER, "text only", ""},
        {422, "{\"detail\":\"unprocessable\"}", FAULT_SERVER, "unprocessable", ""},
        {422, "{\"detail\":[{\"loc\":[\"body\",\"stop\"],\"msg\":\"is too long\"}]}", FAULT_SERVER,
         "stop: is too long", ""},
        {400, "{\"message\":\"plain\"}", FAULT_SERVER, "plain", ""},
        {400,
         "{\"object\":\"error\",\"message\":\"This model's maximum context length is 4096 "
         "tokens.\"}",
         FAULT_CONTEXT, "4096", "send less text"},
        {0, "{\"object\":\"error\",\"message\":\"boom\"}", FAULT_SERVER, "boom", ""},
        {400,
         "{\"error\":{\"code\":400,\"message\":\"request (70 tokens) exceeds the available context "
         "size (64 tokens)\","
         "\"type\":\"exceed_context_size_error\",\"n_prompt_tokens\":70,\"n_ctx\":64}}",
         FAULT_CONTEXT, "70 tokens", "llama-server -c"},
        {401, "{\"error\":{\"message\":\"Incorrect API key provided\"}}", FAULT_UNAUTHORIZED,
         "API key", "apiKeyEnv"},
        {401, "", FAULT_UNAUTHORIZED, "401", "apiKeyEnv"},
        {403, "", FAULT_FORBIDDEN_HOST, "", ""},
        {503,
         "{\"error\":{\"message\":\"Loading model\",\"type\":\"unavailable_error\",\"code\":503}}",
         FAULT_BUSY, "Loading model", "in a moment"},
        {429, "{\"error\":{\"message\":\"Rate limit reached\"}}", FAULT_BUSY, "Rate limit", ""},
        {501,
         "{\"error\":{\"code\":501,\"message\":\"Infill is not supported by this model: prefix "
         "token is missing. \"}}",
         FAULT_CAPABILITY, "not supported", ""},
        {200, "{\"error\":\"Unexpected endpoint or method. (POST /infill)\"}", FAULT_CAPABILITY,
         "Unexpected endpoint", ""},
        {502, "<html>bad gateway</html>", FAULT_NOT_OLLAMA, "", "URL"},
        {404, "404 page not found", FAULT_NOT_OLLAMA, "", "URL"},
        {500, "", FAULT_SERVER, "500", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = {0};
        struct remote_error error;
        openai_error_classify(&arena, rows[i].status, STR("application/json"),
                              str_from(rows[i].body), STR("m"), &error);
        bool is_fine = error.fault == rows[i].fault &&
                       str_contains(error.message, str_from(rows[i].message)) &&
                       str_contains(error.remedy, str_from(rows[i].remedy)) &&
                       !str_contains(error.remedy, STR("ollama"));
        if (!is_fine) {
            fail_msg("%ld %s: %d %.*s|%.*s", rows[i].status, rows[i].body, error.fault,
                     STR_ARG(error.message), STR_ARG(error.remedy));
        }
        arena_finish(&arena);
    }
}

// --- catalogs ---

static struct catalog *catalog_of(const char *models, const char *props, const char *studio,
                                  enum insert_route insert) {
    struct openai_sources sources = {parse(models), props ? parse(props) : NULL,
                                     studio ? parse(studio) : NULL, insert};
    enum err result;
    struct catalog *catalog = openai_catalog(STR("http://h:1"), STR("b1"), &sources, &result);
    assert_int_equal(result, catalog ? ERR_OK : ERR_PROTOCOL);
    json_object_put(sources.models);
    json_object_put(sources.props);
    json_object_put(sources.studio);
    return catalog;
}

#define LLAMA                                                                                      \
    "{\"data\":[{\"id\":\"/m/q.gguf\",\"owned_by\":\"llamacpp\",\"meta\":{\"n_ctx_train\":32768,"  \
    "\"n_params\":7615616512,\"size\":4677120000}}]}"

static void test_llamacpp(void **state) {
    (void)state;
    static const char props[] = "{\"default_generation_settings\":{\"n_ctx\":4096},"
                                "\"modalities\":{\"vision\":true}}";
    struct catalog *catalog = catalog_of(LLAMA, props, NULL, INSERT_INFILL);
    const struct model *model = catalog_find_written(catalog, STR("/m/q.gguf"));
    assert_non_null(model);
    assert_int_equal(catalog->kind, SERVER_KIND_OPENAI);
    assert_int_equal(model->context_length, 4096);
    assert_int_equal(model->size, 4677120000);
    assert_string_equal(model->parameters.p, "7.6B");
    assert_true(model->running.loaded);
    assert_true(model_has(model, CAP_COMPLETION | CAP_INSERT | CAP_VISION));
    assert_false(model_lacks(model, CAP_EMBEDDING)); // not told
    assert_false(model_has(model, CAP_EMBEDDING));
    catalog_release(catalog);

    catalog = catalog_of(LLAMA, NULL, NULL, INSERT_NONE); // it loads
    model = &catalog->models[0];
    assert_int_equal(model->context_length, 32768);
    assert_false(model->running.loaded);
    assert_true(model_lacks(model, CAP_INSERT));
    assert_false(model_lacks(model, CAP_VISION));
    catalog_release(catalog);
}

static void test_others(void **state) {
    (void)state;
    struct catalog *catalog = catalog_of(
        "{\"data\":[{\"id\":\"Qwen/Qwen3\",\"max_model_len\":8192},{\"id\":\"qwen/qwen3\"},"
        "{\"id\":\"\"},{\"name\":\"x\"},null,{\"id\":\"a b\"}]}",
        NULL, NULL, INSERT_UNKNOWN);
    assert_int_equal(catalog->n_models, 3);
    assert_int_equal(catalog_find_written(catalog, STR("Qwen/Qwen3"))->context_length, 8192);
    assert_string_equal(catalog_find_written(catalog, STR("qwen/qwen3"))->name.p, "qwen/qwen3");
    assert_string_equal(catalog_find_written(catalog, STR(" QWEN/qwen3 "))->name.p, "Qwen/Qwen3");
    assert_non_null(catalog_find_written(catalog, STR("a b")));
    assert_null(catalog_find_written(catalog, STR("Qwen/Qwen3:latest")));
    assert_false(catalog->models[0].capabilities_known);
    catalog_release(catalog);

    catalog = catalog_of("{\"data\":[{\"id\":\"m\"}]}", NULL, NULL, INSERT_NONE);
    assert_true(model_lacks(&catalog->models[0], CAP_INSERT));
    assert_false(model_lacks(&catalog->models[0], CAP_COMPLETION | CAP_EMBEDDING));
    catalog_release(catalog);

    assert_null(catalog_of("{\"models\":[]}", NULL, NULL, INSERT_UNKNOWN));
    catalog = catalog_of("{\"data\":[]}", NULL, NULL, INSERT_INFILL);
    assert_int_equal(catalog->n_models, 0);
    catalog_release(catalog);
}

static void test_studio(void **state) {
    (void)state;
    struct catalog *catalog = catalog_of(
        "{\"data\":[{\"id\":\"q\",\"owned_by\":\"organization_owner\"},{\"id\":\"e\"},{\"id\":"
        "\"v\"}]}",
        NULL,
        "{\"data\":[{\"id\":\"q\",\"type\":\"llm\",\"arch\":\"qwen2\",\"quantization\":\"Q4_K_M\","
        "\"state\":\"loaded\",\"max_context_length\":32768,\"loaded_context_length\":4096,"
        "\"capabilities\":[\"tool_use\"]},{\"id\":\"e\",\"type\":\"embeddings\",\"state\":"
        "\"not-loaded\",\"max_context_length\":2048},{\"id\":\"v\",\"type\":\"vlm\"},{\"id\":"
        "\"no\"}]}",
        INSERT_UNKNOWN);
    const struct model *model = &catalog->models[0];
    assert_true(model->running.loaded);
    assert_int_equal(model->context_length, 4096);
    assert_string_equal(model->quantization.p, "Q4_K_M");
    assert_true(model_has(model, CAP_COMPLETION | CAP_TOOLS));
    assert_true(model_lacks(model, CAP_EMBEDDING));
    assert_false(model_lacks(model, CAP_INSERT));
    assert_true(model_has(&catalog->models[1], CAP_EMBEDDING));
    assert_true(model_lacks(&catalog->models[1], CAP_COMPLETION));
    assert_false(catalog->models[1].running.loaded);
    assert_true(model_has(&catalog->models[2], CAP_VISION));
    catalog_release(catalog);
}

static void test_programs(void **state) {
    (void)state;
    static const struct {
        const char *models;
        enum openai_program program;
    } rows[] = {
        {LLAMA, OPENAI_LLAMACPP},
        {"{\"data\":[{\"id\":\"m\",\"owned_by\":\"organization_owner\"}]}", OPENAI_LMSTUDIO},
        {"{\"data\":[{\"id\":\"m\",\"owned_by\":\"vllm\"}]}", OPENAI_ANY},
        {"{\"data\":[]}", OPENAI_ANY},
        {"{}", OPENAI_ANY},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct json_object *models = parse(rows[i].models);
        assert_int_equal(openai_program_of(models), rows[i].program);
        json_object_put(models);
    }
    assert_int_equal(openai_infill_verdict(501, STR("Infill is not supported by this model")),
                     INSERT_NONE);
    assert_int_equal(openai_infill_verdict(400, STR("\"input_prefix\" is required")),
                     INSERT_INFILL);
    assert_int_equal(openai_infill_verdict(404, STR("File Not Found")), INSERT_NONE);
    assert_int_equal(openai_infill_verdict(503, STR("Loading model")), INSERT_UNKNOWN);
    assert_int_equal(openai_infill_verdict(0, STR("reset")), INSERT_UNKNOWN);
}

// --- URL forms ---

static void test_backend_urls(void **state) {
    (void)state;
    static const struct {
        const char *written;
        const char *means; // "no", "in process", or KIND MODEL URL ("-": none)
    } rows[] = {
        {"ollama://llama3.2", "ollama llama3.2 http://127.0.0.1:11434 default"},
        {"ollama://phi3:mini", "ollama phi3:mini http://127.0.0.1:11434 default"},
        {"ollama://llama3.2@gpu:1234", "ollama llama3.2 http://gpu:1234"},
        {"ollama://llama3.2:3b@gpu", "ollama llama3.2:3b http://gpu:11434"},
        {"OLLAMA://m@https://gpu.example/", "ollama m https://gpu.example/"},
        {"ollama://gpu:11434", "ollama - http://gpu:11434"},
        {"ollama://localhost", "ollama - http://localhost:11434"},
        {"ollama://127.0.0.1:11434/", "ollama - http://127.0.0.1:11434/"},
        {"ollama://[::1]:11434", "ollama - http://[::1]:11434"},
        {"ollama://mistral:7", "ollama mistral:7 http://127.0.0.1:11434 default"},
        {"ollama://m:99999", "ollama m:99999 http://127.0.0.1:11434 default"},
        {"ollama://hf.co/org/repo:Q4@gpu", "ollama hf.co/org/repo:Q4 http://gpu:11434"},
        {"ollama://", "ollama - http://127.0.0.1:11434 default"},
        {"mlx://mlx-community/Llama-3.2-3B-Instruct-4bit",
         "openai mlx-community/Llama-3.2-3B-Instruct-4bit http://127.0.0.1:8080 default"},
        {"mlx://org/m@mac:8081", "openai org/m http://mac:8081"},
        {"mlx://127.0.0.1:8081", "openai - http://127.0.0.1:8081"},
        {"mlx://localhost:8081/v1", "openai - http://localhost:8081/v1"},
        {"llamacpp://model.gguf@box", "openai model.gguf http://box:8080"},
        {"llamacpp://box:8080", "openai - http://box:8080"},
        {"local://microsoft/phi", "in process"},
        {"local://m@box:9000", "openai m http://box:9000"},
        {"http://localhost:1234/v1", "openai - http://localhost:1234/v1"},
        {"http://localhost:1234/v1/", "openai - http://localhost:1234/v1/"},
        {"https://openrouter.ai/api/v1", "openai - https://openrouter.ai/api/v1"},
        {"http://localhost:11434/v1", "ollama - http://localhost:11434/v1"},
        {"http://localhost:1234", "no"},
        {"localhost:1234/v1", "no"},
        {"llama3.2", "no"},
        {"", "no"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = {0};
        struct backend_url form;
        backend_url_parse(&arena, str_from(rows[i].written), &form);
        struct str means = STR("no");
        if (form.in_process) {
            means = STR("in process");
        } else if (form.is_form) {
            struct str model = form.model.n > 0 ? form.model : STR("-");
            means = arena_printf(
                &arena, "%s %.*s %.*s%s", form.kind == SERVER_KIND_OPENAI ? "openai" : "ollama",
                STR_ARG(model), STR_ARG(form.url), form.has_host ? "" : " default");
        }
        if (!str_eq(means, str_from(rows[i].means))) {
            fail_msg("%s: %.*s", rows[i].written, STR_ARG(means));
        }
        arena_finish(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),   cmocka_unit_test(test_done),
        cmocka_unit_test(test_bodies),   cmocka_unit_test(test_relax),
        cmocka_unit_test(test_paths),    cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_metrics),  cmocka_unit_test(test_embeddings),
        cmocka_unit_test(test_errors),   cmocka_unit_test(test_llamacpp),
        cmocka_unit_test(test_others),   cmocka_unit_test(test_studio),
        cmocka_unit_test(test_programs), cmocka_unit_test(test_backend_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
