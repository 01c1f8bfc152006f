// SPDX-License-Identifier: MIT
//
// A model answers with lines, without knowing how the line it goes on looks. The rules are those of
// an editor's "new line": same indentation, one level more behind what opens a block.
#include "assist/insert.h"

static struct str indent_of(struct str line) {
    return str_slice(line, 0, str_indent(line));
}

bool insert_opens_block(struct str line) {
    static const struct str endings[] = {
        STR_INIT("{"), STR_INIT("("), STR_INIT("["), STR_INIT(":"), STR_INIT("=>"), STR_INIT("->"),
    };
    static const struct str words[] = {
        STR_INIT("do"), STR_INIT("then"), STR_INIT("else"), STR_INIT("repeat"), STR_INIT("begin"),
    };
    line = str_trim(line);
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (str_ends(line, endings[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_ends(line, words[i]) &&
            (line.n == words[i].n || !char_is_alnum(line.p[line.n - words[i].n - 1]))) {
            return true;
        }
    }
    bool is_lua_head = str_starts(line, STR("function ")) ||
                       str_starts(line, STR("local function ")) ||
                       str_contains(line, STR("function("));
    return is_lua_head && str_ends(line, STR(")"));
}

bool insert_is_comment(const struct language *language, struct str line) {
    line = str_trim(line);
    return (language->line_comment && str_starts(line, str_from(language->line_comment))) ||
           (language->block_comment[0] && str_starts(line, str_from(language->block_comment[0])));
}

// The nearest line before `line` that is not blank.
static struct str line_above(const struct text *text, size_t line) {
    while (line > 0) {
        struct str above = text_line(text, --line);
        if (str_trim(above).n > 0) {
            return above;
        }
    }
    return STR_NONE;
}

// The indentation that a new line below `above` gets.
static struct str indent_below(struct arena *arena, const struct context *context,
                               struct str above) {
    struct str indent = indent_of(above);
    return insert_opens_block(above) ? arena_join(arena, indent, context->unit) : indent;
}

static void place_at_point(struct arena *arena, const struct context_input *input, size_t at,
                           const struct context *context, struct placement *out) {
    size_t line = text_line_at(input->text, at);
    size_t start = text_line_start(input->text, line);
    struct str before = str_slice(text_str(input->text), start, at);
    if (str_trim(before).n > 0) {
        bool has_rest = at < text_line_end(input->text, line);
        if (!has_rest &&
            (insert_opens_block(before) || insert_is_comment(input->language, before))) {
            out->indent = indent_below(arena, context, before);
            out->lead = arena_join(arena, context->eol, out->indent);
            out->is_line_start = true;
        } else {
            out->indent = indent_of(before);
        }
        return;
    }
    struct str above = line_above(input->text, line);
    struct str wanted = indent_below(arena, context, above);
    out->indent = before;
    out->is_line_start = true;
    // Where the cursor was put on a blank line it stays, unless that is too shallow for a block.
    bool is_put = before.n > 0 && !insert_opens_block(above);
    if (!is_put && wanted.n > before.n && str_starts(wanted, before)) {
        out->lead = str_from_index(wanted, before.n);
        out->indent = wanted;
    }
}

void placement_for(struct arena *arena, const struct context_input *input, enum target_kind kind,
                   struct text_range target, const struct context *context, struct placement *out) {
    *out = (struct placement){.indent = context->indent, .is_line_start = context->is_line_start};
    if (kind == TARGET_POINT) {
        place_at_point(arena, input, target.start, context, out);
    } else if (kind == TARGET_BEHIND) {
        // Beside the definition, not at the depth of its last line.
        struct text_range whole = context_target(input, TARGET_DEFINITION);
        size_t line = text_line_at(input->text, whole.start);
        out->indent = indent_of(text_line(input->text, line));
        out->lead = arena_printf(arena, "%.*s%.*s%.*s", STR_ARG(context->eol),
                                 STR_ARG(context->eol), STR_ARG(out->indent));
        out->is_line_start = true;
        if (str_trim(str_slice(text_str(input->text), 0, target.start)).n == 0) {
            out->lead = STR_NONE; // nothing stands before it
        }
    }
}
