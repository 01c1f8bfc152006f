// SPDX-License-Identifier: MIT
//
// A small checker for Go templates: one lexer, one recursive-descent parser that follows Go's own
// (text/template/parse) and, while it goes, the type of the dot as far as Ollama's data are known.
// Invariants: the first syntax error ends the check; unknown types (ANY) are never complained about;
// nesting is bounded by TEMPLATE_DEPTH, deeper templates are left unjudged.
#include "diagnostics/template.h"

#include "base/utf.h"
#include "base/vec.h"
#include "ollama/core/library.h"

#define TEMPLATE_DEPTH 64
#define TEMPLATE_PROBLEMS 100

enum token_kind {
    TOKEN_EOF,
    TOKEN_TEXT,
    TOKEN_LEFT,
    TOKEN_RIGHT,
    TOKEN_SPACE,
    TOKEN_WORD, // identifier, keyword, true, false, nil
    TOKEN_FIELD, // .X
    TOKEN_VARIABLE, // $ or $x
    TOKEN_DOT,
    TOKEN_NUMBER,
    TOKEN_STRING, // "…", `…`
    TOKEN_CHAR_CONSTANT,
    TOKEN_PIPE,
    TOKEN_ASSIGN,
    TOKEN_DECLARE,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_OTHER, // a character Go has no use for
};

struct token {
    enum token_kind kind;
    size_t start, end;
};

// What the dot or a variable holds.
enum type {
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
    enum type type;
};

struct checker {
    struct arena *arena;
    struct str text;
    size_t at;
    bool in_action;
    size_t action_start;
    size_t parens;
    struct token token; // the current one
    bool failed;
    unsigned depth;
    unsigned range_depth;
    enum type dot;
    VEC(struct variable_scope) variables;
    VEC(struct template_problem) problems;
};

static const struct template_word variables[] = {
    {STR_INIT("System"), STR_INIT("The system text.")},
    {STR_INIT("Prompt"), STR_INIT("The user's text (not with .Messages).")},
    {STR_INIT("Response"), STR_INIT("The assistant's text.")},
    {STR_INIT("Suffix"), STR_INIT("The text behind the cursor, for fill-in-the-middle.")},
    {STR_INIT("Messages"), STR_INIT("The list of messages.")},
    {STR_INIT("Tools"), STR_INIT("The list of tools the model may call.")},
    {STR_INIT("Think"), STR_INIT("Whether the model is asked to think.")},
    {STR_INIT("ThinkLevel"), STR_INIT("How much it is asked to think: low, medium, high, max.")},
    {STR_INIT("IsThinkSet"), STR_INIT("Whether the request says anything about thinking.")},
};

static const struct template_word message_fields[] = {
    {STR_INIT("Role"), STR_INIT("system, user, assistant or tool.")},
    {STR_INIT("Content"), STR_INIT("The text of the message.")},
    {STR_INIT("Thinking"), STR_INIT("What the model thought before it answered.")},
    {STR_INIT("Images"), STR_INIT("The images of the message.")},
    {STR_INIT("ToolCalls"), STR_INIT("The tool calls of an assistant's message.")},
    {STR_INIT("ToolName"), STR_INIT("The tool that a tool's message answers for.")},
    {STR_INIT("ToolCallID"), STR_INIT("The call that a tool's message answers.")},
};

static const struct template_word functions[] = {
    {STR_INIT("json"), STR_INIT("The argument as JSON.")},
    {STR_INIT("currentDate"), STR_INIT("Today as YYYY-MM-DD.")},
    {STR_INIT("yesterdayDate"), STR_INIT("Yesterday as YYYY-MM-DD.")},
    {STR_INIT("toTypeScriptType"), STR_INIT("A tool property's type in TypeScript's words.")},
    {STR_INIT("and"), STR_INIT("The first empty argument, or the last one.")},
    {STR_INIT("or"), STR_INIT("The first argument that is not empty, or the last one.")},
    {STR_INIT("not"), STR_INIT("True if the argument is empty.")},
    {STR_INIT("eq"), STR_INIT("True if the first argument equals any of the others.")},
    {STR_INIT("ne"), STR_INIT("True if the two arguments differ.")},
    {STR_INIT("lt"), STR_INIT("Less than.")},
    {STR_INIT("le"), STR_INIT("Less than or equal.")},
    {STR_INIT("gt"), STR_INIT("Greater than.")},
    {STR_INIT("ge"), STR_INIT("Greater than or equal.")},
    {STR_INIT("len"), STR_INIT("The length of the argument.")},
    {STR_INIT("index"), STR_INIT("The element of a list or map.")},
    {STR_INIT("slice"), STR_INIT("A part of a list or string.")},
    {STR_INIT("print"), STR_INIT("Go's fmt.Sprint.")},
    {STR_INIT("printf"), STR_INIT("Go's fmt.Sprintf.")},
    {STR_INIT("println"), STR_INIT("Go's fmt.Sprintln.")},
    {STR_INIT("html"), STR_INIT("The text escaped for HTML.")},
    {STR_INIT("js"), STR_INIT("The text escaped for JavaScript.")},
    {STR_INIT("urlquery"), STR_INIT("The text escaped for a URL query.")},
    {STR_INIT("call"), STR_INIT("Calls a function value.")},
};

