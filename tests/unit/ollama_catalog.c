// SPDX-License-Identifier: MIT
//
// Snapshots: what is taken from tags, ps and show, what is left out, look-up under Ollama's
// equality, order, the words shown for a model, and the files of check --catalog.
#include "ollama_rows.h"

#include "base/limits.h"
#include "ollama/core/catalog.h"

static struct json_object *json(const char *text) {
    struct arena arena = {0};
    struct json_object *value = NULL;
    assert_int_equal(json_parse(&arena, str_from(text), &value, NULL), ERR_OK);
    arena_finish(&arena);
    return value;
}

static struct catalog *create(const char *tags, const char *ps, catalog_details_fn fn, void *data) {
    struct json_object *tags_json = json(tags);
    struct json_object *ps_json = ps ? json(ps) : NULL;
    enum err result = ERR_BUG;
    struct catalog *catalog = catalog_create(STR("http://127.0.0.1:11434"), STR("0.33.0"),
                                             tags_json, ps_json, fn, data, &result);
    assert_int_equal(result, catalog ? ERR_OK : ERR_PROTOCOL);
    json_object_put(tags_json); // the snapshot keeps nothing of it
    json_object_put(ps_json);
    return catalog;
}

static const struct model *find(const struct catalog *catalog, const char *text) {
    struct model_name name;
    assert_true(model_name_parse(str_from(text), MODEL_NAME_INFERENCE, &name, NULL));
    return catalog_find(catalog, &name);
}

static const char TAGS[] =
    "{\"models\":["
    "{\"name\":\"llama3.2:latest\",\"model\":\"llama3.2:latest\","
    "\"modified_at\":\"2026-01-02T03:04:05.123+02:00\",\"size\":2019393189,"
    "\"digest\":\"a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72\","
    "\"details\":{\"parent_model\":\"\",\"format\":\"gguf\",\"family\":\"llama\","
    "\"families\":null,\"parameter_size\":\"3.2B\",\"quantization_level\":\"Q4_K_M\","
    "\"context_length\":131072},\"capabilities\":[\"completion\",\"tools\",\"telepathy\"]},"
    "{\"name\":\"old:1b\",\"size\":-5,\"digest\":\"sha256:d1\",\"details\":null},"
    "{\"name\":\"gpt-oss:20b-cloud\",\"remote_model\":\"gpt-oss:20b\","
    "\"remote_host\":\"https://ollama.com:443\",\"size\":382,\"details\":{}},"
    "{\"model\":\"only-model\"},"
    "{\"name\":\"qwen3:cloud\"},"
    "{\"name\":\"OLD:1B\",\"size\":7},"
    "{\"name\":\"not a name\"},{\"name\":7},42,null,{}]}";

static const char PS[] =
    "{\"models\":[{\"name\":\"LLAMA3.2\",\"size\":5000,\"size_vram\":4000,\"context_length\":4096,"
    "\"expires_at\":\"2026-01-02T03:09:05Z\"},{\"name\":\"ghost:1b\"},17]}";

static void reads_tags(void **state) {
    (void)state;
    struct catalog *catalog = create(TAGS, PS, NULL, NULL);
    assert_non_null(catalog);
    assert_int_equal(catalog->n_models, 6);
    assert_false(catalog->truncated);
    assert_true(catalog->running_known);
    assert_true(str_eq(catalog->version, STR("0.33.0")));
    const struct model *model = find(catalog, "llama3.2");
    assert_non_null(model);
    assert_true(str_eq(model->name, STR("llama3.2:latest")));
    assert_int_equal(model->size, 2019393189);
    assert_int_equal(model->digest.n, 64);
    assert_int_equal(model->modified, 1767315845); // 01:04:05 UTC
    assert_true(str_eq(model->parameters, STR("3.2B")));
    assert_true(str_eq(model->family, STR("llama")));
    assert_int_equal(model->context_length, 131072);
    assert_true(model->capabilities_known);
    assert_int_equal(model->capabilities, CAP_COMPLETION | CAP_TOOLS);
    assert_false(model->remote);
    assert_true(model->running.loaded);
    assert_int_equal(model->running.size_vram, 4000);
    assert_int_equal(model->running.context_length, 4096);
    model = find(catalog, "old:1b");
    assert_int_equal(model->size, 0);
    assert_true(str_eq(model->digest, STR("d1")));
    assert_false(model->capabilities_known || model->running.loaded);
    assert_non_null(find(catalog, "only-model"));
    catalog_release(catalog);
}

