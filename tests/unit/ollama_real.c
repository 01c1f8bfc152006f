// SPDX-License-Identifier: MIT
//
// The generating calls against a real server of kind openai, named by OLLAMA_LS_REAL_OPENAI;
// tests/real_llama starts one and runs this. Skipped without.
#include <stdlib.h>

#include "base/clock.h"
#include "ollama/io/generate.h"
#include "support/http_fixture.h"

struct run {
    struct call *call;
    unsigned n_frames;
    bool is_done;
    bool has_text;
    enum err code;
    struct remote_error remote;
    struct generation_end end;
    char message[512];
};

static uv_loop_t loop;
static struct http *http;
static struct openai_knowledge knowledge;
static struct endpoint endpoint;

static bool on_frame(void *data, const struct generation_frame *frame) {
    struct run *run = data;
    run->n_frames++;
    run->has_text = run->has_text || frame->text.n > 0;
    return true;
}

static void on_done(void *data, const struct call_result *result,
                    const struct generation_end *end) {
    struct run *run = data;
    run->is_done = true;
    run->code = result->code;
    run->remote = result->remote;
    run->end = *end;
    snprintf(run->message, sizeof(run->message), "%.*s", STR_ARG(result->message));
}

static int setup(void **state) {
    (void)state;
    const char *url = getenv("OLLAMA_LS_REAL_OPENAI");
    if (url) {
        uv_loop_init(&loop);
        http = http_create(&loop);
        endpoint = (struct endpoint){
            .url = str_from(url), .kind = SERVER_KIND_OPENAI, .knowledge = &knowledge};
    }
    return 0;
}

static int teardown(void **state) {
    (void)state;
    if (http) {
        http_close(http, NULL, NULL);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&loop), 0);
    }
    return 0;
}

#define NEEDS_SERVER()                                                                             \
    if (!http) {                                                                                   \
        skip();                                                                                    \
    }

static void chat(struct run *run, const struct generation_options *options) {
    struct generation_handlers handlers = {on_frame, on_done, run};
    struct chat_message messages[] = {{"system", STR("Be short.")}, {"user", STR("the model")}};
    run->call = ollama_chat(http, &endpoint, STR("any"), messages, 2, options, &handlers);
}

static void wait_for(struct run *run) {
    assert_true(run_until(&loop, &run->is_done, 30000));
    if (run->code != ERR_OK) {
        print_message("%s\n", run->message);
    }
}

static void test_chat(void **state) {
    (void)state;
    NEEDS_SERVER();
    struct generation_options options = {
        .num_predict = 12, .has_temperature = true, .temperature = 0.5, .think = THINK_OFF};
    struct run run = {0};
    chat(&run, &options);
    wait_for(&run);
    assert_int_equal(run.code, ERR_OK);
    assert_true(run.has_text);
    assert_true(run.n_frames > 2); // it streams
    assert_int_equal(run.end.reason, DONE_LENGTH);
    assert_int_equal(run.end.metrics.tokens_out, 12);
    assert_true(run.end.metrics.tokens_in > 0);
    assert_true(run.end.metrics.eval_us > 0 && run.end.first_us > 0);
}

static void test_insert(void **state) {
    (void)state;
    NEEDS_SERVER();
    const char *can = getenv("OLLAMA_LS_REAL_INSERT");
    struct generation_options options = {.num_predict = 8};
    for (int i = 0; i < 2; i++) { // the second time it is known
        struct run run = {0};
        struct generation_handlers handlers = {on_frame, on_done, &run};
        ollama_generate(http, &endpoint, STR("any"), STR("the model "), STR(" at all"), &options,
                        &handlers);
        wait_for(&run);
        if (can) {
            assert_int_equal(run.code, ERR_OK);
            assert_true(run.has_text);
            assert_int_equal(run.end.reason, DONE_LENGTH);
            assert_int_equal(run.end.metrics.tokens_out, 8);
        } else {
            assert_int_equal(run.code, ERR_REMOTE);
            assert_int_equal(run.remote.fault, FAULT_CAPABILITY);
            assert_int_equal(knowledge.insert, INSERT_NONE);
        }
    }
}

static void test_too_long(void **state) {
    (void)state;
    NEEDS_SERVER();
    static char text[16 * 1024];
    memset(text, 'x', sizeof(text) - 1);
    struct generation_options options = {.num_predict = 8};
    struct chat_message message = {"user", str_of(text, sizeof(text) - 1)};
    struct run run = {0};
    struct generation_handlers handlers = {on_frame, on_done, &run};
    ollama_chat(http, &endpoint, STR("any"), &message, 1, &options, &handlers);
    wait_for(&run);
    assert_int_equal(run.code, ERR_REMOTE);
    assert_int_equal(run.remote.fault, FAULT_CONTEXT);
    assert_true(run.remote.context_tokens > 0);
}

// Closing the stream stops the server's work; the script looks at its log.
static void test_cancel(void **state) {
    (void)state;
    NEEDS_SERVER();
    struct generation_options options = {.num_predict = 1000000};
    struct run run = {0};
    chat(&run, &options);
    for (int i = 0; i < 5000 && run.n_frames < 5; i++) {
        run_for(&loop, 2);
    }
    assert_false(run.is_done);
    call_cancel(run.call);
    wait_for(&run);
    assert_int_equal(run.code, ERR_CANCELLED);
}

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
    NEEDS_SERVER();
    bool can = getenv("OLLAMA_LS_REAL_EMBED") != NULL;
    struct str inputs[] = {STR("the model"), STR("answers with words")};
    struct generation_options options = {0};
    struct vectors vectors = {0};
    ollama_embed(http, &endpoint, STR("any"), inputs, 2, &options, on_vectors, &vectors);
    assert_true(run_until(&loop, &vectors.is_done, 30000));
    assert_int_equal(vectors.code, can ? ERR_OK : ERR_REMOTE);
    assert_int_equal(vectors.n, can ? 2 : 0);
    assert_true(!can || vectors.width > 0);
}

int main(void) {
    tests_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chat),     cmocka_unit_test(test_insert),
        cmocka_unit_test(test_too_long), cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_embed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
