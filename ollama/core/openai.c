// SPDX-License-Identifier: MIT
//
// Bodies, chunks and errors of OpenAI's API as its many servers speak it. Bodies say only what the
// caller asks for. Chunks are read without copying; numbers are clamped; of the ways in which
// servers differ each is borne where it is seen.
#include "ollama/core/openai.h"

#include <math.h>

#include "base/json.h"
#include "base/limits.h"

enum { US_PER_MS = 1000 };

// --- addresses ---

struct str openai_api_path(struct arena *arena, struct str url, const char *tail) {
    size_t scheme = str_find(url, STR("://"));
    struct str rest = scheme == STR_NPOS ? url : str_from_index(url, scheme + 3);
    bool has_path = str_find_char(rest, '/') != STR_NPOS;
    return arena_printf(arena, "%s%s", has_path ? "" : "/v1", tail);
}

struct str openai_root_url(struct str url) {
    return str_ends(url, STR("/v1")) ? str_slice(url, 0, url.n - 3) : url;
}

// --- requests ---

static struct json_object *list_of(const struct str *items, size_t n) {
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        json_add(list, json_new_str(items[i]));
    }
    return list;
}

static void set_sampling(struct json_object *body, const char *limit,
                         const struct generation_options *options) {
    json_set_bool(body, "stream", true);
    if (options->num_predict > 0) { // less means "no limit" to Ollama, which is the default here
        json_set_int(body, limit, options->num_predict);
    }
    if (options->has_temperature) {
        json_set_double(body, "temperature", options->temperature);
    }
    if (options->n_stop > 0) {
        json_set(body, "stop", list_of(options->stop, options->n_stop));
    }
}

static void ask_for_usage(struct json_object *body) {
    struct json_object *options = json_object_new_object();
    json_set_bool(options, "include_usage", true);
    json_set(body, "stream_options", options);
}

struct json_object *openai_chat_body(struct str model, const struct chat_message *messages,
                                     size_t n, const struct generation_options *options) {
    struct json_object *body = json_object_new_object();
    struct json_object *list = json_object_new_array();
    json_set_str(body, "model", model);
    for (size_t i = 0; i < n; i++) {
        struct json_object *message = json_object_new_object();
        json_set_str(message, "role", str_from(messages[i].role));
        json_set_str(message, "content", messages[i].content);
        json_add(list, message);
    }
    json_set(body, "messages", list);
    set_sampling(body, "max_tokens", options);
    ask_for_usage(body);
    if (options->think != THINK_DEFAULT) {
        struct json_object *template = json_object_new_object();
        json_set_bool(template, "enable_thinking", options->think == THINK_ON);
        json_set(body, "chat_template_kwargs", template);
    }
    return body;
}

struct json_object *openai_completion_body(struct str model, struct str prompt, struct str suffix,
                                           const struct generation_options *options) {
    struct json_object *body = json_object_new_object();
    json_set_str(body, "model", model);
    json_set_str(body, "prompt", prompt);
    if (!str_is_empty(suffix)) {
        json_set_str(body, "suffix", suffix);
    }
    set_sampling(body, "max_tokens", options);
    ask_for_usage(body);
    return body;
}

struct json_object *openai_infill_body(struct str model, struct str prefix, struct str suffix,
                                       const struct generation_options *options) {
    struct json_object *body = json_object_new_object();
    json_set_str(body, "model", model); // only a server of several models reads it
    json_set_str(body, "input_prefix", prefix);
    json_set_str(body, "input_suffix", suffix);
    set_sampling(body, "n_predict", options);
    return body;
}

struct json_object *openai_embed_body(struct str model, const struct str *inputs, size_t n) {
    struct json_object *body = json_object_new_object();
    json_set_str(body, "model", model);
    json_set(body, "input", list_of(inputs, n));
    json_set_str(body, "encoding_format", STR("float"));
    return body;
}

