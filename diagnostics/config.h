// SPDX-License-Identifier: MIT
//
// Inside diagnostics/ only: one shape for the files that hold settings. YAML, JSON (with comments,
// trailing commas, bare keys) and TOML are read into a tree of objects, arrays and scalars that
// knows where each key and value stands. Reading is one linear pass that cannot fail: what a strict
// parser would refuse (a half-typed line, a Helm template, merge-conflict markers) costs that line,
// not the file. That is why the tree-sitter trees are not used here: one `{{- if }}` line turns
// theirs into a single error. Text is decoded only when asked for.
//
// Everything lives in the arena; nodes are 32-bit offsets and pointers, at most LIMIT_CONFIG_NODES.
#pragma once

#include "diagnostics/collect.h"

enum config_kind {
    CONFIG_NULL, // nothing written (a place for completion), or null / ~
    CONFIG_SCALAR,
    CONFIG_OBJECT,
    CONFIG_ARRAY,
    CONFIG_ALIAS, // YAML *name: see config_resolve
};

// How a key or scalar is written, which tells how to decode it.
enum config_style {
    STYLE_PLAIN, // YAML plain (may be folded over lines), JSON number or word, TOML bare
    STYLE_YAML_DOUBLE,
    STYLE_YAML_SINGLE,
    STYLE_YAML_LITERAL, // |
    STYLE_YAML_FOLDED,  // >
    STYLE_JSON,         // "…" with JSON escapes (also TOML basic strings)
    STYLE_RAW,          // '…' without escapes: TOML literal strings, JSON5 single quotes
    STYLE_TOML_MULTI,   // """…""": JSON escapes, "\" before a line end
};

#define CONFIG_WIDE                                                                                \
    32 // conventions ask the root for some dozen keys each: wide objects get an index

struct config_node {
    uint8_t kind;      // enum config_kind
    uint8_t style;     // enum config_style, of a scalar
    uint8_t key_style; // enum config_style
    bool has_key;
    bool matters;                // set by config_collect: there is a needle in it
    uint32_t start, end;         // the value; of quoted scalars what stands between the quotes
    uint32_t key_start, key_end; // without quotes
    uint32_t n_children;
    struct config_node *parent;       // NULL for the root of a document
    struct config_node *first, *last; // children in file order
    struct config_node *next;         // sibling; of a root the next document's root
    struct config_node *target;       // CONFIG_ALIAS: the anchored node, or NULL
};

// Names to nodes in constant time: anchors of YAML, tables of TOML, members of wide objects.
struct config_index {
    struct config_slot {
        const struct config_node *parent;
        struct str name;
        struct config_node *node;
    } *slots;
    size_t cap; // a power of two, or 0
    size_t n;
};

struct config {
    struct arena *arena;
    struct str bytes;
    enum format format;
    struct config_node *documents; // linked by next; NULL when the file is empty
    struct config_node *last_document;
    size_t n_nodes;
    VEC(struct config_node *) wide; // nodes with more than CONFIG_WIDE children
    struct config_index members;    // of the objects among them
    bool has_aliases;
    bool truncated; // LIMIT_CONFIG_NODES met: the rest of the file is missing
};

// `format` is FORMAT_YAML, FORMAT_JSON or FORMAT_TOML. `bytes` must outlive the result. Never NULL.
struct config *config_read(struct arena *arena, enum format format, struct str bytes);

// The key decoded; empty for elements of arrays.
struct str config_key(const struct config *config, const struct config_node *node);
struct piece config_key_piece(const struct config *config, const struct config_node *node);
// The scalar decoded, with the place of each byte; an empty piece for other kinds.
struct piece config_value(const struct config *config, const struct config_node *node);
struct str config_text(const struct config *config, const struct config_node *node);

// The node that an alias stands for; others are themselves. NULL stays NULL.
const struct config_node *config_resolve(const struct config_node *node);

// The member of this name, the last one if written twice; YAML merge keys (<<) are looked through.
// `object` may be NULL, an alias or no object: NULL. The result is resolved.
const struct config_node *config_get(const struct config *config, const struct config_node *object,
                                     struct str key);

// The span of a node with its key.
static inline uint32_t config_from(const struct config_node *node) {
    return node->has_key && node->key_start < node->start ? node->key_start : node->start;
}

// --- for the readers in formats/{yaml,json,toml}.c ---
void yaml_read(struct config *config);
void json_read(struct config *config);
void toml_read(struct config *config);

// A new child of `parent`, or a new document when NULL. NULL when LIMIT_CONFIG_NODES is met.
struct config_node *config_add(struct config *config, struct config_node *parent,
                               enum config_kind kind, size_t start, size_t end);
void config_set_key(struct config_node *node, size_t start, size_t end, enum config_style style);

// One escape at s[i] (a backslash): writes the bytes it stands for to `out` and their number to
// `*n_out`; returns how many bytes of `s` it takes.
size_t config_escape(struct str s, size_t i, char out[4], size_t *n_out);

// Decoders: bytes [start, end) of the file in this style.
struct piece config_decode(const struct config *config, enum config_style style, size_t start,
                           size_t end);
struct piece yaml_decode(const struct config *config, enum config_style style, size_t start,
                         size_t end);

struct config_node *config_index_find(const struct config_index *index,
                                      const struct config_node *parent, struct str name);
void config_index_set(struct config *config, struct config_index *index,
                      const struct config_node *parent, struct str name, struct config_node *node);
