// SPDX-License-Identifier: MIT
//
// From pieces of text to references: trimming, placeholders, prefix forms, hosts. Everything here
// works on pieces, so that a name found behind escapes or inside a block scalar still knows its
// place.
#include "diagnostics/collect.h"

#include "base/limits.h"
#include "diagnostics/model_place.h"
#include "ollama/core/library.h"

struct piece piece_slice(const struct piece *piece, size_t from, size_t to) {
    struct piece slice = *piece;
    slice.text = str_slice(piece->text, from, to);
    from = from < piece->text.n ? from : piece->text.n;
    slice.start = piece_offset(piece, from);
    if (piece->map) {
        slice.map = piece->map + from;
        // The end stands behind the last byte's own place, not before what follows it.
        slice.end = slice.text.n == piece->text.n - from ? piece->end
                                                         : piece_offset(piece, from + slice.text.n);
    } else {
        slice.end = slice.start + slice.text.n;
    }
    return slice;
}

static struct piece piece_trim(const struct piece *piece) {
    struct str text = piece->text;
    size_t from = 0;
    while (from < text.n && char_is_space(text.p[from])) {
        from++;
    }
    size_t to = text.n;
    while (to > from && char_is_space(text.p[to - 1])) {
        to--;
    }
    return from == 0 && to == text.n ? *piece : piece_slice(piece, from, to);
}

bool text_is_placeholder(const struct convention_set *set, struct str text) {
    if (str_list_matches(set->placeholder_words, text)) {
        return true;
    }
    // Most patterns hold a mark that names and hosts never have.
    bool has_mark = false;
    for (size_t i = 0; i < text.n && !has_mark; i++) {
        has_mark = strchr("${<%=`@(!", text.p[i]) != NULL;
    }
    return has_mark && str_list_matches(set->placeholders, text);
}

struct reference *collect_add(struct collector *collector, enum reference_kind kind,
                              const struct piece *piece, struct str convention) {
    if (collector->references.n >= LIMIT_REFERENCES) {
        collector->full = true;
        return NULL;
    }
    struct piece trimmed = piece_trim(piece);
    struct reference *reference = VEC_PUSH(collector->arena, &collector->references);
    reference->kind = kind;
    reference->start = trimmed.start;
    reference->end = trimmed.end;
    reference->prefix_start = trimmed.start;
    reference->text = trimmed.text;
    reference->quoting = trimmed.quoting;
    reference->convention = convention;
    reference->model_index = SIZE_MAX;
    if (trimmed.text.n == 0) {
        reference->flags |= REF_EMPTY;
    } else if (kind != REF_VARIABLE && kind != REF_PARAMETER &&
               text_is_placeholder(analyzer_conventions(collector->analyzer), trimmed.text)) {
        reference->flags |= REF_PLACEHOLDER;
    }
    return reference;
}

size_t prefix_form(struct str text) {
    // Longest first: "ollama:chat:" before "ollama:".
    static const struct str prefixes[] = {
        STR_INIT("ollama:chat:"),
        STR_INIT("ollama:completion:"),
        STR_INIT("ollama:embeddings:"),
        STR_INIT("ollama:embedding:"),
        STR_INIT("litellm/ollama_chat/"),
        STR_INIT("litellm/ollama/"),
        STR_INIT("ollama_chat/"),
        STR_INIT("ollama://"),
        STR_INIT("ollama-local,"),
        STR_INIT("ollama/"),
        STR_INIT("ollama:"),
        STR_INIT("ollama|"),
        STR_INIT("ollama,"),
    };
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (str_istarts(text, prefixes[i]) && text.n > prefixes[i].n) {
            return prefixes[i].n;
        }
    }
    return 0;
}

bool piece_default(struct piece *piece) {
    struct str text = piece->text;
    if (!str_starts(text, STR("${")) || !str_ends(text, STR("}"))) {
        return false;
    }
    size_t i = 2;
    while (i < text.n && (char_is_alnum(text.p[i]) || text.p[i] == '_' || text.p[i] == '.')) {
        i++;
    }
    if (i < text.n && text.p[i] == ':') {
        i++;
    }
    if (i >= text.n || (text.p[i] != '-' && text.p[i] != '=') ||
        str_find(str_from_index(text, i), STR("${")) != STR_NPOS) {
        return false;
    }
    *piece = piece_slice(piece, i + 1, text.n - 1);
    return true;
}

// "llama3.1:8b": a library family with a tag. Names of other vendors' models have no such shape.
static bool is_library_tag(struct str text) {
    struct model_name name;
    return model_name_parse(text, MODEL_NAME_INFERENCE, &name, NULL) && name.has_tag &&
           !name.has_host && !name.has_namespace && library_find(name.model) != NULL;
}

struct form_match {
    const struct form *form;
    size_t prefix; // offset of the prefix in the value
    size_t name;   // offset of the name
    size_t id;
};

static bool match_form(const struct model_place *place, const struct form *form, struct str text,
                       struct form_match *out) {
    size_t at = 0;
    if (form->lead.n > 0) {
        size_t lead = str_find(text, form->lead);
        if (lead == STR_NPOS) {
            return false;
        }
        at = lead + form->lead.n;
    }
    *out = (struct form_match){.form = form, .prefix = at, .id = SIZE_MAX};
    struct str rest = str_from_index(text, at);
    if (form->has_id) {
        for (size_t i = 0; i < place->n_ids && out->id == SIZE_MAX; i++) {
            if (str_starts(rest, place->ids[i]) &&
                str_starts(str_from_index(rest, place->ids[i].n), form->prefix)) {
                out->id = i;
                out->name = at + place->ids[i].n + form->prefix.n;
            }
        }
        return out->id != SIZE_MAX;
    }
    out->name = at + form->prefix.n;
    return str_istarts(rest, form->prefix) &&
           (!form->only_library_tag || is_library_tag(str_from_index(rest, form->prefix.n)));
}

