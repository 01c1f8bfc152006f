// SPDX-License-Identifier: MIT
//
// Private to ollama/core: how far a candidate is from what was written. Lower is nearer; the
// numbers only order candidates and are cut off at the limits below.
#pragma once

#include "ollama/core/facets.h"
#include "ollama/core/library.h"

#define MAX_KEPT 32

#define COST_FAR 1000 // not the same family in any reading
#define COST_MAX_INSTALLED 100
#define COST_MAX_LIBRARY 70
#define COST_LIBRARY 15  // has to be pulled first
#define COST_SPREAD 20   // library models this much behind the best are not shown
#define COST_HUB_FILE 25 // hf.co/… of a GGUF repository
#define COST_STAND_IN 60 // other family, same work
#define COST_GUESS 90    // in no table

struct target {
    struct facets facets;
    struct str owner;  // namespace as written, or empty
    bool owner_counts; // the owner is somebody of ollama.com: their build is another model
    struct str tag;    // as written, or empty
    bool known;        // its family words are exactly those of a library family or installed model
    bool known_base;   // the first word is that of some family
    struct str stem;   // letters that every related name holds; empty: none are certain
    size_t typo;       // distance of the family's base to the nearest known one; 0: it is known
    size_t prefix;     // length of the known base at its start, when only that is known; else 0
    unsigned wanted;   // capabilities
    double default_size; // billions that a name without size stands for, 0: unknown
};

struct verdict {
    int cost;
    bool same_family; // nothing but spelling differs
    bool same_size;
};

// Can a model of this name be related at all? Cheap, to be asked first.
bool candidate_possible(const struct target *target, struct str model);

// Compares families, sizes and variants; not capabilities.
void candidate_judge(const struct target *target, const struct facets *candidate,
                     struct verdict *verdict);

// --- the target (target.c) ---
// Takes `written` (a name without the place's prefix) apart and finds out whether its family is
// known.
void target_init(struct target *target, struct str written, unsigned wanted,
                 const struct catalog *catalog);

// --- names that may be meant, taken apart (known_names.c) ---
// Of the catalog's model `i`; size and standard are of the name alone. Borrowed from the catalog.
const struct facets *known_model(const struct catalog *catalog, size_t i);
// Of the library's family `i`; in `room` when `catalog` is NULL.
const struct facets *known_family(const struct catalog *catalog, size_t i, struct facets *room);

// --- candidates (candidates.c) ---
struct collector {
    struct arena *arena;
    const struct catalog *catalog; // or NULL
    struct str written;
    bool keep_latest; // ":latest" was written, so suggestions say it too
    struct suggestion kept[MAX_KEPT];
    size_t n;
};

// Keeps the best MAX_KEPT, sorted; of equal names the nearer one.
void candidate_keep(struct collector *c, struct suggestion s);
// `name` as this user writes it: with or without ":latest".
struct str candidate_name(const struct collector *c, struct str name);
int candidate_misfit(const struct model *model, unsigned wanted); // cost of a known misfit
void candidates_from_catalog(struct collector *c, const struct target *target);
void candidates_from_library(struct collector *c, const struct target *target);

// --- names of other places (suggest_foreign.c) ---
// The Ollama name the tables give for `written`, which is kept as candidate; empty when they have
// none.
struct str candidates_from_tables(struct collector *c, struct str written);
// What is offered for a name of another place beyond look-alikes.
void candidates_for_foreign(struct collector *c, const struct target *target,
                            const struct foreign_id *foreign, struct str id);
