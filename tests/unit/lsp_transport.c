// SPDX-License-Identifier: MIT
//
// The transport over pipes and files: nothing blocks, what a client does not read waits within
// bounds, and at the end what was said still leaves.
#include "lsp/transport.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/limits.h"

#define LIMIT_MS 20000

struct wire {
    uv_loop_t loop;
    uv_timer_t limit;
    struct transport *transport;
    int to_server;   // our end of its input, −1: closed
    int from_server; // our end of its output
    size_t messages;
    size_t garbage;
    size_t ends;
    bool closed;
    bool is_over;
};

static void on_message(void *data, struct str message) {
    (void)message;
    ((struct wire *)data)->messages++;
}

static void on_garbage(void *data, struct str problem) {
    (void)problem;
    ((struct wire *)data)->garbage++;
}

static void on_end(void *data) {
    ((struct wire *)data)->ends++;
}

static void on_closed(void *data) {
    ((struct wire *)data)->closed = true;
}

static void on_limit(uv_timer_t *timer) {
    ((struct wire *)timer->data)->is_over = true;
}

static void start(struct wire *wire, int in, int out, const char *log_io) {
    struct transport_handlers handlers = {on_message, on_garbage, on_end, wire};
    wire->transport = transport_create(&wire->loop, in, out, log_io, &handlers);
    assert_non_null(wire->transport);
}

static void open_loop(struct wire *wire) {
    *wire = (struct wire){.to_server = -1, .from_server = -1};
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(uv_loop_init(&wire->loop), 0);
    uv_timer_init(&wire->loop, &wire->limit);
    wire->limit.data = wire;
    uv_timer_start(&wire->limit, on_limit, LIMIT_MS, 0);
    uv_unref((uv_handle_t *)&wire->limit);
}

static void open_wire(struct wire *wire) {
    open_loop(wire);
    int in[2];
    int out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    wire->to_server = in[1];
    wire->from_server = out[0];
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    start(wire, in[0], out[1], NULL);
}

static void say(struct wire *wire, const char *text) {
    size_t n = strlen(text);
    assert_int_equal(write(wire->to_server, text, n), (ssize_t)n);
}

// Reads what there is to read; returns how much.
static size_t drain(struct wire *wire) {
    char buffer[65536];
    size_t n = 0;
    ssize_t got;
    while ((got = read(wire->from_server, buffer, sizeof(buffer))) > 0) {
        n += (size_t)got;
    }
    return n;
}

static void close_wire(struct wire *wire, uint64_t linger_ms) {
    transport_close(wire->transport, linger_ms, on_closed, wire);
    uv_close((uv_handle_t *)&wire->limit, NULL);
    uv_run(&wire->loop, UV_RUN_DEFAULT);
    assert_true(wire->closed);
    assert_int_equal(uv_loop_close(&wire->loop), 0);
    if (wire->to_server >= 0) {
        close(wire->to_server);
    }
    if (wire->from_server >= 0) {
        close(wire->from_server);
    }
}

static void test_pipes(void **state) {
    (void)state;
    struct wire wire;
    open_wire(&wire);
    say(&wire, "Content-Length: 2\r\n\r\n{}junk\r\nContent-Length: 4\r\n\r\nnull");
    while (wire.messages < 2 && !wire.is_over) {
        uv_run(&wire.loop, UV_RUN_ONCE);
    }
    assert_int_equal(wire.messages, 2);
    assert_int_equal(wire.garbage, 1);
    assert_true(transport_send(wire.transport, STR("{}"), SEND_NEEDED));
    assert_true(transport_send(wire.transport, STR("[]"), SEND_DROPPABLE));
    size_t n = 0;
    while (n < 2 * 23 && !wire.is_over) {
        uv_run(&wire.loop, UV_RUN_NOWAIT);
        n += drain(&wire);
    }
    assert_int_equal(n, 2 * 23);
    close(wire.to_server);
    wire.to_server = -1;
    while (!wire.ends && !wire.is_over) {
        uv_run(&wire.loop, UV_RUN_ONCE);
    }
    assert_int_equal(wire.ends, 1);
    close_wire(&wire, 100);
}

