// SPDX-License-Identifier: MIT
//
// What is known of one model server over time: a catalog snapshot with its age, health with
// back-off, response time. It fetches by itself while somebody is interested and tells when
// something changed. Loop thread only. DESIGN A10.
#pragma once

#include "ollama/io/client.h"

enum server_state {
    SERVER_UNKNOWN, // never asked yet
    SERVER_OK,
    SERVER_UNREACHABLE, // does not answer, or is no Ollama
};

// 0 or less: the default.
struct server_options {
    int64_t cache_ttl_ms;       // model list, default 60000
    int64_t health_interval_ms; // default 30000
};

// Public fields are read only; changes are announced by on_change.
struct server {
    // --- public ---
    struct str url;  // canonical
    struct str name; // for people: the configured name, "default", or empty for a file's own host
    bool is_configured; // from the user's settings, environment or --host: may get keys and headers
    bool is_loopback;
    enum server_state state;
    struct str version;       // borrowed until the next change
    struct str error_message; // why unreachable; borrowed until the next change
    struct str error_remedy;
    int64_t latency_us; // of the last answered health check
    int64_t checked_ms; // clock_ms() of the last finished check
    bool stale;         // the catalog is the last known one of a server that does not answer now
    // --- private ---
    struct server_private *private;
};

typedef void (*server_change_fn)(void *data, struct server *server);

// `endpoint` and `name` are copied; key and headers only if `is_configured`. Returns owned.
struct server *server_create(uv_loop_t *loop, struct http *http, const struct endpoint *endpoint,
                             struct str name, bool is_configured,
                             const struct server_options *options, server_change_fn on_change,
                             void *data);
// Cancels what runs; frees itself when its handles are closed, then calls on_closed (may be NULL).
// To be called before http_close.
void server_close(struct server *server, void (*on_closed)(void *data), void *data);

// Something open needs this server: keeps catalog and health fresh (TTL, interval, back-off 2 → 10
// s on loopback, 30 → 120 s elsewhere) until interest drops to none. Counted.
void server_interest(struct server *server, bool wanted);

// Check now, model list included (a user's action, a finished pull, or a request found it back).
// While a check runs that has already asked for the list, another follows it.
void server_refresh(struct server *server);

// As server_refresh, calling done (once) when that check is over; at the latest when the server
// closes.
void server_refresh_then(struct server *server, void (*done)(void *data, struct server *server),
                         void *data);

// The latest snapshot, or NULL if there never was one. Borrowed until the next loop turn: retain it
// to keep it.
struct catalog *server_catalog(const struct server *server);

// Asks /api/show for this model if its capabilities or context length are unknown; referenced
// models first, at most LIMIT_SHOW_IN_FLIGHT at once, remembered by digest. on_change tells when it
// is there.
void server_want_details(struct server *server, struct str model);

// As server_want_details, before all others, and calling done (once, never from inside) as soon as
// there is nothing to wait for: the snapshot holds the details, asking failed, or the server does
// not list the model. At the latest after TIME_CALL_MS, or when the server closes.
void server_details_then(struct server *server, struct str model,
                         void (*done)(void *data, struct server *server), void *data);

// Are details asked for by server_want_details still on their way? (So that a terminal command may
// wait.)
bool server_details_pending(const struct server *server);

// A finished generating call or load tells: running models changed; asks /api/ps soon.
void server_touch_running(struct server *server);

// For calls of one's own to this server. Borrowed while the server lives.
const struct endpoint *server_endpoint(const struct server *server);

// Keeps the memory of a server that may be closed meanwhile: from the start of a call of one's own
// to its on_done, which comes later than server_close when it is that which ended the call.
void server_hold(struct server *server);
void server_drop(struct server *server); // frees the server with the last hold
