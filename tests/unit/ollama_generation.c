// SPDX-License-Identifier: MIT
//
// Bodies and frames of ollama/core/generation.h: what is left out when nothing is asked for, and
// what is made of frames that a server should not send.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "ollama/core/generation.h"

static struct json_object *parse(const char *text) {
    struct arena arena = {0};
    struct json_object *object = NULL;
    assert_int_equal(json_parse(&arena, str_from(text), &object, NULL), ERR_OK);
    arena_finish(&arena);
    return object;
}

// Takes `body`.
static void assert_body(struct json_object *body, const char *expected) {
    struct str text = json_text(body);
    if (!str_eq(text, str_from(expected))) {
        fail_msg("%.*s instead of %s", STR_ARG(text), expected);
    }
    json_object_put(body);
}

static void test_bodies(void **state) {
    (void)state;
    struct chat_message messages[] = {{"system", STR("be \"brief\"")},
                                      {"user", STR("\xc3\xa4\xff")}};
    struct generation_options none = {0};
    struct str stop[] = {STR("\n\n"), STR("<|end|>")};
    struct generation_options all = {
        .num_ctx = 8192,
        .num_predict = -1,
        .has_temperature = true,
        .temperature = 0,
        .think = THINK_OFF,
        .keep_alive = STR("5m"),
        .stop = stop,
        .n_stop = 2,
    };
    assert_body(generation_chat_body(STR("m:1"), messages, 2, &none),
                "{\"model\":\"m:1\",\"stream\":true,\"messages\":[{\"role\":\"system\",\"content\":"
                "\"be \\\"brief\\\"\"},{\"role\":\"user\",\"content\":\"\xc3\xa4\xef\xbf\xbd\"}]}");
    assert_body(generation_chat_body(STR("m"), messages, 0, &all),
                "{\"model\":\"m\",\"stream\":true,\"think\":false,\"keep_alive\":\"5m\","
                "\"options\":{\"num_ctx\":8192,\"num_predict\":-1,\"temperature\":0.0,"
                "\"stop\":[\"\\n\\n\",\"<|end|>\"]},\"messages\":[]}");
    assert_body(generation_generate_body(STR("m"), STR("a"), STR_NONE, &none),
                "{\"model\":\"m\",\"stream\":true,\"prompt\":\"a\"}");
    none.think = THINK_ON;
    assert_body(generation_generate_body(STR("m"), STR("a"), STR("b"), &none),
                "{\"model\":\"m\",\"stream\":true,\"think\":true,\"prompt\":\"a\",\"suffix\":"
                "\"b\"}");
    assert_body(generation_embed_body(STR("m"), stop, 2, &none),
                "{\"model\":\"m\",\"input\":[\"\\n\\n\",\"<|end|>\"]}");
}

static void test_keep_alive(void **state) {
    (void)state;
    static const struct {
        const char *written;
        const char *body;
    } ROWS[] = {
        {"", "{}"},
        {"5m", "{\"keep_alive\":\"5m\"}"},
        {"-1s", "{\"keep_alive\":\"-1s\"}"},
        {"300", "{\"keep_alive\":300}"},
        {"-1", "{\"keep_alive\":-1}"},
        {"0", "{\"keep_alive\":0}"},
        {"1.5h", "{\"keep_alive\":\"1.5h\"}"},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct json_object *body = json_object_new_object();
        keep_alive_set(body, str_from(ROWS[i].written));
        assert_body(body, ROWS[i].body);
    }
}

