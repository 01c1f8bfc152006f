// SPDX-License-Identifier: MIT
//
// SHA-256 as FIPS 180-4 writes it down. Our own, because no library that the build asks for offers
// one: curl may stand on OpenSSL, GnuTLS or another, and none of their headers come with it.
// Constants are the first 32 bits of the fractional parts of the square roots (initial state) and
// cube roots (round) of the first primes.
#include "base/sha256.h"

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

void sha256_init(struct sha256 *sha) {
    *sha = (struct sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                     0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

static uint32_t rotate(uint32_t x, unsigned n) {
    return x >> n | x << (32 - n);
}

static uint32_t big_endian(const unsigned char *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// The message schedule, 16 words of it at a time: word t only needs those up to 16 before it.
static uint32_t schedule(uint32_t w[16], unsigned t) {
    uint32_t a = w[(t + 1) & 15];
    uint32_t b = w[(t + 14) & 15];
    uint32_t low = rotate(a, 7) ^ rotate(a, 18) ^ a >> 3;
    uint32_t high = rotate(b, 17) ^ rotate(b, 19) ^ b >> 10;
    return w[t & 15] += low + w[(t + 9) & 15] + high;
}

// One round. The eight working variables stay where they are: the caller turns their roles instead,
// which is worth half of the time.
#define ROUND(a, b, c, d, e, f, g, h, t)                                                           \
    do {                                                                                           \
        uint32_t word_ = (t) < 16 ? w[(t)] : schedule(w, (t));                                     \
        uint32_t x_ = (h) + (rotate((e), 6) ^ rotate((e), 11) ^ rotate((e), 25)) +                 \
                      ((g) ^ ((e) & ((f) ^ (g)))) + round_constants[(t)] + word_;                  \
        (d) += x_;                                                                                 \
        (h) = x_ + (rotate((a), 2) ^ rotate((a), 13) ^ rotate((a), 22)) +                          \
              (((a) & (b)) | ((c) & ((a) | (b))));                                                 \
    } while (0)

static void add_block(uint32_t state[8], const unsigned char *block) {
    uint32_t w[16];
    uint32_t s[8];
    memcpy(s, state, sizeof(s));
    for (unsigned t = 0; t < 16; t++) {
        w[t] = big_endian(block + (size_t)t * 4);
    }
    for (unsigned t = 0; t < 64; t += 8) {
        ROUND(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], t);
        ROUND(s[7], s[0], s[1], s[2], s[3], s[4], s[5], s[6], t + 1);
        ROUND(s[6], s[7], s[0], s[1], s[2], s[3], s[4], s[5], t + 2);
        ROUND(s[5], s[6], s[7], s[0], s[1], s[2], s[3], s[4], t + 3);
        ROUND(s[4], s[5], s[6], s[7], s[0], s[1], s[2], s[3], t + 4);
        ROUND(s[3], s[4], s[5], s[6], s[7], s[0], s[1], s[2], t + 5);
        ROUND(s[2], s[3], s[4], s[5], s[6], s[7], s[0], s[1], t + 6);
        ROUND(s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[0], t + 7);
    }
    for (unsigned i = 0; i < 8; i++) {
        state[i] += s[i];
    }
}

void sha256_add(struct sha256 *sha, struct str bytes) {
    size_t used = (size_t)(sha->n % SHA256_BLOCK);
    sha->n += bytes.n;
    if (used > 0) {
        size_t n = SHA256_BLOCK - used < bytes.n ? SHA256_BLOCK - used : bytes.n;
        if (n > 0) {
            memcpy(sha->block + used, bytes.p, n);
        }
        if (used + n < SHA256_BLOCK) {
            return;
        }
        add_block(sha->state, sha->block);
        bytes = str_from_index(bytes, n);
    }
    while (bytes.n >= SHA256_BLOCK) {
        add_block(sha->state, (const unsigned char *)bytes.p);
        bytes = str_from_index(bytes, SHA256_BLOCK);
    }
    if (bytes.n > 0) {
        memcpy(sha->block, bytes.p, bytes.n);
    }
}

void sha256_hex(struct sha256 *sha, char out[SHA256_HEX + 1]) {
    static const char digits[] = "0123456789abcdef";
    uint64_t bits = sha->n * 8;
    char end[SHA256_BLOCK * 2] = {(char)0x80};
    size_t used = (size_t)(sha->n % SHA256_BLOCK);
    size_t n = (used < SHA256_BLOCK - 8 ? SHA256_BLOCK : 2 * SHA256_BLOCK) - used;
    for (size_t i = 0; i < 8; i++) {
        end[n - 1 - i] = (char)(unsigned char)(bits >> (8 * i));
    }
    sha256_add(sha, str_of(end, n));
    for (size_t i = 0; i < SHA256_HEX; i++) {
        unsigned nibble = sha->state[i / 8] >> (28 - 4 * (i % 8)) & 15;
        out[i] = digits[nibble];
    }
    out[SHA256_HEX] = '\0';
}
