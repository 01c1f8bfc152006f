// SPDX-License-Identifier: MIT
//
// Bytes in, references out. Pure: no I/O, cannot fail; what cannot be read yields nothing.
// Thread-safe (an analyzer is const after creation; each call works in its own arena).
#pragma once

#include "diagnostics/reference.h"
#include "text/text.h"
#include "text/tree.h"

// How a file is read.
enum format {
    FORMAT_NONE, // nothing for us
    FORMAT_MODELFILE,
    FORMAT_DOTENV,
    FORMAT_YAML,
    FORMAT_JSON, // and JSONC, JSON5 as far as the grammar recovers
    FORMAT_TOML,
    FORMAT_SHELL, // sh, bash, zsh, fish, and what reads alike: .ps1/.bat lines, Procfile
    FORMAT_MAKEFILE,
    FORMAT_DOCKERFILE,
    FORMAT_SYSTEMD,  // units and drop-ins: Environment=, ExecStart=
    FORMAT_NAMEL3SS, // .ai
    FORMAT_MARKDOWN, // prose: completion only
};
const char *format_name(enum format format);
// Language for tree.h, or NULL for formats read without a tree.
const TSLanguage *format_language(enum format format);

// Decides by file name first, then languageId (may be empty), then the first bytes (shebang, %PDF
// for .ai). `path` may be relative; `head` the first bytes of the file.
enum format format_detect(struct str path, struct str language_id, struct str head);
#define FORMAT_HEAD_BYTES 512 // enough of a file for `head`
// By its path alone, may the file be of a format for us? False saves reading it.
bool format_may_matter(struct str path);

// The conventions in force: built in plus the user's. Built once, shared, immutable; reference
// counted because settings change while analyses run.
struct analyzer;

// `conventions` is the array of DESIGN A15 `conventions[]` (borrowed; may be NULL). Problems in it
// are reported through on_problem (one line each) and skipped. Returns owned.
struct analyzer *analyzer_create(struct json_object *conventions,
                                 void (*on_problem)(void *data, struct str message), void *data);
struct analyzer *analyzer_retain(struct analyzer *analyzer);
void analyzer_release(struct analyzer *analyzer);
size_t analyzer_count(const struct analyzer *analyzer); // conventions in force

// Could this file hold a reference? Cheap: file name and a scan for the conventions' needles. False
// means that analysis would find nothing.
bool analyzer_probe(const struct analyzer *analyzer, enum format format, struct str path,
                    struct str bytes);

// Does analysis read a syntax tree of such a file? Otherwise `tree` may be NULL and nothing is
// lost: YAML, JSON and TOML are read without one unless the user's settings have a `query` for
// them.
bool analyzer_wants_tree(const struct analyzer *analyzer, enum format format, struct str path);

// A variable of an environment file: for the nearest .env.
struct env_entry {
    struct str name;
    struct str value;  // decoded
    size_t start, end; // value in its file
};

struct analysis_input {
    struct str path;        // absolute, or the name of an untitled document
    struct str folder_path; // path relative to the workspace folder (or path itself), for globs
    enum format format;
    struct text *text; // borrowed
    struct tree *tree; // borrowed; NULL when the format has no language or it timed out
    const struct env_entry *dotenv; // the nearest .env outside this file, may be NULL
    size_t n_dotenv;
    bool is_truncated_tree; // the tree is of an older text: not used
};

struct analysis {
    struct reference *references; // sorted by start
    size_t n_references;
    bool truncated; // LIMIT_REFERENCES met
    // Lines with `# ollama-ls: ignore[code,…]`: what is silenced where.
    struct ignore {
        uint32_t line; // 0-based line it silences (its own, or the next one if alone on its line)
        struct str codes; // "a,b" or empty: all
    } *ignores;
    size_t n_ignores;
    bool is_example; // *.example, *.sample, *.template, *.dist
};

// Everything lives in `arena`; strings may also be views into the text, which must outlive the
// result.
struct analysis *analyzer_run(const struct analyzer *analyzer, struct arena *arena,
                              const struct analysis_input *input);

// A copy that needs nothing of the arena that `analysis` was made in, for who keeps results: making
// one takes many times the memory of the result. Still borrows from the text and from static
// tables. Each new string of struct reference has to be copied here too.
struct analysis *analysis_copy(struct arena *arena, const struct analysis *analysis,
                               const struct text *text);

// analyzer_run for a text nobody keeps a tree of: makes one if it is wanted, and lets it go.
struct analysis *analyzer_run_once(const struct analyzer *analyzer, struct arena *arena,
                                   struct analysis_input *input);

// The variables that a dotenv text sets (later ones win), for use as another file's `dotenv`.
size_t dotenv_entries(struct arena *arena, struct str bytes, struct env_entry **out);

// The reference whose range (prefix included) holds `offset` (end inclusive), or NULL.
const struct reference *analysis_at(const struct analysis *analysis, size_t offset);
