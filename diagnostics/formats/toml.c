// SPDX-License-Identifier: MIT
//
// Reads TOML 1.0 into the tree of config.h. Tables are joined by name, so that [a.b] and a.b.c = 1
// and inline tables give one shape; arrays of tables become arrays of objects. A table's span
// covers all of its pieces. What does not parse costs its line.
//
// Invariant: `at` only moves forward; every loop moves it.
#include "diagnostics/config.h"

#include "base/limits.h"

#define DOTTED_MAX 32 // parts of a dotted key

struct toml {
    struct config *config;
    const char *p;
    size_t n;
    size_t at;
    unsigned depth;
    struct config_index tables; // (parent, key) -> table or array of tables
};

struct part {
    size_t start, end;
    enum config_style style;
};

static char char_at(const struct toml *t, size_t i) {
    return i < t->n ? t->p[i] : '\n';
}

static size_t line_end(const struct toml *t, size_t at) {
    const char *end = at < t->n ? memchr(t->p + at, '\n', t->n - at) : NULL;
    return end ? (size_t)(end - t->p) : t->n;
}

static void skip_blank(struct toml *t) {
    while (t->at < t->n && (t->p[t->at] == ' ' || t->p[t->at] == '\t' || t->p[t->at] == '\r')) {
        t->at++;
    }
}

static void skip_line(struct toml *t) {
    t->at = line_end(t, t->at);
    t->at += t->at < t->n ? 1 : 0;
}

// Blanks, line ends and comments, as arrays may hold them. False at the end.
static bool skip_space(struct toml *t) {
    while (t->at < t->n) {
        if (char_is_space(t->p[t->at])) {
            t->at++;
        } else if (t->p[t->at] == '#') {
            t->at = line_end(t, t->at);
        } else {
            return true;
        }
    }
    return false;
}

// A text in quotes on one line, or over several between three quotes.
static struct part read_quoted(struct toml *t) {
    char quote = t->p[t->at];
    bool is_multi = char_at(t, t->at + 1) == quote && char_at(t, t->at + 2) == quote;
    struct part part = {.style = quote == '\'' ? STYLE_RAW
                                 : is_multi    ? STYLE_TOML_MULTI
                                               : STYLE_JSON};
    t->at += is_multi ? 3 : 1;
    if (is_multi && char_at(t, t->at) == '\n' && t->at < t->n) {
        t->at++; // a line end right behind the quotes is not text
    }
    part.start = t->at;
    while (t->at < t->n && (is_multi || t->p[t->at] != '\n')) {
        if (t->p[t->at] == quote &&
            (!is_multi || (char_at(t, t->at + 1) == quote && char_at(t, t->at + 2) == quote))) {
            break;
        }
        t->at += t->p[t->at] == '\\' && quote == '"' && char_at(t, t->at + 1) != '\n' ? 2 : 1;
    }
    t->at = t->at < t->n ? t->at : t->n;
    part.end = t->at;
    if (t->at < t->n && t->p[t->at] == quote) {
        t->at += is_multi ? 3 : 1;
    }
    return part;
}

static bool is_bare(char c) {
    return char_is_alnum(c) || c == '_' || c == '-' || (unsigned char)c >= 0x80;
}

// a."b".c: returns how many parts were read; 0 when there is no key.
static size_t read_dotted(struct toml *t, struct part parts[DOTTED_MAX]) {
    size_t n = 0;
    for (;;) {
        skip_blank(t);
        struct part part = {t->at, t->at, STYLE_PLAIN};
        char c = char_at(t, t->at);
        if (t->at < t->n && (c == '"' || c == '\'')) {
            part = read_quoted(t);
        } else {
            // Bare keys take no ':' and '/', but people write model names so: read them as meant.
            while (t->at < t->n &&
                   (is_bare(t->p[t->at]) || t->p[t->at] == ':' || t->p[t->at] == '/')) {
                t->at++;
            }
            part.end = t->at;
            if (part.end == part.start) {
                return n;
            }
        }
        if (n < DOTTED_MAX) {
            parts[n++] = part;
        }
        skip_blank(t);
        if (char_at(t, t->at) != '.') {
            return n;
        }
        t->at++;
    }
}

static struct str part_text(struct toml *t, struct part part) {
    return config_decode(t->config, part.style, part.start, part.end).text;
}

// The member table of this name, made when there is none. For an array of tables its last element.
static struct config_node *enter(struct toml *t, struct config_node *table, struct part part) {
    struct str name = part_text(t, part);
    struct config_node *node = config_index_find(&t->tables, table, name);
    if (!node) {
        node = config_add(t->config, table, CONFIG_OBJECT, part.start, part.end);
        config_set_key(node, part.start, part.end, part.style);
        if (node) {
            config_index_set(t->config, &t->tables, table, name, node);
        }
    }
    if (node && node->kind == CONFIG_ARRAY) {
        return node->last && node->last->kind == CONFIG_OBJECT ? node->last : NULL;
    }
    return node && node->kind == CONFIG_OBJECT ? node : NULL;
}

// Makes the spans of a table and of all around it hold `end`.
static void extend(struct config_node *node, size_t end) {
    for (; node; node = node->parent) {
        if (node->end < end) {
            node->end = (uint32_t)end;
        }
    }
}

static struct config_node *read_value(struct toml *t, struct config_node *parent);

