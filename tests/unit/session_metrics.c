// SPDX-License-Identifier: MIT
//
// What .metrics tells (DESIGN A10), the line in the log, and the bounds of both.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "session/metrics.h"

#define LOCAL STR("http://127.0.0.1:11434")

static char logged[4096];
static unsigned n_logged;

static void on_log(void *data, enum log_level level, const char *module, struct str message) {
    (void)data;
    assert_int_equal(level, LOG_INFO);
    assert_string_equal(module, "metrics");
    snprintf(logged, sizeof(logged), "%.*s", STR_ARG(message));
    n_logged++;
}

static int setup(void **state) {
    log_set_level(LOG_INFO);
    log_set_sink(on_log, NULL);
    n_logged = 0;
    logged[0] = '\0';
    *state = metrics_create();
    return 0;
}

static int teardown(void **state) {
    metrics_destroy(*state);
    log_set_sink(NULL, NULL);
    log_set_level(LOG_WARN);
    return 0;
}

static void add(struct metrics *metrics, struct str server, const char *model, enum err code,
                const struct generation_end *end) {
    struct call_result result = {.code = code, .message = STR("secret words of the server")};
    metrics_add(metrics, server, str_from(model), &result, end);
}

static void assert_told(const struct metrics *metrics, const char *expected) {
    struct json_object *object = metrics_object(metrics);
    struct str text = json_text(object);
    if (!str_eq(text, str_from(expected))) {
        fail_msg("%.*s\ninstead of\n%s", STR_ARG(text), expected);
    }
    json_object_put(object);
}

static void test_shape(void **state) {
    struct metrics *metrics = *state;
    assert_told(metrics, "{\"version\":1,\"servers\":[]}");
    struct generation_end first = {
        .reason = DONE_STOP,
        .metrics = {.tokens_in = 10, .tokens_out = 30, .load_us = 2000000, .eval_us = 1000000},
        .first_us = 300400,
        .n_frames = 31,
    };
    struct generation_end second = {
        .reason = DONE_LENGTH,
        .metrics = {.tokens_in = 5, .tokens_out = 69, .eval_us = 2000000},
        .first_us = 100000,
        .n_frames = 70,
    };
    struct generation_end untimed = {.metrics = {.tokens_in = 1, .tokens_out = 1000}};
    struct generation_end none = {0};
    struct generation_end early = {.first_us = 500000, .n_frames = 2};
    add(metrics, LOCAL, "a:1", ERR_OK, &first);
    add(metrics, LOCAL, "a:1", ERR_OK, &second);
    add(metrics, LOCAL, "a:1", ERR_OK, &untimed); // an older server, or another kind
    add(metrics, LOCAL, "a:1", ERR_REMOTE, &none);
    add(metrics, LOCAL, "a:1", ERR_CANCELLED, &early);
    metrics_add_hit(metrics, LOCAL, STR("a:1"));
    metrics_add_hit(metrics, LOCAL, STR("a:1"));
    metrics_add_pull(metrics, STR("http://gpu:1"), STR("b"));
    add(metrics, LOCAL, "b", ERR_IO, &none);
    assert_told(metrics,
                "{\"version\":1,\"servers\":[{\"url\":\"http://127.0.0.1:11434\",\"models\":["
                "{\"name\":\"a:1\",\"requests\":5,\"errors\":1,\"cancelled\":1,\"tokensIn\":16,"
                "\"tokensOut\":1099,\"tokensPerSecond\":33.0,\"timeToFirstTokenMs\":300,"
                "\"loadMs\":2000,\"cacheHits\":2,\"pulls\":0,\"accepted\":0},"
                "{\"name\":\"b\",\"requests\":1,\"errors\":1,\"cancelled\":0,\"tokensIn\":0,"
                "\"tokensOut\":0,\"tokensPerSecond\":null,\"timeToFirstTokenMs\":null,"
                "\"loadMs\":null,\"cacheHits\":0,\"pulls\":0,\"accepted\":0}]},"
                "{\"url\":\"http://gpu:1\",\"models\":["
                "{\"name\":\"b\",\"requests\":0,\"errors\":0,\"cancelled\":0,\"tokensIn\":0,"
                "\"tokensOut\":0,\"tokensPerSecond\":null,\"timeToFirstTokenMs\":null,"
                "\"loadMs\":null,\"cacheHits\":0,\"pulls\":1,\"accepted\":0}]}]}");
    assert_int_equal(n_logged, 6); // calls only
}

