// SPDX-License-Identifier: MIT
//
// Inside diagnostics/switch*.c only: values that may say something about a back end, in groups that
// belong together, and what is made of them.
#pragma once

#include "base/strmap.h"
#include "diagnostics/config.h"
#include "diagnostics/switch.h"

// A name with a value: a variable, or a member of an object.
struct switch_slot {
    struct str name;    // as written
    struct str key;     // lower case without '_' and '-'; the same for base_url, BASE_URL, baseUrl
    size_t name_start;  // in the file
    struct piece value; // where variables have defaults (${X:-value}), that
    bool is_yaml_plain; // what is written may need quotes
    bool is_settable;   // no alias, list or text that stands for something else
    bool is_member;     // of an object; else NAME=value
};

struct switch_group {
    struct switch_slot *slots; // in the order of the file
    struct strmap *index;      // key → slot, of large groups; or NULL
    size_t n;
    bool is_environment;              // names are variables
    bool is_list;                     // of "NAME=value"
    bool is_flow;                     // {a: b}
    bool is_embedding;                // by its name
    const struct config_node *object; // NULL: a file of variables
};

enum switch_backend { BACKEND_NONE, BACKEND_OLLAMA, BACKEND_MLX, BACKEND_OPENAI, BACKEND_OTHER };

struct switcher {
    const struct switch_input *input;
    struct arena *arena;
    struct config *config; // NULL: a file of variables
    struct str ollama_url; // of the servers, without /v1
    struct str openai_url; // MLX servers are of this kind
    VEC(struct edit) edits;
    VEC(struct str) notes;
    size_t n_places;
    size_t n_others;   // objects with a provider of another kind, which were left
    bool takes_others; // the file has one provider only: it is the one that is meant
};
#define SWITCH_PLACES_MAX 200 // of one file; each looks through its group

// --- switch_words.c: what names and values mean ---

struct str switch_key(struct arena *arena, struct str name);
enum switch_backend switch_backend_of(struct str value); // of a provider's name
bool switch_is_vendor(struct str value);                 // any provider of models that is known
bool switch_is_url(struct str value);                    // http(s)://…
bool switch_has_scheme(struct str value);                // ollama://, mlx://, llamacpp://, local://
bool switch_is_embedding(struct str key);                // for embeddings, ranking, sound, pictures
bool switch_is_provider_variable(struct str key, struct str value);
bool switch_is_provider_key(struct str key);
bool switch_is_model_key(struct str key);
bool switch_is_host_key(struct str key);
bool switch_is_nested_key(struct str key);
bool switch_is_client_url(struct str key);  // OPENAI_BASE_URL and the like
bool switch_is_backend_url(struct str key); // LLM_CHAT_API_URL and the like
size_t switch_model_prefix(struct str model, enum switch_backend *backend); // "ollama_chat/"
// The URL to write, with "/v1" or without.
struct str switch_url(const struct switcher *switcher, enum switch_target to, bool v1);
bool switch_same_server(struct arena *arena, struct str a, struct str b);
bool switch_is_there(enum switch_backend backend, enum switch_target to);
struct str switch_provider_word(const struct switcher *switcher, const struct switch_slot *slot);

// --- switch_edit.c ---

void switch_note(struct switcher *switcher, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Does the range that is asked for touch a line of these bytes, of the slot?
bool switch_span_in_range(const struct switcher *switcher, size_t start, size_t end);
bool switch_in_range(const struct switcher *switcher, const struct switch_slot *slot);
void switch_set(struct switcher *switcher, const struct switch_slot *slot, struct str value);
// A new member or variable behind `after`. False, with a note, where there is no safe place.
bool switch_insert(struct switcher *switcher, const struct switch_group *group,
                   const struct switch_slot *after, struct str name, struct str value);

// --- switch_places.c, switch_variables.c ---

const struct switch_slot *switch_find(const struct switch_group *group, struct str key);
// The model at a place whose back end is `current`.
void switch_set_model(struct switcher *switcher, const struct switch_slot *slot, bool changes);
struct str switch_model_for(const struct switcher *switcher, struct str written, bool changes);
// A value like ollama://NAME@HOST or http://HOST/v1.
void switch_backend_url(struct switcher *switcher, const struct switch_group *group,
                        const struct switch_slot *slot);
void switch_variables(struct switcher *switcher, const struct switch_group *group);
void switch_object(struct switcher *switcher, const struct switch_group *group,
                   const struct switch_group *nested);
