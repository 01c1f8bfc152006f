// SPDX-License-Identifier: MIT
//
// Inside document*.c and diagnostics_feed.c only: what is remembered of a document.
#pragma once

#include "lsp/change_log.h"
#include "lsp/documents.h"

struct document_private {
    uint64_t uri_hash;
    uint64_t revision; // counts texts, from 1
    struct change_log change_log;

    // A tree of this text or of an earlier one: `splice` leads from the tree's text to the
    // document's.
    struct tree *tree;
    struct text_splice splice;
    bool tree_is_behind;
    uint64_t tree_used;       // documents.clock
    struct tree_parse *parse; // of `parse_text`, not finished
    struct text *parse_text;

    // The analysis and what it was made of. It borrows from its text and lives in `arena`.
    struct arena arena;
    bool is_analysed;
    struct analysis *analysis; // NULL: nothing for us
    struct text *analysis_text;
    struct analyzer *analyzer;
    uint64_t environment; // documents.environment when the .env was last looked at
    uint64_t dotenv_hash;
    struct analysis_input input;

    struct arena findings_arena;
    struct findings findings;
    bool has_findings;
    struct interest interest; // servers that its references belong to

    // The feed's.
    bool is_marked;
    uint64_t marked_at;         // diagnostics_feed.clock
    bool is_published;          // push: something was sent
    uint64_t published_hash;    // push: of that; pull: of the last answer
    uint64_t answered_revision; // pull: the text that answer was about, 0: none
    uint64_t watched_hash;      // workspace/diagnostic: what the held request was told, 0: nothing
};

// The text, the .env or the settings changed: nothing made from them is valid any more.
void document__drop_findings(struct document *document);
void document__drop_analysis(struct document *document); // and its findings; the tree stays
void document__drop_all(struct documents *documents, struct document *document);
// The text is another one now.
void document__text_changed(struct document *document, const struct text_splice *splice);
