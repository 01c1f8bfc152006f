// SPDX-License-Identifier: MIT
//
// Everything that is not ours (code, paths, diagnostics, instructions) becomes a value: it is put
// into fences longer than its own, or made one line and cut, and never read as a template. What a
// model reads last is the rule for its answer, since small models forget what they read first.
#include "assist/prompt.h"

#include "assist/template.h"
#include "base/embed.h"
#include "base/limits.h"
#include "base/utf.h"

extern const struct embedded_file prompts_embedded[];

enum {
    DIAGNOSTICS_MAX = 20, // told to the model
    MESSAGE_MAX = 300,    // bytes of one
    PATH_MAX_BYTES = 300,
    LANGUAGE_MAX = 40,
    LINE_PART_MAX = 400, // of a target's line, on each side of it
};

// All that a template may name.
static const struct str NAMES[] = {
    STR_INIT("language"),  STR_INIT("path"),    STR_INIT("unit"),  STR_INIT("instruction"),
    STR_INIT("code"),      STR_INIT("before"),  STR_INIT("after"), STR_INIT("outline"),
    STR_INIT("imports"),   STR_INIT("place"),   STR_INIT("mark"),  STR_INIT("line"),
    STR_INIT("prose"),     STR_INIT("context"), STR_INIT("rule"),  STR_INIT("diagnostics"),
    STR_INIT("selection"),
};
enum { NAME_COUNT = sizeof(NAMES) / sizeof(NAMES[0]) };

struct values {
    struct template_value at[NAME_COUNT];
    bool is_cut; // something made of them was longer than LIMIT_PROMPT
};

struct str prompt_embedded(struct str name) {
    for (const struct embedded_file *file = prompts_embedded; file->name; file++) {
        struct str found = str_from(file->name);
        if (found.n > 3 && str_eq(str_slice(found, 0, found.n - 3), name)) { // without ".md"
            struct str text = str_of(file->data, file->size);
            while (text.n > 0 && text.p[text.n - 1] == '\n') {
                text.n--;
            }
            return text;
        }
    }
    return STR_NONE;
}

bool prompt_check(struct arena *arena, struct str template, struct str *problem) {
    if (template.n > LIMIT_TEMPLATE) {
        *problem = arena_printf(arena, "longer than %u bytes", LIMIT_TEMPLATE);
        return false;
    }
    return template_verify(arena, template, NAMES, NAME_COUNT, problem);
}

// --- values ---

// At most `max` bytes from the start or the end of `s`, cut between characters.
static struct str cut_head(struct str s, size_t max) {
    size_t n = s.n < max ? s.n : max;
    while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80) {
        n--;
    }
    return str_slice(s, 0, n);
}

static struct str cut_tail(struct str s, size_t max) {
    size_t i = s.n > max ? s.n - max : 0;
    while (i > 0 && i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80) {
        i++;
    }
    return str_from_index(s, i);
}

// On one line: white space and control characters become blanks. Cut with "…".
static struct str one_line(struct arena *arena, struct str s, size_t max) {
    struct str cut = cut_head(str_trim(s), max);
    char *p = arena_cstr(arena, cut);
    for (size_t i = 0; i < cut.n; i++) {
        p[i] = (unsigned char)p[i] < ' ' || p[i] == 0x7f ? ' ' : p[i];
    }
    struct str line = str_of(p, cut.n);
    return cut.n < str_trim(s).n ? arena_join(arena, line, STR("…")) : line;
}

static size_t longest_backticks(struct str s) {
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < s.n; i++) {
        run = s.p[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

// What the model is to call the language.
static struct str language_name(const struct prompt_input *input) {
    struct str id = input->language_id;
    struct str name = str_from(input->language->name);
    bool is_word = id.n > 0 && id.n <= LANGUAGE_MAX;
    for (size_t i = 0; i < id.n && is_word; i++) {
        is_word = char_is_alnum(id.p[i]) || (id.p[i] != '\0' && strchr("+-#._", id.p[i]));
    }
    bool has_no_row = str_eq(name, STR("text")) && text_class_of(input->language, id) != TEXT_PROSE;
    return has_no_row && is_word ? id : name;
}

// `text` with \n for every line end, in a fence with the language's name. Empty stays empty.
static struct str code_block(struct arena *arena, struct str word, struct str text) {
    enum { FENCE = 3 };
    if (text.n == 0) {
        return STR_NONE;
    }
    size_t ticks = longest_backticks(text) + 1;
    ticks = ticks < FENCE ? FENCE : ticks;
    // The name of plain text would only be a word that the model repeats.
    word = str_eq(word, STR("text")) ? STR_NONE : word;
    char *p = arena_alloc(arena, 2 * ticks + word.n + text.n + 3);
    size_t n = 0;
    memset(p, '`', ticks);
    memcpy(p + ticks, word.n ? word.p : "", word.n);
    n = ticks + word.n;
    p[n++] = '\n';
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '\r') {
            p[n++] = text.p[i];
        } else if (i + 1 == text.n || text.p[i + 1] != '\n') {
            p[n++] = '\n';
        }
    }
    if (p[n - 1] != '\n') {
        p[n++] = '\n';
    }
    memset(p + n, '`', ticks);
    return str_of(p, n + ticks);
}

