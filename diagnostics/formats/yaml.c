// SPDX-License-Identifier: MIT
//
// Reads YAML into the tree of config.h, by indentation, one pass, no failure. It follows YAML 1.2 for
// what a strict parser accepts (block and flow style, all scalar styles, anchors, merge keys, several
// documents); anything else costs the line it stands on: a word without colon, a Helm or Jinja line,
// a merge-conflict marker, a quote that is not closed before the indentation falls back.
//
// Invariants: `at` never moves back over text that was made into a node; every loop moves `at`.
#include "diagnostics/config.h"

#include "base/limits.h"

struct yaml {
    struct config *config;
    const char *p;
    size_t n;
    size_t at;
    size_t line; // start of the line that `at` is in
    struct config_index anchors;
    unsigned depth;
};

static struct config_node *read_node(struct yaml *y, struct config_node *parent, long indent);
static struct config_node *read_flow_value(struct yaml *y, struct config_node *parent, long indent);

static long column(const struct yaml *y) {
    return (long)(y->at - y->line);
}

static char char_at(const struct yaml *y, size_t i) {
    return i < y->n ? y->p[i] : '\n';
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_break(char c) { // what must follow "-", ":" and "?" to make them indicators
    return is_blank(c) || c == '\n';
}

static size_t line_end(const struct yaml *y, size_t at) {
    const char *end = at < y->n ? memchr(y->p + at, '\n', y->n - at) : NULL;
    return end ? (size_t)(end - y->p) : y->n;
}

static size_t trim_end(const struct yaml *y, size_t from, size_t end) {
    while (end > from && is_blank(y->p[end - 1])) {
        end--;
    }
    return end;
}

static void skip_blank(struct yaml *y) {
    while (y->at < y->n && is_blank(y->p[y->at])) {
        y->at++;
    }
}

static void skip_line(struct yaml *y) {
    y->at = line_end(y, y->at);
    if (y->at < y->n) {
        y->at++;
    }
    y->line = y->at;
}

static bool starts_at(const struct yaml *y, size_t at, struct str word) {
    return str_starts(str_slice((struct str){y->p, y->n}, at, y->n), word);
}

static bool at_marker(const struct yaml *y, size_t at) {
    return (starts_at(y, at, STR("---")) || starts_at(y, at, STR("..."))) &&
           is_break(char_at(y, at + 3));
}

static bool at_dash(const struct yaml *y, size_t at) {
    return char_at(y, at) == '-' && is_break(char_at(y, at + 1));
}

static bool at_template(const struct yaml *y, size_t at) {
    return char_at(y, at) == '{' && (char_at(y, at + 1) == '{' || char_at(y, at + 1) == '%');
}

// The end of a template such as {{ … }} or {% … %} that begins at `at`, or 0 when none does.
static size_t template_end(const struct yaml *y, size_t at, size_t limit) {
    if (!at_template(y, at)) {
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
            if (starts_at(y, y->at, conflicts[i]) && is_break(char_at(y, y->at + 7))) {
                skip_line(y);
                return true;
            }
        }
    }
    size_t eol = line_end(y, y->at);
    size_t at = y->at;
    size_t end = template_end(y, at, eol);
    if (!end) {
        return false;
    }
    if (end == eol && !str_ends(str_of(y->p, trim_end(y, at, eol)), STR("}"))) {
        end = template_end(y, at, y->n); // it goes on over lines
        eol = line_end(y, end);
    }
    while (end) {
        at = end;
        while (at < eol && is_blank(y->p[at])) {
            at++;
        }
        end = template_end(y, at, eol);
    }
    if (at < eol && y->p[at] != '#') {
        return false;
    }
    y->at = at;
    skip_line(y);
    return true;
}

