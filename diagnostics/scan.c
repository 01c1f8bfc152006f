// SPDX-License-Identifier: MIT
//
// Finds words without a library: 16 bytes at a time are compared with the first and the last letter
// of the word, in both cases at once, and only where both fit are the letters between looked at.
// The vector type is GCC's and clang's own; it becomes SSE2, NEON or plain code.
#include "diagnostics/scan.h"

#include "base/str.h"

#define BLOCK 16
#define WINDOW                                                                                     \
    16384 // bytes looked through for one word after the other while they are in the cache

typedef unsigned char block __attribute__((vector_size(BLOCK)));

static block load(const char *p) {
    block b;
    memcpy(&b, p, sizeof(b));
    return b;
}

// Letters differ from their other case by one bit only; for other characters nothing is ignored.
static unsigned char case_bit(char c) {
    return char_is_alpha(c) ? 0x20 : 0;
}

static bool is_any(block b) {
    uint64_t halves[2];
    memcpy(halves, &b, sizeof(halves));
    return (halves[0] | halves[1]) != 0;
}

size_t needle_find(struct str bytes, const struct needle *needle, size_t from) {
    struct str word = needle->text;
    if (word.n == 0 || bytes.n < word.n || from > bytes.n - word.n) {
        return STR_NPOS;
    }
    size_t last = bytes.n - word.n; // the last place where it could begin
    unsigned char bit_a = case_bit(word.p[0]);
    unsigned char bit_z = case_bit(word.p[word.n - 1]);
    unsigned char a = (unsigned char)(char_lower(word.p[0]) | (char)bit_a);
    unsigned char z = (unsigned char)(char_lower(word.p[word.n - 1]) | (char)bit_z);
    block is_a = a - (block){0};
    block is_z = z - (block){0};
    block or_a = bit_a - (block){0};
    block or_z = bit_z - (block){0};
    size_t i = from;
    for (; last >= BLOCK && i <= last - BLOCK; i += BLOCK) {
        block head = load(bytes.p + i) | or_a;
        block tail = load(bytes.p + i + word.n - 1) | or_z;
        block both = (block)(head == is_a) & (block)(tail == is_z);
        if (!is_any(both)) {
            continue;
        }
        for (size_t k = 0; k < BLOCK; k++) {
            if (both[k] && str_ieq(str_of(bytes.p + i + k, word.n), word)) {
                return i + k;
            }
        }
    }
    for (; i <= last; i++) {
        if (str_ieq(str_of(bytes.p + i, word.n), word)) {
            return i;
        }
    }
    return STR_NPOS;
}

bool needles_occur(struct str bytes, const struct needle *needles, size_t n) {
    for (size_t from = 0; from < bytes.n; from += WINDOW) {
        for (size_t i = 0; i < n; i++) {
            // Windows overlap by the word, lest one on the border be missed.
            struct str window = str_slice(bytes, from, from + WINDOW + needles[i].text.n - 1);
            if (needle_find(window, &needles[i], 0) != STR_NPOS) {
                return true;
            }
        }
    }
    return false;
}
