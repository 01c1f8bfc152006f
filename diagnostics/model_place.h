// SPDX-License-Identifier: MIT
//
// Inside diagnostics/ only: from a value that a convention points at to a reference. Used by the
// readers of settings and of variables.
#pragma once

#include "diagnostics/convention.h"

struct model_place {
    struct piece value;
    const struct form *forms; // n_forms 0: the value is the name
    size_t n_forms;
    const struct str *ids; // names that may stand for ID in a form
    size_t n_ids;
    enum model_role role;
    unsigned flags; // REF_…
    struct str convention;
    bool maps_aliases; // Continue's names for models
    bool takes_empty;  // an empty value is a place for completion even where a prefix is required
};

// Adds the reference, or returns NULL when the value has none of the forms (or the file is full). A
// HOST in the form becomes the reference's host and a REF_HOST of its own. `*id` (may be NULL)
// becomes the index of the id that stood in front, or SIZE_MAX. The pointer is valid until the next
// add.
struct reference *collect_model(struct collector *collector, const struct model_place *place,
                                size_t *id);

// Adds a REF_HOST, or returns NULL when there is nothing written.
struct reference *collect_host(struct collector *collector, const struct piece *value, uint8_t v1,
                               struct str convention, unsigned flags);

// A context length for the model reference at `model_index`; nothing when `value` is empty.
void collect_num_ctx(struct collector *collector, const struct piece *value, size_t model_index,
                     struct str convention);

// "${NAME:-value}" and its kind, over the whole piece: narrows it to the value and returns true.
bool piece_default(struct piece *piece);

// Text that stands for something else (config-formats 2.4).
bool text_is_placeholder(const struct convention_set *set, struct str text);

// Makes `value` the host of `reference`, unless it is empty or a placeholder.
bool reference_set_host(struct collector *collector, struct reference *reference,
                        struct piece value, enum host_origin origin);
