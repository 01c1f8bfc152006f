// SPDX-License-Identifier: MIT
//
// Ollama's own environment variables and Modelfile parameters as tables, with checks of their
// values. Sources: ollama/ollama envconfig/config.go, api/types.go (v0.33).
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum value_type {
    VALUE_BOOL, // strconv.ParseBool words; any other text counts as true in Ollama
    VALUE_UINT,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_DURATION, // Go duration or seconds
    VALUE_LIST,     // comma separated
    VALUE_LEVEL,    // bool or integer
    VALUE_HOST,
    VALUE_DIRECTORY,
    VALUE_WORD, // one of `words`, or free if none
    VALUE_STRING,
};

struct variable {
    struct str name; // "OLLAMA_KEEP_ALIVE"
    enum value_type type;
    struct str default_;     // as text for people
    struct str about;        // one sentence
    const struct str *words; // VALUE_WORD
    size_t n_words;
    bool obsolete;      // read by no current release
    struct str since;   // for obsolete ones: the releases that read it
    struct str instead; // what to use instead, or empty
};

size_t variable_count(void);
const struct variable *variable_at(size_t i);
const struct variable *variable_find(struct str name); // exact; or NULL

// Is `value` what the type takes? If not, `*fix` (may be NULL) gets a certain rewriting ("yes" ->
// "true", "5 m" -> "5m") or stays empty. Empty values are always fine (= unset).
bool value_check(struct arena *arena, enum value_type type, const struct str *words, size_t n_words,
                 struct str value, struct str *fix);
// Is it a duration as Go writes one ("5m", "1h30m", "-1s", "0")? That is what requests take; a bare
// number of seconds, which Ollama's variables take too, is none.
bool duration_is_valid(struct str s);
// "a whole number", "true or false", "a duration such as 5m or 300 (seconds)".
const char *value_type_text(enum value_type type);

struct parameter {
    struct str name;      // "num_ctx"
    enum value_type type; // INT, FLOAT, BOOL, STRING
    struct str default_;
    struct str range; // for people: "0–1"
    struct str about;
    bool deprecated; // Ollama warns and drops it
    bool reload;     // changing it reloads the model
};

size_t parameter_count(void);
const struct parameter *parameter_at(size_t i);
const struct parameter *parameter_find(struct str name); // case-sensitive as in Ollama; or NULL
// Ollama's own verdict on the value (Go's strconv): true if accepted.
bool parameter_value_ok(const struct parameter *parameter, struct str value);
