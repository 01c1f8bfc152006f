// SPDX-License-Identifier: MIT
//
// What is known of one server at one moment: an immutable, reference-counted snapshot. Analysis
// takes a snapshot and never asks for more. Sources: GET /api/version, /api/tags, /api/ps, POST
// /api/show; or the file given by check --catalog.
#pragma once

#include <json-c/json.h>

#include "base/arena.h"
#include "base/err.h"
#include "ollama/core/name.h"

// What a server speaks: Ollama's own API, or OpenAI's.
enum server_kind { SERVER_KIND_OLLAMA, SERVER_KIND_OPENAI };

enum capability {
    CAP_COMPLETION = 1 << 0,
    CAP_TOOLS = 1 << 1,
    CAP_INSERT = 1 << 2,
    CAP_VISION = 1 << 3,
    CAP_EMBEDDING = 1 << 4,
    CAP_THINKING = 1 << 5,
    CAP_IMAGE = 1 << 6,
    CAP_AUDIO = 1 << 7,
};

// "completion" -> CAP_COMPLETION; 0 for unknown words.
unsigned capability_parse(struct str word);
const char *capability_name(enum capability capability); // one bit

struct model_running {
    bool loaded;
    int64_t size;           // bytes in all
    int64_t size_vram;      // bytes on the GPU
    int64_t context_length; // tokens, 0: unknown
    struct str expires_at;  // RFC 3339 as sent
};

struct model {
    struct str name; // as the server lists it
    struct model_name parsed;
    struct str digest;      // hex without "sha256:"
    int64_t size;           // bytes on disk
    struct str modified_at; // RFC 3339 as sent
    int64_t modified;       // the same as seconds since 1970, 0: unknown
    struct str family;
    struct str parameters;   // "3.2B"
    struct str quantization; // "Q4_K_M"
    int64_t context_length;  // tokens the model was trained for, 0: unknown
    unsigned capabilities;   // bits, meaningful if capabilities_known
    bool capabilities_known;
    unsigned capabilities_unsure; // bits that it may have although they are not set: servers of
                                  // kind openai do not tell all
    bool remote; // forwards prompts to another machine (remote_host, or a :cloud name)
    struct str remote_host;
    struct model_running running;
};

struct catalog {
    // private: references
    unsigned references;
    struct arena arena;
    // public, read only
    enum server_kind kind; // SERVER_KIND_OPENAI: names are plain strings, `parsed` is a guess
    struct str url;        // canonical URL of the server, empty for a --catalog file
    struct str version;    // "0.33.0", empty if unknown
    struct model *models;  // in the server's order
    size_t n_models;
    bool truncated;     // the server listed more than LIMIT_MODELS
    int64_t fetched_ms; // clock_ms() of the tags
    bool running_known; // /api/ps was answered
    uint32_t *index;    // private: hash table over names
    size_t index_size;
    struct known_names *known; // private: its names taken apart (known_names.c), owned, or NULL
};

// What /api/show adds, cached by digest by the caller.
struct model_details {
    unsigned capabilities;
    bool capabilities_known;
    int64_t context_length;
};

// Builds a snapshot. `tags` is the answer of /api/tags; `ps` that of /api/ps or NULL. `details_of`
// (may be NULL) is asked for each model whose tags lack capabilities or context length; it returns
// a borrowed pointer or NULL. Entries that are not objects or have no usable name are skipped.
// Returns owned (one reference) or NULL with ERR_PROTOCOL in *result when `tags` has no array
// "models".
typedef const struct model_details *(*catalog_details_fn)(void *data, struct str digest);
struct catalog *catalog_create(struct str url, struct str version, struct json_object *tags,
                               struct json_object *ps, catalog_details_fn details_of, void *data,
                               enum err *result);

// The file of check --catalog: the output of `models --json` (the models of all servers that
// answered), of /api/tags, or a plain list of names, one a line, # comments. Returns owned, or
// NULL: with ERR_NOT_FOUND when no server answered, which leaves unknown what is installed.
struct catalog *catalog_from_file(struct str text, struct arena *arena, struct error *error);

// Answer of POST /api/show.
void model_details_from_show(struct json_object *show, struct model_details *details);

struct catalog *catalog_retain(struct catalog *catalog); // thread-safe
void catalog_release(struct catalog *catalog);           // accepts NULL; thread-safe

// The installed model of an equal name, or NULL. Two remote spellings of one model are equal
// ("gpt-oss:20b:cloud", "gpt-oss:20b-cloud"); a :local name finds the plain one.
const struct model *catalog_find(const struct catalog *catalog, const struct model_name *name);

// The installed model that is meant by `written`. For Ollama as catalog_find; on a server of kind
// openai a name is a plain string: one that equals it, else one that differs in case only.
const struct model *catalog_find_written(const struct catalog *catalog, struct str written);

// Are all these capabilities known to be there; is one known to be absent?
bool model_has(const struct model *model, unsigned wanted);
bool model_lacks(const struct model *model, unsigned wanted);

// One line of facts: "3.2B · Q4_K_M · 2.0 GB · 128K"; `loaded` is appended when running and
// `remote`
// ("remote: text leaves this machine") when it is. Unknown parts are left out.
struct str model_summary(struct arena *arena, const struct model *model, bool with_state);
struct str format_size(struct arena *arena, int64_t bytes); // "2.0 GB", decimal as Ollama shows it
struct str format_context(struct arena *arena, int64_t tokens); // 131072 -> "128K"

// Order for completion: running first, then fit to the wanted capabilities (known fit, unknown,
// known misfit), then most recently modified, then name. qsort-style over const struct model *const
// *. `wanted` is a mask, 0: any.
int model_order(const struct model *a, const struct model *b, unsigned wanted);
