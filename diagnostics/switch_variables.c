// SPDX-License-Identifier: MIT
//
// The rules for variables: a provider beside models and base URLs, some of which belong to one
// back end alone (OLLAMA_BASE_URL, OPENAI_MODEL) and stay for the way back.
#include "diagnostics/switch_internal.h"

#include "ollama/core/backend_url.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const struct switch_slot *find_any(const struct switch_group *group, const struct str *keys,
                                          size_t n) {
    for (size_t i = 0; i < n; i++) {
        const struct switch_slot *slot = switch_find(group, keys[i]);
        if (slot) {
            return slot;
        }
    }
    return NULL;
}

// What belongs to the wished back end alone.
static const struct switch_slot *own_model(const struct switch_group *group,
                                           enum switch_target to) {
    static const struct str ollama[] = {STR_INIT("ollamamodel"), STR_INIT("ollamachatmodel"),
                                        STR_INIT("ollamallmmodel"), STR_INIT("ollamamodelname"),
                                        STR_INIT("ollamamodelpref")};
    static const struct str openai[] = {STR_INIT("openaimodel"), STR_INIT("openaichatmodel"),
                                        STR_INIT("openaimodelname")};
    return to == SWITCH_OLLAMA ? find_any(group, ollama, COUNT(ollama))
                               : find_any(group, openai, COUNT(openai));
}

static const struct switch_slot *own_host(const struct switch_group *group, enum switch_target to) {
    static const struct str ollama[] = {STR_INIT("ollamabaseurl"),  STR_INIT("ollamahost"),
                                        STR_INIT("ollamaurl"),      STR_INIT("ollamaapibase"),
                                        STR_INIT("ollamabasepath"), STR_INIT("ollamaendpoint")};
    static const struct str openai[] = {STR_INIT("openaibaseurl"), STR_INIT("openaiapibase"),
                                        STR_INIT("openaiapibaseurl")};
    return to == SWITCH_OLLAMA ? find_any(group, ollama, COUNT(ollama))
                               : find_any(group, openai, COUNT(openai));
}

// What belongs to whatever the provider is: STEM_MODEL, MODEL, …
static const struct switch_slot *shared(struct arena *arena, const struct switch_group *group,
                                        struct str stem, const struct str *endings, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const struct switch_slot *slot = switch_find(group, arena_join(arena, stem, endings[i]));
        slot = slot ? slot : switch_find(group, endings[i]);
        slot = slot ? slot : switch_find(group, arena_join(arena, STR("llm"), endings[i]));
        if (slot) {
            return slot;
        }
    }
    return NULL;
}

static const struct switch_slot *shared_model(struct arena *arena, const struct switch_group *group,
                                              struct str stem) {
    static const struct str endings[] = {STR_INIT("model"), STR_INIT("modelname"),
                                         STR_INIT("chatmodel"), STR_INIT("defaultmodel")};
    return shared(arena, group, stem, endings, COUNT(endings));
}

static const struct switch_slot *shared_host(struct arena *arena, const struct switch_group *group,
                                             struct str stem) {
    static const struct str endings[] = {STR_INIT("baseurl"), STR_INIT("apibase"),
                                         STR_INIT("apiurl"), STR_INIT("endpoint"), STR_INIT("url")};
    const struct switch_slot *slot = shared(arena, group, stem, endings, COUNT(endings));
    return slot && switch_is_url(slot->value.text) ? slot : NULL;
}

// CORTEX_PROVIDER → "cortex".
static struct str stem_of(struct str key) {
    static const struct str endings[] = {STR_INIT("providername"), STR_INIT("provider"),
                                         STR_INIT("backend")};
    for (size_t i = 0; i < COUNT(endings); i++) {
        if (str_ends(key, endings[i])) {
            return str_slice(key, 0, key.n - endings[i].n);
        }
    }
    return key;
}

struct around {
    const struct switch_slot *provider;
    const struct switch_slot *own_model, *own_host;
    const struct switch_slot *model, *host;
};

static void set_models(struct switcher *switcher, const struct switch_group *group,
                       const struct around *around, bool changes) {
    bool to_ollama = switcher->input->to == SWITCH_OLLAMA;
    bool is_given = switcher->input->model.n > 0;
    if (around->own_model && (is_given || around->own_model->value.text.n == 0)) {
        switch_set_model(switcher, around->own_model, changes);
    }
    if (around->model && (is_given || changes)) {
        switch_set_model(switcher, around->model, changes);
    }
    if (is_given && !around->own_model && !around->model) {
        (void)switch_insert(switcher, group, around->provider,
                            to_ollama ? STR("OLLAMA_MODEL") : STR("OPENAI_MODEL"),
                            switcher->input->model);
    }
}

static void set_hosts(struct switcher *switcher, const struct switch_group *group,
                      const struct around *around) {
    enum switch_target to = switcher->input->to;
    bool to_ollama = to == SWITCH_OLLAMA;
    struct str url = switch_url(switcher, to, !to_ollama);
    if (around->host && around->host != around->own_host) {
        switch_set(switcher, around->host, url);
    }
    if (around->own_host) {
        struct str value = around->own_host->value.text;
        // One that is set for this back end stays, but where it is another one's in truth.
        bool is_wrong =
            !to_ollama && (value.n == 0 || to == SWITCH_MLX ||
                           switch_same_server(switcher->arena, value, switcher->ollama_url));
        if (is_wrong) {
            switch_set(switcher, around->own_host, url);
        }
        return;
    }
    bool is_usual = to_ollama && switch_same_server(switcher->arena, url,
                                                    backend_default_url(SERVER_KIND_OLLAMA));
    if (!around->host && !is_usual) {
        // Without it "openai" would mean OpenAI itself: text would leave the machine.
        (void)switch_insert(switcher, group, around->provider,
                            to_ollama ? STR("OLLAMA_BASE_URL") : STR("OPENAI_BASE_URL"), url);
    }
}

