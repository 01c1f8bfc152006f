// SPDX-License-Identifier: MIT
//
// Progress and status: begin first, end once, few reports, percentages that never fall; the
// fallback of clients without progress; and status that is told on change only.
#include "lsp_rig.h"

#define SHOWING "{'window':{'workDoneProgress':true}}"

static void answer_create(struct rig *rig, bool agrees) {
    struct json_object *create = rig_await_method(rig, "window/workDoneProgress/create");
    int64_t id = json_get_int(create, "id", -1);
    struct str token = json_get_str(json_get(create, "params"), "token");
    assert_true(str_starts(token, STR("ollama-ls/")));
    json_object_put(create);
    char text[200];
    snprintf(text, sizeof(text),
             agrees ? "{'jsonrpc':'2.0','id':%lld,'result':null}"
                    : "{'jsonrpc':'2.0','id':%lld,'error':{'code':-32601,'message':'no'}}",
             (long long)id);
    rig_say(rig, text);
}

// The next $/progress value; owned.
static struct json_object *next_value(struct rig *rig, const char *kind) {
    struct json_object *message = rig_await_method(rig, "$/progress");
    struct json_object *value = json_object_get(json_path(message, "params.value"));
    json_object_put(message);
    if (!str_eq(json_get_str(value, "kind"), str_from(kind))) {
        fail_msg("%s instead of %s", json_text(value).p, kind);
    }
    return value;
}

static void count_cancel(void *data) {
    (*(int *)data)++;
}

static void test_life(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, SHOWING, "{}");
    struct progress_options options = {
        .title = STR("Pulling x"), .kind = STR("pull"), .model = STR("x"), .has_percentage = true};
    struct progress *progress = progress_begin(rig.server, &options);
    progress_report(progress, STR("early"), 10);
    answer_create(&rig, true);
    struct json_object *begin = next_value(&rig, "begin");
    assert_int_equal(json_get_int(begin, "percentage", -1), 10);
    assert_true(str_eq(json_get_str(begin, "message"), STR("early")));
    assert_false(json_get_bool(begin, "cancellable", true));
    json_object_put(begin);

    // Many reports in no time: the last one leaves, after a while, and does not fall.
    int64_t started = clock_ms();
    for (int i = 0; i < 1000; i++) {
        progress_report(progress, STR("more"), i == 500 ? 60 : 20);
    }
    progress_report(progress, STR("last"), 30);
    struct json_object *report = next_value(&rig, "report");
    assert_int_equal(json_get_int(report, "percentage", -1), 60);
    assert_true(str_eq(json_get_str(report, "message"), STR("last")));
    assert_true(clock_ms() - started >= 50);
    json_object_put(report);
    rig_expect_silence(&rig);

    progress_end(progress, MESSAGE_INFO, STR("done"));
    struct json_object *end = next_value(&rig, "end");
    assert_true(str_eq(json_get_str(end, "message"), STR("done")));
    json_object_put(end);
    rig_expect_silence(&rig);
    rig_close(&rig);
}

// The work ends before the client has agreed to show it.
static void test_ended_early(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, SHOWING, "{}");
    struct progress_options options = {.title = STR("Loading"), .kind = STR("load")};
    struct progress *progress = progress_begin(rig.server, &options);
    progress_end(progress, MESSAGE_ERROR, STR("no memory"));
    answer_create(&rig, true);
    json_object_put(next_value(&rig, "begin"));
    json_object_put(next_value(&rig, "end"));
    json_object_put(rig_await_method(&rig, "window/showMessage")); // trouble is said to everyone
    rig_expect_silence(&rig);
    rig_close(&rig);
}

static void test_fallbacks(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    struct progress_options options = {.title = STR("Loading"), .kind = STR("load")};
    struct progress *progress = progress_begin(rig.server, &options);
    progress_report(progress, STR("half"), 50);
    rig_expect_silence(&rig);
    progress_end(progress, MESSAGE_INFO, STR("loaded"));
    struct json_object *message = rig_await_method(&rig, "window/showMessage");
    assert_true(str_eq(json_get_str(json_get(message, "params"), "message"), STR("loaded")));
    assert_int_equal(json_get_int(json_get(message, "params"), "type", 0), MESSAGE_INFO);
    json_object_put(message);
    progress = progress_begin(rig.server, &options);
    progress_end(progress, MESSAGE_INFO, STR_NONE); // cancelled: nothing to say
    rig_expect_silence(&rig);
    rig_close(&rig);

    // A client that can, but refuses.
    rig_open(&rig);
    rig_initialize(&rig, SHOWING, "{}");
    progress = progress_begin(rig.server, &options);
    answer_create(&rig, false);
    progress_report(progress, STR("half"), 50);
    rig_expect_silence(&rig);
    progress_end(progress, MESSAGE_INFO, STR("loaded"));
    json_object_put(rig_await_method(&rig, "window/showMessage"));
    rig_expect_silence(&rig);
    rig_close(&rig);
}

