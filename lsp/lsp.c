// SPDX-License-Identifier: MIT
//
// The process around the server: descriptors, signals, the loop, and the order of the end: the
// input stops, the server closes, what it had to say leaves, the transport closes, the loop is
// empty.
//
// Invariant: uv_loop_close succeeds, i.e. nothing is left behind; should something hang, the
// process ends all the same after CLOSE_LIMIT_MS.
#include "lsp/lsp.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "lsp/fatal.h"
#include "lsp/server.h"
#include "lsp/transport.h"

#define LOG_MODULE "lsp"
#define LINGER_MS 1000      // for a client that reads slowly at the end
#define CLOSE_LIMIT_MS 3000 // for everything to close

enum { SIGNAL_COUNT = 3 };

struct program {
    uv_loop_t loop;
    struct lsp_server *server;
    struct transport *transport;
    uv_signal_t signals[SIGNAL_COUNT];
    uv_timer_t close_timer;
    bool is_leaving;
    bool has_failed; // things did not close in time
    int exit_code;
    uv_thread_t thread; // that runs the loop
    bool is_mirroring;  // a log line is on its way to the client
};

// --- log lines to the client ---

static void mirror_log(void *data, enum log_level level, const char *module, struct str message) {
    struct program *program = data;
    uv_thread_t self = uv_thread_self();
    if (level > LOG_INFO || program->is_mirroring || !program->server ||
        !uv_thread_equal(&self, &program->thread) || program->server->rpc.state != RPC_RUNNING) {
        return;
    }
    static const int64_t types[] = {
        [LOG_ERROR] = MESSAGE_ERROR, [LOG_WARN] = MESSAGE_WARNING, [LOG_INFO] = MESSAGE_LOG};
    program->is_mirroring = true;
    char text[2048];
    int n = snprintf(text, sizeof(text), "%s: %.*s", module, STR_ARG(message));
    size_t length = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
    struct json_object *params = json_object_new_object();
    json_set_int(params, "type", types[level]);
    json_set_str(params, "message", str_of(text, length));
    rpc_notify(program->server, SEND_DROPPABLE, "window/logMessage", params);
    program->is_mirroring = false;
}

// --- leaving ---

static void on_transport_closed(void *data) {
    struct program *program = data;
    program->transport = NULL;
    uv_timer_stop(&program->close_timer);
    uv_close((uv_handle_t *)&program->close_timer, NULL);
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        uv_close((uv_handle_t *)&program->signals[i], NULL);
    }
}

static void on_server_closed(void *data) {
    struct program *program = data;
    fatal_forget();
    program->server = NULL;
    transport_close(program->transport, LINGER_MS, on_transport_closed, program);
}

static void on_close_limit(uv_timer_t *timer) {
    struct program *program = timer->data;
    LOG_ERR("not everything could be closed");
    program->has_failed = true;
    uv_stop(&program->loop);
}

static void leave(struct program *program, int exit_code) {
    if (program->is_leaving) {
        return;
    }
    program->is_leaving = true;
    program->exit_code = exit_code;
    transport_stop_reading(program->transport);
    uv_timer_start(&program->close_timer, on_close_limit, CLOSE_LIMIT_MS, 0);
    lsp_server_close(program->server, on_server_closed, program);
}

static void on_exit_message(void *data) {
    struct program *program = data;
    leave(program, lsp_server_exit_code(program->server));
}

static void on_signal(uv_signal_t *handle, int number) {
    LOG_INF("signal %d", number);
    leave(handle->data, 0);
}

// --- between transport and server ---

static void on_message(void *data, struct str message) {
    struct program *program = data;
    lsp_server_receive(program->server, message);
}

static void on_garbage(void *data, struct str problem) {
    struct program *program = data;
    lsp_server_receive_garbage(program->server, problem);
}

static void on_input_end(void *data) {
    struct program *program = data;
    lsp_server_end_of_input(program->server);
    leave(program, 1);
}

static bool send_message(void *data, struct str message, enum send_class class) {
    struct program *program = data;
    return transport_send(program->transport, message, class);
}

static bool takes_message(void *data, enum send_class class) {
    const struct program *program = data;
    return transport_takes(program->transport, class);
}

// --- start ---

// The protocol gets a descriptor of its own; fd 1 becomes stderr, so that a stray print in a
// library cannot break the stream.
static int protect_stdout(void) {
    for (int fd = 0; fd <= 2; fd++) { // a closed one would be reused by the next open
        if (fcntl(fd, F_GETFD) == -1) {
            (void)open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
        }
    }
    int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (fd >= 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
    }
    return fd;
}

static void watch_signals(struct program *program) {
    static const int numbers[SIGNAL_COUNT] = {SIGTERM, SIGINT, SIGHUP};
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        uv_signal_init(&program->loop, &program->signals[i]);
        program->signals[i].data = program;
        uv_signal_start(&program->signals[i], on_signal, numbers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
}

static void run(struct program *program) {
    fatal_install(&program->server->rpc.handling);
    log_set_sink(mirror_log, program);
    uv_run(&program->loop, UV_RUN_DEFAULT);
    log_set_sink(NULL, NULL);
}

int lsp_main(const struct lsp_options *options) {
    int out = protect_stdout();
    if (out < 0) {
        LOG_ERR("standard output cannot be used");
        return 1;
    }
    struct program *program = mem_alloc(sizeof(*program));
    program->thread = uv_thread_self();
    uv_loop_init(&program->loop);
    if (log_enabled(LOG_DEBUG)) {
        uv_loop_configure(&program->loop, UV_METRICS_IDLE_TIME);
    }
    struct transport_handlers handlers = {on_message, on_garbage, on_input_end, program};
    program->transport =
        transport_create(&program->loop, STDIN_FILENO, out, options->log_io, &handlers);
    if (!program->transport) {
        uv_run(&program->loop, UV_RUN_DEFAULT);
        uv_loop_close(&program->loop);
        free(program);
        return 1;
    }
    watch_signals(program);
    uv_timer_init(&program->loop, &program->close_timer);
    program->close_timer.data = program;
    struct lsp_server_options server_options = {
        .host_flag = options->host_flag,
        .sink = {send_message, takes_message, program},
        .on_exit = on_exit_message,
        .data = program,
    };
    program->server = lsp_server_create(&program->loop, &server_options);
    run(program);

    int exit_code = program->exit_code;
    if (program->has_failed) {
        return exit_code; // the handles that hang still point into `program`
    }
    if (NEVER(uv_loop_close(&program->loop) != 0)) {
        return exit_code;
    }
    free(program);
    return exit_code;
}
