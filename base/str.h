// SPDX-License-Identifier: MIT
//
// A borrowed view of bytes: pointer and length, no NUL promised, may contain NULs. The owner is
// whoever made the bytes; a view lives as long as they do. All functions are pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_INIT(literal)                                                                          \
    { "" literal, sizeof(literal) - 1 } // for static tables
#define STR_NONE ((struct str){0})
// For printf: printf("%.*s", STR_ARG(s)).
#define STR_ARG(s) ((int)(s).n), ((s).p ? (s).p : "")
// For printf: printf("%zu model%s", n, PLURAL(n)).
#define PLURAL(n) ((n) == 1 ? "" : "s")

static inline struct str str_of(const char *p, size_t n) {
    return (struct str){p, n};
}

// `cstr` may be NULL: an empty view.
static inline struct str str_from(const char *cstr) {
    return (struct str){cstr, cstr ? strlen(cstr) : 0};
}

static inline bool str_is_empty(struct str s) {
    return s.n == 0;
}

static inline bool str_eq(struct str a, struct str b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

// Bytes [from, to) of `s`; both are clamped to its length.
static inline struct str str_slice(struct str s, size_t from, size_t to) {
    if (to > s.n) {
        to = s.n;
    }
    if (from > to) {
        from = to;
    }
    return (struct str){s.p ? s.p + from : NULL, to - from};
}

static inline struct str str_from_index(struct str s, size_t from) {
    return str_slice(s, from, s.n);
}

#define STR_NPOS SIZE_MAX

// ASCII only, independent of the locale. Asked of every byte of many texts, hence inline.
static inline bool char_is_alpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool char_is_digit(char c) {
    return c >= '0' && c <= '9';
}

static inline bool char_is_alnum(char c) {
    return char_is_alpha(c) || char_is_digit(c);
}

// Blank, tab, \n, \v, \f, \r.
static inline bool char_is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// Blank or tab.
static inline bool char_is_blank(char c) {
    return c == ' ' || c == '\t';
}

static inline bool char_is_eol(char c) {
    return c == '\n' || c == '\r';
}

static inline char char_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

// Equality and order that ignore ASCII case.
bool str_ieq(struct str a, struct str b);
int str_cmp(struct str a, struct str b); // bytewise, like strcmp
int str_icmp(struct str a, struct str b);

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_istarts(struct str s, struct str prefix);
bool str_iends(struct str s, struct str suffix);

// Index of the first / last occurrence, or STR_NPOS.
size_t str_find(struct str s, struct str needle);
size_t str_ifind(struct str s, struct str needle);
size_t str_find_char(struct str s, char c);
size_t str_rfind_char(struct str s, char c);
static inline bool str_contains(struct str s, struct str needle) {
    return str_find(s, needle) != STR_NPOS;
}

// Are the bytes of `wanted` in `s`, in order but not necessarily side by side? ASCII case is
// ignored.
bool str_isubsequence(struct str s, struct str wanted);

// Without white space (char_is_space) at both ends.
struct str str_trim(struct str s);

// Blanks and tabs that it begins with.
size_t str_indent(struct str s);

// Splits at the first `separator`: the part before it is returned and `*rest` becomes what follows.
// Without one, all of `*rest` is returned and it becomes empty (p == NULL): loop until rest->p is
// NULL.
struct str str_split(struct str *rest, char separator);

// Next line without its end (\n, \r\n or \r); `*rest` moves behind it. False at the end.
bool str_next_line(struct str *rest, struct str *line);

// Whole-string numbers; false (and `*out` untouched) on anything else, overflow included.
bool str_to_int64(struct str s, int64_t *out);
bool str_to_uint64(struct str s, uint64_t *out);
bool str_to_double(struct str s, double *out); // C locale

uint64_t str_hash(struct str s);  // FNV-1a, 64 bit; not for hostile keys without a bound
uint64_t str_ihash(struct str s); // of the ASCII-lowercased bytes
