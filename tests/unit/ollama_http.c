// SPDX-License-Identifier: MIT
//
// ollama/io/http.h when the server behaves, and cancelling: connections are reused, a cancel closes
// the socket at once, and closing leaves the loop empty.
#include "ollama/io/http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "support/fake_resolver.h"
#include "support/http_fixture.h"

// --- the good way ---

static void test_get(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    struct record record = {0};
    run_get(fixture, &record, 100, 0);
    assert_int_equal(record.result, ERR_OK);
    assert_int_equal(record.response.status, 200);
    assert_int_equal(record.n_headers, 1);
    assert_string_equal(record.type, "application/json");
    assert_string_equal(record.body.p, "{\"a\":1}");
    assert_false(record.response.reused);
    assert_true(record.response.total_us > 0);
    assert_true(record.response.first_byte_us > 0);
    struct str head = buf_str(&fixture->head);
    assert_true(str_starts(head, STR("GET /api/x HTTP/1.1\r\n")));
    static const char *const absent[] = {
        "\norigin:", "\nexpect:", "\nreferer:", "\ncookie:", "\ncontent-type:", "\nauthorization:"};
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        assert_true(str_ifind(head, str_from(absent[i])) == STR_NPOS);
    }
    assert_int_equal(http_in_flight(fixture->http), 0);
    forget(&record);
    fixture_destroy(fixture);
}

static void test_post_and_delete(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    struct record record = {0};
    char value[] = "secret";
    char body[] = "{\"model\":\"x\"}";
    struct http_header header = {STR("X-Key"), str_from(value)};
    struct http_request request = get(fixture);
    request.method = STR("POST");
    request.body = str_from(body);
    request.headers = &header;
    request.n_headers = 1;
    start(&record, fixture->http, &request);
    memset(value, '!', sizeof(value) - 1); // both were copied
    memset(body, '!', sizeof(body) - 1);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_OK);
    assert_true(str_starts(buf_str(&fixture->head), STR("POST /api/x HTTP/1.1\r\n")));
    assert_has(fixture->head.p, "\r\nX-Key: secret\r\n");
    assert_has(fixture->head.p, "\r\nContent-Type: application/json\r\n");
    assert_string_equal(fixture->body.p, "{\"model\":\"x\"}");
    forget(&record);

    request.method = STR("DELETE");
    request.body = STR("{}");
    request.n_headers = 0;
    start(&record, fixture->http, &request);
    finish(fixture, &record);
    assert_true(str_starts(buf_str(&fixture->head), STR("DELETE /api/x HTTP/1.1\r\n")));
    assert_string_equal(fixture->body.p, "{}");
    forget(&record);

    // A body over 1 MiB, where curl would ask first, goes out at once.
    struct buf large;
    buf_init(&large, 4 * 1024 * 1024);
    for (int i = 0; i < 2 * 1024 * 1024 / 16; i++) {
        buf_append(&large, STR("0123456789abcdef"));
    }
    request.method = STR("POST");
    request.body = buf_str(&large);
    start(&record, fixture->http, &request);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_OK);
    assert_true(str_ifind(buf_str(&fixture->head), STR("expect:")) == STR_NPOS);
    buf_finish(&large);
    forget(&record);
    fixture_destroy(fixture);
}

static void test_connections_are_reused(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    for (int i = 0; i < 20; i++) {
        struct record record = {0};
        run_get(fixture, &record, 0, 0);
        assert_int_equal(record.result, ERR_OK);
        assert_int_equal(record.response.reused, i > 0);
        assert_true(i == 0 || record.response.connect_us == 0);
        forget(&record);
    }
    assert_int_equal(fixture->server.n_requests, 20);
    assert_int_equal(fixture->server.n_connections, 1);
    fixture_destroy(fixture);
}

