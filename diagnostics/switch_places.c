// SPDX-License-Identifier: MIT
//
// The rules for settings: an object with a provider, a model with a prefix, a base URL beside a
// model, and values that say all of it in one URL.
#include "diagnostics/switch_internal.h"

#include "ollama/core/backend_url.h"

#define MODELS_MAX 8 // of one object

struct str switch_model_for(const struct switcher *switcher, struct str written, bool changes) {
    const struct switch_input *input = switcher->input;
    if (input->model.n > 0) {
        return input->model;
    }
    struct str chosen = STR_NONE;
    if (changes && input->choose) {
        chosen = input->choose(input->data, written);
    }
    return chosen.n > 0 ? chosen : written;
}

static void note_kept(struct switcher *switcher, struct str name, struct str model) {
    if (switcher->input->model.n == 0 && model.n > 0) {
        switch_note(switcher, "%.*s still says %.*s: name a model if the server calls it otherwise",
                    STR_ARG(name), STR_ARG(model));
    }
}

void switch_set_model(struct switcher *switcher, const struct switch_slot *slot, bool changes) {
    bool to_ollama = switcher->input->to == SWITCH_OLLAMA;
    enum switch_backend backend = BACKEND_NONE;
    size_t n = switch_model_prefix(slot->value.text, &backend);
    struct str prefix = str_slice(slot->value.text, 0, n);
    struct str written = str_from_index(slot->value.text, n);
    struct str model = switch_model_for(switcher, written, changes);
    if (n > 0 && (backend == BACKEND_OLLAMA) != to_ollama) {
        prefix = to_ollama ? STR("ollama_chat/") : STR("openai/");
    }
    if (model.n == 0) {
        return;
    }
    if (changes && str_eq(model, written)) {
        note_kept(switcher, slot->name, written);
    }
    switch_set(switcher, slot, arena_join(switcher->arena, prefix, model));
}

// --- values that are URLs of back ends ---

static enum switch_backend backend_of_url(const struct switcher *switcher, struct str url) {
    struct host host;
    struct arena *arena = switcher->arena;
    host_parse(url, &host);
    if (host_port(&host) == 11434 || switch_same_server(arena, url, switcher->ollama_url)) {
        return BACKEND_OLLAMA;
    }
    bool is_mlx =
        switcher->input->to == SWITCH_MLX && switch_same_server(arena, url, switcher->openai_url);
    return is_mlx ? BACKEND_MLX : BACKEND_OPENAI;
}

static enum switch_backend backend_of_form(const struct switcher *switcher, struct str value) {
    return str_istarts(value, STR("ollama://"))     ? BACKEND_OLLAMA
           : str_istarts(value, STR("mlx://"))      ? BACKEND_MLX
           : str_istarts(value, STR("llamacpp://")) ? BACKEND_OTHER // not what "openai" writes
           : str_istarts(value, STR("local://"))    ? BACKEND_OTHER
                                                    : backend_of_url(switcher, value);
}

// LLM_CHAT_API_URL → LLM_CHAT_MODEL.
static struct str model_name_of(struct arena *arena, struct str name) {
    static const struct str endings[] = {STR_INIT("_API_URL"), STR_INIT("_api_url"),
                                         STR_INIT("_URL"), STR_INIT("_url")};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (str_ends(name, endings[i])) {
            bool is_upper = endings[i].p[1] == 'A' || endings[i].p[1] == 'U';
            return arena_join(arena, str_slice(name, 0, name.n - endings[i].n),
                              is_upper ? STR("_MODEL") : STR("_model"));
        }
    }
    return STR_NONE;
}

// "@host:port" where the server is not where such a server usually is; *fits false: no form can
// say where it is.
static struct str host_part(const struct switcher *switcher, bool *fits) {
    struct str url = switcher->input->url;
    enum server_kind kind =
        switcher->input->to == SWITCH_OLLAMA ? SERVER_KIND_OLLAMA : SERVER_KIND_OPENAI;
    *fits = true;
    if (url.n == 0 || switch_same_server(switcher->arena, url, backend_default_url(kind))) {
        return STR_NONE;
    }
    struct str lead = STR("http://");
    struct str rest = str_from_index(url, lead.n);
    *fits = str_istarts(url, lead) && str_find_char(rest, '/') == STR_NPOS;
    return arena_join(switcher->arena, STR("@"), rest);
}

static struct str form_for(const struct switcher *switcher, struct str model) {
    enum switch_target to = switcher->input->to;
    bool fits;
    struct str host = host_part(switcher, &fits);
    if (to == SWITCH_OPENAI || model.n == 0 || !fits) {
        return switch_url(switcher, to, true);
    }
    return arena_printf(switcher->arena, "%s://%.*s%.*s", switch_target_name(to), STR_ARG(model),
                        STR_ARG(host));
}

