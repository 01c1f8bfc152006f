// SPDX-License-Identifier: MIT
//
// What can be wrong with a model name: its grammar, its prefix, whether its server has it, whether
// the model can do what the place asks for, and num_ctx above what it was trained for. Nothing but
// grammar and prefix is judged without a current catalog of the reference's own server (DESIGN A5
// "Silence").
#include <stdlib.h>

#include "base/glob.h"
#include "base/limits.h"
#include "diagnostics/rules/rules.h"

#define MAX_SUGGESTIONS 5
#define MAX_LOOKUPS 64 // different names per file

static struct str label(struct rule_state *state, const char *verb, struct str name) {
    return arena_printf(state->arena, "%s %.*s", verb, STR_ARG(shown(state, name)));
}

static bool is_ignored_model(const struct rule_state *state, struct str text) {
    const struct finding_context *context = state->context;
    struct model_name name, other;
    bool has_name = model_name_parse(text, MODEL_NAME_INFERENCE, &name, NULL);
    for (size_t i = 0; i < context->n_ignore_models; i++) {
        struct str pattern = context->ignore_models[i];
        if (str_ieq(pattern, text) || glob_match(pattern, text)) {
            return true;
        }
        if (has_name && model_name_parse(pattern, MODEL_NAME_INFERENCE, &other, NULL) &&
            model_name_eq(&name, &other)) {
            return true;
        }
    }
    return false;
}

enum which_suggestions { SUGGEST_ALL, SUGGEST_INSTALLED, SUGGEST_OTHERS };

// Edits to suggestions, nearest first. Returns the fix if exactly one installed model has the
// family and size that was written: certain enough to be applied by itself.
static struct fix *add_suggestions(struct rule_state *state, struct finding *finding,
                                   const struct reference *r, const struct catalog *catalog,
                                   const struct suggestion *suggestions, size_t n,
                                   enum which_suggestions which) {
    struct fix *certain = NULL;
    size_t n_certain = 0;
    for (size_t i = 0; i < n; i++) {
        const struct suggestion *s = &suggestions[i];
        bool is_installed = s->kind == SUGGESTION_INSTALLED;
        if ((which == SUGGEST_INSTALLED && !is_installed) ||
            (which == SUGGEST_OTHERS && is_installed) || str_eq(s->name, r->text)) {
            continue;
        }
        struct str title = label(state, "Change to", s->name);
        struct model_name name;
        bool is_there = catalog && model_name_parse(s->name, MODEL_NAME_INFERENCE, &name, NULL) &&
                        catalog_find(catalog, &name);
        if (s->kind == SUGGESTION_LIBRARY && !is_there) {
            title = arena_printf(state->arena, "%.*s (not installed)", STR_ARG(title));
        } else if (s->kind == SUGGESTION_GUESS) {
            title = arena_printf(state->arena, "%.*s (a guess)", STR_ARG(title));
        }
        struct fix *fix = fix_replace(state, finding, r->start, r->end, s->name, title);
        if (fix && is_installed && s->same_size) {
            certain = n_certain++ == 0 ? fix : NULL;
        }
    }
    return certain;
}

static void mark_certain(struct fix *fix) {
    if (fix) {
        fix->preferred = true;
        fix->certain = true;
    }
}

// Looking for suggestions costs half a millisecond. A wrong name is often written many times, and a
// file full of different ones is not mended by hand: each is looked up once, and only so many of
// them.
static size_t suggest(struct rule_state *state, const struct reference *r,
                      const struct server_view *view, struct suggestion *out) {
    unsigned wanted = role_capability(r->role);
    struct remembered_suggestions *known = NULL;
    for (size_t i = 0; i < state->remembered.n && !known; i++) {
        struct remembered_suggestions *one = &state->remembered.at[i];
        if (one->wanted == wanted && one->catalog == view->catalog && str_eq(one->text, r->text)) {
            known = one;
        }
    }
    if (!known) {
        if (state->remembered.n >= MAX_LOOKUPS) {
            return 0;
        }
        known = VEC_PUSH(state->arena, &state->remembered);
        known->text = r->text;
        known->wanted = wanted;
        known->catalog = view->catalog;
        known->at = ARENA_ARRAY(state->arena, MAX_SUGGESTIONS, struct suggestion);
        known->n = suggest_models(state->arena, r->text, view->catalog, wanted, known->at,
                                  MAX_SUGGESTIONS);
    }
    memcpy(out, known->at, known->n * sizeof(*out));
    return known->n;
}

