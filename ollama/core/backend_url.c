// SPDX-License-Identifier: MIT
//
// Which part of such a URL is a model and which a host: they share the colon ("phi3:mini",
// "gpu:11434"), so what is no address must end in a number that can be a port and hardly a tag.
#include "ollama/core/backend_url.h"

#include "ollama/core/host.h"

enum { PORT_DIGITS_MIN = 4 }; // "mistral:7" is a model; servers of models live above 999

static const struct {
    struct str scheme;
    enum server_kind kind;
    bool in_process; // without a host
} SCHEMES[] = {
    {STR_INIT("ollama://"), SERVER_KIND_OLLAMA, false},
    {STR_INIT("mlx://"), SERVER_KIND_OPENAI, false},
    {STR_INIT("llamacpp://"), SERVER_KIND_OPENAI, false},
    {STR_INIT("local://"), SERVER_KIND_OPENAI, true},
};

struct str backend_default_url(enum server_kind kind) {
    return kind == SERVER_KIND_OPENAI ? STR("http://127.0.0.1:8080")
                                      : STR("http://127.0.0.1:11434");
}

static bool ends_in_port(struct str text) {
    size_t colon = str_rfind_char(text, ':');
    if (colon == STR_NPOS || colon == 0 || text.n - colon - 1 < PORT_DIGITS_MIN) {
        return false;
    }
    int64_t port;
    return char_is_digit(text.p[colon + 1]) &&
           str_to_int64(str_from_index(text, colon + 1), &port) && port <= UINT16_MAX;
}

// "127.0.0.1", "localhost:1234/v1", "[::1]:80", "gpu:11434"; not "phi3:mini", "org/model".
static bool is_host(struct str text) {
    size_t slash = str_find_char(text, '/');
    struct str path = slash == STR_NPOS ? STR_NONE : str_from_index(text, slash);
    struct str authority = str_slice(text, 0, slash);
    bool is_base = path.n == 0 || str_eq(path, STR("/")) || str_starts(path, STR("/v1"));
    struct host host;
    host_parse(authority, &host);
    bool is_address = authority.n > 0 && (host_is_loopback(&host) || host_is_unspecified(&host) ||
                                          authority.p[0] == '[');
    return is_base && (is_address || ends_in_port(authority));
}

static void read_scheme(struct arena *arena, struct str rest, bool in_process,
                        struct backend_url *out) {
    size_t at = str_rfind_char(rest, '@');
    struct str host = STR_NONE;
    if (at != STR_NPOS) {
        out->model = str_slice(rest, 0, at);
        host = str_from_index(rest, at + 1);
    } else if (is_host(rest)) {
        host = rest;
    } else {
        out->model = rest;
    }
    if (host.n == 0) {
        out->in_process = in_process;
        out->url = in_process ? STR_NONE : backend_default_url(out->kind);
        return;
    }
    struct host parsed;
    out->has_host = true;
    host_parse(host, &parsed);
    size_t slash = parsed.has_scheme ? STR_NPOS : str_find_char(host, '/');
    struct str url = str_slice(host, 0, slash);
    if (!parsed.has_scheme) {
        struct str port = out->kind == SERVER_KIND_OPENAI ? STR(":8080") : STR(":11434");
        url = arena_join(arena, STR("http://"), url);
        url = parsed.has_port ? url : arena_join(arena, url, port);
    }
    out->url = slash == STR_NPOS ? url : arena_join(arena, url, str_from_index(host, slash));
}

void backend_url_parse(struct arena *arena, struct str written, struct backend_url *out) {
    *out = (struct backend_url){0};
    written = str_trim(written);
    for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++) {
        if (str_istarts(written, SCHEMES[i].scheme)) {
            struct str rest = str_from_index(written, SCHEMES[i].scheme.n);
            out->is_form = true;
            out->kind = SCHEMES[i].kind;
            read_scheme(arena, rest, SCHEMES[i].in_process, out);
            return;
        }
    }
    struct host host;
    host_parse(written, &host);
    struct str path = host.path;
    while (str_ends(path, STR("/"))) {
        path.n--;
    }
    if (host.has_scheme && host_scheme_is_http(&host) && str_ends(path, STR("/v1"))) {
        out->is_form = true;
        out->kind = host_port(&host) == 11434 ? SERVER_KIND_OLLAMA : SERVER_KIND_OPENAI;
        out->has_host = true;
        out->url = written;
    }
}
