// SPDX-License-Identifier: MIT
//
// The generating calls: chat, generate, embed, of Ollama's API or, where the endpoint is of kind
// openai, of OpenAI's: callers need not know. What such a server cannot be told (num_ctx,
// keep_alive) is not sent; a suffix goes to llama.cpp's /infill or to /v1/completions, and a server
// that refuses both gives ERR_REMOTE with FAULT_CAPABILITY, from then on without being asked. Rules
// as in client.h: exactly one on_done, never from inside; call_cancel closes the connection at
// once. Loop thread only.
//
// Every way a stream can end comes out as one call_result:
//
// - a frame with done: true: ERR_OK, and `end` says why and what it cost
// - one of "load" or "unload" without an answer before it: ERR_PROTOCOL ("only loaded the model")
// - an error frame, or a status >= 400: ERR_REMOTE, ERR_NOT_FOUND, ERR_DENIED; see remote.fault
// - the connection closed or reset before that: ERR_PROTOCOL or ERR_IO
// - a line that is no JSON object, HTML: ERR_PROTOCOL
// - a line over LIMIT_NDJSON_LINE: ERR_LIMIT
// - call_cancel, or on_frame returning false: ERR_CANCELLED
//
// Nothing here has a time limit: a model may load, or think, for minutes in silence.
#pragma once

#include "ollama/core/generation.h"
#include "ollama/io/client.h"

struct generation_end {
    enum done_reason reason;
    struct generation_metrics metrics;
    int64_t first_us; // from start to the first frame, 0: none came
    size_t n_frames;
};

struct generation_handlers {
    // A frame, borrowed. False: cancel.
    bool (*on_frame)(void *data, const struct generation_frame *frame);
    // Once. `end` is never NULL; reason and metrics count for ERR_OK only.
    void (*on_done)(void *data, const struct call_result *result, const struct generation_end *end);
    void *data;
};

struct call *ollama_chat(struct http *http, const struct endpoint *endpoint, struct str model,
                         const struct chat_message *messages, size_t n,
                         const struct generation_options *options,
                         const struct generation_handlers *handlers);

struct call *ollama_generate(struct http *http, const struct endpoint *endpoint, struct str model,
                             struct str prompt, struct str suffix,
                             const struct generation_options *options,
                             const struct generation_handlers *handlers);

// All inputs in one request. `rows`: n × width numbers, borrowed; NULL on failure.
typedef void (*embed_done_fn)(void *data, const struct call_result *result, const float *rows,
                              size_t n, size_t width);
struct call *ollama_embed(struct http *http, const struct endpoint *endpoint, struct str model,
                          const struct str *inputs, size_t n,
                          const struct generation_options *options, embed_done_fn done, void *data);
