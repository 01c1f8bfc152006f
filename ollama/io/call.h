// SPDX-License-Identifier: MIT
//
// The machinery under client.h: one call = one HTTP transfer (two when `again` starts another), its
// errors put into words, its end reported once. Private to ollama/io.
#pragma once

#include "base/buf.h"
#include "ollama/io/client.h"

struct call {
    // What was asked
    struct http *http;
    struct arena arena;
    struct endpoint endpoint; // copied into the arena
    struct str where;         // base URL for messages: redacted, safe to show
    const char *path;         // "/api/tags"
    struct str model;         // may be empty
    // How the answer is taken. `frames`: bytes of a 2xx answer go there as they come, false gives
    // up (with `failure` set, or cancelled). NULL: the answer is collected in `body`.
    bool (*frames)(struct call *call, struct str bytes);
    // The transfer ended well with 2xx: judges it and fills *result on failure.
    void (*end)(struct call *call, struct call_result *result);
    // May start another transfer with call_restart instead of reporting; returns true if it did.
    bool (*again)(struct call *call, const struct call_result *result);
    void (*report)(struct call *call, const struct call_result *result);
    void (*sent)(void *data, int64_t n); // of an upload; may be NULL
    void *data;                          // of the user's callback

    // State
    struct http_call *transfer; // NULL when none runs
    uv_timer_t timer;           // ends what never started; bounds the wait after a final frame
    size_t max_body;            // of the answer, 0: no limit
    struct buf body;            // the collected answer, or what there is of an error
    bool is_cancelled;
    bool is_enough;   // as much of an error body as we read
    bool is_complete; // the final frame came: whatever follows is no failure
    bool is_reported;
    struct call_result failure; // found by `frames`; code ERR_OK: none
    int64_t elapsed_us;         // of earlier transfers

    // Of one kind each
    call_json_fn json_done;
    // An answer that was taken before (borrowed), or empty: if it comes again it is not parsed, and
    // the callback gets ERR_OK without an object.
    struct str known;
    bool takes_empty; // an empty answer is fine (delete)
    bool may_hang_up; // an answer of 2xx counts although the rest of our body was not wanted
    // What is wrong with the answer ("no version"), or NULL. A NULL pointer accepts any object.
    const char *(*accepts)(struct json_object *answer);
    struct json_object *answer; // owned
    struct str keep_alive;      // of load
    struct stream_handlers handlers;
    stream_final_fn is_final;
    struct ndjson framer;
    bool has_framer;
    size_t n_frames;
    size_t n_after;       // bytes after the final frame
    struct arena scratch; // reset for every frame
};

// A call on its way; the caller fills the rest, then starts it. Never NULL.
struct call *call_create(struct http *http, const struct endpoint *endpoint, const char *path,
                         struct str model);
// `body` is borrowed, may be NULL. total_ms and max_body as in struct http_request.
void call_start(struct call *call, struct str method, struct json_object *body, int64_t total_ms,
                size_t max_body);
// The same with a file's first `size` bytes for a body (struct http_request).
void call_start_file(struct call *call, int fd, int64_t size, size_t max_body);
// Instead of call_start: ends the call with this failure on a later turn, without a transfer.
void call_refuse(struct call *call, enum err code, struct str message, struct str remedy);
// For `again`: another transfer of the same call.
void call_restart(struct call *call, const char *path, struct json_object *body);

// A copy without a slash at the end of the URL: Ollama redirects paths with "//".
struct endpoint endpoint_copy(struct arena *arena, const struct endpoint *endpoint);

// Fill *result. The first: the answer is not what Ollama answers here, but `what`; the second: it
// holds an error of the server (`status` 0: within a stream or an answer of status 200).
void call_fail_protocol(struct call *call, struct call_result *result, const char *what);
void call_fail_remote(struct call *call, struct call_result *result, long status,
                      struct str content_type, struct str body);
// Is an answer of status 200 an error of the server all the same: {"error": …}?
bool call_answer_is_error(struct json_object *answer);

// A call whose answer is one JSON object; the caller may set `accepts` and others, then starts it.
struct call *call_create_json(struct http *http, const struct endpoint *endpoint, const char *path,
                              struct str model, call_json_fn done, void *data);

// Bytes of the answer, for the length of the callback of a JSON call.
static inline struct str call_body(const struct call *call) {
    return buf_str(&call->body);
}
