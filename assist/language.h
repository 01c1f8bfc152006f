// SPDX-License-Identifier: MIT
//
// The languages that AI actions know the syntax of: one table row and one query file
// (languages/NAME.scm) each, so that the next language is data (docs/adding-a-language.md).
// Everything else is plain text and works too, only by lines. Static; any thread.
#pragma once

#include <tree_sitter/api.h>

#include "base/str.h"

struct language {
    const char *name;              // "python": in prompts and behind the fence of a code block
    const char *const *ids;        // LSP languageIds; NULL-terminated, as are the next two
    const char *const *extensions; // without the dot; a whole file name ("Makefile") is allowed
    const char *const *fences;     // further words that mark a code block of it: "py", "python3"
    const TSLanguage *(*grammar)(void); // NULL: by lines
    const char *line_comment;           // "#", "//", or NULL
    const char *block_comment[2];       // "/*", "*/", or NULL
    bool is_prose;                      // Markdown, plain text: sentences and fences are content
    bool indent_is_syntax;              // Python, YAML
};

// By extension or file name first, then by languageId (which may be empty or unknown). Never NULL:
// what is not known is the row "text".
const struct language *language_detect(struct str path, struct str language_id);

// The language that the word behind a fence names ("python", "py", "c++"); NULL: none that we know.
const struct language *language_by_fence(struct str word);

size_t language_count(void);
const struct language *language_at(size_t i);

// What the query file of a language marks. Captures of other names are a mistake that a unit test
// finds, but for those that begin with '_': they name a node for (#eq? @_name "text"), the only
// predicate there is. A comment line "; inherits: NAME" puts another query file in front.
//   @function    a function or method, its decorators and attributes included where the grammar
//                has a node for the whole
//   @class       a class, struct, impl, trait, interface, module: what holds functions; in formats
//                of settings a key that holds more
//   @import      one import, include, use, require
//   @statement   what stands for itself in a block: the smallest unit that is replaced when nothing
//                is selected
//   @comment     a comment
//   @attribute   a decorator or attribute that stands before what it is about, as a node beside it
//   @body        inside a @function or @class: what is left out when only its head is shown
// Compiled once per call of language_query_create, which takes up to 30 ms (TypeScript): whoever
// asks often keeps it (context_input.query). NULL where there is no grammar. Returns owned
// (ts_query_delete).
TSQuery *language_query_create(const struct language *language);
