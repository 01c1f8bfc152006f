// SPDX-License-Identifier: MIT
//
// --log-io: every message of a session, one JSON object per line:
//   {"time": "2026-11-21T10:00:00.123Z", "direction": "in" | "out", "message": {…}}
// with "raw" (a string) instead of "message" where the bytes were no JSON. Holds document texts, so
// the file is readable by its owner alone. Credentials are left out (DESIGN A11): user:password@ of
// URLs, and the values of "headers" in settings. Written at once, so that a crash loses nothing.
#pragma once

#include "base/str.h"

struct transcript; // owned

// NULL if the file cannot be made (errno says why).
struct transcript *transcript_open(const char *path);
void transcript_close(struct transcript *transcript); // accepts NULL
// Accepts NULL.
void transcript_add(struct transcript *transcript, bool is_incoming, struct str message);
