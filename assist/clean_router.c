// SPDX-License-Identifier: MIT
//
// Takes special tokens and thinking out of an answer. A server that knows a model's template does
// this itself; with a template that is wrong, old or made for another model they arrive as text.
//
// What looks like a token may be code ("<s>" in HTML, a table of tokens in a program), so each has
// a place where it counts, and inside a string of code, or where the target speaks of such tokens
// itself, it counts only when nothing follows. Invariant: `held` is the start of a token, or a
// whole one that waits for what follows, and never grows past HELD_MAX: the work for one byte is
// bounded.
#include "assist/clean_parts.h"

#define HELD_MAX 256

enum token_kind {
    TOKEN_DROP,    // goes
    TOKEN_STOP,    // ends the answer, unless it has not begun
    TOKEN_ROLE,    // the same, and the name of a role behind it goes too
    TOKEN_OPEN,    // thinking begins
    TOKEN_CLOSE,   // thinking ends
    TOKEN_CHANNEL, // the name of a channel follows
    TOKEN_MESSAGE, // and ends here
};

enum token_place {
    AT_START = 1,       // only before anything else
    AT_LINE = 2,        // only before anything else on its line
    NOT_IN_MARKUP = 4,  // where tags are code, only at the very end
    NEVER_IN_MARKUP = 8 // where tags are code, not at all
};

struct token {
    struct str text;
    enum token_kind kind;
    unsigned place;
};

