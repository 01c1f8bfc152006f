// SPDX-License-Identifier: MIT
//
// What the client can do: one commented field per behaviour, filled once at initialize. Handlers
// read only this, never the client's JSON, so "nothing is sent that the client did not declare" is
// decided in one file. Source: LSP 3.18 metaModel, ClientCapabilities.
#pragma once

#include <json-c/json.h>

#include "text/position.h"

struct caps {
    // general
    enum position_encoding encoding; // utf-8 if offered, else utf-16, which every client has
    bool encoding_negotiated;        // the client knows positionEncoding: announce the choice

    // window
    bool work_done_progress;   // window/workDoneProgress/create may be sent
    bool show_document;        // window/showDocument
    bool show_message_request; // the client says something about window/showMessageRequest

    // workspace
    bool configuration;         // workspace/configuration may be pulled
    bool configuration_dynamic; // didChangeConfiguration may be registered
    bool watched_files_dynamic; // didChangeWatchedFiles may be registered
    bool relative_patterns;     // … with RelativePattern
    bool workspace_folders;     // the client has workspace folders
    bool apply_edit;            // workspace/applyEdit
    bool edit_metadata;         // … with metadata
    bool document_changes;      // WorkspaceEdit.documentChanges, else `changes`
    bool change_annotations;    // WorkspaceEdit.changeAnnotations
    bool create_files;          // resource operation "create"
    bool refresh_diagnostics;   // workspace/diagnostic/refresh
    bool refresh_inlay_hints;   // workspace/inlayHint/refresh
    bool refresh_code_lenses;   // workspace/codeLens/refresh

    // diagnostics, for the one channel in use
    bool pull_diagnostics; // textDocument.diagnostic and refreshSupport (A3); else push
    bool pull_workspace;   // workspace/diagnostic helps. Neovim 0.12, where it is announced, asks
                         // after a refresh for that alone and drops what it says of open documents
    bool diagnostic_version;         // publishDiagnostics may carry `version`
    bool diagnostic_related;         // relatedInformation
    bool diagnostic_code_href;       // codeDescription
    bool diagnostic_data;            // data
    bool diagnostic_tag_unnecessary; // tag 1
    bool diagnostic_tag_deprecated;  // tag 2

    // completion
    bool completion_snippets;           // insertTextFormat 2
    bool completion_insert_replace;     // InsertReplaceEdit
    bool completion_label_details;      // labelDetails
    bool completion_markdown;           // documentation may be markdown
    bool completion_tag_deprecated;     // tags: [1]
    bool completion_lazy_docs;          // `documentation` may come by resolve
    bool completion_lazy_detail;        // `detail` may come by resolve
    bool completion_default_edit_range; // itemDefaults.editRange
    bool completion_default_data;       // itemDefaults.data
    bool completion_default_format;     // itemDefaults.insertTextFormat

    // hover
    bool hover_markdown; // contents may be markdown, else plain text

    // code actions
    bool action_literals;     // CodeAction objects, else Command[]
    bool action_preferred;    // isPreferred
    bool action_disabled;     // disabled
    bool action_data;         // data
    bool action_lazy_edit;    // `edit` may come by resolve
    bool action_lazy_command; // `command` may come by resolve
    bool action_tag_llm;      // tags: [1], LLMGenerated
    bool action_annotations;  // honours changeAnnotations

    // others
    bool link_tooltips;        // documentLink: tooltip
    bool inlay_hints;          // textDocument.inlayHint is declared
    bool inline_completion;    // textDocument.inlineCompletion is declared
    bool code_lenses;          // textDocument.codeLens is declared
    bool semantic_tokens;      // textDocument.semanticTokens is declared
    bool symbols_hierarchical; // DocumentSymbol, else SymbolInformation
    bool rename_prepare;       // prepareRename may be announced

    // ours
    bool server_status;           // experimental.serverStatusNotification
    bool status_notification;     // initializationOptions.status: $/ollama-ls/status
    bool stream_notification;     // initializationOptions.stream: $/ollama-ls/stream
    bool settings_are_user_grade; // initializationOptions.settingsAreUserGrade
};

// Reads ClientCapabilities, initializationOptions and clientInfo (borrowed, each may be NULL or of
// a wrong type: then nothing is declared).
void caps_read(struct caps *caps, struct json_object *capabilities, struct json_object *options,
               struct json_object *client_info);
