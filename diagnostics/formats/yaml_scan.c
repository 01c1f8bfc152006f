// SPDX-License-Identifier: MIT
//
// Where things end in YAML: templates, lines of other languages, keys, quoted and plain texts.
// Every function looks at its own line, or moves `at` forward: the reader stays linear.
#include "diagnostics/formats/yaml.h"

// The end of a template such as {{ … }} or {% … %} that begins at `at`, or 0 when none does.
size_t yaml_template_end(const struct yaml *y, size_t at, size_t limit) {
    if (!yaml_at_template(y, at)) {
        return 0;
    }
    struct str close = y->p[at + 1] == '{' ? STR("}}") : STR("%}");
    size_t end = str_find(str_slice((struct str){y->p, y->n}, at + 2, limit), close);
    return end == STR_NPOS ? limit : at + 2 + end + 2;
}

// At the first text of a line: is it a line of templates only, or a merge-conflict marker? Moves
// behind it if so.
static bool skip_foreign_line(struct yaml *y) {
    if (y->at == y->line) {
        static const struct str conflicts[] = {STR_INIT("<<<<<<<"), STR_INIT("======="),
                                               STR_INIT(">>>>>>>"), STR_INIT("|||||||")};
        for (size_t i = 0; i < 4; i++) {
            if (yaml_starts(y, y->at, conflicts[i]) && yaml_is_break(yaml_char(y, y->at + 7))) {
                yaml_skip_line(y);
                return true;
            }
        }
    }
    size_t eol = yaml_line_end(y, y->at);
    size_t at = y->at;
    size_t end = yaml_template_end(y, at, eol);
    if (!end) {
        return false;
    }
    if (end == eol && !str_ends(str_of(y->p, yaml_trim_end(y, at, eol)), STR("}"))) {
        end = yaml_template_end(y, at, y->n); // it goes on over lines
        eol = yaml_line_end(y, end);
    }
    while (end) {
        at = end;
        while (at < eol && yaml_is_blank(y->p[at])) {
            at++;
        }
        end = yaml_template_end(y, at, eol);
    }
    if (at < eol && y->p[at] != '#') {
        return false;
    }
    y->at = at;
    yaml_skip_line(y);
    return true;
}

// Moves to the next text, over blanks, comments and foreign lines. False at the end of the
// document.
bool yaml_next_content(struct yaml *y) {
    bool fresh = y->at == y->line;
    for (;;) {
        if (fresh && yaml_at_marker(y, y->at)) {
            return false;
        }
        yaml_skip_blank(y);
        if (y->at >= y->n) {
            return false;
        }
        char c = y->p[y->at];
        if (c == '\n' || (c == '#' && (y->at == y->line || yaml_is_blank(y->p[y->at - 1])))) {
            yaml_skip_line(y);
            fresh = true;
        } else if (!fresh || !skip_foreign_line(y)) {
            return true;
        }
    }
}

// The ':' that ends the key at `at`, or SIZE_MAX when the text there is no key.
size_t yaml_key_colon(const struct yaml *y, size_t at) {
    size_t eol = yaml_line_end(y, at);
    char c = yaml_char(y, at);
    if (c == '"' || c == '\'') {
        size_t i = at + 1;
        while (i < eol && y->p[i] != c) {
            i += y->p[i] == '\\' && c == '"' ? 2 : 1;
        }
        for (i++; i < eol && yaml_is_blank(y->p[i]);) {
            i++;
        }
        return i < eol && y->p[i] == ':' && yaml_is_break(yaml_char(y, i + 1)) ? i : SIZE_MAX;
    }
    if (c == '[' || c == '|' || c == '>' || c == '#' || (c == '{' && !yaml_at_template(y, at))) {
        return SIZE_MAX;
    }
    for (size_t i = at; i < eol;) {
        size_t end = y->p[i] == '{' ? yaml_template_end(y, i, eol) : 0;
        if (end) {
            i = end;
        } else if (y->p[i] == ':' && yaml_is_break(yaml_char(y, i + 1))) {
            return i;
        } else if (y->p[i] == '#' && i > at && yaml_is_blank(y->p[i - 1])) {
            return SIZE_MAX;
        } else {
            i++;
        }
    }
    return SIZE_MAX;
}

