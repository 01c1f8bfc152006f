// SPDX-License-Identifier: MIT
//
// Reads JSON into the tree of config.h as leniently as editors' settings files need: comments,
// trailing or missing commas, bare keys and single quotes (JSON5), values not typed yet, brackets
// never closed. One pass; `at` only moves forward, except over one string that turns out to be the
// next key.
#include "diagnostics/config.h"

#include "base/limits.h"

struct json {
    struct config *config;
    const char *p;
    size_t n;
    size_t at;
    unsigned depth;
};

static bool is_comment(const struct json *j, size_t at) {
    return at + 1 < j->n && j->p[at] == '/' && (j->p[at + 1] == '/' || j->p[at + 1] == '*');
}

// Moves over white space and comments; false at the end.
static bool skip_space(struct json *j) {
    while (j->at < j->n) {
        if (char_is_space(j->p[j->at])) {
            j->at++;
        } else if (is_comment(j, j->at)) {
            struct str rest = str_slice((struct str){j->p, j->n}, j->at + 2, j->n);
            struct str close = j->p[j->at + 1] == '/' ? STR("\n") : STR("*/");
            size_t end = str_find(rest, close);
            j->at = end == STR_NPOS ? j->n : j->at + 2 + end + close.n;
        } else {
            return true;
        }
    }
    return false;
}

struct token {
    size_t start, end;
    enum config_style style;
};

// A quoted text; one that is not closed ends with its line.
static struct token read_string(struct json *j) {
    char quote = j->p[j->at++];
    struct token token = {j->at, j->at, STYLE_JSON};
    while (j->at < j->n && j->p[j->at] != quote && j->p[j->at] != '\n') {
        j->at += j->p[j->at] == '\\' && j->at + 1 < j->n && j->p[j->at + 1] != '\n' ? 2 : 1;
    }
    token.end = j->at;
    if (j->at < j->n && j->p[j->at] == quote) {
        j->at++;
    }
    return token;
}

static struct token read_word(struct json *j) {
    struct token token = {j->at, j->at, STYLE_PLAIN};
    while (j->at < j->n && !strchr(",:[]{}\"'", j->p[j->at]) && !char_is_space(j->p[j->at]) &&
           !is_comment(j, j->at)) {
        j->at++;
    }
    token.end = j->at;
    return token;
}

static struct token read_token(struct json *j) {
    return j->p[j->at] == '"' || j->p[j->at] == '\'' ? read_string(j) : read_word(j);
}

static struct config_node *add_scalar(struct json *j, struct config_node *parent,
                                      struct token token) {
    struct config_node *node = config_add(j->config, parent, CONFIG_SCALAR, token.start, token.end);
    if (node) {
        node->style = (uint8_t)token.style;
    }
    return node;
}

static struct config_node *read_container(struct json *j, struct config_node *parent);

static struct config_node *read_value(struct json *j, struct config_node *parent) {
    if (j->p[j->at] == '{' || j->p[j->at] == '[') {
        return read_container(j, parent);
    }
    return add_scalar(j, parent, read_token(j));
}

// Behind the colon of a key. A value that is missing is told by what follows: a bracket, a comma,
// or a text that has a colon behind it, being the next key.
static struct config_node *read_member_value(struct json *j, struct config_node *object) {
    size_t empty = j->at + (j->at < j->n && j->p[j->at] == ' ' ? 1 : 0);
    if (!skip_space(j) || strchr("},]:", j->p[j->at])) {
        return config_add(j->config, object, CONFIG_NULL, empty, empty);
    }
    if (j->p[j->at] == '{' || j->p[j->at] == '[') {
        return read_container(j, object);
    }
    size_t before = j->at;
    struct token token = read_token(j);
    size_t after = j->at;
    if (skip_space(j) && j->p[j->at] == ':') {
        j->at = before;
        return config_add(j->config, object, CONFIG_NULL, empty, empty);
    }
    j->at = after;
    return add_scalar(j, object, token);
}

static void read_member(struct json *j, struct config_node *object) {
    if (j->p[j->at] == '{' || j->p[j->at] == '[') {
        read_container(j, object); // a value without key
        return;
    }
    struct token key = read_token(j);
    size_t after = j->at;
    if (skip_space(j) && j->p[j->at] == ':') {
        j->at++;
        config_set_key(read_member_value(j, object), key.start, key.end, key.style);
    } else if (key.end > key.start) {
        j->at = after;
        config_set_key(config_add(j->config, object, CONFIG_NULL, after, after), key.start, key.end,
                       key.style);
    }
}

// Over a value nested deeper than the limit.
static void skip_container(struct json *j) {
    size_t open = 0;
    while (skip_space(j)) {
        char c = j->p[j->at];
        if (c == '"' || c == '\'') {
            read_string(j);
            continue;
        }
        j->at++;
        open += c == '{' || c == '[' ? 1 : 0;
        if ((c == '}' || c == ']') && --open == 0) {
            return;
        }
    }
}

static struct config_node *read_container(struct json *j, struct config_node *parent) {
    bool is_object = j->p[j->at] == '{';
    struct config_node *node =
        config_add(j->config, parent, is_object ? CONFIG_OBJECT : CONFIG_ARRAY, j->at, j->at + 1);
    if (!node || j->depth >= LIMIT_JSON_DEPTH) {
        skip_container(j);
        return node;
    }
    j->at++;
    j->depth++;
    while (skip_space(j) && !j->config->truncated) {
        size_t before = j->at;
        char c = j->p[j->at];
        if (c == '}' || c == ']') {
            j->at++;
            break;
        }
        if (c == ',') {
            j->at++;
        } else if (is_object) {
            read_member(j, node);
        } else {
            read_value(j, node);
        }
        if (j->at == before) {
            j->at++; // a stray character
        }
    }
    node->end = (uint32_t)j->at;
    j->depth--;
    return node;
}

void json_read(struct config *config) {
    struct json j = {.config = config, .p = config->bytes.p, .n = config->bytes.n};
    if (str_starts(config->bytes, STR("\xef\xbb\xbf"))) {
        j.at = 3;
    }
    while (skip_space(&j) && !config->truncated) { // more than one value: JSON lines
        size_t before = j.at;
        read_value(&j, NULL);
        if (j.at == before) {
            j.at++;
        }
    }
}
