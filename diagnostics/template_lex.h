// SPDX-License-Identifier: MIT
//
// Inside diagnostics/ only: tokens of Go templates (text/template/parse/lex.go).
#pragma once

#include "base/arena.h"

enum token_kind {
    TOKEN_EOF,
    TOKEN_TEXT,
    TOKEN_LEFT,
    TOKEN_RIGHT,
    TOKEN_SPACE,
    TOKEN_WORD,     // identifier, keyword, true, false, nil
    TOKEN_FIELD,    // .X
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

// The lexer's place in a template.
struct template_lexer {
    struct arena *arena;
    struct str text;
    size_t at;
    bool in_action;
    size_t action_start;
    size_t parens;
    // The first error: bytes and Go's words. Nothing is read behind it.
    bool failed;
    size_t error_start, error_end;
    struct str error;
};

// The next token; TOKEN_EOF at the end and once it has failed.
struct token template_lexer_next(struct template_lexer *lexer);
