// SPDX-License-Identifier: MIT
//
// Path patterns, matched without recursion over `*`: the matcher remembers only the newest `*` and
// the newest `**` and goes back to them, which is enough (a later star can take over whatever an
// earlier one could) and bounds the work to pattern × path steps. Braces are expanded first, one
// alternative at a time, into a buffer on the stack; how many expansions are tried has a bound, so
// that {a,b}{a,b}{a,b}… cannot multiply without end.
#include "base/glob.h"

#define PATTERN_MAX 512     // longer ones match nothing
#define EXPANSIONS_MAX 1024 // more alternatives than this are not tried

// The end of the class that opens at `i`, i.e. the index of its ']', or STR_NPOS if it never
// closes.
static size_t class_end(struct str pattern, size_t i) {
    size_t k = i + 1;
    if (k < pattern.n && (pattern.p[k] == '!' || pattern.p[k] == '^')) {
        k++;
    }
    if (k < pattern.n && pattern.p[k] == ']') {
        k++; // a ']' that comes first stands for itself
    }
    for (; k < pattern.n; k++) {
        if (pattern.p[k] == '\\' && k + 1 < pattern.n) {
            k++;
        } else if (pattern.p[k] == ']') {
            return k;
        }
    }
    return STR_NPOS;
}

static unsigned char class_char(struct str pattern, size_t *k, size_t end) {
    if (pattern.p[*k] == '\\' && *k + 1 < end) {
        (*k)++;
    }
    return (unsigned char)pattern.p[(*k)++];
}

static bool class_matches(struct str pattern, size_t i, size_t end, unsigned char c) {
    size_t k = i + 1;
    bool negated = pattern.p[k] == '!' || pattern.p[k] == '^';
    k += negated ? 1 : 0;
    bool found = false;
    while (k < end) {
        unsigned char low = class_char(pattern, &k, end);
        unsigned char high = low;
        if (k + 1 < end && pattern.p[k] == '-') {
            k++;
            high = class_char(pattern, &k, end);
        }
        found = found || (c >= low && c <= high);
    }
    return found != negated;
}

// One pattern element that stands for exactly one byte, at pattern[*i]; moves *i behind it if it
// matches. Never matches a '/' but by itself.
static bool element_matches(struct str pattern, size_t *i, char c) {
    char e = pattern.p[*i];
    if (e == '?' && c != '/') {
        *i += 1;
        return true;
    }
    if (e == '[') {
        size_t end = class_end(pattern, *i);
        if (end != STR_NPOS) {
            bool match = c != '/' && class_matches(pattern, *i, end, (unsigned char)c);
            *i = match ? end + 1 : *i;
            return match;
        }
    }
    if (e == '\\' && *i + 1 < pattern.n) {
        bool match = pattern.p[*i + 1] == c;
        *i += match ? 2 : 0;
        return match;
    }
    bool match = e == c && e != '?';
    *i += match ? 1 : 0;
    return match;
}

// If a "**" that is a whole segment stands at `i`, how long it is with the '/' behind it; else 0.
static size_t double_star(struct str pattern, size_t i) {
    bool starts = i == 0 || pattern.p[i - 1] == '/';
    if (!starts || i + 1 >= pattern.n || pattern.p[i] != '*' || pattern.p[i + 1] != '*') {
        return 0;
    }
    if (i + 2 == pattern.n) {
        return 2;
    }
    return pattern.p[i + 2] == '/' ? 3 : 0;
}

struct retry {
    size_t pattern; // where to go on in the pattern, STR_NPOS: none
    size_t path;    // where the star's next attempt begins
};

// Lets the newest star take one byte (`*`) or one segment (`**`) more. False when none can.
static bool retry_star(struct str path, struct retry *star, struct retry *deep, size_t *i,
                       size_t *k) {
    if (star->pattern != STR_NPOS && star->path < path.n && path.p[star->path] != '/') {
        *i = star->pattern;
        *k = ++star->path;
        return true;
    }
    star->pattern = STR_NPOS;
    if (deep->pattern == STR_NPOS) {
        return false;
    }
    size_t slash = str_find_char(str_from_index(path, deep->path), '/');
    if (slash == STR_NPOS) {
        return false;
    }
    deep->path += slash + 1;
    *i = deep->pattern;
    *k = deep->path;
    return true;
}

