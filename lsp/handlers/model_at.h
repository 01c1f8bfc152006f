// SPDX-License-Identifier: MIT
//
// Inside lsp/handlers/: a model name as a symbol. Two spellings are one model by Ollama's own
// equality
// ("llama3" is "llama3:latest").
#pragma once

#include "lsp/documents.h"
#include "lsp/handlers/handlers.h"
#include "lsp/server.h"

// The reference that names a model at the request's `position`, and its parsed name. NULL: none
// there.
const struct reference *model_at(struct request *request, struct model_name *name);

// Does `written` name this model?
bool model_is(struct str written, const struct model_name *name);
