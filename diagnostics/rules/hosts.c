// SPDX-License-Identifier: MIT
//
// Hosts: what cannot be read, what is read otherwise than meant, and what became of the file's own
// server. How Ollama reads a host is base of every verdict (reference: ollama/core/host.h); URLs in
// messages have lost their credentials.
#include "base/uri.h"
#include "diagnostics/rules/rules.h"

// What is wrong with a written host, and what it should be.
struct verdict {
    enum severity severity; // SEVERITY_OFF: nothing
    struct str why;
    struct str instead; // empty: no rewriting is certain
    bool is_elsewhere;  // as written it names a server that nobody means: its state says nothing
};

struct host_case {
    struct rule_state *state;
    const struct reference *r;
    struct str text;
    struct host host;
};

// The host as it should be written: same path, other scheme and port.
static struct str rewritten(const struct host_case *c, struct str scheme, struct str name,
                            struct str port, struct str path) {
    struct str colon = port.n > 0 ? STR(":") : STR("");
    struct str slashes = scheme.n > 0 ? STR("://") : STR("");
    bool is_ip6 = str_find_char(name, ':') != STR_NPOS;
    return arena_printf(c->state->arena, "%.*s%.*s%s%.*s%s%.*s%.*s%.*s", STR_ARG(scheme),
                        STR_ARG(slashes), is_ip6 ? "[" : "", STR_ARG(name), is_ip6 ? "]" : "",
                        STR_ARG(colon), STR_ARG(port), STR_ARG(path));
}

static struct str read_as(const struct host_case *c) {
    struct str url = host_url(c->state->arena, &c->host);
    return shown(c->state, uri_redact(c->state->arena, url));
}

static bool is_digits(struct str text) {
    for (size_t i = 0; i < text.n; i++) {
        if (!char_is_digit(text.p[i])) {
            return false;
        }
    }
    return text.n > 0;
}

static struct verdict error_because(struct str why, struct str instead) {
    return (struct verdict){SEVERITY_ERROR, why, instead, true};
}

// "http:/x", "http//x", "http:x": a slip in the scheme.
static size_t slipped_scheme(struct str text, struct str *scheme) {
    static const struct str slips[] = {STR_INIT("http:/"), STR_INIT("http//"), STR_INIT("https:/"),
                                       STR_INIT("https//")};
    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
        if (str_istarts(text, slips[i])) {
            *scheme = str_istarts(text, STR("https")) ? STR("https") : STR("http");
            return slips[i].n;
        }
    }
    return 0;
}

static struct verdict judge_scheme(const struct host_case *c) {
    const struct host *host = &c->host;
    struct arena *arena = c->state->arena;
    struct str scheme;
    if (!host->has_scheme) {
        size_t slip = slipped_scheme(c->text, &scheme);
        if (slip > 0) {
            struct str rest = str_from_index(c->text, slip);
            return error_because(
                arena_printf(arena, "the scheme is followed by ://, else it is read as %.*s",
                             STR_ARG(read_as(c))),
                arena_printf(arena, "%.*s://%.*s", STR_ARG(scheme), STR_ARG(rest)));
        }
        return (struct verdict){0};
    }
    if (host_scheme_is_http(host)) {
        return (struct verdict){0};
    }
    scheme = arena_lower(arena, host->scheme);
    bool is_case = str_eq(scheme, STR("http")) || str_eq(scheme, STR("https"));
    struct str rest = str_from_index(c->text, str_find(c->text, STR("://")) + 3);
    struct str instead = STR("");
    if (is_case) {
        instead = arena_printf(arena, "%.*s://%.*s", STR_ARG(scheme), STR_ARG(rest));
    } else if (str_eq(scheme, STR("tcp")) || str_eq(scheme, STR("ollama"))) {
        instead = arena_printf(arena, "http://%.*s",
                               STR_ARG(rewritten(c, STR(""), host->name, host->port, host->path)));
    }
    return error_because(
        arena_printf(arena, "no client can use the scheme %.*s; write http:// or https://",
                     STR_ARG(shown(c->state, host->scheme))),
        instead);
}

