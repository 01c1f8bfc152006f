// SPDX-License-Identifier: MIT
//
// The body of a request out of a file of any size. The loop never waits for the disk: pieces are
// read on libuv's thread pool, one ahead of the one that is being sent; what asks for more than is
// there is told to wait. Invariants: at most one read is under way; the two pieces are all the
// memory there is; a file dropped while it is being read frees itself when that read is done, and
// until then counts as one of the client's open handles.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "ollama/io/http_internal.h"

enum { PIECE = 512 * 1024 };

struct piece {
    int64_t start; // in the file
    size_t n;
    char *bytes;
};

struct http_file {
    struct http *http;
    struct http_call *call; // NULL: dropped
    int fd;                 // our own
    int64_t size;           // what was promised
    int64_t at;             // what is sent next
    struct piece now;       // holds `at`, or nothing of use
    struct piece next;      // the one read ahead, or being read
    bool is_reading;
    bool is_wanted; // the sender waits
    int failure;    // errno; EOF_EARLY
    uv_work_t work;
};

enum { EOF_EARLY = -1 };

// --- on a thread ---

static void read_piece(uv_work_t *work) {
    struct http_file *file = work->data;
    struct piece *piece = &file->next;
    int64_t left = file->size - piece->start;
    size_t wanted = left < PIECE ? (size_t)left : PIECE;
    while (piece->n < wanted) {
        ssize_t n = pread(file->fd, piece->bytes + piece->n, wanted - piece->n,
                          (off_t)(piece->start + (int64_t)piece->n));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            file->failure = n < 0 ? errno : EOF_EARLY;
            return;
        }
        piece->n += (size_t)n;
    }
}

// --- on the loop ---

static void file_free(struct http_file *file) {
    close(file->fd);
    free(file->now.bytes);
    free(file->next.bytes);
    free(file);
}

static void on_read(uv_work_t *work, int status) {
    struct http_file *file = work->data;
    (void)status;
    file->is_reading = false;
    if (!file->call) {
        struct http *http = file->http;
        file_free(file);
        http_handle_gone(http);
        return;
    }
    file->http->n_handles--; // it was not the last one: the call is there
    if (file->is_wanted) {
        file->is_wanted = false;
        transfer_resume(file->call);
    }
}

static void read_ahead(struct http_file *file, int64_t start) {
    if (file->is_reading || file->failure || start >= file->size) {
        return;
    }
    file->next.start = start;
    file->next.n = 0;
    file->is_reading = true;
    if (uv_queue_work(file->http->loop, &file->work, read_piece, on_read) != 0) {
        file->is_reading = false;
        file->failure = ENOMEM;
        return;
    }
    file->http->n_handles++;
}

static bool holds(const struct piece *piece, int64_t at) {
    return at >= piece->start && at < piece->start + (int64_t)piece->n;
}

struct http_file *http_file_open(struct http_call *call, int fd, int64_t size) {
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0) {
        return NULL;
    }
    struct http_file *file = mem_alloc(sizeof(*file));
    file->http = call->http;
    file->call = call;
    file->fd = own;
    file->size = size;
    file->now.bytes = mem_alloc(PIECE);
    file->next.bytes = mem_alloc(PIECE);
    file->work.data = file;
    return file;
}

enum http_file_step http_file_take(struct http_file *file, char *to, size_t room, size_t *n) {
    *n = 0;
    if (file->at >= file->size) {
        return HTTP_FILE_END;
    }
    if (!holds(&file->now, file->at) && !file->is_reading && holds(&file->next, file->at)) {
        struct piece used = file->now;
        file->now = file->next;
        file->next = used;
        file->next.n = 0;
    }
    if (!holds(&file->now, file->at)) {
        if (!file->is_reading && file->failure) {
            return HTTP_FILE_FAILED;
        }
        read_ahead(file, file->at);
        file->is_wanted = file->is_reading;
        return file->is_wanted ? HTTP_FILE_WAIT : HTTP_FILE_FAILED;
    }
    size_t from = (size_t)(file->at - file->now.start);
    *n = file->now.n - from < room ? file->now.n - from : room;
    memcpy(to, file->now.bytes + from, *n);
    file->at += (int64_t)*n;
    if (!file->is_reading && file->next.n == 0) {
        read_ahead(file, file->now.start + (int64_t)file->now.n);
    }
    return HTTP_FILE_TOOK;
}

bool http_file_seek(struct http_file *file, int64_t at) {
    if (at < 0 || at > file->size) {
        return false;
    }
    file->at = at;
    if (!file->is_reading && !holds(&file->next, at)) {
        file->next.n = 0; // of another place: to be read again when its turn comes
    }
    return true;
}

int64_t http_file_at(const struct http_file *file) {
    return file->at;
}

bool http_file_failed(const struct http_file *file) {
    return file && !file->is_reading && file->failure != 0;
}

enum err http_file_fail(struct http_call *call) {
    int failure = call->file->failure;
    if (failure == EOF_EARLY) {
        return error_set(&call->error, &call->arena, ERR_CONFLICT,
                         "the file became shorter while it was being sent");
    }
    return error_set(&call->error, &call->arena, ERR_IO, "the file could not be read: %s",
                     strerror(failure));
}

void http_file_drop(struct http_file *file) {
    if (!file) {
        return;
    }
    file->call = NULL;
    if (!file->is_reading) {
        file_free(file);
    }
}
