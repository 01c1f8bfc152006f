// SPDX-License-Identifier: MIT
//
// Inside diagnostics/ only: the state of one template_check, shared by its parser (template.c) and
// its knowledge of Ollama's data (template_types.c).
#pragma once

#include "base/vec.h"
#include "diagnostics/template.h"
#include "diagnostics/template_lex.h"

// What the dot or a variable holds.
enum template_type {
    TYPE_ANY,
    TYPE_ROOT,
    TYPE_MESSAGES,
    TYPE_MESSAGE,
    TYPE_CALLS,
    TYPE_CALL,
    TYPE_CALL_FUNCTION,
    TYPE_TOOLS,
    TYPE_TOOL,
    TYPE_TOOL_FUNCTION,
    TYPE_PARAMETERS,
};

struct variable_scope {
    struct str name;
    enum template_type type;
};

struct template_checker {
    struct arena *arena;
    struct str text;
    struct template_lexer lexer;
    struct token token; // the current one
    bool failed;
    unsigned depth;
    unsigned range_depth;
    enum template_type dot;
    VEC(struct variable_scope) variables;
    VEC(struct template_problem) problems;
};

// NULL when there are enough of them. The pointer is valid until the next call.
struct template_problem *template_problem_add(struct template_checker *checker, bool is_error,
                                              size_t start, size_t end);

typedef size_t (*template_table)(const struct template_word **out);
bool template_table_has(template_table table, struct str name);
// The nearest word, or empty.
struct str template_nearest(struct arena *arena, struct str name, template_table table);

// What the elements of a list are.
enum template_type template_element(enum template_type list);
// The type of the field [start, end) (without its dot) of a value of type `of`; complains if there
// is no such field.
enum template_type template_field(struct template_checker *checker, enum template_type of,
                                  size_t start, size_t end);
