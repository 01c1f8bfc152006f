// SPDX-License-Identifier: MIT
//
// Inside diagnostics/ only: paths into settings files, and conditions on what stands there. Both
// are written in convention files (docs/adding-a-convention.md):
//
//   a.b.c        members; a key with '*' or '?' is a pattern, case ignored; 'x.y' is one key
//   a[].b        each element of an array (what is no array counts as its own only element)
//   a.*.b        any member
//   a.*.{key}    at the end: the key of the place itself is the value
//   a.{b}.c      the member named by the text at b
//   ^.b          one object up; /a.b from the root of the document ("/": the root itself);
//                **.a.b from any object
#pragma once

#include "diagnostics/config.h"

struct path_step {
    enum { STEP_KEY, STEP_PATTERN, STEP_EACH, STEP_UP, STEP_NAMED, STEP_KEY_ITSELF } kind;
    struct str key;           // STEP_KEY, STEP_PATTERN
    const struct path *named; // STEP_NAMED
};

struct path {
    bool is_rooted;   // "/…"
    bool is_anywhere; // "**.…"
    const struct path_step *steps;
    size_t n;
    size_t
        n_above; // steps before the last one that names a member: they lead to or above the object
};

// False, with one line in *problem, when `text` is no path. Everything is copied into the arena.
bool path_parse(struct arena *arena, struct str text, struct path *out, struct str *problem);

// What a walk runs over.
struct path_walk {
    const struct config *config;
    const struct config_node *root; // of the document
    // Which elements and members that a pattern meets are skipped for holding no needle.
    enum {
        PRUNE_NOTHING,
        PRUNE_OBJECTS, // the object of the value must hold one, the value need not
        PRUNE_VALUES,  // the value itself must
    } prune;
    // Each place found; `is_key` for {key}. False ends the walk.
    bool (*visit)(void *data, const struct config_node *node, bool is_key);
    void *data;
    size_t budget; // steps left: aliases make a small file large
};

// Walks from `from` (an object: the one whose members a relative path names). False if ended early.
bool path_run(struct path_walk *walk, const struct path *path, const struct config_node *from);

// The first place found, resolved, or NULL.
const struct config_node *path_find(const struct config *config, const struct config_node *root,
                                    const struct path *path, const struct config_node *from);

// `text` against a pattern of '*' and '?', case ignored.
bool wild_match(struct str pattern, struct str text);

struct condition {
    struct path path;
    enum {
        CONDITION_EXISTS,
        CONDITION_TEXT, // the text, or an element of the array, matches one of `values`
        CONDITION_URL,  // the text is the URL of an Ollama server (config-formats 2.3)
        CONDITION_KEY,  // path unused: the key of the object itself matches
    } kind;
    bool is_negated;
    const struct str *values;
    size_t n_values;
};

// Any of the groups holds, a group holding when all of its conditions do. No group: holds.
struct conditions {
    struct condition_group {
        const struct condition *at;
        size_t n;
    } *groups;
    size_t n;
};

bool conditions_hold(const struct conditions *conditions, const struct config *config,
                     const struct config_node *root, const struct config_node *object);

// A URL whose port is 11434, or whose host is "ollama", "ollama.*" or "ollama-*".
bool text_is_ollama_url(struct str text);
