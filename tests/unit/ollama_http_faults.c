// SPDX-License-Identifier: MIT
//
// ollama/io/http.h when the peer or the request is bad: each case ends in one on_done with a
// message that says what and where, and costs bounded memory. And proxies: never for loopback.
#include "ollama/io/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "support/fake_resolver.h"
#include "support/http_fixture.h"

// Under ASan freed memory is kept aside, so the peak says nothing.
#if defined(__SANITIZE_ADDRESS__)
enum { PEAK_COUNTS = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { PEAK_COUNTS = 0 };
#else
enum { PEAK_COUNTS = 1 };
#endif
#else
enum { PEAK_COUNTS = 1 };
#endif

// --- bad peers ---

static void test_time_limit(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(stay_silent);
    struct record record = {0};
    int64_t before = clock_ms();
    run_get(fixture, &record, 0, 100);
    int64_t took = clock_ms() - before;
    assert_int_equal(record.result, ERR_TIMEOUT);
    assert_has(record.message, fixture->url);
    assert_has(record.message, "0.1 s");
    assert_in_range(took, 90, 1000);
    fixture_destroy(fixture);
}

static void test_refused(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    struct record record = {0};
    snprintf(fixture->url, sizeof(fixture->url), "http://127.0.0.1:%d/api/x?token=abc",
             fake_free_port());
    run_get(fixture, &record, 0, 0);
    assert_int_equal(record.result, ERR_IO);
    assert_true(record.response.refused);
    assert_true(str_starts(str_from(record.message), STR("connection to http://127.0.0.1:")));
    assert_true(str_ends(str_from(record.message), STR(" refused")));
    assert_null(strstr(record.message, "abc"));
    fixture_destroy(fixture);
}

static void test_unknown_name(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    struct record record = {0};
    struct http_request request = get(fixture);
    request.url = STR("http://nowhere.test:1/");
    request.no_proxy = true;
    start(&record, fixture->http, &request);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_IO);
    assert_false(record.response.refused);
    assert_has(record.message, "nowhere.test");
    fixture_destroy(fixture);
}

static void redirect(struct fixture *fixture, struct fake_conn *conn,
                     const struct fake_request *request) {
    (void)request;
    char text[256];
    snprintf(text, sizeof(text),
             "HTTP/1.1 301 X\r\nLocation: %s/elsewhere\r\nContent-Length: 0\r\n\r\n",
             fixture->server.url);
    fake_send_text(conn, text);
}

static void test_redirects_are_not_followed(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(redirect);
    struct record record = {0};
    run_get(fixture, &record, 0, 0);
    assert_int_equal(record.result, ERR_OK);
    assert_int_equal(record.response.status, 301);
    assert_int_equal(fixture->server.n_requests, 1);
    fixture_destroy(fixture);
}

static void send_garbage(struct fixture *fixture, struct fake_conn *conn,
                         const struct fake_request *request) {
    (void)request;
    static const char *const garbage[] = {"\x16\x03\x01 what is this\n\n\xff\xfe",
                                          "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/9.9 200 OK\r\n\r\n",
                                          "HTTP/1.1 abc\r\n\r\n", "220 mail ESMTP\r\n"};
    fake_send_text(conn, garbage[fixture->seed]);
    fake_end(conn);
}

static void test_garbage_is_no_http(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(send_garbage);
    for (fixture->seed = 0; fixture->seed < 5; fixture->seed++) {
        struct record record = {0};
        run_get(fixture, &record, 0, 2000);
        assert_int_equal(record.result, ERR_PROTOCOL);
        assert_has(record.message, "does not speak HTTP");
        assert_int_equal(record.n_body, 0);
    }
    fixture_destroy(fixture);
}