// A child such as `ollama serve` must not hold connections open.
static void test_sockets_are_not_inherited(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    struct record record = {0};
    unsigned n_found = 0;
    run_get(fixture, &record, 0, 0);
    for (int fd = 0; fd < 256; fd++) {
        struct sockaddr_in peer = {0};
        socklen_t n = sizeof(peer);
        if (getpeername(fd, (struct sockaddr *)&peer, &n) == 0 && peer.sin_family == AF_INET &&
            ntohs(peer.sin_port) == fixture->server.port) {
            n_found++;
            assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        }
    }
    assert_int_equal(n_found, 1); // the kept connection
    forget(&record);
    fixture_destroy(fixture);
}

static void test_many_at_once(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    enum { N = 40 };
    static struct record records[N];
    struct http_request request = get(fixture);
    for (int i = 0; i < N; i++) {
        start(&records[i], fixture->http, &request);
    }
    assert_int_equal(http_in_flight(fixture->http), N);
    for (int i = 0; i < N; i++) {
        finish(fixture, &records[i]);
        assert_int_equal(records[i].result, ERR_OK);
        assert_string_equal(records[i].body.p, "{\"a\":1}");
        forget(&records[i]);
    }
    assert_int_equal(http_in_flight(fixture->http), 0);
    fixture_destroy(fixture);
}

static void answer_slowly(struct fixture *fixture, struct fake_conn *conn,
                          const struct fake_request *request) {
    (void)request;
    fake_send_slowly(conn,
                     STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n"
                         "5\r\nhello\r\n1;x=y\r\n \r\nA\r\n\xc3\xa4\xf0\x9f\x98\x80"
                         "wxyz\r\n"
                         "0\r\nX-Trailer: t\r\n\r\n"),
                     fixture->seed);
}

static void test_chunks_split_anywhere(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_slowly);
    for (unsigned seed = 1; seed <= 8; seed++) {
        struct record record = {0};
        fixture->seed = seed * 7919;
        run_get(fixture, &record, 0, 0);
        assert_int_equal(record.result, ERR_OK);
        assert_string_equal(record.body.p, "hello \xc3\xa4\xf0\x9f\x98\x80"
                                           "wxyz");
        forget(&record);
    }
    assert_int_equal(fixture->server.n_connections, 1);
    fixture_destroy(fixture);
}

static void answer_after_interim(struct fixture *fixture, struct fake_conn *conn,
                                 const struct fake_request *request) {
    (void)fixture;
    (void)request;
    fake_send_slowly(conn,
                     STR("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n"
                         "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
                     7);
}

static void test_interim_answers(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_after_interim);
    struct record record = {0};
    run_get(fixture, &record, 0, 0);
    assert_int_equal(record.result, ERR_OK);
    assert_int_equal(record.n_headers, 1);
    assert_int_equal(record.headers_status, 404);
    assert_int_equal(record.response.status, 404);
    assert_int_equal(record.n_body, 0);
    fixture_destroy(fixture);
}

static void answer_headers_only(struct fixture *fixture, struct fake_conn *conn,
                                const struct fake_request *request) {
    (void)fixture;
    (void)request;
    fake_stream_begin(conn);
}

static void test_headers_come_before_the_body(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_headers_only);
    struct record record = {0};
    struct http_request request = get(fixture);
    start(&record, fixture->http, &request);
    for (int i = 0; i < 1000 && record.n_headers == 0; i++) {
        run_for(&fixture->loop, 5);
    }
    assert_int_equal(record.n_headers, 1);
    assert_int_equal(record.headers_status, 200);
    assert_false(record.is_done);
    fake_stream_end(fixture->conn);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_OK);
    fixture_destroy(fixture);
}

// A model may load for minutes: nothing but a cancel ends the silence. Longer than the connect
// limit.
static void test_silence_is_no_failure(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(stay_silent);
    struct record record = {0};
    struct http_request request = get(fixture);
    start(&record, fixture->http, &request);
    run_for(&fixture->loop, 2300);
    assert_false(record.is_done);
    fake_answer(fixture->conn, 200, NULL, "late");
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_OK);
    assert_string_equal(record.body.p, "late");
    forget(&record);
    fixture_destroy(fixture);
}

static void close_after_answer(struct fixture *fixture, struct fake_conn *conn,
                               const struct fake_request *request) {
    answer_ok(fixture, conn, request);
    fake_end(conn);
}