static void finds(void **state) {
    (void)state;
    struct catalog *catalog = create(TAGS, NULL, NULL, NULL);
    assert_false(catalog->running_known);
    assert_true(find(catalog, "gpt-oss:20b:cloud")->remote);
    assert_ptr_equal(find(catalog, "gpt-oss:20b:cloud"), find(catalog, "GPT-OSS:20b-cloud"));
    assert_true(find(catalog, "qwen3:latest-cloud")->remote);
    assert_null(find(catalog, "gpt-oss:20b"));
    assert_null(find(catalog, "qwen3"));
    assert_non_null(find(catalog, "llama3.2:local"));
    assert_non_null(find(catalog, "registry.ollama.ai/library/LLAMA3.2:latest"));
    assert_null(find(catalog, "llama3.2:3b"));
    assert_null(find(catalog, "x/llama3.2"));
    assert_null(find(NULL, "llama3.2"));
    catalog_release(catalog);
    catalog_release(NULL);
}

static void refuses(void **state) {
    (void)state;
    assert_null(create("{}", NULL, NULL, NULL));
    assert_null(create("[]", NULL, NULL, NULL));
    assert_null(create("{\"models\":{}}", NULL, NULL, NULL));
    assert_null(create("\"Ollama is running\"", NULL, NULL, NULL));
    struct catalog *none = create("{\"models\":null}", "{\"models\":null}", NULL, NULL);
    assert_int_equal(none->n_models, 0);
    assert_true(none->running_known);
    assert_null(find(none, "x"));
    catalog_release(none);
    // ps of something else changes nothing.
    struct catalog *odd = create(TAGS, "{\"error\":\"x\"}", NULL, NULL);
    assert_false(odd->running_known);
    catalog_release(odd);
}

static void many(void **state) {
    (void)state;
    struct json_object *list = json_object_new_array();
    for (int i = 0; i < LIMIT_MODELS + 5; i++) {
        struct json_object *entry = json_object_new_object();
        char name[32];
        snprintf(name, sizeof(name), "model-%d:1b", i);
        json_set_str(entry, "name", str_from(name));
        json_add(list, entry);
    }
    struct json_object *tags = json_object_new_object();
    json_set(tags, "models", list);
    enum err result;
    struct catalog *catalog = catalog_create(STR("u"), STR(""), tags, NULL, NULL, NULL, &result);
    json_object_put(tags);
    assert_int_equal(catalog->n_models, LIMIT_MODELS);
    assert_true(catalog->truncated);
    for (int i = 0; i < LIMIT_MODELS; i += 97) {
        char name[32];
        snprintf(name, sizeof(name), "MODEL-%d:1b", i);
        assert_ptr_equal(find(catalog, name), &catalog->models[i]);
    }
    assert_null(find(catalog, "model-10000:1b"));
    assert_ptr_equal(catalog_retain(catalog), catalog);
    catalog_release(catalog);
    assert_non_null(find(catalog, "model-1:1b"));
    catalog_release(catalog);
}

static const struct model_details *details_of(void *data, struct str digest) {
    static const struct model_details D1 = {CAP_EMBEDDING, true, 512};
    ++*(int *)data;
    return str_eq(digest, STR("d1")) ? &D1 : NULL;
}

static void asks_for_details(void **state) {
    (void)state;
    int asked = 0;
    struct catalog *catalog = create(TAGS, NULL, details_of, &asked);
    assert_int_equal(asked, 5); // all but the one that has everything
    const struct model *model = find(catalog, "old:1b");
    assert_true(model->capabilities_known);
    assert_int_equal(model->capabilities, CAP_EMBEDDING);
    assert_int_equal(model->context_length, 512);
    assert_false(find(catalog, "only-model")->capabilities_known);
    catalog_release(catalog);
}

