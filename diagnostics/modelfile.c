// SPDX-License-Identifier: MIT
//
// The state machine of Ollama's own Modelfile parser, rune by rune, with byte ranges. It is hand-written
// and not a grammar because the verdict must be Ollama's: a value ends at the first line end at which
// the text collected so far is complete, characters that are not printable vanish, and line numbers
// count every \r and \n. Invariants: linear time (the completeness test is O(1)); the collected text is
// copied only where it differs from the file; after a fault reading goes on at the next line.
#include "diagnostics/modelfile.h"

#include "base/utf.h"

enum state {
    STATE_NIL,
    STATE_NAME,
    STATE_VALUE,
    STATE_PARAMETER,
    STATE_MESSAGE,
    STATE_COMMENT,
    STATE_SKIP, // ours: the rest of a line at fault
};

struct scanner {
    struct arena *arena;
    struct str bytes;
    size_t at;
    enum { UTF_8, UTF_16_LE, UTF_16_BE } encoding;
    enum state state;
    unsigned line;
    bool after_fault; // no instruction was read since the last fault
    struct modelfile_instruction current;
    // What is collected in this state, and where each byte stands if that is not simply from
    // text_start on (`is_mapped`).
    VEC(char) text;
    VEC(uint32_t) map;
    bool is_mapped;
    size_t text_start, text_end; // in the file
    size_t solid_from, solid_to; // `text` without blanks at both ends; equal: all blank
    VEC(struct modelfile_instruction) instructions;
    VEC(struct modelfile_fault) faults;
};

struct rune {
    uint32_t c;
    size_t start, end; // in the file
};

static const struct str command_names[MODELFILE_COMMANDS] = {
    [MODELFILE_FROM] = STR_INIT("FROM"),           [MODELFILE_LICENSE] = STR_INIT("LICENSE"),
    [MODELFILE_TEMPLATE] = STR_INIT("TEMPLATE"),   [MODELFILE_SYSTEM] = STR_INIT("SYSTEM"),
    [MODELFILE_ADAPTER] = STR_INIT("ADAPTER"),     [MODELFILE_DRAFT] = STR_INIT("DRAFT"),
    [MODELFILE_RENDERER] = STR_INIT("RENDERER"),   [MODELFILE_PARSER] = STR_INIT("PARSER"),
    [MODELFILE_PARAMETER] = STR_INIT("PARAMETER"), [MODELFILE_MESSAGE] = STR_INIT("MESSAGE"),
    [MODELFILE_REQUIRES] = STR_INIT("REQUIRES"),
};

static const struct str role_names[] = {STR_INIT("system"), STR_INIT("user"), STR_INIT("assistant")};

struct str modelfile_command_name(enum modelfile_command command) {
    return command < MODELFILE_COMMANDS ? command_names[command] : STR_NONE;
}

enum modelfile_command modelfile_command_parse(struct str word) {
    size_t i = 0;
    while (i < MODELFILE_COMMANDS && !str_ieq(word, command_names[i])) {
        i++;
    }
    return (enum modelfile_command)i;
}

size_t modelfile_roles(const struct str **out) {
    *out = role_names;
    return sizeof(role_names) / sizeof(role_names[0]);
}

// --- reading characters ---

