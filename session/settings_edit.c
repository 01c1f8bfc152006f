// SPDX-License-Identifier: MIT
//
// "Ignore NAME in this workspace": adds one string to the array ignoreModels of .ollama-ls.json
// without touching anything else of the file, comments and layout included. So the text is edited,
// not printed anew from a parsed value. And where the user's own file is.
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/uri.h"
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

// Offset behind the '[' of the top-level member ignoreModels; STR_NPOS if there is none.
static size_t find_array(struct str s) {
    int depth = 0;
    size_t i = 0;
    while ((i = skip_space(s, i)) < s.n) {
        if (s.p[i] == '"') {
            size_t end = skip_string(s, i);
            size_t colon = skip_space(s, end);
            if (depth == 1 && colon < s.n && s.p[colon] == ':' &&
                str_eq(str_slice(s, i, end), STR("\"ignoreModels\""))) {
                size_t open = skip_space(s, colon + 1);
                return open < s.n && s.p[open] == '[' ? open + 1 : STR_NPOS;
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
        bool has_mark = str_starts(text, STR("\xef\xbb\xbf"));
        at = skip_space(text, has_mark ? 3 : 0) + 1; // behind the '{': a comment may hold others
        const char *comma = json_object_object_length(root) ? "," : "\n";
        *out =
            insert(arena, text, at,
                   arena_printf(arena, "\n    \"ignoreModels\": [%.*s]%s", STR_ARG(quoted), comma));
    }
    json_object_put(root);
    return ERR_OK;
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
