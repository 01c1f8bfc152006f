// SPDX-License-Identifier: MIT
//
// Runs the conventions over a file of settings. The work follows the needles: values that hold one
// are marked with all that is around them, and patterns and searches at any depth look at marked
// objects only. A file of 100 kB with one reference costs little more than reading it.
#include <stdlib.h>

#include "base/limits.h"
#include "diagnostics/containers.h"
#include "diagnostics/settings.h"

#define PATH_BUDGET 400000 // steps of all paths on one file: YAML aliases can multiply

const struct config_node *settings_object(const struct config_node *node) {
    const struct config_node *above = node->parent;
    while (above && above->kind == CONFIG_ARRAY) {
        above = above->parent;
    }
    return above;
}

struct provider {
    struct str id;
    const struct config_node *host; // or NULL
    uint8_t v1;
};

// One convention at work on one document.
struct worker {
    struct settings *settings;
    const struct convention *convention;
    const struct ref_rule *ref;
    const struct host_rule *host;
    const struct provider_rule *provider_rule;
    VEC(struct provider) providers;
    VEC(struct str) ids; // of providers, then the convention's own
    size_t budget;
};

// --- marking ---

struct hits {
    uint32_t *at; // sorted
    size_t n;
};

static int compare_hits(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static struct hits find_hits(struct collector *collector, const struct convention *const *active,
                             size_t n) {
    VEC(uint32_t) hits = {0};
    VEC(struct str) done = {0};
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < active[i]->n_needles; k++) {
            const struct needle *needle = &active[i]->needles[k];
            size_t j = 0;
            while (j < done.n && !str_eq(done.at[j], needle->text)) {
                j++;
            }
            if (j < done.n) {
                continue;
            }
            *VEC_PUSH(collector->arena, &done) = needle->text;
            size_t at = needle_find(collector->bytes, needle, 0);
            for (; at != STR_NPOS;
                 at = needle_find(collector->bytes, needle, at + needle->text.n)) {
                *VEC_PUSH(collector->arena, &hits) = (uint32_t)at;
            }
        }
    }
    if (done.n > 1 && hits.n > 1) {
        qsort(hits.at, hits.n, sizeof(*hits.at), compare_hits);
    }
    return (struct hits){hits.at, hits.n};
}

static bool has_hit(const struct hits *hits, size_t from, size_t to) {
    size_t low = 0;
    size_t high = hits->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (hits->at[middle] < from) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < hits->n && hits->at[low] < to;
}

// Marks a node and returns whether it matters. An alias matters when what it stands for does.
static bool mark(struct config_node *node, const struct hits *hits, bool all) {
    bool found = all || (node->has_key && has_hit(hits, node->key_start, node->key_end));
    if (node->kind == CONFIG_ALIAS) {
        found = found || (node->target && node->target->matters);
    } else if (node->kind == CONFIG_SCALAR) {
        found = found || has_hit(hits, node->start, node->end);
    } else {
        for (struct config_node *child = node->first; child; child = child->next) {
            found = mark(child, hits, all) || found;
        }
    }
    node->matters = found;
    return found;
}

// --- references ---

static enum model_role role_of(const struct worker *worker, const struct config_node *object) {
    for (size_t i = 0; i < worker->ref->n_roles; i++) {
        const struct role_rule *rule = &worker->ref->roles[i];
        if (rule->when.n == 0 || conditions_hold(&rule->when, worker->settings->config,
                                                 worker->settings->root, object)) {
            return rule->role;
        }
    }
    return ROLE_ANY;
}

// The reference's host becomes `node`, which also is a host of its own.
static bool take_host(struct worker *worker, size_t index, const struct config_node *node,
                      enum host_origin origin, uint8_t v1) {
    struct collector *collector = worker->settings->collector;
    struct piece piece = config_value(worker->settings->config, node);
    unsigned flags = collector->references.at[index].flags & REF_QUIET;
    collect_host(collector, &piece, v1, worker->convention->name, flags);
    return reference_set_host(collector, &collector->references.at[index], piece, origin);
}

static void set_host(struct worker *worker, size_t index, const struct config_node *object,
                     size_t provider) {
    struct settings *settings = worker->settings;
    const struct ref_rule *ref = worker->ref;
    if (settings->collector->references.at[index].host.origin != HOST_ORIGIN_NONE) {
        return;
    }
    for (size_t i = 0; i < ref->n_hosts; i++) {
        const struct config_node *node =
            path_find(settings->config, settings->root, &ref->hosts[i], object);
        if (node && node->kind == CONFIG_SCALAR) {
            // A host elsewhere in the file is a provider's.
            bool is_sibling = settings_object(node) == object;
            enum host_origin origin = is_sibling ? HOST_ORIGIN_SIBLING : HOST_ORIGIN_PROVIDER;
            if (take_host(worker, index, node, origin, ref->v1)) {
                return;
            }
        }
    }
    if (provider < worker->providers.n && worker->providers.at[provider].host) {
        const struct provider *block = &worker->providers.at[provider];
        take_host(worker, index, block->host, HOST_ORIGIN_PROVIDER,
                  block->v1 ? block->v1 : ref->v1);
    } else if (ref->host_literal.n > 0) {
        settings->collector->references.at[index].host =
            (struct reference_host){.origin = HOST_ORIGIN_SIBLING, .written = ref->host_literal};
    }
}

