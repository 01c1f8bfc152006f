// SPDX-License-Identifier: MIT
//
// One analysis from start to end: the format's reader collects, hosts are looked up (config-formats
// 2.5), doubles are taken out, comments that silence are found. Pure; all memory is the caller's
// arena.
#include <stdatomic.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/uri.h"
#include "diagnostics/containers.h"
#include "diagnostics/convention.h"
#include "diagnostics/model_place.h"

struct analyzer {
    atomic_uint references;
    struct convention_set set;
};

struct analyzer *analyzer_create(struct json_object *conventions,
                                 void (*on_problem)(void *data, struct str message), void *data) {
    struct analyzer *analyzer = mem_alloc(sizeof(*analyzer));
    atomic_init(&analyzer->references, 1);
    convention_set_init(&analyzer->set, conventions, on_problem, data);
    return analyzer;
}

struct analyzer *analyzer_retain(struct analyzer *analyzer) {
    atomic_fetch_add_explicit(&analyzer->references, 1, memory_order_relaxed);
    return analyzer;
}

void analyzer_release(struct analyzer *analyzer) {
    if (analyzer &&
        atomic_fetch_sub_explicit(&analyzer->references, 1, memory_order_acq_rel) == 1) {
        convention_set_finish(&analyzer->set);
        free(analyzer);
    }
}

size_t analyzer_count(const struct analyzer *analyzer) {
    return analyzer->set.n;
}

const struct convention_set *analyzer_conventions(const struct analyzer *analyzer) {
    return &analyzer->set;
}

static bool is_settings(enum format format) {
    return format == FORMAT_YAML || format == FORMAT_JSON || format == FORMAT_TOML;
}

bool analyzer_wants_tree(const struct analyzer *analyzer, enum format format, struct str path) {
    if (!is_settings(format)) {
        return format_language(format) != NULL;
    }
    for (size_t i = 0; i < analyzer->set.n; i++) {
        const struct convention *convention = analyzer->set.at[i];
        if (convention->query_source && convention_takes(convention, format, path)) {
            return true;
        }
    }
    return false;
}

bool analyzer_probe(const struct analyzer *analyzer, enum format format, struct str path,
                    struct str bytes) {
    const struct convention_set *set = &analyzer->set;
    if (format == FORMAT_NONE || format == FORMAT_MODELFILE) {
        return format == FORMAT_MODELFILE;
    }
    if (needles_occur(bytes, set->needles, set->n_needles)) {
        return true;
    }
    for (size_t i = 0; is_settings(format) && i < set->n; i++) {
        const struct convention *convention = set->at[i];
        bool is_looked_for = convention->n_files == 0 && convention->n_needles > 0;
        if (!is_looked_for && convention_takes(convention, format, path) &&
            (convention->n_needles == 0 ||
             needles_occur(bytes, convention->needles, convention->n_needles))) {
            return true;
        }
    }
    return false;
}

// --- hosts ---

static const struct convention *find_convention(const struct convention_set *set, struct str name) {
    for (size_t i = 0; i < set->n; i++) {
        if (set->at[i]->name.p == name.p || str_eq(set->at[i]->name, name)) {
            return set->at[i];
        }
    }
    return NULL;
}

// The format's variable in this file, else in the nearest .env.
static void find_host(struct collector *collector, struct reference *reference) {
    const struct convention_set *set = &collector->analyzer->set;
    const struct convention *convention = find_convention(set, reference->convention);
    bool has_own = convention && convention->has_host_variables;
    const struct str *names = has_own ? convention->host_variables : set->host_variables;
    size_t n = has_own ? convention->n_host_variables : set->n_host_variables;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = collector->environment.n; k-- > 0;) {
            const struct env_item *item = &collector->environment.at[k];
            if (str_eq(item->name.text, names[i]) &&
                reference_set_host(collector, reference, item->value, HOST_ORIGIN_FILE)) {
                return;
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = collector->input->n_dotenv; k-- > 0;) {
            const struct env_entry *entry = &collector->input->dotenv[k];
            struct piece value = {.text = entry->value, .start = 0, .end = 0};
            if (str_eq(entry->name, names[i]) &&
                reference_set_host(collector, reference, value, HOST_ORIGIN_DOTENV)) {
                reference->host.start = reference->host.end = 0; // it stands in another file
                return;
            }
        }
    }
}

// Files with thousands of models and variables: one lookup serves all models of a convention.
static void find_hosts(struct collector *collector) {
    struct str convention = STR_NONE;
    struct reference_host host = {0};
    for (size_t i = 0; i < collector->references.n; i++) {
        struct reference *reference = &collector->references.at[i];
        if (reference->kind == REF_MODEL && reference->host.origin == HOST_ORIGIN_NONE) {
            if (convention.p != reference->convention.p || convention.p == NULL) {
                find_host(collector, reference);
                convention = reference->convention;
                host = reference->host;
            } else {
                reference->host = host;
            }
        }
        containers_apply(collector->containers, &collector->analyzer->set, reference);
    }
}

