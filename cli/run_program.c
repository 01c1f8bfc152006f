// SPDX-License-Identifier: MIT
#include "cli/run_program.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/uri.h"

#define OUTPUT_MAX (64u * 1024)
#define RUN_MS 2000

struct running {
    uv_process_t process;
    uv_pipe_t output;
    uv_timer_t timer;
    struct buf buf;
    char chunk[4096];
    size_t n_open; // handles
    bool has_exited, has_ended, failed;
};

static void on_closed(uv_handle_t *handle) {
    ((struct running *)handle->data)->n_open--;
}

static void close_once(uv_handle_t *handle) {
    if (!uv_is_closing(handle)) {
        uv_close(handle, on_closed);
    }
}

// When both the program and its output are over; or now.
static void finish(struct running *running, bool now) {
    if (now || (running->has_exited && running->has_ended)) {
        close_once((uv_handle_t *)&running->output);
        close_once((uv_handle_t *)&running->timer);
        if (running->has_exited) {
            close_once((uv_handle_t *)&running->process);
        }
    }
}

static void on_program_exit(uv_process_t *process, int64_t code, int signal) {
    struct running *running = process->data;
    running->has_exited = true;
    running->failed = running->failed || code != 0 || signal != 0;
    finish(running, running->failed);
}

static void on_timer(uv_timer_t *timer) {
    struct running *running = timer->data;
    running->failed = true;
    (void)uv_process_kill(&running->process, SIGKILL);
    finish(running, true);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    struct running *running = handle->data;
    (void)suggested;
    *buf = uv_buf_init(running->chunk, sizeof(running->chunk));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    struct running *running = stream->data;
    if (n > 0) {
        (void)buf_append(&running->buf, str_of(buf->base, (size_t)n)); // the rest is dropped
    } else if (n < 0) {
        running->has_ended = true;
        finish(running, false);
    }
}

struct str run_program(struct arena *arena, uv_loop_t *loop, char *const *argv) {
    struct running running = {.n_open = 3};
    buf_init(&running.buf, OUTPUT_MAX);
    uv_timer_init(loop, &running.timer);
    uv_pipe_init(loop, &running.output, 0);
    running.timer.data = running.output.data = running.process.data = &running;
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&running.output},
        {.flags = UV_IGNORE}};
    uv_process_options_t options = {.file = argv[0],
                                    .args = (char **)(uintptr_t)argv,
                                    .cwd = "/",
                                    .stdio_count = 3,
                                    .stdio = stdio,
                                    .exit_cb = on_program_exit};
    int code = uv_spawn(loop, &running.process, &options);
    running.process.data = &running;
    if (code != 0) {
        running.has_exited = running.failed = true;
        finish(&running, true);
    } else {
        uv_timer_start(&running.timer, on_timer, RUN_MS, 0);
        uv_read_start((uv_stream_t *)&running.output, on_alloc, on_read);
    }
    while (running.n_open > 0) {
        uv_run(loop, UV_RUN_ONCE);
    }
    struct str result = running.failed ? STR_NONE : arena_copy(arena, buf_str(&running.buf));
    buf_finish(&running.buf);
    return result;
}

struct str find_program(struct arena *arena, const char *name) {
    struct str rest = str_from(getenv("PATH"));
    while (rest.p) {
        struct str dir = str_split(&rest, ':');
        if (dir.n == 0 || dir.p[0] != '/') {
            continue; // a relative entry would run what a repository brings
        }
        struct stat status;
        struct str path = path_join(arena, dir, str_from(name));
        if (stat(path.p, &status) == 0 && S_ISREG(status.st_mode) && access(path.p, X_OK) == 0) {
            return path;
        }
    }
    return STR_NONE;
}
