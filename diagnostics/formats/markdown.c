// SPDX-License-Identifier: MIT
//
// Prose: the commands in code blocks and code spans, for completion, hover and symbols only.
// Nothing found here is ever a finding (config-formats trap 15).
#include "diagnostics/collect.h"
#include "diagnostics/formats/shell.h"

static size_t fence_length(struct str line, char *mark) {
    size_t n = 0;
    if (line.n > 0 && (line.p[0] == '`' || line.p[0] == '~')) {
        *mark = line.p[0];
        while (n < line.n && line.p[n] == *mark) {
            n++;
        }
    }
    return n >= 3 ? n : 0;
}

static bool is_shell_language(struct str info) {
    static const struct str languages[] = {
        STR_INIT(""),     STR_INIT("sh"),         STR_INIT("bash"),     STR_INIT("shell"),
        STR_INIT("zsh"),  STR_INIT("fish"),       STR_INIT("console"),  STR_INIT("shell-session"),
        STR_INIT("text"), STR_INIT("powershell"), STR_INIT("terminal"), STR_INIT("ps1"),
    };
    size_t end = 0;
    while (end < info.n && !char_is_space(info.p[end]) && info.p[end] != '{') {
        end++;
    }
    for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
        if (str_ieq(str_slice(info, 0, end), languages[i])) {
            return true;
        }
    }
    return false;
}

// `ollama run llama3` within a line of prose.
static void spans_collect(struct shell_session *session, struct str line, size_t start) {
    size_t i = 0;
    while (i < line.n) {
        if (line.p[i] != '`') {
            i++;
            continue;
        }
        size_t ticks = 0;
        while (i + ticks < line.n && line.p[i + ticks] == '`') {
            ticks++;
        }
        size_t from = i + ticks;
        size_t close = str_find_char(str_from_index(line, from), '`');
        if (close == STR_NPOS) {
            return;
        }
        struct piece code =
            shell_file_piece(session->collector, start + from, start + from + close);
        if (str_contains(code.text, STR("ollama"))) {
            shell_session_script(session, &code);
        }
        i = from + close + ticks;
    }
}

void markdown_collect(struct collector *collector) {
    struct shell_session session;
    shell_session_init(&session, collector, STR("Markdown"), REF_QUIET);
    struct str bytes = collector->bytes;
    struct str rest = bytes, line;
    size_t fence = 0, body = 0;
    char mark = '`';
    bool is_shell = false;
    while (str_next_line(&rest, &line)) {
        size_t start = (size_t)(line.p - bytes.p);
        struct str trimmed = str_trim(line);
        char this_mark = '`';
        size_t length = fence_length(trimmed, &this_mark);
        if (fence == 0 && length > 0) {
            fence = length;
            mark = this_mark;
            is_shell = is_shell_language(str_trim(str_from_index(trimmed, length)));
            body = rest.p ? (size_t)(rest.p - bytes.p) : bytes.n;
        } else if (fence > 0 && length >= fence && this_mark == mark) {
            struct piece block = shell_file_piece(collector, body, start);
            if (is_shell) {
                shell_session_script(&session, &block);
            }
            fence = 0;
        } else if (fence == 0) {
            spans_collect(&session, line, start);
        }
    }
    shell_session_finish(&session);
}
