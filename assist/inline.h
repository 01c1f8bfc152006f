// SPDX-License-Identifier: MIT
//
// Inline completion ("ghost text") by fill-in-the-middle: everything of it that is not I/O
// (DESIGN A9, docs/inline-completion.md). Pure: texts in, texts out, no clock, no globals. The way
// of one request, every step of which costs by what is around the cursor, never by the size of the
// document:
//
//     inline_view_init      the document around the cursor, with the menu's selected item in place
//     inline_cache_find     known? then the answer is there at once
//     inline_place_init     what is it that may be completed here: nothing, a line, a block
//     inline_prompt_build   prefix, suffix, stop list, num_predict for /api/generate
//     inline_filter_feed    each piece of the answer, until it says "enough": close the stream
//     inline_filter_end     what is shown
//     inline_cache_put      keep it
//     inline_item_init      as an LSP item, its range on one line
#pragma once

#include "assist/budget.h"
#include "assist/language.h"
#include "base/arena.h"
#include "base/buf.h"
#include "text/text.h"
#include "text/tree.h"

enum {
    INLINE_BEFORE = 16 * 1024,      // bytes before the cursor that are looked at
    INLINE_AFTER = 8 * 1024,        // bytes behind it
    INLINE_TOKENS = 2048,           // of a prompt, where the model's context allows
    INLINE_TOKENS_LINE = 80,        // of an answer that is one line
    INLINE_TOKENS_BLOCK = 320,      // of one that may be a block
    INLINE_LINES = 24,              // of a shown block
    INLINE_LINE_BYTES = 400,        // of a shown line
    INLINE_ANSWER = 8 * 1024,       // bytes of an answer that are taken at all
    INLINE_SELECTED = 1024,         // bytes of the menu's selected item; longer: not taken
    INLINE_NEIGHBOURS = 8,          // open documents that are looked at
    INLINE_NEIGHBOUR_BYTES = 65536, // of each of them, from its start
    INLINE_SNIPPETS = 3,            // parts of them that go into a prompt
    INLINE_STOPS = 48,              // strings of a stop list
    INLINE_BRACKETS = 32,           // open brackets that are known
};

// --- the place -----------------------------------------------------------------------------------

// What the menu of the editor has selected (selectedCompletionInfo): bytes [start, end) of the text
// would become `text`. Asked for with one, a completion goes on from it.
struct inline_selected {
    size_t start, end;
    struct str text;
};

// The document around the cursor, as it is or as it would be with the selected item.
struct inline_view {
    struct str before; // up to the cursor; at most INLINE_BEFORE bytes (and the selected text)
    struct str after;  // from the cursor; at most INLINE_AFTER bytes
    size_t offset;     // of the cursor, in the document as it would be
    size_t size;       // of the document as it would be
    bool is_selected;  // a selected item is in place
    // What an item replaces (on one line, in the document as it is), and what of its text that is.
    size_t replace_start, replace_end;
    struct str replaced; // the word that ends at the cursor, or the selected text
};

// `offset` past the end means the end, inside a character its start. `selected` may be NULL; it is
// ignored where it cannot be meant: not one line, not at the cursor, too long, or with a line end.
// Without one nothing is copied; views into `text` or in `arena`.
void inline_view_init(struct inline_view *view, struct arena *arena, const struct text *text,
                      size_t offset, const struct inline_selected *selected);

// Inside what the cursor is, as far as it matters.
enum inline_kind {
    INLINE_CODE,
    INLINE_STRING,
    INLINE_COMMENT, // of one line or of several
};

// A bracket that the text before the cursor opens and that the text behind does not close: the
// completion may.
struct inline_bracket {
    char open;
    bool is_block; // closing it ends the block that is completed
};

// What may be completed at a view.
struct inline_place {
    const struct language *language;
    bool is_block;      // to the end of the block just opened; else one line
    bool is_opener;     // block: the cursor stands on the line that opens it
    bool is_middle;     // something other than blanks follows on the cursor's line
    bool is_blank_line; // nothing but blanks on the cursor's line
    bool is_prose;      // sentences are content: prose, a comment, a string
    enum inline_kind kind;
    char quote;       // INLINE_STRING: what ends it, '\0': not known
    bool is_triple;   // it takes three of them
    size_t indent;    // columns of the line that opens the block
    bool by_brackets; // block: a closing bracket ends it; else a line that is not indented deeper
    struct inline_bracket closable[INLINE_BRACKETS]; // innermost first
    size_t n_closable;
    bool has_closer; // block by words or lines: the text behind closes it already
    struct str eol;  // "\n" or "\r\n": what the lines around end with
    struct str unit; // one level of indentation: "\t", "  ", "    "
};

// `tree` is of the view's text, or NULL: without one, strings and comments are told by a scan of
// view.before alone, which may begin inside of one. Not used when an item is selected.
void inline_place_init(struct inline_place *place, const struct inline_view *view,
                       const struct language *language, const struct tree *tree);

// --- the prompt ----------------------------------------------------------------------------------

// Another open document.
struct inline_neighbour {
    struct str path; // for people and the model: relative to the workspace folder
    const struct language *language;
    struct text *text; // borrowed
};

// Which identifiers stand where in the neighbours, so that a request does not read them anew. Keeps
// what the last prompt's neighbours need and their texts alive, and nothing else. One thread.
struct inline_sketches;
struct inline_sketches *inline_sketches_create(void);                 // returns owned
size_t inline_sketches_count(const struct inline_sketches *sketches); // texts kept alive
void inline_sketches_clear(struct inline_sketches *sketches);
void inline_sketches_destroy(struct inline_sketches *sketches); // accepts NULL

