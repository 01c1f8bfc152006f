// SPDX-License-Identifier: MIT
//
// Which reader a file gets, by name, language id and first bytes; and the scan that decides whether
// a file is read at all.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "diagnostics/analysis.h"
#include "diagnostics/scan.h"

static void test_detect(void **state) {
    (void)state;
    static const struct {
        const char *path, *language, *head;
        enum format format;
    } rows[] = {
        {"Modelfile", "", "", FORMAT_MODELFILE},
        {"a/Modelfile.q4", "", "", FORMAT_MODELFILE},
        {"translator.Modelfile", "", "", FORMAT_MODELFILE},
        {"x.modelfile", "plaintext", "", FORMAT_MODELFILE},
        {"Untitled-1", "modelfile", "", FORMAT_MODELFILE},
        {".env", "", "", FORMAT_DOTENV},
        {"a/.env.local", "shellscript", "", FORMAT_DOTENV},
        {".env.example", "", "", FORMAT_DOTENV},
        {"prod.env", "", "", FORMAT_DOTENV},
        {".envrc", "", "", FORMAT_DOTENV},
        {"env.example", "", "", FORMAT_DOTENV},
        {"example.env", "", "", FORMAT_DOTENV},
        {"env.d.ts", "", "", FORMAT_NONE},
        {"env.py", "", "", FORMAT_NONE},
        {".env.yaml", "", "", FORMAT_YAML},
        {"compose.yaml", "", "", FORMAT_YAML},
        {"c.yml", "dockercompose", "", FORMAT_YAML},
        {"config.yaml.example", "", "", FORMAT_YAML},
        {"values.yaml.tpl", "", "", FORMAT_YAML},
        {"noname", "yaml.docker-compose", "", FORMAT_YAML},
        {"settings.json", "jsonc", "", FORMAT_JSON},
        {"opencode.jsonc", "", "", FORMAT_JSON},
        {"p.code-workspace", "", "", FORMAT_JSON},
        {"OAI_CONFIG_LIST", "", "", FORMAT_JSON},
        {"config.toml", "", "", FORMAT_TOML},
        {"run.sh", "", "", FORMAT_SHELL},
        {"x.ps1", "", "", FORMAT_SHELL},
        {"justfile", "", "", FORMAT_MAKEFILE},
        {"Procfile", "", "", FORMAT_SHELL},
        {"bin/start", "", "#!/usr/bin/env bash\n", FORMAT_SHELL},
        {"bin/start", "", "#!/bin/sh -e\n", FORMAT_SHELL},
        {"bin/start", "", "#!/usr/bin/env python3\n", FORMAT_NONE},
        {"Makefile", "", "", FORMAT_MAKEFILE},
        {"rules.mk", "", "", FORMAT_MAKEFILE},
        {"Dockerfile", "", "", FORMAT_DOCKERFILE},
        {"Dockerfile.gpu", "", "", FORMAT_DOCKERFILE},
        {"x.Dockerfile", "", "", FORMAT_DOCKERFILE},
        {"Dockerfile.go", "", "", FORMAT_NONE},
        {"ollama.service", "", "", FORMAT_SYSTEMD},
        {"etc/systemd/system/ollama.service.d/override.conf", "", "", FORMAT_SYSTEMD},
        {"nginx.conf", "", "", FORMAT_NONE},
        {"app.ai", "", "ai model x {", FORMAT_NAMEL3SS},
        {"logo.ai", "", "%PDF-1.5", FORMAT_NONE},
        {"logo.ai", "", "%!PS-Adobe-3.0", FORMAT_NONE},
        {"README.md", "", "", FORMAT_MARKDOWN},
        {"main.go", "", "", FORMAT_NONE},
        {"model.gguf", "", "", FORMAT_NONE},
        {"", "", "", FORMAT_NONE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum format format = format_detect(str_from(rows[i].path), str_from(rows[i].language),
                                           str_from(rows[i].head));
        if (format != rows[i].format) {
            fail_msg("%s: %s instead of %s", rows[i].path, format_name(format),
                     format_name(rows[i].format));
        }
    }
}

static void test_names(void **state) {
    (void)state;
    for (enum format format = FORMAT_NONE; format <= FORMAT_MARKDOWN; format++) {
        for (enum format other = FORMAT_NONE; other < format; other++) {
            assert_string_not_equal(format_name(format), format_name(other));
        }
    }
    assert_non_null(format_language(FORMAT_YAML));
    assert_null(format_language(FORMAT_SHELL));
}

// The fast search against the plain one, over texts made to trip it: short, at the borders of
// blocks and windows, words that almost fit.
static void test_scan(void **state) {
    (void)state;
    static const struct needle needles[] = {
        {STR_INIT("ollama")}, {STR_INIT("11434")}, {STR_INIT("a")}, {STR_INIT("{[")}};
    static const char letters[] = "oOlLaAmM1143{[k@";
    static char text[40000];
    unsigned seed = 7;
    for (size_t n = 0; n < sizeof(text); n = n < 80 ? n + 1 : n * 3) {
        for (int round = 0; round < 20; round++) {
            for (size_t i = 0; i < n; i++) {
                seed = seed * 1103515245u + 12345u;
                text[i] = letters[seed >> 16 & 15];
            }
            if (n > 8 && round % 2) {
                seed = seed * 1103515245u + 12345u;
                memcpy(text + (seed >> 8) % (n - 6), round % 4 == 1 ? "OlLaMa" : "x11434", 6);
            }
            for (size_t k = 0; k < 4; k++) {
                struct str bytes = str_of(text, n);
                assert_int_equal(needle_find(bytes, &needles[k], 0),
                                 str_ifind(bytes, needles[k].text));
                assert_int_equal(needles_occur(bytes, &needles[k], 1),
                                 str_ifind(bytes, needles[k].text) != STR_NPOS);
            }
        }
    }
    memset(text, 'x', sizeof(text));
    for (size_t at = 16384 - 8; at < 16384 + 8; at++) { // over the border of two windows
        memcpy(text + at, "ollama", 6);
        assert_true(needles_occur(str_of(text, sizeof(text)), needles, 1));
        memset(text + at, 'x', 6);
    }
}

static void test_probe(void **state) {
    (void)state;
    static const struct {
        enum format format;
        const char *path, *text;
        bool wanted;
    } rows[] = {
        {FORMAT_YAML, "a.yaml", "x: y\n", false},
        {FORMAT_YAML, "a.yaml", "x: OLLAMA\n", true},
        {FORMAT_YAML, "a.yaml", "url: http://x:11434\n", true},
        {FORMAT_YAML, ".aider.conf.yml", "model: llama3.1:8b\n", true}, // found by its name alone
        {FORMAT_TOML, "home/.codex/config.toml", "model_provider = \"oss\"\n", true},
        {FORMAT_TOML, "other.toml", "model_provider = \"oss\"\n", false},
        {FORMAT_DOTENV, ".env", "A=b\n", false},
        {FORMAT_DOTENV, ".env", "OLLAMA_HOST=x\n", true},
        {FORMAT_MODELFILE, "Modelfile", "", true},
        {FORMAT_NONE, "x", "ollama", false},
        {FORMAT_MARKDOWN, "x.md", "ollama", true},
    };
    struct analyzer *analyzer = analyzer_create(NULL, NULL, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool probed = analyzer_probe(analyzer, rows[i].format, str_from(rows[i].path),
                                     str_from(rows[i].text));
        if (probed != rows[i].wanted) {
            fail_msg("%s: %s", rows[i].path, rows[i].text);
        }
    }
    analyzer_release(analyzer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detect),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_probe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
