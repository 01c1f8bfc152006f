// SPDX-License-Identifier: MIT
//
// Why a state machine over one buffer: input comes in pieces of any size, down to a byte.
//
//   HEADERS --blank line, length known--> BODY --all bytes there--> HEADERS
//      |  a line that is no header, no or an unusable length, too many bytes
//      v
//   RESYNC --"Content-Length: digits EOL" anywhere in the stream--> HEADERS
//
// RESYNC may look inside message bodies: JSON text cannot hold that line, because line ends inside
// its strings are escaped. It therefore needs no trust in the length that was refused.
//
// Invariant: after framer_next has returned FRAME_NONE, the buffer holds at most one unfinished
// header block or one unfinished body.
#include "lsp/framing.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/log.h"

#define LOG_MODULE "framing"
#define CONTENT_LENGTH STR("content-length:")
#define KEEP_CAPACITY (256u * 1024) // a larger buffer is given back when it is empty
#define LENGTH_LINE_MAX 64          // bytes from "Content-Length:" to its end of line, in RESYNC

void framer_init(struct framer *framer) {
    *framer = (struct framer){0};
    buf_init(&framer->buf, (size_t)LIMIT_MESSAGE * 2);
}

void framer_finish(struct framer *framer) {
    buf_finish(&framer->buf);
}

void framer_feed(struct framer *framer, struct str bytes) {
    buf_consume(&framer->buf, framer->at);
    framer->at = 0;
    if (framer->buf.n == 0 && framer->buf.cap > KEEP_CAPACITY) {
        size_t max = framer->buf.max;
        buf_finish(&framer->buf);
        buf_init(&framer->buf, max);
    }
    if (NEVER(!buf_append(&framer->buf, bytes))) {
        buf_clear(&framer->buf);
        framer->state = FRAMER_RESYNC;
    }
}

static struct str rest_of(const struct framer *framer) {
    return str_from_index(buf_str(&framer->buf), framer->at);
}

static void begin_headers(struct framer *framer) {
    framer->state = FRAMER_HEADERS;
    framer->has_length = false;
    framer->length = 0;
    framer->header_bytes = 0;
}

static enum frame give_up(struct framer *framer, struct str *out, struct str problem) {
    framer->state = FRAMER_RESYNC;
    *out = problem;
    return FRAME_GARBAGE;
}

static bool is_header_name(struct str name) {
    for (size_t i = 0; i < name.n; i++) {
        if (!char_is_alnum(name.p[i]) && name.p[i] != '-') {
            return false;
        }
    }
    return name.n > 0;
}

// What one header line means; NULL if it is fine, else the problem.
static const char *read_header(struct framer *framer, struct str line) {
    size_t colon = str_find_char(line, ':');
    if (colon == STR_NPOS || !is_header_name(str_trim(str_slice(line, 0, colon)))) {
        return "a line between messages is no header";
    }
    struct str name = str_trim(str_slice(line, 0, colon));
    if (!str_ieq(name, STR("content-length"))) {
        return NULL;
    }
    struct str value = str_trim(str_from_index(line, colon + 1));
    uint64_t length;
    if (value.n == 0 || !char_is_digit(value.p[0]) || !str_to_uint64(value, &length)) {
        return "Content-Length is no number";
    }
    if (length > LIMIT_MESSAGE) {
        return "Content-Length is over 64 MiB, the message is skipped";
    }
    framer->has_length = true;
    framer->length = (size_t)length;
    return NULL;
}

// One step of HEADERS. FRAME_NONE with a changed state means: go on.
static enum frame step_headers(struct framer *framer, struct str *out, bool *more) {
    struct str rest = rest_of(framer);
    size_t end = str_find_char(rest, '\n');
    if (end == STR_NPOS ? rest.n > LIMIT_HEADER : framer->header_bytes + end > LIMIT_HEADER) {
        return give_up(framer, out, STR("the header of a message is too long"));
    }
    if (end == STR_NPOS) {
        *more = false;
        return FRAME_NONE;
    }
    struct str line = str_slice(rest, 0, end);
    if (str_ends(line, STR("\r"))) {
        line.n--;
    }
    if (line.n == 0) {
        framer->at += end + 1;
        if (framer->has_length) {
            framer->state = FRAMER_BODY;
        } else if (framer->header_bytes > 0) {
            return give_up(framer, out, STR("a message without Content-Length"));
        }
        return FRAME_NONE;
    }
    const char *problem = read_header(framer, line);
    if (!problem) {
        framer->at += end + 1;
        framer->header_bytes += end + 1;
        return FRAME_NONE;
    }
    // A refused length must not be found again; a line with junk before the name must.
    framer->at += str_istarts(line, CONTENT_LENGTH) ? end + 1 : 0;
    return give_up(framer, out, str_from(problem));
}

enum length_line { LENGTH_NO, LENGTH_YES, LENGTH_UNDECIDED };

// Do the bytes behind "Content-Length:" make it a header line?
static enum length_line judge_length_line(struct str after) {
    size_t i = 0;
    while (i < after.n && char_is_blank(after.p[i])) {
        i++;
    }
    size_t digits = i;
    while (i < after.n && char_is_digit(after.p[i])) {
        i++;
    }
    if (i > LENGTH_LINE_MAX || (i < after.n && i == digits)) {
        return LENGTH_NO;
    }
    if (i < after.n && after.p[i] == '\r') {
        i++;
    }
    if (i == after.n) {
        return LENGTH_UNDECIDED;
    }
    return after.p[i] == '\n' ? LENGTH_YES : LENGTH_NO;
}

static void step_resync(struct framer *framer, bool *more) {
    for (;;) {
        struct str rest = rest_of(framer);
        size_t found = str_ifind(rest, CONTENT_LENGTH);
        if (found == STR_NPOS) {
            size_t keep = CONTENT_LENGTH.n - 1;
            framer->at += rest.n > keep ? rest.n - keep : 0;
            *more = false;
            return;
        }
        framer->at += found;
        size_t behind = found + CONTENT_LENGTH.n;
        switch (judge_length_line(str_from_index(rest, behind))) {
        case LENGTH_YES: begin_headers(framer); return;
        case LENGTH_UNDECIDED: *more = false; return;
        case LENGTH_NO: framer->at += CONTENT_LENGTH.n; break;
        }
    }
}

enum frame framer_next(struct framer *framer, struct str *out) {
    bool more = true;
    while (more) {
        switch (framer->state) {
        case FRAMER_HEADERS: {
            enum frame frame = step_headers(framer, out, &more);
            if (frame != FRAME_NONE) {
                return frame;
            }
            break;
        }
        case FRAMER_RESYNC: step_resync(framer, &more); break;
        case FRAMER_BODY: {
            struct str rest = rest_of(framer);
            if (rest.n < framer->length) {
                return FRAME_NONE;
            }
            *out = str_slice(rest, 0, framer->length);
            framer->at += framer->length;
            begin_headers(framer);
            return FRAME_MESSAGE;
        }
        }
    }
    return FRAME_NONE;
}

bool framer_is_within(const struct framer *framer) {
    return framer->state == FRAMER_BODY || framer->at < framer->buf.n || framer->header_bytes > 0;
}

bool frame_append(struct buf *out, struct str message) {
    char header[48];
    int n = snprintf(header, sizeof(header), "Content-Length: %zu\r\n\r\n", message.n);
    if (n <= 0 || message.n > out->max || out->n + (size_t)n > out->max - message.n) {
        return false;
    }
    return buf_append(out, str_of(header, (size_t)n)) && buf_append(out, message);
}
