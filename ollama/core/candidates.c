// SPDX-License-Identifier: MIT
//
// Candidates for what was meant: each installed model and each library tag is judged, the nearest
// are kept in order. Installed ones go first unless they are clearly something else.
#include "ollama/core/suggest.h"

struct str candidate_name(const struct collector *c, struct str name) {
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

// Keeps the best MAX_KEPT, sorted; of equal names the first kept kind wins unless the new one is
// nearer.
void candidate_keep(struct collector *c, struct suggestion s) {
    if (c->n == MAX_KEPT && before(&s, &c->kept[MAX_KEPT - 1]) >= 0) {
        return;
    }
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

int candidate_misfit(const struct model *model, unsigned wanted) {
    bool misfit = model_lacks(model, wanted);
    return misfit ? 50 : 0;
}

// What the server and the library say about it. Asked of related models only.
static void installed_details(const struct model *model, struct facets *facets) {
    struct str name = model->parsed.model;
    struct str tag = model->parsed.tag;
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

void candidates_from_catalog(struct collector *c, const struct target *target) {
    for (size_t i = 0; c->catalog && i < c->catalog->n_models; i++) {
        const struct model *model = &c->catalog->models[i];
        if (!candidate_possible(target, model->parsed.model)) {
            continue;
        }
        struct verdict verdict;
        candidate_judge(target, known_model(c->catalog, i), &verdict);
        if (verdict.cost >= COST_FAR) {
            continue;
        }
        struct facets facets = *known_model(c->catalog, i); // its words stay the catalog's
        installed_details(model, &facets);
        candidate_judge(target, &facets, &verdict);
        int cost = verdict.cost + candidate_misfit(model, target->wanted);
        bool foreign_owner = !model_name_is_library(&model->parsed) &&
                             !str_ieq(model->parsed.namespace_, target->owner);
        bool same_owner = str_ieq(model->parsed.namespace_, target->owner);
        if (foreign_owner) {
            cost += 18;
        }
        if (cost > COST_MAX_INSTALLED) {
            continue;
        }
        candidate_keep(c, (struct suggestion){
                              .kind = SUGGESTION_INSTALLED,
                              .name = candidate_name(c, model->name),
                              .model = model,
                              .same_size = verdict.same_size && !foreign_owner &&
                                           (same_owner || !target->owner_counts) &&
                                           candidate_misfit(model, target->wanted) == 0,
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
    struct str name = family->name;
    if (tag.n) {
        name = arena_printf(c->arena, "%.*s:%.*s", STR_ARG(family->name), STR_ARG(tag));
    }
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
        candidate_keep(c, (struct suggestion){
                              .kind = SUGGESTION_LIBRARY,
                              .name = name,
                              .same_size = verdict.same_size && !target->owner_counts,
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

void candidates_from_library(struct collector *c, const struct target *target) {
    for (size_t i = 0; i < library_count(); i++) {
        const struct library_model *family = library_at(i);
        if (!candidate_possible(target, family->name)) {
            continue;
        }
        struct facets room;
        struct verdict verdict;
        const struct facets *facets = known_family(c->catalog, i, &room);
        candidate_judge(target, facets, &verdict);
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
                        (target->facets.n_words > facets->n_words && !size_parse(tag->tag, NULL));
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
            struct str full =
                arena_printf(c->arena, "%.*s:%.*s", STR_ARG(family->name), STR_ARG(target->tag));
            if (model_name_parse(full, MODEL_NAME_INFERENCE, &name, NULL)) {
                library_offer(c, target, family, target->tag, false);
            }
        }
    }
}
