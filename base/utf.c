// SPDX-License-Identifier: MIT
//
// UTF-8 by the table of RFC 3629 section 4 (which leading byte allows which second byte), and the
// escaping of text for people. An invalid byte is always exactly one unit of damage, so that
// counting, decoding and replacing agree on every input.
#include "base/utf.h"

#define REPLACEMENT 0xFFFDu
#define REPLACEMENT_UTF8 "\xEF\xBF\xBD"

static bool is_tail(unsigned char c) {
    return (c & 0xC0) == 0x80;
}

// Length of the valid sequence at `p`, 0 if there is none. `*c` gets the code point.
static size_t decode(const unsigned char *p, size_t n, uint32_t *c) {
    unsigned char b = p[0];
    if (b < 0x80) {
        *c = b;
        return 1;
    }
    if (b >= 0xC2 && b <= 0xDF && n >= 2 && is_tail(p[1])) {
        *c = (uint32_t)(b & 0x1F) << 6 | (p[1] & 0x3Fu);
        return 2;
    }
    if (b >= 0xE0 && b <= 0xEF && n >= 3 && is_tail(p[1]) && is_tail(p[2])) {
        uint32_t v = (uint32_t)(b & 0x0F) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
        *c = v;
        return v >= 0x800 && (v < 0xD800 || v > 0xDFFF) ? 3 : 0;
    }
    if (b >= 0xF0 && b <= 0xF4 && n >= 4 && is_tail(p[1]) && is_tail(p[2]) && is_tail(p[3])) {
        uint32_t v = (uint32_t)(b & 0x07) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 |
                     (p[3] & 0x3Fu);
        *c = v;
        return v >= 0x10000 && v <= 0x10FFFF ? 4 : 0;
    }
    return 0;
}

// As utf8_next, telling whether the character was there.
static bool next(struct str s, size_t *i, uint32_t *c) {
    size_t n = decode((const unsigned char *)s.p + *i, s.n - *i, c);
    if (n == 0) {
        *c = REPLACEMENT;
    }
    *i += n == 0 ? 1 : n;
    return n != 0;
}

uint32_t utf8_next(struct str s, size_t *i) {
    uint32_t c;
    next(s, i, &c);
    return c;
}

size_t utf8_put(uint32_t c, char out[4]) {
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
        c = REPLACEMENT;
    }
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

// Most text is ASCII: how many bytes from `i` on are, eight at a time.
static size_t ascii_run(struct str s, size_t i) {
    size_t from = i;
    uint64_t word;
    while (s.n - i >= sizeof(word)) {
        memcpy(&word, s.p + i, sizeof(word));
        if (word & UINT64_C(0x8080808080808080)) {
            break;
        }
        i += sizeof(word);
    }
    while (i < s.n && (unsigned char)s.p[i] < 0x80) {
        i++;
    }
    return i - from;
}

// Index of the first invalid byte, s.n if there is none.
static size_t valid_until(struct str s) {
    size_t i = 0;
    while (i < s.n) {
        i += ascii_run(s, i);
        size_t at = i;
        uint32_t c;
        if (i < s.n && !next(s, &i, &c)) {
            return at;
        }
    }
    return s.n;
}

bool utf8_is_valid(struct str s) {
    return valid_until(s) == s.n;
}

size_t utf8_length_utf16(struct str s) {
    size_t units = 0;
    for (size_t i = 0; i < s.n;) {
        size_t run = ascii_run(s, i);
        i += run;
        units += run;
        if (i < s.n) {
            units += utf8_next(s, &i) > 0xFFFF ? 2 : 1;
        }
    }
    return units;
}

size_t utf8_length(struct str s) {
    size_t points = 0;
    for (size_t i = 0; i < s.n;) {
        size_t run = ascii_run(s, i);
        i += run;
        points += run;
        if (i < s.n) {
            utf8_next(s, &i);
            points++;
        }
    }
    return points;
}

struct str utf8_sanitize(struct arena *arena, struct str s) {
    size_t start = valid_until(s);
    if (start == s.n) {
        return s;
    }
    size_t bad = 0;
    uint32_t c;
    for (size_t i = start; i < s.n;) {
        bad += next(s, &i, &c) ? 0 : 1;
    }
    char *out = ARENA_ARRAY(arena, s.n + 2 * bad + 1, char); // one byte becomes three
    memcpy(out, s.p, start);
    size_t n = start;
    for (size_t i = start; i < s.n;) {
        next(s, &i, &c);
        n += utf8_put(c, out + n);
    }
    return str_of(out, n);
}