// The same form with another model.
static struct str form_with(struct arena *arena, struct str value, struct str old,
                            struct str model) {
    size_t at = str_find(value, STR("://")) + 3;
    struct str rest = str_from_index(value, at + (old.n > 0 ? old.n : 0));
    if (old.n == 0 && rest.n > 0 && rest.p[0] != '@') {
        rest = arena_join(arena, STR("@"), rest);
    }
    return arena_printf(arena, "%.*s%.*s%.*s", STR_ARG(str_slice(value, 0, at)), STR_ARG(model),
                        STR_ARG(rest));
}

void switch_backend_url(struct switcher *switcher, const struct switch_group *group,
                        const struct switch_slot *slot) {
    struct arena *arena = switcher->arena;
    struct str value = slot->value.text;
    struct str model_name = model_name_of(arena, slot->name);
    const struct switch_slot *beside =
        model_name.n > 0 ? switch_find(group, switch_key(arena, model_name)) : NULL;
    switcher->n_places++;
    if (!switch_in_range(switcher, slot) && !(beside && switch_in_range(switcher, beside))) {
        return;
    }
    struct backend_url form = {0};
    bool has_scheme = switch_has_scheme(value);
    if (has_scheme) {
        backend_url_parse(arena, value, &form);
    }
    struct str written = form.model.n > 0 || !beside ? form.model : beside->value.text;
    bool changes = !switch_is_there(backend_of_form(switcher, value), switcher->input->to);
    struct str model = switch_model_for(switcher, written, changes);
    if (changes) {
        switch_set(switcher, slot, form_for(switcher, model));
        if (str_eq(model, written)) {
            note_kept(switcher, slot->name, model);
        }
    } else if (has_scheme && !str_eq(model, form.model) && switcher->input->model.n > 0) {
        switch_set(switcher, slot, form_with(arena, value, form.model, model));
    }
    if (beside && (changes || switcher->input->model.n > 0) && model.n > 0) {
        switch_set(switcher, beside, model);
    } else if (!beside && model_name.n > 0 && model.n > 0 && changes &&
               switcher->input->to == SWITCH_OPENAI) {
        (void)switch_insert(switcher, group, slot, model_name, model);
    }
}

// --- objects ---

struct place {
    const struct switch_group *group;
    const struct switch_slot *provider;
    const struct switch_slot *host;
    const struct switch_group *host_group;
    const struct switch_slot *models[MODELS_MAX];
    const struct switch_group *model_group; // of the first model
    size_t n_models;
};

static void gather(struct place *place, const struct switch_group *group, bool is_nested) {
    for (size_t i = 0; i < group->n; i++) {
        const struct switch_slot *slot = &group->slots[i];
        struct str value = slot->value.text;
        if (switch_is_embedding(slot->key)) {
            continue;
        }
        if (!is_nested && !place->provider && switch_is_provider_key(slot->key) &&
            switch_is_vendor(value)) {
            place->provider = slot;
        } else if (switch_is_model_key(slot->key) && place->n_models < MODELS_MAX) {
            place->model_group = place->n_models == 0 ? group : place->model_group;
            place->models[place->n_models++] = slot;
        } else if (!place->host && switch_is_host_key(slot->key) &&
                   (switch_is_url(value) || (value.n == 0 && slot->is_settable))) {
            place->host = slot;
            place->host_group = group;
        }
    }
}

static bool place_in_range(const struct switcher *switcher, const struct place *place) {
    bool is_in = (place->provider && switch_in_range(switcher, place->provider)) ||
                 (place->host && switch_in_range(switcher, place->host));
    for (size_t i = 0; i < place->n_models && !is_in; i++) {
        is_in = switch_in_range(switcher, place->models[i]);
    }
    return is_in;
}

// How this file spells a base URL: as it does elsewhere.
static struct str host_key(const struct switcher *switcher) {
    static const struct str keys[] = {STR_INIT("apiBase"), STR_INIT("api_base"),
                                      STR_INIT("baseURL"), STR_INIT("baseUrl"),
                                      STR_INIT("base_url")};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (str_contains(switcher->input->text, keys[i])) {
            return keys[i];
        }
    }
    // Continue's files, where nothing says it yet: models have roles, or titles.
    bool is_continue = str_contains(switcher->input->text, STR("tabAutocompleteModel")) ||
                       (str_contains(switcher->input->text, STR("roles:")) &&
                        str_contains(switcher->input->text, STR("schema:")));
    return is_continue ? STR("apiBase") : STR("base_url");
}

