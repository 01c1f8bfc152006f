// SPDX-License-Identifier: MIT
//
// How a value is replaced, and where a new one is put, so that the file stays what it is: quotes,
// indentation, comments, line ends. All that is written passes switch_is_writable, so that quoting
// is the only question.
#include "diagnostics/scan.h"
#include "diagnostics/switch_internal.h"

#define NOTES_MAX 20
#define EDITS_MAX 1000      // each is compared with the others
#define LINE_MAX_BYTES 8192 // of a line that are looked at on either side

void switch_note(struct switcher *switcher, const char *format, ...) {
    va_list args;
    va_start(args, format);
    struct str note = arena_vprintf(switcher->arena, format, args);
    va_end(args);
    for (size_t i = 0; i < switcher->notes.n; i++) {
        if (str_eq(switcher->notes.at[i], note)) {
            return;
        }
    }
    if (switcher->notes.n < NOTES_MAX) {
        *VEC_PUSH(switcher->arena, &switcher->notes) = note;
    }
}

static size_t line_start(struct str text, size_t at) {
    size_t far = at > LINE_MAX_BYTES ? at - LINE_MAX_BYTES : 0;
    while (at > far && text.p[at - 1] != '\n') {
        at--;
    }
    return at;
}

static size_t line_end(struct str text, size_t at) {
    size_t far = at + LINE_MAX_BYTES;
    while (at < text.n && at < far && text.p[at] != '\n' && text.p[at] != '\r') {
        at++;
    }
    return at;
}

bool switch_span_in_range(const struct switcher *switcher, size_t start, size_t end) {
    const struct switch_input *input = switcher->input;
    if (input->to_end == 0) {
        return true;
    }
    return line_start(input->text, start) <= input->to_end &&
           line_end(input->text, end) >= input->from;
}

bool switch_in_range(const struct switcher *switcher, const struct switch_slot *slot) {
    return switch_span_in_range(switcher, slot->name_start, slot->value.end);
}

bool switch_may_be_at(struct str text, size_t from, size_t to) {
    // Of each name and value that the rules know, the part that all its spellings share.
    static const struct needle words[] = {
        {STR_INIT("provider")}, {STR_INIT("backend")}, {STR_INIT("model")},  {STR_INIT("url")},
        {STR_INIT("base")},     {STR_INIT("host")},    {STR_INIT("point")},  {STR_INIT("vendor")},
        {STR_INIT("type")},     {STR_INIT("kind")},    {STR_INIT("engine")}, {STR_INIT("api")},
        {STR_INIT("://")}};
    struct str lines = str_slice(text, line_start(text, from), line_end(text, to));
    return needles_occur(lines, words, sizeof(words) / sizeof(words[0]));
}

// Would YAML read the plain word as something else than text?
static bool needs_quotes(struct str value) {
    static const struct str words[] = {STR_INIT("true"), STR_INIT("false"), STR_INIT("null"),
                                       STR_INIT("yes"),  STR_INIT("no"),    STR_INIT("on"),
                                       STR_INIT("off"),  STR_INIT("y"),     STR_INIT("n")};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_ieq(value, words[i])) {
            return true;
        }
    }
    double number;
    return str_to_double(value, &number) || str_find_char(value, '[') != STR_NPOS ||
           str_find_char(value, ']') != STR_NPOS || str_ends(value, STR(":")) ||
           char_is_digit(value.p[0]);
}

static struct str yaml_word(struct arena *arena, struct str value) {
    return needs_quotes(value) ? arena_printf(arena, "\"%.*s\"", STR_ARG(value)) : value;
}

static void add_edit(struct switcher *switcher, size_t start, size_t end, struct str text) {
    for (size_t i = 0; i < switcher->edits.n; i++) {
        const struct edit *edit = &switcher->edits.at[i];
        bool is_same = edit->start == start && edit->end == end && str_eq(edit->text, text);
        bool overlaps = start < edit->end && edit->start < end;
        if (is_same || overlaps) {
            return; // two places share a value: the first one has said it
        }
    }
    if (switcher->edits.n >= EDITS_MAX) {
        switch_note(switcher, "only the first %d values are changed", EDITS_MAX);
        return;
    }
    *VEC_PUSH(switcher->arena, &switcher->edits) =
        (struct edit){.start = start, .end = end, .text = text};
}

void switch_set(struct switcher *switcher, const struct switch_slot *slot, struct str value) {
    if (str_eq(slot->value.text, value)) {
        return;
    }
    if (!slot->is_settable || !switch_is_writable(value)) {
        switch_note(switcher, "%.*s is left as it is: set it to %.*s", STR_ARG(slot->name),
                    STR_ARG(value));
        return;
    }
    struct str text = switcher->input->text;
    struct str word = slot->is_yaml_plain ? yaml_word(switcher->arena, value) : value;
    // "key:" with nothing behind it: the value stands right behind the colon.
    bool is_glued = slot->is_yaml_plain && slot->is_member && slot->value.start > 0 &&
                    text.p[slot->value.start - 1] == ':';
    if (is_glued) {
        word = arena_join(switcher->arena, STR(" "), word);
    }
    add_edit(switcher, slot->value.start, slot->value.end, word);
}

