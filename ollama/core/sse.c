// SPDX-License-Identifier: MIT
//
// Framing of server-sent events. Fed bytes are looked at once and only copied where a line or an
// event is not complete yet. Invariant: neither a line nor an event grows beyond the maximum; what
// does ends the stream.
#include "ollama/core/openai.h"

void sse_init(struct sse *framer, size_t max) {
    *framer = (struct sse){0};
    buf_init(&framer->line, max);
    buf_init(&framer->event, max);
}

void sse_finish(struct sse *framer) {
    buf_finish(&framer->line);
    buf_finish(&framer->event);
}

static void append(struct sse *framer, struct buf *buf, struct str bytes) {
    framer->is_too_long = !buf_append(buf, bytes) || framer->is_too_long;
}

// The first thing that comes tells what this is: events, one JSON text, or a web page.
static void begin(struct sse *framer) {
    while (framer->rest.n > 0 && char_is_space(framer->rest.p[0])) {
        framer->rest = str_from_index(framer->rest, 1);
    }
    if (framer->rest.n > 0) {
        framer->is_begun = true;
        framer->is_raw = framer->rest.p[0] == '{';
        framer->is_page = framer->rest.p[0] == '<';
    }
}

void sse_feed(struct sse *framer, struct str bytes) {
    framer->rest = bytes;
    if (!framer->is_begun) {
        begin(framer);
    }
    if (framer->is_raw) {
        append(framer, &framer->event, framer->rest);
        framer->rest = STR_NONE;
    }
}

// The next whole line without its end; borrowed from the fed bytes, or from framer->line, which is
// then to be cleared.
static bool next_line(struct sse *framer, struct str *line) {
    struct str *rest = &framer->rest;
    if (framer->after_cr && rest->n > 0) {
        *rest = str_from_index(*rest, rest->p[0] == '\n');
        framer->after_cr = false;
    }
    size_t n = 0;
    while (n < rest->n && rest->p[n] != '\n' && rest->p[n] != '\r') {
        n++;
    }
    if (n == rest->n || framer->line.n > 0) {
        append(framer, &framer->line, str_slice(*rest, 0, n));
    }
    if (n == rest->n) {
        *rest = STR_NONE;
        return false;
    }
    if (n > framer->line.max) {
        framer->is_too_long = true;
    }
    *line = framer->line.n > 0 ? buf_str(&framer->line) : str_slice(*rest, 0, n);
    framer->after_cr = rest->p[n] == '\r';
    *rest = str_from_index(*rest, n + 1);
    return !framer->is_too_long;
}

static void take_data(struct sse *framer, struct str value) {
    if (framer->has_data) {
        append(framer, &framer->event, STR("\n"));
    }
    append(framer, &framer->event, value);
    framer->has_data = true;
}

// True if the line ends an event that has data.
static bool take_line(struct sse *framer, struct str line) {
    if (line.n == 0) {
        return framer->has_data;
    }
    if (line.p[0] == '{' && !framer->has_data) {
        take_data(framer, line);
        return true;
    }
    size_t colon = str_find_char(line, ':');
    struct str name = str_slice(line, 0, colon);
    struct str value = colon == STR_NPOS ? STR_NONE : str_from_index(line, colon + 1);
    value = str_from_index(value, value.n > 0 && value.p[0] == ' ');
    if (str_eq(name, STR("data"))) {
        take_data(framer, value);
    } else if (str_eq(name, STR("error")) && !framer->has_data && str_starts(value, STR("{"))) {
        take_data(framer, value);
    }
    return false; // comments, event, id, retry
}

static void drop_taken(struct sse *framer) {
    if (framer->is_taken) {
        buf_clear(&framer->event);
        framer->has_data = false;
        framer->is_taken = false;
    }
}

bool sse_next(struct sse *framer, struct str *data) {
    struct str line;
    drop_taken(framer);
    while (!framer->is_raw && !framer->is_page && next_line(framer, &line)) {
        bool is_whole = take_line(framer, line);
        buf_clear(&framer->line);
        if (framer->is_too_long) {
            return false;
        }
        if (is_whole) {
            framer->is_taken = true;
            *data = buf_str(&framer->event);
            return true;
        }
    }
    return false;
}

bool sse_end(struct sse *framer, struct str *data) {
    drop_taken(framer);
    if (framer->is_page || framer->is_too_long) {
        return false;
    }
    if (!framer->is_raw && framer->line.n > 0) {
        take_line(framer, buf_str(&framer->line));
        buf_clear(&framer->line);
    }
    framer->is_taken = true;
    *data = buf_str(&framer->event);
    return (framer->has_data || framer->is_raw) && !framer->is_too_long;
}
