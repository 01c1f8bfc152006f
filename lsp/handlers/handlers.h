// SPDX-License-Identifier: MIT
//
// The handlers of features, as the method table names them: one file each.
#pragma once

#include "lsp/rpc.h"

void completion_on_request(struct request *request);
void completion_on_resolve(struct request *request);
void completion_advertise(const struct lsp_server *server, struct json_object *capabilities);

void hover_on_request(struct request *request);
void hover_advertise(const struct lsp_server *server, struct json_object *capabilities);

void code_action_on_request(struct request *request);
void code_action_advertise(const struct lsp_server *server, struct json_object *capabilities);

void document_link_on_request(struct request *request);
void document_link_advertise(const struct lsp_server *server, struct json_object *capabilities);
void inlay_hint_on_request(struct request *request);
void inlay_hint_advertise(const struct lsp_server *server, struct json_object *capabilities);
void highlight_on_request(struct request *request);
void highlight_advertise(const struct lsp_server *server, struct json_object *capabilities);

void document_symbol_on_request(struct request *request);
void document_symbol_advertise(const struct lsp_server *server, struct json_object *capabilities);
void folding_range_on_request(struct request *request);
void folding_range_advertise(const struct lsp_server *server, struct json_object *capabilities);
void formatting_on_request(struct request *request);
void formatting_advertise(const struct lsp_server *server, struct json_object *capabilities);
void semantic_tokens_on_full(struct request *request);
void semantic_tokens_on_range(struct request *request);
void semantic_tokens_advertise(const struct lsp_server *server, struct json_object *capabilities);
void code_lens_on_request(struct request *request);
void code_lens_advertise(const struct lsp_server *server, struct json_object *capabilities);
void definition_on_request(struct request *request);
void definition_advertise(const struct lsp_server *server, struct json_object *capabilities);
void references_on_request(struct request *request);
void references_advertise(const struct lsp_server *server, struct json_object *capabilities);
void rename_on_prepare(struct request *request);
void rename_on_request(struct request *request);
void rename_advertise(const struct lsp_server *server, struct json_object *capabilities);
void workspace_symbol_on_request(struct request *request);
void workspace_symbol_advertise(const struct lsp_server *server, struct json_object *capabilities);

// The setting autoPull: asks, once per model and session, whether to pull what findings miss.
struct findings;
void auto_pull_consider(struct lsp_server *server, const struct findings *findings);

// Commands (commands.h).
void command_pull(struct request *request, struct json_object *argument);
void command_create(struct request *request, struct json_object *argument);
void command_load(struct request *request, struct json_object *argument);
void command_unload(struct request *request, struct json_object *argument);
void command_delete(struct request *request, struct json_object *argument);
void command_select_model(struct request *request, struct json_object *argument);
void command_status(struct request *request, struct json_object *argument);
void command_models(struct request *request, struct json_object *argument);
void command_refresh(struct request *request, struct json_object *argument);
void command_cancel(struct request *request, struct json_object *argument);
void command_trust_host(struct request *request, struct json_object *argument);
void command_ignore_model(struct request *request, struct json_object *argument);
void command_start_server(struct request *request, struct json_object *argument);
void command_workspace_models(struct request *request, struct json_object *argument);
void command_library(struct request *request, struct json_object *argument);
void command_ai(struct request *request, struct json_object *argument);
void command_accept(struct request *request, struct json_object *argument);
void command_reject(struct request *request, struct json_object *argument);
void command_inline_accepted(struct request *request, struct json_object *argument);
void command_metrics(struct request *request, struct json_object *argument);
