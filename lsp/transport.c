// SPDX-License-Identifier: MIT
//
// Two buffers take turns: `writing` belongs to the write in flight, `pending` collects what is sent
// meanwhile, so that many small messages leave in one write. Files cannot be polled: they go
// through libuv's thread pool, one operation at a time (test drivers feed files).
//
// Invariant: at most one read and one write are in flight, and after `is_stopped` no handler is
// called.
#include "lsp/transport.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "lsp/framing.h"
#include "lsp/transcript.h"

#define LOG_MODULE "transport"
#define READ_SIZE (64u * 1024)
#define KEEP_CAPACITY (256u * 1024) // a larger output buffer is given back when it is empty

// One direction.
struct channel {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_pipe_t pipe;
        uv_tty_t tty;
        uv_tcp_t tcp;
    } uv;
    bool has_handle; // `uv` is to be closed
    bool is_file;
    int fd;
    uv_fs_t fs;   // is_file
    bool is_busy; // is_file: `fs` is in flight
};

struct transport {
    uv_loop_t *loop;
    struct channel in;
    struct channel out;
    struct framer framer;
    struct transcript *transcript;
    struct transport_handlers handlers;
    char *read_buffer;
    uv_buf_t fs_buffer;

    struct buf pending;
    struct buf writing;
    uv_write_t write;
    bool is_writing;

    bool is_reading;
    bool is_paused;  // the queue is too long
    bool is_stopped; // transport_stop_reading
    bool is_ended;   // on_end was called
    bool is_broken;  // the other side takes no more output
    bool is_closing;
    uv_timer_t timer; // lingering, or telling of a broken output
    size_t open_handles;
    void (*on_closed)(void *data);
    void *closed_data;
};

static void start_reading(struct transport *transport);
static void write_more(struct transport *transport);
static void close_handles(struct transport *transport);

size_t transport_queued(const struct transport *transport) {
    return transport->pending.n + transport->writing.n;
}

static void end_of_input(struct transport *transport) {
    if (!transport->is_ended && !transport->is_stopped) {
        transport->is_ended = true;
        transport->handlers.on_end(transport->handlers.data);
    }
}

// --- input ---