static void reads_show(void **state) {
    (void)state;
    static const struct {
        const char *show;
        bool known;
        unsigned capabilities;
        int64_t context;
    } ROWS[] = {
        {"{\"capabilities\":[\"completion\",\"insert\"],\"model_info\":{\"general.architecture\":"
         "\"qwen2\",\"qwen2.context_length\":32768,\"vision.context_length\":77}}",
         true, CAP_COMPLETION | CAP_INSERT, 32768},
        {"{\"model_info\":{\"clip.context_length\":77}}", false, 0, 0},
        {"{\"details\":{\"context_length\":40960},\"model_info\":{},\"capabilities\":[]}", false, 0,
         40960},
        {"{\"model_info\":null}", false, 0, 0},
        {"{\"model_info\":{\"general.architecture\":7}}", false, 0, 0},
        {"{\"model_info\":{\"general.architecture\":\"a\",\"a.context_length\":-4}}", false, 0, 0},
        {"[]", false, 0, 0},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct json_object *show = json(ROWS[i].show);
        struct model_details details;
        model_details_from_show(show, &details);
        CHECK(i, details.capabilities_known == ROWS[i].known);
        CHECK(i, details.capabilities == ROWS[i].capabilities);
        CHECK(i, details.context_length == ROWS[i].context);
        json_object_put(show);
    }
}

static void formats(void **state) {
    (void)state;
    static const struct {
        int64_t bytes;
        const char *text;
    } SIZES[] = {
        {0, "0 B"},
        {999, "999 B"},
        {1000, "1.0 kB"},
        {2019393189, "2.0 GB"},
        {986000000, "986 MB"},
        {2000000000, "2.0 GB"},
        {43000000000, "43 GB"},
        {4920753328, "4.9 GB"},
        {404430000000, "404 GB"},
        {1500000000000, "1.5 TB"},
        {-5, "0 B"},
    };
    static const struct {
        int64_t tokens;
        const char *text;
    } CONTEXTS[] = {
        {131072, "128K"}, {40960, "40K"}, {512, "512"}, {1048576, "1M"},    {128000, "125K"},
        {262144, "256K"}, {2048, "2K"},   {0, "0"},     {1024000, "1000K"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        CHECK_STR(i, format_size(&arena, SIZES[i].bytes), str_from(SIZES[i].text));
    }
    for (size_t i = 0; i < sizeof(CONTEXTS) / sizeof(CONTEXTS[0]); i++) {
        CHECK_STR(i, format_context(&arena, CONTEXTS[i].tokens), str_from(CONTEXTS[i].text));
    }
    struct catalog *catalog = create(TAGS, PS, NULL, NULL);
    const struct model *model = find(catalog, "llama3.2");
    CHECK_STR(0, model_summary(&arena, model, false), STR("3.2B · Q4_K_M · 2.0 GB · 128K"));
    CHECK_STR(0, model_summary(&arena, model, true), STR("3.2B · Q4_K_M · 2.0 GB · 128K · loaded"));
    CHECK_STR(0, model_summary(&arena, find(catalog, "only-model"), true), STR(""));
    CHECK_STR(0, model_summary(&arena, find(catalog, "gpt-oss:20b:cloud"), true),
              STR("remote: text leaves this machine"));
    struct model hostile = {.parameters = STR("\x1b[31m7B")};
    CHECK_STR(0, model_summary(&arena, &hostile, true), STR("\\x1b[31m7B"));
    catalog_release(catalog);
    arena_finish(&arena);
}

static void orders(void **state) {
    (void)state;
    struct model running = {.name = STR("z"), .running = {.loaded = true}};
    struct model fits = {.name = STR("y"), .capabilities_known = true, .capabilities = CAP_INSERT};
    struct model unknown_new = {.name = STR("x"), .modified = 9};
    struct model unknown_a = {.name = STR("a"), .modified = 3};
    struct model unknown_b = {.name = STR("b"), .modified = 3};
    struct model misfit = {.name = STR("0"), .modified = 99, .capabilities_known = true};
    const struct model *sorted[] = {&running, &fits, &unknown_new, &unknown_a, &unknown_b, &misfit};
    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < 6; j++) {
            int order = model_order(sorted[i], sorted[j], CAP_INSERT);
            CHECK(i * 10 + j, i == j ? order == 0 : (order < 0) == (i < j));
        }
    }
    assert_true(model_order(&misfit, &fits, 0) < 0); // newest first when nothing is wanted
    assert_int_equal(capability_parse(STR("Tools")), CAP_TOOLS);
    assert_int_equal(capability_parse(STR("x")), 0);
    assert_string_equal(capability_name(CAP_EMBEDDING), "embedding");
}

