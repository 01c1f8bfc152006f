// SPDX-License-Identifier: MIT
//
// Did you mean? Candidates come from the tables of other places' names, from what the server has
// and from the library; each is judged against what was written and the nearest are kept. Nothing
// is suggested when nothing is near: no suggestion is better than a wrong one.
#include "ollama/core/suggest.h"

#include "base/limits.h"

#define MAX_PER_FAMILY 3

// Prefix forms of other tools do not count as part of the name.
static struct str without_prefix(struct str s) {
    static const struct str PREFIXES[] = {STR_INIT("ollama://"),    STR_INIT("ollama_chat/"),
                                          STR_INIT("ollama/"),      STR_INIT("ollama:"),
                                          STR_INIT("huggingface/"), STR_INIT("openrouter/")};
    for (size_t i = 0; i < sizeof(PREFIXES) / sizeof(PREFIXES[0]); i++) {
        if (str_istarts(s, PREFIXES[i]) && s.n > PREFIXES[i].n) {
            return str_from_index(s, PREFIXES[i].n);
        }
    }
    return s;
}

// Where one thing is clearly meant, what has to be pulled and is far behind only distracts.
static void prune(struct collector *c) {
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        bool distracts = c->kept[i].kind == SUGGESTION_LIBRARY &&
                         c->kept[i].score >= c->kept[0].score + COST_SPREAD;
        if (!distracts) {
            c->kept[n++] = c->kept[i];
        }
    }
    c->n = n;
}

// At most MAX_PER_FAMILY of one family, so that one with many tags does not hide the others.
static size_t choose(struct collector *c, struct suggestion *out, size_t max) {
    size_t n = 0;
    for (size_t i = 0; i < c->n && n < max; i++) {
        struct str rest = c->kept[i].name;
        struct str family = str_split(&rest, ':');
        size_t same = 0;
        for (size_t j = 0; j < n; j++) {
            struct str other = out[j].name;
            same += str_ieq(str_split(&other, ':'), family) ? 1 : 0;
        }
        if (same < MAX_PER_FAMILY) {
            out[n++] = c->kept[i];
        }
    }
    return n;
}

// A name that can be pulled as it is: other library models are no correction of it.
static bool in_library(struct str written) {
    struct model_name name;
    if (!model_name_parse(written, MODEL_NAME_INFERENCE, &name, NULL) ||
        !model_name_is_library(&name)) {
        return false;
    }
    const struct library_model *family = library_find(name.model);
    if (family == NULL || str_ieq(name.tag, MODEL_DEFAULT_TAG)) {
        return family != NULL;
    }
    for (size_t i = 0; i < family->n_tags; i++) {
        if (str_ieq(family->tags[i].tag, name.tag)) {
            return true;
        }
    }
    return false;
}

size_t suggest_models(struct arena *arena, struct str written, const struct catalog *catalog,
                      unsigned wanted, struct suggestion *out, size_t max) {
    struct str id = without_prefix(str_trim(written));
    if (id.n == 0 || id.n > LIMIT_NAME) {
        return 0;
    }
    struct collector *c = ARENA_NEW(arena, struct collector);
    c->arena = arena;
    c->catalog = catalog;
    c->written = id;
    c->keep_latest = str_iends(id, STR(":latest"));
    struct foreign_id foreign;
    foreign_id_detect(id, &foreign);
    if (foreign.is_hugging_face && !foreign.is_gguf) {
        // A router's suffix (":free") says nothing about the model.
        size_t slash = str_rfind_char(id, '/');
        size_t colon = str_rfind_char(id, ':');
        id = colon != STR_NPOS && slash != STR_NPOS && colon > slash ? str_slice(id, 0, colon) : id;
    }
    struct str mapped = candidates_from_tables(c, id);
    struct target *target = ARENA_NEW(arena, struct target);
    target_init(target, mapped.n ? mapped : id, wanted, catalog);
    if (mapped.n && target->owner.n == 0) {
        // Whose build it is decides among installed ones: "hf.co/ORG/REPO".
        size_t slash = str_find_char(id, '/');
        target->owner = slash == STR_NPOS ? STR("") : str_slice(id, 0, slash);
    }
    target->owner_counts = target->owner.n > 0 && !foreign.is_foreign;
    candidates_from_catalog(c, target);
    if (!in_library(id)) {
        candidates_from_library(c, target);
    }
    if (foreign.is_foreign) {
        candidates_for_foreign(c, target, &foreign, id);
    }
    prune(c);
    return choose(c, out, max);
}

size_t suggest_word(struct str word, const struct str *words, size_t n) {
    size_t best = STR_NPOS;
    size_t nearest = word.n / 3 + 1;
    for (size_t i = 0; i < n; i++) {
        size_t d = edit_distance(word, words[i], nearest);
        if (d < nearest) {
            nearest = d;
            best = i;
        }
    }
    return best;
}
