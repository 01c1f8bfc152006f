// SPDX-License-Identifier: MIT
//
// A debugging aid, so it may block on the disk; nothing else in the loop does. The lines can be
// replayed: each "in" message is exactly what the client sent.
#include "lsp/transcript.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

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

void transcript_add(struct transcript *transcript, bool is_incoming, struct str message) {
    if (!transcript) {
        return;
    }
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
}
