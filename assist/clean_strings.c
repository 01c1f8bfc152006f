// SPDX-License-Identifier: MIT
//
// Knows, as code passes character by character, whether it is inside a string or comment that may
// go over several lines: there a fence, a sentence or an odd indentation is content. Not a lexer:
// it knows the few forms that hold lines, and forgets the others at the end of the line, so that an
// apostrophe which was misread costs one line.
#include "assist/clean_parts.h"

void clean_strings_init(struct clean_strings *strings, const struct clean_rules *rules) {
    *strings = (struct clean_strings){.rules = rules};
}

static bool is_one_of(struct str language, const char *const *names) {
    for (; *names; names++) {
        if (str_eq(language, str_from(*names))) {
            return true;
        }
    }
    return false;
}

static bool has_ticks(struct str language) {
    static const char *const NAMES[] = {"javascript", "typescript", "tsx", "go", NULL};
    return is_one_of(language, NAMES);
}

static bool has_long_quotes(struct str language) {
    static const char *const NAMES[] = {"rust", "shell", NULL};
    return is_one_of(language, NAMES);
}

// Do the newest bytes, `c` included, spell this?
static bool ends_with(const struct clean_strings *s, char c, struct str mark) {
    size_t n = mark.n;
    if (n == 0 || n > sizeof(s->last) + 1 || mark.p[n - 1] != c) {
        return false;
    }
    return memcmp(s->last + sizeof(s->last) - (n - 1), mark.p, n - 1) == 0;
}

static void forget(struct clean_strings *s) {
    memset(s->last, '\0', sizeof(s->last));
}

static void open_kind(struct clean_strings *s, enum clean_string_kind kind, char quote) {
    s->kind = kind;
    s->quote = quote;
    s->line_quote = '\0';
    s->is_escaped = false;
    s->is_remark = false;
    forget(s);
}

static bool open_comment(struct clean_strings *s, char c) {
    const struct language *language = s->rules->options.language;
    struct str open = str_from(language->block_comment[0]);
    if (ends_with(s, c, open)) {
        open_kind(s, STRING_COMMENT, '\0');
        s->is_doc = true;
        return true;
    }
    if (ends_with(s, c, str_from(language->line_comment)) && language->line_comment) {
        // In a shell, "#" begins a comment only where a word could.
        bool in_word = c == '#' && s->last[3] != '\0' && !char_is_space(s->last[3]);
        s->is_remark = !in_word;
    }
    return false;
}

// [[, [=[: Lua.
static bool open_long(struct clean_strings *s, char c) {
    if (c != '[' || !str_eq(s->rules->language, STR("lua"))) {
        return false;
    }
    size_t n = 0;
    while (n < sizeof(s->last) && s->last[sizeof(s->last) - 1 - n] == '=') {
        n++;
    }
    if (n == sizeof(s->last) || s->last[sizeof(s->last) - 1 - n] != '[') {
        return false;
    }
    open_kind(s, STRING_LONG, '\0');
    s->level = n;
    return true;
}

// The word behind <<, taken from the whole line once it ends.
static void read_heredoc(struct clean_strings *s, char c) {
    bool is_mark = str_eq(s->rules->language, STR("shell")) && c == '<' &&
                   s->last[sizeof(s->last) - 1] == '<' && s->last[sizeof(s->last) - 2] != '<';
    if (is_mark) {
        s->heredoc_next = true;
        s->n_word = 0;
        s->level = 0;
    } else if (s->heredoc_next && s->level == 0) {
        bool is_word = char_is_alnum(c) || c == '_';
        bool is_before =
            s->n_word == 0 && (c == '-' || c == ' ' || c == '"' || c == '\'' || c == '\\');
        if (is_word && s->n_word < sizeof(s->word)) {
            s->word[s->n_word++] = c;
        } else if (!is_before) {
            s->level = 1; // the word is complete
            s->heredoc_next = s->n_word > 0;
        }
    }
}