static void test_closed_idle_connection_is_replaced(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(close_after_answer);
    for (int i = 0; i < 5; i++) {
        struct record record = {0};
        run_get(fixture, &record, 0, 0);
        assert_int_equal(record.result, ERR_OK);
        forget(&record);
    }
    fixture_destroy(fixture);
}

// A handler that tries again at once what fails at once leaves room for everything else.
struct retry {
    struct http *http;
    unsigned n_left;
    bool is_over;
};

static void try_again(void *data, enum err result, const struct http_response *response,
                      const struct error *error) {
    (void)response;
    (void)error;
    struct retry *retry = data;
    assert_int_equal(result, ERR_INVALID);
    if (--retry->n_left == 0) {
        retry->is_over = true;
        return;
    }
    struct http_request request = {.method = STR("GET"), .url = STR("ftp://x")};
    struct http_handlers handlers = {.on_done = try_again, .data = retry};
    http_start(retry->http, &request, &handlers);
}

static void test_failing_calls_leave_turns_to_others(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    struct retry retry = {.http = fixture->http, .n_left = 200};
    struct record record = {0};
    struct http_request request = {.method = STR("GET"), .url = STR("ftp://x")};
    struct http_handlers handlers = {.on_done = try_again, .data = &retry};
    http_start(fixture->http, &request, &handlers);
    unsigned n_turns = 0;
    while (!retry.is_over && n_turns < 1000) {
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
        n_turns++;
    }
    assert_true(retry.is_over);
    assert_true(n_turns >= 200);
    run_get(fixture, &record, 0, 0);
    assert_int_equal(record.result, ERR_OK);
    forget(&record);
    fixture_destroy(fixture);
}

// --- cancelling ---

static void test_cancel_closes_the_socket_in_silence(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(stay_silent);
    struct record record = {0};
    struct http_request request = get(fixture);
    start(&record, fixture->http, &request);
    assert_true(run_until(&fixture->loop, &fixture->is_asked, LIMIT_MS));
    assert_false(fake_sees_close(fixture->conn, 0));
    cancel(&record);
    assert_true(fake_sees_close(fixture->conn, 50)); // without a turn of the loop
    cancel(&record);
    assert_false(record.is_done);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_CANCELLED);
    run_for(&fixture->loop, 20);
    fixture_destroy(fixture);
}

static void stream_forever(struct fixture *fixture, struct fake_conn *conn,
                           const struct fake_request *request) {
    (void)fixture;
    (void)request;
    fake_stream_begin(conn);
    fake_flood(conn, STR("4\r\nabcd\r\n"));
}

static void test_cancel_in_the_middle_of_a_body(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(stream_forever);
    struct record record = {0};
    struct http_request request = get(fixture);
    start(&record, fixture->http, &request);
    while (record.n_body < 1000) {
        uv_run(&fixture->loop, UV_RUN_ONCE);
    }
    size_t n_body = record.n_body;
    cancel(&record);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_CANCELLED);
    assert_int_equal(record.n_body, n_body);
    assert_true(run_until(&fixture->loop, &fixture->conn->peer_closed, LIMIT_MS));
    forget(&record);
    fixture_destroy(fixture);
}

static void test_handlers_may_cancel(void **state) {
    (void)state;
    for (int way = 0; way < 2; way++) {
        struct fixture *fixture = fixture_create(stream_forever);
        struct record record = {.refuses = way == 0, .cancels_itself = way == 1};
        struct http_request request = get(fixture);
        start(&record, fixture->http, &request);
        finish(fixture, &record);
        assert_int_equal(record.result, ERR_CANCELLED);
        forget(&record);
        fixture_destroy(fixture);
    }
}

static void answer_by_path(struct fixture *fixture, struct fake_conn *conn,
                           const struct fake_request *request) {
    if (str_eq(request->path, STR("/silent"))) {
        fixture->seed++;
        return;
    }
    answer_ok(fixture, conn, request);
}