static struct str unit_words(struct arena *arena, struct str unit) {
    if (unit.n > 0 && unit.p[0] == '\t') {
        return STR("tabs");
    }
    return arena_printf(arena, "%zu spaces", unit.n > 0 ? unit.n : 4);
}

// A word that neither the document nor the context has, to mark a place with.
static struct str unique_mark(struct arena *arena, const struct prompt_input *input) {
    enum { TRIES = 20 };
    const struct context *context = input->context;
    const struct str parts[] = {context->before, context->after, context->code, input->text};
    struct str mark = STR("<<HERE>>");
    for (int i = 2; i < TRIES; i++) {
        bool is_used = false;
        for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
            is_used = is_used || str_contains(parts[k], mark);
        }
        if (!is_used) {
            break;
        }
        mark = arena_printf(arena, "<<HERE-%d>>", i);
    }
    return mark;
}

static bool is_line_end(char c) {
    return c == '\n' || c == '\r';
}

static bool is_blank(struct str s) {
    return str_trim(s).n == 0;
}

// What else stands on the first and the last line of the target.
struct line_parts {
    struct str head, tail;
};

static struct line_parts parts_of_line(const struct prompt_input *input) {
    struct str text = input->text;
    struct text_range target = input->target;
    if (target.start > target.end || target.end > text.n) {
        return (struct line_parts){STR_NONE, STR_NONE};
    }
    size_t start = target.start, end = target.end;
    while (start > 0 && !is_line_end(text.p[start - 1])) {
        start--;
    }
    while (end < text.n && !is_line_end(text.p[end])) {
        end++;
    }
    return (struct line_parts){cut_tail(str_slice(text, start, target.start), LINE_PART_MAX),
                               cut_head(str_slice(text, target.end, end), LINE_PART_MAX)};
}

static struct str place_block(struct arena *arena, const struct prompt_input *input,
                              struct str mark) {
    const struct context *context = input->context;
    struct line_parts line = parts_of_line(input);
    struct buf buf;
    buf_init(&buf, LIMIT_PROMPT);
    buf_append(&buf, context->before);
    if (context->before.n == 0 || is_line_end(context->before.p[context->before.n - 1])) {
        buf_append(&buf, line.head);
    }
    buf_append(&buf, mark);
    buf_append(&buf, line.tail);
    if (context->after.n > 0 && !is_line_end(context->after.p[0])) {
        buf_append_char(&buf, '\n');
    }
    buf_append(&buf, context->after);
    struct str block = code_block(arena, language_name(input), buf_str(&buf));
    buf_finish(&buf);
    return block;
}

static struct str line_block(struct arena *arena, const struct prompt_input *input,
                             struct str mark) {
    struct line_parts line = parts_of_line(input);
    if (is_blank(line.head) && is_blank(line.tail)) {
        return STR_NONE;
    }
    struct str whole = arena_join(arena, arena_join(arena, line.head, mark), line.tail);
    return code_block(arena, language_name(input), whole);
}

// The line that holds byte `at`; of a long one what is near.
static struct str line_of(struct arena *arena, struct str text, size_t at) {
    if (at > text.n) {
        return STR_NONE;
    }
    size_t start = at, end = at;
    while (start > 0 && at - start <= LINE_PART_MAX && !is_line_end(text.p[start - 1])) {
        start--;
    }
    while (end < text.n && end - at <= LINE_PART_MAX && !is_line_end(text.p[end])) {
        end++;
    }
    return arena_join(arena, cut_tail(str_slice(text, start, at), LINE_PART_MAX),
                      cut_head(str_slice(text, at, end), LINE_PART_MAX));
}

static struct str diagnostics_list(struct arena *arena, const struct prompt_input *input) {
    struct buf buf;
    buf_init(&buf, LIMIT_PROMPT);
    for (size_t i = 0; i < input->n_diagnostics && i < DIAGNOSTICS_MAX; i++) {
        const struct context_diagnostic *one = &input->diagnostics[i];
        buf_printf(&buf, "%s- line %u, %s", i > 0 ? "\n" : "", one->line,
                   one->severity ? one->severity : "problem");
        if (one->source.n > 0 || one->code.n > 0) {
            struct str source = one_line(arena, one->source, 40),
                       code = one_line(arena, one->code, 80);
            buf_printf(&buf, " (%.*s%s%.*s)", STR_ARG(source),
                       source.n > 0 && code.n > 0 ? " " : "", STR_ARG(code));
        }
        struct str message = one_line(arena, one->message, MESSAGE_MAX);
        struct str line = one_line(arena, line_of(arena, input->text, one->start), LINE_PART_MAX);
        buf_printf(&buf, ": %.*s", STR_ARG(message));
        if (line.n > 0) {
            buf_printf(&buf, "\n  the line: %.*s", STR_ARG(line));
        }
    }
    if (input->n_diagnostics > DIAGNOSTICS_MAX) {
        buf_printf(&buf, "\n- and %zu more", input->n_diagnostics - DIAGNOSTICS_MAX);
    }
    struct str list = arena_copy(arena, buf_str(&buf));
    buf_finish(&buf);
    return list;
}

