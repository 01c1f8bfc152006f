// SPDX-License-Identifier: MIT
//
// Lines that open or close a block of code, as models write them: which is nearly as Markdown wants
// them, but also with code behind the language's name, a path instead of a language, or both ends
// on one line.
#include "assist/clean_parts.h"

// Blocks of these languages stand for each other: a model is not held to the finer name.
static const char *const FAMILIES[][8] = {
    {"javascript", "typescript", "tsx", "jsx", "javascriptreact", "typescriptreact", NULL},
    {"c", "cpp", "c++", "objc", "cuda", "arduino", NULL},
    {"shell", "bash", "sh", "zsh", "shellscript", NULL},
    {"json", "jsonc", "json5", NULL},
    {"yaml", "yml", NULL},
};

// What a block beside the answer is marked with.
static const struct str OTHERS[] = {
    STR_INIT("bash"),     STR_INIT("sh"),         STR_INIT("zsh"),    STR_INIT("shell"),
    STR_INIT("console"),  STR_INIT("terminal"),   STR_INIT("cmd"),    STR_INIT("powershell"),
    STR_INIT("bat"),      STR_INIT("diff"),       STR_INIT("patch"),  STR_INIT("text"),
    STR_INIT("txt"),      STR_INIT("plaintext"),  STR_INIT("plain"),  STR_INIT("output"),
    STR_INIT("log"),      STR_INIT("html"),       STR_INIT("css"),    STR_INIT("scss"),
    STR_INIT("sql"),      STR_INIT("json"),       STR_INIT("yaml"),   STR_INIT("yml"),
    STR_INIT("toml"),     STR_INIT("xml"),        STR_INIT("ini"),    STR_INIT("dockerfile"),
    STR_INIT("makefile"), STR_INIT("markdown"),   STR_INIT("md"),     STR_INIT("mermaid"),
    STR_INIT("csv"),      STR_INIT("javascript"), STR_INIT("python"), STR_INIT("thinking"),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_word_char(char c) {
    return char_is_alnum(c) || c == '+' || c == '#' || c == '-' || c == '_' || c == '.' ||
           c == '/' || c == '\\';
}

static struct str first_word(struct str info) {
    size_t n = 0;
    while (n < info.n && is_word_char(info.p[n])) {
        n++;
    }
    return str_slice(info, 0, n);
}

static bool list_has(const char *const *list, struct str word) {
    for (; list && *list; list++) {
        if (str_ieq(str_from(*list), word)) {
            return true;
        }
    }
    return false;
}

static bool same_family(struct str a, struct str b) {
    for (size_t i = 0; i < COUNT(FAMILIES); i++) {
        if (list_has(FAMILIES[i], a) && list_has(FAMILIES[i], b)) {
            return true;
        }
    }
    return false;
}

// Does the word name this language: itself, an id, a fence, a file name's extension?
static bool names_language(const struct language *language, struct str word) {
    struct str name = str_from(language->name);
    if (str_ieq(word, name) || list_has(language->ids, word) || list_has(language->fences, word) ||
        list_has(language->extensions, word) || same_family(name, word)) {
        return true;
    }
    size_t dot = str_rfind_char(word, '.');
    return dot != STR_NPOS && list_has(language->extensions, str_from_index(word, dot + 1));
}

static bool is_known_word(struct str word) {
    for (size_t i = 0; i < COUNT(OTHERS); i++) {
        if (str_ieq(OTHERS[i], word)) {
            return true;
        }
    }
    return false;
}

bool clean_fence_is_markdown(struct str info) {
    struct str word = first_word(info);
    return str_ieq(word, STR("markdown")) || str_ieq(word, STR("md")) || str_ieq(word, STR("mdx"));
}

bool clean_fence_fits(const struct clean_rules *rules, struct str info) {
    const struct language *language = rules->options.language;
    struct str word = first_word(info);
    if (word.n == 0 || rules->is_text || names_language(language, word)) {
        return true;
    }
    if (is_known_word(word)) {
        return false;
    }
    const struct language *named = language_by_fence(word);
    return !named || named == language || same_family(str_from(named->name), rules->language);
}

bool clean_fence_is_other(const struct clean_rules *rules, struct str line) {
    static const struct str COMMANDS[] = {
        STR_INIT("$"),    STR_INIT("npm"),   STR_INIT("npx"),  STR_INIT("pip"),  STR_INIT("pip3"),
        STR_INIT("yarn"), STR_INIT("cargo"), STR_INIT("pnpm"), STR_INIT("brew"), STR_INIT("apt"),
        STR_INIT("diff"), STR_INIT("sudo"),  STR_INIT("curl"), STR_INIT("@@")};
    struct str text = str_trim(line);
    size_t end = str_find_char(text, ' ');
    if (str_ieq(rules->language, STR("shell")) || rules->is_prose || end == STR_NPOS) {
        return false;
    }
    for (size_t i = 0; i < COUNT(COMMANDS); i++) {
        if (str_eq(str_slice(text, 0, end), COMMANDS[i])) {
            return true;
        }
    }
    return false;
}

// "python def f(): return 1" behind the marks: what of it is code? Words about the block
// (title="x.py", {1,3}, a file name) are not.
static struct str code_in_info(const struct clean_rules *rules, struct str info) {
    struct str word = first_word(info);
    struct str rest = str_trim(str_from_index(info, word.n));
    if (rest.n == 0 || word.n + 1 > info.n || !char_is_blank(info.p[word.n]) ||
        !names_language(rules->options.language, word) || rest.p[0] == '{') {
        return STR_NONE;
    }
    struct str next = first_word(rest);
    bool is_attribute = next.n < rest.n && rest.p[next.n] == '=' &&
                        (next.n + 1 < rest.n && !char_is_blank(rest.p[next.n + 1]));
    bool is_code = str_find_char(rest, '(') != STR_NPOS || str_find_char(rest, '{') != STR_NPOS ||
                   str_ends(rest, STR(":")) || str_ends(rest, STR(";")) ||
                   str_contains(rest, STR(" = ")) || str_contains(rest, STR("import "));
    return is_code && !is_attribute ? rest : STR_NONE;
}

// "```python x = 1```": both ends on one line.
static bool parse_whole(const struct clean_rules *rules, struct str behind,
                        struct clean_fence *fence) {
    struct str body = str_trim(behind);
    size_t ticks = 0;
    while (ticks < body.n && body.p[body.n - 1 - ticks] == '`') {
        ticks++;
    }
    struct str inside = str_slice(body, 0, body.n - ticks);
    if (ticks != fence->length || inside.n == 0 || str_find_char(inside, '`') != STR_NPOS) {
        return false;
    }
    struct str word = first_word(inside);
    bool is_named = word.n < inside.n && char_is_blank(inside.p[word.n]) &&
                    (names_language(rules->options.language, word) || is_known_word(word));
    fence->info = is_named ? word : STR_NONE;
    fence->code = str_trim(is_named ? str_from_index(inside, word.n) : inside);
    fence->is_whole = true;
    return true;
}

bool clean_fence_parse(const struct clean_rules *rules, struct str line, size_t indent,
                       struct clean_fence *fence) {
    *fence = (struct clean_fence){.indent = str_indent(line)};
    if (fence->indent == line.n || fence->indent > indent) {
        return false;
    }
    fence->mark = line.p[fence->indent];
    size_t at = fence->indent;
    while (at < line.n && line.p[at] == fence->mark) {
        at++;
    }
    fence->length = at - fence->indent;
    if ((fence->mark != '`' && fence->mark != '~') || fence->length < 3) {
        return false;
    }
    struct str behind = str_from_index(line, at);
    if (fence->mark == '`' && str_find_char(behind, '`') != STR_NPOS) {
        return parse_whole(rules, behind, fence);
    }
    fence->info = str_trim(behind);
    fence->code = code_in_info(rules, fence->info);
    return true;
}

bool clean_fence_find(const struct clean_rules *rules, struct str line, struct clean_fence *fence) {
    size_t at = str_find(line, STR("```"));
    if (at == STR_NPOS || at == 0 || str_trim(str_slice(line, 0, at)).n == 0) {
        return false;
    }
    char before = line.p[at - 1];
    if (!char_is_blank(before) && before != ':') {
        return false;
    }
    if (!clean_fence_parse(rules, str_from_index(line, at), 0, fence)) {
        return false;
    }
    return fence->is_whole || first_word(fence->info).n == fence->info.n;
}