// --- order ---

struct ranked {
    struct reference reference;
    size_t rank; // place in the order of finding: the lower one is the more specific
};

static int compare_ranked(const void *a, const void *b) {
    const struct ranked *x = a;
    const struct ranked *y = b;
    if (x->reference.prefix_start != y->reference.prefix_start) {
        return x->reference.prefix_start < y->reference.prefix_start ? -1 : 1;
    }
    return x->rank < y->rank ? -1 : 1;
}

// Two references of one kind over the same text, or two empty ones at one place.
static bool is_double(const struct reference *a, const struct reference *b) {
    return a->kind == b->kind && (a->prefix_start == b->prefix_start ||
                                  (a->prefix_start < b->end && b->prefix_start < a->end));
}

// Strings of conventions live as long as the analyzer, which may end before the analysis: they are
// copied. Neighbours mostly come from one convention and share the copy.
static void own_strings(struct arena *arena, struct reference *reference,
                        const struct reference *before, const struct reference *before_owned) {
    bool is_shared = before && before->convention.p == reference->convention.p;
    reference->convention =
        is_shared ? before_owned->convention : arena_copy(arena, reference->convention);
    if (reference->prefix_wanted.n > 0) {
        reference->prefix_wanted = arena_copy(arena, reference->prefix_wanted);
    }
    struct reference_host *host = &reference->host;
    if (host->origin != HOST_ORIGIN_NONE && host->start == host->end) {
        host->written = arena_copy(arena, host->written);
    }
}

// Sorts by place, keeps of doubles the first found, and renumbers model_index.
static void order_references(struct collector *collector, struct analysis *analysis) {
    size_t n = collector->references.n;
    struct ranked *ranked = ARENA_ARRAY(collector->arena, n + 1, struct ranked);
    for (size_t i = 0; i < n; i++) {
        ranked[i] = (struct ranked){collector->references.at[i], i};
    }
    qsort(ranked, n, sizeof(*ranked), compare_ranked);
    size_t *moved = ARENA_ARRAY(collector->arena, n + 1, size_t);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = kept;
        while (k > 0 && kept - k < 8 &&
               !is_double(&ranked[k - 1].reference, &ranked[i].reference)) {
            k--;
        }
        bool is_new = k == 0 || kept - k == 8;
        if (is_new) {
            moved[ranked[i].rank] = kept;
            ranked[kept++] = ranked[i];
        } else if (ranked[i].rank < ranked[k - 1].rank) {
            moved[ranked[k - 1].rank] = moved[ranked[i].rank] = k - 1;
            ranked[k - 1] = ranked[i];
        } else {
            moved[ranked[i].rank] = k - 1;
        }
    }
    analysis->references = ARENA_ARRAY(collector->arena, kept + 1, struct reference);
    analysis->n_references = kept;
    for (size_t i = 0; i < kept; i++) {
        analysis->references[i] = ranked[i].reference;
        own_strings(collector->arena, &analysis->references[i],
                    i > 0 ? &ranked[i - 1].reference : NULL,
                    i > 0 ? &analysis->references[i - 1] : NULL);
        size_t *index = &analysis->references[i].model_index;
        *index = *index < n ? moved[*index] : SIZE_MAX;
        analysis->references[i].flags |= analysis->is_example ? REF_EXAMPLE : 0;
    }
}

// --- silence ---

// Is the text before the words on the line the beginning of a comment? `*alone`: nothing else is.
static bool is_comment(struct str before, enum format format, bool *alone) {
    static const struct str leaders[] = {STR_INIT("#"),  STR_INIT("//"), STR_INIT(";"),
                                         STR_INIT("--"), STR_INIT("/*"), STR_INIT("<!--"),
                                         STR_INIT("::"), STR_INIT("REM")};
    (void)format;
    before = str_trim(before);
    for (size_t i = 0; i < sizeof(leaders) / sizeof(leaders[0]); i++) {
        if (str_ends(before, leaders[i])) {
            size_t rest = before.n - leaders[i].n;
            *alone = str_trim(str_slice(before, 0, rest)).n == 0;
            return true;
        }
    }
    return false;
}

static bool is_comment_line(struct str line) {
    line = str_trim(line);
    return str_starts(line, STR("#")) || str_starts(line, STR("//")) ||
           str_starts(line, STR(";")) || str_starts(line, STR("--")) ||
           str_starts(line, STR("<!--"));
}