static const struct token TOKENS[] = {
    // thinking
    {STR_INIT("<think>"), TOKEN_OPEN, 0},
    {STR_INIT("</think>"), TOKEN_CLOSE, 0},
    {STR_INIT("<thinking>"), TOKEN_OPEN, 0},
    {STR_INIT("</thinking>"), TOKEN_CLOSE, 0},
    {STR_INIT("<thought>"), TOKEN_OPEN, 0},
    {STR_INIT("</thought>"), TOKEN_CLOSE, 0},
    {STR_INIT("<reasoning>"), TOKEN_OPEN, 0},
    {STR_INIT("</reasoning>"), TOKEN_CLOSE, 0},
    {STR_INIT("<seed:think>"), TOKEN_OPEN, 0},
    {STR_INIT("</seed:think>"), TOKEN_CLOSE, 0},
    {STR_INIT("[THINK]"), TOKEN_OPEN, 0},
    {STR_INIT("[/THINK]"), TOKEN_CLOSE, 0},
    {STR_INIT("◁think▷"), TOKEN_OPEN, 0},
    {STR_INIT("◁/think▷"), TOKEN_CLOSE, 0},
    {STR_INIT("<|START_THINKING|>"), TOKEN_OPEN, 0},
    {STR_INIT("<|END_THINKING|>"), TOKEN_CLOSE, 0},
    {STR_INIT("<|begin_of_thought|>"), TOKEN_OPEN, 0},
    {STR_INIT("<|end_of_thought|>"), TOKEN_CLOSE, 0},
    {STR_INIT("<|channel>thought"), TOKEN_OPEN, 0}, // Gemma 4
    {STR_INIT("<channel|>"), TOKEN_CLOSE, 0},
    // gpt-oss
    {STR_INIT("<|channel|>"), TOKEN_CHANNEL, 0},
    {STR_INIT("<|message|>"), TOKEN_MESSAGE, 0},
    {STR_INIT("<|constrain|>"), TOKEN_DROP, 0},
    {STR_INIT("<|start|>"), TOKEN_ROLE, 0},
    {STR_INIT("<|end|>"), TOKEN_STOP, 0}, // Phi too
    {STR_INIT("<|return|>"), TOKEN_STOP, 0},
    {STR_INIT("<|call|>"), TOKEN_STOP, 0},
    // turns
    {STR_INIT("<|im_start|>"), TOKEN_ROLE, 0},
    {STR_INIT("<|im_sep|>"), TOKEN_DROP, 0},
    {STR_INIT("<|im_end|>"), TOKEN_STOP, 0},
    {STR_INIT("<|start_header_id|>"), TOKEN_ROLE, 0},
    {STR_INIT("<|end_header_id|>"), TOKEN_DROP, 0},
    {STR_INIT("<|start_of_role|>"), TOKEN_ROLE, 0},
    {STR_INIT("<|end_of_role|>"), TOKEN_DROP, 0},
    {STR_INIT("<start_of_turn>"), TOKEN_ROLE, 0},
    {STR_INIT("<end_of_turn>"), TOKEN_STOP, 0},
    {STR_INIT("<|turn>"), TOKEN_ROLE, 0},
    {STR_INIT("<turn|>"), TOKEN_STOP, 0},
    {STR_INIT("<|start_of_turn|>"), TOKEN_ROLE, 0},
    {STR_INIT("<|end_of_turn|>"), TOKEN_STOP, 0},
    {STR_INIT("<|START_OF_TURN_TOKEN|>"), TOKEN_STOP, 0},
    {STR_INIT("<|END_OF_TURN_TOKEN|>"), TOKEN_STOP, 0},
    {STR_INIT("<|USER_TOKEN|>"), TOKEN_STOP, 0},
    {STR_INIT("<|CHATBOT_TOKEN|>"), TOKEN_STOP, 0},
    {STR_INIT("<|SYSTEM_TOKEN|>"), TOKEN_STOP, 0},
    {STR_INIT("<|START_RESPONSE|>"), TOKEN_DROP, 0},
    {STR_INIT("<|END_RESPONSE|>"), TOKEN_STOP, 0},
    {STR_INIT("<|begin_of_solution|>"), TOKEN_DROP, 0},
    {STR_INIT("<|end_of_solution|>"), TOKEN_STOP, 0},
    {STR_INIT("<|eot_id|>"), TOKEN_STOP, 0},
    {STR_INIT("<|eom_id|>"), TOKEN_STOP, 0},
    {STR_INIT("<|python_tag|>"), TOKEN_DROP, 0},
    {STR_INIT("<|assistant|>"), TOKEN_STOP, 0},
    {STR_INIT("<|user|>"), TOKEN_STOP, 0},
    {STR_INIT("<|system|>"), TOKEN_STOP, 0},
    {STR_INIT("<|tool|>"), TOKEN_STOP, 0},
    {STR_INIT("<|observation|>"), TOKEN_STOP, 0},
    {STR_INIT("<｜User｜>"), TOKEN_STOP, 0},
    {STR_INIT("<｜Assistant｜>"), TOKEN_STOP, 0},
    {STR_INIT("[INST]"), TOKEN_STOP, AT_LINE},
    {STR_INIT("[/INST]"), TOKEN_DROP, AT_LINE},
    {STR_INIT("<<SYS>>"), TOKEN_STOP, AT_LINE},
    // the end
    {STR_INIT("<|endoftext|>"), TOKEN_STOP, 0},
    {STR_INIT("<|end_of_text|>"), TOKEN_STOP, 0},
    {STR_INIT("<|end_of_document|>"), TOKEN_STOP, 0},
    {STR_INIT("<|endofprompt|>"), TOKEN_STOP, 0},
    {STR_INIT("<|eos|>"), TOKEN_STOP, 0},
    {STR_INIT("<|EOT|>"), TOKEN_STOP, 0},
    {STR_INIT("<EOT>"), TOKEN_STOP, NOT_IN_MARKUP},
    {STR_INIT("<eos>"), TOKEN_STOP, NOT_IN_MARKUP},
    {STR_INIT("</s>"), TOKEN_STOP, NOT_IN_MARKUP},
    {STR_INIT("<｜end▁of▁sentence｜>"), TOKEN_STOP, 0},
    {STR_INIT("<|end▁of▁sentence|>"), TOKEN_STOP, 0},
    {STR_INIT("<seed:eos>"), TOKEN_STOP, 0},
    {STR_INIT("<EOS_TOKEN>"), TOKEN_STOP, 0},
    // the start
    {STR_INIT("<s>"), TOKEN_DROP, AT_START | NEVER_IN_MARKUP},
    {STR_INIT("<bos>"), TOKEN_DROP, AT_START},
    {STR_INIT("<|bos|>"), TOKEN_DROP, AT_START},
    {STR_INIT("<|begin_of_text|>"), TOKEN_DROP, 0},
    {STR_INIT("<｜begin▁of▁sentence｜>"), TOKEN_DROP, 0},
    {STR_INIT("<seed:bos>"), TOKEN_DROP, AT_START},
    {STR_INIT("<BOS_TOKEN>"), TOKEN_DROP, AT_START},
    {STR_INIT("[gMASK]"), TOKEN_DROP, AT_START},
    {STR_INIT("<sop>"), TOKEN_DROP, AT_START},
    // filling in the middle
    {STR_INIT("<|fim_prefix|>"), TOKEN_DROP, 0},
    {STR_INIT("<|fim_suffix|>"), TOKEN_DROP, 0},
    {STR_INIT("<|fim_middle|>"), TOKEN_DROP, 0},
    {STR_INIT("<|fim_pad|>"), TOKEN_DROP, 0},
    {STR_INIT("<|repo_name|>"), TOKEN_STOP, 0},
    {STR_INIT("<|file_sep|>"), TOKEN_STOP, 0},
    {STR_INIT("<|file_separator|>"), TOKEN_STOP, 0},
    {STR_INIT("<fim_prefix>"), TOKEN_DROP, 0},
    {STR_INIT("<fim_suffix>"), TOKEN_DROP, 0},
    {STR_INIT("<fim_middle>"), TOKEN_DROP, 0},
    {STR_INIT("<｜fim▁begin｜>"), TOKEN_DROP, 0},
    {STR_INIT("<｜fim▁hole｜>"), TOKEN_DROP, 0},
    {STR_INIT("<｜fim▁end｜>"), TOKEN_DROP, 0},
    {STR_INIT("<PRE>"), TOKEN_DROP, AT_START | NEVER_IN_MARKUP},
    {STR_INIT("<SUF>"), TOKEN_DROP, AT_START | NEVER_IN_MARKUP},
    {STR_INIT("<MID>"), TOKEN_DROP, AT_START | NEVER_IN_MARKUP},
};

