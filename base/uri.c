// SPDX-License-Identifier: MIT
//
// file: URIs (RFC 8089, RFC 3986) and the hiding of what is secret in URLs. Decoding is strict: a
// bad escape is an error and not a guess, because the decoded path names a file on the disk.
#include "base/uri.h"

static int hex_value(char c) {
    if (char_is_digit(c)) {
        return c - '0';
    }
    char low = char_lower(c);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

struct str uri_scheme(struct str uri) {
    size_t colon = str_find_char(uri, ':');
    if (colon == STR_NPOS || colon == 0 || !char_is_alpha(uri.p[0])) {
        return STR("");
    }
    for (size_t i = 1; i < colon; i++) {
        char c = uri.p[i];
        if (!char_is_alnum(c) && c != '+' && c != '-' && c != '.') {
            return STR("");
        }
    }
    return str_slice(uri, 0, colon);
}

// Percent-decodes; false on a bad escape or an encoded or bare NUL.
static bool decode(struct arena *arena, struct str s, struct str *out) {
    char *p = ARENA_ARRAY(arena, s.n + 1, char);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int c = (unsigned char)s.p[i];
        if (c == '%') {
            int high = i + 2 < s.n ? hex_value(s.p[i + 1]) : -1;
            int low = i + 2 < s.n ? hex_value(s.p[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            c = high * 16 + low;
            i += 2;
        }
        if (c == 0) {
            return false;
        }
        p[n++] = (char)c;
    }
    *out = str_of(p, n);
    return true;
}

enum err uri_to_path(struct arena *arena, struct str uri, struct str *path) {
    if (!str_ieq(uri_scheme(uri), STR("file"))) {
        return ERR_INVALID;
    }
    struct str rest = str_from_index(uri, sizeof("file:") - 1);
    size_t end = 0; // a query or fragment is no part of the path
    while (end < rest.n && rest.p[end] != '?' && rest.p[end] != '#') {
        end++;
    }
    rest = str_slice(rest, 0, end);
    if (str_starts(rest, STR("//"))) {
        rest = str_from_index(rest, 2);
        size_t slash = str_find_char(rest, '/');
        struct str authority = str_slice(rest, 0, slash);
        if (authority.n > 0 && !str_ieq(authority, STR("localhost"))) {
            return ERR_INVALID;
        }
        rest = str_from_index(rest, authority.n);
    }
    if (!str_starts(rest, STR("/"))) {
        return ERR_INVALID;
    }
    return decode(arena, rest, path) ? ERR_OK : ERR_INVALID;
}

struct str uri_from_path(struct arena *arena, struct str path) {
    static const char hex[] = "0123456789ABCDEF";
    static const struct str plain = STR_INIT("-._~/");
    static const struct str prefix = STR_INIT("file://");
    char *out = arena_alloc(arena, prefix.n + path.n * 3 + 1);
    memcpy(out, prefix.p, prefix.n);
    size_t n = prefix.n;
    for (size_t i = 0; i < path.n; i++) {
        char c = path.p[i];
        if (char_is_alnum(c) || str_find_char(plain, c) != STR_NPOS) {
            out[n++] = c;
        } else {
            out[n++] = '%';
            out[n++] = hex[(unsigned char)c >> 4];
            out[n++] = hex[(unsigned char)c & 0xF];
        }
    }
    return str_of(out, n);
}

static size_t find_any(struct str s, size_t from, const char *set) {
    while (from < s.n && !strchr(set, s.p[from])) {
        from++;
    }
    return from;
}

static struct str redact_once(struct arena *arena, struct str url) {
    // Without a scheme ("user:secret@host/x") the authority begins at once. A '\' ends it for some
    // readers and not for others, so it does not end it here: rather hide too much.
    size_t scheme = str_find(url, STR("://"));
    size_t start = scheme == STR_NPOS ? 0 : scheme + 3;
    size_t end = find_any(url, start, "/?#");
    size_t at = str_rfind_char(str_slice(url, start, end), '@');
    if (at == STR_NPOS && scheme != STR_NPOS) {
        // A password with a raw '/', '?' or '#' pushes its '@' out of the authority.
        struct str whole = str_from_index(url, start);
        size_t late = str_rfind_char(whole, '@');
        struct str before = str_slice(whole, 0, late);
        size_t colon = str_find_char(str_slice(url, start, end), ':');
        bool port = colon != STR_NPOS;
        for (size_t i = start + colon + 1; port && i < end; i++) {
            port = char_is_digit(url.p[i]);
        }
        at = late != STR_NPOS && colon != STR_NPOS && !port ? before.n : STR_NPOS;
    }
    size_t host = at == STR_NPOS ? start : start + at + 1;
    if (at == STR_NPOS && scheme != STR_NPOS) {
        // Ollama reads "user:secret@host:port" as one host name and escapes its '@'.
        size_t escaped = start;
        for (size_t i = start; i + 3 <= end; i++) {
            escaped = str_eq(str_slice(url, i, i + 3), STR("%40")) ? i + 3 : escaped;
        }
        at = escaped > start ? escaped - start : at;
        host = escaped;
        start += escaped > start && url.p[start] == '[' ? 1 : 0; // the bracket is no secret
    }
    size_t query = str_find_char(str_from_index(url, host), '?');
    bool has_query = query != STR_NPOS && host + query + 1 < url.n;
    if (at == STR_NPOS && !has_query) {
        return url;
    }
    struct str shown = str_slice(url, host, has_query ? host + query : url.n);
    return arena_printf(arena, "%.*s%.*s%s", STR_ARG(str_slice(url, 0, start)), STR_ARG(shown),
                        has_query ? "?…" : "");
}

// What is left may look like one with a password again ("https://user:pw@host:x//user:pw@y"):
// rather hide too much. Each round makes it shorter.
struct str uri_redact(struct arena *arena, struct str url) {
    struct str redacted = redact_once(arena, url);
    while (redacted.n < url.n) {
        url = redacted;
        redacted = redact_once(arena, url);
    }
    return redacted;
}