static void break_off(struct fixture *fixture, struct fake_conn *conn,
                      const struct fake_request *request) {
    (void)request;
    switch (fixture->seed) {
    case 0: // nothing at all
        fake_end(conn);
        break;
    case 1:
        fake_send_text(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
        fake_end(conn);
        break;
    case 2:
        fake_send_text(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
        fake_end(conn);
        break;
    case 3:
        fake_send_text(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "xyz\r\nhello\r\n");
        fake_end(conn);
        break;
    default: fake_reset(conn); break;
    }
}

static void test_broken_answers(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(break_off);
    for (fixture->seed = 0; fixture->seed < 5; fixture->seed++) {
        struct record record = {0};
        run_get(fixture, &record, 0, 2000);
        assert_int_equal(record.result, ERR_IO);
        assert_has(record.message, "connection");
        assert_has(record.message, fixture->server.url);
        forget(&record);
    }
    fixture_destroy(fixture);
}

static void begin_stream(struct fixture *fixture, struct fake_conn *conn,
                         const struct fake_request *request) {
    (void)fixture;
    (void)request;
    fake_stream_begin(conn);
    fake_stream_chunk(conn, "first\n");
}

static void test_reset_in_the_middle(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(begin_stream);
    struct record record = {0};
    struct http_request request = get(fixture);
    start(&record, fixture->http, &request);
    while (record.n_body == 0) {
        uv_run(&fixture->loop, UV_RUN_ONCE);
    }
    fake_reset(fixture->conn);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_IO);
    assert_string_equal(record.body.p, "first\n");
    forget(&record);
    fixture_destroy(fixture);
}

static void flood_body(struct fixture *fixture, struct fake_conn *conn,
                       const struct fake_request *request) {
    (void)request;
    static char block[64 * 1024];
    memset(block, 'x', sizeof(block));
    fake_send_text(conn, fixture->seed ? "HTTP/1.1 200 OK\r\nX-Endless: "
                                       : "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n");
    if (fixture->seed == 2) {
        fake_send_text(conn, "a\r\n");
        for (size_t i = 0; i + 8 <= sizeof(block); i += 8) {
            memcpy(block + i, "X-A: b\r\n", 8);
        }
    }
    fake_flood(conn, str_of(block, sizeof(block)));
}

static long peak_kib(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

// 10 GB in the body, in one header line and in endless header lines.
static void test_endless_answers(void **state) {
    (void)state;
    long before = peak_kib();
    struct fixture *fixture = fixture_create(flood_body);
    for (fixture->seed = 0; fixture->seed < 3; fixture->seed++) {
        struct record record = {.keeps_nothing = true};
        run_get(fixture, &record, 1024 * 1024, 0);
        assert_true(record.result == ERR_LIMIT ||
                    (fixture->seed == 1 && record.result != ERR_OK)); // curl's own line limit
        assert_true(record.n_body <= 1024 * 1024);
        run_for(&fixture->loop, 20);
        assert_true(fixture->conn->n_sent < 32 * 1024 * 1024);
    }
    assert_true(!PEAK_COUNTS || peak_kib() - before < 64 * 1024);
    fixture_destroy(fixture);
}

// Without a limit a stream is handed on as it comes and nothing piles up.
static void test_long_streams_cost_no_memory(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(flood_body);
    struct record record = {.keeps_nothing = true};
    struct http_request request = get(fixture);
    long before = peak_kib();
    start(&record, fixture->http, &request);
    while (record.n_body < 256u * 1024 * 1024) {
        uv_run(&fixture->loop, UV_RUN_ONCE);
    }
    cancel(&record);
    finish(fixture, &record);
    assert_true(record.n_largest < 4 * 1024 * 1024);
    assert_true(!PEAK_COUNTS || peak_kib() - before < 32 * 1024);
    fixture_destroy(fixture);
}

// --- what is refused before anything is sent ---

static void test_header_injection(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    static const struct http_header bad[] = {
        {STR_INIT("Authorization"), STR_INIT("Bearer x\r\nX-Evil: 1")},
        {STR_INIT("Authorization"), STR_INIT("Bearer x\nX-Evil: 1")},
        {STR_INIT("Authorization"), STR_INIT("Bearer \0x")},
        {STR_INIT("X-A: b\r\nX-Evil"), STR_INIT("1")},
        {STR_INIT("X A"), STR_INIT("1")},
        {STR_INIT(""), STR_INIT("1")},
        {STR_INIT("content-length"), STR_INIT("0")},
        {STR_INIT("Transfer-Encoding"), STR_INIT("chunked")},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct record record = {0};
        struct http_request request = get(fixture);
        request.headers = &bad[i];
        request.n_headers = 1;
        start(&record, fixture->http, &request);
        finish(fixture, &record);
        assert_int_equal(record.result, ERR_INVALID);
        assert_null(strpbrk(record.message, "\r\n"));
    }
    assert_int_equal(fixture->server.n_connections, 0);
    fixture_destroy(fixture);
}

static void test_bad_urls(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    static const struct str bad[] = {
        STR_INIT(""),
        STR_INIT("ftp://127.0.0.1/"),
        STR_INIT("file:///etc/passwd"),
        STR_INIT("gopher://127.0.0.1/"),
        STR_INIT("http://"),
        STR_INIT("http://127.0.0.1:99999/"),
        STR_INIT("http://127.0.0.1:1/\r\nX: y"),
        STR_INIT("http://user:pw@127.0.0.1:1/"),
        STR_INIT("http://127.0.0.1\0evil/"),
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct record record = {0};
        struct http_request request = get(fixture);
        request.url = bad[i];
        start(&record, fixture->http, &request);
        cancel(&record); // a cancel of what has failed already is fine too
        finish(fixture, &record);
        assert_int_equal(record.result, ERR_CANCELLED);
        memset(&record, 0, sizeof(record));
        start(&record, fixture->http, &request);
        finish(fixture, &record);
        assert_int_equal(record.result, ERR_INVALID);
        assert_null(strstr(record.message, "pw@"));
    }
    assert_int_equal(fixture->server.n_connections, 0);
    fixture_destroy(fixture);
}

// --- proxies ---

static void test_loopback_is_never_proxied(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    struct fixture *proxy = fixture_create(answer_ok);
    setenv("http_proxy", proxy->server.url, 1);
    setenv("ALL_PROXY", proxy->server.url, 1);
    static const char *const hosts[] = {"127.0.0.1", "localhost", "127.1", "127.1.2.3", "[::1]"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct record record = {0};
        snprintf(fixture->url, sizeof(fixture->url), "http://%s:%d/api/x", hosts[i],
                 fixture->server.port);
        struct http_request request = get(fixture);
        start(&record, fixture->http, &request);
        while (!record.is_done) {
            uv_run(&fixture->loop, UV_RUN_NOWAIT);
            uv_run(&proxy->loop, UV_RUN_NOWAIT);
        }
        // The last two are loopback, but not where the server listens.
        assert_int_equal(record.result, i < 3 ? ERR_OK : ERR_IO);
        assert_int_equal(proxy->server.n_connections, 0);
        forget(&record);
    }
    assert_int_equal(fixture->server.n_requests, 3);

    // Another host goes through the proxy, without being resolved here,
    struct record record = {0};
    unsigned n_asked = resolver_times_asked();
    struct http_request request = get(fixture);
    request.url = STR("http://models.test/api/x");
    start(&record, fixture->http, &request);
    while (!record.is_done) {
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
        uv_run(&proxy->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(record.result, ERR_OK);
    assert_true(str_starts(buf_str(&proxy->head), STR("GET http://models.test/api/x HTTP/1.1")));
    assert_int_equal(resolver_times_asked(), n_asked);
    forget(&record);

    // ... unless told not to.
    request.no_proxy = true;
    start(&record, fixture->http, &request);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_IO);
    assert_int_equal(proxy->server.n_requests, 1);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    fixture_destroy(proxy);
    fixture_destroy(fixture);
}

int main(void) {
    tests_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_limit),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_unknown_name),
        cmocka_unit_test(test_redirects_are_not_followed),
        cmocka_unit_test(test_garbage_is_no_http),
        cmocka_unit_test(test_broken_answers),
        cmocka_unit_test(test_reset_in_the_middle),
        cmocka_unit_test(test_endless_answers),
        cmocka_unit_test(test_long_streams_cost_no_memory),
        cmocka_unit_test(test_header_injection),
        cmocka_unit_test(test_bad_urls),
        cmocka_unit_test(test_loopback_is_never_proxied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
