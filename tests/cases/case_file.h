// SPDX-License-Identifier: MIT
//
// Case files: a text in, its findings out, in one readable file (docs: tests/cases/README.md).
#pragma once

#include "base/vec.h"

struct case_section {
    struct str name; // "catalog", "text", "findings" …
    struct str rest; // what stands behind the name on its line
    struct str body; // the lines up to the next section
};

struct case_file {
    struct str path; // of the case itself
    struct str bytes;
    struct case_section *at;
    size_t n;
};

// False: not readable or without sections. Strings live in `arena`.
bool case_file_read(struct arena *arena, struct str path, struct case_file *out);
// NULL if there is none. `from`: index to start at, for sections that may be repeated; moved behind
// it.
const struct case_section *case_file_section(const struct case_file *file, struct str name,
                                             size_t *from);
struct str case_file_body(const struct case_file *file, struct str name); // empty if there is none
struct str case_file_rest(const struct case_file *file, struct str name);

// The same file with the bodies of "findings" and "references" (if it has that section) replaced.
struct str case_file_rewrite(struct arena *arena, const struct case_file *file,
                             struct str references, struct str findings);
