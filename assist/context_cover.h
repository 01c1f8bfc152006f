// SPDX-License-Identifier: MIT
//
// Inside assist/ only: the run of sibling nodes that covers a selection.
#pragma once

#include "assist/marks.h"

// `range` is not empty and has no white space at its ends. A range that already is a run of whole
// nodes comes back as it is. Else it grows to a run that makes sense by itself (statements,
// members, elements of a list), or to the node that holds it; a string whole, a statement with its
// semicolon. Where the tree is broken: to whole lines.
struct text_range cover_range(const struct syntax *syntax, struct text_range range);

// The whole lines of `range`, without the blanks around.
struct text_range cover_lines(const struct text *text, struct text_range range);

// The innermost ERROR node that holds `range`; false: none.
bool cover_error(const struct syntax *syntax, struct text_range range, struct text_range *error);
