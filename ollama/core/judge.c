// SPDX-License-Identifier: MIT
//
// How near is one model name to another? Never by the text as a whole: "llama3" and "llava" are two
// letters apart and have nothing in common. First the family must be the same or a misspelling of
// no other family; then version, further words, size and variant are compared as what they are.
#include <math.h>

#include "ollama/core/suggest.h"

// A difference in one of these is a different kind of model.
static bool is_kind_word(struct str w) {
    static const struct str WORDS[] = {
        STR_INIT("coder"),     STR_INIT("code"),      STR_INIT("vision"), STR_INIT("vl"),
        STR_INIT("v"),         STR_INIT("embed"),     STR_INIT("math"),   STR_INIT("thinking"),
        STR_INIT("embedding"), STR_INIT("reasoning"), STR_INIT("ocr"),    STR_INIT("chatqa"),
        STR_INIT("translate"), STR_INIT("guardian"),  STR_INIT("moe"),    STR_INIT("safeguard"),
    };
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (str_eq(w, WORDS[i])) {
            return true;
        }
    }
    return str_starts(w, STR("guard")) || str_starts(w, STR("embed"));
}

static int word_cost(struct str w, int plain) {
    if (is_version_word(w)) {
        return 6;
    }
    return is_kind_word(w) ? 40 : plain;
}

static size_t near_limit(size_t n) {
    return n < 3 ? 0 : n / 3;
}

// Two words for one thing.
static bool is_synonym(struct str a, struct str b) {
    static const struct str PAIRS[][2] = {
        {STR_INIT("embed"), STR_INIT("embedding")},
        {STR_INIT("code"), STR_INIT("coder")},
        {STR_INIT("embed"), STR_INIT("embeddings")},
        {STR_INIT("vl"), STR_INIT("vision")},
        {STR_INIT("thinking"), STR_INIT("reasoning")},
        {STR_INIT("embedding"), STR_INIT("embeddings")},
    };
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
        if ((str_eq(a, PAIRS[i][0]) && str_eq(b, PAIRS[i][1])) ||
            (str_eq(a, PAIRS[i][1]) && str_eq(b, PAIRS[i][0]))) {
            return true;
        }
    }
    return false;
}

// How far two words are apart, at most `far` + 1.
static size_t word_distance(struct str a, struct str b, size_t far) {
    return is_synonym(a, b) ? 1 : edit_distance(a, b, far);
}

// Words of one side that the other lacks. Misspelt ones pair up.
static int words_cost(const struct facets *a, const struct facets *b, bool *misspelt) {
    bool used[FACET_WORDS] = {false};
    int cost = 0;
    for (size_t i = 1; i < a->n_words; i++) {
        size_t best = STR_NPOS;
        size_t best_distance = near_limit(a->words[i].n) + 1;
        for (size_t j = 1; j < b->n_words; j++) {
            size_t d =
                used[j] ? best_distance : word_distance(a->words[i], b->words[j], best_distance);
            if (d < best_distance) {
                best = j;
                best_distance = d;
            }
        }
        // "v2" and "v3", "r1" and "r2" are no misspellings of each other.
        bool short_word = a->words[i].n < 4 && best_distance > 0 && best != STR_NPOS &&
                          !is_synonym(a->words[i], b->words[best]);
        if (best == STR_NPOS || short_word) {
            cost += word_cost(a->words[i], 14);
            *misspelt = false;
        } else {
            used[best] = true;
            cost += 6 * (int)best_distance;
        }
    }
    for (size_t j = 1; j < b->n_words; j++) {
        if (!used[j]) {
            cost += word_cost(b->words[j], 25);
            *misspelt = false;
        }
    }
    return cost;
}

static bool same_without_dots(struct str a, struct str b) {
    size_t i = 0;
    size_t j = 0;
    for (;;) {
        while (i < a.n && a.p[i] == '.') {
            i++;
        }
        while (j < b.n && b.p[j] == '.') {
            j++;
        }
        if (i == a.n || j == b.n) {
            return i == a.n && j == b.n;
        }
        if (a.p[i++] != b.p[j++]) {
            return false;
        }
    }
}

