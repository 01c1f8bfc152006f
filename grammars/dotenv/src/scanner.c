// SPDX-License-Identifier: MIT
//
// All tokens of the dotenv grammar but the separator. The rules are those that dotenv libraries
// agree on: `KEY=value` or `KEY: value`, an optional `export `, quotes that may span lines (a
// backslash escapes in double quotes), ` # comment` behind a blank only and never inside quotes.
//
// A quoted value counts as one only if nothing but a blank and a comment follows its closing
// quote. Everything else that begins with a quote (still being typed, or shell words glued
// together) is an unquoted value that ends with its line, so an open quote never takes the lines
// below it along: the next quote in the file is then an opening one, with a value behind it.
//
// A quoted value is one token for its first line and one for each further line that is not
// blank; the state (one byte) is the quote that closes the value we are in, 0 outside one.
//
// Invariants: no token is empty; a key is emitted only when its separator follows, so from any
// position some token matches and there is no error recovery.

#include "tree_sitter/parser.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum token {
    TOKEN_EXPORT,
    TOKEN_KEY,
    TOKEN_UNQUOTED,
    TOKEN_SINGLE_QUOTED_FIRST_LINE,
    TOKEN_DOUBLE_QUOTED_FIRST_LINE,
    TOKEN_QUOTED_NEXT_LINE,
    TOKEN_COMMENT,
    TOKEN_INVALID,
};

static bool is_newline(int32_t c) {
    return c == '\n' || c == '\r';
}

static bool is_blank(int32_t c) {
    return c == ' ' || c == '\t';
}

static bool is_key(int32_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '.' || c == '-';
}

static bool at_line_end(TSLexer *lexer) {
    return lexer->eof(lexer) || is_newline(lexer->lookahead);
}

static void advance(TSLexer *lexer) {
    lexer->advance(lexer, false);
}

static void advance_blanks(TSLexer *lexer) {
    while (is_blank(lexer->lookahead)) {
        advance(lexer);
    }
}

static bool emit(TSLexer *lexer, enum token token) {
    lexer->result_symbol = (TSSymbol)token;
    return true;
}

// Takes what is left of the line, up to a ` #` if `stop_at_comment`, without blanks at its end.
static void take_line(TSLexer *lexer, bool stop_at_comment) {
    bool after_blank = false;
    while (!at_line_end(lexer)) {
        if (stop_at_comment && after_blank && lexer->lookahead == '#') {
            return;
        }
        after_blank = is_blank(lexer->lookahead);
        advance(lexer);
        if (!after_blank) {
            lexer->mark_end(lexer);
        }
    }
}

static bool emit_line(TSLexer *lexer, enum token token) {
    take_line(lexer, token == TOKEN_UNQUOTED);
    return emit(lexer, token);
}

// Takes characters up to and with the closing quote; false if the line (or, with `lines`, the
// file) ends before it.
static bool take_quoted(TSLexer *lexer, int32_t quote, bool lines) {
    while (!lexer->eof(lexer) && (lines || !is_newline(lexer->lookahead))) {
        int32_t c = lexer->lookahead;
        advance(lexer);
        if (c == quote) {
            return true;
        }
        if (quote == '"' && c == '\\' && !at_line_end(lexer)) {
            c = lexer->lookahead;
            advance(lexer);
        }
        if (!lines && !is_blank(c)) {
            lexer->mark_end(lexer);
        }
    }
    return false;
}

// Behind a closing quote: whether the rest of the line is blank or a comment. Moves on.
static bool rest_is_comment(TSLexer *lexer) {
    bool blank = is_blank(lexer->lookahead);
    advance_blanks(lexer);
    return at_line_end(lexer) || (blank && lexer->lookahead == '#');
}

