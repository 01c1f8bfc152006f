// SPDX-License-Identifier: MIT
//
// Framing in any chunks, the meaning of every error shape, and pull progress.
#include "ollama_rows.h"

#include "ollama/core/protocol.h"

#define HTML "<html><head><title>301 Moved</title></head></html>"

static void classifies(void **state) {
    (void)state;
    static const struct {
        long status;
        const char *type;
        const char *body;
        enum remote_fault fault;
        const char *message; // NULL: not compared
        const char *remedy;  // NULL: not compared
    } ROWS[] = {
        // request and names
        {400, "application/json", "{\"error\":\"missing request body\"}", FAULT_SERVER,
         "missing request body", ""},
        {400, "application/json", "{\"error\":\"unexpected EOF\"}", FAULT_SERVER, "unexpected EOF", ""},
        {400, "application/json",
         "{\"error\":\"invalid character '}' looking for beginning of object key string\"}",
         FAULT_SERVER, NULL, ""},
        {404, "application/json", "{\"error\":\"model '' not found\"}", FAULT_MODEL_MISSING, NULL, NULL},
        {400, "application/json", "{\"error\":\"model is required\"}", FAULT_INVALID_NAME, NULL, ""},
        {400, "application/json", "{\"error\":\"invalid model name\"}", FAULT_INVALID_NAME, NULL, ""},
        {400, "application/json",
         "{\"error\":\"use either :local or :cloud, not both: \\\"x:cloud:local\\\"\"}",
         FAULT_INVALID_NAME, NULL, ""},
        {400, "application/json", "{\"error\":\"name \\\"a b\\\" is invalid\"}", FAULT_INVALID_NAME,
         "name \"a b\" is invalid", ""},
        {400, "application/json", "{\"error\":\"source \\\"\\\" is invalid\"}", FAULT_INVALID_NAME, NULL, ""},
        {400, "application/json", "{\"error\":\"destination \\\"a b\\\" is invalid\"}",
         FAULT_INVALID_NAME, NULL, ""},
        // model missing, in four spellings
        {404, "application/json; charset=utf-8", "{\"error\":\"model 'nope' not found\"}",
         FAULT_MODEL_MISSING, "model 'nope' not found", "ollama pull nope"},
        {404, "application/json", "{\"error\":\"model 'nope:latest' not found\"}", FAULT_MODEL_MISSING,
         NULL, "ollama pull nope"},
        {404, "application/json", "{\"error\":\"model \\\"nope\\\" not found, try pulling it first\"}",
         FAULT_MODEL_MISSING, NULL, "ollama pull nope"},
        {404, "application/json", "{\"error\":\"model \\\"nope\\\" not found\"}", FAULT_MODEL_MISSING,
         NULL, "ollama pull nope"},
        {0, "", "{\"error\":\"pull model manifest: file does not exist\"}", FAULT_MODEL_MISSING, NULL,
         "look the name up at https://ollama.com/library"},
        {500, "application/json", "{\"error\":\"blob \\\"sha256:00\\\" not found\"}", FAULT_SERVER, NULL,
         ""},
        {404, "", "", FAULT_NOT_OLLAMA, NULL, NULL},
        {404, "text/plain", "404 page not found", FAULT_NOT_OLLAMA, "404 page not found", NULL},
        {405, "text/plain", "405 method not allowed", FAULT_NOT_OLLAMA, NULL, NULL},
        {404, "application/json", "{\"detail\":\"Not Found\"}", FAULT_NOT_OLLAMA, "Not Found", NULL},
        // network of the server
        {0, "",
         "{\"error\":\"pull model manifest: Get \\\"https://registry.ollama.ai/v2/x\\\": dial tcp: "
         "lookup registry.ollama.ai: no such host\"}",
         FAULT_NETWORK_REMOTE, NULL, NULL},
        {502, "application/json", "{\"error\":\"bad gateway\"}", FAULT_NETWORK_REMOTE, NULL, NULL},
        {500, "application/json", "{\"error\":\"max retries exceeded: EOF\"}", FAULT_NETWORK_REMOTE, NULL,
         NULL},
        // capabilities
        {400, "application/json", "{\"error\":\"\\\"e\\\" does not support generate\"}", FAULT_CAPABILITY,
         NULL, NULL},
        {400, "application/json", "{\"error\":\"\\\"e\\\" does not support chat\"}", FAULT_CAPABILITY, NULL,
         NULL},
        {400, "application/json", "{\"error\":\"\\\"e\\\" does not support thinking\"}", FAULT_CAPABILITY,
         NULL, NULL},
        {400, "application/json",
         "{\"error\":\"registry.ollama.ai/library/e:latest does not support "
         "tools\\nregistry.ollama.ai/library/e:latest does not support insert\"}",
         FAULT_CAPABILITY,
         "registry.ollama.ai/library/e:latest does not support tools "
         "registry.ollama.ai/library/e:latest does not support insert",
         NULL},
        {400, "application/json",
         "{\"error\":\"image generation models are not currently supported\"}", FAULT_CAPABILITY, NULL,
         NULL},
        {501, "application/json",
         "{\"error\":\"{\\\"error\\\":{\\\"code\\\":501,\\\"message\\\":\\\"This server does not support "
         "embeddings. Start it with `--embeddings`\\\",\\\"type\\\":\\\"not_supported_error\\\"}}\"}",
         FAULT_CAPABILITY, "This server does not support embeddings. Start it with `--embeddings`", NULL},
        {500, "application/json",
         "{\"error\":\"{\\\"error\\\":{\\\"message\\\":\\\"Multimodal data provided, but model does not "
         "support multimodal requests.\\\"}}\"}",
         FAULT_CAPABILITY, NULL, NULL},
        // values
        {400, "application/json", "{\"error\":\"time: missing unit in duration \\\"5\\\"\"}", FAULT_SERVER,
         "time: missing unit in duration \"5\"", ""},
        {500, "application/json", "{\"error\":\"option \\\"num_ctx\\\" must be of type integer\"}",
         FAULT_SERVER, NULL, ""},
        // capacity, loading, runner
        {503, "application/json",
         "{\"error\":\"server busy, please try again.  maximum pending requests exceeded\"}", FAULT_BUSY,
         NULL, NULL},
        {503, "application/json", "{\"error\":\"Server overloaded, retry\"}", FAULT_BUSY, NULL, NULL},
        {500, "application/json",
         "{\"error\":\"model requires more system memory (5.0 GiB) than is available (1.0 GiB)\"}",
         FAULT_MEMORY, NULL, NULL},
        {500, "application/json",
         "{\"error\":\"llama-server process has terminated: exit status 1: error loading "
         "model:\\nfoo\\nbar\"}",
         FAULT_RUNNER,
         "llama-server process has terminated: exit status 1: error loading model: foo bar", NULL},
        {500, "application/json", "{\"error\":\"timed out waiting for llama-server to start - x\"}",
         FAULT_RUNNER, NULL, NULL},
        {500, "application/json", "{\"error\":\"llama-server binary not found (checked: x)\"}",
         FAULT_RUNNER, NULL, NULL},
        {500, "application/json", "{\"error\":\"error starting llama-server: x\"}", FAULT_RUNNER, NULL, NULL},
        {0, "",
         "{\"error\":\"an error was encountered while running the model: unexpected EOF\"}", FAULT_RUNNER,
         NULL, NULL},
        {500, "application/json",
         "{\"error\":\"model runner has unexpectedly stopped, this may be due to resource "
         "limitations\"}",
         FAULT_RUNNER, NULL, NULL},
        {0, "", "{\"error\":\"llama-server response stream event exceeded 8 MB limit\"}", FAULT_RUNNER, NULL,
         NULL},
        {500, "application/json", "{\"error\":\"the embedding contains NaN or Inf values\"}", FAULT_RUNNER,
         NULL, NULL},
        // context
        {400, "application/json",
         "{\"error\":\"the prompt is longer than the context length currently available to the "
         "model\"}",
         FAULT_CONTEXT, NULL, "set a larger num_ctx, or send less text"},
        {400, "application/json",
         "{\"error\":\"{\\\"error\\\":{\\\"code\\\":400,\\\"message\\\":\\\"request (3004 tokens) exceeds "
         "the available context size (512 tokens), try increasing "
         "it\\\",\\\"type\\\":\\\"exceed_context_size_error\\\",\\\"n_prompt_tokens\\\":3004,"
         "\\\"n_ctx\\\":512}}\"}",
         FAULT_CONTEXT,
         "request (3004 tokens) exceeds the available context size (512 tokens), try increasing it",
         "set num_ctx to 4096, or send less text"},
        {400, "application/json", "{\"error\":\"the input length exceeds the context length\"}",
         FAULT_CONTEXT, NULL, NULL},
        {400, "application/json",
         "{\"error\":\"input after truncation exceeds maximum context length\"}", FAULT_CONTEXT, NULL,
         NULL},
        // cloud
        {403, "application/json",
         "{\"error\":\"ollama cloud is disabled: remote model is unavailable\"}", FAULT_UNAUTHORIZED,
         NULL, "unset OLLAMA_NO_CLOUD on the server, or choose a local model"},
        {401, "application/json",
         "{\"error\":\"unauthorized\",\"signin_url\":\"https://ollama.com/connect?name=h&key=a\"}",
         FAULT_UNAUTHORIZED, "unauthorized",
         "ollama signin, or open https://ollama.com/connect?name=h&key=a"},
        {401, "application/json",
         "{\"error\":\"unauthorized\",\"signin_url\":\"https://evil.example/x\"}", FAULT_UNAUTHORIZED,
         NULL, "ollama signin"},
        {401, "", "", FAULT_UNAUTHORIZED, NULL, NULL},
        {401, "application/json", "{\"error\":\"you are not currently signed in\"}", FAULT_UNAUTHORIZED,
         NULL, NULL},
        {400, "application/json", "{\"error\":\"this server cannot run this remote model\"}",
         FAULT_CAPABILITY, NULL, NULL},
        {0, "", "{\"error\":\"unauthorized: access denied\"}", FAULT_UNAUTHORIZED, NULL, NULL},
        // pull
        {0, "",
         "{\"error\":\"pull model manifest: 412: \\nThe model you are attempting to pull requires a "
         "newer version\"}",
         FAULT_SERVER, NULL, "update Ollama: https://ollama.com/download"},
        {0, "",
         "{\"error\":\"digest mismatch, file must be downloaded again: want sha256:a, got sha256:b\"}",
         FAULT_SERVER, NULL, ""},
        // shapes
        {403, "", "", FAULT_FORBIDDEN_HOST, NULL, NULL},
        {403, "text/html", HTML, FAULT_UNAUTHORIZED, NULL, NULL},
        {301, "text/html", HTML, FAULT_NOT_OLLAMA, "the server answered with a redirect (301)", NULL},
        {307, "", "", FAULT_NOT_OLLAMA, "the server answered with a redirect (307)", NULL},
        {200, "text/html", HTML, FAULT_NOT_OLLAMA, "status 200 with text/html instead of JSON", NULL},
        {200, "text/plain", "Ollama is running", FAULT_NOT_OLLAMA, NULL, NULL},
        {500, "", "", FAULT_SERVER, "status 500 without a reason", ""},
        {502, "text/html", HTML, FAULT_NOT_OLLAMA, NULL, NULL},
        {503, "", "", FAULT_BUSY, NULL, NULL},
        {400, "application/json", "{\"error\":{\"message\":\"openai shape\",\"type\":\"x\"}}", FAULT_SERVER,
         "openai shape", ""},
        {400, "application/json", "{\"error\":null}", FAULT_SERVER, "status 400 without a reason", ""},
        {400, "application/json", "{\"error\":7}", FAULT_SERVER, NULL, ""},
        {400, "application/json", "{\"error\":", FAULT_NOT_OLLAMA, NULL, NULL},
        {400, "application/json", "[1]", FAULT_NOT_OLLAMA, NULL, NULL},
        {400, "application/json", "{\"error\":\"\\u001b[31mred\\u202e\"}", FAULT_SERVER,
         "\\x1b[31mred\\u{202e}", ""},
        {200, "application/json", "{\"status\":\"success\"}", FAULT_NONE, "", ""},
        {200, "", "", FAULT_NONE, "", ""},
        {0, "", "{\"done\":true}", FAULT_NONE, "", ""},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct remote_error error;
        remote_error_classify(&arena, ROWS[i].status, str_from(ROWS[i].type), str_from(ROWS[i].body),
                              STR("nope"), &error);
        if (error.fault != ROWS[i].fault) {
            print_error("%ld %s: fault %d\n", ROWS[i].status, ROWS[i].body, (int)error.fault);
        }
        CHECK(i, error.fault == ROWS[i].fault);
        CHECK(i, error.status == ROWS[i].status);
        CHECK(i, (error.fault == FAULT_NONE) == (error.message.n == 0));
        if (ROWS[i].message) {
            CHECK_STR(i, error.message, str_from(ROWS[i].message));
        }
        if (ROWS[i].remedy) {
            CHECK_STR(i, error.remedy, str_from(ROWS[i].remedy));
        }
    }
    // A name from a file never becomes part of a command unless it is a name.
    struct remote_error error;
    remote_error_classify(&arena, 404, STR("application/json"), STR("{\"error\":\"model not found\"}"),
                          STR("x; rm -rf ~"), &error);
    assert_int_equal(error.fault, FAULT_MODEL_MISSING);
    assert_int_equal(error.remedy.n, 0);
    // Long and deeply wrapped texts.
    static char body[100000];
    memset(body, 'a', sizeof(body));
    memcpy(body, "{\"error\":\"", 10);
    memcpy(body + sizeof(body) - 2, "\"}", 2);
    remote_error_classify(&arena, 500, STR(""), str_of(body, sizeof(body)), STR(""), &error);
    assert_int_equal(error.fault, FAULT_SERVER);
    assert_true(error.message.n < 1000);
    arena_finish(&arena);
}