static struct template_value *value_named(struct values *values, struct str name) {
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (str_eq(NAMES[i], name)) {
            return &values->at[i];
        }
    }
    return NULL;
}

static void set_value(struct values *values, struct str name, struct str text, bool is_block) {
    *value_named(values, name) = (struct template_value){name, text, is_block};
}

// Expanded, without line ends at its ends. In `arena`.
static struct str expand(struct arena *arena, struct str template, struct values *values) {
    struct buf buf;
    buf_init(&buf, LIMIT_PROMPT);
    template_expand(template, values->at, NAME_COUNT, &buf);
    values->is_cut = values->is_cut || buf.full;
    struct str text = buf_str(&buf);
    while (text.n > 0 && is_line_end(text.p[0])) {
        text = str_from_index(text, 1);
    }
    while (text.n > 0 && is_line_end(text.p[text.n - 1])) {
        text.n--;
    }
    text = arena_copy(arena, text);
    buf_finish(&buf);
    return text;
}

static struct str rule_name(const struct prompt_input *input) {
    if (input->action->output == OUTPUT_SHOW) {
        return STR("rule-show");
    }
    bool is_replaced = input->action->output == OUTPUT_REPLACE && input->context->code.n > 0;
    return is_replaced ? STR("rule-replace") : STR("rule-insert");
}

static void set_values(struct arena *arena, const struct prompt_input *input,
                       struct values *values) {
    const struct context *context = input->context;
    struct str word = language_name(input);
    bool is_prose = text_class_of(input->language, input->language_id) == TEXT_PROSE;
    struct str mark = unique_mark(arena, input);
    bool is_place = context->code.n == 0;
    struct str code = code_block(arena, word, context->code);
    for (size_t i = 0; i < NAME_COUNT; i++) {
        values->at[i] = (struct template_value){.name = NAMES[i]};
    }
    set_value(values, STR("language"), word, false);
    set_value(values, STR("path"), one_line(arena, input->path, PATH_MAX_BYTES), false);
    set_value(values, STR("unit"), unit_words(arena, context->unit), false);
    set_value(values, STR("instruction"), str_trim(input->instruction), false);
    set_value(values, STR("code"), code, true);
    set_value(values, STR("selection"), code, true);
    set_value(values, STR("before"), code_block(arena, word, context->before), true);
    set_value(values, STR("after"), code_block(arena, word, context->after), true);
    set_value(values, STR("outline"), code_block(arena, word, context->outline), true);
    set_value(values, STR("imports"), code_block(arena, word, context->imports), true);
    set_value(values, STR("mark"), mark, false);
    set_value(values, STR("place"), is_place ? place_block(arena, input, mark) : STR_NONE, true);
    set_value(values, STR("line"), is_place ? STR_NONE : line_block(arena, input, mark), true);
    set_value(values, STR("prose"), is_prose ? STR("prose") : STR_NONE, false);
    set_value(values, STR("diagnostics"), diagnostics_list(arena, input), true);
    // These two are made of the ones above.
    set_value(values, STR("context"), expand(arena, prompt_embedded(STR("context")), values), true);
    set_value(values, STR("rule"), expand(arena, prompt_embedded(rule_name(input)), values), true);
}

static bool names_the_code(struct str template) {
    static const struct str ANY[] = {STR_INIT("context"), STR_INIT("code"),   STR_INIT("selection"),
                                     STR_INIT("place"),   STR_INIT("before"), STR_INIT("after")};
    for (size_t i = 0; i < sizeof(ANY) / sizeof(ANY[0]); i++) {
        if (template_uses(template, ANY[i])) {
            return true;
        }
    }
    return false;
}

static void add_part(struct buf *buf, struct str part) {
    if (part.n > 0) {
        buf_append(buf, buf->n > 0 ? STR("\n\n") : STR_NONE);
        buf_append(buf, part);
    }
}

void prompt_build(struct arena *arena, const struct prompt_input *input, struct prompt *out) {
    struct values values = {0};
    set_values(arena, input, &values);
    struct str template = input->action->prompt;
    struct buf user;
    buf_init(&user, LIMIT_PROMPT);
    add_part(&user, expand(arena, template, &values));
    if (!names_the_code(template)) {
        add_part(&user, value_named(&values, STR("context"))->text);
    }
    if (input->instruction.n > 0 && !template_uses(template, STR("instruction"))) {
        add_part(&user, expand(arena, prompt_embedded(STR("instruction")), &values));
    }
    if (!template_uses(template, STR("rule"))) {
        add_part(&user, value_named(&values, STR("rule"))->text);
    }
    *out = (struct prompt){.system = expand(arena, input->system, &values),
                           .user = arena_copy(arena, buf_str(&user)),
                           .mark = value_named(&values, STR("mark"))->text};
    out->is_cut = values.is_cut || user.full;
    buf_finish(&user);
}
