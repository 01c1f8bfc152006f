// SPDX-License-Identifier: MIT
#include "ollama/core/recommended.h"

#include "recommended_tables.inc"

#define GIGABYTE 1000000000u // so that what is sold as 8 GB, and says a little less, counts as 8

size_t recommended_count(void) {
    return sizeof(recommended) / sizeof(recommended[0]);
}

const struct recommended_model *recommended_at(size_t i) {
    return i < recommended_count() ? &recommended[i] : NULL;
}

const struct recommended_model *recommended_for(struct str role, uint64_t memory) {
    const struct recommended_model *best = NULL;
    for (size_t i = 0; i < recommended_count(); i++) {
        const struct recommended_model *model = &recommended[i];
        bool fits = (uint64_t)model->memory_gb * GIGABYTE <= memory;
        if (str_eq(model->role, role) && fits && (!best || model->memory_gb > best->memory_gb)) {
            best = model;
        }
    }
    return best;
}
