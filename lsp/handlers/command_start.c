// SPDX-License-Identifier: MIT
//
// ollama-ls.startServer: runs `ollama serve` of this machine and shows its start as progress.
#include <stdlib.h>

#include "base/uri.h"
#include "base/utf.h"
#include "lsp/handlers/manage.h"
#include "session/start.h"

struct awaited {
    struct lsp_server *lsp;
    struct progress *progress;
    struct starting *starting;
};

static void finish(struct awaited *awaited, enum message_type type, struct str text) {
    struct lsp_server *lsp = awaited->lsp;
    progress_end(awaited->progress, type, text);
    free(awaited);
    status_changed(lsp);
}

static void on_done(void *data, struct str failure) {
    if (failure.n > 0) {
        finish(data, MESSAGE_ERROR, failure);
    } else {
        finish(data, MESSAGE_INFO, STR("Ollama is running"));
    }
}

// Also at the end of the session, when nothing of it may be used later. The program goes on.
static void on_cancel(void *data) {
    struct awaited *awaited = data;
    starting_cancel(awaited->starting);
    finish(awaited, MESSAGE_INFO, STR_NONE);
}

// 0, or a libuv error.
static int start(struct lsp_server *lsp, struct str program) {
    int code;
    struct awaited *awaited = mem_alloc(sizeof(*awaited));
    awaited->lsp = lsp;
    awaited->starting = starting_begin(lsp->loop, lsp->session, program, on_done, awaited, &code);
    if (!awaited->starting) {
        free(awaited);
        return code;
    }
    struct progress_options progress = {
        .title = STR("Starting Ollama"),
        .kind = STR("start"),
        .on_cancel = on_cancel,
        .data = awaited,
    };
    awaited->progress = progress_begin(lsp, &progress);
    return 0;
}

void command_start_server(struct request *request, struct json_object *argument) {
    struct arena *arena = request->arena;
    struct lsp_server *lsp = request->server;
    struct server *server = session_default(lsp->session);
    (void)argument;
    if (!server->is_loopback) {
        reply_err(request, RPC_REQUEST_FAILED,
                  "the default server %.*s is not on this machine; start it there",
                  STR_ARG(uri_redact(arena, server->url)));
        return;
    }
    if (server->state == SERVER_OK) {
        reply_err(request, RPC_REQUEST_FAILED, "%.*s answers already",
                  STR_ARG(uri_redact(arena, server->url)));
        return;
    }
    struct str program = ollama_program(arena, session_settings(lsp->session)->ollama_path);
    if (program.n == 0) {
        reply_err(
            request, RPC_REQUEST_FAILED,
            "there is no ollama program in PATH; get it from https://ollama.com/download, or set "
            "ollamaPath to its absolute path");
        return;
    }
    int code = start(lsp, program);
    if (code != 0) {
        reply_err(request, RPC_REQUEST_FAILED, "%.*s could not be started: %s", STR_ARG(program),
                  uv_strerror(code));
        return;
    }
    reply_ok(request, NULL);
}
