// SPDX-License-Identifier: MIT
//
// The one error type. Functions that can fail return `enum err`; those whose failure a person may
// read also fill a `struct error`, whose message says what, where and the remedy.
#pragma once

#include "base/str.h"

struct arena;

enum err {
    ERR_OK = 0,
    ERR_CANCELLED, // somebody asked for it to stop: never shown as a failure
    ERR_TIMEOUT,   // no answer in the time allowed
    ERR_NOT_FOUND, // the thing named does not exist
    ERR_INVALID,   // the caller's input is malformed
    ERR_LIMIT,     // a limit of base/limits.h was met
    ERR_IO,        // the operating system or the network refused
    ERR_PROTOCOL,  // a peer sent something that is not its protocol
    ERR_REMOTE,    // a peer answered, with an error of its own
    ERR_DENIED,    // not allowed by the rules of trust or by the other side
    ERR_CONFLICT,  // the thing changed meanwhile
    ERR_BUG,       // our own mistake
};

struct error {
    enum err code;
    struct str message; // borrowed from the arena it was made in; one line, no trailing full stop
    struct str remedy;  // what the user can do, or empty: "ollama serve"
};

// The code's name for logs, "not-found". Never NULL.
const char *err_name(enum err code);

// "MESSAGE; try: REMEDY" for people, in `arena`; the message alone without a remedy. A remedy that
// is a sentence of its own ("try again; …") is only put behind.
struct str error_text(struct arena *arena, struct str message, struct str remedy);

// Fills `*error` (which may be NULL) with a formatted message living in `arena`; returns `code`,
// so that `return error_set(...)` reads well.
enum err error_set(struct error *error, struct arena *arena, enum err code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