struct inline_prompt_input {
    const struct inline_view *view;
    const struct inline_place *place;
    struct str path; // as of a neighbour; may be empty
    // Any open documents, most recently used first; those of other languages, of this path or
    // behind the first INLINE_NEIGHBOURS are left out, and so are all files of secrets (dotenv).
    const struct inline_neighbour *neighbours;
    size_t n_neighbours;
    struct inline_sketches *sketches; // NULL: read anew
    int64_t tokens;                   // inline_budget().prompt
    // Stop strings of the model's own parameters: a request's list replaces them. May be NULL.
    const struct str *stops;
    size_t n_stops;
};

// Valid UTF-8, "\n" for every line end. Never empty: an empty prefix would only load the model, an
// empty suffix would be a chat (reference/ollama.md, "Fill-in-the-middle facts").
struct inline_prompt {
    struct str prefix;
    struct str suffix;
    struct str stops[INLINE_STOPS]; // options.stop
    size_t n_stops;
    int64_t num_predict;
    size_t tokens;     // estimate of prefix and suffix
    size_t n_snippets; // parts of neighbours in the prefix
};

// The budget of a model: what to send as num_ctx, and `prompt`, what inline_prompt_build may use.
// Always the same for the same model, since another num_ctx would load it anew.
struct budget inline_budget(int64_t running, int64_t max);

// Texts are in `arena`.
void inline_prompt_build(struct arena *arena, const struct inline_prompt_input *input,
                         struct inline_prompt *out);

// --- the answer ----------------------------------------------------------------------------------

struct inline_filter;

// Copies what it needs of both. Returns owned.
struct inline_filter *inline_filter_create(const struct inline_view *view,
                                           const struct inline_place *place);
void inline_filter_destroy(struct inline_filter *filter); // accepts NULL

// One piece of the answer, cut anywhere. True: enough, nothing that comes can change what is shown;
// close the stream and call inline_filter_end. What it shows does not depend on how the answer was
// cut into pieces.
bool inline_filter_feed(struct inline_filter *filter, struct str piece);

// The answer is over. `is_cut`: it ended before the model was done (num_predict, an error), so its
// last line may be half. What is shown, inserted at the cursor: with the document's line ends,
// never half a character, empty if there is nothing worth showing. Borrowed until the filter is
// destroyed.
struct str inline_filter_end(struct inline_filter *filter, bool is_cut);

// The user went on typing `typed` while the answer comes: may it still be about to say so? If not,
// give the request up. (If so, keep it, and put its text into the cache for the place it began at.)
bool inline_filter_agrees(const struct inline_filter *filter, struct str typed);

// --- what is known already -----------------------------------------------------------------------

// A place in a document that is recognised again while the document changes there: by hashes of the
// INLINE_SPOT bytes on both sides, the offset and the size.
enum { INLINE_SPOT = 512 };

struct inline_spot {
    uint64_t document; // the caller's: of the URI and the model, say
    size_t offset;
    size_t size;
    uint64_t before;
    uint64_t after;
};

void inline_spot_init(struct inline_spot *spot, uint64_t document, const struct inline_view *view);

// Has the document become `view` by nothing but typing at `spot`? *typed is that text, in
// view->before (may be empty); *closers how many closing brackets and quotes the editor added by
// itself behind the cursor.
bool inline_spot_leads_to(const struct inline_spot *spot, uint64_t document,
                          const struct inline_view *view, struct str *typed, size_t *closers);

// Completions of places. Bounded: LIMIT of entries, of bytes and of age; the least recently used go
// first. One thread.
struct inline_cache;

struct inline_cache_limits {
    size_t entries; // at least 1
    size_t bytes;   // of texts
    uint64_t age;   // milliseconds
};

#define INLINE_CACHE_LIMITS                                                                        \
    ((struct inline_cache_limits){.entries = 64, .bytes = 64 * 1024, .age = 10 * 60 * 1000})

struct inline_cache *inline_cache_create(struct inline_cache_limits limits); // returns owned
void inline_cache_destroy(struct inline_cache *cache);                       // accepts NULL

// What is shown at `spot`; empty: nothing, which is worth knowing too (it answers only for that
// very place). Replaces what was there. `now` is any clock in milliseconds that does not run back.
void inline_cache_put(struct inline_cache *cache, const struct inline_spot *spot, struct str text,
                      uint64_t now);

// True: the answer for `view` is *text (in `arena`), empty if there is nothing to show. A place
// whose completion the user has begun to type yields the rest of it; one that was typed to its end
// yields nothing known. Of several, the one that came last.
bool inline_cache_find(struct inline_cache *cache, uint64_t document,
                       const struct inline_view *view, uint64_t now, struct arena *arena,
                       struct str *text);

void inline_cache_forget(struct inline_cache *cache, uint64_t document); // it was closed
void inline_cache_clear(struct inline_cache *cache);                     // another model
size_t inline_cache_count(const struct inline_cache *cache);
size_t inline_cache_bytes(const struct inline_cache *cache);

// --- the item ------------------------------------------------------------------------------------

// Bytes [start, end) of the document as it is, on one line, become `text`: what stood there (or the
// selected item) and what is shown. It replaces the word that is being typed, as LSP advises, so
// that an editor keeps it while that word is typed on or deleted.
struct inline_item {
    struct str text;
    size_t start, end;
};

// False: nothing is shown. The text is in `arena`.
bool inline_item_init(struct inline_item *item, struct arena *arena, const struct inline_view *view,
                      struct str shown);
