// SPDX-License-Identifier: MIT
//
// Makefiles (and what looks like them: justfiles): recipe lines are shell commands; assignments
// count as environment, and as models where a recipe uses them as one (`MODEL ?= llama3.2`,
// `ollama run $(MODEL)`).
#include "diagnostics/collect.h"
#include "diagnostics/formats/shell.h"

// "export NAME ?= value", with any of make's assignment operators.
static bool assignment_collect(struct shell_session *session, size_t from, size_t to) {
    struct str bytes = session->collector->bytes;
    struct str line = str_slice(bytes, from, to);
    size_t at = 0;
    if (str_starts(line, STR("export ")) || str_starts(line, STR("override "))) {
        at = str_find_char(line, ' ') + 1;
    }
    while (at < line.n && char_is_blank(line.p[at])) {
        at++;
    }
    size_t name_start = at;
    while (at < line.n && (char_is_alnum(line.p[at]) || line.p[at] == '_')) {
        at++;
    }
    size_t name_end = at;
    while (at < line.n && char_is_blank(line.p[at])) {
        at++;
    }
    while (at < line.n && (line.p[at] == ':' || line.p[at] == '?' || line.p[at] == '+')) {
        at++;
    }
    if (name_end == name_start || at >= line.n || line.p[at] != '=') {
        return false;
    }
    at++;
    while (at < line.n && char_is_blank(line.p[at])) {
        at++;
    }
    size_t end = line.n;
    for (size_t i = at; i < line.n; i++) {
        if (line.p[i] == '#') {
            end = i;
            break;
        }
    }
    while (end > at && char_is_space(line.p[end - 1])) {
        end--;
    }
    struct piece name = shell_file_piece(session->collector, from + name_start, from + name_end);
    struct piece value = shell_file_piece(session->collector, from + at, from + end);
    if (value.text.n >= 2 && (value.text.p[0] == '"' || value.text.p[0] == '\'') &&
        value.text.p[value.text.n - 1] == value.text.p[0]) {
        enum quoting quoting = value.text.p[0] == '"' ? QUOTE_DOUBLE : QUOTE_SINGLE;
        value = piece_slice(&value, 1, value.text.n - 1);
        value.quoting = quoting;
    }
    shell_session_assign(session, &name, &value);
    return true;
}

void makefile_collect(struct collector *collector) {
    struct shell_session session;
    shell_session_init(&session, collector, STR("Makefile"), 0);
    struct str bytes = collector->bytes;
    size_t at = 0, start, end;
    while (shell_next_logical_line(bytes, &at, &start, &end)) {
        size_t from = start;
        while (from < end && char_is_blank(bytes.p[from])) {
            from++;
        }
        bool is_recipe = from > start;
        if (!is_recipe) {
            if (from < end && bytes.p[from] == '#') {
                continue;
            }
            if (assignment_collect(&session, from, end)) {
                continue;
            }
            // "target: prerequisites ; command"
            size_t semicolon = str_find_char(str_slice(bytes, from, end), ';');
            if (semicolon == STR_NPOS) {
                continue;
            }
            from += semicolon + 1;
        }
        while (from < end && (char_is_blank(bytes.p[from]) || strchr("@-+", bytes.p[from]))) {
            from++; // silent, errors ignored, always run
        }
        struct piece recipe = shell_file_piece(collector, from, end);
        shell_session_script(&session, &recipe);
    }
    shell_session_finish(&session);
}
