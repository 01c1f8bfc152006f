// SPDX-License-Identifier: MIT
//
// Private to ollama/core: the const tables made from data/*.tsv at build time.
#pragma once

#include "ollama/core/library.h"

struct name_pair {
    struct str from;
    struct str to;
};

struct vendor_name {
    struct str pattern; // ends in '*': a prefix
    struct str vendor;
    struct str instead; // library model for the same work, may be empty
};

struct name_table {
    const struct name_pair *rows;
    size_t n;
};

struct name_table table_foreign(void); // names of other places -> Ollama name; several rows per id
struct name_table table_hub_sources(void); // Hugging Face repository -> library model:tag
struct facets;
// The family whose words are exactly those of `facets`; or NULL.
const struct library_model *table_family(const struct facets *facets);
bool table_is_hub_org(struct str org);                   // case ignored
const struct vendor_name *table_vendor(struct str name); // first pattern that matches; or NULL