// --- framing ---

static unsigned next_random(unsigned *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

// Any way of cutting the stream gives the same lines.
static void frames_in_any_chunks(void **state) {
    (void)state;
    static const char STREAM[] = "{\"a\":1}\n\n{\"b\":\"\xe2\x82\xac\"}\r\n   \n{\"c\":[1,2,3]}\nrest";
    static const char *const LINES[] = {"{\"a\":1}", "{\"b\":\"\xe2\x82\xac\"}", "{\"c\":[1,2,3]}"};
    unsigned seed = 42;
    for (int round = 0; round < 2000; round++) {
        struct ndjson framer;
        ndjson_init(&framer, 64);
        size_t at = 0;
        size_t found = 0;
        while (at < sizeof(STREAM) - 1) {
            size_t left = sizeof(STREAM) - 1 - at;
            size_t n = 1 + next_random(&seed) % (round % 3 ? 7 : left);
            n = n > left ? left : n;
            assert_int_equal(ndjson_feed(&framer, str_of(STREAM + at, n)), ERR_OK);
            at += n;
            struct str line;
            bool take_all = next_random(&seed) % 2;
            while ((take_all || at == sizeof(STREAM) - 1) && ndjson_next(&framer, &line)) {
                assert_true(found < 3);
                CHECK_STR(found, line, str_from(LINES[found]));
                found++;
            }
        }
        assert_int_equal(found, 3);
        CHECK_STR(0, ndjson_rest(&framer), STR("rest"));
        ndjson_finish(&framer);
    }
}

static void long_lines(void **state) {
    (void)state;
    char text[100];
    memset(text, 'x', sizeof(text));
    struct ndjson framer;
    struct str line;
    ndjson_init(&framer, 50);
    assert_int_equal(ndjson_feed(&framer, str_of(text, 50)), ERR_OK);
    assert_false(ndjson_next(&framer, &line));
    assert_int_equal(ndjson_feed(&framer, STR("y")), ERR_LIMIT);
    ndjson_finish(&framer);
    // Many short lines in one packet are no long line.
    for (size_t i = 9; i < sizeof(text); i += 10) {
        text[i] = '\n';
    }
    ndjson_init(&framer, 50);
    size_t lines = 0;
    for (int round = 0; round < 100; round++) {
        assert_int_equal(ndjson_feed(&framer, str_of(text, sizeof(text))), ERR_OK);
        while (ndjson_next(&framer, &line)) {
            assert_int_equal(line.n, 9);
            lines++;
        }
    }
    assert_int_equal(lines, 1000);
    assert_int_equal(ndjson_rest(&framer).n, 0);
    // A long line behind short ones is still one.
    memset(text + 20, 'z', 60);
    assert_int_equal(ndjson_feed(&framer, str_of(text, sizeof(text))), ERR_LIMIT);
    ndjson_finish(&framer);
}

// A line of megabytes in small pieces costs linear time.
static void long_line_in_pieces(void **state) {
    (void)state;
    struct ndjson framer;
    ndjson_init(&framer, 8u << 20);
    char piece[512];
    memset(piece, 'a', sizeof(piece));
    struct str line;
    for (size_t i = 0; i < (8u << 20) / sizeof(piece); i++) {
        assert_int_equal(ndjson_feed(&framer, str_of(piece, sizeof(piece))), ERR_OK);
        assert_false(ndjson_next(&framer, &line));
    }
    assert_int_equal(ndjson_feed(&framer, STR("\n")), ERR_OK);
    assert_true(ndjson_next(&framer, &line));
    assert_int_equal(line.n, 8u << 20);
    ndjson_finish(&framer);
}

// --- pull ---

static enum err feed(struct pull_progress *progress, const char *text, struct remote_error *error) {
    struct arena arena = {0};
    struct json_object *frame = NULL;
    assert_int_equal(json_parse(&arena, str_from(text), &frame, NULL), ERR_OK);
    enum err err = pull_progress_feed(progress, frame, &arena, error);
    json_object_put(frame);
    arena_finish(&arena);
    return err;
}

static void pulls(void **state) {
    (void)state;
    static const struct {
        const char *frame;
        int percent;
    } ROWS[] = {
        {"{\"status\":\"pulling manifest\"}", -1},
        {"{\"status\":\"pulling aa\",\"digest\":\"sha256:aa\",\"total\":900}", 0},
        {"{\"status\":\"pulling aa\",\"digest\":\"sha256:aa\",\"total\":900,\"completed\":450}", 50},
        {"{\"status\":\"pulling aa\",\"digest\":\"sha256:aa\",\"total\":900,\"completed\":300}", 50},
        {"{\"status\":\"pulling aa\",\"digest\":\"sha256:aa\",\"total\":900,\"completed\":900}", 99},
        {"{\"status\":\"pulling bb\",\"digest\":\"sha256:bb\",\"total\":100}", 99},
        {"{\"status\":\"pulling bb\",\"digest\":\"sha256:bb\",\"total\":100,\"completed\":5000}", 99},
        {"{\"status\":\"verifying sha256 digest\"}", 99},
        {"{\"status\":\"success\"}", 100},
    };
    struct pull_progress progress;
    pull_progress_init(&progress);
    struct remote_error error;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        CHECK(i, feed(&progress, ROWS[i].frame, &error) == ERR_OK);
        CHECK(i, pull_progress_percent(&progress) == ROWS[i].percent);
        CHECK(i, progress.success == (ROWS[i].percent == 100));
    }
    assert_int_equal(progress.total, 1000);
    assert_int_equal(progress.completed, 1000);
    assert_true(str_eq(progress.status, STR("success")));
    pull_progress_finish(&progress);
}

