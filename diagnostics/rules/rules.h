// SPDX-License-Identifier: MIT
//
// Inside rules/ only: the state of one findings_make, and how a rule says something. Rules look at
// one reference at a time, in file order.
#pragma once

#include "diagnostics/finding.h"

// What a wrong name could have meant, kept for its next use in the file.
struct remembered_suggestions {
    struct str text;
    unsigned wanted; // capabilities
    const struct catalog *catalog;
    struct suggestion *at;
    size_t n;
};

struct rule_state {
    struct arena *arena;
    const struct analysis_input *input;
    const struct analysis *analysis;
    const struct finding_context *context;
    struct str bytes;
    bool no_edits; // UTF-16: offsets are right, but UTF-8 text must not be put in
    VEC(struct finding) findings;
    bool full; // LIMIT_FINDINGS met
    VEC(struct remembered_suggestions) remembered;
    VEC(struct model_name) new_names; // made by this file itself: ollama create, cp
};

// A finding of `code` over [start, end), at most as severe as `cap`; `reference` may be SIZE_MAX.
// NULL when it is silenced (settings, ignore comments) or the file has enough of them. The pointer
// is valid until the next call.
struct finding *finding_add(struct rule_state *state, enum finding_code code, enum severity cap,
                            size_t start, size_t end, size_t reference);
#define NO_CAP SEVERITY_ERROR

// `text` as it is shown in messages: escaped and cut.
struct str shown(struct rule_state *state, struct str text);
// " on the server at URL", " on NAME (URL)"; empty when there is nothing to tell.
struct str on_server(struct rule_state *state, const struct server_view *view);

// --- fixes, appended to a finding best first (fix.c) ---
#define MAX_FIXES 8
// The pointer is valid as long as the arena; NULL when the finding has MAX_FIXES or edits are not
// possible in this file.
struct fix *fix_add(struct rule_state *state, struct finding *finding, enum fix_kind kind,
                    struct str title);
// Replaces [start, end) by `text`.
struct fix *fix_replace(struct rule_state *state, struct finding *finding, size_t start, size_t end,
                        struct str text, struct str title);
struct fix *fix_pull(struct rule_state *state, struct finding *finding, struct str model,
                     const struct server_view *view);
void fix_ignore_model(struct rule_state *state, struct finding *finding, struct str model);

// --- rules ---
void rule_model(struct rule_state *state, size_t index);    // models.c
void rule_context(struct rule_state *state, size_t index);  // models.c: num_ctx
void rule_host(struct rule_state *state, size_t index);     // hosts.c
void rule_variable(struct rule_state *state, size_t index); // variables.c
void rule_value(struct rule_state *state, size_t index);    // variables.c
void rule_modelfile(struct rule_state *state);              // modelfile.c: the whole file
bool modelfile_path_exists(struct rule_state *state, struct str path, bool *exists); // modelfile.c
