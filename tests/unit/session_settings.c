// SPDX-License-Identifier: MIT
//
// Grades, precedence and types of settings (DESIGN A15), and the edit that ignores a model.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/json.h"
#include "session/settings.h"

struct problems {
    struct arena arena;
    struct str last;
    int n;
};

static void on_problem(void *data, struct str message) {
    struct problems *problems = data;
    problems->last = arena_copy(&problems->arena, message);
    problems->n++;
}

static struct json_object *parse(const char *text) {
    struct arena arena = {0};
    struct json_object *object = NULL;
    assert_int_equal(json_parse_relaxed(&arena, str_from(text), &object, NULL), ERR_OK);
    arena_finish(&arena);
    return object;
}

struct fixture {
    struct settings_input input;
    struct problems problems;
    struct settings *settings;
};

static void set(struct fixture *f, enum settings_source source, const char *text) {
    json_object_put(f->input.sources[source]);
    f->input.sources[source] = parse(text);
}

static void build(struct fixture *f) {
    settings_destroy(f->settings);
    f->problems.n = 0;
    f->settings = settings_create(&f->input, on_problem, &f->problems);
}

static void finish(struct fixture *f) {
    for (int i = 0; i < SETTINGS_SOURCE_COUNT; i++) {
        json_object_put(f->input.sources[i]);
    }
    settings_destroy(f->settings);
    arena_finish(&f->problems.arena);
}

static void assert_str(struct str actual, const char *expected) {
    if (!str_eq(actual, str_from(expected))) {
        fail_msg("\"%.*s\" instead of \"%s\"", STR_ARG(actual), expected);
    }
}

static void test_defaults(void **state) {
    (void)state;
    struct fixture f = {0};
    build(&f);
    assert_int_equal(f.problems.n, 0);
    assert_int_equal(f.settings->n_servers, 1);
    assert_str(f.settings->servers[0].name, "default");
    assert_str(f.settings->servers[0].canonical, "http://127.0.0.1:11434");
    assert_int_equal(f.settings->cache_ttl_ms, 60000);
    assert_int_equal(f.settings->health_interval_ms, 30000);
    assert_false(f.settings->fallback);
    const struct ai_settings *ai = &f.settings->ai;
    assert_true(ai->enable);
    assert_false(ai->review);
    assert_int_equal(ai->think, AI_THINK_MODEL);
    for (int i = 0; i < ROLE_CHOICE_COUNT; i++) {
        assert_str(ai->model[i], "");
    }
    assert_false(ai->has_temperature);
    assert_int_equal(ai->num_predict, 4096);
    assert_str(ai->keep_alive, "");
    assert_null(ai->prompts);
    assert_null(ai->actions);
    assert_false(ai->inline_completion.enable);
    assert_int_equal(ai->inline_completion.debounce_ms, 150);
    assert_str(ai->inline_completion.model, "");
    finish(&f);
}

// Of each grade-user key: refused from the workspace's places, taken from the user's.
static void test_grades(void **state) {
    (void)state;
    struct fixture f = {0};
    const char *hostile =
        "{\"url\": \"http://evil:1\", \"trustedHosts\": [\"evil\"], \"hostMap\": {\"a\": \"evil\"},"
        "\"servers\": [{\"name\": \"x\", \"url\": \"http://evil:2\"}], \"autoPull\": true,"
        "\"ollamaPath\": \"/tmp/evil\", \"fallback\": true, \"ai\": {\"model\": {\"chat\": "
        "\"x\"}}}";
    set(&f, SETTINGS_WORKSPACE_FILE, hostile);
    set(&f, SETTINGS_CLIENT, hostile);
    build(&f);
    assert_int_equal(f.settings->n_servers, 1);
    assert_str(f.settings->servers[0].canonical, "http://127.0.0.1:11434");
    assert_int_equal(f.settings->n_trusted_hosts, 0);
    assert_int_equal(f.settings->n_host_map, 0);
    assert_false(f.settings->auto_pull);
    assert_false(f.settings->fallback);
    assert_int_equal(f.settings->ollama_path.n, 0);
    assert_str(f.settings->ai.model[ROLE_CHOICE_CHAT], "");
    assert_true(f.problems.n >= 16); // each key from each place is told of
    assert_true(str_contains(f.problems.last, STR("initializationOptions")));

    set(&f, SETTINGS_INIT_OPTIONS, hostile);
    build(&f);
    assert_str(f.settings->servers[0].canonical, "http://evil:1");
    assert_int_equal(f.settings->n_servers, 2);
    assert_int_equal(f.settings->n_trusted_hosts, 1);

    set(&f, SETTINGS_INIT_OPTIONS, "{}");
    f.input.client_is_user_grade = true;
    build(&f);
    assert_str(f.settings->servers[0].canonical, "http://evil:1");
    finish(&f);
}

