// SPDX-License-Identifier: MIT
//
// ollama-ls.status, .refresh, .cancel, .startServer, .trustHost, .ignoreModel.
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"
#include "lsp/handlers/manage.h"

void command_status(struct request *request, struct json_object *argument) {
    (void)argument;
    reply_ok(request, status_object(request->server));
}

void command_refresh(struct request *request, struct json_object *argument) {
    (void)argument;
    struct server *server;
    for (size_t i = 0; (server = session_server_at(request->server->session, i)) != NULL; i++) {
        server_refresh(server);
    }
    lsp_server_refresh_views(request->server);
    reply_ok(request, NULL);
}

void command_cancel(struct request *request, struct json_object *argument) {
    if (json_has(argument, "id") && !json_is(json_get(argument, "id"), json_type_string)) {
        reply_err(request, RPC_INVALID_PARAMS, "the command takes {\"id\"?: STRING}");
        return;
    }
    (void)progress_cancel(request->server, json_get_str(argument, "id"));
    reply_ok(request, NULL);
}

// --- trust ---

// The workspace folder that a command speaks of: that of `uri`, else the first.
static struct str root_of(struct request *request, struct json_object *argument) {
    struct str uri = json_get_str(argument, "uri");
    struct document *document = uri.n ? documents_find(request->server, uri) : NULL;
    return document ? document->root : lsp_server_root(request->server);
}

void command_trust_host(struct request *request, struct json_object *argument) {
    struct arena *arena = request->arena;
    struct lsp_server *server = request->server;
    struct str written = str_trim(json_get_str(argument, "host"));
    struct host host;
    host_parse(written, &host);
    if (written.n == 0 || written.n > LIMIT_HOST || !host_scheme_is_http(&host) || host.name.n == 0) {
        reply_err(request, RPC_INVALID_PARAMS, "the command needs {\"host\": URL} with an http or https host");
        return;
    }
    struct error error = {0};
    if (state_trust(session_state(server->session), root_of(request, argument),
                    host_canonical(arena, written), &error, arena) != ERR_OK) {
        reply_err(request, RPC_REQUEST_FAILED, "the trust could not be remembered: %.*s",
                  STR_ARG(error.message));
        return;
    }
    documents_invalidate(server, NULL);
    lsp_server_refresh_views(server);
    reply_ok(request, NULL);
}

// --- ignoring a model ---

// .ollama-ls.json is small and local; it is written at once so that the finding goes at once.
void command_ignore_model(struct request *request, struct json_object *argument) {
    struct arena *arena = request->arena;
    struct str model = json_get_str(argument, "model");
    struct str root = root_of(request, argument);
    if (model.n == 0 || model.n > LIMIT_NAME) {
        reply_err(request, RPC_INVALID_PARAMS, "the command needs {\"model\": NAME}");
        return;
    }
    if (root.n == 0) {
        reply_err(request, RPC_REQUEST_FAILED,
                  "there is no workspace folder to keep this in; use the setting ignoreModels");
        return;
    }
    struct str path = path_join(arena, root, str_from(SETTINGS_WORKSPACE_NAME));
    struct error error = {0};
    struct str text = STR_NONE;
    struct str changed;
    enum err result = file_read(arena, path.p, LIMIT_SETTINGS_FILE, &text);
    if (result == ERR_OK || result == ERR_NOT_FOUND) {
        result = settings_add_ignored_model(arena, text, model, &changed, &error);
    } else {
        (void)error_set(&error, arena, result, "it cannot be read (%s)", err_name(result));
    }
    if (result == ERR_OK) {
        result = file_write_atomic(path.p, changed, 0644, &error, arena);
    }
    if (result != ERR_OK) {
        reply_err(request, RPC_REQUEST_FAILED, "%.*s: %.*s", STR_ARG(path), STR_ARG(error.message));
        return;
    }
    (void)session_file_changed(request->server->session, path);
    documents_invalidate(request->server, NULL);
    lsp_server_refresh_views(request->server);
    reply_ok(request, NULL);
}

// --- starting the server ---

// Absolute path of the program: the user's setting, else from PATH without its relative entries, which
// would let a repository bring its own "ollama". Empty if there is none.
static struct str find_program(struct arena *arena, const struct settings *settings) {
    if (settings->ollama_path.n) {
        bool usable = settings->ollama_path.p[0] == '/' && access(settings->ollama_path.p, X_OK) == 0;
        return usable ? settings->ollama_path : STR_NONE;
    }
    struct str rest = str_from(getenv("PATH"));
    while (rest.p) {
        struct str dir = str_split(&rest, ':');
        if (dir.n == 0 || dir.p[0] != '/') {
            continue;
        }
        struct str path = path_join(arena, dir, STR("ollama"));
        if (access(path.p, X_OK) == 0) {
            return path;
        }
    }
    return STR_NONE;
}

