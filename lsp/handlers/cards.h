// SPDX-License-Identifier: MIT
//
// Inside lsp/handlers/: what hover and completion tell of a thing, as Markdown. Everything that
// comes from files or servers is escaped (DESIGN A8, A11).
#pragma once

#include "diagnostics/finding.h"
#include "ollama/io/server.h"

// A model: `written` as in the file, `model` from the catalog or NULL, `server` the one asked or
// NULL.
struct str model_card(struct arena *arena, struct str written, const struct model_name *name,
                      const struct model *model, const struct server *server);
// A host as written: how it is read, what answers there.
struct str host_card(struct arena *arena, const struct reference *reference,
                     const struct server *server);
struct str variable_card(struct arena *arena, const struct variable *variable);
struct str parameter_card(struct arena *arena, const struct parameter *parameter);
// Markdown to plain text, for clients without Markdown: our own cards only.
struct str card_to_plain(struct arena *arena, struct str markdown);