static void take_bytes(struct transport *transport, struct str bytes) {
    framer_feed(&transport->framer, bytes);
    struct str out;
    while (!transport->is_stopped) {
        switch (framer_next(&transport->framer, &out)) {
        case FRAME_NONE: return;
        case FRAME_MESSAGE:
            transcript_add(transport->transcript, true, out);
            transport->handlers.on_message(transport->handlers.data, out);
            break;
        case FRAME_GARBAGE:
            LOG_WRN("%.*s", STR_ARG(out));
            transport->handlers.on_garbage(transport->handlers.data, out);
            break;
        }
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    struct transport *transport = handle->data;
    (void)suggested;
    *buf = uv_buf_init(transport->read_buffer, READ_SIZE);
}

static void pause_if_full(struct transport *transport) {
    if (!transport->is_paused && transport_queued(transport) > LIMIT_WRITE_QUEUE) {
        LOG_WRN("the client does not read: input waits");
        transport->is_paused = true;
        if (transport->is_reading && !transport->in.is_file) {
            uv_read_stop(&transport->in.uv.stream);
            transport->is_reading = false;
        }
    }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    struct transport *transport = stream->data;
    if (n > 0) {
        take_bytes(transport, str_of(buf->base, (size_t)n));
    } else if (n < 0) {
        if (n != UV_EOF) {
            LOG_WRN("reading failed: %s", uv_strerror((int)n));
        }
        uv_read_stop(stream);
        transport->is_reading = false;
        end_of_input(transport);
    }
}

static void on_file_read(uv_fs_t *fs) {
    struct transport *transport = fs->data;
    ssize_t n = fs->result;
    uv_fs_req_cleanup(fs);
    transport->in.is_busy = false;
    transport->is_reading = false;
    if (transport->is_closing) {
        close_handles(transport);
    } else if (n > 0) {
        take_bytes(transport, str_of(transport->read_buffer, (size_t)n));
        start_reading(transport);
    } else {
        end_of_input(transport);
    }
}

static void start_reading(struct transport *transport) {
    if (transport->is_reading || transport->is_paused || transport->is_stopped ||
        transport->is_ended) {
        return;
    }
    int failure;
    if (transport->in.is_file) {
        transport->fs_buffer = uv_buf_init(transport->read_buffer, READ_SIZE);
        transport->in.fs.data = transport;
        failure = uv_fs_read(transport->loop, &transport->in.fs, transport->in.fd,
                             &transport->fs_buffer, 1, -1, on_file_read);
        transport->in.is_busy = failure == 0;
    } else {
        failure = uv_read_start(&transport->in.uv.stream, on_alloc, on_read);
    }
    transport->is_reading = failure == 0;
    if (failure) {
        LOG_ERR("reading failed: %s", uv_strerror(failure));
        end_of_input(transport);
    }
}

// --- output ---

static void empty_buffer(struct buf *buf) {
    if (buf->cap > KEEP_CAPACITY) {
        size_t max = buf->max;
        buf_finish(buf);
        buf_init(buf, max);
    } else {
        buf_clear(buf);
    }
}

static void on_broken(uv_timer_t *timer) {
    end_of_input(timer->data);
}

// The session is over, but senders need not hear of it from inside transport_send.
static void break_output(struct transport *transport, const char *why) {
    if (!transport->is_broken) {
        LOG_WRN("writing failed: %s", why);
        transport->is_broken = true;
        if (!transport->is_closing) {
            uv_timer_start(&transport->timer, on_broken, 0, 0);
        }
    }
    empty_buffer(&transport->pending);
}

static void after_write(struct transport *transport, int failure) {
    transport->is_writing = false;
    empty_buffer(&transport->writing);
    if (failure) {
        break_output(transport, uv_strerror(failure));
    }
    if (transport->is_paused && transport_queued(transport) < LIMIT_WRITE_QUEUE / 2) {
        transport->is_paused = false;
        start_reading(transport);
    }
    if (transport->pending.n > 0 && !transport->is_broken) {
        write_more(transport);
    } else if (transport->is_closing) {
        close_handles(transport);
    }
}

static void on_written(uv_write_t *write, int status) {
    after_write(write->data, status);
}

static void on_file_written(uv_fs_t *fs) {
    struct transport *transport = fs->data;
    ssize_t n = fs->result;
    uv_fs_req_cleanup(fs);
    transport->out.is_busy = false;
    if (n >= 0 && (size_t)n < transport->writing.n) {
        buf_consume(&transport->writing, (size_t)n); // a short write: the rest goes first
        uv_buf_t rest = uv_buf_init(transport->writing.p, (unsigned)transport->writing.n);
        int failure = uv_fs_write(transport->loop, &transport->out.fs, transport->out.fd, &rest, 1,
                                  -1, on_file_written);
        transport->out.is_busy = failure == 0;
        if (failure) {
            after_write(transport, failure);
        }
        return;
    }
    after_write(transport, n < 0 ? (int)n : 0);
}

static void write_more(struct transport *transport) {
    struct buf swap = transport->writing;
    transport->writing = transport->pending;
    transport->pending = swap;
    uv_buf_t bytes = uv_buf_init(transport->writing.p, (unsigned)transport->writing.n);
    int failure;
    if (transport->out.is_file) {
        transport->out.fs.data = transport;
        failure = uv_fs_write(transport->loop, &transport->out.fs, transport->out.fd, &bytes, 1, -1,
                              on_file_written);
        transport->out.is_busy = failure == 0;
    } else {
        transport->write.data = transport;
        failure = uv_write(&transport->write, &transport->out.uv.stream, &bytes, 1, on_written);
    }
    transport->is_writing = failure == 0;
    if (failure) {
        empty_buffer(&transport->writing);
        break_output(transport, uv_strerror(failure));
    }
}

bool transport_takes(const struct transport *transport, enum send_class class) {
    size_t queued = transport_queued(transport);
    return !transport->is_broken && !transport->is_closing &&
           !(class == SEND_DROPPABLE && queued > LIMIT_WRITE_PROGRESS) &&
           !(class == SEND_STREAM && queued > LIMIT_WRITE_STREAM);
}

bool transport_send(struct transport *transport, struct str message, enum send_class class) {
    if (!transport_takes(transport, class)) {
        return false;
    }
    if (!frame_append(&transport->pending, message)) {
        break_output(transport, "the client reads nothing and the queue is full");
        return false;
    }
    transcript_add(transport->transcript, false, message);
    if (!transport->is_writing) {
        write_more(transport);
    }
    pause_if_full(transport);
    return true;
}

// --- life ---

static int open_channel(struct transport *transport, struct channel *channel, int fd) {
    channel->fd = fd;
    uv_handle_type type = uv_guess_handle(fd);
    int failure = UV_EBADF;
    if (type == UV_FILE) {
        channel->is_file = true;
        return 0;
    } else if (type == UV_TTY) {
        failure = uv_tty_init(transport->loop, &channel->uv.tty, fd, 0);
    } else if (type == UV_TCP) {
        failure = uv_tcp_init(transport->loop, &channel->uv.tcp);
    } else if (type == UV_NAMED_PIPE) {
        failure = uv_pipe_init(transport->loop, &channel->uv.pipe, 0);
    }
    if (failure) {
        return failure;
    }
    channel->has_handle = true;
    channel->uv.handle.data = transport;
    transport->open_handles++;
    if (type == UV_TCP) {
        failure = uv_tcp_open(&channel->uv.tcp, fd);
    } else if (type == UV_NAMED_PIPE) {
        failure = uv_pipe_open(&channel->uv.pipe, fd);
    }
    return failure;
}

struct transport *transport_create(uv_loop_t *loop, int in_fd, int out_fd, const char *log_io,
                                   const struct transport_handlers *handlers) {
    struct transport *transport = mem_alloc(sizeof(*transport));
    transport->loop = loop;
    transport->handlers = *handlers;
    framer_init(&transport->framer);
    size_t max = (size_t)LIMIT_WRITE_QUEUE + LIMIT_MESSAGE * (size_t)2;
    buf_init(&transport->pending, max);
    buf_init(&transport->writing, max);
    transport->read_buffer = mem_alloc(READ_SIZE);
    uv_timer_init(loop, &transport->timer);
    transport->timer.data = transport;
    transport->open_handles = 1;
    if (log_io) {
        transport->transcript = transcript_open(log_io);
        if (!transport->transcript) {
            LOG_ERR("the transcript %s cannot be written", log_io);
        }
    }
    int failure = open_channel(transport, &transport->in, in_fd);
    if (!failure) {
        failure = open_channel(transport, &transport->out, out_fd);
    }
    if (failure) {
        LOG_ERR("standard input or output cannot be used: %s", uv_strerror(failure));
        transport_close(transport, 0, NULL, NULL);
        return NULL;
    }
    start_reading(transport);
    return transport;
}

void transport_stop_reading(struct transport *transport) {
    transport->is_stopped = true;
    if (transport->is_reading && !transport->in.is_file) {
        uv_read_stop(&transport->in.uv.stream);
        transport->is_reading = false;
    }
}

static void free_transport(struct transport *transport) {
    void (*on_closed)(void *data) = transport->on_closed;
    void *data = transport->closed_data;
    framer_finish(&transport->framer);
    buf_finish(&transport->pending);
    buf_finish(&transport->writing);
    transcript_close(transport->transcript);
    free(transport->read_buffer);
    free(transport);
    if (on_closed) {
        on_closed(data);
    }
}

static void on_handle_closed(uv_handle_t *handle) {
    struct transport *transport = handle->data;
    if (--transport->open_handles == 0) {
        free_transport(transport);
    }
}

// Runs when nothing is left to write or the time is over; again when a file operation has ended.
static void close_handles(struct transport *transport) {
    uv_timer_stop(&transport->timer);
    if (transport->in.is_busy || transport->out.is_busy) {
        if (transport->in.is_busy) {
            uv_cancel((uv_req_t *)&transport->in.fs);
        }
        return;
    }
    if (uv_is_closing((uv_handle_t *)&transport->timer)) {
        return;
    }
    uv_close((uv_handle_t *)&transport->timer, on_handle_closed);
    if (transport->in.has_handle) {
        uv_close(&transport->in.uv.handle, on_handle_closed);
    }
    if (transport->out.has_handle) {
        uv_close(&transport->out.uv.handle, on_handle_closed);
    }
}

static void on_linger_over(uv_timer_t *timer) {
    struct transport *transport = timer->data;
    LOG_WRN("%zu bytes were not read by the client", transport_queued(transport));
    close_handles(transport);
}

void transport_close(struct transport *transport, uint64_t linger_ms, void (*on_closed)(void *data),
                     void *data) {
    transport_stop_reading(transport);
    transport->is_closing = true;
    transport->on_closed = on_closed;
    transport->closed_data = data;
    if (transport_queued(transport) == 0 || transport->is_broken || linger_ms == 0) {
        close_handles(transport);
    } else {
        uv_timer_start(&transport->timer, on_linger_over, linger_ms, 0);
    }
}