// "; did you mean X?" for the nearest one.
static struct str did_you_mean(struct rule_state *state, const struct suggestion *suggestions,
                               size_t n) {
    if (n == 0 || suggestions[0].kind == SUGGESTION_GUESS) {
        return STR("");
    }
    return arena_printf(state->arena, "; did you mean %.*s?",
                        STR_ARG(shown(state, suggestions[0].name)));
}

// --- grammar and prefix ---

static void say_wrong_prefix(struct rule_state *state, const struct reference *r, size_t index) {
    struct finding *finding =
        finding_add(state, CODE_WRONG_PREFIX, NO_CAP, r->prefix_start, r->end, index);
    if (!finding) {
        return;
    }
    finding->name = r->text;
    struct str wanted = arena_join(state->arena, r->prefix_wanted, r->text);
    struct str written = shown(state, arena_join(state->arena, r->prefix, r->text));
    finding->message =
        arena_printf(state->arena, "%.*s: %.*s takes the model as %.*s", STR_ARG(written),
                     STR_ARG(r->convention), STR_ARG(shown(state, wanted)));
    mark_certain(fix_replace(state, finding, r->prefix_start, r->start, r->prefix_wanted,
                             label(state, "Change to", wanted)));
}

static void say_invalid_name(struct rule_state *state, const struct reference *r, size_t index,
                             const struct model_name_problem *problem) {
    struct finding *finding =
        finding_add(state, CODE_INVALID_MODEL_NAME, NO_CAP, r->start, r->end, index);
    if (!finding) {
        return;
    }
    finding->name = r->text;
    struct str why = model_name_problem_text(state->arena, r->text, problem);
    struct suggestion suggestions[MAX_SUGGESTIONS];
    struct server_view view = state->context->server_of(state->context->data, &r->host);
    size_t n = 0;
    if (view.verdict != VERDICT_OK) {
        view.catalog = NULL;
    }
    if (r->text.n <= LIMIT_NAME && !(r->flags & REF_NEW_NAME)) {
        n = suggest(state, r, &view, suggestions);
    }
    finding->message = arena_printf(state->arena, "%.*s is no model name: %.*s%.*s",
                                    STR_ARG(shown(state, r->text)), STR_ARG(why),
                                    STR_ARG(did_you_mean(state, suggestions, n)));
    mark_certain(add_suggestions(state, finding, r, view.catalog, suggestions, n, SUGGEST_ALL));
}

// --- absent models ---

struct absent {
    const struct reference *r;
    size_t index;
    const struct model_name *name;
    const struct server_view *view;
    enum severity cap; // by the server
};

static void say_foreign(struct rule_state *state, const struct absent *a,
                        const struct foreign_id *id) {
    const struct reference *r = a->r;
    struct finding *finding =
        finding_add(state, CODE_FOREIGN_MODEL_ID, a->cap, r->start, r->end, a->index);
    if (!finding) {
        return;
    }
    struct suggestion suggestions[MAX_SUGGESTIONS];
    size_t n = suggest(state, r, a->view, suggestions);
    finding->name = r->text;
    finding->host = a->view->url;
    bool is_hub = id->is_hugging_face || str_contains(id->vendor, STR("hub"));
    struct str what = STR("another vendor's model");
    if (is_hub) {
        what = id->is_hugging_face ? STR("a Hugging Face id")
                                   : STR("written as model hubs write names");
    } else if (id->vendor.n > 0) {
        what = arena_printf(state->arena, "a model of %.*s", STR_ARG(id->vendor));
    }
    // There is no model of Ollama's that another vendor's own could have meant.
    struct str hint = is_hub ? did_you_mean(state, suggestions, n) : STR("");
    finding->message = arena_printf(state->arena, "%.*s is %.*s, not an Ollama model%.*s",
                                    STR_ARG(shown(state, r->text)), STR_ARG(what), STR_ARG(hint));
    mark_certain(
        add_suggestions(state, finding, r, a->view->catalog, suggestions, n, SUGGEST_INSTALLED));
    add_suggestions(state, finding, r, a->view->catalog, suggestions, n, SUGGEST_OTHERS);
    fix_ignore_model(state, finding, r->text);
}

