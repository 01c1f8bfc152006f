// SPDX-License-Identifier: MIT
//
// Private to ollama/core: how far a candidate is from what was written. Lower is nearer; the numbers
// only order candidates and are cut off at the limits below.
#pragma once

#include "ollama/core/facets.h"
#include "ollama/core/library.h"

#define COST_FAR 1000      // not the same family in any reading
#define COST_MAX_INSTALLED 100
#define COST_MAX_LIBRARY 70
#define COST_LIBRARY 15    // has to be pulled first
#define COST_SPREAD 20     // library models this much behind the best are not shown
#define COST_HUB_FILE 25   // hf.co/… of a GGUF repository
#define COST_STAND_IN 60   // other family, same work
#define COST_GUESS 90      // in no table

struct target {
    struct facets facets;
    struct str owner; // namespace as written, or empty
    struct str tag;   // as written, or empty
    bool known;       // its family words are exactly those of a library family or installed model
    bool known_base;  // the first word is that of some family
    size_t typo;      // distance of the family's base to the nearest known one; 0: it is known
    size_t prefix;    // length of the known base at its start, when only that is known; else 0
    unsigned wanted;  // capabilities
    double default_size; // billions that a name without size stands for, 0: unknown
};

struct verdict {
    int cost;
    bool same_family; // nothing but spelling differs
    bool same_size;
};

// Compares families, sizes and variants; not capabilities.
void candidate_judge(const struct target *target, const struct facets *candidate,
                     struct verdict *verdict);
