// SPDX-License-Identifier: MIT
//
// Inside diagnostics/ only: looks for a few short words, ASCII case ignored, faster than a gigabyte
// a second, so that files without any are left alone at the price of reading them.
#pragma once

#include "base/str.h"

struct needle {
    struct str text; // lower case, not empty
};

// Offset of the first occurrence at or after `from`, or STR_NPOS.
size_t needle_find(struct str bytes, const struct needle *needle, size_t from);

// Does any of them occur?
bool needles_occur(struct str bytes, const struct needle *needles, size_t n);