static struct verdict judge_name(const struct host_case *c) {
    const struct host *host = &c->host;
    struct arena *arena = c->state->arena;
    if (host->has_userinfo) {
        return error_because(
            STR("Ollama does not read user:password@ in a host; use a proxy or an API key"),
            STR(""));
    }
    if (host->has_query) {
        return error_because(STR("a host takes no ? or #"), STR(""));
    }
    for (size_t i = 0; i < host->name.n; i++) {
        unsigned char ch = (unsigned char)host->name.p[i];
        if (char_is_space((char)ch) || ch < 0x20 || strchr("\"'<>\\^`{|}@,", ch)) {
            return error_because(
                arena_printf(arena, "%.*s is no host name", STR_ARG(shown(c->state, host->name))),
                STR(""));
        }
    }
    if (host->bad_port) {
        return error_because(
            arena_printf(arena, "the port is not a number from 0 to 65535; it is read as %.*s",
                         STR_ARG(read_as(c))),
            STR(""));
    }
    size_t colon = str_rfind_char(host->name, ':');
    if (colon != STR_NPOS && !host->has_port &&
        str_eq(str_from_index(host->name, colon + 1), STR("11434"))) {
        // "::1:11434": the port has become a part of the address.
        return error_because(
            arena_printf(arena, "an IPv6 address with a port needs brackets; it is read as %.*s",
                         STR_ARG(read_as(c))),
            rewritten(c, host->has_scheme ? host->scheme : STR(""), str_slice(host->name, 0, colon),
                      STR("11434"), host->path));
    }
    if (is_digits(host->name)) {
        bool is_port = host->name.n <= 5 && !host->has_port && host->path.n == 0;
        return error_because(
            arena_printf(arena, "a bare number is read as a host: %.*s", STR_ARG(read_as(c))),
            is_port ? rewritten(c, host->has_scheme ? host->scheme : STR(""), STR("127.0.0.1"),
                                host->name, STR(""))
                    : STR(""));
    }
    return (struct verdict){0};
}

static bool is_container_name(const struct host_case *c) {
    return c->r->is_container || str_ieq(c->host.name, STR("ollama")) ||
           str_ieq(c->host.name, STR("host.docker.internal"));
}

// "http://localhost": port 80, where 11434 is meant.
static struct verdict judge_port(const struct host_case *c) {
    const struct host *host = &c->host;
    if (!host->has_scheme || host->has_port || !str_eq(host->scheme, STR("http")) ||
        c->r->hostname_only || c->text.p[c->text.n - 1] == ':') {
        return (struct verdict){0};
    }
    if (!host_is_loopback(host) && !host_is_unspecified(host) && !is_container_name(c)) {
        return (struct verdict){0}; // a proxy may stand there
    }
    struct str name = host->name.n > 0 ? host->name : STR("127.0.0.1");
    return (struct verdict){
        SEVERITY_WARNING,
        arena_printf(c->state->arena,
                     "without a port this is read as %.*s; Ollama listens on 11434",
                     STR_ARG(read_as(c))),
        rewritten(c, host->scheme, name, STR("11434"), host->path), true};
}

// Does the tool want …/v1, and is it there?
static struct verdict judge_path(const struct host_case *c) {
    const struct host *host = &c->host;
    struct str path = host->path;
    bool is_v1 = str_eq(path, STR("/v1")) || str_starts(path, STR("/v1/"));
    bool is_api = str_eq(path, STR("/api")) || str_eq(path, STR("/api/"));
    struct str port = host->has_port ? host->port : STR("");
    struct str scheme = host->has_scheme ? host->scheme : STR("");
    if ((c->r->v1 == V1_FORBIDDEN || c->r->is_listen_address) && (is_v1 || is_api)) {
        struct str base = rewritten(c, scheme, host->name, port, STR(""));
        struct str why =
            c->r->is_listen_address
                ? arena_printf(c->state->arena,
                               "Ollama keeps the path and asks for %.*s/api/…: leave it out",
                               STR_ARG(shown(c->state, path)))
                : arena_printf(c->state->arena,
                               "this tool speaks Ollama's own API and adds its path itself: "
                               "leave %.*s out",
                               STR_ARG(shown(c->state, path)));
        return (struct verdict){SEVERITY_WARNING, why, base, false};
    }
    if (c->r->v1 == V1_WANTED && host->has_scheme &&
        (path.n == 0 || str_eq(path, STR("/")) || is_api)) {
        return (struct verdict){
            SEVERITY_WARNING,
            STR("this tool speaks the OpenAI-compatible API, which stands under /v1"),
            rewritten(c, scheme, host->name, port, STR("/v1")), false};
    }
    return (struct verdict){0};
}

