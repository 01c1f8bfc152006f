// SPDX-License-Identifier: MIT
//
// The fake server of the ollama/io tests. It lives in the test's loop, so a test is one thread and
// every run takes the same course.
#include "support/fake_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"

enum { TICK_MS = 2 };

static void must(int status) {
    if (status < 0) {
        fprintf(stderr, "fake_http: %s\n", uv_strerror(status));
        abort();
    }
}

// --- the connection ---

static void on_conn_handle_closed(uv_handle_t *handle) {
    struct fake_conn *conn = handle->data;
    conn->n_handles--;
}

static void conn_close(struct fake_conn *conn) {
    if (!conn->is_open) {
        return;
    }
    conn->is_open = false;
    uv_close((uv_handle_t *)&conn->tcp, on_conn_handle_closed);
    uv_close((uv_handle_t *)&conn->timer, on_conn_handle_closed);
}

struct write {
    uv_write_t request;
    struct fake_conn *conn;
    char *bytes;
};

static void write_flood(struct fake_conn *conn);

static void on_written(uv_write_t *request, int status) {
    struct write *write = (struct write *)(void *)request;
    struct fake_conn *conn = write->conn;
    free(write->bytes);
    free(write);
    if (status != 0 && status != UV_ECANCELED) {
        conn->peer_closed = true;
        conn_close(conn);
    }
    if (conn->is_open && conn->flood) {
        write_flood(conn);
    }
}

void fake_send(struct fake_conn *conn, struct str bytes) {
    if (!conn->is_open) {
        return;
    }
    struct write *write = mem_alloc(sizeof(*write));
    write->conn = conn;
    write->bytes = mem_strdup(bytes);
    uv_buf_t buf = uv_buf_init(write->bytes, (unsigned)bytes.n);
    conn->n_sent += bytes.n;
    if (uv_write(&write->request, (uv_stream_t *)&conn->tcp, &buf, 1, on_written) != 0) {
        free(write->bytes);
        free(write);
    }
}

void fake_send_text(struct fake_conn *conn, const char *text) {
    fake_send(conn, str_from(text));
}

static void write_flood(struct fake_conn *conn) {
    fake_send(conn, str_of(conn->flood, conn->flood_n));
}

void fake_flood(struct fake_conn *conn, struct str block) {
    conn->flood = mem_strdup(block);
    conn->flood_n = block.n;
    write_flood(conn);
}

static void on_slow(uv_timer_t *timer) {
    struct fake_conn *conn = timer->data;
    size_t left = conn->slow.n - conn->slow_at;
    conn->seed = conn->seed * 1103515245u + 12345u;
    size_t n = 1 + (conn->seed >> 16) % 7;
    n = n < left ? n : left;
    fake_send(conn, str_of(conn->slow.p + conn->slow_at, n));
    conn->slow_at += n;
    if (conn->slow_at == conn->slow.n) {
        uv_timer_stop(timer);
    }
}

void fake_send_slowly(struct fake_conn *conn, struct str bytes, unsigned seed) {
    buf_append(&conn->slow, bytes);
    conn->seed = seed;
    uv_timer_start(&conn->timer, on_slow, 0, 1);
}

void fake_answer(struct fake_conn *conn, int status, const char *type, const char *body) {
    struct buf out;
    buf_init(&out, 64 * 1024 * 1024);
    buf_printf(&out, "HTTP/1.1 %d X\r\n", status);
    if (type) {
        buf_printf(&out, "Content-Type: %s\r\n", type);
    }
    buf_printf(&out, "Content-Length: %zu\r\n\r\n", strlen(body));
    buf_append(&out, str_from(body));
    fake_send(conn, buf_str(&out));
    buf_finish(&out);
}

