// SPDX-License-Identifier: MIT
//
// How many tokens a text may be, and what context a request asks for. Ollama cuts what does not fit
// without a word, and loads a model anew when num_ctx changes, so the number is always sent and
// never smaller than what the model runs with (DESIGN A8.1, reference/ollama.md 1.7). Pure.
#pragma once

#include "base/str.h"

// An estimate that is seldom too low: no model's tokenizer is at hand. Words, numbers and runs of
// punctuation count by their length, every character beyond ASCII as one or more.
size_t tokens_estimate(struct str text);

// The longest part of `text`, cut at a line, whose estimate is at most `tokens`: from the start, or
// from the end.
struct str tokens_head(struct str text, size_t tokens);
struct str tokens_tail(struct str text, size_t tokens);

struct budget_input {
    int64_t running;     // context_length the model runs with; 0: it does not run, or unknown
    int64_t max;         // context length it was trained for; 0: unknown
    int64_t num_predict; // wanted length of the answer, tokens
    int64_t needed;      // estimate of what cannot be left out: system prompt, task, target
    int64_t wanted;      // estimate of all that is worth sending
};

struct budget {
    int64_t num_ctx;     // to send
    int64_t num_predict; // to send: at most as wanted, less where the model is small
    int64_t prompt;      // tokens that the prompt may take in all
    bool fits;           // false: even `needed` does not fit; `prompt` is what would
};

// prompt + num_predict <= num_ctx. The running context if it holds what is wanted; else the next
// power of two that does, from 2,048 up to the model's maximum (which need not be a power of two;
// unknown: 8,192, or what runs if that is more); never less than what runs. Where that is too
// little for both, the answer gets half of it, or what the prompt leaves if that is more.
struct budget budget_for(const struct budget_input *input);
