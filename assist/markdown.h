// SPDX-License-Identifier: MIT
//
// Markdown of a model made harmless to show, as it streams: images, links, autolinks and raw HTML
// become plain text, outside of code (DESIGN A8). What is inside fences and code spans stays as it
// is, but for control, bidi and invisible characters, which are made visible everywhere. A fence
// that is open at the end is closed. Pure.
#pragma once

#include "base/buf.h"

struct markdown_filter {
    // private
    enum markdown_state {
        MARKDOWN_LINE,  // at the start of a line: a fence may come
        MARKDOWN_TEXT,  // in a line of text
        MARKDOWN_SPAN,  // in what may be a code span
        MARKDOWN_OPEN,  // in the line that may open a fence
        MARKDOWN_FENCE, // at the start of a line in a fence
        MARKDOWN_CODE,  // in a line in a fence
    } state;
    char pending[4]; // start of a character
    size_t n_pending;
    bool is_after_cr;
    struct buf held; // the part of the line that is not decided
    struct {
        size_t indent;      // blanks and tabs
        size_t tab;         // index behind the last tab of them
        char c;             // what follows them
        size_t length;      // how often, in a row
        bool is_over;       // the row is over
        bool is_more;       // something but blanks follows it
    } mark;                 // how the line begins
    size_t n_ticks;         // that began the span
    size_t n_run;           // backticks at its end
    char fence_char;        // of the open fence
    size_t fence_length;    // likewise
    size_t fence_indent;    // blanks that are taken from its lines
    bool is_escaped;        // behind a backslash
    bool is_colon;          // a colon is held
    char recent[8];         // text before, small, newest last
    bool is_row_only;       // all of `held` could be a table's delimiter row
    bool is_line_open;      // something was written on this line
    bool has_pipe_span;     // a code span with a pipe is on this line
    bool had_pipe_span;     // or was on the line before
    bool is_in_table;       // lines since a table's delimiter row
    bool is_delimiter_only; // the line has only what such a row has
    bool has_dash, has_pipe;
};

void markdown_filter_init(struct markdown_filter *filter);
void markdown_filter_finish(struct markdown_filter *filter);
void markdown_filter_feed(struct markdown_filter *filter, struct str piece, struct buf *out);
void markdown_filter_end(struct markdown_filter *filter, struct buf *out);
