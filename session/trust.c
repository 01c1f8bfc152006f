// SPDX-License-Identifier: MIT
//
// Which hosts may be contacted (DESIGN A4). A host that stands in a file is hostile until one of
// the rules below lets it in; nothing here asks DNS or opens a socket.
#include "base/uri.h"
#include "session/private.h"

#define OLLAMA_PORT 11434

// Equality of DESIGN A4, with one alias: "localhost" and "127.0.0.1" are one machine and Ollama's
// default is written both ways, so a file's "localhost" is the user's "127.0.0.1".
static bool same_server(const struct host *a, struct str other) {
    struct host b;
    host_parse(other, &b);
    if (host_eq(a, &b)) {
        return true;
    }
    struct host mapped = *a;
    if (str_ieq(a->name, STR("localhost"))) {
        mapped.name = STR("127.0.0.1");
    } else if (str_eq(a->name, STR("127.0.0.1"))) {
        mapped.name = STR("localhost");
    }
    return host_eq(&mapped, &b);
}

static struct server *configured_equal(struct session *session, const struct host *host) {
    for (size_t i = 0; i < session->n_configured; i++) {
        struct server *server = session->configured[i]->server;
        if (same_server(host, server->url)) {
            return server;
        }
    }
    return NULL;
}

static bool in_trusted_hosts(const struct session *session, const struct host *host) {
    for (size_t i = 0; i < session->settings->n_trusted_hosts; i++) {
        if (same_server(host, session->settings->trusted_hosts[i])) {
            return true;
        }
    }
    return false;
}

// The user's hostMap: "ollama" or "ollama:11434" -> URL. Empty if it says nothing.
static struct str mapped_url(const struct session *session, const struct host *host) {
    for (size_t i = 0; i < session->settings->n_host_map; i++) {
        const struct host_map_entry *entry = &session->settings->host_map[i];
        struct host from;
        host_parse(entry->from, &from);
        bool any_port = !from.has_port && !from.has_scheme;
        if (str_ieq(from.name, host->name) && (any_port || host_port(&from) == host_port(host))) {
            return entry->to;
        }
    }
    return STR_NONE;
}

// A literal loopback on Ollama's port or one of the user's own, with nothing else in the URL.
static bool is_open_loopback(const struct session *session, const struct host *host) {
    if (!host_is_loopback(host) || host->has_userinfo || host->has_query) {
        return false;
    }
    if (host->path.n && !str_eq(host->path, STR("/v1")) && !str_eq(host->path, STR("/v1/"))) {
        return false;
    }
    if (host_port(host) == OLLAMA_PORT) {
        return true;
    }
    for (size_t i = 0; i < session->n_configured; i++) {
        struct host configured;
        host_parse(session->configured[i]->server->url, &configured);
        if (host_port(&configured) == host_port(host)) {
            return true;
        }
    }
    return false;
}

static struct resolved contact(struct session *session, enum resolve_reason reason,
                               struct str canonical, bool capped) {
    struct server *server = session__file_server(session, canonical);
    if (!server) { // LIMIT_SERVERS
        reason = RESOLVED_UNTRUSTED;
    }
    return (struct resolved){reason, server, canonical, capped};
}

static struct resolved mapped(struct session *session, struct arena *arena, struct str url,
                              bool capped) {
    struct host host;
    host_parse(url, &host);
    struct server *server = configured_equal(session, &host);
    if (server) {
        return (struct resolved){RESOLVED_MAPPED, server, server->url, capped};
    }
    return contact(session, RESOLVED_MAPPED, host_canonical(arena, url), capped);
}

static struct resolved default_server(struct session *session, bool capped) {
    struct server *server = session_default(session);
    return (struct resolved){RESOLVED_DEFAULT, server, server->url, capped};
}

struct resolved session_resolve(struct session *session, struct arena *arena, struct str root,
                                const struct reference_host *reference) {
    if (reference->origin == HOST_ORIGIN_NONE || str_trim(reference->written).n == 0) {
        return default_server(session, false);
    }
    struct host host;
    host_parse(reference->written, &host);
    struct str map = mapped_url(session, &host);
    if (map.n) {
        return mapped(session, arena, map, reference->is_container);
    }
    if (reference->is_container) {
        if (reference->published_port) {
            struct str url = arena_printf(arena, "http://127.0.0.1:%u", reference->published_port);
            return mapped(session, arena, url, true);
        }
        return default_server(session, true);
    }
    struct str canonical = host_canonical(arena, reference->written);
    if (!host_scheme_is_http(&host)) {
        return (struct resolved){RESOLVED_UNUSABLE, NULL, canonical, false};
    }
    struct server *server = configured_equal(session, &host);
    if (server) {
        return (struct resolved){RESOLVED_CONFIGURED, server, server->url, false};
    }
    if (in_trusted_hosts(session, &host) || state_is_trusted(session->state, root, canonical)) {
        return contact(session, RESOLVED_TRUSTED, canonical, false);
    }
    if (is_open_loopback(session, &host)) {
        return contact(session, RESOLVED_LOOPBACK, canonical, false);
    }
    return (struct resolved){RESOLVED_UNTRUSTED, NULL, canonical, false};
}

bool session_may_send_text(const struct session *session, const struct server *server) {
    for (const struct session_server *it = session->servers; it; it = it->next) {
        if (it->server == server) {
            return it->configured && it->kind == SERVER_KIND_OLLAMA;
        }
    }
    return false;
}
