// SPDX-License-Identifier: MIT
//
// Grades, precedence and types of settings (DESIGN A15), and the edit that ignores a model.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
    assert_true(f.settings->ai_enable);
    assert_false(f.settings->fallback);
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
    assert_null(json_get(f.settings->ai, "ai.model"));
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
    assert_false(f.settings->ai_enable);
    assert_true(f.settings->has_severity[CODE_UNKNOWN_MODEL]);
    assert_int_equal(f.settings->severities[CODE_UNKNOWN_MODEL], SEVERITY_ERROR);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_grades),
        cmocka_unit_test(test_precedence_and_null),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_dotted_keys_and_severity),
        cmocka_unit_test(test_ignore_edit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
