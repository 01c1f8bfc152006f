// SPDX-License-Identifier: MIT
//
// From initialize to exit (LSP 3.18 "Lifecycle Messages"), workspace folders, trace, and the watch
// over the client's process. The answer to initialize is out before anything is read from disk or
// sent.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/uri.h"
#include "lsp/server_private.h"

#define LOG_MODULE "lifecycle"
#define PARENT_INTERVAL_MS 3000
#define SETTLE_LIMIT_MS 300         // for the client's settings
#define UNINITIALIZED_LIMIT_MS 1000 // for `initialized`

// --- workspace folders ---

static void add_folder(struct lsp_server *server, struct str uri) {
    struct arena arena;
    arena_init(&arena);
    struct str path;
    if (uri_to_path(&arena, uri, &path) == ERR_OK) {
        path = path_normalize(&arena, path);
        size_t size = (server->n_folders + 1) * sizeof(*server->folders);
        server->folders = mem_realloc(server->folders, size);
        server->folders[server->n_folders++] = (struct workspace_folder){
            .uri = str_of(mem_strdup(uri), uri.n),
            .path = str_of(mem_strdup(path), path.n),
        };
    } else {
        LOG_INF("the workspace folder %.*s is not on this disk", STR_ARG(uri));
    }
    arena_finish(&arena);
}

static void free_folder(struct workspace_folder *folder) {
    free((char *)folder->uri.p);
    free((char *)folder->path.p);
}

// By path, because encoders differ: "file:///a%20b" and "file:///a b/" are one folder.
static void remove_folder(struct lsp_server *server, struct str uri) {
    struct arena arena;
    arena_init(&arena);
    struct str path = STR_NONE;
    (void)uri_to_path(&arena, uri, &path);
    path = path_normalize(&arena, path);
    for (size_t i = 0; i < server->n_folders; i++) {
        if (str_eq(server->folders[i].path, path)) {
            free_folder(&server->folders[i]);
            server->n_folders--;
            memmove(&server->folders[i], &server->folders[i + 1],
                    (server->n_folders - i) * sizeof(*server->folders));
            break;
        }
    }
    arena_finish(&arena);
}

void folders_finish(struct lsp_server *server) {
    for (size_t i = 0; i < server->n_folders; i++) {
        free_folder(&server->folders[i]);
    }
    free(server->folders);
    server->folders = NULL;
    server->n_folders = 0;
}

static void apply_folders(struct lsp_server *server) {
    struct arena arena;
    arena_init(&arena);
    size_t n = server->n_folders;
    struct str *roots = ARENA_ARRAY(&arena, n ? n : 1, struct str);
    for (size_t i = 0; i < n; i++) {
        roots[i] = server->folders[i].path;
    }
    session_set_roots(server->session, roots, n);
    arena_finish(&arena);
}

// A path as a folder (rootPath, the working directory).
static void add_folder_path(struct lsp_server *server, struct str path) {
    struct arena arena;
    arena_init(&arena);
    if (str_starts(path, STR("/"))) {
        add_folder(server, uri_from_path(&arena, path));
    }
    arena_finish(&arena);
}

void folders_read(struct lsp_server *server, struct json_object *params) {
    struct json_object *folders = json_get(params, "workspaceFolders");
    for (size_t i = 0; i < json_count(folders); i++) {
        add_folder(server, json_get_str(json_at(folders, i), "uri"));
    }
    if (server->n_folders == 0 && json_get_str(params, "rootUri").n > 0) {
        add_folder(server, json_get_str(params, "rootUri"));
    }
    if (server->n_folders == 0 && json_get_str(params, "rootPath").n > 0) {
        add_folder_path(server, json_get_str(params, "rootPath"));
    }
    // A client that says null means "no folder"; one that says nothing at all is taken to work
    // where it was started.
    bool says_nothing = !json_has(params, "workspaceFolders") && !json_has(params, "rootUri") &&
                        !json_has(params, "rootPath");
    char *cwd = says_nothing ? getcwd(NULL, 0) : NULL;
    if (cwd) {
        add_folder_path(server, str_from(cwd));
        free(cwd);
    }
    apply_folders(server);
}

void folders_on_change(struct lsp_server *server, struct json_object *params) {
    struct json_object *event = json_get(params, "event");
    struct json_object *removed = json_get(event, "removed");
    for (size_t i = 0; i < json_count(removed); i++) {
        remove_folder(server, json_get_str(json_at(removed, i), "uri"));
    }
    struct json_object *added = json_get(event, "added");
    for (size_t i = 0; i < json_count(added); i++) {
        struct str uri = json_get_str(json_at(added, i), "uri");
        remove_folder(server, uri);
        add_folder(server, uri);
    }
    apply_folders(server);
    lsp_server__settings_changed(server);
}

