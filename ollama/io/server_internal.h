// SPDX-License-Identifier: MIT
//
// The private half of struct server: server.c (life, schedule), server_check.c (asking version,
// tags and ps), server_details.c (asking show). Private to them.
#pragma once

#include "base/strmap.h"
#include "ollama/io/server.h"

enum check_step {
    CHECK_NONE, // no check runs
    CHECK_VERSION,
    CHECK_TAGS,
    CHECK_PS,
};

// Somebody waits for the end of a check.
struct waiter {
    struct waiter *next;
    void (*done)(void *data, struct server *server);
    void *data;
    bool is_for_next; // of the check after the one that runs
};

// The latest good answer as text: kept to see whether the next one differs, and to build the
// snapshot anew when details arrive.
struct answer {
    char *text; // owned; NULL: none
    size_t n;
    struct json_object *json; // of the running check, else NULL
};

// What /api/show said of one digest.
struct details {
    struct model_details known;
    unsigned failed_in; // 0: known; else the epoch in which asking failed
};

struct show; // one POST /api/show in flight

// Somebody waits for the details of one model.
struct details_waiter {
    struct details_waiter *next;
    struct server *server;
    char *model; // owned
    void (*done)(void *data, struct server *server);
    void *data;
    uv_timer_t timer; // runs out when the wait is over, whatever ended it
};

// A referenced model whose details are wanted and not yet asked for.
struct want {
    struct want *next;
    char *model; // owned
};

struct server_private {
    uv_loop_t *loop;
    struct http *http;
    struct arena arena;
    struct endpoint endpoint;
    struct server_options options;
    server_change_fn on_change;
    void *data;
    void (*on_closed)(void *data);
    void *closed_data;
    bool is_closing;
    size_t n_holds; // open handles and calls in flight: what keeps the memory

    // schedule
    uv_timer_t timer; // the next check
    size_t interest;
    int64_t health_ms; // when the version was last asked, clock_ms()
    int64_t tags_ms;   // when the model list last came
    int64_t ps_due_ms; // 0: no extra look at the running models
    unsigned failures; // in a row
    bool is_halted;    // the HTTP client is gone: nothing to schedule any more

    // the running check
    enum check_step step;
    struct call *call;
    bool wants_tags;
    bool has_asked_tags;
    bool is_again; // another follows
    struct waiter *waiters;

    // what is known
    bool is_changed; // to be announced
    bool is_dirty;   // the snapshot is older than what is known
    bool has_no_ps;  // this version does not know /api/ps
    char *version;   // owned, as are the next two
    char *error_message;
    char *error_remedy;
    struct answer tags;
    struct answer ps;
    struct catalog *catalog;

    // details
    uv_timer_t batch; // puts arrived details into a new snapshot
    struct arena details_arena;
    struct strmap details; // digest -> struct details
    struct show *shows;
    size_t n_shows;
    struct want *wants_first;
    struct want *wants_last;
    size_t n_wants;
    struct details_waiter *details_waiters;
    size_t background; // index in the catalog of the next model to ask for unasked
    unsigned epoch;    // failures of older epochs are tried again
    bool has_new_details;
};

// --- server.c ---

void server_schedule(struct server *server); // sets the timer to what is due next, if anybody cares
void server_announce(struct server *server); // on_change, if something changed
void server_set_text(char **slot, struct str *shown, struct str text); // replaces an owned string

// --- server_check.c ---

// Starts a check unless one runs: version, tags (if `with_tags` or due), ps; or without the
// version.
void check_start(struct server *server, bool with_version, bool with_tags);
// Builds the snapshot from what is known. ERR_PROTOCOL: the list of models is none.
enum err check_rebuild(struct server *server);
void answer_clear(struct answer *answer);

// --- server_details.c ---

void details_init(struct server *server);
void details_pump(struct server *server);  // asks for the next models, as many as may be in flight
void details_retry(struct server *server); // forgets failures
void details_cancel(struct server *server);
void details_tell(struct server *server); // ends the waits for what is known now, or never will be
void details_finish(struct server *server);
const struct model_details *details_of(void *data, struct str digest); // a catalog_details_fn