// Moves to the next text, over blanks, comments and foreign lines. False at the end of the document.
static bool next_content(struct yaml *y) {
    bool fresh = y->at == y->line;
    for (;;) {
        if (fresh && at_marker(y, y->at)) {
            return false;
        }
        skip_blank(y);
        if (y->at >= y->n) {
            return false;
        }
        char c = y->p[y->at];
        if (c == '\n' || (c == '#' && (y->at == y->line || is_blank(y->p[y->at - 1])))) {
            skip_line(y);
            fresh = true;
        } else if (!fresh || !skip_foreign_line(y)) {
            return true;
        }
    }
}

// The ':' that ends the key at `at`, or SIZE_MAX when the text there is no key.
static size_t key_colon(const struct yaml *y, size_t at) {
    size_t eol = line_end(y, at);
    char c = char_at(y, at);
    if (c == '"' || c == '\'') {
        size_t i = at + 1;
        while (i < eol && y->p[i] != c) {
            i += y->p[i] == '\\' && c == '"' ? 2 : 1;
        }
        for (i++; i < eol && is_blank(y->p[i]);) {
            i++;
        }
        return i < eol && y->p[i] == ':' && is_break(char_at(y, i + 1)) ? i : SIZE_MAX;
    }
    if (c == '[' || c == '|' || c == '>' || c == '#' || (c == '{' && !at_template(y, at))) {
        return SIZE_MAX;
    }
    for (size_t i = at; i < eol;) {
        size_t end = y->p[i] == '{' ? template_end(y, i, eol) : 0;
        if (end) {
            i = end;
        } else if (y->p[i] == ':' && is_break(char_at(y, i + 1))) {
            return i;
        } else if (y->p[i] == '#' && i > at && is_blank(y->p[i - 1])) {
            return SIZE_MAX;
        } else {
            i++;
        }
    }
    return SIZE_MAX;
}

// Anchors and tags before a node: the anchor's name, or an empty string. Moves behind them.
static struct str read_properties(struct yaml *y) {
    struct str anchor = STR_NONE;
    while (char_at(y, y->at) == '&' || char_at(y, y->at) == '!') {
        size_t from = y->at;
        while (!is_break(char_at(y, y->at)) && !strchr(",[]{}", y->p[y->at])) {
            y->at++;
        }
        if (y->at == from) {
            break;
        }
        if (y->p[from] == '&') {
            anchor = str_of(y->p + from + 1, y->at - from - 1);
        }
        skip_blank(y);
    }
    return anchor;
}

static void set_anchor(struct yaml *y, struct str name, struct config_node *node) {
    if (name.n > 0 && node) {
        config_index_set(y->config, &y->anchors, NULL, name, node);
    }
}

static struct config_node *add_scalar(struct yaml *y, struct config_node *parent,
                                      enum config_style style, size_t start, size_t end) {
    struct config_node *node = config_add(y->config, parent, CONFIG_SCALAR, start, end);
    if (node) {
        node->style = (uint8_t)style;
    }
    return node;
}

static struct config_node *read_alias(struct yaml *y, struct config_node *parent) {
    size_t from = ++y->at;
    while (!is_break(char_at(y, y->at)) && !strchr(",[]{}", y->p[y->at])) {
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
static bool continues(const struct yaml *y, size_t eol, long indent, size_t *text, size_t *line) {
    size_t at = eol;
    while (at < y->n) {
        size_t start = at + 1;
        at = start;
        while (at < y->n && is_blank(y->p[at])) {
            at++;
        }
        if (at < y->n && y->p[at] != '\n') {
            *text = at;
            *line = start;
            return (long)(at - start) > indent && !(at == start && at_marker(y, at));
        }
        if (at >= y->n) {
            return false;
        }
    }
    return false;
}

// A range of text that will be a key or a scalar.
struct span {
    size_t start, end;
    enum config_style style;
};

static struct span scan_quoted(struct yaml *y, long indent) {
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
            if (continues(y, i, indent, &text, &line)) {
                i = text;
                continue;
            }
        } else if (i < y->n && quote == '\'' && char_at(y, i + 1) == '\'') {
            i += 2;
            continue;
        }
        break;
    }
    enum config_style style = quote == '"' ? STYLE_YAML_DOUBLE : STYLE_YAML_SINGLE;
    if (i < y->n && y->p[i] == quote) {
        y->line = i > first_eol ? line : y->line;
        y->at = i + 1;
        return (struct span){start, i, style};
    }
    y->at = first_eol; // never closed: half-typed, it ends with its line
    return (struct span){start, trim_end(y, start, first_eol), style};
}

