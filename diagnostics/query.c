// SPDX-License-Identifier: MIT
//
// Conventions of settings written as tree-sitter queries: captures @model and @host, predicates
// #eq?, #not-eq? and #any-of?. A query comes from a file that may be hostile, so it runs over
// slices of the tree, with a cap on matches in progress, until LIMIT_PATTERN_MS is over.
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "diagnostics/convention_read.h"
#include "diagnostics/settings.h"
#include "grammars/grammars.h"
#include "text/tree.h"

#define QUERY_MAX 4096        // bytes of one query
#define MATCH_LIMIT 256       // matches in progress
#define SLICE 4096            // bytes of the file between two looks at the clock
#define PARSE_BUDGET_US 30000 // for a tree that the caller did not have

static const enum format query_formats[3] = {FORMAT_YAML, FORMAT_JSON, FORMAT_TOML};

// Only what is evaluated may be asked for: an ignored predicate would make wrong references.
static bool predicates_known(const TSQuery *query) {
    for (uint32_t i = 0; i < ts_query_pattern_count(query); i++) {
        uint32_t n = 0;
        const TSQueryPredicateStep *steps = ts_query_predicates_for_pattern(query, i, &n);
        bool is_name = true;
        for (uint32_t k = 0; k < n; k++) {
            if (is_name) {
                uint32_t length = 0;
                const char *name =
                    steps[k].type == TSQueryPredicateStepTypeString
                        ? ts_query_string_value_for_id(query, steps[k].value_id, &length)
                        : "";
                struct str word = str_of(name, length);
                if (!str_eq(word, STR("eq?")) && !str_eq(word, STR("not-eq?")) &&
                    !str_eq(word, STR("any-of?"))) {
                    return false;
                }
            }
            is_name = steps[k].type == TSQueryPredicateStepTypeDone;
        }
    }
    return true;
}

static bool has_capture(const TSQuery *query, struct str name) {
    for (uint32_t i = 0; i < ts_query_capture_count(query); i++) {
        uint32_t length = 0;
        const char *capture = ts_query_capture_name_for_id(query, i, &length);
        if (str_eq(str_of(capture, length), name)) {
            return true;
        }
    }
    return false;
}

void convention_read_query(struct convention_reader *reader, struct json_object *entry,
                           struct convention *out) {
    struct str source = json_get_str(entry, "query");
    if (source.n == 0 || source.n > QUERY_MAX) {
        convention_problem(reader, "query: a text of at most %d bytes is expected", QUERY_MAX);
        return;
    }
    size_t compiled = 0;
    uint32_t offset = 0;
    for (size_t i = 0; i < 3; i++) {
        if (out->formats && !(out->formats & 1u << query_formats[i])) {
            continue;
        }
        uint32_t at = 0;
        TSQueryError error = TSQueryErrorNone;
        out->queries[i] = ts_query_new(format_language(query_formats[i]), source.p,
                                       (uint32_t)source.n, &at, &error);
        compiled += out->queries[i] ? 1 : 0;
        offset = at > offset ? at : offset;
    }
    if (compiled == 0) {
        convention_problem(reader,
                           "query: not understood at byte %u for the grammars of its formats",
                           (unsigned)offset);
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        if (out->queries[i] && !predicates_known(out->queries[i])) {
            convention_problem(reader,
                               "query: only the predicates #eq?, #not-eq? and #any-of? are known");
            break;
        }
        if (out->queries[i] && !has_capture(out->queries[i], STR("model")) &&
            !has_capture(out->queries[i], STR("host"))) {
            convention_problem(reader, "query: it captures neither @model nor @host");
            break;
        }
    }
    if (reader->failed) {
        for (size_t i = 0; i < 3; i++) {
            if (out->queries[i]) {
                ts_query_delete(out->queries[i]);
                out->queries[i] = NULL;
            }
        }
        return;
    }
    struct str *copy = ARENA_NEW(reader->arena, struct str);
    *copy = arena_copy(reader->arena, source);
    out->query_source = copy;
    out->query_forms = convention_read_forms(reader, json_get(entry, "form"), &out->n_query_forms);
    if (json_has(entry, "role")) {
        out->query_role = convention_read_role(reader, json_get(entry, "role"));
    }
}

// --- running ---

// A scalar without its quotes.
static struct piece node_piece(struct str bytes, TSNode node) {
    size_t start = ts_node_start_byte(node);
    size_t end = ts_node_end_byte(node);
    struct piece piece = {.start = start, .end = end};
    if (end > start + 1 && (bytes.p[start] == '"' || bytes.p[start] == '\'') &&
        bytes.p[end - 1] == bytes.p[start]) {
        piece.quoting = bytes.p[start] == '"' ? QUOTE_DOUBLE : QUOTE_SINGLE;
        piece.start++;
        piece.end--;
    }
    piece.text = str_slice(bytes, piece.start, piece.end);
    return piece;
}