bool openai_body_relax(struct json_object *body, struct str message) {
    static const char *const OPTIONAL[] = {
        "stream_options",  "chat_template_kwargs", "temperature",          "stop",
        "encoding_format", "max_tokens",           "max_completion_tokens"};
    if (json_has(body, "max_tokens") && str_contains(message, STR("max_completion_tokens"))) {
        int64_t limit = json_get_int(body, "max_tokens", 0);
        json_object_object_del(body, "max_tokens");
        json_set_int(body, "max_completion_tokens", limit);
        return true;
    }
    for (size_t i = 0; i < sizeof(OPTIONAL) / sizeof(OPTIONAL[0]); i++) {
        if (json_has(body, OPTIONAL[i]) && str_contains(message, str_from(OPTIONAL[i]))) {
            json_object_object_del(body, OPTIONAL[i]);
            return true;
        }
    }
    return false;
}

// --- chunks ---

static struct str first_of(struct json_object *object, const char *const *keys, size_t n) {
    struct str text = STR_NONE;
    for (size_t i = 0; i < n && text.n == 0; i++) {
        text = json_get_str(object, keys[i]);
    }
    return text;
}

static int64_t count_of(struct json_object *object, const char *key) {
    int64_t n = json_get_int(object, key, 0);
    return n > 0 ? n : 0;
}

static int64_t us_of(struct json_object *object, const char *key) {
    double ms = json_get_double(object, key, 0);
    return ms > 0 && ms < 1e12 ? (int64_t)(ms * US_PER_MS) : 0;
}

static void read_metrics(struct json_object *object, struct generation_metrics *metrics) {
    struct json_object *usage = json_get(object, "usage");
    struct json_object *timings = json_get(object, "timings");
    int64_t cached = count_of(json_get(usage, "prompt_tokens_details"), "cached_tokens");
    int64_t prompt = count_of(usage, "prompt_tokens");
    metrics->tokens_in = prompt > cached ? prompt - cached : 0;
    metrics->tokens_out = count_of(usage, "completion_tokens");
    if (json_is(timings, json_type_object)) { // llama.cpp: exact, and with times
        metrics->tokens_in = count_of(timings, "prompt_n");
        metrics->tokens_out = count_of(timings, "predicted_n");
        metrics->prompt_us = us_of(timings, "prompt_ms");
        metrics->eval_us = us_of(timings, "predicted_ms");
        metrics->total_us = metrics->prompt_us + metrics->eval_us;
    }
}

static enum done_reason reason_of(struct str word) {
    bool is_cut = str_eq(word, STR("length")) || str_eq(word, STR("max_tokens")) ||
                  str_eq(word, STR("limit"));
    return is_cut ? DONE_LENGTH : DONE_STOP;
}

// A choice of chat (a delta, or the whole message) or of completion.
static void read_choice(struct json_object *choice, struct openai_chunk *out) {
    static const char *const THOUGHTS[] = {"reasoning_content", "reasoning"};
    struct json_object *message = json_get(choice, "delta");
    if (!json_is(message, json_type_object)) {
        message = json_get(choice, "message");
        out->is_whole = json_is(message, json_type_object);
    }
    out->text = json_get_str(message, "content");
    if (!json_is(message, json_type_object)) {
        out->text = json_get_str(choice, "text");
    }
    out->thinking = first_of(message, THOUGHTS, sizeof(THOUGHTS) / sizeof(THOUGHTS[0]));
    struct str reason = json_get_str(choice, "finish_reason");
    out->is_last = reason.n > 0 || out->is_whole;
    out->reason = reason_of(reason);
}

// llama.cpp's own form: /infill.
static void read_infill(struct json_object *object, struct openai_chunk *out) {
    out->text = json_get_str(object, "content");
    out->is_last = json_get_bool(object, "stop", false);
    out->is_whole = out->is_last;
    out->reason = reason_of(json_get_str(object, "stop_type"));
    if (json_get_bool(object, "stopped_limit", false)) { // before stop_type there was this
        out->reason = DONE_LENGTH;
    }
}

