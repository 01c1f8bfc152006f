// SPDX-License-Identifier: MIT
//
// Estimates lean to the high side: a prompt that is a little too short costs nothing, one that is
// too long is cut by the server in silence.
//
// Invariant: no run of characters goes on behind a line end, so the estimates of lines add up to
// that of their text.
#include "assist/budget.h"

#include "base/utf.h"

enum {
    CTX_MIN = 2048,
    CTX_UNKNOWN = 8192, // a size that every model of the last years has
    CTX_MAX = 1 << 30,  // what a server may claim beyond is not believed
    WORD_BYTES = 5,     // tokenizers split longer words
    DIGITS = 2,         // some count every digit, some three
};

enum kind { KIND_SPACE, KIND_WORD, KIND_DIGIT, KIND_MARK, KIND_OTHER };

static enum kind kind_of(char c) {
    if (char_is_space(c)) {
        return KIND_SPACE;
    }
    if (char_is_alpha(c) || c == '_') {
        return KIND_WORD;
    }
    if (char_is_digit(c)) {
        return KIND_DIGIT;
    }
    return (unsigned char)c < 0x80 ? KIND_MARK : KIND_OTHER;
}

// Tokens of a run of `n` bytes of one kind.
static size_t run_tokens(enum kind kind, size_t n) {
    switch (kind) {
    case KIND_SPACE: return (n > 1 ? 1u : 0u) + n / 16; // one goes with the word behind it
    case KIND_WORD: return (n + WORD_BYTES - 1) / WORD_BYTES;
    case KIND_DIGIT: return (n + DIGITS - 1) / DIGITS;
    case KIND_MARK: return (n + 1) / 2;
    case KIND_OTHER: break;
    }
    return (n + 1) / 2; // two bytes of UTF-8 a token: high for Europe, fitting for Asia
}

// Length of the line end at `i`; 0: there is none.
static size_t line_end_at(struct str text, size_t i) {
    if (text.p[i] == '\r') {
        return i + 1 < text.n && text.p[i + 1] == '\n' ? 2 : 1;
    }
    return text.p[i] == '\n' ? 1 : 0;
}

size_t tokens_estimate(struct str text) {
    size_t tokens = 0;
    size_t i = 0;
    while (i < text.n) {
        size_t line_end = line_end_at(text, i);
        if (line_end > 0) {
            tokens++;
            i += line_end;
            continue;
        }
        enum kind kind = kind_of(text.p[i]);
        size_t start = i;
        while (i < text.n && kind_of(text.p[i]) == kind && line_end_at(text, i) == 0) {
            i++;
        }
        tokens += run_tokens(kind, i - start);
    }
    return tokens;
}

struct str tokens_head(struct str text, size_t tokens) {
    struct str rest = text;
    struct str line;
    size_t used = 0;
    const char *end = text.p;
    while (str_next_line(&rest, &line)) {
        const char *next = rest.n ? rest.p : text.p + text.n;
        used += tokens_estimate(str_of(end, (size_t)(next - end)));
        if (used > tokens) {
            break;
        }
        end = next;
    }
    return str_of(text.p, (size_t)(end - text.p));
}

struct str tokens_tail(struct str text, size_t tokens) {
    size_t start = text.n;
    size_t used = 0;
    while (start > 0) {
        size_t line = start - 1; // the line end that the line before `start` has
        while (line > 0 && text.p[line - 1] != '\n' &&
               !(text.p[line - 1] == '\r' && text.p[line] != '\n')) {
            line--;
        }
        used += tokens_estimate(str_slice(text, line, start));
        if (used > tokens) {
            break;
        }
        start = line;
    }
    return str_from_index(text, start);
}

static int64_t clamp64(int64_t n, int64_t low, int64_t high) {
    return n < low ? low : n > high ? high : n;
}

struct budget budget_for(const struct budget_input *input) {
    int64_t running = clamp64(input->running, 0, CTX_MAX);
    int64_t max = input->max > 0 ? clamp64(input->max, 1, CTX_MAX) : CTX_UNKNOWN;
    max = max < running ? running : max;
    // At least one: a model trained for a single token is none, but its server may say so.
    struct budget budget = {.num_predict = clamp64(input->num_predict, 1, max > 1 ? max / 2 : 1)};
    // How much more than the maximum is wanted makes no difference.
    int64_t total = clamp64(input->wanted, 0, max) + budget.num_predict;
    if (running >= total) {
        budget.num_ctx = running;
    } else {
        budget.num_ctx = CTX_MIN;
        while (budget.num_ctx < total && budget.num_ctx < max) {
            budget.num_ctx *= 2;
        }
        budget.num_ctx = clamp64(budget.num_ctx, 1, max); // never less than what runs: max is not
    }
    budget.prompt = budget.num_ctx - budget.num_predict;
    budget.fits = input->needed <= budget.prompt;
    return budget;
}
