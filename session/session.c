// SPDX-License-Identifier: MIT
//
// Life of a session: sources of settings, workspace folders and the servers they name.
//
// Invariants: session->settings is never NULL after creation; configured[0] is the default server;
// a server object lives until session_close, because documents hold pointers to it (struct
// interest). When settings change, servers that went are retired, and used again if they come back.
#include "session/session.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/uri.h"
#include "session/private.h"

#define LOG_MODULE "session"
#include "base/log.h"

void session__problem(struct session *session, struct str message) {
    for (size_t i = 0; i < session->problems.n; i++) {
        if (str_eq(session->problems.at[i], message)) {
            return;
        }
    }
    if (session->problems.n >= LIMIT_PROBLEMS) {
        return; // a file may hold as many as it likes
    }
    *VEC_PUSH(&session->told, &session->problems) = arena_copy(&session->told, message);
    if (session->handlers.on_problem) {
        LOG_INF("%.*s", STR_ARG(message)); // no second warning on a terminal
        session->handlers.on_problem(session->handlers.data, message);
    } else {
        LOG_WRN("%.*s", STR_ARG(message));
    }
}

static void on_settings_problem(void *data, struct str message) {
    session__problem(data, message);
}

static void on_server_change(void *data, struct server *server) {
    struct session *session = data;
    if (!session->closing && session->handlers.on_server) {
        session->handlers.on_server(session->handlers.data, server);
    }
}

struct http *session_http(struct session *session) {
    if (!session->http && !session->offline && !session->closing) {
        session->http = http_create(session->loop);
    }
    return session->http;
}

// --- servers ---

static struct session_server *add_server(struct session *session, const struct endpoint *endpoint,
                                         struct str name, bool configured, struct str key) {
    struct session_server *entry = mem_alloc(sizeof(*entry));
    struct server_options options = {
        .cache_ttl_ms = session->settings->cache_ttl_ms,
        .health_interval_ms = session->settings->health_interval_ms,
    };
    entry->server = server_create(session->loop, session_http(session), endpoint, name, configured,
                                  &options, on_server_change, session);
    entry->setting_key = str_from(mem_strdup(key));
    entry->configured = configured;
    entry->next = session->servers;
    session->servers = entry;
    return entry;
}

struct server *session__file_server(struct session *session, struct str canonical) {
    for (struct session_server *it = session->servers; it; it = it->next) {
        if (it->setting_key.n == 0 && str_eq(it->server->url, canonical)) {
            return it->server;
        }
    }
    if (session->n_file_servers >= LIMIT_SERVERS) {
        return NULL;
    }
    session->n_file_servers++;
    struct endpoint endpoint = {.url = canonical};
    return add_server(session, &endpoint, STR_NONE, false, STR_NONE)->server;
}

// All that makes a configured server the one it is; two settings with one key are one server.
static struct str setting_key(struct arena *arena, const struct server_setting *setting,
                              struct str secret, const struct settings *settings) {
    struct str key =
        arena_printf(arena, "%.*s %.*s %d %.*s %lld %lld", STR_ARG(setting->name),
                     STR_ARG(setting->canonical), (int)setting->kind, STR_ARG(secret),
                     (long long)settings->cache_ttl_ms, (long long)settings->health_interval_ms);
    for (size_t i = 0; i < setting->n_headers; i++) {
        key = arena_printf(arena, "%.*s\n%.*s: %.*s", STR_ARG(key),
                           STR_ARG(setting->headers[i].name), STR_ARG(setting->headers[i].value));
    }
    return key;
}

static struct session_server *configured_server(struct session *session, struct arena *arena,
                                                const struct server_setting *setting) {
    struct str secret = STR_NONE;
    if (setting->api_key_env.n) {
        secret = str_from(getenv(arena_cstr(arena, setting->api_key_env)));
    }
    struct str key = setting_key(arena, setting, secret, session->settings);
    for (struct session_server *it = session->servers; it; it = it->next) {
        if (str_eq(it->setting_key, key)) {
            return it;
        }
    }
    struct endpoint endpoint = {
        .url = setting->canonical,
        .api_key = secret,
        .headers = setting->headers,
        .n_headers = setting->n_headers,
    };
    return add_server(session, &endpoint, setting->name, true, key);
}

static void apply_servers(struct session *session) {
    struct arena arena = {0};
    const struct settings *settings = session->settings;
    for (struct session_server *it = session->servers; it; it = it->next) {
        it->retired = it->retired || it->configured;
        it->configured = false;
    }
    session->configured =
        mem_realloc(session->configured, settings->n_servers * sizeof(*session->configured));
    session->n_configured = 0;
    for (size_t i = 0; i < settings->n_servers; i++) {
        const struct server_setting *setting = &settings->servers[i];
        if (setting->kind == SERVER_KIND_OPENAI) {
            session__problem(
                session, arena_printf(&arena,
                                      i > 0 ? "server \"%.*s\" is of kind \"openai\", which this "
                                              "version does not contact; its models are unknown"
                                            : "server \"%.*s\" is of kind \"openai\", which this "
                                              "version does not know; it is asked as an Ollama is",
                                      STR_ARG(setting->name)));
            if (i > 0) {
                continue;
            }
        }
        struct session_server *entry = configured_server(session, &arena, setting);
        entry->configured = true;
        entry->kind = setting->kind;
        entry->retired = false;
        session->configured[session->n_configured++] = entry;
    }
    arena_finish(&arena);
}

