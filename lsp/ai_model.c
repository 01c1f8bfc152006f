// SPDX-License-Identifier: MIT
#include "lsp/ai_model.h"

#include "base/uri.h"

static struct str workspace_model(struct lsp_server *lsp, enum choice_role role) {
    return state_model(session_state(lsp->session), lsp_server_root(lsp),
                       str_from(choice_role_name(role)));
}

struct server *ai_model_server(struct lsp_server *lsp, enum choice_role role, struct str argument) {
    struct session_ai_input input = {role, argument, workspace_model(lsp, role)};
    return session_ai_server(lsp->session, &input);
}

struct choice ai_model_choose(struct lsp_server *lsp, struct arena *arena,
                              const struct server *server, enum choice_role role,
                              struct str argument) {
    const struct ai_settings *settings = &session_settings(lsp->session)->ai;
    struct str set = settings->model[role];
    if (role == ROLE_CHOICE_AUTOCOMPLETE && settings->inline_completion.model.n > 0) {
        set = settings->inline_completion.model;
    }
    struct choice_input input = {
        .role = role,
        .catalog = server_catalog(server),
        .argument = argument,
        .workspace = workspace_model(lsp, role),
        .settings = set,
        .where = uri_redact(arena, server->url),
    };
    return model_choose(arena, &input);
}