// A client that writes and does not read: droppable messages go first, then reading stops, and goes
// on when the client reads again.
static void test_client_that_does_not_read(void **state) {
    (void)state;
    struct wire wire;
    open_wire(&wire);
    size_t size = 1024 * 1024;
    char *text = malloc(size);
    memset(text, ' ', size);
    struct str mebibyte = {text, size};
    size_t sent = 0;
    while (transport_queued(wire.transport) <= LIMIT_WRITE_PROGRESS) {
        assert_true(transport_send(wire.transport, mebibyte, SEND_DROPPABLE));
        sent++;
    }
    assert_in_range(sent, 4, 6);
    assert_false(transport_send(wire.transport, STR("{}"), SEND_DROPPABLE));
    say(&wire, "Content-Length: 2\r\n\r\n{}");
    while (wire.messages < 1 && !wire.is_over) {
        uv_run(&wire.loop, UV_RUN_ONCE); // still read
    }
    while (transport_queued(wire.transport) <= LIMIT_WRITE_QUEUE) {
        assert_true(transport_send(wire.transport, mebibyte, SEND_NEEDED));
        sent++;
    }
    say(&wire, "Content-Length: 2\r\n\r\n{}");
    for (int i = 0; i < 50; i++) {
        uv_run(&wire.loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(wire.messages, 1); // not read any more
    size_t n = 0;
    while (wire.messages < 2 && !wire.is_over) {
        uv_run(&wire.loop, UV_RUN_NOWAIT);
        n += drain(&wire);
    }
    assert_int_equal(wire.messages, 2);
    assert_true(n >= LIMIT_WRITE_QUEUE / 4);
    while (transport_queued(wire.transport) > 0 && !wire.is_over) {
        uv_run(&wire.loop, UV_RUN_NOWAIT);
        n += drain(&wire);
    }
    n += drain(&wire);
    assert_true(n > sent * size); // every byte, and the headers
    assert_true(transport_send(wire.transport, STR("{}"), SEND_DROPPABLE));
    free(text);
    close_wire(&wire, 100);
}

// A client that never reads again costs the limit, not the memory of the machine, and the end is
// told.
static void test_queue_is_bounded(void **state) {
    (void)state;
    struct wire wire;
    open_wire(&wire);
    size_t size = 16u * 1024 * 1024;
    char *text = malloc(size);
    memset(text, ' ', size);
    size_t sent = 0;
    while (sent < 100 && transport_send(wire.transport, str_of(text, size), SEND_NEEDED)) {
        sent++;
    }
    assert_in_range(sent, 4, 30);
    while (!wire.ends && !wire.is_over) {
        uv_run(&wire.loop, UV_RUN_ONCE);
    }
    assert_int_equal(wire.ends, 1);
    free(text);
    close_wire(&wire, 50);
}

static void test_lingers_for_slow_readers_only_so_long(void **state) {
    (void)state;
    struct wire wire;
    open_wire(&wire);
    size_t size = 1024 * 1024;
    char *text = calloc(1, size);
    assert_true(transport_send(wire.transport, str_of(text, size), SEND_NEEDED));
    int64_t begin = clock_ms();
    close_wire(&wire, 100); // nobody reads
    assert_in_range(clock_ms() - begin, 50, 5000);
    free(text);
}

static void test_closed_output_ends_it(void **state) {
    (void)state;
    struct wire wire;
    open_wire(&wire);
    close(wire.from_server);
    wire.from_server = -1;
    transport_send(wire.transport, STR("{}"), SEND_NEEDED);
    while (!wire.ends && !wire.is_over) {
        uv_run(&wire.loop, UV_RUN_ONCE);
    }
    assert_int_equal(wire.ends, 1);
    assert_false(transport_send(wire.transport, STR("{}"), SEND_NEEDED));
    close_wire(&wire, 100);
}

// Test drivers feed and catch files; --log-io writes both directions.
static void test_files(void **state) {
    (void)state;
    char in_path[] = "/tmp/ollama-ls-in-XXXXXX";
    char out_path[] = "/tmp/ollama-ls-out-XXXXXX";
    char log_path[] = "/tmp/ollama-ls-log-XXXXXX";
    int in = mkstemp(in_path);
    int out = mkstemp(out_path);
    int log = mkstemp(log_path);
    assert_true(in >= 0 && out >= 0 && log >= 0);
    const char *input = "Content-Length: 12\r\n\r\n{\"a\":\n\"\\n\"} Content-Length: 1\r\n\r\n{";
    assert_int_equal(write(in, input, strlen(input)), (ssize_t)strlen(input));
    lseek(in, 0, SEEK_SET);
    struct wire wire;
    open_loop(&wire);
    start(&wire, in, out, log_path);
    while (!wire.ends && !wire.is_over) {
        uv_run(&wire.loop, UV_RUN_ONCE);
    }
    assert_int_equal(wire.messages, 2);
    assert_int_equal(wire.ends, 1);
    for (int i = 0; i < 10; i++) {
        assert_true(transport_send(wire.transport, STR("[1]"), SEND_NEEDED));
    }
    close_wire(&wire, 1000);
    assert_int_equal(lseek(out, 0, SEEK_END), 10 * 24);
    char text[4096] = {0};
    assert_true(read(log, text, sizeof(text) - 1) > 0);
    assert_non_null(strstr(text, "\"direction\":\"in\",\"message\":{\"a\": \"\\n\"} }\n"));
    assert_non_null(strstr(text, "\"direction\":\"in\",\"raw\":\"{\"}\n"));
    assert_non_null(strstr(text, "\"direction\":\"out\",\"message\":[1]}\n"));
    close(in);
    close(out);
    close(log);
    unlink(in_path);
    unlink(out_path);
    unlink(log_path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipes),
        cmocka_unit_test(test_client_that_does_not_read),
        cmocka_unit_test(test_queue_is_bounded),
        cmocka_unit_test(test_lingers_for_slow_readers_only_so_long),
        cmocka_unit_test(test_closed_output_ends_it),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
