// SPDX-License-Identifier: MIT
//
// Edits: a text and a batch of changes make a new text. The line index is carried over, only the
// lines a change touches are read again, so a keystroke in a file of a megabyte costs two copies of
// it.
#pragma once

#include "text/position.h"

// A replacement of the bytes [start, end) of a text. Several edits of one text speak of the same
// text (as the TextEdit[] of LSP do), do not overlap and stand in ascending order.
struct edit {
    size_t start, end;
    struct str text; // borrowed
};

// One element of contentChanges of textDocument/didChange: the range from `start` to `end` becomes
// `text`. Positions are read as position.h says; end before start: the two are swapped.
struct text_change {
    bool whole; // the whole text is replaced; the positions are not looked at
    struct position start;
    struct position end;
    struct str text; // borrowed during the call
};

// What a batch did, as one replacement: bytes [start, old_end) of the old text became [start,
// new_end) of the new one. Small, but not the smallest: it begins at the start of a character. It
// may end inside one. Nothing changed: start == old_end == new_end.
struct text_splice {
    size_t start;
    size_t old_end;
    size_t new_end;
};

// The changes, each on the result of the one before. Returns owned: a new text (or `text` itself,
// retained, when n is 0), or NULL if it would be longer than LIMIT_TEXT. `splice` may be NULL.
struct text *text_edit(struct text *text, const struct text_change *changes, size_t n,
                       enum position_encoding encoding, struct text_splice *splice);

// The same, and what each change did, on the result of the one before: `each` has room for `n`.
// These are without the characters that are equal at both ends, and begin and end at characters if
// the change does. For ranges that follow a text: `splice` goes from the first change to the last
// and touches everything between. Not set when NULL is returned.
struct text *text_edit_each(struct text *text, const struct text_change *changes, size_t n,
                            enum position_encoding encoding, struct text_splice *splice,
                            struct text_splice *each);

// Two splices in sequence as one that covers both: from the text before `first` to the one after
// `second`. For work (a tree, say) that skipped a version.
struct text_splice text_splice_merge(struct text_splice first, struct text_splice second);
