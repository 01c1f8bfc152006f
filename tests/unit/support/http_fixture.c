// SPDX-License-Identifier: MIT
//
// The fixture of the HTTP tests.
#include "support/http_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void on_headers(void *data, const struct http_response *response) {
    struct record *record = data;
    assert_false(record->is_in_http);
    assert_int_equal(record->n_done, 0);
    assert_int_equal(record->n_body, 0);
    record->headers_status = response->status;
    record->n_headers++;
}

static bool on_body(void *data, const struct http_response *response, struct str bytes) {
    struct record *record = data;
    assert_false(record->is_in_http);
    assert_int_equal(record->n_headers, 1);
    assert_int_equal(record->n_done, 0);
    assert_int_not_equal(response->status, 0);
    assert_true(bytes.n > 0);
    record->n_body += bytes.n;
    record->n_largest = bytes.n > record->n_largest ? bytes.n : record->n_largest;
    if (!record->keeps_nothing) {
        buf_append(&record->body, bytes);
    }
    if (record->victim) {
        http_cancel(record->victim);
        record->victim = NULL;
    }
    if (record->starts) {
        start(record->started, record->starts_on, record->starts);
        record->starts = NULL;
    }
    if (record->cancels_itself) {
        record->is_in_http = true;
        http_cancel(record->call);
        http_cancel(record->call);
        record->is_in_http = false;
    }
    return !record->refuses;
}

static void on_sent(void *data, int64_t n) {
    struct record *record = data;
    assert_false(record->is_in_http);
    assert_int_equal(record->n_done, 0);
    record->n_sent = n;
    record->n_sent_calls++;
}

static void on_done(void *data, enum err result, const struct http_response *response,
                    const struct error *error) {
    struct record *record = data;
    assert_false(record->is_in_http);
    record->n_done++;
    assert_int_equal(record->n_done, 1);
    record->is_done = true;
    record->result = result;
    record->response = *response;
    snprintf(record->type, sizeof(record->type), "%.*s", STR_ARG(response->content_type));
    snprintf(record->message, sizeof(record->message), "%.*s", STR_ARG(error->message));
    snprintf(record->remedy, sizeof(record->remedy), "%.*s", STR_ARG(error->remedy));
    assert_int_equal(error->code, result);
    assert_true(result == ERR_OK || error->message.n > 0);
}

void start(struct record *record, struct http *http, const struct http_request *request) {
    struct http_handlers handlers = {on_headers, on_body, on_done, record, on_sent};
    buf_init(&record->body, 64 * 1024 * 1024);
    record->is_in_http = true;
    record->call = http_start(http, request, &handlers);
    record->is_in_http = false;
    assert_non_null(record->call);
}

void cancel(struct record *record) {
    record->is_in_http = true;
    http_cancel(record->call);
    record->is_in_http = false;
}

void forget(struct record *record) {
    buf_finish(&record->body);
    memset(record, 0, sizeof(*record));
}

// --- fixture ---

static void on_request(void *data, struct fake_conn *conn, const struct fake_request *request) {
    struct fixture *fixture = data;
    buf_clear(&fixture->head);
    buf_append(&fixture->head, request->head);
    buf_clear(&fixture->body);
    buf_append(&fixture->body, request->body);
    fixture->conn = conn;
    fixture->is_asked = true;
    fixture->script(fixture, conn, request);
}

void answer_ok(struct fixture *fixture, struct fake_conn *conn,
               const struct fake_request *request) {
    (void)fixture;
    (void)request;
    fake_answer(conn, 200, "Application/JSON; charset=utf-8", "{\"a\":1}");
}

void stay_silent(struct fixture *fixture, struct fake_conn *conn,
                 const struct fake_request *request) {
    (void)fixture;
    (void)conn;
    (void)request;
}

struct fixture *fixture_create(fixture_script script) {
    struct fixture *fixture = mem_alloc(sizeof(*fixture));
    assert_int_equal(uv_loop_init(&fixture->loop), 0);
    fixture->http = http_create(&fixture->loop);
    assert_non_null(fixture->http);
    fixture->script = script;
    buf_init(&fixture->head, 1024 * 1024);
    buf_init(&fixture->body, 64 * 1024 * 1024);
    fake_http_open(&fixture->server, &fixture->loop, 0, on_request, fixture);
    snprintf(fixture->url, sizeof(fixture->url), "%s/api/x", fixture->server.url);
    return fixture;
}

void on_http_closed(void *data) {
    *(bool *)data = true;
}

void fixture_destroy(struct fixture *fixture) {
    http_close(fixture->http, on_http_closed, &fixture->is_closed);
    assert_true(run_until(&fixture->loop, &fixture->is_closed, LIMIT_MS));
    fake_http_close(&fixture->server);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    buf_finish(&fixture->head);
    buf_finish(&fixture->body);
    free(fixture);
}

struct http_request get(struct fixture *fixture) {
    return (struct http_request){.method = STR("GET"), .url = str_from(fixture->url)};
}

void finish(struct fixture *fixture, struct record *record) {
    assert_true(run_until(&fixture->loop, &record->is_done, LIMIT_MS));
}

// One GET against `script`, to its end.
void run_get(struct fixture *fixture, struct record *record, size_t max_body, int64_t total_ms) {
    struct http_request request = get(fixture);
    request.max_body = max_body;
    request.total_ms = total_ms;
    start(record, fixture->http, &request);
    finish(fixture, record);
}

void tests_init(void) {
    static const char *const variables[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                            "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        unsetenv(variables[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    alarm(110);
}
