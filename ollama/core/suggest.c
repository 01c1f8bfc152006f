// SPDX-License-Identifier: MIT
//
// Did you mean? Candidates come from the tables of other places' names, from what the server has and
// from the library; each is judged against what was written and the nearest are kept. Installed models
// go before those that must be pulled unless they are clearly something else. Nothing is suggested
// when nothing is near: no suggestion is better than a wrong one.
#include "ollama/core/suggest.h"

#include <stdlib.h>

#include "base/limits.h"
#include "ollama/core/tables.h"

#define MAX_KEPT 64
#define MAX_PER_FAMILY 3

struct collector {
    struct arena *arena;
    const struct catalog *catalog; // or NULL
    struct str written;
    struct model_name own; // `written` parsed, when it is a name at all
    bool is_name;
    bool keep_latest; // ":latest" was written, so suggestions say it too
    struct suggestion kept[MAX_KEPT];
    size_t n;
};

static struct str without_latest(const struct collector *c, struct str name) {
    if (!c->keep_latest && str_iends(name, STR(":latest"))) {
        return str_slice(name, 0, name.n - strlen(":latest"));
    }
    return name;
}

static bool same_name(struct str a, struct str b) {
    struct model_name x;
    struct model_name y;
    return model_name_parse(a, MODEL_NAME_INFERENCE, &x, NULL) &&
           model_name_parse(b, MODEL_NAME_INFERENCE, &y, NULL) && model_name_eq(&x, &y);
}

// Order of the answer: score, then kind, then what model_order says.
static int before(const struct suggestion *a, const struct suggestion *b) {
    if (a->score != b->score) {
        return a->score < b->score ? -1 : 1;
    }
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    return a->model && b->model ? model_order(a->model, b->model, 0) : 0;
}

// Keeps the best MAX_KEPT, sorted; of equal names the first kept kind wins unless the new one is nearer.
static void keep(struct collector *c, struct suggestion s) {
    bool itself = s.kind != SUGGESTION_INSTALLED && same_name(s.name, c->written);
    if (itself) {
        return; // "pull it" is not a did-you-mean
    }
    for (size_t i = 0; i < c->n; i++) {
        if (str_ieq(c->kept[i].name, s.name)) {
            if (before(&s, &c->kept[i]) >= 0) {
                return;
            }
            memmove(&c->kept[i], &c->kept[i + 1], (c->n - i - 1) * sizeof(s));
            c->n--;
            break;
        }
    }
    size_t at = c->n;
    while (at > 0 && before(&s, &c->kept[at - 1]) < 0) {
        at--;
    }
    if (at == MAX_KEPT) {
        return;
    }
    size_t end = c->n < MAX_KEPT ? c->n : MAX_KEPT - 1;
    memmove(&c->kept[at + 1], &c->kept[at], (end - at) * sizeof(s));
    c->kept[at] = s;
    c->n = end + 1;
}