static bool around_in_range(const struct switcher *switcher, const struct around *around) {
    const struct switch_slot *const slots[] = {around->provider, around->own_model,
                                               around->own_host, around->model, around->host};
    for (size_t i = 0; i < COUNT(slots); i++) {
        if (slots[i] && switch_in_range(switcher, slots[i])) {
            return true;
        }
    }
    return false;
}

static void switch_provider(struct switcher *switcher, const struct switch_group *group,
                            const struct switch_slot *slot) {
    struct arena *arena = switcher->arena;
    enum switch_target to = switcher->input->to;
    struct str stem = stem_of(slot->key);
    struct around around = {
        .provider = slot,
        .own_model = own_model(group, to),
        .own_host = own_host(group, to),
        .model = shared_model(arena, group, stem),
        .host = shared_host(arena, group, stem),
    };
    switcher->n_places++;
    if (!around_in_range(switcher, &around)) {
        return;
    }
    enum switch_backend current = switch_backend_of(slot->value.text);
    const struct switch_slot *host = around.host ? around.host : around.own_host;
    if (current == BACKEND_OPENAI && to == SWITCH_MLX && host &&
        switch_same_server(arena, host->value.text, switcher->openai_url)) {
        current = BACKEND_MLX;
    }
    bool changes = !switch_is_there(current, to);
    if (changes) {
        switch_set(switcher, slot, switch_provider_word(switcher, slot));
        set_hosts(switcher, group, &around);
    }
    set_models(switcher, group, &around, changes);
}

// OPENAI_BASE_URL without a provider: the program speaks to whatever answers there.
static void switch_client(struct switcher *switcher, const struct switch_group *group,
                          const struct switch_slot *slot) {
    struct arena *arena = switcher->arena;
    enum switch_target to = switcher->input->to;
    const struct switch_slot *model = own_model(group, SWITCH_OPENAI);
    model = model ? model : shared_model(arena, group, STR_NONE);
    switcher->n_places++;
    if (!switch_in_range(switcher, slot) && !(model && switch_in_range(switcher, model))) {
        return;
    }
    struct host host;
    host_parse(slot->value.text, &host);
    bool is_ollama = host_port(&host) == 11434 ||
                     switch_same_server(arena, slot->value.text, switcher->ollama_url);
    bool is_here = switch_same_server(arena, slot->value.text, switcher->openai_url);
    bool is_there = to == SWITCH_OLLAMA ? is_ollama : to == SWITCH_MLX ? is_here : !is_ollama;
    if (!is_there) {
        switch_set(switcher, slot, switch_url(switcher, to, true));
    }
    if (model && (!is_there || switcher->input->model.n > 0)) {
        switch_set_model(switcher, model, !is_there);
    }
}

// OLLAMA_MODEL alone: nothing chooses, only the model can be another one.
static void switch_fixed(struct switcher *switcher, const struct switch_group *group) {
    const struct switch_slot *model = own_model(group, SWITCH_OLLAMA);
    const struct switch_slot *host = own_host(group, SWITCH_OLLAMA);
    if (!model && !host) {
        return;
    }
    if (switcher->input->to != SWITCH_OLLAMA) {
        switch_note(switcher, "%.*s is for Ollama alone: no variable here chooses a back end",
                    STR_ARG(model ? model->name : host->name));
        return;
    }
    switcher->n_places++;
    if (model && switcher->input->model.n > 0 && switch_in_range(switcher, model)) {
        switch_set_model(switcher, model, false);
    }
}

void switch_variables(struct switcher *switcher, const struct switch_group *group) {
    bool has_place = false;
    bool has_provider = false;
    for (size_t i = 0; i < group->n && switcher->n_places < SWITCH_PLACES_MAX; i++) {
        const struct switch_slot *slot = &group->slots[i];
        struct str value = slot->value.text;
        if (switch_is_embedding(slot->key)) {
            if (str_ends(slot->key, STR("provider")) && switch_backend_of(value) != BACKEND_OTHER &&
                !switch_is_there(switch_backend_of(value), switcher->input->to)) {
                switch_note(switcher,
                            "%.*s is left alone: vectors of another model do not fit "
                            "the stored ones",
                            STR_ARG(slot->name));
            }
        } else if (switch_has_scheme(value) ||
                   (switch_is_backend_url(slot->key) && switch_is_url(value))) {
            switch_backend_url(switcher, group, slot);
            has_place = true;
        } else if (switch_is_provider_variable(slot->key, value)) {
            switch_provider(switcher, group, slot);
            has_place = has_provider = true;
        }
    }
    for (size_t i = 0; i < group->n && !has_provider && switcher->n_places < SWITCH_PLACES_MAX;
         i++) {
        const struct switch_slot *slot = &group->slots[i];
        if (switch_is_client_url(slot->key) && switch_is_url(slot->value.text)) {
            switch_client(switcher, group, slot);
            has_place = true;
        }
    }
    if (!has_place) {
        switch_fixed(switcher, group);
    }
}
