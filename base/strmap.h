// SPDX-License-Identifier: MIT
//
// A hash map from text to a pointer or a number, in an arena. Keys are borrowed unless STRMAP_COPY
// is given. Entries keep the order in which their keys came in: walk `at[0]` to `at[n - 1]`; there
// is no removal. Lookup is O(1) also for hostile keys only as far as their number is bounded by the
// caller.
#pragma once

#include "base/arena.h"

enum strmap_flags {
    STRMAP_EXACT = 0,
    STRMAP_ICASE = 1, // keys that differ in ASCII case only are one; the first spelling is kept
    STRMAP_COPY = 2,  // keys are copied into the arena
};

struct strmap_entry {
    struct str key;
    union {
        void *pointer; // borrowed
        uint32_t number;
    };
    uint64_t hash; // private
};

struct strmap {
    struct arena *arena; // borrowed; must outlive the map
    unsigned flags;
    struct strmap_entry *at; // n entries in order of insertion
    size_t n;
    size_t cap;        // private
    uint32_t *slots;   // private: index + 1 into `at`, 0 is free
    size_t slot_count; // private: 0 or a power of two
};

void strmap_init(struct strmap *map, struct arena *arena, unsigned flags);

// The entry of `key`, made (zeroed, *is_new true) if it was absent. `is_new` may be NULL. Pointers
// to entries are valid until the next strmap_put.
struct strmap_entry *strmap_put(struct strmap *map, struct str key, bool *is_new);

// The entry of `key`, or NULL.
struct strmap_entry *strmap_find(const struct strmap *map, struct str key);

void *strmap_get(const struct strmap *map, struct str key); // the entry's pointer, or NULL
void strmap_set(struct strmap *map, struct str key, void *pointer);
