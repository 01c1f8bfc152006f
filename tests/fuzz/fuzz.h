// SPDX-License-Identifier: MIT
//
// What the fuzz targets share. A target is one file that defines LLVMFuzzerTestOneInput; the build
// makes two programs of it: replay_NAME, which runs the inputs kept in regressions/NAME/ with any
// compiler, and, with OLLAMA_LS_FUZZ, fuzz_NAME, which searches for new ones (scripts/fuzz).
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A property that must hold for every input. Never compiled out.
#define FUZZ_CHECK(x)                                                                              \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #x);                 \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

// An input read from front to back. At its end numbers are 0 and texts are empty.
struct fuzz_input {
    struct str rest;
};

static inline struct fuzz_input fuzz_input_of(const uint8_t *data, size_t size) {
    return (struct fuzz_input){str_of((const char *)data, size)};
}

static inline uint8_t fuzz_byte(struct fuzz_input *input) {
    if (input->rest.n == 0) {
        return 0;
    }
    uint8_t value = (uint8_t)input->rest.p[0];
    input->rest = str_from_index(input->rest, 1);
    return value;
}

static inline struct str fuzz_bytes(struct fuzz_input *input, size_t n) {
    struct str taken = str_slice(input->rest, 0, n);
    input->rest = str_from_index(input->rest, taken.n);
    return taken;
}

// A copy without a byte to spare, so that ASan sees any step over its end. Freed with free().
static inline struct str fuzz_exact(struct str s) {
    char *p = malloc(s.n > 0 ? s.n : 1);
    FUZZ_CHECK(p);
    if (s.n > 0) {
        memcpy(p, s.p, s.n);
    }
    return str_of(p, s.n);
}

// Is `part` a view into `whole`, or made elsewhere? For parts that must be views.
static inline bool fuzz_is_inside(struct str part, struct str whole) {
    return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}
