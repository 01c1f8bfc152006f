// SPDX-License-Identifier: MIT
//
// Hosts: the table of record (data/hosts.tsv), identity of servers, and what counts as loopback:
// the rules of trust stand on it.
#include "ollama_rows.h"

#include "ollama/core/host.h"

static struct host parsed(const char *text) {
    struct host host;
    host_parse(str_from(text), &host);
    return host;
}

static void check_row(struct arena *arena, const struct str cells[MAX_CELLS], size_t line) {
    struct str value = unquote(arena, cells[0]);
    struct host host;
    host_parse(value, &host);
    CHECK_STR(line, host_url(arena, &host), cells[1]);
    CHECK_STR(line, host_connect_url(arena, &host, false), cells[2]);
    struct str listens = arena_printf(arena, host.is_ip6 ? "[%.*s]:%.*s" : "%.*s:%.*s",
                                      STR_ARG(host.name), STR_ARG(host.port));
    CHECK_STR(line, listens, cells[3]);
    CHECK(line, host_eq(&host, &host));
    // Canonical is canonical.
    if (host_scheme_is_http(&host) && !host.has_userinfo && !host.is_ip6 &&
        !str_contains(cells[2], STR("%"))) {
        struct str canonical = host_canonical(arena, value);
        CHECK_STR(line, host_canonical(arena, canonical), canonical);
    }
}

static void hosts_of_record(void **state) {
    (void)state;
    assert_int_equal(each_row("hosts.tsv", check_row), 69);
}

static void canonical(void **state) {
    (void)state;
    static const char *const ROWS[][2] = {
        {"http://localhost:11434/v1", "http://localhost:11434"},
        {"http://localhost:11434/v1/", "http://localhost:11434"},
        {"http://localhost:11434/v1/chat", "http://localhost:11434/v1/chat"},
        {"http://LocalHost:011434", "http://localhost:11434"},
        {"HTTPS://Example.com", "https://example.com:11434"},
        {"0.0.0.0", "http://127.0.0.1:11434"},
        {"[::]:80", "http://[::1]:80"},
        {"[0:0::1]:80", "http://[::1]:80"},
        {"http://gpu:11434//", "http://gpu:11434"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        CHECK_STR(i, host_canonical(&arena, str_from(ROWS[i][0])), str_from(ROWS[i][1]));
    }
    arena_finish(&arena);
}

static void equality(void **state) {
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        bool equal;
    } ROWS[] = {
        {"localhost", "http://LOCALHOST:11434", true},
        {"0.0.0.0", "127.0.0.1", true},
        {":11434", "127.0.0.1", true},
        {"[::]", "[::1]", true},
        {"[::1]:80", "[0:0:0:0:0:0:0:1]:80", true},
        {"1.2.3.4:080", "1.2.3.4:80", true},
        {"http://h:1/a", "http://h:1/b", true}, // the path takes no part
        {"localhost", "127.0.0.1", false},
        {"0.0.0.0", "[::]", false},
        {"http://h", "https://h", false},
        {"http://h", "h", false}, // 80 and 11434
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct host a = parsed(ROWS[i].a);
        struct host b = parsed(ROWS[i].b);
        CHECK(i, host_eq(&a, &b) == ROWS[i].equal);
        CHECK(i, host_eq(&b, &a) == ROWS[i].equal);
    }
}

static void loopback(void **state) {
    (void)state;
    static const struct {
        const char *host;
        bool loopback;
    } ROWS[] = {
        {"localhost", true},
        {"LOCALHOST:1", true},
        {"127.0.0.1", true},
        {"127.255.1.2:80", true},
        {"[::1]", true},
        {"::1", true},
        {"0.0.0.0", true},
        {"[::]", true},
        {":1234", true},
        {"", true},
        {"localhost.evil.com", false},
        {"127.0.0.1.nip.io", false},
        {"127.1", false},
        {"0127.0.0.1", false},
        {"2130706433", false},
        {"0x7f000001", false},
        {"127.0.0.1.", false},
        {"http://localhost@evil.com", false},
        {"[::ffff:127.0.0.1]", false},
        {"128.0.0.1", false},
        {"192.168.0.1", false},
        {"http://evil.com:11434/localhost", false},
        {"http://user:localhost@127.0.0.2", false}, // Ollama reads host "user"
        {"localhost%00.evil.com", false},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct host host = parsed(ROWS[i].host);
        CHECK(i, host_is_loopback(&host) == ROWS[i].loopback);
    }
    struct host nul;
    host_parse(STR("127.0.0.1\0.evil.com"), &nul);
    assert_false(host_is_loopback(&nul));
}

static void flags(void **state) {
    (void)state;
    struct host host = parsed("https://user:pw@host/v1?x=1#y");
    assert_true(host.has_userinfo && host.has_query && host.has_scheme && host.bad_port);
    host = parsed("h");
    assert_false(host.has_scheme || host.has_port || host.bad_port || host.has_userinfo);
    host = parsed("h:");
    assert_false(host.has_port || host.bad_port);
    host = parsed("h:99999");
    assert_true(host.bad_port && !host.has_port);
    assert_int_equal(host_port(&host), 11434);
    host = parsed("h:65535");
    assert_true(host.has_port);
    assert_int_equal(host_port(&host), 65535);
    host = parsed("0.0.0.0");
    assert_true(host_is_unspecified(&host));
    host = parsed("127.0.0.1");
    assert_false(host_is_unspecified(&host));
    host = parsed("tcp://h");
    assert_false(host_scheme_is_http(&host));
    host = parsed("HTTP://h");
    assert_true(host_scheme_is_http(&host));
}

static void weak_signs(void **state) {
    (void)state;
    static const struct {
        const char *host;
        bool sign;
    } ROWS[] = {
        {"http://x:11434/v1", true},
        {"x:11434", true},
        {"http://ollama:8080", true},
        {"http://ollama.svc", true},
        {"http://my-ollama", true},
        {"http://x:8080", false},
        {"ollama", false},
        {"some words", false},
        {"https://registry.ollama.ai", false},
        {"tcp://ollama:1", false},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct host host = parsed(ROWS[i].host);
        CHECK(i, host_is_default_port(&host) == ROWS[i].sign);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_of_record), cmocka_unit_test(canonical),
        cmocka_unit_test(equality),        cmocka_unit_test(loopback),
        cmocka_unit_test(flags),           cmocka_unit_test(weak_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