static void test_cancel(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, SHOWING, "{}");
    int cancels[3] = {0};
    struct progress *all[3];
    for (int i = 0; i < 3; i++) {
        struct progress_options options = {.title = STR("Work"),
                                           .kind = STR("pull"),
                                           .on_cancel = count_cancel,
                                           .data = &cancels[i]};
        all[i] = progress_begin(rig.server, &options);
        answer_create(&rig, true);
        struct json_object *begin = next_value(&rig, "begin");
        assert_true(json_get_bool(begin, "cancellable", false));
        json_object_put(begin);
    }
    char text[200];
    snprintf(text, sizeof(text),
             "{'jsonrpc':'2.0','method':'window/workDoneProgress/cancel','params':{'token':"
             "'ollama-ls/%.*s'}}",
             STR_ARG(progress_id(all[0])));
    rig_say(&rig, text);
    rig_say(&rig, text);
    assert_int_equal(cancels[0], 1); // once
    assert_true(progress_is_cancelled(all[0]));
    assert_int_equal(progress_cancel(rig.server, STR("no such id")), 0);
    assert_int_equal(progress_cancel(rig.server, progress_id(all[1])), 1);
    assert_int_equal(progress_cancel(rig.server, STR_NONE), 1); // all that are left
    assert_int_equal(cancels[1] + cancels[2], 2);
    for (int i = 0; i < 3; i++) {
        progress_end(all[i], MESSAGE_INFO, STR_NONE);
        json_object_put(next_value(&rig, "end"));
    }
    rig_close(&rig);
}

// At shutdown everything that began is ended, and asked to stop; what its owner does later is no
// harm.
static void test_shutdown(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, SHOWING, "{}");
    int cancels = 0;
    struct progress_options options = {
        .title = STR("Work"), .kind = STR("pull"), .on_cancel = count_cancel, .data = &cancels};
    struct progress *shown = progress_begin(rig.server, &options);
    answer_create(&rig, true);
    json_object_put(next_value(&rig, "begin"));
    struct progress *waiting = progress_begin(rig.server, &options);
    struct json_object *create = rig_await_method(&rig, "window/workDoneProgress/create");
    rig_say(&rig, "{'jsonrpc':'2.0','id':5,'method':'shutdown'}");
    json_object_put(next_value(&rig, "end"));
    assert_int_equal(rig_code(&rig, 5), 0);
    assert_int_equal(cancels, 2);
    progress_end(shown, MESSAGE_ERROR, STR("late"));
    progress_end(waiting, MESSAGE_ERROR, STR("late"));
    json_object_put(create);
    rig_expect_silence(&rig);
    rig_close(&rig);
}

static void test_token_of_the_client(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    struct json_object *token = json_object_new_int(7);
    struct progress_options options = {.title = STR("Work"), .kind = STR("pull"), .token = token};
    struct progress *progress = progress_begin(rig.server, &options);
    json_object_put(token);
    struct json_object *message = rig_await_method(&rig, "$/progress");
    assert_int_equal(json_get_int(json_get(message, "params"), "token", 0), 7);
    json_object_put(message);
    progress_end(progress, MESSAGE_INFO, STR("done"));
    json_object_put(next_value(&rig, "end"));
    rig_expect_silence(&rig);
    rig_close(&rig);
}

static void test_client_that_does_not_read(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, SHOWING, "{}");
    struct progress_options options = {.title = STR("Work"), .kind = STR("pull")};
    struct progress *progress = progress_begin(rig.server, &options);
    answer_create(&rig, true);
    rig.refuses = true;
    json_object_put(next_value(&rig, "begin"));
    int64_t started = clock_ms();
    while (clock_ms() - started < 150) {
        progress_report(progress, STR("dropped"), 1);
        uv_run(&rig.loop, UV_RUN_NOWAIT);
    }
    progress_end(progress, MESSAGE_INFO, STR_NONE);
    json_object_put(next_value(&rig, "end")); // never dropped
    rig_close(&rig);
}

static void test_status(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{'experimental':{'serverStatusNotification':true}}", "{'status':true}");
    struct json_object *health = rig_await_method(&rig, "experimental/serverStatus");
    assert_true(json_has(json_get(health, "params"), "quiescent"));
    json_object_put(health);
    struct json_object *status = rig_await_method(&rig, "$/ollama-ls/status");
    assert_int_equal(json_count(json_path(status, "params.active")), 0);
    json_object_put(status);

    // Active work is told; 100 changes at once are at most a few notifications.
    int64_t started = clock_ms();
    struct progress_options options = {
        .title = STR("Work"), .kind = STR("pull"), .model = STR("llama3.2")};
    struct progress *progress = progress_begin(rig.server, &options);
    size_t n = 0;
    while (clock_ms() - started < 600) {
        progress_set_tokens(progress, clock_ms() - started);
        uv_run(&rig.loop, UV_RUN_NOWAIT);
        while ((status = rig_find(&rig, rig_is_method, "$/ollama-ls/status"))) {
            struct json_object *active = json_at(json_path(status, "params.active"), 0);
            if (active) {
                assert_true(str_eq(json_get_str(active, "kind"), STR("pull")));
                assert_true(str_eq(json_get_str(active, "model"), STR("llama3.2")));
            }
            json_object_put(status);
            n++;
        }
    }
    assert_in_range(n, 1, 3);
    progress_end(progress, MESSAGE_INFO, STR_NONE);
    rig_close(&rig);
}

static void test_status_is_gated(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    status_changed(rig.server);
    rig_expect_silence(&rig);
    rig_close(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_ended_early),
        cmocka_unit_test(test_fallbacks),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_shutdown),
        cmocka_unit_test(test_token_of_the_client),
        cmocka_unit_test(test_client_that_does_not_read),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_status_is_gated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
