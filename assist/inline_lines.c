// SPDX-License-Identifier: MIT
//
// Lines, columns and words of the small texts around a cursor. A line ends with \n or \r.
#include "assist/inline_private.h"

enum { TAB = 4 };

bool inline_is_blank(struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        if (!char_is_space(s.p[i])) {
            return false;
        }
    }
    return true;
}

struct str inline_trim_end(struct str s) {
    while (s.n > 0 && char_is_space(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

size_t inline_line_start(struct str s, size_t at) {
    while (at > 0 && !char_is_eol(s.p[at - 1])) {
        at--;
    }
    return at;
}

size_t inline_line_end(struct str s, size_t at) {
    while (at < s.n && !char_is_eol(s.p[at])) {
        at++;
    }
    return at;
}

size_t inline_indent(struct str line) {
    size_t columns = 0;
    for (size_t i = 0; i < line.n && char_is_blank(line.p[i]); i++) {
        columns = line.p[i] == '\t' ? (columns / TAB + 1) * TAB : columns + 1;
    }
    return columns;
}

struct str inline_first_line(struct str s) {
    struct str line;
    while (str_next_line(&s, &line)) {
        if (!inline_is_blank(line)) {
            return line;
        }
    }
    return STR_NONE;
}

size_t inline_count_word_bytes(struct str s) {
    size_t count = 0;
    for (size_t i = 0; i < s.n; i++) {
        count += char_is_alnum(s.p[i]) || (unsigned char)s.p[i] >= 0x80 ? 1u : 0u;
    }
    return count;
}

static bool is_tail(char c) {
    return ((unsigned char)c & 0xC0) == 0x80;
}

size_t inline_char_back(struct str s, size_t at) {
    size_t moved = at;
    while (moved > 0 && moved < s.n && at - moved < 3 && is_tail(s.p[moved])) {
        moved--;
    }
    return moved < s.n && is_tail(s.p[moved]) ? at : moved; // not UTF-8: as it is
}

size_t inline_char_forth(struct str s, size_t at) {
    size_t moved = at;
    while (moved < s.n && moved - at < 3 && is_tail(s.p[moved])) {
        moved++;
    }
    return moved;
}

bool inline_language_is(const struct language *language, const char *const *names) {
    for (; *names; names++) {
        if (strcmp(language->name, *names) == 0) {
            return true;
        }
    }
    return false;
}

// Languages whose blocks words open and close.
static const struct word_blocks {
    const char *language;
    const char *last[6];  // a line that ends with one opens a block
    const char *first[8]; // so does one that begins with one
    const char *ends[6];
    const char *elses[6];
} WORD_BLOCKS[] = {
    {"lua",
     {"then", "do", "else", "repeat", NULL},
     {"function", "local function", NULL},
     {"end", "until", NULL},
     {"else", "elseif", NULL}},
    {"ruby",
     {"then", "do", "else", "begin", "ensure", NULL},
     {"def", "class", "module", "if", "unless", "while", "case", NULL},
     {"end", NULL},
     {"else", "elsif", "when", "rescue", "ensure", NULL}},
    {"shell",
     {"then", "do", "else", "in", NULL},
     {NULL},
     {"fi", "done", "esac", NULL},
     {"else", "elif", NULL}},
    {"elixir",
     {"do", "else", "fn", "->", NULL},
     {NULL},
     {"end", NULL},
     {"else", "rescue", "catch", "after", NULL}},
    {"julia",
     {"do", "begin", "else", NULL},
     {"function", "if", "for", "while", "struct", "module", "let", NULL},
     {"end", NULL},
     {"else", "elseif", "catch", "finally", NULL}},
};

static const struct word_blocks *word_blocks_of(const struct language *language) {
    for (size_t i = 0; i < sizeof(WORD_BLOCKS) / sizeof(WORD_BLOCKS[0]); i++) {
        if (strcmp(WORD_BLOCKS[i].language, language->name) == 0) {
            return &WORD_BLOCKS[i];
        }
    }
    return NULL;
}

static bool starts_with_word(struct str line, const char *const *words) {
    for (; *words; words++) {
        struct str word = str_from(*words);
        if (str_starts(line, word) && (line.n == word.n || !inline_is_word(line.p[word.n]))) {
            return true;
        }
    }
    return false;
}

static bool ends_with_word(struct str line, const char *const *words) {
    for (; *words; words++) {
        struct str word = str_from(*words);
        if (str_ends(line, word) &&
            (line.n == word.n || !inline_is_word(line.p[line.n - word.n - 1]))) {
            return true;
        }
    }
    return false;
}

// Lua's and JavaScript's anonymous functions: "x = function(a)".
static bool ends_with_function(struct str line) {
    size_t at = str_find(line, STR("function("));
    return at != STR_NPOS && line.p[line.n - 1] == ')' &&
           str_find(str_from_index(line, at), STR(")")) == line.n - at - 1;
}

bool inline_opens_by_word(const struct language *language, struct str line) {
    const struct word_blocks *blocks = word_blocks_of(language);
    line = str_trim(line);
    if (!blocks || line.n == 0 || ends_with_word(line, blocks->ends)) {
        return false;
    }
    return ends_with_word(line, blocks->last) || starts_with_word(line, blocks->first) ||
           (blocks->first[0] && ends_with_function(line));
}

enum inline_word inline_first_word(const struct language *language, struct str line) {
    const struct word_blocks *blocks = word_blocks_of(language);
    line = str_trim(line);
    if (!blocks) {
        return INLINE_WORD_OTHER;
    }
    if (starts_with_word(line, blocks->ends)) {
        return INLINE_WORD_END;
    }
    return starts_with_word(line, blocks->elses) ? INLINE_WORD_ELSE : INLINE_WORD_OTHER;
}
