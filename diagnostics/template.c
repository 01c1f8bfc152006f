// SPDX-License-Identifier: MIT
//
// A small checker for Go templates: one lexer, one recursive-descent parser that follows Go's own
// (text/template/parse) and, while it goes, the type of the dot as far as Ollama's data are known.
// Invariants: the first syntax error ends the check; unknown types (ANY) are never complained
// about; nesting is bounded by TEMPLATE_DEPTH, deeper templates are left unjudged.
#include "diagnostics/template_check.h"

#include "base/utf.h"

#define TEMPLATE_DEPTH 64

// --- problems ---

static struct str quoted(struct template_checker *c, size_t start, size_t end) {
    return display_escape(c->arena, str_slice(c->text, start, end), 60);
}

// A syntax error, in Go's words. Ends the check.
static void fail(struct template_checker *c, size_t start, size_t end, struct str message) {
    if (c->failed) {
        return;
    }
    c->failed = true;
    c->token.kind = TOKEN_EOF;
    struct template_problem *problem = template_problem_add(c, true, start, end);
    if (problem) {
        problem->message =
            arena_printf(c->arena, "Ollama refuses this template: %.*s", STR_ARG(message));
    }
}

static void fail_token(struct template_checker *c, struct token token, const char *context) {
    if (token.kind == TOKEN_EOF) {
        fail(c, c->lexer.action_start, c->text.n,
             STR("unexpected end of the template: {{ end }} is missing"));
        return;
    }
    fail(c, token.start, token.end,
         arena_printf(c->arena, "unexpected \"%.*s\" in %s",
                      STR_ARG(quoted(c, token.start, token.end)), context));
}

static void fail_undefined(struct template_checker *c, struct token variable) {
    fail(c, variable.start, variable.end,
         arena_printf(c->arena, "undefined variable \"%.*s\"",
                      STR_ARG(quoted(c, variable.start, variable.end))));
}

static void advance(struct template_checker *c) {
    if (c->failed) {
        c->token.kind = TOKEN_EOF;
        return;
    }
    struct token token = template_lexer_next(&c->lexer);
    if (c->lexer.failed) {
        fail(c, c->lexer.error_start, c->lexer.error_end, c->lexer.error);
    } else {
        c->token = token;
    }
}

static void skip_space(struct template_checker *c) {
    while (c->token.kind == TOKEN_SPACE) {
        advance(c);
    }
}

static bool token_is_word(const struct template_checker *c, struct str word) {
    return c->token.kind == TOKEN_WORD &&
           str_eq(str_slice(c->text, c->token.start, c->token.end), word);
}

static struct variable_scope *variable_get(struct template_checker *c, struct str name) {
    for (size_t i = c->variables.n; i > 0; i--) {
        if (str_eq(c->variables.at[i - 1].name, name)) {
            return &c->variables.at[i - 1];
        }
    }
    return NULL;
}

static void variable_add(struct template_checker *c, struct str name, enum template_type type) {
    struct variable_scope *variable = VEC_PUSH(c->arena, &c->variables);
    variable->name = name;
    variable->type = type;
}

// --- the parser ---

static enum template_type parse_pipeline(struct template_checker *c, const char *context,
                                         enum token_kind end, bool is_range);

static void check_function(struct template_checker *c, struct token token) {
    struct str name = str_slice(c->text, token.start, token.end);
    if (template_table_has(template_functions, name)) {
        return;
    }
    struct str near = template_nearest(c->arena, name, template_functions);
    fail(c, token.start, token.end,
         arena_printf(c->arena, "function \"%.*s\" not defined%s%.*s%s",
                      STR_ARG(quoted(c, token.start, token.end)),
                      near.n > 0 ? "; did you mean " : "", STR_ARG(near), near.n > 0 ? "?" : ""));
    if (c->problems.n > 0) {
        c->problems.at[c->problems.n - 1].instead = near;
    }
}

static bool word_is_constant(struct str word) {
    return str_eq(word, STR("true")) || str_eq(word, STR("false")) || str_eq(word, STR("nil"));
}

static bool word_is_keyword(struct str word) {
    return template_table_has(template_keywords, word);
}

