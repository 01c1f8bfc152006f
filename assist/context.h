// SPDX-License-Identifier: MIT
//
// What a model gets to see for an action: the selection grown to what makes sense as a whole, and
// what is around it, within a budget of tokens. Pure: a text, its syntax tree and a selection in,
// views and places out. Works without a tree (plain text, or a grammar's error), only by lines.
// Byte offsets; any thread.
#pragma once

#include "assist/language.h"
#include "base/arena.h"
#include "text/diff.h"
#include "text/tree.h"

struct context_input {
    struct text *text;               // borrowed
    struct tree *tree;               // of `text`, borrowed; NULL: none
    const struct language *language; // never NULL
    struct text_range selection;     // empty: the cursor
    const TSQuery *query; // language_query_create(language), borrowed; NULL: made for the call
};

// What an action works on.
enum target_kind {
    // A selection of whole sibling nodes stays as it is (without the blanks and line ends around).
    // Any other grows to the smallest run of siblings that makes sense by itself (statements,
    // members, elements of a list), else to the node that holds it: a name, a string with its
    // quotes, a statement with its semicolon. Nothing selected: the statement at the cursor, a
    // definition with the comments, decorators and attributes right above it. Where the tree has
    // errors: the whole lines of the selection. Without a tree: the selection without the blank
    // lines around, or the paragraph at the cursor.
    TARGET_NODES,
    // The same, but nothing selected means the function (else the class, else the statement) around
    // the cursor, or the one that begins on the cursor's line.
    TARGET_DEFINITION,
    // A place to put text at: the end of the selection, without the line end it may cover.
    TARGET_POINT,
    // Behind the outermost function or class that holds the selection (else behind the selection),
    // at the end of its last line.
    TARGET_BEHIND,
};

// Never leaves the text; an empty result (start == end) is legal for every kind in an empty text.
// The range starts and ends at a character and never splits \r\n. It starts behind the indentation
// of its first line.
struct text_range context_target(const struct context_input *input, enum target_kind kind);

// The instruction that a comment within `range` gives ("# ai: make it async", or the first comment
// of the range without any mark), without its comment signs, several lines joined by blanks. Empty:
// there is none. *without (may be NULL) becomes the code of the range with a *marked* comment
// ("ai:", "AI!", "ollama:" at its start, "AI!" at its end, case ignored) taken out, else all of it,
// with the indentation of its first line as in context.code; in `arena`.
struct str context_instruction(struct arena *arena, const struct context_input *input,
                               struct text_range range, struct str *without);

// What is shown of a finding of any server.
struct context_diagnostic {
    size_t start, end;    // bytes
    uint32_t line;        // 1-based, for the model
    const char *severity; // "error", "warning", …
    struct str source;    // "pyright", may be empty
    struct str code;      // may be empty
    struct str message;
};

struct context {
    struct str code;    // the target, with the indentation of its first line; may be empty
    struct str before;  // whole lines right before it, and what stands before it on its first line
    struct str after;   // what stands behind it on its last line, and whole lines right behind it
    struct str outline; // heads of the classes and functions around it, outermost first, as far as
                        // `before` does not show them anyway; "…" stands for what is left out
    struct str imports; // likewise
    struct str eol;     // "\n", "\r\n" or "\r": what most lines of the text end with
    struct str indent;  // blanks and tabs that the target's first line begins with
    struct str unit;    // one level of indentation here: "    ", "  ", "\t" (default four blanks)
    bool is_line_start; // only blanks stand before the target on its line
    bool is_truncated;  // something that belongs here did not fit
    bool is_target_too_large; // the target alone exceeds the budget: the rest is empty then
    size_t tokens;            // estimate of all of it together
};

// Takes from around `target` what fits into `budget` tokens (budget.h), nearest first: the target,
// then imports and outline, then lines before and behind, two of three before. Views into the text
// or in `arena`.
void context_build(struct arena *arena, const struct context_input *input, struct text_range target,
                   size_t budget, struct context *out);
