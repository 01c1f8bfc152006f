// SPDX-License-Identifier: MIT
//
// Which reader a file gets (config-formats 3.1, 3.2, 4, 9). Names come first: editors of 2021 send
// an empty languageId, and people open files under any. Names say only how to read; whether
// anything in the file is ours is decided by its contents.
#include <stdlib.h>

#include "base/glob.h"
#include "base/uri.h"
#include "diagnostics/analysis.h"
#include "grammars/grammars.h"

static const char *const names[] = {
    [FORMAT_NONE] = "none",
    [FORMAT_MODELFILE] = "modelfile",
    [FORMAT_DOTENV] = "dotenv",
    [FORMAT_YAML] = "yaml",
    [FORMAT_JSON] = "json",
    [FORMAT_TOML] = "toml",
    [FORMAT_SHELL] = "shell",
    [FORMAT_MAKEFILE] = "makefile",
    [FORMAT_DOCKERFILE] = "dockerfile",
    [FORMAT_SYSTEMD] = "systemd",
    [FORMAT_NAMEL3SS] = "namel3ss",
    [FORMAT_MARKDOWN] = "markdown",
};

const char *format_name(enum format format) {
    return (size_t)format < sizeof(names) / sizeof(names[0]) ? names[format] : "none";
}

const TSLanguage *format_language(enum format format) {
    switch (format) {
    case FORMAT_MODELFILE: return grammar_modelfile();
    case FORMAT_DOTENV: return grammar_dotenv();
    case FORMAT_YAML: return grammar_yaml();
    case FORMAT_JSON: return grammar_json();
    case FORMAT_TOML: return grammar_toml();
    default: return NULL;
    }
}

struct word_format {
    struct str word;
    enum format format;
};

static enum format find_word(const struct word_format *table, size_t n, struct str word) {
    for (size_t i = 0; i < n; i++) {
        if (str_ieq(table[i].word, word)) {
            return table[i].format;
        }
    }
    return FORMAT_NONE;
}
#define FIND_WORD(table, word) find_word((table), sizeof(table) / sizeof((table)[0]), (word))

static const struct word_format extensions[] = {
    {STR_INIT("yaml"), FORMAT_YAML},
    {STR_INIT("yml"), FORMAT_YAML},
    {STR_INIT("json"), FORMAT_JSON},
    {STR_INIT("jsonc"), FORMAT_JSON},
    {STR_INIT("json5"), FORMAT_JSON},
    {STR_INIT("code-workspace"), FORMAT_JSON},
    {STR_INIT("toml"), FORMAT_TOML},
    {STR_INIT("env"), FORMAT_DOTENV},
    {STR_INIT("sh"), FORMAT_SHELL},
    {STR_INIT("bash"), FORMAT_SHELL},
    {STR_INIT("zsh"), FORMAT_SHELL},
    {STR_INIT("fish"), FORMAT_SHELL},
    {STR_INIT("ksh"), FORMAT_SHELL},
    {STR_INIT("ps1"), FORMAT_SHELL},
    {STR_INIT("psm1"), FORMAT_SHELL},
    {STR_INIT("bat"), FORMAT_SHELL},
    {STR_INIT("cmd"), FORMAT_SHELL},
    {STR_INIT("just"), FORMAT_MAKEFILE},
    {STR_INIT("mk"), FORMAT_MAKEFILE},
    {STR_INIT("mak"), FORMAT_MAKEFILE},
    {STR_INIT("dockerfile"), FORMAT_DOCKERFILE},
    {STR_INIT("containerfile"), FORMAT_DOCKERFILE},
    {STR_INIT("modelfile"), FORMAT_MODELFILE},
    {STR_INIT("service"), FORMAT_SYSTEMD},
    {STR_INIT("ai"), FORMAT_NAMEL3SS},
    {STR_INIT("md"), FORMAT_MARKDOWN},
    {STR_INIT("markdown"), FORMAT_MARKDOWN},
    {STR_INIT("mdx"), FORMAT_MARKDOWN},
};

