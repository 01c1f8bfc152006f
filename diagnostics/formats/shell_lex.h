// SPDX-License-Identifier: MIT
//
// Words of shell text, with the place of each byte. Reads what sh, bash, zsh and fish share, and
// the simple lines of PowerShell and batch files: enough to know which command runs with which
// words. Linear time; nothing is expanded.
#pragma once

#include "diagnostics/collect.h"

enum shell_token_kind {
    SHELL_END, // of the text
    SHELL_WORD,
    SHELL_SEPARATOR, // line end, ; & && || | ( ) { } and the like: ends a command
};

struct shell_token {
    enum shell_token_kind kind;
    struct piece piece; // of a word, quotes and escapes undone
    size_t from, to;    // bytes of the script's text it covers, quotes included
    bool is_pipe;       // a separator that feeds the next command
};

// A command substitution found on the way: bytes [from, to) of the script's text.
struct shell_span {
    size_t from, to;
};

struct shell_lexer {
    struct arena *arena;
    struct piece script;
    size_t at;
    VEC(struct shell_span) substitutions;
    VEC(struct str) heredocs;  // delimiters whose bodies begin at the next line
    bool no_single, no_double; // no closing quote follows any more
    unsigned unclosed;         // holes and here-documents that had no end
    VEC(char) text;            // scratch
    VEC(uint32_t) map;
};

void shell_lexer_init(struct shell_lexer *lexer, struct arena *arena, const struct piece *script);
struct shell_token shell_lexer_next(struct shell_lexer *lexer);
