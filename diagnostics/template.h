// SPDX-License-Identifier: MIT
//
// The TEMPLATE of a Modelfile: Go's text/template with Ollama's variables and functions. Says what
// the server refuses at create time (syntax, unknown functions and variables), what it refuses at
// request time (unknown fields of a message or tool), and what it silently prints as "<no value>".
// Pure; linear time, bounded depth. Sources: Go text/template/parse, ollama/ollama
// template/template.go (v0.33).
#pragma once

#include "base/arena.h"

struct template_problem {
    bool is_error;      // refused; else it prints <no value>
    size_t start, end;  // bytes of the template text
    struct str message; // one line
    struct str instead; // replaces [start, end) when not empty: the nearest name
};

// Problems in order of place; at most one syntax error, because Go stops there. Returns how many.
size_t template_check(struct arena *arena, struct str text, struct template_problem **out);

// For completion. Variables without their dot, functions, and the words that open or close actions.
struct template_word {
    struct str name;
    struct str about; // one sentence
};
size_t template_variables(const struct template_word **out);
size_t template_message_fields(const struct template_word **out);
size_t template_functions(const struct template_word **out);
size_t template_keywords(const struct template_word **out);