void openai_chunk_read(struct json_object *object, struct openai_chunk *out) {
    *out = (struct openai_chunk){0};
    struct json_object *choices = json_get(object, "choices");
    if (json_count(choices) > 0) {
        read_choice(json_at(choices, 0), out);
    } else if (!json_has(object, "choices") && json_has(object, "content")) {
        read_infill(object, out);
    }
    read_metrics(object, &out->metrics);
    out->is_hollow = json_count(choices) > 0 && json_has(object, "model") &&
                     json_get_str(object, "model").n == 0 && out->text.n == 0 &&
                     out->thinking.n == 0 && !out->is_last;
}

static void merge(int64_t *sum, int64_t told) {
    *sum = told > 0 ? told : *sum;
}

void openai_metrics_merge(struct generation_metrics *sum, const struct generation_metrics *told) {
    merge(&sum->tokens_in, told->tokens_in);
    merge(&sum->tokens_out, told->tokens_out);
    merge(&sum->total_us, told->total_us);
    merge(&sum->load_us, told->load_us);
    merge(&sum->prompt_us, told->prompt_us);
    merge(&sum->eval_us, told->eval_us);
}

bool openai_is_done(struct str data) {
    return str_eq(str_trim(data), STR("[DONE]"));
}

// --- vectors ---

// The same answer in the form of /api/embed, so that one reader judges the numbers of both.
enum err openai_embeddings_read(struct arena *arena, struct json_object *answer, size_t n,
                                float **rows, size_t *width, struct error *error) {
    struct json_object *data = json_get(answer, "data");
    *rows = NULL;
    *width = 0;
    if (json_count(data) != n) {
        return error_set(error, arena, ERR_PROTOCOL, "%zu vectors instead of %zu", json_count(data),
                         n);
    }
    struct json_object **ordered = ARENA_ARRAY(arena, n + 1, struct json_object *);
    for (size_t i = 0; i < n; i++) {
        struct json_object *entry = json_at(data, i);
        int64_t index = json_get_int(entry, "index", (int64_t)i);
        if (index < 0 || (size_t)index >= n || ordered[index]) {
            return error_set(error, arena, ERR_PROTOCOL, "vectors that are not numbered");
        }
        ordered[index] = json_get(entry, "embedding");
    }
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        json_add(list, json_object_get(ordered[i]));
    }
    struct json_object *plain = json_object_new_object();
    json_set(plain, "embeddings", list);
    enum err result = generation_embeddings_read(arena, plain, n, rows, width, error);
    json_object_put(plain);
    return result;
}

// --- errors ---

bool openai_is_error(struct json_object *answer) {
    struct json_object *error = json_get(answer, "error");
    bool is_bare = json_get_str(answer, "message").n > 0 && !json_has(answer, "choices") &&
                   !json_has(answer, "content") && !json_has(answer, "data");
    return json_is(error, json_type_string) || json_is(error, json_type_object) || is_bare;
}

// "detail" is a text, or FastAPI's list of what is wrong: [{"loc": ["body", "stop"], "msg": "…"}].
static struct str detail_text(struct arena *arena, struct json_object *detail) {
    struct str text = json_str(detail);
    for (size_t i = 0; i < json_count(detail) && i < 4; i++) {
        struct json_object *item = json_at(detail, i);
        struct json_object *place = json_get(item, "loc");
        struct str where = json_str(json_at(place, json_count(place) - 1));
        text = arena_printf(arena, "%.*s%s%.*s: %.*s", STR_ARG(text), i > 0 ? "; " : "",
                            STR_ARG(where), STR_ARG(json_get_str(item, "msg")));
    }
    return text;
}

