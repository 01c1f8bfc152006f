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
    CHANGE_LOG_BYTES = 1 << 20,    // of their new texts together
    CHANGE_LOG_LATE_MS = 2 * 1000, // after a pause of this length nothing is late
};

struct change_log {
    // --- private; all zero is empty ---
    struct text *base;    // the text before changes[0]
    struct text *half;    // before changes[CHANGE_LOG_MAX / 2], where there is one
    int64_t base_version; // of `base`
    struct logged_change {
        int64_t version;
        struct json_object *events; // contentChanges, one reference owned
    } changes[CHANGE_LOG_MAX];
    size_t n;
    size_t bytes;
    int64_t last_ms;
};

// Events of contentChanges in their order, without those that cannot be read. `is_lost`: the text
// is not known, those before a whole new one are of no use. Lives in `arena`, borrows `events`.
size_t change_events_read(struct arena *arena, struct json_object *events, bool is_lost,
                          struct text_change **out);

// A change that is in order: of `before` (version `before_version`) to `version`. Retains both.
void change_log_add(struct change_log *log, struct text *before, int64_t before_version,
                    int64_t version, struct json_object *events);

// A change whose version is lower than the last one. True: it belongs between remembered ones and
// is there now. False: it is no change of parts, or of a version that is here already, or too old.
bool change_log_add_late(struct change_log *log, int64_t version, struct json_object *events);

// The text that all remembered changes make. Returns owned, or NULL if it would be longer than
// LIMIT_TEXT.
struct text *change_log_text(struct change_log *log, enum position_encoding encoding);

void change_log_clear(struct change_log *log);
