// SPDX-License-Identifier: MIT
//
// ollama-ls.startServer: runs `ollama serve` of this machine, detached, then asks the default
// server until it answers. The process outlives the editor; it is watched only while its start is
// awaited, so that one that dies at once is told at once.
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/uri.h"
#include "base/utf.h"
#include "lsp/handlers/manage.h"

static bool is_program(struct str path) {
    struct stat status;
    return stat(path.p, &status) == 0 && S_ISREG(status.st_mode) && access(path.p, X_OK) == 0;
}

// Absolute path of the program: the user's setting, else from PATH without its relative entries,
// which would let a repository bring its own "ollama". Empty if there is none.
static struct str find_program(struct arena *arena, const struct settings *settings) {
    if (settings->ollama_path.n) {
        bool usable = settings->ollama_path.p[0] == '/' &&
                      is_program(arena_copy(arena, settings->ollama_path));
        return usable ? settings->ollama_path : STR_NONE;
    }
    struct str rest = str_from(getenv("PATH"));
    while (rest.p) {
        struct str dir = str_split(&rest, ':');
        if (dir.n == 0 || dir.p[0] != '/') {
            continue;
        }
        struct str path = path_join(arena, dir, STR("ollama"));
        if (is_program(path)) {
            return path;
        }
    }
    return STR_NONE;
}

// Our environment with OLLAMA_HOST as the default server says. Returned array and new strings in
// `arena`.
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

#define START_POLL_MS 250
#define START_TRIES 40 // ten seconds

struct starting {
    uv_timer_t timer;
    uv_process_t process;
    int n_open; // of the two handles
    struct lsp_server *lsp;
    struct progress *progress; // NULL: over
    int tries;
};

static void on_closed(uv_handle_t *handle) {
    struct starting *starting = handle->data;
    if (--starting->n_open == 0) {
        free(starting);
    }
}

static void close_handles(struct starting *starting) {
    uv_close((uv_handle_t *)&starting->timer, on_closed);
    uv_close((uv_handle_t *)&starting->process, on_closed);
}

static void starting_end(struct starting *starting, enum message_type type, struct str text) {
    struct lsp_server *lsp = starting->lsp;
    progress_end(starting->progress, type, text);
    starting->progress = NULL;
    close_handles(starting);
    status_changed(lsp);
}

static void on_start_poll(uv_timer_t *timer) {
    struct starting *starting = timer->data;
    struct server *server = session_default(starting->lsp->session);
    if (server->state == SERVER_OK) {
        starting_end(starting, MESSAGE_INFO, STR("Ollama is running"));
    } else if (++starting->tries > START_TRIES) {
        starting_end(starting, MESSAGE_ERROR,
                     STR("Ollama was started but does not answer; try `ollama serve` in a "
                         "terminal to see why"));
    } else {
        server_refresh(server);
    }
}

static void on_program_exit(uv_process_t *process, int64_t code, int signal) {
    struct starting *starting = process->data;
    struct arena arena = {0};
    if (starting->progress) {
        struct str how = signal ? arena_printf(&arena, "by signal %d", signal)
                                : arena_printf(&arena, "with code %lld", (long long)code);
        starting_end(starting, MESSAGE_ERROR,
                     arena_printf(&arena,
                                  "`ollama serve` ended %.*s; try it in a terminal to see why",
                                  STR_ARG(how)));
    }
    arena_finish(&arena);
}

// Also at the end of the session, when nothing of it may be used later. The program goes on.
static void on_start_cancel(void *data) {
    starting_end(data, MESSAGE_INFO, STR_NONE);
}

// 0, or a libuv error. The process is detached: it outlives the editor.
static int start(struct lsp_server *lsp, struct arena *arena, struct str program,
                 struct str listen) {
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
        .exit_cb = on_program_exit,
    };
    struct starting *starting = mem_alloc(sizeof(*starting));
    starting->lsp = lsp;
    starting->n_open = 2;
    uv_timer_init(lsp->loop, &starting->timer);
    int code = uv_spawn(lsp->loop, &starting->process, &options);
    starting->timer.data = starting;
    starting->process.data = starting;
    if (code != 0) {
        close_handles(starting);
        return code;
    }
    struct progress_options progress = {
        .title = STR("Starting Ollama"),
        .kind = STR("start"),
        .on_cancel = on_start_cancel,
        .data = starting,
    };
    starting->progress = progress_begin(lsp, &progress);
    uv_timer_start(&starting->timer, on_start_poll, START_POLL_MS, START_POLL_MS);
    return 0;
}

void command_start_server(struct request *request, struct json_object *argument) {
    struct arena *arena = request->arena;
    struct lsp_server *lsp = request->server;
    struct server *server = session_default(lsp->session);
    (void)argument;
    if (!server->is_loopback) {
        reply_err(request, RPC_REQUEST_FAILED,
                  "the default server %.*s is not on this machine; start it there",
                  STR_ARG(uri_redact(arena, server->url)));
        return;
    }
    if (server->state == SERVER_OK) {
        reply_err(request, RPC_REQUEST_FAILED, "%.*s answers already",
                  STR_ARG(uri_redact(arena, server->url)));
        return;
    }
    struct str program = find_program(arena, session_settings(lsp->session));
    if (program.n == 0) {
        reply_err(
            request, RPC_REQUEST_FAILED,
            "there is no ollama program in PATH; get it from https://ollama.com/download, or set "
            "ollamaPath to its absolute path");
        return;
    }
    struct host host;
    host_parse(server->url, &host);
    struct str listen = arena_printf(arena, host.is_ip6 ? "[%.*s]:%u" : "%.*s:%u",
                                     STR_ARG(host.name), (unsigned)host_port(&host));
    int code = start(lsp, arena, program, listen);
    if (code != 0) {
        reply_err(request, RPC_REQUEST_FAILED, "%.*s could not be started: %s", STR_ARG(program),
                  uv_strerror(code));
        return;
    }
    reply_ok(request, NULL);
}