static const struct str ROLES[] = {STR_INIT("assistant"), STR_INIT("model"), STR_INIT("user"),
                                   STR_INIT("system"),    STR_INIT("tool"),  STR_INIT("developer")};

enum { N_TOKENS = sizeof(TOKENS) / sizeof(TOKENS[0]), N_ROLES = sizeof(ROLES) / sizeof(ROLES[0]) };

// Of the tokens that no program holds by chance.
bool clean_token_is_in(struct str text) {
    for (size_t i = 0; i < N_TOKENS; i++) {
        const struct token *token = &TOKENS[i];
        if (token->place == 0 && str_contains(text, token->text)) {
            return true;
        }
    }
    return false;
}

void clean_router_init(struct clean_router *router, const struct clean_rules *rules,
                       struct clean_body *body) {
    *router = (struct clean_router){
        .rules = rules, .body = body, .is_start = true, .is_line_start = true};
    buf_init(&router->held, 2 * HELD_MAX);
}

void clean_router_finish(struct clean_router *router) {
    buf_finish(&router->held);
}

static void put_text(struct clean_router *router, char c) {
    clean_body_feed(router->body, c);
    if (c == '\n') {
        router->is_line_start = true;
        router->is_remark = router->in_quotes = router->in_ticks = false;
    } else if (!char_is_blank(c)) {
        router->is_remark = router->is_line_start ? c == '/' || c == '#' || c == '*' || c == '-'
                                                  : router->is_remark;
        router->is_line_start = router->is_start = false;
    }
    if (router->last != '\\') {
        router->in_quotes ^= c == '"';
        router->in_ticks ^= c == '`';
    }
    router->last = c == '\\' && router->last == '\\' ? '\0' : c;
}

static void put_thinking(struct clean_router *router, char c) {
    if (router->is_think_new && char_is_space(c)) {
        return;
    }
    router->is_think_new = false;
    if (router->thinking) {
        buf_append_char(router->thinking, c);
    }
}

static bool is_role_start(struct str word, bool *is_whole) {
    bool found = false;
    *is_whole = false;
    for (size_t i = 0; i < N_ROLES; i++) {
        found = found || str_starts(ROLES[i], word);
        *is_whole = *is_whole || str_eq(ROLES[i], word);
    }
    return found;
}

static void begin_thinking(struct clean_router *router, bool is_channel) {
    router->state = is_channel ? ROUTE_CHANNEL_THINK : ROUTE_THINK;
    router->is_think_new = true;
}

static void put_role(struct clean_router *router, char c) {
    if (router->n_header < sizeof(router->header) && char_is_alpha(c)) {
        router->header[router->n_header++] = c;
        bool is_whole;
        if (is_role_start(str_of(router->header, router->n_header), &is_whole)) {
            router->state = is_whole ? ROUTE_TEXT : ROUTE_ROLE;
            return;
        }
        router->n_header--;
    }
    router->state = ROUTE_TEXT;
    for (size_t i = 0; i < router->n_header; i++) {
        put_text(router, router->header[i]);
    }
    put_text(router, c);
}

// A byte that belongs to no token.
static void put(struct clean_router *router, char c) {
    switch (router->state) {
    case ROUTE_TEXT: put_text(router, c); break;
    case ROUTE_THINK:
    case ROUTE_CHANNEL_THINK: put_thinking(router, c); break;
    case ROUTE_ROLE: put_role(router, c); break;
    case ROUTE_HEADER:
        if (router->n_header < sizeof(router->header) && !char_is_space(c)) {
            router->header[router->n_header++] = c;
        }
        break;
    case ROUTE_STOPPED: break;
    }
}

