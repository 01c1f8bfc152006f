// SPDX-License-Identifier: MIT
//
// Syntax trees of texts, by tree-sitter. A tree belongs to one text, which it keeps alive, and
// never changes; after an edit, a new tree is parsed from the new text with the old tree's help,
// and equals the one a parse from scratch would give (in a text over 16 KiB with syntax errors, the
// broken parts may differ). Hides the differences between the tree-sitter runtimes 0.20 (Debian 12)
// and 0.25 and later.
#pragma once

#include <tree_sitter/api.h>

#include "base/err.h"
#include "text/edit.h"

struct tree;

// What a parse may start from: a tree of an earlier text in the same language, and the splice from
// that text to the one to be parsed (text_splice_merge if versions were skipped).
struct tree_base {
    const struct tree *tree; // borrowed during the call; NULL: from scratch
    struct text_splice splice;
};

// Parses to the end. `base` may be NULL. Retains `text`. Returns owned (tree_destroy); NULL only if
// the text has more than LIMIT_TREE_TOKENS words and marks, which is more than tree-sitter 0.20 can
// safely be given (but for Modelfile and .env, whose grammars are ours), or the language's ABI does
// not suit the runtime.
struct tree *tree_parse(struct text *text, const TSLanguage *language,
                        const struct tree_base *base);

// NULL is fine.
void tree_destroy(struct tree *tree);

struct text *tree_text(const struct tree *tree);          // borrowed from the tree
const TSLanguage *tree_language(const struct tree *tree); // static
TSNode tree_root(const struct tree *tree);                // valid as long as the tree

// The source text of a node of this tree; borrowed from its text.
struct str tree_node_str(const struct tree *tree, TSNode node);

// A parse in steps, for the loop thread: no step takes much longer than its budget. One thread at a
// time. The base tree may be destroyed once tree_parse_start has returned.
struct tree_parse;

// Retains `text`. Returns owned, or NULL as tree_parse does.
struct tree_parse *tree_parse_start(struct text *text, const TSLanguage *language,
                                    const struct tree_base *base);

// Works for about `budget_us` microseconds (0: to the end). ERR_OK: done, *out is owned by the
// caller. ERR_TIMEOUT: not yet, *out is NULL; call again. A finished parse is only to be destroyed.
enum err tree_parse_step(struct tree_parse *parse, uint64_t budget_us, struct tree **out);

// Ends a parse, finished or not. NULL is fine.
void tree_parse_destroy(struct tree_parse *parse);
