// SPDX-License-Identifier: MIT
//
// ollama/io/client.h, the calls with one JSON answer: what goes over the wire, and every shape of a
// wrong answer in words that name the server and the remedy.
#include "ollama/io/client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "support/http_fixture.h"

struct outcome {
    unsigned n_done;
    bool is_done;
    bool is_inside; // a function that must not call back
    enum err code;
    enum remote_fault fault;
    long status;
    int64_t elapsed_us;
    char message[512];
    char remedy[256];
    char answer[256];
    struct call *call;
    bool cancels; // from inside the callback: must do nothing
};

static void on_answer(void *data, const struct call_result *result, struct json_object *answer) {
    struct outcome *outcome = data;
    assert_false(outcome->is_inside);
    outcome->n_done++;
    assert_int_equal(outcome->n_done, 1);
    assert_int_equal(answer != NULL, result->code == ERR_OK && answer != NULL);
    assert_true(result->code == ERR_OK || result->message.n > 0);
    assert_true(result->code == ERR_OK || answer == NULL);
    outcome->is_done = true;
    outcome->code = result->code;
    outcome->fault = result->remote.fault;
    outcome->status = result->remote.status;
    outcome->elapsed_us = result->elapsed_us;
    snprintf(outcome->message, sizeof(outcome->message), "%.*s", STR_ARG(result->message));
    snprintf(outcome->remedy, sizeof(outcome->remedy), "%.*s", STR_ARG(result->remedy));
    if (answer) {
        snprintf(outcome->answer, sizeof(outcome->answer), "%.*s", STR_ARG(json_text(answer)));
    }
    if (outcome->cancels) {
        call_cancel(outcome->call);
    }
}

enum kind { VERSION, TAGS, PS, SHOW, DELETE, LOAD, UNLOAD };

static void ask_at(struct fixture *fixture, struct outcome *outcome, enum kind kind,
                   struct str model, const struct endpoint *endpoint) {
    struct http *http = fixture->http;
    memset(outcome, 0, sizeof(*outcome));
    outcome->is_inside = true;
    switch (kind) {
    case VERSION: outcome->call = ollama_version(http, endpoint, on_answer, outcome); break;
    case TAGS: outcome->call = ollama_tags(http, endpoint, on_answer, outcome); break;
    case PS: outcome->call = ollama_ps(http, endpoint, on_answer, outcome); break;
    case SHOW: outcome->call = ollama_show(http, endpoint, model, on_answer, outcome); break;
    case DELETE: outcome->call = ollama_delete(http, endpoint, model, on_answer, outcome); break;
    case LOAD:
        outcome->call = ollama_load(http, endpoint, model, STR("10m"), on_answer, outcome);
        break;
    case UNLOAD: outcome->call = ollama_unload(http, endpoint, model, on_answer, outcome); break;
    }
    outcome->is_inside = false;
}

static void wait_for(struct fixture *fixture, struct outcome *outcome) {
    assert_true(run_until(&fixture->loop, &outcome->is_done, LIMIT_MS));
}

static void ask(struct fixture *fixture, struct outcome *outcome, enum kind kind,
                struct str model) {
    struct endpoint endpoint = {.url = str_from(fixture->server.url)};
    ask_at(fixture, outcome, kind, model, &endpoint);
    wait_for(fixture, outcome);
}

// --- a scripted answer ---

struct reply {
    int status;
    const char *type;
    const char *body;
};

static struct reply reply;       // of every request
static struct reply embed_reply; // of /api/embed

static void send_reply(struct fixture *fixture, struct fake_conn *conn,
                       const struct fake_request *request) {
    (void)fixture;
    struct reply *r = str_eq(request->path, STR("/api/embed")) ? &embed_reply : &reply;
    fake_answer(conn, r->status, r->type, r->body);
}

static struct fixture *setup(int status, const char *type, const char *body) {
    reply = (struct reply){status, type, body};
    return fixture_create(send_reply);
}

static bool was_asked(struct fixture *fixture, const char *line, const char *body) {
    return str_starts(buf_str(&fixture->head), str_from(line)) &&
           str_eq(buf_str(&fixture->body), str_from(body));
}

