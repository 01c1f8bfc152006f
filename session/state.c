// SPDX-License-Identifier: MIT
//
// The state file. Kept as parsed JSON in memory; each change reads the file again, applies itself
// and writes the whole atomically, so that several editors at once lose nothing but what two of
// them write in the same moment:
//   {"version": 1, "trusted": {ROOT: [URL]}, "models": {ROOT: {ROLE: MODEL}}}
#include "session/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/uri.h"
#include "session/private.h"

#define LOG_MODULE "state"
#include "base/log.h"

struct state {
    char *path;               // owned; NULL: nowhere to write
    struct json_object *root; // owned, always an object
};

struct str state_default_path(struct arena *arena) {
    struct str base = str_from(getenv("XDG_STATE_HOME"));
    if (base.n == 0 || base.p[0] != '/') {
        struct str home = str_from(getenv("HOME"));
        if (home.n == 0) {
            return STR_NONE;
        }
        base = path_join(arena, home, STR(".local/state"));
    }
    return path_join(arena, base, STR("ollama-ls/state.json"));
}

// A file that cannot be read as state is moved aside so that nothing of it is lost.
static void keep_broken(const struct state *state, struct arena *arena) {
    struct str aside = arena_printf(arena, "%s.broken", state->path);
    LOG_WRN("%s is not readable as state; it is kept as state.json.broken", state->path);
    if (rename(state->path, aside.p) != 0) {
        LOG_WRN("%s could not be moved aside", state->path);
    }
}

static void load(struct state *state) {
    struct arena arena = {0};
    struct json_object *root = NULL;
    struct str text;
    enum err result = ERR_NOT_FOUND;
    if (state->path) {
        result = file_read(&arena, state->path, LIMIT_SETTINGS_FILE, &text);
    }
    if (result == ERR_OK) {
        result = json_parse(&arena, text, &root, NULL);
    }
    if (result != ERR_NOT_FOUND && !json_is(root, json_type_object)) {
        json_object_put(root);
        root = NULL;
        keep_broken(state, &arena);
    }
    json_object_put(state->root);
    state->root = root ? root : json_object_new_object();
    arena_finish(&arena);
}

struct state *state_open(const char *path) {
    struct state *state = mem_alloc(sizeof(*state));
    struct arena arena = {0};
    struct str chosen = path ? str_from(path) : state_default_path(&arena);
    if (chosen.n) {
        state->path = mem_strdup(chosen);
    }
    arena_finish(&arena);
    load(state);
    return state;
}

void state_close(struct state *state) {
    if (!state) {
        return;
    }
    json_object_put(state->root);
    free(state->path);
    free(state);
}

struct str state_folder(const struct state *state) {
    return state->path ? path_dir(str_from(state->path)) : STR_NONE;
}

void state_reload(struct state *state) {
    if (state->path) { // else the memory is all there is
        load(state);
    }
}

// Member `key` of `object`, made as an empty value of `type` when absent or of another type.
static struct json_object *member(struct json_object *object, const char *key,
                                  enum json_type type) {
    struct json_object *value = json_get(object, key);
    if (!json_is(value, type)) {
        value = type == json_type_array ? json_object_new_array() : json_object_new_object();
        json_set(object, key, value);
    }
    return value;
}

// mkdir -p of the file's folder, private to the user.
void folders_make(struct arena *arena, struct str path) {
    struct str dir = path_dir(path);
    for (size_t i = 1; i <= dir.n; i++) {
        if (i == dir.n || dir.p[i] == '/') {
            (void)mkdir(arena_cstr(arena, str_slice(dir, 0, i)), 0700);
        }
    }
}

static enum err save(struct state *state, struct error *error, struct arena *arena) {
    if (!state->path) {
        return error_set(
            error, arena, ERR_IO,
            "there is nowhere to remember this: neither XDG_STATE_HOME nor HOME is set");
    }
    folders_make(arena, str_from(state->path));
    json_set_int(state->root, "version", 1);
    return file_write_atomic(state->path, json_text(state->root), 0600, error, arena);
}

static bool array_has(struct json_object *array, struct str text) {
    for (size_t i = 0; i < json_count(array); i++) {
        if (str_eq(json_str(json_at(array, i)), text)) {
            return true;
        }
    }
    return false;
}

bool state_is_trusted(const struct state *state, struct str root, struct str url) {
    struct arena arena = {0};
    struct json_object *list = json_get(json_get(state->root, "trusted"), arena_cstr(&arena, root));
    bool trusted = array_has(list, url);
    arena_finish(&arena);
    return trusted;
}

enum err state_trust(struct state *state, struct str root, struct str url, struct error *error,
                     struct arena *arena) {
    state_reload(state);
    struct json_object *trusted = member(state->root, "trusted", json_type_object);
    struct json_object *list = member(trusted, arena_cstr(arena, root), json_type_array);
    if (array_has(list, url)) {
        return ERR_OK;
    }
    json_add(list, json_new_str(url));
    return save(state, error, arena);
}

struct str state_model(const struct state *state, struct str root, struct str role) {
    struct arena arena = {0};
    struct json_object *models =
        json_get(json_get(state->root, "models"), arena_cstr(&arena, root));
    struct str model = json_get_str(models, arena_cstr(&arena, role));
    arena_finish(&arena);
    return model;
}

enum err state_set_model(struct state *state, struct str root, struct str role, struct str model,
                         struct error *error, struct arena *arena) {
    state_reload(state);
    struct json_object *models = member(state->root, "models", json_type_object);
    json_set_str(member(models, arena_cstr(arena, root), json_type_object), arena_cstr(arena, role),
                 model);
    return save(state, error, arena);
}
