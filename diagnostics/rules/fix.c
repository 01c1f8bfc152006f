// SPDX-License-Identifier: MIT
//
// Building fixes. Edits replace only the name or value itself, so prefix form and quoting stay as
// they are; what is put in consists of characters that need no quoting anywhere a reference can
// stand.
#include "diagnostics/rules/rules.h"

struct fix *fix_add(struct rule_state *state, struct finding *finding, enum fix_kind kind,
                    struct str title) {
    if (!finding->fixes) {
        finding->fixes = ARENA_ARRAY(state->arena, MAX_FIXES, struct fix);
    }
    if (finding->n_fixes >= MAX_FIXES) {
        return NULL;
    }
    struct fix *fix = &finding->fixes[finding->n_fixes++];
    fix->kind = kind;
    fix->title = title;
    return fix;
}

struct fix *fix_replace(struct rule_state *state, struct finding *finding, size_t start, size_t end,
                        struct str text, struct str title) {
    if (state->no_edits) {
        return NULL;
    }
    struct fix *fix = fix_add(state, finding, FIX_EDIT, title);
    if (fix) {
        fix->edits = ARENA_NEW(state->arena, struct edit);
        fix->n_edits = 1;
        fix->edits[0] = (struct edit){.start = start, .end = end, .text = text};
    }
    return fix;
}

struct fix *fix_pull(struct rule_state *state, struct finding *finding, struct str model,
                     const struct server_view *view) {
    struct str where = view->is_default ? STR("") : on_server(state, view);
    struct str title =
        arena_printf(state->arena, "Pull %.*s%.*s", STR_ARG(shown(state, model)), STR_ARG(where));
    struct fix *fix = fix_add(state, finding, FIX_PULL, title);
    if (fix) {
        fix->model = model;
        fix->host = view->is_default ? STR_NONE : view->url;
    }
    return fix;
}

void fix_ignore_model(struct rule_state *state, struct finding *finding, struct str model) {
    struct str title =
        arena_printf(state->arena, "Ignore %.*s in this workspace", STR_ARG(shown(state, model)));
    struct fix *fix = fix_add(state, finding, FIX_IGNORE_MODEL, title);
    if (fix) {
        fix->model = model;
    }
}
