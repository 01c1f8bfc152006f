// SPDX-License-Identifier: MIT
//
// The objects people and status bars look at: status (DESIGN A11) and the list of models (A2).
#include "base/json.h"
#include "base/uri.h"
#include "base/utf.h"
#include "session/private.h"

#define STATUS_TEXT_MAX 400 // bytes of a server's own words in a status

static void set_text(struct arena *arena, struct json_object *object, const char *key,
                     struct str text) {
    json_set_str(object, key, display_escape(arena, text, STATUS_TEXT_MAX));
}

static struct json_object *running_models(struct arena *arena, const struct catalog *catalog,
                                          size_t *count) {
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; catalog && i < catalog->n_models; i++) {
        const struct model *model = &catalog->models[i];
        if (!model->running.loaded) {
            continue;
        }
        struct json_object *object = json_object_new_object();
        set_text(arena, object, "name", model->name);
        json_set_int(object, "size", model->running.size);
        json_set_int(object, "sizeVram", model->running.size_vram);
        json_set_int(object, "contextLength", model->running.context_length);
        set_text(arena, object, "expiresAt", model->running.expires_at);
        json_set_bool(object, "remote", model->remote);
        json_add(list, object);
        (*count)++;
    }
    return list;
}

struct str session_server_title(struct arena *arena, const struct server *server) {
    struct str version = display_escape(arena, server->version, STATUS_TEXT_MAX);
    if (server->kind == SERVER_KIND_OLLAMA) {
        return arena_printf(arena, "Ollama %.*s", STR_ARG(version));
    }
    return arena_printf(arena, "OpenAI-compatible server%s%.*s", version.n ? " " : "",
                        STR_ARG(version));
}

static struct json_object *server_object(struct arena *arena, struct server *server) {
    struct json_object *object = json_object_new_object();
    const struct catalog *catalog = server->state == SERVER_OK ? server_catalog(server) : NULL;
    struct str url = uri_redact(arena, server->url);
    size_t loaded = 0;
    set_text(arena, object, "name", server->name.n ? uri_redact(arena, server->name) : url);
    set_text(arena, object, "url", url);
    json_set_bool(object, "reachable", server->state == SERVER_OK);
    set_text(arena, object, "version", server->version);
    json_set_int(object, "latencyMs", (server->latency_us + 999) / 1000);
    json_set_int(object, "models", catalog ? (int64_t)catalog->n_models : 0);
    json_set(object, "running", running_models(arena, catalog, &loaded));
    if (server->state == SERVER_UNREACHABLE) {
        set_text(arena, object, "error", server->error_message);
    }
    return object;
}

static const char *job_state(const struct active_job *jobs, size_t n_jobs) {
    const char *state = "ok";
    for (size_t i = 0; i < n_jobs; i++) {
        if (jobs[i].is_loading || str_eq(jobs[i].kind, STR("load"))) {
            return "loading";
        }
        state = "busy";
    }
    return state;
}

// What the default server's state comes to, in words.
static struct str message_of(struct arena *arena, struct server *server, const char **state) {
    const struct catalog *catalog = server_catalog(server);
    if (server->state == SERVER_UNREACHABLE) {
        *state = "unreachable";
        return error_text(arena, server->error_message, server->error_remedy);
    }
    if (server->state == SERVER_UNKNOWN) {
        *state = "starting";
        return arena_printf(arena, "asking %.*s", STR_ARG(uri_redact(arena, server->url)));
    }
    if (server->stale) {
        *state = "stale";
    }
    size_t loaded = 0;
    json_object_put(running_models(arena, catalog, &loaded));
    size_t models = catalog ? catalog->n_models : 0;
    struct str text =
        arena_printf(arena, "%.*s: %zu model%s%s", STR_ARG(session_server_title(arena, server)),
                     models, models == 1 ? "" : "s", server->stale ? " (as last known)" : "");
    if (server->kind == SERVER_KIND_OPENAI && !(catalog && catalog->running_known)) {
        return text; // it does not tell which ones are loaded
    }
    return arena_printf(arena, "%.*s, %zu loaded", STR_ARG(text), loaded);
}