static const struct template_word keywords[] = {
    {STR_INIT("if"), STR_INIT("What follows is printed if the value is not empty.")},
    {STR_INIT("else"), STR_INIT("The other branch of if, range or with.")},
    {STR_INIT("end"), STR_INIT("Ends if, range, with, define or block.")},
    {STR_INIT("range"), STR_INIT("Repeats what follows for each element; the dot is the element.")},
    {STR_INIT("with"), STR_INIT("The dot is the value, if it is not empty.")},
    {STR_INIT("break"), STR_INIT("Leaves the innermost range.")},
    {STR_INIT("continue"), STR_INIT("Goes on with the next element of the innermost range.")},
    {STR_INIT("define"), STR_INIT("Defines a named template.")},
    {STR_INIT("template"), STR_INIT("Prints a named template.")},
    {STR_INIT("block"), STR_INIT("Defines a named template and prints it.")},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

size_t template_variables(const struct template_word **out) {
    *out = variables;
    return COUNT(variables);
}

size_t template_message_fields(const struct template_word **out) {
    *out = message_fields;
    return COUNT(message_fields);
}

size_t template_functions(const struct template_word **out) {
    *out = functions;
    return COUNT(functions);
}

size_t template_keywords(const struct template_word **out) {
    *out = keywords;
    return COUNT(keywords);
}

// Fields of the types with a fixed set of them. ROOT and MESSAGE are checked against the tables above;
// here is what their fields hold.
static const struct {
    enum type of;
    struct str field;
    enum type type;
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

// --- problems ---

static struct template_problem *problem_add(struct checker *c, bool is_error, size_t start,
                                            size_t end) {
    if (c->problems.n >= TEMPLATE_PROBLEMS) {
        return NULL;
    }
    struct template_problem *problem = VEC_PUSH(c->arena, &c->problems);
    problem->is_error = is_error;
    problem->start = start;
    problem->end = end;
    return problem;
}

static struct str quoted(struct checker *c, size_t start, size_t end) {
    return display_escape(c->arena, str_slice(c->text, start, end), 60);
}

// A syntax error, in Go's words. Ends the check.
static void fail(struct checker *c, size_t start, size_t end, struct str message) {
    if (c->failed) {
        return;
    }
    c->failed = true;
    c->token.kind = TOKEN_EOF;
    struct template_problem *problem = problem_add(c, true, start, end);
    if (problem) {
        problem->message = arena_printf(c->arena, "Ollama refuses this template: %.*s",
                                        STR_ARG(message));
    }
}

static void fail_token(struct checker *c, struct token token, const char *context) {
    if (token.kind == TOKEN_EOF) {
        fail(c, c->action_start, c->text.n, STR("unexpected end of the template: {{ end }} is missing"));
        return;
    }
    fail(c, token.start, token.end,
         arena_printf(c->arena, "unexpected \"%.*s\" in %s",
                      STR_ARG(quoted(c, token.start, token.end)), context));
}

// --- the lexer ---

static char peek_char(const struct checker *c, size_t ahead) {
    return c->at + ahead < c->text.n ? c->text.p[c->at + ahead] : '\0';
}

static bool looking_at(const struct checker *c, size_t at, struct str what) {
    return str_starts(str_from_index(c->text, at), what);
}

static bool char_is_go_space(char ch) {
    return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n';
}

static bool char_is_word(char ch) {
    return char_is_alnum(ch) || ch == '_' || (unsigned char)ch >= 0x80;
}

static struct token token_make(struct checker *c, enum token_kind kind, size_t start) {
    return (struct token){kind, start, c->at};
}

static struct token lex_comment(struct checker *c, size_t start, size_t body) {
    size_t end = str_find(str_from_index(c->text, body + 2), STR("*/"));
    if (end == STR_NPOS) {
        fail(c, start, body + 2, STR("unclosed comment"));
        return token_make(c, TOKEN_EOF, start);
    }
    size_t at = body + 2 + end + 2;
    if (at + 1 < c->text.n && char_is_go_space(c->text.p[at]) && c->text.p[at + 1] == '-') {
        at += 2;
    }
    if (!looking_at(c, at, STR("}}"))) {
        fail(c, start, at, STR("comment ends before closing delimiter"));
        return token_make(c, TOKEN_EOF, start);
    }
    c->at = at + 2;
    return token_make(c, TOKEN_TEXT, start);
}

static struct token lex_text(struct checker *c) {
    size_t start = c->at;
    size_t found = str_find(str_from_index(c->text, start), STR("{{"));
    if (found == STR_NPOS) {
        c->at = c->text.n;
        return token_make(c, start < c->text.n ? TOKEN_TEXT : TOKEN_EOF, start);
    }
    if (found > 0) {
        c->at = start + found;
        return token_make(c, TOKEN_TEXT, start);
    }
    size_t body = start + 2;
    if (body + 1 < c->text.n && c->text.p[body] == '-' && char_is_go_space(c->text.p[body + 1])) {
        body += 2;
    }
    if (looking_at(c, body, STR("/*"))) {
        return lex_comment(c, start, body);
    }
    c->at = body;
    c->in_action = true;
    c->action_start = start;
    c->parens = 0;
    return token_make(c, TOKEN_LEFT, start);
}

static bool at_right(const struct checker *c, size_t *length) {
    if (looking_at(c, c->at, STR("}}"))) {
        *length = 2;
        return true;
    }
    if (c->at < c->text.n && char_is_go_space(c->text.p[c->at]) &&
        looking_at(c, c->at + 1, STR("-}}"))) {
        *length = 4;
        return true;
    }
    return false;
}

// Does a name end here as Go demands?
static bool at_terminator(const struct checker *c) {
    char ch = peek_char(c, 0);
    size_t length;
    return c->at >= c->text.n || char_is_go_space(ch) || ch == '.' || ch == ',' || ch == '|' ||
           ch == ':' || ch == ')' || ch == '(' || ch == '=' || at_right(c, &length);
}

static struct token lex_name(struct checker *c, enum token_kind kind, size_t start) {
    while (c->at < c->text.n && char_is_word(c->text.p[c->at])) {
        c->at++;
    }
    if (!at_terminator(c)) {
        fail(c, c->at, c->at + 1,
             arena_printf(c->arena, "bad character \"%.*s\"", STR_ARG(quoted(c, c->at, c->at + 1))));
    }
    return token_make(c, kind, start);
}

static struct token lex_quoted(struct checker *c, char quote, enum token_kind kind) {
    size_t start = c->at++;
    while (c->at < c->text.n) {
        char ch = c->text.p[c->at];
        if (ch == '\\' && quote != '`' && c->at + 1 < c->text.n && c->text.p[c->at + 1] != '\n') {
            c->at += 2;
            continue;
        }
        if (ch == quote) {
            c->at++;
            return token_make(c, kind, start);
        }
        if (ch == '\n' && quote != '`') {
            break;
        }
        c->at++;
    }
    fail(c, start, c->at,
         quote == '`'  ? STR("unterminated raw quoted string")
         : quote == '"' ? STR("unterminated quoted string")
                        : STR("unterminated character constant"));
    return token_make(c, TOKEN_EOF, start);
}

static struct token lex_number(struct checker *c) {
    size_t start = c->at;
    if (peek_char(c, 0) == '+' || peek_char(c, 0) == '-') {
        c->at++;
    }
    bool has_digit = false;
    while (c->at < c->text.n) {
        char ch = c->text.p[c->at];
        bool is_exponent = (ch == '+' || ch == '-') && c->at > start &&
                           strchr("eEpP", c->text.p[c->at - 1]) != NULL;
        if (!char_is_alnum(ch) && ch != '.' && ch != '_' && !is_exponent) {
            break;
        }
        has_digit = has_digit || char_is_digit(ch);
        c->at++;
    }
    if (!has_digit) {
        fail(c, start, c->at > start ? c->at : start + 1,
             arena_printf(c->arena, "bad number syntax: \"%.*s\"",
                          STR_ARG(quoted(c, start, c->at))));
    }
    return token_make(c, TOKEN_NUMBER, start);
}

static struct token lex_operator(struct checker *c, size_t start) {
    char ch = c->text.p[c->at++];
    switch (ch) {
    case '|':
        return token_make(c, TOKEN_PIPE, start);
    case '=':
        return token_make(c, TOKEN_ASSIGN, start);
    case ',':
        return token_make(c, TOKEN_COMMA, start);
    case '(':
        c->parens++;
        return token_make(c, TOKEN_OPEN, start);
    case ')':
        if (c->parens == 0) {
            fail(c, start, c->at, STR("unexpected right paren"));
        } else {
            c->parens--;
        }
        return token_make(c, TOKEN_CLOSE, start);
    case ':':
        if (peek_char(c, 0) != '=') {
            fail(c, start, c->at, STR("expected :="));
        }
        c->at++;
        return token_make(c, TOKEN_DECLARE, start);
    default:
        return token_make(c, TOKEN_OTHER, start);
    }
}

static struct token lex_action(struct checker *c) {
    size_t start = c->at;
    size_t length;
    if (at_right(c, &length)) {
        if (c->parens > 0) {
            fail(c, c->action_start, c->at, STR("unclosed left paren"));
        }
        c->at += length;
        c->in_action = false;
        return token_make(c, TOKEN_RIGHT, start);
    }
    if (c->at >= c->text.n) {
        fail(c, c->action_start, c->action_start + 2, STR("unclosed action"));
        return token_make(c, TOKEN_EOF, start);
    }
    char ch = c->text.p[c->at];
    if (char_is_go_space(ch)) {
        while (c->at < c->text.n && char_is_go_space(c->text.p[c->at]) && !at_right(c, &length)) {
            c->at++;
        }
        return token_make(c, TOKEN_SPACE, start);
    }
    if (ch == '"' || ch == '`') {
        return lex_quoted(c, ch, TOKEN_STRING);
    }
    if (ch == '\'') {
        return lex_quoted(c, ch, TOKEN_CHAR_CONSTANT);
    }
    if (ch == '$') {
        c->at++;
        return lex_name(c, TOKEN_VARIABLE, start);
    }
    if (ch == '.' && !char_is_digit(peek_char(c, 1))) {
        c->at++;
        return lex_name(c, char_is_word(peek_char(c, 0)) ? TOKEN_FIELD : TOKEN_DOT, start);
    }
    if (char_is_digit(ch) || ch == '+' || ch == '-' || ch == '.') {
        return lex_number(c);
    }
    if (char_is_word(ch)) {
        return lex_name(c, TOKEN_WORD, start);
    }
    return lex_operator(c, start);
}

static void advance(struct checker *c) {
    if (c->failed) {
        c->token.kind = TOKEN_EOF;
        return;
    }
    struct token token = c->in_action ? lex_action(c) : lex_text(c);
    if (!c->failed) {
        c->token = token;
    }
}

static void skip_space(struct checker *c) {
    while (c->token.kind == TOKEN_SPACE) {
        advance(c);
    }
}

static bool token_is_word(const struct checker *c, struct str word) {
    return c->token.kind == TOKEN_WORD &&
           str_eq(str_slice(c->text, c->token.start, c->token.end), word);
}

// --- types ---

static enum type element_of(enum type list) {
    switch (list) {
    case TYPE_MESSAGES:
        return TYPE_MESSAGE;
    case TYPE_CALLS:
        return TYPE_CALL;
    case TYPE_TOOLS:
        return TYPE_TOOL;
    default:
        return TYPE_ANY;
    }
}

static struct str nearest(struct checker *c, struct str name, const struct template_word *words,
                          size_t n) {
    struct str *names = ARENA_ARRAY(c->arena, n, struct str);
    for (size_t i = 0; i < n; i++) {
        names[i] = words[i].name;
    }
    size_t found = suggest_word(name, names, n);
    return found == STR_NPOS ? STR_NONE : names[found];
}

static bool is_one_of(struct str name, const struct template_word *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_eq(name, words[i].name)) {
            return true;
        }
    }
    return false;
}

