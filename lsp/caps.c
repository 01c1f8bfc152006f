// SPDX-License-Identifier: MIT
//
// The only reader of ClientCapabilities. What is absent or of a wrong type counts as not declared.
#include "lsp/caps.h"

#include "base/json.h"

static bool flag(struct json_object *object, const char *dotted) {
    struct json_object *value = json_path(object, dotted);
    return json_is(value, json_type_boolean) && json_object_get_boolean(value);
}

static bool declared(struct json_object *object, const char *dotted) {
    return json_is(json_path(object, dotted), json_type_object);
}

// Does the array at `dotted` hold this string?
static bool lists(struct json_object *object, const char *dotted, const char *wanted) {
    struct json_object *array = json_path(object, dotted);
    for (size_t i = 0; i < json_count(array); i++) {
        if (str_eq(json_str(json_at(array, i)), str_from(wanted))) {
            return true;
        }
    }
    return false;
}

static bool lists_int(struct json_object *object, const char *dotted, int64_t wanted) {
    struct json_object *array = json_path(object, dotted);
    for (size_t i = 0; i < json_count(array); i++) {
        struct json_object *item = json_at(array, i);
        if (json_is(item, json_type_int) && json_object_get_int64(item) == wanted) {
            return true;
        }
    }
    return false;
}

// Of two formats the client lists the one it likes better first; unknown words are skipped.
static bool prefers_markdown(struct json_object *object, const char *dotted) {
    struct json_object *array = json_path(object, dotted);
    for (size_t i = 0; i < json_count(array); i++) {
        struct str format = json_str(json_at(array, i));
        if (str_eq(format, STR("markdown")) || str_eq(format, STR("plaintext"))) {
            return str_eq(format, STR("markdown"));
        }
    }
    return false;
}

static void read_general(struct caps *caps, struct json_object *client) {
    caps->encoding = POSITION_UTF16;
    if (lists(client, "general.positionEncodings", "utf-8")) {
        caps->encoding = POSITION_UTF8;
    } else if (lists(client, "general.positionEncodings", "utf-32") &&
               !lists(client, "general.positionEncodings", "utf-16")) {
        caps->encoding = POSITION_UTF32;
    }
    caps->encoding_negotiated =
        json_is(json_path(client, "general.positionEncodings"), json_type_array);
    caps->work_done_progress = flag(client, "window.workDoneProgress");
    caps->show_document = flag(client, "window.showDocument.support");
    caps->show_message_request = declared(client, "window.showMessage");
    caps->server_status = flag(client, "experimental.serverStatusNotification");
}

static void read_workspace(struct caps *caps, struct json_object *client) {
    struct json_object *w = json_get(client, "workspace");
    caps->configuration = flag(w, "configuration");
    caps->configuration_dynamic = flag(w, "didChangeConfiguration.dynamicRegistration");
    caps->watched_files_dynamic = flag(w, "didChangeWatchedFiles.dynamicRegistration");
    caps->relative_patterns = flag(w, "didChangeWatchedFiles.relativePatternSupport");
    caps->workspace_folders = flag(w, "workspaceFolders");
    caps->apply_edit = flag(w, "applyEdit");
    caps->edit_metadata = flag(w, "workspaceEdit.metadataSupport");
    caps->document_changes = flag(w, "workspaceEdit.documentChanges");
    caps->change_annotations = declared(w, "workspaceEdit.changeAnnotationSupport");
    caps->create_files = lists(w, "workspaceEdit.resourceOperations", "create");
    caps->refresh_diagnostics = flag(w, "diagnostics.refreshSupport");
    caps->refresh_inlay_hints = flag(w, "inlayHint.refreshSupport");
    caps->refresh_code_lenses = flag(w, "codeLens.refreshSupport");
}

