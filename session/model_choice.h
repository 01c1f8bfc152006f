// SPDX-License-Identifier: MIT
//
// Which model an action runs with, when it does not say: the one chosen for this workspace
// (.selectModel), else the one of the user's settings (ai.model), else a running one that fits,
// else an installed one that fits. Models that forward text to another machine are never chosen by
// themselves (DESIGN A4.5). Pure: a catalog in, an answer out.
#pragma once

#include "ollama/core/catalog.h"

enum choice_role {
    ROLE_CHOICE_CHAT,
    ROLE_CHOICE_AUTOCOMPLETE,
    ROLE_CHOICE_EMBED,
    ROLE_CHOICE_COUNT
};
const char *choice_role_name(enum choice_role role); // "chat", "autocomplete", "embed"
bool choice_role_parse(struct str name, enum choice_role *role);
unsigned
choice_role_capabilities(enum choice_role role); // CAP_COMPLETION, CAP_INSERT, CAP_EMBEDDING

enum choice_source {
    CHOICE_ARGUMENT,
    CHOICE_WORKSPACE,
    CHOICE_SETTINGS,
    CHOICE_RUNNING,
    CHOICE_INSTALLED
};

struct choice_input {
    enum choice_role role;
    const struct catalog *catalog; // NULL: nothing is known of the server
    struct str argument;           // named by the command; may be empty
    struct str workspace;          // chosen by .selectModel; may be empty
    struct str settings;           // ai.model.ROLE; may be empty
    struct str where;              // the server's URL, redacted: for messages
};

struct choice {
    struct str name;           // to send; empty: none
    const struct model *model; // of the catalog; NULL if that is unknown
    enum choice_source source;
    struct error error; // if there is none: what is missing and the remedy ("ollama pull …")
};

// The order among installed ones, and among several running ones. For chat: those tuned to answer
// before base models, models for code first ("coder", "codestral", …), those for text alone before
// those for pictures too, then the largest of at most CHOICE_SIZE_MAX bytes, then the longest
// context, then the name. For autocomplete and embed: the smallest. Unknown capabilities count as
// fitting for chat only, unless the library table knows better. A named model that is not
// installed, or is known not to fit, is an error, never silently another one; one forwarded by
// Ollama (":cloud") need not be listed. Code of errors: ERR_NOT_FOUND; ERR_INVALID: no name, or not
// fit. Messages live in `arena`.
struct choice model_choose(struct arena *arena, const struct choice_input *input);
#define CHOICE_SIZE_MAX ((int64_t)16 * 1000 * 1000 * 1000)