// --- what is sent ---

static void test_requests(void **state) {
    (void)state;
    struct fixture *fixture =
        setup(200, "application/json; charset=utf-8", "{\"version\":\"0.33.0\",\"models\":[]}");
    struct outcome outcome;
    ask(fixture, &outcome, VERSION, STR_NONE);
    assert_int_equal(outcome.code, ERR_OK);
    assert_has(outcome.answer, "\"0.33.0\"");
    assert_true(outcome.elapsed_us > 0);
    assert_true(was_asked(fixture, "GET /api/version HTTP/1.1\r\n", ""));
    ask(fixture, &outcome, TAGS, STR_NONE);
    assert_int_equal(outcome.code, ERR_OK);
    assert_true(was_asked(fixture, "GET /api/tags HTTP/1.1\r\n", ""));
    ask(fixture, &outcome, PS, STR_NONE);
    assert_int_equal(outcome.code, ERR_OK);
    assert_true(was_asked(fixture, "GET /api/ps HTTP/1.1\r\n", ""));
    ask(fixture, &outcome, SHOW, STR("a/b:c"));
    assert_int_equal(outcome.code, ERR_OK);
    assert_true(was_asked(fixture, "POST /api/show HTTP/1.1\r\n", "{\"model\":\"a/b:c\"}"));
    ask(fixture, &outcome, SHOW, STR("quote\"\\"));
    assert_true(was_asked(fixture, "POST /api/show HTTP/1.1\r\n", "{\"model\":\"quote\\\"\\\\\"}"));
    ask(fixture, &outcome, LOAD, STR("m"));
    assert_int_equal(outcome.code, ERR_OK);
    assert_true(was_asked(fixture, "POST /api/generate HTTP/1.1\r\n",
                          "{\"model\":\"m\",\"stream\":false,\"keep_alive\":\"10m\"}"));
    ask(fixture, &outcome, UNLOAD, STR("m"));
    assert_int_equal(outcome.code, ERR_OK);
    assert_true(was_asked(fixture, "POST /api/generate HTTP/1.1\r\n",
                          "{\"model\":\"m\",\"stream\":false,\"keep_alive\":0}"));
    reply = (struct reply){200, NULL, ""};
    ask(fixture, &outcome, DELETE, STR("m"));
    assert_int_equal(outcome.code, ERR_OK);
    assert_true(was_asked(fixture, "DELETE /api/delete HTTP/1.1\r\n", "{\"model\":\"m\"}"));
    assert_int_equal(fixture->server.n_connections, 1);
    fixture_destroy(fixture);
}

static void test_base_url_with_a_slash(void **state) {
    (void)state;
    struct fixture *fixture = setup(200, NULL, "{\"version\":\"1\"}");
    struct outcome outcome;
    char url[128];
    snprintf(url, sizeof(url), "%s/prefix//", fixture->server.url);
    struct endpoint endpoint = {.url = str_from(url)};
    ask_at(fixture, &outcome, VERSION, STR_NONE, &endpoint);
    wait_for(fixture, &outcome);
    assert_true(was_asked(fixture, "GET /prefix/api/version HTTP/1.1\r\n", ""));
    fixture_destroy(fixture);
}

