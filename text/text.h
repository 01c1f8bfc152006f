// SPDX-License-Identifier: MIT
//
// The text of a document as it is at one moment: bytes and where its lines begin. Immutable once
// made and reference counted, so work in flight keeps the text it began with while edits (edit.h)
// make new ones. Any bytes are accepted, NUL and invalid UTF-8 included. Offsets are bytes from 0;
// lines count from 0 and end with \n, \r\n or \r, as in LSP 3.18 ("EOL"); a text has at least one
// line, and one that ends with an EOL has an empty last line. Everything here may be called from
// any thread.
#pragma once

#include "base/str.h"

struct text;

// A copy of `bytes`. Returns owned (text_release), or NULL if it is longer than LIMIT_TEXT.
struct text *text_create(struct str bytes);

// One more reference to the same text; every one needs a text_release. Returns `text`.
struct text *text_retain(struct text *text);
void text_release(struct text *text); // NULL is fine

// All bytes; NUL-terminated behind the view. Borrowed from the text.
struct str text_str(const struct text *text);
size_t text_size(const struct text *text);

size_t text_line_count(const struct text *text); // at least 1

// Line 0 .. count-1; a line past the last one is read as the end of the text.
size_t text_line_start(const struct text *text, size_t line);
size_t text_line_end(const struct text *text, size_t line);    // before its EOL
struct str text_line(const struct text *text, size_t line);    // without its EOL; borrowed
bool text_line_is_ascii(const struct text *text, size_t line); // its EOL aside

// The line that holds `offset`; an EOL belongs to the line that it ends. Offsets past the end mean
// the end. O(log lines).
size_t text_line_at(const struct text *text, size_t offset);
