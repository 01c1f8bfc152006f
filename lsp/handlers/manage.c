// SPDX-License-Identifier: MIT
#include "lsp/handlers/manage.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"

#define QUESTION_MS 300000 // a forgotten question counts as "no"

bool host_read(struct str written, struct host *host) {
    host_parse(written, host);
    for (size_t i = 0; i < written.n; i++) {
        if ((unsigned char)written.p[i] <= ' ' || written.p[i] == 0x7f) {
            return false;
        }
    }
    return written.n > 0 && written.n <= LIMIT_HOST && host_scheme_is_http(host) &&
           host->name.n > 0;
}

// A command may name any server the session knows; others only if the rules of trust let them in.
static struct server *server_named(struct request *request, struct str host) {
    struct session *session = request->server->session;
    if (host.n == 0) {
        return session_default(session);
    }
    struct server *known = session_server_by_url(session, host_canonical(request->arena, host));
    if (known) {
        return known;
    }
    struct reference_host named = {.origin = HOST_ORIGIN_SIBLING, .written = host};
    return session_resolve(session, request->arena, lsp_server_root(request->server), &named)
        .server;
}

bool target_read(struct request *request, struct json_object *argument, struct target *target) {
    struct str model = str_trim(json_get_str(argument, "model"));
    return target_read_for(request, argument, model, target);
}

bool target_read_for(struct request *request, struct json_object *argument, struct str model,
                     struct target *target) {
    struct arena *arena = request->arena;
    struct str host = json_get_str(argument, "host");
    struct model_name_problem problem;
    if (model.n == 0 || model.n > LIMIT_NAME || host.n > LIMIT_HOST ||
        (json_has(argument, "host") && !json_is(json_get(argument, "host"), json_type_string)) ||
        (json_has(argument, "ask") && !json_is(json_get(argument, "ask"), json_type_boolean))) {
        reply_err(request, RPC_INVALID_PARAMS,
                  "the command needs one object {\"model\": NAME, \"host\"?: URL}");
        return false;
    }
    target->model = arena_copy(arena, model);
    target->server = server_named(request, host);
    if (!target->server) {
        struct str shown = display_escape(arena, uri_redact(arena, host), 200);
        struct host read;
        if (!host_read(str_trim(host), &read)) {
            reply_err(request, RPC_INVALID_PARAMS, "\"%.*s\" is no http address",
                      STR_ARG(shown));
            return false;
        }
        reply_err(request, RPC_REQUEST_FAILED,
                  "%.*s is not trusted; trust it by ollama-ls.trustHost, or name it in your "
                  "settings",
                  STR_ARG(shown));
        return false;
    }
    target->name = (struct model_name){0};
    if (target->server->kind == SERVER_KIND_OPENAI) {
        return true; // a plain string there
    }
    if (!model_name_parse(target->model, MODEL_NAME_INFERENCE, &target->name, &problem)) {
        struct str shown = display_escape(arena, target->model, 80);
        struct str why = model_name_problem_text(arena, target->model, &problem);
        reply_err(request, RPC_INVALID_PARAMS, "\"%.*s\" is not a model name: %.*s", STR_ARG(shown),
                  STR_ARG(why));
        return false;
    }
    return true;
}

bool target_is_ollama(struct request *request, const struct target *target) {
    if (target->server->kind == SERVER_KIND_OLLAMA) {
        return true;
    }
    reply_err(request, RPC_REQUEST_FAILED,
              "%.*s is not an Ollama server: its models are managed on its side",
              STR_ARG(uri_redact(request->arena, target->server->url)));
    return false;
}

bool target_is_reachable(struct request *request, const struct target *target) {
    const struct server *server = target->server;
    if (server->state != SERVER_UNREACHABLE) {
        return true;
    }
    reply_err(request, RPC_REQUEST_FAILED, "%.*s",
              STR_ARG(error_text(request->arena, server->error_message, server->error_remedy)));
    // The user wants it now: perhaps it is back.
    server_refresh(target->server);
    return false;
}

struct question {
    ask_fn on_answer;
    void *data;
    char *button;
};

static void on_question_answered(struct lsp_server *server, enum err code,
                                 struct json_object *result, void *data) {
    struct question *question = data;
    bool yes = code == ERR_OK && str_eq(json_get_str(result, "title"), str_from(question->button));
    question->on_answer(server, yes, question->data);
    free(question->button);
    free(question);
}

bool ask_user(struct lsp_server *server, struct str text, struct str button, ask_fn on_answer,
              void *data) {
    if (!server->caps.show_message_request) {
        return false;
    }
    struct question *question = mem_alloc(sizeof(*question));
    *question = (struct question){on_answer, data, mem_strdup(button)};
    struct json_object *actions = json_object_new_array();
    struct str titles[2] = {button, STR("Cancel")};
    for (size_t i = 0; i < 2; i++) {
        struct json_object *action = json_object_new_object();
        json_set_str(action, "title", titles[i]);
        json_add(actions, action);
    }
    struct json_object *params = json_object_new_object();
    json_set_int(params, "type", MESSAGE_INFO);
    json_set_str(params, "message", text);
    json_set(params, "actions", actions);
    rpc_request(server, "window/showMessageRequest", params, QUESTION_MS, on_question_answered,
                question);
    return true;
}

struct str failure_text(struct arena *arena, const struct call_result *result) {
    struct str message = display_escape(arena, result->message, 400);
    return error_text(arena, message, display_escape(arena, result->remedy, 200));
}