static void test_keys_and_headers(void **state) {
    (void)state;
    struct fixture *fixture = setup(200, NULL, "{\"version\":\"1\"}");
    struct outcome outcome;
    struct http_header headers[] = {{STR("X-Team"), STR("a")},
                                    {STR("authorization"), STR("Basic b")}};
    char key[] = "sesame";
    struct endpoint endpoint = {
        .url = str_from(fixture->server.url),
        .api_key = str_from(key),
        .headers = headers,
        .n_headers = 1,
    };
    ask_at(fixture, &outcome, VERSION, STR_NONE, &endpoint);
    memset(key, '!', sizeof(key) - 1); // it was copied
    wait_for(fixture, &outcome);
    assert_has(fixture->head.p, "\r\nAuthorization: Bearer sesame\r\n");
    assert_has(fixture->head.p, "\r\nX-Team: a\r\n");
    endpoint.n_headers = 2; // the user's own header wins
    ask_at(fixture, &outcome, VERSION, STR_NONE, &endpoint);
    wait_for(fixture, &outcome);
    assert_has(fixture->head.p, "\r\nauthorization: Basic b\r\n");
    assert_null(strstr(fixture->head.p, "Bearer"));
    endpoint.n_headers = 0;
    endpoint.api_key = STR("x\r\nX-Evil: 1");
    ask_at(fixture, &outcome, VERSION, STR_NONE, &endpoint);
    wait_for(fixture, &outcome);
    assert_int_equal(outcome.code, ERR_INVALID);
    assert_null(strstr(outcome.message, "Evil"));
    assert_int_equal(fixture->server.n_requests, 2);
    fixture_destroy(fixture);
}

static void test_unsendable_models(void **state) {
    (void)state;
    struct fixture *fixture = setup(200, NULL, "{}");
    struct outcome outcome;
    char large[LIMIT_NAME + 2];
    memset(large, 'a', sizeof(large));
    ask(fixture, &outcome, SHOW, STR("a\r\nb"));
    assert_int_equal(outcome.code, ERR_INVALID);
    assert_null(strpbrk(outcome.message, "\r\n"));
    ask(fixture, &outcome, DELETE, str_of(large, LIMIT_NAME + 1));
    assert_int_equal(outcome.code, ERR_INVALID);
    struct endpoint endpoint = {.url = str_from(fixture->server.url)};
    ask_at(fixture, &outcome, LOAD, STR("\x1b[2J"), &endpoint);
    call_cancel(outcome.call);
    wait_for(fixture, &outcome);
    assert_int_equal(outcome.code, ERR_CANCELLED);
    assert_int_equal(fixture->server.n_connections, 0);
    ask(fixture, &outcome, SHOW, str_of(large, LIMIT_NAME));
    assert_int_equal(outcome.code, ERR_OK);
    fixture_destroy(fixture);
}

static void test_embedding_models_are_loaded_another_way(void **state) {
    (void)state;
    struct fixture *fixture =
        setup(400, "application/json", "{\"error\":\"\\\"bge\\\" does not support generate\"}");
    struct outcome outcome;
    embed_reply = (struct reply){200, "application/json", "{\"model\":\"bge\",\"embeddings\":[]}"};
    ask(fixture, &outcome, LOAD, STR("bge"));
    assert_int_equal(outcome.code, ERR_OK);
    assert_true(was_asked(fixture, "POST /api/embed HTTP/1.1\r\n",
                          "{\"model\":\"bge\",\"input\":[],\"keep_alive\":\"10m\"}"));
    ask(fixture, &outcome, UNLOAD, STR("bge"));
    assert_int_equal(outcome.code, ERR_OK);
    assert_true(was_asked(fixture, "POST /api/embed HTTP/1.1\r\n",
                          "{\"model\":\"bge\",\"input\":[],\"keep_alive\":0}"));
    embed_reply = reply; // refused there too: once, not for ever
    ask(fixture, &outcome, LOAD, STR("bge"));
    assert_int_equal(outcome.code, ERR_REMOTE);
    assert_int_equal(outcome.fault, FAULT_CAPABILITY);
    assert_int_equal(fixture->server.n_requests, 6);
    fixture_destroy(fixture);
}

// --- wrong answers ---

