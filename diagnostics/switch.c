// SPDX-License-Identifier: MIT
//
// Switching back ends, from the file down: reads variables or settings into groups of slots, hands
// each group to the rules, and orders the edits. Invariant: an edit lies inside a value, or is an
// insertion behind one.
#include "diagnostics/switch.h"

#include <stdlib.h>

#include "base/limits.h"
#include "diagnostics/model_place.h"
#include "diagnostics/switch_internal.h"
#include "ollama/core/backend_url.h"

#define GROUP_WIDE 32 // slots; above, each look-up through all of them would be felt

static void index_group(struct arena *arena, struct switch_group *group) {
    if (group->n <= GROUP_WIDE) {
        return;
    }
    group->index = ARENA_NEW(arena, struct strmap);
    strmap_init(group->index, arena, STRMAP_EXACT);
    for (size_t i = 0; i < group->n; i++) {
        strmap_set(group->index, group->slots[i].key, &group->slots[i]);
    }
}

const struct switch_slot *switch_find(const struct switch_group *group, struct str key) {
    if (group->index) {
        return strmap_get(group->index, key);
    }
    for (size_t i = group->n; i-- > 0;) { // later ones win
        if (str_eq(group->slots[i].key, key)) {
            return &group->slots[i];
        }
    }
    return NULL;
}

// A value that stands for another one is not ours to replace; a default is ("${X:-ollama}").
static void look_at_value(struct switch_slot *slot) {
    piece_default(&slot->value);
    for (size_t i = 0; i < slot->value.text.n; i++) {
        if (strchr("${<`", slot->value.text.p[i]) != NULL) {
            slot->is_settable = false;
        }
    }
}

static struct switch_slot slot_of(struct switcher *switcher, const struct piece *name,
                                  const struct piece *value) {
    struct switch_slot slot = {
        .name = name->text,
        .key = switch_key(switcher->arena, name->text),
        .name_start = name->start,
        .value = *value,
        .is_settable = value->quoting != QUOTE_BLOCK,
    };
    look_at_value(&slot);
    return slot;
}

// --- files of variables ---

static void plan_variables(struct switcher *switcher) {
    struct env_item *items;
    size_t n = dotenv_items(switcher->arena, switcher->input->text, &items);
    struct switch_group group = {
        .slots = ARENA_ARRAY(switcher->arena, n + 1, struct switch_slot),
        .n = n,
        .is_environment = true,
    };
    for (size_t i = 0; i < n; i++) {
        group.slots[i] = slot_of(switcher, &items[i].name, &items[i].value);
    }
    index_group(switcher->arena, &group);
    switch_variables(switcher, &group);
}

// --- settings ---

static bool is_variable_name(struct str name) {
    bool has_mark = false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!(c >= 'A' && c <= 'Z') && !char_is_digit(c) && c != '_') {
            return false;
        }
        has_mark = has_mark || c == '_';
    }
    return has_mark;
}

static bool is_yaml_plain(const struct switcher *switcher, const struct config_node *node) {
    return switcher->config->format == FORMAT_YAML && node->style == STYLE_PLAIN;
}

static void add_member(struct switcher *switcher, struct switch_group *group,
                       const struct config_node *node) {
    if (!node->has_key || (node->kind != CONFIG_SCALAR && node->kind != CONFIG_NULL)) {
        return;
    }
    struct piece name = config_key_piece(switcher->config, node);
    struct piece value = config_value(switcher->config, node);
    if (node->kind == CONFIG_NULL) {
        value = (struct piece){.start = node->start, .end = node->end};
    }
    struct switch_slot slot = slot_of(switcher, &name, &value);
    bool is_plain = node->style == STYLE_PLAIN;
    slot.is_member = true;
    slot.is_yaml_plain = is_yaml_plain(switcher, node);
    // A bare word of JSON or TOML would need quotes of its own; "null" is written, not absent.
    slot.is_settable = slot.is_settable && (slot.is_yaml_plain || !is_plain) &&
                       !(node->kind == CONFIG_NULL && value.end > value.start);
    group->slots[group->n++] = slot;
}

// "- NAME=value" of a list.
static void add_element(struct switcher *switcher, struct switch_group *group,
                        const struct config_node *node) {
    struct piece line = config_value(switcher->config, node);
    size_t mark = str_find_char(line.text, '=');
    if (node->kind != CONFIG_SCALAR || mark == STR_NPOS ||
        !is_variable_name(str_slice(line.text, 0, mark))) {
        return;
    }
    struct piece name = piece_slice(&line, 0, mark);
    struct piece value = piece_slice(&line, mark + 1, line.text.n);
    group->slots[group->n++] = slot_of(switcher, &name, &value);
}

// The slots of an object, or of a list of variables. No slots: n is 0.
static void read_group(struct switcher *switcher, const struct config_node *node,
                       struct switch_group *group) {
    struct str text = switcher->input->text;
    *group = (struct switch_group){
        .slots = ARENA_ARRAY(switcher->arena, node->n_children + 1u, struct switch_slot),
        .object = node,
        .is_list = node->kind == CONFIG_ARRAY,
        .is_flow = node->start < text.n && text.p[node->start] == '{',
    };
    size_t n_variables = 0;
    for (const struct config_node *child = node->first; child; child = child->next) {
        if (group->is_list) {
            add_element(switcher, group, child);
        } else {
            add_member(switcher, group, child);
        }
    }
    for (size_t i = 0; i < group->n; i++) {
        n_variables += is_variable_name(group->slots[i].name);
    }
    group->is_environment = group->is_list || (n_variables > 0 && n_variables * 2 >= group->n);
}

