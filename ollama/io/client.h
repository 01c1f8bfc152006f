// SPDX-License-Identifier: MIT
//
// Calls of the Ollama API, one function each, over ollama/io/http.h. Loop thread only. Every call
// ends with exactly one callback, never from inside the function that started it. Results are
// classified by remote_error_classify; a stream that ends without its final frame is ERR_PROTOCOL.
#pragma once

#include "ollama/core/openai.h"
#include "ollama/core/protocol.h"
#include "ollama/io/http.h"

// Where calls go. Borrowed by each call until it has started; strings are copied.
struct endpoint {
    struct str url;     // canonical base URL without trailing slash
    struct str api_key; // bearer token, empty: none. Only for the user's own servers (DESIGN A4)
    const struct http_header *headers; // the user's extra headers for this server
    size_t n_headers;
    bool no_proxy; // also where the host is not loopback: an address that only this machine means
    // The generating calls (generate.h) speak either; the calls below are Ollama's own and end with
    // ERR_INVALID on a server of kind openai, without a word to it.
    enum server_kind kind;
    struct openai_knowledge *knowledge; // of kind openai; NULL: nothing is kept
};

// What a server of kind openai can do, learnt by checks and calls. Outlives the calls: it is the
// server's, and whoever makes a call holds that (server_hold).
struct openai_knowledge {
    enum insert_route insert;
};

struct call; // one call in flight; owned by the client, valid until its callback

// Outcome of any call. `remote` is filled when the server answered with an error (code ERR_REMOTE,
// ERR_NOT_FOUND, ERR_DENIED), `message`/`remedy` always when code is not ERR_OK. Borrowed for the
// callback.
struct call_result {
    enum err code;
    struct str message; // what failed and where, one line: "connection to http://… refused"
    struct str remedy;  // "ollama serve", "ollama pull NAME", or empty
    struct remote_error remote;
    int64_t elapsed_us;
};

// One JSON answer, borrowed for the callback; NULL on failure.
typedef void (*call_json_fn)(void *data, const struct call_result *result,
                             struct json_object *answer);

// GET /api/version; ERR_PROTOCOL ("is not an Ollama server") without a string "version".
struct call *ollama_version(struct http *http, const struct endpoint *endpoint, call_json_fn done,
                            void *data);
// GET /api/tags and /api/ps; "models": null becomes an empty array, no array is ERR_PROTOCOL.
// A server before 0.1.38 answers ps with remote.status 404.
struct call *ollama_tags(struct http *http, const struct endpoint *endpoint, call_json_fn done,
                         void *data);
struct call *ollama_ps(struct http *http, const struct endpoint *endpoint, call_json_fn done,
                       void *data);
struct call *ollama_show(struct http *http, const struct endpoint *endpoint, struct str model,
                         call_json_fn done, void *data);
// DELETE /api/delete. Answers with no body.
struct call *ollama_delete(struct http *http, const struct endpoint *endpoint, struct str model,
                           call_json_fn done, void *data);
// POST /api/generate with no prompt and keep_alive: loads (`keep_alive` empty: the server's own) or
// unloads ("0") a model. No timeout: loading may take minutes. Embedding-only models are loaded
// through /api/embed when generate refuses them.
struct call *ollama_load(struct http *http, const struct endpoint *endpoint, struct str model,
                         struct str keep_alive, call_json_fn done, void *data);
struct call *ollama_unload(struct http *http, const struct endpoint *endpoint, struct str model,
                           call_json_fn done, void *data);

// A stream of NDJSON frames. on_frame gets each (borrowed); return false to cancel. on_done once.
struct stream_handlers {
    bool (*on_frame)(void *data, struct json_object *frame);
    void (*on_done)(void *data, const struct call_result *result);
    void *data;
};
// Does this frame end the stream well? For generate/chat: "done": true; pull/create: "status":
// "success".
typedef bool (*stream_final_fn)(struct json_object *frame);
bool stream_final_done(struct json_object *frame);
bool stream_final_success(struct json_object *frame);

// POST `path` with `body` (borrowed), streaming. The machinery below pull and the generating calls.
// `model` (may be empty) is named in errors.
struct call *ollama_stream(struct http *http, const struct endpoint *endpoint, const char *path,
                           struct json_object *body, struct str model, stream_final_fn is_final,
                           const struct stream_handlers *handlers);

// POST /api/pull.
struct call *ollama_pull(struct http *http, const struct endpoint *endpoint, struct str model,
                         const struct stream_handlers *handlers);

// --- create ---

// A blob is named by its digest, "sha256:" and 64 hexadecimal digits.
// HEAD /api/blobs/DIGEST: does the server have it? Without it the call fails with remote.status
// 404.
struct call *ollama_blob_head(struct http *http, const struct endpoint *endpoint, struct str digest,
                              call_json_fn done, void *data);
// POST /api/blobs/DIGEST with the first `size` bytes of a file (struct http_request says how).
// `sent` (may be NULL) is told how many are on their way. No timeout.
struct call *ollama_blob_upload(struct http *http, const struct endpoint *endpoint,
                                struct str digest, int fd, int64_t size, call_json_fn done,
                                void (*sent)(void *data, int64_t n), void *data);
// POST /api/create; `body` is borrowed and names the model, as `model` does for messages.
struct call *ollama_create(struct http *http, const struct endpoint *endpoint,
                           struct json_object *body, struct str model,
                           const struct stream_handlers *handlers);

// Closes the connection now; the callback follows with ERR_CANCELLED. Idempotent.
void call_cancel(struct call *call);