void folders_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    (void)server;
    struct json_object *folders = json_object_new_object();
    json_set_bool(folders, "supported", true);
    json_set_bool(folders, "changeNotifications", true);
    struct json_object *workspace = json_object_new_object();
    json_set(workspace, "workspaceFolders", folders);
    json_set(capabilities, "workspace", workspace);
}

// --- the client's process ---

static void leave(struct lsp_server *server) {
    if (server->private->on_exit) {
        server->private->on_exit(server->private->exit_data);
    }
}

static void look_at_parent(uv_timer_t *timer) {
    struct lsp_server *server = timer->data;
    if (kill((pid_t)server->private->parent_pid, 0) != 0 && errno == ESRCH) {
        LOG_INF("the client's process is gone");
        uv_timer_stop(timer);
        lsp_server_end_of_input(server);
        leave(server);
    }
}

static void watch_parent(struct lsp_server *server, struct json_object *params) {
    int64_t pid = json_get_int(params, "processId", 0);
    if (pid > 0 && pid <= INT32_MAX) {
        server->private->parent_pid = pid;
        uv_timer_start(&server->private->parent_timer, look_at_parent, 0, PARENT_INTERVAL_MS);
    }
}

// --- initialize ---

static void set_trace(struct lsp_server *server, struct str value) {
    if (str_eq(value, STR("verbose"))) {
        server->trace = TRACE_VERBOSE;
    } else if (str_eq(value, STR("messages"))) {
        server->trace = TRACE_MESSAGES;
    } else {
        server->trace = TRACE_OFF;
    }
}

static void on_settle_limit(uv_timer_t *timer) {
    LOG_INF("the client has not sent its settings yet: going on without");
    lsp_server__settle(timer->data);
}

void lifecycle_on_initialize(struct request *request) {
    struct lsp_server *server = request->server;
    struct json_object *params = request->params;
    struct json_object *options = json_get(params, "initializationOptions");
    caps_read(&server->caps, json_get(params, "capabilities"), options,
              json_get(params, "clientInfo"));

    struct json_object *info = json_object_new_object();
    json_set_str(info, "name", STR("ollama-ls"));
    json_set_str(info, "version", STR(OLLAMA_LS_VERSION));
    struct json_object *result = json_object_new_object();
    json_set(result, "capabilities", methods_capabilities(server));
    json_set(result, "serverInfo", info);

    // `params` are gone after the reply, and the reply should be out first.
    params = json_object_get(params);
    reply_ok(request, result);
    server->rpc.state = RPC_READY;

    struct json_object *client = json_get(params, "clientInfo");
    LOG_INF("client %.*s %.*s", STR_ARG(json_get_str(client, "name")),
            STR_ARG(json_get_str(client, "version")));
    set_trace(server, json_get_str(params, "trace"));
    watch_parent(server, params);
    folders_read(server, params);
    session_set_source(server->session, SETTINGS_INIT_OPTIONS, options, true);
    json_object_put(params);
    // `initialized` sets it anew; some clients forget to send that.
    uv_timer_start(&server->private->settle_timer, on_settle_limit, UNINITIALIZED_LIMIT_MS, 0);
}

void lifecycle_on_initialized(struct lsp_server *server, struct json_object *params) {
    (void)params;
    if (server->rpc.state != RPC_READY) {
        return;
    }
    server->rpc.state = RPC_RUNNING;
    lsp_server__show_waiting(server);
    status_start(server);
    registrations_send(server);
    if (server->caps.configuration) {
        uv_timer_start(&server->private->settle_timer, on_settle_limit, SETTLE_LIMIT_MS, 0);
        configuration_pull(server);
    } else {
        lsp_server__settle(server);
    }
}

// --- the end ---

void lifecycle_on_shutdown(struct request *request) {
    struct lsp_server *server = request->server;
    progress_set_stop(&server->progress);
    rpc_cancel_all(server);
    reply_ok(request, NULL);
    server->rpc.state = RPC_STOPPING;
    server->private->is_shut_down = true;
}

void lifecycle_on_exit(struct lsp_server *server, struct json_object *params) {
    (void)params;
    server->private->exit_code = server->private->is_shut_down ? 0 : 1;
    server->rpc.state = RPC_EXITED;
    leave(server);
}

// --- small ones ---

void lifecycle_on_cancel(struct lsp_server *server, struct json_object *params) {
    struct json_object *id = json_get(params, "id");
    if (id) {
        rpc_cancel(server, id);
    }
}

void lifecycle_on_set_trace(struct lsp_server *server, struct json_object *params) {
    set_trace(server, json_get_str(params, "value"));
}