// One operand with the fields behind it. False: none here. `*function` is the token of a bare
// function.
static bool parse_operand(struct template_checker *c, enum template_type *type,
                          struct str *function) {
    struct token token = c->token;
    struct str word = str_slice(c->text, token.start, token.end);
    bool takes_field = true;
    *type = TYPE_ANY;
    switch (token.kind) {
    case TOKEN_WORD:
        if (word_is_keyword(word)) {
            return false;
        }
        takes_field = !word_is_constant(word);
        if (takes_field) {
            check_function(c, token);
            *function = word;
        }
        advance(c);
        break;
    case TOKEN_DOT:
        *type = c->dot;
        takes_field = false;
        advance(c);
        break;
    case TOKEN_VARIABLE: {
        struct variable_scope *variable = variable_get(c, word);
        if (!variable) {
            fail_undefined(c, token);
            return false;
        }
        *type = variable->type;
        advance(c);
        break;
    }
    case TOKEN_FIELD:
        *type = template_field(c, c->dot, token.start + 1, token.end);
        advance(c);
        break;
    case TOKEN_NUMBER:
    case TOKEN_STRING:
    case TOKEN_CHAR_CONSTANT:
        takes_field = false;
        advance(c);
        break;
    case TOKEN_OPEN:
        advance(c);
        *type = parse_pipeline(c, "parenthesized pipeline", TOKEN_CLOSE, false);
        advance(c);
        break;
    default: return false;
    }
    while (c->token.kind == TOKEN_FIELD && !c->failed) {
        if (!takes_field) {
            fail(c, c->token.start, c->token.end, STR("unexpected . after a constant or the dot"));
            return false;
        }
        *type = template_field(c, *type, c->token.start + 1, c->token.end);
        advance(c);
    }
    return !c->failed;
}

// The type of a call, as far as lists stay lists.
static enum template_type call_type(struct str function, enum template_type argument) {
    if (str_eq(function, STR("index"))) {
        return template_element(argument);
    }
    return str_eq(function, STR("slice")) ? argument : TYPE_ANY;
}

static enum template_type parse_command(struct template_checker *c) {
    enum template_type first = TYPE_ANY;
    enum template_type argument = TYPE_ANY;
    struct str function = STR_NONE;
    size_t n = 0;
    while (!c->failed) {
        skip_space(c);
        enum template_type type;
        struct str ignored = STR_NONE;
        if (parse_operand(c, &type, n == 0 ? &function : &ignored)) {
            if (n == 0) {
                first = type;
            } else if (n == 1) {
                argument = type;
            }
            n++;
        }
        if (c->failed || c->token.kind != TOKEN_SPACE) {
            break;
        }
        skip_space(c);
        if (c->token.kind == TOKEN_RIGHT || c->token.kind == TOKEN_CLOSE ||
            c->token.kind == TOKEN_PIPE) {
            break;
        }
    }
    if (c->failed) {
        return TYPE_ANY;
    }
    if (c->token.kind == TOKEN_PIPE) {
        advance(c);
        skip_space(c);
        if (c->token.kind == TOKEN_RIGHT || c->token.kind == TOKEN_CLOSE) {
            fail(c, c->token.start, c->token.end, STR("missing value for command"));
        }
    } else if (c->token.kind != TOKEN_RIGHT && c->token.kind != TOKEN_CLOSE) {
        fail_token(c, c->token, "operand");
    } else if (n == 0) {
        fail(c, c->token.start, c->token.end, STR("empty command"));
    }
    if (function.n > 0) {
        return n > 1 ? call_type(function, argument) : TYPE_ANY;
    }
    return n == 1 ? first : TYPE_ANY;
}

