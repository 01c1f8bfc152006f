// SPDX-License-Identifier: MIT
//
// Reads YAML into the tree of config.h, by indentation, one pass, no failure. It follows YAML 1.2
// for what a strict parser accepts (block and flow style, all scalar styles, anchors, merge keys,
// several documents); anything else costs the line it stands on: a word without colon, a Helm or
// Jinja line, a merge-conflict marker, a quote that is not closed before the indentation falls
// back.
//
// Invariants: `at` never moves back over text that was made into a node; every loop moves `at`.
#include "diagnostics/formats/yaml.h"

#include "base/limits.h"

static struct config_node *read_node(struct yaml *y, struct config_node *parent, long indent);

static struct config_node *read_plain(struct yaml *y, struct config_node *parent, long indent) {
    size_t start = y->at;
    size_t end = yaml_plain_end(y, start);
    size_t text = 0;
    size_t line = y->line;
    // A comment ends it; so does what would be an entry of its own, which a strict parser refuses.
    while (yaml_char(y, end) != '#' && yaml_trim_end(y, end, yaml_line_end(y, end)) == end &&
           yaml_continues(y, yaml_line_end(y, end), indent, &text, &line) && y->p[text] != '#' &&
           !yaml_at_dash(y, text) && !yaml_at_template(y, text) &&
           yaml_key_colon(y, text) == SIZE_MAX) {
        end = yaml_plain_end(y, text);
        y->line = line;
    }
    y->at = end;
    return yaml_add_scalar(y, parent, STYLE_PLAIN, start, end);
}

static bool at_block_scalar(const struct yaml *y) {
    char c = yaml_char(y, y->at);
    if (c != '|' && c != '>') {
        return false;
    }
    size_t i = y->at + 1;
    while (i < y->n && i < y->at + 3 && strchr("+-123456789", y->p[i])) {
        i++;
    }
    while (i < y->n && yaml_is_blank(y->p[i])) {
        i++;
    }
    return yaml_char(y, i) == '\n' || (yaml_char(y, i) == '#' && yaml_is_blank(y->p[i - 1]));
}

static struct config_node *read_block_scalar(struct yaml *y, struct config_node *parent,
                                             long indent) {
    enum config_style style = y->p[y->at] == '|' ? STYLE_YAML_LITERAL : STYLE_YAML_FOLDED;
    long content = -1;
    for (size_t i = y->at + 1; i < y->n && i < y->at + 3; i++) {
        if (y->p[i] >= '1' && y->p[i] <= '9') {
            content = (indent > 0 ? indent : 0) + (y->p[i] - '0');
        }
    }
    size_t start = 0;
    size_t end = 0;
    yaml_skip_line(y);
    size_t empty = y->at;
    while (y->at < y->n) {
        size_t eol = yaml_line_end(y, y->at);
        size_t text = y->at;
        while (text < eol && y->p[text] == ' ') {
            text++;
        }
        if (yaml_trim_end(y, text, eol) > text) { // else blank: belongs to it wherever it ends
            long col = (long)(text - y->at);
            if (content < 0) {
                content = col > indent ? col : indent + 1;
            }
            if (col < content || (col == 0 && yaml_at_marker(y, y->at))) {
                break;
            }
            if (!start) {
                start = y->at + (size_t)content;
            }
            end = yaml_trim_end(y, text, eol);
        }
        yaml_skip_line(y);
    }
    if (!start) {
        start = end = empty < y->n ? empty : y->n;
    }
    return yaml_add_scalar(y, parent, style, start, end);
}

// A value that begins on this line, at text.
static struct config_node *read_inline(struct yaml *y, struct config_node *parent, long indent) {
    char c = yaml_char(y, y->at);
    if (c == '"' || c == '\'') {
        return yaml_read_quoted(y, parent, indent);
    }
    if (at_block_scalar(y)) {
        return read_block_scalar(y, parent, indent);
    }
    if (c == '[' || (c == '{' && !yaml_at_template(y, y->at))) {
        return yaml_read_flow(y, parent, indent);
    }
    return c == '*' ? yaml_read_alias(y, parent) : read_plain(y, parent, indent);
}

static struct config_node *read_sequence(struct yaml *y, struct config_node *parent, long col) {
    struct config_node *node = config_add(y->config, parent, CONFIG_ARRAY, y->at, y->at);
    if (!node) {
        return NULL;
    }
    for (;;) {
        y->at++; // the dash
        size_t empty = y->at + (yaml_is_blank(yaml_char(y, y->at)) ? 1 : 0);
        struct config_node *child = NULL;
        if (yaml_next_content(y) && yaml_column(y) > col) {
            child = read_node(y, node, col);
        } else {
            child = config_add(y->config, node, CONFIG_NULL, empty, empty);
        }
        if (!child) {
            break;
        }
        node->end = child->end;
        while (yaml_next_content(y) && yaml_column(y) > col) {
            yaml_skip_line(y); // left over from a line that could not be read
        }
        if (y->at >= y->n || yaml_column(y) != col || !yaml_at_dash(y, y->at) ||
            y->config->truncated) {
            break;
        }
    }
    return node;
}

// The value behind a key's colon.
static struct config_node *read_value(struct yaml *y, struct config_node *parent, long col) {
    size_t empty =
        y->at + (yaml_is_blank(yaml_char(y, y->at)) && yaml_char(y, y->at) != '\r' ? 1 : 0);
    yaml_skip_blank(y);
    struct str anchor = yaml_read_properties(y);
    char c = yaml_char(y, y->at);
    struct config_node *node = NULL;
    if (c != '\n' && c != '#') {
        node = read_inline(y, parent, col);
    } else if (yaml_next_content(y) && yaml_column(y) > col) {
        node = read_node(y, parent, col);
    } else if (y->at < y->n && yaml_column(y) == col && yaml_at_dash(y, y->at) &&
               !yaml_at_marker(y, y->at)) {
        node = read_sequence(y, parent, col);
    } else {
        node = config_add(y->config, parent, CONFIG_NULL, empty, empty);
    }
    yaml_set_anchor(y, anchor, node);
    return node;
}

