// SPDX-License-Identifier: MIT
//
// The stations that an answer passes on its way to the file, one character of it after the other:
//
//     bytes -> clean.c      whole UTF-8 characters, "\n" for every line end
//           -> router       special tokens go, thinking goes aside              (clean_router.c)
//           -> body         fences and chatter go, the code stays               (clean_body.c)
//           -> echo         what stands in the file around the place goes
//                                                   (clean_echo.c, clean_echo_tail.c)
//           -> out          indentation and line ends of the file, or Markdown  (clean_out.c)
//
// Each guesses as early as it can and counts what speaks against it. At the end it says what it
// would have done had it known all (struct clean_hints); clean.c then lets the kept answer pass
// once more. So there is one machine for the stream and for the whole, and cutting the answer into
// other pieces cannot change anything: every station sees single bytes.
#pragma once

#include "assist/clean.h"
#include "assist/markdown.h"

// What only the end of the answer tells.
struct clean_hints {
    bool must_fence;       // what stands before the first fence is chatter
    bool take_first;       // no block is of the file's language: the first one will do
    bool no_strings;       // a fence inside what looks like a string is a fence
    bool no_tail;          // what looked like chatter behind the code was code
    bool fence_is_content; // the fence at the start belongs to the text
    size_t close_at;       // of the lines that could close a block of prose: this one does
    bool has_shift;
    ptrdiff_t shift; // of all lines but the first
    size_t model_unit;
};

// Lines of the target, by what they hold without their blanks at both ends.
struct clean_line {
    uint64_t hash;
    uint32_t indent; // number of blanks and tabs before it
    bool is_used;
    bool is_ambiguous; // stands there more than once, and not always at the same depth
    struct str text;   // whole
};

// A line of the file near the place, for answers that say it once more.
struct clean_known {
    struct str text; // without blanks at both ends; blank lines are left out
    size_t indent;   // blanks and tabs before it
    size_t n_said;   // letters and digits
};

// What is known of the file around the place where nothing is replaced.
struct clean_around {
    struct clean_known *before; // up to the place
    size_t n_before;
    bool is_open;     // the last of them goes on at the place
    bool has_blank;   // with a blank between
    uint16_t *starts; // of `before`: from this line on a repetition is evident
    size_t n_starts;
    struct str rest;           // of the place's line, behind it, without blanks at both ends
    bool is_rest_apart;        // with a blank between
    struct clean_known *after; // the lines behind that
    size_t n_after;
    size_t *line_borders; // of after[..i]: lines that are both its beginning and its end
    size_t *rest_borders; // the same for bytes of `rest`
    size_t n_inner;       // blocks around the place that end before after[0] does
};

// What follows from the options. Does not change while an answer passes.
struct clean_rules {
    struct clean_options options;
    struct str language; // its name
    bool is_shown;       // CLEAN_MARKDOWN
    bool is_prose;       // sentences and fences are content
    bool is_text;        // the row for everything unknown
    bool is_markup;      // tags are code
    bool is_keyed;       // "word:" is code: YAML, Makefile
    bool has_tokens;     // special tokens stand in the target: they are content
    bool has_fence;      // so do fences
    bool may_expand;     // tabs of the answer may become blanks
    bool may_scale;      // an answer indented by other steps of blanks than the file is made to fit
    size_t least_rest;   // least indentation of the target's lines but the first
    struct clean_line *lines; // open addressing
    size_t n_lines;           // a power of two, or 0
    struct clean_around around;
};

void clean_rules_init(struct clean_rules *rules, struct arena *arena,
                      const struct clean_options *options);
// The line of the target that holds this, NULL if there is none. Blanks at both ends are ignored.
const struct clean_line *clean_rules_line(const struct clean_rules *rules, struct str line);

// --- strings and comments over several lines ---------------------------------------------------

