// SPDX-License-Identifier: MIT
//
// The state machine of Ollama's own Modelfile parser, rune by rune, with byte ranges. It is
// hand-written and not a grammar because the verdict must be Ollama's: a value ends at the first
// line end at which the text collected so far is complete, characters that are not printable
// vanish, and line numbers count every \r and \n. Invariants: linear time (the completeness test is
// O(1)); the collected text is copied only where it differs from the file; after a fault reading
// goes on at the next line.
#include "diagnostics/modelfile_scan.h"

#include "base/utf.h"

struct rune {
    uint32_t c;
    size_t start, end; // in the file
};

// --- reading characters ---

// Go's unicode.IsPrint is false for these. Code points that Unicode has not assigned count as
// printable here: they differ from one Go release to the next.
static const struct {
    uint32_t from, to;
} unprintable[] = {
    {0x0, 0x1f},        {0x7f, 0xa0},       {0xad, 0xad},       {0x600, 0x605},
    {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},
    {0x8e2, 0x8e2},     {0x1680, 0x1680},   {0x180e, 0x180e},   {0x2000, 0x200f},
    {0x2028, 0x202f},   {0x205f, 0x2064},   {0x2066, 0x206f},   {0x3000, 0x3000},
    {0xe000, 0xf8ff},   {0xfeff, 0xfeff},   {0xfff9, 0xfffb},   {0x110bd, 0x110bd},
    {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0xe0001, 0xe0001}, {0xe0020, 0xe007f}, {0xf0000, 0xffffd}, {0x100000, 0x10fffd},
};

static bool rune_is_printable(uint32_t c) {
    if (c < 0x7f) {
        return c >= 0x20;
    }
    size_t low = 0;
    size_t high = sizeof(unprintable) / sizeof(unprintable[0]);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c > unprintable[middle].to) {
            low = middle + 1;
        } else if (c < unprintable[middle].from) {
            high = middle;
        } else {
            return false;
        }
    }
    return true;
}

static bool rune_is_blank(uint32_t c) {
    return c == ' ' || c == '\t';
}

static bool rune_is_newline(uint32_t c) {
    return c == '\r' || c == '\n';
}

static bool rune_is_letter(uint32_t c) {
    return c < 0x80 && char_is_alpha((char)c);
}

static bool rune_is_name(uint32_t c) {
    return c < 0x80 && (char_is_alnum((char)c) || c == '_');
}

static uint32_t utf16_unit(const struct modelfile_scanner *s, size_t at) {
    uint32_t a = (unsigned char)s->bytes.p[at];
    uint32_t b = (unsigned char)s->bytes.p[at + 1];
    return s->encoding == UTF_16_LE ? (b << 8 | a) : (a << 8 | b);
}

