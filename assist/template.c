// SPDX-License-Identifier: MIT
//
// A lexer, and readers of what it yields. Invariant: every byte of a template is in exactly one
// token or in the line end that a lone mark takes along, in order; so reading ends, and what is no
// tag is text.
#include "assist/template.h"

#include "base/utf.h"

enum { TAG_MAX = 80 }; // bytes looked at for the end of a tag

enum token_kind {
    TOKEN_END,
    TOKEN_TEXT,
    TOKEN_VALUE, // {{name}}
    TOKEN_OPEN,  // {{#name}}
    TOKEN_NONE,  // {{^name}}
    TOKEN_CLOSE, // {{/name}}
    TOKEN_BAD,   // {{ that begins no tag; its text is the two bytes
};

struct token {
    enum token_kind kind;
    struct str text; // of TEXT and BAD; else the name
    size_t at;
};

struct lexer {
    struct str template;
    size_t at;
};

static bool starts_at(struct str s, size_t i, struct str part) {
    return str_starts(str_from_index(s, i), part);
}

// The tag whose {{ stands at lexer->at; moves behind it.
static struct token read_tag(struct lexer *lexer) {
    struct token token = {TOKEN_BAD, str_slice(lexer->template, lexer->at, lexer->at + 2),
                          lexer->at};
    struct str inner = str_slice(lexer->template, lexer->at + 2, lexer->at + 2 + TAG_MAX);
    size_t end = str_find(inner, STR("}}"));
    if (end == STR_NPOS) {
        lexer->at += 2;
        return token;
    }
    lexer->at += 2 + end + 2;
    inner = str_trim(str_slice(inner, 0, end));
    char sign = inner.n > 0 ? inner.p[0] : '\0';
    token.kind = sign == '#'   ? TOKEN_OPEN
                 : sign == '^' ? TOKEN_NONE
                 : sign == '/' ? TOKEN_CLOSE
                               : TOKEN_VALUE;
    token.text = str_trim(str_from_index(inner, token.kind == TOKEN_VALUE ? 0 : 1));
    return token;
}

// Is a tag from `start` to `end` alone on its line? Then *after is where the next line begins.
static bool is_alone(struct str template, size_t start, size_t end, size_t *after) {
    while (start > 0 && char_is_blank(template.p[start - 1])) {
        start--;
    }
    while (end < template.n && char_is_blank(template.p[end])) {
        end++;
    }
    bool is_line_end = end == template.n || template.p[end] == '\n' || template.p[end] == '\r';
    if ((start > 0 && template.p[start - 1] != '\n') || !is_line_end) {
        return false;
    }
    end += end + 1 < template.n && template.p[end] == '\r' && template.p[end + 1] == '\n';
    *after = end < template.n ? end + 1 : end;
    return true;
}

// Text up to the next {{; without the blanks before a mark that is alone on its line.
static struct token read_text(struct lexer *lexer) {
    struct str template = lexer->template;
    size_t start = lexer->at;
    size_t found = str_find(str_from_index(template, start), STR("{{"));
    size_t end = found == STR_NPOS ? template.n : start + found;
    bool is_escaped = end > start && end < template.n && template.p[end - 1] == '\\';
    lexer->at = end;
    if (is_escaped) {
        end--; // the next token is the escaped {{: see next_token
        lexer->at = end;
    } else if (end < template.n) {
        struct lexer ahead = *lexer;
        size_t after;
        if (read_tag(&ahead).kind >= TOKEN_OPEN && is_alone(template, end, ahead.at, &after)) {
            while (end > start && char_is_blank(template.p[end - 1])) {
                end--;
            }
        }
    }
    return (struct token){TOKEN_TEXT, str_slice(template, start, end), start};
}

static struct token next_token(struct lexer *lexer) {
    struct str template = lexer->template;
    size_t at = lexer->at;
    if (at >= template.n) {
        return (struct token){TOKEN_END, STR_NONE, at};
    }
    if (starts_at(template, at, STR("\\{{"))) {
        lexer->at += 3;
        return (struct token){TOKEN_TEXT, STR("{{"), at};
    }
    if (!starts_at(template, at, STR("{{"))) {
        return read_text(lexer);
    }
    struct token token = read_tag(lexer);
    if (token.kind >= TOKEN_OPEN && token.kind <= TOKEN_CLOSE) {
        size_t after;
        if (is_alone(template, at, lexer->at, &after)) {
            lexer->at = after;
        }
    }
    return token;
}

// --- reading ---

static const struct template_value *find_value(const struct template_value *values, size_t n,
                                               struct str name) {
    for (size_t i = 0; i < n; i++) {
        if (str_eq(values[i].name, name)) {
            return &values[i];
        }
    }
    return NULL;
}

static void end_line(struct buf *out) {
    if (out->n > 0 && out->p[out->n - 1] != '\n') {
        buf_append_char(out, '\n');
    }
}

static void put_value(struct buf *out, const struct template_value *value) {
    if (!value || value->text.n == 0) {
        return;
    }
    if (value->is_block) {
        end_line(out);
    }
    buf_append(out, value->text);
}