static struct config_node *read_quoted(struct yaml *y, struct config_node *parent, long indent) {
    struct span span = scan_quoted(y, indent);
    return add_scalar(y, parent, span.style, span.start, span.end);
}

static size_t plain_end(const struct yaml *y, size_t at) {
    size_t eol = line_end(y, at);
    size_t end = at;
    while (end < eol && !(y->p[end] == '#' && end > at && is_blank(y->p[end - 1]))) {
        end++;
    }
    return trim_end(y, at, end);
}

static struct config_node *read_plain(struct yaml *y, struct config_node *parent, long indent) {
    size_t start = y->at;
    size_t end = plain_end(y, start);
    size_t text = 0;
    size_t line = y->line;
    // A comment ends it; so does what would be an entry of its own, which a strict parser refuses.
    while (char_at(y, end) != '#' && trim_end(y, end, line_end(y, end)) == end &&
           continues(y, line_end(y, end), indent, &text, &line) && y->p[text] != '#' &&
           !at_dash(y, text) && !at_template(y, text) &&
           key_colon(y, text) == SIZE_MAX) {
        end = plain_end(y, text);
        y->line = line;
    }
    y->at = end;
    return add_scalar(y, parent, STYLE_PLAIN, start, end);
}

static bool at_block_scalar(const struct yaml *y) {
    char c = char_at(y, y->at);
    if (c != '|' && c != '>') {
        return false;
    }
    size_t i = y->at + 1;
    while (i < y->n && i < y->at + 3 && strchr("+-123456789", y->p[i])) {
        i++;
    }
    while (i < y->n && is_blank(y->p[i])) {
        i++;
    }
    return char_at(y, i) == '\n' || (char_at(y, i) == '#' && is_blank(y->p[i - 1]));
}

static struct config_node *read_block_scalar(struct yaml *y, struct config_node *parent, long indent) {
    enum config_style style = y->p[y->at] == '|' ? STYLE_YAML_LITERAL : STYLE_YAML_FOLDED;
    long content = -1;
    for (size_t i = y->at + 1; i < y->n && i < y->at + 3; i++) {
        if (y->p[i] >= '1' && y->p[i] <= '9') {
            content = (indent > 0 ? indent : 0) + (y->p[i] - '0');
        }
    }
    size_t start = 0;
    size_t end = 0;
    skip_line(y);
    size_t empty = y->at;
    while (y->at < y->n) {
        size_t eol = line_end(y, y->at);
        size_t text = y->at;
        while (text < eol && y->p[text] == ' ') {
            text++;
        }
        if (trim_end(y, text, eol) > text) { // else blank: belongs to it wherever it ends
            long col = (long)(text - y->at);
            if (content < 0) {
                content = col > indent ? col : indent + 1;
            }
            if (col < content || (col == 0 && at_marker(y, y->at))) {
                break;
            }
            if (!start) {
                start = y->at + (size_t)content;
            }
            end = trim_end(y, text, eol);
        }
        skip_line(y);
    }
    if (!start) {
        start = end = empty < y->n ? empty : y->n;
    }
    return add_scalar(y, parent, style, start, end);
}