// --- settings ---

// The workspace files of all folders as one: of each key the first folder's value.
static struct json_object *merge_roots(const struct session *session) {
    struct json_object *merged = NULL;
    for (size_t i = 0; i < session->n_roots; i++) {
        if (!json_is(session->roots[i].settings, json_type_object)) {
            continue;
        }
        if (!merged) {
            merged = json_object_new_object();
        }
        json_object_object_foreach (session->roots[i].settings, key, value) {
            if (!json_has(merged, key)) {
                json_set(merged, key, json_object_get(value));
            }
        }
    }
    return merged;
}

static void apply(struct session *session) {
    struct settings_input input = {
        .client_is_user_grade = session->client_is_user_grade,
        .host_flag = str_from(session->host_flag),
        .env_ollama_host = str_from(session->env_ollama_host),
    };
    memcpy(input.sources, session->sources, sizeof(input.sources));
    struct settings *old = session->settings;
    session->settings = settings_create(&input, on_settings_problem, session);
    if (!old || json_object_equal(old->conventions, session->settings->conventions) == 0) {
        analyzer_release(session->analyzer);
        session->analyzer = NULL;
    }
    settings_destroy(old);
    apply_servers(session);
}

// Reads a settings file; NULL when absent or broken (which is told).
static struct json_object *read_settings(struct session *session, struct str path) {
    struct arena arena = {0};
    struct json_object *object = NULL;
    struct error error = {0};
    struct str text;
    enum err result = file_read(&arena, arena_cstr(&arena, path), LIMIT_SETTINGS_FILE, &text);
    if (result == ERR_OK) {
        result = json_parse_relaxed(&arena, text, &object, &error);
        if (result == ERR_OK && !json_is(object, json_type_object)) {
            result = error_set(&error, &arena, ERR_INVALID, "it must hold a JSON object");
        }
        if (result != ERR_OK) {
            session__problem(session, arena_printf(&arena, "%.*s is ignored: %.*s", STR_ARG(path),
                                                   STR_ARG(error.message)));
            json_object_put(object);
            object = NULL;
        }
    } else if (result != ERR_NOT_FOUND) {
        session__problem(session, arena_printf(&arena, "%.*s cannot be read (%s) and is ignored",
                                               STR_ARG(path), err_name(result)));
    }
    arena_finish(&arena);
    return object;
}

static void replace_source(struct session *session, enum settings_source source,
                           struct json_object *owned) {
    json_object_put(session->sources[source]);
    session->sources[source] = owned;
}

static void read_user_file(struct session *session) {
    struct arena arena = {0};
    struct str path = settings_user_path(&arena);
    replace_source(session, SETTINGS_USER_FILE, path.n ? read_settings(session, path) : NULL);
    arena_finish(&arena);
}

static void read_root(struct session *session, struct workspace_root *root) {
    struct arena arena = {0};
    json_object_put(root->settings);
    root->settings = read_settings(
        session, path_join(&arena, str_from(root->path), str_from(SETTINGS_WORKSPACE_NAME)));
    arena_finish(&arena);
}

struct session *session_create(uv_loop_t *loop, const struct session_options *options,
                               const struct session_handlers *handlers) {
    struct session *session = mem_alloc(sizeof(*session));
    session->loop = loop;
    session->handlers = *handlers;
    session->offline = options->offline;
    session->catalog = options->catalog ? catalog_retain(options->catalog) : NULL;
    session->host_flag = mem_strdup(options->host_flag);
    session->env_ollama_host = mem_strdup(str_from(getenv("OLLAMA_HOST")));
    session->state = state_open(options->state_path);
    session->metrics = metrics_create();
    read_user_file(session);
    apply(session);
    return session;
}

void session_set_source(struct session *session, enum settings_source source,
                        struct json_object *value, bool user_grade) {
    replace_source(session, source, value ? json_object_get(value) : NULL);
    if (source == SETTINGS_CLIENT) {
        session->client_is_user_grade = user_grade;
    }
    apply(session);
}

static void free_roots(struct session *session) {
    for (size_t i = 0; i < session->n_roots; i++) {
        free(session->roots[i].path);
        json_object_put(session->roots[i].settings);
    }
    free(session->roots);
    session->roots = NULL;
    session->n_roots = 0;
}

void session_set_roots(struct session *session, const struct str *roots, size_t n) {
    free_roots(session);
    session->roots = mem_alloc((n + 1) * sizeof(*session->roots));
    for (size_t i = 0; i < n; i++) {
        struct workspace_root *root = &session->roots[session->n_roots++];
        root->path = mem_strdup(roots[i]);
        read_root(session, root);
    }
    replace_source(session, SETTINGS_WORKSPACE_FILE, merge_roots(session));
    apply(session);
}

