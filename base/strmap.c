// SPDX-License-Identifier: MIT
//
// Open addressing with linear probing over indexes into the entry vector: the table stays small and
// the order of insertion comes for free. Invariant: at most half of the slots are taken, so a probe
// always ends at a free one.
#include "base/strmap.h"

#include "base/vec.h"

#define FIRST_SLOTS 16

void strmap_init(struct strmap *map, struct arena *arena, unsigned flags) {
    *map = (struct strmap){.arena = arena, .flags = flags};
}

static uint64_t hash_of(const struct strmap *map, struct str key) {
    return map->flags & STRMAP_ICASE ? str_ihash(key) : str_hash(key);
}

static bool same(const struct strmap *map, struct str a, struct str b) {
    return map->flags & STRMAP_ICASE ? str_ieq(a, b) : str_eq(a, b);
}

// The slot that holds `key`, or the free one where it belongs. slot_count > 0.
static size_t probe(const struct strmap *map, struct str key, uint64_t hash) {
    size_t mask = map->slot_count - 1;
    size_t i = (size_t)(hash ^ hash >> 32) & mask;
    while (map->slots[i] != 0) {
        const struct strmap_entry *entry = &map->at[map->slots[i] - 1];
        if (entry->hash == hash && same(map, entry->key, key)) {
            return i;
        }
        i = (i + 1) & mask;
    }
    return i;
}

static void grow(struct strmap *map) {
    map->slot_count = map->slot_count ? map->slot_count * 2 : FIRST_SLOTS;
    map->slots = ARENA_ARRAY(map->arena, map->slot_count, uint32_t);
    for (size_t i = 0; i < map->n; i++) {
        map->slots[probe(map, map->at[i].key, map->at[i].hash)] = (uint32_t)(i + 1);
    }
}

struct strmap_entry *strmap_put(struct strmap *map, struct str key, bool *is_new) {
    if ((map->n + 1) * 2 > map->slot_count) {
        grow(map);
    }
    uint64_t hash = hash_of(map, key);
    size_t slot = probe(map, key, hash);
    bool absent = map->slots[slot] == 0;
    if (is_new) {
        *is_new = absent;
    }
    if (!absent) {
        return &map->at[map->slots[slot] - 1];
    }
    struct strmap_entry *entry = VEC_PUSH(map->arena, map);
    entry->key = map->flags & STRMAP_COPY ? arena_copy(map->arena, key) : key;
    entry->hash = hash;
    map->slots[slot] = (uint32_t)map->n;
    return entry;
}

struct strmap_entry *strmap_find(const struct strmap *map, struct str key) {
    if (map->slot_count == 0) {
        return NULL;
    }
    size_t slot = probe(map, key, hash_of(map, key));
    return map->slots[slot] == 0 ? NULL : &map->at[map->slots[slot] - 1];
}

void *strmap_get(const struct strmap *map, struct str key) {
    struct strmap_entry *entry = strmap_find(map, key);
    return entry ? entry->pointer : NULL;
}

void strmap_set(struct strmap *map, struct str key, void *pointer) {
    strmap_put(map, key, NULL)->pointer = pointer;
}