// One `key: value` whose colon is known. Returns the value.
static struct config_node *read_pair(struct yaml *y, struct config_node *object, size_t colon,
                                     long col) {
    yaml_read_properties(y);
    enum config_style style = STYLE_PLAIN;
    size_t start = y->at;
    size_t end = yaml_trim_end(y, start, colon);
    if (end > start + 1 && (y->p[start] == '"' || y->p[start] == '\'') &&
        y->p[end - 1] == y->p[start]) {
        style = y->p[start] == '"' ? STYLE_YAML_DOUBLE : STYLE_YAML_SINGLE;
        start++;
        end--;
    }
    y->at = colon + 1;
    struct config_node *value = read_value(y, object, col);
    config_set_key(value, start, end, style);
    return value;
}

// `? key` with its `: value` on a later line of the same column.
static struct config_node *read_explicit_pair(struct yaml *y, struct config_node *object,
                                              long col) {
    y->at++;
    yaml_skip_blank(y);
    size_t start = y->at;
    size_t end = yaml_plain_end(y, start);
    enum config_style style = STYLE_PLAIN;
    if (end > start + 1 && (y->p[start] == '"' || y->p[start] == '\'') &&
        y->p[end - 1] == y->p[start]) {
        style = y->p[start] == '"' ? STYLE_YAML_DOUBLE : STYLE_YAML_SINGLE;
    }
    y->at = end;
    struct config_node *value = NULL;
    if (yaml_next_content(y) && yaml_column(y) == col && y->p[y->at] == ':' &&
        yaml_is_break(yaml_char(y, y->at + 1))) {
        y->at++;
        value = read_value(y, object, col);
    } else {
        value = config_add(y->config, object, CONFIG_NULL, end, end);
    }
    size_t quotes = style == STYLE_PLAIN ? 0 : 1;
    config_set_key(value, start + quotes, end - quotes, style);
    return value;
}

static bool at_explicit_key(const struct yaml *y) {
    return yaml_char(y, y->at) == '?' && yaml_is_break(yaml_char(y, y->at + 1));
}

static struct config_node *read_mapping(struct yaml *y, struct config_node *parent, long col) {
    struct config_node *node = config_add(y->config, parent, CONFIG_OBJECT, y->at, y->at);
    if (!node) {
        return NULL;
    }
    do {
        long here = yaml_column(y);
        if (here < col) {
            break;
        }
        size_t colon = at_explicit_key(y) ? 0 : yaml_key_colon(y, y->at);
        if (colon == SIZE_MAX || (yaml_at_dash(y, y->at) && here == col)) {
            yaml_skip_line(y); // a word being typed, or the rest of a line
            continue;
        }
        // A deeper line than its neighbours is a slip of indentation: it is read as one of them.
        struct config_node *value =
            colon ? read_pair(y, node, colon, here) : read_explicit_pair(y, node, here);
        if (!value) {
            break;
        }
        node->end = value->end > node->end ? value->end : node->end;
    } while (yaml_next_content(y) && !y->config->truncated);
    return node;
}

static struct config_node *read_node(struct yaml *y, struct config_node *parent, long indent) {
    size_t from = y->at;
    struct str anchor = yaml_read_properties(y);
    if (y->at > from && (yaml_char(y, y->at) == '\n' || yaml_char(y, y->at) == '#')) {
        if (!yaml_next_content(y) || yaml_column(y) <= indent) {
            struct config_node *empty = config_add(y->config, parent, CONFIG_NULL, from, from);
            yaml_set_anchor(y, anchor, empty);
            return empty;
        }
    }
    struct config_node *node = NULL;
    if (++y->depth > LIMIT_JSON_DEPTH) {
        node = config_add(y->config, parent, CONFIG_NULL, y->at, y->at);
        do {
            yaml_skip_line(y);
        } while (yaml_next_content(y) && yaml_column(y) > indent);
    } else if (yaml_at_dash(y, y->at)) {
        node = read_sequence(y, parent, yaml_column(y));
    } else if (at_explicit_key(y) || yaml_key_colon(y, y->at) != SIZE_MAX) {
        node = read_mapping(y, parent, yaml_column(y));
    } else {
        node = read_inline(y, parent, indent);
    }
    y->depth--;
    yaml_set_anchor(y, anchor, node);
    return node;
}

void yaml_read(struct config *config) {
    struct yaml y = {.config = config, .p = config->bytes.p, .n = config->bytes.n};
    if (str_starts(config->bytes, STR("\xef\xbb\xbf"))) {
        y.at = y.line = 3;
    }
    while (y.at < y.n && !config->truncated) {
        size_t before = y.at;
        if (y.at == y.line && yaml_at_marker(&y, y.at)) {
            y.at += 3;
            y.anchors = (struct config_index){0}; // anchors end with their document
        } else if (y.at == y.line && y.p[y.at] == '%') {
            yaml_skip_line(&y);
        }
        if (yaml_next_content(&y)) {
            read_node(&y, NULL, -1);
            if (y.at != y.line) {
                yaml_skip_line(&y); // left over behind the document's only value
            }
        }
        if (y.at == before) {
            yaml_skip_line(&y);
        }
    }
}
