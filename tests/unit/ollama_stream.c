// SPDX-License-Identifier: MIT
//
// Streams of ollama/io/client.h: only a final frame is a good end. The server splits, stalls, lies
// and dies in the middle; each case ends in one on_done.
#include "ollama/io/client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "support/http_fixture.h"

struct stream {
    unsigned n_frames;
    unsigned n_done;
    bool is_done;
    struct buf text; // of the "response" members
    enum err code;
    enum remote_fault fault;
    char message[512];
    char remedy[256];
    unsigned stops_at;   // on_frame returns false for the frame of this number
    unsigned cancels_at; // ... or cancels the call itself
    struct call *call;
};

static bool on_frame(void *data, struct json_object *frame) {
    struct stream *stream = data;
    assert_int_equal(stream->n_done, 0);
    assert_true(json_is(frame, json_type_object));
    stream->n_frames++;
    buf_append(&stream->text, json_get_str(frame, "response"));
    if (stream->n_frames == stream->cancels_at) {
        call_cancel(stream->call);
        assert_int_equal(stream->n_done, 0);
    }
    return stream->n_frames != stream->stops_at;
}

static void on_done(void *data, const struct call_result *result) {
    struct stream *stream = data;
    stream->n_done++;
    assert_int_equal(stream->n_done, 1);
    stream->is_done = true;
    stream->code = result->code;
    stream->fault = result->remote.fault;
    assert_true(result->code == ERR_OK || result->message.n > 0);
    snprintf(stream->message, sizeof(stream->message), "%.*s", STR_ARG(result->message));
    snprintf(stream->remedy, sizeof(stream->remedy), "%.*s", STR_ARG(result->remedy));
}

static void begin(struct fixture *fixture, struct stream *stream) {
    struct endpoint endpoint = {.url = str_from(fixture->server.url)};
    struct stream_handlers handlers = {on_frame, on_done, stream};
    struct json_object *body = json_object_new_object();
    json_set_str(body, "model", STR("m"));
    buf_init(&stream->text, 1024 * 1024);
    stream->call = ollama_stream(fixture->http, &endpoint, "/api/generate", body, STR("m"),
                                 stream_final_done, &handlers);
    assert_int_equal(stream->n_done, 0);
    json_object_put(body);
}

static void wait_for(struct fixture *fixture, struct stream *stream) {
    assert_true(run_until(&fixture->loop, &stream->is_done, LIMIT_MS));
    buf_finish(&stream->text);
}

// --- a scripted stream ---

static const char *content; // NDJSON, sent in one piece
static const char *type;
static int status;

static void send_content(struct fixture *fixture, struct fake_conn *conn,
                         const struct fake_request *request) {
    (void)fixture;
    (void)request;
    fake_answer(conn, status, type, content);
}

static struct fixture *setup(const char *text) {
    content = text;
    type = "application/x-ndjson";
    status = 200;
    return fixture_create(send_content);
}

static void run(struct fixture *fixture, struct stream *stream, const char *text) {
    memset(stream, 0, sizeof(*stream));
    content = text;
    begin(fixture, stream);
    wait_for(fixture, stream);
}

// --- good ends ---

static void send_split(struct fixture *fixture, struct fake_conn *conn,
                       const struct fake_request *request) {
    (void)request;
    fake_send_slowly(conn,
                     STR("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n"
                         "17\r\n{\"response\":\"h\xc3\xa4llo \"}\n\r\n"
                         "2\r\n\r\n\r\n"
                         "10\r\n{\"response\":\"\xf0\x9f\x98\r\n"
                         "4\r\n\x80\"}\n\r\n"
                         "1D\r\n{\"response\":\"!\",\"done\":false}\r\n"
                         "1D\r\n\n{\"response\":\"\",\"done\":true}\n\r\n"
                         "0\r\n\r\n"),
                     fixture->seed);
}

static void test_split_anywhere(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(send_split);
    for (unsigned seed = 1; seed <= 8; seed++) {
        struct stream stream = {0};
        fixture->seed = seed * 104729;
        begin(fixture, &stream);
        assert_true(run_until(&fixture->loop, &stream.is_done, LIMIT_MS));
        assert_int_equal(stream.code, ERR_OK);
        assert_int_equal(stream.n_frames, 4);
        assert_string_equal(stream.text.p, "h\xc3\xa4llo \xf0\x9f\x98\x80!");
        buf_finish(&stream.text);
    }
    assert_int_equal(fixture->server.n_connections, 1); // a stream gives its connection back
    assert_true(str_starts(buf_str(&fixture->head), STR("POST /api/generate HTTP/1.1\r\n")));
    assert_string_equal(fixture->body.p, "{\"model\":\"m\"}");
    fixture_destroy(fixture);
}

static void test_one_object_instead_of_a_stream(void **state) {
    (void)state;
    struct fixture *fixture = setup("");
    struct stream stream;
    run(fixture, &stream, "{\"done\":true,\"done_reason\":\"load\"}");
    assert_int_equal(stream.code, ERR_OK);
    assert_int_equal(stream.n_frames, 1);
    fixture_destroy(fixture);
}

