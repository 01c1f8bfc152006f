// SPDX-License-Identifier: MIT
//
// Model names, read exactly as Ollama reads them. Source: ollama/ollama types/model/name.go and
// internal/modelref (v0.33); reference table: 121 rows, tests/unit/data/model-names.tsv.
//
//   name = [[[scheme "://"] host "/"] namespace "/"] model [":" tag]      then [":cloud" |
//   ":local"]
#pragma once

#include "base/arena.h"
#include "base/err.h"

#define MODEL_DEFAULT_HOST STR("registry.ollama.ai")
#define MODEL_DEFAULT_NAMESPACE STR("library")
#define MODEL_DEFAULT_TAG STR("latest")

enum model_source {
    MODEL_SOURCE_NONE,
    MODEL_SOURCE_CLOUD, // ":cloud", or a tag ending in "-cloud": runs on another machine
    MODEL_SOURCE_LOCAL, // ":local": only the local store
};

// Which of Ollama's readers takes the name: they differ in trimming and in source suffixes.
enum model_name_use {
    MODEL_NAME_INFERENCE, // generate, chat, show, embed, delete: blanks trimmed, source suffixes
                          // known
    MODEL_NAME_NEW,       // create, copy, push: neither
};

// Parts are views into the text that was parsed, or the defaults above. The source suffix is not
// part of the tag ("gpt-oss:20b-cloud" has tag "20b").
struct model_name {
    struct str host;
    struct str namespace_;
    struct str model;
    struct str tag;
    enum model_source source;
    bool has_tag;       // a tag was written (a bare ":cloud" does not count)
    bool has_host;      // a registry host was written
    bool has_namespace; // a namespace was written
};

enum model_name_part {
    MODEL_PART_NAME, // the whole
    MODEL_PART_HOST,
    MODEL_PART_NAMESPACE,
    MODEL_PART_MODEL,
    MODEL_PART_TAG,
};

enum model_name_fault {
    MODEL_NAME_FINE,
    MODEL_NAME_EMPTY,      // nothing there
    MODEL_NAME_EMPTY_PART, // "model:", "ns//model"
    MODEL_NAME_TOO_LONG,   // a part over 80 (host 350) bytes
    MODEL_NAME_BAD_START,  // a part begins with something else than a letter, digit or "_"
    MODEL_NAME_BAD_CHAR,
    MODEL_NAME_TOO_MANY_PARTS, // more than two slashes
    MODEL_NAME_TWO_SOURCES,    // ":cloud:local"
};

struct model_name_problem {
    enum model_name_fault fault;
    enum model_name_part part;
    size_t start; // the offending bytes within the text as written
    size_t end;
};

// False if Ollama would refuse `written`; then `*problem` (may be NULL) says why.
bool model_name_parse(struct str written, enum model_name_use use, struct model_name *name,
                      struct model_name_problem *problem);

// "character ' ' is not allowed in the model part": one line, control characters escaped.
struct str model_name_problem_text(struct arena *arena, struct str written,
                                   const struct model_name_problem *problem);

// Ollama's equality: all four parts after defaults, ignoring case; and the same source, where
// ":local" equals none.
bool model_name_eq(const struct model_name *a, const struct model_name *b);
uint64_t model_name_hash(const struct model_name *name); // equal names hash alike

// As /api/tags shows it: default host and namespace removed, tag always there, source suffix as a
// stub tag ("gpt-oss:20b-cloud", "qwen3:cloud").
struct str model_name_display(struct arena *arena, const struct model_name *name);

// "registry.ollama.ai/library/llama3:latest".
struct str model_name_full(struct arena *arena, const struct model_name *name);

// In the default registry's "library" namespace: judgeable by the library table.
bool model_name_is_library(const struct model_name *name);
// Host is registry.ollama.ai (written or by default).
bool model_name_is_default_registry(const struct model_name *name);

// Web page of the model: https://ollama.com/library/x[:tag], https://ollama.com/ns/x,
// https://huggingface.co/ORG/REPO for hf.co and huggingface.co; empty for other hosts.
struct str model_name_page(struct arena *arena, const struct model_name *name);
