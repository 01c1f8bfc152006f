// SPDX-License-Identifier: MIT
//
// Adding to settings files, for "Ignore NAME in this workspace" and `ollama-ls setup --write`,
// without touching anything else of the file, comments and layout included. So the text is edited,
// not printed anew from a parsed value. And where the user's own file is.
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/uri.h"
#include "session/private.h"
#include "session/settings.h"

// Offset behind white space and comments.
static size_t skip_space(struct str s, size_t i) {
    while (i < s.n) {
        if (char_is_space(s.p[i])) {
            i++;
        } else if (s.p[i] == '/' && i + 1 < s.n && s.p[i + 1] == '/') {
            while (i < s.n && s.p[i] != '\n') {
                i++;
            }
        } else if (s.p[i] == '/' && i + 1 < s.n && s.p[i + 1] == '*') {
            size_t end = str_find(str_from_index(s, i + 2), STR("*/"));
            i = end == STR_NPOS ? s.n : i + 2 + end + 2;
        } else {
            break;
        }
    }
    return i;
}

// `i` at the opening quote: offset behind the closing one.
static size_t skip_string(struct str s, size_t i) {
    for (i++; i < s.n && s.p[i] != '"'; i++) {
        if (s.p[i] == '\\') {
            i++;
        }
    }
    return i < s.n ? i + 1 : s.n;
}

// `open` behind the '{' of an object: offset of the value of its member `key`; STR_NPOS if there is
// none.
static size_t find_member(struct str s, size_t open, struct str key) {
    int depth = 1;
    size_t i = open;
    while (depth > 0 && (i = skip_space(s, i)) < s.n) {
        if (s.p[i] == '"') {
            size_t end = skip_string(s, i);
            size_t colon = skip_space(s, end);
            if (depth == 1 && colon < s.n && s.p[colon] == ':' &&
                str_eq(str_slice(s, i + 1, end - 1), key)) {
                return skip_space(s, colon + 1);
            }
            i = end;
            continue;
        }
        if (s.p[i] == '{' || s.p[i] == '[') {
            depth++;
        } else if (s.p[i] == '}' || s.p[i] == ']') {
            depth--;
        }
        i++;
    }
    return STR_NPOS;
}

// Offset behind the '{' of the whole text, which is an object.
static size_t root_open(struct str text) {
    bool has_mark = str_starts(text, STR("\xef\xbb\xbf"));
    return skip_space(text, has_mark ? 3 : 0) + 1; // a comment before it may hold others
}

// Offset behind the '[' of the top-level member ignoreModels; STR_NPOS if there is none.
static size_t find_array(struct str s) {
    size_t at = find_member(s, root_open(s), STR("ignoreModels"));
    return at != STR_NPOS && at < s.n && s.p[at] == '[' ? at + 1 : STR_NPOS;
}

static struct str insert(struct arena *arena, struct str text, size_t at, struct str what) {
    return arena_join(arena, arena_join(arena, str_slice(text, 0, at), what),
                      str_from_index(text, at));
}

enum err settings_add_ignored_model(struct arena *arena, struct str text, struct str name,
                                    struct str *out, struct error *error) {
    struct json_object *quoted_value = json_new_str(name);
    struct str quoted = arena_copy(arena, json_text(quoted_value));
    json_object_put(quoted_value);
    if (str_trim(text).n == 0) {
        *out = arena_printf(arena, "{\n    \"ignoreModels\": [%.*s]\n}\n", STR_ARG(quoted));
        return ERR_OK;
    }
    struct json_object *root = NULL;
    enum err result = json_parse_relaxed(arena, text, &root, error);
    if (result != ERR_OK) {
        return result;
    }
    if (!json_is(root, json_type_object) ||
        (json_has(root, "ignoreModels") &&
         !json_is(json_get(root, "ignoreModels"), json_type_array))) {
        json_object_put(root);
        return error_set(error, arena, ERR_INVALID,
                         "%s must be an object whose \"ignoreModels\" is an array",
                         SETTINGS_WORKSPACE_NAME);
    }
    struct json_object *array = json_get(root, "ignoreModels");
    for (size_t i = 0; i < json_count(array); i++) {
        if (str_eq(json_str(json_at(array, i)), name)) {
            json_object_put(root);
            *out = text;
            return ERR_OK;
        }
    }
    size_t at = find_array(text);
    if (array && at != STR_NPOS) {
        const char *comma = json_count(array) ? ", " : "";
        *out = insert(arena, text, at, arena_printf(arena, "%.*s%s", STR_ARG(quoted), comma));
    } else {
        at = root_open(text);
        const char *comma = json_object_object_length(root) ? "," : "\n";
        *out =
            insert(arena, text, at,
                   arena_printf(arena, "\n    \"ignoreModels\": [%.*s]%s", STR_ARG(quoted), comma));
    }
    json_object_put(root);
    return ERR_OK;
}

