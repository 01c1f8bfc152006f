// SPDX-License-Identifier: MIT
//
// What Ollama puts into a template: which variables there are, what they hold, and what fields that
// has. Types that are not known (ANY) are never complained about.
#include "diagnostics/template_check.h"

#include "base/utf.h"
#include "ollama/core/library.h"

#define TEMPLATE_PROBLEMS 100

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// Fields of the types with a fixed set of them. ROOT and MESSAGE are checked against the tables
// above; here is what their fields hold.
static const struct {
    enum template_type of;
    struct str field;
    enum template_type type;
} fields[] = {
    {TYPE_ROOT, STR_INIT("Messages"), TYPE_MESSAGES},
    {TYPE_ROOT, STR_INIT("Tools"), TYPE_TOOLS},
    {TYPE_MESSAGE, STR_INIT("ToolCalls"), TYPE_CALLS},
    {TYPE_CALL, STR_INIT("ID"), TYPE_ANY},
    {TYPE_CALL, STR_INIT("Function"), TYPE_CALL_FUNCTION},
    {TYPE_CALL_FUNCTION, STR_INIT("Name"), TYPE_ANY},
    {TYPE_CALL_FUNCTION, STR_INIT("Arguments"), TYPE_ANY},
    {TYPE_CALL_FUNCTION, STR_INIT("Index"), TYPE_ANY},
    {TYPE_TOOL, STR_INIT("Type"), TYPE_ANY},
    {TYPE_TOOL, STR_INIT("Items"), TYPE_ANY},
    {TYPE_TOOL, STR_INIT("Function"), TYPE_TOOL_FUNCTION},
    {TYPE_TOOL_FUNCTION, STR_INIT("Name"), TYPE_ANY},
    {TYPE_TOOL_FUNCTION, STR_INIT("Description"), TYPE_ANY},
    {TYPE_TOOL_FUNCTION, STR_INIT("Parameters"), TYPE_PARAMETERS},
    {TYPE_PARAMETERS, STR_INIT("Type"), TYPE_ANY},
    {TYPE_PARAMETERS, STR_INIT("Defs"), TYPE_ANY},
    {TYPE_PARAMETERS, STR_INIT("Items"), TYPE_ANY},
    {TYPE_PARAMETERS, STR_INIT("Required"), TYPE_ANY},
    {TYPE_PARAMETERS, STR_INIT("Properties"), TYPE_ANY},
};

struct template_problem *template_problem_add(struct template_checker *c, bool is_error,
                                              size_t start, size_t end) {
    if (c->problems.n >= TEMPLATE_PROBLEMS) {
        return NULL;
    }
    struct template_problem *problem = VEC_PUSH(c->arena, &c->problems);
    problem->is_error = is_error;
    problem->start = start;
    problem->end = end;
    return problem;
}

enum template_type template_element(enum template_type list) {
    switch (list) {
    case TYPE_MESSAGES: return TYPE_MESSAGE;
    case TYPE_CALLS: return TYPE_CALL;
    case TYPE_TOOLS: return TYPE_TOOL;
    default: return TYPE_ANY;
    }
}

struct str template_nearest(struct arena *arena, struct str name, template_table table) {
    const struct template_word *words;
    size_t n = table(&words);
    struct str *names = ARENA_ARRAY(arena, n, struct str);
    for (size_t i = 0; i < n; i++) {
        names[i] = words[i].name;
    }
    size_t found = suggest_word(name, names, n);
    return found == STR_NPOS ? STR_NONE : names[found];
}

bool template_table_has(template_table table, struct str name) {
    const struct template_word *words;
    size_t n = table(&words);
    for (size_t i = 0; i < n; i++) {
        if (str_eq(name, words[i].name)) {
            return true;
        }
    }
    return false;
}

static void complain_of_field(struct template_checker *c, enum template_type of, struct str name,
                              size_t start, size_t end) {
    bool is_root = of == TYPE_ROOT;
    struct template_problem *problem = template_problem_add(c, !is_root, start, end);
    if (!problem) {
        return;
    }
    struct str shown = display_escape(c->arena, name, 60);
    struct str near = STR_NONE;
    if (is_root) {
        near = template_nearest(c->arena, name, template_variables);
    } else if (of == TYPE_MESSAGE) {
        near = template_nearest(c->arena, name, template_message_fields);
    }
    if (near.n > 0) {
        problem->instead = near;
    }
    struct str hint =
        near.n > 0 ? arena_printf(c->arena, "; did you mean .%.*s?", STR_ARG(near)) : STR("");
    if (is_root) {
        problem->message = arena_printf(c->arena,
                                        "Ollama's templates have no variable .%.*s: it prints "
                                        "\"<no value>\"%.*s",
                                        STR_ARG(shown), STR_ARG(hint));
        return;
    }
    if (of == TYPE_MESSAGE && template_table_has(template_variables, name)) {
        hint = arena_printf(c->arena, "; write $.%.*s inside a range", STR_ARG(shown));
        problem->instead = STR_NONE;
    }
    problem->message =
        arena_printf(c->arena, "A %s has no field .%.*s: every request will fail%.*s",
                     of == TYPE_MESSAGE ? "message" : "tool", STR_ARG(shown), STR_ARG(hint));
}

// The type of `name` in a value of type `of`; [start, end) is the name without its dot.
enum template_type template_field(struct template_checker *c, enum template_type of, size_t start,
                                  size_t end) {
    struct str name = str_slice(c->text, start, end);
    bool has_fields = false;
    for (size_t i = 0; i < COUNT(fields); i++) {
        if (fields[i].of == of) {
            has_fields = true;
            if (str_eq(fields[i].field, name)) {
                return fields[i].type;
            }
        }
    }
    if (of == TYPE_ROOT) {
        has_fields = !template_table_has(template_variables, name);
    } else if (of == TYPE_MESSAGE) {
        has_fields = !template_table_has(template_message_fields, name);
    }
    if (has_fields) {
        complain_of_field(c, of, name, start, end);
    }
    return TYPE_ANY;
}