static void pull_errors(void **state) {
    (void)state;
    struct arena arena = {0};
    struct pull_progress progress;
    pull_progress_init(&progress);
    struct json_object *frame = NULL;
    assert_int_equal(json_parse(&arena, STR("{\"error\":\"pull model manifest: file does not exist\"}"),
                                &frame, NULL),
                     ERR_OK);
    struct remote_error error;
    assert_int_equal(pull_progress_feed(&progress, frame, &arena, &error), ERR_REMOTE);
    assert_int_equal(error.fault, FAULT_MODEL_MISSING);
    json_object_put(frame);
    pull_progress_finish(&progress);
    arena_finish(&arena);
}

// Whatever a server sends: the number stays between -1 and 100, never falls, and memory is bounded.
static void pull_never_falls(void **state) {
    (void)state;
    unsigned seed = 7;
    struct remote_error error;
    for (int round = 0; round < 20; round++) {
        struct pull_progress progress;
        pull_progress_init(&progress);
        int last = -1;
        for (int i = 0; i < 1500; i++) {
            char text[200];
            static const char *const SIZES[] = {"-5", "0", "10", "1e300", "9223372036854775807", "400"};
            snprintf(text, sizeof(text),
                     "{\"status\":\"s%u\",\"digest\":\"sha256:%u\",\"total\":%s,\"completed\":%s}",
                     next_random(&seed), next_random(&seed) % ((unsigned)round + 1) * 100 + (unsigned)i % 70,
                     SIZES[next_random(&seed) % 6], SIZES[next_random(&seed) % 6]);
            assert_int_equal(feed(&progress, text, &error), ERR_OK);
            int percent = pull_progress_percent(&progress);
            assert_true(percent >= last && percent <= 99);
            assert_true(progress.total >= 0 && progress.completed >= 0);
            assert_true(progress.completed <= progress.total);
            last = percent;
        }
        assert_true(progress.n_layers <= 1024);
        assert_true(progress.arena.used < 1u << 20);
        pull_progress_finish(&progress);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classifies),  cmocka_unit_test(frames_in_any_chunks),
        cmocka_unit_test(long_lines),  cmocka_unit_test(long_line_in_pieces),
        cmocka_unit_test(pulls),       cmocka_unit_test(pull_errors),
        cmocka_unit_test(pull_never_falls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