struct clean_strings {
    const struct clean_rules *rules;
    enum clean_string_kind {
        STRING_NONE,
        STRING_TRIPLE,  // Python
        STRING_COMMENT, // from block_comment[0] to [1]
        STRING_TICK,    // JavaScript, Go
        STRING_LONG,    // Lua's [[ ]]
        STRING_HEREDOC, // shell
        STRING_PLAIN,   // "…" that may go on in the next line: Rust, shell
    } kind;
    char quote;        // of a triple or plain string
    char line_quote;   // an open string that ends with the line; '\0': none
    bool is_remark;    // in a comment that ends with the line
    bool is_escaped;   // behind a backslash
    bool is_doc;       // the string begins a statement: its lines move with the code
    bool is_line_used; // the line has something but blanks
    bool heredoc_next; // one begins with the next line
    size_t level;      // number of "=" in [==[
    char word[32];     // ends the heredoc
    size_t n_word;
    char last[4]; // what came before, newest last
    char line[32];
    size_t n_line; // of the heredoc's line
};

void clean_strings_init(struct clean_strings *strings, const struct clean_rules *rules);
void clean_strings_feed(struct clean_strings *strings, char c);
static inline bool clean_strings_is_open(const struct clean_strings *strings) {
    return strings->kind != STRING_NONE;
}

// --- out ---------------------------------------------------------------------------------------

enum { CLEAN_VOTES = 8 };

struct clean_out {
    const struct clean_rules *rules;
    const struct clean_hints *hints;
    struct buf *out; // borrowed
    struct clean_strings strings;
    struct markdown_filter filter; // CLEAN_MARKDOWN
    bool has_first;                // a line with something on it has begun
    bool is_in_text;               // the current line has something on it
    bool is_line_held;             // it is complete before it goes out
    bool is_line_string;           // it begins inside a string
    bool is_line_doc;              // of a kind that moves with the code
    bool is_line_heredoc;          // of a kind that never does
    bool goes_on;                  // the file goes on right behind the answer
    bool is_first_told;            // where the first line stands in the answer is meant
    bool is_decided;
    ptrdiff_t shift;
    size_t model_unit; // blanks that the model indents by; 0: not known yet
    size_t n_lines;    // with something on them
    size_t first_width;
    bool first_is_item; // the first line is an item of a list: the second one is deeper
    char first_end[8];  // what the first line ends with, without blanks
    size_t n_first_end;
    struct buf first_space; // indentation of the first line
    struct buf opening;     // indentation of the line that opened the string
    struct buf space;       // indentation of the current line
    struct buf blank;       // line ends and empty lines, given out before the next line
    struct buf line;        // the current line without its indentation
    struct buf tail;        // blanks that may be the last thing on it
    size_t second_width;    // indentation of the second line
    bool second_is_deep;    // it must stand deeper than the first one
    // For the end.
    struct {
        ptrdiff_t shift;
        size_t n;
    } votes[CLEAN_VOTES];
    size_t n_votes;
    size_t least_rest;
    size_t least_step; // blanks by which a line stands deeper than the first
    size_t n_odd[9];   // lines whose blanks are no multiple of the index
    size_t n_blank_lines;
};

void clean_out_init(struct clean_out *out, const struct clean_rules *rules,
                    const struct clean_hints *hints, struct buf *text);
void clean_out_finish(struct clean_out *out);
void clean_out_feed(struct clean_out *out, char c);
// The answer began with this, which stands in the file: nothing is given out. `goes_on`: what is
// fed from now on is the rest of its last line.
void clean_out_skip(struct clean_out *out, struct str text, bool goes_on);
// Says in `hints` what should have been done; true: something.
bool clean_out_end(struct clean_out *out, struct clean_hints *hints);

// How the lines of an answer are to be indented (clean_indent.c).
size_t clean_indent_guess_unit(const struct clean_out *out, struct str space);
void clean_indent_convert(const struct clean_out *out, struct str space, struct buf *to);
size_t clean_indent_width(const struct clean_out *out, struct str space);
void clean_indent_decide(struct clean_out *out, struct str space, struct str line);
void clean_indent_count(struct clean_out *out, struct str space, struct str line);
bool clean_indent_review(const struct clean_out *out, struct clean_hints *hints);

// --- echo --------------------------------------------------------------------------------------

enum {
    CLEAN_AROUND = 400,   // lines on either side
    CLEAN_SAYS_MUCH = 12, // letters and digits of lines that are hardly alike by chance
};

