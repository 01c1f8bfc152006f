// SPDX-License-Identifier: MIT
//
// Where an Ollama may be heard from this machine, if not at the default server: a short list of
// literal loopback and private addresses (DESIGN A14). Pure: what the machine says in, addresses
// out; nothing is contacted here.
#pragma once

#include "base/arena.h"

struct discover_input {
    bool is_wsl;                  // Windows is behind the gateway
    bool is_container;            // the host is behind the gateway
    struct str routes;            // /proc/net/route
    struct str resolv;            // /etc/resolv.conf: in WSL its name server is Windows
    struct str containers;        // lines "NAMES\tIMAGE\tPORTS" of `docker ps`
    const struct str *interfaces; // addresses of this machine
    size_t n_interfaces;
};

struct discovered {
    struct str url;
    struct str why; // for people: "published by the container ollama"
};
#define DISCOVER_MAX 12

// The list, in the order to try; no address twice. Returns how many.
size_t discover_candidates(struct arena *arena, const struct discover_input *input,
                           struct discovered out[DISCOVER_MAX]);

// 10/8, 172.16/12, 192.168/16, 127/8 as dotted quads. Of IPv6 nothing: what is private there is
// told by no name.
bool address_is_private(struct str address);

// What this machine says; `containers` is left empty. All bounded, no program is run. The result
// lives in `arena`.
void discover_read(struct arena *arena, struct discover_input *out);
