// SPDX-License-Identifier: MIT
//
// Calls that answer with a stream of JSON lines. Invariants: a stream that ends without its final
// frame is a failure, however politely it ended; an error frame ends it at once; after the final
// frame nothing can make it fail any more, and the connection is kept if the server ends the answer
// soon.
#include "base/json.h"
#include "base/limits.h"
#include "ollama/io/call.h"

enum {
    AFTER_FINAL_MS = 1000, // the end of the answer normally comes with the final frame
};

bool stream_final_done(struct json_object *frame) {
    return json_get_bool(frame, "done", false);
}

bool stream_final_success(struct json_object *frame) {
    return str_eq(json_get_str(frame, "status"), STR("success"));
}

static void on_late_end(uv_timer_t *timer) {
    struct call *call = timer->data;
    if (call->transfer) {
        http_cancel(call->transfer);
    }
}

// Takes one object; false when the stream is to be given up.
static bool stream_object(struct call *call, struct json_object *frame, struct str line) {
    if (call_answer_is_error(frame)) {
        call_fail_remote(call, &call->failure, 0, STR("application/json"), line);
        return false;
    }
    if (!call->handlers.on_frame(call->handlers.data, frame)) {
        call_cancel(call);
    }
    if (call->is_cancelled) {
        return false;
    }
    if (call->is_final(frame)) {
        call->is_complete = true;
        uv_timer_start(&call->timer, on_late_end, AFTER_FINAL_MS, 0);
    }
    return true;
}

static bool stream_line(struct call *call, struct str line) {
    struct json_object *frame = NULL;
    struct error error = {0};
    bool goes_on = false;
    call->n_frames++;
    arena_reset(&call->scratch);
    if (json_parse(&call->scratch, line, &frame, &error) != ERR_OK ||
        !json_is(frame, json_type_object)) {
        bool is_page = str_istarts(str_trim(line), STR("<"));
        call_fail_protocol(call, &call->failure,
                           is_page ? "a web page" : "a line that is no JSON object");
    } else {
        goes_on = stream_object(call, frame, line);
    }
    json_object_put(frame);
    return goes_on;
}

static bool stream_frames(struct call *call, struct str bytes) {
    struct str line;
    if (ndjson_feed(&call->framer, bytes) != ERR_OK) {
        call->failure.code = ERR_LIMIT;
        call->failure.message =
            arena_printf(&call->arena, "%.*s%s sent a line longer than %u MiB",
                         STR_ARG(call->where), call->path, LIMIT_NDJSON_LINE / (1024 * 1024));
        return false;
    }
    while (!call->is_complete && ndjson_next(&call->framer, &line)) {
        if (!stream_line(call, line)) {
            return false;
        }
    }
    return true;
}

// Servers answer some streaming requests with one object without a line end. A piece of a frame
// after good ones is a stream cut short; as the first thing it is something else than Ollama.
static void stream_end(struct call *call, struct call_result *result) {
    struct str rest = str_trim(ndjson_rest(&call->framer));
    if (!str_is_empty(rest) && (call->n_frames == 0 || json_check(rest, NULL) == ERR_OK)) {
        stream_line(call, rest);
    }
    if (call->is_cancelled) {
        result->code = ERR_CANCELLED;
        result->message = STR("cancelled");
    } else if (call->failure.code != ERR_OK) {
        *result = call->failure;
    } else if (!call->is_complete) {
        result->code = ERR_PROTOCOL;
        result->message = arena_printf(&call->arena, "the answer of %.*s%s ended too early",
                                       STR_ARG(call->where), call->path);
        result->remedy = STR("try again; the server's log may say why it stopped");
    }
}

static void stream_report(struct call *call, const struct call_result *result) {
    call->handlers.on_done(call->handlers.data, result);
}

struct call *ollama_stream(struct http *http, const struct endpoint *endpoint, const char *path,
                           struct json_object *body, struct str model, stream_final_fn is_final,
                           const struct stream_handlers *handlers) {
    struct call *call = call_create(http, endpoint, path, model);
    call->frames = stream_frames;
    call->end = stream_end;
    call->report = stream_report;
    call->handlers = *handlers;
    call->is_final = is_final;
    ndjson_init(&call->framer, LIMIT_NDJSON_LINE);
    call->has_framer = true;
    call_start(call, STR("POST"), body, 0, 0);
    return call;
}

struct call *ollama_pull(struct http *http, const struct endpoint *endpoint, struct str model,
                         const struct stream_handlers *handlers) {
    struct json_object *body = json_object_new_object();
    json_set_str(body, "model", model);
    json_set_bool(body, "stream", true);
    struct call *call =
        ollama_stream(http, endpoint, "/api/pull", body, model, stream_final_success, handlers);
    json_object_put(body);
    return call;
}