// --- insertions ---

// Behind the value and its closing quote.
static size_t behind(struct str text, const struct switch_slot *slot) {
    size_t at = slot->value.end;
    bool is_quoted = slot->value.quoting == QUOTE_DOUBLE || slot->value.quoting == QUOTE_SINGLE;
    return is_quoted && at < text.n ? at + 1 : at;
}

static struct str eol_at(struct str text, size_t end) {
    if (end < text.n) {
        return text.p[end] == '\r' && end + 1 < text.n && text.p[end + 1] == '\n' ? STR("\r\n")
                                                                                  : STR("\n");
    }
    return str_contains(text, STR("\r\n")) ? STR("\r\n") : STR("\n");
}

static bool is_blank(struct str text) {
    return str_trim(text).n == 0;
}

static struct str spaces(struct arena *arena, size_t n) {
    char *p = ARENA_ARRAY(arena, n + 1, char);
    memset(p, ' ', n);
    return str_of(p, n);
}

// {"provider": "x", …}: behind the value, on a line of its own if that is how the object is laid
// out.
static void insert_json(struct switcher *switcher, const struct switch_slot *after, struct str name,
                        struct str value) {
    struct str text = switcher->input->text;
    struct arena *arena = switcher->arena;
    size_t at = behind(text, after);
    size_t key = after->name_start;
    while (key > 0 && (text.p[key - 1] == '"' || text.p[key - 1] == '\'')) {
        key--;
    }
    struct str indent = str_slice(text, line_start(text, key), key);
    struct str member = arena_printf(arena, "\"%.*s\": \"%.*s\"", STR_ARG(name), STR_ARG(value));
    struct str gap = STR(" ");
    if (is_blank(indent)) {
        gap = arena_join(arena, eol_at(text, line_end(text, at)), indent);
    }
    add_edit(switcher, at, at, arena_printf(arena, ",%.*s%.*s", STR_ARG(gap), STR_ARG(member)));
}

static void insert_flow(struct switcher *switcher, const struct switch_slot *after, struct str name,
                        struct str value) {
    bool is_toml = switcher->input->format == FORMAT_TOML;
    size_t at = behind(switcher->input->text, after);
    add_edit(switcher, at, at,
             arena_printf(switcher->arena, ", %.*s%s\"%.*s\"", STR_ARG(name),
                          is_toml ? " = " : ": ", STR_ARG(value)));
}

// A line of its own behind the line of `after`.
static bool insert_line(struct switcher *switcher, const struct switch_group *group,
                        const struct switch_slot *after, struct str name, struct str value) {
    struct str text = switcher->input->text;
    struct arena *arena = switcher->arena;
    enum format format = switcher->input->format;
    size_t end = line_end(text, behind(text, after));
    struct str rest = str_trim(str_slice(text, behind(text, after), end));
    struct str lead = str_slice(text, line_start(text, after->name_start), after->name_start);
    bool is_plain = rest.n == 0 || rest.p[0] == '#';
    struct str line;
    if (!is_plain) {
        return false; // more than the value stands there: "A=1 B=2", "\", "}"
    }
    if (!group->object || group->is_list) {
        bool is_usual = group->is_list ? str_eq(str_trim(lead), STR("-"))
                                       : is_blank(lead) || str_eq(str_trim(lead), STR("export"));
        if (!is_usual) {
            return false;
        }
        line = arena_printf(arena, "%.*s%.*s=%.*s", STR_ARG(lead), STR_ARG(name), STR_ARG(value));
    } else if (format == FORMAT_TOML) {
        if (str_ends(lead, STR("\""))) {
            lead.n--;
        }
        line = arena_printf(arena, "%.*s%.*s = \"%.*s\"", STR_ARG(lead), STR_ARG(name),
                            STR_ARG(value));
    } else {
        struct str marks = str_trim(lead); // "- ", or the quote of the key
        for (size_t i = 0; i < marks.n; i++) {
            if (!strchr("- \"'", marks.p[i])) {
                return false;
            }
        }
        size_t quote = str_ends(lead, STR("\"")) || str_ends(lead, STR("'")) ? 1 : 0;
        line = arena_printf(arena, "%.*s%.*s: %.*s", STR_ARG(spaces(arena, lead.n - quote)),
                            STR_ARG(name), STR_ARG(yaml_word(arena, value)));
    }
    add_edit(switcher, end, end, arena_join(arena, eol_at(text, end), line));
    return true;
}

bool switch_insert(struct switcher *switcher, const struct switch_group *group,
                   const struct switch_slot *after, struct str name, struct str value) {
    bool is_done = switch_is_writable(value);
    if (is_done && group->object && !group->is_list && switcher->input->format == FORMAT_JSON) {
        insert_json(switcher, after, name, value);
    } else if (is_done && group->is_flow) {
        insert_flow(switcher, after, name, value);
    } else if (is_done) {
        is_done = insert_line(switcher, group, after, name, value);
    }
    if (!is_done) {
        switch_note(switcher, "%.*s is not in the file: set it to %.*s", STR_ARG(name),
                    STR_ARG(value));
    }
    return is_done;
}