static void complain_of_field(struct checker *c, enum type of, struct str name, size_t start,
                              size_t end) {
    bool is_root = of == TYPE_ROOT;
    struct template_problem *problem = problem_add(c, !is_root, start, end);
    if (!problem) {
        return;
    }
    struct str shown = display_escape(c->arena, name, 60);
    struct str near = STR_NONE;
    if (is_root) {
        near = nearest(c, name, variables, COUNT(variables));
    } else if (of == TYPE_MESSAGE) {
        near = nearest(c, name, message_fields, COUNT(message_fields));
    }
    if (near.n > 0) {
        problem->instead = near;
    }
    struct str hint = near.n > 0
                          ? arena_printf(c->arena, "; did you mean .%.*s?", STR_ARG(near))
                          : STR("");
    if (is_root) {
        problem->message = arena_printf(c->arena,
                                        "Ollama's templates have no variable .%.*s: it prints "
                                        "\"<no value>\"%.*s",
                                        STR_ARG(shown), STR_ARG(hint));
        return;
    }
    if (of == TYPE_MESSAGE && is_one_of(name, variables, COUNT(variables))) {
        hint = arena_printf(c->arena, "; write $.%.*s inside a range", STR_ARG(shown));
        problem->instead = STR_NONE;
    }
    problem->message =
        arena_printf(c->arena, "A %s has no field .%.*s: every request will fail%.*s",
                     of == TYPE_MESSAGE ? "message" : "tool", STR_ARG(shown), STR_ARG(hint));
}

