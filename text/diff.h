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
// their places: where `from` stands in its text; it may begin and end inside a line. Myers' O(ND)
// algorithm on hashed lines: no edits replace fewer lines. Where texts differ more than the
// LIMIT_DIFF_* allow (a few milliseconds), lines that are alike may be inside an edit, but for the
// common first and last ones. Equal texts: 0. The array is in `arena`, the new texts are views into
// `to`.
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

// Follows one change. Text put in exactly at the start or the end of a range is outside. A change
// of exactly the range touches: the range is the new text. So does one of the range and something
// on one side of it: that something is taken to have kept its length. LOST is more on both sides:
// the range is empty, at the start of the change.
// An empty range stays empty. Text put in exactly there touches, and the place is behind it; what
// is only removed on one side of the place does not touch; a change on both sides of it is LOST.
// Ends are bytes of the splice and of the range: between characters if those are.
enum range_fate text_range_follow(struct text_range *range, const struct text_splice *splice);

// What changed from one text to another as splices, ascending, each on the result of the one
// before: the edits of text_diff without the characters that are equal at their ends. For ranges
// that follow a text whose changes came as a whole text or as a batch: the one splice of text_edit
// goes from the first change to the last one and touches everything between. Also tighter than that
// one, which may begin up to three bytes early. In `arena`; equal texts: 0.
size_t text_diff_splices(struct arena *arena, struct str from, struct str to,
                         struct text_splice **splices);
