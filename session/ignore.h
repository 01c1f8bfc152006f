// SPDX-License-Identifier: MIT
//
// .gitignore files as git reads them (gitignore(5)): nested, with negation, folders only, anchored.
// A list is immutable once read; a folder's list points to its parent's. Thread-safe to query.
#pragma once

#include "base/arena.h"

struct ignore_pattern {
    struct str glob;  // relative to the folder of the list
    bool negated;     // "!"
    bool folder_only; // ends in "/"
    bool anchored;    // has a "/" at the start or in the middle
};

struct ignore_list {
    const struct ignore_list *parent; // of the folder above; NULL
    struct str folder; // path of the folder the patterns are relative to, as the walk spells it
    struct ignore_pattern *patterns;
    size_t n;
};

// The patterns in `text` (borrowed by the list: keep it). NULL parent: the first.
struct ignore_list *ignore_parse(struct arena *arena, struct str text, struct str folder,
                                 const struct ignore_list *parent);

// Is `path` (spelled like the lists' folders) ignored? The last matching pattern of the nearest
// list that has one decides. Parents of `path` are not looked at: the walk does not enter ignored
// folders.
bool ignore_match(const struct ignore_list *list, struct str path, bool is_folder);
