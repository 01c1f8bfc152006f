// SPDX-License-Identifier: MIT
//
// SHA-256 (FIPS 180-4), for the digests that Ollama names blobs by. Not for secrets: nothing here
// tries to run in constant time beyond what the algorithm itself gives.
#pragma once

#include "base/str.h"

#define SHA256_BLOCK 64
#define SHA256_HEX 64 // characters of a digest

struct sha256 {
    uint32_t state[8];
    uint64_t n; // bytes so far
    unsigned char block[SHA256_BLOCK];
};

void sha256_init(struct sha256 *sha);
void sha256_add(struct sha256 *sha, struct str bytes);
// The digest as lower-case hexadecimal digits, NUL-terminated. `sha` is used up.
void sha256_hex(struct sha256 *sha, char out[SHA256_HEX + 1]);
