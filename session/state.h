// SPDX-License-Identifier: MIT
//
// What the program remembers between runs: hosts trusted per workspace root, models chosen per
// workspace and role. $XDG_STATE_HOME/ollama-ls/state.json, mode 0600, written atomically; several
// processes may write: each change reads the file again first. A broken file is kept aside as
// state.json.broken and a new one begun.
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct state; // owned

// `path` NULL: the default place. Never NULL; a missing file is an empty state.
struct state *state_open(const char *path);
void state_close(struct state *state);
struct str state_default_path(struct arena *arena); // empty: neither XDG_STATE_HOME nor HOME
struct str state_folder(const struct state *state); // borrowed; empty: nowhere to write
// Reads the file again: other processes write it too.
void state_reload(struct state *state);

// `root` is the workspace folder's path ("" outside any); `url` a canonical URL.
bool state_is_trusted(const struct state *state, struct str root, struct str url);
enum err state_trust(struct state *state, struct str root, struct str url, struct error *error,
                     struct arena *arena);
// The model chosen for a role ("chat", "autocomplete", "embed") in this workspace; empty if none.
// Borrowed until the next change.
struct str state_model(const struct state *state, struct str root, struct str role);
enum err state_set_model(struct state *state, struct str root, struct str role, struct str model,
                         struct error *error, struct arena *arena);
