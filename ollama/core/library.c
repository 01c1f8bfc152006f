// SPDX-License-Identifier: MIT
//
// The library table: what is known about models without asking anybody. The tables are generated at
// build time; here is how they are asked. Linear scans: a few hundred rows, compared by length
// first.
#include "ollama/core/library.h"

#include "ollama/core/facets.h"
#include "ollama/core/tables.h"

// Sizes as the library shows them, in decimal bytes.
#define MB(n) ((int64_t)((n)*1e6 + 0.5))
#define GB(n) ((int64_t)((n)*1e9 + 0.5))
#include "library_tables.inc"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct str library_date(void) {
    return STR("2026-06-08");
}

size_t library_count(void) {
    return COUNT(models);
}

const struct library_model *library_at(size_t i) {
    return i < COUNT(models) ? &models[i] : NULL;
}

const struct library_model *library_find(struct str model) {
    for (size_t i = 0; i < COUNT(models); i++) {
        if (models[i].name.n == model.n && str_ieq(models[i].name, model)) {
            return &models[i];
        }
    }
    return NULL;
}

bool library_knows_tag(const struct library_model *model, struct str tag) {
    if (tag.n == 0 || str_ieq(tag, MODEL_DEFAULT_TAG)) {
        return true;
    }
    if (model->n_tags == 0) {
        // The table has no tags of this family: one that begins with a size is not ours to judge.
        struct str rest = tag;
        return size_parse(str_split(&rest, '-'), NULL);
    }
    for (size_t i = 0; i < model->n_tags; i++) {
        struct str known = model->tags[i].tag;
        if (str_ieq(tag, known)) {
            return true;
        }
        // "1t" where "1t-cloud" is listed: the source suffix is not part of a parsed tag.
        if (model->tags[i].cloud && str_iends(known, STR("-cloud")) &&
            str_ieq(tag, str_slice(known, 0, known.n - strlen("-cloud")))) {
            return true;
        }
        if (!model->tags[i].cloud && tag.n > known.n && tag.p[known.n] == '-' &&
            str_istarts(tag, known) && size_parse(known, NULL)) {
            return true;
        }
    }
    return false;
}

struct str continue_alias(struct str name) {
    for (size_t i = 0; i < COUNT(continue_aliases); i++) {
        if (str_ieq(continue_aliases[i].from, name)) {
            return continue_aliases[i].to;
        }
    }
    return STR("");
}

struct name_table table_foreign(void) {
    return (struct name_table){foreign_names, COUNT(foreign_names)};
}

struct name_table table_hub_sources(void) {
    return (struct name_table){hub_sources, COUNT(hub_sources)};
}

bool table_is_hub_org(struct str org) {
    for (size_t i = 0; i < COUNT(hub_orgs); i++) {
        if (str_ieq(hub_orgs[i], org)) {
            return true;
        }
    }
    return false;
}

const struct vendor_name *table_vendor(struct str name) {
    for (size_t i = 0; i < COUNT(vendor_names); i++) {
        struct str pattern = vendor_names[i].pattern;
        bool prefix = str_ends(pattern, STR("*"));
        pattern.n -= prefix ? 1 : 0;
        if (prefix ? str_istarts(name, pattern) : str_ieq(name, pattern)) {
            return &vendor_names[i];
        }
    }
    return NULL;
}

const struct library_model *table_family(const struct facets *facets) {
    struct str key = facets_key(facets);
    for (size_t i = 0; i < COUNT(models) && key.n; i++) {
        if (models[i].name.p[0] != key.p[0]) {
            continue; // names of the table are lower case and begin with their first word
        }
        struct facets family;
        facets_init(&family, models[i].name);
        if (str_eq(facets_key(&family), key)) {
            return &models[i];
        }
    }
    return NULL;
}
