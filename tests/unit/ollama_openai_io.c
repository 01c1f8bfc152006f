// SPDX-License-Identifier: MIT
//
// The calls of ollama/io/generate.h on servers of kind openai, against a server that answers well,
// badly, late and not at all.
#include "ollama/io/generate.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "ollama_openai_script.h"

// --- one call ---

struct run {
    struct call *call;
    unsigned n_frames;
    unsigned n_final;
    bool is_done;
    struct buf text;
    struct buf thinking;
    enum err code;
    struct remote_error remote;
    char message[1024];
    char remedy[512];
    struct generation_end end;
    bool stops;
};

static bool on_frame(void *data, const struct generation_frame *frame) {
    struct run *run = data;
    assert_false(run->is_done);
    assert_int_equal(run->n_final, 0); // nothing after the final frame
    run->n_frames++;
    run->n_final += frame->done;
    buf_append(&run->text, frame->text);
    buf_append(&run->thinking, frame->thinking);
    return !run->stops;
}

static void on_done(void *data, const struct call_result *result,
                    const struct generation_end *end) {
    struct run *run = data;
    assert_false(run->is_done);
    run->is_done = true;
    run->code = result->code;
    run->remote = result->remote;
    run->end = *end;
    assert_true(result->code != ERR_OK || run->n_final == 1);
    snprintf(run->message, sizeof(run->message), "%.*s", STR_ARG(result->message));
    snprintf(run->remedy, sizeof(run->remedy), "%.*s", STR_ARG(result->remedy));
}

static const struct generation_options OPTIONS = {.num_ctx = 2048, .num_predict = 9};
static void begin(struct fixture *fixture, struct run *run, bool is_insert) {
    struct endpoint endpoint = endpoint_of(fixture);
    struct generation_handlers handlers = {on_frame, on_done, run};
    struct chat_message message = {"user", STR("hi")};
    buf_init(&run->text, 1024 * 1024);
    buf_init(&run->thinking, 1024 * 1024);
    run->call = is_insert ? ollama_generate(fixture->http, &endpoint, STR("m"), STR("a("), STR(")"),
                                            &OPTIONS, &handlers)
                          : ollama_chat(fixture->http, &endpoint, STR("m"), &message, 1, &OPTIONS,
                                        &handlers);
    assert_false(run->is_done);
}

static void end(struct fixture *fixture, struct run *run) {
    assert_true(run_until(&fixture->loop, &run->is_done, LIMIT_MS));
    buf_finish(&run->text);
    buf_finish(&run->thinking);
}

#define TEXT(t) "data: {\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"" t "\"}}]}\n\n"
#define STOP "data: {\"model\":\"m\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define DONE "data: [DONE]\n\n"

// --- every end of a stream ---

