// SPDX-License-Identifier: MIT
//
// POSIX paths as text. Nothing here looks at the disk; a path may hold any byte but NUL.
#include "base/uri.h"

struct str path_join(struct arena *arena, struct str dir, struct str name) {
    if (str_starts(name, STR("/")) || dir.n == 0) {
        return arena_copy(arena, name);
    }
    if (name.n == 0) {
        return arena_copy(arena, dir);
    }
    bool slash = dir.p[dir.n - 1] == '/';
    return arena_printf(arena, "%.*s%s%.*s", STR_ARG(dir), slash ? "" : "/", STR_ARG(name));
}

static struct str without_end_slashes(struct str path) {
    while (path.n > 1 && path.p[path.n - 1] == '/') {
        path.n--;
    }
    return path;
}

struct str path_dir(struct str path) {
    path = without_end_slashes(path);
    size_t slash = str_rfind_char(path, '/');
    if (slash == STR_NPOS) {
        return STR(".");
    }
    return without_end_slashes(str_slice(path, 0, slash == 0 ? 1 : slash));
}

struct str path_base(struct str path) {
    path = without_end_slashes(path);
    size_t slash = str_rfind_char(path, '/');
    if (slash == STR_NPOS || path.n == 1) {
        return path;
    }
    return str_from_index(path, slash + 1);
}

struct str path_normalize(struct arena *arena, struct str path) {
    bool absolute = str_starts(path, STR("/"));
    char *out = ARENA_ARRAY(arena, path.n + 2, char);
    size_t n = 0;
    size_t fixed = absolute ? 1 : 0; // what ".." must not eat: the root, or leading ".."
    if (absolute) {
        out[n++] = '/';
    }
    struct str rest = path;
    while (rest.p) {
        struct str part = str_split(&rest, '/');
        if (part.n == 0 || str_eq(part, STR("."))) {
            continue;
        }
        bool up = str_eq(part, STR(".."));
        if (up && n > fixed) {
            size_t slash = str_rfind_char(str_of(out, n), '/');
            n = slash == STR_NPOS || slash < fixed ? fixed : slash;
            continue;
        }
        if (up && absolute) {
            continue; // the parent of the root is the root
        }
        if (n > 0 && out[n - 1] != '/') {
            out[n++] = '/';
        }
        memcpy(out + n, part.p, part.n);
        n += part.n;
        fixed = up ? n : fixed;
    }
    if (n == 0) {
        out[n++] = '.';
    }
    out[n] = '\0';
    return str_of(out, n);
}

bool path_is_within(struct str path, struct str dir) {
    if (!str_starts(path, dir)) {
        return false;
    }
    return path.n == dir.n || str_ends(dir, STR("/")) || (dir.n > 0 && path.p[dir.n] == '/');
}

struct str path_relative(struct str path, struct str dir) {
    if (dir.n == 0 || !path_is_within(path, dir)) {
        return path;
    }
    if (path.n == dir.n) {
        return STR(".");
    }
    return str_from_index(path, dir.n + (dir.p[dir.n - 1] == '/' ? 0 : 1));
}
