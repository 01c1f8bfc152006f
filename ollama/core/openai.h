// SPDX-License-Identifier: MIT
//
// Servers that speak OpenAI's API (llama.cpp's llama-server, LM Studio, vLLM, MLX, …) without the
// wire: framing of server-sent events, request bodies, chunks, errors, catalogs. What comes out are
// the same frames and catalogs as Ollama's. Pure.
// Sources: the HTML standard's "Server-sent events" 9.2.6; OpenAI's API reference; llama.cpp's
// tools/server/README.md; LM Studio's REST API; reference/ollama.md 1.5.
#pragma once

#include "base/buf.h"
#include "ollama/core/catalog.h"
#include "ollama/core/generation.h"
#include "ollama/core/protocol.h"

// --- server-sent events ---

// Splits a byte stream into the data of its events: feed bytes as they come, take events until none
// is left. Lines may end with LF, CRLF or CR and may be cut anywhere. Kept lenient where servers
// are: a line that is a JSON object by itself is an event, as is "error: {…}" of old llama.cpp.
struct sse {
    struct buf line;  // private: a line that has not ended yet
    struct buf event; // private: the data lines of an event, joined by '\n'
    struct str rest;  // private: fed bytes not looked at yet, borrowed
    bool has_data;    // private: the event has a data line, maybe an empty one
    bool is_taken;    // private: the event was handed out
    bool after_cr;    // private: an LF belongs to the line before
    bool is_begun;    // private: something else than blank lines came
    bool is_raw;      // private: no events but one JSON text: the whole of it is one event
    bool is_page;     // it begins as a web page does
    bool is_too_long; // a line or an event exceeds the maximum: the stream is to be given up
};
void sse_init(struct sse *framer, size_t max);
void sse_finish(struct sse *framer);
// The bytes are borrowed until sse_next returns false.
void sse_feed(struct sse *framer, struct str bytes);
// Data of the next event, borrowed until the next call. Events without data are skipped.
bool sse_next(struct sse *framer, struct str *data);
// At the end of the stream: what came without the blank line that ends an event.
bool sse_end(struct sse *framer, struct str *data);

// --- addresses ---

// Where something of the API stands below the server's URL: "/v1/models" for a URL without a path,
// "/models" for one that has its own ("https://openrouter.ai/api/v1"), as OpenAI's clients take it.
struct str openai_api_path(struct arena *arena, struct str url, const char *tail);
// The URL below which a program has its own calls ("/props"): without a "/v1" at its end.
struct str openai_root_url(struct str url);

// --- requests ---

// Body of POST /v1/chat/completions, stream: true. num_ctx and keep_alive have no place there;
// think becomes chat_template_kwargs.enable_thinking (llama.cpp, vLLM). Returns owned.
struct json_object *openai_chat_body(struct str model, const struct chat_message *messages,
                                     size_t n, const struct generation_options *options);
// Body of POST /v1/completions, stream: true. `suffix` empty: not sent. Returns owned.
struct json_object *openai_completion_body(struct str model, struct str prompt, struct str suffix,
                                           const struct generation_options *options);
// Body of llama.cpp's POST /infill, stream: true. Returns owned.
struct json_object *openai_infill_body(struct str model, struct str prefix, struct str suffix,
                                       const struct generation_options *options);
// Body of POST /v1/embeddings. Returns owned.
struct json_object *openai_embed_body(struct str model, const struct str *inputs, size_t n);

// A server refused the request (status 400 or 422) with this message. If it names something that we
// can do without, that is taken out of the body (max_tokens becomes max_completion_tokens where the
// message names that too) and the request may be sent again; false: nothing to leave out.
bool openai_body_relax(struct json_object *body, struct str message);

// --- answers ---

// One chunk of a stream, or a whole answer of a server that does not stream: chat, completion or
// infill. What is of a wrong type counts as absent. Text is borrowed from the JSON.
struct openai_chunk {
    struct str text;     // delta.content, message.content, text, content
    struct str thinking; // reasoning_content, reasoning
    bool is_last;        // it says why the answer ended
    bool is_whole;       // nothing follows: an answer that is not streamed, or the end of infill
    enum done_reason reason; // if is_last
    bool is_hollow;          // no model and nothing in it: how Ollama's /v1 hides that it failed
    struct generation_metrics metrics; // of `usage` and llama.cpp's `timings`; 0: not told
};
void openai_chunk_read(struct json_object *object, struct openai_chunk *out);
// Adds to `sum` what a later chunk tells.
void openai_metrics_merge(struct generation_metrics *sum, const struct generation_metrics *told);
bool openai_is_done(struct str data); // "[DONE]"

// The vectors of an answer of /v1/embeddings, as generation_embeddings_read; in the order of their
// "index".
enum err openai_embeddings_read(struct arena *arena, struct json_object *answer, size_t n,
                                float **rows, size_t *width, struct error *error);

// As remote_error_classify, for the shapes {"error": {"message"}}, {"error": "…"}, {"detail"},
// {"message"}, {"object": "error"}; with remedies that fit such a server.
void openai_error_classify(struct arena *arena, long status, struct str content_type,
                           struct str body, struct str model, struct remote_error *out);
// Is an answer of status 200, or a chunk, an error all the same?
bool openai_is_error(struct json_object *answer);

// --- what it has ---

// Which program answers, as far as its list of models tells.
enum openai_program {
    OPENAI_ANY,
    OPENAI_LLAMACPP, // owned_by "llamacpp": /props and /infill are worth asking
    OPENAI_LMSTUDIO, // owned_by "organization_owner": /api/v0/models tells more
};
enum openai_program openai_program_of(struct json_object *models);

// How a server fills in between two texts.
enum insert_route {
    INSERT_UNKNOWN, // not known yet: tried
    INSERT_INFILL,  // llama.cpp's /infill
    INSERT_SUFFIX,  // /v1/completions with a suffix, unless it refuses that
    INSERT_NONE,    // it refused
};
// What an /infill without any text says: llama.cpp looks at the model before the request. `status`
// 0: no answer.
enum insert_route openai_infill_verdict(long status, struct str message);

struct openai_sources {
    struct json_object *models; // of /v1/models
    struct json_object *props;  // of llama.cpp's /props, or NULL
    struct json_object *studio; // of LM Studio's /api/v0/models, or NULL
    enum insert_route insert;
};
// A snapshot, as catalog_create. Names are plain strings (catalog->kind). context_length is what
// one request may use there: the context in use, where that is told, else what the model was
// trained for. Returns owned, or NULL with ERR_PROTOCOL when there is no array "data".
struct catalog *openai_catalog(struct str url, struct str version,
                               const struct openai_sources *sources, enum err *result);
