// SPDX-License-Identifier: MIT
//
// What is being typed at a place of a Modelfile: the state machine run over what stands in front of
// it says which instruction, name or value is open there. So a FROM inside a quoted SYSTEM is text.
#include "diagnostics/modelfile_scan.h"

static bool char_ends_word(char c) {
    return char_is_space(c) || c == '"';
}

static bool char_is_template_word(char c) {
    return char_is_alnum(c) || c == '_' || c == '.' || c == '$';
}

static void place_word(struct str bytes, size_t from, size_t offset, bool (*is_end)(char),
                       struct modelfile_place *out) {
    size_t start = offset;
    while (start > from && !is_end(bytes.p[start - 1])) {
        start--;
    }
    size_t end = offset;
    while (end < bytes.n && !is_end(bytes.p[end])) {
        end++;
    }
    out->start = start;
    out->end = end;
    out->typed = str_slice(bytes, start, offset);
}

static bool char_ends_template_word(char c) {
    return !char_is_template_word(c);
}

static bool char_ends_line(char c) {
    return c == '\n' || c == '\r' || c == '"';
}

// Inside an action that is open at `offset`?
static bool place_is_action(struct str value) {
    for (size_t i = value.n; i >= 2; i--) {
        struct str pair = str_slice(value, i - 2, i);
        if (str_eq(pair, STR("}}"))) {
            return false;
        }
        if (str_eq(pair, STR("{{"))) {
            return true;
        }
    }
    return false;
}

static void place_value(const struct modelfile_scanner *s, struct str bytes, size_t offset,
                        struct modelfile_place *out) {
    out->command = s->current.command;
    size_t from = s->text_start;
    switch (s->current.command) {
    case MODELFILE_FROM: out->kind = MODELFILE_PLACE_MODEL; break;
    case MODELFILE_ADAPTER:
    case MODELFILE_DRAFT: out->kind = MODELFILE_PLACE_PATH; break;
    case MODELFILE_RENDERER:
    case MODELFILE_PARSER:
    case MODELFILE_REQUIRES: out->kind = MODELFILE_PLACE_VALUE; break;
    case MODELFILE_PARAMETER:
        out->kind = MODELFILE_PLACE_PARAMETER_VALUE;
        out->parameter = s->current.name;
        break;
    case MODELFILE_TEMPLATE:
        if (place_is_action(str_slice(bytes, from, offset))) {
            out->kind = MODELFILE_PLACE_TEMPLATE;
            place_word(bytes, from, offset, char_ends_template_word, out);
        }
        return;
    default: return;
    }
    place_word(bytes, from, offset,
               out->kind == MODELFILE_PLACE_PATH ? char_ends_line : char_ends_word, out);
}

void modelfile_place_at(struct arena *arena, struct str bytes, size_t offset,
                        struct modelfile_place *out) {
    *out = (struct modelfile_place){.command = MODELFILE_COMMANDS, .start = offset, .end = offset};
    if (offset > bytes.n) {
        return;
    }
    struct modelfile_scanner s;
    modelfile_scanner_init(&s, arena, str_slice(bytes, 0, offset));
    modelfile_scanner_run(&s);
    switch (s.state) {
    case STATE_NIL: {
        // Only at the start of a line: behind a value nothing but its line end leads here.
        out->kind = MODELFILE_PLACE_INSTRUCTION;
        place_word(bytes, offset, offset, char_ends_word, out);
        break;
    }
    case STATE_NAME:
        out->kind = MODELFILE_PLACE_INSTRUCTION;
        place_word(bytes, s.text_start, offset, char_ends_word, out);
        break;
    case STATE_PARAMETER:
        out->kind = MODELFILE_PLACE_PARAMETER;
        out->command = MODELFILE_PARAMETER;
        place_word(bytes, s.text_start, offset, char_ends_word, out);
        break;
    case STATE_MESSAGE:
        out->kind = MODELFILE_PLACE_ROLE;
        out->command = MODELFILE_MESSAGE;
        place_word(bytes, s.text_start, offset, char_ends_word, out);
        break;
    case STATE_VALUE: place_value(&s, bytes, offset, out); break;
    case STATE_COMMENT:
    case STATE_SKIP: break;
    }
}

// --- names of RENDERER and PARSER (model/renderers, model/parsers of v0.33) ---

static const struct str renderers[] = {
    STR_INIT("qwen3-coder"),
    STR_INIT("qwen3-vl-instruct"),
    STR_INIT("qwen3-vl-thinking"),
    STR_INIT("qwen3.5"),
    STR_INIT("qwen3.8"),
    STR_INIT("ornith"),
    STR_INIT("cogito"),
    STR_INIT("deepseek3.1"),
    STR_INIT("olmo3"),
    STR_INIT("olmo3.1"),
    STR_INIT("olmo3-think"),
    STR_INIT("olmo3-32b-think"),
    STR_INIT("nemotron-3-nano"),
    STR_INIT("nemotron-3.5-nano"),
    STR_INIT("gemma4"),
    STR_INIT("gemma4-small"),
    STR_INIT("gemma4-large"),
    STR_INIT("functiongemma"),
    STR_INIT("glm-4.7"),
    STR_INIT("glm-ocr"),
    STR_INIT("lfm2"),
    STR_INIT("lfm2-thinking"),
    STR_INIT("laguna"),
    STR_INIT("poolside-v1"),
    STR_INIT("cohere"),
    STR_INIT("glimmer"),
};

static const struct str parsers[] = {
    STR_INIT("qwen3"),
    STR_INIT("qwen3-thinking"),
    STR_INIT("qwen3.5"),
    STR_INIT("ornith"),
    STR_INIT("qwen3-coder"),
    STR_INIT("qwen3-vl-instruct"),
    STR_INIT("qwen3-vl-thinking"),
    STR_INIT("ministral"),
    STR_INIT("passthrough"),
    STR_INIT("harmony"),
    STR_INIT("cogito"),
    STR_INIT("deepseek3"),
    STR_INIT("olmo3"),
    STR_INIT("olmo3-think"),
    STR_INIT("nemotron-3-nano"),
    STR_INIT("nemotron-3.5-nano"),
    STR_INIT("functiongemma"),
    STR_INIT("glm-4.7"),
    STR_INIT("gemma4"),
    STR_INIT("gemma4-no-thinking"),
    STR_INIT("glm-ocr"),
    STR_INIT("lfm2"),
    STR_INIT("lfm2-thinking"),
    STR_INIT("laguna"),
    STR_INIT("poolside-v1"),
    STR_INIT("cohere"),
    STR_INIT("glimmer"),
};

size_t modelfile_renderers(const struct str **out) {
    *out = renderers;
    return sizeof(renderers) / sizeof(renderers[0]);
}

size_t modelfile_parsers(const struct str **out) {
    *out = parsers;
    return sizeof(parsers) / sizeof(parsers[0]);
}
