// SPDX-License-Identifier: MIT
//
// A debugging aid, so it may block on the disk; nothing else in the loop does. The lines can be
// replayed: each "in" message is what the client sent, credentials aside.
#include "lsp/transcript.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"

struct transcript {
    FILE *file;
};

struct transcript *transcript_open(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return NULL;
    }
    FILE *file = fdopen(fd, "w");
    if (!file) {
        close(fd);
        return NULL;
    }
    struct transcript *transcript = mem_alloc(sizeof(*transcript));
    transcript->file = file;
    return transcript;
}

void transcript_close(struct transcript *transcript) {
    if (transcript) {
        fclose(transcript->file);
        free(transcript);
    }
}

// JSON on one line: what stands between tokens may hold line ends, inside strings there are none.
static void write_message(FILE *file, struct str message) {
    for (size_t i = 0; i < message.n; i++) {
        char c = message.p[i];
        putc(c == '\n' || c == '\r' ? ' ' : c, file);
    }
}

// --- credentials ---

static const struct str hidden = STR_INIT("***");

// Hides what stands between "://" and '@', wherever in the text. Never touches a quote or a
// backslash, so JSON stays JSON. Returns `text` itself where there is none.
static struct str hide_userinfo(struct arena *arena, struct str text) {
    struct str mark = STR("://");
    struct buf out;
    buf_init(&out, SIZE_MAX);
    size_t done = 0;
    for (size_t at = str_find(text, mark); at != STR_NPOS;) {
        size_t start = at + mark.n;
        size_t end = start;
        while (end < text.n && !strchr("/?#@\" \t\\<>", text.p[end])) {
            end++;
        }
        // A password may hold an '@': the last one counts.
        size_t last = STR_NPOS;
        while (end < text.n && text.p[end] == '@') {
            last = end++;
            while (end < text.n && !strchr("/?#@\" \t\\<>", text.p[end])) {
                end++;
            }
        }
        if (last != STR_NPOS) {
            (void)buf_append(&out, str_slice(text, done, start));
            (void)buf_append(&out, hidden);
            done = last;
        }
        size_t next = str_find(str_from_index(text, end), mark);
        at = next == STR_NPOS ? STR_NPOS : end + next;
    }
    if (done > 0) {
        (void)buf_append(&out, str_from_index(text, done));
        text = arena_copy(arena, buf_str(&out));
    }
    buf_finish(&out);
    return text;
}

// The values of every object called "headers".
static void hide_headers(struct json_object *value, bool is_headers) {
    if (json_is(value, json_type_array)) {
        for (size_t i = 0; i < json_count(value); i++) {
            hide_headers(json_at(value, i), false);
        }
    } else if (json_is(value, json_type_object)) {
        json_object_object_foreach (value, name, member) {
            if (is_headers && json_is(member, json_type_string)) {
                json_object_set_string_len(member, hidden.p, (int)hidden.n);
            } else {
                hide_headers(member, str_eq(str_from(name), STR("headers")));
            }
        }
    }
}

// The message without credentials; in `arena` or `message` itself.
static struct str redact(struct arena *arena, struct str message) {
    struct json_object *parsed = NULL;
    if (str_find(message, STR("\"headers\"")) != STR_NPOS &&
        json_parse(arena, message, &parsed, NULL) == ERR_OK) {
        hide_headers(parsed, false);
        message = arena_copy(arena, json_text(parsed));
    }
    json_object_put(parsed);
    return hide_userinfo(arena, message);
}

void transcript_add(struct transcript *transcript, bool is_incoming, struct str message) {
    if (!transcript) {
        return;
    }
    struct arena arena = {0};
    message = redact(&arena, message);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct tm utc;
    gmtime_r(&now.tv_sec, &utc);
    char time[32];
    strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &utc);
    fprintf(transcript->file, "{\"time\":\"%s.%03ldZ\",\"direction\":\"%s\",", time,
            now.tv_nsec / 1000000, is_incoming ? "in" : "out");
    if (json_check(message, NULL) == ERR_OK) {
        fputs("\"message\":", transcript->file);
        write_message(transcript->file, message);
    } else {
        struct json_object *raw = json_new_str(message);
        fprintf(transcript->file, "\"raw\":%.*s", STR_ARG(json_text(raw)));
        json_object_put(raw);
    }
    fputs("}\n", transcript->file);
    fflush(transcript->file);
    arena_finish(&arena);
}
