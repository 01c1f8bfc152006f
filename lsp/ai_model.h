// SPDX-License-Identifier: MIT
//
// Which server and model AI work of a role goes to, for this session: the settings in force, what
// .selectModel chose for the workspace, what is known of the servers. Asks nobody. Loop thread
// only.
#pragma once

#include "lsp/server.h"
#include "session/model_choice.h"

// The configured server for this work (session_ai_server). What is not known of it, or not fresh,
// the caller asks for and calls again: it may turn out to be another one. Never NULL.
struct server *ai_model_server(struct lsp_server *lsp, enum choice_role role, struct str argument);

// The model for the role on that server (model_choose). `argument` (may be empty) is a model that a
// command names. Texts are in `arena`, or borrowed until the next loop turn.
struct choice ai_model_choose(struct lsp_server *lsp, struct arena *arena,
                              const struct server *server, enum choice_role role,
                              struct str argument);
