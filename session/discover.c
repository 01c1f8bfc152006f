// SPDX-License-Identifier: MIT
//
// Files of the kernel and lines of `docker ps`, read leniently: what cannot be understood adds
// nothing to the list.
#include "session/discover.h"

#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <uv.h>

#include "base/uri.h"
#include "base/utf.h"

#define FILE_MAX (64u * 1024)
#define INTERFACES_MAX 32
#define PORT 11434

struct list {
    struct arena *arena;
    struct discovered *at;
    size_t n;
};

static bool parse_quad(struct str text, unsigned char out[4]) {
    for (int i = 0; i < 4; i++) {
        uint64_t value;
        struct str part = i < 3 ? str_split(&text, '.') : text;
        if (part.n == 0 || part.n > 3 || !str_to_uint64(part, &value) || value > 255) {
            return false;
        }
        out[i] = (unsigned char)value;
    }
    return true;
}

bool address_is_private(struct str address) {
    unsigned char quad[4];
    if (!parse_quad(address, quad)) {
        return false;
    }
    return quad[0] == 10 || quad[0] == 127 || (quad[0] == 172 && quad[1] >= 16 && quad[1] < 32) ||
           (quad[0] == 192 && quad[1] == 168);
}

static void add(struct list *list, struct str address, unsigned port, struct str why) {
    struct str url = arena_printf(list->arena, "http://%.*s:%u", STR_ARG(address), port);
    for (size_t i = 0; i < list->n; i++) {
        if (str_eq(list->at[i].url, url)) {
            return;
        }
    }
    if (list->n < DISCOVER_MAX && address_is_private(address)) {
        list->at[list->n++] = (struct discovered){url, why};
    }
}

// --- containers ---

// "0.0.0.0:11500->11434/tcp": the port on this machine's loopback, 0: none.
static unsigned published_port(struct str mapping, bool is_ollama) {
    size_t arrow = str_find(mapping, STR("->"));
    if (arrow == STR_NPOS) {
        return 0;
    }
    struct str inside = str_from_index(mapping, arrow + 2);
    struct str outside = str_slice(mapping, 0, arrow);
    size_t colon = str_rfind_char(outside, ':');
    uint64_t port;
    if (colon == STR_NPOS || !str_ends(inside, STR("/tcp")) ||
        (!is_ollama && !str_eq(inside, STR("11434/tcp"))) ||
        !str_to_uint64(str_from_index(outside, colon + 1), &port) || port == 0 || port > 65535) {
        return 0;
    }
    struct str address = str_slice(outside, 0, colon);
    bool is_here = str_eq(address, STR("0.0.0.0")) || str_eq(address, STR("127.0.0.1")) ||
                   str_eq(address, STR("[::]")) || str_eq(address, STR("::")) ||
                   str_eq(address, STR("*"));
    return is_here ? (unsigned)port : 0;
}

static void add_containers(struct list *list, struct str lines) {
    struct str line;
    for (int i = 0; i < 256 && str_next_line(&lines, &line); i++) {
        struct str name = str_split(&line, '\t');
        struct str image = str_split(&line, '\t');
        bool is_ollama = str_ifind(image, STR("ollama/ollama")) != STR_NPOS;
        while (line.p) {
            unsigned port = published_port(str_trim(str_split(&line, ',')), is_ollama);
            if (port) {
                struct str shown = display_escape(list->arena, name, 60);
                add(list, STR("127.0.0.1"), port,
                    arena_printf(list->arena, "published by the container %.*s", STR_ARG(shown)));
            }
        }
    }
}

// --- gateways ---

static bool parse_hex(struct str text, uint32_t *out) {
    uint32_t value = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = char_lower(text.p[i]);
        if (!char_is_digit(c) && !(c >= 'a' && c <= 'f')) {
            return false;
        }
        value = value << 4 | (uint32_t)(char_is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    *out = value;
    return text.n == 8;
}

// Lines "eth0 00000000 0101A8C0 …": interface, destination, gateway; addresses as the machine
// keeps them in memory.
static void add_gateway(struct list *list, struct str routes, struct str why) {
    struct str line;
    for (int i = 0; i < 256 && str_next_line(&routes, &line); i++) {
        uint32_t to, gateway;
        (void)str_split(&line, '\t');
        struct str destination = str_split(&line, '\t');
        if (!parse_hex(destination, &to) || !parse_hex(str_split(&line, '\t'), &gateway) ||
            to != 0 || gateway == 0) {
            continue;
        }
        unsigned char quad[4];
        memcpy(quad, &gateway, sizeof(quad));
        add(list,
            arena_printf(list->arena, "%u.%u.%u.%u", (unsigned)quad[0], (unsigned)quad[1],
                         (unsigned)quad[2], (unsigned)quad[3]),
            PORT, why);
    }
}

static void add_name_server(struct list *list, struct str resolv) {
    struct str line;
    for (int i = 0; i < 64 && str_next_line(&resolv, &line); i++) {
        if (str_starts(line, STR("nameserver"))) {
            add(list, str_trim(str_from_index(line, 10)), PORT,
                STR("Windows, by this WSL's name server"));
        }
    }
}

size_t discover_candidates(struct arena *arena, const struct discover_input *input,
                           struct discovered out[DISCOVER_MAX]) {
    struct list list = {.arena = arena, .at = out};
    add(&list, STR("127.0.0.1"), PORT, STR("Ollama's own address"));
    add_containers(&list, input->containers);
    if (input->is_wsl) {
        add_gateway(&list, input->routes, STR("Windows, this WSL's gateway"));
        add_name_server(&list, input->resolv);
    }
    if (input->is_container) {
        add_gateway(&list, input->routes, STR("the machine around this container"));
    }
    for (size_t i = 0; i < input->n_interfaces; i++) {
        add(&list, input->interfaces[i], PORT, STR("an address of this machine"));
    }
    return list.n;
}

// --- what this machine says ---

static struct str read_text(struct arena *arena, const char *path) {
    struct str text;
    return file_read(arena, path, FILE_MAX, &text) == ERR_OK ? text : STR_NONE;
}

void discover_read(struct arena *arena, struct discover_input *out) {
    *out = (struct discover_input){0};
    struct utsname system;
    if (uname(&system) == 0) {
        out->is_wsl = str_ifind(str_from(system.release), STR("microsoft")) != STR_NPOS;
    }
    out->is_container = access("/.dockerenv", F_OK) == 0 ||
                        access("/run/.containerenv", F_OK) == 0 ||
                        getenv("KUBERNETES_SERVICE_HOST") != NULL;
    if (out->is_wsl || out->is_container) {
        out->routes = read_text(arena, "/proc/net/route");
        out->resolv = read_text(arena, "/etc/resolv.conf");
    }
    uv_interface_address_t *interfaces;
    int n;
    if (uv_interface_addresses(&interfaces, &n) != 0) {
        return;
    }
    struct str *addresses = ARENA_ARRAY(arena, INTERFACES_MAX, struct str);
    for (int i = 0; i < n && out->n_interfaces < INTERFACES_MAX; i++) {
        char text[64];
        if (!interfaces[i].is_internal && interfaces[i].address.address4.sin_family == AF_INET &&
            uv_ip4_name(&interfaces[i].address.address4, text, sizeof(text)) == 0) {
            addresses[out->n_interfaces++] = arena_copy(arena, str_from(text));
        }
    }
    out->interfaces = addresses;
    uv_free_interface_addresses(interfaces, n);
}
