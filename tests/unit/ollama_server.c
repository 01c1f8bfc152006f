// SPDX-License-Identifier: MIT
//
// ollama/io/server.h against a fake Ollama: the order of a check, how often it asks, what counts as
// a change, back-off, stale snapshots, and closing at any moment.
#include "ollama/io/server.h"

#include "base/clock.h"
#include "base/limits.h"
#include "support/fake_ollama.h"

// --- a check ---

static void test_first_check(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 0, 0);
    ollama.ps = LIST(MODEL("llama3:latest", "d1", ",\"size_vram\":3"));
    run_for(&fixture->loop, 30);
    assert_string_equal(ollama.order, ""); // nobody is interested yet
    server_interest(server, true);
    assert_int_equal(watch.n_changes, 0);
    wait_for_change(fixture, &watch);
    assert_int_equal(server->state, SERVER_OK);
    assert_string_equal(ollama.order, "vtp");
    assert_int_equal(fixture->server.n_connections, 1);
    assert_true(str_eq(server->version, STR("0.33.0")));
    assert_true(server->latency_us > 0);
    assert_true(server->checked_ms > 0);
    assert_false(server->stale);
    assert_true(str_is_empty(server->error_message));
    struct catalog *catalog = server_catalog(server);
    assert_non_null(catalog);
    assert_int_equal(catalog->n_models, 1);
    assert_true(catalog->running_known);
    assert_true(find(server, "llama3")->running.loaded);
    run_for(&fixture->loop, 50);
    assert_int_equal(watch.n_changes, 1);
    assert_string_equal(ollama.order, "vtp");
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

static void test_only_the_users_servers_get_keys(void **state) {
    (void)state;
    for (int is_configured = 0; is_configured < 2; is_configured++) {
        struct fixture *fixture = setup();
        struct watch watch = {0};
        struct http_header header = {STR("X-Team"), STR("a")};
        struct endpoint endpoint = {.url = str_from(fixture->server.url),
                                    .api_key = STR("sesame"),
                                    .headers = &header,
                                    .n_headers = 1};
        struct server_options options = {0};
        watch.server = server_create(&fixture->loop, fixture->http, &endpoint, STR_NONE,
                                     is_configured, &options, NULL, NULL);
        refresh(fixture, &watch);
        assert_int_equal(watch.server->state, SERVER_OK);
        struct str head = buf_str(&fixture->head);
        assert_int_equal(str_contains(head, STR("Bearer sesame")), is_configured);
        assert_int_equal(str_contains(head, STR("X-Team")), is_configured);
        close_server(fixture, &watch);
        fixture_destroy(fixture);
    }
}

static void test_only_changes_are_announced(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 0, 0);
    refresh(fixture, &watch);
    assert_int_equal(watch.n_changes, 1);
    struct catalog *first = catalog_retain(server_catalog(server));
    for (int i = 0; i < 3; i++) {
        refresh(fixture, &watch);
    }
    assert_int_equal(watch.n_changes, 1);
    assert_ptr_equal(server_catalog(server), first);
    assert_string_equal(ollama.order, "vtpvtpvtpvtp");

    ollama.tags = LIST(MODEL("llama3:latest", "d1", KNOWN) "," MODEL("phi3:latest", "d2", KNOWN));
    refresh(fixture, &watch);
    assert_int_equal(watch.n_changes, 2);
    assert_ptr_not_equal(server_catalog(server), first);
    assert_non_null(find(server, "phi3"));
    assert_int_equal(first->n_models, 1); // who keeps the old one still has it
    catalog_release(first);

    ollama.ps = LIST(MODEL("phi3:latest", "d2", ""));
    refresh(fixture, &watch);
    assert_int_equal(watch.n_changes, 3);
    assert_true(find(server, "phi3")->running.loaded);

    ollama.version = "{\"version\":\"0.34.0\"}";
    refresh(fixture, &watch);
    assert_int_equal(watch.n_changes, 4);
    assert_true(str_eq(server_catalog(server)->version, STR("0.34.0")));
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

static void test_waiters_share_a_check(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 0, 0);
    for (int i = 0; i < 5; i++) {
        server_refresh_then(server, on_waited, &watch);
        server_refresh(server);
    }
    assert_int_equal(watch.n_waiters, 0);
    assert_true(run_until(&fixture->loop, &watch.is_waited, LIMIT_MS));
    assert_int_equal(watch.n_waiters, 5);
    run_for(&fixture->loop, 50);
    assert_string_equal(ollama.order, "vtp");
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

// A list that was asked for before a pull ended may not show the pulled model.
static void test_refresh_while_the_list_is_on_its_way(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 0, 0);
    ollama.holds_tags = true;
    server_refresh(server);
    while (!ollama.held_tags) {
        run_for(&fixture->loop, 2);
    }
    ollama.holds_tags = false;
    server_refresh_then(server, on_waited, &watch);
    answer(ollama.held_tags, 200, ollama.tags);
    ollama.tags = LIST(MODEL("phi3:latest", "d2", KNOWN));
    assert_true(run_until(&fixture->loop, &watch.is_waited, LIMIT_MS));
    assert_string_equal(ollama.order, "vtpvtp");
    assert_non_null(find(server, "phi3"));
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

