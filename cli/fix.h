// SPDX-License-Identifier: MIT
//
// Writing edits to a file (check --fix).
#pragma once

#include "diagnostics/finding.h"

// `bytes` with the edits (sorted, not overlapping) applied. Returned in `arena`.
struct str edits_apply(struct arena *arena, struct str bytes, const struct edit *edits, size_t n);

// Applies the edits to the file, which must still hold `expected`: ERR_CONFLICT otherwise, and
// nothing is written. Through a temporary file and a rename. *out is the new content.
enum err fix_apply(struct arena *arena, struct str path, struct str expected,
                   const struct edit *edits, size_t n, struct str *out, struct error *error);
