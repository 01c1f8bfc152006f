// SPDX-License-Identifier: MIT
//
// The last changes of a document, so that one that arrives late is put where it belongs. LSP keeps
// the order of messages and lets versions only grow; but Helix before 25.07 sends each didChange
// from a task of its own, and under load they overtake each other. A version that falls shows it;
// without repair the text would stay garbled until the file is closed. Loop thread only.
#pragma once

#include "base/arena.h"
#include "base/json.h"
#include "text/edit.h"

enum {
    CHANGE_LOG_MAX = 64,           // changes remembered
    CHANGE_LOG_BYTES = 1 << 20,    // of their new and old texts together
    CHANGE_LOG_LATE_MS = 2 * 1000, // after a pause of this length nothing is late
};

struct change_log {
    // --- private; all zero is empty ---
    int64_t base_version; // before changes[0]
    struct logged_change {
        int64_t version;
        struct json_object *events; // contentChanges, one reference owned
        struct text_splice splice;  // what they did, in bytes
        struct str old;             // what stood in its place, owned
    } changes[CHANGE_LOG_MAX];
    size_t n;
    size_t bytes;
    int64_t last_ms;
};

// Events of contentChanges in their order, without those that cannot be read. `is_lost`: the text
// is not known, those before a whole new one are of no use. Lives in `arena`, borrows `events`.
size_t change_events_read(struct arena *arena, struct json_object *events, bool is_lost,
                          struct text_change **out);

// A change that is in order has led from `before` (version `before_version`) to `version`;
// `splice`: what it did.
void change_log_add(struct change_log *log, const struct text *before, int64_t before_version,
                    int64_t version, struct json_object *events, const struct text_splice *splice);

// A change of a version lower than the last one, to `text`, the text as all remembered changes left
// it. True: it belongs among them and is there now; *out is the text that they all make, owned, or
// NULL if that would be longer than LIMIT_TEXT (then clear the log). False: it is no change of
// parts, or of a version that is here already, or too old.
bool change_log_insert(struct change_log *log, const struct text *text, int64_t version,
                       struct json_object *events, enum position_encoding encoding,
                       struct text **out);

void change_log_clear(struct change_log *log);