// Blanks, line ends and comments inside brackets. False when the brackets were left open: the end of
// the text, or a line that stands no deeper than the block around.
static bool flow_space(struct yaml *y, long indent) {
    for (;;) {
        skip_blank(y);
        if (y->at >= y->n) {
            return false;
        }
        char c = y->p[y->at];
        if (c == '#' && (y->at == y->line || is_blank(y->p[y->at - 1]))) {
            y->at = line_end(y, y->at);
        } else if (c == '\n') {
            size_t at = y->at;
            size_t line = y->line;
            skip_line(y);
            skip_blank(y);
            c = char_at(y, y->at);
            if (y->at < y->n && c != '\n' && column(y) <= indent && !strchr("]},#", c)) {
                y->at = at; // stay in front: all brackets around ask again
                y->line = line;
                return false;
            }
        } else {
            return true;
        }
    }
}

static struct span scan_flow_plain(struct yaml *y) {
    size_t start = y->at;
    size_t i = start;
    while (i < y->n && y->p[i] != '\n') {
        if (at_template(y, i)) {
            i = template_end(y, i, line_end(y, i));
            continue;
        }
        char after = char_at(y, i + 1);
        if (strchr(",[]{}", y->p[i]) || (y->p[i] == '#' && i > start && is_blank(y->p[i - 1])) ||
            (y->p[i] == ':' && (is_break(after) || strchr(",[]{}", after)))) {
            break;
        }
        i++;
    }
    y->at = i;
    return (struct span){start, trim_end(y, start, i), STYLE_PLAIN};
}

// What stands behind the colon of a pair in brackets.
static struct config_node *read_flow_pair(struct yaml *y, struct config_node *object, struct span key,
                                          long indent) {
    size_t empty = y->at;
    struct config_node *value = NULL;
    if (flow_space(y, indent) && !strchr(",]}", y->p[y->at])) {
        value = read_flow_value(y, object, indent);
    } else {
        value = config_add(y->config, object, CONFIG_NULL, empty, empty);
    }
    config_set_key(value, key.start, key.end, key.style);
    return value;
}

static void read_flow_member(struct yaml *y, struct config_node *object, long indent) {
    read_properties(y);
    char c = char_at(y, y->at);
    struct span key = c == '"' || c == '\'' ? scan_quoted(y, indent) : scan_flow_plain(y);
    size_t after = y->at;
    if (flow_space(y, indent) && y->p[y->at] == ':') {
        y->at++;
        read_flow_pair(y, object, key, indent);
    } else if (key.end > key.start) {
        config_set_key(config_add(y->config, object, CONFIG_NULL, after, after), key.start, key.end,
                       key.style);
    }
}

static void read_flow_element(struct yaml *y, struct config_node *array, long indent) {
    struct config_node *child = read_flow_value(y, array, indent);
    if (child && child->kind == CONFIG_SCALAR && flow_space(y, indent) && y->p[y->at] == ':') {
        // [key: value]: an object of one pair.
        struct span key = {child->start, child->end, (enum config_style)child->style};
        child->kind = CONFIG_OBJECT;
        y->at++;
        struct config_node *value = read_flow_pair(y, child, key, indent);
        child->end = value ? value->end : child->end;
    }
}

static struct config_node *read_flow(struct yaml *y, struct config_node *parent, long indent) {
    bool is_object = y->p[y->at] == '{';
    struct config_node *node =
        config_add(y->config, parent, is_object ? CONFIG_OBJECT : CONFIG_ARRAY, y->at, y->at + 1);
    y->at++;
    if (!node || y->depth >= LIMIT_JSON_DEPTH) {
        return node;
    }
    y->depth++;
    while (flow_space(y, indent) && !y->config->truncated) {
        size_t before = y->at;
        char c = y->p[y->at];
        if (c == '}' || c == ']') {
            y->at++;
            break;
        }
        if (c == ',' || (c == '?' && is_break(char_at(y, y->at + 1)))) {
            y->at++;
        } else if (is_object) {
            read_flow_member(y, node, indent);
        } else {
            read_flow_element(y, node, indent);
        }
        if (y->at == before) {
            y->at++; // a stray character
        }
    }
    node->end = (uint32_t)(y->at < y->n ? y->at : y->n);
    y->depth--;
    return node;
}

