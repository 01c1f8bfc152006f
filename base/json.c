// SPDX-License-Identifier: MIT
//
// json-c behind the guard. Nothing reaches json-c that json_check has not accepted; what json-c
// then refuses all the same is reported, never trusted away. Offsets in messages are those of the
// caller's text, also for relaxed texts: comments are blanked, not removed.
#include "base/json.h"

#include <math.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/utf.h"

enum {
    LARGE_TEXT = 1024 * 1024,
    MEMORY_PER_BYTE = 4, // a string while json-c's buffer grows, and its copy
};

// "line 3, column 7", both 1-based, columns in code points.
static struct str place(struct arena *arena, struct str text, size_t offset) {
    struct str before = str_slice(text, 0, offset);
    size_t line = 1;
    size_t at = str_find_char(before, '\n');
    while (at != STR_NPOS) {
        line++;
        before = str_from_index(before, at + 1);
        at = str_find_char(before, '\n');
    }
    return arena_printf(arena, "line %zu, column %zu", line, utf8_length(before) + 1);
}

static enum err refuse(struct arena *arena, struct str text, enum err err, size_t offset,
                       struct error *error) {
    struct str where = place(arena, text, offset);
    if (err == ERR_LIMIT) {
        return error_set(error, arena, err, "JSON deeper than %d or with over %d values at %.*s",
                         LIMIT_JSON_DEPTH, LIMIT_JSON_VALUES, STR_ARG(where));
    }
    const char *what = offset >= text.n ? "JSON ends too early" : "not valid JSON";
    return error_set(error, arena, err, "%s at %.*s", what, STR_ARG(where));
}

// json-c goes on without what it could not get, and yields another value: so for a text that needs
// much memory, the memory is asked for in advance. The process ends here when there is none.
static void require_memory(size_t n) {
    if (n > LARGE_TEXT) {
        void *p = mem_alloc(n * MEMORY_PER_BYTE);
        // Written to, so that no compiler leaves the allocation out.
        *(volatile char *)p = 1;
        free(p);
    }
}

enum err json_parse(struct arena *arena, struct str text, struct json_object **out,
                    struct error *error) {
    *out = NULL;
    size_t offset = 0;
    enum err err = json_check(text, &offset);
    if (err != ERR_OK) {
        return refuse(arena, text, err, offset, error);
    }
    if (text.n >= INT32_MAX) { // json-c counts in int
        return error_set(error, arena, ERR_LIMIT, "JSON text of %zu bytes is too long", text.n);
    }
    require_memory(text.n);
    struct json_tokener *tokener = json_tokener_new_ex(LIMIT_JSON_DEPTH + 2);
    if (!tokener) {
        return error_set(error, arena, ERR_LIMIT, "out of memory");
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *value = json_tokener_parse_ex(tokener, text.p, (int)text.n);
    enum json_tokener_error code = json_tokener_get_error(tokener);
    if (code == json_tokener_continue) {
        // A number at the end of the text could go on: a blank says that it does not.
        value = json_tokener_parse_ex(tokener, " ", 1);
        code = json_tokener_get_error(tokener);
    }
    if (code != json_tokener_success) {
        offset = json_tokener_get_parse_end(tokener);
        err = refuse(arena, text, ERR_INVALID, offset, error);
        json_object_put(value);
        value = NULL;
    }
    json_tokener_free(tokener);
    *out = value;
    return err;
}

// --- relaxed ---

static void blank(char *p, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        if (p[i] != '\n' && p[i] != '\r') {
            p[i] = ' ';
        }
    }
}

// The end of the comment that begins at `i`; `i` itself when none does. An unclosed block comment
// is none: its '/' then fails the check at the right place.
static size_t comment_end(struct str s, size_t i) {
    if (i + 1 >= s.n || s.p[i] != '/') {
        return i;
    }
    if (s.p[i + 1] == '/') {
        while (i < s.n && s.p[i] != '\n' && s.p[i] != '\r') {
            i++;
        }
        return i;
    }
    if (s.p[i + 1] == '*') {
        size_t close = str_find(str_from_index(s, i + 2), STR("*/"));
        return close == STR_NPOS ? i : i + 2 + close + 2;
    }
    return i;
}

static size_t string_end(struct str s, size_t i) {
    for (i++; i < s.n && s.p[i] != '"'; i++) {
        if (s.p[i] == '\\') {
            i++;
        }
    }
    return i < s.n ? i + 1 : s.n;
}

// Blanks comments and trailing commas in `p`, which has `n` bytes. A comma is trailing when a value
// stands before it and a closing bracket comes next: "[,]" stays an error.
static void relax(char *p, size_t n) {
    size_t comma = STR_NPOS; // a comma after a value, with nothing but blanks behind it so far
    char before = '\0';      // last significant byte
    for (size_t i = 0; i < n;) {
        struct str s = str_of(p, n);
        size_t end = comment_end(s, i);
        if (end > i) {
            blank(p, i, end);
            i = end;
            continue;
        }
        char c = p[i];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            i++;
            continue;
        }
        if ((c == ']' || c == '}') && comma != STR_NPOS) {
            p[comma] = ' ';
        }
        bool value_before = before != '\0' && !strchr(",:[{", before);
        comma = c == ',' && value_before ? i : STR_NPOS;
        before = c;
        i = c == '"' ? string_end(s, i) : i + 1;
    }
}

