// SPDX-License-Identifier: MIT
//
// Inside lsp/handlers/: building completion lists. A list has one place (the bytes that an accepted
// item replaces) and what is typed there so far; items that do not fit the typed text are left out,
// and after LIMIT_COMPLETIONS the list is marked incomplete.
#pragma once

#include "lsp/documents.h"
#include "lsp/handlers/handlers.h"
#include "lsp/server.h"

// LSP CompletionItemKind: of the first 18 only, which every client knows without saying so.
enum item_kind {
    ITEM_FUNCTION = 3,
    ITEM_VARIABLE = 6,
    ITEM_MODULE = 9,
    ITEM_PROPERTY = 10,
    ITEM_VALUE = 12,
    ITEM_KEYWORD = 14,
    ITEM_REFERENCE = 18,
};

struct completion {
    struct request *request;
    struct document *document;
    size_t start;  // the replaced bytes
    size_t cursor; // start <= cursor <= end
    size_t end;
    struct str typed; // the text from start to cursor
    // Between the inserted text and the document, for what has to be escaped or prefixed there.
    struct str prefix;
    // Around an inserted value that the format needs more for: a quote where none stands yet, the
    // blank behind "key:". Not part of what is filtered.
    struct str lead, tail;
    struct json_object *items;
    size_t n;
    bool cut;
    // The edit's ranges, made once: every item of a list replaces the same bytes.
    struct json_object *insert_range;  // [start, cursor)
    struct json_object *replace_range; // [start, end)
};

struct completion_item {
    struct str label; // also what is inserted, unless `snippet` is given
    enum item_kind kind;
    struct str detail;           // one line
    struct str size;             // labelDetails.detail: shown right after the label
    struct str description;      // labelDetails.description: shown at the far end
    struct str documentation;    // Markdown, at once; empty: none, or lazily by `data`
    struct str snippet;          // inserted instead, if the client takes snippets
    struct json_object *data;    // taken; for resolve
    struct json_object *command; // taken; run after insertion
};

void completion_init(struct completion *completion, struct request *request,
                     struct document *document, size_t start, size_t cursor, size_t end);
// False when the list is full (the item is dropped, data and command are put).
bool completion_add(struct completion *completion, const struct completion_item *item);
// Does this text fit what is typed (its characters in order, case ignored)?
bool completion_fits(const struct completion *completion, struct str text);
// How well: 0 begins with it, 1 holds it, 2 merely fits.
unsigned completion_rank(const struct completion *completion, struct str text);
// Replies.
void completion_reply(struct completion *completion);

// What a place offers (completion_models.c, completion_values.c).
void complete_models(struct completion *completion, const struct reference *reference);
void complete_hosts(struct completion *completion, const struct reference *reference);
void complete_variables(struct completion *completion);
void complete_variable_values(struct completion *completion, const struct variable *variable);
void complete_parameter_values(struct completion *completion, const struct analysis *analysis,
                               const struct reference *reference);
// Modelfile: instructions, parameters, roles, template names. False if the place is none of them.
bool complete_modelfile(struct request *request, struct document *document, size_t offset);

// Documentation of an item from its `data`, for resolve. Markdown; empty if nothing is known.
struct str completion_documentation(struct lsp_server *server, struct arena *arena,
                                    struct json_object *data);
