// SPDX-License-Identifier: MIT
//
// Calls to servers of kind openai. The generating ones are reached through generate.h, which looks
// at the endpoint's kind; the others are what a check of such a server asks. Rules as in client.h.
// Private to ollama/io.
#pragma once

#include "ollama/io/client.h"
#include "ollama/io/generate.h"

// GET /v1/models; ERR_PROTOCOL without an array "data".
struct call *openai_models(struct http *http, const struct endpoint *endpoint, call_json_fn done,
                           void *data);
// GET /props of llama.cpp, and /api/v0/models of LM Studio.
struct call *openai_props(struct http *http, const struct endpoint *endpoint, call_json_fn done,
                          void *data);
struct call *openai_studio_models(struct http *http, const struct endpoint *endpoint,
                                  call_json_fn done, void *data);
// POST /infill with nothing in it: llama.cpp says whether its model can. See openai_infill_verdict.
struct call *openai_infill_probe(struct http *http, const struct endpoint *endpoint,
                                 call_json_fn done, void *data);

struct call *openai_chat(struct http *http, const struct endpoint *endpoint, struct str model,
                         const struct chat_message *messages, size_t n,
                         const struct generation_options *options,
                         const struct generation_handlers *handlers);
struct call *openai_generate(struct http *http, const struct endpoint *endpoint, struct str model,
                             struct str prompt, struct str suffix,
                             const struct generation_options *options,
                             const struct generation_handlers *handlers);
struct call *openai_embed(struct http *http, const struct endpoint *endpoint, struct str model,
                          const struct str *inputs, size_t n, embed_done_fn done, void *data);