bool reference_set_host(struct collector *collector, struct reference *reference,
                        struct piece value, enum host_origin origin) {
    piece_default(&value);
    value = piece_trim(&value);
    if (value.text.n == 0 || value.text.n > LIMIT_HOST ||
        text_is_placeholder(analyzer_conventions(collector->analyzer), value.text)) {
        return false;
    }
    reference->host = (struct reference_host){
        .origin = origin, .written = value.text, .start = value.start, .end = value.end};
    return true;
}

// A value that a file does not hold: one that is there and empty stands behind its key.
static bool is_absent(const struct piece *piece) {
    return piece->text.n == 0 && piece->start == 0;
}

struct reference *collect_host(struct collector *collector, const struct piece *value, uint8_t v1,
                               struct str convention, unsigned flags) {
    if (is_absent(value)) {
        return NULL;
    }
    struct piece piece = *value;
    piece_default(&piece);
    struct reference *reference = collect_add(collector, REF_HOST, &piece, convention);
    if (reference) {
        reference->v1 = v1;
        reference->flags |= flags;
    }
    return reference;
}

void collect_num_ctx(struct collector *collector, const struct piece *value, size_t model_index,
                     struct str convention) {
    if (is_absent(value)) {
        return;
    }
    struct reference *reference = collect_add(collector, REF_PARAMETER_VALUE, value, convention);
    if (reference) {
        reference->parameter = parameter_find(STR("num_ctx"));
        reference->model_index = model_index;
        reference->flags |= collector->references.at[model_index].flags & REF_QUIET;
    }
}

// The prefix that a name needs at a place where nothing is written yet: that of the first right
// form, unless a bare name is right as well.
static struct str prefix_of_place(const struct model_place *place) {
    struct str prefix = STR_NONE;
    for (size_t i = 0; i < place->n_forms; i++) {
        const struct form *form = &place->forms[i];
        if (form->is_wrong) {
            continue;
        }
        if (form->has_id || form->lead.n > 0 || form->prefix.n == 0) {
            return STR_NONE;
        }
        prefix = prefix.n > 0 ? prefix : form->prefix;
    }
    return prefix;
}

// "mlx://NAME@HOST" and its like; without a host a program loads the model into itself.
static bool is_other_backend(struct str prefix) {
    static const struct str schemes[] = {STR_INIT("mlx://"), STR_INIT("llamacpp://"),
                                         STR_INIT("local://")};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (str_ieq(prefix, schemes[i])) {
            return true;
        }
    }
    return false;
}

struct reference *collect_model(struct collector *collector, const struct model_place *place,
                                size_t *id) {
    struct piece value = place->value;
    piece_default(&value);
    value = piece_trim(&value);
    struct form_match match = {.id = SIZE_MAX};
    bool found = place->n_forms == 0 || (value.text.n == 0 && place->takes_empty);
    for (size_t i = 0; i < place->n_forms && !found; i++) {
        found = match_form(place, &place->forms[i], value.text, &match);
    }
    if (id) {
        *id = match.id;
    }
    if (!found || value.text.n > LIMIT_NAME + LIMIT_HOST) {
        return NULL;
    }
    size_t end = value.text.n;
    size_t host = SIZE_MAX;
    if (match.form && match.form->host_mark) {
        size_t mark = str_find_char(str_from_index(value.text, match.name), match.form->host_mark);
        if (mark != STR_NPOS) {
            end = match.name + mark;
            host = end + 1;
        }
    }
    bool is_other = is_other_backend(str_slice(value.text, match.prefix, match.name));
    if (is_other && (host == SIZE_MAX || host == value.text.n)) {
        return NULL;
    }
    struct piece name = piece_slice(&value, match.name, end);
    struct reference *reference = collect_add(collector, REF_MODEL, &name, place->convention);
    if (!reference) {
        return NULL;
    }
    reference->role = place->role;
    reference->flags |= place->flags;
    reference->prefix_start = piece_offset(&value, match.prefix);
    reference->prefix = str_slice(value.text, match.prefix, match.name);
    if (match.form && match.form->is_wrong && !(reference->flags & REF_PLACEHOLDER)) {
        reference->flags |= REF_WRONG_PREFIX;
        reference->prefix_wanted = match.form->wanted;
    } else if (reference->flags & REF_EMPTY && !match.form) {
        reference->prefix_wanted = prefix_of_place(place);
    }
    struct str alias = place->maps_aliases ? continue_alias(reference->text) : STR_NONE;
    if (alias.n > 0) {
        reference->text = alias;
        reference->is_alias = true;
    }
    if (host != SIZE_MAX) {
        struct piece written = piece_slice(&value, host, value.text.n);
        size_t index = collector->references.n - 1;
        reference_set_host(collector, reference, written, HOST_ORIGIN_SIBLING);
        reference->host.is_openai = is_other;
        if (is_other) {
            return reference; // the rules for hosts are Ollama's
        }
        collect_host(collector, &written, V1_ANY, place->convention,
                     place->flags & ~(unsigned)REF_PULLS);
        reference = &collector->references.at[index]; // the array may have moved
    }
    return reference;
}
