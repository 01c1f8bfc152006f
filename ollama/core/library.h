// SPDX-License-Identifier: MIT
//
// The table of well-known library models (ollama/core/data/library.tsv), the mapping of Hugging
// Face and other vendors' names to Ollama names, and look-alikes. All const data and pure
// functions.
#pragma once

#include "ollama/core/catalog.h"

struct library_tag {
    struct str tag; // "8b"
    int64_t size;   // bytes on disk, 0: unknown or cloud
    bool cloud;
};

struct library_model {
    struct str name; // "llama3.1"
    const struct library_tag *tags;
    size_t n_tags;
    struct str latest;      // tag that "latest" stands for, may be empty
    unsigned capabilities;  // library labels; the truth is /api/show
    bool insert;            // its template is known to fill in the middle
    int64_t context_length; // typical trained context, 0: unknown; a hint only
};

// Date of the table, "2026-06-08", for messages.
struct str library_date(void);
size_t library_count(void);
const struct library_model *library_at(size_t i);
const struct library_model *library_find(struct str model); // family name, case ignored; or NULL

// Is `tag` one the table vouches for: absent/"latest", listed, or "size-…" of a listed size
// ("8b-instruct-q4_K_M" where 8b is listed) (DESIGN A5 model-not-installed)?
bool library_knows_tag(const struct library_model *model, struct str tag);

// Continue's valid aliases ("llama3.1-8b" -> "llama3.1:8b"); empty if `name` is none.
struct str continue_alias(struct str name);

// Does `written` look like a Hugging Face id or another vendor's name rather than an Ollama name
// ("meta-llama/Llama-3.1-8B-Instruct", "gpt-4o", "claude-3-5-sonnet", "llama-3.1-8b")? Names that
// the catalog has, hf.co/… names and library families never do.
struct foreign_id {
    bool is_foreign;
    bool is_hugging_face; // ORG/REPO
    bool is_gguf;         // hf.co/ORG/REPO would work
    struct str vendor;    // "Hugging Face", "OpenAI", "Anthropic", …; for the message
};
void foreign_id_detect(struct str written, struct foreign_id *out);

// What a wrong name could have meant, best first. Edit distance only within one family, sizes and
// variants compared as numbers and words; "llama3" never suggests "llava".
enum suggestion_kind {
    SUGGESTION_INSTALLED,    // in the catalog
    SUGGESTION_LIBRARY,      // in the library table: can be pulled
    SUGGESTION_HUGGING_FACE, // "hf.co/ORG/REPO"
    SUGGESTION_GUESS,        // derived by rule, in no table
};
struct suggestion {
    enum suggestion_kind kind;
    struct str name; // as to be written (without ":latest" if that is what the user leaves out)
    const struct model *model; // when installed; borrowed from the catalog
    bool same_size;            // same family and same size as written: certain enough for --fix
    int score;                 // lower is nearer
};
// At most `max` suggestions for `written` into `out`; `wanted` is a capability mask (0: any).
// `catalog` may be NULL. Returns how many.
size_t suggest_models(struct arena *arena, struct str written, const struct catalog *catalog,
                      unsigned wanted, struct suggestion *out, size_t max);

// Nearest of `n` words to `word` by edit distance (case ignored), or STR_NPOS when none is near
// enough (distance over a third of the length).
size_t suggest_word(struct str word, const struct str *words, size_t n);
