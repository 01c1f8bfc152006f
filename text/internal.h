// SPDX-License-Identifier: MIT
//
// Inside text/ only: how a text is laid out, and the reading of lines that creating and editing share.
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "base/limits.h"
#include "text/position.h"

enum {
    TEXT_LINE_NON_ASCII = 1, // has a byte above 0x7f
    TEXT_LINE_LONE_CR = 2,   // ends with \r alone: a line for LSP, not for tree-sitter
};

struct text_line {
    uint32_t start;
    uint32_t flags;
};

struct text {
    atomic_uint references;
    uint32_t n;
    uint32_t line_count;
    uint32_t lone_crs; // lines with TEXT_LINE_LONE_CR
    char *bytes;       // owned, n + 1
    struct text_line *lines;
};

// Reads lines from bytes that come in pieces, and writes them to `out`, which has room for all of them
// (line_scan_count). Begins at the start of a line.
struct line_scan {
    struct text_line *out;
    size_t n;         // lines written
    uint32_t start;   // of the line under way
    uint32_t offset;  // of the next byte
    uint32_t flags;   // of the line under way
    uint32_t lone_crs;
    bool after_cr;    // the last byte was a \r: not known yet whether a \n follows
};
void line_scan_feed(struct line_scan *scan, struct str bytes);
// The bytes end here: `is_text_end` writes the last line too, which has no EOL.
void line_scan_end(struct line_scan *scan, bool is_text_end);

// At least as many as there are EOLs in `bytes`.
size_t line_scan_count(struct str bytes);

// The length of the EOL that `line` (its EOL included) ends with, 0 to 2.
size_t line_eol_length(struct str line);

// Bytes from the start of `line` (without EOL) to `units` units of the encoding, clamped.
size_t units_to_bytes(struct str line, bool is_ascii, size_t units, enum position_encoding encoding);

// Row and byte column as tree-sitter counts them: rows end with \n only.
void text_point(const struct text *text, size_t offset, uint32_t *row, uint32_t *column);

// Takes the arrays. Returns owned, one reference.
struct text *text_adopt(char *bytes, size_t n, struct text_line *lines, size_t line_count,
                        uint32_t lone_crs);