static struct config_node *read_flow_value(struct yaml *y, struct config_node *parent, long indent) {
    struct str anchor = read_properties(y);
    struct config_node *node = NULL;
    char c = char_at(y, y->at);
    if (c == '"' || c == '\'') {
        node = read_quoted(y, parent, indent);
    } else if (c == '*') {
        node = read_alias(y, parent);
    } else if (c == '[' || (c == '{' && !at_template(y, y->at))) {
        node = read_flow(y, parent, indent);
    } else {
        struct span span = scan_flow_plain(y);
        node = add_scalar(y, parent, span.style, span.start, span.end);
    }
    set_anchor(y, anchor, node);
    return node;
}

// A value that begins on this line, at text.
static struct config_node *read_inline(struct yaml *y, struct config_node *parent, long indent) {
    char c = char_at(y, y->at);
    if (c == '"' || c == '\'') {
        return read_quoted(y, parent, indent);
    }
    if (at_block_scalar(y)) {
        return read_block_scalar(y, parent, indent);
    }
    if (c == '[' || (c == '{' && !at_template(y, y->at))) {
        return read_flow(y, parent, indent);
    }
    return c == '*' ? read_alias(y, parent) : read_plain(y, parent, indent);
}

static struct config_node *read_sequence(struct yaml *y, struct config_node *parent, long col) {
    struct config_node *node = config_add(y->config, parent, CONFIG_ARRAY, y->at, y->at);
    if (!node) {
        return NULL;
    }
    for (;;) {
        y->at++; // the dash
        size_t empty = y->at + (is_blank(char_at(y, y->at)) ? 1 : 0);
        struct config_node *child = NULL;
        if (next_content(y) && column(y) > col) {
            child = read_node(y, node, col);
        } else {
            child = config_add(y->config, node, CONFIG_NULL, empty, empty);
        }
        if (!child) {
            break;
        }
        node->end = child->end;
        while (next_content(y) && column(y) > col) {
            skip_line(y); // left over from a line that could not be read
        }
        if (y->at >= y->n || column(y) != col || !at_dash(y, y->at) || y->config->truncated) {
            break;
        }
    }
    return node;
}

// The value behind a key's colon.
static struct config_node *read_value(struct yaml *y, struct config_node *parent, long col) {
    size_t empty = y->at + (is_blank(char_at(y, y->at)) && char_at(y, y->at) != '\r' ? 1 : 0);
    skip_blank(y);
    struct str anchor = read_properties(y);
    char c = char_at(y, y->at);
    struct config_node *node = NULL;
    if (c != '\n' && c != '#') {
        node = read_inline(y, parent, col);
    } else if (next_content(y) && column(y) > col) {
        node = read_node(y, parent, col);
    } else if (y->at < y->n && column(y) == col && at_dash(y, y->at) && !at_marker(y, y->at)) {
        node = read_sequence(y, parent, col);
    } else {
        node = config_add(y->config, parent, CONFIG_NULL, empty, empty);
    }
    set_anchor(y, anchor, node);
    return node;
}

