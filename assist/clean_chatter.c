// SPDX-License-Identifier: MIT
//
// Tells sentences to a person from code. Wrong either way hurts, but eating code hurts more: a line
// is chatter only if it begins with a word that such sentences begin with, as sentences do (large,
// or in a script that no program is written in), and the rest of it does not look like code.
#include "assist/clean_parts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// First words of an answer that talks.
static const struct str LEAD_WORDS[] = {
    STR_INIT("sure"),
    STR_INIT("certainly"),
    STR_INIT("absolutely"),
    STR_INIT("of"),
    STR_INIT("here"),
    STR_INIT("here's"),
    STR_INIT("here’s"),
    STR_INIT("below"),
    STR_INIT("okay"),
    STR_INIT("ok"),
    STR_INIT("great"),
    STR_INIT("got"),
    STR_INIT("the"),
    STR_INIT("this"),
    STR_INIT("that"),
    STR_INIT("these"),
    STR_INIT("to"),
    STR_INIT("i"),
    STR_INIT("i'm"),
    STR_INIT("i’m"),
    STR_INIT("i've"),
    STR_INIT("i’ve"),
    STR_INIT("i'll"),
    STR_INIT("i’ll"),
    STR_INIT("i'd"),
    STR_INIT("let"),
    STR_INIT("let's"),
    STR_INIT("let’s"),
    STR_INIT("we"),
    STR_INIT("you"),
    STR_INIT("your"),
    STR_INIT("yes"),
    STR_INIT("no"),
    STR_INIT("in"),
    STR_INIT("as"),
    STR_INIT("based"),
    STR_INIT("sorry"),
    STR_INIT("unfortunately"),
    STR_INIT("it"),
    STR_INIT("there"),
    STR_INIT("a"),
    STR_INIT("an"),
    STR_INIT("refactored"),
    STR_INIT("updated"),
    STR_INIT("improved"),
    STR_INIT("optimized"),
    STR_INIT("optimised"),
    STR_INIT("fixed"),
    STR_INIT("corrected"),
    STR_INIT("simplified"),
    STR_INIT("modified"),
    STR_INIT("revised"),
    STR_INIT("rewritten"),
    STR_INIT("solution"),
    STR_INIT("answer"),
    STR_INIT("output"),
    STR_INIT("result"),
    STR_INIT("after"),
    STR_INIT("first"),
    STR_INIT("one"),
    STR_INIT("looking"),
    STR_INIT("alright"),
    STR_INIT("thanks"),
    STR_INIT("thank"),
    STR_INIT("please"),
    STR_INIT("note"),
    STR_INIT("explanation"),
    STR_INIT("assistant"),
    STR_INIT("code"),
    STR_INIT("if"),
    STR_INIT("with"),
    STR_INIT("by"),
    STR_INIT("my"),
    STR_INIT("hello"),
    STR_INIT("hi"),
    STR_INIT("original"),
    STR_INIT("documented"),
    // French, Spanish, German, Italian, Portuguese, Dutch
    STR_INIT("voici"),
    STR_INIT("bien"),
    STR_INIT("certainement"),
    STR_INIT("voilà"),
    STR_INIT("le"),
    STR_INIT("claro"),
    STR_INIT("aquí"),
    STR_INIT("por"),
    STR_INIT("el"),
    STR_INIT("la"),
    STR_INIT("hier"),
    STR_INIT("natürlich"),
    STR_INIT("gerne"),
    STR_INIT("klar"),
    STR_INIT("der"),
    STR_INIT("die"),
    STR_INIT("das"),
    STR_INIT("certo"),
    STR_INIT("ecco"),
    STR_INIT("ecco:"),
    STR_INIT("aqui"),
    STR_INIT("claro,"),
    STR_INIT("natuurlijk"),
    STR_INIT("zeker"),
};

