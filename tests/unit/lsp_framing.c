// SPDX-License-Identifier: MIT
//
// Framing: what the base protocol allows is read, what it does not is reported once and skipped,
// and it makes no difference in how many pieces the bytes come.
#include "lsp/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"

#define GARBAGE "\x01" // in the list of events: something was reported

struct framing_case {
    const char *name;
    const char *input;
    const char *events; // bodies, each followed by '|'; GARBAGE stands for a report
};

static const struct framing_case cases[] = {
    {"one message", "Content-Length: 2\r\n\r\n{}", "{}|"},
    {"two messages", "Content-Length: 2\r\n\r\n{}Content-Length: 3\r\n\r\n[1]", "{}|[1]|"},
    {"case of the name", "content-length: 2\r\n\r\n{}CONTENT-LENGTH:2\r\n\r\n[]", "{}|[]|"},
    {"type first", "Content-Type: x; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}", "{}|"},
    {"type last", "Content-Length: 2\r\nContent-Type: x; charset=utf-8\r\n\r\n{}", "{}|"},
    {"unknown header", "X-Y: Content-Length: 9\r\nContent-Length: 2\r\n\r\n{}", "{}|"},
    {"last of two lengths", "Content-Length: 99\r\nContent-Length: 2\r\n\r\n{}", "{}|"},
    {"bare line feeds", "Content-Length: 2\n\n{}", "{}|"},
    {"blanks around", "Content-Length :  2  \r\n\r\n{}", "{}|"},
    {"empty body", "Content-Length: 0\r\n\r\nContent-Length: 2\r\n\r\n{}", "|{}|"},
    {"empty lines between", "\r\n\r\nContent-Length: 2\r\n\r\n{}", "{}|"},
    {"no length", "Content-Type: x\r\n\r\n{}Content-Length: 2\r\n\r\n[]", GARBAGE "[]|"},
    {"length is no number", "Content-Length: ten\r\n\r\n{}Content-Length: 2\r\n\r\n[]",
     GARBAGE "[]|"},
    {"negative length", "Content-Length: -2\r\n\r\n{}Content-Length: 2\r\n\r\n[]", GARBAGE "[]|"},
    {"huge length", "Content-Length: 99999999999\r\n\r\n{}Content-Length: 2\r\n\r\n[]",
     GARBAGE "[]|"},
    {"overflowing length",
     "Content-Length: 99999999999999999999999\r\n\r\nContent-Length: 2\r\n\r\n[]", GARBAGE "[]|"},
    {"length too small", "Content-Length: 1\r\n\r\n{}\r\nContent-Length: 2\r\n\r\n[]",
     "{|" GARBAGE "[]|"},
    {"length too small, no line end", "Content-Length: 1\r\n\r\n{}Content-Length: 2\r\n\r\n[]",
     "{|" GARBAGE "[]|"},
    {"junk in front", "hello\r\nContent-Length: 2\r\n\r\n{}", GARBAGE "{}|"},
    {"look-alike in junk", "hello\r\nContent-Length: x\r\nContent-Length: 2\r\n\r\n{}",
     GARBAGE "{}|"},
    {"junk twice", "a b\r\nContent-Length: 2\r\n\r\n{}c d\r\nContent-Length: 2\r\n\r\n[]",
     GARBAGE "{}|" GARBAGE "[]|"},
    {"half a header", "Content-Len", ""},
    {"half a body", "Content-Length: 5\r\n\r\n{}", ""},
};

static void drain(struct framer *framer, struct buf *events) {
    struct str out;
    for (;;) {
        switch (framer_next(framer, &out)) {
        case FRAME_NONE: return;
        case FRAME_MESSAGE:
            buf_append(events, out);
            buf_append_char(events, '|');
            break;
        case FRAME_GARBAGE:
            assert_true(out.n > 0);
            buf_append(events, STR(GARBAGE));
            break;
        }
    }
}

