// SPDX-License-Identifier: MIT
//
// The guard in front of json-c: what it lets through json-c must read to the end and write again as
// JSON; what it lets through strictly must be let through relaxed, with the same value. Seeds: the
// JSONTestSuite vectors, wire messages, settings.
#include "base/json.h"
#include "base/limits.h"
#include "base/utf.h"
#include "fuzz/fuzz.h"

static struct json_object *parse_both(struct arena *arena, struct str text, enum err *strict) {
    struct json_object *object = NULL;
    struct error error = {0};
    *strict = json_parse(arena, text, &object, &error);
    size_t offset = SIZE_MAX;
    FUZZ_CHECK(json_check(text, &offset) == *strict);
    FUZZ_CHECK(*strict == ERR_OK || (offset <= text.n && error.message.n > 0 && !object));
    struct json_object *relaxed = NULL;
    enum err result = json_parse_relaxed(arena, text, &relaxed, &error);
    FUZZ_CHECK(*strict != ERR_OK || result == ERR_OK);
    FUZZ_CHECK(result == ERR_OK || !relaxed);
    if (*strict == ERR_OK) {
        FUZZ_CHECK(json_object_equal(object, relaxed));
        json_object_put(relaxed);
        return object;
    }
    return relaxed;
}

// Written and read again it is the same, and still passes the guard.
static void check_round_trip(struct arena *arena, struct json_object *object) {
    struct str text = object ? json_text(object) : STR("null");
    FUZZ_CHECK(utf8_is_valid(text));
    struct json_object *again = NULL;
    enum err result = json_parse(arena, text, &again, NULL);
    FUZZ_CHECK(result == ERR_OK);
    struct str second = again ? json_text(again) : STR("null");
    FUZZ_CHECK(str_eq(text, second));
    json_object_put(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    arena_init(&arena);
    struct str text = fuzz_exact(str_of((const char *)data, size));
    enum err strict;
    struct json_object *object = parse_both(&arena, text, &strict);
    check_round_trip(&arena, object);
    FUZZ_CHECK(strict != ERR_OK || utf8_is_valid(text));
    // Readers take any type.
    (void)json_get_int(object, "id", -1);
    (void)json_get_str(object, "method");
    (void)json_path(object, "params.textDocument.uri");
    (void)json_get_double(json_at(object, 0), "a", 0);
    json_object_put(object);
    free((char *)text.p);
    arena_finish(&arena);
    return 0;
}