// --- settings that are missing ---

// The object that a member of this path belongs in, as far as it is there: `*open` behind its '{',
// `*rest` the part of the path below it, `*depth` how deep it lies. NULL: something else stands
// where an object should.
static struct json_object *find_home(struct str text, struct json_object *root, struct str path,
                                     size_t *open, struct str *rest, size_t *depth) {
    struct json_object *object = root;
    *open = root_open(text);
    *rest = path;
    *depth = 1;
    for (;;) {
        // "ai.model" may be written as one key, or as objects in each other.
        size_t end = rest->n;
        struct json_object *found = NULL;
        while (!found && (end = str_rfind_char(str_slice(*rest, 0, end), '.')) != STR_NPOS) {
            struct arena arena = {0};
            found = json_get(object, arena_cstr(&arena, str_slice(*rest, 0, end)));
            arena_finish(&arena);
        }
        if (!found) {
            return object;
        }
        size_t at = find_member(text, *open, str_slice(*rest, 0, end));
        if (!json_is(found, json_type_object) || at == STR_NPOS || at >= text.n ||
            text.p[at] != '{') {
            return NULL;
        }
        object = found;
        *open = at + 1;
        *rest = str_from_index(*rest, end + 1);
        (*depth)++;
    }
}

// {"chat": VALUE} for "chat", as text; the first name and what it holds.
static struct str nested_text(struct arena *arena, struct str path, struct json_object *value) {
    struct str text = arena_copy(arena, json_text(value));
    size_t dot;
    while ((dot = str_rfind_char(path, '.')) != STR_NPOS) {
        text = arena_printf(arena, "{\"%.*s\": %.*s}", STR_ARG(str_from_index(path, dot + 1)),
                            STR_ARG(text));
        path = str_slice(path, 0, dot);
    }
    return arena_printf(arena, "\"%.*s\": %.*s", STR_ARG(path), STR_ARG(text));
}

static struct str line_break(struct arena *arena, size_t depth) {
    struct str text = STR("\n");
    for (size_t i = 0; i < depth; i++) {
        text = arena_join(arena, text, STR("    "));
    }
    return text;
}

enum err settings_add_missing(struct arena *arena, struct str text, const char *path,
                              struct json_object *value, struct str *out, bool *added,
                              struct error *error) {
    struct json_object *root = NULL;
    *added = false;
    *out = text;
    if (str_trim(text).n == 0) {
        text = STR("{}\n");
    }
    enum err result = json_parse_relaxed(arena, text, &root, error);
    if (result != ERR_OK) {
        return result;
    }
    size_t open, depth;
    struct str rest;
    struct json_object *home = json_is(root, json_type_object)
                                   ? find_home(text, root, str_from(path), &open, &rest, &depth)
                                   : NULL;
    if (!home) {
        result = error_set(error, arena, ERR_INVALID,
                           "\"%s\" cannot be added: an object is "
                           "expected around it",
                           path);
    } else if (!json_has(root, path) && !json_has(home, arena_cstr(arena, rest)) &&
               !json_path(home, arena_cstr(arena, rest))) {
        size_t next = skip_space(text, open);
        bool is_empty = next < text.n && text.p[next] == '}';
        struct str member = nested_text(arena, rest, value);
        struct str lead = line_break(arena, depth);
        struct str tail = is_empty ? line_break(arena, depth - 1) : STR(",");
        *out = insert(arena, text, open, arena_join(arena, arena_join(arena, lead, member), tail));
        *added = true;
    }
    json_object_put(root);
    return result;
}

enum err settings_save_user(struct arena *arena, struct str text, struct error *error) {
    struct str path = settings_user_path(arena);
    if (path.n == 0) {
        return error_set(error, arena, ERR_IO, "neither XDG_CONFIG_HOME nor HOME is set");
    }
    folders_make(arena, path);
    return file_write_atomic(arena_cstr(arena, path), text, 0600, error, arena);
}

// --- where the user's own file is ---

struct str settings_user_path(struct arena *arena) {
    struct str base = str_from(getenv("XDG_CONFIG_HOME"));
    if (base.n == 0 || base.p[0] != '/') {
        struct str home = str_from(getenv("HOME"));
        if (home.n == 0) {
            return STR_NONE;
        }
        base = path_join(arena, home, STR(".config"));
    }
    return path_join(arena, base, STR("ollama-ls/config.json"));
}
