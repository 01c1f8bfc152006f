// SPDX-License-Identifier: MIT
//
// Walks files and folders on every core (DESIGN A2): hidden files too, without .git, honouring
// .gitignore and .git/info/exclude, following no symlink, skipping binaries and files over
// LIMIT_FILE.
#pragma once

#include "base/arena.h"

struct walk_options {
    bool no_ignore;
    unsigned threads; // 0: one per core
    // May this file matter, by its path alone? Called on any worker; false saves reading it.
    bool (*wants)(void *data, struct str path);
    // A file's bytes, borrowed for the call (NUL-terminated). `worker` is 0 … threads - 1. Called
    // on any worker, one call at a time per worker. `path` is spelled from the given root; absolute
    // is the same, absolute. Both borrowed for the call.
    void (*on_file)(void *data, unsigned worker, struct str path, struct str absolute,
                    struct str bytes);
    // Something could not be read (a given path, or a folder on the way). Any worker.
    void (*on_error)(void *data, struct str path, const char *reason);
    // Leave this path out (settings exclude[]); absolute. Any worker. May be NULL.
    bool (*is_excluded)(void *data, struct str absolute);
    void *data;
};

unsigned walk_threads(const struct walk_options *options);

// Blocks until all is done. A path given explicitly is always visited, ignored or not; no file is
// visited twice, also where the paths overlap. Returns the number of files visited (read or judged
// by name).
size_t walk_run(const char *const *paths, size_t n, const struct walk_options *options);
