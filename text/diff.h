// SPDX-License-Identifier: MIT
//
// The smallest edit from one text to another, by lines: so that what a model left as it was is not
// touched (breakpoints, folds, marks and the undo list stay), and the range that an edit travels
// with through other edits. Pure; any thread.
#pragma once

#include "base/arena.h"
#include "text/edit.h"

// The edits that make `to` of `from`, each of whole lines (their EOL included; the last line may
// have none), ascending, with at least one unchanged line between two of them. `offset` is added to
// their places: where `from` stands in its text. Myers' O(ND) algorithm on hashed lines; texts that
// differ more than LIMIT_DIFF_STEPS allows become one edit without their common first and last
// lines. Equal texts: 0. The array is in `arena`, the new texts are views into `to`.
size_t text_diff(struct arena *arena, struct str from, struct str to, size_t offset,
                 struct edit **edits);

// `text` with the edits made. In `arena`.
struct str text_apply(struct arena *arena, struct str text, const struct edit *edits, size_t n);

// Bytes [start, end) of a text that changes. start == end is a place between two characters.
struct text_range {
    size_t start, end;
};

// What a change meant for a range that follows its text.
enum range_fate {
    RANGE_KEPT,    // the change was elsewhere: the same bytes, perhaps moved
    RANGE_TOUCHED, // it was inside, or cut into it: the range is now what is left or became of it
    RANGE_LOST,    // it replaced the whole range and more: the range is empty and means nothing now
};

// Follows one change. Text put in exactly at the start or the end of a range is outside; at an
// empty range it is a touch.
enum range_fate text_range_follow(struct text_range *range, const struct text_splice *splice);
