// SPDX-License-Identifier: MIT
//
// Inside diagnostics/ only: how the readers of formats and the conventions hand references to the
// analysis. A reader finds pieces of text and knows where each of their bytes stands in the file;
// the conventions decide what is a reference.
#pragma once

#include "diagnostics/analysis.h"

struct convention_set; // convention.h
struct containers;     // containers.h

// Text of a value, with the place of each byte. `map` is NULL when the bytes stand in the file as
// they are from `start` on; else map[i] is the file offset of text.p[i], and map[text.n] the end.
struct piece {
    struct str text; // decoded
    size_t start;
    size_t end;          // in the file, without quotes
    const uint32_t *map; // text.n + 1 entries, or NULL
    enum quoting quoting;
};
static inline size_t piece_offset(const struct piece *piece, size_t i) {
    return piece->map ? piece->map[i] : piece->start + i;
}
// Bytes [from, to) of a piece as a piece of its own.
struct piece piece_slice(const struct piece *piece, size_t from, size_t to);

// One variable assignment, wherever it stands: dotenv, export, compose environment, Dockerfile ENV,
// CI env, Kubernetes env, systemd Environment=.
struct env_item {
    struct piece name;
    struct piece value;
    bool is_default_value; // "${X:-value}": a default
};

struct collector {
    struct arena *arena;
    const struct analyzer *analyzer;
    const struct analysis_input *input;
    struct str bytes; // of the file
    VEC(struct reference) references;
    VEC(struct env_item) environment; // every assignment seen in the file: for hosts of references
    const struct containers *containers; // services of a compose or Kubernetes file, or NULL
    bool full;                           // LIMIT_REFERENCES met: adders return NULL
};

// Appends a zeroed reference of this kind over the piece, or NULL when full. Trims white space
// around and sets REF_PLACEHOLDER (config-formats 2.4) and REF_EMPTY by the text.
struct reference *collect_add(struct collector *collector, enum reference_kind kind,
                              const struct piece *piece, struct str convention);

// Readers of formats (formats/*.c): walk the input and call the functions below.
void modelfile_collect(struct collector *collector);
void dotenv_collect(struct collector *collector);
// All assignments of an environment file, in its order.
size_t dotenv_items(struct arena *arena, struct str bytes, struct env_item **out);
void shell_file_collect(struct collector *collector); // FORMAT_SHELL, also SYSTEMD's Exec lines
void makefile_collect(struct collector *collector);
void dockerfile_collect(struct collector *collector);
void systemd_collect(struct collector *collector);
void markdown_collect(struct collector *collector); // all REF_QUIET
void namel3ss_collect(struct collector *collector);
void config_collect(struct collector *collector); // YAML, JSON, TOML: convention.c over config.h

// Command lines: finds `ollama VERB NAME`, `curl …:11434/api/… -d '{"model":…}'`, `docker exec C
// ollama …`, tools' own flags (`aider --model ollama_chat/NAME`, `codex --oss -m NAME`), and
// assignments in front of commands and after export. `shell_command` is one command line or script
// text (several lines, `\` continuations, comments, heredocs); `shell_argv` an argument list whose
// elements are pieces of their own (Dockerfile exec form, compose command lists, subprocess lists).
void shell_command(struct collector *collector, const struct piece *script, struct str convention,
                   unsigned extra_flags);
void shell_argv(struct collector *collector, const struct piece *words, size_t n,
                struct str convention, unsigned extra_flags);

// Variables by the conventions' `variables` (config-formats section 4): Ollama's own, families, the
// sibling rule inside one environment, URL forms. `items` belong together (one file, one service).
void environment_collect(struct collector *collector, const struct env_item *items, size_t n,
                         struct str convention, unsigned extra_flags);

// Prefix and URI forms (config-formats 2.1): splits "ollama_chat/llama3" and the like. Returns the
// length of the prefix in `text`, 0 if none; `*is_promptfoo_form` style variants are told by the
// text.
size_t prefix_form(struct str text);
