// SPDX-License-Identifier: MIT
//
// Markdown of a model made harmless to show, as it streams: images, links, autolinks and raw HTML
// become plain text, outside of code (DESIGN A8). What is inside fences and code spans stays as it
// is. Pure.
#pragma once

#include "base/buf.h"

struct markdown_filter {
    // private
    bool is_line_start;
    bool is_in_fence;
    char fence_char;
    size_t fence_length;
    size_t span_length; // open code span: number of backticks, 0: none
    struct buf held;    // bytes that may be the start of something
};

void markdown_filter_init(struct markdown_filter *filter);
void markdown_filter_finish(struct markdown_filter *filter);
void markdown_filter_feed(struct markdown_filter *filter, struct str piece, struct buf *out);
void markdown_filter_end(struct markdown_filter *filter, struct buf *out);
