// SPDX-License-Identifier: MIT
//
// ollama-ls.status, .models, .refresh, .cancel, .trustHost, .ignoreModel.
#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"
#include "lsp/handlers/manage.h"

// {show?: true}: as a message too, for a code action whose client drops what commands return.
void command_status(struct request *request, struct json_object *argument) {
    struct json_object *status = status_object(request->server);
    if (json_get_bool(argument, "show", false)) {
        bool is_fine = str_eq(json_get_str(status, "state"), STR("ok"));
        lsp_server_show(request->server, is_fine ? MESSAGE_INFO : MESSAGE_WARNING,
                        json_get_str(status, "message"));
    }
    reply_ok(request, status);
}

// What is known of the servers' models now: for the pickers of plugins. Nobody is asked.
void command_models(struct request *request, struct json_object *argument) {
    (void)argument;
    reply_ok(request, session_models(request->server->session));
}

void command_refresh(struct request *request, struct json_object *argument) {
    (void)argument;
    struct server *server;
    for (size_t i = 0; (server = session_server_at(request->server->session, i)) != NULL; i++) {
        server_refresh(server);
    }
    lsp_server_refresh_views(request->server);
    reply_ok(request, NULL);
}

void command_cancel(struct request *request, struct json_object *argument) {
    if (json_has(argument, "id") && !json_is(json_get(argument, "id"), json_type_string)) {
        reply_err(request, RPC_INVALID_PARAMS, "the command takes {\"id\"?: STRING}");
        return;
    }
    // The id of a job, or the token that its progress goes by.
    struct str id = json_get_str(argument, "id");
    struct str prefix = STR("ollama-ls/");
    id = str_starts(id, prefix) ? str_from_index(id, prefix.n) : id;
    (void)progress_cancel(request->server, id);
    reply_ok(request, NULL);
}

// --- trust ---

// The workspace folder that a command speaks of: that of `uri`, else the first.
static struct str root_of(struct request *request, struct json_object *argument) {
    struct str uri = json_get_str(argument, "uri");
    struct document *document = uri.n ? documents_find(request->server, uri) : NULL;
    return document ? document->root : lsp_server_root(request->server);
}

void command_trust_host(struct request *request, struct json_object *argument) {
    struct arena *arena = request->arena;
    struct lsp_server *server = request->server;
    struct str written = str_trim(json_get_str(argument, "host"));
    struct host host;
    if (!host_read(written, &host)) {
        reply_err(request, RPC_INVALID_PARAMS,
                  "the command needs {\"host\": URL} with an http or https host");
        return;
    }
    struct error error = {0};
    if (state_trust(session_state(server->session), root_of(request, argument),
                    host_canonical(arena, written), &error, arena) != ERR_OK) {
        reply_err(request, RPC_REQUEST_FAILED, "the trust could not be remembered: %.*s",
                  STR_ARG(error.message));
        return;
    }
    documents_invalidate(server, NULL);
    lsp_server_refresh_views(server);
    reply_ok(request, NULL);
}

// --- ignoring a model ---

// .ollama-ls.json is small and local; it is written at once so that the finding goes at once.
void command_ignore_model(struct request *request, struct json_object *argument) {
    struct arena *arena = request->arena;
    struct str model = json_get_str(argument, "model");
    struct str root = root_of(request, argument);
    if (model.n == 0 || model.n > LIMIT_NAME) {
        reply_err(request, RPC_INVALID_PARAMS, "the command needs {\"model\": NAME}");
        return;
    }
    if (root.n == 0) {
        reply_err(request, RPC_REQUEST_FAILED,
                  "there is no workspace folder to keep this in; use the setting ignoreModels");
        return;
    }
    struct str path = path_join(arena, root, str_from(SETTINGS_WORKSPACE_NAME));
    struct error error = {0};
    struct str text = STR_NONE;
    struct str changed;
    enum err result = file_read(arena, path.p, LIMIT_SETTINGS_FILE, &text);
    if (result == ERR_OK || result == ERR_NOT_FOUND) {
        result = settings_add_ignored_model(arena, text, model, &changed, &error);
    } else {
        (void)error_set(&error, arena, result, "it cannot be read (%s)", err_name(result));
    }
    if (result == ERR_OK) {
        result = file_write_atomic(path.p, changed, 0644, &error, arena);
    }
    if (result != ERR_OK) {
        reply_err(request, RPC_REQUEST_FAILED, "%.*s: %.*s", STR_ARG(path), STR_ARG(error.message));
        return;
    }
    (void)session_file_changed(request->server->session, path);
    documents_invalidate(request->server, NULL);
    lsp_server_refresh_views(request->server);
    reply_ok(request, NULL);
}
