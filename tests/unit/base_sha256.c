// SPDX-License-Identifier: MIT
//
// SHA-256 against the examples of FIPS 180-4 and NIST's SHAVS, every length around the padding's
// edges, and every way of cutting a message into pieces.
#include "base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *digest(struct str bytes, size_t piece) {
    static char hex[SHA256_HEX + 1];
    struct sha256 sha;
    sha256_init(&sha);
    for (size_t i = 0; i < bytes.n; i += piece) {
        sha256_add(&sha, str_slice(bytes, i, i + piece));
    }
    sha256_hex(&sha, hex);
    return hex;
}

static void test_vectors(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *hex;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
         "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
        {"\xbd", "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"},
        {"\xc9\x8c\x8e\x55", "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t piece = 1; piece < 130; piece++) {
            assert_string_equal(digest(str_from(rows[i].text), piece), rows[i].hex);
        }
    }
}

// NIST's examples of zero bytes: lengths at which the padding just fits, or just does not.
static void test_lengths(void **state) {
    (void)state;
    static const struct {
        size_t n;
        const char *hex;
    } rows[] = {
        {55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"},
        {56, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"},
        {57, "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785"},
        {64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"},
        {1000, "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"},
        {1000000, "d29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025"},
    };
    char *zeros = calloc(1000000, 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(digest(str_of(zeros, rows[i].n), 1 + rows[i].n), rows[i].hex);
        assert_string_equal(digest(str_of(zeros, rows[i].n), 63), rows[i].hex);
    }
    memset(zeros, 'a', 1000000);
    assert_string_equal(digest(str_of(zeros, 1000000), 4096),
                        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(zeros);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
