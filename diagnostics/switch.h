// SPDX-License-Identifier: MIT
//
// Switching the back end that a file names: Ollama, an MLX server, or any other OpenAI-compatible
// one (DESIGN A14). Text in, edits out: pure, and careful: only values that say which back end,
// where it is and what its model is called are touched, every other byte stays.
//
// Places that are understood:
// - variables: *_PROVIDER / *_BACKEND beside *_MODEL and *_BASE_URL (CORTEX_PROVIDER,
// LLM_PROVIDER),
//   WhisperEngine's LLM_*_API_URL in all its forms, the OpenAI client's OPENAI_BASE_URL; in dotenv
//   and shell files, and in maps and lists of variables of YAML, JSON and TOML
// - objects with a provider beside a model or a base URL, also one level below (config, options)
// - models that carry their provider as a prefix (ollama_chat/NAME, openai/NAME)
// - a base URL that ends in /v1 beside a model.
// What is for embeddings is left alone: vectors of another model do not fit the stored ones.
#pragma once

#include "diagnostics/analysis.h"

enum switch_target { SWITCH_OLLAMA, SWITCH_MLX, SWITCH_OPENAI, SWITCH_COUNT };
const char *switch_target_name(enum switch_target target);  // "ollama"
const char *switch_target_title(enum switch_target target); // "Ollama", for people
bool switch_target_parse(struct str name, enum switch_target *out);

// May these words be written into a file as they are, in any of the formats? Letters, digits and
// ._:/@+-[] only, so that nothing ever needs an escape.
bool switch_is_writable(struct str word);

// A text once read, for several plans of it; opaque.
struct config;

struct switch_input {
    enum format format;
    struct str text;
    // Kept between plans of the same text: begin with NULL, and leave it alone. Lives in the arena
    // of the first plan. May be NULL.
    struct config **read;
    enum switch_target to;
    struct str model; // for every place; empty: `choose` is asked
    // The model for a place whose back end changes; empty: the name stays. NULL: all stay.
    struct str (*choose)(void *data, struct str written);
    void *data;
    struct str url; // of the server, without /v1; empty: where such a server usually is
    // Places with a line between these bytes only; to == 0: all.
    size_t from, to_end;
};

struct switch_plan {
    struct edit *edits; // sorted, not overlapping; insertions at one place in their order
    size_t n_edits;
    size_t n_places;   // that name a back end
    struct str *notes; // for people, one sentence each: what was not done, and why
    size_t n_notes;
};

// Never fails. `model` and `url` must be writable. Applying the edits and planning again yields no
// edits. Everything lives in `arena`; edits may be views into the input.
struct switch_plan switch_make_plan(struct arena *arena, const struct switch_input *input);

// Could a place lie on the lines between these bytes? Cheap; false means that a plan for them would
// have no edits.
bool switch_may_be_at(struct str text, size_t from, size_t to);
