// SPDX-License-Identifier: MIT
//
// Models that were trained to chat talk about the code before they write it. Told by how such
// sentences begin; a line that could be code is none.
#include "assist/inline_private.h"

// How answers begin that talk about the code.
static const char *const PHRASES[] = {
    "here is",       "here's",     "here are",    "sure",        "certainly",     "of course",
    "okay, ",        "ok, ",       "to complete", "the missing", "the completed", "the code",
    "the following", "this code",  "this is the", "based on",    "i'll ",         "i will ",
    "i can",         "i'm ",       "i am ",       "i cannot",    "i need",        "it looks like",
    "it seems",      "you can ",   "you need",    "as an ai",    "let me",        "let's ",
    "below is",      "below's",    "we need to",  "we can",      "in this",       "to fill",
    "the snippet",   "the middle", "alright",     "absolutely"};
enum { PHRASE_COUNT = sizeof(PHRASES) / sizeof(PHRASES[0]) };

static bool has_call(struct str line) {
    size_t at = str_find_char(line, '(');
    return at != STR_NPOS && at > 0 && inline_is_word(line.p[at - 1]);
}

// Might a line that begins like this be chatter?
bool inline_may_be_chatter(struct str line) {
    for (size_t i = 0; i < PHRASE_COUNT; i++) {
        struct str phrase = str_from(PHRASES[i]);
        if (str_istarts(line, phrase) || str_istarts(phrase, line)) {
            return true;
        }
    }
    return false;
}

bool inline_is_chatter(struct str line, bool is_prose) {
    line = str_trim(line);
    // In a comment or in prose sentences are what is asked for, and a few words still are not.
    for (size_t i = 0; i < PHRASE_COUNT && !is_prose; i++) {
        struct str phrase = str_from(PHRASES[i]);
        bool is_word_end = line.n == phrase.n || phrase.p[phrase.n - 1] == ' ' ||
                           (line.n > phrase.n && !inline_is_word(line.p[phrase.n]));
        // "Sure" alone may be a name: chatter has a second word or a mark.
        if (str_istarts(line, phrase) && is_word_end &&
            (str_contains(line, STR(" ")) || str_ends(line, STR("!")))) {
            return !has_call(line) && !str_contains(line, STR(" = ")) && !str_ends(line, STR(";"));
        }
    }
    return str_istarts(line, STR("here is the comp")) ||
           str_istarts(line, STR("here's the comp")) || str_istarts(line, STR("sure! here"));
}
