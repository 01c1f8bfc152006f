// SPDX-License-Identifier: MIT
//
// Host values as Ollama reads OLLAMA_HOST, oddities included: a bad port falls back to the default,
// a text that no rule can split stays one host name. Two outputs: the URL Ollama itself builds, and
// the URL a client connects to, which is also the identity of a server. Never looks anything up.
#include "ollama/core/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>

// Go's URL printer leaves these unescaped in a host (net/url, encodeHost).
static const char HOST_PLAIN[] = "-_.~!$&'()*+,;=:[]<>\"";
static const char PATH_PLAIN[] = "-_.~$&+,/:;=@"; // encodePath

static struct str trim_quotes(struct str s) {
    while (s.n && (s.p[0] == '"' || s.p[0] == '\'')) {
        s = str_from_index(s, 1);
    }
    while (s.n && (s.p[s.n - 1] == '"' || s.p[s.n - 1] == '\'')) {
        s.n--;
    }
    return s;
}

// net.SplitHostPort; false where that returns an error.
static bool split_host_port(struct str s, struct str *name, struct str *port) {
    size_t colon = str_rfind_char(s, ':');
    if (colon == STR_NPOS) {
        return false;
    }
    struct str host_rest = s;
    struct str port_rest = s;
    if (s.p[0] == '[') {
        size_t end = str_find_char(s, ']');
        if (end == STR_NPOS || end + 1 != colon) {
            return false;
        }
        *name = str_slice(s, 1, end);
        host_rest = str_from_index(s, 1);
        port_rest = str_from_index(s, end + 1);
    } else {
        *name = str_slice(s, 0, colon);
        if (str_find_char(*name, ':') != STR_NPOS) {
            return false;
        }
    }
    if (str_find_char(host_rest, '[') != STR_NPOS || str_find_char(port_rest, ']') != STR_NPOS) {
        return false;
    }
    *port = str_from_index(s, colon + 1);
    return true;
}

// strconv.ParseInt(port, 10, 32) within 0…65535; -1 otherwise.
static int port_number(struct str port) {
    size_t i = 0;
    bool negative = false;
    if (port.n && (port.p[0] == '+' || port.p[0] == '-')) {
        negative = port.p[0] == '-';
        i = 1;
    }
    if (i == port.n) {
        return -1;
    }
    int value = 0;
    for (; i < port.n; i++) {
        if (!char_is_digit(port.p[i])) {
            return -1;
        }
        value = value * 10 + (port.p[i] - '0');
        if (value > 65535) {
            return -1;
        }
    }
    return negative && value > 0 ? -1 : value;
}

// Numeric form of an address literal; family AF_INET, AF_INET6 or 0.
struct literal {
    int family;
    unsigned char bytes[16];
};

static struct literal literal_parse(struct str name) {
    struct literal out = {0};
    char text[INET6_ADDRSTRLEN + 1];
    if (name.n == 0 || name.n >= sizeof(text)) {
        return out;
    }
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    if (strlen(text) != name.n) {
        return out;
    }
    if (inet_pton(AF_INET, text, out.bytes) == 1) {
        out.family = AF_INET;
    } else if (inet_pton(AF_INET6, text, out.bytes) == 1) {
        out.family = AF_INET6;
    }
    return out;
}

static bool literal_is_zero(const struct literal *literal) {
    size_t n = literal->family == AF_INET ? 4 : 16;
    for (size_t i = 0; i < n; i++) {
        if (literal->bytes[i]) {
            return false;
        }
    }
    return literal->family != 0;
}

void host_parse(struct str written, struct host *host) {
    *host = (struct host){0};
    struct str text = str_trim(trim_quotes(str_trim(written)));
    host->has_query = str_find_char(text, '?') != STR_NPOS || str_find_char(text, '#') != STR_NPOS;
    host->scheme = STR("http");
    struct str default_port = STR("11434");
    struct str rest = text;
    size_t scheme = str_find(text, STR("://"));
    if (scheme != STR_NPOS) {
        host->has_scheme = true;
        host->scheme = str_slice(text, 0, scheme);
        rest = str_from_index(text, scheme + 3);
        if (str_eq(host->scheme, STR("http"))) {
            default_port = STR("80");
        } else if (str_eq(host->scheme, STR("https"))) {
            default_port = STR("443");
        }
    } else if (str_eq(text, STR("ollama.com"))) {
        host->scheme = STR("https");
        default_port = STR("443");
    }
    size_t slash = str_find_char(rest, '/');
    struct str authority = rest;
    if (slash != STR_NPOS) {
        authority = str_slice(rest, 0, slash);
        // The slash belongs to the path's text; of a double one Go keeps one.
        struct str path = str_from_index(rest, slash + 1);
        if (path.n) {
            host->path = path.p[0] == '/' ? path : str_from_index(rest, slash);
        }
    }
    host->has_userinfo = str_find_char(authority, '@') != STR_NPOS;
    host->port = default_port;
    struct str port = {0};
    if (split_host_port(authority, &host->name, &port)) {
        if (port_number(port) >= 0) {
            host->port = port;
            host->has_port = true;
        } else {
            host->bad_port = port.n > 0;
        }
    } else {
        struct str bare = authority;
        while (bare.n && (bare.p[0] == '[' || bare.p[0] == ']')) {
            bare = str_from_index(bare, 1);
        }
        while (bare.n && (bare.p[bare.n - 1] == '[' || bare.p[bare.n - 1] == ']')) {
            bare.n--;
        }
        if (literal_parse(bare).family) {
            host->name = bare;
        } else {
            host->name = authority.n ? authority : STR("127.0.0.1");
        }
    }
    host->is_ip6 =
        str_find_char(host->name, ':') != STR_NPOS || str_find_char(host->name, '%') != STR_NPOS;
}