static void test_every_end(void **state) {
    (void)state;
    static const struct {
        struct reply reply;
        enum err code;
        enum remote_fault fault;
        const char *text;
        const char *words; // of the message
    } rows[] = {
        {{NULL, 200, SSE, TEXT("a") TEXT("b") STOP DONE, END}, ERR_OK, 0, "ab", ""},
        {{NULL, 200, SSE, TEXT("a") TEXT("b") STOP DONE, DRIP}, ERR_OK, 0, "ab", ""},
        {{NULL, 200, SSE, ": wait\n\n" TEXT("a") STOP, END}, ERR_OK, 0, "a", ""},
        {{NULL, 200, SSE, TEXT("a") DONE, END}, ERR_OK, 0, "a", ""},
        {{NULL, 200, SSE, TEXT("a") STOP DONE "junk", CUT}, ERR_OK, 0, "a", ""},
        {{NULL, 200, JSON, "{\"choices\":[{\"message\":{\"content\":\"all\"}}]}", END},
         ERR_OK,
         0,
         "all",
         ""},
        {{NULL, 200, SSE, TEXT("a"), END}, ERR_PROTOCOL, 0, "a", "ended too early"},
        {{NULL, 200, SSE, TEXT("a"), CUT}, ERR_IO, 0, "a", ""},
        {{NULL, 200, SSE, TEXT("a") "data: {\"mod", END}, ERR_PROTOCOL, 0, "a", "ended too early"},
        {{NULL, 200, SSE, "", END}, ERR_PROTOCOL, 0, "", "ended too early"},
        {{NULL, 200, SSE,
          TEXT("a") "data: {\"model\":\"\",\"choices\":[{\"delta\":{\"content\":\"\"},"
                    "\"finish_reason\":null}]}\n\n",
          END},
         ERR_PROTOCOL,
         0,
         "a",
         "hid the reason"},
        {{NULL, 200, SSE, TEXT("a") "data: {\"error\":{\"message\":\"boom\"}}\n\n", END},
         ERR_REMOTE,
         FAULT_SERVER,
         "a",
         "boom"},
        {{NULL, 200, SSE, TEXT("a") "error: {\"code\":500,\"message\":\"x\"}\n\n", END},
         ERR_REMOTE,
         FAULT_SERVER,
         "a",
         "x"},
        {{NULL, 200, SSE, TEXT("a") "data: nonsense\n\n" STOP DONE, END},
         ERR_PROTOCOL,
         FAULT_NOT_OLLAMA,
         "a",
         "no JSON object"},
        {{NULL, 200, SSE, "data: [1]\n\n", END},
         ERR_PROTOCOL,
         FAULT_NOT_OLLAMA,
         "",
         "no JSON object"},
        {{NULL, 200, "text/html", "<html>login</html>", END},
         ERR_PROTOCOL,
         FAULT_NOT_OLLAMA,
         "",
         "a web page"},
        {{NULL, 200, JSON, "{\"error\":\"no\"}", END}, ERR_REMOTE, FAULT_SERVER, "", "no"},
        {{NULL, 200, JSON, "{\"error\":", END}, ERR_PROTOCOL, FAULT_NOT_OLLAMA, "", ""},
        {{NULL, 404, JSON, "{\"error\":{\"message\":\"The model `m` does not exist\"}}", END},
         ERR_NOT_FOUND,
         FAULT_MODEL_MISSING,
         "",
         "does not exist"},
        {{NULL, 404, "text/plain", "404 page not found", END},
         ERR_PROTOCOL,
         FAULT_NOT_OLLAMA,
         "",
         "no OpenAI-like server"},
        {{NULL, 401, JSON, "{\"error\":{\"message\":\"bad key\"}}", END},
         ERR_DENIED,
         FAULT_UNAUTHORIZED,
         "",
         "bad key"},
        {{NULL, 503, JSON, "{\"error\":{\"message\":\"Loading model\"}}", END},
         ERR_REMOTE,
         FAULT_BUSY,
         "",
         "Loading"},
        {{NULL, 302, "text/html", "", END}, ERR_PROTOCOL, FAULT_NOT_OLLAMA, "", "redirects"},
        {{NULL, 400, JSON, "{\"error\":{\"message\":\"no temperature here\"}}", END},
         ERR_REMOTE,
         FAULT_SERVER,
         "",
         "no temperature"},
        {{NULL, 400, JSON,
          "{\"error\":{\"message\":\"exceeds the available context size (64 tokens)\"}}", END},
         ERR_REMOTE,
         FAULT_CONTEXT,
         "",
         "64 tokens"},
    };
    struct fixture *fixture = fixture_create(answer_script);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct run run = {0};
        use_script(&rows[i].reply, 1);
        begin(fixture, &run, false);
        assert_true(run_until(&fixture->loop, &run.is_done, LIMIT_MS));
        if (run.code != rows[i].code || run.remote.fault != rows[i].fault ||
            !str_eq(buf_str(&run.text), str_from(rows[i].text)) ||
            !str_contains(str_from(run.message), str_from(rows[i].words)) ||
            (run.code == ERR_OK) != (run.message[0] == '\0') || n_asked != 1) {
            fail_msg("row %zu: %s %d \"%.*s\" %s (%u requests)", i, err_name(run.code),
                     run.remote.fault, STR_ARG(buf_str(&run.text)), run.message, n_asked);
        }
        end(fixture, &run);
    }
    fixture_destroy(fixture);
}

static void test_chat(void **state) {
    (void)state;
    static const struct reply replies[] = {
        {"/v1/chat/completions", 200, SSE,
         "data: "
         "{\"model\":\"m\",\"choices\":[{\"delta\":{\"reasoning_content\":\"Hm.\"}}]}\n\n" TEXT(
             "a") "data: {\"model\":\"m\",\"choices\":[{\"delta\":{},\"finish_reason\":"
                  "\"length\"}]}\n\n"
                  "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":14,\"completion_tokens\":6}}"
                  "\n\n" DONE,
         END}};
    struct fixture *fixture = fixture_create(answer_script);
    struct run run = {0};
    USE(replies);
    begin(fixture, &run, false);
    assert_true(run_until(&fixture->loop, &run.is_done, LIMIT_MS));
    assert_int_equal(run.code, ERR_OK);
    assert_string_equal(run.text.p, "a");
    assert_string_equal(run.thinking.p, "Hm.");
    assert_int_equal(run.end.reason, DONE_LENGTH);
    assert_int_equal(run.end.metrics.tokens_in, 14);
    assert_int_equal(run.end.metrics.tokens_out, 6);
    assert_true(run.end.first_us > 0);
    assert_has(heads, "Authorization: Bearer sesame\r\n");
    assert_false(str_contains(str_from(bodies), STR("num_ctx")));
    assert_has(bodies, "\"max_tokens\":9");
    end(fixture, &run);
    fixture_destroy(fixture);
}

