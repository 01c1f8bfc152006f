// SPDX-License-Identifier: MIT
//
// The client's settings and what is registered for their sake. Where the client can be asked
// (workspace/configuration) its answer counts; what didChangeConfiguration brings along counts
// where it cannot, or answers null. Payloads differ wildly: {}, null, the section, nothing at all.
#include "base/log.h"
#include "lsp/server_private.h"

#define LOG_MODULE "configuration"
#define SECTION "ollama-ls"
#define ANSWER_LIMIT_MS 5000

static void apply(struct lsp_server *server, struct json_object *value) {
    session_set_source(server->session, SETTINGS_CLIENT, value,
                       server->caps.settings_are_user_grade);
    lsp_server__settings_changed(server);
}

static void on_configuration(struct lsp_server *server, enum err code, struct json_object *result,
                             void *data) {
    (void)data;
    if (code == ERR_CANCELLED) {
        return;
    }
    struct json_object *value = code == ERR_OK ? json_at(result, 0) : NULL;
    if (!json_is(value, json_type_object)) {
        value = server->private->pushed_settings;
    }
    apply(server, value);
    lsp_server__settle(server);
}

void configuration_pull(struct lsp_server *server) {
    if (!server->caps.configuration) {
        return;
    }
    struct json_object *item = json_object_new_object();
    json_set_str(item, "section", STR(SECTION));
    struct json_object *items = json_object_new_array();
    json_add(items, item);
    struct json_object *params = json_object_new_object();
    json_set(params, "items", items);
    rpc_request(server, "workspace/configuration", params, ANSWER_LIMIT_MS, on_configuration, NULL);
}

// What a payload says about us: the member with our name, else, as some editors send the section
// alone, the object that holds our keys. False when it says nothing.
static bool find_section(struct json_object *params, struct json_object **section) {
    struct json_object *settings = json_get(params, "settings");
    if (!json_has(settings, SECTION) && settings_has_known_key(settings)) {
        *section = settings;
        return true;
    }
    struct json_object *holder = json_has(settings, SECTION) ? settings : params;
    *section = json_get(holder, SECTION);
    return json_has(holder, SECTION);
}

void configuration_on_change(struct lsp_server *server, struct json_object *params) {
    struct lsp_server_private *private = server->private;
    struct json_object *section;
    bool has_section = find_section(params, &section);
    if (has_section) {
        json_object_put(private->pushed_settings);
        private->pushed_settings =
            json_is(section, json_type_object) ? json_object_get(section) : NULL;
    }
    if (server->caps.configuration) {
        configuration_pull(server);
    } else if (has_section) {
        apply(server, private->pushed_settings);
    }
}

// --- registrations ---

static struct json_object *registration(const char *id, const char *method,
                                        struct json_object *options) {
    struct json_object *object = json_object_new_object();
    json_set_str(object, "id", str_from(id));
    json_set_str(object, "method", str_from(method));
    json_set(object, "registerOptions", options);
    return object;
}

static struct json_object *watchers(void) {
    // Files that change what is said about others: settings, variables, and what Modelfiles build
    // on.
    static const char *const patterns[] = {
        ("**/" SETTINGS_WORKSPACE_NAME), "**/.env*", "**/*.env", "**/Modelfile*", "**/*.modelfile",
        "**/*.{gguf,safetensors}",
    };
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct json_object *watcher = json_object_new_object();
        json_set_str(watcher, "globPattern", str_from(patterns[i]));
        json_add(list, watcher);
    }
    struct json_object *options = json_object_new_object();
    json_set(options, "watchers", list);
    return options;
}

static void on_registered(struct lsp_server *server, enum err code, struct json_object *result,
                          void *data) {
    (void)server;
    (void)result;
    (void)data;
    if (code == ERR_REMOTE) {
        LOG_WRN("the client refused to watch files");
    }
}

void registrations_send(struct lsp_server *server) {
    struct json_object *list = json_object_new_array();
    if (server->caps.watched_files_dynamic) {
        json_add(list,
                 registration("ollama-ls/files", "workspace/didChangeWatchedFiles", watchers()));
    }
    if (server->caps.configuration_dynamic) {
        struct json_object *options = json_object_new_object();
        json_set_str(options, "section", STR(SECTION));
        json_add(list,
                 registration("ollama-ls/settings", "workspace/didChangeConfiguration", options));
    }
    if (json_count(list) == 0) {
        json_object_put(list);
        return;
    }
    struct json_object *params = json_object_new_object();
    json_set(params, "registrations", list);
    rpc_request(server, "client/registerCapability", params, ANSWER_LIMIT_MS, on_registered, NULL);
}