static void test_log_line(void **state) {
    struct metrics *metrics = *state;
    struct generation_end end = {
        .reason = DONE_LENGTH,
        .metrics = {.tokens_in = 14, .tokens_out = 50, .eval_us = 4000000},
        .first_us = 250999,
    };
    add(metrics, LOCAL, "a:1", ERR_OK, &end);
    assert_string_equal(logged, "a:1 at http://127.0.0.1:11434: 14 tokens in, 50 out, 12.5 "
                                "tokens/s, first after 250 ms, cut off at its length");
    end = (struct generation_end){0};
    add(metrics, STR("https://me:geheim@box:1"), "x\x1b[31m\xe2\x80\xae", ERR_REMOTE, &end);
    assert_null(strstr(logged, "geheim"));
    assert_null(strstr(logged, "secret words"));
    assert_null(strchr(logged, '\x1b'));
    assert_non_null(strstr(logged, "x\\x1b[31m\\u{202e} at https://"));
    add(metrics, LOCAL, "a", ERR_CANCELLED, &end);
    assert_non_null(strstr(logged, ", cancelled"));
    struct json_object *object = metrics_object(metrics);
    assert_null(strstr(json_text(object).p, "geheim"));
    assert_null(strstr(json_text(object).p, "\xe2\x80\xae"));
    json_object_put(object);
}

// Models and servers without end are counted together; nothing is lost.
static void test_bounds(void **state) {
    struct metrics *metrics = *state;
    struct generation_end end = {
        .metrics = {.tokens_out = INT64_MAX, .eval_us = INT64_MAX, .load_us = INT64_MAX},
        .first_us = INT64_MAX};
    log_set_level(LOG_WARN);
    for (int i = 0; i < LIMIT_METRICS + 500; i++) {
        char name[32];
        snprintf(name, sizeof(name), "m%d", i);
        add(metrics, LOCAL, name, ERR_OK, &end);
        add(metrics, LOCAL, name, ERR_OK, &end);
    }
    for (int i = 0; i < LIMIT_METRICS + 500; i++) {
        char url[32];
        snprintf(url, sizeof(url), "http://h%d:1", i);
        metrics_add_pull(metrics, str_from(url), STR("m"));
    }
    struct json_object *object = metrics_object(metrics);
    struct json_object *servers = json_get(object, "servers");
    assert_int_equal(json_count(servers), LIMIT_METRICS + 1);
    struct json_object *models = json_get(json_at(servers, 0), "models");
    assert_int_equal(json_count(models), LIMIT_METRICS + 1);
    struct json_object *first = json_at(models, 0);
    assert_int_equal(json_get_int(first, "tokensOut", 0), INT64_MAX);
    struct json_object *rest = json_at(models, LIMIT_METRICS);
    assert_int_equal(json_get_str(rest, "name").n, 0);
    assert_int_equal(json_get_int(rest, "requests", 0), 1000);
    rest = json_at(servers, LIMIT_METRICS);
    assert_int_equal(json_get_str(rest, "url").n, 0);
    assert_int_equal(json_get_int(json_at(json_get(rest, "models"), 0), "pulls", 0), 501);
    json_object_put(object);
    assert_int_equal(n_logged, 0);
}

static void test_destroy_nothing(void **state) {
    (void)state;
    metrics_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shape, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
        cmocka_unit_test(test_destroy_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
