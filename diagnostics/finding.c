// SPDX-License-Identifier: MIT
//
// The findings of one file: asks each rule about each reference, applies every way to silence one,
// and puts the rest in order. Invariants: no I/O; a placeholder or quiet reference never reaches a
// rule; at most LIMIT_FINDINGS.
#include "diagnostics/finding.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/utf.h"
#include "diagnostics/rules/rules.h"

#define MAX_NEW_NAMES 64

static const struct {
    struct str name;
    enum severity severity;
    const char *about;
} codes[CODE_COUNT] = {
#define CODE(id, name, severity, about) [CODE_##id] = {STR_INIT(name), SEVERITY_##severity, about},
    FINDING_CODES(CODE)
#undef CODE
};

static const struct str severities[] = {
    [SEVERITY_OFF] = STR_INIT("off"),         [SEVERITY_ERROR] = STR_INIT("error"),
    [SEVERITY_WARNING] = STR_INIT("warning"), [SEVERITY_INFORMATION] = STR_INIT("information"),
    [SEVERITY_HINT] = STR_INIT("hint"),
};

const char *severity_name(enum severity severity) {
    return severities[severity].p;
}

bool severity_parse(struct str word, enum severity *out) {
    for (size_t i = 0; i < sizeof(severities) / sizeof(severities[0]); i++) {
        if (str_eq(word, severities[i])) {
            *out = (enum severity)i;
            return true;
        }
    }
    return false;
}

const char *finding_code_name(enum finding_code code) {
    return codes[code].name.p;
}

const char *finding_code_about(enum finding_code code) {
    return codes[code].about;
}

enum severity finding_code_severity(enum finding_code code) {
    return codes[code].severity;
}

bool finding_code_parse(struct str name, enum finding_code *out) {
    for (size_t i = 0; i < CODE_COUNT; i++) {
        if (str_eq(name, codes[i].name)) {
            *out = (enum finding_code)i;
            return true;
        }
    }
    return false;
}

// --- silence ---

static bool is_in_list(struct str list, struct str word) {
    for (struct str rest = list; rest.p;) {
        if (str_eq(str_trim(str_split(&rest, ',')), word)) {
            return true;
        }
    }
    return false;
}

static bool is_ignored_by_comment(const struct rule_state *state, enum finding_code code,
                                  size_t start) {
    if (state->analysis->n_ignores == 0) {
        return false;
    }
    size_t line = text_line_at(state->input->text, start);
    for (size_t i = 0; i < state->analysis->n_ignores; i++) {
        const struct ignore *ignore = &state->analysis->ignores[i];
        if (ignore->line == line &&
            (ignore->codes.n == 0 || is_in_list(ignore->codes, codes[code].name))) {
            return true;
        }
    }
    return false;
}

// Numbers grow as severity falls.
static enum severity least(enum severity a, enum severity b) {
    return a > b ? a : b;
}

struct finding *finding_add(struct rule_state *state, enum finding_code code, enum severity cap,
                            size_t start, size_t end, size_t reference) {
    enum severity severity = codes[code].severity;
    const struct finding_context *context = state->context;
    if (context->severities && context->has_severity && context->has_severity[code]) {
        severity = context->severities[code];
    }
    if (severity == SEVERITY_OFF || is_ignored_by_comment(state, code, start)) {
        return NULL;
    }
    severity = least(severity, cap);
    bool is_example = state->analysis->is_example;
    if (reference != SIZE_MAX) {
        is_example = is_example || state->analysis->references[reference].flags & REF_EXAMPLE;
    }
    if (is_example) {
        severity = least(severity, SEVERITY_INFORMATION);
    }
    if (state->findings.n >= LIMIT_FINDINGS) {
        state->full = true;
        return NULL;
    }
    struct finding *finding = VEC_PUSH(state->arena, &state->findings);
    finding->code = code;
    finding->severity = severity;
    finding->start = start;
    finding->end = end;
    finding->reference = reference;
    return finding;
}

struct str shown(struct rule_state *state, struct str text) {
    return display_escape(state->arena, text, 100);
}