static void say_not_installed(struct rule_state *state, const struct absent *a,
                              const struct server_view *other) {
    const struct reference *r = a->r;
    enum severity cap = r->flags & REF_PULLS ? SEVERITY_INFORMATION : NO_CAP;
    struct finding *finding = finding_add(state, CODE_MODEL_NOT_INSTALLED,
                                          a->cap > cap ? a->cap : cap, r->start, r->end, a->index);
    if (!finding) {
        return;
    }
    finding->name = r->text;
    finding->host = a->view->url;
    struct str name = shown(state, r->text);
    struct str where = on_server(state, a->view);
    if (other) {
        finding->message = arena_printf(
            state->arena, "%.*s is not installed%.*s, but it is%.*s: pull it or use that server",
            STR_ARG(name), STR_ARG(where), STR_ARG(on_server(state, other)));
    } else if (r->flags & REF_PULLS) {
        finding->message = arena_printf(
            state->arena, "%.*s is not installed%.*s; it will be pulled when this is used",
            STR_ARG(name), STR_ARG(where));
    } else {
        finding->message = arena_printf(state->arena, "%.*s is not installed%.*s: ollama pull %.*s",
                                        STR_ARG(name), STR_ARG(where), STR_ARG(name));
    }
    struct fix *pull = fix_pull(state, finding, r->text, a->view);
    if (pull) {
        pull->preferred = model_name_is_default_registry(a->name);
    }
    struct suggestion suggestions[MAX_SUGGESTIONS];
    size_t n = suggest(state, r, a->view, suggestions);
    add_suggestions(state, finding, r, a->view->catalog, suggestions, n, SUGGEST_INSTALLED);
    fix_ignore_model(state, finding, r->text);
}

static void say_unknown(struct rule_state *state, const struct absent *a) {
    const struct reference *r = a->r;
    struct finding *finding =
        finding_add(state, CODE_UNKNOWN_MODEL, a->cap, r->start, r->end, a->index);
    if (!finding) {
        return;
    }
    struct suggestion suggestions[MAX_SUGGESTIONS];
    size_t n = suggest(state, r, a->view, suggestions);
    finding->name = r->text;
    finding->host = a->view->url;
    finding->message =
        arena_printf(state->arena,
                     "%.*s is not installed%.*s, and not in this version's library list (%.*s)%.*s",
                     STR_ARG(shown(state, r->text)), STR_ARG(on_server(state, a->view)),
                     STR_ARG(library_date()), STR_ARG(did_you_mean(state, suggestions, n)));
    mark_certain(add_suggestions(state, finding, r, a->view->catalog, suggestions, n, SUGGEST_ALL));
    fix_pull(state, finding, r->text, a->view);
    fix_ignore_model(state, finding, r->text);
}

// Is the name one that people can be expected to pull (DESIGN A5)? `*family` is set if the library
// has it.
static bool is_known_name(const struct model_name *name) {
    if (!model_name_is_library(name)) {
        return true; // a registry or namespace of its own: not judgeable
    }
    const struct library_model *family = library_find(name->model);
    return family && (name->source == MODEL_SOURCE_CLOUD ||
                      library_knows_tag(family, name->has_tag ? name->tag : STR_NONE));
}

static void judge_absent(struct rule_state *state, const struct absent *a) {
    const struct finding_context *context = state->context;
    struct foreign_id foreign;
    foreign_id_detect(a->r->text, &foreign);
    struct server_view other = {0};
    if (context->other_server_with) {
        other = context->other_server_with(context->data, a->name);
    }
    bool is_elsewhere = other.catalog != NULL || other.url.n > 0;
    if (foreign.is_foreign && !is_elsewhere) {
        say_foreign(state, a, &foreign);
    } else if (is_elsewhere) {
        say_not_installed(state, a, &other);
    } else if (!is_known_name(a->name)) {
        say_unknown(state, a);
    } else if (a->name->source != MODEL_SOURCE_CLOUD) {
        // Inference on a :cloud name needs no copy on the disk (config-formats trap 10).
        say_not_installed(state, a, NULL);
    }
}

// --- installed models ---

static const char *need_text(enum model_role role) {
    switch (role) {
    case ROLE_AUTOCOMPLETE: return "fill in the middle of text (insert)";
    case ROLE_EMBED: return "make embeddings (embedding)";
    case ROLE_TOOLS: return "call tools (tools)";
    case ROLE_VISION: return "see images (vision)";
    case ROLE_ANY:
    case ROLE_CHAT:
    case ROLE_COMPLETION: break;
    }
    return "answer in text (completion)";
}