// Go's unicode.IsPrint is false for these. Code points that Unicode has not assigned count as printable
// here: they differ from one Go release to the next.
static const struct {
    uint32_t from, to;
} unprintable[] = {
    {0x0, 0x1f},         {0x7f, 0xa0},         {0xad, 0xad},         {0x600, 0x605},
    {0x61c, 0x61c},      {0x6dd, 0x6dd},       {0x70f, 0x70f},       {0x890, 0x891},
    {0x8e2, 0x8e2},      {0x1680, 0x1680},     {0x180e, 0x180e},     {0x2000, 0x200f},
    {0x2028, 0x202f},    {0x205f, 0x2064},     {0x2066, 0x206f},     {0x3000, 0x3000},
    {0xe000, 0xf8ff},    {0xfeff, 0xfeff},     {0xfff9, 0xfffb},     {0x110bd, 0x110bd},
    {0x110cd, 0x110cd},  {0x13430, 0x1343f},   {0x1bca0, 0x1bca3},   {0x1d173, 0x1d17a},
    {0xe0001, 0xe0001},  {0xe0020, 0xe007f},   {0xf0000, 0xffffd},   {0x100000, 0x10fffd},
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

static uint32_t utf16_unit(const struct scanner *s, size_t at) {
    uint32_t a = (unsigned char)s->bytes.p[at];
    uint32_t b = (unsigned char)s->bytes.p[at + 1];
    return s->encoding == UTF_16_LE ? (b << 8 | a) : (a << 8 | b);
}

static uint32_t utf16_next(struct scanner *s) {
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

static bool rune_next(struct scanner *s, struct rune *rune) {
    if (s->at >= s->bytes.n) {
        return false;
    }
    rune->start = s->at;
    rune->c = s->encoding == UTF_8 ? utf8_next(s->bytes, &s->at) : utf16_next(s);
    rune->end = s->at;
    return true;
}

static void scanner_init(struct scanner *s, struct arena *arena, struct str bytes) {
    *s = (struct scanner){.arena = arena, .bytes = bytes, .line = 1};
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

static void text_clear(struct scanner *s, size_t at) {
    s->text.n = 0;
    s->map.n = 0;
    s->is_mapped = false;
    s->text_start = s->text_end = at;
    s->solid_from = s->solid_to = 0;
}

static void text_map_byte(struct scanner *s, size_t at) {
    *VEC_PUSH(s->arena, &s->map) = (uint32_t)at;
}

static void text_add(struct scanner *s, const struct rune *rune) {
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

static size_t text_offset(const struct scanner *s, size_t i) {
    if (i >= s->text.n) {
        return s->text_end;
    }
    return s->is_mapped ? s->map.at[i] : s->text_start + i;
}

// Where the character before index `i` ends in the file.
static size_t text_end_offset(const struct scanner *s, size_t i) {
    if (!s->is_mapped || i == 0) {
        return s->text_start + i;
    }
    if (i >= s->text.n) {
        return s->text_end;
    }
    // Bytes dropped between this character and the next belong to neither.
    struct scanner probe = {.bytes = s->bytes, .encoding = s->encoding, .at = s->map.at[i - 1]};
    struct rune rune;
    return rune_next(&probe, &rune) ? rune.end : s->map.at[i];
}

// A copy of the collected bytes [from, to), or a view into the file where they stand there as they are.
static struct str text_take(struct scanner *s, size_t from, size_t to, const uint32_t **map) {
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

static struct str text_view(const struct scanner *s) {
    return str_of(s->text.at, s->text.n);
}

// The quotes of the text without outer blanks: how many at each end, and whether it is complete.
static bool text_is_complete(const struct scanner *s, size_t *quotes) {
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

static struct modelfile_fault *fault_add(struct scanner *s, enum modelfile_fault_kind kind, size_t start,
                                         size_t end) {
    struct modelfile_fault *fault = VEC_PUSH(s->arena, &s->faults);
    *fault = (struct modelfile_fault){.kind = kind, .start = start, .end = end, .line = s->line,
                                      .command = MODELFILE_COMMANDS};
    s->after_fault = true;
    return fault;
}

static void value_commit(struct scanner *s, size_t quotes) {
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
static bool name_is_fine(struct scanner *s, const struct rune *rune) {
    enum modelfile_command command = modelfile_command_parse(text_view(s));
    if (command == MODELFILE_COMMANDS || !rune_is_blank(rune->c)) {
        // One fault for a run of lines that are no instructions: unquoted text over several lines.
        if (!s->after_fault || command != MODELFILE_COMMANDS) {
            size_t end = s->text_end;
            if (s->text.n == 0 || (!rune_is_blank(rune->c) && !rune_is_newline(rune->c))) {
                end = rune->end;
            }
            struct modelfile_fault *fault =
                fault_add(s, MODELFILE_FAULT_COMMAND, s->text_start, end);
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
static bool word_is_fine(struct scanner *s, const struct rune *rune) {
    struct modelfile_instruction *in = &s->current;
    in->name = text_take(s, 0, s->text.n, NULL);
    in->name_start = s->text_start;
    in->name_end = s->text.n > 0 ? s->text_end : s->text_start;
    struct modelfile_fault *fault;
    if (!rune_is_blank(rune->c)) {
        bool is_end = rune_is_newline(rune->c);
        fault = fault_add(s, is_end ? MODELFILE_FAULT_NO_VALUE : MODELFILE_FAULT_NAME_CHAR,
                          is_end ? in->keyword_start : rune->start, is_end ? in->name_end : rune->end);
        fault->text = in->name;
        fault->command = in->command;
        if (is_end && in->name.n == 0) {
            fault->end = in->keyword_end;
        }
        return false;
    }
    bool is_role = in->command != MODELFILE_MESSAGE;
    for (size_t i = 0; !is_role && i < sizeof(role_names) / sizeof(role_names[0]); i++) {
        is_role = str_eq(in->name, role_names[i]);
    }
    if (!is_role) {
        fault = fault_add(s, MODELFILE_FAULT_ROLE, in->name_start,
                          in->name.n > 0 ? in->name_end : rune->end);
        fault->text = in->name;
        fault->command = MODELFILE_MESSAGE;
        return false;
    }
    return true;
}

static void state_enter(struct scanner *s, enum state state, size_t at) {
    s->state = state;
    text_clear(s, at);
}

static void state_fail(struct scanner *s, const struct rune *rune) {
    state_enter(s, rune_is_newline(rune->c) ? STATE_NIL : STATE_SKIP, rune->end);
}

static void feed_value(struct scanner *s, const struct rune *rune) {
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

static void feed_word(struct scanner *s, const struct rune *rune) {
    bool goes_on = s->state == STATE_PARAMETER ? rune_is_name(rune->c) : rune_is_letter(rune->c);
    if (goes_on) {
        text_add(s, rune);
    } else if (word_is_fine(s, rune)) {
        state_enter(s, STATE_VALUE, rune->end);
    } else {
        state_fail(s, rune);
    }
}

static void feed_name(struct scanner *s, const struct rune *rune) {
    if (rune_is_letter(rune->c)) {
        text_add(s, rune);
    } else if (name_is_fine(s, rune)) {
        enum state next = STATE_VALUE;
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

static void feed(struct scanner *s, const struct rune *rune) {
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
    case STATE_NAME:
        feed_name(s, rune);
        break;
    case STATE_PARAMETER:
    case STATE_MESSAGE:
        feed_word(s, rune);
        break;
    case STATE_VALUE:
        feed_value(s, rune);
        break;
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

static void scanner_flush(struct scanner *s) {
    struct modelfile_fault *fault;
    size_t quotes;
    switch (s->state) {
    case STATE_NIL:
    case STATE_COMMENT:
    case STATE_SKIP:
        break;
    case STATE_VALUE:
        if (text_is_complete(s, &quotes)) {
            value_commit(s, quotes);
            break;
        }
        {
            size_t start = text_offset(s, s->solid_from);
            fault = fault_add(s, MODELFILE_FAULT_UNCLOSED, start,
                              first_line_end(s->bytes, start, s->text_end));
            fault->text = text_take(s, s->solid_from, s->solid_to, NULL);
            fault->command = s->current.command;
        }
        break;
    default:
        fault = fault_add(s, MODELFILE_FAULT_UNFINISHED, s->text_start, s->text_end);
        fault->text = text_take(s, 0, s->text.n, NULL);
        fault->command = s->state == STATE_NAME ? modelfile_command_parse(fault->text)
                                                : s->current.command;
        if (s->text.n == 0) {
            fault->start = s->current.keyword_start;
            fault->end = s->current.keyword_end;
        }
        break;
    }
}

void modelfile_parse(struct arena *arena, struct str bytes, struct modelfile *out) {
    struct scanner s;
    scanner_init(&s, arena, bytes);
    struct rune rune;
    while (rune_next(&s, &rune)) {
        feed(&s, &rune);
    }
    scanner_flush(&s);
    bool has_from = false;
    for (size_t i = 0; i < s.instructions.n && !has_from; i++) {
        has_from = s.instructions.at[i].command == MODELFILE_FROM;
    }
    if (s.faults.n == 0 && !has_from) {
        size_t start = s.instructions.n > 0 ? s.instructions.at[0].keyword_start : 0;
        size_t end = s.instructions.n > 0 ? s.instructions.at[0].keyword_end : 0;
        fault_add(&s, MODELFILE_FAULT_NO_FROM, start, end);
    }
    *out = (struct modelfile){.at = s.instructions.at, .n = s.instructions.n, .faults = s.faults.at,
                              .n_faults = s.faults.n, .is_utf16 = s.encoding != UTF_8};
}

struct str modelfile_fault_text(struct arena *arena, const struct modelfile_fault *fault) {
    switch (fault->kind) {
    case MODELFILE_FAULT_COMMAND:
        return arena_printf(arena,
                            "(line %u): command must be one of \"from\", \"license\", \"template\", "
                            "\"system\", \"adapter\", \"draft\", \"renderer\", \"parser\", "
                            "\"parameter\", \"message\", or \"requires\"",
                            fault->line);
    case MODELFILE_FAULT_ROLE:
        return arena_printf(arena,
                            "(line %u): message role must be one of \"system\", \"user\", or "
                            "\"assistant\"",
                            fault->line);
    case MODELFILE_FAULT_NO_VALUE:
    case MODELFILE_FAULT_NAME_CHAR:
        return arena_printf(arena, "unexpected EOF: %.*s", STR_ARG(fault->text));
    case MODELFILE_FAULT_NO_FROM:
        return STR("no FROM line");
    case MODELFILE_FAULT_UNCLOSED:
    case MODELFILE_FAULT_UNFINISHED:
        break;
    }
    return STR("unexpected EOF");
}

bool modelfile_from_is_path(struct str value) {
    static const struct str endings[] = {STR_INIT(".gguf"), STR_INIT(".bin"), STR_INIT(".safetensors"),
                                         STR_INIT(".pth"), STR_INIT(".ggml")};
    if (value.n == 0 || value.p[0] == '/' || value.p[0] == '~' || str_eq(value, STR(".")) ||
        str_eq(value, STR("..")) || str_starts(value, STR("./")) || str_starts(value, STR("../")) ||
        str_find_char(value, '\\') != STR_NPOS) {
        return true;
    }
    bool has_scheme = str_contains(value, STR("://"));
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]) && !has_scheme; i++) {
        if (str_iends(value, endings[i])) {
            return true;
        }
    }
    return false;
}

// --- what is being typed ---

static bool char_ends_word(char c) {
    return char_is_space(c) || c == '"';
}

static bool char_is_template_word(char c) {
    return char_is_alnum(c) || c == '_' || c == '.' || c == '$';
}

static void place_word(struct str bytes, size_t from, size_t offset, bool (*is_end)(char),
                       struct modelfile_place *out) {
    size_t start = offset;
    while (start > from && !is_end(bytes.p[start - 1])) {
        start--;
    }
    size_t end = offset;
    while (end < bytes.n && !is_end(bytes.p[end])) {
        end++;
    }
    out->start = start;
    out->end = end;
    out->typed = str_slice(bytes, start, offset);
}

static bool char_ends_template_word(char c) {
    return !char_is_template_word(c);
}

static bool char_ends_line(char c) {
    return c == '\n' || c == '\r' || c == '"';
}

// Inside an action that is open at `offset`?
static bool place_is_action(struct str value) {
    for (size_t i = value.n; i >= 2; i--) {
        struct str pair = str_slice(value, i - 2, i);
        if (str_eq(pair, STR("}}"))) {
            return false;
        }
        if (str_eq(pair, STR("{{"))) {
            return true;
        }
    }
    return false;
}

static void place_value(const struct scanner *s, struct str bytes, size_t offset,
                        struct modelfile_place *out) {
    out->command = s->current.command;
    size_t from = s->text_start;
    switch (s->current.command) {
    case MODELFILE_FROM:
        out->kind = MODELFILE_PLACE_MODEL;
        break;
    case MODELFILE_ADAPTER:
    case MODELFILE_DRAFT:
        out->kind = MODELFILE_PLACE_PATH;
        break;
    case MODELFILE_RENDERER:
    case MODELFILE_PARSER:
    case MODELFILE_REQUIRES:
        out->kind = MODELFILE_PLACE_VALUE;
        break;
    case MODELFILE_PARAMETER:
        out->kind = MODELFILE_PLACE_PARAMETER_VALUE;
        out->parameter = s->current.name;
        break;
    case MODELFILE_TEMPLATE:
        if (place_is_action(str_slice(bytes, from, offset))) {
            out->kind = MODELFILE_PLACE_TEMPLATE;
            place_word(bytes, from, offset, char_ends_template_word, out);
        }
        return;
    default:
        return;
    }
    place_word(bytes, from, offset,
               out->kind == MODELFILE_PLACE_PATH ? char_ends_line : char_ends_word, out);
}

void modelfile_place_at(struct arena *arena, struct str bytes, size_t offset,
                        struct modelfile_place *out) {
    *out = (struct modelfile_place){.command = MODELFILE_COMMANDS, .start = offset, .end = offset};
    if (offset > bytes.n) {
        return;
    }
    struct scanner s;
    scanner_init(&s, arena, str_slice(bytes, 0, offset));
    struct rune rune;
    while (rune_next(&s, &rune)) {
        feed(&s, &rune);
    }
    switch (s.state) {
    case STATE_NIL: {
        // Only at the start of a line: behind a value nothing but its line end leads here.
        out->kind = MODELFILE_PLACE_INSTRUCTION;
        place_word(bytes, offset, offset, char_ends_word, out);
        break;
    }
    case STATE_NAME:
        out->kind = MODELFILE_PLACE_INSTRUCTION;
        place_word(bytes, s.text_start, offset, char_ends_word, out);
        break;
    case STATE_PARAMETER:
        out->kind = MODELFILE_PLACE_PARAMETER;
        out->command = MODELFILE_PARAMETER;
        place_word(bytes, s.text_start, offset, char_ends_word, out);
        break;
    case STATE_MESSAGE:
        out->kind = MODELFILE_PLACE_ROLE;
        out->command = MODELFILE_MESSAGE;
        place_word(bytes, s.text_start, offset, char_ends_word, out);
        break;
    case STATE_VALUE:
        place_value(&s, bytes, offset, out);
        break;
    case STATE_COMMENT:
    case STATE_SKIP:
        break;
    }
}

// --- names of RENDERER and PARSER (model/renderers, model/parsers of v0.33) ---

static const struct str renderers[] = {
    STR_INIT("qwen3-coder"),       STR_INIT("qwen3-vl-instruct"), STR_INIT("qwen3-vl-thinking"),
    STR_INIT("qwen3.5"),           STR_INIT("qwen3.8"),           STR_INIT("ornith"),
    STR_INIT("cogito"),            STR_INIT("deepseek3.1"),       STR_INIT("olmo3"),
    STR_INIT("olmo3.1"),           STR_INIT("olmo3-think"),       STR_INIT("olmo3-32b-think"),
    STR_INIT("nemotron-3-nano"),   STR_INIT("nemotron-3.5-nano"), STR_INIT("gemma4"),
    STR_INIT("gemma4-small"),      STR_INIT("gemma4-large"),      STR_INIT("functiongemma"),
    STR_INIT("glm-4.7"),           STR_INIT("glm-ocr"),           STR_INIT("lfm2"),
    STR_INIT("lfm2-thinking"),     STR_INIT("laguna"),            STR_INIT("poolside-v1"),
    STR_INIT("cohere"),            STR_INIT("glimmer"),
};

static const struct str parsers[] = {
    STR_INIT("qwen3"),             STR_INIT("qwen3-thinking"),    STR_INIT("qwen3.5"),
    STR_INIT("ornith"),            STR_INIT("qwen3-coder"),       STR_INIT("qwen3-vl-instruct"),
    STR_INIT("qwen3-vl-thinking"), STR_INIT("ministral"),         STR_INIT("passthrough"),
    STR_INIT("harmony"),           STR_INIT("cogito"),            STR_INIT("deepseek3"),
    STR_INIT("olmo3"),             STR_INIT("olmo3-think"),       STR_INIT("nemotron-3-nano"),
    STR_INIT("nemotron-3.5-nano"), STR_INIT("functiongemma"),     STR_INIT("glm-4.7"),
    STR_INIT("gemma4"),            STR_INIT("gemma4-no-thinking"), STR_INIT("glm-ocr"),
    STR_INIT("lfm2"),              STR_INIT("lfm2-thinking"),     STR_INIT("laguna"),
    STR_INIT("poolside-v1"),       STR_INIT("cohere"),            STR_INIT("glimmer"),
};

size_t modelfile_renderers(const struct str **out) {
    *out = renderers;
    return sizeof(renderers) / sizeof(renderers[0]);
}

size_t modelfile_parsers(const struct str **out) {
    *out = parsers;
    return sizeof(parsers) / sizeof(parsers[0]);
}
