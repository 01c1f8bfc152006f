// SPDX-License-Identifier: MIT
//
// The log. Its state is the one process-wide object of the program: the level is read without a
// lock (an atomic), everything else under one mutex. A line is composed completely and leaves by
// one write(2), so that lines of several threads or processes on one file never mix.
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/utf.h"

#define MESSAGE_MAX (8u * 1024) // of one line; the rest is cut with "…"

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static struct {
    pthread_mutex_t lock;
    atomic_int level;
    int fd; // -1: stderr
    int64_t start_ms;
    log_sink sink;
    void *sink_data;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_WARN, .fd = -1};

// A sink that logs must not come back into itself.
static _Thread_local bool in_sink;

static void close_file(void) {
    if (state.fd >= 0) {
        close(state.fd);
    }
    state.fd = -1;
}

bool log_open(const char *path) {
    pthread_mutex_lock(&state.lock);
    close_file();
    state.start_ms = clock_ms();
    if (path) {
        state.fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600);
    }
    bool ok = !path || state.fd >= 0;
    pthread_mutex_unlock(&state.lock);
    return ok;
}

void log_close(void) {
    pthread_mutex_lock(&state.lock);
    close_file();
    pthread_mutex_unlock(&state.lock);
}

void log_set_level(enum log_level level) {
    atomic_store(&state.level, (int)level);
}

void log_set_sink(log_sink sink, void *data) {
    pthread_mutex_lock(&state.lock);
    state.sink = sink;
    state.sink_data = data;
    pthread_mutex_unlock(&state.lock);
}

bool log_level_parse(struct str name, enum log_level *out) {
    for (int i = 0; i <= LOG_DEBUG; i++) {
        if (str_ieq(name, str_from(level_names[i]))) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

bool log_enabled(enum log_level level) {
    return (int)level <= atomic_load_explicit(&state.level, memory_order_relaxed);
}

// A log that cannot be written is no reason to fail: what does not go out at once is dropped.
static void write_line(int fd, struct str line) {
    ssize_t n;
    do {
        n = write(fd, line.p, line.n);
    } while (n < 0 && errno == EINTR);
}

void log_write(enum log_level level, const char *module, const char *format, ...) {
    char text[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    size_t length = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
    bool cut = n >= (int)sizeof(text);

    struct arena arena = {0};
    struct str message = display_escape(&arena, str_of(text, length), 0);
    size_t i = (size_t)level < 4 ? (size_t)level : 0;

    pthread_mutex_lock(&state.lock);
    struct str line =
        arena_printf(&arena, "%8lld %s %s: %.*s%s\n",
                     (long long)(state.start_ms > 0 ? clock_ms() - state.start_ms : 0),
                     level_names[i], module, STR_ARG(message), cut ? "…" : "");
    write_line(state.fd >= 0 ? state.fd : STDERR_FILENO, line);
    log_sink sink = state.sink;
    void *data = state.sink_data;
    pthread_mutex_unlock(&state.lock);

    if (sink && !in_sink) {
        in_sink = true;
        sink(data, level, module, message);
        in_sink = false;
    }
    arena_finish(&arena);
}

bool log_never(const char *expression, const char *file, int line) {
    log_write(LOG_ERROR, "bug", "impossible: %s (%s:%d)", expression, file, line);
#ifndef NDEBUG
    abort();
#endif
    return true;
}