static void feed_code(struct clean_strings *s, char c) {
    struct str language = s->rules->language;
    if (s->line_quote) {
        if (!s->is_escaped && c == s->line_quote) {
            s->line_quote = '\0';
        }
        s->is_escaped = !s->is_escaped && c == '\\';
        return;
    }
    read_heredoc(s, c);
    if (s->is_remark && !str_eq(language, STR("lua"))) {
        return;
    }
    if (open_long(s, c) || s->is_remark || open_comment(s, c)) {
        return;
    }
    bool is_rust_char = c == '"' && s->last[3] == '\'' && str_eq(language, STR("rust"));
    if (c == '`' && has_ticks(language)) {
        open_kind(s, STRING_TICK, c);
        s->is_doc = false;
    } else if (c == '"' && has_long_quotes(language) && !is_rust_char && s->last[3] != '\\') {
        open_kind(s, STRING_PLAIN, c);
        s->is_doc = false;
    } else if ((c == '"' || c == '\'') && !s->heredoc_next && !str_eq(language, STR("rust")) &&
               !s->rules->is_prose && s->last[3] != '\\') {
        s->line_quote = c;
        s->is_escaped = false;
    }
}

// Three quotes in a row are seen when the third comes, while the first two made an empty string.
static bool feed_triple(struct clean_strings *s, char c) {
    if (!str_eq(s->rules->language, STR("python")) || (c != '"' && c != '\'')) {
        return false;
    }
    bool is_third = s->last[3] == c && s->last[2] == c && !s->is_remark;
    if (!is_third || (s->line_quote && s->line_quote != c)) {
        return false;
    }
    bool is_doc = s->is_doc;
    open_kind(s, STRING_TRIPLE, c);
    s->is_doc = is_doc;
    return true;
}

static void feed_open(struct clean_strings *s, char c) {
    const struct language *language = s->rules->options.language;
    bool closes = false;
    switch (s->kind) {
    case STRING_TRIPLE:
        closes = !s->is_escaped && c == s->quote && s->last[3] == c && s->last[2] == c;
        break;
    case STRING_COMMENT: closes = ends_with(s, c, str_from(language->block_comment[1])); break;
    case STRING_TICK:
        closes = c == '`' && (!s->is_escaped || str_eq(s->rules->language, STR("go")));
        break;
    case STRING_PLAIN: closes = c == s->quote && !s->is_escaped; break;
    case STRING_LONG: {
        size_t n = 0;
        while (c == ']' && n < sizeof(s->last) && s->last[sizeof(s->last) - 1 - n] == '=') {
            n++;
        }
        closes = c == ']' && n < sizeof(s->last) && n == s->level &&
                 s->last[sizeof(s->last) - 1 - n] == ']';
        break;
    }
    case STRING_HEREDOC:
    case STRING_NONE: break;
    }
    s->is_escaped = c == '\\' && !s->is_escaped;
    if (closes) {
        s->kind = STRING_NONE;
        s->is_doc = false;
        forget(s);
    }
}

static void feed_heredoc(struct clean_strings *s, char c) {
    if (c != '\n') {
        if (s->n_line < sizeof(s->line) && !(c == '\t' && s->n_line == 0)) {
            s->line[s->n_line++] = c;
        }
        return;
    }
    if (str_eq(str_of(s->line, s->n_line), str_of(s->word, s->n_word))) {
        s->kind = STRING_NONE;
    }
    s->n_line = 0;
}

static void end_line(struct clean_strings *s) {
    s->line_quote = '\0';
    s->is_remark = false;
    s->is_line_used = false;
    if (s->heredoc_next && s->kind == STRING_NONE && s->n_word > 0) {
        open_kind(s, STRING_HEREDOC, '\0');
        s->n_line = 0;
    }
    s->heredoc_next = false;
    s->level = s->kind == STRING_LONG ? s->level : 0;
}

void clean_strings_feed(struct clean_strings *s, char c) {
    if (s->kind == STRING_HEREDOC) {
        feed_heredoc(s, c);
        return;
    }
    if (s->kind == STRING_NONE && !s->is_line_used && !char_is_space(c)) {
        s->is_line_used = true;
        s->is_doc = c == '"' || c == '\''; // of a triple string that may come
    }
    enum clean_string_kind kind = s->kind;
    if (kind != STRING_NONE) {
        feed_open(s, c);
    } else if (!feed_triple(s, c)) {
        feed_code(s, c);
    }
    if (c == '\n') {
        end_line(s);
        forget(s);
    } else if (kind == s->kind) {
        memmove(s->last, s->last + 1, sizeof(s->last) - 1);
        s->last[sizeof(s->last) - 1] = c;
    }
}
