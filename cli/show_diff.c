// SPDX-License-Identifier: MIT
#include "cli/show_diff.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/uri.h"
#include "base/utf.h"
#include "text/diff.h"

#define LINE_SHOWN 500 // bytes of a line

static bool ends_value(char c) {
    return char_is_space(c) || c == '"' || c == '\'' || c == ',' || c == '}' || c == '`';
}

static size_t value_end(struct str line, size_t at) {
    while (at < line.n && !ends_value(line.p[at])) {
        at++;
    }
    return at;
}

// Length of a secret's name at `at`, with what stands before its value; 0: there is none.
static size_t secret_at(struct str line, size_t at) {
    static const struct str words[] = {
        STR_INIT("api_key"), STR_INIT("apikey"),   STR_INIT("api-key"),      STR_INIT("token"),
        STR_INIT("secret"),  STR_INIT("password"), STR_INIT("authorization")};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!str_istarts(str_from_index(line, at), words[i])) {
            continue;
        }
        size_t end = at + words[i].n;
        while (end < line.n && (char_is_alnum(line.p[end]) || line.p[end] == '_')) {
            end++;
        }
        bool has_mark = false;
        while (end < line.n && strchr("\"' \t:=", line.p[end]) && line.p[end] != '\0') {
            has_mark = has_mark || line.p[end] == ':' || line.p[end] == '=';
            end++;
        }
        return has_mark ? end - at : 0;
    }
    return 0;
}

static bool is_number(struct str text) {
    double number;
    return str_to_double(text, &number);
}

struct str diff_line(struct arena *arena, struct str line) {
    struct buf out;
    buf_init(&out, 64u * 1024 * 1024);
    size_t at = 0;
    line = str_slice(line, 0, 8 * LINE_SHOWN); // more is not shown, whatever is cut
    while (at < line.n) {
        size_t n = secret_at(line, at);
        if (n > 0) {
            size_t end = value_end(line, at + n);
            struct str value = str_slice(line, at + n, end);
            buf_append(&out, str_slice(line, at, at + n));
            buf_append(&out, value.n == 0 || is_number(value) ? value : STR("…"));
            at = end;
        } else if (str_istarts(str_from_index(line, at), STR("http://")) ||
                   str_istarts(str_from_index(line, at), STR("https://"))) {
            size_t end = value_end(line, at);
            buf_append(&out, uri_redact(arena, str_slice(line, at, end)));
            at = end;
        } else {
            buf_append_char(&out, line.p[at++]);
        }
    }
    struct str result = display_escape(arena, arena_copy(arena, buf_str(&out)), LINE_SHOWN);
    buf_finish(&out);
    return result;
}

static size_t count_lines(struct str text) {
    size_t n = 0;
    struct str line;
    while (str_next_line(&text, &line)) {
        n++;
    }
    return n;
}

static void print_lines(struct arena *arena, char mark, struct str text) {
    struct str line;
    while (str_next_line(&text, &line)) {
        printf("%c%.*s\n", mark, STR_ARG(diff_line(arena, line)));
    }
}

void show_diff(struct arena *arena, struct str path, struct str before, struct str after) {
    struct edit *edits;
    size_t n = text_diff(arena, before, after, 0, &edits);
    struct str shown = display_escape(arena, path, 0);
    printf("--- %.*s\n+++ %.*s\n", STR_ARG(shown), STR_ARG(shown));
    size_t line = 1;   // of `before` at `at`
    int64_t moved = 0; // of `after` against it
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        struct str old = str_slice(before, edits[i].start, edits[i].end);
        size_t n_old = count_lines(old);
        size_t n_new = count_lines(edits[i].text);
        line += count_lines(str_slice(before, at, edits[i].start));
        printf("@@ -%zu,%zu +%lld,%zu @@\n", line, n_old, (long long)((int64_t)line + moved),
               n_new);
        print_lines(arena, '-', old);
        print_lines(arena, '+', edits[i].text);
        line += n_old;
        moved += (int64_t)n_new - (int64_t)n_old;
        at = edits[i].end;
    }
}
