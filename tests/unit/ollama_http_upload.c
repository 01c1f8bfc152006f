// SPDX-License-Identifier: MIT
//
// Bodies out of files (ollama/io/http.h): what arrives is what stands in the file, however slowly
// the server reads; files that change, servers that answer early or vanish, and cancels at any
// moment end in one on_done and leave nothing behind.
#include "ollama/io/http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/http_fixture.h"

enum { LARGE = 3 * 1024 * 1024 + 12345 };

// A file without a name whose bytes differ everywhere. Returns its descriptor.
static int file_of(size_t n) {
    char path[] = "/tmp/ollama-ls-upload-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    char *bytes = malloc(n + 1);
    uint32_t seed = 1;
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (char)(seed >> 24);
    }
    for (size_t done = 0; done < n;) {
        ssize_t got = write(fd, bytes + done, n - done);
        assert_true(got > 0);
        done += (size_t)got;
    }
    free(bytes);
    return fd;
}

static void assert_is_file(struct str body, int fd, size_t n) {
    assert_int_equal(body.n, n);
    char *bytes = malloc(n + 1);
    assert_int_equal(pread(fd, bytes, n, 0), (ssize_t)n);
    assert_memory_equal(bytes, body.p, n);
    free(bytes);
}

static struct http_request post(struct fixture *fixture, int fd, int64_t n) {
    struct http_request request = get(fixture);
    request.method = STR("POST");
    request.has_file = true;
    request.body_fd = fd;
    request.body_size = n;
    return request;
}

static void test_sizes(void **state) {
    (void)state;
    static const size_t sizes[] = {
        0, 1, 65536, 512 * 1024 - 1, 512 * 1024, 512 * 1024 + 1, 1024 * 1024, LARGE};
    struct fixture *fixture = fixture_create(answer_ok);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct record record = {0};
        int fd = file_of(sizes[i]);
        int copy = dup(fd);
        struct http_request request = post(fixture, copy, (int64_t)sizes[i]);
        start(&record, fixture->http, &request);
        close(copy); // a duplicate was kept
        finish(fixture, &record);
        assert_int_equal(record.result, ERR_OK);
        assert_int_equal(record.response.status, 200);
        assert_is_file(buf_str(&fixture->body), fd, sizes[i]);
        assert_int_equal(record.n_sent, sizes[i]);
        assert_true(sizes[i] < LARGE || record.n_sent_calls > 5);
        assert_has(fixture->head.p, "\r\nContent-Type: application/octet-stream\r\n");
        assert_true(str_ifind(buf_str(&fixture->head), STR("chunked")) == STR_NPOS);
        forget(&record);
        close(fd);
    }
    assert_int_equal(fixture->server.n_connections, 1);
    fixture_destroy(fixture);
}

// Only what was promised is sent, though the file has more by now.
static void test_a_file_that_grows(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    struct record record = {0};
    int fd = file_of(LARGE);
    struct http_request request = post(fixture, fd, LARGE - 1000);
    start(&record, fixture->http, &request);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_OK);
    assert_is_file(buf_str(&fixture->body), fd, LARGE - 1000);
    forget(&record);
    close(fd);
    fixture_destroy(fixture);
}

static void test_a_file_that_shrinks(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    struct record record = {0};
    int fd = file_of(LARGE);
    struct http_request request = post(fixture, fd, LARGE + 1);
    start(&record, fixture->http, &request);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_CONFLICT);
    assert_has(record.message, "became shorter");
    forget(&record);
    close(fd);

    // One that cannot be read at all.
    int folder = open("/", O_RDONLY | O_DIRECTORY);
    request = post(fixture, folder, 100);
    start(&record, fixture->http, &request);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_IO);
    assert_has(record.message, "could not be read");
    forget(&record);
    close(folder);

    request = post(fixture, 1000000, 100); // no descriptor
    start(&record, fixture->http, &request);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_BUG);
    forget(&record);
    fixture_destroy(fixture);
}

static void test_head(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    struct record record = {0};
    struct http_request request = get(fixture);
    request.method = STR("HEAD");
    start(&record, fixture->http, &request);
    // The fake sends a body to it, which no server may: it is not waited for.
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_OK);
    assert_int_equal(record.response.status, 200);
    assert_int_equal(record.n_body, 0);
    assert_true(str_starts(buf_str(&fixture->head), STR("HEAD /api/x HTTP/1.1\r\n")));
    forget(&record);
    fixture_destroy(fixture);
}

// --- servers that read as they like: a socket of our own ---

struct raw {
    int listener;
    int conn;
};

static void raw_open(struct raw *raw, struct fixture *fixture) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t n = sizeof(address);
    raw->conn = -1;
    raw->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(raw->listener, (struct sockaddr *)&address, n), 0);
    assert_int_equal(listen(raw->listener, 5), 0);
    assert_int_equal(getsockname(raw->listener, (struct sockaddr *)&address, &n), 0);
    snprintf(fixture->url, sizeof(fixture->url), "http://127.0.0.1:%d/api/x",
             ntohs(address.sin_port));
}

// Takes the connection and its first bytes.
static void raw_accept(struct raw *raw, struct fixture *fixture) {
    char bytes[1000];
    run_for(&fixture->loop, 30);
    raw->conn = accept(raw->listener, NULL, NULL);
    assert_true(raw->conn >= 0);
    run_for(&fixture->loop, 30);
    assert_true(recv(raw->conn, bytes, sizeof(bytes), 0) > 0);
}