static bool capture_text(struct str bytes, const TSQueryMatch *match, uint32_t id,
                         struct str *out) {
    for (uint16_t i = 0; i < match->capture_count; i++) {
        if (match->captures[i].index == id) {
            *out = node_piece(bytes, match->captures[i].node).text;
            return true;
        }
    }
    return false;
}

static struct str step_text(struct str bytes, const TSQuery *query, const TSQueryMatch *match,
                            const TSQueryPredicateStep *step) {
    struct str text = STR_NONE;
    if (step->type == TSQueryPredicateStepTypeCapture) {
        capture_text(bytes, match, step->value_id, &text);
        return text;
    }
    uint32_t length = 0;
    const char *value = ts_query_string_value_for_id(query, step->value_id, &length);
    return str_of(value, length);
}

static bool predicates_hold(struct str bytes, const TSQuery *query, const TSQueryMatch *match) {
    uint32_t n = 0;
    const TSQueryPredicateStep *steps =
        ts_query_predicates_for_pattern(query, match->pattern_index, &n);
    for (uint32_t i = 0; i < n;) {
        uint32_t end = i;
        while (end < n && steps[end].type != TSQueryPredicateStepTypeDone) {
            end++;
        }
        struct str name = step_text(bytes, query, match, &steps[i]);
        bool is_equal = false;
        if (end > i + 2) {
            struct str subject = step_text(bytes, query, match, &steps[i + 1]);
            for (uint32_t k = i + 2; k < end; k++) {
                is_equal = is_equal || str_eq(subject, step_text(bytes, query, match, &steps[k]));
            }
        }
        if (is_equal == str_eq(name, STR("not-eq?"))) {
            return false;
        }
        i = end + 1;
    }
    return true;
}

static void take_match(struct collector *collector, const struct convention *convention,
                       const TSQuery *query, const TSQueryMatch *match) {
    struct piece model = {0};
    struct piece host = {0};
    bool has_model = false;
    bool has_host = false;
    for (uint16_t i = 0; i < match->capture_count; i++) {
        uint32_t length = 0;
        const char *capture =
            ts_query_capture_name_for_id(query, match->captures[i].index, &length);
        struct str name = str_of(capture, length);
        if (str_eq(name, STR("model"))) {
            model = node_piece(collector->bytes, match->captures[i].node);
            has_model = true;
        } else if (str_eq(name, STR("host"))) {
            host = node_piece(collector->bytes, match->captures[i].node);
            has_host = true;
        }
    }
    if (has_host) {
        collect_host(collector, &host, V1_ANY, convention->name, 0);
    }
    if (has_model) {
        struct model_place place = {.value = model,
                                    .forms = convention->query_forms,
                                    .n_forms = convention->n_query_forms,
                                    .role = convention->query_role,
                                    .convention = convention->name,
                                    .takes_empty = true};
        struct reference *reference = collect_model(collector, &place, NULL);
        if (reference && has_host && reference->host.origin == HOST_ORIGIN_NONE) {
            reference_set_host(collector, reference, host, HOST_ORIGIN_SIBLING);
        }
    }
}

static void run_query(struct collector *collector, const struct convention *convention,
                      const TSQuery *query, TSNode root) {
    int64_t end_ms = clock_ms() + LIMIT_PATTERN_MS;
    TSQueryCursor *cursor = ts_query_cursor_new();
    ts_query_cursor_set_match_limit(cursor, MATCH_LIMIT);
    for (size_t from = 0; from < collector->bytes.n && clock_ms() < end_ms; from += SLICE) {
        size_t to = from + SLICE < collector->bytes.n ? from + SLICE : collector->bytes.n;
        ts_query_cursor_set_byte_range(cursor, (uint32_t)from, (uint32_t)to);
        ts_query_cursor_exec(cursor, query, root);
        TSQueryMatch match;
        while (clock_ms() < end_ms && !collector->full &&
               ts_query_cursor_next_match(cursor, &match)) {
            if (match.capture_count > 0 && predicates_hold(collector->bytes, query, &match)) {
                take_match(collector, convention, query, &match);
            }
        }
    }
    ts_query_cursor_delete(cursor);
}

void queries_collect(struct collector *collector, const struct convention *convention) {
    const TSQuery *query = NULL;
    for (size_t i = 0; i < 3; i++) {
        query = query_formats[i] == collector->input->format ? convention->queries[i] : query;
    }
    if (!query) {
        return;
    }
    const struct tree *tree = collector->input->is_truncated_tree ? NULL : collector->input->tree;
    struct tree *own = NULL;
    if (!tree) {
        struct tree_parse *parse = tree_parse_start(
            collector->input->text, format_language(collector->input->format), NULL);
        if (parse && tree_parse_step(parse, PARSE_BUDGET_US, &own) == ERR_OK) {
            tree = own;
        }
        tree_parse_destroy(parse);
    }
    if (tree) {
        run_query(collector, convention, query, tree_root(tree));
    }
    tree_destroy(own);
}
