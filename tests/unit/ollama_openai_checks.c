// SPDX-License-Identifier: MIT
//
// Checks of servers of kind openai: what is asked of which program, and what comes of it.
#include "ollama_openai_script.h"
#include "support/fake_ollama.h"

// --- checks ---

#define LLAMA_MODELS "{\"data\":[{\"id\":\"q.gguf\",\"owned_by\":\"llamacpp\"}]}"
#define PROPS "{\"build_info\":\"b42\",\"default_generation_settings\":{\"n_ctx\":512}}"
#define CAN "{\"error\":{\"code\":400,\"message\":\"\\\"input_prefix\\\" is required\"}}"
#define CANNOT "{\"error\":{\"code\":501,\"message\":\"Infill is not supported by this model\"}}"

static struct server *open_openai(struct fixture *fixture, struct watch *watch) {
    static const struct server_options options = {0};
    struct endpoint endpoint = endpoint_of(fixture);
    *watch = (struct watch){0};
    watch->server = server_create(&fixture->loop, fixture->http, &endpoint, STR("llm"), true,
                                  &options, NULL, NULL);
    return watch->server;
}

static void test_check_llamacpp(void **state) {
    (void)state;
    static const struct reply replies[] = {
        {"/v1/models", 200, JSON, LLAMA_MODELS, END},
        {"/props", 200, JSON, PROPS, END},
        {"/infill", 400, JSON, CAN, END},
        {"/v1/models", 200, JSON, LLAMA_MODELS, END},
        {"/props", 200, JSON, PROPS, END},
        {"/infill", 501, JSON, CANNOT, END},
    };
    struct fixture *fixture = fixture_create(answer_script);
    struct watch watch;
    USE(replies);
    struct server *server = open_openai(fixture, &watch);
    refresh(fixture, &watch);
    assert_int_equal(server->kind, SERVER_KIND_OPENAI);
    assert_int_equal(server->state, SERVER_OK);
    assert_string_equal(server->version.p, "b42");
    assert_string_equal(asked, "/v1/models /props /infill ");
    const struct model *model = catalog_find_written(server_catalog(server), STR("q.gguf"));
    assert_non_null(model);
    assert_true(model_has(model, CAP_INSERT));
    assert_int_equal(model->context_length, 512);
    assert_int_equal(server_endpoint(server)->knowledge->insert, INSERT_INFILL);
    refresh(fixture, &watch); // the same list, another verdict
    model = catalog_find_written(server_catalog(server), STR("q.gguf"));
    assert_true(model_lacks(model, CAP_INSERT));
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

static void test_check_loading(void **state) {
    (void)state;
    static const struct reply replies[] = {
        {"/v1/models", 200, JSON, LLAMA_MODELS, END},
        {"/props", 503, JSON, "{\"error\":{\"message\":\"Loading model\"}}", END},
    };
    struct fixture *fixture = fixture_create(answer_script);
    struct watch watch;
    USE(replies);
    struct server *server = open_openai(fixture, &watch);
    refresh(fixture, &watch);
    assert_int_equal(server->state, SERVER_OK);
    assert_string_equal(asked, "/v1/models /props ");
    assert_false(server_catalog(server)->models[0].running.loaded);
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

static void test_check_others(void **state) {
    (void)state;
    static const struct reply vllm[] = {
        {"/v1/models", 200, JSON, "{\"data\":[{\"id\":\"m\",\"owned_by\":\"vllm\"}]}", END}};
    static const struct reply studio[] = {
        {"/v1/models", 200, JSON, "{\"data\":[{\"id\":\"m\",\"owned_by\":\"organization_owner\"}]}",
         END},
        {"/api/v0/models", 200, JSON, "{\"data\":[{\"id\":\"m\",\"type\":\"llm\"}]}", END},
    };
    static const struct reply old_studio[] = {
        {"/v1/models", 200, JSON, "{\"data\":[{\"id\":\"m\",\"owned_by\":\"organization_owner\"}]}",
         END},
        {"/api/v0/models", 404, JSON, "{\"error\":\"no\"}", END},
    };
    static const struct reply *const scripts[] = {vllm, studio, old_studio};
    static const size_t counts[] = {1, 2, 2};
    struct fixture *fixture = fixture_create(answer_script);
    for (size_t i = 0; i < 3; i++) {
        struct watch watch;
        use_script(scripts[i], counts[i]);
        struct server *server = open_openai(fixture, &watch);
        refresh(fixture, &watch);
        assert_int_equal(server->state, SERVER_OK);
        assert_int_equal(n_asked, counts[i]);
        assert_int_equal(server_catalog(server)->n_models, 1);
        assert_int_equal(server_catalog(server)->models[0].capabilities_known, i == 1);
        assert_has(heads, "Authorization: Bearer sesame\r\n");
        server_want_details(server, STR("m")); // nothing to ask
        assert_false(server_details_pending(server));
        close_server(fixture, &watch);
    }
    fixture_destroy(fixture);
}

static void test_check_fails(void **state) {
    (void)state;
    static const struct reply bad[] = {
        {NULL, 200, JSON, "{\"models\":[]}", END},
        {NULL, 200, "text/html", "<html>", END},
        {NULL, 404, "text/plain", "404 page not found", END},
        {NULL, 401, JSON, "{\"error\":{\"message\":\"no key\"}}", END},
        {NULL, 500, JSON, "", END},
        {NULL, 200, JSON, "{\"data\":[", CUT},
    };
    struct fixture *fixture = fixture_create(answer_script);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct watch watch;
        use_script(&bad[i], 1);
        struct server *server = open_openai(fixture, &watch);
        refresh(fixture, &watch);
        assert_int_equal(server->state, SERVER_UNREACHABLE);
        assert_true(server->error_message.n > 0);
        assert_false(str_contains(server->error_message, STR("Ollama")));
        assert_null(server_catalog(server));
        static const struct reply good = {NULL, 200, JSON, "{\"data\":[{\"id\":\"m\"}]}", END};
        use_script(&good, 1);
        refresh(fixture, &watch); // and it is found back
        assert_int_equal(server->state, SERVER_OK);
        close_server(fixture, &watch);
    }
    fixture_destroy(fixture);
}

// A host of a file is an Ollama whatever the endpoint says: it gets neither key nor /v1.
static void test_files_hosts_are_ollama(void **state) {
    (void)state;
    static const struct reply replies[] = {{"/api/version", 404, "text/plain", "no", END}};
    static const struct server_options options = {0};
    struct fixture *fixture = fixture_create(answer_script);
    struct endpoint endpoint = endpoint_of(fixture);
    struct watch watch = {0};
    USE(replies);
    watch.server = server_create(&fixture->loop, fixture->http, &endpoint, STR(""), false, &options,
                                 NULL, NULL);
    refresh(fixture, &watch);
    assert_int_equal(watch.server->kind, SERVER_KIND_OLLAMA);
    assert_string_equal(asked, "/api/version ");
    assert_false(str_contains(str_from(heads), STR("sesame")));
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

int main(void) {
    tests_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_llamacpp),         cmocka_unit_test(test_check_loading),
        cmocka_unit_test(test_check_others),           cmocka_unit_test(test_check_fails),
        cmocka_unit_test(test_files_hosts_are_ollama),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
