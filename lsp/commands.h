// SPDX-License-Identifier: MIT
//
// The command table: workspace/executeCommand's rows, of the same shape as the method table. A
// command is named "ollama-ls.<verb>", takes one object or nothing, and answers at once (DESIGN
// A7).
#pragma once

#include "lsp/rpc.h"

#define COMMAND_PREFIX "ollama-ls."

struct command {
    const char *verb;
    // `argument` is the one object, or NULL when none was given; borrowed until the reply. Replies:
    // with null at once for what goes on in the background, −32602 for a bad argument, −32803 with
    // the remedy for what cached state shows to be impossible.
    void (*run)(struct request *request, struct json_object *argument);
};

const struct command *command_find(struct str name); // with the prefix; NULL: unknown

// The rows' entry in the method table.
void command_execute(struct request *request);
void command_advertise(const struct lsp_server *server, struct json_object *capabilities);