static void test_handlers_may_start_and_cancel_others(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_by_path);
    struct record victim = {0};
    struct record started = {0};
    char silent[128];
    snprintf(silent, sizeof(silent), "%s/silent", fixture->server.url);
    struct http_request request = get(fixture);
    struct http_request silent_request = get(fixture);
    silent_request.url = str_from(silent);
    start(&victim, fixture->http, &silent_request);
    struct record record = {
        .victim = victim.call, .starts_on = fixture->http, .starts = &request, .started = &started};
    start(&record, fixture->http, &request);
    finish(fixture, &record);
    finish(fixture, &victim);
    finish(fixture, &started);
    assert_int_equal(record.result, ERR_OK);
    assert_int_equal(victim.result, ERR_CANCELLED);
    assert_int_equal(started.result, ERR_OK);
    forget(&record);
    forget(&victim);
    forget(&started);
    fixture_destroy(fixture);
}

static void test_cancel_before_anything_was_sent(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    struct record record = {0};
    struct http_request request = get(fixture);
    start(&record, fixture->http, &request);
    cancel(&record);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_CANCELLED);
    assert_int_equal(record.response.status, 0);
    run_for(&fixture->loop, 20);
    assert_int_equal(fixture->server.n_requests, 0);
    fixture_destroy(fixture);
}

// curl would wait for its resolver thread here without CURLOPT_QUICK_EXIT.
static void test_cancel_while_the_name_is_resolved(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    struct record record = {0};
    struct http_request request = get(fixture);
    unsigned n_asked = resolver_times_asked();
    request.url = STR("http://hang.test/");
    request.no_proxy = true;
    start(&record, fixture->http, &request);
    for (int i = 0; i < 1000 && resolver_times_asked() == n_asked; i++) {
        run_for(&fixture->loop, 2);
    }
    assert_int_equal(resolver_times_asked(), n_asked + 1);
    int64_t before = clock_ms();
    cancel(&record);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_CANCELLED);
    assert_true(clock_ms() - before < 50);
    fixture_destroy(fixture); // nor does closing wait
    assert_true(clock_ms() - before < 1000);
    resolver_release();
}

static void test_close_cancels_everything(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(stay_silent);
    enum { N = 5 };
    static struct record records[N];
    struct http_request request = get(fixture);
    for (int i = 0; i < N; i++) {
        start(&records[i], fixture->http, &request);
    }
    assert_true(run_until(&fixture->loop, &fixture->is_asked, LIMIT_MS));
    struct http *http = fixture->http;
    http_close(http, on_http_closed, &fixture->is_closed);
    assert_false(fixture->is_closed);
    struct record late = {0};
    start(&late, http, &request);
    assert_true(run_until(&fixture->loop, &fixture->is_closed, LIMIT_MS));
    for (int i = 0; i < N; i++) {
        assert_int_equal(records[i].n_done, 1);
        assert_int_equal(records[i].result, ERR_CANCELLED);
        memset(&records[i], 0, sizeof(records[i]));
    }
    assert_int_equal(late.n_done, 1);
    assert_int_equal(late.result, ERR_CANCELLED);
    fixture->is_closed = false;
    fixture->http = http_create(&fixture->loop); // closed unused: curl is never set up
    fixture_destroy(fixture);
}

int main(void) {
    tests_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_post_and_delete),
        cmocka_unit_test(test_connections_are_reused),
        cmocka_unit_test(test_sockets_are_not_inherited),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_chunks_split_anywhere),
        cmocka_unit_test(test_interim_answers),
        cmocka_unit_test(test_headers_come_before_the_body),
        cmocka_unit_test(test_silence_is_no_failure),
        cmocka_unit_test(test_closed_idle_connection_is_replaced),
        cmocka_unit_test(test_failing_calls_leave_turns_to_others),
        cmocka_unit_test(test_cancel_closes_the_socket_in_silence),
        cmocka_unit_test(test_cancel_in_the_middle_of_a_body),
        cmocka_unit_test(test_handlers_may_cancel),
        cmocka_unit_test(test_handlers_may_start_and_cancel_others),
        cmocka_unit_test(test_cancel_before_anything_was_sent),
        cmocka_unit_test(test_cancel_while_the_name_is_resolved),
        cmocka_unit_test(test_close_cancels_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
