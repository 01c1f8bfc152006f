// SPDX-License-Identifier: MIT
//
// A typed growing array in an arena: `VEC(struct ref) refs;`. Starts zeroed. Growing leaves the old
// copy to the arena, so pointers into a vector are valid only until the next push.
#pragma once

#include "base/arena.h"

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *at;                                                                                  \
        size_t n;                                                                                  \
        size_t cap;                                                                                \
    }

// Appends a zeroed element and yields a pointer to it.
#define VEC_PUSH(arena, vec)                                                                       \
    ((vec)->at = vec_grow((arena), (vec)->at, (vec)->n, &(vec)->cap, sizeof(*(vec)->at)),          \
     &(vec)->at[(vec)->n++])

// Used by VEC_PUSH: returns storage for at least n + 1 elements, the one at n zeroed.
void *vec_grow(struct arena *arena, void *at, size_t n, size_t *cap, size_t size);