// Is it for embeddings, by its key or those of the objects around it, or by `roles: [embed]`?
static bool is_for_embeddings(struct switcher *switcher, const struct config_node *object) {
    const struct config_node *roles = config_get(switcher->config, object, STR("roles"));
    bool is_embed = false;
    bool is_other = false;
    for (const struct config_node *it = roles ? roles->first : NULL; it; it = it->next) {
        struct str role = config_text(switcher->config, it);
        is_embed = is_embed || switch_is_embedding(role);
        is_other = is_other || !switch_is_embedding(role);
    }
    if (is_embed && !is_other) {
        return true;
    }
    const struct config_node *node = object;
    for (int up = 0; node && up < 4; up++, node = node->parent) {
        if (node->has_key &&
            switch_is_embedding(switch_key(switcher->arena, config_key(switcher->config, node)))) {
            return true;
        }
    }
    return false;
}

static void plan_node(struct switcher *switcher, const struct config_node *node) {
    struct switch_group group;
    if (!switch_span_in_range(switcher, config_from(node), node->end)) {
        return;
    }
    read_group(switcher, node, &group);
    if (group.is_environment) {
        index_group(switcher->arena, &group);
        switch_variables(switcher, &group);
        return;
    }
    if (group.is_list) {
        return;
    }
    struct switch_group nested = {0};
    for (const struct config_node *child = node->first; child && nested.n == 0;
         child = child->next) {
        if (child->kind == CONFIG_OBJECT && child->has_key &&
            switch_is_nested_key(
                switch_key(switcher->arena, config_key(switcher->config, child)))) {
            read_group(switcher, child, &nested);
        }
    }
    group.is_embedding = is_for_embeddings(switcher, node);
    switch_object(switcher, &group, &nested);
}

// All nodes below a document's root in their order, without a stack of our own.
static const struct config_node *next_node(const struct config_node *node) {
    if (node->first) {
        return node->first;
    }
    while (node && !node->next) {
        node = node->parent;
    }
    return node && node->parent ? node->next : NULL; // a root's next is another document
}

static void plan_settings(struct switcher *switcher) {
    switcher->config = config_read(switcher->arena, switcher->input->format, switcher->input->text);
    for (const struct config_node *root = switcher->config->documents; root; root = root->next) {
        const struct config_node *node = root;
        while (node && switcher->n_places < SWITCH_PLACES_MAX) {
            if (node->kind == CONFIG_OBJECT || node->kind == CONFIG_ARRAY) {
                plan_node(switcher, node);
            }
            node = next_node(node);
        }
    }
}

// --- the plan ---

struct ordered_edit {
    struct edit edit;
    size_t rank; // insertions at one place keep their order
};

static int by_place(const void *a, const void *b) {
    const struct ordered_edit *x = a;
    const struct ordered_edit *y = b;
    if (x->edit.start != y->edit.start) {
        return x->edit.start < y->edit.start ? -1 : 1;
    }
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static void order_edits(struct switcher *switcher, struct switch_plan *plan) {
    size_t n = switcher->edits.n;
    struct ordered_edit *ordered = ARENA_ARRAY(switcher->arena, n + 1, struct ordered_edit);
    for (size_t i = 0; i < n; i++) {
        ordered[i] = (struct ordered_edit){switcher->edits.at[i], i};
    }
    qsort(ordered, n, sizeof(*ordered), by_place);
    plan->edits = ARENA_ARRAY(switcher->arena, n + 1, struct edit);
    for (size_t i = 0; i < n; i++) {
        plan->edits[i] = ordered[i].edit;
    }
    plan->n_edits = n;
}

static struct str url_or_default(struct str url, bool is_ours, enum server_kind kind) {
    return is_ours && url.n > 0 ? url : backend_default_url(kind);
}

static void plan_text(struct switcher *switcher) {
    if (switcher->input->text.n > LIMIT_FILE) {
        return;
    }
    switch (switcher->input->format) {
    case FORMAT_DOTENV:
    case FORMAT_SHELL: plan_variables(switcher); break;
    case FORMAT_YAML:
    case FORMAT_JSON:
    case FORMAT_TOML: plan_settings(switcher); break;
    default: break;
    }
}

struct switch_plan switch_make_plan(struct arena *arena, const struct switch_input *input) {
    bool is_ollama = input->to == SWITCH_OLLAMA;
    struct switcher switcher = {
        .input = input,
        .arena = arena,
        .ollama_url = url_or_default(input->url, is_ollama, SERVER_KIND_OLLAMA),
        .openai_url = url_or_default(input->url, !is_ollama, SERVER_KIND_OPENAI),
    };
    plan_text(&switcher);
    if (switcher.n_places == 0 && switcher.n_others == 1) {
        switcher.takes_others = true;
        switcher.notes.n = 0;
        plan_text(&switcher);
    }
    if (switcher.n_places >= SWITCH_PLACES_MAX) {
        switch_note(&switcher, "only the first %d places are looked at", SWITCH_PLACES_MAX);
    }
    struct switch_plan plan = {
        .n_places = switcher.n_places,
        .notes = switcher.notes.at,
        .n_notes = switcher.notes.n,
    };
    order_edits(&switcher, &plan);
    return plan;
}
