// SPDX-License-Identifier: MIT
//
// UTF-8 one character at a time, and text made safe to show.
#pragma once

#include "base/arena.h"

// Decodes the character at s[*i] (*i < s.n) and moves *i behind it. An invalid byte yields U+FFFD
// and moves by one byte. Overlong forms, surrogates and values above U+10FFFF are invalid.
uint32_t utf8_next(struct str s, size_t *i);

// Writes up to 4 bytes, returns how many. Invalid code points write U+FFFD.
size_t utf8_put(uint32_t c, char out[4]);

bool utf8_is_valid(struct str s);

// Number of UTF-16 code units / code points; each invalid byte counts as one.
size_t utf8_length_utf16(struct str s);
size_t utf8_length(struct str s);

// A copy with invalid bytes replaced by U+FFFD; `s` itself when there are none.
struct str utf8_sanitize(struct arena *arena, struct str s);

// True for what must never be printed, shown or logged raw: C0 and C1 controls, DEL, bidi controls,
// zero-width characters, line and paragraph separators, BOM, tags (DESIGN A11).
bool char_is_unsafe(uint32_t c);

// A copy for people: unsafe characters and invalid bytes become \n, \t, \x1b or \u{202e}; cut with
// "…" after `max` bytes (0: not cut). Returns `s` itself when nothing has to change.
struct str display_escape(struct arena *arena, struct str s, size_t max);

// `s` as Markdown plain text: display_escape, then \-escapes for Markdown's and HTML's special
// characters.
struct str markdown_escape(struct arena *arena, struct str s);

// `s` as a Markdown code span: in backticks longer than any run inside it.
struct str markdown_code(struct arena *arena, struct str s);
