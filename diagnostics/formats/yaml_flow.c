// SPDX-License-Identifier: MIT
//
// YAML in brackets, which is also JSON in YAML files. Brackets left open end where the indentation
// falls back: flow_space stays in front of that line, so that all brackets around end too.
#include "base/limits.h"
#include "diagnostics/formats/yaml.h"

static struct config_node *read_flow_value(struct yaml *y, struct config_node *parent, long indent);

// Blanks, line ends and comments inside brackets. False when the brackets were left open: the end
// of the text, or a line that stands no deeper than the block around.
static bool flow_space(struct yaml *y, long indent) {
    for (;;) {
        yaml_skip_blank(y);
        if (y->at >= y->n) {
            return false;
        }
        char c = y->p[y->at];
        if (c == '#' && (y->at == y->line || yaml_is_blank(y->p[y->at - 1]))) {
            y->at = yaml_line_end(y, y->at);
        } else if (c == '\n') {
            size_t at = y->at;
            size_t line = y->line;
            yaml_skip_line(y);
            yaml_skip_blank(y);
            c = yaml_char(y, y->at);
            if (y->at < y->n && c != '\n' && yaml_column(y) <= indent && !strchr("]},#", c)) {
                y->at = at; // stay in front: all brackets around ask again
                y->line = line;
                return false;
            }
        } else {
            return true;
        }
    }
}

static struct yaml_span scan_flow_plain(struct yaml *y) {
    size_t start = y->at;
    size_t i = start;
    while (i < y->n && y->p[i] != '\n') {
        if (yaml_at_template(y, i)) {
            i = yaml_template_end(y, i, yaml_line_end(y, i));
            continue;
        }
        char after = yaml_char(y, i + 1);
        if (strchr(",[]{}", y->p[i]) ||
            (y->p[i] == '#' && i > start && yaml_is_blank(y->p[i - 1])) ||
            (y->p[i] == ':' && (yaml_is_break(after) || strchr(",[]{}", after)))) {
            break;
        }
        i++;
    }
    y->at = i;
    return (struct yaml_span){start, yaml_trim_end(y, start, i), STYLE_PLAIN};
}

// What stands behind the colon of a pair in brackets.
static struct config_node *read_flow_pair(struct yaml *y, struct config_node *object,
                                          struct yaml_span key, long indent) {
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
    yaml_read_properties(y);
    char c = yaml_char(y, y->at);
    struct yaml_span key = c == '"' || c == '\'' ? yaml_scan_quoted(y, indent) : scan_flow_plain(y);
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
        struct yaml_span key = {child->start, child->end, (enum config_style)child->style};
        child->kind = CONFIG_OBJECT;
        y->at++;
        struct config_node *value = read_flow_pair(y, child, key, indent);
        child->end = value ? value->end : child->end;
    }
}

struct config_node *yaml_read_flow(struct yaml *y, struct config_node *parent, long indent) {
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
        if (c == ',' || (c == '?' && yaml_is_break(yaml_char(y, y->at + 1)))) {
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

static struct config_node *read_flow_value(struct yaml *y, struct config_node *parent,
                                           long indent) {
    struct str anchor = yaml_read_properties(y);
    struct config_node *node = NULL;
    char c = yaml_char(y, y->at);
    if (c == '"' || c == '\'') {
        node = yaml_read_quoted(y, parent, indent);
    } else if (c == '*') {
        node = yaml_read_alias(y, parent);
    } else if (c == '[' || (c == '{' && !yaml_at_template(y, y->at))) {
        node = yaml_read_flow(y, parent, indent);
    } else {
        struct yaml_span span = scan_flow_plain(y);
        node = yaml_add_scalar(y, parent, span.style, span.start, span.end);
    }
    yaml_set_anchor(y, anchor, node);
    return node;
}
