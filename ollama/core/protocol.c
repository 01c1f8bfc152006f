// SPDX-License-Identifier: MIT
//
// Framing of NDJSON streams. Servers may split a line, or a character, anywhere, and put many lines
// into one packet; so bytes are collected and lines handed out. The framer never scans a byte
// twice.
#include "ollama/core/protocol.h"

#include "base/limits.h"

void ndjson_init(struct ndjson *framer, size_t max_line) {
    *framer = (struct ndjson){0};
    buf_init(&framer->buf, max_line);
}

void ndjson_finish(struct ndjson *framer) {
    buf_finish(&framer->buf);
}

enum err ndjson_feed(struct ndjson *framer, struct str bytes) {
    if (framer->taken) {
        buf_consume(&framer->buf, framer->taken);
        framer->scanned -= framer->taken;
        framer->taken = 0;
    }
    if (buf_append(&framer->buf, bytes)) {
        return ERR_OK;
    }
    // Only one line may be as long as the buffer. A packet of many lines that does not fit behind
    // the rest of a line is legal: let the buffer take it once if no line of it is too long.
    size_t max = framer->buf.max;
    size_t line = framer->buf.n;
    for (size_t i = 0; i < bytes.n;) {
        const char *newline = memchr(bytes.p + i, '\n', bytes.n - i);
        size_t piece = newline ? (size_t)(newline - (bytes.p + i)) : bytes.n - i;
        if (line + piece > max) {
            return ERR_LIMIT;
        }
        line = 0;
        i += piece + 1;
    }
    framer->buf.full = false;
    framer->buf.max = framer->buf.n + bytes.n;
    bool ok = buf_append(&framer->buf, bytes);
    framer->buf.max = max;
    return ok ? ERR_OK : ERR_LIMIT;
}

bool ndjson_next(struct ndjson *framer, struct str *line) {
    struct str all = buf_str(&framer->buf);
    while (framer->scanned < all.n) {
        const char *from = all.p + framer->scanned;
        const char *newline = memchr(from, '\n', all.n - framer->scanned);
        if (newline == NULL) {
            framer->scanned = all.n;
            return false;
        }
        size_t end = (size_t)(newline - all.p);
        struct str found = str_trim(str_slice(all, framer->taken, end));
        framer->taken = end + 1;
        framer->scanned = end + 1;
        if (found.n) {
            *line = found;
            return true;
        }
    }
    return false;
}

struct str ndjson_rest(struct ndjson *framer) {
    return str_trim(str_from_index(buf_str(&framer->buf), framer->taken));
}
