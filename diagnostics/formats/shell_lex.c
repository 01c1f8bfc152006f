// SPDX-License-Identifier: MIT
//
// The lexer behind all command lines. It must cope with any text that is called a shell script: an
// apostrophe in a batch file's comment is no string, so a quote that is never closed is an ordinary
// character. Invariants: every byte is looked at a bounded number of times; words hold a map from
// their bytes to the file, with escapes standing where their backslash stands.
#include "diagnostics/formats/shell_lex.h"

#define SHELL_NESTING 64  // brackets within one substitution
#define SHELL_QUOTED 4096 // bytes of quoted text within one substitution
#define SHELL_UNCLOSED 64 // holes and here-documents without an end, before none is looked for

void shell_lexer_init(struct shell_lexer *lexer, struct arena *arena, const struct piece *script) {
    *lexer = (struct shell_lexer){.arena = arena, .script = *script};
}

static char char_at(const struct shell_lexer *l, size_t i) {
    return i < l->script.text.n ? l->script.text.p[i] : '\0';
}

static void put(struct shell_lexer *l, char c, size_t at) {
    *VEC_PUSH(l->arena, &l->text) = c;
    *VEC_PUSH(l->arena, &l->map) = (uint32_t)piece_offset(&l->script, at);
}

// Length of a line continuation at `i`: backslash (sh), caret (batch) or backtick (PowerShell) and
// a line end. 0: none.
static size_t continuation_at(const struct shell_lexer *l, size_t i) {
    char c = char_at(l, i);
    if (c != '\\' && c != '^' && c != '`') {
        return 0;
    }
    if (char_at(l, i + 1) == '\n') {
        return 2;
    }
    return char_at(l, i + 1) == '\r' && char_at(l, i + 2) == '\n' ? 3 : 0;
}

static bool char_is_separator(char c) {
    return c == '\n' || c == ';' || c == '&' || c == '|' || c == '(' || c == ')';
}

static bool char_is_redirect(char c) {
    return c == '<' || c == '>';
}

// The end of "$(…)", "${…}" or "`…`" that opens at `at`; quotes inside are skipped. Just behind the
// opening when it is never closed.
static size_t hole_end(struct shell_lexer *l, size_t at) {
    char open = char_at(l, at);
    if (open == '`') {
        struct str rest = str_from_index(l->script.text, at + 1);
        for (size_t i = 0; i < rest.n && rest.p[i] != '\n'; i++) {
            if (rest.p[i] == '`') {
                return at + 1 + i + 1;
            }
        }
        return at + 1;
    }
    if (l->unclosed >= SHELL_UNCLOSED) {
        return at + 1;
    }
    char stack[SHELL_NESTING];
    size_t depth = 0;
    for (size_t i = at + 1; i < l->script.text.n; i++) {
        char c = l->script.text.p[i];
        if (c == '\\') {
            i++;
        } else if (c == '\'' && depth > 0 && stack[0] == ')') {
            size_t end =
                str_find_char(str_slice(l->script.text, i + 1, i + 1 + SHELL_QUOTED), '\'');
            i = end == STR_NPOS ? i : i + 1 + end;
        } else if (c == '(' || c == '{') {
            if (depth == SHELL_NESTING) {
                break;
            }
            stack[depth++] = c == '(' ? ')' : '}';
        } else if (depth > 0 && c == stack[depth - 1] && --depth == 0) {
            return i + 1;
        }
    }
    l->unclosed++;
    return at + 1;
}

// The end of the quoted text that begins behind `from`, or STR_NPOS. Double quotes know
// backslashes.
static size_t quote_end(struct shell_lexer *l, size_t from, char quote) {
    bool *none_left = quote == '\'' ? &l->no_single : &l->no_double;
    if (*none_left) {
        return STR_NPOS;
    }
    for (size_t i = from; i < l->script.text.n; i++) {
        char c = l->script.text.p[i];
        if (c == '\\' && quote == '"') {
            i++;
        } else if (c == '$' && quote == '"' && char_at(l, i + 1) == '(') {
            i = hole_end(l, i) - 1; // quotes inside are its own
        } else if (c == quote) {
            return i;
        }
    }
    *none_left = true;
    return STR_NPOS;
}