// What an answer repeats at its end (clean_echo_tail.c).
struct clean_tail {
    const struct clean_rules *rules;
    struct clean_out *out; // borrowed
    bool is_idle;          // nothing is known: all passes
    bool may_first;        // the first line of what comes may be a repetition, too
    struct buf held;       // may be one
    size_t n_given;        // bytes that were given out
    size_t rest_q;         // bytes of `rest` that `held` begins with
    size_t rest_blank;     // blanks behind a whole `rest`
    bool is_behind_rest;   // `held` is a whole `rest`, its line end, and lines
    bool is_live;          // the current line may be repeated
    bool is_in_text;
    size_t width;    // its indentation
    struct buf line; // the current line without it, where it may be repeated
    size_t n_run;    // lines of `after` that came whole, held
    struct {
        size_t at; // counted as n_given
        size_t width;
    } run[CLEAN_AROUND + 1]; // a ring: where each of them begins, then the current line
    size_t run_first;
    // Of what was given out.
    struct clean_strings code;
    struct clean_brackets {
        size_t open[3]; // opened and not closed, by kind
        size_t n_outer; // closed and not opened
    } brackets;
    struct buf given; // the current line
    size_t n_lines;   // with something on them
    size_t least;     // indentation of those behind the first
    size_t first_width;
    bool first_opens; // a block
    bool last_opens;
};

void clean_tail_init(struct clean_tail *tail, const struct clean_rules *rules,
                     struct clean_out *out);
void clean_tail_finish(struct clean_tail *tail);
void clean_tail_feed(struct clean_tail *tail, char c);
void clean_tail_end(struct clean_tail *tail);

struct clean_echo {
    const struct clean_rules *rules;
    struct clean_out *out;        // borrowed
    struct clean_strings strings; // of all that came, held or not
    bool is_head;                 // all that came may be a repetition
    struct buf held;              // that
    uint16_t alive[CLEAN_AROUND]; // the lines that it may begin at
    size_t n_alive;
    size_t n_lines; // of `held`, whole, with something on them
    size_t column;  // in the text of its current line
    size_t n_done;  // bytes of it that are a whole repetition
    bool skips_blank;
    struct clean_tail tail;
};

// What follows from options.before, lead and after. Called by clean_rules_init.
void clean_echo_rules(struct clean_rules *rules, struct arena *arena);
struct str clean_echo_near_before(struct str before);
struct str clean_echo_near_after(struct str after);
// Letters and digits; bytes beyond ASCII are part of one.
size_t clean_echo_count_said(struct str s);

void clean_echo_init(struct clean_echo *echo, const struct clean_rules *rules,
                     struct clean_out *out);
void clean_echo_finish(struct clean_echo *echo);
void clean_echo_feed(struct clean_echo *echo, char c);
void clean_echo_end(struct clean_echo *echo);

// --- fences and chatter ------------------------------------------------------------------------

struct clean_fence {
    char mark; // '`' or '~'
    size_t length;
    size_t indent;
    struct str info; // everything behind the marks, trimmed
    struct str code; // what of it is code rather than a name; may be empty
    bool is_whole;   // "```python x = 1```": opened and closed
};

// Does this line (without its end) open or close a block? `indent`: blanks allowed before.
bool clean_fence_parse(const struct clean_rules *rules, struct str line, size_t indent,
                       struct clean_fence *fence);
// "Here it is: ```python": the fence at the end of a sentence.
bool clean_fence_find(const struct clean_rules *rules, struct str line, struct clean_fence *fence);
// Is a block with this information one of the file's language?
bool clean_fence_fits(const struct clean_rules *rules, struct str info);
bool clean_fence_is_markdown(struct str info);
// The first line of a block without information: does it show that it is not for the file?
bool clean_fence_is_other(const struct clean_rules *rules, struct str line);

enum chatter {
    CHATTER_NO,
    CHATTER_MAYBE, // more of the line will tell
    CHATTER_YES,
};

// Is this the beginning of an answer that talks rather than codes? `is_more`: the line goes on;
// `is_talking`: the lines before were chatter.
enum chatter clean_chatter_lead(const struct clean_rules *rules, struct str line, bool is_more,
                                bool is_talking);