// ollama_base_url ↔ openai_base_url: where the key itself names the back end.
static void rename_host_key(struct switcher *switcher, const struct switch_slot *slot) {
    bool to_ollama = switcher->input->to == SWITCH_OLLAMA;
    struct str old = to_ollama ? STR("openai") : STR("ollama");
    if (str_starts(slot->name, old)) {
        struct switch_slot key = *slot;
        key.value =
            (struct piece){.text = old, .start = slot->name_start, .end = slot->name_start + old.n};
        key.is_yaml_plain = false;
        key.is_settable = true;
        switch_set(switcher, &key, to_ollama ? STR("ollama") : STR("openai"));
    }
}

static void set_host(struct switcher *switcher, const struct place *place, bool v1) {
    enum switch_target to = switcher->input->to;
    struct str url = switch_url(switcher, to, v1);
    if (place->host) {
        if (place->host->value.text.n == 0 ||
            !switch_same_server(switcher->arena, place->host->value.text, url) ||
            str_ends(place->host->value.text, STR("/v1")) != v1) {
            switch_set(switcher, place->host, url);
        }
        rename_host_key(switcher, place->host);
        return;
    }
    if (to == SWITCH_OLLAMA &&
        switch_same_server(switcher->arena, url, backend_default_url(SERVER_KIND_OLLAMA))) {
        return; // where it is looked for anyway
    }
    const struct switch_slot *after = place->provider ? place->provider : place->models[0];
    const struct switch_group *group = place->group;
    if (place->n_models > 0 && place->model_group != group) {
        after = place->models[0];
        group = place->model_group;
    }
    (void)switch_insert(switcher, group, after, host_key(switcher), url);
}

static void switch_place(struct switcher *switcher, const struct place *place,
                         enum switch_backend current, bool v1) {
    enum switch_target to = switcher->input->to;
    switcher->n_places++;
    if (!place_in_range(switcher, place)) {
        return;
    }
    bool is_mlx_host =
        place->host && current == BACKEND_OPENAI && to == SWITCH_MLX &&
        switch_same_server(switcher->arena, place->host->value.text, switcher->openai_url);
    bool changes = !switch_is_there(is_mlx_host ? BACKEND_MLX : current, to);
    if (changes) {
        if (place->provider) {
            switch_set(switcher, place->provider, switch_provider_word(switcher, place->provider));
        }
        set_host(switcher, place, v1);
    }
    for (size_t i = 0; i < place->n_models; i++) {
        if (changes || switcher->input->model.n > 0) {
            switch_set_model(switcher, place->models[i], changes);
        }
    }
}

static void switch_provider(struct switcher *switcher, const struct place *place) {
    enum switch_backend current = switch_backend_of(place->provider->value.text);
    if (place->group->is_embedding) {
        if (!switch_is_there(current, switcher->input->to)) {
            switch_note(switcher, "embeddings are left alone: vectors of another model do not fit "
                                  "the stored ones");
        }
        return;
    }
    if (current == BACKEND_OTHER && !switcher->takes_others && switcher->input->to_end == 0) {
        switcher->n_others++;
        switch_note(switcher, "%.*s: %.*s is left as it is", STR_ARG(place->provider->name),
                    STR_ARG(place->provider->value.text));
        return;
    }
    switch_place(switcher, place, current, switcher->input->to != SWITCH_OLLAMA);
}

void switch_object(struct switcher *switcher, const struct switch_group *group,
                   const struct switch_group *nested) {
    struct place place = {.group = group};
    for (size_t i = 0; i < group->n; i++) {
        if (switch_has_scheme(group->slots[i].value.text)) {
            switch_backend_url(switcher, group, &group->slots[i]);
        }
    }
    gather(&place, group, false);
    if (place.provider) {
        gather(&place, nested, true);
        bool is_sure = str_contains(place.provider->key, STR("provider"));
        if (is_sure || place.n_models > 0 || place.host) {
            switch_provider(switcher, &place);
        }
        return;
    }
    if (place.n_models == 0 || group->is_embedding) {
        return;
    }
    enum switch_backend backend = BACKEND_NONE;
    bool has_prefix = switch_model_prefix(place.models[0]->value.text, &backend) > 0;
    if (has_prefix && (backend == BACKEND_OLLAMA || place.host)) {
        switch_place(switcher, &place, backend, switcher->input->to != SWITCH_OLLAMA);
    } else if (place.host && !has_prefix && str_ends(place.host->value.text, STR("/v1"))) {
        switch_place(switcher, &place, backend_of_url(switcher, place.host->value.text), true);
    }
}
