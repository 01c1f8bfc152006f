// SPDX-License-Identifier: MIT
//
// Tokens of models that complete code: what they write where they are to stop, and what must not
// reach the file. Of the families of reference/ollama.md, "Fill-in-the-middle facts".
#include "assist/inline_private.h"

// clang-format off
const struct str inline_tokens[] = {
    // Qwen coder, CodeGemma
    STR_INIT("<|fim_prefix|>"), STR_INIT("<|fim_suffix|>"), STR_INIT("<|fim_middle|>"),
    STR_INIT("<|fim_pad|>"), STR_INIT("<|file_separator|>"), STR_INIT("<|file_sep|>"),
    STR_INIT("<|repo_name|>"), STR_INIT("<|cursor|>"),
    // StarCoder, Granite code
    STR_INIT("<fim_prefix>"), STR_INIT("<fim_suffix>"), STR_INIT("<fim_middle>"),
    STR_INIT("<fim_pad>"), STR_INIT("<file_sep>"), STR_INIT("<repo_name>"),
    // CodeLlama
    STR_INIT("<PRE>"), STR_INIT("<SUF>"), STR_INIT("<MID>"), STR_INIT("<EOT>"),
    // DeepSeek coder
    STR_INIT("<｜fim▁begin｜>"), STR_INIT("<｜fim▁hole｜>"), STR_INIT("<｜fim▁end｜>"),
    STR_INIT("<｜end▁of▁sentence｜>"),
    // Codestral
    STR_INIT("[SUFFIX]"), STR_INIT("[PREFIX]"), STR_INIT("[MIDDLE]"),
    // ends and turns of chats
    STR_INIT("<|endoftext|>"), STR_INIT("<|im_end|>"), STR_INIT("<|im_start|>"),
    STR_INIT("<|eot_id|>"), STR_INIT("<|end|>"), STR_INIT("<|end_of_text|>"),
    STR_INIT("<end_of_turn>"), STR_INIT("<|assistant|>"), STR_INIT("<|user|>"),
    STR_INIT("<|start_header_id|>"),
};
// clang-format on
const size_t inline_token_count = sizeof(inline_tokens) / sizeof(inline_tokens[0]);

static bool ends_a_token(char c) {
    return c == '>' || c == ']';
}

size_t inline_token_behind(struct str s, size_t end) {
    if (end == 0 || !ends_a_token(s.p[end - 1])) {
        return 0;
    }
    for (size_t i = 0; i < inline_token_count; i++) {
        struct str token = inline_tokens[i];
        if (end >= token.n && memcmp(s.p + end - token.n, token.p, token.n) == 0) {
            return token.n;
        }
    }
    return 0;
}

bool inline_token_ahead(struct str s, size_t *n, bool *might) {
    *might = false;
    for (size_t i = 0; i < inline_token_count; i++) {
        if (str_starts(s, inline_tokens[i])) {
            *n = inline_tokens[i].n;
            return true;
        }
        *might = *might || str_starts(inline_tokens[i], s);
    }
    return false;
}

bool inline_token_first(struct str s, size_t *start) {
    for (size_t end = 1; end <= s.n; end++) {
        size_t n = inline_token_behind(s, end);
        if (n > 0) {
            *start = end - n;
            return true;
        }
    }
    return false;
}

// Is content of some documents, so it only ends an answer where nothing follows and nothing opened
// it.
struct str inline_token_trim(struct str s) {
    static const struct str SOFT[] = {STR_INIT("</s>"), STR_INIT("<eos>")};
    for (size_t i = 0; i < sizeof(SOFT) / sizeof(SOFT[0]); i++) {
        struct str trimmed = inline_trim_end(s);
        if (str_ends(trimmed, SOFT[i]) && !str_contains(s, STR("<s>"))) {
            return str_slice(s, 0, trimmed.n - SOFT[i].n);
        }
    }
    return s;
}

bool inline_token_last(struct str s, size_t *end) {
    for (size_t at = s.n; at > 0; at--) {
        if (inline_token_behind(s, at) > 0) {
            *end = at;
            return true;
        }
    }
    return false;
}