// key = value, the key possibly dotted. False when there is none: `at` has not moved then.
static bool read_pair(struct toml *t, struct config_node *table) {
    struct part parts[DOTTED_MAX];
    size_t n = read_dotted(t, parts);
    if (n == 0) {
        return false;
    }
    for (size_t i = 0; i + 1 < n && table; i++) {
        table = enter(t, table, parts[i]);
    }
    if (!table) {
        return true;
    }
    skip_blank(t);
    struct config_node *value = NULL;
    if (char_at(t, t->at) == '=') {
        t->at++;
        size_t empty = t->at + (char_at(t, t->at) == ' ' ? 1 : 0);
        skip_blank(t);
        char c = char_at(t, t->at);
        if (c == '\n' || c == '#' || c == ',' || c == '}' || c == ']') {
            value = config_add(t->config, table, CONFIG_NULL, empty, empty);
        } else {
            value = read_value(t, table);
        }
    } else {
        value = config_add(t->config, table, CONFIG_NULL, t->at, t->at);
    }
    struct part key = parts[n - 1];
    config_set_key(value, key.start, key.end, key.style);
    if (value) {
        if (value->kind == CONFIG_OBJECT) {
            config_index_set(t->config, &t->tables, table, part_text(t, key), value);
        }
        extend(table, value->end);
    }
    return true;
}

static struct config_node *read_brackets(struct toml *t, struct config_node *parent) {
    bool is_object = t->p[t->at] == '{';
    struct config_node *node =
        config_add(t->config, parent, is_object ? CONFIG_OBJECT : CONFIG_ARRAY, t->at, t->at + 1);
    t->at++;
    if (!node || t->depth >= LIMIT_JSON_DEPTH) {
        return node;
    }
    t->depth++;
    while (skip_space(t) && !t->config->truncated) {
        size_t before = t->at;
        char c = t->p[t->at];
        // A key or header at the start of a line: the bracket above was never closed.
        bool fresh = t->at == 0 || t->p[t->at - 1] == '\n';
        if (fresh && (is_bare(c) || c == '[') && t->depth == 1) {
            size_t eol = line_end(t, t->at);
            struct str line = str_slice((struct str){t->p, t->n}, t->at, eol);
            size_t equals = str_find_char(line, '=');
            if ((c == '[' && str_ends(str_trim(line), STR("]"))) ||
                (c != '[' && equals != STR_NPOS && str_find_char(line, '"') > equals)) {
                break;
            }
        }
        if (c == '}' || c == ']') {
            t->at++;
            break;
        }
        if (c == ',') {
            t->at++;
        } else if (is_object) {
            read_pair(t, node);
        } else {
            read_value(t, node);
        }
        if (t->at == before) {
            t->at++;
        }
    }
    node->end = (uint32_t)t->at;
    t->depth--;
    return node;
}

static struct config_node *read_value(struct toml *t, struct config_node *parent) {
    char c = t->p[t->at];
    if (c == '{' || c == '[') {
        return read_brackets(t, parent);
    }
    struct part part = {t->at, t->at, STYLE_PLAIN};
    if (c == '"' || c == '\'') {
        part = read_quoted(t);
    } else {
        while (t->at < t->n && !strchr(",]}#\n\r", t->p[t->at])) {
            t->at++;
        }
        part.end = t->at;
        while (part.end > part.start && char_is_blank(t->p[part.end - 1])) {
            part.end--;
        }
    }
    struct config_node *node = config_add(t->config, parent, CONFIG_SCALAR, part.start, part.end);
    if (node) {
        node->style = (uint8_t)part.style;
    }
    return node;
}

// [a.b] or [[a.b]]: the table that the following lines fill, or NULL when the header cannot be
// read.
static struct config_node *read_header(struct toml *t, struct config_node *root) {
    size_t start = t->at;
    bool is_array = char_at(t, t->at + 1) == '[';
    t->at += is_array ? 2 : 1;
    struct part parts[DOTTED_MAX];
    size_t n = read_dotted(t, parts);
    size_t end = line_end(t, t->at);
    t->at = end;
    struct config_node *table = root;
    for (size_t i = 0; i + (is_array ? 1 : 0) < n && table; i++) {
        table = enter(t, table, parts[i]);
    }
    if (n == 0 || !table) {
        return NULL;
    }
    if (is_array) {
        struct str name = part_text(t, parts[n - 1]);
        struct config_node *array = config_index_find(&t->tables, table, name);
        if (!array || array->kind != CONFIG_ARRAY) {
            array = config_add(t->config, table, CONFIG_ARRAY, start, end);
            config_set_key(array, parts[n - 1].start, parts[n - 1].end, parts[n - 1].style);
            if (!array) {
                return NULL;
            }
            config_index_set(t->config, &t->tables, table, name, array);
        }
        table = config_add(t->config, array, CONFIG_OBJECT, start, end);
    }
    extend(table, end);
    return table;
}

void toml_read(struct config *config) {
    struct toml t = {.config = config, .p = config->bytes.p, .n = config->bytes.n};
    if (str_starts(config->bytes, STR("\xef\xbb\xbf"))) {
        t.at = 3;
    }
    struct config_node *root = config_add(config, NULL, CONFIG_OBJECT, t.at, t.n);
    struct config_node *table = root;
    while (skip_space(&t) && !config->truncated) {
        size_t before = t.at;
        if (t.p[t.at] == '[') {
            struct config_node *header = read_header(&t, root);
            table = header ? header : table;
        } else {
            read_pair(&t, table);
        }
        // One statement a line; whatever is left of it was no TOML.
        if (t.at == before || t.p[t.at - 1] != '\n') {
            skip_line(&t);
        }
    }
}
