// SPDX-License-Identifier: MIT
//
// What the tests of the cleaner share: a place to clean for, and an answer fed in pieces.
#pragma once

#include "assist/clean.h"
#include "base/limits.h"

#include "text_random.h"

// An empty line of a file of that name.
static inline struct clean_options clean_options_for(const char *path) {
    return (struct clean_options){
        .language = language_detect(str_from(path), STR_NONE),
        .eol = STR("\n"),
        .unit = STR("    "),
        .is_line_start = true,
    };
}

struct run {
    struct buf text, thinking, whole;
};

static inline void run_init(struct run *run) {
    buf_init(&run->text, 64u * LIMIT_ANSWER);
    buf_init(&run->thinking, 64u * LIMIT_ANSWER);
    buf_init(&run->whole, 64u * LIMIT_ANSWER);
}

static inline void run_finish(struct run *run) {
    buf_finish(&run->text);
    buf_finish(&run->thinking);
    buf_finish(&run->whole);
}

// Cleans `answer` in pieces of `size` bytes (0: of random sizes).
static inline void run_clean(struct run *run, const struct clean_options *options,
                             struct str answer, size_t size, struct random *random) {
    struct cleaner *cleaner = cleaner_create(options);
    while (answer.n > 0) {
        size_t n = size > 0 ? size : random_below(random, 9);
        cleaner_feed(cleaner, str_slice(answer, 0, n), &run->text, &run->thinking);
        answer = str_from_index(answer, n);
    }
    cleaner_end(cleaner, &run->text, &run->thinking);
    buf_append(&run->whole, cleaner_text(cleaner));
    cleaner_destroy(cleaner);
}
