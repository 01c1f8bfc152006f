// SPDX-License-Identifier: MIT
//
// Cuts Go templates into tokens, with Go's own errors. One pass, no recursion; the first error ends
// it.
#include "diagnostics/template_lex.h"

#include "base/utf.h"

static struct str quoted(struct template_lexer *c, size_t start, size_t end) {
    return display_escape(c->arena, str_slice(c->text, start, end), 60);
}

static void fail(struct template_lexer *c, size_t start, size_t end, struct str message) {
    if (!c->failed) {
        c->failed = true;
        c->error_start = start;
        c->error_end = end;
        c->error = message;
    }
}

static char peek_char(const struct template_lexer *c, size_t ahead) {
    return c->at + ahead < c->text.n ? c->text.p[c->at + ahead] : '\0';
}

static bool looking_at(const struct template_lexer *c, size_t at, struct str what) {
    return str_starts(str_from_index(c->text, at), what);
}

static bool char_is_go_space(char ch) {
    return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n';
}

static bool char_is_word(char ch) {
    return char_is_alnum(ch) || ch == '_' || (unsigned char)ch >= 0x80;
}

static struct token token_make(struct template_lexer *c, enum token_kind kind, size_t start) {
    return (struct token){kind, start, c->at};
}

static struct token lex_comment(struct template_lexer *c, size_t start, size_t body) {
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

static struct token lex_text(struct template_lexer *c) {
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

static bool at_right(const struct template_lexer *c, size_t *length) {
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
static bool at_terminator(const struct template_lexer *c) {
    char ch = peek_char(c, 0);
    size_t length;
    return c->at >= c->text.n || char_is_go_space(ch) || ch == '.' || ch == ',' || ch == '|' ||
           ch == ':' || ch == ')' || ch == '(' || ch == '=' || at_right(c, &length);
}

static struct token lex_name(struct template_lexer *c, enum token_kind kind, size_t start) {
    while (c->at < c->text.n && char_is_word(c->text.p[c->at])) {
        c->at++;
    }
    if (!at_terminator(c)) {
        fail(
            c, c->at, c->at + 1,
            arena_printf(c->arena, "bad character \"%.*s\"", STR_ARG(quoted(c, c->at, c->at + 1))));
    }
    return token_make(c, kind, start);
}

static struct token lex_quoted(struct template_lexer *c, char quote, enum token_kind kind) {
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
         quote == '`'   ? STR("unterminated raw quoted string")
         : quote == '"' ? STR("unterminated quoted string")
                        : STR("unterminated character constant"));
    return token_make(c, TOKEN_EOF, start);
}

static struct token lex_number(struct template_lexer *c) {
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

static struct token lex_operator(struct template_lexer *c, size_t start) {
    char ch = c->text.p[c->at++];
    switch (ch) {
    case '|': return token_make(c, TOKEN_PIPE, start);
    case '=': return token_make(c, TOKEN_ASSIGN, start);
    case ',': return token_make(c, TOKEN_COMMA, start);
    case '(': c->parens++; return token_make(c, TOKEN_OPEN, start);
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
    default: return token_make(c, TOKEN_OTHER, start);
    }
}

static struct token lex_action(struct template_lexer *c) {
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

struct token template_lexer_next(struct template_lexer *c) {
    struct token token = {.kind = TOKEN_EOF, .start = c->at, .end = c->at};
    if (!c->failed) {
        token = c->in_action ? lex_action(c) : lex_text(c);
    }
    if (c->failed) {
        token.kind = TOKEN_EOF;
    }
    return token;
}