static uint32_t utf16_next(struct modelfile_scanner *s) {
    if (s->at + 2 > s->bytes.n) {
        s->at = s->bytes.n;
        return 0xfffd;
    }
    uint32_t c = utf16_unit(s, s->at);
    s->at += 2;
    if (c < 0xd800 || c > 0xdfff) {
        return c;
    }
    if (c < 0xdc00 && s->at + 2 <= s->bytes.n) {
        uint32_t low = utf16_unit(s, s->at);
        if (low >= 0xdc00 && low <= 0xdfff) {
            s->at += 2;
            return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return 0xfffd;
}

static bool rune_next(struct modelfile_scanner *s, struct rune *rune) {
    if (s->at >= s->bytes.n) {
        return false;
    }
    rune->start = s->at;
    rune->c = s->encoding == UTF_8 ? utf8_next(s->bytes, &s->at) : utf16_next(s);
    rune->end = s->at;
    return true;
}

void modelfile_scanner_init(struct modelfile_scanner *s, struct arena *arena, struct str bytes) {
    *s = (struct modelfile_scanner){.arena = arena, .bytes = bytes, .line = 1};
    if (str_starts(bytes, STR("\xff\xfe"))) {
        s->encoding = UTF_16_LE;
        s->at = 2;
    } else if (str_starts(bytes, STR("\xfe\xff"))) {
        s->encoding = UTF_16_BE;
        s->at = 2;
    } else if (str_starts(bytes, STR("\xef\xbb\xbf"))) {
        s->at = 3;
    }
}

// --- collecting ---

static void text_clear(struct modelfile_scanner *s, size_t at) {
    s->text.n = 0;
    s->map.n = 0;
    s->is_mapped = false;
    s->text_start = s->text_end = at;
    s->solid_from = s->solid_to = 0;
}

static void text_map_byte(struct modelfile_scanner *s, size_t at) {
    *VEC_PUSH(s->arena, &s->map) = (uint32_t)at;
}

static void text_add(struct modelfile_scanner *s, const struct rune *rune) {
    char encoded[4];
    size_t n = utf8_put(rune->c, encoded);
    bool is_same = s->encoding == UTF_8 && rune->end - rune->start == n;
    if (s->text.n == 0 && !s->is_mapped) {
        s->text_start = rune->start;
    } else if (rune->start != s->text_end) {
        is_same = false;
    }
    if (!is_same && !s->is_mapped) {
        s->is_mapped = true;
        for (size_t i = 0; i < s->text.n; i++) {
            text_map_byte(s, s->text_start + i);
        }
    }
    for (size_t i = 0; i < n; i++) {
        *VEC_PUSH(s->arena, &s->text) = encoded[i];
        if (s->is_mapped) {
            text_map_byte(s, rune->start);
        }
    }
    s->text_end = rune->end;
    if (!rune_is_blank(rune->c) && !rune_is_newline(rune->c)) {
        if (s->solid_from == s->solid_to) {
            s->solid_from = s->text.n - n;
        }
        s->solid_to = s->text.n;
    }
}

static size_t text_offset(const struct modelfile_scanner *s, size_t i) {
    if (i >= s->text.n) {
        return s->text_end;
    }
    return s->is_mapped ? s->map.at[i] : s->text_start + i;
}

// Where the character before index `i` ends in the file.
static size_t text_end_offset(const struct modelfile_scanner *s, size_t i) {
    if (!s->is_mapped || i == 0) {
        return s->text_start + i;
    }
    if (i >= s->text.n) {
        return s->text_end;
    }
    // Bytes dropped between this character and the next belong to neither.
    struct modelfile_scanner probe = {
        .bytes = s->bytes, .encoding = s->encoding, .at = s->map.at[i - 1]};
    struct rune rune;
    return rune_next(&probe, &rune) ? rune.end : s->map.at[i];
}

// A copy of the collected bytes [from, to), or a view into the file where they stand there as they
// are.
static struct str text_take(struct modelfile_scanner *s, size_t from, size_t to,
                            const uint32_t **map) {
    if (map) {
        *map = NULL;
    }
    if (!s->is_mapped) {
        return str_slice(s->bytes, s->text_start + from, s->text_start + to);
    }
    if (map) {
        uint32_t *copy = ARENA_ARRAY(s->arena, to - from + 1, uint32_t);
        for (size_t i = from; i < to; i++) {
            copy[i - from] = s->map.at[i];
        }
        copy[to - from] = (uint32_t)text_end_offset(s, to);
        *map = copy;
    }
    return arena_copy(s->arena, str_of(s->text.at + from, to - from));
}

static struct str text_view(const struct modelfile_scanner *s) {
    return str_of(s->text.at, s->text.n);
}

// The quotes of the text without outer blanks: how many at each end, and whether it is complete.
static bool text_is_complete(const struct modelfile_scanner *s, size_t *quotes) {
    struct str solid = str_slice(text_view(s), s->solid_from, s->solid_to);
    if (str_starts(solid, STR("\"\"\""))) {
        *quotes = 3;
        return solid.n >= 6 && str_ends(solid, STR("\"\"\""));
    }
    if (str_starts(solid, STR("\""))) {
        *quotes = 1;
        return solid.n >= 2 && str_ends(solid, STR("\""));
    }
    *quotes = 0;
    return true;
}

// --- the machine ---

struct modelfile_fault *modelfile_fault_add(struct modelfile_scanner *s,
                                            enum modelfile_fault_kind kind, size_t start,
                                            size_t end) {
    struct modelfile_fault *fault = VEC_PUSH(s->arena, &s->faults);
    *fault = (struct modelfile_fault){
        .kind = kind, .start = start, .end = end, .line = s->line, .command = MODELFILE_COMMANDS};
    s->after_fault = true;
    return fault;
}

static void value_commit(struct modelfile_scanner *s, size_t quotes) {
    struct modelfile_instruction *in = &s->current;
    size_t from = s->solid_from;
    size_t to = s->solid_to;
    in->quoting = quotes == 3 ? QUOTE_BLOCK : quotes == 1 ? QUOTE_DOUBLE : QUOTE_NONE;
    in->outer_start = text_offset(s, from);
    in->outer_end = text_end_offset(s, to);
    if (from == to) { // empty: the place behind the blank
        in->outer_start = in->outer_end = s->text_start;
        in->value = STR("");
        in->start = in->end = s->text_start;
    } else {
        in->value = text_take(s, from + quotes, to - quotes, &in->map);
        in->start = text_end_offset(s, from + quotes);
        if (to - quotes > from + quotes) {
            in->start = text_offset(s, from + quotes);
        }
        in->end = text_end_offset(s, to - quotes);
    }
    *VEC_PUSH(s->arena, &s->instructions) = *in;
    s->after_fault = false;
}

// The word in front of a value is complete. False: at fault.
static bool name_is_fine(struct modelfile_scanner *s, const struct rune *rune) {
    enum modelfile_command command = modelfile_command_parse(text_view(s));
    if (command == MODELFILE_COMMANDS || !rune_is_blank(rune->c)) {
        // One fault for a run of lines that are no instructions: unquoted text over several lines.
        if (!s->after_fault || command != MODELFILE_COMMANDS) {
            size_t end = s->text_end;
            if (s->text.n == 0 || (!rune_is_blank(rune->c) && !rune_is_newline(rune->c))) {
                end = rune->end;
            }
            struct modelfile_fault *fault =
                modelfile_fault_add(s, MODELFILE_FAULT_COMMAND, s->text_start, end);
            fault->text = text_take(s, 0, s->text.n, NULL);
            fault->command = command;
        }
        return false;
    }
    s->current = (struct modelfile_instruction){
        .command = command, .keyword_start = s->text_start, .keyword_end = s->text_end};
    return true;
}

// A parameter's name or a role is complete, or broken by `rune`.
static bool word_is_fine(struct modelfile_scanner *s, const struct rune *rune) {
    struct modelfile_instruction *in = &s->current;
    in->name = text_take(s, 0, s->text.n, NULL);
    in->name_start = s->text_start;
    in->name_end = s->text.n > 0 ? s->text_end : s->text_start;
    struct modelfile_fault *fault;
    if (!rune_is_blank(rune->c)) {
        bool is_end = rune_is_newline(rune->c);
        fault = modelfile_fault_add(
            s, is_end ? MODELFILE_FAULT_NO_VALUE : MODELFILE_FAULT_NAME_CHAR,
            is_end ? in->keyword_start : rune->start, is_end ? in->name_end : rune->end);
        fault->text = in->name;
        fault->command = in->command;
        if (is_end && in->name.n == 0) {
            fault->end = in->keyword_end;
        }
        return false;
    }
    bool is_role = in->command != MODELFILE_MESSAGE;
    const struct str *roles;
    size_t n_roles = modelfile_roles(&roles);
    for (size_t i = 0; !is_role && i < n_roles; i++) {
        is_role = str_eq(in->name, roles[i]);
    }
    if (!is_role) {
        fault = modelfile_fault_add(s, MODELFILE_FAULT_ROLE, in->name_start,
                                    in->name.n > 0 ? in->name_end : rune->end);
        fault->text = in->name;
        fault->command = MODELFILE_MESSAGE;
        return false;
    }
    return true;
}

static void state_enter(struct modelfile_scanner *s, enum modelfile_state state, size_t at) {
    s->state = state;
    text_clear(s, at);
}

static void state_fail(struct modelfile_scanner *s, const struct rune *rune) {
    state_enter(s, rune_is_newline(rune->c) ? STATE_NIL : STATE_SKIP, rune->end);
}

static void feed_value(struct modelfile_scanner *s, const struct rune *rune) {
    if (rune_is_newline(rune->c)) {
        size_t quotes;
        if (text_is_complete(s, &quotes)) {
            value_commit(s, quotes);
            state_enter(s, STATE_NIL, rune->end);
            return;
        }
        text_add(s, rune);
    } else if (rune_is_blank(rune->c) || rune_is_printable(rune->c)) {
        text_add(s, rune);
    }
}

static void feed_word(struct modelfile_scanner *s, const struct rune *rune) {
    bool goes_on = s->state == STATE_PARAMETER ? rune_is_name(rune->c) : rune_is_letter(rune->c);
    if (goes_on) {
        text_add(s, rune);
    } else if (word_is_fine(s, rune)) {
        state_enter(s, STATE_VALUE, rune->end);
    } else {
        state_fail(s, rune);
    }
}

static void feed_name(struct modelfile_scanner *s, const struct rune *rune) {
    if (rune_is_letter(rune->c)) {
        text_add(s, rune);
    } else if (name_is_fine(s, rune)) {
        enum modelfile_state next = STATE_VALUE;
        if (s->current.command == MODELFILE_PARAMETER) {
            next = STATE_PARAMETER;
        } else if (s->current.command == MODELFILE_MESSAGE) {
            next = STATE_MESSAGE;
        }
        state_enter(s, next, rune->end);
    } else {
        state_fail(s, rune);
    }
}

static void feed(struct modelfile_scanner *s, const struct rune *rune) {
    if (rune_is_newline(rune->c)) {
        s->line++;
    }
    switch (s->state) {
    case STATE_NIL:
        if (rune->c == '#') {
            s->state = STATE_COMMENT;
        } else if (!rune_is_blank(rune->c) && !rune_is_newline(rune->c)) {
            state_enter(s, STATE_NAME, rune->start);
            if (rune_is_printable(rune->c)) {
                text_add(s, rune);
            }
        }
        break;
    case STATE_NAME: feed_name(s, rune); break;
    case STATE_PARAMETER:
    case STATE_MESSAGE: feed_word(s, rune); break;
    case STATE_VALUE: feed_value(s, rune); break;
    case STATE_COMMENT:
    case STATE_SKIP:
        if (rune_is_newline(rune->c)) {
            state_enter(s, STATE_NIL, rune->end);
        }
        break;
    }
}

// End of the first line of [start, end) of the file: what an unclosed value is shown by.
static size_t first_line_end(struct str bytes, size_t start, size_t end) {
    size_t i = start;
    while (i < end && bytes.p[i] != '\n' && bytes.p[i] != '\r') {
        i++;
    }
    return i;
}

void modelfile_scanner_flush(struct modelfile_scanner *s) {
    struct modelfile_fault *fault;
    size_t quotes;
    switch (s->state) {
    case STATE_NIL:
    case STATE_COMMENT:
    case STATE_SKIP: break;
    case STATE_VALUE:
        if (text_is_complete(s, &quotes)) {
            value_commit(s, quotes);
            break;
        }
        {
            size_t start = text_offset(s, s->solid_from);
            fault = modelfile_fault_add(s, MODELFILE_FAULT_UNCLOSED, start,
                                        first_line_end(s->bytes, start, s->text_end));
            fault->text = text_take(s, s->solid_from, s->solid_to, NULL);
            fault->command = s->current.command;
        }
        break;
    default:
        fault = modelfile_fault_add(s, MODELFILE_FAULT_UNFINISHED, s->text_start, s->text_end);
        fault->text = text_take(s, 0, s->text.n, NULL);
        fault->command =
            s->state == STATE_NAME ? modelfile_command_parse(fault->text) : s->current.command;
        if (s->text.n == 0) {
            fault->start = s->current.keyword_start;
            fault->end = s->current.keyword_end;
        }
        break;
    }
}

void modelfile_scanner_run(struct modelfile_scanner *s) {
    struct rune rune;
    while (rune_next(s, &rune)) {
        feed(s, &rune);
    }
}
