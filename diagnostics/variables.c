// SPDX-License-Identifier: MIT
//
// Variables of environments (config-formats section 4), wherever they are assigned. What a name
// means is data: Ollama's own table first, then the conventions' variables, whose conditions look
// at the other variables of the same environment.
#include <stdlib.h>

#include "base/limits.h"
#include "base/strmap.h"
#include "diagnostics/model_place.h"
#include "ollama/core/environment.h"

#define LOOK_BACK 2000 // variables of one environment that conditions look at

// The names that conditions look for are few and the assignments may be thousands: each name is
// looked for once.
struct environment {
    const struct env_item *items;
    size_t n;
    struct strmap found; // name or pattern, borrowed from the conventions -> index + 1, 0: none
};

static size_t find_item(const struct environment *environment, struct str name) {
    bool is_pattern = str_find_char(name, '*') != STR_NPOS;
    size_t first = environment->n > LOOK_BACK ? environment->n - LOOK_BACK : 0;
    for (size_t i = environment->n; i-- > first;) {
        struct str other = environment->items[i].name.text;
        if (is_pattern ? wild_match(name, other) : str_eq(name, other)) {
            return i + 1;
        }
    }
    return 0;
}

// The value of a variable as far as it can be known; the last assignment wins.
static bool find_value(struct environment *environment, struct str name, struct piece *out) {
    bool is_new;
    struct strmap_entry *entry = strmap_put(&environment->found, name, &is_new);
    if (is_new) {
        entry->number = (uint32_t)find_item(environment, name);
    }
    if (entry->number == 0) {
        return false;
    }
    *out = environment->items[entry->number - 1].value;
    piece_default(out);
    return true;
}

static bool requirement_holds(const struct condition *condition, struct environment *environment) {
    struct piece value = {0};
    bool holds = find_value(environment, condition->path.steps[0].key, &value);
    struct str text = str_trim(value.text);
    if (holds && condition->kind == CONDITION_URL) {
        holds = text_is_ollama_url(text);
    } else if (holds && condition->kind == CONDITION_TEXT) {
        size_t i = 0;
        while (i < condition->n_values && !wild_match(condition->values[i], text)) {
            i++;
        }
        holds = i < condition->n_values;
    }
    return holds != condition->is_negated;
}

static bool requirements_hold(const struct conditions *requires, struct environment *environment) {
    for (size_t i = 0; i < requires->n; i++) {
        size_t k = 0;
        while (k < requires->groups[i].n &&
               requirement_holds(&requires->groups[i].at[k], environment)) {
            k++;
        }
        if (k == requires->groups[i].n) {
            return true;
        }
    }
    return
        requires
        ->n == 0;
}

// The host for a model of this environment: the rule's own variables, else the usual ones.
static void set_host(struct collector *collector, const struct variable_rule *rule,
                     struct environment *environment, size_t index) {
    const struct convention_set *set = analyzer_conventions(collector->analyzer);
    const struct str *names = rule->n_hosts ? rule->hosts : set->host_variables;
    size_t n = rule->n_hosts ? rule->n_hosts : set->n_host_variables;
    struct reference *reference = &collector->references.at[index];
    if (reference->host.origin != HOST_ORIGIN_NONE) {
        return; // in the value itself
    }
    for (size_t i = 0; i < n; i++) {
        struct piece value = {0};
        if (find_value(environment, names[i], &value) &&
            reference_set_host(collector, reference, value, HOST_ORIGIN_FILE)) {
            return;
        }
    }
}

static void add_models(struct collector *collector, const struct variable_rule *rule,
                       struct environment *environment, const struct piece *value, unsigned flags,
                       bool *found) {
    struct model_place place = {.forms = rule->forms,
                                .n_forms = rule->n_forms,
                                .role = rule->role,
                                .flags = flags | rule->flags,
                                .convention = rule->convention->name};
    for (size_t from = 0; from <= value->text.n;) {
        size_t to = value->text.n;
        if (rule->separator) {
            size_t mark = str_find_char(str_from_index(value->text, from), rule->separator);
            to = mark == STR_NPOS ? to : from + mark;
        }
        place.value = piece_slice(value, from, to);
        size_t index = collector->references.n;
        if (collect_model(collector, &place, NULL)) {
            *found = true;
            set_host(collector, rule, environment, index);
        }
        from = to + 1;
        if (!rule->separator) {
            break;
        }
    }
}

