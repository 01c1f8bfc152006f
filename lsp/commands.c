// SPDX-License-Identifier: MIT
//
// workspace/executeCommand: finds the row and checks what all commands share, then hands over.
#include "lsp/commands.h"

#include "lsp/handlers/handlers.h"
#include "lsp/server.h"

static const struct command commands[] = {
    {"pull", command_pull},
    {"delete", command_delete},
    {"create", command_create},
    {"load", command_load},
    {"unload", command_unload},
    {"status", command_status},
    {"models", command_models},
    {"refresh", command_refresh},
    {"startServer", command_start_server},
    {"trustHost", command_trust_host},
    {"selectModel", command_select_model},
    {"ignoreModel", command_ignore_model},
    {"ai", command_ai},
    {"inlineAccepted", command_inline_accepted},
    {"cancel", command_cancel},
    {"accept", command_accept},
    {"reject", command_reject},
    {"metrics", command_metrics},
    {"workspaceModels", command_workspace_models},
    {"library", command_library},
};

#define COUNT (sizeof(commands) / sizeof(commands[0]))

const struct command *command_find(struct str name) {
    struct str prefix = STR(COMMAND_PREFIX);
    for (size_t i = 0; str_starts(name, prefix) && i < COUNT; i++) {
        if (str_eq(str_from_index(name, prefix.n), str_from(commands[i].verb))) {
            return &commands[i];
        }
    }
    return NULL;
}

void command_execute(struct request *request) {
    struct str name = json_get_str(request->params, "command");
    const struct command *command = command_find(name);
    if (!command) {
        reply_err(request, RPC_INVALID_PARAMS, "there is no command %.*s",
                  STR_ARG(str_slice(name, 0, 100)));
        return;
    }
    struct json_object *arguments = json_get(request->params, "arguments");
    struct json_object *argument = json_at(arguments, 0);
    bool is_array = !arguments || json_is(arguments, json_type_array);
    if (!is_array || json_count(arguments) > 1 ||
        (json_count(arguments) == 1 && !json_is(argument, json_type_object))) {
        reply_err(request, RPC_INVALID_PARAMS, "%.*s takes one object as its only argument",
                  STR_ARG(name));
        return;
    }
    command->run(request, argument);
}

void command_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    (void)server;
    struct json_object *list = json_object_new_array();
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT; i++) {
        json_add(list, json_new_str(arena_printf(&arena, COMMAND_PREFIX "%s", commands[i].verb)));
    }
    arena_finish(&arena);
    struct json_object *provider = json_object_new_object();
    json_set(provider, "commands", list);
    json_set(capabilities, "executeCommandProvider", provider);
}
