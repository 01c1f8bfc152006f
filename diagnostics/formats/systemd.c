// SPDX-License-Identifier: MIT
//
// systemd units and drop-ins: Environment= holds assignments (quotes around the whole assignment),
// Exec…= holds command lines with systemd's prefix characters.
#include "diagnostics/collect.h"
#include "diagnostics/formats/shell.h"
#include "diagnostics/formats/shell_lex.h"

static void environment_line(struct shell_session *session, size_t from, size_t to) {
    struct piece line = shell_file_piece(session->collector, from, to);
    struct shell_lexer lexer;
    shell_lexer_init(&lexer, session->collector->arena, &line);
    struct piece name, value;
    for (;;) {
        struct shell_token token = shell_lexer_next(&lexer);
        if (token.kind == SHELL_END) {
            break;
        }
        if (token.kind == SHELL_WORD && shell_assignment(&token.piece, &name, &value)) {
            shell_session_assign(session, &name, &value);
        }
    }
}

void systemd_collect(struct collector *collector) {
    struct shell_session session;
    shell_session_init(&session, collector, STR("systemd unit"), 0);
    struct str bytes = collector->bytes;
    size_t at = 0, start, end;
    while (shell_next_logical_line(bytes, &at, &start, &end)) {
        while (start < end && char_is_blank(bytes.p[start])) {
            start++;
        }
        struct str line = str_slice(bytes, start, end);
        size_t equals = str_find_char(line, '=');
        if (equals == STR_NPOS || line.p[0] == '#' || line.p[0] == ';') {
            continue;
        }
        struct str key = str_trim(str_slice(line, 0, equals));
        size_t value = start + equals + 1;
        if (str_eq(key, STR("Environment"))) {
            environment_line(&session, value, end);
        } else if (str_starts(key, STR("Exec"))) {
            while (value < end &&
                   (char_is_blank(bytes.p[value]) || strchr("-@:+!|", bytes.p[value]))) {
                value++;
            }
            struct piece script = shell_file_piece(collector, value, end);
            shell_session_script(&session, &script);
        }
    }
    shell_session_finish(&session);
}