struct json_object *session_status(struct session *session, const struct active_job *jobs,
                                   size_t n_jobs) {
    struct arena arena = {0};
    struct json_object *status = json_object_new_object();
    struct server *server = session_default(session);
    const char *state = job_state(jobs, n_jobs);
    struct str message = message_of(&arena, server, &state);
    json_set_str(status, "state", str_from(state));
    set_text(&arena, status, "message", message);
    if (server->state == SERVER_UNREACHABLE) {
        // An LSP Command: a status bar runs it when it is clicked.
        struct json_object *command = json_object_new_object();
        bool can_start = server->is_loopback && server->kind == SERVER_KIND_OLLAMA;
        json_set_str(command, "title", can_start ? STR("Start Ollama") : STR("Ask again"));
        json_set_str(command, "command",
                     can_start ? STR("ollama-ls.startServer") : STR("ollama-ls.refresh"));
        json_set(status, "command", command);
    }
    struct json_object *servers = json_object_new_array();
    struct server *it;
    for (size_t i = 0; (it = session_server_at(session, i)) != NULL; i++) {
        json_add(servers, server_object(&arena, it));
    }
    json_set(status, "servers", servers);
    struct json_object *active = json_object_new_array();
    for (size_t i = 0; i < n_jobs; i++) {
        struct json_object *job = json_object_new_object();
        json_set_str(job, "id", jobs[i].id);
        json_set_str(job, "kind", jobs[i].kind);
        set_text(&arena, job, "model", jobs[i].model);
        json_set_int(job, "tokens", jobs[i].tokens);
        json_add(active, job);
    }
    json_set(status, "active", active);
    arena_finish(&arena);
    return status;
}

struct json_object *session_server_status(struct json_object *status) {
    struct str state = json_get_str(status, "state");
    bool quiet = !str_eq(state, STR("starting")) && !str_eq(state, STR("loading")) &&
                 !str_eq(state, STR("busy"));
    const char *health = "ok";
    if (str_eq(state, STR("stale")) || str_eq(state, STR("unreachable"))) {
        health = "warning";
    } else if (str_eq(state, STR("error"))) {
        health = "error";
    }
    struct json_object *object = json_object_new_object();
    json_set_str(object, "health", str_from(health));
    json_set_bool(object, "quiescent", quiet);
    json_set_str(object, "message", json_get_str(status, "message"));
    return object;
}

static struct json_object *model_object(struct arena *arena, const struct model *model) {
    struct json_object *object = json_object_new_object();
    set_text(arena, object, "name", model->name);
    set_text(arena, object, "digest", model->digest);
    json_set_int(object, "size", model->size);
    set_text(arena, object, "modifiedAt", model->modified_at);
    set_text(arena, object, "family", model->family);
    set_text(arena, object, "parameters", model->parameters);
    set_text(arena, object, "quantization", model->quantization);
    if (model->context_length) {
        json_set_int(object, "contextLength", model->context_length);
    }
    struct json_object *capabilities = json_object_new_array();
    for (unsigned bit = CAP_COMPLETION; bit <= CAP_AUDIO; bit <<= 1) {
        if (model->capabilities_known && (model->capabilities & bit)) {
            json_add(capabilities, json_new_str(str_from(capability_name((enum capability)bit))));
        }
    }
    json_set(object, "capabilities", capabilities);
    json_set_bool(object, "remote", model->remote);
    if (model->running.loaded) {
        struct json_object *running = json_object_new_object();
        json_set_int(running, "sizeVram", model->running.size_vram);
        json_set_int(running, "contextLength", model->running.context_length);
        set_text(arena, running, "expiresAt", model->running.expires_at);
        json_set(object, "running", running);
    }
    return object;
}

struct json_object *session_models(struct session *session) {
    struct arena arena = {0};
    struct json_object *root = json_object_new_object();
    struct json_object *servers = json_object_new_array();
    struct server *server;
    json_set_int(root, "version", 1);
    for (size_t i = 0; (server = session_server_at(session, i)) != NULL; i++) {
        struct json_object *object = json_object_new_object();
        struct str url = uri_redact(&arena, server->url);
        const struct catalog *catalog = server->state == SERVER_OK ? server_catalog(server) : NULL;
        set_text(&arena, object, "name", server->name.n ? uri_redact(&arena, server->name) : url);
        set_text(&arena, object, "url", url);
        json_set_bool(object, "reachable", server->state == SERVER_OK);
        if (server->version.n) {
            set_text(&arena, object, "version", server->version);
        }
        if (server->state == SERVER_UNREACHABLE) {
            set_text(&arena, object, "error", server->error_message);
        }
        struct json_object *models = json_object_new_array();
        for (size_t m = 0; catalog && m < catalog->n_models; m++) {
            json_add(models, model_object(&arena, &catalog->models[m]));
        }
        json_set(object, "models", models);
        json_add(servers, object);
    }
    json_set(root, "servers", servers);
    arena_finish(&arena);
    return root;
}
