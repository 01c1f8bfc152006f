// SPDX-License-Identifier: MIT
//
// From YAML texts as written to what they mean: escapes, indentation, folding. Each byte of the
// result keeps its place in the file.
#include "diagnostics/formats/yaml.h"

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
static void decode_block(struct decoder *out, struct str raw, size_t start, size_t indent,
                         bool folded) {
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

// Flow scalars over several lines: a line end with the blanks around is one blank, empty lines
// count.
static void decode_lines(struct decoder *out, struct str raw, size_t start,
                         enum config_style style) {
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
            while (out->n > 0 && yaml_is_blank(out->text[out->n - 1])) {
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
        i += style == STYLE_YAML_SINGLE && raw.p[i] == '\'' && i + 1 < raw.n && raw.p[i + 1] == '\''
                 ? 2
                 : 1;
    }
}

struct piece yaml_decode(const struct config *config, enum config_style style, size_t start,
                         size_t end) {
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
