// SPDX-License-Identifier: MIT
//
// The base protocol: the same bytes give the same frames however they are cut; what is a frame is
// its Content-Length long; nothing is kept beyond the limits. Input: size of the pieces (1 byte),
// the bytes.
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "lsp/framing.h"

enum { PIECES = 7 };

struct outcome {
    uint64_t hash;
    size_t messages;
    size_t garbage;
    bool is_within;
};

static void take_all(struct framer *framer, struct outcome *outcome, struct str all) {
    struct str out;
    for (;;) {
        enum frame frame = framer_next(framer, &out);
        if (frame == FRAME_NONE) {
            return;
        }
        if (frame == FRAME_MESSAGE) {
            FUZZ_CHECK(out.n <= all.n);
            outcome->messages++;
            outcome->hash = (outcome->hash ^ str_hash(out)) * 31;
        } else {
            FUZZ_CHECK(frame == FRAME_GARBAGE && out.n > 0 && out.n < 1000);
            outcome->garbage++;
        }
        FUZZ_CHECK(outcome->messages + outcome->garbage <= all.n);
    }
}

static struct outcome run(struct str all, size_t piece) {
    struct framer framer;
    framer_init(&framer);
    struct outcome outcome = {0};
    for (size_t at = 0; at < all.n; at += piece) {
        struct str part = fuzz_exact(str_slice(all, at, at + piece));
        framer_feed(&framer, part);
        free((char *)part.p);
        take_all(&framer, &outcome, all);
    }
    outcome.is_within = framer_is_within(&framer);
    framer_finish(&framer);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input input = fuzz_input_of(data, size);
    size_t piece = 1 + fuzz_byte(&input) % PIECES;
    struct outcome whole = run(input.rest, input.rest.n + 1);
    struct outcome pieces = run(input.rest, piece);
    FUZZ_CHECK(whole.messages == pieces.messages && whole.hash == pieces.hash);
    FUZZ_CHECK(whole.garbage == pieces.garbage && whole.is_within == pieces.is_within);

    // What we send we can read.
    struct buf frame;
    buf_init(&frame, LIMIT_MESSAGE);
    FUZZ_CHECK(frame_append(&frame, input.rest));
    struct outcome own = run(buf_str(&frame), piece);
    FUZZ_CHECK(own.messages == 1 && own.garbage == 0 && !own.is_within);
    buf_finish(&frame);
    return 0;
}
