// SPDX-License-Identifier: MIT
//
// Snapshots of documents. The line index is made once, eight bytes at a time: most bytes of a file
// neither end a line nor are non-ASCII, and a line may be a megabyte long.
//
// Invariants: lines[0].start is 0; line i is [start of i, start of i + 1), the last one up to n;
// bytes[n] is NUL; nothing changes after text_adopt.
#include "text/text.h"

#include <stdlib.h>

#include "text/internal.h"

#define EACH_BYTE(c) ((uint64_t)0x0101010101010101u * (c))

static inline uint64_t load_word(const char *p) {
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return word;
}

// Whether one of the eight bytes is below 0x10: \n, \r or a rarer control character.
static inline bool has_control(uint64_t word) {
    return ((word - EACH_BYTE(0x10)) & ~word & EACH_BYTE(0x80)) != 0;
}

static void end_line(struct line_scan *scan) {
    if (scan->n == scan->capacity) {
        scan->capacity = scan->capacity * 2 + 8;
        scan->lines = mem_realloc(scan->lines, scan->capacity * sizeof(*scan->lines));
    }
    scan->lines[scan->n++] = (struct text_line){scan->start, scan->non_ascii};
    scan->start = scan->offset;
    scan->non_ascii = false;
}

static void feed_byte(struct line_scan *scan, unsigned char c) {
    if (scan->after_cr) {
        scan->after_cr = false;
        if (c == '\n') {
            scan->offset++;
            end_line(scan);
            return;
        }
        end_line(scan);
    }
    scan->offset++;
    if (c == '\n') {
        end_line(scan);
    } else if (c == '\r') {
        scan->after_cr = true;
    } else if (c >= 0x80) {
        scan->non_ascii = true;
    }
}

void line_scan_feed(struct line_scan *scan, struct str bytes) {
    size_t i = 0;
    while (i < bytes.n) {
        if (!scan->after_cr && bytes.n - i >= 8) {
            uint64_t word = load_word(bytes.p + i);
            if (!has_control(word)) {
                scan->non_ascii = scan->non_ascii || (word & EACH_BYTE(0x80)) != 0;
                scan->offset += 8;
                i += 8;
                continue;
            }
        }
        size_t end = bytes.n - i < 8 ? bytes.n : i + 8;
        for (; i < end; i++) {
            feed_byte(scan, (unsigned char)bytes.p[i]);
        }
    }
}

void line_scan_end(struct line_scan *scan, bool is_text_end) {
    if (scan->after_cr) {
        scan->after_cr = false;
        end_line(scan);
    }
    if (is_text_end) {
        end_line(scan);
    }
}

size_t line_eol_length(struct str line) {
    if (line.n == 0) {
        return 0;
    }
    char last = line.p[line.n - 1];
    if (last == '\n') {
        return line.n >= 2 && line.p[line.n - 2] == '\r' ? 2 : 1;
    }
    return last == '\r' ? 1 : 0;
}

struct text *text_adopt(char *bytes, size_t n, struct text_line *lines, size_t line_count) {
    struct text *text = mem_alloc(sizeof(*text));
    atomic_init(&text->references, 1);
    text->n = (uint32_t)n;
    text->line_count = (uint32_t)line_count;
    text->bytes = bytes;
    text->bytes[n] = '\0';
    text->lines = lines;
    return text;
}

struct text *text_create(struct str bytes) {
    if (bytes.n > LIMIT_TEXT) {
        return NULL;
    }
    char *copy = mem_realloc(NULL, bytes.n + 1);
    if (bytes.n > 0) {
        memcpy(copy, bytes.p, bytes.n);
    }
    struct line_scan scan = {0};
    line_scan_feed(&scan, bytes);
    line_scan_end(&scan, true);
    return text_adopt(copy, bytes.n, scan.lines, scan.n);
}

struct text *text_retain(struct text *text) {
    atomic_fetch_add_explicit(&text->references, 1, memory_order_relaxed);
    return text;
}

void text_release(struct text *text) {
    if (!text || atomic_fetch_sub_explicit(&text->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    free(text->bytes);
    free(text->lines);
    free(text);
}

struct str text_str(const struct text *text) {
    return str_of(text->bytes, text->n);
}

size_t text_size(const struct text *text) {
    return text->n;
}

size_t text_line_count(const struct text *text) {
    return text->line_count;
}

size_t text_line_start(const struct text *text, size_t line) {
    return line < text->line_count ? text->lines[line].start : text->n;
}

size_t text_line_end(const struct text *text, size_t line) {
    struct str content = text_line(text, line);
    return (size_t)(content.p - text->bytes) + content.n;
}

struct str text_line(const struct text *text, size_t line) {
    size_t start = text_line_start(text, line);
    struct str whole = str_of(text->bytes + start, text_line_start(text, line + 1) - start);
    whole.n -= line_eol_length(whole);
    return whole;
}

bool text_line_is_ascii(const struct text *text, size_t line) {
    return line >= text->line_count || !text->lines[line].non_ascii;
}

size_t text_line_at(const struct text *text, size_t offset) {
    size_t low = 0, high = text->line_count; // lines[low].start <= offset < lines[high].start
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (text->lines[middle].start <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}