static void test_frames(void **state) {
    (void)state;
    static const struct {
        const char *frame;
        const char *text;
        const char *thinking;
        bool done;
        enum done_reason reason;
    } ROWS[] = {
        {"{}", "", "", false, DONE_STOP},
        {"{\"message\":{\"content\":\"a\",\"thinking\":\"b\"}}", "a", "b", false, DONE_STOP},
        {"{\"message\":{},\"response\":\"no\"}", "", "", false, DONE_STOP},
        {"{\"response\":\"a\",\"thinking\":\"b\",\"done\":false}", "a", "b", false, DONE_STOP},
        {"{\"message\":null,\"response\":\"a\"}", "a", "", false, DONE_STOP},
        {"{\"message\":{\"content\":[\"a\"],\"thinking\":1}}", "", "", false, DONE_STOP},
        {"{\"done_reason\":\"length\"}", "", "", false, DONE_STOP},
        {"{\"done\":true,\"done_reason\":\"stop\"}", "", "", true, DONE_STOP},
        {"{\"done\":true,\"done_reason\":\"length\"}", "", "", true, DONE_LENGTH},
        {"{\"done\":true,\"done_reason\":\"load\"}", "", "", true, DONE_LOAD},
        {"{\"done\":true,\"done_reason\":\"unload\"}", "", "", true, DONE_UNLOAD},
        {"{\"done\":true,\"done_reason\":\"connection\"}", "", "", true, DONE_STOP},
        {"{\"done\":true,\"done_reason\":null}", "", "", true, DONE_STOP},
        {"{\"done\":true,\"response\":\"last\"}", "last", "", true, DONE_STOP},
        {"{\"done\":1}", "", "", false, DONE_STOP},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct json_object *object = parse(ROWS[i].frame);
        struct generation_frame frame;
        generation_frame_read(object, &frame);
        if (!str_eq(frame.text, str_from(ROWS[i].text)) ||
            !str_eq(frame.thinking, str_from(ROWS[i].thinking)) || frame.done != ROWS[i].done ||
            frame.reason != ROWS[i].reason) {
            fail_msg("%s: \"%.*s\", \"%.*s\", %d, %d", ROWS[i].frame, STR_ARG(frame.text),
                     STR_ARG(frame.thinking), (int)frame.done, (int)frame.reason);
        }
        json_object_put(object);
    }
}

// Nothing a server says makes a number negative or huge enough to overflow a sum of a few.
static void test_metrics_of_odd_servers(void **state) {
    (void)state;
    struct json_object *object =
        parse("{\"done\":true,\"prompt_eval_count\":-5,\"eval_count\":1e3,\"total_duration\":"
              "9223372036854775807,\"load_duration\":\"5\",\"eval_duration\":99999999999999999999,"
              "\"prompt_eval_duration\":1999}");
    struct generation_frame frame;
    generation_frame_read(object, &frame);
    assert_int_equal(frame.metrics.tokens_in, 0);
    assert_int_equal(frame.metrics.tokens_out, 1000);
    assert_int_equal(frame.metrics.total_us, INT64_MAX / 1000);
    assert_int_equal(frame.metrics.load_us, 0);
    assert_int_equal(frame.metrics.prompt_us, 1);
    assert_true(frame.metrics.eval_us >= 0);
    json_object_put(object);
}

static void test_embeddings(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        size_t n;
        const char *problem; // NULL: fine
    } ROWS[] = {
        {"{\"embeddings\":[[1,0.5],[-2,3]]}", 2, NULL},
        {"{\"embeddings\":[]}", 0, NULL},
        {"{\"embeddings\":null}", 1, "0 vectors instead of 1"},
        {"{\"embedding\":[1]}", 1, "0 vectors instead of 1"},
        {"{\"embeddings\":[[1],[2],[3]]}", 2, "3 vectors instead of 2"},
        {"{\"embeddings\":[[],[]]}", 2, "a vector without numbers"},
        {"{\"embeddings\":[[1],5]}", 2, "vectors of different lengths"},
        {"{\"embeddings\":[[1],[\"x\"]]}", 2, "something else than numbers"},
        {"{\"embeddings\":[[1],[null]]}", 2, "something else than numbers"},
        {"{\"embeddings\":[[1e999]]}", 1, "something else than numbers"},
        {"{\"embeddings\":[[1e39]]}", 1, "something else than numbers"},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct arena arena = {0};
        struct error error = {0};
        float *rows = NULL;
        size_t width = 99;
        struct json_object *answer = parse(ROWS[i].answer);
        enum err code =
            generation_embeddings_read(&arena, answer, ROWS[i].n, &rows, &width, &error);
        assert_int_equal(code, ROWS[i].problem ? ERR_PROTOCOL : ERR_OK);
        if (ROWS[i].problem) {
            assert_null(rows);
            assert_int_equal(width, 0);
            assert_true(str_contains(error.message, str_from(ROWS[i].problem)));
        } else if (ROWS[i].n == 2) {
            static const float EXPECTED[] = {1.0f, 0.5f, -2.0f, 3.0f};
            assert_int_equal(width, 2);
            assert_memory_equal(rows, EXPECTED, sizeof(EXPECTED));
        }
        json_object_put(answer);
        arena_finish(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),     cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_frames),     cmocka_unit_test(test_metrics_of_odd_servers),
        cmocka_unit_test(test_embeddings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