static bool scan_quoted(uint8_t *open, TSLexer *lexer) {
    int32_t quote = lexer->lookahead;
    enum token token =
        quote == '"' ? TOKEN_DOUBLE_QUOTED_FIRST_LINE : TOKEN_SINGLE_QUOTED_FIRST_LINE;
    advance(lexer);
    lexer->mark_end(lexer);
    if (take_quoted(lexer, quote, false)) {
        lexer->mark_end(lexer);
        return rest_is_comment(lexer) ? emit(lexer, token) : emit_line(lexer, TOKEN_UNQUOTED);
    }
    if (take_quoted(lexer, quote, true) && rest_is_comment(lexer)) {
        *open = (uint8_t)quote;
        return emit(lexer, token);
    }
    return emit(lexer, TOKEN_UNQUOTED);
}

static bool scan_next_line(uint8_t *open, TSLexer *lexer) {
    if (take_quoted(lexer, *open, false)) {
        lexer->mark_end(lexer);
        *open = 0;
    }
    return emit(lexer, TOKEN_QUOTED_NEXT_LINE);
}

// Behind a key, without moving the token's end: whether a separator follows.
static bool separator_follows(TSLexer *lexer) {
    advance_blanks(lexer);
    if (lexer->lookahead == ':') {
        advance(lexer);
        return at_line_end(lexer) || is_blank(lexer->lookahead);
    }
    return lexer->lookahead == '=';
}

static bool scan_key(TSLexer *lexer, bool export_allowed) {
    static const char EXPORT[] = "export";
    uint32_t length = 0, matching = 0;
    for (; is_key(lexer->lookahead); length++) {
        if (matching == length && length < sizeof(EXPORT) - 1 &&
            lexer->lookahead == EXPORT[length]) {
            matching++;
        }
        advance(lexer);
    }
    lexer->mark_end(lexer);
    bool blank = is_blank(lexer->lookahead);
    if (length > 0 && separator_follows(lexer)) {
        return emit(lexer, TOKEN_KEY);
    }
    if (export_allowed && blank && length == matching && length == sizeof(EXPORT) - 1 &&
        is_key(lexer->lookahead)) {
        while (is_key(lexer->lookahead)) {
            advance(lexer);
        }
        if (separator_follows(lexer)) {
            return emit(lexer, TOKEN_EXPORT);
        }
        lexer->mark_end(lexer); // `export KEY` alone
    }
    return emit_line(lexer, TOKEN_INVALID);
}

bool tree_sitter_dotenv_external_scanner_scan(void *payload, TSLexer *lexer,
                                              const bool *valid_symbols) {
    uint8_t *open = payload;
    bool blank = false;
    for (; is_blank(lexer->lookahead); blank = true) {
        lexer->advance(lexer, true);
    }
    // Behind a separator. `KEY=#x` has a value, `KEY= #x` a comment.
    if (valid_symbols[TOKEN_UNQUOTED] && !at_line_end(lexer) &&
        !(blank && lexer->lookahead == '#')) {
        return lexer->lookahead == '\'' || lexer->lookahead == '"'
                   ? scan_quoted(open, lexer)
                   : emit_line(lexer, TOKEN_UNQUOTED);
    }
    while (is_blank(lexer->lookahead) || is_newline(lexer->lookahead)) {
        lexer->advance(lexer, true);
    }
    if (lexer->eof(lexer)) {
        return false;
    }
    if (*open != 0) {
        return scan_next_line(open, lexer);
    }
    if (lexer->lookahead == '#' && valid_symbols[TOKEN_COMMENT]) {
        return emit_line(lexer, TOKEN_COMMENT);
    }
    // The separators are the only tokens of the grammar's own: nothing else is valid there.
    return valid_symbols[TOKEN_KEY] && scan_key(lexer, valid_symbols[TOKEN_EXPORT]);
}

void *tree_sitter_dotenv_external_scanner_create(void) {
    return calloc(1, sizeof(uint8_t));
}

void tree_sitter_dotenv_external_scanner_destroy(void *payload) {
    free(payload);
}

unsigned tree_sitter_dotenv_external_scanner_serialize(void *payload, char *buffer) {
    memcpy(buffer, payload, sizeof(uint8_t));
    return sizeof(uint8_t);
}

void tree_sitter_dotenv_external_scanner_deserialize(void *payload, const char *buffer,
                                                     unsigned length) {
    *(uint8_t *)payload = length == sizeof(uint8_t) ? (uint8_t)buffer[0] : 0;
}
