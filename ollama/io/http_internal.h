// SPDX-License-Identifier: MIT
//
// What the parts of ollama/io/http.h share: http_call.c keeps the calls and hands over what has
// arrived, http.c moves the bytes with curl, http_file.c reads bodies that stand in files. Private
// to them.
#pragma once

#include "base/buf.h"
#include "ollama/io/http.h"

enum {
    HTTP_PENDING_MAX = 16 * 1024 * 1024, // set aside in one turn; curl reads at most about 1.6 MB
};

struct http {
    uv_loop_t *loop;
    void *multi;        // curl's multi handle, NULL until the first call
    bool is_curl_ready; // curl's process-wide part counts us
    bool in_curl;
    bool is_closing;
    uv_timer_t timeout; // curl's own
    uv_idle_t turn;     // delivers on a later turn
    size_t n_handles;   // libuv handles not yet closed, and reads of files under way
    struct http_call *calls;
    size_t n_calls;
    struct http_call *ready_first; // calls with something to deliver
    struct http_call *ready_last;
    void (*on_closed)(void *data);
    void *data;
};

struct http_call {
    struct http *http;
    struct http_call *next; // in http->calls
    struct http_call *previous;
    struct http_call *next_ready;
    struct http_handlers handlers;
    struct arena arena;
    struct str url;    // for messages: redacted, safe to show
    struct str origin; // scheme://host:port of it
    void *easy;        // curl's handle; NULL: never started, or removed again
    struct curl_slist *headers;
    struct http_file *file; // the body to be sent; NULL: none, or not from a file
    int64_t n_sent_told;    // what on_sent was told
    struct buf body;        // bytes that on_body has not seen
    size_t n_received;
    size_t n_header_bytes;
    size_t max_body; // 0: no limit
    int64_t total_ms;
    bool is_ready;     // on the ready list
    bool has_headers;  // the final header block is complete
    bool is_announced; // on_headers was called
    bool is_cancelled;
    bool is_done;
    enum err result; // when done
    struct error error;
    struct http_response response;
    char detail[256]; // curl's words about a failure (CURL_ERROR_SIZE)
};

// --- http_call.c ---

void call_make_ready(struct http_call *call);
void http_deliver(struct http *http);     // runs handlers: never from inside curl
void http_handle_gone(struct http *http); // a libuv handle of `http` is closed

// --- http.c ---

bool curl_set_up(struct http *http);    // once, at the first call
void curl_tear_down(struct http *http); // closes the idle connections
void curl_release(struct http *http);   // the last word, when all handles are closed
enum err transfer_start(struct http_call *call, const struct http_request *request);
// Takes the transfer from curl; an unfinished one loses its connection before this returns. No-op
// without one.
void transfer_stop(struct http_call *call);
// Frees what curl had to borrow until the end of the transfer.
void transfer_finish(struct http_call *call);
void response_update(struct http_call *call);
// Bytes that curl was told to wait for are there. Not from inside curl.
void transfer_resume(struct http_call *call);

// --- http_file.c ---

struct http_file;
enum http_file_step {
    HTTP_FILE_TOOK, // *n bytes were copied
    HTTP_FILE_WAIT, // they are being read: transfer_resume follows
    HTTP_FILE_END,
    HTTP_FILE_FAILED,
};
// Keeps a duplicate of `fd`. NULL: there are no more descriptors.
struct http_file *http_file_open(struct http_call *call, int fd, int64_t size);
enum http_file_step http_file_take(struct http_file *file, char *to, size_t room, size_t *n);
bool http_file_seek(struct http_file *file, int64_t at);
int64_t http_file_at(const struct http_file *file);
bool http_file_failed(const struct http_file *file); // NULL: no
enum err http_file_fail(struct http_call *call);     // puts that into words
void http_file_drop(struct http_file *file);         // NULL is fine
