// SPDX-License-Identifier: MIT
//
// Shared by the parts of the YAML reader: yaml.c reads blocks (by indentation), yaml_flow.c
// brackets, yaml_scan.c finds where texts, keys and lines end, yaml_decode.c undoes quoting and
// folding.
#pragma once

#include "diagnostics/config.h"

struct yaml {
    struct config *config;
    const char *p;
    size_t n;
    size_t at;
    size_t line; // start of the line that `at` is in
    struct config_index anchors;
    unsigned depth;
};

// A range of text that will be a key or a scalar.
struct yaml_span {
    size_t start, end;
    enum config_style style;
};

static inline long yaml_column(const struct yaml *y) {
    return (long)(y->at - y->line);
}

static inline char yaml_char(const struct yaml *y, size_t i) {
    return i < y->n ? y->p[i] : '\n';
}

static inline bool yaml_is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static inline bool
yaml_is_break(char c) { // what must follow "-", ":" and "?" to make them indicators
    return yaml_is_blank(c) || c == '\n';
}

static inline size_t yaml_line_end(const struct yaml *y, size_t at) {
    const char *end = at < y->n ? memchr(y->p + at, '\n', y->n - at) : NULL;
    return end ? (size_t)(end - y->p) : y->n;
}

static inline size_t yaml_trim_end(const struct yaml *y, size_t from, size_t end) {
    while (end > from && yaml_is_blank(y->p[end - 1])) {
        end--;
    }
    return end;
}

static inline void yaml_skip_blank(struct yaml *y) {
    while (y->at < y->n && yaml_is_blank(y->p[y->at])) {
        y->at++;
    }
}

static inline void yaml_skip_line(struct yaml *y) {
    y->at = yaml_line_end(y, y->at);
    if (y->at < y->n) {
        y->at++;
    }
    y->line = y->at;
}

static inline bool yaml_starts(const struct yaml *y, size_t at, struct str word) {
    return str_starts(str_slice((struct str){y->p, y->n}, at, y->n), word);
}

static inline bool yaml_at_marker(const struct yaml *y, size_t at) {
    return (yaml_starts(y, at, STR("---")) || yaml_starts(y, at, STR("..."))) &&
           yaml_is_break(yaml_char(y, at + 3));
}

static inline bool yaml_at_dash(const struct yaml *y, size_t at) {
    return yaml_char(y, at) == '-' && yaml_is_break(yaml_char(y, at + 1));
}

static inline bool yaml_at_template(const struct yaml *y, size_t at) {
    return yaml_char(y, at) == '{' && (yaml_char(y, at + 1) == '{' || yaml_char(y, at + 1) == '%');
}

// The end of a template such as {{ … }} or {% … %} that begins at `at`, at most `limit`; 0 when
// none begins there.
size_t yaml_template_end(const struct yaml *y, size_t at, size_t limit);
// Moves to the next text, over blanks, comments, lines of templates only and merge-conflict
// markers. False at the end of the document.
bool yaml_next_content(struct yaml *y);
// The ':' that ends the key at `at`, or SIZE_MAX when the text there is no key.
size_t yaml_key_colon(const struct yaml *y, size_t at);
// Anchors and tags before a node: the anchor's name, or an empty string. Moves behind them.
struct str yaml_read_properties(struct yaml *y);
void yaml_set_anchor(struct yaml *y, struct str name, struct config_node *node);
struct config_node *yaml_add_scalar(struct yaml *y, struct config_node *parent,
                                    enum config_style style, size_t start, size_t end);
struct config_node *yaml_read_alias(struct yaml *y, struct config_node *parent);
// Does the text after the line end at `eol` still belong to a scalar of this indentation? Finds the
// next line that is not blank; `*text` is its first character.
bool yaml_continues(const struct yaml *y, size_t eol, long indent, size_t *text, size_t *line);
// A quoted text; one that is not closed before the indentation falls back ends with its line.
struct yaml_span yaml_scan_quoted(struct yaml *y, long indent);
struct config_node *yaml_read_quoted(struct yaml *y, struct config_node *parent, long indent);
// Where the plain text at `at` ends on its line.
size_t yaml_plain_end(const struct yaml *y, size_t at);
// A value in brackets, at '{' or '['. It must stand deeper than `indent`.
struct config_node *yaml_read_flow(struct yaml *y, struct config_node *parent, long indent);