// First words of what comes behind the code.
static const struct str TAIL_WORDS[] = {
    STR_INIT("explanation"),
    STR_INIT("explanations"),
    STR_INIT("note"),
    STR_INIT("notes"),
    STR_INIT("this"),
    STR_INIT("the"),
    STR_INIT("these"),
    STR_INIT("that"),
    STR_INIT("in"),
    STR_INIT("i"),
    STR_INIT("i've"),
    STR_INIT("i’ve"),
    STR_INIT("i'm"),
    STR_INIT("let"),
    STR_INIT("key"),
    STR_INIT("changes"),
    STR_INIT("changed"),
    STR_INIT("here"),
    STR_INIT("here's"),
    STR_INIT("here’s"),
    STR_INIT("you"),
    STR_INIT("your"),
    STR_INIT("if"),
    STR_INIT("please"),
    STR_INIT("feel"),
    STR_INIT("by"),
    STR_INIT("with"),
    STR_INIT("as"),
    STR_INIT("to"),
    STR_INIT("remember"),
    STR_INIT("make"),
    STR_INIT("for"),
    STR_INIT("usage"),
    STR_INIT("example"),
    STR_INIT("improvements"),
    STR_INIT("summary"),
    STR_INIT("hope"),
    STR_INIT("also"),
    STR_INIT("now"),
    STR_INIT("when"),
    STR_INIT("we"),
    STR_INIT("it"),
    STR_INIT("both"),
    STR_INIT("main"),
    STR_INIT("what"),
    STR_INIT("how"),
    STR_INIT("however"),
    STR_INIT("additionally"),
    STR_INIT("finally"),
    STR_INIT("overall"),
    STR_INIT("benefits"),
    STR_INIT("breakdown"),
    STR_INIT("reasoning"),
    STR_INIT("output"),
    STR_INIT("there"),
    STR_INIT("first"),
    STR_INIT("instead"),
    STR_INIT("each"),
    STR_INIT("a"),
    STR_INIT("an"),
    STR_INIT("all"),
    STR_INIT("some"),
    STR_INIT("since"),
    STR_INIT("using"),
    STR_INIT("modifications"),
    STR_INIT("cette"),
    STR_INIT("ce"),
    STR_INIT("remarque"),
    STR_INIT("j'ai"),
    STR_INIT("explication"),
    STR_INIT("esta"),
    STR_INIT("este"),
    STR_INIT("nota"),
    STR_INIT("explicación"),
    STR_INIT("cambios"),
    STR_INIT("diese"),
    STR_INIT("dieser"),
    STR_INIT("dieses"),
    STR_INIT("erklärung"),
    STR_INIT("hinweis"),
    STR_INIT("ich"),
    STR_INIT("änderungen"),
    STR_INIT("questa"),
    STR_INIT("questo"),
    STR_INIT("spiegazione"),
    STR_INIT("explicação"),
    STR_INIT("essa"),
    STR_INIT("deze"),
    STR_INIT("uitleg"),
};

// Enough of a sentence to be one without a full stop: headings, and calls.
static const struct str ALONE[] = {
    STR_INIT("explanation"),
    STR_INIT("notes"),
    STR_INIT("changes"),
    STR_INIT("changes made"),
    STR_INIT("key changes"),
    STR_INIT("improvements"),
    STR_INIT("summary"),
    STR_INIT("key improvements"),
    STR_INIT("sure"),
    STR_INIT("certainly"),
    STR_INIT("of course"),
    STR_INIT("here you go"),
    STR_INIT("absolutely"),
    STR_INIT("okay"),
    STR_INIT("ok"),
    STR_INIT("refactored code"),
    STR_INIT("updated code"),
    STR_INIT("improved code"),
    STR_INIT("fixed code"),
    STR_INIT("explicación"),
    STR_INIT("erklärung"),
    STR_INIT("explication"),
    STR_INIT("claro"),
    STR_INIT("natürlich"),
    STR_INIT("bien sûr"),
    STR_INIT("key points"),
    STR_INIT("example usage"),
    STR_INIT("usage example"),
    STR_INIT("usage"),
    STR_INIT("example"),
    STR_INIT("note"),
    STR_INIT("output"),
    STR_INIT("examples"),
};

static bool list_has(const struct str *list, size_t n, struct str word) {
    for (size_t i = 0; i < n; i++) {
        if (str_ieq(list[i], word)) {
            return true;
        }
    }
    return false;
}

static bool list_has_start(const struct str *list, size_t n, struct str word) {
    for (size_t i = 0; i < n; i++) {
        if (str_istarts(list[i], word)) {
            return true;
        }
    }
    return false;
}

static bool is_letter(char c) {
    return char_is_alpha(c) || (unsigned char)c >= 0x80;
}

struct measure {
    size_t words;   // of letters alone
    size_t marks;   // signs that sentences do not have
    size_t foreign; // bytes of letters beyond ASCII
};

static bool is_mark(struct str s, size_t i) {
    char c = s.p[i];
    char before = i > 0 ? s.p[i - 1] : ' ';
    char behind = i + 1 < s.n ? s.p[i + 1] : ' ';
    switch (c) {
    case '{':
    case '}':
    case '=':
    case ';':
    case '<':
    case '>':
    case '[':
    case ']':
    case '|':
    case '\\':
    case '$':
    case '@': return true;
    case '(': return char_is_alnum(before) || before == '_';
    case '.': return char_is_alnum(before) && char_is_alpha(behind);
    case ':': return behind == ':' || behind == '=';
    case '&': return behind == '&' || before == '&';
    case '_': return char_is_alnum(before) && char_is_alnum(behind);
    case '"': return false;
    default: return false;
    }
}

