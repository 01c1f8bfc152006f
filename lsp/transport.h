// SPDX-License-Identifier: MIT
//
// Framed messages over two file descriptors of any kind (pipe, socket, terminal, file), never
// blocking: what the other side does not read waits in a bounded queue. Loop thread only.
#pragma once

#include <uv.h>

#include "lsp/rpc.h"

struct transport; // owned

struct transport_handlers {
    void (*on_message)(void *data, struct str message); // a body, borrowed for the call
    void (*on_garbage)(void *data, struct str problem); // bytes that are no message
    // Once: the input ended, or the other side no longer takes output.
    void (*on_end)(void *data);
    void *data;
};

// Pipes, sockets and terminals are closed by transport_close; files stay the caller's. `log_io` may
// be NULL. Returns owned, or NULL if a descriptor cannot be used.
struct transport *transport_create(uv_loop_t *loop, int in_fd, int out_fd, const char *log_io,
                                   const struct transport_handlers *handlers);

// Sends or queues. A SEND_DROPPABLE message is dropped (false) while more than LIMIT_WRITE_PROGRESS
// bytes wait, a SEND_STREAM one while more than LIMIT_WRITE_STREAM do; above LIMIT_WRITE_QUEUE
// reading stops until the queue is half empty.
bool transport_send(struct transport *transport, struct str message, enum send_class class);

bool transport_takes(const struct transport *transport, enum send_class class); // as send would now
size_t transport_queued(const struct transport *transport);                     // bytes that wait

// No handler is called after this.
void transport_stop_reading(struct transport *transport);

// Sends what is queued, for at most `linger_ms`, closes all handles, frees itself, calls on_closed.
void transport_close(struct transport *transport, uint64_t linger_ms, void (*on_closed)(void *data),
                     void *data);