// One `key: value` whose colon is known. Returns the value.
static struct config_node *read_pair(struct yaml *y, struct config_node *object, size_t colon, long col) {
    read_properties(y);
    enum config_style style = STYLE_PLAIN;
    size_t start = y->at;
    size_t end = trim_end(y, start, colon);
    if (end > start + 1 && (y->p[start] == '"' || y->p[start] == '\'') && y->p[end - 1] == y->p[start]) {
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
static struct config_node *read_explicit_pair(struct yaml *y, struct config_node *object, long col) {
    y->at++;
    skip_blank(y);
    size_t start = y->at;
    size_t end = plain_end(y, start);
    enum config_style style = STYLE_PLAIN;
    if (end > start + 1 && (y->p[start] == '"' || y->p[start] == '\'') && y->p[end - 1] == y->p[start]) {
        style = y->p[start] == '"' ? STYLE_YAML_DOUBLE : STYLE_YAML_SINGLE;
    }
    y->at = end;
    struct config_node *value = NULL;
    if (next_content(y) && column(y) == col && y->p[y->at] == ':' && is_break(char_at(y, y->at + 1))) {
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
    return char_at(y, y->at) == '?' && is_break(char_at(y, y->at + 1));
}

static struct config_node *read_mapping(struct yaml *y, struct config_node *parent, long col) {
    struct config_node *node = config_add(y->config, parent, CONFIG_OBJECT, y->at, y->at);
    if (!node) {
        return NULL;
    }
    do {
        long here = column(y);
        if (here < col) {
            break;
        }
        size_t colon = at_explicit_key(y) ? 0 : key_colon(y, y->at);
        if (colon == SIZE_MAX || (at_dash(y, y->at) && here == col)) {
            skip_line(y); // a word being typed, or the rest of a line
            continue;
        }
        // A deeper line than its neighbours is a slip of indentation: it is read as one of them.
        struct config_node *value =
            colon ? read_pair(y, node, colon, here) : read_explicit_pair(y, node, here);
        if (!value) {
            break;
        }
        node->end = value->end > node->end ? value->end : node->end;
    } while (next_content(y) && !y->config->truncated);
    return node;
}

static struct config_node *read_node(struct yaml *y, struct config_node *parent, long indent) {
    size_t from = y->at;
    struct str anchor = read_properties(y);
    if (y->at > from && (char_at(y, y->at) == '\n' || char_at(y, y->at) == '#')) {
        if (!next_content(y) || column(y) <= indent) {
            struct config_node *empty = config_add(y->config, parent, CONFIG_NULL, from, from);
            set_anchor(y, anchor, empty);
            return empty;
        }
    }
    struct config_node *node = NULL;
    if (++y->depth > LIMIT_JSON_DEPTH) {
        node = config_add(y->config, parent, CONFIG_NULL, y->at, y->at);
        do {
            skip_line(y);
        } while (next_content(y) && column(y) > indent);
    } else if (at_dash(y, y->at)) {
        node = read_sequence(y, parent, column(y));
    } else if (at_explicit_key(y) || key_colon(y, y->at) != SIZE_MAX) {
        node = read_mapping(y, parent, column(y));
    } else {
        node = read_inline(y, parent, indent);
    }
    y->depth--;
    set_anchor(y, anchor, node);
    return node;
}

void yaml_read(struct config *config) {
    struct yaml y = {.config = config, .p = config->bytes.p, .n = config->bytes.n};
    if (str_starts(config->bytes, STR("\xef\xbb\xbf"))) {
        y.at = y.line = 3;
    }
    while (y.at < y.n && !config->truncated) {
        size_t before = y.at;
        if (y.at == y.line && at_marker(&y, y.at)) {
            y.at += 3;
            y.anchors = (struct config_index){0}; // anchors end with their document
        } else if (y.at == y.line && y.p[y.at] == '%') {
            skip_line(&y);
        }
        if (next_content(&y)) {
            read_node(&y, NULL, -1);
            if (y.at != y.line) {
                skip_line(&y); // left over behind the document's only value
            }
        }
        if (y.at == before) {
            skip_line(&y);
        }
    }
}

// --- decoding ---

struct decoder {
    char *text;
    uint32_t *map;
    size_t n;
};

static void put(struct decoder *out, char c, size_t at) {
    out->text[out->n] = c;
    out->map[out->n++] = (uint32_t)at;
}

static bool is_more_indented(struct str raw, size_t at) {
    return at < raw.n && (raw.p[at] == ' ' || raw.p[at] == '\t');
}

// Block scalars: takes the indentation off each line; of folded ones joins lines by a blank.
static void decode_block(struct decoder *out, struct str raw, size_t start, size_t indent, bool folded) {
    bool was_deep = is_more_indented(raw, 0);
    for (size_t i = 0; i < raw.n;) {
        if (raw.p[i] == '\r' && i + 1 < raw.n && raw.p[i + 1] == '\n') {
            i++;
            continue;
        }
        if (raw.p[i] != '\n') {
            put(out, raw.p[i], start + i);
            i++;
            continue;
        }
        size_t at = start + i;
        size_t breaks = 0;
        while (i < raw.n && (raw.p[i] == '\n' || raw.p[i] == '\r')) {
            breaks += raw.p[i] == '\n' ? 1 : 0;
            i++;
            size_t skip = 0;
            while (skip < indent && i < raw.n && raw.p[i] == ' ') {
                i++;
                skip++;
            }
        }
        bool is_deep = is_more_indented(raw, i);
        if (folded && !is_deep && !was_deep) {
            if (breaks == 1) {
                put(out, ' ', at);
            }
            breaks--;
        }
        for (; breaks > 0; breaks--) {
            put(out, '\n', at);
        }
        was_deep = is_deep;
    }
}

// Flow scalars over several lines: a line end with the blanks around is one blank, empty lines count.
static void decode_lines(struct decoder *out, struct str raw, size_t start, enum config_style style) {
    for (size_t i = 0; i < raw.n;) {
        if (raw.p[i] == '\\' && style == STYLE_YAML_DOUBLE) {
            char bytes[4];
            size_t n_bytes = 0;
            size_t used = config_escape(raw, i, bytes, &n_bytes);
            if (used == 2 && (bytes[0] == '\n' || bytes[0] == '\r') && raw.p[i + 1] != 'n' &&
                raw.p[i + 1] != 'r') {
                for (i += used; i < raw.n && char_is_space(raw.p[i]);) {
                    i++; // an escaped line end joins the lines without a blank
                }
                continue;
            }
            for (size_t k = 0; k < n_bytes; k++) {
                put(out, bytes[k], start + i);
            }
            i += used;
            continue;
        }
        if (raw.p[i] == '\n') {
            while (out->n > 0 && is_blank(out->text[out->n - 1])) {
                out->n--;
            }
            size_t at = i;
            size_t breaks = 0;
            while (i < raw.n && char_is_space(raw.p[i])) {
                breaks += raw.p[i] == '\n' ? 1 : 0;
                i++;
            }
            if (breaks == 1) {
                put(out, ' ', start + at);
            }
            for (; breaks > 1; breaks--) {
                put(out, '\n', start + at);
            }
            continue;
        }
        put(out, raw.p[i], start + i);
        i += style == STYLE_YAML_SINGLE && raw.p[i] == '\'' && i + 1 < raw.n && raw.p[i + 1] == '\'' ? 2 : 1;
    }
}

struct piece yaml_decode(const struct config *config, enum config_style style, size_t start, size_t end) {
    struct str raw = str_slice(config->bytes, start, end);
    struct piece piece = {.text = raw, .start = start, .end = end};
    bool has_lines = str_find_char(raw, '\n') != STR_NPOS;
    if (style == STYLE_YAML_DOUBLE && !has_lines) {
        return config_decode(config, style, start, end);
    }
    if (!has_lines && !(style == STYLE_YAML_SINGLE && str_find_char(raw, '\'') != STR_NPOS)) {
        return piece;
    }
    struct decoder out = {.text = ARENA_ARRAY(config->arena, raw.n + 1, char),
                          .map = ARENA_ARRAY(config->arena, raw.n + 2, uint32_t)};
    if (style == STYLE_YAML_LITERAL || style == STYLE_YAML_FOLDED) {
        size_t indent = 0;
        while (indent < start && config->bytes.p[start - indent - 1] != '\n') {
            indent++;
        }
        decode_block(&out, raw, start, indent, style == STYLE_YAML_FOLDED);
    } else {
        decode_lines(&out, raw, start, style);
    }
    out.map[out.n] = (uint32_t)end;
    piece.text = str_of(out.text, out.n);
    piece.map = out.map;
    return piece;
}