static void add_hosts(struct collector *collector, const struct variable_rule *rule,
                      const struct piece *value, unsigned flags, bool *found) {
    for (size_t from = 0; from <= value->text.n;) {
        size_t to = value->text.n;
        if (rule->separator) {
            size_t mark = str_find_char(str_from_index(value->text, from), rule->separator);
            to = mark == STR_NPOS ? to : from + mark;
        }
        struct piece one = piece_slice(value, from, to);
        if (to == from && value->text.n > 0) { // between two separators
            from = to + 1;
            continue;
        }
        struct reference *reference =
            collect_host(collector, &one, rule->v1, rule->convention->name, flags | rule->flags);
        if (reference) {
            *found = true;
            reference->hostname_only = rule->hostname_only;
            // Open WebUI takes a path alone: its own proxy.
            reference->flags |= str_starts(reference->text, STR("/")) ? REF_PLACEHOLDER : 0;
        }
        from = to + 1;
        if (!rule->separator) {
            break;
        }
    }
}

// True when the rule says what the variable is.
static bool apply_rule(struct collector *collector, const struct variable_rule *rule,
                       struct environment *environment, const struct env_item *item,
                       unsigned flags) {
    if (!requirements_hold(&rule->requires, environment)) {
        return false;
    }
    bool found = rule->kind == VARIABLE_NEITHER;
    struct piece value = item->value;
    piece_default(&value);
    if (rule->kind == VARIABLE_MODEL) {
        add_models(collector, rule, environment, &value, flags, &found);
    } else if (rule->kind == VARIABLE_HOST) {
        add_hosts(collector, rule, &value, flags, &found);
    }
    return found;
}

static bool apply_rules(struct collector *collector, struct environment *environment,
                        const struct env_item *item, unsigned flags) {
    const struct convention_set *set = analyzer_conventions(collector->analyzer);
    struct str name = item->name.text;
    size_t low = 0;
    size_t high = set->n_exact;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_cmp(set->variables[middle]->name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool is_known = false;
    for (; low < set->n_exact && str_eq(set->variables[low]->name, name); low++) {
        is_known = true;
        if (apply_rule(collector, set->variables[low], environment, item, flags)) {
            return true;
        }
    }
    for (size_t i = set->n_exact; i < set->n_variables; i++) {
        if (wild_match(set->variables[i]->name, name)) {
            is_known = true;
            if (apply_rule(collector, set->variables[i], environment, item, flags)) {
                return true;
            }
        }
    }
    return is_known;
}

// One of Ollama's own variables: its name, and its value by type.
static void add_own(struct collector *collector, const struct variable *variable,
                    const struct env_item *item, unsigned flags) {
    static const struct str convention = STR_INIT("Ollama's variables");
    struct reference *name = collect_add(collector, REF_VARIABLE, &item->name, convention);
    if (name) {
        name->variable = variable;
        name->flags |= flags;
    }
    struct piece text = item->value;
    piece_default(&text);
    enum reference_kind kind = variable->type == VALUE_HOST ? REF_HOST : REF_VARIABLE_VALUE;
    struct reference *value = collect_add(collector, kind, &text, convention);
    if (value) {
        value->variable = variable;
        value->flags |= flags;
        value->is_listen_address =
            kind == REF_HOST; // one variable for both the server and its clients
    }
}

void environment_collect(struct collector *collector, const struct env_item *items, size_t n,
                         struct str convention, unsigned extra_flags) {
    struct environment environment = {.items = items, .n = n};
    strmap_init(&environment.found, collector->arena, STRMAP_EXACT);
    for (size_t i = 0; i < n && !collector->full; i++) {
        *VEC_PUSH(collector->arena, &collector->environment) = items[i];
        struct str name = items[i].name.text;
        const struct variable *variable = variable_find(name);
        if (variable) {
            add_own(collector, variable, &items[i], extra_flags);
        } else if (!apply_rules(collector, &environment, &items[i], extra_flags) &&
                   str_starts(name, STR("OLLAMA_"))) {
            struct reference *reference =
                collect_add(collector, REF_VARIABLE, &items[i].name, convention);
            if (reference) {
                reference->flags |= extra_flags;
            }
        }
    }
}