// Feeds in pieces of 1 to `largest` bytes, by a fixed sequence of pseudo-random sizes.
static void feed(struct framer *framer, struct str input, size_t largest, struct buf *events) {
    uint32_t state = 12345;
    while (input.n > 0) {
        state = state * 1664525u + 1013904223u;
        size_t n = 1 + (state >> 16) % largest;
        n = n > input.n ? input.n : n;
        framer_feed(framer, str_slice(input, 0, n));
        drain(framer, events);
        input = str_from_index(input, n);
    }
}

static void test_cases(void **state) {
    (void)state;
    static const size_t paces[] = {1, 3, 20, 100000};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t k = 0; k < sizeof(paces) / sizeof(paces[0]); k++) {
            struct framer framer;
            framer_init(&framer);
            struct buf events;
            buf_init(&events, 4096);
            feed(&framer, str_from(cases[i].input), paces[k], &events);
            if (!str_eq(buf_str(&events), str_from(cases[i].events))) {
                print_error("%s, pieces of %zu: got \"%.*s\"\n", cases[i].name, paces[k],
                            STR_ARG(buf_str(&events)));
                fail();
            }
            buf_finish(&events);
            framer_finish(&framer);
        }
    }
}

static void test_within(void **state) {
    (void)state;
    struct framer framer;
    framer_init(&framer);
    struct buf events;
    buf_init(&events, 4096);
    assert_false(framer_is_within(&framer));
    feed(&framer, STR("Content-Length: 5\r\n"), 100, &events);
    assert_true(framer_is_within(&framer));
    feed(&framer, STR("\r\n[1, "), 100, &events);
    assert_true(framer_is_within(&framer));
    feed(&framer, STR("]"), 100, &events);
    assert_false(framer_is_within(&framer));
    buf_finish(&events);
    framer_finish(&framer);
}

// A header that never ends and a body that was refused take no memory.
static void test_bounds(void **state) {
    (void)state;
    struct framer framer;
    framer_init(&framer);
    struct buf events;
    buf_init(&events, 4096);
    char block[8192];
    memset(block, 'x', sizeof(block));
    for (int i = 0; i < 1000; i++) {
        framer_feed(&framer, str_of(block, sizeof(block)));
        drain(&framer, &events);
    }
    assert_true(framer.buf.cap < 256 * 1024);
    feed(&framer, STR("\r\nContent-Length: 70000000\r\n\r\n"), 7, &events);
    for (int i = 0; i < 70000000 / (int)sizeof(block); i++) {
        framer_feed(&framer, str_of(block, sizeof(block)));
        drain(&framer, &events);
    }
    assert_true(framer.buf.cap < 256 * 1024);
    feed(&framer, STR("Content-Length: 2\r\n\r\n{}"), 7, &events);
    assert_true(str_eq(buf_str(&events), STR(GARBAGE GARBAGE "{}|")));
    buf_finish(&events);
    framer_finish(&framer);
}

// A large message's memory is given back.
static void test_large(void **state) {
    (void)state;
    size_t size = 20u * 1024 * 1024;
    struct buf wire;
    buf_init(&wire, size + 1024);
    char *body = calloc(1, size);
    memset(body, ' ', size);
    assert_true(frame_append(&wire, str_of(body, size)));
    struct framer framer;
    framer_init(&framer);
    struct str rest = buf_str(&wire);
    size_t messages = 0;
    while (rest.n > 0) {
        struct str out;
        framer_feed(&framer, str_slice(rest, 0, 65536));
        rest = str_from_index(rest, 65536);
        while (framer_next(&framer, &out) == FRAME_MESSAGE) {
            assert_int_equal(out.n, size);
            messages++;
        }
    }
    assert_int_equal(messages, 1);
    framer_feed(&framer, STR("C"));
    assert_true(framer.buf.cap < 1024 * 1024);
    framer_finish(&framer);
    buf_finish(&wire);
    free(body);
}

static void test_append(void **state) {
    (void)state;
    struct buf out;
    buf_init(&out, 30);
    assert_true(frame_append(&out, STR("{}")));
    assert_true(str_eq(buf_str(&out), STR("Content-Length: 2\r\n\r\n{}")));
    assert_false(frame_append(&out, STR("{}")));
    assert_int_equal(out.n, 23);
    buf_finish(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_within), cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_large), cmocka_unit_test(test_append),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
