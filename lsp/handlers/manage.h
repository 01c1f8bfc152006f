// SPDX-License-Identifier: MIT
//
// Inside lsp/handlers/: what the commands on models and servers share.
#pragma once

#include "base/json.h"
#include "lsp/handlers/handlers.h"
#include "lsp/server.h"

// What a command names: its model and the server it is meant for.
struct target {
    struct server *server;
    struct str model; // trimmed; lives as long as the request
    struct model_name name;
};

// Reads an address that a command is given. False: it names no host that HTTP can reach.
bool host_read(struct str written, struct host *host);

// Reads {model, host?}. False when it has been answered: −32602 for a bad argument, −32803 for a
// host that may not be contacted.
bool target_read(struct request *request, struct json_object *argument, struct target *target);
// The same with a model that is known from elsewhere.
bool target_read_for(struct request *request, struct json_object *argument, struct str model,
                     struct target *target);

// False when it has been answered with −32803: the server is of kind openai, where models are not
// ours to manage.
bool target_is_ollama(struct request *request, const struct target *target);

// False when it has been answered with −32803: the server is known not to answer.
bool target_is_reachable(struct request *request, const struct target *target);

// Asks by window/showMessageRequest with one button besides Cancel. `on_answer(yes)` is called
// later, once. False if the client cannot be asked (nothing is called then).
typedef void (*ask_fn)(struct lsp_server *server, bool yes, void *data);
bool ask_user(struct lsp_server *server, struct str question, struct str button, ask_fn on_answer,
              void *data);

// The message of a failed call: "MESSAGE; try: REMEDY".
struct str failure_text(struct arena *arena, const struct call_result *result);
