// SPDX-License-Identifier: MIT
//
// What the tests of ollama/io/http.h share: a loop with a client and a scripted server, and a
// record of all that a call did, which checks the order of its handlers by itself.
#pragma once

#include "ollama/io/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/fake_http.h"

enum { LIMIT_MS = 10000 };

#define assert_has(text, part) assert_true(str_contains(str_from(text), str_from(part)))

struct record {
    unsigned n_headers;
    long headers_status; // when on_headers was called
    unsigned n_done;
    bool is_done;
    bool is_in_http; // inside http_start or http_cancel: no handler may run
    enum err result;
    struct http_response response;
    char type[64];
    char message[512];
    char remedy[256];
    struct buf body;
    size_t n_body;
    size_t n_largest; // piece
    bool keeps_nothing;
    int64_t n_sent; // as on_sent last said
    unsigned n_sent_calls;
    struct http_call *call;
    struct http_call *victim; // cancelled by the first on_body
    bool refuses;             // on_body returns false
    bool cancels_itself;
    struct http *starts_on; // a second call, made from on_body
    const struct http_request *starts;
    struct record *started;
};

// Starts a call that is written down in `record`.
void start(struct record *record, struct http *http, const struct http_request *request);
void cancel(struct record *record);
void forget(struct record *record); // frees and zeroes it

struct fixture;
// What the server does with a request.
typedef void (*fixture_script)(struct fixture *fixture, struct fake_conn *conn,
                               const struct fake_request *request);

struct fixture {
    uv_loop_t loop;
    struct http *http;
    struct fake_http server;
    bool is_closed;
    struct buf head; // of the latest request
    struct buf body;
    fixture_script script;
    struct fake_conn *conn; // of the latest request
    bool is_asked;
    char url[128];
    unsigned seed;
};

struct fixture *fixture_create(fixture_script script);
// Every test ends here: whatever happened, the loop must come out empty.
void fixture_destroy(struct fixture *fixture);
void on_http_closed(void *data); // sets the bool

void answer_ok(struct fixture *fixture, struct fake_conn *conn, const struct fake_request *request);
void stay_silent(struct fixture *fixture, struct fake_conn *conn,
                 const struct fake_request *request);

struct http_request get(struct fixture *fixture);            // GET of fixture->url
void finish(struct fixture *fixture, struct record *record); // runs until on_done
// One GET to its end.
void run_get(struct fixture *fixture, struct record *record, size_t max_body, int64_t total_ms);
// Keeps the machine's proxies and a dying peer from changing the course of the tests.
void tests_init(void);