static struct verdict judge_rest(const struct host_case *c) {
    const struct host *host = &c->host;
    // The reference's text may have been joined with a port that stands elsewhere: what counts is
    // what was written in this place.
    struct host written;
    host_parse(str_slice(c->state->bytes, c->r->start, c->r->end), &written);
    if (c->r->hostname_only && (written.has_scheme || written.has_port)) {
        return (struct verdict){SEVERITY_WARNING, STR("this setting takes the host name alone"),
                                host->name, false};
    }
    if (host_is_unspecified(host) && !c->r->is_listen_address) {
        struct str loopback = str_eq(host->name, STR("0.0.0.0")) ? STR("127.0.0.1") : STR("::1");
        return (struct verdict){
            SEVERITY_INFORMATION,
            STR("this address is for a server to listen on; a client connects to loopback instead"),
            rewritten(c, host->has_scheme ? host->scheme : STR(""), loopback,
                      host->has_port ? host->port : STR(""), host->path),
            false};
    }
    return (struct verdict){0};
}

static struct verdict judge(const struct host_case *c) {
    struct verdict (*const judges[])(const struct host_case *) = {
        judge_scheme, judge_name, judge_port, judge_path, judge_rest};
    struct verdict verdict = {0};
    for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]) && verdict.severity == SEVERITY_OFF;
         i++) {
        verdict = judges[i](c);
    }
    return verdict;
}

static void say_invalid(const struct host_case *c, size_t index, const struct verdict *verdict) {
    struct rule_state *state = c->state;
    struct finding *finding =
        finding_add(state, CODE_INVALID_HOST, verdict->severity, c->r->start, c->r->end, index);
    if (!finding) {
        return;
    }
    finding->host = uri_redact(state->arena, c->text);
    finding->message = arena_printf(state->arena, "%.*s: %.*s",
                                    STR_ARG(shown(state, finding->host)), STR_ARG(verdict->why));
    if (verdict->instead.n > 0) {
        struct str title =
            arena_printf(state->arena, "Change to %.*s", STR_ARG(shown(state, verdict->instead)));
        struct fix *fix =
            fix_replace(state, finding, c->r->start, c->r->end, verdict->instead, title);
        if (fix) {
            fix->preferred = true;
            fix->certain = true;
        }
    }
}

static void say_status(const struct host_case *c, size_t index, const struct server_view *view) {
    struct rule_state *state = c->state;
    bool is_untrusted = view->verdict == VERDICT_UNTRUSTED;
    struct finding *finding =
        finding_add(state, is_untrusted ? CODE_HOST_NOT_TRUSTED : CODE_HOST_UNREACHABLE, NO_CAP,
                    c->r->start, c->r->end, index);
    if (!finding) {
        return;
    }
    struct str host = shown(state, uri_redact(state->arena, c->text));
    finding->host = uri_redact(state->arena, c->text);
    if (is_untrusted) {
        finding->message = arena_printf(
            state->arena, "%.*s stands in a file and is not trusted: its models are not checked",
            STR_ARG(host));
        struct fix *fix = fix_add(state, finding, FIX_TRUST_HOST,
                                  arena_printf(state->arena, "Trust %.*s", STR_ARG(host)));
        if (fix) {
            fix->host = c->text;
        }
        return;
    }
    finding->message =
        arena_printf(state->arena, "%.*s does not answer%s: the models on it are not checked",
                     STR_ARG(host), view->is_loopback ? " (start it with: ollama serve)" : "");
    if (view->is_loopback) {
        fix_add(state, finding, FIX_START_SERVER, STR("Start the Ollama server"));
    }
    fix_add(state, finding, FIX_SHOW_STATUS, STR("Show the status of all servers"));
}

void rule_host(struct rule_state *state, size_t index) {
    struct host_case c = {.state = state, .r = &state->analysis->references[index]};
    c.text = c.r->text;
    if (c.text.n == 0) {
        return;
    }
    host_parse(c.text, &c.host);
    struct verdict verdict = judge(&c);
    if (verdict.severity != SEVERITY_OFF) {
        say_invalid(&c, index, &verdict);
    }
    if (verdict.is_elsewhere || c.r->is_container) {
        return;
    }
    struct reference_host host = {.origin = HOST_ORIGIN_SIBLING,
                                  .written = c.text,
                                  .start = c.r->start,
                                  .end = c.r->end,
                                  .is_container = c.r->is_container,
                                  .published_port = c.r->published_port};
    struct server_view view = state->context->server_of(state->context->data, &host);
    if (view.verdict == VERDICT_UNTRUSTED ||
        (view.verdict == VERDICT_UNREACHABLE && view.from_file)) {
        say_status(&c, index, &view);
    }
}