enum file_news session_file_changed(struct session *session, struct str path) {
    struct arena arena = {0};
    struct str base = path_base(path);
    bool is_variables = str_starts(base, STR(".env")) || str_ends(base, STR(".env"));
    enum file_news news = is_variables ? FILE_NEWS_VARIABLES : FILE_NEWS_NONE;
    if (str_eq(path, settings_user_path(&arena))) {
        read_user_file(session);
        news = FILE_NEWS_SETTINGS;
    } else if (str_eq(base, str_from(SETTINGS_WORKSPACE_NAME))) {
        for (size_t i = 0; i < session->n_roots; i++) {
            if (str_eq(str_from(session->roots[i].path), path_dir(path))) {
                read_root(session, &session->roots[i]);
                news = FILE_NEWS_SETTINGS;
            }
        }
        replace_source(session, SETTINGS_WORKSPACE_FILE, merge_roots(session));
    }
    if (news == FILE_NEWS_SETTINGS) {
        apply(session);
    }
    arena_finish(&arena);
    return news;
}

const struct settings *session_settings(const struct session *session) {
    return session->settings;
}

struct analyzer *session_analyzer(struct session *session) {
    if (!session->analyzer) {
        session->analyzer =
            analyzer_create(session->settings->conventions, on_settings_problem, session);
    }
    return session->analyzer;
}

struct state *session_state(struct session *session) {
    return session->state;
}

struct metrics *session_metrics(struct session *session) {
    return session->metrics;
}

struct str session_root_of(const struct session *session, struct str path) {
    struct str best = STR_NONE;
    for (size_t i = 0; i < session->n_roots; i++) {
        struct str root = str_from(session->roots[i].path);
        if (root.n > best.n && path_is_within(path, root)) {
            best = root;
        }
    }
    return best;
}

struct server *session_default(struct session *session) {
    return session->configured[0]->server;
}

// Configured ones in their order, then files' own hosts in use.
static struct server *nth_server(const struct session *session, size_t i, size_t *count) {
    size_t n = session->n_configured;
    if (i < n) {
        return session->configured[i]->server;
    }
    for (const struct session_server *it = session->servers; it; it = it->next) {
        if (!it->configured && !it->retired && n++ == i) {
            return it->server;
        }
    }
    *count = n;
    return NULL;
}

size_t session_server_count(const struct session *session) {
    size_t count = 0;
    (void)nth_server(session, SIZE_MAX, &count);
    return count;
}

struct server *session_server_at(const struct session *session, size_t i) {
    size_t count;
    return nth_server(session, i, &count);
}

struct server *session_server_by_url(const struct session *session, struct str canonical) {
    struct server *server;
    for (size_t i = 0; (server = session_server_at(session, i)) != NULL; i++) {
        if (str_eq(server->url, canonical)) {
            return server;
        }
    }
    return NULL;
}

void session_want(struct session *session, struct interest *interest, struct server *const *servers,
                  size_t n) {
    // New interest first: a server wanted before and after never drops to none in between.
    struct server **copy = n ? mem_alloc(n * sizeof(*copy)) : NULL;
    for (size_t i = 0; i < n; i++) {
        copy[i] = servers[i];
        if (!session->offline) {
            server_interest(copy[i], true);
        }
    }
    for (size_t i = 0; i < interest->n; i++) {
        if (!session->offline) {
            server_interest(interest->servers[i], false);
        }
    }
    free(interest->servers);
    *interest = (struct interest){copy, n};
}

// --- closing ---

static void finish(struct session *session) {
    void (*on_closed)(void *) = session->on_closed;
    void *data = session->closed_data;
    for (struct session_server *it = session->servers, *next; it; it = next) {
        next = it->next;
        free((char *)it->setting_key.p);
        free(it);
    }
    for (struct dotenv_cache *it = session->dotenvs, *next; it; it = next) {
        next = it->next;
        arena_finish(&it->arena);
        free(it->path);
        free(it);
    }
    for (int i = 0; i < SETTINGS_SOURCE_COUNT; i++) {
        json_object_put(session->sources[i]);
    }
    free_roots(session);
    free(session->configured);
    free(session->host_flag);
    free(session->env_ollama_host);
    analyzer_release(session->analyzer);
    catalog_release(session->catalog);
    settings_destroy(session->settings);
    state_close(session->state);
    metrics_destroy(session->metrics);
    arena_finish(&session->told);
    free(session);
    if (on_closed) {
        on_closed(data);
    }
}

static void on_http_closed(void *data) {
    finish(data);
}

static void on_server_closed(void *data) {
    struct session *session = data;
    if (--session->open_handles > 0) {
        return;
    }
    if (session->http) {
        http_close(session->http, on_http_closed, session);
    } else {
        finish(session);
    }
}

void session_close(struct session *session, void (*on_closed)(void *data), void *data) {
    session->closing = true;
    session->on_closed = on_closed;
    session->closed_data = data;
    session->open_handles = 1; // ours, so that nothing finishes inside the loop below
    for (struct session_server *it = session->servers; it; it = it->next) {
        session->open_handles++;
        server_close(it->server, on_server_closed, session);
    }
    on_server_closed(session);
}
