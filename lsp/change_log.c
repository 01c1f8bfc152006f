// SPDX-License-Identifier: MIT
//
// The last changes and what they replaced. For a late one those behind it are taken back, it is
// made, and they are made again: their positions are meant for the text with it. So no older text
// has to be kept.
// Invariants: versions ascend strictly; each splice leads from the text before its change to the
// one before the next; nothing is remembered across a change that is not.
#include "lsp/change_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "lsp/documents.h"

#define LOG_MODULE "documents"

// --- events ---

static bool read_event(struct json_object *event, struct text_change *change) {
    struct json_object *range = json_get(event, "range");
    change->text = json_get_str(event, "text");
    change->whole = range == NULL;
    return json_is(json_get(event, "text"), json_type_string) &&
           (change->whole || (position_from_json(json_get(range, "start"), &change->start) &&
                              position_from_json(json_get(range, "end"), &change->end)));
}

size_t change_events_read(struct arena *arena, struct json_object *events, bool is_lost,
                          struct text_change **out) {
    size_t count = json_count(events);
    struct text_change *changes = ARENA_ARRAY(arena, count ? count : 1, struct text_change);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!read_event(json_at(events, i), &changes[n])) {
            LOG_WRN("a change cannot be read");
            continue;
        }
        is_lost = is_lost && !changes[n].whole;
        n += is_lost ? 0 : 1;
    }
    *out = changes;
    return n;
}

static size_t bytes_of(struct json_object *events) {
    size_t n = 0;
    for (size_t i = 0; i < json_count(events); i++) {
        n += json_get_str(json_at(events, i), "text").n;
    }
    return n;
}

// A whole new text is right whatever came before it.
static bool has_whole(struct json_object *events) {
    for (size_t i = 0; i < json_count(events); i++) {
        if (!json_get(json_at(events, i), "range")) {
            return true;
        }
    }
    return false;
}

// --- what is remembered ---

static size_t cost_of(const struct logged_change *change) {
    return bytes_of(change->events) + change->old.n;
}

static void forget(struct change_log *log, size_t n) {
    for (size_t i = 0; i < n; i++) {
        log->bytes -= cost_of(&log->changes[i]);
        log->base_version = log->changes[i].version;
        json_object_put(log->changes[i].events);
        free((char *)log->changes[i].old.p);
    }
    log->n -= n;
    memmove(log->changes, log->changes + n, log->n * sizeof(log->changes[0]));
}

void change_log_clear(struct change_log *log) {
    forget(log, log->n);
    *log = (struct change_log){0};
}

static bool is_over(const struct change_log *log) {
    return clock_ms() - log->last_ms > CHANGE_LOG_LATE_MS;
}

static struct str copy_old(const struct text *before, const struct text_splice *splice) {
    struct str old = str_slice(text_str(before), splice->start, splice->old_end);
    return str_of(mem_strdup(old), old.n);
}

void change_log_add(struct change_log *log, const struct text *before, int64_t before_version,
                    int64_t version, struct json_object *events, const struct text_splice *splice) {
    size_t bytes = bytes_of(events) + splice->old_end - splice->start;
    bool is_of_use = version > before_version && !has_whole(events) && bytes <= CHANGE_LOG_BYTES;
    if (!is_of_use || is_over(log) || log->bytes + bytes > CHANGE_LOG_BYTES) {
        change_log_clear(log);
    }
    if (!is_of_use) {
        return;
    }
    if (log->n == CHANGE_LOG_MAX) {
        forget(log, 1);
    }
    if (log->n == 0) {
        log->base_version = before_version;
    }
    log->changes[log->n++] = (struct logged_change){.version = version,
                                                    .events = json_object_get(events),
                                                    .splice = *splice,
                                                    .old = copy_old(before, splice)};
    log->bytes += bytes;
    log->last_ms = clock_ms();
}

// --- a late one ---

// The text before change `at`, which was within the limit when it was there. Returns owned.
static struct text *take_back(const struct change_log *log, const struct text *text, size_t at) {
    struct buf now, then;
    buf_init(&now, LIMIT_TEXT);
    buf_init(&then, LIMIT_TEXT);
    buf_append(&now, text_str(text));
    for (size_t i = log->n; i-- > at;) {
        const struct logged_change *change = &log->changes[i];
        buf_clear(&then);
        buf_append(&then, str_slice(buf_str(&now), 0, change->splice.start));
        buf_append(&then, change->old);
        buf_append(&then, str_from_index(buf_str(&now), change->splice.new_end));
        struct buf spare = now;
        now = then;
        then = spare;
    }
    struct text *result = text_create(buf_str(&now));
    buf_finish(&now);
    buf_finish(&then);
    return result;
}

// Makes the changes from `at` on. Takes `text`.
static struct text *make_again(struct change_log *log, struct text *text, size_t at,
                               enum position_encoding encoding) {
    struct arena arena;
    arena_init(&arena);
    for (size_t i = at; text && i < log->n; i++) {
        struct logged_change *change = &log->changes[i];
        struct text_change *changes;
        size_t n = change_events_read(&arena, change->events, false, &changes);
        struct text *next = text_edit(text, changes, n, encoding, &change->splice);
        log->bytes -= change->old.n;
        free((char *)change->old.p);
        change->old = next ? copy_old(text, &change->splice) : STR_NONE;
        log->bytes += change->old.n;
        text_release(text);
        text = next;
        arena_reset(&arena);
    }
    arena_finish(&arena);
    return text;
}

bool change_log_insert(struct change_log *log, const struct text *text, int64_t version,
                       struct json_object *events, enum position_encoding encoding,
                       struct text **out) {
    if (log->n == 0 || is_over(log) || has_whole(events) ||
        log->bytes + bytes_of(events) > CHANGE_LOG_BYTES) {
        return false;
    }
    if (log->n == CHANGE_LOG_MAX) {
        forget(log, 1);
    }
    size_t at = log->n;
    while (at > 0 && log->changes[at - 1].version > version) {
        at--;
    }
    if ((at > 0 ? log->changes[at - 1].version : log->base_version) >= version) {
        return false;
    }
    *out = take_back(log, text, at);
    memmove(log->changes + at + 1, log->changes + at, (log->n - at) * sizeof(log->changes[0]));
    log->changes[at] =
        (struct logged_change){.version = version, .events = json_object_get(events)};
    log->n++;
    log->bytes += bytes_of(events);
    log->last_ms = clock_ms();
    *out = make_again(log, *out, at, encoding);
    return true;
}
