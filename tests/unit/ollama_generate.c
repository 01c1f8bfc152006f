// SPDX-License-Identifier: MIT
//
// The calls of ollama/io/generate.h against a server that answers well, badly, late and not at all:
// every way a stream can end is a row of generation-ends.tsv; each gives one on_done.
#include "ollama_rows.h"

#include "ollama/io/generate.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "support/http_fixture.h"

struct run {
    struct call *call;
    unsigned n_frames;
    unsigned n_done;
    bool is_done;
    struct buf text;
    struct buf thinking;
    enum err code;
    struct remote_error remote;
    char message[1024];
    char remedy[512];
    struct generation_end end;
    unsigned stops_at; // on_frame returns false for the frame of this number
};

static bool on_frame(void *data, const struct generation_frame *frame) {
    struct run *run = data;
    assert_int_equal(run->n_done, 0);
    run->n_frames++;
    buf_append(&run->text, frame->text);
    buf_append(&run->thinking, frame->thinking);
    return run->n_frames != run->stops_at;
}

static void on_done(void *data, const struct call_result *result,
                    const struct generation_end *end) {
    struct run *run = data;
    run->n_done++;
    assert_int_equal(run->n_done, 1);
    run->is_done = true;
    run->code = result->code;
    run->remote = result->remote;
    run->end = *end;
    assert_true(result->code == ERR_OK || result->message.n > 0);
    assert_int_equal(end->n_frames, run->n_frames);
    assert_int_equal(end->first_us > 0, run->n_frames > 0);
    snprintf(run->message, sizeof(run->message), "%.*s", STR_ARG(result->message));
    snprintf(run->remedy, sizeof(run->remedy), "%.*s", STR_ARG(result->remedy));
}

static const struct generation_options OPTIONS = {.num_ctx = 2048};

static void begin(struct fixture *fixture, struct run *run) {
    struct endpoint endpoint = {.url = str_from(fixture->server.url)};
    struct generation_handlers handlers = {on_frame, on_done, run};
    struct chat_message message = {"user", STR("hi")};
    buf_init(&run->text, 1024 * 1024);
    buf_init(&run->thinking, 1024 * 1024);
    run->call = ollama_chat(fixture->http, &endpoint, STR("m"), &message, 1, &OPTIONS, &handlers);
    assert_int_equal(run->n_done, 0);
}

static void end(struct fixture *fixture, struct run *run) {
    assert_true(run_until(&fixture->loop, &run->is_done, LIMIT_MS));
    buf_finish(&run->text);
    buf_finish(&run->thinking);
}

// --- all ends, as a table ---

static struct {
    struct fixture *fixture;
    struct str how;
    int status;
    const char *type;
    struct str body;
} row;

static int hex(char c) {
    return char_is_digit(c) ? c - '0' : char_lower(c) - 'a' + 10;
}

static struct str unescape(struct arena *arena, struct str s) {
    char *out = arena_alloc(arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '\\' || i + 1 == s.n) {
            out[n++] = s.p[i];
            continue;
        }
        char c = s.p[++i];
        if (c == 'x' && i + 2 < s.n) {
            out[n++] = (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]));
            i += 2;
        } else {
            out[n++] = (char)(c == 'n' ? '\n' : c == 'r' ? '\r' : c);
        }
    }
    return str_of(out, n);
}

static void send_row(struct fixture *fixture, struct fake_conn *conn,
                     const struct fake_request *request) {
    (void)fixture;
    (void)request;
    struct arena arena = {0};
    bool is_whole = str_eq(row.how, STR("end")) || str_eq(row.how, STR("drip"));
    // What is cut off promises more than it sends.
    struct str text =
        arena_printf(&arena, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                     row.status, row.type, row.body.n + (is_whole ? 0 : 10));
    text = arena_join(&arena, text, row.body);
    if (str_eq(row.how, STR("drip"))) {
        fake_send_slowly(conn, text, 99);
    } else {
        fake_send(conn, text);
    }
    if (str_eq(row.how, STR("cut"))) {
        fake_end(conn);
    }
    arena_finish(&arena);
}

static const char *type_of(struct str word) {
    if (str_eq(word, STR("ndjson"))) {
        return "application/x-ndjson";
    }
    if (str_eq(word, STR("json"))) {
        return "application/json; charset=utf-8";
    }
    return str_eq(word, STR("html")) ? "text/html" : "text/plain; charset=utf-8";
}

static const char *const FAULTS[] = {
    "none",         "model missing",  "invalid name", "capability",     "context", "memory", "busy",
    "unauthorized", "forbidden host", "not ollama",   "network remote", "runner",  "server",
};
static const char *const REASONS[] = {"stop", "length", "load", "unload"};

