// SPDX-License-Identifier: MIT
//
// Modelfiles as a whole: names of instructions, Ollama's verdict in its own words, and whether FROM
// means a path. The reading itself is modelfile_scan.c.
#include "diagnostics/modelfile_scan.h"

static const struct str command_names[MODELFILE_COMMANDS] = {
    [MODELFILE_FROM] = STR_INIT("FROM"),           [MODELFILE_LICENSE] = STR_INIT("LICENSE"),
    [MODELFILE_TEMPLATE] = STR_INIT("TEMPLATE"),   [MODELFILE_SYSTEM] = STR_INIT("SYSTEM"),
    [MODELFILE_ADAPTER] = STR_INIT("ADAPTER"),     [MODELFILE_DRAFT] = STR_INIT("DRAFT"),
    [MODELFILE_RENDERER] = STR_INIT("RENDERER"),   [MODELFILE_PARSER] = STR_INIT("PARSER"),
    [MODELFILE_PARAMETER] = STR_INIT("PARAMETER"), [MODELFILE_MESSAGE] = STR_INIT("MESSAGE"),
    [MODELFILE_REQUIRES] = STR_INIT("REQUIRES"),
};

static const struct str role_names[] = {STR_INIT("system"), STR_INIT("user"),
                                        STR_INIT("assistant")};

struct str modelfile_command_name(enum modelfile_command command) {
    return command < MODELFILE_COMMANDS ? command_names[command] : STR_NONE;
}

enum modelfile_command modelfile_command_parse(struct str word) {
    size_t i = 0;
    while (i < MODELFILE_COMMANDS && !str_ieq(word, command_names[i])) {
        i++;
    }
    return (enum modelfile_command)i;
}

size_t modelfile_roles(const struct str **out) {
    *out = role_names;
    return sizeof(role_names) / sizeof(role_names[0]);
}

void modelfile_parse(struct arena *arena, struct str bytes, struct modelfile *out) {
    struct modelfile_scanner s;
    modelfile_scanner_init(&s, arena, bytes);
    modelfile_scanner_run(&s);
    modelfile_scanner_flush(&s);
    bool has_from = false;
    for (size_t i = 0; i < s.instructions.n && !has_from; i++) {
        has_from = s.instructions.at[i].command == MODELFILE_FROM;
    }
    if (s.faults.n == 0 && !has_from) {
        size_t start = s.instructions.n > 0 ? s.instructions.at[0].keyword_start : 0;
        size_t end = s.instructions.n > 0 ? s.instructions.at[0].keyword_end : 0;
        modelfile_fault_add(&s, MODELFILE_FAULT_NO_FROM, start, end);
    }
    *out = (struct modelfile){.at = s.instructions.at,
                              .n = s.instructions.n,
                              .faults = s.faults.at,
                              .n_faults = s.faults.n,
                              .is_utf16 = s.encoding != UTF_8};
}

struct str modelfile_fault_text(struct arena *arena, const struct modelfile_fault *fault) {
    switch (fault->kind) {
    case MODELFILE_FAULT_COMMAND:
        return arena_printf(
            arena,
            "(line %u): command must be one of \"from\", \"license\", \"template\", "
            "\"system\", \"adapter\", \"draft\", \"renderer\", \"parser\", "
            "\"parameter\", \"message\", or \"requires\"",
            fault->line);
    case MODELFILE_FAULT_ROLE:
        return arena_printf(arena,
                            "(line %u): message role must be one of \"system\", \"user\", or "
                            "\"assistant\"",
                            fault->line);
    case MODELFILE_FAULT_NO_VALUE:
    case MODELFILE_FAULT_NAME_CHAR:
        return arena_printf(arena, "unexpected EOF: %.*s", STR_ARG(fault->text));
    case MODELFILE_FAULT_NO_FROM: return STR("no FROM line");
    case MODELFILE_FAULT_UNCLOSED:
    case MODELFILE_FAULT_UNFINISHED: break;
    }
    return STR("unexpected EOF");
}

bool modelfile_from_is_path(struct str value) {
    static const struct str endings[] = {STR_INIT(".gguf"), STR_INIT(".bin"),
                                         STR_INIT(".safetensors"), STR_INIT(".pth"),
                                         STR_INIT(".ggml")};
    if (value.n == 0 || value.p[0] == '/' || value.p[0] == '~' || str_eq(value, STR(".")) ||
        str_eq(value, STR("..")) || str_starts(value, STR("./")) || str_starts(value, STR("../")) ||
        str_find_char(value, '\\') != STR_NPOS) {
        return true;
    }
    bool has_scheme = str_contains(value, STR("://"));
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]) && !has_scheme; i++) {
        if (str_iends(value, endings[i])) {
            return true;
        }
    }
    return false;
}