void fake_stream_begin(struct fake_conn *conn) {
    fake_send_text(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n");
}

void fake_stream_chunk(struct fake_conn *conn, const char *text) {
    struct buf out;
    buf_init(&out, 1024 * 1024);
    buf_printf(&out, "%zx\r\n%s\r\n", strlen(text), text);
    fake_send(conn, buf_str(&out));
    buf_finish(&out);
}

void fake_stream_end(struct fake_conn *conn) {
    fake_send_text(conn, "0\r\n\r\n");
}

static void on_shut_down(uv_shutdown_t *request, int status) {
    (void)status;
    conn_close(request->data);
    free(request);
}

void fake_end(struct fake_conn *conn) {
    uv_shutdown_t *request = mem_alloc(sizeof(*request));
    request->data = conn;
    if (!conn->is_open || uv_shutdown(request, (uv_stream_t *)&conn->tcp, on_shut_down) != 0) {
        free(request);
    }
}

void fake_reset(struct fake_conn *conn) {
    if (conn->is_open) {
        conn->is_open = false;
        uv_tcp_close_reset(&conn->tcp, on_conn_handle_closed);
        uv_close((uv_handle_t *)&conn->timer, on_conn_handle_closed);
    }
}

bool fake_sees_close(struct fake_conn *conn, int ms) {
    uv_os_fd_t fd;
    char byte;
    must(uv_fileno((uv_handle_t *)&conn->tcp, &fd));
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN | POLLRDHUP};
    if (poll(&poll_fd, 1, ms) <= 0) {
        return false;
    }
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

// --- requests ---

static size_t content_length(struct str head) {
    struct str line;
    while (str_next_line(&head, &line)) {
        if (str_istarts(line, STR("Content-Length:"))) {
            int64_t n = 0;
            str_to_int64(str_trim(str_from_index(line, 15)), &n);
            return (size_t)n;
        }
    }
    return 0;
}

static void conn_parse(struct fake_conn *conn) {
    while (conn->is_open) {
        struct str in = buf_str(&conn->in);
        size_t end = str_find(in, STR("\r\n\r\n"));
        if (end == STR_NPOS) {
            return;
        }
        struct fake_request request = {.head = str_slice(in, 0, end + 2)};
        size_t n_body = content_length(request.head);
        if (in.n < end + 4 + n_body) {
            return;
        }
        request.body = str_slice(in, end + 4, end + 4 + n_body);
        struct str rest = request.head;
        struct str line;
        str_next_line(&rest, &line);
        request.method = str_split(&line, ' ');
        request.path = str_split(&line, ' ');
        conn->n_requests++;
        conn->server->n_requests++;
        conn->server->handler(conn->server->data, conn, &request);
        buf_consume(&conn->in, end + 4 + n_body);
    }
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf) {
    (void)handle;
    *buf = uv_buf_init(mem_alloc(size), (unsigned)size);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    struct fake_conn *conn = stream->data;
    if (n < 0) {
        conn->peer_closed = true;
        conn_close(conn);
    } else if (n > 0) {
        buf_append(&conn->in, str_of(buf->base, (size_t)n));
        conn_parse(conn);
    }
    free(buf->base);
}

static void on_connection(uv_stream_t *stream, int status) {
    struct fake_http *server = stream->data;
    must(status);
    struct fake_conn *conn = mem_alloc(sizeof(*conn));
    conn->server = server;
    conn->next = server->conns;
    server->conns = conn;
    server->n_connections++;
    buf_init(&conn->in, 64 * 1024 * 1024);
    buf_init(&conn->slow, 64 * 1024 * 1024);
    must(uv_tcp_init(server->loop, &conn->tcp));
    must(uv_timer_init(server->loop, &conn->timer));
    conn->tcp.data = conn;
    conn->timer.data = conn;
    conn->n_handles = 2;
    conn->is_open = true;
    must(uv_accept(stream, (uv_stream_t *)&conn->tcp));
    must(uv_tcp_nodelay(&conn->tcp, 1));
    must(uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read));
}

// --- the server ---

void fake_http_open(struct fake_http *server, uv_loop_t *loop, int port, fake_handler handler,
                    void *data) {
    struct sockaddr_in address;
    int length = sizeof(address);
    memset(server, 0, sizeof(*server));
    server->loop = loop;
    server->handler = handler;
    server->data = data;
    must(uv_ip4_addr("127.0.0.1", port, &address));
    must(uv_tcp_init(loop, &server->tcp));
    server->tcp.data = server;
    must(uv_tcp_bind(&server->tcp, (const struct sockaddr *)&address, 0));
    must(uv_listen((uv_stream_t *)&server->tcp, 128, on_connection));
    must(uv_tcp_getsockname(&server->tcp, (struct sockaddr *)&address, &length));
    server->port = ntohs(address.sin_port);
    server->is_listening = true;
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d", server->port);
}

static void on_server_closed(uv_handle_t *handle) {
    struct fake_http *server = handle->data;
    server->is_listening = false;
}

void fake_http_stop_listening(struct fake_http *server) {
    if (server->is_listening && !uv_is_closing((uv_handle_t *)&server->tcp)) {
        uv_close((uv_handle_t *)&server->tcp, on_server_closed);
    }
}

void fake_http_close(struct fake_http *server) {
    fake_http_stop_listening(server);
    for (struct fake_conn *conn = server->conns; conn; conn = conn->next) {
        conn_close(conn);
    }
    while (server->is_listening) {
        uv_run(server->loop, UV_RUN_ONCE);
    }
    while (server->conns) {
        struct fake_conn *conn = server->conns;
        while (conn->n_handles > 0) {
            uv_run(server->loop, UV_RUN_ONCE);
        }
        server->conns = conn->next;
        buf_finish(&conn->in);
        buf_finish(&conn->slow);
        free(conn->flood);
        free(conn);
    }
}

int fake_free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        abort();
    }
    close(fd);
    return ntohs(address.sin_port);
}

// --- running ---

static void on_limit(uv_timer_t *timer) {
    *(bool *)timer->data = true;
}

static void on_limit_closed(uv_handle_t *handle) {
    free(handle);
}

bool run_until(uv_loop_t *loop, const bool *flag, uint64_t ms) {
    bool is_over = false;
    uv_timer_t *limit = mem_alloc(sizeof(*limit));
    must(uv_timer_init(loop, limit));
    limit->data = &is_over;
    uv_update_time(loop);
    must(uv_timer_start(limit, on_limit, ms, 0));
    // Not UV_RUN_ONCE: a flag set by a timer before it polls would be seen only after the poll.
    while (!*flag && !is_over) {
        struct pollfd poll_fd = {.fd = uv_backend_fd(loop), .events = POLLIN};
        uv_run(loop, UV_RUN_NOWAIT);
        if (!*flag && !is_over && uv_backend_timeout(loop) != 0) {
            poll(&poll_fd, 1, TICK_MS);
        }
    }
    uv_close((uv_handle_t *)limit, on_limit_closed);
    return *flag;
}

void run_for(uv_loop_t *loop, uint64_t ms) {
    const bool never = false;
    run_until(loop, &never, ms);
}