// What stands between backticks is a name in a sentence.
static struct measure measure_line(struct str s) {
    struct measure m = {0};
    size_t letters = 0;
    for (size_t i = 0; i <= s.n; i++) {
        char c = i < s.n ? s.p[i] : ' ';
        if (c == '`') {
            size_t close = str_find_char(str_from_index(s, i + 1), '`');
            i = close == STR_NPOS ? i : i + 1 + close;
            letters++;
            continue;
        }
        if (is_letter(c) || (c == '\'' && letters > 0) || c == '-') {
            letters++;
            m.foreign += (unsigned char)c >= 0x80;
            continue;
        }
        bool ends_word = char_is_space(c) || c == '.' || c == ',' || c == ':' || c == '!' ||
                         c == '?' || c == ')' || c == '*' || c == '"' || c == ';';
        m.words += letters > 0 && ends_word;
        m.marks += is_mark(s, i) ? 1 : 0;
        letters = 0;
    }
    return m;
}

static bool looks_like_sentence(struct str text, size_t least) {
    struct measure m = measure_line(text);
    if (m.marks == 0 && m.foreign >= 6) {
        return true;
    }
    return m.words >= least && (m.marks == 0 || m.words >= 5 * m.marks);
}

// . : ! ? and their like in other scripts, signs of emphasis aside.
static bool ends_sentence(struct str text) {
    static const struct str ENDS[] = {
        STR_INIT("."),  STR_INIT(":"),  STR_INIT("!"),  STR_INIT("?"),  STR_INIT("…"),
        STR_INIT("。"), STR_INIT("："), STR_INIT("！"), STR_INIT("？"), STR_INIT(",")};
    while (text.n > 0 && (str_find_char(STR("*_ \"')"), text.p[text.n - 1]) != STR_NPOS)) {
        text.n--;
    }
    for (size_t i = 0; i < COUNT(ENDS); i++) {
        if (str_ends(text, ENDS[i])) {
            return true;
        }
    }
    return false;
}

bool clean_chatter_is_prose(struct str line) {
    struct str text = str_trim(line);
    return text.n > 0 && looks_like_sentence(text, 3);
}

bool clean_chatter_is_old(struct str line) {
    static const struct str OLD[] = {STR_INIT("original code"),     STR_INIT("original function"),
                                     STR_INIT("current code"),      STR_INIT("existing code"),
                                     STR_INIT("original:"),         STR_INIT("before:"),
                                     STR_INIT("code you provided"), STR_INIT("you provided:")};
    static const struct str NEW[] = {
        STR_INIT("refactored"), STR_INIT("updated"),   STR_INIT("version"),  STR_INIT("improved"),
        STR_INIT("fixed"),      STR_INIT("corrected"), STR_INIT("modified"), STR_INIT("based on"),
        STR_INIT("added"),      STR_INIT("rewritten")};
    bool is_old = false;
    for (size_t i = 0; i < COUNT(OLD); i++) {
        is_old = is_old || str_ifind(line, OLD[i]) != STR_NPOS;
    }
    for (size_t i = 0; i < COUNT(NEW); i++) {
        is_old = is_old && str_ifind(line, NEW[i]) == STR_NPOS;
    }
    return is_old;
}

// The line without what makes it bold, a heading or an item; which of them it was.
static struct str unmark(struct str line, bool *is_heading, bool *is_bold, bool *is_item) {
    struct str text = line;
    size_t n = 0;
    while (n < text.n && text.p[n] == '#') {
        n++;
    }
    *is_heading = n > 0 && n < text.n && text.p[n] == ' ';
    if (*is_heading) {
        text = str_trim(str_from_index(text, n));
    }
    n = 0;
    while (n < text.n && char_is_digit(text.p[n])) {
        n++;
    }
    bool is_number = n > 0 && n < 3 && str_starts(str_from_index(text, n), STR(". "));
    bool is_bullet =
        str_starts(text, STR("- ")) || str_starts(text, STR("* ")) || str_starts(text, STR("• "));
    *is_item = is_number || is_bullet;
    if (*is_item) {
        text = str_from_index(text, str_find_char(text, ' ') + 1);
    }
    *is_bold = str_starts(text, STR("**")) || str_starts(text, STR("__"));
    if (*is_bold) {
        text = str_from_index(text, 2);
    }
    return text;
}

