// SPDX-License-Identifier: MIT
//
// HTTP on libcurl's multi-socket interface driven by the caller's libuv loop. The only file that
// knows curl is http.c. Loop thread only. Connections are kept and reused. Reference: libcurl's own
// wiring of CURLMOPT_SOCKETFUNCTION / TIMERFUNCTION to an event loop.
//
// Rules of every transfer: no redirects are followed, no Origin, Expect or Referer header is sent,
// no cookies; a loopback host is never reached through a proxy; TLS is always verified; connect
// timeout TIME_CONNECT_MS. There is no first-byte or low-speed timeout unless asked for: a model
// may load for minutes in silence.
//
// No handler ever runs inside curl: bytes are set aside and handed over after curl has returned, so
// a handler may start and cancel whatever it likes. curl itself (and with it the TLS library) is
// set up by the first http_start, not at program start. TLS writes can raise SIGPIPE: the program
// must ignore that signal.
#pragma once

#include <uv.h>

#include "base/arena.h"
#include "base/err.h"

struct http;      // the client: one per loop
struct http_call; // one transfer, owned by the client until done

struct http_header {
    struct str name;
    struct str value;
};

struct http_request {
    struct str method; // "GET", "POST", "DELETE", "HEAD"
    struct str url;    // http or https, without user:password@
    struct str body;   // empty: none. Sent as application/json. Copied
    // Instead of `body`: `body_size` bytes from the start of this file, sent as
    // application/octet-stream, read in pieces on libuv's thread pool. Open for reading; a
    // duplicate is kept, so the caller may close its own. A file that turns out shorter makes the
    // call end with ERR_CONFLICT, one that cannot be read with ERR_IO.
    bool has_file;
    int body_fd;
    int64_t body_size;
    // Extra ones; copied. Those with a line break or NUL, and those that would change the framing
    // (Content-Length, Transfer-Encoding, Connection, Expect), make the call end with ERR_INVALID.
    const struct http_header *headers;
    size_t n_headers;
    int64_t total_ms; // limit for the whole call, 0: none
    size_t max_body;  // bytes of the answer; more is ERR_LIMIT. 0: no limit (streams)
    bool no_proxy;    // also implied by a loopback host
};

struct http_response {
    long status;             // 0 if no answer came
    struct str content_type; // media type without parameters, lower case
    int64_t connect_us;      // time to connect, 0 on a reused connection
    int64_t first_byte_us;
    int64_t total_us;
    bool reused;  // connection was reused
    bool refused; // nobody listens at that address (ERR_IO)
};

struct http_handlers {
    // Headers are there. May be NULL.
    void (*on_headers)(void *data, const struct http_response *response);
    // A piece of the body, borrowed for the call. Return false to abort (ends with ERR_CANCELLED).
    bool (*on_body)(void *data, const struct http_response *response, struct str bytes);
    // Exactly once, never from inside http_start or http_cancel; the call is gone afterwards.
    // `error` is filled when result is not ERR_OK: ERR_CANCELLED, ERR_TIMEOUT, ERR_IO (refused,
    // unresolvable, reset, TLS), ERR_LIMIT, ERR_PROTOCOL, ERR_INVALID (the request itself). An HTTP
    // status of 400 is no error here. Borrowed.
    void (*on_done)(void *data, enum err result, const struct http_response *response,
                    const struct error *error);
    void *data;
    // So many bytes of a file are on their way; falls when they are sent anew. May be NULL.
    void (*on_sent)(void *data, int64_t n);
};

// Returns owned, or NULL when curl cannot be set up.
struct http *http_create(uv_loop_t *loop);

// Cancels all calls (their on_done runs on a later turn), closes the handles, then frees itself and
// calls on_closed (may be NULL). What is started meanwhile ends with ERR_CANCELLED.
void http_close(struct http *http, void (*on_closed)(void *data), void *data);

// Starts a transfer. The call is valid until its on_done. Never NULL: what fails at once is
// reported by on_done on a later turn.
struct http_call *http_start(struct http *http, const struct http_request *request,
                             const struct http_handlers *handlers);

// The socket is closed before this returns, also while the name is being resolved, the connection
// is being made or the server is silent. No on_body follows; on_done(ERR_CANCELLED) comes after
// this has returned. Idempotent.
void http_cancel(struct http_call *call);

size_t http_in_flight(const struct http *http); // calls whose on_done has not run
uv_loop_t *http_loop(const struct http *http);
