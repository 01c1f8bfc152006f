// SPDX-License-Identifier: MIT
//
// namel3ss' .ai files (config-formats section 6). Blocks are written in braces or by indentation,
// and settings as `key: value`, `key is "value"` or `key be "value"`:
//
//   ai model helper { provider: ollama  model: llama3:8b  config: { base_url: … } }
//   llm "local" { provider: "ollama"  model: "llama2" }
//   ai "assistant":
//       provider is "ollama"
//       model is "llama3.1"
//
// A block's model belongs to Ollama only if the block (or one around it) names it as provider: vLLM
// blocks with Hugging Face ids stand in the same files. Only settings are read, never prose in
// strings.
#include "diagnostics/model_place.h"

#define DEPTH_MAX 32 // nested blocks; deeper ones are read as part of the last
#define CONVENTION STR("namel3ss")

struct block {
    size_t indent;
    bool is_brace;
    size_t owner; // the block that the settings here belong to: `config: {…}` is part of its model
    struct piece provider, model, base_url, host, port, num_ctx;
    bool no_pull;
};

struct reader {
    struct collector *collector;
    struct str bytes;
    size_t at;
    struct block blocks[DEPTH_MAX];
    size_t n; // at least 1: the file itself
    size_t too_deep;
};

struct token {
    struct piece piece;
    bool is_string;
    bool has_colon; // directly behind: a key or the head of an indented block
    char mark;      // '{', '}', '=' or ',' standing alone
};

static bool is_word_end(char c) {
    return char_is_space(c) || (c != '\0' && strchr("{},\"#=", c)); // NUL is a word's, not its end
}

// The next token of the line, or false at its end.
static bool next_token(struct reader *r, size_t end, struct token *token) {
    *token = (struct token){0};
    while (r->at < end && char_is_space(r->bytes.p[r->at])) {
        r->at++;
    }
    if (r->at >= end || r->bytes.p[r->at] == '#') {
        return false;
    }
    size_t start = r->at;
    char c = r->bytes.p[start];
    if (c == '{' || c == '}' || c == ',' || c == '=') {
        token->mark = c;
        r->at++;
        return true;
    }
    if (c == '"') {
        size_t close = start + 1;
        while (close < end && r->bytes.p[close] != '"') {
            close += r->bytes.p[close] == '\\' ? 2 : 1;
        }
        close = close < end ? close : end;
        token->is_string = true;
        token->piece = (struct piece){.text = str_slice(r->bytes, start + 1, close),
                                      .start = start + 1,
                                      .end = close,
                                      .quoting = QUOTE_DOUBLE};
        r->at = close < end ? close + 1 : end;
    } else {
        while (r->at < end && !is_word_end(r->bytes.p[r->at])) {
            r->at++;
        }
        size_t stop = r->at;
        if (stop > start + 1 && r->bytes.p[stop - 1] == ':') {
            stop--;
            token->has_colon = true;
        }
        token->piece =
            (struct piece){.text = str_slice(r->bytes, start, stop), .start = start, .end = stop};
    }
    if (r->at < end && r->bytes.p[r->at] == ':') {
        r->at++;
        token->has_colon = true;
    }
    return true;
}

static const struct piece *provider_of(const struct reader *r, size_t block) {
    for (size_t i = block + 1; i-- > 0;) {
        if (r->blocks[i].provider.text.n > 0) {
            return &r->blocks[i].provider;
        }
    }
    return NULL;
}

static void finish_block(struct reader *r) {
    struct block *block = &r->blocks[r->n - 1];
    const struct piece *provider = provider_of(r, r->n - 1);
    if (block->owner != r->n - 1 || !provider || !str_ieq(provider->text, STR("ollama"))) {
        return;
    }
    struct piece host = block->base_url;
    if (host.text.n == 0 && block->host.text.n > 0) {
        host = block->host;
        if (block->port.text.n > 0) {
            host.text = arena_printf(r->collector->arena, "%.*s:%.*s", STR_ARG(block->host.text),
                                     STR_ARG(block->port.text));
        }
    }
    if (host.text.n > 0) {
        struct reference *reference = collect_host(r->collector, &host, V1_ANY, CONVENTION, 0);
        if (reference) {
            reference->hostname_only = block->base_url.text.n == 0;
        }
    }
    if (block->model.start == 0) {
        return;
    }
    struct model_place place = {.value = block->model,
                                .role = ROLE_CHAT,
                                .flags = block->no_pull ? 0 : REF_PULLS,
                                .convention = CONVENTION};
    struct reference *reference = collect_model(r->collector, &place, NULL);
    if (reference) {
        reference_set_host(r->collector, reference, host, HOST_ORIGIN_SIBLING);
        collect_num_ctx(r->collector, &block->num_ctx, r->collector->references.n - 1, CONVENTION);
    }
}

