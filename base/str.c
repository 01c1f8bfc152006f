// SPDX-License-Identifier: MIT
//
// Views of bytes. ASCII rules only, so that no locale can change what a model name is. Searching
// goes through memchr and memmem of the C library, which are vectorised: whole files are probed
// with them.
#include "base/str.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>

static bool bytes_ieq(const char *a, const char *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (char_lower(a[i]) != char_lower(b[i])) {
            return false;
        }
    }
    return true;
}

bool str_ieq(struct str a, struct str b) {
    return a.n == b.n && bytes_ieq(a.p, b.p, a.n);
}

static int compare_lengths(size_t a, size_t b) {
    return (a > b) - (a < b);
}

int str_cmp(struct str a, struct str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;
    return order != 0 ? order : compare_lengths(a.n, b.n);
}

int str_icmp(struct str a, struct str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    for (size_t i = 0; i < n; i++) {
        int x = (unsigned char)char_lower(a.p[i]);
        int y = (unsigned char)char_lower(b.p[i]);
        if (x != y) {
            return x - y;
        }
    }
    return compare_lengths(a.n, b.n);
}

bool str_starts(struct str s, struct str prefix) {
    return s.n >= prefix.n && str_eq(str_of(s.p, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix) {
    return s.n >= suffix.n && str_eq(str_from_index(s, s.n - suffix.n), suffix);
}

bool str_istarts(struct str s, struct str prefix) {
    return s.n >= prefix.n && bytes_ieq(s.p, prefix.p, prefix.n);
}

bool str_iends(struct str s, struct str suffix) {
    return s.n >= suffix.n && str_ieq(str_from_index(s, s.n - suffix.n), suffix);
}

size_t str_find(struct str s, struct str needle) {
    if (needle.n == 0) {
        return 0;
    }
    if (s.n < needle.n) {
        return STR_NPOS;
    }
    const char *hit = memmem(s.p, s.n, needle.p, needle.n);
    return hit ? (size_t)(hit - s.p) : STR_NPOS;
}

// The next of two bytes at or after `from`. Each one's next place is remembered in at[], so that
// the text is passed over once per byte value, at the speed of memchr.
static size_t next_of_two(struct str s, size_t from, const char c[2], size_t at[2]) {
    for (int k = 0; k < 2; k++) {
        if (at[k] != STR_NPOS && at[k] < from) {
            const char *hit = from < s.n ? memchr(s.p + from, c[k], s.n - from) : NULL;
            at[k] = hit ? (size_t)(hit - s.p) : STR_NPOS;
        }
    }
    return at[0] < at[1] ? at[0] : at[1];
}

size_t str_ifind(struct str s, struct str needle) {
    if (needle.n == 0) {
        return 0;
    }
    if (s.n < needle.n) {
        return STR_NPOS;
    }
    char low = char_lower(needle.p[0]);
    const char c[2] = {low, char_is_alpha(low) ? (char)(low - ('a' - 'A')) : low};
    struct str heads = str_slice(s, 0, s.n - needle.n + 1); // where a match can begin
    size_t at[2];
    for (int k = 0; k < 2; k++) {
        const char *hit = memchr(heads.p, c[k], heads.n);
        at[k] = hit ? (size_t)(hit - heads.p) : STR_NPOS;
    }
    size_t i = at[0] < at[1] ? at[0] : at[1];
    while (i != STR_NPOS) {
        if (bytes_ieq(s.p + i + 1, needle.p + 1, needle.n - 1)) {
            return i;
        }
        i = next_of_two(heads, i + 1, c, at);
    }
    return STR_NPOS;
}

size_t str_find_char(struct str s, char c) {
    const char *hit = s.n > 0 ? memchr(s.p, c, s.n) : NULL;
    return hit ? (size_t)(hit - s.p) : STR_NPOS;
}

size_t str_rfind_char(struct str s, char c) {
    for (size_t i = s.n; i > 0; i--) {
        if (s.p[i - 1] == c) {
            return i - 1;
        }
    }
    return STR_NPOS;
}

bool str_isubsequence(struct str s, struct str wanted) {
    size_t at = 0;
    for (size_t i = 0; i < wanted.n; i++, at++) {
        while (at < s.n && char_lower(s.p[at]) != char_lower(wanted.p[i])) {
            at++;
        }
        if (at >= s.n) {
            return false;
        }
    }
    return true;
}

size_t str_indent(struct str s) {
    size_t n = 0;
    while (n < s.n && char_is_blank(s.p[n])) {
        n++;
    }
    return n;
}

struct str str_trim(struct str s) {
    size_t from = 0;
    size_t to = s.n;
    while (from < to && char_is_space(s.p[from])) {
        from++;
    }
    while (to > from && char_is_space(s.p[to - 1])) {
        to--;
    }
    return str_slice(s, from, to);
}

struct str str_split(struct str *rest, char separator) {
    struct str all = *rest;
    size_t at = str_find_char(all, separator);
    if (at == STR_NPOS) {
        *rest = STR_NONE;
        return all;
    }
    *rest = str_from_index(all, at + 1);
    return str_slice(all, 0, at);
}

#define LINE_BLOCK 512

// Index of the first \n or \r, s.n if there is none. In blocks: searching the whole text for the
// one kind before every line that ends in the other would be quadratic.
static size_t line_end(struct str s) {
    for (size_t from = 0; from < s.n; from += LINE_BLOCK) {
        struct str block = str_slice(s, from, from + LINE_BLOCK);
        size_t nl = str_find_char(block, '\n');
        size_t cr = str_find_char(str_slice(block, 0, nl), '\r');
        size_t end = cr != STR_NPOS ? cr : nl;
        if (end != STR_NPOS) {
            return from + end;
        }
    }
    return s.n;
}

bool str_next_line(struct str *rest, struct str *line) {
    struct str all = *rest;
    if (all.n == 0) {
        return false;
    }
    size_t end = line_end(all);
    size_t after = end;
    if (end < all.n) {
        bool pair = all.p[end] == '\r' && end + 1 < all.n && all.p[end + 1] == '\n';
        after += pair ? 2 : 1;
    }
    *line = str_slice(all, 0, end);
    *rest = str_from_index(all, after);
    return true;
}

bool str_to_uint64(struct str s, uint64_t *out) {
    uint64_t value = 0;
    if (s.n == 0) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (!char_is_digit(s.p[i]) || __builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value)) {
            return false;
        }
    }
    *out = value;
    return true;
}