static void test_not_an_ollama(void **state) {
    (void)state;
    struct fixture *fixture = setup(200, NULL, "");
    static const struct reply replies[] = {
        {200, "text/html", "<!DOCTYPE html><html>router login</html>"},
        {200, "text/html", "\n <html>"},
        {200, "application/json", "<html>"},
        {200, "text/plain", "Ollama is running"},
        {200, "application/json", "{}"},
        {200, "application/json", "{\"version\":1}"},
        {200, "application/json", "{\"version\":null}"},
        {200, "application/json", "{\"version\":{\"major\":1}}"},
        {200, "application/json", "[\"version\"]"},
        {200, "application/json", "null"},
        {200, "application/json", "{\"version\":\"1\""},
        {200, "application/json", "{\"version\":\"\xc3\"}"},
        {200, "application/json", ""},
        {204, NULL, ""},
        {404, "text/plain", "404 page not found"},
        {404, "text/html", "<html>404</html>"},
        {404, NULL, ""},
    };
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        struct outcome outcome;
        reply = replies[i];
        ask(fixture, &outcome, VERSION, STR_NONE);
        assert_int_equal(outcome.code, ERR_PROTOCOL);
        assert_int_equal(outcome.fault, FAULT_NOT_OLLAMA);
        assert_has(outcome.message, "is not an Ollama server");
        assert_has(outcome.message, fixture->server.url);
    }
    fixture_destroy(fixture);
}

static void test_lists_of_models(void **state) {
    (void)state;
    struct fixture *fixture = setup(200, NULL, "{\"models\":null}");
    struct outcome outcome;
    ask(fixture, &outcome, TAGS, STR_NONE);
    assert_int_equal(outcome.code, ERR_OK);
    assert_string_equal(outcome.answer, "{\"models\":[]}");
    static const char *const bad[] = {"{}", "{\"models\":{}}", "{\"models\":1}", "[]",
                                      "x",  "<html>"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        reply.body = bad[i];
        ask(fixture, &outcome, i % 2 ? TAGS : PS, STR_NONE);
        assert_int_equal(outcome.code, ERR_PROTOCOL);
        assert_has(outcome.message, i % 2 ? "/api/tags answered " : "/api/ps answered ");
    }
    fixture_destroy(fixture);
}

static void test_errors_of_the_server(void **state) {
    (void)state;
    struct fixture *fixture =
        setup(404, "application/json", "{\"error\":\"model 'nope:latest' not found\"}");
    struct outcome outcome;
    ask(fixture, &outcome, SHOW, STR("nope"));
    assert_int_equal(outcome.code, ERR_NOT_FOUND);
    assert_int_equal(outcome.fault, FAULT_MODEL_MISSING);
    assert_int_equal(outcome.status, 404);
    assert_string_equal(outcome.remedy, "ollama pull nope");
    assert_has(outcome.message, "not found");
    assert_has(outcome.message, fixture->server.url);

    reply = (struct reply){403, NULL, ""};
    ask(fixture, &outcome, TAGS, STR_NONE);
    assert_int_equal(outcome.code, ERR_DENIED);
    assert_int_equal(outcome.fault, FAULT_FORBIDDEN_HOST);

    reply = (struct reply){500, "application/json", "{\"error\":\"boom\\u001b[31m\"}"};
    ask(fixture, &outcome, SHOW, STR("x"));
    assert_int_equal(outcome.code, ERR_REMOTE);
    assert_has(outcome.message, "boom");
    assert_null(strchr(outcome.message, 0x1b));

    reply = (struct reply){200, "application/json", "{\"error\":\"late\"}"};
    ask(fixture, &outcome, SHOW, STR("x"));
    assert_int_equal(outcome.code, ERR_REMOTE);
    assert_has(outcome.message, "late");

    reply = (struct reply){307, "text/html", "<a href=\"/api/tags\">Temporary Redirect</a>."};
    ask(fixture, &outcome, TAGS, STR_NONE);
    assert_int_equal(outcome.code, ERR_PROTOCOL);
    assert_has(outcome.message, "redirects /api/tags elsewhere (307)");
    assert_int_equal(fixture->server.n_requests, 5);
    fixture_destroy(fixture);
}

static void test_refused_on_loopback(void **state) {
    (void)state;
    struct fixture *fixture = setup(200, NULL, "{}");
    struct outcome outcome;
    char url[64];
    char expected[128];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", fake_free_port());
    struct endpoint endpoint = {.url = str_from(url)};
    ask_at(fixture, &outcome, VERSION, STR_NONE, &endpoint);
    wait_for(fixture, &outcome);
    snprintf(expected, sizeof(expected), "connection to %s refused", url);
    assert_int_equal(outcome.code, ERR_IO);
    assert_string_equal(outcome.message, expected);
    assert_string_equal(outcome.remedy, "ollama serve");
    fixture_destroy(fixture);
}

