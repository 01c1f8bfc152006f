// SPDX-License-Identifier: MIT
//
// Private to ollama/core: what a model name says, whatever place its spelling comes from.
// "llama-3.1-8b", "meta-llama/Llama-3.1-8B-Instruct" and "llama3.1:8b" have the same facets.
#pragma once

#include "base/str.h"

#define FACET_TEXT 200
#define FACET_WORDS 12

struct model_size {
    double billions; // parameters; of a mixture "8x7b" those of one expert
    int experts;     // 8 in "8x7b", else 0
};

// "8b", "0.5B", "135m", "1t", "8x7b", "e2b". `size` may be NULL. False: not a size.
bool size_parse(struct str s, struct model_size *size);
// Within a sixth: "3.2B" that a server measured and "3b" that a library calls it.
bool size_near(struct model_size a, struct model_size b);

// `words` point into `text`: a copy may be read as long as the original stays, and not be changed
// by the functions below.
struct facets {
    char text[FACET_TEXT]; // lower case
    size_t text_n;
    struct str words[FACET_WORDS]; // of the family: "llama3.2", "vision"
    size_t n_words;
    struct str tag_words[FACET_WORDS]; // neither size nor noise: "scout", "v1.5"
    size_t n_tag_words;
    char key[FACET_TEXT]; // the words without dots and joints: "llama32vision"
    size_t key_n;
    struct model_size size; // billions 0: none written
    bool size_measured;     // by a server, not taken from the name; set by the caller
    bool size_without_unit; // "llama3.2:3"
    struct str size_text;   // as written: "8b"
    bool base;              // "base", "text", "pt": not tuned for chat
    bool quant;             // a quantization was written
    bool cloud;
    bool standard; // the build that the bare family name stands for; set by the caller
};

// `written` is MODEL[:TAG] without host and namespace; need not be a valid name.
void facets_init(struct facets *facets, struct str written);

// Drops a last word like "v0.3" from words and key; false when there is none to drop.
bool facets_drop_version(struct facets *facets);
// A word that tells releases apart and seldom families: "v1.5".
bool is_version_word(struct str word);

struct str facets_key(const struct facets *facets);
// Letters at the start of the first word: "llama".
struct str facets_base(const struct facets *facets);
// The digits behind them: "3.2", or empty.
struct str facets_version(const struct facets *facets);

// Optimal string alignment distance (a swap of neighbours is one step), case ignored. Texts over 64
// bytes count as far apart (`far`), and so does any distance above `far`.
size_t edit_distance(struct str a, struct str b, size_t far);
