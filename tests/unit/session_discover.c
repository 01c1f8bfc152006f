// SPDX-License-Identifier: MIT
//
// Where an Ollama is looked for: only literal private addresses that this machine names itself.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/discover.h"

static const char routes[] =
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    "eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";

// The URLs, joined by blanks.
static struct str urls(struct arena *arena, const struct discover_input *input) {
    struct discovered found[DISCOVER_MAX];
    struct str text = STR_NONE;
    size_t n = discover_candidates(arena, input, found);
    for (size_t i = 0; i < n; i++) {
        assert_true(found[i].why.n > 0);
        text =
            arena_printf(arena, "%.*s%s%.*s", STR_ARG(text), i ? " " : "", STR_ARG(found[i].url));
    }
    return text;
}

static void expect(const struct discover_input *input, const char *wanted) {
    struct arena arena = {0};
    struct str found = urls(&arena, input);
    if (!str_eq(found, str_from(wanted))) {
        fail_msg("found %.*s, wanted %s", STR_ARG(found), wanted);
    }
    arena_finish(&arena);
}

#define LOOPBACK "http://127.0.0.1:11434"

static void test_a_plain_machine(void **state) {
    (void)state;
    struct discover_input input = {.routes = str_from(routes)}; // the gateway is a router
    expect(&input, LOOPBACK);
    static const struct str interfaces[] = {STR_INIT("192.168.1.7"), STR_INIT("203.0.113.9"),
                                            STR_INIT("172.17.0.1"), STR_INIT("192.168.1.7")};
    input.interfaces = interfaces;
    input.n_interfaces = 4;
    expect(&input, LOOPBACK " http://192.168.1.7:11434 http://172.17.0.1:11434");
}

static void test_gateways(void **state) {
    (void)state;
    struct discover_input input = {.routes = str_from(routes),
                                   .resolv = STR("# x\nnameserver 10.255.255.254\n"
                                                 "nameserver 8.8.8.8\nsearch y\n")};
    input.is_container = true;
    expect(&input, LOOPBACK " http://172.17.0.1:11434");
    input.is_container = false;
    input.is_wsl = true;
    expect(&input, LOOPBACK " http://172.17.0.1:11434 http://10.255.255.254:11434");
    input.routes = STR("x\teth0\n\teth0\t00000000\neth0\t00000000\tZZZZZZZZ\t\n"
                       "eth0\t00000000\t08080808\t0\n");
    input.resolv = STR("nameserver\nnameserver localhost\nnameserver 10.0.0.1.evil.example\n");
    expect(&input, LOOPBACK);
}

static void test_containers(void **state) {
    (void)state;
    struct discover_input input = {
        .containers =
            STR("llm\tollama/ollama:latest\t0.0.0.0:11500->11434/tcp, [::]:11500->11434/tcp\n"
                "db\tpostgres\t0.0.0.0:5432->5432/tcp\n"
                "own\tme/app\t127.0.0.1:9000->11434/tcp\n"
                "lan\tme/app\t8.8.8.8:9001->11434/tcp\n"
                "odd\tollama/ollama\t0.0.0.0:99999->11434/tcp, x, ->, 0.0.0.0:->1/tcp\n"
                "quiet\tollama/ollama\t11434/tcp\nbroken\n\t\t\n")};
    expect(&input, LOOPBACK " http://127.0.0.1:11500 http://127.0.0.1:9000");
    struct arena arena = {0};
    struct str many = STR_NONE;
    for (int i = 0; i < 100; i++) {
        many = arena_printf(&arena, "%.*sc\x1b[31m\tollama/ollama\t0.0.0.0:%d->11434/tcp\n",
                            STR_ARG(many), 2000 + i);
    }
    struct discovered found[DISCOVER_MAX];
    input.containers = many;
    assert_int_equal(DISCOVER_MAX, discover_candidates(&arena, &input, found));
    assert_int_equal(STR_NPOS, str_find_char(found[1].why, '\x1b'));
    arena_finish(&arena);
}

static void test_private_addresses(void **state) {
    (void)state;
    static const char *const yes[] = {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1",
                                      "127.0.0.1"};
    static const char *const no[] = {
        "172.32.0.1", "11.0.0.1", "192.169.0.1", "10.0.0",      "10.0.0.256", "10.0.0.1.x",
        "",           "::1",      "localhost",   "10.0.0.1:80", "+10.0.0.1"};
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        assert_true(address_is_private(str_from(yes[i])));
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        assert_false(address_is_private(str_from(no[i])));
    }
}

static void test_this_machine(void **state) {
    (void)state;
    struct arena arena = {0};
    struct discover_input input;
    struct discovered found[DISCOVER_MAX];
    discover_read(&arena, &input);
    assert_true(discover_candidates(&arena, &input, found) >= 1);
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plain_machine), cmocka_unit_test(test_gateways),
        cmocka_unit_test(test_containers),      cmocka_unit_test(test_private_addresses),
        cmocka_unit_test(test_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
