// SPDX-License-Identifier: MIT
//
// Open documents: their texts, and what analysis says of them. Texts change at didChange at once;
// everything else is made when somebody asks, and kept until the text, the conventions or the
// nearest .env change. A document that cannot hold a reference costs its text alone (DESIGN A3).
// Loop thread only.
#pragma once

#include "diagnostics/finding.h"
#include "lsp/rpc.h"
#include "session/session.h"
#include "text/edit.h"
#include "text/tree.h"

struct document {
    // --- public, read only; strings are owned by the document ---
    struct str uri;         // the client's own spelling: for everything sent back
    struct str path;        // decoded, normalised; untitled: the part after "untitled:"
    struct str language_id; // may be empty
    bool is_file;           // has a place on disk (file:)
    bool is_ours;           // file: or untitled:; others are kept, never analysed
    bool is_too_large;      // over a limit: kept empty until its whole text comes again
    int64_t version;
    struct text *text;  // never NULL
    enum format format; // FORMAT_NONE: nothing for us
    struct str root;    // its workspace folder's path, or empty
    uint64_t used;      // documents.uses when the user was last seen in it
    // --- private ---
    struct document_private *private;
    struct document *next;
};

struct documents {
    struct document *first;
    size_t n;
    uint64_t uses;        // counts document_touch
    uint64_t clock;       // counts uses of trees
    size_t n_trees;       // trees alive
    bool has_freed_much;  // trees were closed since documents_trim
    uint64_t environment; // counts changes of .env texts: analyses of an older one are redone
};

#define DOCUMENTS_TREES 4 // syntax trees kept alive, of the documents used last

// The open document of that URI, in whatever spelling; NULL if it is not open.
struct document *documents_find(struct lsp_server *server, struct str uri);
struct document *documents_find_path(struct lsp_server *server, struct str path);

// The user is in this document: it was opened or changed, or something at a position was asked for.
void document_touch(struct lsp_server *server, struct document *document);
// All open documents, the last used first. The list lives in `arena`.
size_t documents_by_use(struct lsp_server *server, struct arena *arena, struct document ***out);

// Is the analysis up to date after at most `budget_us` of parsing? If not, call again on a later
// turn: a large file is parsed in steps, so that no turn takes long.
bool document_prepare(struct lsp_server *server, struct document *document, uint64_t budget_us);

// References of the document; NULL where there is nothing for us, or a large file is still being
// read (then its findings follow by themselves). Borrowed until the next loop turn.
const struct analysis *document_analysis(struct lsp_server *server, struct document *document);

// Findings with their fixes, as known now. Never NULL. Borrowed until the next loop turn.
const struct findings *document_findings(struct lsp_server *server, struct document *document);

// Its syntax tree; NULL where the format has none or a large file is still being read. Borrowed
// until the next loop turn, or until DOCUMENTS_TREES other documents' trees were asked for.
struct tree *document_tree(struct lsp_server *server, struct document *document);

// What analysis was told of the document, e.g. for findings_make. Lives in `arena`, borrows the
// document's text.
struct analysis_input document_input(struct lsp_server *server, struct document *document,
                                     struct arena *arena);

// What session functions ask for a document; lives in `arena`.
struct session_document *document_session(struct lsp_server *server, struct document *document,
                                          struct arena *arena);

// The server that a reference of this document belongs to. Contacts nothing.
struct resolved document_resolve(struct lsp_server *server, struct document *document,
                                 struct arena *arena, const struct reference *reference);

// --- positions: the one place where bytes and the client's units meet ---

// A Position as it is written; false if it is none.
bool position_from_json(struct json_object *object, struct position *out);
struct json_object *position_to_json(struct position position); // returns owned
// The byte offset of a Position; false if it is none. Clamped to the text.
bool document_offset(const struct lsp_server *server, const struct document *document,
                     struct json_object *position, size_t *offset);
// Both ends of a Range; false if it is none.
bool document_range(const struct lsp_server *server, const struct document *document,
                    struct json_object *range, size_t *start, size_t *end);
// A Range of bytes [start, end), of any version of a document. Returns owned.
struct json_object *text_range_json(const struct lsp_server *server, const struct text *text,
                                    size_t start, size_t end);
struct json_object *document_range_json(const struct lsp_server *server,
                                        const struct document *document, size_t start, size_t end);
// A TextEdit. Returns owned.
struct json_object *document_edit_json(const struct lsp_server *server,
                                       const struct document *document, const struct edit *edit);
// A WorkspaceEdit of edits in this document, in the form the client takes. Returns owned.
struct json_object *document_workspace_edit(const struct lsp_server *server,
                                            const struct document *document,
                                            const struct edit *edits, size_t n);

// --- events ---
void documents_on_open(struct lsp_server *server, struct json_object *params);
void documents_on_change(struct lsp_server *server, struct json_object *params);
void documents_on_save(struct lsp_server *server, struct json_object *params);
void documents_on_close(struct lsp_server *server, struct json_object *params);
void documents_advertise(const struct lsp_server *server, struct json_object *capabilities);

// What findings depend on changed. `changed` NULL: settings, trust or folders; else that server,
// and only documents that have to do with it are judged again (their analysis is kept).
void documents_invalidate(struct lsp_server *server, const struct server *changed);
// A file on disk changed: what depends on it (.env families, paths that Modelfiles name) is redone.
void documents_file_changed(struct lsp_server *server, struct str path);
// Gives freed memory back to the system, if much was freed: when there is time.
void documents_trim(struct lsp_server *server);
// Closes all, telling nobody.
void documents_finish(struct lsp_server *server);
