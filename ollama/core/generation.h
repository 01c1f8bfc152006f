// SPDX-License-Identifier: MIT
//
// The generating calls without the wire: request bodies, frames, and how a stream may end. Pure.
// Sources: Ollama's api/types.go; reference table of server/routes.go (v0.24 to v0.33).
#pragma once

#include <json-c/json.h>

#include "base/arena.h"
#include "base/err.h"

// What every generating request may say. Zeroed: the server's own defaults.
struct generation_options {
    int64_t num_ctx;     // 0: not sent
    int64_t num_predict; // 0: not sent (to Ollama 0 means without limit)
    bool has_temperature;
    double temperature;
    enum generation_think { THINK_DEFAULT, THINK_OFF, THINK_ON } think; // THINK_DEFAULT: not sent
    // Go duration ("5m", "-1s"), or a whole number of seconds, which is sent as a number since
    // Ollama refuses "300". Empty: not sent.
    struct str keep_alive;
    const struct str *stop; // may be NULL
    size_t n_stop;
};

// Puts "keep_alive" into a request as said above; nothing if it is empty.
void keep_alive_set(struct json_object *body, struct str keep_alive);

struct chat_message {
    const char *role; // "system", "user", "assistant"
    struct str content;
};

// Body of POST /api/chat, stream: true. Returns owned.
struct json_object *generation_chat_body(struct str model, const struct chat_message *messages,
                                         size_t n, const struct generation_options *options);
// Body of POST /api/generate, stream: true. `suffix` empty: not sent. An empty prompt would only
// load the model, and suffix "" would mean the chat template: the caller sees to both. Returns
// owned.
struct json_object *generation_generate_body(struct str model, struct str prompt, struct str suffix,
                                             const struct generation_options *options);
// Body of POST /api/embed. Returns owned.
struct json_object *generation_embed_body(struct str model, const struct str *inputs, size_t n,
                                          const struct generation_options *options);

// Why a stream ended, as far as the final frame says.
enum done_reason {
    DONE_STOP,   // the model was done; also unknown words and none at all
    DONE_LENGTH, // num_predict was met: the answer is cut off
    DONE_LOAD,   // nothing was generated, the model was only loaded
    DONE_UNLOAD,
};

struct generation_metrics { // times in microseconds, 0: not told
    int64_t tokens_in;      // prompt_eval_count (those in the prompt cache not included)
    int64_t tokens_out;     // eval_count
    int64_t total_us;
    int64_t load_us;
    int64_t prompt_us;
    int64_t eval_us;
};

// One frame of /api/chat or /api/generate, borrowed from its JSON. Of a wrong type counts as
// absent.
struct generation_frame {
    struct str text;     // message.content or response
    struct str thinking; // message.thinking or thinking
    bool done;
    enum done_reason reason;           // if done
    struct generation_metrics metrics; // if done
};
void generation_frame_read(struct json_object *frame, struct generation_frame *out);

// The vectors of an answer of /api/embed: `n` × `width` numbers, row after row, in `arena`.
// ERR_PROTOCOL with a message when the answer does not hold `n` rows of equal width.
enum err generation_embeddings_read(struct arena *arena, struct json_object *answer, size_t n,
                                    float **rows, size_t *width, struct error *error);
