// SPDX-License-Identifier: MIT
//
// The relay bench: one process that plays the model server and the editor, so that the time a token
// leaves and the time its delta is read come from one clock. Talks HTTP on one side and LSP over
// pipes on the other, with as little work as possible: what is measured must be the program between
// them.
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { TAPS_MAX = 2 };

// How the model speaks, shared by the server's threads and the one that measures.
struct speaker {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int listener;
    int port;
    int listeners_wanted; // chat connections that must be there before the first frame
    int taps[TAPS_MAX];   // their sockets
    int n_taps;
    bool is_plain;         // frames without a time in them, as many as go
    double rate;           // frames a second; 0: as fast as the readers take them
    double seconds;        // how long a reply is
    uint64_t frames;       // sent so far in this reply
    uint64_t closed_ns;    // when the last client that left early was seen to
    uint64_t replies;      // replies that are over
    uint64_t requests;     // chat requests that came
    uint64_t requested_ns; // when the last one came
};

uint64_t now_ns(void);
_Noreturn void die(const char *what);

// Listens on a free port of loopback and serves until the process ends.
void speaker_start(struct speaker *speaker);
uint64_t speaker_requests(struct speaker *speaker); // chats asked for so far
// The next replies: `wanted` connections hear the same frames.
void speaker_plan(struct speaker *speaker, int wanted, double rate, double seconds, bool is_plain);

// A child with pipes on its standard input and output.
struct child {
    pid_t pid;
    int in, out;
};
void child_start(struct child *child, char *const argv[], bool wants_input);
int child_end(struct child *child);
long child_resident(const struct child *child); // KiB

// LSP in small: what comes is scanned for what is looked for, never parsed as a whole.
struct editor {
    struct child child;
    char *buffer;
    size_t at, n;     // the bytes that came and were not given out yet
    uint64_t read_ns; // when the last bytes came
};
void editor_start(struct editor *editor, const char *program, const char *folder);
void editor_send(struct editor *editor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// The next message's body, 0-terminated, valid until the next call.
const char *editor_read(struct editor *editor, size_t *n);
// Reads up to a message that holds all of `what`; answers requests on the way.
const char *editor_await(struct editor *editor, const char *what, size_t *n);
void editor_reply(struct editor *editor, const char *body);