static struct str word_of(struct str text) {
    size_t n = 0;
    while (n < text.n && (is_letter(text.p[n]) || (text.p[n] == '\'' && n > 0))) {
        n++;
    }
    return str_slice(text, 0, n);
}

// What may stand behind the first word of a sentence.
static bool goes_on_as_sentence(struct str text, size_t word) {
    if (word >= text.n) {
        return true;
    }
    char c = text.p[word];
    char behind = word + 1 < text.n ? text.p[word + 1] : ' ';
    return c == ' ' || c == ',' || c == '!' || c == '?' || c == '*' || c == '`' ||
           ((c == '.' || c == ':') && (behind == ' ' || behind == '.' || behind == '*'));
}

static bool is_large(struct str word) {
    return word.n > 0 &&
           ((word.p[0] >= 'A' && word.p[0] <= 'Z') || (unsigned char)word.p[0] >= 0x80);
}

static bool stands_alone(struct str text) {
    while (text.n > 0 && str_find_char(STR(":.!,*_ "), text.p[text.n - 1]) != STR_NPOS) {
        text.n--;
    }
    return list_has(ALONE, COUNT(ALONE), text);
}

// A script without large letters, in which no code begins.
static bool is_foreign(struct str word) {
    return word.n > 0 && (unsigned char)word.p[0] >= 0xD0;
}

// Such answers may begin small.
static bool is_small_start(struct str word, bool is_open) {
    static const struct str SMALL[] = {STR_INIT("here"), STR_INIT("here's"), STR_INIT("here’s"),
                                       STR_INIT("sure"), STR_INIT("below")};
    return is_open ? list_has_start(SMALL, COUNT(SMALL), word)
                   : list_has(SMALL, COUNT(SMALL), word);
}

// One line of what a person is told, by its first word. The word may be unfinished.
static enum chatter judge(bool is_lead, struct str text, bool is_more, size_t least) {
    const struct str *words = is_lead ? LEAD_WORDS : TAIL_WORDS;
    size_t n_words = is_lead ? COUNT(LEAD_WORDS) : COUNT(TAIL_WORDS);
    struct str word = word_of(text);
    bool is_open = is_more && word.n == text.n;
    bool is_known = is_foreign(word) || (is_open ? list_has_start(words, n_words, word)
                                                 : list_has(words, n_words, word));
    bool fits = is_large(word) || (is_lead && is_small_start(word, is_open));
    if (!is_known || !fits || !goes_on_as_sentence(text, word.n)) {
        return CHATTER_NO;
    }
    struct measure m = measure_line(text);
    if (is_more) {
        return m.marks > 0 && m.words < 3 ? CHATTER_NO : CHATTER_MAYBE;
    }
    bool is_sentence = ends_sentence(text) && looks_like_sentence(text, least);
    return is_sentence || stands_alone(text) || looks_like_sentence(text, 6) ? CHATTER_YES
                                                                             : CHATTER_NO;
}

// A line by no word that we know: written as a sentence is, and ended as one.
static enum chatter judge_unknown(struct str text, bool is_more, bool is_talking) {
    bool is_capital =
        is_large(text) &&
        (text.n == 1 || text.p[1] == ' ' || text.p[1] == '\'' || is_letter(text.p[1])) &&
        !(text.n > 1 && text.p[1] >= 'A' && text.p[1] <= 'Z');
    struct str word = word_of(text);
    if (!is_capital || !goes_on_as_sentence(text, word.n) || measure_line(text).marks > 0) {
        return CHATTER_NO;
    }
    return is_more                                                                ? CHATTER_MAYBE
           : ends_sentence(text) && looks_like_sentence(text, is_talking ? 1 : 2) ? CHATTER_YES
                                                                                  : CHATTER_NO;
}

// "key: value" is code where keys are.
static bool is_key(const struct clean_rules *rules, struct str text) {
    struct str word = word_of(text);
    return rules->is_keyed && word.n < text.n && text.p[word.n] == ':' && word.n > 0;
}

static bool comments_with(const struct clean_rules *rules, const char *sign) {
    const char *line = rules->options.language->line_comment;
    return line && strcmp(line, sign) == 0;
}

static bool is_of(struct str s, struct str signs) {
    for (size_t i = 0; i < s.n; i++) {
        if (str_find_char(signs, s.p[i]) == STR_NPOS) {
            return false;
        }
    }
    return s.n > 0;
}