static void flood(struct fixture *fixture, struct fake_conn *conn,
                  const struct fake_request *request) {
    (void)request;
    static char block[64 * 1024];
    memset(block, 'x', sizeof(block));
    fake_send_text(conn, fixture->seed == 0 ? "HTTP/1.1 500 X\r\n" : "HTTP/1.1 200 X\r\n");
    fake_send_text(conn, "Content-Length: 10737418240\r\n\r\n{\"version\":\"");
    fake_flood(conn, str_of(block, sizeof(block)));
}

static void test_endless_answers(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(flood);
    struct outcome outcome;
    ask(fixture, &outcome, VERSION, STR_NONE);
    assert_int_not_equal(outcome.code, ERR_OK);
    assert_int_equal(outcome.status, 500); // an error body is read as far as its own limit
    assert_has(outcome.message, fixture->server.url);
    fixture->seed = 1;
    ask(fixture, &outcome, VERSION, STR_NONE);
    assert_int_equal(outcome.code, ERR_LIMIT);
    run_for(&fixture->loop, 20);
    assert_true(fixture->conn->n_sent < 32 * 1024 * 1024);
    fixture_destroy(fixture);
}

// --- time and cancelling ---

static void test_a_stalled_server_takes_five_seconds(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(stay_silent);
    struct outcome outcome;
    int64_t before = clock_ms();
    ask(fixture, &outcome, VERSION, STR_NONE);
    assert_int_equal(outcome.code, ERR_TIMEOUT);
    assert_has(outcome.message, "/api/version did not answer within 5 s");
    assert_in_range(clock_ms() - before, TIME_CALL_MS - 50, TIME_CALL_MS + 1500);
    fixture_destroy(fixture);
}

static void test_cancel(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(stay_silent);
    struct outcome outcome;
    struct endpoint endpoint = {.url = str_from(fixture->server.url)};
    ask_at(fixture, &outcome, LOAD, STR("m"), &endpoint);
    assert_true(run_until(&fixture->loop, &fixture->is_asked, LIMIT_MS));
    outcome.is_inside = true;
    call_cancel(outcome.call);
    call_cancel(outcome.call);
    outcome.is_inside = false;
    assert_true(fake_sees_close(fixture->conn, 50));
    wait_for(fixture, &outcome);
    assert_int_equal(outcome.code, ERR_CANCELLED);
    fixture_destroy(fixture);

    fixture = setup(200, NULL, "{\"version\":\"1\"}");
    endpoint.url = str_from(fixture->server.url);
    ask_at(fixture, &outcome, VERSION, STR_NONE, &endpoint);
    outcome.cancels = true;
    wait_for(fixture, &outcome);
    assert_int_equal(outcome.code, ERR_OK);
    fixture_destroy(fixture);
}

static void test_close_ends_calls(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(stay_silent);
    struct outcome outcome;
    struct endpoint endpoint = {.url = str_from(fixture->server.url)};
    ask_at(fixture, &outcome, VERSION, STR_NONE, &endpoint);
    fixture_destroy(fixture);
    assert_int_equal(outcome.n_done, 1);
    assert_int_equal(outcome.code, ERR_CANCELLED);
}

int main(void) {
    tests_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_base_url_with_a_slash),
        cmocka_unit_test(test_keys_and_headers),
        cmocka_unit_test(test_unsendable_models),
        cmocka_unit_test(test_embedding_models_are_loaded_another_way),
        cmocka_unit_test(test_not_an_ollama),
        cmocka_unit_test(test_lists_of_models),
        cmocka_unit_test(test_errors_of_the_server),
        cmocka_unit_test(test_refused_on_loopback),
        cmocka_unit_test(test_endless_answers),
        cmocka_unit_test(test_a_stalled_server_takes_five_seconds),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_close_ends_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