// Whole names, and names that go on behind a dot: Dockerfile.gpu, Modelfile.fast, .env.local.
static const struct word_format file_names[] = {
    {STR_INIT("Modelfile"), FORMAT_MODELFILE},
    {STR_INIT("Dockerfile"), FORMAT_DOCKERFILE},
    {STR_INIT("Containerfile"), FORMAT_DOCKERFILE},
    {STR_INIT("Makefile"), FORMAT_MAKEFILE},
    {STR_INIT("GNUmakefile"), FORMAT_MAKEFILE},
    {STR_INIT("justfile"), FORMAT_MAKEFILE},
    {STR_INIT(".justfile"), FORMAT_MAKEFILE},
    {STR_INIT("Procfile"), FORMAT_SHELL},
    {STR_INIT(".env"), FORMAT_DOTENV},
    {STR_INIT(".envrc"), FORMAT_DOTENV},
    {STR_INIT("env"), FORMAT_DOTENV},
    {STR_INIT(".sgptrc"), FORMAT_DOTENV},
    {STR_INIT(".bashrc"), FORMAT_SHELL},
    {STR_INIT(".zshrc"), FORMAT_SHELL},
    {STR_INIT(".profile"), FORMAT_SHELL},
    {STR_INIT(".bash_profile"), FORMAT_SHELL},
    {STR_INIT(".zshenv"), FORMAT_SHELL},
    {STR_INIT(".zprofile"), FORMAT_SHELL},
    {STR_INIT("OAI_CONFIG_LIST"), FORMAT_JSON},
};

static const struct word_format languages[] = {
    {STR_INIT("modelfile"), FORMAT_MODELFILE},
    {STR_INIT("ollama"), FORMAT_MODELFILE},
    {STR_INIT("dotenv"), FORMAT_DOTENV},
    {STR_INIT("env"), FORMAT_DOTENV},
    {STR_INIT("yaml"), FORMAT_YAML},
    {STR_INIT("dockercompose"), FORMAT_YAML},
    {STR_INIT("helm"), FORMAT_YAML},
    {STR_INIT("ansible"), FORMAT_YAML},
    {STR_INIT("github-actions-workflow"), FORMAT_YAML},
    {STR_INIT("json"), FORMAT_JSON},
    {STR_INIT("jsonc"), FORMAT_JSON},
    {STR_INIT("json5"), FORMAT_JSON},
    {STR_INIT("toml"), FORMAT_TOML},
    {STR_INIT("shellscript"), FORMAT_SHELL},
    {STR_INIT("sh"), FORMAT_SHELL},
    {STR_INIT("bash"), FORMAT_SHELL},
    {STR_INIT("zsh"), FORMAT_SHELL},
    {STR_INIT("fish"), FORMAT_SHELL},
    {STR_INIT("powershell"), FORMAT_SHELL},
    {STR_INIT("bat"), FORMAT_SHELL},
    {STR_INIT("just"), FORMAT_SHELL},
    {STR_INIT("makefile"), FORMAT_MAKEFILE},
    {STR_INIT("make"), FORMAT_MAKEFILE},
    {STR_INIT("dockerfile"), FORMAT_DOCKERFILE},
    {STR_INIT("systemd"), FORMAT_SYSTEMD},
    {STR_INIT("namel3ss"), FORMAT_NAMEL3SS},
    {STR_INIT("markdown"), FORMAT_MARKDOWN},
};

// What templates and examples are called in addition: config.yaml.example is YAML.
static const struct str additions[] = {
    STR_INIT("example"), STR_INIT("sample"), STR_INIT("template"), STR_INIT("dist"), STR_INIT("j2"),
    STR_INIT("tmpl"),    STR_INIT("tpl"),    STR_INIT("in"),       STR_INIT("bak")};

static bool is_addition(struct str extension) {
    for (size_t i = 0; i < sizeof(additions) / sizeof(additions[0]); i++) {
        if (str_ieq(additions[i], extension)) {
            return true;
        }
    }
    return false;
}