static int version_cost(struct str a, struct str b) {
    if (same_without_dots(a, b)) {
        return 0;
    }
    if (a.n == 0) {
        // No version written: the newer the better.
        int major = char_is_digit(b.p[0]) ? b.p[0] - '0' : 0;
        return 24 - 2 * (major < 5 ? major : 5);
    }
    if (b.n == 0) {
        return 30;
    }
    if (a.p[0] == b.p[0] && (a.n == 1 || b.n == 1 || a.p[1] == '.' || b.p[1] == '.')) {
        return 20;
    }
    int gap = a.p[0] > b.p[0] ? a.p[0] - b.p[0] : b.p[0] - a.p[0];
    return 35 + 5 * (gap < 5 ? gap : 5);
}

static size_t digits_of(struct str s, char *out, size_t max) {
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < max; i++) {
        if (char_is_digit(s.p[i])) {
            out[n++] = s.p[i];
        }
    }
    return n;
}

// One key is the other with a letter wrong: digits must agree, they are versions.
static size_t key_typos(struct str a, struct str b) {
    char da[16];
    char db[16];
    size_t na = digits_of(a, da, sizeof(da));
    size_t nb = digits_of(b, db, sizeof(db));
    size_t limit = a.n < 5 ? 0 : a.n < 10 ? 1 : 2;
    if (limit == 0 || na != nb || memcmp(da, db, na) != 0) {
        return STR_NPOS;
    }
    size_t d = edit_distance(a, b, limit);
    return d <= limit ? d : STR_NPOS;
}

// Variants stand in the name or in the tag: "phi4:mini" and "phi4-mini", "phi-3-mini" and
// "phi3:mini".
static bool wide_key_eq(const struct facets *a, const struct facets *b) {
    const struct facets *sides[2] = {a, b};
    char keys[2][2 * FACET_TEXT];
    size_t n[2];
    for (size_t side = 0; side < 2; side++) {
        const struct facets *facets = sides[side];
        n[side] = facets->key_n;
        memcpy(keys[side], facets->key, facets->key_n);
        for (size_t w = 0; w < facets->n_tag_words; w++) {
            struct str word = facets->tag_words[w];
            size_t room = sizeof(keys[side]) - n[side];
            size_t take = word.n < room ? word.n : room;
            memcpy(keys[side] + n[side], word.p, take);
            n[side] += take;
        }
    }
    return (a->n_tag_words > 0) != (b->n_tag_words > 0) && n[0] == n[1] &&
           memcmp(keys[0], keys[1], n[0]) == 0;
}

// "qwencoder" where "qwen" is known: the rest counts as a word of its own.
static int split_cost(const struct target *target, const struct facets *candidate) {
    struct str base = facets_base(&target->facets);
    struct str rest = str_from_index(base, target->prefix);
    if (!str_eq(facets_base(candidate), str_slice(base, 0, target->prefix))) {
        return COST_FAR;
    }
    int cost = version_cost(facets_version(&target->facets), facets_version(candidate));
    bool found = false;
    for (size_t i = 1; i < candidate->n_words; i++) {
        size_t limit = near_limit(rest.n);
        if (edit_distance(candidate->words[i], rest, limit) <= limit) {
            found = true;
        } else {
            cost += word_cost(candidate->words[i], 25);
        }
    }
    return cost + (found ? 5 : 35);
}

static int family_cost(const struct target *target, const struct facets *candidate, bool *same) {
    const struct facets *written = &target->facets;
    *same = false;
    if (written->n_words == 0 || candidate->n_words == 0) {
        return COST_FAR;
    }
    struct str key = facets_key(written);
    struct str other = facets_key(candidate);
    if (str_eq(key, other)) {
        *same = true;
        return 0;
    }
    if (wide_key_eq(written, candidate)) {
        *same = true;
        return 2;
    }
    struct str a = facets_base(written);
    struct str b = facets_base(candidate);
    size_t typo = str_eq(a, b) ? 0 : edit_distance(a, b, target->typo);
    bool related = target->typo == 0 ? typo == 0 && str_eq(a, b) : typo <= target->typo;
    // A letter more may be another family ("gemma3", "gemma3n"): only unknown names are misspelt.
    if (!target->known && (related || !target->known_base)) {
        size_t d = key_typos(key, other);
        if (d != STR_NPOS && d > 0) {
            *same = true;
            return 6 * (int)d;
        }
    }
    if (!related) {
        return target->prefix ? split_cost(target, candidate) : COST_FAR;
    }
    bool misspelt = true;
    int version = version_cost(facets_version(written), facets_version(candidate));
    int cost = 6 * (int)typo + version + words_cost(written, candidate, &misspelt);
    *same = misspelt && version == 0;
    return cost;
}