// Variables in front of := or =: remembered in names[], declared once the value's type is known.
static size_t parse_declarations(struct template_checker *c, const char *context, bool is_range,
                                 struct str names[2]) {
    size_t n = 0;
    while (c->token.kind == TOKEN_VARIABLE && n < 2) {
        // Only := , = and the comma make it a declaration: look ahead and come back if there is
        // none.
        struct template_checker saved = *c;
        struct str name = str_slice(c->text, c->token.start, c->token.end);
        advance(c);
        skip_space(c);
        enum token_kind kind = c->token.kind;
        if (kind != TOKEN_DECLARE && kind != TOKEN_ASSIGN && kind != TOKEN_COMMA) {
            if (!c->failed) {
                *c = saved;
            }
            break;
        }
        if (kind == TOKEN_ASSIGN && !variable_get(c, name)) {
            fail_undefined(c, saved.token);
        }
        names[n++] = name;
        if (kind == TOKEN_COMMA && (!is_range || n == 2)) {
            fail(c, c->token.start, c->token.end,
                 arena_printf(c->arena, "too many declarations in %s", context));
        }
        advance(c);
        skip_space(c);
        if (kind != TOKEN_COMMA) {
            break;
        }
    }
    return n;
}

static enum template_type parse_pipeline(struct template_checker *c, const char *context,
                                         enum token_kind end, bool is_range) {
    if (++c->depth > TEMPLATE_DEPTH) {
        c->failed = true; // too deep to judge: nothing is said
        c->token.kind = TOKEN_EOF;
    }
    skip_space(c);
    struct str names[2];
    size_t n_names = parse_declarations(c, context, is_range, names);
    enum template_type type = TYPE_ANY;
    size_t commands = 0;
    while (!c->failed) {
        skip_space(c);
        if (c->token.kind == end) {
            if (commands == 0) {
                fail(c, c->lexer.action_start, c->token.end,
                     arena_printf(c->arena, "missing value for %s", context));
            }
            break;
        }
        if (c->token.kind == TOKEN_RIGHT || c->token.kind == TOKEN_CLOSE ||
            c->token.kind == TOKEN_EOF) {
            fail_token(c, c->token, context);
            break;
        }
        enum template_type command = parse_command(c);
        type = commands == 0 ? command : TYPE_ANY;
        commands++;
    }
    for (size_t i = 0; i < n_names; i++) {
        enum template_type own = type;
        if (is_range) { // the last one is the element, an index or key in front of it
            own = i + 1 == n_names ? template_element(type) : TYPE_ANY;
        }
        variable_add(c, names[i], own);
    }
    c->depth--;
    return type;
}

enum list_end { LIST_EOF, LIST_END, LIST_ELSE };
static enum list_end parse_list(struct template_checker *c, bool is_top);

static void expect_right(struct template_checker *c, const char *context) {
    skip_space(c);
    if (c->token.kind != TOKEN_RIGHT && !c->failed) {
        fail_token(c, c->token, context);
    }
    advance(c);
}

static void fail_unclosed(struct template_checker *c, size_t start, struct str word) {
    fail(c, start, start + 2,
         arena_printf(c->arena, "unexpected EOF: {{ %.*s }} has no {{ end }}", STR_ARG(word)));
}

// if, range, with: the current token is behind the word.
static void parse_control(struct template_checker *c, struct str word, size_t start) {
    size_t n_variables = c->variables.n;
    enum template_type outer = c->dot;
    bool is_range = str_eq(word, STR("range"));
    bool is_if = str_eq(word, STR("if"));
    bool is_chained = false;
    if (++c->depth > TEMPLATE_DEPTH) {
        c->failed = true;
        c->token.kind = TOKEN_EOF;
    }
    do {
        is_chained = false;
        enum template_type type = parse_pipeline(c,
                                                 is_if      ? "if"
                                                 : is_range ? "range"
                                                            : "with",
                                                 TOKEN_RIGHT, is_range);
        advance(c);
        if (!is_if) {
            c->dot = is_range ? template_element(type) : type;
        }
        c->range_depth += is_range;
        enum list_end end = parse_list(c, false);
        c->range_depth -= is_range;
        c->dot = outer;
        if (end == LIST_ELSE) { // behind the word else
            skip_space(c);
            if (!is_range && (token_is_word(c, STR("if")) || token_is_word(c, STR("with")))) {
                is_if = token_is_word(c, STR("if"));
                is_chained = true;
                advance(c);
                continue;
            }
            expect_right(c, "else");
            end = parse_list(c, false);
            if (end == LIST_ELSE) {
                fail(c, c->lexer.action_start, c->token.end, STR("unexpected {{else}}"));
            }
        }
        if (end == LIST_EOF) {
            fail_unclosed(c, start, word);
        }
    } while (is_chained && !c->failed);
    c->variables.n = n_variables;
    c->depth--;
}