bool str_to_int64(struct str s, int64_t *out) {
    bool negative = s.n > 0 && s.p[0] == '-';
    bool has_sign = negative || (s.n > 0 && s.p[0] == '+');
    uint64_t value;
    if (!str_to_uint64(str_from_index(s, has_sign ? 1 : 0), &value)) {
        return false;
    }
    uint64_t most = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    if (value > most) {
        return false;
    }
    *out = !negative ? (int64_t)value : value > (uint64_t)INT64_MAX ? INT64_MIN : -(int64_t)value;
    return true;
}

// Decimal digits with an optional sign, fraction and exponent: what strtod takes besides (hex,
// "inf", "nan", white space) is no number in any format we read.
static bool is_decimal(struct str s) {
    size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;
    size_t digits = 0;
    for (; i < s.n && char_is_digit(s.p[i]); i++) {
        digits++;
    }
    if (i < s.n && s.p[i] == '.') {
        for (i++; i < s.n && char_is_digit(s.p[i]); i++) {
            digits++;
        }
    }
    if (digits == 0) {
        return false;
    }
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        i++;
        i += i < s.n && (s.p[i] == '-' || s.p[i] == '+') ? 1 : 0;
        size_t first = i;
        while (i < s.n && char_is_digit(s.p[i])) {
            i++;
        }
        if (i == first) {
            return false;
        }
    }
    return i == s.n;
}

#define DOUBLE_TEXT_MAX 512 // no number that a person writes is longer

bool str_to_double(struct str s, double *out) {
    char text[DOUBLE_TEXT_MAX];
    if (s.n >= sizeof(text) || !is_decimal(s)) {
        return false;
    }
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    // strtod follows the locale's decimal point; where that is not '.', it is put in its place.
    const char *point = localeconv()->decimal_point;
    size_t dot = str_find_char(s, '.');
    if (dot != STR_NPOS && point[0] != '\0' && point[1] == '\0') {
        text[dot] = point[0];
    }
    char *end = text;
    errno = 0;
    double value = strtod(text, &end);
    bool infinite = value > 1.7976931348623157e308 || value < -1.7976931348623157e308;
    if (end != text + s.n || infinite) {
        return false;
    }
    *out = value;
    return true;
}

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

// Unsigned wrap-around is what the hash is made of.
uint64_t str_hash(struct str s) {
    uint64_t hash = FNV_OFFSET;
    for (size_t i = 0; i < s.n; i++) {
        hash = (hash ^ (unsigned char)s.p[i]) * FNV_PRIME;
    }
    return hash;
}

uint64_t str_ihash(struct str s) {
    uint64_t hash = FNV_OFFSET;
    for (size_t i = 0; i < s.n; i++) {
        hash = (hash ^ (unsigned char)char_lower(s.p[i])) * FNV_PRIME;
    }
    return hash;
}