static void check_words(size_t line, const char *text, struct str part) {
    if (!str_contains(str_from(text), part)) {
        print_error("row %zu: \"%.*s\" is not in \"%s\"\n", line, STR_ARG(part), text);
        fail();
    }
    CHECK(line, part.n > 0 || text[0] == '\0');
}

static void check_end(struct arena *arena, const struct str cells[MAX_CELLS], size_t line) {
    static const char *const CODES[] = {
        [ERR_OK] = "ok",         [ERR_PROTOCOL] = "PROTOCOL",   [ERR_IO] = "IO",
        [ERR_REMOTE] = "REMOTE", [ERR_NOT_FOUND] = "NOT_FOUND", [ERR_DENIED] = "DENIED",
    };
    struct run run = {0};
    int64_t status = 0;
    assert_true(str_to_int64(cells[1], &status));
    row.how = cells[0];
    row.status = (int)status;
    row.type = type_of(cells[2]);
    row.body = unescape(arena, cells[3]);
    begin(row.fixture, &run);
    if (str_eq(row.how, STR("reset"))) {
        for (int i = 0; i < 2000 && run.n_frames == 0; i++) {
            run_for(&row.fixture->loop, 2);
        }
        if (!run.is_done) {
            fake_reset(row.fixture->conn);
        }
    }
    end(row.fixture, &run);
    struct str words = cells[7];
    struct str in_message = str_split(&words, '|');
    struct str ended = arena_printf(arena, "%u %s", run.n_frames, REASONS[run.end.reason]);
    CHECK(line, (size_t)run.code < sizeof(CODES) / sizeof(CODES[0]) && CODES[run.code]);
    CHECK_STR(line, str_from(CODES[run.code]), cells[4]);
    CHECK_STR(line, str_from(FAULTS[run.remote.fault]), cells[5]);
    CHECK_STR(line, ended, cells[6]);
    check_words(line, run.message, in_message);
    check_words(line, run.remedy, words);
    // Every message says where; only the transport's own words may leave the path out.
    CHECK(line, run.code == ERR_OK ||
                    str_contains(str_from(run.message), str_from(row.fixture->server.url)));
}

static void test_every_end(void **state) {
    (void)state;
    row.fixture = fixture_create(send_row);
    assert_true(each_row("generation-ends.tsv", check_end) > 60);
    fixture_destroy(row.fixture);
}

// --- what is sent, what comes back ---

static const char *content;

static void send_content(struct fixture *fixture, struct fake_conn *conn,
                         const struct fake_request *request) {
    (void)fixture;
    (void)request;
    fake_answer(conn, 200, "application/x-ndjson", content);
}

