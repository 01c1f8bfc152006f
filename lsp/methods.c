// SPDX-License-Identifier: MIT
//
// The table of messages, in the order of the specification's chapters. Looked up by name in a loop:
// it is short, and compared to parsing the message the search costs nothing.
#include "lsp/methods.h"

#include "lsp/commands.h"
#include "lsp/handlers/handlers.h"
#include "lsp/server_private.h"

#define REQUEST(method, handler, flag, announce)                                                   \
    {                                                                                              \
        .name = method, .kind = METHOD_REQUEST, .on_request = handler, .flags = flag,              \
        .advertise = announce                                                                      \
    }
#define NOTIFICATION(method, handler, flag, announce)                                              \
    {                                                                                              \
        .name = method, .kind = METHOD_NOTIFICATION, .on_notification = handler, .flags = flag,    \
        .advertise = announce                                                                      \
    }

static const struct method methods[] = {
    // Lifecycle
    REQUEST("initialize", lifecycle_on_initialize, METHOD_BEFORE_INIT, NULL),
    NOTIFICATION("initialized", lifecycle_on_initialized, 0, NULL),
    REQUEST("shutdown", lifecycle_on_shutdown, 0, NULL),
    NOTIFICATION("exit", lifecycle_on_exit, METHOD_ALWAYS, NULL),
    NOTIFICATION("$/cancelRequest", lifecycle_on_cancel, 0, NULL),
    NOTIFICATION("$/setTrace", lifecycle_on_set_trace, 0, NULL),
    NOTIFICATION("window/workDoneProgress/cancel", progress_on_cancel, 0, NULL),

    // Documents
    NOTIFICATION("textDocument/didOpen", documents_on_open, 0, documents_advertise),
    NOTIFICATION("textDocument/didChange", documents_on_change, 0, NULL),
    NOTIFICATION("textDocument/didSave", documents_on_save, 0, NULL),
    NOTIFICATION("textDocument/didClose", documents_on_close, 0, NULL),

    // Language features
    REQUEST("textDocument/diagnostic", feed_on_document, 0, feed_advertise),
    REQUEST("textDocument/completion", completion_on_request, METHOD_NEEDS_DOC,
            completion_advertise),
    REQUEST("completionItem/resolve", completion_on_resolve, 0, NULL),
    REQUEST("textDocument/hover", hover_on_request, METHOD_NEEDS_DOC, hover_advertise),
    REQUEST("textDocument/codeAction", code_action_on_request, METHOD_NEEDS_DOC,
            code_action_advertise),
    REQUEST("textDocument/definition", definition_on_request, METHOD_NEEDS_DOC,
            definition_advertise),
    REQUEST("textDocument/references", references_on_request, METHOD_NEEDS_DOC,
            references_advertise),
    REQUEST("textDocument/prepareRename", rename_on_prepare, METHOD_NEEDS_DOC, NULL),
    REQUEST("textDocument/rename", rename_on_request, METHOD_NEEDS_DOC, rename_advertise),
    REQUEST("textDocument/documentHighlight", highlight_on_request, METHOD_NEEDS_DOC,
            highlight_advertise),
    REQUEST("textDocument/documentLink", document_link_on_request, METHOD_NEEDS_DOC,
            document_link_advertise),
    REQUEST("textDocument/codeLens", code_lens_on_request, METHOD_NEEDS_DOC, code_lens_advertise),
    REQUEST("textDocument/documentSymbol", document_symbol_on_request, METHOD_NEEDS_DOC,
            document_symbol_advertise),
    REQUEST("textDocument/foldingRange", folding_range_on_request, METHOD_NEEDS_DOC,
            folding_range_advertise),
    REQUEST("textDocument/formatting", formatting_on_request, METHOD_NEEDS_DOC,
            formatting_advertise),
    REQUEST("textDocument/semanticTokens/full", semantic_tokens_on_full, METHOD_NEEDS_DOC,
            semantic_tokens_advertise),
    REQUEST("textDocument/semanticTokens/range", semantic_tokens_on_range, METHOD_NEEDS_DOC, NULL),
    REQUEST("textDocument/inlayHint", inlay_hint_on_request, METHOD_NEEDS_DOC,
            inlay_hint_advertise),

    REQUEST("textDocument/inlineCompletion", inline_on_request, METHOD_NEEDS_DOC, inline_advertise),

    // Workspace features
    REQUEST("workspace/diagnostic", feed_on_workspace, 0, NULL),
    REQUEST("workspace/symbol", workspace_symbol_on_request, 0, workspace_symbol_advertise),
    REQUEST("workspace/executeCommand", command_execute, 0, command_advertise),
    NOTIFICATION("workspace/didChangeConfiguration", configuration_on_change, 0, NULL),
    NOTIFICATION("workspace/didChangeWatchedFiles", watched_files_on_change, 0, NULL),
    NOTIFICATION("workspace/didChangeWorkspaceFolders", folders_on_change, 0, folders_advertise),
};

#define COUNT (sizeof(methods) / sizeof(methods[0]))
_Static_assert(COUNT <= METHOD_MAX, "METHOD_MAX is too small");

size_t method_index(const struct method *method) {
    return (size_t)(method - methods);
}

const struct method *method_find(struct str name) {
    for (size_t i = 0; i < COUNT; i++) {
        if (str_eq(name, str_from(methods[i].name))) {
            return &methods[i];
        }
    }
    return NULL;
}

static const char *encoding_name(enum position_encoding encoding) {
    switch (encoding) {
    case POSITION_UTF8: return "utf-8";
    case POSITION_UTF32: return "utf-32";
    default: return "utf-16";
    }
}

struct json_object *methods_capabilities(const struct lsp_server *server) {
    struct json_object *capabilities = json_object_new_object();
    if (server->caps.encoding_negotiated) {
        json_set_str(capabilities, "positionEncoding",
                     str_from(encoding_name(server->caps.encoding)));
    }
    for (size_t i = 0; i < COUNT; i++) {
        if (methods[i].advertise) {
            methods[i].advertise(server, capabilities);
        }
    }
    return capabilities;
}