// The longest token that `held` begins with, n_tokens further ones included; its length, 0: none.
// `*may_grow`: all of `held` is the start of another one.
static size_t find_token(const struct clean_router *router, struct str held, struct token *found,
                         bool *may_grow) {
    const struct clean_options *options = &router->rules->options;
    size_t best = 0;
    *may_grow = false;
    for (size_t i = 0; i < N_TOKENS + options->n_tokens; i++) {
        struct token token =
            i < N_TOKENS ? TOKENS[i] : (struct token){options->tokens[i - N_TOKENS], TOKEN_DROP, 0};
        if (token.text.p[0] != held.p[0]) {
            continue;
        }
        if (token.text.n > held.n) {
            *may_grow = *may_grow || memcmp(token.text.p, held.p, held.n) == 0;
        } else if (token.text.n > best && str_starts(held, token.text)) {
            best = token.text.n;
            *found = token;
        }
    }
    return best;
}

static bool may_begin(const struct clean_router *router, char c) {
    if (c == '<' || c == '[' || c == '\xE2') {
        return true;
    }
    for (size_t i = 0; i < router->rules->options.n_tokens; i++) {
        struct str token = router->rules->options.tokens[i];
        if (token.n > 0 && token.p[0] == c) {
            return true;
        }
    }
    return false;
}

enum verdict { TAKE, LEAVE, WAIT };

// A token in code, or a tag where tags are code, is one only if nothing follows.
static enum verdict only_at_end(struct str behind, bool at_end) {
    return str_trim(behind).n > 0 || behind.n >= HELD_MAX ? LEAVE : at_end ? TAKE : WAIT;
}

static bool begins_target(const struct clean_router *router, const struct token *token) {
    return str_starts(str_trim(router->rules->options.code), token->text);
}

static enum verdict judge_open(const struct clean_router *router, const struct token *token) {
    const struct clean_rules *rules = router->rules;
    bool here = router->is_start ||
                (router->is_line_start && !rules->is_shown && !clean_body_is_code(router->body));
    return here && !begins_target(router, token) ? TAKE : LEAVE;
}

// A closing tag without an opening one: the template put the opening one into the prompt.
static enum verdict judge_close(const struct clean_router *router, struct str behind, bool at_end) {
    if (router->n_opens > 0) {
        return LEAVE;
    }
    bool in_code = clean_body_is_code(router->body);
    if (router->has_thought || (router->rules->has_tokens && in_code)) {
        return in_code ? LEAVE : TAKE;
    }
    if (router->is_line_start) {
        return TAKE;
    }
    const struct clean_strings *strings = &router->body->echo->strings;
    bool is_remark =
        router->is_remark || (in_code && (strings->is_remark || clean_strings_is_open(strings)));
    if (router->in_quotes || is_remark || router->body->state == BODY_BLOCK) {
        return LEAVE;
    }
    if (behind.n == 0 && !at_end) {
        return WAIT;
    }
    return behind.n == 0 || behind.p[0] == '\n' ? TAKE : LEAVE;
}

static enum verdict judge(const struct clean_router *router, const struct token *token,
                          struct str behind, bool at_end) {
    if (router->state != ROUTE_TEXT) {
        return TAKE;
    }
    if (token->kind == TOKEN_OPEN) {
        return judge_open(router, token);
    }
    if (token->kind == TOKEN_CLOSE) {
        return judge_close(router, behind, at_end);
    }
    const struct clean_rules *rules = router->rules;
    bool is_markup = rules->is_markup && !rules->is_shown;
    if (((token->place & AT_START) && !router->is_start) ||
        ((token->place & AT_LINE) && !router->is_line_start) ||
        ((token->place & NEVER_IN_MARKUP) && is_markup) || router->last == '<') {
        return LEAVE;
    }
    if ((token->place & NOT_IN_MARKUP) && is_markup) {
        return router->n_strikes > 0 ? LEAVE : only_at_end(behind, at_end);
    }
    bool in_string = router->in_quotes || router->in_ticks || router->last == '\'';
    bool is_code = clean_body_is_code(router->body) && !rules->is_shown;
    bool is_content = rules->has_tokens && (!router->is_start || begins_target(router, token));
    return is_content || (is_code && in_string) ? only_at_end(behind, at_end) : TAKE;
}