static struct str capabilities_text(struct rule_state *state, unsigned capabilities) {
    struct str text = STR("");
    for (unsigned bit = 1; bit <= CAP_AUDIO; bit <<= 1) {
        if (capabilities & bit) {
            text = arena_printf(state->arena, "%.*s%s%s", STR_ARG(text), text.n > 0 ? ", " : "",
                                capability_name((enum capability)bit));
        }
    }
    return text.n > 0 ? text : STR("nothing");
}

// Up to three installed models that can do it, in the order of completion.
static void add_capable(struct rule_state *state, struct finding *finding,
                        const struct reference *r, const struct catalog *catalog, unsigned need) {
    const struct model *best[3] = {NULL};
    for (size_t i = 0; i < catalog->n_models; i++) {
        const struct model *model = &catalog->models[i];
        if (!model->capabilities_known || !(model->capabilities & need) || model->remote) {
            continue;
        }
        for (size_t k = 0; k < 3; k++) {
            if (!best[k] || model_order(model, best[k], need) < 0) {
                const struct model *moved = best[k];
                best[k] = model;
                model = moved;
            }
            if (!model) {
                break;
            }
        }
    }
    for (size_t k = 0; k < 3 && best[k]; k++) {
        fix_replace(state, finding, r->start, r->end, best[k]->name,
                    label(state, "Change to", best[k]->name));
    }
}

static void judge_capability(struct rule_state *state, const struct reference *r, size_t index,
                             const struct server_view *view, const struct model *model,
                             enum severity cap) {
    unsigned need = role_capability(r->role);
    if (!model_lacks(model, need)) {
        return;
    }
    bool is_base = r->role == ROLE_AUTOCOMPLETE && str_contains(model->parsed.tag, STR("base"));
    if (is_base && cap < SEVERITY_INFORMATION) {
        cap = SEVERITY_INFORMATION; // an editor may bring a template of its own
    }
    struct finding *finding =
        finding_add(state, CODE_MISSING_CAPABILITY, cap, r->start, r->end, index);
    if (!finding) {
        return;
    }
    finding->name = r->text;
    finding->host = view->url;
    finding->message =
        arena_printf(state->arena, "%.*s cannot %s, which this place (%s) needs; it reports: %.*s",
                     STR_ARG(shown(state, r->text)), need_text(r->role), role_name(r->role),
                     STR_ARG(capabilities_text(state, model->capabilities)));
    add_capable(state, finding, r, view->catalog, need);
    fix_ignore_model(state, finding, r->text);
}

static bool is_made_here(const struct rule_state *state, const struct model_name *name) {
    for (size_t i = 0; i < state->new_names.n; i++) {
        if (model_name_eq(name, &state->new_names.at[i])) {
            return true;
        }
    }
    return false;
}

static enum severity server_cap(const struct reference *r, const struct server_view *view) {
    return view->capped || r->host.is_container ? SEVERITY_INFORMATION : NO_CAP;
}

// --- servers of kind openai ---

static void say_not_listed(struct rule_state *state, const struct reference *r, size_t index,
                           const struct server_view *view) {
    struct finding *finding =
        finding_add(state, CODE_MODEL_NOT_INSTALLED, server_cap(r, view), r->start, r->end, index);
    if (!finding) {
        return;
    }
    finding->name = r->text;
    finding->host = view->url;
    finding->message =
        arena_printf(state->arena, "%.*s is none of the models that %.*s lists",
                     STR_ARG(shown(state, r->text)), STR_ARG(shown(state, view->url)));
    struct suggestion suggestions[MAX_SUGGESTIONS];
    size_t n = suggest(state, r, view, suggestions);
    add_suggestions(state, finding, r, view->catalog, suggestions, n, SUGGEST_INSTALLED);
    fix_ignore_model(state, finding, r->text);
}

