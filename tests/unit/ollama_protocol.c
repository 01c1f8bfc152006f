// SPDX-License-Identifier: MIT
//
// Framing in any chunks, the meaning of every error shape, and pull progress.
#include "ollama_rows.h"

#include "ollama/core/protocol.h"

static const char *const FAULTS[] = {
    "none",         "model missing",  "invalid name", "capability",     "context", "memory", "busy",
    "unauthorized", "forbidden host", "not ollama",   "network remote", "runner",  "server",
};

static void check_error(struct arena *arena, const struct str cells[MAX_CELLS], size_t line) {
    int64_t status = -1;
    assert_true(str_to_int64(cells[0], &status));
    struct remote_error error;
    remote_error_classify(arena, (long)status, cells[1], cells[2], STR("nope"), &error);
    CHECK_STR(line, str_from(FAULTS[error.fault]), cells[3]);
    CHECK(line, error.status == status);
    CHECK(line, (error.fault == FAULT_NONE) == (error.message.n == 0));
    if (!str_eq(cells[4], STR("*"))) {
        CHECK_STR(line, error.message, cells[4]);
    }
    if (!str_eq(cells[5], STR("*"))) {
        CHECK_STR(line, error.remedy, cells[5]);
    }
}

static void errors_of_record(void **state) {
    (void)state;
    assert_true(each_row("remote-errors.tsv", check_error) > 70);
}

static void hostile_errors(void **state) {
    (void)state;
    struct arena arena = {0};
    // A name from a file never becomes part of a command unless it is a name.
    struct remote_error error;
    remote_error_classify(&arena, 404, STR(""), STR("{\"error\":\"model not found\"}"),
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
    static const char STREAM[] =
        "{\"a\":1}\n\n{\"b\":\"\xe2\x82\xac\"}\r\n   \n{\"c\":[1,2,3]}\nrest";
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
        {"{\"status\":\"p\",\"digest\":\"sha256:aa\",\"total\":900}", 0},
        {"{\"status\":\"p\",\"digest\":\"sha256:aa\",\"total\":900,\"completed\":450}", 50},
        {"{\"status\":\"p\",\"digest\":\"sha256:aa\",\"total\":900,\"completed\":300}", 50},
        {"{\"status\":\"p\",\"digest\":\"sha256:aa\",\"total\":900,\"completed\":900}", 99},
        {"{\"status\":\"p\",\"digest\":\"sha256:bb\",\"total\":100}", 99},
        {"{\"status\":\"p\",\"digest\":\"sha256:bb\",\"total\":100,\"completed\":5000}", 99},
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
    struct str text = STR("{\"error\":\"pull model manifest: file does not exist\"}");
    assert_int_equal(json_parse(&arena, text, &frame, NULL), ERR_OK);
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
    struct arena arena = {0};
    for (int round = 0; round < 20; round++) {
        struct pull_progress progress;
        pull_progress_init(&progress);
        int last = -1;
        for (int i = 0; i < 1500; i++) {
            char text[200];
            static const char *const SIZES[] = {"-5", "0", "10", "1e300", "9223372036854775807",
                                                "400"};
            unsigned layer = next_random(&seed) % ((unsigned)round + 1) * 100 + (unsigned)i % 70;
            snprintf(text, sizeof(text),
                     "{\"status\":\"s%u\",\"digest\":\"sha256:%u\",\"total\":%s,\"completed\":%s}",
                     next_random(&seed), layer, SIZES[next_random(&seed) % 6],
                     SIZES[next_random(&seed) % 6]);
            assert_int_equal(feed(&progress, text, &error), ERR_OK);
            int percent = pull_progress_percent(&progress);
            assert_true(percent >= last && percent <= 99);
            assert_true(progress.total >= 0 && progress.completed >= 0);
            assert_true(progress.completed <= progress.total);
            assert_true(pull_progress_text(&arena, &progress, 1 + i / 3).n < 100);
            last = percent;
        }
        assert_true(progress.n_layers <= 1024);
        assert_true(progress.arena.used < 1u << 20);
        pull_progress_finish(&progress);
        arena_reset(&arena);
    }
    arena_finish(&arena);
}

static void pull_texts(void **state) {
    (void)state;
    struct remote_error error;
    struct arena arena = {0};
    struct pull_progress progress;
    pull_progress_init(&progress);
    assert_true(str_is_empty(pull_progress_text(&arena, &progress, 5)));
    static const struct {
        int64_t ms;
        const char *completed;
        const char *text;
    } ROWS[] = {
        {1000, "0", "0 B of 4.0 GB"},
        {1500, "500000000", "500 MB of 4.0 GB"}, // there already: no speed yet
        {3500, "1500000000", "1.5 GB of 4.0 GB, 500 MB/s, 0m05s left"},
        {5500, "4000000000", "4.0 GB of 4.0 GB"},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        char frame[200];
        snprintf(frame, sizeof(frame),
                 "{\"digest\":\"sha256:1\",\"total\":4000000000,\"completed\":%s}",
                 ROWS[i].completed);
        assert_int_equal(feed(&progress, frame, &error), ERR_OK);
        struct str text = pull_progress_text(&arena, &progress, ROWS[i].ms);
        assert_string_equal(arena_cstr(&arena, text), ROWS[i].text);
    }
    pull_progress_finish(&progress);
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_of_record),     cmocka_unit_test(hostile_errors),
        cmocka_unit_test(frames_in_any_chunks), cmocka_unit_test(long_lines),
        cmocka_unit_test(long_line_in_pieces),  cmocka_unit_test(pulls),
        cmocka_unit_test(pull_errors),          cmocka_unit_test(pull_never_falls),
        cmocka_unit_test(pull_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
