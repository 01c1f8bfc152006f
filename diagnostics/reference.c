// SPDX-License-Identifier: MIT
//
// The words of roles, and what a role demands (config-formats section 12).
#include "diagnostics/reference.h"

static const struct {
    const char *name;
    unsigned capability;
} roles[] = {
    [ROLE_ANY] = {"any", 0},
    [ROLE_CHAT] = {"chat", CAP_COMPLETION},
    [ROLE_COMPLETION] = {"completion", CAP_COMPLETION},
    [ROLE_AUTOCOMPLETE] = {"autocomplete", CAP_INSERT},
    [ROLE_EMBED] = {"embed", CAP_EMBEDDING},
    [ROLE_TOOLS] = {"tools", CAP_TOOLS},
    [ROLE_VISION] = {"vision", CAP_VISION},
};

unsigned role_capability(enum model_role role) {
    return roles[role].capability;
}

const char *role_name(enum model_role role) {
    return roles[role].name;
}

enum model_role role_parse(struct str word) {
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (str_eq(word, str_from(roles[i].name))) {
            return (enum model_role)i;
        }
    }
    return ROLE_ANY;
}
