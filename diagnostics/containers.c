// SPDX-License-Identifier: MIT
//
// Compose services and Kubernetes names. A file counts as one of containers by its contents:
// services with an image or a build, or apiVersion beside kind.
#include "diagnostics/containers.h"

#include "diagnostics/convention.h"

#define SERVICES_MAX 512 // services looked at

static void add_service(struct containers *containers, struct str name,
                        const struct config_node *node) {
    if (name.n > 0 && containers->services.n < SERVICES_MAX) {
        *VEC_PUSH(containers->config->arena, &containers->services) =
            (struct container_service){name, node};
    }
}

static bool add_compose(struct containers *containers, const struct config_node *root) {
    const struct config *config = containers->config;
    const struct config_node *services = config_get(config, root, STR("services"));
    if (!services || services->kind != CONFIG_OBJECT) {
        return false;
    }
    bool is_compose = false;
    for (const struct config_node *each = services->first; each; each = each->next) {
        const struct config_node *service = config_resolve(each);
        if (!service || service->kind != CONFIG_OBJECT) {
            continue;
        }
        is_compose = is_compose || config_get(config, service, STR("image")) ||
                     config_get(config, service, STR("build"));
        add_service(containers, config_key(config, each), service);
        add_service(containers,
                    config_text(config, config_get(config, service, STR("container_name"))),
                    service);
        add_service(containers, config_text(config, config_get(config, service, STR("hostname"))),
                    service);
    }
    return is_compose;
}

static bool add_kubernetes(struct containers *containers, const struct config_node *root) {
    const struct config *config = containers->config;
    struct str kind = config_text(config, config_get(config, root, STR("kind")));
    if (kind.n == 0 || !config_get(config, root, STR("apiVersion"))) {
        return false;
    }
    if (str_eq(kind, STR("Service"))) {
        const struct config_node *metadata = config_get(config, root, STR("metadata"));
        add_service(containers, config_text(config, config_get(config, metadata, STR("name"))),
                    NULL);
    }
    return true;
}

const struct containers *containers_find(struct config *config) {
    struct containers *containers = ARENA_NEW(config->arena, struct containers);
    containers->config = config;
    bool found = false;
    for (const struct config_node *root = config->documents; root; root = root->next) {
        if (root->kind == CONFIG_OBJECT) {
            found = add_compose(containers, root) || add_kubernetes(containers, root) || found;
        }
    }
    return found ? containers : NULL;
}

// Can the editor's machine reach what is published on this address? "" is every address.
static bool is_near(struct str address) {
    struct host host;
    host_parse(address, &host);
    return address.n == 0 || host_is_loopback(&host) || host_is_unspecified(&host);
}

// "11435:11434", "127.0.0.1:11435:11434/tcp", "${PORT:-11435}:11434": the port outside, 0 if the
// port inside is another, the one outside is not told or not on loopback.
static uint16_t published_by_text(struct str text, uint16_t port) {
    size_t slash = str_rfind_char(text, '/');
    text = str_slice(text, 0, slash == STR_NPOS ? text.n : slash);
    size_t colon = str_rfind_char(text, ':');
    int64_t inside = 0;
    if (colon == STR_NPOS || !str_to_int64(str_from_index(text, colon + 1), &inside) ||
        inside != port) {
        return 0;
    }
    struct str outside = str_slice(text, 0, colon);
    size_t start = str_rfind_char(outside, str_ends(outside, STR("}")) ? '$' : ':');
    struct str address = STR_NONE;
    if (str_ends(outside, STR("}"))) {
        size_t mark = str_rfind_char(outside, '-');
        address = str_slice(outside, 0, start == STR_NPOS || start == 0 ? 0 : start - 1);
        outside = str_slice(outside, mark == STR_NPOS ? outside.n : mark + 1, outside.n - 1);
    } else if (start != STR_NPOS) {
        address = str_slice(outside, 0, start);
        outside = str_from_index(outside, start + 1);
    }
    int64_t number = 0;
    bool is_port = str_to_int64(outside, &number) && number > 0 && number <= UINT16_MAX;
    return is_port && is_near(address) ? (uint16_t)number : 0;
}

// The same in compose's long form.
static uint16_t published_by_object(const struct config *config, const struct config_node *entry,
                                    uint16_t port) {
    int64_t inside = 0;
    int64_t outside = 0;
    if (!str_to_int64(config_text(config, config_get(config, entry, STR("target"))), &inside) ||
        inside != port ||
        !str_to_int64(config_text(config, config_get(config, entry, STR("published"))), &outside) ||
        outside <= 0 || outside > UINT16_MAX) {
        return 0;
    }
    return is_near(config_text(config, config_get(config, entry, STR("host_ip"))))
               ? (uint16_t)outside
               : 0;
}

static uint16_t published_port(const struct containers *containers,
                               const struct config_node *service, uint16_t port) {
    const struct config *config = containers->config;
    const struct config_node *ports = config_get(config, service, STR("ports"));
    for (const struct config_node *each = ports ? ports->first : NULL; each; each = each->next) {
        const struct config_node *entry = config_resolve(each);
        bool is_text = entry && entry->kind == CONFIG_SCALAR;
        uint16_t found = is_text ? published_by_text(config_text(config, entry), port)
                                 : published_by_object(config, entry, port);
        if (found) {
            return found;
        }
    }
    return 0;
}

static bool is_container_name(const struct containers *containers, const struct convention_set *set,
                              const struct host *host, uint16_t *published) {
    if (host->name.n == 0 || host->is_ip6 || host_is_loopback(host) || host_is_unspecified(host)) {
        return false;
    }
    if (str_list_matches(set->container_names, host->name)) {
        return true;
    }
    if (!containers) {
        return false;
    }
    for (size_t i = 0; i < containers->services.n; i++) {
        const struct container_service *service = &containers->services.at[i];
        if (str_ieq(service->name, host->name)) {
            if (service->node) {
                *published = published_port(containers, service->node, host_port(host));
            }
            return true;
        }
    }
    return str_find_char(host->name, '.') == STR_NPOS || str_iends(host->name, STR(".svc")) ||
           str_iends(host->name, STR(".svc.cluster.local"));
}

void containers_apply(const struct containers *containers, const struct convention_set *set,
                      struct reference *reference) {
    struct host host;
    if (reference->kind == REF_HOST && !(reference->flags & (REF_PLACEHOLDER | REF_EMPTY))) {
        host_parse(reference->text, &host);
        reference->is_container =
            is_container_name(containers, set, &host, &reference->published_port);
    }
    if (reference->host.origin != HOST_ORIGIN_NONE) {
        host_parse(reference->host.written, &host);
        reference->host.is_container =
            is_container_name(containers, set, &host, &reference->host.published_port);
    }
}