enum err json_parse_relaxed(struct arena *arena, struct str text, struct json_object **out,
                            struct error *error) {
    struct str copy = arena_copy(arena, text);
    char *p = (char *)copy.p; // our own copy
    size_t bom = str_starts(copy, STR("\xEF\xBB\xBF")) ? 3 : 0;
    relax(p + bom, copy.n - bom);
    return json_parse(arena, str_from_index(copy, bom), out, error);
}

// --- reading ---

bool json_is(struct json_object *value, enum json_type type) {
    return value && json_object_is_type(value, type);
}

struct json_object *json_get(struct json_object *object, const char *key) {
    struct json_object *value = NULL;
    if (!json_is(object, json_type_object) || !json_object_object_get_ex(object, key, &value)) {
        return NULL;
    }
    return value;
}

bool json_has(struct json_object *object, const char *key) {
    return json_is(object, json_type_object) && json_object_object_get_ex(object, key, NULL);
}

#define PATH_PART_MAX 128 // our own paths are short

struct json_object *json_path(struct json_object *object, const char *dotted) {
    struct str rest = str_from(dotted);
    while (object && rest.p) {
        struct str part = str_split(&rest, '.');
        char key[PATH_PART_MAX];
        if (part.n >= sizeof(key)) {
            return NULL;
        }
        memcpy(key, part.p, part.n);
        key[part.n] = '\0';
        object = json_get(object, key);
    }
    return object;
}

struct str json_str(struct json_object *value) {
    if (!json_is(value, json_type_string)) {
        return STR("");
    }
    return str_of(json_object_get_string(value), (size_t)json_object_get_string_len(value));
}

struct str json_get_str(struct json_object *object, const char *key) {
    return json_str(json_get(object, key));
}

bool json_get_bool(struct json_object *object, const char *key, bool fallback) {
    struct json_object *value = json_get(object, key);
    return json_is(value, json_type_boolean) ? json_object_get_boolean(value) : fallback;
}

int64_t json_get_int(struct json_object *object, const char *key, int64_t fallback) {
    struct json_object *value = json_get(object, key);
    if (json_is(value, json_type_int)) {
        return json_object_get_int64(value); // clamped by json-c
    }
    if (json_is(value, json_type_double)) { // 4096.0 and 1e3 are whole numbers too
        double number = json_object_get_double(value);
        if (number >= -9007199254740992.0 && number <= 9007199254740992.0 &&
            trunc(number) >= number && trunc(number) <= number) {
            return (int64_t)number;
        }
    }
    return fallback;
}

double json_get_double(struct json_object *object, const char *key, double fallback) {
    struct json_object *value = json_get(object, key);
    if (!json_is(value, json_type_int) && !json_is(value, json_type_double)) {
        return fallback;
    }
    double number = json_object_get_double(value);
    return isfinite(number) ? number : fallback; // 1e999 is JSON, and no number we can use
}

size_t json_count(struct json_object *array) {
    return json_is(array, json_type_array) ? json_object_array_length(array) : 0;
}

struct json_object *json_at(struct json_object *array, size_t i) {
    return i < json_count(array) ? json_object_array_get_idx(array, i) : NULL;
}

// --- building ---

// json-c says NULL when memory is out; so does json null: only the allocating calls pass here.
static struct json_object *made(struct json_object *value) {
    if (!value) {
        (void)mem_alloc(SIZE_MAX); // ends the process as every other lack of memory does
    }
    return value;
}

struct json_object *json_new_str(struct str s) {
    struct arena arena = {0};
    struct str clean = utf8_sanitize(&arena, s);
    int n = clean.n > INT32_MAX / 2 ? INT32_MAX / 2 : (int)clean.n;
    struct json_object *value = made(json_object_new_string_len(clean.p ? clean.p : "", n));
    arena_finish(&arena);
    return value;
}

void json_set(struct json_object *object, const char *key, struct json_object *value) {
    if (!json_is(object, json_type_object) || json_object_object_add(object, key, value) != 0) {
        json_object_put(value);
    }
}

void json_set_str(struct json_object *object, const char *key, struct str s) {
    json_set(object, key, json_new_str(s));
}

void json_set_int(struct json_object *object, const char *key, int64_t value) {
    json_set(object, key, made(json_object_new_int64(value)));
}

void json_set_bool(struct json_object *object, const char *key, bool value) {
    json_set(object, key, made(json_object_new_boolean(value)));
}

// JSON has no infinity and no NaN: they become null.
void json_set_double(struct json_object *object, const char *key, double value) {
    json_set(object, key, isfinite(value) ? made(json_object_new_double(value)) : NULL);
}

void json_add(struct json_object *array, struct json_object *value) {
    if (!json_is(array, json_type_array) || json_object_array_add(array, value) != 0) {
        json_object_put(value);
    }
}

struct str json_text(struct json_object *value) {
    size_t n = 0;
    const char *text = json_object_to_json_string_length(
        value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
    return value ? str_of(text, n) : STR("null");
}