bool char_is_unsafe(uint32_t c) {
    static const struct {
        uint32_t from;
        uint32_t to;
    } ranges[] = {
        {0x00, 0x1F},       {0x7F, 0x9F},     {0xAD, 0xAD},     {0x34F, 0x34F},
        {0x61C, 0x61C},     {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F},
        {0x200B, 0x200F},   {0x2028, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164},
        {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0}, {0xFFF9, 0xFFFB}, {0x1D173, 0x1D17A},
        {0xE0000, 0xE007F},
    };
    if (c >= 0x20 && c < 0x7F) {
        return false;
    }
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]) && ranges[i].from <= c; i++) {
        if (c <= ranges[i].to) {
            return true;
        }
    }
    return false;
}

#define ESCAPED_MAX 10 // "\u{10ffff}"

static size_t put_hex(char *out, uint32_t c, int digits) {
    static const char hex[] = "0123456789abcdef";
    for (int i = 0; i < digits; i++) {
        out[i] = hex[c >> (4 * (digits - 1 - i)) & 0xF];
    }
    return (size_t)digits;
}

// How one unsafe character or invalid byte is shown. Returns the length.
static size_t put_escape(char out[ESCAPED_MAX], uint32_t c) {
    out[0] = '\\';
    if (c == '\n' || c == '\t' || c == '\r') {
        out[1] = c == '\n' ? 'n' : c == '\t' ? 't' : 'r';
        return 2;
    }
    if (c <= 0xFF) {
        out[1] = 'x';
        return 2 + put_hex(out + 2, c, 2);
    }
    int digits = c > 0xFFFFF ? 6 : c > 0xFFFF ? 5 : 4;
    out[1] = 'u';
    out[2] = '{';
    size_t n = 3 + put_hex(out + 3, c, digits);
    out[n] = '}';
    return n + 1;
}

// The character at s[*i] as shown; moves *i behind it.
static size_t show_next(struct str s, size_t *i, char out[ESCAPED_MAX]) {
    size_t at = *i;
    uint32_t c;
    if (!next(s, i, &c)) {
        return put_escape(out, (unsigned char)s.p[at]);
    }
    if (char_is_unsafe(c)) {
        return put_escape(out, c);
    }
    memcpy(out, s.p + at, *i - at);
    return *i - at;
}

struct str display_escape(struct arena *arena, struct str s, size_t max) {
    char shown[ESCAPED_MAX];
    size_t total = 0; // of the escaped text
    size_t fits = 0;  // the longest prefix of whole characters within `max`
    bool changed = false;
    bool over = false;
    for (size_t i = 0; i < s.n && !over;) {
        size_t at = i;
        size_t n = show_next(s, &i, shown);
        changed = changed || n != i - at;
        total += n;
        over = max > 0 && total > max;
        fits = over ? fits : i;
    }
    if (!over && !changed) {
        return s;
    }
    char *out = ARENA_ARRAY(arena, total + sizeof("…"), char);
    size_t n = 0;
    for (size_t i = 0; i < fits;) {
        size_t length = show_next(s, &i, shown);
        memcpy(out + n, shown, length);
        n += length;
    }
    if (over) {
        memcpy(out + n, "…", sizeof("…") - 1);
        n += sizeof("…") - 1;
    }
    return str_of(out, n);
}

struct str markdown_escape(struct arena *arena, struct str s) {
    static const struct str special = STR_INIT("\\`*_{}[]<>#!|~&@$");
    struct str shown = display_escape(arena, s, 0);
    char *out = ARENA_ARRAY(arena, shown.n * 2 + 1, char);
    size_t n = 0;
    for (size_t i = 0; i < shown.n; i++) {
        // Bare addresses become links by themselves in many readers.
        struct str rest = str_from_index(shown, i);
        bool begins_link =
            str_starts(rest, STR("://")) ||
            (shown.p[i] == '.' && i >= 3 && str_ieq(str_slice(shown, i - 3, i), STR("www")));
        if (begins_link || str_find_char(special, shown.p[i]) != STR_NPOS) {
            out[n++] = '\\';
        }
        out[n++] = shown.p[i];
    }
    return str_of(out, n);
}

struct str markdown_code(struct arena *arena, struct str s) {
    struct str shown = display_escape(arena, s, 0);
    size_t longest = 0;
    size_t run = 0;
    for (size_t i = 0; i < shown.n; i++) {
        run = shown.p[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    // A blank inside the ticks is dropped by the reader where the text begins and ends with one; it
    // is needed where a tick would touch the fence, and keeps an empty span from being bare ticks.
    bool pad = shown.n == 0 || shown.p[0] == '`' || shown.p[shown.n - 1] == '`' ||
               (shown.p[0] == ' ' && shown.p[shown.n - 1] == ' ');
    size_t fence = longest + 1;
    char *out = ARENA_ARRAY(arena, shown.n + 2 * fence + 3, char);
    size_t n = fence;
    memset(out, '`', fence);
    if (pad) {
        out[n++] = ' ';
    }
    if (shown.n > 0) {
        memcpy(out + n, shown.p, shown.n);
    }
    n += shown.n;
    if (pad) {
        out[n++] = ' ';
    }
    memset(out + n, '`', fence);
    return str_of(out, n + fence);
}
