// SPDX-License-Identifier: MIT
//
// ollama-ls.ai {action, uri, range, id?, instruction?, model?, review?}, .accept {id}, .reject
// {id}, .metrics. All answer at once; an action goes on behind its progress (lsp/ai.h).
#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"
#include "lsp/handlers/manage.h"
#include "session/metrics.h"

#define ID_MAX 200

static void reply_error(struct request *request, int code, const struct error *error) {
    struct str message = display_escape(request->arena, error->message, 600);
    struct str remedy = display_escape(request->arena, error->remedy, 200);
    reply_err(request, (enum rpc_code)code, "%.*s",
              STR_ARG(error_text(request->arena, message, remedy)));
}

static bool is_string_or_absent(struct json_object *argument, const char *key) {
    struct json_object *value = json_get(argument, key); // null says as much as nothing
    return !value || json_is(value, json_type_string);
}

// The names of all actions, for the message about a wrong one.
static struct str action_names(struct request *request) {
    struct buf names;
    buf_init(&names, 2000);
    const struct action_set *set = ai_actions(request->server);
    for (size_t i = 0; i < action_set_count(set); i++) {
        buf_printf(&names, "%s%.*s", i ? ", " : "", STR_ARG(action_set_at(set, i)->name));
    }
    struct str copy = arena_copy(request->arena, buf_str(&names));
    buf_finish(&names);
    return copy;
}

// False when it has been answered with −32602.
static bool read_ai(struct request *request, struct json_object *argument, struct ai_request *out) {
    struct str action = json_get_str(argument, "action");
    struct str uri = json_get_str(argument, "uri");
    *out = (struct ai_request){
        .id = json_get_str(argument, "id"),
        .instruction = json_get_str(argument, "instruction"),
        .model = str_trim(json_get_str(argument, "model")),
        .review = json_get_bool(argument, "review", false),
        .diagnostics = json_get(argument, "diagnostics"),
        .token = json_get(request->params, "workDoneToken"),
    };
    struct model_name name;
    if (action.n == 0 || uri.n == 0 || !json_is(json_get(argument, "range"), json_type_object) ||
        !is_string_or_absent(argument, "id") || !is_string_or_absent(argument, "instruction") ||
        !is_string_or_absent(argument, "model") || out->id.n > ID_MAX ||
        (json_get(argument, "id") && out->id.n == 0) ||
        (out->diagnostics && !json_is(out->diagnostics, json_type_array)) ||
        (json_get(argument, "review") &&
         !json_is(json_get(argument, "review"), json_type_boolean))) {
        reply_err(request, RPC_INVALID_PARAMS,
                  "the command needs one object {\"action\": NAME, \"uri\": URI, \"range\": RANGE, "
                  "\"id\"?: STRING, \"instruction\"?: STRING, \"model\"?: NAME, \"review\"?: "
                  "BOOLEAN}");
        return false;
    }
    if (out->model.n > 0 && !model_name_parse(out->model, MODEL_NAME_INFERENCE, &name, NULL)) {
        reply_err(request, RPC_INVALID_PARAMS, "\"%.*s\" is not a model name",
                  STR_ARG(display_escape(request->arena, out->model, 80)));
        return false;
    }
    out->action = action_set_find(ai_actions(request->server), action);
    if (!out->action) {
        reply_err(request, RPC_INVALID_PARAMS, "there is no action \"%.*s\"; there are: %.*s",
                  STR_ARG(display_escape(request->arena, action, 80)),
                  STR_ARG(action_names(request)));
        return false;
    }
    out->document = documents_find(request->server, uri);
    if (!out->document ||
        !document_range(request->server, out->document, json_get(argument, "range"),
                        &out->selection.start, &out->selection.end)) {
        reply_err(request, RPC_INVALID_PARAMS, "%s",
                  out->document ? "\"range\" is no range" : "\"uri\" is not an open document");
        return false;
    }
    return true;
}

void command_ai(struct request *request, struct json_object *argument) {
    struct ai_request ai;
    if (!read_ai(request, argument, &ai)) {
        return;
    }
    if (!ai.document->is_ours || ai.document->is_too_large) {
        reply_err(request, RPC_REQUEST_FAILED, "%s",
                  ai.document->is_ours ? "the document is too large"
                                       : "only file: and untitled: documents are worked on");
        return;
    }
    struct error error = {0};
    int code = ai_start(request->server, &ai, request->arena, &error);
    if (code != 0) {
        reply_error(request, code, &error);
        return;
    }
    reply_ok(request, NULL);
}

static void resolve(struct request *request, struct json_object *argument,
                    int (*how)(struct lsp_server *server, struct str id, struct arena *arena,
                               struct error *error)) {
    struct str id = json_get_str(argument, "id");
    if (id.n == 0) {
        reply_err(request, RPC_INVALID_PARAMS, "the command needs {\"id\": STRING}");
        return;
    }
    // The id, or the token that its progress went by.
    struct str prefix = STR("ollama-ls/");
    id = str_starts(id, prefix) ? str_from_index(id, prefix.n) : id;
    struct error error = {0};
    int code = how(request->server, id, request->arena, &error);
    if (code != 0) {
        reply_error(request, code, &error);
        return;
    }
    reply_ok(request, NULL);
}

void command_accept(struct request *request, struct json_object *argument) {
    resolve(request, argument, ai_accept);
}

void command_reject(struct request *request, struct json_object *argument) {
    resolve(request, argument, ai_reject);
}

// The command of an inline completion's item: the editor ran it because the text was taken.
void command_inline_accepted(struct request *request, struct json_object *argument) {
    struct str model = json_get_str(argument, "model");
    struct str host = json_get_str(argument, "host");
    if (model.n == 0 || model.n > LIMIT_NAME || host.n > LIMIT_HOST) {
        reply_err(request, RPC_INVALID_PARAMS,
                  "the command needs {\"model\": NAME, \"host\": URL}");
        return;
    }
    // Only what was asked before is counted: nobody fills the table with names of his own. Items
    // name servers as they are shown, without credentials.
    struct session *session = request->server->session;
    for (size_t i = 0; i < session_server_count(session); i++) {
        struct str url = session_server_at(session, i)->url;
        if (str_eq(uri_redact(request->arena, url), host)) {
            metrics_add_accepted(session_metrics(session), url, model);
            break;
        }
    }
    reply_ok(request, NULL);
}

void command_metrics(struct request *request, struct json_object *argument) {
    (void)argument;
    reply_ok(request, metrics_object(session_metrics(request->server->session)));
}