static void test_precedence_and_null(void **state) {
    (void)state;
    struct fixture f = {0};
    set(&f, SETTINGS_USER_FILE, "{\"cacheTtl\": 1, \"healthInterval\": 11, \"url\": \"user:1\"}");
    set(&f, SETTINGS_WORKSPACE_FILE, "{\"cacheTtl\": 2, \"healthInterval\": 12}");
    set(&f, SETTINGS_INIT_OPTIONS, "{\"cacheTtl\": 3, \"url\": null}");
    set(&f, SETTINGS_CLIENT, "{\"cacheTtl\": 4}");
    build(&f);
    assert_int_equal(f.settings->cache_ttl_ms, 4000);
    assert_int_equal(f.settings->health_interval_ms, 12000);
    assert_str(f.settings->servers[0].canonical, "http://user:1");
    set(&f, SETTINGS_CLIENT, "{\"cacheTtl\": null}");
    build(&f);
    assert_int_equal(f.settings->cache_ttl_ms, 3000);
    finish(&f);
}

static void test_wrong_types(void **state) {
    (void)state;
    struct fixture f = {0};
    set(&f, SETTINGS_USER_FILE,
        "{\"cacheTtl\": \"x\", \"severity\": {\"unknown-model\": \"loud\", \"nope\": \"off\"},"
        " \"ignoreModels\": [1, \"a*\"], \"servers\": [{\"name\": \"n\"}], \"tyop\": 1}");
    build(&f);
    assert_int_equal(f.settings->cache_ttl_ms, 60000);
    assert_int_equal(f.settings->n_ignore_models, 1);
    assert_int_equal(f.settings->n_servers, 1);
    assert_false(f.settings->has_severity[CODE_UNKNOWN_MODEL]);
    assert_int_equal(f.problems.n, 6);
    finish(&f);
}

static void test_servers(void **state) {
    (void)state;
    struct fixture f = {0};
    f.input.env_ollama_host = STR("0.0.0.0:5");
    build(&f);
    assert_str(f.settings->servers[0].canonical, "http://127.0.0.1:5");
    set(&f, SETTINGS_USER_FILE,
        "{\"url\": \"a:1\", \"servers\": [{\"name\": \"gpu\", \"url\": \"g\"},"
        " {\"name\": \"default\", \"url\": \"d:9\"}]}");
    build(&f);
    assert_str(f.settings->servers[0].canonical, "http://d:9");
    assert_int_equal(f.settings->n_servers, 2);
    assert_str(f.settings->servers[1].canonical, "http://g:11434");
    f.input.host_flag = STR("flag:7");
    build(&f);
    assert_str(f.settings->servers[0].canonical, "http://flag:7");
    finish(&f);
}

static void test_dotted_keys_and_severity(void **state) {
    (void)state;
    struct fixture f = {0};
    set(&f, SETTINGS_CLIENT,
        "{\"ai.enable\": false, \"severity\": {\"unknown-model\": \"error\"}}");
    build(&f);
    assert_false(f.settings->ai.enable);
    assert_true(f.settings->has_severity[CODE_UNKNOWN_MODEL]);
    assert_int_equal(f.settings->severities[CODE_UNKNOWN_MODEL], SEVERITY_ERROR);
    finish(&f);
}

