// SPDX-License-Identifier: MIT
//
// A scripted HTTP server on 127.0.0.1 in the test's own loop. A handler sees each request and
// answers with the functions below, as politely or as badly as the test wants.
#pragma once

#include <uv.h>

#include "base/buf.h"

struct fake_conn {
    uv_tcp_t tcp;
    struct fake_http *server;
    struct fake_conn *next;
    struct buf in;
    unsigned n_requests;
    bool is_open;     // our end is open
    bool peer_closed; // the client closed or reset the connection
    size_t n_sent;    // bytes handed to the kernel
    char *flood;      // what is sent for ever
    size_t flood_n;
    struct buf slow; // what is sent in pieces
    size_t slow_at;
    unsigned seed;
    uv_timer_t timer;
    unsigned n_handles;
};

struct fake_request {
    struct str method;
    struct str path;
    struct str head; // request line and headers
    struct str body;
};

typedef void (*fake_handler)(void *data, struct fake_conn *conn,
                             const struct fake_request *request);

struct fake_http {
    uv_tcp_t tcp;
    uv_loop_t *loop;
    fake_handler handler;
    void *data;
    struct fake_conn *conns; // newest first; kept until fake_http_close
    unsigned n_connections;
    unsigned n_requests;
    int port;
    char url[64];
    bool is_listening;
};

// `port` 0: any free one.
void fake_http_open(struct fake_http *server, uv_loop_t *loop, int port, fake_handler handler,
                    void *data);
void fake_http_stop_listening(struct fake_http *server);
// Closes everything and runs the loop until that is done.
void fake_http_close(struct fake_http *server);

void fake_send(struct fake_conn *conn, struct str bytes); // raw
void fake_send_text(struct fake_conn *conn, const char *text);
// A whole answer with Content-Length.
void fake_answer(struct fake_conn *conn, int status, const char *type, const char *body);
// Headers of a chunked NDJSON answer, one chunk, and the last chunk.
void fake_stream_begin(struct fake_conn *conn);
void fake_stream_chunk(struct fake_conn *conn, const char *text);
void fake_stream_end(struct fake_conn *conn);
// Sends in random pieces of 1 to 7 bytes, one per turn of the loop.
void fake_send_slowly(struct fake_conn *conn, struct str bytes, unsigned seed);
// Sends `block` again and again until the client closes.
void fake_flood(struct fake_conn *conn, struct str block);
void fake_end(struct fake_conn *conn);   // orderly close once all is sent
void fake_reset(struct fake_conn *conn); // RST
// Looks at the socket without the loop: did the client close it? Waits at most `ms`.
bool fake_sees_close(struct fake_conn *conn, int ms);

// A port on 127.0.0.1 where nobody listens.
int fake_free_port(void);

// Runs the loop until *flag or `ms` have passed; returns *flag.
bool run_until(uv_loop_t *loop, const bool *flag, uint64_t ms);
// Runs the loop for `ms`.
void run_for(uv_loop_t *loop, uint64_t ms);
