// SPDX-License-Identifier: MIT
//
// What the generating calls of both kinds of server share: frames are counted and timed, ends are
// judged. Private to ollama/io.
#pragma once

#include "ollama/io/call.h"
#include "ollama/io/generate.h"

enum { GENERATION_TOKEN_MAX = 100 }; // bytes; a token is shorter

struct generation {
    struct call *call; // gone when on_done has run
    struct generation_handlers handlers;
    struct generation_end end;
    int64_t start_us;
    int64_t num_ctx; // asked for; 0: the server's own
    bool has_answer; // some text or thought came
    char token[GENERATION_TOKEN_MAX];
    size_t token_n;
    unsigned n_repeats; // how often the latest token came in a row
};

void generation_init(struct generation *generation, const struct generation_options *options,
                     const struct generation_handlers *handlers);
// A frame came; false: the call is to be cancelled.
bool generation_take(struct generation *generation, const struct generation_frame *frame);
// The call is over: judges its end and reports it.
void generation_over(struct generation *generation, const struct call_result *outcome);

struct embedding {
    struct call *call;
    embed_done_fn done;
    void *data;
    size_t n;
};
typedef enum err (*embeddings_read_fn)(struct arena *arena, struct json_object *answer, size_t n,
                                       float **rows, size_t *width, struct error *error);
// Reads the vectors, reports, frees.
void embedding_over(struct embedding *embedding, const struct call_result *outcome,
                    struct json_object *answer, embeddings_read_fn read);