struct str on_server(struct rule_state *state, const struct server_view *view) {
    if (view->url.n == 0) {
        return view->name.n > 0
                   ? arena_printf(state->arena, " on %.*s", STR_ARG(shown(state, view->name)))
                   : STR("");
    }
    struct str url = shown(state, view->url);
    if (view->name.n > 0 && !str_eq(view->name, STR("default"))) {
        return arena_printf(state->arena, " on %.*s (%.*s)", STR_ARG(shown(state, view->name)),
                            STR_ARG(url));
    }
    return arena_printf(state->arena, " on %.*s", STR_ARG(url));
}

// --- the whole file ---

static int compare_findings(const void *a, const void *b) {
    const struct finding *x = a;
    const struct finding *y = b;
    if (x->start != y->start) {
        return x->start < y->start ? -1 : 1;
    }
    if (x->end != y->end) {
        return x->end < y->end ? -1 : 1;
    }
    return x->code < y->code ? -1 : x->code > y->code;
}

// Names that the file itself gives to models are not missing in the rest of it.
static void collect_new_names(struct rule_state *state) {
    for (size_t i = 0; i < state->analysis->n_references; i++) {
        const struct reference *r = &state->analysis->references[i];
        struct model_name name;
        if (r->kind == REF_MODEL && (r->flags & REF_NEW_NAME) && !(r->flags & REF_PLACEHOLDER) &&
            state->new_names.n < MAX_NEW_NAMES &&
            model_name_parse(r->text, MODEL_NAME_NEW, &name, NULL)) {
            *VEC_PUSH(state->arena, &state->new_names) = name;
        }
    }
}

static void apply_rules(struct rule_state *state, size_t index) {
    const struct reference *r = &state->analysis->references[index];
    if (r->flags & (REF_PLACEHOLDER | REF_QUIET | REF_EMPTY)) {
        return;
    }
    switch (r->kind) {
    case REF_MODEL: rule_model(state, index); break;
    case REF_HOST: rule_host(state, index); break;
    case REF_VARIABLE: rule_variable(state, index); break;
    case REF_VARIABLE_VALUE: rule_value(state, index); break;
    case REF_PARAMETER_VALUE: rule_context(state, index); break;
    case REF_PARAMETER:
    case REF_PATH: break; // the Modelfile's own rule
    }
}

struct findings findings_make(struct arena *arena, const struct analysis_input *input,
                              const struct analysis *analysis,
                              const struct finding_context *context) {
    struct rule_state state = {.arena = arena,
                               .input = input,
                               .analysis = analysis,
                               .context = context,
                               .bytes = text_str(input->text)};
    collect_new_names(&state);
    if (input->format == FORMAT_MODELFILE) {
        rule_modelfile(&state);
    }
    for (size_t i = 0; i < analysis->n_references && !state.full; i++) {
        apply_rules(&state, i);
    }
    if (state.findings.n > 1) {
        qsort(state.findings.at, state.findings.n, sizeof(*state.findings.at), compare_findings);
    }
    return (struct findings){
        .at = state.findings.at, .n = state.findings.n, .truncated = state.full};
}

static int compare_edits(const void *a, const void *b) {
    const struct edit *x = a;
    const struct edit *y = b;
    if (x->start != y->start) {
        return x->start < y->start ? -1 : 1;
    }
    return x->end < y->end ? -1 : x->end > y->end;
}

size_t findings_certain_edits(struct arena *arena, const struct findings *findings,
                              struct edit **out) {
    VEC(struct edit) edits = {0};
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *finding = &findings->at[i];
        for (size_t k = 0; k < finding->n_fixes; k++) {
            const struct fix *fix = &finding->fixes[k];
            if (fix->kind != FIX_EDIT || !fix->certain) {
                continue;
            }
            for (size_t e = 0; e < fix->n_edits; e++) {
                *VEC_PUSH(arena, &edits) = fix->edits[e];
            }
            break;
        }
    }
    if (edits.n > 1) {
        qsort(edits.at, edits.n, sizeof(*edits.at), compare_edits);
    }
    size_t n = 0;
    size_t end = 0;
    for (size_t i = 0; i < edits.n; i++) {
        if (n == 0 || edits.at[i].start >= end) {
            end = edits.at[i].end;
            edits.at[n++] = edits.at[i];
        }
    }
    *out = edits.at;
    return n;
}
