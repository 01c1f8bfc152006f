// SPDX-License-Identifier: MIT
//
// A bump allocator: many small things that die together. One per request, per loop turn or per
// analysed file. Allocation never returns NULL (the process ends with 70 when memory is out), so
// what is put in must be bounded by a limit of base/limits.h before. Freed memory is poisoned for
// ASan. Not thread-safe: one arena, one thread at a time.
#pragma once

#include <stdarg.h>

#include "base/str.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *chunk; // private
    size_t used;               // bytes handed out since the last reset
};

// A zeroed struct is a valid, empty arena too.
void arena_init(struct arena *arena);

// Frees all memory. The arena may be used again.
void arena_finish(struct arena *arena);

// Forgets everything handed out, keeps one chunk for the next round.
void arena_reset(struct arena *arena);

// Zeroed memory aligned for any type. `count * size` is checked for overflow.
void *arena_alloc(struct arena *arena, size_t size);
void *arena_alloc_array(struct arena *arena, size_t count, size_t size);
#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, count, type) ((type *)arena_alloc_array((arena), (count), sizeof(type)))

// Copies, always NUL-terminated behind the view.
struct str arena_copy(struct arena *arena, struct str s);
char *arena_cstr(struct arena *arena, struct str s);
struct str arena_lower(struct arena *arena, struct str s); // ASCII lower case
struct str arena_join(struct arena *arena, struct str a, struct str b);
struct str arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct str arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

// For whatever outlives arenas: as malloc and friends, but ending the process with 70 when memory
// is out.
void *mem_alloc(size_t size); // zeroed
void *mem_realloc(void *p, size_t size);
char *mem_strdup(struct str s); // NUL-terminated, returns owned