static void test_pull(void **state) {
    (void)state;
    struct fixture *fixture = setup("{\"status\":\"pulling manifest\"}\n"
                                    "{\"status\":\"pulling a\",\"digest\":\"a\",\"total\":9}\n"
                                    "{\"status\":\"success\"}\n");
    struct stream stream = {0};
    struct endpoint endpoint = {.url = str_from(fixture->server.url)};
    struct stream_handlers handlers = {on_frame, on_done, &stream};
    buf_init(&stream.text, 1024);
    ollama_pull(fixture->http, &endpoint, STR("llama3"), &handlers);
    wait_for(fixture, &stream);
    assert_int_equal(stream.code, ERR_OK);
    assert_int_equal(stream.n_frames, 3);
    assert_true(str_starts(buf_str(&fixture->head), STR("POST /api/pull HTTP/1.1\r\n")));
    assert_string_equal(fixture->body.p, "{\"model\":\"llama3\",\"stream\":true}");
    fixture_destroy(fixture);
}

static void send_final_and_stay(struct fixture *fixture, struct fake_conn *conn,
                                const struct fake_request *request) {
    (void)request;
    fake_stream_begin(conn);
    fake_stream_chunk(conn, "{\"done\":true}\n");
    if (fixture->seed == 1) {
        static char block[13 * 1000];
        for (size_t i = 0; i < sizeof(block); i += 13) {
            memcpy(block + i, "8\r\n{\"x\":1}\n\r\n", 13);
        }
        fake_flood(conn, str_of(block, sizeof(block)));
    } else if (fixture->seed == 2) {
        fake_reset(conn);
    }
}

// After the final frame nothing makes a stream fail, and nothing keeps it alive.
static void test_what_follows_the_final_frame(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(send_final_and_stay);
    for (fixture->seed = 0; fixture->seed < 2; fixture->seed++) {
        struct stream stream = {0};
        int64_t before = clock_ms();
        begin(fixture, &stream);
        wait_for(fixture, &stream);
        assert_int_equal(stream.code, ERR_OK);
        assert_int_equal(stream.n_frames, 1);
        // Silence is borne for a second, a flood for 64 KiB.
        assert_true(clock_ms() - before < (fixture->seed == 0 ? 3000 : 900));
        assert_true(run_until(&fixture->loop, &fixture->conn->peer_closed, LIMIT_MS));
    }
    fixture_destroy(fixture);
}

// --- bad ends ---

static void test_no_final_frame(void **state) {
    (void)state;
    struct fixture *fixture = setup("");
    static const char *const streams[] = {
        "{\"response\":\"a\",\"done\":false}\n",
        "{\"response\":\"a\"}\n{\"response\":\"b\"",
        "{\"response\":\"a\"}\n{\"response\":\"\xc3",
        "{\"response\":\"a\"}\n{\"done\":false}",
        "{\"response\":\"a\"}\n{\"done\":\"yes\"}\n",
        "",
        "\n\n",
    };
    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        struct stream stream;
        run(fixture, &stream, streams[i]);
        assert_int_equal(stream.code, ERR_PROTOCOL);
        assert_has(stream.message, "/api/generate ended too early");
        assert_has(stream.message, fixture->server.url);
    }
    fixture_destroy(fixture);
}

static void test_error_frames(void **state) {
    (void)state;
    struct fixture *fixture = setup("");
    struct stream stream;
    run(fixture, &stream,
        "{\"response\":\"a\"}\n"
        "{\"error\":\"an error was encountered while running the model: unexpected EOF\"}\n"
        "{\"done\":true}\n");
    assert_int_equal(stream.code, ERR_REMOTE);
    assert_int_equal(stream.fault, FAULT_RUNNER);
    assert_int_equal(stream.n_frames, 1);
    assert_has(stream.message, "unexpected EOF");
    assert_has(stream.message, fixture->server.url);
    run(fixture, &stream, "{\"error\":\"at once\"}"); // without a line end
    assert_int_equal(stream.code, ERR_REMOTE);
    assert_has(stream.message, "at once");
    fixture_destroy(fixture);
}

static void test_errors_before_the_first_frame(void **state) {
    (void)state;
    struct fixture *fixture = setup("");
    struct stream stream;
    status = 404;
    type = "application/json";
    run(fixture, &stream, "{\"error\":\"model 'm' not found\"}");
    assert_int_equal(stream.code, ERR_NOT_FOUND);
    assert_string_equal(stream.remedy, "ollama pull m");
    status = 503;
    type = "application/x-ndjson";
    run(fixture, &stream,
        "{\"error\":\"server busy, please try again.  maximum pending requests exceeded\"}\n");
    assert_int_equal(stream.code, ERR_REMOTE);
    assert_int_equal(stream.fault, FAULT_BUSY);
    assert_int_equal(stream.n_frames, 0);
    fixture_destroy(fixture);
}