static void read_diagnostics(struct caps *caps, struct json_object *client) {
    struct json_object *t = json_get(client, "textDocument");
    caps->pull_diagnostics = declared(t, "diagnostic") && caps->refresh_diagnostics;
    // Each channel has members of its own for what its diagnostics may carry.
    struct json_object *channel =
        json_get(t, caps->pull_diagnostics ? "diagnostic" : "publishDiagnostics");
    caps->diagnostic_version = !caps->pull_diagnostics && flag(channel, "versionSupport");
    caps->diagnostic_related = flag(channel, "relatedInformation");
    caps->diagnostic_code_href = flag(channel, "codeDescriptionSupport");
    caps->diagnostic_data = flag(channel, "dataSupport");
    caps->diagnostic_tag_unnecessary = lists_int(channel, "tagSupport.valueSet", 1);
    caps->diagnostic_tag_deprecated = lists_int(channel, "tagSupport.valueSet", 2);
}

static void read_completion(struct caps *caps, struct json_object *client) {
    struct json_object *c = json_path(client, "textDocument.completion");
    struct json_object *item = json_get(c, "completionItem");
    caps->completion_snippets = flag(item, "snippetSupport");
    caps->completion_insert_replace = flag(item, "insertReplaceSupport");
    caps->completion_label_details = flag(item, "labelDetailsSupport");
    caps->completion_markdown = prefers_markdown(item, "documentationFormat");
    caps->completion_tag_deprecated = lists_int(item, "tagSupport.valueSet", 1);
    // Without resolveSupport detail and documentation may be lazy (3.16, completionItem/resolve).
    caps->completion_lazy_docs = !declared(item, "resolveSupport") ||
                                 lists(item, "resolveSupport.properties", "documentation");
    caps->completion_lazy_detail = lists(item, "resolveSupport.properties", "detail");
    caps->completion_default_edit_range = lists(c, "completionList.itemDefaults", "editRange");
    caps->completion_default_data = lists(c, "completionList.itemDefaults", "data");
    caps->completion_default_format = lists(c, "completionList.itemDefaults", "insertTextFormat");
}

static void read_features(struct caps *caps, struct json_object *client) {
    struct json_object *t = json_get(client, "textDocument");
    caps->hover_markdown = prefers_markdown(t, "hover.contentFormat");
    struct json_object *action = json_get(t, "codeAction");
    caps->action_literals = declared(action, "codeActionLiteralSupport");
    caps->action_preferred = flag(action, "isPreferredSupport");
    caps->action_disabled = flag(action, "disabledSupport");
    caps->action_data = flag(action, "dataSupport");
    caps->action_lazy_edit = lists(action, "resolveSupport.properties", "edit");
    caps->action_lazy_command = lists(action, "resolveSupport.properties", "command");
    caps->action_tag_llm = lists_int(action, "tagSupport.valueSet", 1);
    caps->action_annotations = flag(action, "honorsChangeAnnotations") && caps->change_annotations;
    caps->link_tooltips = flag(t, "documentLink.tooltipSupport");
    caps->inlay_hints = declared(t, "inlayHint");
    caps->inline_completion = declared(t, "inlineCompletion");
    caps->code_lenses = declared(t, "codeLens");
    caps->semantic_tokens = declared(t, "semanticTokens");
    caps->symbols_hierarchical = flag(t, "documentSymbol.hierarchicalDocumentSymbolSupport");
    caps->rename_prepare = flag(t, "rename.prepareSupport");
}

void caps_read(struct caps *caps, struct json_object *client, struct json_object *options,
               struct json_object *client_info) {
    *caps = (struct caps){0};
    read_general(caps, client);
    read_workspace(caps, client);
    read_diagnostics(caps, client);
    read_completion(caps, client);
    read_features(caps, client);
    caps->pull_workspace =
        caps->pull_diagnostics && !str_eq(json_get_str(client_info, "name"), STR("Neovim"));
    caps->status_notification = flag(options, "status");
    caps->stream_notification = flag(options, "stream");
    caps->settings_are_user_grade = flag(options, "settingsAreUserGrade");
}
