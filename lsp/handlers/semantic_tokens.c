// SPDX-License-Identifier: MIT
//
// textDocument/semanticTokens/full and /range for Modelfiles: made from Ollama's own reading of the
// file, so what is coloured as an instruction is one. Tokens stay within a line (clients need not
// take longer ones); positions are relative, in the client's units (LSP 3.18, "Semantic Tokens").
#include "lsp/handlers/modelfile_view.h"

#define WHOLE SIZE_MAX

// Indices into `legend`.
enum token_type {
    TOKEN_KEYWORD,
    TOKEN_COMMENT,
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_PARAMETER,
    TOKEN_CLASS,
    TOKEN_ENUM_MEMBER
};
static const char *const legend[] = {"keyword",   "comment", "string",    "number",
                                     "parameter", "class",   "enumMember"};

struct token {
    size_t start, end;
    enum token_type type;
};

struct tokens {
    struct arena *arena;
    const struct text *text;
    VEC(struct token) list; // in order of place
};

static void push(struct tokens *tokens, size_t start, size_t end, enum token_type type) {
    while (start < end) {
        size_t line_end = text_line_end(tokens->text, text_line_at(tokens->text, start));
        size_t stop = line_end < end ? line_end : end;
        if (stop > start) {
            *VEC_PUSH(tokens->arena, &tokens->list) = (struct token){start, stop, type};
        }
        size_t next = text_line_start(tokens->text, text_line_at(tokens->text, start) + 1);
        start = next > start ? next : end;
    }
}

static enum token_type value_type(const struct modelfile_instruction *in) {
    double number;
    if (in->command == MODELFILE_FROM && !modelfile_from_is_path(in->value)) {
        return TOKEN_CLASS;
    }
    if (in->command == MODELFILE_RENDERER || in->command == MODELFILE_PARSER) {
        return TOKEN_ENUM_MEMBER;
    }
    return in->command == MODELFILE_PARAMETER && str_to_double(in->value, &number) ? TOKEN_NUMBER
                                                                                   : TOKEN_STRING;
}

static void add_instruction(struct tokens *tokens, const struct modelfile_instruction *in) {
    push(tokens, in->keyword_start, in->keyword_end, TOKEN_KEYWORD);
    if (in->name.n) {
        push(tokens, in->name_start, in->name_end,
             in->command == MODELFILE_MESSAGE ? TOKEN_ENUM_MEMBER : TOKEN_PARAMETER);
    }
    push(tokens, in->outer_start, in->outer_end, value_type(in));
}

static void collect(struct request *request, const struct modelfile *file, struct tokens *tokens) {
    struct comment_line *comments;
    size_t n = modelfile_comments(request, file, &comments);
    size_t next = 0;
    for (size_t i = 0; i < file->n; i++) {
        for (; next < n && comments[next].start < file->at[i].keyword_start; next++) {
            push(tokens, comments[next].start, comments[next].end, TOKEN_COMMENT);
        }
        add_instruction(tokens, &file->at[i]);
    }
    for (; next < n; next++) {
        push(tokens, comments[next].start, comments[next].end, TOKEN_COMMENT);
    }
}

static void reply(struct request *request, size_t from, size_t to) {
    const struct modelfile *file = modelfile_view(request);
    struct tokens tokens = {.arena = request->arena, .text = request->document->text};
    if (file) {
        collect(request, file, &tokens);
    }
    struct json_object *data = json_object_new_array();
    struct text_cursor cursor = text_cursor_init(tokens.text, request->server->caps.encoding);
    struct position last = {0};
    for (size_t i = 0; i < tokens.list.n; i++) {
        const struct token *token = &tokens.list.at[i];
        if (token->end <= from || token->start >= to) {
            continue;
        }
        struct position start = text_cursor_position(&cursor, token->start);
        struct position end = text_cursor_position(&cursor, token->end);
        bool is_same_line = start.line == last.line;
        int64_t row[5] = {start.line - last.line,
                          is_same_line ? start.character - last.character : start.character,
                          end.character - start.character, token->type, 0};
        for (size_t k = 0; k < 5; k++) {
            json_add(data, json_object_new_int64(row[k]));
        }
        last = start;
    }
    struct json_object *result = json_object_new_object();
    json_set(result, "data", data);
    reply_ok(request, result);
}

void semantic_tokens_on_full(struct request *request) {
    reply(request, 0, WHOLE);
}

void semantic_tokens_on_range(struct request *request) {
    size_t start;
    size_t end;
    if (!document_range(request->server, request->document, json_get(request->params, "range"),
                        &start, &end)) {
        reply_err(request, RPC_INVALID_PARAMS, "semanticTokens/range needs a range");
        return;
    }
    reply(request, start, end);
}

void semantic_tokens_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    if (!server->caps.semantic_tokens) {
        return;
    }
    struct json_object *types = json_object_new_array();
    for (size_t i = 0; i < sizeof(legend) / sizeof(legend[0]); i++) {
        json_add(types, json_new_str(str_from(legend[i])));
    }
    struct json_object *names = json_object_new_object();
    json_set(names, "tokenTypes", types);
    json_set(names, "tokenModifiers", json_object_new_array());
    struct json_object *provider = json_object_new_object();
    json_set(provider, "legend", names);
    json_set_bool(provider, "full", true);
    json_set_bool(provider, "range", true);
    json_set(capabilities, "semanticTokensProvider", provider);
}
