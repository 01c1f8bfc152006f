// SPDX-License-Identifier: MIT
//
// The tree of settings files: nodes, lookup, decoding (config.h says why it exists). Invariants: a
// node's span lies in its parent's; children are in file order; an alias' target was read before
// it.
#include "diagnostics/config.h"

#include "base/limits.h"
#include "base/utf.h"

#define MERGE_DEPTH 8 // merge keys that lead to merge keys
#define SHORT 64      // bytes of a text worth a look before the general way

// Of two members of one name the last one counts, in get_own too.
static void index_members(struct config *config) {
    for (size_t i = 0; i < config->wide.n; i++) {
        const struct config_node *object = config->wide.at[i];
        for (struct config_node *child = object->first; child; child = child->next) {
            if (child->has_key && object->kind == CONFIG_OBJECT) {
                struct str key = config_key(config, child);
                config_index_set(config, &config->members, object, key, child);
            }
        }
    }
}

struct config *config_read(struct arena *arena, enum format format, struct str bytes) {
    struct config *config = ARENA_NEW(arena, struct config);
    config->arena = arena;
    config->bytes = str_slice(bytes, 0, LIMIT_FILE);
    config->format = format;
    switch (format) {
    case FORMAT_YAML: yaml_read(config); break;
    case FORMAT_JSON: json_read(config); break;
    case FORMAT_TOML: toml_read(config); break;
    default: break;
    }
    index_members(config);
    return config;
}

struct config_node *config_add(struct config *config, struct config_node *parent,
                               enum config_kind kind, size_t start, size_t end) {
    if (config->n_nodes >= LIMIT_CONFIG_NODES) {
        config->truncated = true;
        return NULL;
    }
    config->n_nodes++;
    struct config_node *node = ARENA_NEW(config->arena, struct config_node);
    node->kind = (uint8_t)kind;
    node->start = (uint32_t)start;
    node->end = (uint32_t)end;
    node->parent = parent;
    if (parent) {
        if (parent->last) {
            parent->last->next = node;
        } else {
            parent->first = node;
        }
        parent->last = node;
        if (++parent->n_children == CONFIG_WIDE + 1) {
            *VEC_PUSH(config->arena, &config->wide) = parent;
        }
    } else {
        if (config->last_document) {
            config->last_document->next = node;
        } else {
            config->documents = node;
        }
        config->last_document = node;
    }
    return node;
}

void config_set_key(struct config_node *node, size_t start, size_t end, enum config_style style) {
    if (node) {
        node->has_key = true;
        node->key_start = (uint32_t)start;
        node->key_end = (uint32_t)end;
        node->key_style = (uint8_t)style;
    }
}

// --- decoding ---

