// SPDX-License-Identifier: MIT
//
// The details of ollama/io/server.h: who is asked for in which order, how many at once, and that
// nothing is asked twice.
#include "ollama/io/server.h"

#include "base/clock.h"
#include "base/limits.h"
#include "support/fake_ollama.h"

// --- details ---

// A server before 0.30: no capabilities in tags. d1 has two names.
static const char old_tags[] =
    LIST(MODEL("a:latest", "d1", "") "," MODEL("b:latest", "d2", "") "," MODEL(
        "c:latest", "d3",
        "") "," MODEL("d:latest", "d4",
                      "") "," MODEL("e:latest", "d5",
                                    "") "," MODEL("f:latest", "d6",
                                                  "") "," MODEL("a2:latest", "d1",
                                                                "") "," MODEL("r:cloud", "d7",
                                                                              ",\"remote_host\":"
                                                                              "\"https://"
                                                                              "ollama.com:443\""));

static void test_details_of_referenced_models(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 0, 0);
    ollama.tags = old_tags;
    server_want_details(server, STR("c")); // before anything is known
    server_want_details(server, STR("c"));
    server_want_details(server, STR("absent"));
    refresh(fixture, &watch);
    assert_false(find(server, "c")->capabilities_known);
    assert_true(server_details_pending(server));
    wait_for_change(fixture, &watch);
    assert_false(server_details_pending(server));
    assert_true(find(server, "c")->capabilities_known);
    assert_int_equal(find(server, "c")->capabilities, CAP_COMPLETION | CAP_TOOLS);
    assert_int_equal(find(server, "c")->context_length, 8192);
    assert_false(find(server, "a")->capabilities_known); // nobody is interested in the others
    assert_int_equal(ollama.n_show, 1);
    assert_string_equal(ollama.shown, "{\"model\":\"c:latest\"}");

    server_want_details(server, STR("c:latest"));
    server_want_details(server, STR("a"));
    server_want_details(server, STR("a2"));
    wait_for_change(fixture, &watch);
    assert_int_equal(ollama.n_show, 2);
    assert_true(find(server, "a2")->capabilities_known);
    refresh(fixture, &watch);
    run_for(&fixture->loop, 20);
    assert_int_equal(ollama.n_show, 2);
    assert_true(find(server, "a2")->capabilities_known);
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

static void test_details_of_all_models(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 0, 0);
    ollama.tags = old_tags;
    ollama.holds_shows = true;
    server_want_details(server, STR("e"));
    server_interest(server, true);
    wait_for_change(fixture, &watch);
    run_for(&fixture->loop, 30);
    assert_int_equal(ollama.most_held, LIMIT_SHOW_IN_FLIGHT);
    // The referenced one came first.
    assert_true(str_starts(str_from(ollama.shown), STR("{\"model\":\"e:latest\"}")));
    ollama.holds_shows = false;
    release_shows();
    while (server_details_pending(server)) {
        run_for(&fixture->loop, 2);
    }
    assert_int_equal(ollama.n_show, 6); // one for each digest; not for the remote model
    assert_null(strstr(ollama.shown, "r:cloud"));
    assert_in_range(watch.n_changes, 2, 3);
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "a2"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(find(server, names[i])->context_length, 8192);
    }
    server_want_details(server, STR("r:cloud")); // on somebody's behalf
    wait_for_change(fixture, &watch);
    assert_non_null(strstr(ollama.shown, "r:cloud"));
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

static void test_details_that_fail(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 0, 0);
    ollama.tags = LIST(MODEL("a:latest", "d1", "") "," MODEL("b:latest", "", ""));
    ollama.show = "{\"error\":\"boom\"}";
    ollama.show_status = 500;
    refresh(fixture, &watch);
    for (int i = 0; i < 5; i++) {
        server_want_details(server, STR("a"));
        server_want_details(server, STR("b")); // has no digest to remember it by
        run_for(&fixture->loop, 20);
    }
    assert_int_equal(ollama.n_show, 1); // not again and again
    assert_int_equal(server->state, SERVER_OK);
    assert_int_equal(watch.n_changes, 1);
    ollama.show = "{\"capabilities\":[\"embedding\"]}";
    ollama.show_status = 200;
    refresh(fixture, &watch); // a user's action tries again
    server_want_details(server, STR("a"));
    wait_for_change(fixture, &watch);
    assert_int_equal(find(server, "a")->capabilities, CAP_EMBEDDING);
    run_for(&fixture->loop, 20);
    assert_int_equal(ollama.n_show, 2); // no context length in it: known to be unknown
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

static void test_close_with_details_on_their_way(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct server *server = open_server(fixture, &watch, 0, 0);
    ollama.tags = old_tags;
    ollama.holds_shows = true;
    server_interest(server, true);
    while (ollama.n_held < LIMIT_SHOW_IN_FLIGHT) {
        run_for(&fixture->loop, 2);
    }
    server_want_details(server, STR("f"));
    close_server(fixture, &watch);
    assert_int_equal(watch.n_changes, 1);
    fixture_destroy(fixture);
}

int main(void) {
    tests_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_details_of_referenced_models),
        cmocka_unit_test(test_details_of_all_models),
        cmocka_unit_test(test_details_that_fail),
        cmocka_unit_test(test_close_with_details_on_their_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