static void test_chat(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(send_content);
    struct run run = {0};
    content = "{\"message\":{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"Hm.\"}}\n"
              "{\"message\":{\"role\":\"assistant\",\"content\":\"a \\u003cb\\u003e\"}}\n"
              "{\"message\":{\"role\":\"assistant\",\"content\":\"!\"},\"done\":true,"
              "\"done_reason\":\"length\",\"total_duration\":5000000,\"load_duration\":2000000,"
              "\"prompt_eval_count\":14,\"prompt_eval_duration\":394000,\"eval_count\":6,"
              "\"eval_duration\":622999}\n";
    begin(fixture, &run);
    assert_true(run_until(&fixture->loop, &run.is_done, LIMIT_MS));
    assert_int_equal(run.code, ERR_OK);
    assert_string_equal(run.text.p, "a <b>!");
    assert_string_equal(run.thinking.p, "Hm.");
    assert_int_equal(run.end.reason, DONE_LENGTH);
    assert_int_equal(run.end.n_frames, 3);
    assert_int_equal(run.end.metrics.tokens_in, 14);
    assert_int_equal(run.end.metrics.tokens_out, 6);
    assert_int_equal(run.end.metrics.total_us, 5000);
    assert_int_equal(run.end.metrics.load_us, 2000);
    assert_int_equal(run.end.metrics.prompt_us, 394);
    assert_int_equal(run.end.metrics.eval_us, 622);
    assert_true(str_starts(buf_str(&fixture->head), STR("POST /api/chat HTTP/1.1\r\n")));
    assert_string_equal(fixture->body.p,
                        "{\"model\":\"m\",\"stream\":true,\"options\":{\"num_ctx\":2048},"
                        "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    end(fixture, &run);
    fixture_destroy(fixture);
}

static void test_generate(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(send_content);
    struct endpoint endpoint = {.url = str_from(fixture->server.url)};
    struct run run = {0};
    struct generation_handlers handlers = {on_frame, on_done, &run};
    content = "{\"response\":\"x\",\"thinking\":\"t\"}\n{\"response\":\"y\",\"done\":true}\n";
    buf_init(&run.text, 100);
    buf_init(&run.thinking, 100);
    ollama_generate(fixture->http, &endpoint, STR("m"), STR("a("), STR(")"), &OPTIONS, &handlers);
    assert_true(run_until(&fixture->loop, &run.is_done, LIMIT_MS));
    assert_int_equal(run.code, ERR_OK);
    assert_string_equal(run.text.p, "xy");
    assert_string_equal(run.thinking.p, "t");
    assert_true(str_starts(buf_str(&fixture->head), STR("POST /api/generate HTTP/1.1\r\n")));
    assert_string_equal(fixture->body.p,
                        "{\"model\":\"m\",\"stream\":true,\"options\":{\"num_ctx\":2048},"
                        "\"prompt\":\"a(\",\"suffix\":\")\"}");
    end(fixture, &run);
    fixture_destroy(fixture);
}

// A name that cannot be one, and a server that is not there.
static void test_no_transfer(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(send_content);
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", fake_free_port());
    for (int way = 0; way < 2; way++) {
        struct endpoint endpoint = {.url = str_from(way ? url : fixture->server.url)};
        struct run run = {0};
        struct generation_handlers handlers = {on_frame, on_done, &run};
        struct chat_message message = {"user", STR("hi")};
        ollama_chat(fixture->http, &endpoint, way ? STR("m") : STR("m\n"), &message, 1, &OPTIONS,
                    &handlers);
        end(fixture, &run);
        assert_int_equal(run.code, way ? ERR_IO : ERR_INVALID);
        assert_string_equal(run.remedy, way ? "ollama serve" : "");
        assert_int_equal(run.end.first_us, 0);
    }
    assert_int_equal(fixture->server.n_requests, 0);
    fixture_destroy(fixture);
}

static void send_endless_line(struct fixture *fixture, struct fake_conn *conn,
                              const struct fake_request *request) {
    (void)fixture;
    (void)request;
    static char block[64 * 1024];
    memset(block, 'x', sizeof(block));
    fake_send_text(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n"
                         "{\"message\":{\"content\":\"a\"}}\n{\"message\":{\"content\":\"");
    fake_flood(conn, str_of(block, sizeof(block)));
}

static void test_endless_line(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(send_endless_line);
    struct run run = {0};
    begin(fixture, &run);
    end(fixture, &run);
    assert_int_equal(run.code, ERR_LIMIT);
    assert_int_equal(run.n_frames, 1);
    assert_has(run.message, "longer than 8 MiB");
    fixture_destroy(fixture);
}

// --- cancelling ---

static const char *before_stall; // NULL: not even headers

static void stall(struct fixture *fixture, struct fake_conn *conn,
                  const struct fake_request *request) {
    (void)fixture;
    (void)request;
    if (before_stall) {
        fake_stream_begin(conn);
        fake_stream_chunk(conn, before_stall);
    }
}

static void check_cancel(struct fixture *fixture, unsigned n_frames) {
    struct run run = {0};
    fixture->is_asked = false;
    begin(fixture, &run);
    assert_true(run_until(&fixture->loop, &fixture->is_asked, LIMIT_MS));
    for (int i = 0; i < 2000 && run.n_frames < n_frames; i++) {
        run_for(&fixture->loop, 2);
    }
    run_for(&fixture->loop, 20); // silence is no failure
    assert_int_equal(run.n_frames, n_frames);
    assert_false(run.is_done);
    assert_false(fake_sees_close(fixture->conn, 0));
    call_cancel(run.call);
    assert_true(fake_sees_close(fixture->conn, 50)); // with no turn of the loop in between
    call_cancel(run.call);
    assert_false(run.is_done);
    end(fixture, &run);
    assert_int_equal(run.code, ERR_CANCELLED);
    assert_int_equal(run.n_frames, n_frames);
}

// While the model loads no header has come; then in the midst of a stream, and of a line.
static void test_cancel_closes_the_socket(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(stall);
    static const char *const STALLS[] = {
        NULL,
        "{\"message\":{\"content\":\"a\"}}\n",
        "{\"message\":{\"content\":\"a\"}}\n{\"mess",
    };
    for (size_t i = 0; i < sizeof(STALLS) / sizeof(STALLS[0]); i++) {
        before_stall = STALLS[i];
        check_cancel(fixture, i > 0);
    }
    fixture_destroy(fixture);
}

static void test_cancel_at_once(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(stall);
    struct run run = {0};
    before_stall = NULL;
    begin(fixture, &run);
    call_cancel(run.call);
    assert_false(run.is_done);
    end(fixture, &run);
    assert_int_equal(run.code, ERR_CANCELLED);
    fixture_destroy(fixture);
}

static void test_cancel_from_a_frame(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(send_content);
    content = "{\"message\":{\"content\":\"a\"}}\n{\"message\":{\"content\":\"b\"}}\n"
              "{\"done\":true}";
    for (unsigned at = 1; at <= 3; at++) {
        struct run run = {.stops_at = at};
        begin(fixture, &run);
        end(fixture, &run);
        assert_int_equal(run.code, ERR_CANCELLED);
        assert_int_equal(run.n_frames, at);
    }
    fixture_destroy(fixture);
}

static void test_close_ends_all(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(stall);
    struct run runs[3] = {{0}};
    before_stall = NULL;
    for (size_t i = 0; i < 3; i++) {
        begin(fixture, &runs[i]);
    }
    run_for(&fixture->loop, 20);
    fixture_destroy(fixture);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(runs[i].n_done, 1);
        assert_int_equal(runs[i].code, ERR_CANCELLED);
        buf_finish(&runs[i].text);
        buf_finish(&runs[i].thinking);
    }
}