static void find_ignores(struct collector *collector, struct analysis *analysis) {
    static const struct needle needle = {STR_INIT("ollama-ls: ignore")};
    const struct text *text = collector->input->text;
    VEC(struct ignore) ignores = {0};
    size_t at = needle_find(collector->bytes, &needle, 0);
    for (; at != STR_NPOS; at = needle_find(collector->bytes, &needle, at + 1)) {
        size_t line = text_line_at(text, at);
        bool alone = false;
        size_t start = text_line_start(text, line);
        if (!is_comment(str_slice(collector->bytes, start, at), collector->input->format, &alone)) {
            continue;
        }
        struct str rest =
            str_slice(collector->bytes, at + needle.text.n, text_line_end(text, line));
        struct str codes = STR_NONE;
        if (str_starts(rest, STR("["))) {
            size_t end = str_find_char(rest, ']');
            codes = str_trim(str_slice(rest, 1, end == STR_NPOS ? rest.n : end));
        }
        // Above the line: comments may stand between.
        for (size_t i = 0; alone && i < 16; i++) {
            line++;
            alone = is_comment_line(text_line(text, line));
        }
        struct ignore *ignore = VEC_PUSH(collector->arena, &ignores);
        ignore->line = (uint32_t)line;
        ignore->codes = codes;
    }
    analysis->ignores = ignores.at;
    analysis->n_ignores = ignores.n;
}

// --- the run ---

static bool is_example(struct str path) {
    static const struct str words[] = {STR_INIT(".example"), STR_INIT(".sample"),
                                       STR_INIT(".template"), STR_INIT(".dist")};
    struct str base = path_base(path);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        // At the end, or before the format's own ending: config.example.yaml.
        size_t at = str_ifind(base, words[i]);
        size_t end = at + words[i].n;
        if (at != STR_NPOS && (end == base.n || base.p[end] == '.')) {
            return true;
        }
    }
    return str_ieq(base, STR("env.example")) || str_ieq(base, STR("example.env"));
}

static void collect(struct collector *collector) {
    switch (collector->input->format) {
    case FORMAT_MODELFILE: modelfile_collect(collector); break;
    case FORMAT_DOTENV: dotenv_collect(collector); break;
    case FORMAT_YAML:
    case FORMAT_JSON:
    case FORMAT_TOML: config_collect(collector); break;
    case FORMAT_SHELL: shell_file_collect(collector); break;
    case FORMAT_MAKEFILE: makefile_collect(collector); break;
    case FORMAT_DOCKERFILE: dockerfile_collect(collector); break;
    case FORMAT_SYSTEMD: systemd_collect(collector); break;
    case FORMAT_NAMEL3SS: namel3ss_collect(collector); break;
    case FORMAT_MARKDOWN: markdown_collect(collector); break;
    case FORMAT_NONE: break;
    }
}

struct analysis *analyzer_run(const struct analyzer *analyzer, struct arena *arena,
                              const struct analysis_input *input) {
    struct analysis *analysis = ARENA_NEW(arena, struct analysis);
    struct collector collector = {
        .arena = arena, .analyzer = analyzer, .input = input, .bytes = text_str(input->text)};
    analysis->is_example = is_example(input->path);
    if (collector.bytes.n > LIMIT_FILE ||
        !analyzer_probe(analyzer, input->format, input->folder_path, collector.bytes)) {
        return analysis;
    }
    collect(&collector);
    find_hosts(&collector);
    order_references(&collector, analysis);
    find_ignores(&collector, analysis);
    analysis->truncated = collector.full;
    return analysis;
}

const struct reference *analysis_at(const struct analysis *analysis, size_t offset) {
    size_t low = 0;
    size_t high = analysis->n_references;
    while (low < high) { // the first that begins behind the offset
        size_t middle = low + (high - low) / 2;
        if (analysis->references[middle].prefix_start <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    // Of several that hold it a model goes before the value it stands in.
    const struct reference *found = NULL;
    for (size_t i = low; i-- > 0 && low - i <= 8;) {
        const struct reference *reference = &analysis->references[i];
        if (offset <= reference->end &&
            (!found || (reference->kind == REF_MODEL && found->kind != REF_MODEL))) {
            found = reference;
        }
    }
    return found;
}

struct analysis *analyzer_run_once(const struct analyzer *analyzer, struct arena *arena,
                                   struct analysis_input *input) {
    const TSLanguage *language = format_language(input->format);
    bool has_tree = language && analyzer_wants_tree(analyzer, input->format, input->folder_path);
    input->tree = has_tree ? tree_parse(input->text, language, NULL) : NULL;
    struct analysis *analysis = analyzer_run(analyzer, arena, input);
    tree_destroy(input->tree);
    input->tree = NULL;
    return analysis;
}
