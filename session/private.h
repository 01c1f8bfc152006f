// SPDX-License-Identifier: MIT
//
// Inside session/ only.
#pragma once

#include "session/session.h"

struct session_server {
    struct server *server; // owned until session_close
    bool configured;       // one of the settings in force
    enum server_kind kind; // of the setting; of a file's own host "ollama"
    bool retired; // was configured once; kept alive because holders of interest may name it
    struct str
        setting_key; // heap: url, kind, key and headers in one text, to see whether it changed
    struct session_server *next; // all servers, newest first
};

struct workspace_root {
    char *path;
    struct json_object *settings; // of its .ollama-ls.json; NULL
};

struct dotenv_cache {
    char *path;
    int64_t seconds;
    int64_t nanoseconds;
    int64_t size;
    struct arena arena;
    struct env_entry *entries;
    size_t n;
    struct dotenv_cache *next;
};

struct session {
    uv_loop_t *loop;
    struct session_handlers handlers;
    char *host_flag;
    char *env_ollama_host;
    bool offline;
    struct catalog *catalog;
    struct http *http;
    struct state *state;
    struct metrics *metrics;
    struct settings *settings;
    struct analyzer *analyzer; // NULL: to be built
    struct json_object *sources[SETTINGS_SOURCE_COUNT];
    bool client_is_user_grade;
    struct workspace_root *roots;
    size_t n_roots;
    struct session_server *
        *configured;                // [0] is the default; parallel to settings->servers, without
    size_t n_configured;            // those of a kind that is not contacted
    struct session_server *servers; // all
    size_t n_file_servers;          // of them those for files' own hosts
    struct dotenv_cache *dotenvs;
    struct arena told; // problems already reported: each is told once
    VEC(struct str) problems;
    // closing
    bool closing;
    size_t open_handles;
    void (*on_closed)(void *data);
    void *closed_data;
};

// The server object for a file's own host; NULL when LIMIT_SERVERS is met. Made on first use.
struct server *session__file_server(struct session *session, struct str canonical);
void session__problem(struct session *session, struct str message);