// Our environment with OLLAMA_HOST as the default server says. Returned array and new strings in `arena`.
static char **environment(struct arena *arena, struct str listen) {
    extern char **environ;
    size_t n = 0;
    while (environ[n]) {
        n++;
    }
    char **copy = ARENA_ARRAY(arena, n + 2, char *);
    size_t out = 0;
    for (size_t i = 0; i < n; i++) {
        if (!str_starts(str_from(environ[i]), STR("OLLAMA_HOST="))) {
            copy[out++] = environ[i];
        }
    }
    copy[out++] = arena_cstr(arena, arena_join(arena, STR("OLLAMA_HOST="), listen));
    return copy;
}

// 0, or a libuv error. The process is detached: it outlives the editor.
static int spawn(struct lsp_server *server, struct arena *arena, struct str program, struct str listen) {
    char *args[] = {arena_cstr(arena, program), arena_cstr(arena, STR("serve")), NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE}, {.flags = UV_IGNORE}, {.flags = UV_IGNORE}};
    uv_process_options_t options = {
        .file = args[0],
        .args = args,
        .env = environment(arena, listen),
        .cwd = "/",
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = 3,
        .stdio = stdio,
    };
    uv_process_t *process = mem_alloc(sizeof(*process));
    int code = uv_spawn(server->loop, process, &options);
    // It lives its own life; whether it serves is seen by asking it, not by watching the process.
    uv_close((uv_handle_t *)process, (uv_close_cb)free);
    return code;
}

#define START_POLL_MS 250
#define START_TRIES 40 // ten seconds

// Asks the new server until it answers.
struct starting {
    uv_timer_t timer;
    struct lsp_server *lsp;
    struct progress *progress;
    int tries;
    bool cancelled;
};

static void starting_end(struct starting *starting, enum message_type type, const char *text) {
    progress_end(starting->progress, type, str_from(text));
    status_changed(starting->lsp);
    uv_close((uv_handle_t *)&starting->timer, (uv_close_cb)free);
}

static void on_start_poll(uv_timer_t *timer) {
    struct starting *starting = timer->data;
    struct server *server = session_default(starting->lsp->session);
    if (server->state == SERVER_OK) {
        starting_end(starting, MESSAGE_INFO, "Ollama is running");
    } else if (starting->cancelled) {
        starting_end(starting, MESSAGE_INFO, "");
    } else if (++starting->tries > START_TRIES) {
        starting_end(starting, MESSAGE_ERROR,
                     "Ollama was started but does not answer; try `ollama serve` in a terminal to see why");
    } else {
        server_refresh(server);
    }
}

static void on_start_cancel(void *data) {
    struct starting *starting = data;
    starting->cancelled = true;
    uv_timer_start(&starting->timer, on_start_poll, 0, 0);
}

static void await_start(struct lsp_server *lsp) {
    struct starting *starting = mem_alloc(sizeof(*starting));
    starting->lsp = lsp;
    struct progress_options options = {
        .title = STR("Starting Ollama"),
        .kind = STR("start"),
        .on_cancel = on_start_cancel,
        .data = starting,
    };
    starting->progress = progress_begin(lsp, &options);
    uv_timer_init(lsp->loop, &starting->timer);
    starting->timer.data = starting;
    uv_timer_start(&starting->timer, on_start_poll, START_POLL_MS, START_POLL_MS);
}

void command_start_server(struct request *request, struct json_object *argument) {
    struct arena *arena = request->arena;
    struct lsp_server *lsp = request->server;
    struct server *server = session_default(lsp->session);
    (void)argument;
    if (!server->is_loopback) {
        reply_err(request, RPC_REQUEST_FAILED, "the default server %.*s is not on this machine; start it there",
                  STR_ARG(uri_redact(arena, server->url)));
        return;
    }
    if (server->state == SERVER_OK) {
        reply_err(request, RPC_REQUEST_FAILED, "%.*s answers already", STR_ARG(uri_redact(arena, server->url)));
        return;
    }
    struct str program = find_program(arena, session_settings(lsp->session));
    if (program.n == 0) {
        reply_err(request, RPC_REQUEST_FAILED,
                  "there is no ollama program in PATH; get it from https://ollama.com/download, or set "
                  "ollamaPath to its absolute path");
        return;
    }
    struct host host;
    host_parse(server->url, &host);
    struct str listen = arena_printf(arena, host.is_ip6 ? "[%.*s]:%u" : "%.*s:%u", STR_ARG(host.name),
                                     (unsigned)host_port(&host));
    int code = spawn(lsp, arena, program, listen);
    if (code != 0) {
        reply_err(request, RPC_REQUEST_FAILED, "%.*s could not be started: %s", STR_ARG(program),
                  uv_strerror(code));
        return;
    }
    await_start(lsp);
    reply_ok(request, NULL);
}
