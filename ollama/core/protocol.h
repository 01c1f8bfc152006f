// SPDX-License-Identifier: MIT
//
// The wire without the wire: framing of NDJSON streams and the meaning of every error shape. Pure.
// Source: reference table of ollama/ollama server/routes.go texts (v0.33).
#pragma once

#include <json-c/json.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

// Splits a byte stream into lines: feed bytes as they come, take lines until none is left.
struct ndjson {
    struct buf buf;
    size_t scanned; // private: bytes known to hold no '\n'
    size_t taken;   // private: bytes of lines already handed out
};
void ndjson_init(struct ndjson *framer, size_t max_line);
void ndjson_finish(struct ndjson *framer);
// ERR_LIMIT when a line exceeds max_line: the stream is to be given up.
enum err ndjson_feed(struct ndjson *framer, struct str bytes);
// Next complete line without its end; borrowed until the next feed. Empty lines are skipped.
bool ndjson_next(struct ndjson *framer, struct str *line);
// What is left at the end of the stream without a '\n'; empty if nothing.
struct str ndjson_rest(struct ndjson *framer);

// What a failed call means for the user.
enum remote_fault {
    FAULT_NONE,
    FAULT_MODEL_MISSING, // 404 with a JSON body that says "not found"
    FAULT_INVALID_NAME,
    FAULT_CAPABILITY,     // "does not support …"
    FAULT_CONTEXT,        // the prompt does not fit
    FAULT_MEMORY,         // "model requires more system memory"
    FAULT_BUSY,           // 503, queue full
    FAULT_UNAUTHORIZED,   // 401, 403 with a body
    FAULT_FORBIDDEN_HOST, // 403 with an empty body: origin or Host check
    FAULT_NOT_OLLAMA,     // HTML, 404 without JSON, a body that is not JSON
    FAULT_NETWORK_REMOTE, // the server could not reach its registry
    FAULT_RUNNER,         // the model process died
    FAULT_SERVER,         // any other error text
};
struct remote_error {
    enum remote_fault fault;
    long status;        // HTTP status, 0 within a stream
    struct str message; // the server's own words, nested JSON unwrapped, unsafe characters escaped
    struct str remedy;  // "ollama pull NAME", or empty
    int64_t prompt_tokens; // FAULT_CONTEXT: what was sent and what would fit, 0: not told
    int64_t context_tokens;
};
// `model` (may be empty) is the name that was asked for; it goes into the remedy.
void remote_error_classify(struct arena *arena, long status, struct str content_type,
                           struct str body, struct str model, struct remote_error *out);

// Progress of a pull or create: sums layers. Source: api.ProgressResponse.
struct pull_layer {
    struct str digest;
    int64_t total;
    int64_t completed;
};
struct pull_progress {
    struct arena arena; // private: digests
    struct pull_layer *layers;
    size_t n_layers;
    size_t cap_layers;
    int64_t total; // bytes over all layers seen
    int64_t completed;
    struct str status;   // the latest status text, valid until the next frame
    bool success;        // the final frame came
    int percent;         // private: highest so far
    char *status_buffer; // private
    int64_t begun_ms;    // private: when the first bytes were told of
    int64_t begun_bytes; // private: what was there already then
};
void pull_progress_init(struct pull_progress *progress);
void pull_progress_finish(struct pull_progress *progress);
// One frame. ERR_REMOTE with *error filled if it is an error frame.
enum err pull_progress_feed(struct pull_progress *progress, struct json_object *frame,
                            struct arena *arena, struct remote_error *error);
// 0..100, never falling for one progress; -1 while unknown.
int pull_progress_percent(struct pull_progress *progress);
// "1.2 GB of 3.3 GB, 20 MB/s, 1m45s left" in `arena`; empty while no size is known. `now_ms` is of
// a clock that never goes back; the speed is that since the first call with bytes.
struct str pull_progress_text(struct arena *arena, struct pull_progress *progress, int64_t now_ms);
