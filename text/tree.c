// SPDX-License-Identifier: MIT
//
// Syntax trees of texts. The only file that knows how a tree-sitter runtime is told to stop: up to
// 0.24 by a timeout, from 0.25 on by a progress callback (0.26 dropped the timeout). In both, a
// parse that stopped goes on when it is asked again with the same input.
//
// Where a text has syntax errors, what tree-sitter makes of them may depend on the old tree (about
// one edit in a thousand). So that findings do not depend on the way a text came about, such a text
// is parsed again from scratch, if it is small enough for that to be unnoticeable.
//
// Invariant: a TSTree that a struct tree holds is never edited; ts_tree_edit works on a copy, which
// shares the nodes.
#include "text/tree.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "grammars/grammars.h"

enum { EXACT_BYTES = 16 * 1024 }; // some 2 ms of YAML

struct tree {
    struct text *text; // a reference of its own
    TSTree *tree;
};

struct tree_parse {
    struct text *text; // a reference of its own
    TSParser *parser;
    TSTree *old; // edited to fit the text; NULL: from scratch
};

// Only the bytes of a TSInputEdit decide what is parsed again; the points move nodes of the edited
// copy, which nobody reads. So our lines will do, though tree-sitter's end with \n only.
static TSPoint point_at(const struct text *text, size_t offset) {
    size_t line = text_line_at(text, offset);
    return (TSPoint){(uint32_t)line, (uint32_t)(offset - text_line_start(text, line))};
}

// A copy of the base's tree that says where it differs from `text`.
static TSTree *edited_copy(const struct tree_base *base, const struct text *text) {
    TSTree *copy = ts_tree_copy(base->tree->tree);
    const struct text_splice *splice = &base->splice;
    if (splice->start == splice->old_end && splice->start == splice->new_end) {
        return copy;
    }
    TSInputEdit edit = {
        .start_byte = (uint32_t)splice->start,
        .old_end_byte = (uint32_t)splice->old_end,
        .new_end_byte = (uint32_t)splice->new_end,
        .start_point = point_at(base->tree->text, splice->start),
        .old_end_point = point_at(base->tree->text, splice->old_end),
        .new_end_point = point_at(text, splice->new_end),
    };
    ts_tree_edit(copy, &edit);
    return copy;
}

// Could the text make tree-sitter write outside its memory? 0.20 counts the children of a node in
// 16 bits, and an error may become one node of all tokens before it, some of them of no width (the
// ends of YAML's blocks). Errors also cost time that grows with the square of the tokens. A token
// here is a word or one other character. Our own grammars are flat and know no errors.
static bool has_too_many_tokens(struct str bytes, const TSLanguage *language) {
    if (language == grammar_modelfile() || language == grammar_dotenv()) {
        return false;
    }
    size_t n = 0;
    bool was_word = false;
    for (size_t i = 0; i < bytes.n && n <= LIMIT_TREE_TOKENS; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        bool is_word = char_is_alnum(bytes.p[i]) || c == '_' || c == '-' || c >= 0x80;
        n += (is_word && !was_word) || (!is_word && !char_is_space(bytes.p[i]));
        was_word = is_word;
    }
    return n > LIMIT_TREE_TOKENS;
}

struct tree_parse *tree_parse_start(struct text *text, const TSLanguage *language,
                                    const struct tree_base *base) {
    if (has_too_many_tokens(text_str(text), language)) {
        return NULL;
    }
    TSParser *parser = ts_parser_new();
    if (!ts_parser_set_language(parser, language)) {
        ts_parser_delete(parser);
        return NULL;
    }
    struct tree_parse *parse = mem_alloc(sizeof(*parse));
    parse->text = text_retain(text);
    parse->parser = parser;
    parse->old = base && base->tree ? edited_copy(base, text) : NULL;
    return parse;
}

#if TREE_SITTER_LANGUAGE_VERSION >= 15

static const char *read_text(void *payload, uint32_t offset, TSPoint point, uint32_t *n) {
    (void)point;
    struct str rest = str_from_index(text_str(payload), offset);
    *n = (uint32_t)rest.n;
    return rest.p;
}

static bool is_past(TSParseState *state) {
    const int64_t *deadline = state->payload;
    return clock_us() >= *deadline;
}

static TSTree *parse_for(struct tree_parse *parse, uint64_t budget_us) {
    int64_t deadline = clock_us() + (int64_t)budget_us;
    TSInput input = {.payload = parse->text, .read = read_text, .encoding = TSInputEncodingUTF8};
    TSParseOptions options = {.payload = &deadline,
                              .progress_callback = budget_us > 0 ? is_past : NULL};
    return ts_parser_parse_with_options(parse->parser, parse->old, input, options);
}

#else

static TSTree *parse_for(struct tree_parse *parse, uint64_t budget_us) {
    struct str bytes = text_str(parse->text);
    ts_parser_set_timeout_micros(parse->parser, budget_us);
    return ts_parser_parse_string(parse->parser, parse->old, bytes.p, (uint32_t)bytes.n);
}

#endif

enum err tree_parse_step(struct tree_parse *parse, uint64_t budget_us, struct tree **out) {
    *out = NULL;
    TSTree *tree = parse_for(parse, budget_us);
    if (tree && parse->old && text_size(parse->text) <= EXACT_BYTES &&
        ts_node_has_error(ts_tree_root_node(tree))) {
        ts_tree_delete(tree);
        ts_tree_delete(parse->old);
        parse->old = NULL;
        tree = parse_for(parse, budget_us);
    }
    if (!tree) {
        return ERR_TIMEOUT;
    }
    *out = mem_alloc(sizeof(**out));
    (*out)->text = text_retain(parse->text);
    (*out)->tree = tree;
    return ERR_OK;
}

void tree_parse_destroy(struct tree_parse *parse) {
    if (!parse) {
        return;
    }
    ts_parser_delete(parse->parser);
    ts_tree_delete(parse->old);
    text_release(parse->text);
    free(parse);
}

struct tree *tree_parse(struct text *text, const TSLanguage *language,
                        const struct tree_base *base) {
    struct tree *tree = NULL;
    struct tree_parse *parse = tree_parse_start(text, language, base);
    if (parse) {
        tree_parse_step(parse, 0, &tree);
    }
    tree_parse_destroy(parse);
    return tree;
}

void tree_destroy(struct tree *tree) {
    if (!tree) {
        return;
    }
    ts_tree_delete(tree->tree);
    text_release(tree->text);
    free(tree);
}

struct text *tree_text(const struct tree *tree) {
    return tree->text;
}

const TSLanguage *tree_language(const struct tree *tree) {
    return ts_tree_language(tree->tree);
}

TSNode tree_root(const struct tree *tree) {
    return ts_tree_root_node(tree->tree);
}

struct str tree_node_str(const struct tree *tree, TSNode node) {
    return str_slice(text_str(tree->text), ts_node_start_byte(node), ts_node_end_byte(node));
}
