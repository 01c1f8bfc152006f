// SPDX-License-Identifier: MIT
//
// Snapshots of documents. The line index is made once, eight bytes at a time: most bytes of a file
// neither end a line nor are non-ASCII, and a line may be a megabyte long.
//
// Invariants: lines[0].start is 0; line i is [start of i, start of i + 1), the last one up to n; flags
// say what the line holds, its EOL included; bytes[n] is NUL; nothing changes after text_adopt.
#include "text/text.h"

#include <stdlib.h>

#include "text/internal.h"

#define EACH_BYTE(c) ((uint64_t)0x0101010101010101u * (c))

// Non-zero exactly if one of the eight bytes is zero.
static inline uint64_t zero_bytes(uint64_t word) {
    return (word - EACH_BYTE(0x01)) & ~word & EACH_BYTE(0x80);
}

static inline uint64_t load_word(const char *p) {
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return word;
}

static inline bool has_eol(uint64_t word) {
    return (zero_bytes(word ^ EACH_BYTE('\n')) | zero_bytes(word ^ EACH_BYTE('\r'))) != 0;
}

size_t line_scan_count(struct str bytes) {
    size_t count = 0, i = 0;
    while (i < bytes.n) {
        if (bytes.n - i >= 8 && !has_eol(load_word(bytes.p + i))) {
            i += 8;
            continue;
        }
        size_t end = bytes.n - i < 8 ? bytes.n : i + 8;
        for (; i < end; i++) {
            count += bytes.p[i] == '\n' || bytes.p[i] == '\r' ? 1 : 0;
        }
    }
    return count;
}

static void end_line(struct line_scan *scan) {
    scan->out[scan->n++] = (struct text_line){scan->start, scan->flags};
    scan->lone_crs += scan->flags & TEXT_LINE_LONE_CR ? 1 : 0;
    scan->start = scan->offset;
    scan->flags = 0;
}

static void feed_byte(struct line_scan *scan, unsigned char c) {
    if (scan->after_cr) {
        scan->after_cr = false;
        if (c == '\n') {
            scan->offset++;
            end_line(scan);
            return;
        }
        scan->flags |= TEXT_LINE_LONE_CR;
        end_line(scan);
    }
    scan->offset++;
    if (c == '\n') {
        end_line(scan);
    } else if (c == '\r') {
        scan->after_cr = true;
    } else if (c >= 0x80) {
        scan->flags |= TEXT_LINE_NON_ASCII;
    }
}

void line_scan_feed(struct line_scan *scan, struct str bytes) {
    size_t i = 0;
    while (i < bytes.n) {
        if (!scan->after_cr && bytes.n - i >= 8) {
            uint64_t word = load_word(bytes.p + i);
            if (!has_eol(word)) {
                scan->flags |= word & EACH_BYTE(0x80) ? TEXT_LINE_NON_ASCII : 0;
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
        scan->flags |= TEXT_LINE_LONE_CR;
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

struct text *text_adopt(char *bytes, size_t n, struct text_line *lines, size_t line_count,
                        uint32_t lone_crs) {
    struct text *text = mem_alloc(sizeof(*text));
    atomic_init(&text->references, 1);
    text->n = (uint32_t)n;
    text->line_count = (uint32_t)line_count;
    text->lone_crs = lone_crs;
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
    size_t room = line_scan_count(bytes) + 1;
    struct line_scan scan = {.out = mem_realloc(NULL, room * sizeof(struct text_line))};
    line_scan_feed(&scan, bytes);
    line_scan_end(&scan, true);
    return text_adopt(copy, bytes.n, scan.out, scan.n, scan.lone_crs);
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
    return line >= text->line_count || !(text->lines[line].flags & TEXT_LINE_NON_ASCII);
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

void text_point(const struct text *text, size_t offset, uint32_t *row, uint32_t *column) {
    size_t line = text_line_at(text, offset);
    size_t first = line; // of the lines that make up the row
    while (first > 0 && text->lone_crs > 0 && text->lines[first - 1].flags & TEXT_LINE_LONE_CR) {
        first--;
    }
    uint32_t count = (uint32_t)first;
    for (size_t i = 0; text->lone_crs > 0 && i < first; i++) {
        count -= text->lines[i].flags & TEXT_LINE_LONE_CR ? 1 : 0;
    }
    *row = count;
    *column = (uint32_t)(offset - text->lines[first].start);
}
