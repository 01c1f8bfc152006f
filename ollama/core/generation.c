// SPDX-License-Identifier: MIT
//
// Bodies and frames of the generating calls. A body says only what the caller asks for: everything
// left out is the server's or the model's own setting. A frame is read without copying: it lives as
// long as its JSON. Numbers of the server are clamped, words it may invent later are borne.
#include "ollama/core/generation.h"

#include <math.h>

#include "base/json.h"

enum { NS_PER_US = 1000 };

// --- requests ---

// A bare number must be sent as one: Ollama refuses "300" (no unit) but takes 300 (seconds).
void keep_alive_set(struct json_object *body, struct str keep_alive) {
    int64_t seconds = 0;
    if (str_to_int64(keep_alive, &seconds)) {
        json_set_int(body, "keep_alive", seconds);
    } else if (!str_is_empty(keep_alive)) {
        json_set_str(body, "keep_alive", keep_alive);
    }
}

static void set_options(struct json_object *body, const struct generation_options *options) {
    struct json_object *object = json_object_new_object();
    if (options->num_ctx > 0) {
        json_set_int(object, "num_ctx", options->num_ctx);
    }
    if (options->num_predict != 0) {
        json_set_int(object, "num_predict", options->num_predict);
    }
    if (options->has_temperature) {
        json_set_double(object, "temperature", options->temperature);
    }
    if (options->n_stop > 0) {
        struct json_object *stop = json_object_new_array();
        for (size_t i = 0; i < options->n_stop; i++) {
            json_add(stop, json_new_str(options->stop[i]));
        }
        json_set(object, "stop", stop);
    }
    if (json_object_object_length(object) > 0) {
        json_set(body, "options", object);
    } else {
        json_object_put(object);
    }
}

static struct json_object *streaming_body(struct str model,
                                          const struct generation_options *options) {
    struct json_object *body = json_object_new_object();
    json_set_str(body, "model", model);
    json_set_bool(body, "stream", true);
    if (options->think != THINK_DEFAULT) {
        json_set_bool(body, "think", options->think == THINK_ON);
    }
    keep_alive_set(body, options->keep_alive);
    set_options(body, options);
    return body;
}

struct json_object *generation_chat_body(struct str model, const struct chat_message *messages,
                                         size_t n, const struct generation_options *options) {
    struct json_object *body = streaming_body(model, options);
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        struct json_object *message = json_object_new_object();
        json_set_str(message, "role", str_from(messages[i].role));
        json_set_str(message, "content", messages[i].content);
        json_add(list, message);
    }
    json_set(body, "messages", list);
    return body;
}

struct json_object *generation_generate_body(struct str model, struct str prompt, struct str suffix,
                                             const struct generation_options *options) {
    struct json_object *body = streaming_body(model, options);
    json_set_str(body, "prompt", prompt);
    if (!str_is_empty(suffix)) {
        json_set_str(body, "suffix", suffix);
    }
    return body;
}

struct json_object *generation_embed_body(struct str model, const struct str *inputs, size_t n,
                                          const struct generation_options *options) {
    struct json_object *body = json_object_new_object();
    struct json_object *list = json_object_new_array();
    json_set_str(body, "model", model);
    for (size_t i = 0; i < n; i++) {
        json_add(list, json_new_str(inputs[i]));
    }
    json_set(body, "input", list);
    keep_alive_set(body, options->keep_alive);
    set_options(body, options);
    return body;
}

// --- frames ---

static int64_t count_of(struct json_object *frame, const char *key) {
    int64_t n = json_get_int(frame, key, 0);
    return n > 0 ? n : 0;
}

static int64_t us_of(struct json_object *frame, const char *key) {
    return count_of(frame, key) / NS_PER_US;
}

// "stop" is what an unknown word and none at all come to: the frame says that it is the last one,
// which is what counts.
static enum done_reason reason_of(struct str word) {
    static const struct {
        struct str word;
        enum done_reason reason;
    } REASONS[] = {
        {STR_INIT("length"), DONE_LENGTH},
        {STR_INIT("load"), DONE_LOAD},
        {STR_INIT("unload"), DONE_UNLOAD},
    };
    for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]); i++) {
        if (str_eq(word, REASONS[i].word)) {
            return REASONS[i].reason;
        }
    }
    return DONE_STOP;
}

void generation_frame_read(struct json_object *frame, struct generation_frame *out) {
    *out = (struct generation_frame){0};
    struct json_object *message = json_get(frame, "message");
    if (json_is(message, json_type_object)) { // chat
        out->text = json_get_str(message, "content");
        out->thinking = json_get_str(message, "thinking");
    } else {
        out->text = json_get_str(frame, "response");
        out->thinking = json_get_str(frame, "thinking");
    }
    out->done = json_get_bool(frame, "done", false);
    if (!out->done) {
        return;
    }
    out->reason = reason_of(json_get_str(frame, "done_reason"));
    out->metrics = (struct generation_metrics){
        .tokens_in = count_of(frame, "prompt_eval_count"),
        .tokens_out = count_of(frame, "eval_count"),
        .total_us = us_of(frame, "total_duration"),
        .load_us = us_of(frame, "load_duration"),
        .prompt_us = us_of(frame, "prompt_eval_duration"),
        .eval_us = us_of(frame, "eval_duration"),
    };
}

// --- vectors ---

static bool read_row(struct json_object *row, size_t width, float *out) {
    for (size_t i = 0; i < width; i++) {
        struct json_object *value = json_at(row, i);
        if (!json_is(value, json_type_double) && !json_is(value, json_type_int)) {
            return false;
        }
        double number = json_object_get_double(value);
        if (!(fabs(number) <= 3.4e38)) { // what a float holds; no NaN either
            return false;
        }
        out[i] = (float)number;
    }
    return true;
}

enum err generation_embeddings_read(struct arena *arena, struct json_object *answer, size_t n,
                                    float **rows, size_t *width, struct error *error) {
    struct json_object *list = json_get(answer, "embeddings");
    *rows = NULL;
    *width = 0;
    if (json_count(list) != n) {
        return error_set(error, arena, ERR_PROTOCOL, "%zu vectors instead of %zu", json_count(list),
                         n);
    }
    size_t columns = json_count(json_at(list, 0));
    if (n > 0 && columns == 0) {
        return error_set(error, arena, ERR_PROTOCOL, "a vector without numbers");
    }
    // Each number was a value of the answer, so LIMIT_JSON_VALUES bounds this once all rows are
    // known to be of one width.
    for (size_t i = 0; i < n; i++) {
        if (json_count(json_at(list, i)) != columns) {
            return error_set(error, arena, ERR_PROTOCOL, "vectors of different lengths");
        }
    }
    float *numbers = ARENA_ARRAY(arena, n * columns + 1, float);
    for (size_t i = 0; i < n; i++) {
        if (!read_row(json_at(list, i), columns, numbers + i * columns)) {
            return error_set(error, arena, ERR_PROTOCOL,
                             "a vector with something else than numbers");
        }
    }
    *rows = numbers;
    *width = columns;
    return ERR_OK;
}
