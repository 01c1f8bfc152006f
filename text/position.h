// SPDX-License-Identifier: MIT
//
// Between byte offsets and positions (line, character), in the three encodings of LSP 3.17 and
// later ("positionEncoding"). Code-point columns, which the command line prints, are POSITION_UTF32
// + 1.
//
// An invalid byte counts as one unit in every encoding. Nothing fails: an offset inside a character
// means its first byte, one between \r and \n the \r; a character inside a surrogate pair (or
// inside a UTF-8 sequence) means the character it is in, one past the line's end its end, a line
// past the last one the end of the text.
#pragma once

#include "text/text.h"

enum position_encoding { POSITION_UTF8, POSITION_UTF16, POSITION_UTF32 };

struct position {
    uint32_t line;
    uint32_t character; // units of the encoding
};

// Negative, zero, positive as `a` is before, at, after `b`.
int position_cmp(struct position a, struct position b);

// O(log lines) on a line of ASCII, else also O(length of the line before the place). For many
// offsets in one text use a cursor.
struct position text_position(const struct text *text, size_t offset,
                              enum position_encoding encoding);
size_t text_offset(const struct text *text, struct position position,
                   enum position_encoding encoding);

// Remembers the last place it gave, so that offsets asked in ascending order cost O(length of the
// text) in all, even when they stand on one line of a megabyte. Descending ones are right, only
// slower. Borrows the text. Holds no memory: nothing to finish.
struct text_cursor {
    const struct text *text;
    enum position_encoding encoding;
    size_t line;      // of the last answer
    size_t offset;    // on that line, at the start of a character
    size_t character; // of `offset`
};

struct text_cursor text_cursor_init(const struct text *text, enum position_encoding encoding);
struct position text_cursor_position(struct text_cursor *cursor, size_t offset);