// What says why it ended and then neither goes on nor closes is not waited for.
static void test_open_end(void **state) {
    (void)state;
    static const char *const texts[] = {TEXT("a") STOP, TEXT("a") STOP DONE};
    struct fixture *fixture = fixture_create(answer_script);
    for (int i = 0; i < 2; i++) {
        struct reply reply = {NULL, 200, SSE, texts[i], STALL};
        struct run run = {0};
        int64_t before = clock_ms();
        use_script(&reply, 1);
        begin(fixture, &run, false);
        end(fixture, &run);
        assert_int_equal(run.code, ERR_OK);
        assert_in_range(clock_ms() - before, 900, 4000);
    }
    fixture_destroy(fixture);
}

static void test_cancel(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_script);
    struct reply reply = {NULL, 200, SSE, TEXT("a"), STALL};
    for (int way = 0; way < 2; way++) {
        struct run run = {.stops = way == 1};
        use_script(&reply, 1);
        begin(fixture, &run, false);
        for (int i = 0; i < 2000 && run.n_frames == 0; i++) {
            run_for(&fixture->loop, 2);
        }
        if (way == 0) {
            call_cancel(run.call);
            assert_true(fake_sees_close(fixture->conn, 50));
        }
        end(fixture, &run);
        assert_int_equal(run.code, ERR_CANCELLED);
    }
    fixture_destroy(fixture);
}

static void send_endless_event(struct fixture *fixture, struct fake_conn *conn,
                               const struct fake_request *request) {
    (void)fixture;
    (void)request;
    static char block[64 * 1024];
    memset(block, 'x', sizeof(block));
    fake_send_text(conn,
                   "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n" TEXT("a") "data: ");
    fake_flood(conn, str_of(block, sizeof(block)));
}

static void test_endless_event(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(send_endless_event);
    struct run run = {0};
    begin(fixture, &run, false);
    end(fixture, &run);
    assert_int_equal(run.code, ERR_LIMIT);
    assert_has(run.message, "longer than 8 MiB");
    fixture_destroy(fixture);
}

// --- what a server refuses is left out ---

static void test_less(void **state) {
    (void)state;
    static const struct reply replies[] = {
        {NULL, 400, JSON, "{\"error\":{\"message\":\"Unknown field: stream_options\"}}", END},
        {NULL, 400, JSON,
         "{\"error\":{\"message\":\"Use 'max_completion_tokens' instead of max_tokens\"}}", END},
        {NULL, 200, SSE, TEXT("a") STOP DONE, END},
    };
    struct fixture *fixture = fixture_create(answer_script);
    struct run run = {0};
    USE(replies);
    begin(fixture, &run, false);
    end(fixture, &run);
    assert_int_equal(run.code, ERR_OK);
    assert_int_equal(n_asked, 3);
    assert_false(str_contains(str_from(bodies), STR("stream_options")));
    assert_has(bodies, "\"max_completion_tokens\":9");
    fixture_destroy(fixture);
}

// A long answer after such a refusal is not cut off at the length of an error.
static void test_less_then_much(void **state) {
    (void)state;
    static char much[200 * 1024];
    static const struct reply refusal = {NULL, 400, JSON,
                                         "{\"error\":{\"message\":\"stream_options?\"}}", END};
    size_t n = 0;
    while (n < 150 * 1024) {
        n += (size_t)snprintf(much + n, sizeof(much) - n, "%s", TEXT("0123456789"));
    }
    snprintf(much + n, sizeof(much) - n, "%s", STOP DONE);
    struct reply replies[] = {refusal, {NULL, 200, SSE, much, END}};
    struct fixture *fixture = fixture_create(answer_script);
    struct run run = {0};
    USE(replies);
    begin(fixture, &run, false);
    end(fixture, &run);
    assert_int_equal(run.code, ERR_OK);
    assert_true(run.n_frames > 2000);
    fixture_destroy(fixture);
}

// --- filling in ---

#define INFILL                                                                                     \
    "data: {\"content\":\"x\",\"stop\":false}\n\n"                                                 \
    "data: {\"content\":\"\",\"stop\":true,\"stop_type\":\"eos\",\"timings\":{\"prompt_n\":3,"     \
    "\"predicted_n\":2,\"predicted_ms\":4}}\n\n"