// The whole of `path` against a pattern without braces.
static bool match_plain(struct str pattern, struct str path) {
    struct retry star = {STR_NPOS, 0};
    struct retry deep = {STR_NPOS, 0};
    size_t i = 0;
    size_t k = 0;
    while (k < path.n || i < pattern.n) {
        size_t stars = double_star(pattern, i);
        if (stars == 2) {
            return k < path.n || k == 0; // everything below; "a/**" is not "a/"
        }
        if (stars == 3) {
            i += stars;
            deep = (struct retry){i, k};
            star.pattern = STR_NPOS;
            continue;
        }
        if (i < pattern.n && pattern.p[i] == '*') {
            star = (struct retry){++i, k};
            continue;
        }
        if (i < pattern.n && k < path.n && element_matches(pattern, &i, path.p[k])) {
            k++;
            continue;
        }
        if (!retry_star(path, &star, &deep, &i, &k)) {
            return false;
        }
    }
    return true;
}

struct braces {
    size_t open;
    size_t close;
};

// The first {…} that closes, skipping classes and escapes. False when there is none.
static bool find_braces(struct str pattern, struct braces *out) {
    size_t open = STR_NPOS;
    size_t depth = 0;
    for (size_t i = 0; i < pattern.n; i++) {
        char c = pattern.p[i];
        if (c == '\\') {
            i++;
        } else if (c == '[' && class_end(pattern, i) != STR_NPOS) {
            i = class_end(pattern, i);
        } else if (c == '{') {
            open = depth == 0 ? i : open;
            depth++;
        } else if (c == '}' && depth > 0 && --depth == 0) {
            *out = (struct braces){open, i};
            return true;
        }
    }
    return false;
}

// The alternative that begins at `from`: returns its end (a ',' on this level, or `close`).
static size_t alternative_end(struct str pattern, size_t from, size_t close) {
    size_t depth = 0;
    for (size_t i = from; i < close; i++) {
        char c = pattern.p[i];
        if (c == '\\') {
            i++;
        } else if (c == '[' && class_end(pattern, i) != STR_NPOS) {
            i = class_end(pattern, i);
        } else if (c == '{') {
            depth++;
        } else if (c == '}' && depth > 0) {
            depth--;
        } else if (c == ',' && depth == 0) {
            return i;
        }
    }
    return close;
}

typedef bool matcher(struct str pattern, struct str path);

// Depth is bounded by the number of brace pairs, i.e. by PATTERN_MAX / 2; *budget by
// EXPANSIONS_MAX.
static bool match_expanded(struct str pattern, struct str path, matcher *match, size_t *budget) {
    struct braces braces;
    if (*budget == 0) {
        return false;
    }
    if (!find_braces(pattern, &braces)) {
        (*budget)--;
        return match(pattern, path);
    }
    char text[PATTERN_MAX];
    struct str tail = str_from_index(pattern, braces.close + 1);
    size_t from = braces.open + 1;
    memcpy(text, pattern.p, braces.open);
    for (;;) {
        size_t end = alternative_end(pattern, from, braces.close);
        size_t n = end - from;
        memcpy(text + braces.open, pattern.p + from, n);
        memcpy(text + braces.open + n, tail.p, tail.n);
        if (match_expanded(str_of(text, braces.open + n + tail.n), path, match, budget)) {
            return true;
        }
        if (end >= braces.close) {
            return false;
        }
        from = end + 1;
    }
}

static bool match_path(struct str pattern, struct str path) {
    if (str_find_char(pattern, '/') == STR_NPOS) {
        size_t slash = str_rfind_char(path, '/');
        path = slash == STR_NPOS ? path : str_from_index(path, slash + 1);
    } else if (str_starts(pattern, STR("/"))) {
        pattern = str_from_index(pattern, 1); // "/x" and "x/y" both begin at the start of the path
    }
    return match_plain(pattern, path);
}

bool glob_match(struct str pattern, struct str path) {
    size_t budget = EXPANSIONS_MAX;
    return pattern.n <= PATTERN_MAX && match_expanded(pattern, path, match_path, &budget);
}

bool glob_match_segment(struct str pattern, struct str segment) {
    size_t budget = EXPANSIONS_MAX;
    return pattern.n <= PATTERN_MAX && match_expanded(pattern, segment, match_plain, &budget);
}
