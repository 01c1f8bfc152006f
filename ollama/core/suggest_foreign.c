// SPDX-License-Identifier: MIT
//
// Suggestions for names of other places: the tables say what the name is called here, stand-ins do
// the same work, a GGUF repository can be pulled as it is, and the library's naming rules make a
// guess.
#include "ollama/core/suggest.h"
#include "ollama/core/tables.h"

static bool looks_like_embedding(struct str s) {
    static const struct str MARKS[] = {
        STR_INIT("embed"),
        STR_INIT("minilm"),
        STR_INIT("mpnet"),
        STR_INIT("bge-"),
        STR_INIT("gte-"),
        STR_INIT("e5-"),
        STR_INIT("sentence-transformers"),
        STR_INIT("instructor-"),
    };
    for (size_t i = 0; i < sizeof(MARKS) / sizeof(MARKS[0]); i++) {
        if (str_ifind(s, MARKS[i]) != STR_NPOS) {
            return true;
        }
    }
    return false;
}

// Installed models for the same work, best first by the order of completion.
static void collect_stand_ins(struct collector *c, unsigned wanted, size_t max) {
    const struct model *best[4] = {NULL};
    size_t n = 0;
    for (size_t i = 0; c->catalog && i < c->catalog->n_models; i++) {
        const struct model *model = &c->catalog->models[i];
        bool embeds = model->capabilities_known ? (model->capabilities & CAP_EMBEDDING) != 0
                                                : looks_like_embedding(model->name);
        if (model->remote || candidate_misfit(model, wanted) ||
            embeds != ((wanted & CAP_EMBEDDING) != 0)) {
            continue;
        }
        size_t at = n;
        while (at > 0 && model_order(model, best[at - 1], wanted) < 0) {
            at--;
        }
        if (at >= max) {
            continue;
        }
        n = n < max ? n + 1 : max;
        memmove(&best[at + 1], &best[at], (n - 1 - at) * sizeof(best[0]));
        best[at] = model;
    }
    for (size_t i = 0; i < n; i++) {
        candidate_keep(c, (struct suggestion){
                              .kind = SUGGESTION_INSTALLED,
                              .name = candidate_name(c, best[i]->name),
                              .model = best[i],
                              .score = COST_STAND_IN + (int)i,
                          });
    }
}

static void offer_named(struct collector *c, struct str name, int score, bool certain) {
    struct model_name parsed;
    if (!model_name_parse(name, MODEL_NAME_INFERENCE, &parsed, NULL)) {
        return;
    }
    bool known = model_name_is_library(&parsed) && library_find(parsed.model);
    candidate_keep(c, (struct suggestion){
                          .kind = known ? SUGGESTION_LIBRARY : SUGGESTION_GUESS,
                          .name = name,
                          .same_size = certain && known,
                          .score = score,
                      });
}

// All rows of a table for `id`; the first name goes to `*first` when that is still empty.
static void offer_mapped(struct collector *c, struct name_table table, struct str id,
                         bool repo_only, struct str *first, int *rank) {
    for (size_t i = 0; i < table.n; i++) {
        struct str from = table.rows[i].from;
        size_t slash = str_find_char(from, '/');
        if (repo_only && slash != STR_NPOS) {
            from = str_from_index(from, slash + 1);
        }
        if (str_ieq(from, id)) {
            offer_named(c, table.rows[i].to, COST_LIBRARY + 2 * *rank, true);
            *first = first->n ? *first : table.rows[i].to;
            ++*rank;
        }
    }
}

// The Ollama name the tables give for `written`; empty when they have none.
struct str candidates_from_tables(struct collector *c, struct str written) {
    struct str first = continue_alias(written);
    int rank = 0;
    if (first.n) {
        offer_named(c, first, COST_LIBRARY, true);
        return first;
    }
    bool repo_only = str_find_char(written, '/') == STR_NPOS;
    offer_mapped(c, table_foreign(), written, repo_only, &first, &rank);
    offer_mapped(c, table_hub_sources(), written, repo_only, &first, &rank);
    return first;
}

// The name that the library would give to it: family words and size.
static void offer_derived(struct collector *c, const struct target *target) {
    const struct facets *facets = &target->facets;
    struct str name = STR("");
    for (size_t i = 0; i < facets->n_words; i++) {
        if (!is_version_word(facets->words[i])) {
            name = arena_printf(c->arena, "%.*s%s%.*s", STR_ARG(name), name.n ? "-" : "",
                                STR_ARG(facets->words[i]));
        }
    }
    if (facets->size_text.n && name.n) {
        name = arena_printf(c->arena, "%.*s:%.*s", STR_ARG(name), STR_ARG(facets->size_text));
    }
    offer_named(c, name, COST_GUESS, false);
}

static bool has_family_match(const struct collector *c) {
    for (size_t i = 0; i < c->n; i++) {
        if (c->kept[i].score < COST_STAND_IN) {
            return true;
        }
    }
    return false;
}

// A stand-in is never "the" model, and none sends text away unasked.
static void not_the_same(struct collector *c) {
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        c->kept[i].same_size = false;
        if (!c->kept[i].model->remote) {
            c->kept[n++] = c->kept[i];
        }
    }
    c->n = n;
}

void candidates_for_foreign(struct collector *c, const struct target *target,
                            const struct foreign_id *foreign, struct str id) {
    unsigned wanted = target->wanted;
    if (looks_like_embedding(id)) {
        wanted = (wanted & ~(unsigned)CAP_COMPLETION) | CAP_EMBEDDING;
    }
    size_t slash = str_rfind_char(id, '/');
    struct str repo = str_from_index(id, slash == STR_NPOS ? 0 : slash + 1);
    const struct vendor_name *vendor = table_vendor(repo);
    if (!foreign->is_hugging_face && vendor && str_eq(vendor->vendor, foreign->vendor)) {
        struct str instead = vendor->instead;
        bool embeds = looks_like_embedding(instead) || looks_like_embedding(id);
        struct target stand_in;
        target_init(&stand_in, instead, embeds ? CAP_EMBEDDING : target->wanted, c->catalog);
        c->n = 0; // its words are a vendor's: what looks alike is chance
        if (instead.n) {
            candidates_from_catalog(c, &stand_in);
            not_the_same(c);
            offer_named(c, instead, COST_STAND_IN + 9, false);
            collect_stand_ins(c, embeds ? (unsigned)CAP_EMBEDDING : target->wanted, 3);
        }
        return;
    }
    if (foreign->is_gguf) {
        struct str name = arena_join(c->arena, STR("hf.co/"), id);
        struct model_name parsed;
        if (model_name_parse(name, MODEL_NAME_INFERENCE, &parsed, NULL)) {
            candidate_keep(c, (struct suggestion){.kind = SUGGESTION_HUGGING_FACE,
                                                  .name = name,
                                                  .score = COST_HUB_FILE});
        }
    }
    if (!has_family_match(c)) {
        collect_stand_ins(c, wanted, 2);
        if (wanted & CAP_EMBEDDING) {
            offer_named(c, STR("nomic-embed-text"), COST_STAND_IN + 9, false);
        } else if (foreign->is_hugging_face && !foreign->is_gguf) {
            offer_derived(c, target);
        }
    }
}