static void take_in_thinking(struct clean_router *router, const struct token *token) {
    bool is_channel = router->state == ROUTE_CHANNEL_THINK;
    if (is_channel ? token->kind == TOKEN_STOP || token->kind == TOKEN_ROLE
                   : token->kind == TOKEN_CLOSE) {
        router->state = token->kind == TOKEN_ROLE ? ROUTE_ROLE : ROUTE_TEXT;
        router->n_header = 0;
        router->has_thought = true;
    } else if (is_channel && token->kind == TOKEN_CHANNEL) {
        router->state = ROUTE_HEADER;
        router->n_header = 0;
    } else if (token->kind == TOKEN_OPEN || token->kind == TOKEN_CLOSE) {
        for (size_t i = 0; i < token->text.n; i++) {
            put_thinking(router, token->text.p[i]);
        }
    }
}

static void take_in_text(struct clean_router *router, const struct token *token, size_t held_n) {
    switch (token->kind) {
    case TOKEN_OPEN: begin_thinking(router, false); break;
    case TOKEN_CLOSE:
        if (!router->has_thought && !router->is_start) {
            router->on_restart(router->data, held_n, held_n - token->text.n);
            router->is_start = router->is_line_start = true;
            router->is_remark = router->in_quotes = router->in_ticks = false;
            router->last = '\0';
        }
        router->has_thought = true;
        break;
    case TOKEN_CHANNEL:
        router->state = ROUTE_HEADER;
        router->n_header = 0;
        break;
    case TOKEN_STOP: router->state = router->is_start ? ROUTE_TEXT : ROUTE_STOPPED; break;
    case TOKEN_ROLE:
        router->state = router->is_start ? ROUTE_ROLE : ROUTE_STOPPED;
        router->n_header = 0;
        break;
    case TOKEN_DROP:
    case TOKEN_MESSAGE: break;
    }
}

static void take(struct clean_router *router, const struct token *token, size_t held_n) {
    switch (router->state) {
    case ROUTE_TEXT: take_in_text(router, token, held_n); break;
    case ROUTE_THINK:
    case ROUTE_CHANNEL_THINK: take_in_thinking(router, token); break;
    case ROUTE_HEADER:
        if (token->kind == TOKEN_MESSAGE || token->kind == TOKEN_STOP) {
            struct str channel = str_of(router->header, router->n_header);
            router->state = ROUTE_TEXT;
            if (!str_istarts(channel, STR("final"))) {
                begin_thinking(router, true);
            }
        }
        break;
    case ROUTE_ROLE:
        router->state = ROUTE_TEXT;
        take_in_text(router, token, held_n);
        break;
    case ROUTE_STOPPED: break;
    }
}

static void leave(struct clean_router *router, const struct token *token) {
    if (router->state == ROUTE_TEXT) {
        router->n_opens += token->kind == TOKEN_OPEN;
        router->n_opens -= token->kind == TOKEN_CLOSE && router->n_opens > 0;
        router->n_strikes += str_eq(token->text, STR("<s>"));
        router->n_strikes -= str_eq(token->text, STR("</s>")) && router->n_strikes > 0;
    }
}

// Works off what is held, as far as it is certain.
static void resolve(struct clean_router *router, bool at_end) {
    size_t at = 0;
    while (at < router->held.n && router->state != ROUTE_STOPPED) {
        struct str held = str_from_index(buf_str(&router->held), at);
        if (!may_begin(router, held.p[0])) {
            put(router, held.p[0]);
            at++;
            continue;
        }
        struct token token = {0};
        bool may_grow;
        size_t n = find_token(router, held, &token, &may_grow);
        if (may_grow && !at_end) {
            break;
        }
        enum verdict verdict =
            n > 0 ? judge(router, &token, str_from_index(held, n), at_end) : LEAVE;
        if (verdict == WAIT) {
            break;
        }
        if (verdict == TAKE) {
            take(router, &token, held.n);
            at += n;
            continue;
        }
        if (n > 0) {
            leave(router, &token);
        }
        put(router, held.p[0]);
        at++;
    }
    buf_consume(&router->held, at);
}

void clean_router_feed(struct clean_router *router, char c) {
    if (router->state == ROUTE_STOPPED) {
        return;
    }
    if (router->held.n == 0 && !may_begin(router, c)) {
        put(router, c);
        return;
    }
    buf_append_char(&router->held, c);
    resolve(router, false);
}

void clean_router_end(struct clean_router *router) {
    resolve(router, true);
    buf_clear(&router->held);
    if (router->state == ROUTE_ROLE) {
        router->state = ROUTE_TEXT;
        for (size_t i = 0; i < router->n_header; i++) {
            put_text(router, router->header[i]);
        }
    }
}