// Sizes that were written must be equal; a measured one may be what the name rounds.
static bool size_same(const struct facets *a, const struct facets *b) {
    bool exact = fabs(a->size.billions - b->size.billions) < 1e-9;
    return size_near(a->size, b->size) && (exact || a->size_measured || b->size_measured);
}

static int size_cost(const struct target *target, const struct facets *candidate, bool *same) {
    const struct facets *written = &target->facets;
    bool has = candidate->size.billions > 0;
    *same = false;
    if (written->size.billions <= 0) {
        if (!has) {
            *same = true;
            return 0;
        }
        struct model_size standard = {.billions = target->default_size};
        bool near_standard = target->default_size > 0 && size_near(standard, candidate->size);
        *same = candidate->standard || near_standard;
        if (near_standard || target->default_size <= 0) {
            return *same ? 2 : 4;
        }
        double gap = fabs(log2(candidate->size.billions / target->default_size));
        return (*same ? 3 : 5) + (int)fmin(8, 2 * gap);
    }
    if (!has) {
        return 12;
    }
    if (size_near(written->size, candidate->size)) {
        *same = size_same(written, candidate);
        return *same ? 0 : 4;
    }
    struct model_size millions = {.billions = written->size.billions / 1000};
    if (written->size_without_unit && size_near(millions, candidate->size)) {
        *same = true; // "smollm2:135"
        return 2;
    }
    double ratio = fabs(log2(candidate->size.billions / written->size.billions));
    bool kind = (written->size.experts == 0) != (candidate->size.experts == 0);
    return 22 + (int)fmin(50, 8 * ratio) + (kind ? 10 : 0);
}

// Words of the tag: "scout", "v1.5", "vision".
static int tag_cost(const struct facets *a, const struct facets *b, bool *same) {
    int cost = 0;
    for (size_t i = 0; i < a->n_tag_words; i++) {
        bool found = false;
        for (size_t j = 0; j < b->n_tag_words && !found; j++) {
            found = str_eq(a->tag_words[i], b->tag_words[j]);
        }
        cost += found ? 0 : is_version_word(a->tag_words[i]) ? 6 : 12;
    }
    for (size_t j = 0; j < b->n_tag_words; j++) {
        bool found = false;
        for (size_t i = 0; i < a->n_tag_words && !found; i++) {
            found = str_eq(a->tag_words[i], b->tag_words[j]);
        }
        cost += found ? 0 : 5;
    }
    *same = cost == 0;
    return cost;
}

bool candidate_possible(const struct target *target, struct str model) {
    return target->stem.n == 0 || str_ifind(model, target->stem) != STR_NPOS;
}

void candidate_judge(const struct target *target, const struct facets *candidate,
                     struct verdict *verdict) {
    const struct facets *written = &target->facets;
    *verdict = (struct verdict){.cost = COST_FAR};
    int cost = family_cost(target, candidate, &verdict->same_family);
    if (cost >= COST_FAR) {
        return;
    }
    bool same_words;
    cost += size_cost(target, candidate, &verdict->same_size);
    if (verdict->same_family && wide_key_eq(written, candidate)) {
        same_words = true;
        verdict->same_size = verdict->same_size || written->size.billions <= 0;
    } else {
        cost += tag_cost(written, candidate, &same_words);
    }
    if (written->base != candidate->base) {
        cost += 15;
    }
    if (written->quant != candidate->quant) {
        cost += 2;
    }
    if (written->cloud != candidate->cloud) {
        cost += 20;
    }
    verdict->cost = cost;
    verdict->same_size = verdict->same_size && verdict->same_family && same_words &&
                         written->base == candidate->base && written->cloud == candidate->cloud;
}
