// SPDX-License-Identifier: MIT
//
// Settings with grades (DESIGN A15): which source may say what, and which source wins. Keys of
// grade `user` are ignored with one warning when they come from the workspace. Pure; loop thread
// only.
#pragma once

#include <json-c/json.h>

#include "diagnostics/finding.h"
#include "ollama/io/server.h"
#include "session/model_choice.h"

// Sources by rising precedence. USER_FILE and INIT_OPTIONS are of grade user, as is CLIENT when
// initializationOptions.settingsAreUserGrade is true.
enum settings_source {
    SETTINGS_USER_FILE,      // $XDG_CONFIG_HOME/ollama-ls/config.json
    SETTINGS_WORKSPACE_FILE, // .ollama-ls.json of a workspace folder
    SETTINGS_INIT_OPTIONS,   // initializationOptions
    SETTINGS_CLIENT,         // workspace/configuration or didChangeConfiguration
    SETTINGS_SOURCE_COUNT
};
const char *settings_source_name(enum settings_source source); // for warnings

struct server_setting {
    struct str name;      // "default" replaces the default server
    struct str url;       // as written
    struct str canonical; // of kind openai: with its path
    enum server_kind kind;
    struct str model;       // named in the URL, for chat; empty: none
    struct str api_key_env; // name of the variable, empty: none
    struct http_header *headers;
    size_t n_headers;
};

struct host_map_entry {
    struct str from; // host name as written in files, optional :port
    struct str to;   // URL
};

// What is set for AI actions and inline completion, checked.
struct ai_settings {
    bool enable;
    bool review; // results wait for accept or reject
    enum ai_think { AI_THINK_MODEL, AI_THINK_OFF, AI_THINK_ON } think; // MODEL: its own choice
    struct str model[ROLE_CHOICE_COUNT]; // empty: chosen automatically
    // Where that model is, if the setting says so ("ollama://MODEL@HOST"): the canonical URL of one
    // of the servers above, which is added if need be. Empty: nowhere in particular.
    struct str model_server[ROLE_CHOICE_COUNT];
    bool has_temperature;
    double temperature;
    int64_t num_predict;
    struct str keep_alive;       // as in struct generation_options; empty: the server's own
    struct json_object *prompts; // object or NULL; owned
    struct json_object *actions; // array or NULL; owned
    struct {
        bool enable;
        int64_t debounce_ms;
        struct str model;        // empty: ai.model.autocomplete, else chosen automatically
        struct str model_server; // as above
    } inline_completion;
};

// Merged, checked, immutable. All strings live in `arena`.
struct settings {
    struct arena arena;
    struct server_setting *servers; // [0] is the default server, always there
    size_t n_servers;
    struct str *trusted_hosts; // as written
    size_t n_trusted_hosts;
    struct host_map_entry *host_map;
    size_t n_host_map;
    struct str
        backend; // "ollama", "openai", "auto"; empty: not set, which means the default server
    bool fallback;
    bool auto_pull;
    struct str ollama_path; // empty: from PATH
    int64_t cache_ttl_ms;
    int64_t health_interval_ms;
    struct json_object *conventions; // array or NULL; owned
    struct str *exclude;             // globs
    size_t n_exclude;
    enum severity severities[CODE_COUNT];
    bool has_severity[CODE_COUNT];
    struct str *ignore_models;
    size_t n_ignore_models;
    struct ai_settings ai;
};

struct settings_input {
    struct json_object
        *sources[SETTINGS_SOURCE_COUNT]; // borrowed; NULL: absent. The section's value
    bool client_is_user_grade;
    struct str host_flag;       // --host, replaces the default server; may be empty
    struct str env_ollama_host; // OLLAMA_HOST of the environment; may be empty
};

// Always yields usable settings; problems are reported one line each ("ollama-ls: setting "url" in
// .ollama-ls.json is ignored: it may only come from your own settings; put it into …"). Returns
// owned.
struct settings *settings_create(const struct settings_input *input,
                                 void (*on_problem)(void *data, struct str message), void *data);
void settings_destroy(struct settings *settings);

// Is one of our keys a member of this object? Tells a bare section from other settings.
bool settings_has_known_key(struct json_object *section);

// The config file's path: $XDG_CONFIG_HOME/ollama-ls/config.json or ~/.config/…; empty without
// HOME.
struct str settings_user_path(struct arena *arena);
#define SETTINGS_WORKSPACE_NAME ".ollama-ls.json"

// Adds `name` to ignoreModels of the workspace file's text (may be empty) keeping the rest,
// comments included, as it is. ERR_INVALID with a message when the file is not a JSON object.
enum err settings_add_ignored_model(struct arena *arena, struct str text, struct str name,
                                    struct str *out, struct error *error);

// Adds a setting ("ai.model.chat") that the text (may be empty) does not have; as above for the
// rest. `*added` false: it has one, and *out is `text`. ERR_INVALID: it is no JSON object, or
// something else stands where an object should. `value` is borrowed.
enum err settings_add_missing(struct arena *arena, struct str text, const char *path,
                              struct json_object *value, struct str *out, bool *added,
                              struct error *error);
// Writes the user file, its folders included, atomically.
enum err settings_save_user(struct arena *arena, struct str text, struct error *error);

// The keys there are ("ai.model"), in the order of the table; NULL behind the last.
const char *settings_key_at(size_t i);