static void push_block(struct reader *r, size_t indent, bool is_brace, struct str key) {
    if (r->n == DEPTH_MAX) {
        r->too_deep += is_brace ? 1 : 0;
        return;
    }
    bool is_part = str_eq(key, STR("config")) || str_eq(key, STR("deployment_config")) ||
                   str_eq(key, STR("options"));
    r->blocks[r->n] = (struct block){.indent = indent,
                                     .is_brace = is_brace,
                                     .owner = is_part ? r->blocks[r->n - 1].owner : r->n};
    r->n++;
}

static void pop_block(struct reader *r) {
    finish_block(r);
    r->n--;
}

static void set_value(struct reader *r, struct str key, const struct token *value) {
    struct block *block = &r->blocks[r->blocks[r->n - 1].owner];
    if (str_eq(key, STR("provider")) || str_eq(key, STR("model_provider"))) {
        block->provider = value->piece;
    } else if (str_eq(key, STR("model"))) {
        block->model = value->piece;
    } else if (str_eq(key, STR("base_url"))) {
        block->base_url = value->piece;
    } else if (str_eq(key, STR("host"))) {
        block->host = value->piece;
    } else if (str_eq(key, STR("port"))) {
        block->port = value->piece;
    } else if (str_eq(key, STR("num_ctx"))) {
        block->num_ctx = value->piece;
    } else if (str_eq(key, STR("auto_pull_model"))) {
        block->no_pull = str_ieq(value->piece.text, STR("false"));
    }
}

static bool is_verb(const struct token *token) {
    return token->mark == '=' ||
           (!token->is_string && !token->has_colon &&
            (str_eq(token->piece.text, STR("is")) || str_eq(token->piece.text, STR("be"))));
}

static void read_line(struct reader *r, size_t start, size_t end) {
    struct token token;
    struct str key = STR_NONE; // the word that may be a key
    bool wants_value = false;
    bool is_head = false;
    r->at = start;
    while (next_token(r, end, &token)) {
        is_head = false;
        if (token.mark == '{') {
            push_block(r, 0, true, key);
            key = STR_NONE;
            wants_value = false;
        } else if (token.mark == '}') {
            if (r->too_deep > 0) {
                r->too_deep--;
            } else {
                while (r->n > 1 && !r->blocks[r->n - 1].is_brace) {
                    pop_block(r);
                }
                if (r->n > 1) {
                    pop_block(r);
                }
            }
            key = STR_NONE;
            wants_value = false;
        } else if (!wants_value && is_verb(&token)) {
            wants_value = key.n > 0;
        } else if (token.mark) {
            wants_value = false;
        } else if (wants_value && !(token.has_colon && !token.is_string)) {
            set_value(r, key, &token);
            wants_value = false;
            key = STR_NONE;
        } else {
            key = token.piece.text;
            wants_value = token.has_colon && !token.is_string;
            is_head = token.has_colon;
        }
    }
    if (wants_value && str_eq(key, STR("model"))) { // nothing written yet
        struct token empty = {.piece = {.start = end, .end = end}};
        set_value(r, key, &empty);
    }
    if (is_head && (r->n == 1 || !r->blocks[r->n - 1].is_brace)) {
        size_t indent = 0;
        while (start + indent < end && char_is_blank(r->bytes.p[start + indent])) {
            indent++;
        }
        push_block(r, indent, false, key);
    }
}

// Indented blocks end with the first line that stands no deeper than their head.
static void end_indented(struct reader *r, size_t start, size_t end) {
    size_t indent = 0;
    while (start + indent < end && char_is_space(r->bytes.p[start + indent])) {
        indent++;
    }
    if (start + indent == end || r->bytes.p[start + indent] == '#') {
        return;
    }
    while (r->n > 1 && !r->blocks[r->n - 1].is_brace && r->blocks[r->n - 1].indent >= indent) {
        pop_block(r);
    }
}

void namel3ss_collect(struct collector *collector) {
    struct reader r = {.collector = collector, .bytes = collector->bytes, .n = 1};
    const struct text *text = collector->input->text;
    for (size_t i = 0; i < text_line_count(text) && !collector->full; i++) {
        size_t start = text_line_start(text, i);
        size_t end = text_line_end(text, i);
        end_indented(&r, start, end);
        read_line(&r, start, end);
    }
    while (r.n > 0) {
        pop_block(&r);
    }
}
