// SPDX-License-Identifier: MIT
//
// Completions that are known. Few entries, looked through from the newest: a lookup compares an
// offset and a size first, and hashes (1 KiB) only what passes, so that a keystroke costs
// microseconds however large the document is.
#include "assist/inline_private.h"

#include <stdlib.h>

struct entry {
    struct inline_spot spot;
    char *text; // owned
    size_t n;
    uint64_t put;  // when
    uint64_t made; // counts up: which came last
    uint64_t used; // counts up: which was of use last
};

struct inline_cache {
    struct inline_cache_limits limits;
    struct entry *entries;
    size_t n;
    size_t bytes;
    uint64_t count;
};

struct inline_cache *inline_cache_create(struct inline_cache_limits limits) {
    struct inline_cache *cache = mem_alloc(sizeof(*cache));
    cache->limits = limits;
    cache->limits.entries = limits.entries > 0 ? limits.entries : 1;
    cache->entries = mem_alloc(cache->limits.entries * sizeof(*cache->entries));
    return cache;
}

static void drop(struct inline_cache *cache, size_t i) {
    cache->bytes -= cache->entries[i].n;
    free(cache->entries[i].text);
    cache->entries[i] = cache->entries[--cache->n];
}

void inline_cache_clear(struct inline_cache *cache) {
    while (cache->n > 0) {
        drop(cache, cache->n - 1);
    }
}

void inline_cache_destroy(struct inline_cache *cache) {
    if (cache) {
        inline_cache_clear(cache);
        free(cache->entries);
        free(cache);
    }
}

void inline_cache_forget(struct inline_cache *cache, uint64_t document) {
    for (size_t i = cache->n; i-- > 0;) {
        if (cache->entries[i].spot.document == document) {
            drop(cache, i);
        }
    }
}

size_t inline_cache_count(const struct inline_cache *cache) {
    return cache->n;
}

size_t inline_cache_bytes(const struct inline_cache *cache) {
    return cache->bytes;
}

static bool spot_eq(const struct inline_spot *a, const struct inline_spot *b) {
    return a->document == b->document && a->offset == b->offset && a->size == b->size &&
           a->before == b->before && a->after == b->after;
}

static void drop_old(struct inline_cache *cache, uint64_t now) {
    for (size_t i = cache->n; i-- > 0;) {
        if (now - cache->entries[i].put > cache->limits.age) {
            drop(cache, i);
        }
    }
}

static void drop_least_used(struct inline_cache *cache) {
    size_t least = 0;
    for (size_t i = 1; i < cache->n; i++) {
        least = cache->entries[i].used < cache->entries[least].used ? i : least;
    }
    drop(cache, least);
}

void inline_cache_put(struct inline_cache *cache, const struct inline_spot *spot, struct str text,
                      uint64_t now) {
    drop_old(cache, now);
    for (size_t i = cache->n; i-- > 0;) {
        if (spot_eq(&cache->entries[i].spot, spot)) {
            drop(cache, i);
        }
    }
    if (text.n > cache->limits.bytes) {
        return;
    }
    while (cache->n > 0 &&
           (cache->n == cache->limits.entries || cache->bytes + text.n > cache->limits.bytes)) {
        drop_least_used(cache);
    }
    cache->count++;
    cache->entries[cache->n++] = (struct entry){
        .spot = *spot,
        .text = mem_strdup(text),
        .n = text.n,
        .put = now,
        .made = cache->count,
        .used = cache->count,
    };
    cache->bytes += text.n;
}

// The editor closed by itself what the completion closes too: the part of `rest` up to there. Empty
// where that is on another line, since what was added stands right behind the cursor.
static struct str until_closed(struct str rest, char closer) {
    size_t depth = 0;
    for (size_t i = 0; i < rest.n && !char_is_eol(rest.p[i]); i++) {
        char c = rest.p[i];
        if (depth == 0 && c == closer) {
            return str_slice(rest, 0, i);
        }
        if (inline_closer_of(c)) {
            depth++;
        } else if (inline_is_closer(c)) {
            depth -= depth > 0 ? 1u : 0u;
        }
    }
    return STR_NONE;
}

// What is left of an entry's text at `view`. False: it says nothing about that place.
static bool rest_of(const struct entry *entry, uint64_t document, const struct inline_view *view,
                    struct str *rest) {
    struct str typed;
    size_t closers;
    if (view->offset < entry->spot.offset || view->offset - entry->spot.offset > entry->n ||
        !inline_spot_leads_to(&entry->spot, document, view, &typed, &closers) ||
        !str_starts(str_of(entry->text, entry->n), typed)) {
        return false;
    }
    *rest = str_of(entry->text + typed.n, entry->n - typed.n);
    if (closers > 0) {
        *rest = until_closed(*rest, view->after.p[0]);
    }
    return rest->n > 0 || (entry->n == 0 && typed.n == 0);
}

bool inline_cache_find(struct inline_cache *cache, uint64_t document,
                       const struct inline_view *view, uint64_t now, struct arena *arena,
                       struct str *text) {
    drop_old(cache, now);
    struct entry *best = NULL;
    struct str best_rest = STR_NONE;
    for (size_t i = 0; i < cache->n; i++) {
        struct entry *entry = &cache->entries[i];
        struct str rest;
        if ((!best || entry->made > best->made) && rest_of(entry, document, view, &rest)) {
            best = entry;
            best_rest = rest;
        }
    }
    if (!best) {
        return false;
    }
    best->used = ++cache->count;
    *text = arena_copy(arena, best_rest);
    return true;
}
