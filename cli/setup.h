// SPDX-License-Identifier: MIT
//
// Inside cli/setup*.c: the wizard's state, and its steps.
#pragma once

#include "cli/cli.h"

struct setup {
    struct arena arena;
    struct cli_session cli;
    struct session_options options;
    struct str model;        // --model; may be empty
    bool is_yes;             // nothing is asked
    bool is_dry;             // no terminal and no --yes: only said
    bool writes;             // --write
    uint64_t memory;         // of this machine, bytes
    struct str program;      // of Ollama, absolute; empty: none
    struct server *server;   // in use; answers after find_server
    bool is_found;           // not the default server: discovered
    bool is_ours;            // an Ollama of this machine: may be started, and pulled to
    struct str chat;         // the model that was tried
    struct str autocomplete; // installed by this run, or empty
};

// "Question? [Y/n]" on the terminal; true with --yes. Without a terminal: says "would WHAT", false.
bool setup_ask(struct setup *setup, const char *question, const char *what);

// --- setup_find.c ---
// Finds or starts the server. EXIT_FINE, or another code when it has been told why not.
int setup_find_server(struct setup *setup);

// --- setup_models.c ---
// Recommends, installs, tries.
int setup_models(struct setup *setup);

// --- setup_editor.c ---
int setup_editor(struct setup *setup);