static const char *remedy_of(enum remote_fault fault) {
    switch (fault) {
    case FAULT_MODEL_MISSING: return "choose a model that the server lists";
    case FAULT_CONTEXT:
        return "send less text, or start the server with a longer context (llama-server -c N)";
    case FAULT_MEMORY: return "use a smaller model or a shorter context";
    case FAULT_UNAUTHORIZED:
        return "name the variable that holds the key in servers[].apiKeyEnv, and set it";
    case FAULT_FORBIDDEN_HOST: return "check the key, and what the server lets in";
    case FAULT_NOT_OLLAMA: return "check the URL: the answer is not that of an OpenAI-like server";
    case FAULT_RUNNER: return "see the server's log";
    case FAULT_CAPABILITY: return "choose a model with that capability";
    case FAULT_BUSY: return "try again in a moment";
    case FAULT_NETWORK_REMOTE: return "check the server's network";
    case FAULT_NONE:
    case FAULT_INVALID_NAME:
    case FAULT_SERVER: break;
    }
    return "";
}

static bool has_any(struct str text, const struct str *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_ifind(text, words[i]) != STR_NPOS) {
            return true;
        }
    }
    return false;
}

#define HAS_ANY(text, words) has_any(text, words, sizeof(words) / sizeof((words)[0]))

// What the servers of this kind say in other words than Ollama.
static enum remote_fault fault_of(long status, struct str text, enum remote_fault judged) {
    static const struct str CONTEXT[] = {STR_INIT("maximum context length"),
                                         STR_INIT("context_length_exceeded"),
                                         STR_INIT("context size"), STR_INIT("context length")};
    static const struct str MISSING[] = {STR_INIT("does not exist"), STR_INIT("model_not_found"),
                                         STR_INIT("no model"), STR_INIT("not a valid model")};
    static const struct str ABILITY[] = {STR_INIT("not supported"), STR_INIT("not implemented"),
                                         STR_INIT("unexpected endpoint")};
    static const struct str LOADING[] = {STR_INIT("loading model"), STR_INIT("rate limit")};
    static const struct str KEY[] = {STR_INIT("api key"), STR_INIT("api_key")};
    if (status == 401 || status == 403 || ((status == 400 || status == 0) && HAS_ANY(text, KEY))) {
        return judged == FAULT_FORBIDDEN_HOST ? judged : FAULT_UNAUTHORIZED;
    }
    if (HAS_ANY(text, LOADING)) {
        return FAULT_BUSY;
    }
    if (HAS_ANY(text, CONTEXT)) {
        return FAULT_CONTEXT;
    }
    if (status == 501 || HAS_ANY(text, ABILITY)) {
        return FAULT_CAPABILITY;
    }
    if (str_ifind(text, STR("model")) != STR_NPOS && HAS_ANY(text, MISSING)) {
        return FAULT_MODEL_MISSING;
    }
    return judged;
}

void openai_error_classify(struct arena *arena, long status, struct str content_type,
                           struct str body, struct str model, struct remote_error *out) {
    struct json_object *root = NULL;
    struct str plain = body;
    if (json_parse(arena, str_trim(body), &root, NULL) == ERR_OK &&
        json_is(root, json_type_object) && !json_has(root, "error")) {
        struct str text = json_get_str(root, "message");
        text = text.n ? text : detail_text(arena, json_get(root, "detail"));
        if (text.n > 0 && (status >= 400 || openai_is_error(root))) { // said in Ollama's shape
            struct json_object *wrapped = json_object_new_object();
            json_set_str(wrapped, "error", text);
            plain = arena_copy(arena, json_text(wrapped));
            json_object_put(wrapped);
        }
    }
    json_object_put(root);
    remote_error_classify(arena, status, content_type, plain, model, out);
    if (out->fault == FAULT_NONE) {
        return;
    }
    if (out->fault != FAULT_NOT_OLLAMA || status == 501) {
        out->fault = fault_of(status, out->message, out->fault);
    }
    out->remedy = str_from(remedy_of(out->fault));
}
