// SPDX-License-Identifier: MIT
//
// OLLAMA_* variables: misspelt names and values of the wrong type. Only near misses of Ollama's own
// variables are called unknown; front ends have made up many others, and those are theirs.
#include "diagnostics/rules/rules.h"

// Read by something else than the server (ollama.md 3.4): client libraries, the desktop app,
// install scripts, the build, front ends. Never near misses.
static const struct str others[] = {
    STR_INIT("OLLAMA_API_KEY"),        STR_INIT("OLLAMA_CORS"),
    STR_INIT("OLLAMA_DOT_COM_URL"),    STR_INIT("OLLAMA_APP_DB_PATH"),
    STR_INIT("OLLAMA_VERSION"),        STR_INIT("OLLAMA_NO_START"),
    STR_INIT("OLLAMA_INSTALL_DIR"),    STR_INIT("OLLAMA_UNINSTALL"),
    STR_INIT("OLLAMA_DOWNLOAD_URL"),   STR_INIT("OLLAMA_LLAMA_CPP_SOURCE"),
    STR_INIT("OLLAMA_MLX_SOURCE"),     STR_INIT("OLLAMA_MLX_C_SOURCE"),
    STR_INIT("OLLAMA_LLAMA_BACKENDS"), STR_INIT("OLLAMA_MLX_BACKENDS"),
    STR_INIT("OLLAMA_BASE_URL"),       STR_INIT("OLLAMA_API_BASE"),
    STR_INIT("OLLAMA_API_BASE_URL"),   STR_INIT("OLLAMA_URL"),
    STR_INIT("OLLAMA_PORT"),           STR_INIT("OLLAMA_MODEL"),
    STR_INIT("OLLAMA_NUM_CTX"),        STR_INIT("OLLAMA_NUM_GPU"),
    STR_INIT("OLLAMA_NUM_THREAD"),     STR_INIT("OLLAMA_NUM_THREADS"),
    STR_INIT("OLLAMA_GPU_LAYERS"),     STR_INIT("OLLAMA_HOSTS"),
    STR_INIT("OLLAMA_TIMEOUT"),        STR_INIT("OLLAMA_CONTEXT"),
    STR_INIT("OLLAMA_ENDPOINT"),       STR_INIT("OLLAMA_MODE"),
};

#define PREFIX STR("OLLAMA_")
#define MAX_WORD 48

// Edit distance with swaps of neighbours, up to `limit`; limit + 1 when larger.
static size_t distance(struct str a, struct str b, size_t limit) {
    size_t rows[3][MAX_WORD + 1];
    if (a.n > MAX_WORD || b.n > MAX_WORD) {
        return limit + 1;
    }
    for (size_t k = 0; k <= b.n; k++) {
        rows[0][k] = k;
    }
    for (size_t i = 1; i <= a.n; i++) {
        size_t *now = rows[i % 3];
        const size_t *last = rows[(i + 2) % 3];
        const size_t *before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t k = 1; k <= b.n; k++) {
            size_t best = last[k - 1] + (a.p[i - 1] != b.p[k - 1]);
            best = last[k] + 1 < best ? last[k] + 1 : best;
            best = now[k - 1] + 1 < best ? now[k - 1] + 1 : best;
            if (i > 1 && k > 1 && a.p[i - 1] == b.p[k - 2] && a.p[i - 2] == b.p[k - 1] &&
                before[k - 2] + 1 < best) {
                best = before[k - 2] + 1;
            }
            now[k] = best;
        }
    }
    size_t result = rows[a.n % 3][b.n];
    return result > limit ? limit + 1 : result;
}

// Ollama's variable that `name` is a slip of, or NULL.
static const struct variable *near_miss(struct str name) {
    struct str word = str_from_index(name, PREFIX.n);
    size_t limit = word.n / 4 < 3 ? word.n / 4 : 3;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (str_ieq(name, others[i])) {
            return NULL;
        }
    }
    const struct variable *best = NULL;
    size_t best_distance = limit + 1;
    for (size_t i = 0; i < variable_count(); i++) {
        const struct variable *variable = variable_at(i);
        if (variable->obsolete || !str_starts(variable->name, PREFIX)) {
            continue;
        }
        size_t d = distance(word, str_from_index(variable->name, PREFIX.n), limit);
        if (d < best_distance) {
            best = variable;
            best_distance = d;
        }
    }
    return best;
}