// The type of `name` in a value of type `of`; [start, end) is the name without its dot.
static enum type field_of(struct checker *c, enum type of, size_t start, size_t end) {
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
        has_fields = !is_one_of(name, variables, COUNT(variables));
    } else if (of == TYPE_MESSAGE) {
        has_fields = !is_one_of(name, message_fields, COUNT(message_fields));
    }
    if (has_fields) {
        complain_of_field(c, of, name, start, end);
    }
    return TYPE_ANY;
}

static struct variable_scope *variable_get(struct checker *c, struct str name) {
    for (size_t i = c->variables.n; i > 0; i--) {
        if (str_eq(c->variables.at[i - 1].name, name)) {
            return &c->variables.at[i - 1];
        }
    }
    return NULL;
}

static void variable_add(struct checker *c, struct str name, enum type type) {
    struct variable_scope *variable = VEC_PUSH(c->arena, &c->variables);
    variable->name = name;
    variable->type = type;
}

// --- the parser ---

static enum type parse_pipeline(struct checker *c, const char *context, enum token_kind end,
                                bool is_range);

static void check_function(struct checker *c, struct token token) {
    struct str name = str_slice(c->text, token.start, token.end);
    if (is_one_of(name, functions, COUNT(functions))) {
        return;
    }
    struct str near = nearest(c, name, functions, COUNT(functions));
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
    return is_one_of(word, keywords, COUNT(keywords));
}