static size_t find_provider(const struct worker *worker, struct str id) {
    for (size_t i = 0; i < worker->ids.n; i++) {
        if (str_eq(worker->ids.at[i], id)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void add_reference(struct worker *worker, const struct config_node *object,
                          struct piece value, size_t provider) {
    struct settings *settings = worker->settings;
    const struct ref_rule *ref = worker->ref;
    const struct convention *convention = worker->convention;
    struct model_place place = {
        .value = value,
        .forms = ref->forms,
        .n_forms = ref->n_forms,
        .ids = worker->ids.at,
        .n_ids = worker->ids.n,
        .role = role_of(worker, object),
        .flags = ref->flags,
        .convention = convention->name,
        .maps_aliases = convention->maps_aliases,
        .takes_empty = convention->n_files > 0 || convention->when.n > 0,
    };
    if (ref->pulls.n > 0 &&
        conditions_hold(&ref->pulls, settings->config, settings->root, object)) {
        place.flags |= REF_PULLS;
    }
    size_t index = settings->collector->references.n;
    size_t id = SIZE_MAX;
    if (!collect_model(settings->collector, &place, &id)) {
        return;
    }
    set_host(worker, index, object, id == SIZE_MAX ? provider : id);
    if (ref->num_ctx) {
        struct piece piece = config_value(
            settings->config, path_find(settings->config, settings->root, ref->num_ctx, object));
        collect_num_ctx(settings->collector, &piece, index, convention->name);
    }
}

static bool visit_reference(void *data, const struct config_node *node, bool is_key) {
    struct worker *worker = data;
    struct settings *settings = worker->settings;
    const struct ref_rule *ref = worker->ref;
    const struct config_node *object = settings_object(node);
    if (!object) {
        return true;
    }
    const struct config_node *value = is_key ? node : config_resolve(node);
    if (!value || (!is_key && value->kind != CONFIG_SCALAR && value->kind != CONFIG_NULL) ||
        (ref->when.n > 0 &&
         !conditions_hold(&ref->when, settings->config, settings->root, object))) {
        return true;
    }
    size_t provider = SIZE_MAX;
    if (ref->provider) {
        provider = find_provider(
            worker, config_text(settings->config, path_find(settings->config, settings->root,
                                                            ref->provider, object)));
        if (provider == SIZE_MAX) {
            return true;
        }
    }
    struct piece piece =
        is_key ? config_key_piece(settings->config, value) : config_value(settings->config, value);
    for (size_t from = 0; from <= piece.text.n;) {
        size_t to = piece.text.n;
        if (ref->separator) {
            size_t mark = str_find_char(str_from_index(piece.text, from), ref->separator);
            to = mark == STR_NPOS ? to : from + mark;
        }
        add_reference(worker, object, piece_slice(&piece, from, to), provider);
        from = ref->separator ? to + 1 : piece.text.n + 1;
    }
    return !settings->collector->full;
}

static bool visit_host(void *data, const struct config_node *node, bool is_key) {
    struct worker *worker = data;
    struct settings *settings = worker->settings;
    const struct config_node *object = settings_object(node);
    const struct config_node *value = config_resolve(node);
    if (is_key || !object || !value ||
        (value->kind != CONFIG_SCALAR && value->kind != CONFIG_NULL) ||
        !conditions_hold(&worker->host->when, settings->config, settings->root, object)) {
        return true;
    }
    struct piece piece = config_value(settings->config, value);
    struct reference *reference =
        collect_host(settings->collector, &piece, worker->host->v1, worker->convention->name, 0);
    if (reference) {
        reference->hostname_only = worker->host->hostname_only;
    }
    return !settings->collector->full;
}

static bool visit_provider(void *data, const struct config_node *node, bool is_key) {
    struct worker *worker = data;
    struct settings *settings = worker->settings;
    const struct provider_rule *rule = worker->provider_rule;
    const struct config_node *block = config_resolve(node);
    if (is_key || !block ||
        !conditions_hold(&rule->when, settings->config, settings->root, block)) {
        return true;
    }
    struct provider *provider = VEC_PUSH(settings->collector->arena, &worker->providers);
    provider->v1 = rule->v1;
    if (rule->id.n > 0) {
        provider->id = config_text(settings->config,
                                   path_find(settings->config, settings->root, &rule->id, block));
    } else if (node->has_key) {
        provider->id = config_key(settings->config, node);
    }
    if (rule->host.n > 0) {
        const struct config_node *host =
            path_find(settings->config, settings->root, &rule->host, block);
        provider->host = host && host->kind == CONFIG_SCALAR ? host : NULL;
        if (provider->host) {
            struct piece piece = config_value(settings->config, host);
            collect_host(settings->collector, &piece, rule->v1, worker->convention->name, 0);
        }
    }
    if (provider->id.n == 0) {
        worker->providers.n--;
    } else {
        *VEC_PUSH(settings->collector->arena, &worker->ids) = provider->id;
    }
    return true;
}

// --- commands and environments ---

static bool visit_command(void *data, const struct config_node *node, bool is_key) {
    struct worker *worker = data;
    // The name of the program may stand beside: then the words themselves hold no needle.
    if (!is_key && !settings_split_command(worker->settings, node, worker->convention->name) &&
        node->matters) {
        settings_command(worker->settings, node, worker->convention->name);
    }
    return !worker->settings->collector->full;
}

static bool visit_environment(void *data, const struct config_node *node, bool is_key) {
    struct worker *worker = data;
    if (!is_key && node->matters) {
        settings_environment(worker->settings, node, worker->convention->name);
    }
    return !worker->settings->collector->full;
}

// --- the run ---

static void run_path(struct worker *worker, const struct path *path, const struct config_node *from,
                     unsigned prune, bool (*visit)(void *, const struct config_node *, bool)) {
    struct path_walk walk = {.config = worker->settings->config,
                             .root = worker->settings->root,
                             .prune = prune,
                             .visit = visit,
                             .data = worker,
                             .budget = worker->budget};
    path_run(&walk, path, from);
    worker->budget = walk.budget;
}

// All rules whose paths start at `object`: those for any object, or those for the document's root.
static void run_rules(struct worker *worker, const struct config_node *object, bool anywhere) {
    const struct convention *convention = worker->convention;
    const struct conditions *when = NULL;
    const struct settings *settings = worker->settings;
    for (size_t i = 0; i < convention->n_refs; i++) {
        worker->ref = &convention->refs[i];
        for (size_t k = 0; k < worker->ref->n_paths; k++) {
            if (worker->ref->paths[k].is_anywhere == anywhere) {
                run_path(worker, &worker->ref->paths[k], object, worker->ref->prune,
                         visit_reference);
            }
        }
    }
    for (size_t i = 0; i < convention->n_hosts; i++) {
        worker->host = &convention->hosts[i];
        if (worker->host->path.is_anywhere == anywhere) {
            run_path(worker, &worker->host->path, object, PRUNE_NOTHING, visit_host);
        }
    }
    for (size_t i = 0; i < convention->n_commands; i++) {
        when = &convention->commands[i].when;
        if (convention->commands[i].path.is_anywhere == anywhere &&
            conditions_hold(when, settings->config, settings->root, object)) {
            run_path(worker, &convention->commands[i].path, object, PRUNE_NOTHING, visit_command);
        }
    }
    for (size_t i = 0; i < convention->n_environments; i++) {
        when = &convention->environments[i].when;
        if (convention->environments[i].path.is_anywhere == anywhere &&
            conditions_hold(when, settings->config, settings->root, object)) {
            run_path(worker, &convention->environments[i].path, object, PRUNE_VALUES,
                     visit_environment);
        }
    }
}

static void walk_objects(struct settings *settings, struct worker *workers, size_t n,
                         const struct config_node *node) {
    if (!node->matters || settings->collector->full) {
        return;
    }
    if (node->kind == CONFIG_OBJECT) {
        // Of two references to one value the first is kept: what knows the file goes before the
        // sibling rule, which knows hosts and goes before what looks at a value alone.
        size_t i = 0;
        for (; i < n && convention_is_specific(workers[i].convention); i++) {
            run_rules(&workers[i], node, true);
        }
        siblings_collect(settings, node);
        for (; i < n; i++) {
            run_rules(&workers[i], node, true);
        }
    }
    for (const struct config_node *child = node->first; child; child = child->next) {
        walk_objects(settings, workers, n, child);
    }
}

// Values that look like references and are none: their references are taken back.
struct never_span {
    uint32_t start;
    uint32_t end;
};

struct never {
    const struct worker *worker;
    VEC(struct never_span) spans;
};

static bool visit_never(void *data, const struct config_node *node, bool is_key) {
    struct never *never = data;
    struct never_span *span = VEC_PUSH(never->worker->settings->collector->arena, &never->spans);
    node = config_resolve(node);
    if (node) {
        *span = is_key ? (struct never_span){node->key_start, node->key_end}
                       : (struct never_span){node->start, node->end};
    }
    return true;
}

static void remove_never(struct worker *worker) {
    struct never never = {.worker = worker};
    for (size_t i = 0; i < worker->convention->n_never; i++) {
        struct path_walk walk = {.config = worker->settings->config,
                                 .root = worker->settings->root,
                                 .visit = visit_never,
                                 .data = &never,
                                 .budget = worker->budget};
        path_run(&walk, &worker->convention->never[i], worker->settings->root);
    }
    if (never.spans.n == 0) {
        return;
    }
    struct collector *collector = worker->settings->collector;
    size_t kept = 0;
    for (size_t i = 0; i < collector->references.n; i++) {
        const struct reference *reference = &collector->references.at[i];
        bool is_never = false;
        for (size_t k = 0; k < never.spans.n && !is_never; k++) {
            is_never = reference->kind == REF_MODEL &&
                       reference->prefix_start >= never.spans.at[k].start &&
                       reference->end <= never.spans.at[k].end;
        }
        if (!is_never) {
            collector->references.at[kept++] = *reference;
        }
    }
    collector->references.n = kept;
}

static void run_document(struct settings *settings, const struct convention *const *active,
                         size_t n) {
    struct arena *arena = settings->collector->arena;
    struct worker *workers = ARENA_ARRAY(arena, n + 1, struct worker);
    size_t n_workers = 0;
    for (size_t i = 0; i < n; i++) {
        if (!conditions_hold(&active[i]->when, settings->config, settings->root, settings->root)) {
            continue;
        }
        struct worker *worker = &workers[n_workers++];
        worker->settings = settings;
        worker->convention = active[i];
        worker->budget = PATH_BUDGET;
        for (size_t k = 0; k < active[i]->n_providers; k++) {
            worker->provider_rule = &active[i]->providers[k];
            run_path(worker, &worker->provider_rule->path, settings->root, PRUNE_NOTHING,
                     visit_provider);
        }
        for (size_t k = 0; k < active[i]->n_provider_ids; k++) {
            *VEC_PUSH(arena, &worker->ids) = active[i]->provider_ids[k];
        }
        run_rules(worker, settings->root, false);
    }
    walk_objects(settings, workers, n_workers, settings->root);
    for (size_t i = 0; i < n_workers; i++) {
        remove_never(&workers[i]);
    }
}

// Many conventions share their needles: each word is looked for once.
struct occurrence {
    struct str word;
    bool occurs;
};

struct occurrences {
    struct collector *collector;
    VEC(struct occurrence) seen;
};

static bool occurs(struct occurrences *occurrences, const struct convention *convention) {
    for (size_t i = 0; i < convention->n_needles; i++) {
        const struct needle *needle = &convention->needles[i];
        size_t k = 0;
        while (k < occurrences->seen.n && !str_eq(occurrences->seen.at[k].word, needle->text)) {
            k++;
        }
        if (k == occurrences->seen.n) {
            *VEC_PUSH(occurrences->collector->arena, &occurrences->seen) = (struct occurrence){
                needle->text, needles_occur(occurrences->collector->bytes, needle, 1)};
        }
        if (occurrences->seen.at[k].occurs) {
            return true;
        }
    }
    return convention->n_needles == 0;
}

void config_collect(struct collector *collector) {
    const struct convention_set *set = analyzer_conventions(collector->analyzer);
    const struct analysis_input *input = collector->input;
    const struct convention **active =
        ARENA_ARRAY(collector->arena, set->n + 1, const struct convention *);
    struct occurrences occurrences = {.collector = collector};
    size_t n = 0;
    bool all = false;
    for (size_t i = 0; i < set->n; i++) {
        const struct convention *convention = set->at[i];
        if (!convention_takes(convention, input->format, input->folder_path) ||
            !occurs(&occurrences, convention)) {
            continue;
        }
        active[n++] = convention;
        all = all || convention->n_needles == 0; // nothing to go by: everything may matter
        if (convention->query_source) {
            queries_collect(collector, convention);
        }
    }
    if (n == 0) {
        return;
    }
    struct config *config = config_read(collector->arena, input->format, collector->bytes);
    struct hits hits = find_hits(collector, active, n);
    collector->containers = containers_find(config);
    struct settings settings = {.collector = collector, .set = set, .config = config};
    for (struct config_node *root = config->documents; root && !collector->full;
         root = root->next) {
        mark(root, &hits, all);
        settings.root = root;
        run_document(&settings, active, n);
    }
}
