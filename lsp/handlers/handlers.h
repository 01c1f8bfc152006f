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
