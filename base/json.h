// SPDX-License-Identifier: MIT
//
// json-c behind a guard. json-c 0.16 accepts texts that are not JSON, frees deep values recursively
// and stops at depth 32; so every JSON text from outside passes json_check first: RFC 8259 exactly,
// depth and UTF-8 checked. Of duplicate keys the last one wins (json-c's rule). Lone surrogate
// escapes become U+FFFD.
#pragma once

#include <json-c/json.h>

#include "base/arena.h"
#include "base/err.h"

// ERR_OK, ERR_INVALID or ERR_LIMIT (over LIMIT_JSON_DEPTH or LIMIT_JSON_VALUES). `*offset` (may be
// NULL) is the byte at which it broke. A leading UTF-8 BOM is refused, as in JSONTestSuite's
// must-reject set.
enum err json_check(struct str text, size_t *offset);

// json_check, then json-c. Returns owned (json_object_put) in *out; NULL stands for the JSON value
// null, with ERR_OK. The error's message names line and column.
enum err json_parse(struct arena *arena, struct str text, struct json_object **out,
                    struct error *error);

// As json_parse for JSON with // and /* */ comments and trailing commas (settings files). A leading
// BOM is skipped.
enum err json_parse_relaxed(struct arena *arena, struct str text, struct json_object **out,
                            struct error *error);

// --- reading: all accept NULL and values of another type, yielding the fallback ---
struct json_object *json_get(struct json_object *object, const char *key); // borrowed, or NULL
bool json_has(struct json_object *object, const char *key); // present, even if null
struct json_object *json_path(struct json_object *object, const char *dotted); // "a.b.c"; borrowed
bool json_is(struct json_object *value, enum json_type type);
struct str json_str(struct json_object *value); // borrowed from value; empty if not a string
struct str json_get_str(struct json_object *object, const char *key);
bool json_get_bool(struct json_object *object, const char *key, bool fallback);
int64_t json_get_int(struct json_object *object, const char *key, int64_t fallback);
double json_get_double(struct json_object *object, const char *key, double fallback);
size_t json_count(struct json_object *array); // 0 if not an array
struct json_object *json_at(struct json_object *array, size_t i); // borrowed, or NULL

// --- building: `value` is taken by the container; nothing is returned ---
struct json_object *json_new_str(struct str s); // invalid UTF-8 is replaced by U+FFFD
void json_set(struct json_object *object, const char *key, struct json_object *value);
void json_set_str(struct json_object *object, const char *key, struct str s);
void json_set_int(struct json_object *object, const char *key, int64_t value);
void json_set_bool(struct json_object *object, const char *key, bool value);
void json_set_double(struct json_object *object, const char *key, double value);
void json_add(struct json_object *array, struct json_object *value);

// Compact text, slashes not escaped; borrowed from `value` until it changes or dies.
struct str json_text(struct json_object *value);