// Copies a hole as it stands, and remembers a command substitution. Returns where it ends.
static size_t put_hole(struct shell_lexer *l, size_t at) {
    char next = char_at(l, at + 1);
    size_t end = at + 1;
    if (char_at(l, at) == '`') {
        end = hole_end(l, at);
    } else if (next == '(' || next == '{') {
        end = hole_end(l, at);
    }
    if (end > at + 2 && (next == '(' || char_at(l, at) == '`')) {
        struct shell_span *span = VEC_PUSH(l->arena, &l->substitutions);
        span->from = char_at(l, at) == '`' ? at + 1 : at + 2;
        span->to = end - 1;
    }
    for (size_t i = at; i < end; i++) {
        put(l, l->script.text.p[i], i);
    }
    return end;
}

static bool char_opens_hole(const struct shell_lexer *l, size_t i) {
    return (char_at(l, i) == '$' && (char_at(l, i + 1) == '(' || char_at(l, i + 1) == '{')) ||
           (char_at(l, i) == '`' && continuation_at(l, i) == 0);
}

static void put_double_quoted(struct shell_lexer *l, size_t from, size_t end) {
    for (size_t i = from; i < end;) {
        char c = l->script.text.p[i];
        if (c == '\\' && i + 1 < end) {
            char next = l->script.text.p[i + 1];
            if (next == '\n') {
                i += 2;
                continue;
            }
            if (next == '"' || next == '\\' || next == '$' || next == '`') {
                put(l, next, i);
                i += 2;
                continue;
            }
        } else if (char_opens_hole(l, i)) {
            size_t hole = hole_end(l, i);
            if (hole <= end) {
                i = put_hole(l, i);
                continue;
            }
        }
        put(l, c, i);
        i++;
    }
}

struct word {
    size_t content_end; // index of the script's text behind the last byte of content
    enum quoting quoting;
    unsigned n_parts; // quoted and unquoted stretches
};

// Reads one stretch of a word at l->at. False: the word ends here.
static bool read_part(struct shell_lexer *l, struct word *word) {
    size_t i = l->at;
    char c = char_at(l, i);
    size_t skip = continuation_at(l, i);
    if (i >= l->script.text.n || (char_is_space(c) && skip == 0) || char_is_separator(c) ||
        char_is_redirect(c)) {
        return false;
    }
    if (skip > 0) {
        l->at += skip;
        return true;
    }
    if (c == '\'' || c == '"') {
        size_t end = quote_end(l, i + 1, c);
        if (end != STR_NPOS) {
            word->quoting = c == '"' ? QUOTE_DOUBLE : QUOTE_SINGLE;
            word->n_parts++;
            if (c == '"') {
                put_double_quoted(l, i + 1, end);
            } else {
                for (size_t k = i + 1; k < end; k++) {
                    put(l, l->script.text.p[k], k);
                }
            }
            word->content_end = end;
            l->at = end + 1;
            return true;
        }
    }
    if (word->n_parts == 0 || word->content_end != i) {
        word->n_parts += 1;
        word->quoting = QUOTE_NONE;
    }
    if (char_opens_hole(l, i)) {
        l->at = put_hole(l, i);
    } else if (c == '\\' && i + 1 < l->script.text.n && !char_is_alnum(char_at(l, i + 1))) {
        put(l, char_at(l, i + 1), i); // in front of letters it is a Windows path
        l->at = i + 2;
    } else {
        put(l, c, i);
        l->at = i + 1;
    }
    word->content_end = l->at;
    return true;
}

