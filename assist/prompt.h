// SPDX-License-Identifier: MIT
//
// From an action and its context to the two messages of a chat. Templates are data
// (assist/prompts/NAME.md) that the settings ai.prompts and actions override. In a template
// {{name}} stands for a value, {{#name}}…{{/name}} for a part that is left out when the value is
// empty. Names: language, path, instruction, code, before, after, outline, imports, diagnostics,
// selection (the same as code), unit, and {{context}} for the standard frame of all of them; a
// user's template that names neither context nor code gets the frame behind it. Values are never
// expanded again; code stands in fences longer than any inside it. Pure.
#pragma once

#include "assist/action.h"

struct prompt_input {
    const struct action *action;
    struct str system; // action_set_system
    const struct language *language;
    struct str path;        // for the model's orientation: relative to the workspace folder
    struct str instruction; // may be empty
    const struct context *context;
    const struct context_diagnostic *diagnostics;
    size_t n_diagnostics;
};

struct prompt {
    struct str system;
    struct str user;
};

void prompt_build(struct arena *arena, const struct prompt_input *input, struct prompt *out);

// Is this template well formed: every part closed, every name known? False with a message in
// `arena` that says what and where.
bool prompt_check(struct arena *arena, struct str template, struct str *problem);
