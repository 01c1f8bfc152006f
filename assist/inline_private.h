// SPDX-License-Identifier: MIT
//
// What the files of inline completion share: lines and columns of small texts, a lexer good enough
// to tell code from strings and comments, and special tokens. Nothing here is for others.
#pragma once

#include "assist/inline.h"

// --- lines ---------------------------------------------------------------------------------------

// Part of a name; every byte beyond ASCII counts.
static inline bool inline_is_word(char c) {
    return char_is_alnum(c) || c == '_' || (unsigned char)c >= 0x80;
}

bool inline_is_blank(struct str s); // blanks, tabs and line ends only
struct str inline_trim_end(struct str s);
size_t inline_line_start(struct str s, size_t at); // of the line that holds `at`
size_t inline_line_end(struct str s, size_t at);   // before its end
// Columns of the blanks that a line begins with; a tab goes to the next multiple of four.
size_t inline_indent(struct str line);
// The first line of `s` that is not blank, with its indentation; empty: there is none.
struct str inline_first_line(struct str s);
// Letters, digits and bytes beyond ASCII.
size_t inline_count_word_bytes(struct str s);
// Moves a cut back (forth) to where a character begins.
size_t inline_char_back(struct str s, size_t at);
size_t inline_char_forth(struct str s, size_t at);

static inline char inline_closer_of(char open) {
    return open == '(' ? ')' : open == '[' ? ']' : open == '{' ? '}' : '\0';
}
static inline bool inline_is_closer(char c) {
    return c == ')' || c == ']' || c == '}';
}

// --- languages -----------------------------------------------------------------------------------

bool inline_language_is(const struct language *language, const char *const *names);
// Lua, Ruby, shell and the like: does the line open a block by a word ("then", "do", "function")?
bool inline_opens_by_word(const struct language *language, struct str line);
enum inline_word { INLINE_WORD_OTHER, INLINE_WORD_END, INLINE_WORD_ELSE };
// What the line's first word means there: "end", "else".
enum inline_word inline_first_word(const struct language *language, struct str line);

// --- lexer ---------------------------------------------------------------------------------------

// Takes a text byte by byte and only ever looks back, so that an answer can pass as it comes. Not
// exact: what it misreads costs the line (a string ends with its line, where it may not go on).
struct inline_lexer {
    const struct language *language;
    struct str mark, open, close; // of comments
    enum inline_kind kind;
    bool is_block;   // a comment that does not end with its line
    bool is_triple;  // a string
    bool is_escaped; // the next byte of the string
    bool is_prose;   // nothing is a string or comment
    char quote;
    bool from_before; // it was open before the text began
    size_t opened;    // where the string or comment began
    size_t closed;    // where an empty string ended, SIZE_MAX: it did not just now
};

void inline_lexer_init(struct inline_lexer *lexer, const struct language *language);
// Byte `i` of `s`, each once, ascending. True: it is code.
bool inline_lexer_step(struct inline_lexer *lexer, struct str s, size_t i);

// --- special tokens ------------------------------------------------------------------------------

// Tokens that some family of models writes: of fill-in-the-middle, of chats, of the end.
extern const struct str inline_tokens[];
extern const size_t inline_token_count;
// Does s[..end) end with a token? Its length, 0: no.
size_t inline_token_behind(struct str s, size_t end);
// Does `s` begin with a token (*n its length), or might it, given more?
bool inline_token_ahead(struct str s, size_t *n, bool *might);
// `s` without a </s> or <eos> at its end.
struct str inline_token_trim(struct str s);
// Where in `s` the first token begins; where the last one ends.
bool inline_token_first(struct str s, size_t *start);
bool inline_token_last(struct str s, size_t *end);

// --- chatter -------------------------------------------------------------------------------------

// Might a line that begins like this be chatter? Is this whole one? `is_prose`: sentences are what
// is asked for.
bool inline_may_be_chatter(struct str line);
bool inline_is_chatter(struct str line, bool is_prose);

// --- trim (inline_trim.c) ------------------------------------------------------------------------

enum { INLINE_PREVIOUS = 8 };

// What an answer is compared with. Texts without blanks at their end.
struct inline_shape {
    struct inline_place place;
    struct str line; // before the cursor on its line, with its blanks
    struct str rest; // behind the cursor on its line
    struct str next; // first line behind that is not blank
    // The last lines before the cursor's that are not blank, nearest first.
    struct str previous[INLINE_PREVIOUS];
    size_t n_previous;
};

// The texts are in `arena`.
void inline_shape_init(struct inline_shape *shape, struct arena *arena,
                       const struct inline_view *view, const struct inline_place *place);
// Is this line what follows behind the cursor's line already? `is_first`: it goes on from the
// cursor's line. Blanks at both ends are ignored; a line without a letter or digit is no
// repetition.
bool inline_repeats_next(const struct inline_shape *shape, struct str line, bool is_first);
// Of which of the lines before is this one a copy? Nearest is 0; SIZE_MAX: of none. `is_first` as
// above. Lines of less than `least` letters and digits are told from no other.
size_t inline_repeats_previous(const struct inline_shape *shape, struct str line, bool is_first,
                               size_t least);

// From what is left of an answer (`text`: without fences, up to where it was stopped) to what is
// shown. Appends to `out`, which is empty and stays so if there is nothing worth showing.
void inline_trim(const struct inline_shape *shape, struct str text, struct buf *out);
