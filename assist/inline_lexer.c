// SPDX-License-Identifier: MIT
//
// Tells code from strings and comments where no syntax tree helps: in a model's answer as it comes,
// and in a document without a grammar. It must not look ahead, so what opens a string or comment is
// known at its last byte; the bytes before it passed as code, which is harmless: none of them is a
// bracket, but in "{-" and "(*".
#include "assist/inline_private.h"

void inline_lexer_init(struct inline_lexer *lexer, const struct language *language) {
    *lexer = (struct inline_lexer){
        .language = language,
        .mark = str_from(language->line_comment),
        .open = str_from(language->block_comment[0]),
        .close = str_from(language->block_comment[1]),
        .is_prose = language->is_prose,
        .closed = SIZE_MAX,
    };
}

static bool ends_with(struct str s, size_t i, struct str mark) {
    return mark.n > 0 && s.p[i] == mark.p[mark.n - 1] && i + 1 >= mark.n &&
           memcmp(s.p + i + 1 - mark.n, mark.p, mark.n) == 0;
}

static bool has_no_apostrophes(const struct language *language) {
    static const char *const NAMES[] = {"clojure", "elisp", "lisp",   "scheme", "haskell", "ocaml",
                                        "html",    "vue",   "svelte", "xml",    "diff",    NULL};
    return inline_language_is(language, NAMES);
}

static bool has_ticks(const struct language *language) {
    static const char *const NAMES[] = {"javascript", "typescript", "tsx", "go",
                                        "vue",        "svelte",     NULL};
    return inline_language_is(language, NAMES);
}

// 'it\' is whole there.
static bool has_raw_apostrophes(const struct language *language) {
    static const char *const NAMES[] = {"shell", "yaml", "toml", "sql", NULL};
    return inline_language_is(language, NAMES);
}

static bool is_named(const struct language *language, const char *name) {
    return strcmp(language->name, name) == 0;
}

static bool opens_string(const struct inline_lexer *lexer, struct str s, size_t i) {
    char c = s.p[i];
    if (c == '`') {
        return has_ticks(lexer->language);
    }
    if ((c != '"' && c != '\'') || (c == '\'' && has_no_apostrophes(lexer->language))) {
        return false;
    }
    if (is_named(lexer->language, "yaml")) { // a quote inside a plain scalar is a letter
        return i == 0 || char_is_space(s.p[i - 1]) || strchr("[{,(:", s.p[i - 1]) != NULL;
    }
    return !(c == '"' && i > 0 && s.p[i - 1] == '\\');
}

// "#" is a comment only where a word could begin.
static bool opens_line_comment(const struct inline_lexer *lexer, struct str s, size_t i) {
    struct str mark = lexer->mark;
    if (!ends_with(s, i, mark)) {
        return false;
    }
    size_t start = i + 1 - mark.n;
    char before = start > 0 ? s.p[start - 1] : '\n';
    if (mark.n == 1 || char_is_alpha(mark.p[0])) {
        return char_is_space(before) || strchr(";,:(){}[]", before) != NULL;
    }
    return !(mark.p[0] == '/' && before == ':'); // https://
}

static void open_state(struct inline_lexer *lexer, enum inline_kind kind, size_t at) {
    lexer->kind = kind;
    lexer->is_block = lexer->is_triple = lexer->is_escaped = lexer->from_before = false;
    lexer->opened = at;
}

static bool step_code(struct inline_lexer *lexer, struct str s, size_t i) {
    char c = s.p[i];
    if (lexer->closed != SIZE_MAX) {
        bool is_third = i == lexer->closed + 1 && c == lexer->quote;
        lexer->closed = SIZE_MAX;
        if (is_third) {
            open_state(lexer, INLINE_STRING, i);
            lexer->is_triple = true;
            return false;
        }
    }
    if (lexer->is_prose) {
        return true;
    }
    if (ends_with(s, i, lexer->open)) {
        open_state(lexer, INLINE_COMMENT, i);
        lexer->is_block = true;
        return false;
    }
    if (opens_line_comment(lexer, s, i)) {
        open_state(lexer, INLINE_COMMENT, i + 1 - lexer->mark.n);
        return false;
    }
    if (opens_string(lexer, s, i)) {
        open_state(lexer, INLINE_STRING, i);
        lexer->quote = c;
        return false;
    }
    return true;
}

static bool step_comment(struct inline_lexer *lexer, struct str s, size_t i) {
    struct str open = lexer->open, close = lexer->close;
    if (!lexer->is_block) {
        if (char_is_eol(s.p[i])) {
            lexer->kind = INLINE_CODE;
            return true;
        }
        // "--[[" begins as "--" does.
        if (!lexer->from_before && open.n > 0 && i + 1 - lexer->opened == open.n &&
            ends_with(s, i, open)) {
            lexer->is_block = true;
            lexer->opened = i;
        }
        return false;
    }
    bool is_long_enough = lexer->from_before || i >= lexer->opened + close.n;
    if (is_long_enough && ends_with(s, i, close)) {
        lexer->kind = INLINE_CODE;
    }
    return false;
}

// A quote in Rust: 'a' is a character, 'a a lifetime.
static bool is_lifetime(const struct inline_lexer *lexer, struct str s, size_t i) {
    return lexer->quote == '\'' && !lexer->from_before && i == lexer->opened + 2 &&
           is_named(lexer->language, "rust") && s.p[i] != '\'' && s.p[i - 1] != '\\' &&
           (unsigned char)s.p[i - 1] < 0x80;
}

static bool step_string(struct inline_lexer *lexer, struct str s, size_t i) {
    char c = s.p[i];
    if (lexer->is_escaped) {
        lexer->is_escaped = false;
        return false;
    }
    if (is_lifetime(lexer, s, i)) {
        lexer->kind = INLINE_CODE;
        return step_code(lexer, s, i);
    }
    if (char_is_eol(c) && !lexer->is_triple && lexer->quote != '`') {
        lexer->kind = INLINE_CODE;
        return true;
    }
    if (c == '\\') {
        bool is_raw = (lexer->quote == '`' && is_named(lexer->language, "go")) ||
                      (lexer->quote == '\'' && has_raw_apostrophes(lexer->language));
        lexer->is_escaped = !is_raw;
    }
    if (c != lexer->quote || lexer->quote == '\0') {
        return false;
    }
    if (lexer->is_triple) {
        char three[3] = {c, c, c};
        if (ends_with(s, i, str_of(three, 3)) && (lexer->from_before || i >= lexer->opened + 3)) {
            lexer->kind = INLINE_CODE;
        }
        return false;
    }
    lexer->kind = INLINE_CODE;
    lexer->closed = !lexer->from_before && i == lexer->opened + 1 && c != '`' ? i : SIZE_MAX;
    return false;
}

bool inline_lexer_step(struct inline_lexer *lexer, struct str s, size_t i) {
    switch (lexer->kind) {
    case INLINE_COMMENT: return step_comment(lexer, s, i);
    case INLINE_STRING: return step_string(lexer, s, i);
    case INLINE_CODE: break;
    }
    return step_code(lexer, s, i);
}
