// SPDX-License-Identifier: MIT
//
// The calls whose answer is one JSON object. Source of paths, bodies and answers: Ollama's
// server/routes.go and api/types.go (v0.33).
#include "ollama/io/client.h"

#include "base/json.h"
#include "base/limits.h"
#include "ollama/core/generation.h"
#include "ollama/io/call.h"

// Something else may answer /api/version too: only a string counts.
static const char *check_version(struct json_object *answer) {
    return json_is(json_get(answer, "version"), json_type_string) ? NULL : "no version";
}

// Old servers wrote an empty list as null.
static const char *check_models(struct json_object *answer) {
    if (json_has(answer, "models") && !json_get(answer, "models")) {
        json_set(answer, "models", json_object_new_array());
    }
    return json_is(json_get(answer, "models"), json_type_array) ? NULL : "no list of models";
}

static struct call *get(struct http *http, const struct endpoint *endpoint, const char *path,
                        const char *(*accepts)(struct json_object *answer), size_t max_body,
                        call_json_fn done, void *data) {
    struct call *call = call_create_json(http, endpoint, path, STR_NONE, done, data);
    call->accepts = accepts;
    call_start(call, STR("GET"), NULL, TIME_CALL_MS, max_body);
    return call;
}

struct call *ollama_version(struct http *http, const struct endpoint *endpoint, call_json_fn done,
                            void *data) {
    return get(http, endpoint, "/api/version", check_version, LIMIT_VERSION_BODY, done, data);
}

struct call *ollama_tags(struct http *http, const struct endpoint *endpoint, call_json_fn done,
                         void *data) {
    return get(http, endpoint, "/api/tags", check_models, LIMIT_TAGS_BODY, done, data);
}

struct call *ollama_ps(struct http *http, const struct endpoint *endpoint, call_json_fn done,
                       void *data) {
    return get(http, endpoint, "/api/ps", check_models, LIMIT_TAGS_BODY, done, data);
}

static struct json_object *body_of_model(struct str model) {
    struct json_object *body = json_object_new_object();
    json_set_str(body, "model", model);
    return body;
}

struct call *ollama_show(struct http *http, const struct endpoint *endpoint, struct str model,
                         call_json_fn done, void *data) {
    struct call *call = call_create_json(http, endpoint, "/api/show", model, done, data);
    struct json_object *body = body_of_model(model);
    call_start(call, STR("POST"), body, TIME_CALL_MS, LIMIT_SHOW_BODY);
    json_object_put(body);
    return call;
}

struct call *ollama_delete(struct http *http, const struct endpoint *endpoint, struct str model,
                           call_json_fn done, void *data) {
    struct call *call = call_create_json(http, endpoint, "/api/delete", model, done, data);
    call->takes_empty = true;
    struct json_object *body = body_of_model(model);
    call_start(call, STR("DELETE"), body, 0, LIMIT_VERSION_BODY);
    json_object_put(body);
    return call;
}

// --- load and unload ---

// /api/generate refuses models that only embed; /api/embed without input loads those.
static bool load_as_embedding(struct call *call, const struct call_result *result) {
    if (result->remote.fault != FAULT_CAPABILITY || strcmp(call->path, "/api/generate") != 0) {
        return false;
    }
    struct json_object *body = body_of_model(call->model);
    json_set(body, "input", json_object_new_array());
    keep_alive_set(body, call->keep_alive);
    call_restart(call, "/api/embed", body);
    json_object_put(body);
    return true;
}

struct call *ollama_load(struct http *http, const struct endpoint *endpoint, struct str model,
                         struct str keep_alive, call_json_fn done, void *data) {
    struct call *call = call_create_json(http, endpoint, "/api/generate", model, done, data);
    call->again = load_as_embedding;
    call->keep_alive = arena_copy(&call->arena, keep_alive);
    struct json_object *body = body_of_model(model);
    json_set_bool(body, "stream", false);
    keep_alive_set(body, keep_alive);
    call_start(call, STR("POST"), body, 0, LIMIT_SHOW_BODY);
    json_object_put(body);
    return call;
}

struct call *ollama_unload(struct http *http, const struct endpoint *endpoint, struct str model,
                           call_json_fn done, void *data) {
    return ollama_load(http, endpoint, model, STR("0"), done, data);
}

// --- create ---

static struct call *blob(struct http *http, const struct endpoint *endpoint, struct str digest,
                         call_json_fn done, void *data) {
    struct call *call = call_create_json(http, endpoint, "", STR_NONE, done, data);
    call->path = arena_join(&call->arena, STR("/api/blobs/"), digest).p;
    call->takes_empty = true;
    return call;
}

struct call *ollama_blob_head(struct http *http, const struct endpoint *endpoint, struct str digest,
                              call_json_fn done, void *data) {
    struct call *call = blob(http, endpoint, digest, done, data);
    call_start(call, STR("HEAD"), NULL, TIME_CALL_MS, LIMIT_VERSION_BODY);
    return call;
}

struct call *ollama_blob_upload(struct http *http, const struct endpoint *endpoint,
                                struct str digest, int fd, int64_t size, call_json_fn done,
                                void (*sent)(void *data, int64_t n), void *data) {
    struct call *call = blob(http, endpoint, digest, done, data);
    call->sent = sent;
    call->may_hang_up = true;
    call_start_file(call, fd, size, LIMIT_VERSION_BODY);
    return call;
}

struct call *ollama_create(struct http *http, const struct endpoint *endpoint,
                           struct json_object *body, struct str model,
                           const struct stream_handlers *handlers) {
    return ollama_stream(http, endpoint, "/api/create", body, model, stream_final_success,
                         handlers);
}
