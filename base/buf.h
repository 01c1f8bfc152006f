// SPDX-License-Identifier: MIT
//
// A growing byte buffer with a mandatory maximum. `p` is NULL while empty, else NUL-terminated
// behind `n`. Passing the maximum sets `full` and changes nothing else: writers may append without
// looking and check `full` once at the end.
#pragma once

#include "base/str.h"

struct buf {
    char *p; // owned
    size_t n;
    size_t cap;
    size_t max;
    bool full; // an append was refused
};

void buf_init(struct buf *buf, size_t max);
void buf_finish(struct buf *buf);
void buf_clear(struct buf *buf); // n = 0, memory kept, `full` reset

// False when refused.
bool buf_append(struct buf *buf, struct str s);
bool buf_append_char(struct buf *buf, char c);
bool buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Removes the first `n` bytes.
void buf_consume(struct buf *buf, size_t n);

static inline struct str buf_str(const struct buf *buf) {
    return (struct str){buf->p ? buf->p : "", buf->n};
}