// --- the target ---

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
    struct facets facets;
    for (size_t i = 0; i < library_count() && !search.known; i++) {
        facets_init(&facets, library_at(i)->name);
        base_consider(&search, &facets);
    }
    for (size_t i = 0; catalog && i < catalog->n_models && !search.known; i++) {
        facets_init(&facets, catalog->models[i].parsed.model);
        base_consider(&search, &facets);
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

static const struct library_model *family_of(const struct facets *facets) {
    for (size_t i = 0; i < library_count(); i++) {
        struct facets family;
        facets_init(&family, library_at(i)->name);
        if (str_eq(facets_key(&family), facets_key(facets))) {
            return library_at(i);
        }
    }
    return NULL;
}

static void target_init(struct target *target, struct str written, unsigned wanted,
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
    const struct library_model *family = family_of(&target->facets);
    // "mistral-7b-instruct-v0.3": a release of a family that does not tell releases apart.
    while (family == NULL && facets_drop_version(&target->facets)) {
        family = family_of(&target->facets);
    }
    if (family == NULL) {
        facets_init(&target->facets, last); // the release was part of an unknown name
    }
    target->default_size = standard_size(family);
    target->known = target->known_base = family != NULL;
    if (family == NULL) {
        target_orient(target, catalog);
    }
}

// --- candidates ---

static int installed_misfit(const struct model *model, unsigned wanted) {
    bool misfit = wanted && model->capabilities_known && (model->capabilities & wanted) != wanted;
    return misfit ? 50 : 0;
}

static void installed_facets(const struct model *model, struct facets *facets) {
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
    const struct library_model *family =
        model_name_is_library(&model->parsed) ? library_find(name) : NULL;
    facets->standard = str_ieq(tag, MODEL_DEFAULT_TAG) || (family && str_ieq(tag, family->latest));
    if (facets->size.billions > 0) {
        return;
    }
    // ":latest" and the like: what the server or the library says about its size.
    struct model_size size;
    if (size_parse(model->parameters, &size)) {
        facets->size = size;
        facets->size_measured = true;
    } else if (family && str_ieq(tag, MODEL_DEFAULT_TAG) && size_parse(family->latest, &size)) {
        facets->size = size;
    }
}

static void collect_installed(struct collector *c, const struct target *target) {
    for (size_t i = 0; c->catalog && i < c->catalog->n_models; i++) {
        const struct model *model = &c->catalog->models[i];
        struct facets facets;
        struct verdict verdict;
        installed_facets(model, &facets);
        candidate_judge(target, &facets, &verdict);
        if (verdict.cost >= COST_FAR) {
            continue;
        }
        int cost = verdict.cost + installed_misfit(model, target->wanted);
        bool foreign_owner = !model_name_is_library(&model->parsed) &&
                             !str_ieq(model->parsed.namespace_, target->owner);
        if (foreign_owner) {
            cost += 18;
        }
        if (cost > COST_MAX_INSTALLED) {
            continue;
        }
        keep(c, (struct suggestion){
                    .kind = SUGGESTION_INSTALLED,
                    .name = without_latest(c, model->name),
                    .model = model,
                    .same_size = verdict.same_size && !foreign_owner &&
                                 installed_misfit(model, target->wanted) == 0,
                    .score = cost,
                });
    }
}

static int library_misfit(const struct library_model *family, unsigned wanted) {
    unsigned have = family->capabilities | (family->insert ? CAP_INSERT : 0);
    if (wanted == 0 || family->capabilities == 0 || (have & wanted) == wanted) {
        return 0;
    }
    // The labels do not tell all about filling in the middle.
    return ((have | CAP_INSERT) & wanted) == wanted ? 10 : 50;
}

static void library_offer(struct collector *c, const struct target *target,
                          const struct library_model *family, struct str tag, bool is_default) {
    struct str name = tag.n ? arena_printf(c->arena, "%.*s:%.*s", STR_ARG(family->name), STR_ARG(tag))
                            : family->name;
    struct facets facets;
    struct verdict verdict;
    facets_init(&facets, name);
    facets.standard = is_default;
    struct model_size size;
    if (is_default && facets.size.billions <= 0 && size_parse(family->latest, &size)) {
        facets.size = size;
    }
    candidate_judge(target, &facets, &verdict);
    int cost = verdict.cost + COST_LIBRARY + library_misfit(family, target->wanted);
    if (target->owner.n && verdict.same_family && target->typo == 0) {
        cost += 3; // somebody's own build of it was meant
    }
    if (cost <= COST_MAX_LIBRARY) {
        keep(c, (struct suggestion){
                    .kind = SUGGESTION_LIBRARY,
                    .name = name,
                    .same_size = verdict.same_size,
                    .score = cost,
                });
    }
}

static bool has_local_tag(const struct library_model *family) {
    for (size_t i = 0; i < family->n_tags; i++) {
        if (!family->tags[i].cloud) {
            return true;
        }
    }
    return family->n_tags == 0;
}

static void collect_library(struct collector *c, const struct target *target) {
    for (size_t i = 0; i < library_count(); i++) {
        const struct library_model *family = library_at(i);
        struct facets facets;
        struct verdict verdict;
        facets_init(&facets, family->name);
        candidate_judge(target, &facets, &verdict);
        if (verdict.cost >= COST_FAR) {
            continue;
        }
        bool local = has_local_tag(family);
        bool sized = target->facets.size.billions > 0;
        if (local && (!sized || family->n_tags == 0)) {
            library_offer(c, target, family, STR(""), true);
        }
        for (size_t t = 0; t < family->n_tags; t++) {
            const struct library_tag *tag = &family->tags[t];
            bool fits = sized || target->tag.n || tag->cloud ||
                        (target->facets.n_words > facets.n_words && !size_parse(tag->tag, NULL));
            if (fits && (!tag->cloud || !local || target->facets.cloud) &&
                !str_eq(tag->tag, MODEL_DEFAULT_TAG)) {
                library_offer(c, target, family, tag->tag, false);
            }
        }
        struct model_name name;
        bool whole_tag = target->tag.n && verdict.same_family &&
                         library_knows_tag(family, target->tag) &&
                         !str_ieq(target->tag, MODEL_DEFAULT_TAG);
        if (whole_tag) {
            struct str full = arena_printf(c->arena, "%.*s:%.*s", STR_ARG(family->name),
                                           STR_ARG(target->tag));
            if (model_name_parse(full, MODEL_NAME_INFERENCE, &name, NULL)) {
                library_offer(c, target, family, target->tag, false);
            }
        }
    }
}

// --- names of other places ---

static bool looks_like_embedding(struct str s) {
    static const struct str MARKS[] = {
        STR_INIT("embed"), STR_INIT("minilm"), STR_INIT("mpnet"), STR_INIT("bge-"), STR_INIT("gte-"),
        STR_INIT("e5-"),   STR_INIT("sentence-transformers"), STR_INIT("instructor-"),
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
        bool embeds = model->capabilities_known
                          ? (model->capabilities & CAP_EMBEDDING) != 0
                          : looks_like_embedding(model->name);
        if (model->remote || installed_misfit(model, wanted) ||
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
        keep(c, (struct suggestion){
                    .kind = SUGGESTION_INSTALLED,
                    .name = without_latest(c, best[i]->name),
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
    keep(c, (struct suggestion){
                .kind = known ? SUGGESTION_LIBRARY : SUGGESTION_GUESS,
                .name = name,
                .same_size = certain && known,
                .score = score,
            });
}

// All rows of a table for `id`; the first name goes to `*first` when that is still empty.
static void offer_mapped(struct collector *c, struct name_table table, struct str id, bool repo_only,
                         struct str *first, int *rank) {
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
static struct str collect_mapped(struct collector *c, struct str written) {
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

static void collect_foreign(struct collector *c, const struct target *target,
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
            collect_installed(c, &stand_in);
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
            keep(c, (struct suggestion){
                        .kind = SUGGESTION_HUGGING_FACE, .name = name, .score = COST_HUB_FILE});
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

// Prefix forms of other tools do not count as part of the name.
static struct str without_prefix(struct str s) {
    static const struct str PREFIXES[] = {STR_INIT("ollama://"), STR_INIT("ollama_chat/"),
                                          STR_INIT("ollama/"),   STR_INIT("ollama:"),
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
    struct str mapped = collect_mapped(c, id);
    struct target *target = ARENA_NEW(arena, struct target);
    target_init(target, mapped.n ? mapped : id, wanted, catalog);
    if (mapped.n && target->owner.n == 0) {
        // Whose build it is decides among installed ones: "hf.co/ORG/REPO".
        size_t slash = str_find_char(id, '/');
        target->owner = slash == STR_NPOS ? STR("") : str_slice(id, 0, slash);
    }
    collect_installed(c, target);
    if (!in_library(id)) {
        collect_library(c, target);
    }
    if (foreign.is_foreign) {
        collect_foreign(c, target, &foreign, id);
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
