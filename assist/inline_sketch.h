// SPDX-License-Identifier: MIT
//
// From the prompt to what ranks the neighbours (inline_sketch.c).
#pragma once

#include "assist/inline_private.h"

struct inline_snippet {
    const struct inline_neighbour *neighbour;
    struct str text; // whole lines, in the neighbour's text
    uint32_t score;
};

// The parts of at most INLINE_NEIGHBOURS neighbours that share the most words with what stands
// around the cursor, best first. Returns how many.
size_t inline_snippets_choose(struct inline_sketches *sketches, const struct inline_view *view,
                              const struct inline_neighbour *neighbours, size_t n,
                              struct inline_snippet best[INLINE_SNIPPETS]);
