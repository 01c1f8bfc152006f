// SPDX-License-Identifier: MIT
//
// All tokens of the Modelfile grammar. They follow the state machine of Ollama's own parser
// (parser/parser.go): a value ends at the first line end at which the text collected so far,
// trimmed, is a complete value, so a value that opens with a quote may run over many lines. It
// is one token for its first line and one for each further line that is not blank.
//
// Differences, both on purpose: a quoted value that is never closed (an error in Ollama that
// takes the rest of the file with it) ends at its own line end, so that the lines below keep
// their structure while the user types; and several blanks where Ollama takes exactly one are
// accepted here (the exact verdict is diagnostics').
//
// Invariants: no token is empty; from any position some token (or the end of the file) matches,
// so the parser never goes into error recovery. Once a search for closing quotes has reached the
// end of the file no later one can succeed; the state remembers it, because searching again for
// each further open quote would be quadratic.

#include "tree_sitter/parser.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum token {
    TOKEN_PLAIN_KEYWORD,
    TOKEN_PARAMETER_KEYWORD,
    TOKEN_MESSAGE_KEYWORD,
    TOKEN_PARAMETER_NAME,
    TOKEN_ROLE,
    TOKEN_VALUE_FIRST_LINE,
    TOKEN_VALUE_NEXT_LINE,
    TOKEN_COMMENT,
    TOKEN_INVALID,
    TOKEN_INVALID_REST,
};

// Serialised as it is: keep it free of padding.
struct scanner {
    uint8_t open;            // quotes (1 or 3) that close the value we are in, 0 outside one
    uint8_t no_single_close; // no line end from here on follows `"`
    uint8_t no_triple_close; // no line end from here on follows `"""`
};

// Ollama's instructions, in the order of its own error message.
static const struct {
    const char *word;
    enum token token;
} KEYWORDS[] = {
    {"from", TOKEN_PLAIN_KEYWORD},          {"license", TOKEN_PLAIN_KEYWORD},
    {"template", TOKEN_PLAIN_KEYWORD},      {"system", TOKEN_PLAIN_KEYWORD},
    {"adapter", TOKEN_PLAIN_KEYWORD},       {"draft", TOKEN_PLAIN_KEYWORD},
    {"renderer", TOKEN_PLAIN_KEYWORD},      {"parser", TOKEN_PLAIN_KEYWORD},
    {"parameter", TOKEN_PARAMETER_KEYWORD}, {"message", TOKEN_MESSAGE_KEYWORD},
    {"requires", TOKEN_PLAIN_KEYWORD},
};

enum { KEYWORD_MAX = 9 };

static bool is_newline(int32_t c) {
    return c == '\n' || c == '\r';
}

static bool is_blank(int32_t c) {
    return c == ' ' || c == '\t';
}

