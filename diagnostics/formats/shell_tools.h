// SPDX-License-Identifier: MIT
//
// Inside formats/ only: what the words of one command mean, program by program.
#pragma once

#include "diagnostics/formats/shell.h"

struct shell_call {
    struct shell_session *session;
    struct str program;        // without folder and ".exe"
    const struct piece *words; // words[0] is the program
    size_t n;
    size_t place;             // where the command ends in the file: a place for completion
    const struct piece *host; // OLLAMA_HOST set for this command, or NULL
};
void shell_call_collect(const struct shell_call *call);

// A model at `piece`; a variable there ("$MODEL") is remembered as a use. `host` may be NULL.
// Returns the reference or NULL.
struct reference *shell_add_model(struct shell_session *session, const struct piece *piece,
                                  unsigned flags, enum model_role role, const struct piece *host);
