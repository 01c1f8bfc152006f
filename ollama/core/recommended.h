// SPDX-License-Identifier: MIT
//
// Models worth installing on a machine of some size (ollama/core/data/recommended.tsv). Const data.
#pragma once

#include "base/str.h"

struct recommended_model {
    struct str role; // "chat", "code", "autocomplete", "embed"
    struct str name;
    int memory_gb; // of the machine
    struct str about;
};

size_t recommended_count(void);
const struct recommended_model *recommended_at(size_t i);

// The largest one for the role that a machine with so many bytes of memory runs; NULL: none does,
// or there is no such role.
const struct recommended_model *recommended_for(struct str role, uint64_t memory);
