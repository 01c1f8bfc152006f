// SPDX-License-Identifier: MIT
//
// From what is left of an answer to what is shown: what stands in the document already (the
// beginning of the cursor's line, its end, the line behind) is taken away, indentation and line
// ends become those of the document. Model output is hostile: a character that would not be seen,
// or would change how the rest is seen, ends the text.
#include "assist/inline_private.h"

#include "base/utf.h"

enum { REPEATED_LINE = 3, REPEATED_WORD = 3 }; // bytes that are no coincidence

static struct str trim_blanks(struct str s) {
    return str_from_index(s, str_indent(s));
}

// Up to the first byte that is not UTF-8 or not safe to show.
static struct str until_unsafe(struct str s) {
    for (size_t i = 0; i < s.n;) {
        size_t start = i;
        uint32_t c = utf8_next(s, &i);
        bool is_damage = c == 0xFFFD; // an invalid byte, or the character that stands for one
        if (is_damage || (char_is_unsafe(c) && c != '\n' && c != '\t')) {
            return str_slice(s, 0, start);
        }
    }
    return s;
}

// --- the beginning -------------------------------------------------------------------------------

// Line ends before the first line: none on a blank line, one behind what opens a block.
static struct str trim_lead(const struct inline_shape *shape, struct str text, bool *new_line) {
    size_t start = 0;
    *new_line = false;
    for (size_t i = 0; i < text.n && char_is_space(text.p[i]); i++) {
        if (text.p[i] == '\n') {
            start = i + 1;
            *new_line = shape->place.is_opener;
        }
    }
    text = str_from_index(text, start);
    if (shape->place.is_opener && !*new_line && inline_indent(text) >= 2) {
        *new_line = true; // forgotten
    }
    return text;
}

// The word that ends at the cursor.
static struct str word_at_end(struct str line) {
    size_t start = line.n;
    while (start > 0 && inline_is_word(line.p[start - 1])) {
        start--;
    }
    return str_from_index(line, start);
}

// The model began with the cursor's line, or with its last word, once more.
static struct str trim_repeated_start(const struct inline_shape *shape, struct str text) {
    struct str line = trim_blanks(shape->line);
    struct str trimmed = trim_blanks(text);
    struct str whole = inline_trim_end(line);
    if (whole.n >= REPEATED_LINE && inline_count_word_bytes(whole) > 0 &&
        str_starts(trimmed, whole)) {
        struct str rest = str_from_index(trimmed, whole.n);
        // "retur" + "return": a repeated line; "x = 1" + "x = 10": the line may end anywhere too.
        return whole.n < line.n ? trim_blanks(rest) : rest;
    }
    struct str word = word_at_end(line);
    if (word.n >= REPEATED_WORD && str_starts(text, word)) {
        return str_from_index(text, word.n);
    }
    return text;
}

// On a blank line: the indentation that stands there is not written twice, one that is missing is
// added. Appends what is to be written before the first line.
static struct str indent_first(const struct inline_shape *shape, struct str text, bool new_line,
                               struct buf *out) {
    const struct inline_place *place = &shape->place;
    if (new_line || !place->is_blank_line) {
        return text;
    }
    size_t at = inline_indent(shape->line), has = inline_indent(text);
    text = trim_blanks(text);
    // Indented as a whole line, or on top of what is there.
    size_t wanted = has >= at ? has : at;
    if (has > 0 && at > 0 && has < at) {
        wanted = at;
    }
    if (place->is_block && wanted <= place->indent && !inline_is_closer(text.n ? text.p[0] : ' ')) {
        wanted = place->indent + inline_indent(place->unit);
    }
    while (at < wanted) {
        size_t unit = inline_indent(place->unit);
        if (str_eq(place->unit, STR("\t")) && wanted - at >= unit) {
            buf_append_char(out, '\t');
            at += unit;
        } else {
            buf_append_char(out, ' ');
            at++;
        }
    }
    return text;
}

// --- the end of the cursor's line ----------------------------------------------------------------

// Brackets of `text` that close more than it opens.
static size_t unmatched_closers(struct str text) {
    size_t depth = 0, unmatched = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (inline_closer_of(text.p[i])) {
            depth++;
        } else if (inline_is_closer(text.p[i])) {
            unmatched += depth == 0 ? 1u : 0u;
            depth -= depth > 0 ? 1u : 0u;
        }
    }
    return unmatched;
}

static bool is_quote(char c) {
    return c == '"' || c == '\'' || c == '`';
}

