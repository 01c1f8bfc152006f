// SPDX-License-Identifier: MIT
#include "session/backend_switch.h"

#include "ollama/core/library.h"

static bool is_mlx(const struct server *server) {
    return server->kind == SERVER_KIND_OPENAI && str_ifind(server->name, STR("mlx")) != STR_NPOS;
}

struct server *session_switch_server(struct session *session, enum switch_target to) {
    struct server *any = NULL; // of kind openai, not said to be MLX
    struct server *server;
    for (size_t i = 0; (server = session_server_at(session, i)) != NULL; i++) {
        if (!server->is_configured) {
            continue;
        }
        bool is_meant = to == SWITCH_OLLAMA ? server->kind == SERVER_KIND_OLLAMA
                        : to == SWITCH_MLX  ? is_mlx(server)
                                            : server->kind == SERVER_KIND_OPENAI && !is_mlx(server);
        if (is_meant) {
            return server;
        }
        if (!any && server->kind == SERVER_KIND_OPENAI) {
            any = server;
        }
    }
    bool takes_any = to == SWITCH_OPENAI || (to == SWITCH_MLX && server_choice_is_apple_silicon());
    return takes_any ? any : NULL;
}

struct chooser {
    struct arena *arena;
    const struct catalog *catalog; // NULL: unknown
    enum switch_target to;
};

// The same model under this server's name for it, else the one that AI work here would take.
static struct str choose(void *data, struct str written) {
    const struct chooser *chooser = data;
    const struct catalog *catalog = chooser->catalog;
    if (catalog && written.n > 0 && catalog_find_written(catalog, written)) {
        return STR_NONE;
    }
    struct suggestion near;
    bool has_near = chooser->to == SWITCH_OLLAMA && written.n > 0 &&
                    suggest_models(chooser->arena, written, catalog, CAP_COMPLETION, &near, 1) > 0;
    if (has_near && near.same_size && (near.kind == SUGGESTION_INSTALLED || !catalog) &&
        switch_is_writable(near.name)) {
        return near.name;
    }
    struct choice_input input = {.role = ROLE_CHOICE_CHAT, .catalog = catalog};
    struct str name = catalog ? model_choose(chooser->arena, &input).name : STR_NONE;
    return switch_is_writable(name) ? name : STR_NONE;
}

void session_switch_fill(struct arena *arena, struct server *server, struct switch_input *input) {
    if (server) {
        struct str url = server->url;
        if (str_ends(url, STR("/v1"))) {
            url.n -= 3;
        }
        bool is_plain = switch_is_writable(url) && str_find_char(url, '@') == STR_NPOS;
        input->url = is_plain ? arena_copy(arena, url) : STR_NONE;
    }
    struct chooser *chooser = ARENA_NEW(arena, struct chooser);
    *chooser = (struct chooser){arena, NULL, input->to};
    if (server && server->state == SERVER_OK) {
        chooser->catalog = server_catalog(server);
    }
    input->choose = choose;
    input->data = chooser;
}