// Does what comes behind the code begin with this line?
enum chatter clean_chatter_tail(const struct clean_rules *rules, struct str line, bool is_more,
                                bool is_after_blank);
// "Here is the section:" before a document.
enum chatter clean_chatter_prose(struct str line, bool is_more);
bool clean_chatter_is_prose(struct str line);
// "Here is the original code:"
bool clean_chatter_is_old(struct str line);

// --- body --------------------------------------------------------------------------------------

struct clean_body {
    const struct clean_rules *rules;
    const struct clean_hints *hints;
    struct clean_echo *echo; // borrowed
    enum body_state {
        BODY_LEAD,  // nothing is code yet
        BODY_PLAIN, // code without a fence
        BODY_SKIP,  // in a block of another language
        BODY_BLOCK, // in the block
        BODY_TAIL,  // behind it
    } state;
    struct buf line; // of the current line what is not decided
    bool is_flowing; // the rest of the line goes through
    bool is_content; // the line is in the block
    size_t stripped; // blanks taken from the line: the fence's indentation
    size_t n_ticks;  // held backticks that may close the block at the line's end
    bool has_ticks;  // such a run stood on the line before
    struct clean_fence fence;
    bool is_talking;   // chatter was seen
    bool is_old;       // the last of it announced the code as it was
    bool is_fence_new; // the block's first line is to come
    bool is_guess;     // the block may be content of a document
    bool is_after_blank;
    struct buf opener; // "Here is the section:", not decided
    size_t depth;      // of nested fences in prose
    size_t n_closers;  // lines that could close a block of prose
    size_t n_first;    // the one that did
    // For the end.
    bool has_skipped;
    bool has_block;        // behind code without a fence
    bool has_string_fence; // one was taken for content of a string
    bool is_tail_chatter;  // code without a fence ended with chatter, not a fence
    bool is_in_tail_block;
    bool has_tail_text;
    size_t n_tail_code, n_tail_prose;
    size_t n_plain_code, n_plain_prose;
    struct buf plain; // beginning of the current line of plain code
};

void clean_body_init(struct clean_body *body, const struct clean_rules *rules,
                     const struct clean_hints *hints, struct clean_echo *echo);
void clean_body_finish(struct clean_body *body);
void clean_body_feed(struct clean_body *body, char c);
bool clean_body_end(struct clean_body *body, struct clean_hints *hints);
static inline bool clean_body_is_code(const struct clean_body *body) {
    return body->state == BODY_PLAIN || body->state == BODY_BLOCK;
}

// --- router ------------------------------------------------------------------------------------

struct clean_router {
    const struct clean_rules *rules;
    struct clean_body *body; // borrowed
    struct buf *thinking;    // borrowed; NULL: not wanted
    // Everything before the tag that ends `held_n` bytes before the newest byte was thinking.
    void (*on_restart)(void *data, size_t before, size_t behind);
    void *data;
    enum {
        ROUTE_TEXT,
        ROUTE_THINK,
        ROUTE_CHANNEL_THINK, // gpt-oss: ends with its message
        ROUTE_HEADER,        // between <|channel|> and <|message|>
        ROUTE_ROLE,          // behind <|im_start|>
        ROUTE_STOPPED,
    } state;
    struct buf held; // may be the start of a token
    char header[16];
    size_t n_header;
    bool is_start;      // nothing but blanks yet
    bool is_line_start; // only blanks on this line
    bool is_remark;     // the line is a comment
    bool in_quotes, in_ticks;
    bool has_thought;  // thinking was closed
    bool is_think_new; // nothing but blanks of it yet
    char last;
    size_t n_opens;   // think tags that were content
    size_t n_strikes; // <s> that were content
};

void clean_router_init(struct clean_router *router, const struct clean_rules *rules,
                       struct clean_body *body);
void clean_router_finish(struct clean_router *router);
void clean_router_feed(struct clean_router *router, char c);
void clean_router_end(struct clean_router *router);
bool clean_token_is_in(struct str text); // any special token of the table
