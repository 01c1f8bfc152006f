// SPDX-License-Identifier: MIT
//
// Inside text/ only: how a text is laid out, and the reading of lines that creating and editing
// share.
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "base/limits.h"
#include "text/edit.h"

struct text_line {
    uint32_t start;
    bool non_ascii; // has a byte above 0x7f
};

struct text {
    atomic_uint references;
    uint32_t n;
    uint32_t line_count;
    char *bytes; // owned, n + 1
    struct text_line *lines;
};

// Reads lines from bytes that come in pieces. Begins at the start of a line.
struct line_scan {
    struct text_line *lines; // owned by whoever began it
    size_t n;
    size_t capacity;
    uint32_t start;  // of the line under way
    uint32_t offset; // of the next byte
    bool non_ascii;  // the line under way
    bool after_cr;   // the last byte was a \r: not known yet whether a \n follows
};
void line_scan_feed(struct line_scan *scan, struct str bytes);
// The bytes end here: `is_text_end` writes the last line too, which has no EOL.
void line_scan_end(struct line_scan *scan, bool is_text_end);

// The length of the EOL that `line` (its EOL included) ends with, 0 to 2.
size_t line_eol_length(struct str line);

// Bytes from the start of `line` (without EOL) to `units` units of the encoding, clamped.
size_t units_to_bytes(struct str line, bool is_ascii, size_t units,
                      enum position_encoding encoding);

// Takes the arrays. Returns owned, one reference.
struct text *text_adopt(char *bytes, size_t n, struct text_line *lines, size_t line_count);

// What putting `new` in place of `old`, which begins at `start`, changes: the replacement without
// the characters that are equal at both ends.
struct text_splice splice_between(struct str old, struct str new, size_t start);