static void test_something_else_than_frames(void **state) {
    (void)state;
    struct fixture *fixture = setup("");
    static const char *const streams[] = {"<html><body>\nlogin\n",
                                          "<html>",
                                          "[1]\n",
                                          "\"done\"\n",
                                          "x\n",
                                          "{\"response\":\"\xff\"}\n",
                                          "{\"done\":true}}\n",
                                          "{]\n",
                                          "\x1f\x8b\x08\n"};
    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        struct stream stream;
        run(fixture, &stream, streams[i]);
        assert_int_equal(stream.code, ERR_PROTOCOL);
        assert_int_equal(stream.n_frames, 0);
        assert_has(stream.message, "/api/generate answered");
    }
    fixture_destroy(fixture);
}

static void send_endless_line(struct fixture *fixture, struct fake_conn *conn,
                              const struct fake_request *request) {
    (void)fixture;
    (void)request;
    static char block[64 * 1024];
    memset(block, 'x', sizeof(block));
    fake_send_text(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n"
                         "{\"response\":\"a\"}\n{\"response\":\"");
    fake_flood(conn, str_of(block, sizeof(block)));
}

static void test_endless_line(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(send_endless_line);
    struct stream stream = {0};
    begin(fixture, &stream);
    wait_for(fixture, &stream);
    assert_int_equal(stream.code, ERR_LIMIT);
    assert_int_equal(stream.n_frames, 1);
    assert_has(stream.message, "longer than 8 MiB");
    run_for(&fixture->loop, 20);
    assert_true(fixture->conn->n_sent < LIMIT_NDJSON_LINE + 16 * 1024 * 1024);
    fixture_destroy(fixture);
}

static void send_one_frame(struct fixture *fixture, struct fake_conn *conn,
                           const struct fake_request *request) {
    (void)fixture;
    (void)request;
    fake_stream_begin(conn);
    fake_stream_chunk(conn, "{\"response\":\"a\"}\n{\"resp");
}

static void run_until_frame(struct fixture *fixture, struct stream *stream) {
    for (int i = 0; i < 2000 && stream->n_frames == 0; i++) {
        run_for(&fixture->loop, 2);
    }
    assert_int_equal(stream->n_frames, 1);
}

static void test_connection_lost(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(send_one_frame);
    for (int way = 0; way < 2; way++) {
        struct stream stream = {0};
        begin(fixture, &stream);
        run_until_frame(fixture, &stream);
        if (way == 0) {
            fake_reset(fixture->conn);
        } else {
            fake_end(fixture->conn);
        }
        wait_for(fixture, &stream);
        assert_int_equal(stream.code, ERR_IO);
        assert_has(stream.message, "connection to");
    }
    fixture_destroy(fixture);
}

// --- cancelling ---

static void test_stall_and_cancel(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(send_one_frame);
    struct stream stream = {0};
    begin(fixture, &stream);
    run_until_frame(fixture, &stream);
    call_cancel(stream.call);
    assert_true(fake_sees_close(fixture->conn, 50));
    call_cancel(stream.call);
    assert_false(stream.is_done);
    wait_for(fixture, &stream);
    assert_int_equal(stream.code, ERR_CANCELLED);
    fixture_destroy(fixture);
}

static void test_cancel_from_a_frame(void **state) {
    (void)state;
    struct fixture *fixture = setup("");
    for (unsigned at = 1; at <= 3; at++) { // the third is the final one, without a line end
        for (int way = 0; way < 2; way++) {
            struct stream stream = {.stops_at = way ? 0 : at, .cancels_at = way ? at : 0};
            content = "{\"response\":\"a\"}\n{\"response\":\"b\"}\n{\"done\":true}";
            begin(fixture, &stream);
            wait_for(fixture, &stream);
            assert_int_equal(stream.code, ERR_CANCELLED);
            assert_int_equal(stream.n_frames, at);
        }
    }
    fixture_destroy(fixture);
}

static void test_close_ends_streams(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(send_one_frame);
    struct stream stream = {0};
    begin(fixture, &stream);
    run_until_frame(fixture, &stream);
    fixture_destroy(fixture);
    assert_int_equal(stream.n_done, 1);
    assert_int_equal(stream.code, ERR_CANCELLED);
    buf_finish(&stream.text);
}

int main(void) {
    tests_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_anywhere),
        cmocka_unit_test(test_one_object_instead_of_a_stream),
        cmocka_unit_test(test_pull),
        cmocka_unit_test(test_what_follows_the_final_frame),
        cmocka_unit_test(test_no_final_frame),
        cmocka_unit_test(test_error_frames),
        cmocka_unit_test(test_errors_before_the_first_frame),
        cmocka_unit_test(test_something_else_than_frames),
        cmocka_unit_test(test_endless_line),
        cmocka_unit_test(test_connection_lost),
        cmocka_unit_test(test_stall_and_cancel),
        cmocka_unit_test(test_cancel_from_a_frame),
        cmocka_unit_test(test_close_ends_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
