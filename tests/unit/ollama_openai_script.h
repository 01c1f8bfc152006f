// SPDX-License-Identifier: MIT
//
// A server of kind openai that answers by a script. Included once per test.
#pragma once

#include "ollama/io/client.h"
#include "support/http_fixture.h"

#define SSE "text/event-stream"
#define JSON "application/json; charset=utf-8"

// --- the server: a script of answers, one a request; the last one is repeated ---

struct reply {
    const char *path; // that is expected; NULL: any
    int status;
    const char *type;
    const char *body;
    enum { END, DRIP, CUT, STALL } how;
};

static const struct reply *script;
static size_t n_script;
static unsigned n_asked;
static char asked[1024]; // "METHOD path " of all requests
static char heads[4096]; // of the latest request
static char bodies[4096];

static void answer_script(struct fixture *fixture, struct fake_conn *conn,
                          const struct fake_request *request) {
    (void)fixture;
    struct arena arena = {0};
    const struct reply *reply = &script[n_asked < n_script ? n_asked : n_script - 1];
    n_asked++;
    size_t n = strlen(asked);
    snprintf(asked + n, sizeof(asked) - n, "%.*s ", STR_ARG(request->path));
    snprintf(heads, sizeof(heads), "%.*s", STR_ARG(request->head));
    snprintf(bodies, sizeof(bodies), "%.*s", STR_ARG(request->body));
    if (reply->path && !str_eq(request->path, str_from(reply->path))) {
        print_error("%.*s instead of %s\n", STR_ARG(request->path), reply->path);
        fail();
    }
    struct str body = str_from(reply->body);
    bool is_whole = reply->how == END || reply->how == DRIP;
    struct str text =
        arena_printf(&arena, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%.*s",
                     reply->status, reply->type, body.n + (is_whole ? 0 : 10), STR_ARG(body));
    if (reply->how == DRIP) {
        fake_send_slowly(conn, text, 99);
    } else {
        fake_send(conn, text);
    }
    if (reply->how == CUT) {
        fake_end(conn);
    }
    arena_finish(&arena);
}

static void use_script(const struct reply *replies, size_t n) {
    script = replies;
    n_script = n;
    n_asked = 0;
    asked[0] = '\0';
}
#define USE(replies) use_script(replies, sizeof(replies) / sizeof((replies)[0]))

static struct openai_knowledge knowledge;

static struct endpoint endpoint_of(struct fixture *fixture) {
    return (struct endpoint){.url = str_from(fixture->server.url),
                             .kind = SERVER_KIND_OPENAI,
                             .api_key = STR("sesame"),
                             .knowledge = &knowledge};
}
