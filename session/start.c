// SPDX-License-Identifier: MIT
//
// The process outlives us; it is watched only while its start is awaited, so that one that dies at
// once is told at once. Invariant: a struct starting lives until its two handles are closed.
#include "session/start.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/uri.h"

static bool is_program(struct str path) {
    struct stat status;
    return stat(path.p, &status) == 0 && S_ISREG(status.st_mode) && access(path.p, X_OK) == 0;
}

struct str ollama_program(struct arena *arena, struct str configured) {
    if (configured.n) {
        bool usable = configured.p[0] == '/' && is_program(arena_copy(arena, configured));
        return usable ? configured : STR_NONE;
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
    bool is_over;
    struct session *session;
    int tries;
    void (*on_done)(void *data, struct str failure);
    void *data;
};

static void on_closed(uv_handle_t *handle) {
    struct starting *starting = handle->data;
    if (--starting->n_open == 0) {
        free(starting);
    }
}

static void close_handles(struct starting *starting) {
    starting->is_over = true;
    uv_close((uv_handle_t *)&starting->timer, on_closed);
    uv_close((uv_handle_t *)&starting->process, on_closed);
}

static void end(struct starting *starting, struct str failure) {
    close_handles(starting);
    starting->on_done(starting->data, failure);
}

static void on_poll(uv_timer_t *timer) {
    struct starting *starting = timer->data;
    struct server *server = session_default(starting->session);
    if (server->state == SERVER_OK) {
        end(starting, STR_NONE);
    } else if (++starting->tries > START_TRIES) {
        end(starting, STR("Ollama was started but does not answer; try `ollama serve` in a "
                          "terminal to see why"));
    } else {
        server_refresh(server);
    }
}

static void on_program_exit(uv_process_t *process, int64_t code, int signal) {
    struct starting *starting = process->data;
    struct arena arena = {0};
    if (!starting->is_over) {
        struct str how = signal ? arena_printf(&arena, "by signal %d", signal)
                                : arena_printf(&arena, "with code %lld", (long long)code);
        end(starting,
            arena_printf(&arena, "`ollama serve` ended %.*s; try it in a terminal to see why",
                         STR_ARG(how)));
    }
    arena_finish(&arena);
}

void starting_cancel(struct starting *starting) {
    close_handles(starting);
}

struct starting *starting_begin(uv_loop_t *loop, struct session *session, struct str program,
                                void (*on_done)(void *data, struct str failure), void *data,
                                int *code) {
    struct arena arena = {0};
    struct host host;
    host_parse(session_default(session)->url, &host);
    struct str listen = arena_printf(&arena, host.is_ip6 ? "[%.*s]:%u" : "%.*s:%u",
                                     STR_ARG(host.name), (unsigned)host_port(&host));
    char *args[] = {arena_cstr(&arena, program), arena_cstr(&arena, STR("serve")), NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE}, {.flags = UV_IGNORE}, {.flags = UV_IGNORE}};
    uv_process_options_t options = {
        .file = args[0],
        .args = args,
        .env = environment(&arena, listen),
        .cwd = "/",
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = 3,
        .stdio = stdio,
        .exit_cb = on_program_exit,
    };
    struct starting *starting = mem_alloc(sizeof(*starting));
    starting->session = session;
    starting->n_open = 2;
    starting->on_done = on_done;
    starting->data = data;
    uv_timer_init(loop, &starting->timer);
    *code = uv_spawn(loop, &starting->process, &options);
    starting->timer.data = starting;
    starting->process.data = starting;
    arena_finish(&arena);
    if (*code != 0) {
        close_handles(starting);
        return NULL;
    }
    uv_timer_start(&starting->timer, on_poll, START_POLL_MS, START_POLL_MS);
    return starting;
}