static void raw_close(struct raw *raw, bool resets) {
    struct linger linger = {1, 0};
    if (raw->conn >= 0 && resets) {
        setsockopt(raw->conn, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    }
    if (raw->conn >= 0) {
        close(raw->conn);
    }
    close(raw->listener);
}

enum { HUGE_SIZE = 64 * 1024 * 1024 }; // more than the kernel keeps for a peer that does not read

static void test_a_server_that_does_not_read_is_waited_for_and_can_be_left(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    struct record record = {0};
    struct raw raw;
    int fd = file_of(HUGE_SIZE);
    raw_open(&raw, fixture);
    struct http_request request = post(fixture, fd, HUGE_SIZE);
    start(&record, fixture->http, &request);
    raw_accept(&raw, fixture);
    run_for(&fixture->loop, 200);
    assert_false(record.is_done);
    int64_t sent = record.n_sent;
    assert_true(sent > 0 && sent < HUGE_SIZE);
    run_for(&fixture->loop, 100);
    assert_int_equal(record.n_sent, sent); // nothing is read ahead without end
    cancel(&record);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_CANCELLED);
    raw_close(&raw, false);
    forget(&record);
    close(fd);
    fixture_destroy(fixture);
}

static void test_reset_in_the_middle(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_ok);
    struct record record = {0};
    struct raw raw;
    int fd = file_of(HUGE_SIZE);
    raw_open(&raw, fixture);
    struct http_request request = post(fixture, fd, HUGE_SIZE);
    start(&record, fixture->http, &request);
    raw_accept(&raw, fixture);
    raw_close(&raw, true);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_IO);
    assert_has(record.message, "was lost");
    forget(&record);
    close(fd);
    fixture_destroy(fixture);
}

// Ollama answers 200 without reading when it has the blob already, and hangs up.
static void test_an_early_answer_counts(void **state) {
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture *fixture = fixture_create(answer_ok);
        struct record record = {0};
        struct raw raw;
        int fd = file_of(HUGE_SIZE);
        raw_open(&raw, fixture);
        struct http_request request = post(fixture, fd, HUGE_SIZE);
        start(&record, fixture->http, &request);
        raw_accept(&raw, fixture);
        assert_true(send(raw.conn, answers[i], strlen(answers[i]), 0) > 0);
        run_for(&fixture->loop, 50);
        raw_close(&raw, false);
        finish(fixture, &record);
        assert_int_equal(record.response.status, i == 0 ? 200 : 400);
        assert_true(record.result == ERR_OK || record.result == ERR_IO);
        forget(&record);
        close(fd);
        fixture_destroy(fixture);
    }
}

// At every moment, also while a piece is being read on its thread.
static void test_cancel_at_any_time(void **state) {
    (void)state;
    int fd = file_of(LARGE);
    for (unsigned turns = 0; turns < 40; turns++) {
        struct fixture *fixture = fixture_create(answer_ok);
        struct record record = {0};
        struct http_request request = post(fixture, fd, LARGE);
        start(&record, fixture->http, &request);
        for (unsigned i = 0; i < turns && !record.is_done; i++) {
            uv_run(&fixture->loop, UV_RUN_NOWAIT);
        }
        bool was_done = record.is_done;
        if (!was_done) {
            cancel(&record);
            cancel(&record);
        }
        finish(fixture, &record);
        assert_int_equal(record.result, was_done ? ERR_OK : ERR_CANCELLED);
        forget(&record);
        fixture_destroy(fixture); // the loop comes out empty
    }
    close(fd);
}

static void test_closing_in_the_middle(void **state) {
    (void)state;
    int fd = file_of(LARGE);
    for (unsigned turns = 0; turns < 12; turns++) {
        struct fixture *fixture = fixture_create(answer_ok);
        struct record record = {0};
        struct http_request request = post(fixture, fd, LARGE);
        start(&record, fixture->http, &request);
        for (unsigned i = 0; i < turns; i++) {
            uv_run(&fixture->loop, UV_RUN_NOWAIT);
        }
        fixture_destroy(fixture);
        assert_int_equal(record.n_done, 1);
        forget(&record);
    }
    close(fd);
}

// A kept connection that the server closes when the next request comes: it is sent anew, whole.
static void hang_up(struct fixture *fixture, struct fake_conn *conn,
                    const struct fake_request *request) {
    if (conn->n_requests > 1) {
        fake_end(conn);
        return;
    }
    answer_ok(fixture, conn, request);
}

static void test_sent_anew_on_a_dead_connection(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(hang_up);
    struct record record = {0};
    run_get(fixture, &record, 0, 0);
    assert_int_equal(record.result, ERR_OK);
    forget(&record);
    int fd = file_of(700000);
    struct http_request request = post(fixture, fd, 700000);
    start(&record, fixture->http, &request);
    finish(fixture, &record);
    assert_int_equal(record.result, ERR_OK);
    assert_int_equal(fixture->server.n_connections, 2);
    assert_is_file(buf_str(&fixture->body), fd, 700000);
    forget(&record);
    close(fd);
    fixture_destroy(fixture);
}

int main(void) {
    tests_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_a_file_that_grows),
        cmocka_unit_test(test_a_file_that_shrinks),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_a_server_that_does_not_read_is_waited_for_and_can_be_left),
        cmocka_unit_test(test_reset_in_the_middle),
        cmocka_unit_test(test_an_early_answer_counts),
        cmocka_unit_test(test_cancel_at_any_time),
        cmocka_unit_test(test_closing_in_the_middle),
        cmocka_unit_test(test_sent_anew_on_a_dead_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