static enum format detect_name(struct str path, struct str base) {
    struct str last = STR_NONE;
    for (;;) {
        size_t dot = str_rfind_char(base, '.');
        last = dot == STR_NPOS ? STR_NONE : str_from_index(base, dot + 1);
        if (!is_addition(last) || dot == 0) {
            break;
        }
        enum format whole = FIND_WORD(file_names, base);
        if (whole) {
            return whole;
        }
        base = str_slice(base, 0, dot);
    }
    enum format format = FIND_WORD(file_names, base);
    if (!format && last.n > 0) {
        format = FIND_WORD(extensions, last);
    }
    if (!format && (str_iends(base, STR(".conf")) && str_contains(path, STR(".service.d/")))) {
        return FORMAT_SYSTEMD;
    }
    if (!format) { // Dockerfile.gpu, .env.production, Modelfile.q4; but not dockerfile.go
        size_t dot = str_find_char(str_from_index(base, base.n > 0 ? 1 : 0), '.');
        struct str first = str_slice(base, 0, dot == STR_NPOS ? base.n : dot + 1);
        format = FIND_WORD(file_names, first);
        if (format == FORMAT_JSON || str_ieq(first, STR("env"))) {
            return FORMAT_NONE;
        }
        if (str_starts(base, STR(".env-")) || str_starts(base, STR(".env_"))) {
            return FORMAT_DOTENV;
        }
    }
    return format;
}

// Files of source code may be called like one of ours: Dockerfile.go, env.ts.
static bool is_code(struct str base) {
    static const struct str code[] = {
        STR_INIT("c"),   STR_INIT("h"),   STR_INIT("cc"),  STR_INIT("cpp"), STR_INIT("go"),
        STR_INIT("js"),  STR_INIT("ts"),  STR_INIT("jsx"), STR_INIT("tsx"), STR_INIT("py"),
        STR_INIT("rb"),  STR_INIT("rs"),  STR_INIT("mjs"), STR_INIT("cjs"), STR_INIT("java"),
        STR_INIT("kt"),  STR_INIT("lua"), STR_INIT("el"),  STR_INIT("php"), STR_INIT("html"),
        STR_INIT("css"), STR_INIT("txt"), STR_INIT("lock")};
    size_t dot = str_rfind_char(base, '.');
    struct str extension = str_from_index(base, dot == STR_NPOS ? base.n : dot + 1);
    for (size_t i = 0; i < sizeof(code) / sizeof(code[0]); i++) {
        if (str_ieq(code[i], extension)) {
            return true;
        }
    }
    return false;
}

static enum format detect_head(struct str head) {
    struct str line = STR_NONE;
    if (!str_starts(head, STR("#!")) || !str_next_line(&head, &line)) {
        return FORMAT_NONE;
    }
    size_t blank = str_rfind_char(str_trim(line), ' ');
    size_t slash = str_rfind_char(line, '/');
    size_t from = blank != STR_NPOS && blank > slash ? blank + 1 : slash + 1;
    struct str program = str_trim(str_from_index(line, slash == STR_NPOS ? 2 : from));
    if (str_starts(program, STR("-"))) { // "#!/bin/bash -e"
        program = str_trim(str_slice(line, slash + 1, blank));
    }
    return FIND_WORD(languages, program) == FORMAT_SHELL || str_eq(program, STR("dash")) ||
                   str_eq(program, STR("ash")) || str_eq(program, STR("ksh"))
               ? FORMAT_SHELL
           : str_eq(program, STR("make")) ? FORMAT_MAKEFILE
                                          : FORMAT_NONE;
}

enum format format_detect(struct str path, struct str language_id, struct str head) {
    struct str base = path_base(path);
    enum format format = is_code(base) ? FORMAT_NONE : detect_name(path, base);
    if (format == FORMAT_NONE && !is_code(base)) {
        // "yaml.docker-compose" is a YAML of Neovim users.
        format = FIND_WORD(languages, language_id);
        if (!format) {
            format =
                FIND_WORD(languages, str_slice(language_id, 0, str_find_char(language_id, '.')));
        }
    }
    if (format == FORMAT_NONE && !is_code(base)) {
        format = detect_head(head);
    }
    if (format == FORMAT_NAMEL3SS &&
        (str_starts(head, STR("%PDF")) || str_starts(head, STR("%!PS")) ||
         memchr(head.p ? head.p : "", 0, head.n))) {
        return FORMAT_NONE; // Adobe Illustrator's files are called .ai too
    }
    return format;
}

bool format_may_matter(struct str path) {
    // Without an extension the first line may say what it is (#!/bin/sh).
    return format_detect(path, STR_NONE, STR_NONE) != FORMAT_NONE ||
           str_find_char(path_base(path), '.') == STR_NPOS;
}