static struct str escape(struct arena *arena, struct str s, const char *plain) {
    static const char HEX[] = "0123456789ABCDEF";
    if (s.n == 0) {
        return STR("");
    }
    char *out = arena_alloc_array(arena, s.n, 3);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (char_is_alnum(s.p[i]) || (c != 0 && strchr(plain, c))) {
            out[n++] = s.p[i];
        } else {
            out[n++] = '%';
            out[n++] = HEX[c >> 4];
            out[n++] = HEX[c & 15];
        }
    }
    return str_of(out, n);
}

// An address literal in the spelling Go prints; `name` itself when it is none.
static struct str literal_text(struct arena *arena, struct str name) {
    struct literal literal = literal_parse(name);
    if (literal.family != AF_INET6) {
        return name;
    }
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char text[INET6_ADDRSTRLEN];
    bool is_mapped = memcmp(literal.bytes, mapped, sizeof(mapped)) == 0;
    const char *ok = is_mapped ? inet_ntop(AF_INET, literal.bytes + 12, text, sizeof(text))
                               : inet_ntop(AF_INET6, literal.bytes, text, sizeof(text));
    return ok ? arena_copy(arena, str_from(text)) : name;
}

static struct str url_build(struct arena *arena, struct str scheme, struct str name,
                            struct str port, struct str path) {
    bool brackets = str_find_char(name, ':') != STR_NPOS || str_find_char(name, '%') != STR_NPOS;
    struct str escaped = escape(arena, name, HOST_PLAIN);
    struct str tail = escape(arena, path, PATH_PLAIN);
    return arena_printf(arena, "%.*s://%s%.*s%s:%.*s%.*s", STR_ARG(scheme), brackets ? "[" : "",
                        STR_ARG(escaped), brackets ? "]" : "", STR_ARG(port), STR_ARG(tail));
}

struct str host_url(struct arena *arena, const struct host *host) {
    return url_build(arena, host->scheme, literal_text(arena, host->name), host->port, host->path);
}

// The name a client connects to: unspecified addresses and the empty name stand for loopback.
static struct str connect_name(struct str name) {
    struct literal literal = literal_parse(name);
    if (name.n == 0 || (literal.family == AF_INET && literal_is_zero(&literal))) {
        return STR("127.0.0.1");
    }
    if (literal.family == AF_INET6 && literal_is_zero(&literal)) {
        return STR("::1");
    }
    return name;
}

struct str host_connect_url(struct arena *arena, const struct host *host, bool strip_v1) {
    struct str name = arena_lower(arena, literal_text(arena, connect_name(host->name)));
    struct str scheme = arena_lower(arena, host->scheme);
    struct str port = arena_printf(arena, "%u", (unsigned)host_port(host));
    struct str path = host->path;
    while (path.n && path.p[path.n - 1] == '/') {
        path.n--;
    }
    if (strip_v1 && str_eq(path, STR("/v1"))) {
        path.n = 0;
    }
    return url_build(arena, scheme, name, port, path);
}

struct str host_canonical(struct arena *arena, struct str written) {
    struct host host;
    host_parse(written, &host);
    return host_connect_url(arena, &host, true);
}

uint16_t host_port(const struct host *host) {
    int number = port_number(host->port);
    return (uint16_t)(number < 0 ? 0 : number);
}

bool host_eq(const struct host *a, const struct host *b) {
    if (!str_ieq(a->scheme, b->scheme) || host_port(a) != host_port(b)) {
        return false;
    }
    struct str an = connect_name(a->name);
    struct str bn = connect_name(b->name);
    if (str_ieq(an, bn)) {
        return true;
    }
    struct literal al = literal_parse(an);
    struct literal bl = literal_parse(bn);
    return al.family && al.family == bl.family && memcmp(al.bytes, bl.bytes, sizeof(al.bytes)) == 0;
}

bool host_is_unspecified(const struct host *host) {
    struct literal literal = literal_parse(host->name);
    return literal_is_zero(&literal);
}

bool host_is_loopback(const struct host *host) {
    static const unsigned char one[16] = {[15] = 1};
    struct str name = connect_name(host->name);
    if (str_ieq(name, STR("localhost"))) {
        return true;
    }
    struct literal literal = literal_parse(name);
    if (literal.family == AF_INET) {
        return literal.bytes[0] == 127;
    }
    return literal.family == AF_INET6 && memcmp(literal.bytes, one, sizeof(one)) == 0;
}

bool host_scheme_is_http(const struct host *host) {
    return str_ieq(host->scheme, STR("http")) || str_ieq(host->scheme, STR("https"));
}

bool host_is_default_port(const struct host *host) {
    if (host->has_port && host_port(host) == 11434) {
        return true;
    }
    if (!host->has_scheme || !host_scheme_is_http(host)) {
        return false;
    }
    // "ollama", "ollama.svc", "my-ollama.lan"; not "registry.ollama.ai".
    struct str labels = host->name;
    struct str first = str_split(&labels, '.');
    return str_ifind(first, STR("ollama")) != STR_NPOS;
}
