// SPDX-License-Identifier: MIT
//
// Inside diagnostics/ only: names that only containers can resolve (DESIGN A4.3), and the ports
// under which a compose file's services are reached from the machine itself.
#pragma once

#include "diagnostics/config.h"

struct containers {
    struct config *config;
    VEC(struct container_service {
        struct str name;
        const struct config_node *node; // of a compose file, or NULL
    })
    services;
};

// NULL when the file is neither a compose file nor one of Kubernetes resources.
const struct containers *containers_find(struct config *config);

// Marks hosts of `reference` (both its own and, of a REF_HOST, itself). `containers` may be NULL:
// then only the names that are containers' everywhere (host.docker.internal).
void containers_apply(const struct containers *containers, const struct convention_set *set,
                      struct reference *reference);