static enum quoting style_quoting(enum config_style style, struct str bytes, size_t start) {
    switch (style) {
    case STYLE_YAML_LITERAL:
    case STYLE_YAML_FOLDED:
    case STYLE_TOML_MULTI: return QUOTE_BLOCK;
    case STYLE_YAML_DOUBLE:
    case STYLE_JSON: return QUOTE_DOUBLE;
    case STYLE_YAML_SINGLE: return QUOTE_SINGLE;
    case STYLE_RAW: return start > 0 && bytes.p[start - 1] == '"' ? QUOTE_DOUBLE : QUOTE_SINGLE;
    default: return QUOTE_NONE;
    }
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = char_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Reads `digits` hexadecimal digits at s[i]; false when there are fewer.
static bool hex_read(struct str s, size_t i, size_t digits, uint32_t *out) {
    uint32_t value = 0;
    for (size_t k = 0; k < digits; k++) {
        int digit = i + k < s.n ? hex_value(s.p[i + k]) : -1;
        if (digit < 0) {
            return false;
        }
        value = value << 4 | (uint32_t)digit;
    }
    *out = value;
    return true;
}

// JSON, TOML and YAML agree on the common escapes; the others of YAML cost nothing elsewhere.
size_t config_escape(struct str s, size_t i, char out[4], size_t *n_out) {
    *n_out = 1;
    if (i + 1 >= s.n) {
        out[0] = '\\';
        return 1;
    }
    char c = s.p[i + 1];
    static const char from[] = "bfnrt0aev";
    static const char to[] = "\b\f\n\r\t\0\a\x1b\v";
    for (size_t k = 0; k < sizeof(from) - 1; k++) {
        if (c == from[k]) {
            out[0] = to[k];
            return 2;
        }
    }
    size_t digits = c == 'u' ? 4 : c == 'x' ? 2 : c == 'U' ? 8 : 0;
    uint32_t value = 0;
    if (digits && hex_read(s, i + 2, digits, &value)) {
        size_t used = 2 + digits;
        uint32_t low = 0;
        if (value >= 0xd800 && value < 0xdc00 && i + used + 1 < s.n && s.p[i + used] == '\\' &&
            s.p[i + used + 1] == 'u' && hex_read(s, i + used + 2, 4, &low) && low >= 0xdc00 &&
            low < 0xe000) {
            value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
            used += 6;
        }
        *n_out = utf8_put(value, out);
        return used;
    }
    out[0] = c; // \" \\ \/ and what is no escape
    return 2;
}

struct piece config_decode(const struct config *config, enum config_style style, size_t start,
                           size_t end) {
    struct str raw = str_slice(config->bytes, start, end);
    struct piece piece = {.text = raw, .start = start, .end = end};
    piece.quoting = style_quoting(style, config->bytes, start);
    if (style == STYLE_RAW || style == STYLE_PLAIN || str_find_char(raw, '\\') == STR_NPOS) {
        return piece;
    }
    char *text = ARENA_ARRAY(config->arena, raw.n + 4, char);
    uint32_t *map = ARENA_ARRAY(config->arena, raw.n + 5, uint32_t);
    size_t n = 0;
    for (size_t i = 0; i < raw.n;) {
        char bytes[4] = {raw.p[i]};
        size_t n_bytes = 1;
        size_t used = 1;
        if (raw.p[i] == '\\') {
            used = config_escape(raw, i, bytes, &n_bytes);
            if (style == STYLE_TOML_MULTI && i + 1 < raw.n && char_is_space(raw.p[i + 1])) {
                n_bytes = 0; // a line end behind "\" and the blanks after it are not text
                while (i + used < raw.n && char_is_space(raw.p[i + used])) {
                    used++;
                }
            }
        }
        for (size_t k = 0; k < n_bytes; k++) {
            map[n] = (uint32_t)(start + i);
            text[n++] = bytes[k];
        }
        i += used;
    }
    map[n] = (uint32_t)end;
    piece.text = str_of(text, n);
    piece.map = map;
    return piece;
}

static struct piece decode(const struct config *config, enum config_style style, size_t start,
                           size_t end) {
    if (style == STYLE_PLAIN && end - start < SHORT &&
        !memchr(config->bytes.p + start, '\n', end - start)) {
        return (struct piece){
            .text = {config->bytes.p + start, end - start}, .start = start, .end = end};
    }
    if (config->format == FORMAT_YAML) {
        struct piece piece = yaml_decode(config, style, start, end);
        piece.quoting = style_quoting(style, config->bytes, start);
        return piece;
    }
    return config_decode(config, style, start, end);
}

struct piece config_key_piece(const struct config *config, const struct config_node *node) {
    if (!node->has_key) {
        return (struct piece){.start = node->start, .end = node->start};
    }
    return decode(config, (enum config_style)node->key_style, node->key_start, node->key_end);
}

struct str config_key(const struct config *config, const struct config_node *node) {
    return config_key_piece(config, node).text;
}

struct piece config_value(const struct config *config, const struct config_node *node) {
    if (!node || node->kind != CONFIG_SCALAR) {
        size_t at = node ? node->start : 0;
        return (struct piece){.start = at,
                              .end = node && node->kind == CONFIG_NULL ? node->end : at};
    }
    return decode(config, (enum config_style)node->style, node->start, node->end);
}

struct str config_text(const struct config *config, const struct config_node *node) {
    return config_value(config, config_resolve(node)).text;
}

// --- lookup ---

const struct config_node *config_resolve(const struct config_node *node) {
    // A target is never an alias itself: anchors stand on other nodes only.
    return node && node->kind == CONFIG_ALIAS ? node->target : node;
}

// Most keys are written plainly: compare them without decoding.
static bool key_is(const struct config *config, const struct config_node *node, struct str key) {
    size_t n = node->key_end - node->key_start;
    if (n == key.n) {
        return memcmp(config->bytes.p + node->key_start, key.p, n) == 0;
    }
    return node->key_style != STYLE_PLAIN && n > key.n && str_eq(config_key(config, node), key);
}

static const struct config_node *get_own(const struct config *config,
                                         const struct config_node *object, struct str key) {
    if (object->n_children > CONFIG_WIDE) {
        return config_index_find(&config->members, object, key);
    }
    const struct config_node *found = NULL;
    for (const struct config_node *child = object->first; child; child = child->next) {
        if (child->has_key && key_is(config, child, key)) {
            found = child;
        }
    }
    return found;
}

static const struct config_node *get_merged(const struct config *config,
                                            const struct config_node *object, struct str key,
                                            int depth) {
    object = config_resolve(object);
    if (!object || object->kind != CONFIG_OBJECT || depth > MERGE_DEPTH) {
        return NULL;
    }
    const struct config_node *found = get_own(config, object, key);
    if (found || config->format != FORMAT_YAML || !config->has_aliases) {
        return found;
    }
    const struct config_node *merge = config_resolve(get_own(config, object, STR("<<")));
    if (!merge) {
        return NULL;
    }
    if (merge->kind == CONFIG_OBJECT) {
        return get_merged(config, merge, key, depth + 1);
    }
    // Of a list of maps the first that has the key wins. The list is looked at to a bound: it may
    // be long, and each of its elements may merge again.
    size_t i = 0;
    for (const struct config_node *each = merge->first; each && i < 16; each = each->next, i++) {
        found = get_merged(config, each, key, depth + 4);
        if (found) {
            return found;
        }
    }
    return NULL;
}

const struct config_node *config_get(const struct config *config, const struct config_node *object,
                                     struct str key) {
    return config_resolve(get_merged(config, object, key, 0));
}

// --- index ---

static size_t slot_of(const struct config_index *index, const struct config_node *parent,
                      struct str name) {
    uint64_t hash = str_hash(name) ^ ((uint64_t)(uintptr_t)parent * 0x9e3779b97f4a7c15u);
    size_t i = (size_t)(hash ^ hash >> 29) & (index->cap - 1);
    while (index->slots[i].node &&
           !(index->slots[i].parent == parent && str_eq(index->slots[i].name, name))) {
        i = (i + 1) & (index->cap - 1);
    }
    return i;
}

struct config_node *config_index_find(const struct config_index *index,
                                      const struct config_node *parent, struct str name) {
    return index->cap ? index->slots[slot_of(index, parent, name)].node : NULL;
}

void config_index_set(struct config *config, struct config_index *index,
                      const struct config_node *parent, struct str name, struct config_node *node) {
    if (index->n * 2 >= index->cap) {
        struct config_index old = *index;
        index->cap = old.cap ? old.cap * 2 : 16;
        index->slots = ARENA_ARRAY(config->arena, index->cap, struct config_slot);
        for (size_t i = 0; i < old.cap; i++) {
            if (old.slots[i].node) {
                index->slots[slot_of(index, old.slots[i].parent, old.slots[i].name)] = old.slots[i];
            }
        }
    }
    size_t i = slot_of(index, parent, name);
    index->n += index->slots[i].node ? 0 : 1;
    index->slots[i] = (struct config_slot){parent, name, node};
}