enum chatter clean_chatter_lead(const struct clean_rules *rules, struct str line, bool is_more,
                                bool is_talking) {
    if (line.n > 1 && line.p[0] == ' ' && is_large(str_from_index(line, 1))) {
        line = str_from_index(line, 1); // the blank that the first word of some models has
    }
    if (line.n > 0 && char_is_blank(line.p[0]) && !is_talking) {
        return CHATTER_NO;
    }
    struct str item = str_from_index(line, str_indent(line)); // below another one
    line = item.n > 0 && str_find_char(STR("-*+123456789"), item.p[0]) != STR_NPOS ? item : line;
    bool is_heading, is_bold, is_item;
    struct str trimmed = is_more ? line : str_trim(line);
    struct str text = unmark(trimmed, &is_heading, &is_bold, &is_item);
    bool is_keyed = rules->is_keyed && (is_item || is_key(rules, text));
    if (is_keyed || (is_heading && comments_with(rules, "#") && !is_talking)) {
        return CHATTER_NO;
    }
    if (is_more && trimmed.n < 7 && is_of(trimmed, STR("#*-_`. 0123456789"))) {
        return CHATTER_MAYBE; // "###", "*", "1."
    }
    bool is_quoted = trimmed.n > 0 && trimmed.p[0] == '`';
    if (is_bold || is_heading || is_quoted || (is_item && is_talking)) {
        bool is_preprocessor = is_heading && trimmed.p[1] == ' ' && comments_with(rules, "//") &&
                               text.n > 0 && !is_large(text);
        if (is_preprocessor) {
            return CHATTER_NO; // "# define"
        }
        return is_more ? CHATTER_MAYBE : looks_like_sentence(text, 1) ? CHATTER_YES : CHATTER_NO;
    }
    enum chatter found = judge(true, text, is_more, 2);
    return found == CHATTER_NO && !rules->is_keyed ? judge_unknown(text, is_more, is_talking)
                                                   : found;
}

enum chatter clean_chatter_tail(const struct clean_rules *rules, struct str line, bool is_more,
                                bool is_after_blank) {
    bool is_heading, is_bold, is_item;
    struct str trimmed = is_more ? line : str_trim(line);
    struct str text = unmark(trimmed, &is_heading, &is_bold, &is_item);
    if ((line.n > 0 && char_is_blank(line.p[0])) || (rules->is_keyed && is_item) ||
        is_key(rules, text)) {
        return CHATTER_NO;
    }
    bool is_signs = trimmed.n < 7 && is_of(trimmed, STR("#*-_. 0123456789"));
    if (is_more && is_after_blank && is_signs && !comments_with(rules, "--")) {
        return CHATTER_MAYBE;
    }
    if (rules->is_keyed && !is_after_blank && !is_bold) {
        return CHATTER_NO;
    }
    if (is_heading) {
        bool is_remark = comments_with(rules, "#");
        bool is_deep = trimmed.p[1] == '#';
        if (is_more) {
            return is_deep && is_after_blank ? CHATTER_MAYBE : CHATTER_NO;
        }
        return is_deep && is_after_blank && (!is_remark || stands_alone(text)) ? CHATTER_YES
                                                                               : CHATTER_NO;
    }
    if (is_bold) {
        bool is_closed = str_contains(text, STR("**")) || str_contains(text, STR("__"));
        return is_more ? is_large(text) || text.n == 0 ? CHATTER_MAYBE : CHATTER_NO
               : is_closed && is_large(text) ? CHATTER_YES
                                             : CHATTER_NO;
    }
    if (is_item) {
        bool may = is_after_blank && (is_large(text) || text.n == 0 || text.p[0] == '`');
        return !may                           ? CHATTER_NO
               : is_more                      ? CHATTER_MAYBE
               : looks_like_sentence(text, 3) ? CHATTER_YES
                                              : CHATTER_NO;
    }
    return judge(false, text, is_more, is_after_blank ? 2 : 4);
}

enum chatter clean_chatter_prose(struct str line, bool is_more) {
    static const struct str STARTS[] = {
        STR_INIT("here is"),    STR_INIT("here's"),    STR_INIT("here’s"),    STR_INIT("here are"),
        STR_INIT("sure"),       STR_INIT("certainly"), STR_INIT("of course"), STR_INIT("below is"),
        STR_INIT("absolutely"), STR_INIT("voici"),     STR_INIT("hier ist"),  STR_INIT("aquí está"),
        STR_INIT("ecco"),
    };
    struct str text = is_more ? line : str_trim(line);
    for (size_t i = 0; i < COUNT(STARTS); i++) {
        if (is_more && str_istarts(STARTS[i], text)) {
            return CHATTER_MAYBE;
        }
        if (str_istarts(text, STARTS[i])) {
            return is_more ? CHATTER_MAYBE : str_ends(text, STR(":")) ? CHATTER_YES : CHATTER_NO;
        }
    }
    return CHATTER_NO;
}