// One operand with the fields behind it. False: none here. `*function` is the token of a bare function.
static bool parse_operand(struct checker *c, enum type *type, struct str *function) {
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
            fail(c, token.start, token.end,
                 arena_printf(c->arena, "undefined variable \"%.*s\"",
                              STR_ARG(quoted(c, token.start, token.end))));
            return false;
        }
        *type = variable->type;
        advance(c);
        break;
    }
    case TOKEN_FIELD:
        *type = field_of(c, c->dot, token.start + 1, token.end);
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
    default:
        return false;
    }
    while (c->token.kind == TOKEN_FIELD && !c->failed) {
        if (!takes_field) {
            fail(c, c->token.start, c->token.end, STR("unexpected . after a constant or the dot"));
            return false;
        }
        *type = field_of(c, *type, c->token.start + 1, c->token.end);
        advance(c);
    }
    return !c->failed;
}

// The type of a call, as far as lists stay lists.
static enum type call_type(struct str function, enum type argument) {
    if (str_eq(function, STR("index"))) {
        return element_of(argument);
    }
    return str_eq(function, STR("slice")) ? argument : TYPE_ANY;
}

static enum type parse_command(struct checker *c) {
    enum type first = TYPE_ANY;
    enum type argument = TYPE_ANY;
    struct str function = STR_NONE;
    size_t n = 0;
    while (!c->failed) {
        skip_space(c);
        enum type type;
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
static size_t parse_declarations(struct checker *c, const char *context, bool is_range,
                                 struct str names[2]) {
    size_t n = 0;
    while (c->token.kind == TOKEN_VARIABLE && n < 2) {
        // Only := , = and the comma make it a declaration: look ahead and come back if there is none.
        struct checker saved = *c;
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
            fail(c, saved.token.start, saved.token.end,
                 arena_printf(c->arena, "undefined variable \"%.*s\"", STR_ARG(name)));
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

static enum type parse_pipeline(struct checker *c, const char *context, enum token_kind end,
                                bool is_range) {
    if (++c->depth > TEMPLATE_DEPTH) {
        c->failed = true; // too deep to judge: nothing is said
        c->token.kind = TOKEN_EOF;
    }
    skip_space(c);
    struct str names[2];
    size_t n_names = parse_declarations(c, context, is_range, names);
    enum type type = TYPE_ANY;
    size_t commands = 0;
    while (!c->failed) {
        skip_space(c);
        if (c->token.kind == end) {
            if (commands == 0) {
                fail(c, c->action_start, c->token.end,
                     arena_printf(c->arena, "missing value for %s", context));
            }
            break;
        }
        if (c->token.kind == TOKEN_RIGHT || c->token.kind == TOKEN_CLOSE ||
            c->token.kind == TOKEN_EOF) {
            fail_token(c, c->token, context);
            break;
        }
        enum type command = parse_command(c);
        type = commands == 0 ? command : TYPE_ANY;
        commands++;
    }
    for (size_t i = 0; i < n_names; i++) {
        enum type own = type;
        if (is_range) { // the last one is the element, an index or key in front of it
            own = i + 1 == n_names ? element_of(type) : TYPE_ANY;
        }
        variable_add(c, names[i], own);
    }
    c->depth--;
    return type;
}

enum list_end { LIST_EOF, LIST_END, LIST_ELSE };
static enum list_end parse_list(struct checker *c, bool is_top);

static void expect_right(struct checker *c, const char *context) {
    skip_space(c);
    if (c->token.kind != TOKEN_RIGHT && !c->failed) {
        fail_token(c, c->token, context);
    }
    advance(c);
}

static void fail_unclosed(struct checker *c, size_t start, struct str word) {
    fail(c, start, start + 2,
         arena_printf(c->arena, "unexpected EOF: {{ %.*s }} has no {{ end }}", STR_ARG(word)));
}

// if, range, with: the current token is behind the word.
static void parse_control(struct checker *c, struct str word, size_t start) {
    size_t n_variables = c->variables.n;
    enum type outer = c->dot;
    bool is_range = str_eq(word, STR("range"));
    bool is_if = str_eq(word, STR("if"));
    bool is_chained = false;
    if (++c->depth > TEMPLATE_DEPTH) {
        c->failed = true;
        c->token.kind = TOKEN_EOF;
    }
    do {
        is_chained = false;
        enum type type = parse_pipeline(c, is_if ? "if" : is_range ? "range" : "with", TOKEN_RIGHT,
                                        is_range);
        advance(c);
        if (!is_if) {
            c->dot = is_range ? element_of(type) : type;
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
                fail(c, c->action_start, c->token.end, STR("unexpected {{else}}"));
            }
        }
        if (end == LIST_EOF) {
            fail_unclosed(c, start, word);
        }
    } while (is_chained && !c->failed);
    c->variables.n = n_variables;
    c->depth--;
}

static void parse_name(struct checker *c, const char *context) {
    skip_space(c);
    if (c->token.kind != TOKEN_STRING) {
        fail_token(c, c->token, context);
        return;
    }
    advance(c);
    skip_space(c);
}

// define and block: a body of its own, whose data nobody knows.
static void parse_definition(struct checker *c, struct str word, size_t start) {
    bool is_block = str_eq(word, STR("block"));
    parse_name(c, is_block ? "block clause" : "define clause");
    if (is_block) {
        parse_pipeline(c, "block clause", TOKEN_RIGHT, false);
    }
    expect_right(c, "define clause");
    enum type outer = c->dot;
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
        fail(c, c->action_start, c->token.end, STR("unexpected {{else}} in define clause"));
    }
    c->depth--;
    c->variables.n = hidden;
    c->dot = outer;
}

// An action that begins with a keyword. False: it is none.
static bool parse_keyword(struct checker *c, struct str word, size_t start, bool is_top,
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

static enum list_end parse_list(struct checker *c, bool is_top) {
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
    struct checker c = {.arena = arena, .text = text, .dot = TYPE_ROOT};
    variable_add(&c, STR("$"), TYPE_ROOT);
    advance(&c);
    parse_list(&c, true);
    *out = c.problems.at;
    return c.problems.n;
}
