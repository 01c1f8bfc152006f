// SPDX-License-Identifier: MIT
//
// Where text that is put in goes, and how it has to look there: behind an open brace on a line of
// its own one level deeper, on a blank line at the indentation of its surroundings, in the middle
// of a line right there. Pure.
#pragma once

#include "assist/context.h"

// Does a line that ends so want its block on the next line?
bool insert_opens_block(struct str line);
bool insert_is_comment(const struct language *language, struct str line);

struct placement {
    struct str lead;    // goes in before the answer: line ends, indentation; may be empty
    struct str indent;  // that the answer's lines have there
    bool is_line_start; // the answer begins behind `indent` on its line
};

// For a target of kind TARGET_POINT or TARGET_BEHIND, as context_target gave it; other kinds have
// no lead, the target's own indentation. `context` is that of the target. Texts in `arena` or views
// into the input's text.
void placement_for(struct arena *arena, const struct context_input *input, enum target_kind kind,
                   struct text_range target, const struct context *context, struct placement *out);
