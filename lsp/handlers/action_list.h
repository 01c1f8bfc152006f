// SPDX-License-Identifier: MIT
//
// Inside lsp/handlers/: one answer to textDocument/codeAction while its parts are gathered.
#pragma once

#include "base/json.h"
#include "lsp/server.h"

struct action_list {
    struct request *request;
    struct json_object *actions; // owned by the answer
    struct json_object *context; // of the request
    struct json_object *only;    // context.only, or NULL
    size_t start, end;           // the range, in bytes
    bool is_automatic;           // nobody asked: a lightbulb looks for work
};

// Does the client ask for this kind? A kind contains its sub-kinds: "quickfix" wants "quickfix.x".
bool action_list_wants(const struct action_list *list, struct str kind);

// Returns owned: {title, command, arguments: [argument]}; `argument` is taken, NULL: none.
struct json_object *command_object(struct arena *arena, struct str title, const char *verb,
                                   struct json_object *argument);

// An action that is a command; a client without action literals gets the command alone. `command`
// is taken. Returns the CodeAction (borrowed), to which more may be added, or NULL for such a
// client.
struct json_object *action_list_add(struct action_list *list, struct str title, struct str kind,
                                    struct json_object *command);

// code_action_ai.c: what AI can do with the range, and results that wait there.
void action_list_add_ai(struct action_list *list);
void action_kinds_ai(struct json_object *kinds); // for codeActionKinds

// code_action_switch.c: another back end for the place in the range.
void action_list_add_switch(struct action_list *list);
