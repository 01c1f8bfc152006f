// SPDX-License-Identifier: MIT
//
// Which configured server AI work goes to (DESIGN A10: backend, fallback). Pure: views of the
// servers in, an index out.
#pragma once

#include "session/model_choice.h"

struct server_candidate {
    enum server_kind kind;
    bool is_known;           // it was asked lately
    bool is_reachable;       // and answered
    struct catalog *catalog; // NULL: unknown. Borrowed
};

struct server_choice_input {
    const struct server_candidate *servers; // in the order of the settings; [0] is the default
    size_t n;                               // at least 1
    size_t wanted;      // the server that a setting names together with the model; SIZE_MAX: none
    struct str backend; // "ollama", "openai", "auto"; empty: not set
    bool fallback;
    bool is_apple_silicon;
    // The model, as in struct choice_input.
    enum choice_role role;
    struct str argument;
    struct str workspace;
    struct str settings;
};

// The preferred server is
// - the one that the setting of the model names (ai.model: "ollama://MODEL@HOST"), else
// - backend not set: the default; "ollama", "openai": the first one of that kind, else the default
// - "auto": on Apple Silicon the first one of kind openai that answers, else the default.
// It is taken whatever its state is, unless `fallback`: then the first one, it before the others in
// their order, that answers and has the model or, if none is named, one that fits; if there is no
// such, the preferred one, whose error is the one to show. A server that was not asked lately is
// taken before those behind it: the caller asks it and chooses again.
size_t server_choose(const struct server_choice_input *input);

// Is this program running on an Apple Silicon machine?
bool server_choice_is_apple_silicon(void);
