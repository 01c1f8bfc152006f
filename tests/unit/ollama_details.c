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

// --- waiting for one model ---

struct wait {
    unsigned n;
    bool is_over;
    bool is_known; // when it was over
    struct server *server;
    const char *model;
};

static void on_details(void *data, struct server *server) {
    struct wait *wait = data;
    assert_ptr_equal(server, wait->server);
    const struct model *model = wait->model ? find(server, wait->model) : NULL;
    wait->n++;
    wait->is_over = true;
    wait->is_known = model && model->capabilities_known && model->context_length > 0;
}

static void begin_wait(struct wait *wait, struct server *server, const char *model) {
    *wait = (struct wait){.server = server, .model = model};
    server_details_then(server, str_from(model), on_details, wait);
    assert_int_equal(wait->n, 0);
}

static void end_wait(struct fixture *fixture, struct wait *wait) {
    assert_true(run_until(&fixture->loop, &wait->is_over, LIMIT_MS));
    assert_int_equal(wait->n, 1);
}

// A model that nothing refers to, on a server that nobody is interested in.
static void test_wait_for_details(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct wait waits[3];
    struct server *server = open_server(fixture, &watch, 0, 0);
    ollama.tags = old_tags;
    begin_wait(&waits[0], server, "c"); // nobody asks this server: nothing to wait for
    end_wait(fixture, &waits[0]);
    assert_int_equal(ollama.n_show, 0);
    refresh(fixture, &watch);
    while (server_details_pending(server)) { // "c" is still wanted
        run_for(&fixture->loop, 2);
    }
    begin_wait(&waits[0], server, "c"); // known by now
    begin_wait(&waits[1], server, "absent");
    begin_wait(&waits[2], server, "a");
    for (size_t i = 0; i < 3; i++) {
        end_wait(fixture, &waits[i]);
        assert_int_equal(waits[i].is_known, i != 1);
    }
    assert_int_equal(ollama.n_show, 2);
    begin_wait(&waits[0], server, "a2"); // of the same digest
    end_wait(fixture, &waits[0]);
    assert_true(waits[0].is_known);
    assert_int_equal(ollama.n_show, 2);
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

// Who waits comes first, and does not wait for the others.
static void test_wait_among_others(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct wait waits[2];
    struct server *server = open_server(fixture, &watch, 0, 0);
    ollama.tags = old_tags;
    ollama.holds_shows = true;
    server_interest(server, true);
    while (ollama.n_held < LIMIT_SHOW_IN_FLIGHT) { // a to d, in the background
        run_for(&fixture->loop, 2);
    }
    server_want_details(server, STR("e"));
    begin_wait(&waits[0], server, "f");
    begin_wait(&waits[1], server, "a"); // in flight already
    run_for(&fixture->loop, 20);
    assert_int_equal(waits[0].n + waits[1].n, 0);
    ollama.shown[0] = '\0';
    ollama.n_held--; // "a" or "d" is answered; the others stay
    answer(ollama.held[ollama.n_held], 200, ollama.show);
    while (!strstr(ollama.shown, "\"f:latest\"")) {
        run_for(&fixture->loop, 2);
    }
    assert_null(strstr(ollama.shown, "\"e:latest\""));
    int64_t before = clock_ms();
    ollama.n_held--;
    answer(ollama.held[ollama.n_held], 200, ollama.show); // "f", while others are on their way
    end_wait(fixture, &waits[0]);
    assert_true(waits[0].is_known);
    assert_true(clock_ms() - before < 90); // sooner than a batch of details is put together
    ollama.holds_shows = false;
    release_shows();
    end_wait(fixture, &waits[1]);
    assert_true(waits[1].is_known);
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

static void test_waits_that_fail(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct wait wait;
    struct server *server = open_server(fixture, &watch, 0, 0);
    ollama.tags = LIST(
        MODEL("a:latest", "d1", "") "," MODEL("b:latest", "", "") "," MODEL("c:latest", "d3", ""));
    ollama.show = "{\"error\":\"boom\"}";
    ollama.show_status = 500;
    refresh(fixture, &watch);
    static const char *const names[] = {"a", "a", "b"};
    for (size_t i = 0; i < 3; i++) {
        int64_t before = clock_ms();
        begin_wait(&wait, server, names[i]);
        end_wait(fixture, &wait);
        assert_false(wait.is_known);
        assert_true(clock_ms() - before < 1000);
    }
    assert_int_equal(ollama.n_show, 1);
    // Behind others that are not answered the wait has an end of its own.
    ollama.holds_shows = true;
    ollama.tags = old_tags;
    refresh(fixture, &watch);
    static const char *const before_it[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < LIMIT_SHOW_IN_FLIGHT; i++) {
        server_want_details(server, str_from(before_it[i]));
    }
    int64_t before = clock_ms();
    begin_wait(&wait, server, "f");
    end_wait(fixture, &wait);
    assert_false(wait.is_known);
    assert_in_range(clock_ms() - before, TIME_CALL_MS - 200, TIME_CALL_MS + 2000);
    close_server(fixture, &watch);
    fixture_destroy(fixture);
}

static void test_close_ends_waits(void **state) {
    (void)state;
    struct fixture *fixture = setup();
    struct watch watch;
    struct wait waits[2];
    struct server *server = open_server(fixture, &watch, 0, 0);
    ollama.tags = old_tags;
    ollama.holds_shows = true;
    refresh(fixture, &watch);
    begin_wait(&waits[0], server, "a");
    begin_wait(&waits[1], server, "b");
    run_for(&fixture->loop, 20);
    waits[0].model = waits[1].model = NULL;
    server_close(server, on_closed, &watch);
    assert_int_equal(waits[0].n, 0);
    assert_true(run_until(&fixture->loop, &watch.is_closed, LIMIT_MS));
    assert_int_equal(waits[0].n, 1);
    assert_int_equal(waits[1].n, 1);
    fixture_destroy(fixture);
}

int main(void) {
    tests_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_details_of_referenced_models),
        cmocka_unit_test(test_details_of_all_models),
        cmocka_unit_test(test_details_that_fail),
        cmocka_unit_test(test_close_with_details_on_their_way),
        cmocka_unit_test(test_wait_for_details),
        cmocka_unit_test(test_wait_among_others),
        cmocka_unit_test(test_waits_that_fail),
        cmocka_unit_test(test_close_ends_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
