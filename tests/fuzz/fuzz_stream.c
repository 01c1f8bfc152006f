// SPDX-License-Identifier: MIT
//
// What a model server sends: NDJSON cut anywhere gives the lines that it gives in one piece; the
// sums of a pull never run backwards or over; frames of generating calls are read within bounds;
// every error body is classified.
//
// Input: HTTP status (2 bytes), content type, limit of a line, then pieces: length (1 byte), bytes.
// A length of 255 takes all that is left.
#include "base/json.h"
#include "base/limits.h"
#include "base/utf.h"
#include "ollama/core/generation.h"
#include "ollama/core/protocol.h"
#include "fuzz/fuzz.h"

struct sink {
    struct pull_progress progress;
    struct arena arena;
    int percent;
};

// The same object as a frame of a generating call, and as an answer with vectors.
static void take_frame(struct arena *arena, struct json_object *object) {
    struct generation_frame frame;
    generation_frame_read(object, &frame);
    const struct generation_metrics *told = &frame.metrics;
    FUZZ_CHECK(frame.reason <= DONE_UNLOAD && (frame.done || frame.reason == DONE_STOP));
    FUZZ_CHECK(told->tokens_in >= 0 && told->tokens_out >= 0 && told->total_us >= 0 &&
               told->load_us >= 0 && told->prompt_us >= 0 && told->eval_us >= 0);
    FUZZ_CHECK(utf8_is_valid(frame.text) && utf8_is_valid(frame.thinking));
    size_t n = json_count(json_get(object, "embeddings"));
    float *rows = NULL;
    size_t width = 0;
    if (generation_embeddings_read(arena, object, n, &rows, &width, NULL) == ERR_OK) {
        for (size_t i = 0; i < n * width; i++) {
            FUZZ_CHECK(rows[i] >= -3.40001e38f && rows[i] <= 3.40001e38f);
        }
    }
    FUZZ_CHECK(generation_embeddings_read(arena, object, n + 1, &rows, &width, NULL) != ERR_OK);
}

static void take_line(struct sink *sink, struct str line) {
    FUZZ_CHECK(line.n > 0 && str_find_char(line, '\n') == STR_NPOS);
    struct json_object *frame = NULL;
    if (json_parse(&sink->arena, line, &frame, NULL) == ERR_OK) {
        take_frame(&sink->arena, frame);
        struct remote_error error = {0};
        enum err result = pull_progress_feed(&sink->progress, frame, &sink->arena, &error);
        FUZZ_CHECK(result == ERR_OK || result == ERR_REMOTE || result == ERR_PROTOCOL ||
                   result == ERR_LIMIT);
        FUZZ_CHECK(result != ERR_REMOTE || error.fault != FAULT_NONE);
        int percent = pull_progress_percent(&sink->progress);
        FUZZ_CHECK(percent >= -1 && percent <= 100 && percent >= sink->percent);
        FUZZ_CHECK(sink->progress.completed >= 0 &&
                   sink->progress.completed <= sink->progress.total);
        sink->percent = percent;
    }
    json_object_put(frame);
}

// The same bytes in one piece must have given the same lines.
static void check_lines(struct str all, size_t n_lines, size_t n_bytes) {
    size_t lines = 0;
    size_t bytes = 0;
    while (all.n > 0) {
        size_t end = str_find_char(all, '\n');
        if (end == STR_NPOS) {
            break;
        }
        struct str line = str_trim(str_slice(all, 0, end));
        lines += line.n > 0;
        bytes += line.n;
        all = str_from_index(all, end + 1);
    }
    FUZZ_CHECK(lines == n_lines && bytes == n_bytes);
}

static void classify(struct fuzz_input input, long status, unsigned type) {
    static const struct str TYPES[] = {STR_INIT("application/json; charset=utf-8"),
                                       STR_INIT("application/x-ndjson"), STR_INIT("text/plain"),
                                       STR_INIT("text/html"), STR_INIT("")};
    struct arena arena;
    arena_init(&arena);
    struct remote_error error = {0};
    struct str body = fuzz_exact(input.rest);
    remote_error_classify(&arena, status, TYPES[type % 5], body, STR("llama3.2:3b"), &error);
    FUZZ_CHECK(error.fault <= FAULT_SERVER && error.status == status);
    FUZZ_CHECK(utf8_is_valid(error.message));
    for (size_t i = 0; i < error.message.n;) {
        FUZZ_CHECK(!char_is_unsafe(utf8_next(error.message, &i)));
    }
    free((char *)body.p);
    arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input input = fuzz_input_of(data, size);
    long status = fuzz_byte(&input) * 256 + fuzz_byte(&input);
    classify(input, status, fuzz_byte(&input));
    size_t max = 16u + (size_t)fuzz_byte(&input) * 64;

    struct str all = fuzz_exact(input.rest);
    size_t n_all = 0;
    struct ndjson framer;
    ndjson_init(&framer, max);
    struct sink sink = {.percent = -1};
    arena_init(&sink.arena);
    pull_progress_init(&sink.progress);
    size_t n_lines = 0;
    size_t n_bytes = 0;
    bool is_over = false;
    while (input.rest.n > 0 && !is_over) {
        unsigned length = fuzz_byte(&input);
        struct str piece = fuzz_exact(fuzz_bytes(&input, length == 255 ? SIZE_MAX : length));
        memcpy((char *)all.p + n_all, piece.p, piece.n);
        n_all += piece.n;
        is_over = ndjson_feed(&framer, piece) != ERR_OK;
        free((char *)piece.p);
        struct str line;
        while (ndjson_next(&framer, &line)) {
            FUZZ_CHECK(line.n <= max);
            n_lines++;
            n_bytes += line.n;
            take_line(&sink, line);
        }
    }
    if (!is_over) {
        check_lines(str_of(all.p, n_all), n_lines, n_bytes);
        (void)ndjson_rest(&framer);
    }
    ndjson_finish(&framer);
    pull_progress_finish(&sink.progress);
    arena_finish(&sink.arena);
    free((char *)all.p);
    return 0;
}