#define TEXT_X "data: {\"choices\":[{\"text\":\"x\",\"finish_reason\":\"stop\"}]}\n\n" DONE

static void run_insert(struct fixture *fixture, struct run *run) {
    begin(fixture, run, true);
    end(fixture, run);
}

static void test_infill(void **state) {
    (void)state;
    static const struct reply replies[] = {{"/infill", 200, SSE, INFILL, END}};
    struct fixture *fixture = fixture_create(answer_script);
    struct run run = {0};
    knowledge.insert = INSERT_INFILL;
    USE(replies);
    run_insert(fixture, &run);
    assert_int_equal(run.code, ERR_OK);
    assert_int_equal(run.end.metrics.tokens_out, 2);
    assert_int_equal(run.end.metrics.eval_us, 4000);
    assert_has(bodies, "\"input_prefix\":\"a(\",\"input_suffix\":\")\"");
    assert_int_equal(knowledge.insert, INSERT_INFILL);
    fixture_destroy(fixture);
}

static void test_suffix(void **state) {
    (void)state;
    static const struct reply replies[] = {
        {"/infill", 404, JSON, "{\"detail\":\"Not Found\"}", END},
        {"/v1/completions", 200, SSE, TEXT_X, END},
    };
    static const struct reply studio[] = {
        {"/infill", 200, JSON, "{\"error\":\"Unexpected endpoint or method. (POST /infill)\"}",
         END},
        {"/v1/completions", 200, SSE, TEXT_X, END},
    };
    struct fixture *fixture = fixture_create(answer_script);
    for (int i = 0; i < 2; i++) {
        struct run run = {0};
        knowledge.insert = INSERT_UNKNOWN;
        use_script(i == 0 ? replies : studio, 2);
        run_insert(fixture, &run);
        assert_int_equal(run.code, ERR_OK);
        assert_has(bodies, "\"prompt\":\"a(\",\"suffix\":\")\"");
        assert_int_equal(knowledge.insert, INSERT_SUFFIX);
        struct run next = {0};
        use_script(replies + 1, 1); // asked there at once now
        run_insert(fixture, &next);
        assert_int_equal(next.code, ERR_OK);
    }
    fixture_destroy(fixture);
}

static void test_no_insert(void **state) {
    (void)state;
    static const struct reply model[] = {
        {"/infill", 501, JSON,
         "{\"error\":{\"code\":501,\"message\":\"Infill is not supported by this model\"}}", END}};
    static const struct reply both[] = {
        {"/infill", 404, "text/plain", "nope", END},
        {"/v1/completions", 400, JSON, "{\"error\":{\"message\":\"suffix is not supported\"}}",
         END},
    };
    static const struct reply neither[] = {{NULL, 404, "text/plain", "nope", END}};
    static const struct reply *const scripts[] = {model, both, neither};
    struct fixture *fixture = fixture_create(answer_script);
    for (size_t i = 0; i < 3; i++) {
        struct run run = {0};
        knowledge.insert = INSERT_UNKNOWN;
        use_script(scripts[i], i == 1 ? 2 : 1);
        run_insert(fixture, &run);
        assert_int_equal(run.code, ERR_REMOTE);
        assert_int_equal(run.remote.fault, FAULT_CAPABILITY);
        assert_int_equal(knowledge.insert, INSERT_NONE);
        struct run next = {0};
        n_asked = 0;
        run_insert(fixture, &next);
        assert_int_equal(n_asked, 0); // it is known
        assert_int_equal(next.code, ERR_REMOTE);
        assert_int_equal(next.remote.fault, FAULT_CAPABILITY);
        assert_true(next.message[0] != '\0');
    }
    fixture_destroy(fixture);
}

// A failure that says nothing about filling in teaches nothing.
static void test_insert_failure(void **state) {
    (void)state;
    static const struct reply replies[] = {
        {"/infill", 404, JSON, "{\"error\":{\"message\":\"model 'm' not found\"}}", END},
        {"/infill", 500, JSON, "{\"error\":{\"message\":\"boom\"}}", END},
        {"/infill", 503, JSON, "{\"error\":{\"message\":\"Loading model\"}}", END},
        {"/infill", 200, SSE, "data: {\"content\":\"x\",\"stop\":false}\n\n", CUT},
    };
    struct fixture *fixture = fixture_create(answer_script);
    knowledge.insert = INSERT_UNKNOWN;
    USE(replies);
    for (size_t i = 0; i < 4; i++) {
        struct run run = {0};
        run_insert(fixture, &run);
        assert_int_not_equal(run.code, ERR_OK);
        assert_int_equal(knowledge.insert, INSERT_UNKNOWN);
        assert_int_equal(n_asked, i + 1);
    }
    fixture_destroy(fixture);
}