static bool is_letter(int32_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name(int32_t c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

// The characters Ollama drops wherever they stand (Go's IsPrint is false), as far as editors
// and copied text bring them in: controls, no-break and zero-width blanks, bidi marks. The
// grammar's extras are these and the four blank ones.
static bool is_dropped(int32_t c) {
    if (is_newline(c) || is_blank(c)) {
        return false;
    }
    return (c > 0 && c < 0x20) || (c >= 0x7f && c <= 0xa0) || c == 0xad ||
           (c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f) ||
           (c >= 0x205f && c <= 0x206f) || c == 0x3000 || c == 0xfeff;
}

static bool at_line_end(TSLexer *lexer) {
    return lexer->eof(lexer) || is_newline(lexer->lookahead);
}

static bool emit(TSLexer *lexer, enum token token) {
    lexer->result_symbol = (TSSymbol)token;
    return true;
}

// What a line has at its two ends. Blanks around it do not count, dropped characters nowhere.
struct line {
    uint32_t length;   // characters, blanks not counted
    uint32_t leading;  // quotes at its start
    uint32_t trailing; // quotes at its end
};

// Takes what is left of the line. With `mark` the token ends behind its last visible character.
static struct line take_line(TSLexer *lexer, bool mark) {
    struct line line = {0, 0, 0};
    bool at_start = true, gap = false;
    while (!at_line_end(lexer)) {
        int32_t c = lexer->lookahead;
        lexer->advance(lexer, false);
        if (is_blank(c)) {
            at_start = at_start && line.length == 0;
            gap = true;
            continue;
        }
        if (is_dropped(c)) {
            continue;
        }
        if (c == '"') {
            line.leading += at_start ? 1 : 0;
            line.trailing = gap ? 1 : line.trailing + 1;
        } else {
            at_start = false;
            line.trailing = 0;
        }
        gap = false;
        line.length += 1;
        if (mark) {
            lexer->mark_end(lexer);
        }
    }
    return line;
}

// Looks, without taking anything, for a later line that ends in `quotes` quotes.
static bool closes_later(struct scanner *scanner, TSLexer *lexer, uint8_t quotes) {
    if (quotes == 3 ? scanner->no_triple_close : scanner->no_single_close) {
        return false;
    }
    while (!lexer->eof(lexer)) {
        lexer->advance(lexer, false); // the line end
        if (take_line(lexer, false).trailing >= quotes) {
            return true;
        }
    }
    scanner->no_triple_close = 1;
    if (quotes == 1) {
        scanner->no_single_close = 1;
    }
    return false;
}

static bool scan_value(struct scanner *scanner, TSLexer *lexer) {
    struct line line = take_line(lexer, true);
    uint8_t quotes = line.leading >= 3 ? 3 : line.leading >= 1 ? 1 : 0;
    bool complete = line.trailing >= quotes && line.length >= 2U * quotes;
    if (!complete && closes_later(scanner, lexer, quotes)) {
        scanner->open = quotes;
    }
    return emit(lexer, TOKEN_VALUE_FIRST_LINE);
}

// The name of a parameter or a role: a word up to a blank or the line end, else the line is bad.
static bool scan_word(TSLexer *lexer, bool (*is_part)(int32_t), enum token token) {
    uint32_t length = 0;
    for (; is_part(lexer->lookahead); length++) {
        lexer->advance(lexer, false);
    }
    lexer->mark_end(lexer);
    if (length > 0 && (at_line_end(lexer) || is_blank(lexer->lookahead))) {
        return emit(lexer, token);
    }
    take_line(lexer, true);
    return emit(lexer, TOKEN_INVALID_REST);
}

static bool scan_keyword(TSLexer *lexer) {
    char word[KEYWORD_MAX + 1] = {0};
    uint32_t length = 0;
    for (; is_letter(lexer->lookahead); length++) {
        if (length < KEYWORD_MAX) {
            word[length] = (char)(lexer->lookahead | 0x20);
        }
        lexer->advance(lexer, false);
    }
    lexer->mark_end(lexer);
    if (length <= KEYWORD_MAX && (at_line_end(lexer) || is_blank(lexer->lookahead))) {
        for (uint32_t i = 0; i < sizeof(KEYWORDS) / sizeof(KEYWORDS[0]); i++) {
            if (strcmp(word, KEYWORDS[i].word) == 0) {
                return emit(lexer, KEYWORDS[i].token);
            }
        }
    }
    take_line(lexer, true);
    return emit(lexer, TOKEN_INVALID);
}

bool tree_sitter_modelfile_external_scanner_scan(void *payload, TSLexer *lexer,
                                                 const bool *valid_symbols) {
    struct scanner *scanner = payload;
    bool rest_of_line = valid_symbols[TOKEN_VALUE_FIRST_LINE] ||
                        valid_symbols[TOKEN_PARAMETER_NAME] || valid_symbols[TOKEN_ROLE];
    while (is_blank(lexer->lookahead)) {
        lexer->advance(lexer, true);
    }
    if (rest_of_line && !at_line_end(lexer)) {
        if (valid_symbols[TOKEN_VALUE_FIRST_LINE]) {
            return scan_value(scanner, lexer);
        }
        return valid_symbols[TOKEN_ROLE] ? scan_word(lexer, is_letter, TOKEN_ROLE)
                                         : scan_word(lexer, is_name, TOKEN_PARAMETER_NAME);
    }
    while (is_newline(lexer->lookahead) || is_blank(lexer->lookahead) ||
           is_dropped(lexer->lookahead)) {
        lexer->advance(lexer, true);
    }
    if (lexer->eof(lexer)) {
        return false;
    }
    if (scanner->open != 0) {
        if (take_line(lexer, true).trailing >= scanner->open) {
            scanner->open = 0;
        }
        return emit(lexer, TOKEN_VALUE_NEXT_LINE);
    }
    if (lexer->lookahead == '#') {
        take_line(lexer, true);
        return emit(lexer, TOKEN_COMMENT);
    }
    return scan_keyword(lexer);
}

void *tree_sitter_modelfile_external_scanner_create(void) {
    return calloc(1, sizeof(struct scanner));
}

void tree_sitter_modelfile_external_scanner_destroy(void *payload) {
    free(payload);
}

unsigned tree_sitter_modelfile_external_scanner_serialize(void *payload, char *buffer) {
    memcpy(buffer, payload, sizeof(struct scanner));
    return sizeof(struct scanner);
}

void tree_sitter_modelfile_external_scanner_deserialize(void *payload, const char *buffer,
                                                        unsigned length) {
    memset(payload, 0, sizeof(struct scanner));
    if (length == sizeof(struct scanner)) {
        memcpy(payload, buffer, length);
    }
}
