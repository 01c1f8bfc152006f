// SPDX-License-Identifier: MIT
//
// What a server of kind openai sends: events cut anywhere are those of one piece; chunks are read
// within bounds; every list of models makes a catalog or none; every error body is classified;
// every URL form is read.
//
// Input: HTTP status (2 bytes), limit of an event, then pieces: length (1 byte), bytes. A length of
// 255 takes all that is left.
#include "base/json.h"
#include "base/limits.h"
#include "base/utf.h"
#include "ollama/core/backend_url.h"
#include "ollama/core/openai.h"
#include "fuzz/fuzz.h"

struct seen {
    size_t n;
    size_t bytes;
    uint64_t hash;
};

static void take_object(struct arena *arena, struct json_object *object) {
    struct openai_chunk chunk;
    openai_chunk_read(object, &chunk);
    FUZZ_CHECK(utf8_is_valid(chunk.text) && utf8_is_valid(chunk.thinking));
    FUZZ_CHECK(chunk.metrics.tokens_in >= 0 && chunk.metrics.tokens_out >= 0 &&
               chunk.metrics.eval_us >= 0 && chunk.metrics.total_us >= 0);
    FUZZ_CHECK(!chunk.is_whole || chunk.is_last);
    FUZZ_CHECK(!chunk.is_hollow || (chunk.text.n == 0 && !chunk.is_last));
    struct openai_sources sources = {object, object, object, INSERT_NONE};
    enum err result = ERR_BUG;
    struct catalog *catalog = openai_catalog(STR("http://h:1"), STR("1"), &sources, &result);
    FUZZ_CHECK(result == (catalog ? ERR_OK : ERR_PROTOCOL));
    for (size_t i = 0; catalog && i < catalog->n_models && i < 100; i++) {
        const struct model *model = &catalog->models[i];
        FUZZ_CHECK(catalog_find_written(catalog, str_trim(model->name)) ||
                   str_trim(model->name).n != model->name.n);
        FUZZ_CHECK(model->context_length >= 0 && model->size >= 0 && !model_has(model, CAP_INSERT));
    }
    catalog_release(catalog);
    size_t n = json_count(json_get(object, "data"));
    float *rows = NULL;
    size_t width = 0;
    enum err read = openai_embeddings_read(arena, object, n, &rows, &width, NULL);
    FUZZ_CHECK(read == ERR_OK || read == ERR_PROTOCOL);
}

static void take_event(struct arena *arena, struct seen *seen, struct str data, size_t max) {
    FUZZ_CHECK(data.n <= max);
    seen->n++;
    seen->bytes += data.n;
    seen->hash = seen->hash * 31 + str_hash(data);
    struct json_object *object = NULL;
    if (json_parse(arena, data, &object, NULL) == ERR_OK) {
        take_object(arena, object);
    }
    json_object_put(object);
}

// All in one piece, or in the pieces that the input says.
static struct seen frame(struct fuzz_input input, size_t max, bool is_cut, bool *is_too_long) {
    struct sse framer;
    struct arena arena = {0};
    struct seen seen = {0};
    struct str data;
    struct buf all;
    sse_init(&framer, max);
    buf_init(&all, 1 << 20);
    while (input.rest.n > 0) {
        size_t n = fuzz_byte(&input);
        struct str piece = fuzz_bytes(&input, n == 255 ? input.rest.n : n);
        if (!is_cut) {
            buf_append(&all, piece);
            continue;
        }
        struct str exact = fuzz_exact(piece);
        sse_feed(&framer, exact);
        while (sse_next(&framer, &data)) {
            take_event(&arena, &seen, data, max);
        }
        free((char *)exact.p);
    }
    if (!is_cut) {
        sse_feed(&framer, buf_str(&all));
        while (sse_next(&framer, &data)) {
            take_event(&arena, &seen, data, max);
        }
    }
    if (sse_end(&framer, &data)) {
        take_event(&arena, &seen, data, max);
    }
    *is_too_long = framer.is_too_long;
    sse_finish(&framer);
    buf_finish(&all);
    arena_finish(&arena);
    return seen;
}

static void classify(struct str body, long status) {
    struct arena arena = {0};
    struct remote_error error;
    openai_error_classify(&arena, status, STR("application/json"), body, STR("m"), &error);
    FUZZ_CHECK(utf8_is_valid(error.message) && str_find_char(error.message, '\n') == STR_NPOS);
    FUZZ_CHECK(status < 300 || error.fault != FAULT_NONE);
    struct backend_url form;
    backend_url_parse(&arena, body, &form);
    FUZZ_CHECK(form.is_form ? form.in_process == (form.url.n == 0) : form.url.n == 0);
    arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input input = fuzz_input_of(data, size);
    if (size > 100000) {
        return 0;
    }
    long status = (long)fuzz_byte(&input) * 2 + 90 + fuzz_byte(&input) % 2;
    size_t max = 1 + (size_t)fuzz_byte(&input) * 8;
    classify(input.rest, status);
    bool cut_long = false;
    bool long_at_once = false;
    struct seen cut = frame(input, max, true, &cut_long);
    struct seen whole = frame(input, max, false, &long_at_once);
    FUZZ_CHECK(cut_long == long_at_once);
    FUZZ_CHECK(cut.n == whole.n && cut.bytes == whole.bytes && cut.hash == whole.hash);
    return 0;
}