static struct shell_token read_word(struct shell_lexer *l) {
    struct shell_token token = {.kind = SHELL_WORD, .from = l->at};
    l->text.n = 0;
    l->map.n = 0;
    struct word word = {.content_end = l->at};
    while (read_part(l, &word)) {
    }
    token.to = l->at;
    struct piece *piece = &token.piece;
    size_t n = l->text.n;
    size_t quote = word.quoting != QUOTE_NONE && word.n_parts == 1 ? 1 : 0;
    piece->quoting = word.n_parts == 1 ? word.quoting : QUOTE_NONE;
    piece->start = n > 0 ? l->map.at[0] : piece_offset(&l->script, token.from + quote);
    piece->end = piece_offset(&l->script, word.content_end);
    if (n == 0) {
        piece->end = piece->start;
    }
    uint32_t *map = ARENA_ARRAY(l->arena, n + 1, uint32_t);
    bool is_plain = true;
    for (size_t i = 0; i < n; i++) {
        map[i] = l->map.at[i];
        is_plain = is_plain && map[i] == piece->start + i;
    }
    map[n] = (uint32_t)piece->end;
    piece->map = is_plain && piece->end == piece->start + n ? NULL : map;
    piece->text = arena_copy(l->arena, str_of(l->text.at, n));
    return token;
}

// The body of a here-document: up to a line that is its delimiter.
static void skip_heredoc(struct shell_lexer *l, struct str delimiter) {
    struct str text = l->script.text;
    size_t at = l->at;
    if (l->unclosed >= SHELL_UNCLOSED) {
        return;
    }
    while (at < text.n) {
        size_t end = at;
        while (end < text.n && text.p[end] != '\n') {
            end++;
        }
        bool is_end = str_eq(str_trim(str_slice(text, at, end)), delimiter);
        at = end < text.n ? end + 1 : end;
        if (is_end) {
            l->at = at;
            return;
        }
    }
    l->unclosed++; // then it was none: a shift in arithmetic, a batch file
}

// A redirection: "<", ">>", "2>&1", "<<EOF". Its target is no word of the command.
static void skip_redirect(struct shell_lexer *l) {
    char c = char_at(l, l->at);
    bool is_heredoc = c == '<' && char_at(l, l->at + 1) == '<' && char_at(l, l->at + 2) != '<';
    while (char_is_redirect(char_at(l, l->at))) {
        l->at++;
    }
    if (char_at(l, l->at) == '&' || (is_heredoc && char_at(l, l->at) == '-')) {
        l->at++;
    }
    while (char_is_blank(char_at(l, l->at))) {
        l->at++;
    }
    if (char_at(l, l->at) == '(') { // process substitution: its commands count
        return;
    }
    struct shell_token target = read_word(l);
    if (is_heredoc && target.piece.text.n > 0 && l->heredocs.n < 16) {
        *VEC_PUSH(l->arena, &l->heredocs) = target.piece.text;
    }
}

static struct shell_token read_separator(struct shell_lexer *l) {
    struct shell_token token = {.kind = SHELL_SEPARATOR, .from = l->at};
    char c = char_at(l, l->at);
    char next = char_at(l, l->at + 1);
    l->at += (c == next && (c == '&' || c == '|' || c == ';')) ? 2 : 1;
    token.is_pipe = c == '|' && next != '|';
    token.to = l->at;
    if (c == '\n') {
        for (size_t i = 0; i < l->heredocs.n; i++) {
            skip_heredoc(l, l->heredocs.at[i]);
        }
        l->heredocs.n = 0;
    }
    return token;
}

struct shell_token shell_lexer_next(struct shell_lexer *l) {
    while (l->at < l->script.text.n) {
        size_t skip = continuation_at(l, l->at);
        char c = char_at(l, l->at);
        if (skip > 0) {
            l->at += skip;
        } else if (char_is_separator(c)) {
            return read_separator(l);
        } else if (char_is_space(c)) {
            l->at++;
        } else if (c == '#') {
            while (l->at < l->script.text.n && char_at(l, l->at) != '\n') {
                l->at++;
            }
        } else if (char_is_redirect(c)) {
            skip_redirect(l);
        } else {
            size_t before = l->at;
            struct shell_token token = read_word(l);
            // "2>&1": the number belongs to the redirection.
            if (token.piece.text.n == 1 && char_is_digit(token.piece.text.p[0]) &&
                char_is_redirect(char_at(l, l->at))) {
                continue;
            }
            if (l->at > before) {
                return token;
            }
            l->at++;
        }
    }
    return (struct shell_token){
        .kind = SHELL_END, .from = l->script.text.n, .to = l->script.text.n};
}
