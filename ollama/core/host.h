// SPDX-License-Identifier: MIT
//
// Host values, read exactly as Ollama reads OLLAMA_HOST. Source: ollama/ollama envconfig/config.go
// (v0.33); reference table: tests/unit/data/hosts.tsv.
#pragma once

#include "base/arena.h"
#include "base/err.h"

// Views into the text that was parsed or the defaults; see host_parse.
struct host {
    struct str scheme; // "http", "https", or any other as written
    struct str name;   // host without brackets; empty for ":1234"
    struct str port;   // decimal text as written ("080"), or the default
    struct str path;   // "" or "/…", as Ollama keeps it
    bool is_ip6;       // bracketed when a URL is built
    bool has_scheme;
    bool has_port;     // a usable port was written
    bool bad_port;     // a port was written that Ollama replaces by the default
    bool has_userinfo; // "user:pw@": Ollama does not support it
    bool has_query;    // '?' or '#' in the text
};

// Never fails: Ollama reads everything somehow. White space and quotes around are trimmed.
void host_parse(struct str written, struct host *host);

// URL as the server and CLI build it: "http://0.0.0.0:11434".
struct str host_url(struct arena *arena, const struct host *host);

// URL for a client that connects: unspecified addresses and the empty host become loopback; a
// single path of "/v1" or "/v1/" is stripped when `strip_v1`. No trailing slash. The canonical form
// by which servers are told apart: scheme and host in lower case, port without leading zeros.
struct str host_connect_url(struct arena *arena, const struct host *host, bool strip_v1);

// host_parse and host_connect_url(strip_v1 = true) in one.
struct str host_canonical(struct arena *arena, struct str written);

// Scheme, host name (case ignored, unspecified = loopback of the family) and port.
bool host_eq(const struct host *a, const struct host *b);

uint16_t host_port(const struct host *host);

// A literal loopback: "localhost", 127/8 in dotted-quad form, ::1 (and what host_connect_url maps
// to them). Never decided by DNS. "localhost.evil.com" and "127.0.0.1.nip.io" are not.
bool host_is_loopback(const struct host *host);
bool host_is_unspecified(const struct host *host); // 0.0.0.0, ::

// A scheme an HTTP client can use.
bool host_scheme_is_http(const struct host *host);

// Ollama's port, or a usable URL that names a host "ollama": the weak signs of the host rule
// (reference config-formats 2.3).
bool host_is_default_port(const struct host *host);
