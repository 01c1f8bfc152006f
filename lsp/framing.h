// SPDX-License-Identifier: MIT
//
// LSP's base protocol: bytes in, message bodies out. Pure. Header names are case-insensitive and
// come in any order, unknown ones are skipped, of several Content-Length the last counts. What
// cannot be read is reported once and skipped up to the next "Content-Length: N" line, so that one
// broken frame costs one frame. Source: LSP 3.18 "Base Protocol"; where it is silent, clangd's
// protocol.test.
#pragma once

#include "base/buf.h"

enum framer_state { FRAMER_HEADERS, FRAMER_BODY, FRAMER_RESYNC };

struct framer {
    struct buf buf;
    size_t at; // bytes of `buf` already dealt with
    enum framer_state state;
    bool has_length;
    size_t length;       // of the body
    size_t header_bytes; // of the header block so far
};

enum frame {
    FRAME_NONE,    // more bytes are needed
    FRAME_MESSAGE, // `*out` is a body, borrowed until the next framer_feed
    FRAME_GARBAGE, // `*out` says what was wrong, one line
};

void framer_init(struct framer *framer);
void framer_finish(struct framer *framer);

void framer_feed(struct framer *framer, struct str bytes);
// To be called until FRAME_NONE after each framer_feed.
enum frame framer_next(struct framer *framer, struct str *out);

// A message or header has begun and is not complete.
bool framer_is_within(const struct framer *framer);

// Appends the frame of `message`. Content-Length is the only header sent: some clients look for it
// within the first 100 bytes. False, and nothing appended, if `out` would pass its maximum.
bool frame_append(struct buf *out, struct str message);
