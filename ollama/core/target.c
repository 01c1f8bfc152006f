// SPDX-License-Identifier: MIT
//
// What was written, oriented: which family its words name, or which known family they misspell.
// Only a first word that no family has counts as misspelt.
#include "ollama/core/suggest.h"
#include "ollama/core/tables.h"

// Known family bases, from the library and the server: sets target->typo and ->prefix.
struct base_search {
    struct str base;
    bool known;
    size_t nearest;
    size_t prefix;
    bool split; // what follows the prefix is a word of that family: "qwen", "coder"
};

static void base_consider(struct base_search *search, const struct facets *family) {
    struct str base = facets_base(family);
    if (base.n == 0 || search->known) {
        return;
    }
    if (str_eq(base, search->base)) {
        search->known = true;
        return;
    }
    size_t limit = search->base.n < 3 ? 0 : search->base.n / 3;
    size_t far = search->nearest < limit ? search->nearest : limit;
    size_t d = edit_distance(search->base, base, far);
    if (d <= far && limit > 0 && base.n > 2) {
        search->nearest = d;
    }
    if (base.n < 3 || base.n < search->prefix || !str_starts(search->base, base)) {
        return;
    }
    search->prefix = base.n;
    struct str rest = str_from_index(search->base, base.n);
    for (size_t i = 1; i < family->n_words; i++) {
        search->split = search->split || str_eq(family->words[i], rest);
    }
}

static void target_orient(struct target *target, const struct catalog *catalog) {
    struct base_search search = {.base = facets_base(&target->facets), .nearest = STR_NPOS};
    struct facets room;
    for (size_t i = 0; i < library_count() && !search.known; i++) {
        base_consider(&search, known_family(catalog, i, &room));
    }
    for (size_t i = 0; catalog && i < catalog->n_models && !search.known; i++) {
        base_consider(&search, known_model(catalog, i));
    }
    target->known_base = search.known;
    if (search.known) {
        return;
    }
    bool misspelt = search.nearest != STR_NPOS && !(search.split && search.nearest > 1);
    target->typo = misspelt ? search.nearest : 0;
    target->prefix = misspelt ? 0 : search.prefix;
}

// The size that `latest` of a library family stands for.
static double standard_size(const struct library_model *family) {
    struct model_size size;
    return family && size_parse(family->latest, &size) ? size.billions : 0;
}

void target_init(struct target *target, struct str written, unsigned wanted,
                 const struct catalog *catalog) {
    *target = (struct target){.wanted = wanted};
    size_t slash = str_rfind_char(written, '/');
    struct str last = slash == STR_NPOS ? written : str_from_index(written, slash + 1);
    if (slash != STR_NPOS) {
        struct str owner = str_slice(written, 0, slash);
        size_t before_owner = str_rfind_char(owner, '/');
        owner = before_owner == STR_NPOS ? owner : str_from_index(owner, before_owner + 1);
        target->owner = str_ieq(owner, MODEL_DEFAULT_NAMESPACE) ? STR("") : owner;
    }
    size_t colon = str_find_char(last, ':');
    target->tag = colon == STR_NPOS ? STR("") : str_from_index(last, colon + 1);
    facets_init(&target->facets, last);
    const struct library_model *family = table_family(&target->facets);
    // "mistral-7b-instruct-v0.3": a release of a family that does not tell releases apart.
    while (family == NULL && facets_drop_version(&target->facets)) {
        family = table_family(&target->facets);
    }
    if (family == NULL) {
        facets_init(&target->facets, last); // the release was part of an unknown name
    }
    target->default_size = standard_size(family);
    target->known = target->known_base = family != NULL;
    if (family == NULL) {
        target_orient(target, catalog);
    }
    if (target->known_base) {
        target->stem = facets_base(&target->facets);
        // "deepseekr1" and "deepseek-r1" share their stem only.
        for (size_t i = 0; family && i < target->stem.n; i++) {
            if (i == family->name.n || family->name.p[i] != target->stem.p[i]) {
                target->stem.n = i;
            }
        }
    }
}