// Anchors and tags before a node: the anchor's name, or an empty string. Moves behind them.
struct str yaml_read_properties(struct yaml *y) {
    struct str anchor = STR_NONE;
    while (yaml_char(y, y->at) == '&' || yaml_char(y, y->at) == '!') {
        size_t from = y->at;
        while (!yaml_is_break(yaml_char(y, y->at)) && !strchr(",[]{}", y->p[y->at])) {
            y->at++;
        }
        if (y->at == from) {
            break;
        }
        if (y->p[from] == '&') {
            anchor = str_of(y->p + from + 1, y->at - from - 1);
        }
        yaml_skip_blank(y);
    }
    return anchor;
}

void yaml_set_anchor(struct yaml *y, struct str name, struct config_node *node) {
    if (name.n > 0 && node) {
        config_index_set(y->config, &y->anchors, NULL, name, node);
    }
}

struct config_node *yaml_add_scalar(struct yaml *y, struct config_node *parent,
                                    enum config_style style, size_t start, size_t end) {
    struct config_node *node = config_add(y->config, parent, CONFIG_SCALAR, start, end);
    if (node) {
        node->style = (uint8_t)style;
    }
    return node;
}

struct config_node *yaml_read_alias(struct yaml *y, struct config_node *parent) {
    size_t from = ++y->at;
    while (!yaml_is_break(yaml_char(y, y->at)) && !strchr(",[]{}", y->p[y->at])) {
        y->at++;
    }
    struct config_node *node = config_add(y->config, parent, CONFIG_ALIAS, from - 1, y->at);
    if (node) {
        struct str name = str_of(y->p + from, y->at - from);
        node->target = config_index_find(&y->anchors, NULL, name);
        y->config->has_aliases = true;
    }
    return node;
}

// Does the text after the line end at `eol` still belong to a scalar of this indentation? Finds the
// next line that is not blank; `*text` is its first character.
bool yaml_continues(const struct yaml *y, size_t eol, long indent, size_t *text, size_t *line) {
    size_t at = eol;
    while (at < y->n) {
        size_t start = at + 1;
        at = start;
        while (at < y->n && yaml_is_blank(y->p[at])) {
            at++;
        }
        if (at < y->n && y->p[at] != '\n') {
            *text = at;
            *line = start;
            return (long)(at - start) > indent && !(at == start && yaml_at_marker(y, at));
        }
        if (at >= y->n) {
            return false;
        }
    }
    return false;
}

struct yaml_span yaml_scan_quoted(struct yaml *y, long indent) {
    char quote = y->p[y->at];
    size_t start = y->at + 1;
    size_t first_eol = y->n; // looked for only when it is met: a file may be one long line
    size_t line = y->line;
    size_t i = start;
    for (;;) {
        while (i < y->n && y->p[i] != quote && y->p[i] != '\n') {
            i += y->p[i] == '\\' && quote == '"' && i + 1 < y->n && y->p[i + 1] != '\n' ? 2 : 1;
        }
        if (i < y->n && y->p[i] == '\n') {
            size_t text = 0;
            first_eol = first_eol < i ? first_eol : i;
            if (yaml_continues(y, i, indent, &text, &line)) {
                i = text;
                continue;
            }
        } else if (i < y->n && quote == '\'' && yaml_char(y, i + 1) == '\'') {
            i += 2;
            continue;
        }
        break;
    }
    enum config_style style = quote == '"' ? STYLE_YAML_DOUBLE : STYLE_YAML_SINGLE;
    if (i < y->n && y->p[i] == quote) {
        y->line = i > first_eol ? line : y->line;
        y->at = i + 1;
        return (struct yaml_span){start, i, style};
    }
    y->at = first_eol; // never closed: half-typed, it ends with its line
    return (struct yaml_span){start, yaml_trim_end(y, start, first_eol), style};
}

struct config_node *yaml_read_quoted(struct yaml *y, struct config_node *parent, long indent) {
    struct yaml_span span = yaml_scan_quoted(y, indent);
    return yaml_add_scalar(y, parent, span.style, span.start, span.end);
}

size_t yaml_plain_end(const struct yaml *y, size_t at) {
    size_t eol = yaml_line_end(y, at);
    size_t end = at;
    while (end < eol && !(y->p[end] == '#' && end > at && yaml_is_blank(y->p[end - 1]))) {
        end++;
    }
    return yaml_trim_end(y, at, end);
}