static void catalog_files(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t models; // SIZE_MAX: refused
    } ROWS[] = {
        {"llama3.2:3b\n# a comment\n\n  qwen3:8b  \r\nhf.co/a/B-GGUF:Q4_K_M\n", 3},
        {"\xef\xbb\xbfllama3.2", 1},
        {"NAME         ID            SIZE    MODIFIED\n"
         "llama3.2:3b  a80c4f17acd5  2.0 GB  2 days ago\n",
         1},
        {"", 0},
        {"<html>\n", SIZE_MAX},
        {"llama3.2\na@b\n", SIZE_MAX},
        {"{\"models\":[{\"name\":\"a\"},{\"name\":\"b:1b\"}]}", 2},
        {"[\"a\",\"b\",{\"name\":\"c\"}]", 3},
        {"{\"servers\":[{\"models\":[{\"name\":\"a\"}]},{\"models\":[{\"name\":\"b\"}]},"
         "{\"reachable\":false}]}",
         2},
        {"{\"servers\":[{\"models\":[]}]}", 0},
        {"{\"servers\":[{\"reachable\":false,\"models\":[]}]}", SIZE_MAX},
        {"{\"servers\":[]}", SIZE_MAX},
        {"{\"x\":1}", SIZE_MAX},
        {"{\"models\":", SIZE_MAX},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct arena arena = {0};
        struct error error = {0};
        struct catalog *catalog = catalog_from_file(str_from(ROWS[i].text), &arena, &error);
        CHECK(i, (catalog == NULL) == (ROWS[i].models == SIZE_MAX));
        CHECK(i, catalog != NULL || error.message.n > 0);
        CHECK(i, catalog == NULL || catalog->n_models == ROWS[i].models);
        catalog_release(catalog);
        arena_finish(&arena);
    }
}

static void catalog_file_of_models_json(void **state) {
    (void)state;
    static const char TEXT[] =
        "{\"version\":1,\"servers\":[{\"name\":\"default\",\"url\":\"http://x\",\"reachable\":true,"
        "\"models\":[{\"name\":\"llama3.2:3b\",\"digest\":\"d\",\"size\":2019393189,"
        "\"modifiedAt\":\"2026-01-02T03:04:05Z\",\"family\":\"llama\",\"parameters\":\"3.2B\","
        "\"quantization\":\"Q4_K_M\",\"contextLength\":131072,\"capabilities\":[\"tools\"],"
        "\"remote\":false,\"running\":{\"sizeVram\":5,\"contextLength\":4096,\"expiresAt\":\"e\"}},"
        "{\"name\":\"far:1b\",\"remote\":true,\"capabilities\":[]}]}]}";
    struct arena arena = {0};
    struct catalog *catalog = catalog_from_file(str_from(TEXT), &arena, NULL);
    const struct model *model = find(catalog, "llama3.2:3b");
    CHECK_STR(0, model_summary(&arena, model, true), STR("3.2B · Q4_K_M · 2.0 GB · 128K · loaded"));
    assert_int_equal(model->modified, 1767323045);
    assert_int_equal(model->capabilities, CAP_TOOLS);
    assert_int_equal(model->running.context_length, 4096);
    assert_true(find(catalog, "far:1b")->remote);
    assert_false(find(catalog, "far:1b")->capabilities_known);
    catalog_release(catalog);
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_tags),       cmocka_unit_test(finds),
        cmocka_unit_test(refuses),          cmocka_unit_test(many),
        cmocka_unit_test(asks_for_details), cmocka_unit_test(reads_show),
        cmocka_unit_test(formats),          cmocka_unit_test(orders),
        cmocka_unit_test(catalog_files),    cmocka_unit_test(catalog_file_of_models_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
