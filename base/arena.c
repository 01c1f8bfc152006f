// SPDX-License-Identifier: MIT
//
// Chunks of memory handed out front to back. Invariants: `arena->chunk` is the newest chunk and the
// only one that is bumped; its `used` is a multiple of the alignment; bytes behind `used` are
// poisoned in ASan builds. A request too large for a fresh chunk gets one of its own, linked
// *behind* the current one, so that the rest of the current one stays in use.
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#define RED_ZONE 16 // poisoned gap between neighbours, so that an overrun by one is seen
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define RED_ZONE 0
#endif

#define ALIGN _Alignof(max_align_t)
#define CHUNK_FIRST (4u * 1024)
#define CHUNK_MAX (256u * 1024)  // growth stops here
#define CHUNK_KEEP (256u * 1024) // a larger one is not kept over a reset
#define EXIT_MEMORY 70           // EX_SOFTWARE of sysexits.h

struct arena_chunk {
    struct arena_chunk *next; // older chunks
    size_t size;              // of `bytes`
    size_t used;
    _Alignas(max_align_t) unsigned char bytes[];
};

static _Noreturn void out_of_memory(void) {
    static const char message[] = "ollama-ls: out of memory\n";
    ssize_t written = write(STDERR_FILENO, message, sizeof(message) - 1);
    (void)written;
    _exit(EXIT_MEMORY);
}

// --- the heap ---

void *mem_alloc(size_t size) {
    void *p = calloc(1, size ? size : 1);
    if (!p) {
        out_of_memory();
    }
    return p;
}

void *mem_realloc(void *p, size_t size) {
    void *grown = realloc(p, size ? size : 1);
    if (!grown) {
        out_of_memory();
    }
    return grown;
}

char *mem_strdup(struct str s) {
    if (s.n == SIZE_MAX) {
        out_of_memory();
    }
    char *copy = mem_alloc(s.n + 1);
    if (s.n > 0) {
        memcpy(copy, s.p, s.n);
    }
    return copy;
}

// --- chunks ---

static struct arena_chunk *chunk_create(size_t size) {
    if (size > SIZE_MAX - sizeof(struct arena_chunk)) {
        out_of_memory();
    }
    struct arena_chunk *chunk = malloc(sizeof(*chunk) + size);
    if (!chunk) {
        out_of_memory();
    }
    chunk->next = NULL;
    chunk->size = size;
    chunk->used = 0;
    POISON(chunk->bytes, size);
    return chunk;
}

static void chunk_free(struct arena_chunk *chunk) {
    UNPOISON(chunk->bytes, chunk->size);
    free(chunk);
}

static void chunk_free_all(struct arena_chunk *chunk) {
    while (chunk) {
        struct arena_chunk *next = chunk->next;
        chunk_free(chunk);
        chunk = next;
    }
}

// A chunk with room for `size` bytes, linked into the arena.
static struct arena_chunk *chunk_for(struct arena *arena, size_t size) {
    struct arena_chunk *current = arena->chunk;
    size_t usual = CHUNK_FIRST;
    if (current) {
        usual = current->size >= CHUNK_MAX / 2 ? CHUNK_MAX : current->size * 2;
    }
    if (size <= usual / 2 || !current) {
        struct arena_chunk *chunk = chunk_create(size > usual ? size : usual);
        chunk->next = current;
        arena->chunk = chunk;
        return chunk;
    }
    struct arena_chunk *own = chunk_create(size);
    own->next = current->next;
    current->next = own;
    return own;
}

// --- arenas ---

void arena_init(struct arena *arena) {
    *arena = (struct arena){0};
}

void arena_finish(struct arena *arena) {
    chunk_free_all(arena->chunk);
    *arena = (struct arena){0};
}

void arena_reset(struct arena *arena) {
    struct arena_chunk *kept = arena->chunk;
    arena->used = 0;
    if (!kept) {
        return;
    }
    chunk_free_all(kept->next);
    kept->next = NULL;
    if (kept->size > CHUNK_KEEP) {
        chunk_free(kept);
        arena->chunk = NULL;
        return;
    }
    kept->used = 0;
    POISON(kept->bytes, kept->size);
}

void *arena_alloc(struct arena *arena, size_t size) {
    if (size > SIZE_MAX / 2) {
        out_of_memory();
    }
    size_t rounded = (size + RED_ZONE + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (rounded == 0) {
        rounded = ALIGN; // distinct pointers even for nothing
    }
    struct arena_chunk *chunk = arena->chunk;
    if (!chunk || rounded > chunk->size - chunk->used) {
        chunk = chunk_for(arena, rounded);
    }
    void *p = chunk->bytes + chunk->used;
    chunk->used += rounded;
    arena->used += size;
    UNPOISON(p, size);
    memset(p, 0, size);
    return p;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        out_of_memory();
    }
    return arena_alloc(arena, total);
}

char *arena_cstr(struct arena *arena, struct str s) {
    if (s.n == SIZE_MAX) {
        out_of_memory();
    }
    char *copy = arena_alloc(arena, s.n + 1);
    if (s.n > 0) {
        memcpy(copy, s.p, s.n);
    }
    return copy;
}

struct str arena_copy(struct arena *arena, struct str s) {
    return str_of(arena_cstr(arena, s), s.n);
}

struct str arena_lower(struct arena *arena, struct str s) {
    char *copy = arena_cstr(arena, s);
    for (size_t i = 0; i < s.n; i++) {
        copy[i] = char_lower(copy[i]);
    }
    return str_of(copy, s.n);
}

struct str arena_join(struct arena *arena, struct str a, struct str b) {
    size_t n;
    if (__builtin_add_overflow(a.n, b.n, &n) || n == SIZE_MAX) {
        out_of_memory();
    }
    char *joined = arena_alloc(arena, n + 1);
    if (a.n > 0) {
        memcpy(joined, a.p, a.n);
    }
    if (b.n > 0) {
        memcpy(joined + a.n, b.p, b.n);
    }
    return str_of(joined, n);
}

struct str arena_vprintf(struct arena *arena, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n < 0) { // only for a broken format or a text over 2 GiB
        va_end(again);
        return STR("");
    }
    char *p = arena_alloc(arena, (size_t)n + 1);
    n = vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    return str_of(p, n < 0 ? 0 : (size_t)n);
}

struct str arena_printf(struct arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    struct str s = arena_vprintf(arena, format, args);
    va_end(args);
    return s;
}
