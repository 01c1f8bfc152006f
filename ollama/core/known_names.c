// SPDX-License-Identifier: MIT
//
// The names that may be meant, taken apart once per catalog instead of once per wrong name and
// keystroke. Made at the first suggestion, so that catalogs nobody asks suggestions of cost
// nothing. One block of the heap; whoever finishes first among threads gives the one that all use.
// Invariant: the facets never move, as their words point into their own text.
#include <stdlib.h>

#include "base/arena.h"
#include "ollama/core/suggest.h"

struct known_names {
    size_t n_models;
    struct facets at[]; // the catalog's models, then the library's families
};

static void model_facets(const struct model *model, struct facets *facets) {
    char text[2 * 80 + 2];
    size_t n = 0;
    struct str name = model->parsed.model;
    struct str tag = model->parsed.tag;
    if (name.n + tag.n + 1 <= sizeof(text)) {
        memcpy(text, name.p, name.n);
        text[name.n] = ':';
        memcpy(text + name.n + 1, tag.p, tag.n);
        n = name.n + 1 + tag.n;
    }
    facets_init(facets, str_of(text, n));
    facets->cloud = model->remote;
}

static struct known_names *create(const struct catalog *catalog) {
    size_t n = catalog->n_models + library_count();
    struct known_names *known = mem_alloc(sizeof(*known) + n * sizeof(known->at[0]));
    known->n_models = catalog->n_models;
    for (size_t i = 0; i < catalog->n_models; i++) {
        model_facets(&catalog->models[i], &known->at[i]);
    }
    for (size_t i = 0; i < library_count(); i++) {
        facets_init(&known->at[known->n_models + i], library_at(i)->name);
    }
    return known;
}

// Derived from the snapshot, hence no change of it.
static const struct known_names *known_names(const struct catalog *catalog) {
    struct known_names **slot = (struct known_names **)&catalog->known;
    struct known_names *known = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
    if (!known) {
        struct known_names *made = create(catalog);
        if (__atomic_compare_exchange_n(slot, &known, made, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE)) {
            known = made;
        } else {
            free(made);
        }
    }
    return known;
}

const struct facets *known_model(const struct catalog *catalog, size_t i) {
    return &known_names(catalog)->at[i];
}

const struct facets *known_family(const struct catalog *catalog, size_t i, struct facets *room) {
    if (!catalog) {
        facets_init(room, library_at(i)->name);
        return room;
    }
    const struct known_names *known = known_names(catalog);
    return &known->at[known->n_models + i];
}
