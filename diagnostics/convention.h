// SPDX-License-Identifier: MIT
//
// Inside diagnostics/ only: where tools write models and hosts, as data. The files in conventions/
// are compiled in; settings add entries of the same format (docs/adding-a-convention.md describes
// it field by field). A convention decides by content wherever it can: file names only narrow.
//
// A set is built once and then only read, from any thread.
#pragma once

#include <json-c/json.h>
#include <tree_sitter/api.h>

#include "diagnostics/path.h"
#include "diagnostics/scan.h"

// How a value holds a name: "ollama/NAME", "ollama://NAME@HOST", "ID/NAME" (ID: a provider of the
// same file), "*:ollama_chat/NAME" (anything up to the colon).
struct form {
    struct str lead;   // "*:": what may stand in front, up to and with these bytes; usually empty
    struct str prefix; // "ollama/"; with `has_id` what follows the id
    char host_mark;    // '@' in "NAME@HOST", or 0
    bool has_id;
    bool is_wrong;         // the tool does not take this form
    struct str wanted;     // the prefix it takes instead
    bool only_library_tag; // only a tagged name of a library family: "llama3.1:8b", not "sonnet"
};

// A role, or the role where a condition holds.
struct role_rule {
    struct conditions when; // relative to the object
    enum model_role role;
};

struct ref_rule {
    const struct path *paths;
    size_t n_paths;
    struct conditions when; // "if": relative to the object that holds the value
    const struct form *forms;
    size_t n_forms; // 0: the value is the name
    const struct role_rule *roles;
    size_t n_roles;
    const struct path *hosts; // "host": relative to the object; the first that stands wins
    size_t n_hosts;
    struct str host_literal;     // "host": a URL
    const struct path *provider; // "provider": text that names a provider of the file, or NULL
    const struct path *num_ctx;  // "numCtx": where a context length for it stands, or NULL
    struct conditions pulls;     // "pulls"; no group: never
    char separator;              // "separator": the value is a list, or 0
    unsigned flags;              // REF_QUIET, REF_PULLS, …
    uint8_t v1;                  // what the hosts of this rule want
    uint8_t prune; // path_walk.prune: what needs no look because there is no needle in it
};

struct host_rule {
    struct path path;
    struct conditions when;
    uint8_t v1;
    bool hostname_only;
    char separator;
};

struct command_rule {
    struct path path;
    struct conditions when;
};

struct environment_rule {
    struct path path; // a map, a list of "K=V", or a list of {name, value}
    struct conditions when;
};

// Blocks that define providers by name, and the names that are Ollama's without a block.
struct provider_rule {
    struct path path;       // the blocks; a block's id is its key, or the text at `id`
    struct path id;         // n == 0: the key
    struct conditions when; // which blocks are Ollama's
    struct path host;       // relative to the block; n == 0: none
    uint8_t v1;
};

enum variable_kind { VARIABLE_MODEL, VARIABLE_HOST, VARIABLE_NEITHER };

// Conditions on other variables of the same environment.
struct variable_rule {
    struct str name; // with '*' or '?': a pattern
    bool is_pattern;
    enum variable_kind kind;
    enum model_role role;
    const struct form *forms;
    size_t n_forms;
    struct conditions
        requires; // paths are names of variables
    struct str
        *hosts; // names of the variables that hold its host, in order; none: `host_variables`
    size_t n_hosts;
    char separator;
    uint8_t v1;
    unsigned flags;
    bool hostname_only;
    const struct convention *convention;
};

struct convention {
    struct str name;
    const struct str *files; // globs; none: any file
    size_t n_files;
    unsigned formats;             // bits 1 << enum format; 0: any
    const struct needle *needles; // any of them must occur; none: file names decide
    size_t n_needles;
    struct conditions when; // on the root of a document
    const struct ref_rule *refs;
    size_t n_refs;
    const struct host_rule *hosts;
    size_t n_hosts;
    const struct command_rule *commands;
    size_t n_commands;
    const struct environment_rule *environments;
    size_t n_environments;
    const struct provider_rule *providers;
    size_t n_providers;
    const struct str *provider_ids;
    size_t n_provider_ids;
    const struct path *never; // values that look like references and are none
    size_t n_never;
    const struct str
        *host_variables; // which variables of the file or the nearest .env hold the host
    size_t n_host_variables;
    bool has_host_variables; // given, possibly as none
    bool maps_aliases;       // "aliases": "continue"
    bool is_user;
    const struct str *query_source; // NULL, or the text of a tree-sitter query
    TSQuery *queries[3];            // per format: YAML, JSON, TOML; NULL: does not apply
    enum model_role query_role;
    const struct form *query_forms;
    size_t n_query_forms;
};

// The lists of the sibling rule (config-formats 2.2), keys without '_' and '-' in lower case.
struct sibling_lists {
    const struct str *provider_keys;
    const struct str *weak_provider_keys; // need a host beside the model
    const struct str *provider_values;    // patterns
    const struct str *other_values;       // patterns: this provider is surely another
    const struct str *model_keys;
    const struct str *model_list_keys;
    const struct str *name_keys; // of objects in a list of models
    const struct str *host_keys;
    const struct str
        *nested_keys; // objects that hold the settings of the provider named above them
    const struct str *section_keys; // an object under such a key is Ollama's
    const struct str *embed_keys;   // patterns: the key of a model, or of the object around it
    const struct str *vision_keys;
    const struct str *autocomplete_keys;
    const struct str *chat_keys;
}; // each ends with an empty string

struct convention_set {
    struct arena arena;
    const struct convention **at; // most specific first
    size_t n;
    const struct str *placeholder_words; // config-formats 2.4
    const struct str *placeholders;      // patterns, each with one of the marks ${<%=`@(!
    struct sibling_lists siblings;
    const struct str *host_variables; // default order
    size_t n_host_variables;
    const struct str *container_names;      // patterns: hosts only containers can resolve
    const struct variable_rule **variables; // exact names sorted, then patterns in order
    size_t n_exact;
    size_t n_variables;
    const struct needle
        *needles; // of conventions for any file: what every file is looked through for
    size_t n_needles;
};

// Never fails; `user` and on_problem as in analyzer_create.
void convention_set_init(struct convention_set *set, struct json_object *user,
                         void (*on_problem)(void *data, struct str message), void *data);
void convention_set_finish(struct convention_set *set);

// The set that an analyzer works with.
const struct convention_set *analyzer_conventions(const struct analyzer *analyzer);

// Does it know its file by name or contents (or did the user write it)? These stand first in a set.
static inline bool convention_is_specific(const struct convention *convention) {
    return convention->is_user || convention->n_files > 0 || convention->when.n > 0;
}

// Does it apply to a file of this format and name, contents aside?
bool convention_takes(const struct convention *convention, enum format format, struct str path);

bool str_list_has(const struct str *list, struct str word);         // ends with an empty string
bool str_list_matches(const struct str *patterns, struct str text); // likewise; wild_match