// Of the keys for AI: those that may come from a repository, and those that may not.
static void test_ai_grades(void **state) {
    (void)state;
    struct fixture f = {0};
    const char *hostile =
        "{\"ai\": {\"enable\": false, \"review\": true, \"think\": false,"
        " \"model\": {\"chat\": \"evil:cloud\"}, \"temperature\": 2, \"numPredict\": 9,"
        " \"keepAlive\": \"1h\", \"prompts\": {\"system\": \"x\"}}, \"actions\": [{}],"
        " \"inlineCompletion\": {\"enable\": true, \"debounceMs\": 9, \"model\": \"evil\"}}";
    static const enum settings_source WORKSPACE[] = {SETTINGS_WORKSPACE_FILE, SETTINGS_CLIENT};
    for (size_t i = 0; i < 2; i++) {
        set(&f, WORKSPACE[i], hostile);
        build(&f);
        const struct ai_settings *ai = &f.settings->ai;
        assert_false(ai->enable);
        assert_true(ai->review);
        assert_int_equal(ai->think, AI_THINK_OFF);
        assert_true(ai->inline_completion.enable);
        assert_int_equal(ai->inline_completion.debounce_ms, 9);
        assert_str(ai->model[ROLE_CHOICE_CHAT], "");
        assert_false(ai->has_temperature);
        assert_int_equal(ai->num_predict, 4096);
        assert_str(ai->keep_alive, "");
        assert_null(ai->prompts);
        assert_null(ai->actions);
        assert_str(ai->inline_completion.model, "");
        assert_int_equal(f.problems.n, 7); // one for each key of grade user
        set(&f, WORKSPACE[i], "{}");
    }
    set(&f, SETTINGS_USER_FILE, hostile);
    build(&f);
    const struct ai_settings *ai = &f.settings->ai;
    assert_int_equal(f.problems.n, 0);
    assert_str(ai->model[ROLE_CHOICE_CHAT], "evil:cloud");
    assert_true(ai->has_temperature);
    assert_int_equal(ai->num_predict, 9);
    assert_str(ai->keep_alive, "1h");
    assert_int_equal(json_count(ai->actions), 1);
    assert_str(json_get_str(ai->prompts, "system"), "x");
    assert_str(ai->inline_completion.model, "evil");
    finish(&f);
}

