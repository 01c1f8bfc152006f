// SPDX-License-Identifier: MIT
//
// Dockerfiles: RUN, CMD, ENTRYPOINT and HEALTHCHECK as shell text or as an argument list, ENV and
// ARG as assignments. FROM names an image: `FROM ollama/ollama` is no model.
#include "diagnostics/collect.h"
#include "diagnostics/formats/shell.h"
#include "diagnostics/formats/shell_lex.h"

#define DOCKER_WORDS 256

// The strings of ["a", "b"] as pieces; 0 if the text is no such list.
static size_t exec_form(struct collector *collector, size_t from, size_t to, struct piece *words) {
    struct str bytes = collector->bytes;
    size_t n = 0;
    size_t i = from;
    while (i < to && char_is_blank(bytes.p[i])) {
        i++;
    }
    if (i >= to || bytes.p[i] != '[') {
        return 0;
    }
    for (i++; i < to && n < DOCKER_WORDS; i++) {
        if (bytes.p[i] == ']') {
            return n;
        }
        if (bytes.p[i] != '"') {
            continue;
        }
        size_t start = ++i;
        while (i < to && bytes.p[i] != '"') {
            i += bytes.p[i] == '\\' && i + 1 < to ? 2 : 1;
        }
        if (i >= to) {
            return 0;
        }
        words[n] = shell_file_piece(collector, start, i);
        words[n].quoting = QUOTE_DOUBLE;
        n++;
    }
    return 0;
}

static void command_collect(struct shell_session *session, size_t from, size_t to) {
    struct piece words[DOCKER_WORDS];
    size_t n = exec_form(session->collector, from, to, words);
    if (n > 0) {
        shell_session_argv(session, words, n);
        return;
    }
    struct str bytes = session->collector->bytes;
    // "--mount=type=cache,…": options of the instruction, not of the command.
    while (from + 1 < to && bytes.p[from] == '-' && bytes.p[from + 1] == '-') {
        while (from < to && !char_is_space(bytes.p[from])) {
            from++;
        }
        while (from < to && char_is_space(bytes.p[from])) {
            from++;
        }
    }
    struct piece script = shell_file_piece(session->collector, from, to);
    shell_session_script(session, &script);
}

// "ENV A=b C=d", "ENV A b", "ARG A=b".
static void environment_line(struct shell_session *session, size_t from, size_t to) {
    struct arena *arena = session->collector->arena;
    struct piece line = shell_file_piece(session->collector, from, to);
    struct shell_lexer lexer;
    shell_lexer_init(&lexer, arena, &line);
    struct piece first = {0}, name, value;
    bool any = false;
    for (size_t i = 0;; i++) {
        struct shell_token token = shell_lexer_next(&lexer);
        if (token.kind == SHELL_END) {
            break;
        }
        if (token.kind != SHELL_WORD) {
            continue;
        }
        if (shell_assignment(&token.piece, &name, &value)) {
            shell_session_assign(session, &name, &value);
            any = true;
        } else if (i == 0) {
            first = token.piece;
        } else if (i == 1 && !any && shell_is_name(first.text)) {
            shell_session_assign(session, &first, &token.piece);
        }
    }
}

// Behind `RUN <<EOF`: the body up to the delimiter, as a script. False: it is never closed.
static bool heredoc_collect(struct shell_session *session, struct str line, size_t *at) {
    struct str bytes = session->collector->bytes;
    size_t mark = str_find(line, STR("<<"));
    if (mark == STR_NPOS) {
        return true;
    }
    struct str delimiter = str_from_index(line, mark + 2);
    if (str_starts(delimiter, STR("-"))) {
        delimiter = str_from_index(delimiter, 1);
    }
    size_t n = 0;
    bool is_quoted = delimiter.n > 0 && (delimiter.p[0] == '"' || delimiter.p[0] == '\'');
    delimiter = str_from_index(delimiter, is_quoted);
    while (n < delimiter.n && (char_is_alnum(delimiter.p[n]) || delimiter.p[n] == '_')) {
        n++;
    }
    delimiter = str_slice(delimiter, 0, n);
    if (n == 0) {
        return true;
    }
    struct str rest = str_from_index(bytes, *at), body;
    size_t start = *at;
    while (str_next_line(&rest, &body)) {
        size_t line_start = (size_t)(body.p - bytes.p);
        if (str_eq(str_trim(body), delimiter)) {
            struct piece script = shell_file_piece(session->collector, start, line_start);
            shell_session_script(session, &script);
            *at = rest.p ? (size_t)(rest.p - bytes.p) : bytes.n;
            return true;
        }
    }
    return false;
}

static bool word_is(struct str word, const char *name) {
    return str_ieq(word, str_from(name));
}

void dockerfile_collect(struct collector *collector) {
    struct shell_session session;
    shell_session_init(&session, collector, STR("Dockerfile"), 0);
    struct str bytes = collector->bytes;
    size_t at = 0, start, end;
    bool all_closed = true; // looking for an end once more would make hostile files quadratic
    while (shell_next_logical_line(bytes, &at, &start, &end)) {
        size_t from = start;
        struct str word = STR_NONE;
        do { // ONBUILD RUN …, HEALTHCHECK --interval=5s CMD …
            while (from < end && char_is_space(bytes.p[from])) {
                from++;
            }
            size_t to = from;
            while (to < end && !char_is_space(bytes.p[to])) {
                to++;
            }
            word = str_slice(bytes, from, to);
            from = to;
        } while (word_is(word, "ONBUILD") || word_is(word, "HEALTHCHECK") ||
                 (word.n > 2 && word.p[0] == '-' && word.p[1] == '-'));
        while (from < end && char_is_blank(bytes.p[from])) {
            from++;
        }
        if (word_is(word, "ENV") || word_is(word, "ARG")) {
            environment_line(&session, from, end);
        } else if (word_is(word, "RUN") || word_is(word, "CMD") || word_is(word, "ENTRYPOINT")) {
            command_collect(&session, from, end);
            all_closed = all_closed && heredoc_collect(&session, str_slice(bytes, from, end), &at);
        }
    }
    shell_session_finish(&session);
}
