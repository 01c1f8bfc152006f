// SPDX-License-Identifier: MIT
//
// The word for a server and what is at work there (DESIGN A11), and the counts that live as long as
// the session.
#include "session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "support/fake_ollama.h"

static char folder[64];
static bool is_changed;

static void on_server(void *data, struct server *server) {
    (void)data;
    (void)server;
    is_changed = true;
}

static struct session *open_session(struct fixture *fixture, struct interest *interest) {
    char state_path[96];
    snprintf(folder, sizeof(folder), "/tmp/ols-status-XXXXXX");
    assert_non_null(mkdtemp(folder));
    setenv("XDG_CONFIG_HOME", folder, 1);
    snprintf(state_path, sizeof(state_path), "%s/state.json", folder);
    struct session_options options = {.host_flag = str_from(fixture->server.url),
                                      .state_path = state_path};
    struct session_handlers handlers = {.on_server = on_server};
    struct session *session = session_create(&fixture->loop, &options, &handlers);
    struct server *server = session_default(session);
    session_want(session, interest, &server, 1);
    is_changed = false;
    assert_true(run_until(&fixture->loop, &is_changed, LIMIT_MS));
    assert_int_equal(server->state, SERVER_OK);
    return session;
}

static void close_session(struct fixture *fixture, struct session *session,
                          struct interest *interest) {
    bool is_closed = false;
    session_want(session, interest, NULL, 0);
    session_close(session, on_http_closed, &is_closed);
    assert_true(run_until(&fixture->loop, &is_closed, LIMIT_MS));
    rmdir(folder);
}

static void assert_state(struct session *session, const struct active_job *jobs, size_t n,
                         const char *expected, bool is_quiet) {
    struct json_object *status = session_status(session, jobs, n);
    struct json_object *short_status = session_server_status(status);
    if (!str_eq(json_get_str(status, "state"), str_from(expected))) {
        fail_msg("%.*s instead of %s", STR_ARG(json_text(status)), expected);
    }
    assert_int_equal(json_get_bool(short_status, "quiescent", !is_quiet), is_quiet);
    assert_int_equal(json_count(json_get(status, "active")), n);
    json_object_put(short_status);
    json_object_put(status);
}

static void test_jobs(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct interest interest = {0};
    struct session *session = open_session(fixture, &interest);
    struct active_job jobs[] = {
        {.id = STR("1"), .kind = STR("pull"), .model = STR("a")},
        {.id = STR("2"), .kind = STR("explain"), .model = STR("b"), .tokens = 5},
    };
    assert_state(session, jobs, 0, "ok", true);
    assert_state(session, jobs, 2, "busy", false);
    jobs[1].is_loading = true;
    assert_state(session, jobs, 2, "loading", false);
    assert_state(session, jobs, 1, "busy", false);
    jobs[0].kind = STR("load");
    assert_state(session, jobs, 1, "loading", false);
    close_session(fixture, session, &interest);
    fixture_destroy(fixture);
}

static void test_metrics_outlive_settings(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct interest interest = {0};
    struct session *session = open_session(fixture, &interest);
    metrics_add_pull(session_metrics(session), STR("http://h:1"), STR("m"));
    session_set_source(session, SETTINGS_INIT_OPTIONS, NULL, false);
    struct json_object *object = metrics_object(session_metrics(session));
    assert_int_equal(json_count(json_get(object, "servers")), 1);
    json_object_put(object);
    close_session(fixture, session, &interest);
    fixture_destroy(fixture);
}

int main(void) {
    tests_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_metrics_outlive_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
