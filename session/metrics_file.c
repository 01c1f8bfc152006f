// SPDX-License-Identifier: MIT
//
// The metrics of all sessions in one file of sums. Invariants: a process adds what it counted, it
// never replaces what others did; what could not be written is kept for the next time; the file is
// whole at any moment.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/uri.h"
#include "session/private.h"

#define LOG_MODULE "metrics"
#include "base/log.h"

enum {
    LOCK_TRIES = 20, // of a patient caller
    LOCK_PAUSE_US = 5000,
};

static void read_sums(struct metrics *metrics, const char *path) {
    struct arena arena = {0};
    struct json_object *root = NULL;
    struct str text;
    if (file_read(&arena, path, LIMIT_SETTINGS_FILE, &text) == ERR_OK &&
        json_parse(&arena, text, &root, NULL) == ERR_OK) {
        metrics_add_sums(metrics, root);
    }
    json_object_put(root);
    arena_finish(&arena);
}

struct metrics *metrics_load(const char *path) {
    struct metrics *metrics = metrics_create();
    read_sums(metrics, path);
    return metrics;
}

// The descriptor of the lock, -1: somebody else has it, -2: there is no lock to be had, which is
// no reason not to write.
static int lock(const char *path, struct arena *arena, bool patient) {
    int fd = open(arena_printf(arena, "%s.lock", path).p, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -2;
    }
    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
        if (!patient || i >= LOCK_TRIES) {
            close(fd);
            return -1;
        }
        usleep(LOCK_PAUSE_US);
    }
    return fd;
}

static enum err add_to_file(struct metrics *news, const char *path, struct arena *arena) {
    struct error error = {0};
    struct json_object *sums = metrics_sums(news);
    struct metrics *all = metrics_load(path);
    metrics_add_sums(all, sums);
    json_object_put(sums);
    sums = metrics_sums(all);
    metrics_destroy(all);
    enum err result = file_write_atomic(path, json_text(sums), 0600, &error, arena);
    json_object_put(sums);
    if (result != ERR_OK) {
        LOG_WRN("%.*s", STR_ARG(error.message));
    }
    return result;
}

enum err metrics_save(struct metrics *metrics, const char *path, bool patient) {
    struct arena arena = {0};
    struct metrics *news = metrics_take_news(metrics);
    enum err result = ERR_OK;
    if (news) {
        folders_make(&arena, str_from(path));
        int fd = lock(path, &arena, patient);
        result = fd == -1 ? ERR_CONFLICT : add_to_file(news, path, &arena);
        if (fd >= 0) {
            close(fd);
        }
        if (result == ERR_OK) {
            metrics_destroy(news);
        } else {
            metrics_return_news(metrics, news);
        }
    }
    arena_finish(&arena);
    return result;
}