// --- embed ---

struct vectors {
    bool is_done;
    enum err code;
    enum remote_fault fault;
    char message[512];
    float numbers[8];
    size_t n;
    size_t width;
};

static void on_vectors(void *data, const struct call_result *result, const float *rows, size_t n,
                       size_t width) {
    struct vectors *vectors = data;
    assert_false(vectors->is_done);
    vectors->is_done = true;
    vectors->code = result->code;
    vectors->fault = result->remote.fault;
    vectors->n = n;
    vectors->width = width;
    assert_int_equal(rows != NULL, result->code == ERR_OK);
    for (size_t i = 0; rows && i < n * width && i < 8; i++) {
        vectors->numbers[i] = rows[i];
    }
    snprintf(vectors->message, sizeof(vectors->message), "%.*s", STR_ARG(result->message));
}

static void test_embed(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(send_content);
    static const struct {
        const char *answer;
        enum err code;
        const char *words;
    } ROWS[] = {
        {"{\"embeddings\":[[0.5,-1],[2,1e-3]]}", ERR_OK, ""},
        {"{\"embeddings\":[[0.5,-1]]}", ERR_PROTOCOL, "answered 1 vectors instead of 2"},
        {"{\"embeddings\":[[1,2],[3]]}", ERR_PROTOCOL, "different lengths"},
        {"{}", ERR_PROTOCOL, "answered 0 vectors instead of 2"},
        {"{\"error\":\"the input length exceeds the context length\"}", ERR_REMOTE, "input length"},
        {"{\"error\":\"This server does not support embeddings. Start it with `--embeddings`\"}",
         ERR_REMOTE, "does not support"},
        {"[]", ERR_PROTOCOL, "JSON that is no object"},
    };
    struct endpoint endpoint = {.url = str_from(fixture->server.url)};
    struct str inputs[] = {STR("a"), STR("b\n")};
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct vectors vectors = {0};
        content = ROWS[i].answer;
        ollama_embed(fixture->http, &endpoint, STR("e"), inputs, 2, &OPTIONS, on_vectors, &vectors);
        assert_true(run_until(&fixture->loop, &vectors.is_done, LIMIT_MS));
        assert_int_equal(vectors.code, ROWS[i].code);
        assert_has(vectors.message, ROWS[i].words);
        if (i == 0) {
            assert_int_equal(vectors.n, 2);
            assert_int_equal(vectors.width, 2);
            static const float EXPECTED[] = {0.5f, -1.0f, 2.0f, 1e-3f};
            assert_memory_equal(vectors.numbers, EXPECTED, sizeof(EXPECTED));
        }
    }
    assert_string_equal(
        fixture->body.p,
        "{\"model\":\"e\",\"input\":[\"a\",\"b\\n\"],\"options\":{\"num_ctx\":2048}}");
    fixture_destroy(fixture);
}

int main(void) {
    tests_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_end),      cmocka_unit_test(test_chat),
        cmocka_unit_test(test_generate),       cmocka_unit_test(test_no_transfer),
        cmocka_unit_test(test_endless_line),   cmocka_unit_test(test_cancel_closes_the_socket),
        cmocka_unit_test(test_cancel_at_once), cmocka_unit_test(test_cancel_from_a_frame),
        cmocka_unit_test(test_close_ends_all), cmocka_unit_test(test_embed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
