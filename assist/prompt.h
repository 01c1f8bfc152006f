// SPDX-License-Identifier: MIT
//
// From an action and its context to the two messages of a chat. Templates are data
// (assist/prompts/NAME.md; template.h says how they are read) that the settings ai.prompts and
// actions override. Values:
//
//     language, path, unit     words: "python", "src/a.py", "4 spaces"
//     instruction              what the user adds
//     code, selection          the target (two names for the same)
//     before, after, outline, imports
//     place                    where nothing is replaced: the lines around in one block, with
//     `mark`
//                              where the answer goes; empty if there is `code`
//     mark                     the word that marks it
//     line                     where the code stands inside a line: that line, with `mark` for it
//     diagnostics              a list
//     prose                    "prose" in a language of sentences (text_class_of), else empty
//     context                  the standard frame of all of these (prompts/context.md)
//     rule                     what the answer must look like, by the action's output
//
// A template that names none of context, code, selection, place, before, after gets `context`
// behind it; then, unless it names them, the instruction if there is one, and the rule: the rule is
// the last thing that a model reads. Values are never expanded again; code stands in fences longer
// than any run of backticks inside it, its line ends as \n. At most LIMIT_PROMPT. Pure.
#pragma once

#include "assist/action.h"

struct prompt_input {
    const struct action *action;
    struct str system; // action_set_system
    const struct language *language;
    struct str
        language_id; // as the client calls it: names a language that has no row; may be empty
    struct str path; // for the model's orientation: relative to the workspace folder
    struct str instruction; // may be empty
    const struct context *context;
    struct str text; // the document: for the lines of diagnostics, and for what else stands
    struct text_range target; // on the target's first and last line. May be empty: without those
    const struct context_diagnostic *diagnostics;
    size_t n_diagnostics;
};

struct prompt {
    struct str system;
    struct str user;
    struct str mark; // the word that marks a place in it: an answer may repeat it
};

void prompt_build(struct arena *arena, const struct prompt_input *input, struct prompt *out);

// Is this template well formed: not longer than LIMIT_TEMPLATE, every part closed, every name
// known? False with a message in `arena` that says what and where.
bool prompt_check(struct arena *arena, struct str template, struct str *problem);

// One of the files of assist/prompts by name ("system", "explain"), without the last line end;
// empty if there is none. Static.
struct str prompt_embedded(struct str name);
