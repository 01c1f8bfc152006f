// SPDX-License-Identifier: MIT
//
// Offsets and positions. Counting units is the only work that grows with a line's length; runs of
// ASCII, where bytes, units and characters are one, are skipped eight bytes at a time.
//
// Invariant: decoding begins at the start of a line or where an earlier decoding stopped, never
// inside a character, so that the meaning of an invalid byte does not depend on where one looks
// from.
#include "text/position.h"

#include "base/utf.h"
#include "text/internal.h"

int position_cmp(struct position a, struct position b) {
    if (a.line != b.line) {
        return a.line < b.line ? -1 : 1;
    }
    return (a.character > b.character) - (a.character < b.character);
}

// Moves *i over characters of `line` until the next one would pass `max_bytes` or `max_units`.
// Returns the units it passed.
static size_t count_units(struct str line, size_t *i, size_t max_bytes, size_t max_units,
                          enum position_encoding encoding) {
    size_t units = 0;
    while (*i < max_bytes && units < max_units) {
        uint64_t word;
        if (max_bytes - *i >= sizeof(word) && max_units - units >= sizeof(word)) {
            memcpy(&word, line.p + *i, sizeof(word));
            if ((word & 0x8080808080808080u) == 0) {
                *i += sizeof(word);
                units += sizeof(word);
                continue;
            }
        }
        size_t next = *i;
        uint32_t c = utf8_next(line, &next);
        size_t width = encoding == POSITION_UTF8                  ? next - *i
                       : encoding == POSITION_UTF16 && c > 0xffff ? 2
                                                                  : 1;
        if (next > max_bytes || width > max_units - units) {
            break;
        }
        *i = next;
        units += width;
    }
    return units;
}

size_t units_to_bytes(struct str line, bool is_ascii, size_t units,
                      enum position_encoding encoding) {
    if (is_ascii) {
        return units < line.n ? units : line.n;
    }
    size_t i = 0;
    count_units(line, &i, line.n, units, encoding);
    return i;
}

size_t text_offset(const struct text *text, struct position position,
                   enum position_encoding encoding) {
    size_t start = text_line_start(text, position.line);
    return start + units_to_bytes(text_line(text, position.line),
                                  text_line_is_ascii(text, position.line), position.character,
                                  encoding);
}

struct position text_position(const struct text *text, size_t offset,
                              enum position_encoding encoding) {
    struct text_cursor cursor = text_cursor_init(text, encoding);
    return text_cursor_position(&cursor, offset);
}

struct text_cursor text_cursor_init(const struct text *text, enum position_encoding encoding) {
    return (struct text_cursor){.text = text, .encoding = encoding};
}

struct position text_cursor_position(struct text_cursor *cursor, size_t offset) {
    const struct text *text = cursor->text;
    if (offset < cursor->offset || offset >= text_line_start(text, cursor->line + 1)) {
        size_t line = text_line_at(text, offset);
        if (line != cursor->line || offset < cursor->offset) {
            cursor->line = line;
            cursor->offset = text_line_start(text, line);
            cursor->character = 0;
        }
    }
    struct str line = text_line(text, cursor->line);
    size_t start = text_line_start(text, cursor->line);
    size_t i = cursor->offset - start;
    size_t target = offset - start < line.n ? offset - start : line.n;
    if (text_line_is_ascii(text, cursor->line)) {
        cursor->character = i = target;
    } else {
        cursor->character += count_units(line, &i, target, SIZE_MAX, cursor->encoding);
    }
    cursor->offset = start + i;
    return (struct position){(uint32_t)cursor->line, (uint32_t)cursor->character};
}