// Each value, and what becomes of it: one problem and the default, or none.
static void test_ai_values(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int n_problems;
        const char *keep_alive;
        int64_t num_predict;
        double temperature; // -1: not set
        int64_t debounce_ms;
    } ROWS[] = {
        {"\"ai.keepAlive\": \"5m\"", 0, "5m", 4096, -1, 150},
        {"\"ai.keepAlive\": \" -1s \"", 0, "-1s", 4096, -1, 150},
        {"\"ai.keepAlive\": \"1h30m\"", 0, "1h30m", 4096, -1, 150},
        {"\"ai.keepAlive\": \"300\"", 0, "300", 4096, -1, 150},
        {"\"ai.keepAlive\": 300", 0, "300", 4096, -1, 150},
        {"\"ai.keepAlive\": -1", 0, "-1", 4096, -1, 150},
        {"\"ai.keepAlive\": 0", 0, "0", 4096, -1, 150},
        {"\"ai.keepAlive\": 1.5", 0, "1.500s", 4096, -1, 150},
        {"\"ai.keepAlive\": null", 0, "", 4096, -1, 150},
        {"\"ai.keepAlive\": \"\"", 1, "", 4096, -1, 150},
        {"\"ai.keepAlive\": \"1d\"", 1, "", 4096, -1, 150},
        {"\"ai.keepAlive\": \"1.5\"", 1, "", 4096, -1, 150},
        {"\"ai.keepAlive\": \"99999999999999\"", 1, "", 4096, -1, 150},
        {"\"ai.keepAlive\": 1e300", 1, "", 4096, -1, 150},
        {"\"ai.keepAlive\": true", 1, "", 4096, -1, 150},
        {"\"ai.numPredict\": 1", 0, "", 1, -1, 150},
        {"\"ai.numPredict\": 1000000.0", 0, "", 1000000, -1, 150},
        {"\"ai.numPredict\": 0", 1, "", 4096, -1, 150},
        {"\"ai.numPredict\": -1", 1, "", 4096, -1, 150},
        {"\"ai.numPredict\": 1000001", 1, "", 4096, -1, 150},
        {"\"ai.numPredict\": 2.5", 1, "", 4096, -1, 150},
        {"\"ai.numPredict\": 1e999", 1, "", 4096, -1, 150},
        {"\"ai.numPredict\": \"9\"", 1, "", 4096, -1, 150},
        {"\"ai.temperature\": 0", 0, "", 4096, 0, 150},
        {"\"ai.temperature\": 0.7", 0, "", 4096, 0.7, 150},
        {"\"ai.temperature\": -0.1", 1, "", 4096, -1, 150},
        {"\"ai.temperature\": 2.1", 1, "", 4096, -1, 150},
        {"\"ai.temperature\": [1]", 1, "", 4096, -1, 150},
        {"\"inlineCompletion.debounceMs\": 0", 0, "", 4096, -1, 0},
        {"\"inlineCompletion.debounceMs\": 10001", 1, "", 4096, -1, 150},
        {"\"ai.think\": \"high\"", 1, "", 4096, -1, 150},
        {"\"ai.model\": \"x\"", 1, "", 4096, -1, 150},
        {"\"ai.model\": {\"chat\": 5}", 1, "", 4096, -1, 150},
        {"\"ai.model\": {\"chat\": null}", 0, "", 4096, -1, 150},
        {"\"ai.model\": {\"edit\": \"x\", \"Chat\": \"y\"}", 2, "", 4096, -1, 150},
        {"\"ai.prompts\": []", 1, "", 4096, -1, 150},
        {"\"actions\": {}", 1, "", 4096, -1, 150},
        {"\"ai.enable\": 1", 1, "", 4096, -1, 150},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct fixture f = {0};
        char text[256];
        snprintf(text, sizeof(text), "{%s}", ROWS[i].text);
        set(&f, SETTINGS_USER_FILE, text);
        build(&f);
        const struct ai_settings *ai = &f.settings->ai;
        if (f.problems.n != ROWS[i].n_problems) {
            fail_msg("%s: %d problems, the last: %.*s", text, f.problems.n,
                     STR_ARG(f.problems.last));
        }
        assert_str(ai->keep_alive, ROWS[i].keep_alive);
        assert_int_equal(ai->num_predict, ROWS[i].num_predict);
        assert_int_equal(ai->has_temperature, ROWS[i].temperature >= 0);
        if (ai->has_temperature) {
            assert_true(ai->temperature - ROWS[i].temperature < 1e-9);
            assert_true(ROWS[i].temperature - ai->temperature < 1e-9);
        }
        assert_int_equal(ai->inline_completion.debounce_ms, ROWS[i].debounce_ms);
        assert_int_equal(ai->think, AI_THINK_MODEL);
        assert_str(ai->model[ROLE_CHOICE_CHAT], "");
        assert_true(ai->enable);
        finish(&f);
    }
}

static void test_ai_models(void **state) {
    (void)state;
    struct fixture f = {0};
    set(&f, SETTINGS_INIT_OPTIONS,
        "{\"ai\": {\"model\": {\"chat\": \" a:1\", \"autocomplete\": \"b\", \"embed\": \"c\"},"
        " \"think\": true}}");
    build(&f);
    assert_int_equal(f.problems.n, 0);
    assert_str(f.settings->ai.model[ROLE_CHOICE_CHAT], "a:1");
    assert_str(f.settings->ai.model[ROLE_CHOICE_AUTOCOMPLETE], "b");
    assert_str(f.settings->ai.model[ROLE_CHOICE_EMBED], "c");
    assert_int_equal(f.settings->ai.think, AI_THINK_ON);
    finish(&f);
}

