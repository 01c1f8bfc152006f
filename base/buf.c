// SPDX-License-Identifier: MIT
//
// The growing byte buffer. Invariants: n <= max; when p is set, n < cap and p[n] is NUL. A refused
// append leaves every byte as it was: readers never see half of what was appended.
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

#define FIRST_CAPACITY 64

void buf_init(struct buf *buf, size_t max) {
    *buf = (struct buf){.max = max};
}

void buf_finish(struct buf *buf) {
    free(buf->p);
    *buf = (struct buf){.max = buf->max};
}

void buf_clear(struct buf *buf) {
    buf->n = 0;
    buf->full = false;
    if (buf->p) {
        buf->p[0] = '\0';
    }
}

// Room for `more` bytes and the NUL; false, with `full` set, when the maximum forbids it.
static bool reserve(struct buf *buf, size_t more) {
    if (buf->n > buf->max || more > buf->max - buf->n || buf->n + more == SIZE_MAX) {
        buf->full = true;
        return false;
    }
    size_t need = buf->n + more + 1;
    if (need <= buf->cap) {
        return true;
    }
    size_t cap = buf->cap < FIRST_CAPACITY ? FIRST_CAPACITY : buf->cap;
    while (cap < need) {
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    }
    if (cap - 1 > buf->max) {
        cap = buf->max + 1; // max >= n + more, so this still fits `need`
    }
    buf->p = mem_realloc(buf->p, cap);
    buf->cap = cap;
    return true;
}

bool buf_append(struct buf *buf, struct str s) {
    if (s.n == 0) {
        return true;
    }
    // `s` may be a part of the buffer itself, which growing would move away.
    bool own = buf->p && (uintptr_t)s.p >= (uintptr_t)buf->p &&
               (uintptr_t)s.p < (uintptr_t)buf->p + buf->cap;
    size_t at = own ? (size_t)(s.p - buf->p) : 0;
    if (!reserve(buf, s.n)) {
        return false;
    }
    memmove(buf->p + buf->n, own ? buf->p + at : s.p, s.n);
    buf->n += s.n;
    buf->p[buf->n] = '\0';
    return true;
}

bool buf_append_char(struct buf *buf, char c) {
    return buf_append(buf, str_of(&c, 1));
}

bool buf_printf(struct buf *buf, const char *format, ...) {
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    bool ok = n == 0;
    if (n > 0 && reserve(buf, (size_t)n)) {
        ok = vsnprintf(buf->p + buf->n, (size_t)n + 1, format, again) == n;
        buf->n += ok ? (size_t)n : 0;
        buf->p[buf->n] = '\0';
    }
    va_end(again);
    va_end(args);
    return ok;
}

void buf_consume(struct buf *buf, size_t n) {
    if (!buf->p || n == 0) {
        return;
    }
    size_t gone = n < buf->n ? n : buf->n;
    buf->n -= gone;
    memmove(buf->p, buf->p + gone, buf->n);
    buf->p[buf->n] = '\0';
}