static void parse_name(struct template_checker *c, const char *context) {
    skip_space(c);
    if (c->token.kind != TOKEN_STRING) {
        fail_token(c, c->token, context);
        return;
    }
    advance(c);
    skip_space(c);
}

// define and block: a body of its own, whose data nobody knows.
static void parse_definition(struct template_checker *c, struct str word, size_t start) {
    bool is_block = str_eq(word, STR("block"));
    parse_name(c, is_block ? "block clause" : "define clause");
    if (is_block) {
        parse_pipeline(c, "block clause", TOKEN_RIGHT, false);
    }
    expect_right(c, "define clause");
    enum template_type outer = c->dot;
    size_t hidden = c->variables.n;
    variable_add(c, STR("$"), TYPE_ANY);
    c->dot = TYPE_ANY;
    c->depth++;
    enum list_end end = c->depth > TEMPLATE_DEPTH ? LIST_END : parse_list(c, false);
    if (c->depth > TEMPLATE_DEPTH) {
        c->failed = true;
    }
    if (end == LIST_EOF) {
        fail_unclosed(c, start, word);
    } else if (end == LIST_ELSE) {
        fail(c, c->lexer.action_start, c->token.end, STR("unexpected {{else}} in define clause"));
    }
    c->depth--;
    c->variables.n = hidden;
    c->dot = outer;
}

// An action that begins with a keyword. False: it is none.
static bool parse_keyword(struct template_checker *c, struct str word, size_t start, bool is_top,
                          enum list_end *end) {
    if (str_eq(word, STR("end")) || str_eq(word, STR("else"))) {
        bool is_end = str_eq(word, STR("end"));
        if (is_top) {
            fail(c, start, c->token.end,
                 is_end ? STR("unexpected {{end}}") : STR("unexpected {{else}}"));
        }
        advance(c);
        if (is_end) {
            expect_right(c, "end");
        }
        *end = is_end ? LIST_END : LIST_ELSE;
        return true;
    }
    *end = LIST_EOF;
    if (str_eq(word, STR("if")) || str_eq(word, STR("range")) || str_eq(word, STR("with"))) {
        advance(c);
        parse_control(c, word, start);
    } else if (str_eq(word, STR("block")) || (str_eq(word, STR("define")) && is_top)) {
        advance(c);
        parse_definition(c, word, start);
    } else if (str_eq(word, STR("template"))) {
        advance(c);
        parse_name(c, "template clause");
        if (c->token.kind != TOKEN_RIGHT) {
            parse_pipeline(c, "template clause", TOKEN_RIGHT, false);
        }
        advance(c);
    } else if (str_eq(word, STR("break")) || str_eq(word, STR("continue"))) {
        if (c->range_depth == 0) {
            fail(c, start, c->token.end,
                 arena_printf(c->arena, "{{%.*s}} outside {{range}}", STR_ARG(word)));
        }
        advance(c);
        expect_right(c, "break or continue");
    } else {
        return false;
    }
    return true;
}

static enum list_end parse_list(struct template_checker *c, bool is_top) {
    while (!c->failed) {
        if (c->token.kind == TOKEN_EOF) {
            return LIST_EOF;
        }
        if (c->token.kind != TOKEN_LEFT) {
            advance(c);
            continue;
        }
        size_t start = c->token.start;
        advance(c);
        skip_space(c);
        enum list_end end;
        struct str word = str_slice(c->text, c->token.start, c->token.end);
        if (c->token.kind == TOKEN_WORD && parse_keyword(c, word, start, is_top, &end)) {
            if (end != LIST_EOF) {
                return end;
            }
            continue;
        }
        parse_pipeline(c, "command", TOKEN_RIGHT, false);
        advance(c);
    }
    return LIST_END;
}

size_t template_check(struct arena *arena, struct str text, struct template_problem **out) {
    struct template_checker c = {
        .arena = arena, .text = text, .lexer = {.arena = arena, .text = text}, .dot = TYPE_ROOT};
    variable_add(&c, STR("$"), TYPE_ROOT);
    advance(&c);
    parse_list(&c, true);
    *out = c.problems.at;
    return c.problems.n;
}
