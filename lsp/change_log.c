// SPDX-License-Identifier: MIT
//
// A ring of changes with the text before the first of them. A late change is sorted in, and the
// text is made anew from there. When the ring is full its older half is forgotten: the text before
// the younger one is kept for that, so that no change costs more than a reference.
// Invariants: versions ascend strictly; `base` is NULL exactly when nothing is remembered.
#include "lsp/change_log.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "lsp/documents.h"

#define LOG_MODULE "documents"

enum { HALF = CHANGE_LOG_MAX / 2 };

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

// --- the ring ---

void change_log_clear(struct change_log *log) {
    for (size_t i = 0; i < log->n; i++) {
        json_object_put(log->changes[i].events);
    }
    text_release(log->base);
    text_release(log->half);
    *log = (struct change_log){0};
}

static void forget_half(struct change_log *log) {
    text_release(log->base);
    log->base = log->half;
    log->half = NULL;
    log->base_version = log->changes[HALF - 1].version;
    for (size_t i = 0; i < HALF; i++) {
        log->bytes -= bytes_of(log->changes[i].events);
        json_object_put(log->changes[i].events);
    }
    log->n -= HALF;
    memmove(log->changes, log->changes + HALF, log->n * sizeof(log->changes[0]));
}

static bool is_over(const struct change_log *log) {
    return clock_ms() - log->last_ms > CHANGE_LOG_LATE_MS;
}

void change_log_add(struct change_log *log, struct text *before, int64_t before_version,
                    int64_t version, struct json_object *events) {
    size_t bytes = bytes_of(events);
    bool is_of_use = version > before_version && !has_whole(events) && bytes <= CHANGE_LOG_BYTES;
    if (!is_of_use || is_over(log) || log->bytes + bytes > CHANGE_LOG_BYTES) {
        change_log_clear(log);
    }
    if (!is_of_use) {
        return;
    }
    if (log->n == CHANGE_LOG_MAX) {
        forget_half(log);
    }
    if (!log->base) {
        log->base = text_retain(before);
        log->base_version = before_version;
    }
    if (log->n == HALF) {
        log->half = text_retain(before);
    }
    log->changes[log->n++] = (struct logged_change){version, json_object_get(events)};
    log->bytes += bytes;
    log->last_ms = clock_ms();
}

bool change_log_add_late(struct change_log *log, int64_t version, struct json_object *events) {
    if (!log->base || is_over(log) || has_whole(events) ||
        log->bytes + bytes_of(events) > CHANGE_LOG_BYTES) {
        return false;
    }
    if (log->n == CHANGE_LOG_MAX) {
        forget_half(log);
    }
    size_t at = log->n;
    while (at > 0 && log->changes[at - 1].version > version) {
        at--;
    }
    int64_t previous = at > 0 ? log->changes[at - 1].version : log->base_version;
    if (previous >= version) {
        return false;
    }
    memmove(log->changes + at + 1, log->changes + at, (log->n - at) * sizeof(log->changes[0]));
    log->changes[at] = (struct logged_change){version, json_object_get(events)};
    log->n++;
    log->bytes += bytes_of(events);
    log->last_ms = clock_ms();
    return true;
}

struct text *change_log_text(struct change_log *log, enum position_encoding encoding) {
    struct arena arena;
    arena_init(&arena);
    struct text *text = text_retain(log->base);
    text_release(log->half);
    log->half = NULL;
    for (size_t i = 0; text && i < log->n; i++) {
        if (i == HALF) {
            log->half = text_retain(text);
        }
        struct text_change *changes;
        size_t n = change_events_read(&arena, log->changes[i].events, false, &changes);
        struct text *next = text_edit(text, changes, n, encoding, NULL);
        text_release(text);
        text = next;
        arena_reset(&arena);
    }
    arena_finish(&arena);
    return text;
}
