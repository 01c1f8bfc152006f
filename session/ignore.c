// SPDX-License-Identifier: MIT
//
// gitignore(5), over base/glob.h.
#include "session/ignore.h"

#include "base/glob.h"
#include "base/uri.h"
#include "base/vec.h"

// One line; false for blank lines and comments.
static bool parse_line(struct str line, struct ignore_pattern *pattern) {
    *pattern = (struct ignore_pattern){0};
    // Trailing blanks do not count unless escaped.
    while (line.n && line.p[line.n - 1] == ' ' && !(line.n > 1 && line.p[line.n - 2] == '\\')) {
        line.n--;
    }
    if (line.n == 0 || line.p[0] == '#') {
        return false;
    }
    if (line.p[0] == '!') {
        pattern->negated = true;
        line = str_from_index(line, 1);
    }
    if (line.n && line.p[line.n - 1] == '/') {
        pattern->folder_only = true;
        line.n--;
    }
    pattern->anchored = str_find_char(line, '/') != STR_NPOS;
    if (line.n && line.p[0] == '/') {
        line = str_from_index(line, 1);
    }
    pattern->glob = line;
    return line.n > 0;
}

struct ignore_list *ignore_parse(struct arena *arena, struct str text, struct str folder,
                                 const struct ignore_list *parent) {
    struct ignore_list *list = ARENA_NEW(arena, struct ignore_list);
    VEC(struct ignore_pattern) patterns = {0};
    struct str line;
    if (str_starts(text, STR("\xef\xbb\xbf"))) {
        text = str_from_index(text, 3);
    }
    while (str_next_line(&text, &line)) {
        struct ignore_pattern pattern;
        if (parse_line(line, &pattern)) {
            *VEC_PUSH(arena, &patterns) = pattern;
        }
    }
    *list = (struct ignore_list){parent, folder, patterns.at, patterns.n};
    return list;
}

static bool pattern_matches(const struct ignore_pattern *pattern, struct str relative,
                            bool is_folder) {
    if (pattern->folder_only && !is_folder) {
        return false;
    }
    if (!pattern->anchored) {
        return glob_match_segment(pattern->glob, path_base(relative));
    }
    // A glob without "/" would match at any depth; "/name" means this folder alone.
    bool one_segment = str_find_char(pattern->glob, '/') == STR_NPOS;
    return one_segment ? glob_match_segment(pattern->glob, relative)
                       : glob_match(pattern->glob, relative);
}

bool ignore_match(const struct ignore_list *list, struct str path, bool is_folder) {
    for (; list; list = list->parent) {
        struct str relative = path_relative(path, list->folder);
        for (size_t i = list->n; i-- > 0;) {
            if (pattern_matches(&list->patterns[i], relative, is_folder)) {
                return !list->patterns[i].negated;
            }
        }
    }
    return false;
}