// --- schedule ---

static void test_list_expires_without_a_health_check(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 60, 60000);
    server_interest(server, true);
    wait_for_change(fixture, &watch);
    run_for(&fixture->loop, 400);
    assert_int_equal(ollama.n_version, 1);
    assert_in_range(ollama.n_tags, 2, 8);
    assert_int_equal(watch.n_changes, 1);
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

static void test_health_check_without_the_list(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 60000, 60);
    server_interest(server, true);
    wait_for_change(fixture, &watch);
    run_for(&fixture->loop, 400);
    assert_int_equal(ollama.n_tags, 1);
    assert_in_range(ollama.n_version, 2, 8);
    assert_in_range(ollama.n_ps, ollama.n_version - 1, ollama.n_version); // one may be under way
    assert_int_equal(fixture->server.n_connections, 1);

    server_interest(server, true); // counted
    server_interest(server, false);
    unsigned before = ollama.n_version;
    run_for(&fixture->loop, 200);
    assert_true(ollama.n_version > before);
    server_interest(server, false);
    run_for(&fixture->loop, 20); // a check may have been under way
    before = ollama.n_version;
    run_for(&fixture->loop, 200);
    assert_int_equal(ollama.n_version, before);

    server_interest(server, true); // long ago: at once
    run_for(&fixture->loop, 40);
    assert_int_equal(ollama.n_version, before + 1);
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

static void test_no_interest_no_timer(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 0, 0);
    server_interest(server, true);
    wait_for_change(fixture, &watch);
    server_interest(server, false);
    fake_http_close(&fixture->server);
    run_for(&fixture->loop, 20);
    uv_run(&fixture->loop, UV_RUN_NOWAIT); // closes run_for's own timer
    assert_int_equal(uv_loop_alive(&fixture->loop), 0);
    close_server(fixture, &watch);
    fake_http_open(&fixture->server, &fixture->loop, 0, NULL, NULL); // for fixture_destroy
    fixture_destroy(fixture);
}

static void test_touch_looks_at_running_models_only(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 0, 0);
    server_interest(server, true);
    wait_for_change(fixture, &watch);
    ollama.ps = LIST(MODEL("llama3:latest", "d1", ""));
    server_touch_running(server);
    server_touch_running(server);
    wait_for_change(fixture, &watch);
    assert_true(find(server, "llama3")->running.loaded);
    assert_string_equal(ollama.order, "vtpp");
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

// --- servers that fail ---

static void test_down_then_up_then_down(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 0, 50);
    int port = fixture->server.port;
    fake_http_close(&fixture->server);
    server_interest(server, true);
    wait_for_change(fixture, &watch);
    assert_int_equal(server->state, SERVER_UNREACHABLE);
    assert_false(server->stale);
    assert_true(str_ends(server->error_message, STR(" refused")));
    assert_true(str_contains(server->error_message, server->url));
    assert_true(str_eq(server->error_remedy, STR("ollama serve")));
    assert_null(server_catalog(server));
    int64_t down_ms = clock_ms();

    struct fake_http *fake = &fixture->server;
    fake_http_open(fake, &fixture->loop, port, fake->handler, fixture);
    wait_for_change(fixture, &watch); // back-off on loopback begins with 2 s
    assert_int_equal(server->state, SERVER_OK);
    assert_in_range(clock_ms() - down_ms, 1800, 4000);
    assert_true(str_is_empty(server->error_message));
    assert_true(str_is_empty(server->error_remedy));

    fake_http_close(fake);
    wait_for_change(fixture, &watch); // the next health check sees it
    assert_int_equal(server->state, SERVER_UNREACHABLE);
    assert_true(server->stale);
    assert_non_null(find(server, "llama3"));
    unsigned n_changes = watch.n_changes;
    refresh(fixture, &watch);
    refresh(fixture, &watch);
    assert_int_equal(watch.n_changes, n_changes); // still the same failure

    fake_http_open(fake, &fixture->loop, port, fake->handler, fixture);
    refresh(fixture, &watch); // a user's action does not wait
    assert_int_equal(server->state, SERVER_OK);
    assert_false(server->stale);
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

static void test_not_an_ollama_is_asked_nothing_else(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    static const char *const versions[] = {"<html>hello</html>", "{}", "{\"version\":7}", "garbage",
                                           ""};
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct server *server = open_server(fixture, &watch, 0, 0);
        ollama.version = versions[i];
        server_want_details(server, STR("llama3"));
        server_interest(server, true);
        wait_for_change(fixture, &watch);
        run_for(&fixture->loop, 20);
        assert_int_equal(server->state, SERVER_UNREACHABLE);
        assert_true(str_contains(server->error_message, STR("is not an Ollama server")));
        close_server(fixture, &watch);
    }
    assert_string_equal(ollama.order, "vvvvv");
    fixture_destroy(fixture);
}