static void test_ignore_edit(void **state) {
    (void)state;
    static const struct {
        const char *before, *after;
    } rows[] = {
        {"", "{\n    \"ignoreModels\": [\"m:1\"]\n}\n"},
        {"{}", "{\n    \"ignoreModels\": [\"m:1\"]\n}"},
        {"{\"ignoreModels\": []}", "{\"ignoreModels\": [\"m:1\"]}"},
        {"{\"ignoreModels\": [\"a\"]}", "{\"ignoreModels\": [\"m:1\", \"a\"]}"},
        {"{\"ignoreModels\": [\"m:1\"]}", "{\"ignoreModels\": [\"m:1\"]}"},
        {"// {\n{}", "// {\n{\n    \"ignoreModels\": [\"m:1\"]\n}"},
        {"\xef\xbb\xbf{}", "\xef\xbb\xbf{\n    \"ignoreModels\": [\"m:1\"]\n}"},
        {"{\"cacheTtl\": 5}", "{\n    \"ignoreModels\": [\"m:1\"],\"cacheTtl\": 5}"},
        {"// \"ignoreModels\": [\n{ /* {[ */ \"x\": {\"ignoreModels\": []},\n \"ignoreModels\" : [ "
         "\"]\", ] }",
         "// \"ignoreModels\": [\n{ /* {[ */ \"x\": {\"ignoreModels\": []},\n \"ignoreModels\" : "
         "[\"m:1\",  \"]\", ] }"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = {0};
        struct str out;
        assert_int_equal(
            settings_add_ignored_model(&arena, str_from(rows[i].before), STR("m:1"), &out, NULL),
            ERR_OK);
        assert_str(out, rows[i].after);
        arena_finish(&arena);
    }
    struct arena arena = {0};
    struct str out;
    struct error error;
    assert_int_equal(settings_add_ignored_model(&arena, STR("[1]"), STR("m"), &out, &error),
                     ERR_INVALID);
    assert_int_equal(
        settings_add_ignored_model(&arena, STR("{\"ignoreModels\": 3}"), STR("m"), &out, &error),
        ERR_INVALID);
    arena_finish(&arena);
}

static void test_add_missing_settings(void **state) {
    (void)state;
    static const struct {
        const char *before;
        const char *path;
        const char *after; // NULL: it is there
    } rows[] = {
        {"", "ai.model.chat", "{\n    \"ai\": {\"model\": {\"chat\": \"m\"}}\n}\n"},
        {"{}", "url", "{\n    \"url\": \"m\"\n}"},
        {"{\"url\": \"x\"}", "url", NULL},
        {"{\"url\": null}", "url", NULL},
        {"// {\n{ // c\n  \"a\": 1, // d\n}", "url",
         "// {\n{\n    \"url\": \"m\", // c\n  \"a\": 1, // d\n}"},
        {"{\"x\": {\"ai\": {}}, \"ai\": {\"think\": true}}", "ai.model.chat",
         "{\"x\": {\"ai\": {}}, \"ai\": {\n        \"model\": {\"chat\": \"m\"},\"think\": true}}"},
        {"{\"ai\": {\"model\": {\"embed\": \"e\"}}}", "ai.model.chat",
         "{\"ai\": {\"model\": {\n            \"chat\": \"m\",\"embed\": \"e\"}}}"},
        {"{\"ai.model\": {\"chat\": \"x\"}}", "ai.model.chat", NULL},
        {"{\"ai.model\": {}}", "ai.model.chat",
         "{\"ai.model\": {\n        \"chat\": \"m\"\n    }}"},
        {"{\"ai.model.chat\": \"x\"}", "ai.model.chat", NULL},
        {"\xef\xbb\xbf{\"b\": \"}\\\"{\"}", "url",
         "\xef\xbb\xbf{\n    \"url\": \"m\",\"b\": \"}\\\"{\"}"},
    };
    struct json_object *value = json_new_str(STR("m"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = {0};
        struct str out;
        bool added;
        assert_int_equal(settings_add_missing(&arena, str_from(rows[i].before), rows[i].path, value,
                                              &out, &added, NULL),
                         ERR_OK);
        const char *after = rows[i].after ? rows[i].after : rows[i].before;
        if (!str_eq(out, str_from(after)) || added != (rows[i].after != NULL)) {
            fail_msg("row %zu: %.*s", i, STR_ARG(out));
        }
        arena_finish(&arena);
    }
    static const char *const bad[] = {"[1]", "{", "{\"ai\": 3}", "{\"ai\": {\"model\": []}}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct arena arena = {0};
        struct error error = {0};
        struct str out;
        bool added;
        assert_int_not_equal(settings_add_missing(&arena, str_from(bad[i]), "ai.model.chat", value,
                                                  &out, &added, &error),
                             ERR_OK);
        assert_true(error.message.n > 0 && !added);
        arena_finish(&arena);
    }
    json_object_put(value);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_grades),
        cmocka_unit_test(test_precedence_and_null),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_dotted_keys_and_severity),
        cmocka_unit_test(test_ai_grades),
        cmocka_unit_test(test_ai_values),
        cmocka_unit_test(test_ai_models),
        cmocka_unit_test(test_ignore_edit),
        cmocka_unit_test(test_add_missing_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