// --- embed, and what is no business of such a server ---

struct vectors {
    bool is_done;
    enum err code;
    size_t n;
    size_t width;
};

static void on_vectors(void *data, const struct call_result *result, const float *rows, size_t n,
                       size_t width) {
    struct vectors *vectors = data;
    *vectors = (struct vectors){true, result->code, rows ? n : 0, width};
}

static void test_embed(void **state) {
    (void)state;
    static const struct reply replies[] = {
        {"/v1/embeddings", 200, JSON, "{\"data\":[{\"index\":0,\"embedding\":[1,2,3]}]}", END},
        {"/v1/embeddings", 200, JSON, "{\"data\":[]}", END},
    };
    struct fixture *fixture = fixture_create(answer_script);
    struct endpoint endpoint = endpoint_of(fixture);
    struct str input = STR("text");
    struct vectors vectors = {0};
    USE(replies);
    ollama_embed(fixture->http, &endpoint, STR("m"), &input, 1, &OPTIONS, on_vectors, &vectors);
    assert_true(run_until(&fixture->loop, &vectors.is_done, LIMIT_MS));
    assert_int_equal(vectors.code, ERR_OK);
    assert_int_equal(vectors.width, 3);
    vectors.is_done = false;
    ollama_embed(fixture->http, &endpoint, STR("m"), &input, 1, &OPTIONS, on_vectors, &vectors);
    assert_true(run_until(&fixture->loop, &vectors.is_done, LIMIT_MS));
    assert_int_equal(vectors.code, ERR_PROTOCOL);
    fixture_destroy(fixture);
}

struct refusal {
    bool is_done;
    enum err code;
    char message[256];
};

static void on_refused(void *data, const struct call_result *result, struct json_object *answer) {
    struct refusal *refusal = data;
    assert_null(answer);
    refusal->is_done = true;
    refusal->code = result->code;
    snprintf(refusal->message, sizeof(refusal->message), "%.*s", STR_ARG(result->message));
}

static void test_ollama_calls_are_not_made(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_script);
    struct endpoint endpoint = endpoint_of(fixture);
    for (int i = 0; i < 4; i++) {
        struct refusal refusal = {0};
        struct http *http = fixture->http;
        switch (i) {
        case 0: ollama_ps(http, &endpoint, on_refused, &refusal); break;
        case 1: ollama_show(http, &endpoint, STR("m"), on_refused, &refusal); break;
        case 2: ollama_load(http, &endpoint, STR("m"), STR(""), on_refused, &refusal); break;
        default: ollama_delete(http, &endpoint, STR("m"), on_refused, &refusal); break;
        }
        assert_true(run_until(&fixture->loop, &refusal.is_done, LIMIT_MS));
        assert_int_equal(refusal.code, ERR_INVALID);
        assert_has(refusal.message, "no Ollama server");
    }
    assert_int_equal(fixture->server.n_requests, 0);
    fixture_destroy(fixture);
}

static void test_nobody_there(void **state) {
    (void)state;
    struct fixture *fixture = fixture_create(answer_script);
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", fake_free_port());
    struct endpoint endpoint = {.url = str_from(url), .kind = SERVER_KIND_OPENAI};
    struct run run = {0};
    struct generation_handlers handlers = {on_frame, on_done, &run};
    struct chat_message message = {"user", STR("hi")};
    ollama_chat(fixture->http, &endpoint, STR("m"), &message, 1, &OPTIONS, &handlers);
    end(fixture, &run);
    assert_int_equal(run.code, ERR_IO);
    assert_has(run.remedy, "llama-server");
    assert_false(str_contains(str_from(run.remedy), STR("ollama serve")));
    fixture_destroy(fixture);
}

int main(void) {
    tests_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_end),
        cmocka_unit_test(test_chat),
        cmocka_unit_test(test_open_end),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_endless_event),
        cmocka_unit_test(test_less),
        cmocka_unit_test(test_less_then_much),
        cmocka_unit_test(test_infill),
        cmocka_unit_test(test_suffix),
        cmocka_unit_test(test_no_insert),
        cmocka_unit_test(test_insert_failure),
        cmocka_unit_test(test_embed),
        cmocka_unit_test(test_ollama_calls_are_not_made),
        cmocka_unit_test(test_nobody_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