// Is the end of `text` that equals the beginning of the rest there twice, or does it belong to what
// is completed? "f(|)" + "g()" needs its bracket, "f(|)" + "x)" does not.
static bool is_overlap(struct str text, struct str both, struct str rest) {
    if (inline_count_word_bytes(both) > 0) {
        bool cuts_start = both.n < text.n && inline_is_word(both.p[0]) &&
                          inline_is_word(text.p[text.n - both.n - 1]);
        bool cuts_end =
            both.n < rest.n && inline_is_word(both.p[both.n - 1]) && inline_is_word(rest.p[both.n]);
        return !cuts_start && !cuts_end;
    }
    char last = both.p[both.n - 1];
    if (last == ';' || last == ',') {
        return true;
    }
    if (is_quote(both.p[0])) {
        size_t count = 0;
        for (size_t i = 0; i < text.n; i++) {
            count += text.p[i] == both.p[0] ? 1u : 0u;
        }
        return count % 2 == 1;
    }
    return inline_is_closer(both.p[0]) ? unmatched_closers(text) > 0 : both.n >= 2;
}

static struct str trim_rest(const struct inline_shape *shape, struct str text) {
    struct str rest = shape->rest;
    if (rest.n == 0) {
        return text;
    }
    struct str end = inline_trim_end(text);
    size_t most = end.n < rest.n ? end.n : rest.n;
    for (size_t n = most; n > 0; n--) {
        struct str both = str_slice(rest, 0, n);
        if (str_ends(end, both) && !inline_is_blank(both) && is_overlap(end, both, rest)) {
            return str_slice(end, 0, end.n - n);
        }
    }
    // "b, c" before ", c": without the blanks that stand there.
    struct str inner = trim_blanks(rest);
    if (inner.n >= 2 && inline_count_word_bytes(inner) > 0 && str_ends(end, inner) &&
        is_overlap(end, inner, inner)) {
        return inline_trim_end(str_slice(end, 0, end.n - inner.n));
    }
    return text;
}

// --- indentation of further lines ----------------------------------------------------------------

// Blanks become tabs where the document has tabs, and the other way round.
static void append_indented(struct buf *out, const struct inline_place *place, struct str line) {
    size_t n = 0;
    bool has_tab = false, has_blank = false;
    while (n < line.n && char_is_blank(line.p[n])) {
        has_tab = has_tab || line.p[n] == '\t';
        has_blank = has_blank || line.p[n] == ' ';
        n++;
    }
    bool is_tabs = str_eq(place->unit, STR("\t"));
    if (is_tabs && has_blank && !has_tab) {
        size_t columns = inline_indent(line);
        for (size_t i = 0; i < columns / 4; i++) {
            buf_append_char(out, '\t');
        }
        for (size_t i = 0; i < columns % 4; i++) {
            buf_append_char(out, ' ');
        }
    } else if (!is_tabs && has_tab && !has_blank) {
        for (size_t i = 0; i < n; i++) {
            buf_append(out, place->unit);
        }
    } else {
        buf_append(out, str_slice(line, 0, n));
    }
    buf_append(out, inline_trim_end(str_from_index(line, n)));
}

static void append_lines(struct buf *out, const struct inline_place *place, struct str text,
                         bool new_line) {
    bool is_first = true;
    struct str rest = text, line;
    while (str_next_line(&rest, &line)) {
        bool is_last = rest.n == 0;
        if (!is_first || new_line) {
            buf_append(out, place->eol);
            append_indented(out, place, line);
        } else {
            // Blanks at its end matter where the line goes on behind the cursor.
            buf_append(out, is_last && place->is_middle ? line : inline_trim_end(line));
        }
        is_first = false;
    }
}

// --- all of it -----------------------------------------------------------------------------------

// "// your code here": the model has nothing to say.
static bool is_nothing(struct str text) {
    static const char *const WORDS[] = {"your code here", "your code goes here", "rest of the code",
                                        "existing code",  "implementation here", "add your code",
                                        "todo: implement"};
    if (inline_is_blank(text) || str_starts(str_trim(text), STR("<think>"))) {
        return true;
    }
    if (str_contains(str_trim(text), STR("\n"))) {
        return false;
    }
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (str_ifind(text, str_from(WORDS[i])) != STR_NPOS) {
            return true;
        }
    }
    return false;
}

// Without lines at the end that stand behind the cursor already.
static struct str trim_repeated_end(const struct inline_shape *shape, struct str text) {
    while (shape->rest.n == 0 && text.n > 0) {
        text = inline_trim_end(text);
        size_t start = inline_line_start(text, text.n);
        struct str line = str_from_index(text, start);
        if (!inline_repeats_next(shape, line, start == 0)) {
            break;
        }
        text = str_slice(text, 0, start);
    }
    return text;
}

void inline_trim(const struct inline_shape *shape, struct str text, struct buf *out) {
    bool new_line;
    text = inline_token_trim(until_unsafe(text));
    text = trim_lead(shape, text, &new_line);
    size_t first = inline_line_end(text, 0);
    if (first < text.n && !shape->place.is_block) {
        text = str_slice(text, 0, first);
    }
    if (!new_line) {
        text = trim_repeated_start(shape, text);
        text = trim_rest(shape, text);
    }
    text = trim_repeated_end(shape, text);
    if (is_nothing(text)) {
        return;
    }
    text = indent_first(shape, text, new_line, out);
    append_lines(out, &shape->place, shape->rest.n > 0 ? text : inline_trim_end(text), new_line);
}