void template_expand(struct str template, const struct template_value *values, size_t n,
                     struct buf *out) {
    struct lexer lexer = {template, 0};
    size_t depth = 0, skipped = 0; // parts open; of those, the first left out (1-based), 0: none
    bool after_block = false;      // what follows begins on a new line
    while (!out->full) {
        struct token token = next_token(&lexer);
        if (token.kind == TOKEN_END) {
            break;
        }
        if (token.kind == TOKEN_OPEN || token.kind == TOKEN_NONE) {
            const struct template_value *value = find_value(values, n, token.text);
            bool is_empty = !value || value->text.n == 0;
            depth++;
            skipped = skipped == 0 && is_empty == (token.kind == TOKEN_OPEN) ? depth : skipped;
        } else if (token.kind == TOKEN_CLOSE) {
            skipped = skipped == depth ? 0 : skipped;
            depth -= depth > 0;
        } else if (skipped == 0 && token.kind == TOKEN_VALUE) {
            const struct template_value *value = find_value(values, n, token.text);
            if (after_block && value && value->text.n > 0) {
                end_line(out);
            }
            put_value(out, value);
            after_block = value && value->text.n > 0 ? value->is_block : after_block;
        } else if (skipped == 0 && token.text.n > 0) {
            if (after_block && token.text.p[0] != '\n' && token.text.p[0] != '\r') {
                end_line(out);
            }
            after_block = false;
            buf_append(out, token.text);
        }
    }
}

static size_t line_at(struct str template, size_t at) {
    size_t line = 1;
    for (size_t i = 0; i < at; i++) {
        line += template.p[i] == '\n';
    }
    return line;
}

static bool is_known(const struct str *names, size_t n, struct str name) {
    for (size_t i = 0; i < n; i++) {
        if (str_eq(names[i], name)) {
            return true;
        }
    }
    return false;
}

static struct str join_names(struct arena *arena, const struct str *names, size_t n) {
    struct str all = STR_NONE;
    for (size_t i = 0; i < n; i++) {
        all = arena_printf(arena, "%.*s%s%.*s", STR_ARG(all), i > 0 ? ", " : "", STR_ARG(names[i]));
    }
    return all;
}

// Says what is wrong with `token`, given the parts that are open. Empty: nothing.
static struct str token_problem(struct arena *arena, const struct token *token,
                                const struct token *open, size_t depth, const struct str *names,
                                size_t n) {
    if (token->kind == TOKEN_TEXT) {
        return STR_NONE;
    }
    if (token->kind == TOKEN_BAD) {
        return STR("a {{ without }}; write \\{{ for the characters themselves");
    }
    if (!is_known(names, n, token->text)) {
        return arena_printf(arena, "there is no value \"%.*s\"; there are %.*s",
                            STR_ARG(token->text), STR_ARG(join_names(arena, names, n)));
    }
    if (token->kind == TOKEN_CLOSE && (depth == 0 || !str_eq(open[depth - 1].text, token->text))) {
        return arena_printf(arena, "{{/%.*s}} closes nothing", STR_ARG(token->text));
    }
    if (token->kind != TOKEN_CLOSE && token->kind != TOKEN_VALUE && depth == TEMPLATE_DEPTH) {
        return arena_printf(arena, "more than %d parts within each other", TEMPLATE_DEPTH);
    }
    return STR_NONE;
}

bool template_verify(struct arena *arena, struct str template, const struct str *names, size_t n,
                    struct str *problem) {
    struct lexer lexer = {template, 0};
    struct token open[TEMPLATE_DEPTH];
    size_t depth = 0;
    for (;;) {
        struct token token = next_token(&lexer);
        if (token.kind == TOKEN_END) {
            break;
        }
        struct str wrong = token_problem(arena, &token, open, depth, names, n);
        if (wrong.n > 0) {
            *problem = arena_printf(arena, "line %zu: %.*s", line_at(template, token.at),
                                    STR_ARG(display_escape(arena, wrong, 0)));
            return false;
        }
        if (token.kind == TOKEN_OPEN || token.kind == TOKEN_NONE) {
            open[depth++] = token;
        } else if (token.kind == TOKEN_CLOSE) {
            depth--;
        }
    }
    if (depth > 0) {
        struct str name = open[depth - 1].text;
        *problem = arena_printf(arena, "line %zu: {{/%.*s}} is missing",
                                line_at(template, open[depth - 1].at), STR_ARG(name));
        return false;
    }
    return true;
}

static bool mentions(struct str template, struct str name, bool in_own_part_too) {
    struct lexer lexer = {template, 0};
    size_t depth = 0, own = 0; // the first open part that depends on the value (1-based)
    for (;;) {
        struct token token = next_token(&lexer);
        if (token.kind == TOKEN_END) {
            return false;
        }
        if (token.kind == TOKEN_OPEN || token.kind == TOKEN_NONE) {
            depth++;
            own = own == 0 && str_eq(token.text, name) ? depth : own;
        } else if (token.kind == TOKEN_CLOSE) {
            own = own == depth ? 0 : own;
            depth -= depth > 0;
        } else if (token.kind == TOKEN_VALUE && str_eq(token.text, name) &&
                   (own == 0 || in_own_part_too)) {
            return true;
        }
    }
}

bool template_uses(struct str template, struct str name) {
    return mentions(template, name, true);
}

bool template_needs(struct str template, struct str name) {
    return mentions(template, name, false);
}
