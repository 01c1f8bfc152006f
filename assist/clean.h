// SPDX-License-Identifier: MIT
//
// A streaming filter between a model's answer and the user's file: thinking by tags, code fences,
// chatter before and after, and leftover special tokens go; indentation and line ends become those
// of the file. Takes bytes as they come, cut anywhere, and gives out what is certain at once: a
// token that cannot be the start of anything above leaves in the same call. Pure; one thread.
//
// Invariant: what was given out piece by piece, joined, equals clean_text() at the end; but where a
// late part shows that what was taken for the code was chatter (an answer that begins like code and
// then opens a fence), clean_text() is right and the pieces were not.
#pragma once

#include "assist/language.h"
#include "base/arena.h"
#include "base/buf.h"

struct clean_options {
    enum clean_mode {
        CLEAN_CODE,     // the answer is code for the file
        CLEAN_MARKDOWN, // it is shown: fences and sentences stay, what Markdown must not hold goes
                        // (markdown.h)
    } mode;
    const struct language *language;
    struct str eol;           // context.eol
    struct str indent;        // context.indent
    struct str unit;          // context.unit
    struct str code;          // the target as it is, context.code: tells how the answer is indented
    bool is_line_start;       // context.is_line_start
    struct str before;        // where nothing is replaced: the text up to the place, which models
    struct str lead;          // like to say once more; what goes in before the answer
                              // (placement.lead); and the text behind the place. As much of them
    struct str after;         // is looked at as is near (clean_echo.c)
    const struct str *tokens; // further special tokens of this family of models, may be NULL
    size_t n_tokens;
};

struct cleaner;

// Strings are copied. Returns owned.
struct cleaner *cleaner_create(const struct clean_options *options);
void cleaner_destroy(struct cleaner *cleaner); // accepts NULL

// One piece of the answer. Appends what may be shown now to `text`, and what turned out to be
// thinking to `thinking`; either may stay as it is. Both buffers are the caller's.
void cleaner_feed(struct cleaner *cleaner, struct str piece, struct buf *text,
                  struct buf *thinking);

// The answer is over (or was cut off: what there is is all there will be). As cleaner_feed for what
// was held back.
void cleaner_end(struct cleaner *cleaner, struct buf *text, struct buf *thinking);

// The whole cleaned answer; after cleaner_end. Borrowed until the cleaner is destroyed. Code has no
// line end behind its last line (unless it ended with the rest of the place's line), and where
// `is_line_start` no indentation before its first, since the target has neither.
struct str cleaner_text(const struct cleaner *cleaner);

// More than LIMIT_ANSWER bytes came: the rest is not taken, the stream is to be given up.
bool cleaner_is_full(const struct cleaner *cleaner);