static void test_bad_lists(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    static const char *const lists[] = {"<html>", "{}", "{\"models\":7}", "{\"error\":\"boom\"}",
                                        "[[["};
    struct server *server = open_server(fixture, &watch, 0, 0);
    refresh(fixture, &watch);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        ollama.tags = lists[i];
        refresh(fixture, &watch);
        assert_int_equal(server->state, SERVER_UNREACHABLE);
        assert_true(server->stale);
        assert_true(str_contains(server->error_message, server->url));
        assert_non_null(find(server, "llama3"));
    }
    ollama.tags = "{\"models\":null}";
    refresh(fixture, &watch);
    assert_int_equal(server->state, SERVER_OK);
    assert_int_equal(server_catalog(server)->n_models, 0);
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

static void test_old_server_without_ps(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 0, 0);
    ollama.ps = "404 page not found";
    ollama.ps_status = 404;
    refresh(fixture, &watch);
    assert_int_equal(server->state, SERVER_OK);
    assert_false(server_catalog(server)->running_known);
    refresh(fixture, &watch);
    assert_string_equal(ollama.order, "vtpvt");  // not asked again
    ollama.version = "{\"version\":\"0.34.0\"}"; // ... until it has been updated
    ollama.ps = LIST("");
    ollama.ps_status = 200;
    refresh(fixture, &watch);
    assert_true(server_catalog(server)->running_known);
    ollama.ps = "<html>";
    refresh(fixture, &watch);
    assert_int_equal(server->state, SERVER_OK);
    assert_false(server_catalog(server)->running_known);
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

static void test_a_stalled_list_makes_it_unreachable(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 0, 0);
    ollama.tags = NULL;
    int64_t before = clock_ms();
    refresh(fixture, &watch);
    assert_int_equal(server->state, SERVER_UNREACHABLE);
    assert_true(str_contains(server->error_message, STR("/api/tags did not answer within 5 s")));
    assert_in_range(clock_ms() - before, TIME_CALL_MS - 50, TIME_CALL_MS + 1500);
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

// --- closing ---

static void test_close_at_any_moment(void **state) {
    (void)state;
    for (int moment = 0; moment < 4; moment++) {
        struct fixture *fixture = setup();
        struct watch watch;
        struct server *server = open_server(fixture, &watch, 0, 0);
        ollama.holds_tags = moment == 2;
        watch.closes = moment == 3;
        if (moment > 0) {
            server_refresh_then(server, on_waited, &watch);
            server_refresh_then(server, on_waited, &watch);
        }
        while (moment == 2 && !ollama.held_tags) {
            run_for(&fixture->loop, 2);
        }
        if (moment == 2) { // one for this check, one for the next
            server_refresh_then(server, on_waited, &watch);
        }
        if (moment == 3) {
            assert_true(run_until(&fixture->loop, &watch.is_closed, LIMIT_MS));
        } else {
            close_server(fixture, &watch);
        }
        assert_int_equal(watch.n_waiters, moment == 0 ? 0 : moment == 2 ? 3 : 2);
        assert_int_equal(watch.n_changes, moment == 3 ? 1 : 0);
        fixture_destroy(fixture);
    }
}

// The wrong order, but no spinning and no crash.
static void test_http_closed_first(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 0, 0);
    ollama.tags = NULL;
    server_interest(server, true);
    while (ollama.n_tags == 0) {
        run_for(&fixture->loop, 2);
    }
    http_close(fixture->http, on_http_closed, &fixture->is_closed);
    assert_true(run_until(&fixture->loop, &fixture->is_closed, LIMIT_MS));
    run_for(&fixture->loop, 20);
    assert_int_equal(watch.n_changes, 0);
    server_close(server, on_closed, &watch);
    assert_true(run_until(&fixture->loop, &watch.is_closed, LIMIT_MS));
    fixture->is_closed = false;
    fixture->http = http_create(&fixture->loop);
    fixture_destroy(fixture);
}

int main(void) {
    tests_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_check),
        cmocka_unit_test(test_only_the_users_servers_get_keys),
        cmocka_unit_test(test_only_changes_are_announced),
        cmocka_unit_test(test_waiters_share_a_check),
        cmocka_unit_test(test_refresh_while_the_list_is_on_its_way),
        cmocka_unit_test(test_list_expires_without_a_health_check),
        cmocka_unit_test(test_health_check_without_the_list),
        cmocka_unit_test(test_no_interest_no_timer),
        cmocka_unit_test(test_touch_looks_at_running_models_only),
        cmocka_unit_test(test_down_then_up_then_down),
        cmocka_unit_test(test_not_an_ollama_is_asked_nothing_else),
        cmocka_unit_test(test_bad_lists),
        cmocka_unit_test(test_old_server_without_ps),
        cmocka_unit_test(test_a_stalled_list_makes_it_unreachable),
        cmocka_unit_test(test_close_at_any_moment),
        cmocka_unit_test(test_http_closed_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
