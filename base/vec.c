// SPDX-License-Identifier: MIT
//
// Growth of typed vectors. Capacity doubles, so that n pushes cost O(n) and at most as much again
// is left behind in the arena. Storage behind `n` may hold an old element after a caller lowered
// `n`, which is why the slot handed out is zeroed each time.
#include "base/vec.h"

#define FIRST_CAPACITY 8

void *vec_grow(struct arena *arena, void *at, size_t n, size_t *cap, size_t size) {
    if (n >= *cap) {
        size_t grown = *cap > SIZE_MAX / 2 ? SIZE_MAX : *cap * 2;
        grown = grown < FIRST_CAPACITY ? FIRST_CAPACITY : grown;
        void *bigger = arena_alloc_array(arena, grown, size);
        if (n > 0) {
            memcpy(bigger, at, n * size);
        }
        *cap = grown;
        return bigger;
    }
    memset((char *)at + n * size, 0, size);
    return at;
}
