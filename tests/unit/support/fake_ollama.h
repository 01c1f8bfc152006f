// SPDX-License-Identifier: MIT
//
// A fake Ollama that counts what it is asked, and a watched struct server: what the tests of
// ollama/io/server.h share.
#pragma once

#include "ollama/io/server.h"
#include "support/http_fixture.h"

#define MODEL(name, digest, more)                                                                  \
    "{\"name\":\"" name "\",\"model\":\"" name "\",\"digest\":\"" digest "\",\"size\":5" more "}"
#define KNOWN ",\"capabilities\":[\"completion\"],\"details\":{\"context_length\":4096}"
#define LIST(models) "{\"models\":[" models "]}"

// What it answers and what it was asked; set up by setup().
struct fake_ollama {
    const char *version; // whole bodies; NULL: no answer at all
    const char *tags;
    const char *ps;
    const char *show;
    int ps_status;
    int show_status;
    unsigned n_version;
    unsigned n_tags;
    unsigned n_ps;
    unsigned n_show;
    char order[64];   // "vtps…": first letters of the paths
    char shown[1024]; // bodies of /api/show
    bool holds_shows; // answered by release_shows
    struct fake_conn *held[64];
    unsigned n_held;
    unsigned most_held;
    bool holds_tags; // answered by release_tags
    struct fake_conn *held_tags;
};
extern struct fake_ollama ollama;

// Answers on a connection that was held; NULL: not at all.
void answer(struct fake_conn *conn, int status, const char *body);
void release_shows(void);

struct watch {
    unsigned n_changes;
    bool is_changed;
    unsigned n_waiters;
    bool is_waited;
    bool closes; // the first on_change closes the server
    bool is_closed;
    struct server *server;
};

struct fixture *setup(void); // a good server with one model
struct server *open_server(struct fixture *fixture, struct watch *watch, int64_t ttl,
                           int64_t health);
void close_server(struct fixture *fixture, struct watch *watch); // and waits for it
void refresh(struct fixture *fixture, struct watch *watch);      // and waits for it
void wait_for_change(struct fixture *fixture, struct watch *watch);
const struct model *find(struct server *server, const char *name); // in the catalog, or NULL
void on_closed(void *data); // of a struct watch, as is the next
void on_waited(void *data, struct server *server);
