// SPDX-License-Identifier: MIT
//
// Path patterns: `*` and `?` within a segment, `**` across segments, `[a-z]` and `[!a]` classes,
// `{a,b}` alternatives. A pattern without '/' matches the last segment of a path at any depth; one
// with '/' matches from the start of the path ("**/x/y" at any depth). Linear time per `*` (no
// exponential blow-up): hostile patterns cost at most pattern × path steps.
#pragma once

#include "base/str.h"

// `path` is relative with '/' separators.
bool glob_match(struct str pattern, struct str path);

// One segment against one pattern without '/': for gitignore-like users that do their own
// splitting.
bool glob_match_segment(struct str pattern, struct str segment);