static void offer_name(struct rule_state *state, struct finding *finding, const struct reference *r,
                       struct str name) {
    struct str title = arena_printf(state->arena, "Change to %.*s", STR_ARG(name));
    struct fix *fix = fix_replace(state, finding, r->start, r->end, name, title);
    if (fix) {
        fix->preferred = true;
    }
}

void rule_variable(struct rule_state *state, size_t index) {
    const struct reference *r = &state->analysis->references[index];
    const struct variable *near = NULL;
    bool is_obsolete = r->variable && r->variable->obsolete;
    if (r->variable && !is_obsolete) {
        return;
    }
    if (!is_obsolete) {
        near = str_starts(r->text, PREFIX) ? near_miss(r->text) : NULL;
        if (!near) {
            return;
        }
    }
    struct finding *finding =
        finding_add(state, CODE_UNKNOWN_VARIABLE, NO_CAP, r->start, r->end, index);
    if (!finding) {
        return;
    }
    finding->name = r->text;
    struct str name = shown(state, r->text);
    if (near) {
        finding->message =
            arena_printf(state->arena, "Ollama reads no variable %.*s; did you mean %.*s?",
                         STR_ARG(name), STR_ARG(near->name));
        offer_name(state, finding, r, near->name);
        return;
    }
    finding->message =
        arena_printf(state->arena, "%.*s is read by no current release of Ollama%s%.*s%s%s%.*s",
                     STR_ARG(name), r->variable->since.n > 0 ? " (only by " : "",
                     STR_ARG(r->variable->since), r->variable->since.n > 0 ? ")" : "",
                     r->variable->instead.n > 0 ? "; use " : "", STR_ARG(r->variable->instead));
    if (variable_find(r->variable->instead)) {
        offer_name(state, finding, r, r->variable->instead);
    }
}

// "llama3.2:3b,gemma2:2b" where a folder is expected.
static void check_directory(struct rule_state *state, const struct reference *r, size_t index) {
    if (value_check(state->arena, VALUE_DIRECTORY, NULL, 0, r->text, NULL)) {
        return;
    }
    struct finding *finding =
        finding_add(state, CODE_DIRECTORY_EXPECTED, NO_CAP, r->start, r->end, index);
    if (finding) {
        finding->name = r->variable->name;
        finding->message = arena_printf(
            state->arena, "Ollama reads %.*s as the folder of its models, not as a list of models",
            STR_ARG(r->variable->name));
    }
}

// What the variable takes, for a message: "true or false", "f16, q8_0 or q4_0".
static struct str what_it_takes(struct rule_state *state, const struct variable *variable) {
    struct str text = STR_NONE;
    for (size_t i = 0; i < variable->n_words; i++) {
        const char *glue = i == 0 ? "" : i + 1 == variable->n_words ? " or " : ", ";
        text = arena_printf(state->arena, "%.*s%s%.*s", STR_ARG(text), glue,
                            STR_ARG(variable->words[i]));
    }
    return text.n > 0 ? text : str_from(value_type_text(variable->type));
}

void rule_value(struct rule_state *state, size_t index) {
    const struct reference *r = &state->analysis->references[index];
    const struct variable *variable = r->variable;
    if (!variable || variable->obsolete) {
        return;
    }
    if (variable->type == VALUE_DIRECTORY) {
        check_directory(state, r, index);
        return;
    }
    struct str fixed = STR_NONE;
    if (value_check(state->arena, variable->type, variable->words, variable->n_words, r->text,
                    &fixed)) {
        return;
    }
    struct finding *finding =
        finding_add(state, CODE_INVALID_VALUE, NO_CAP, r->start, r->end, index);
    if (!finding) {
        return;
    }
    finding->name = variable->name;
    const char *consequence = variable->type == VALUE_BOOL ? "Ollama takes any other text for true"
                                                           : "Ollama would use the default";
    finding->message =
        arena_printf(state->arena, "%.*s takes %.*s, not %.*s (%s)", STR_ARG(variable->name),
                     STR_ARG(what_it_takes(state, variable)), STR_ARG(shown(state, r->text)),
                     consequence);
    if (fixed.n > 0) {
        offer_name(state, finding, r, fixed);
    }
}