// A name is a plain string there: no grammar, no library, nothing to pull.
static void judge_plain_name(struct rule_state *state, const struct reference *r, size_t index,
                             const struct server_view *view) {
    if (r->flags & (REF_NEW_NAME | REF_INSTALLS) || is_ignored_model(state, r->text) ||
        view->verdict != VERDICT_OK || !view->catalog) {
        return;
    }
    const struct model *model = catalog_find_written(view->catalog, r->text);
    if (model) {
        judge_capability(state, r, index, view, model, server_cap(r, view));
    } else if (!view->catalog->truncated) {
        say_not_listed(state, r, index, view);
    }
}

// --- all of it ---

void rule_model(struct rule_state *state, size_t index) {
    const struct reference *r = &state->analysis->references[index];
    if (r->flags & REF_WRONG_PREFIX) {
        say_wrong_prefix(state, r, index);
    }
    struct server_view view = state->context->server_of(state->context->data, &r->host);
    if (view.kind == SERVER_KIND_OPENAI) {
        judge_plain_name(state, r, index, &view);
        return;
    }
    struct model_name name;
    struct model_name_problem problem;
    bool is_new = r->flags & REF_NEW_NAME;
    if (!model_name_parse(r->text, is_new ? MODEL_NAME_NEW : MODEL_NAME_INFERENCE, &name,
                          &problem)) {
        if (!is_ignored_model(state, r->text)) {
            say_invalid_name(state, r, index, &problem);
        }
        return;
    }
    if (is_new || is_ignored_model(state, r->text) || is_made_here(state, &name)) {
        return;
    }
    if (view.verdict != VERDICT_OK || !view.catalog) {
        return;
    }
    const struct model *model = catalog_find(view.catalog, &name);
    if (model) {
        judge_capability(state, r, index, &view, model, server_cap(r, &view));
        return;
    }
    bool exists = false;
    if (r->flags & REF_INSTALLS || view.catalog->truncated ||
        (state->input->format == FORMAT_MODELFILE &&
         modelfile_path_exists(state, r->text, &exists) && exists)) {
        return;
    }
    struct absent absent = {
        .r = r, .index = index, .name = &name, .view = &view, .cap = server_cap(r, &view)};
    judge_absent(state, &absent);
}

// --- num_ctx ---

static const struct reference *model_of_parameter(const struct rule_state *state,
                                                  const struct reference *r) {
    const struct analysis *analysis = state->analysis;
    if (state->input->format == FORMAT_MODELFILE) { // the last FROM that names a model
        for (size_t i = analysis->n_references; i-- > 0;) {
            if (analysis->references[i].kind == REF_MODEL) {
                return &analysis->references[i];
            }
        }
        return NULL;
    }
    return r->model_index < analysis->n_references ? &analysis->references[r->model_index] : NULL;
}

void rule_context(struct rule_state *state, size_t index) {
    const struct reference *r = &state->analysis->references[index];
    if (!r->parameter || !str_eq(r->parameter->name, STR("num_ctx"))) {
        return;
    }
    int64_t wanted;
    struct str digits = str_starts(r->text, STR("+")) ? str_from_index(r->text, 1) : r->text;
    const struct reference *m = model_of_parameter(state, r);
    if (!m || m->kind != REF_MODEL || m->flags & (REF_PLACEHOLDER | REF_QUIET | REF_EMPTY) ||
        !str_to_int64(digits, &wanted) || is_ignored_model(state, m->text)) {
        return;
    }
    struct server_view view = state->context->server_of(state->context->data, &m->host);
    if (view.verdict != VERDICT_OK || !view.catalog) {
        return;
    }
    const struct model *model = catalog_find_written(view.catalog, m->text);
    if (!model || view.kind != SERVER_KIND_OLLAMA || model->context_length <= 0 ||
        wanted <= model->context_length) {
        return;
    }
    struct finding *finding =
        finding_add(state, CODE_CONTEXT_TOO_LARGE, server_cap(m, &view), r->start, r->end, index);
    if (!finding) {
        return;
    }
    finding->name = m->text;
    finding->host = view.url;
    struct str limit = arena_printf(state->arena, "%lld", (long long)model->context_length);
    finding->message = arena_printf(
        state->arena,
        "num_ctx %.*s is above the %.*s tokens that %.*s was trained for: use at most %.*s",
        STR_ARG(shown(state, r->text)), STR_ARG(limit), STR_ARG(shown(state, m->text)),
        STR_ARG(limit));
    struct fix *fix =
        fix_replace(state, finding, r->start, r->end, limit, label(state, "Change to", limit));
    if (fix) {
        fix->preferred = true;
    }
}
