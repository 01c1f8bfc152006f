// SPDX-License-Identifier: MIT
//
// Environment files: NAME=value lines, "export " in front, single and double quotes, values over
// several lines within quotes, comments behind unquoted values. Lines that are none of this (the
// marks of a merge conflict) are passed over. Linear: a quote that is never closed is looked for
// once.
#include "diagnostics/collect.h"
#include "diagnostics/formats/shell.h"

struct line_reader {
    struct arena *arena;
    struct str bytes;
    size_t at;
    bool no_single, no_double; // no closing quote follows any more
};

static size_t line_end(struct str bytes, size_t at) {
    while (at < bytes.n && bytes.p[at] != '\n' && bytes.p[at] != '\r') {
        at++;
    }
    return at;
}

static size_t skip_blanks(struct str bytes, size_t at) {
    while (at < bytes.n && char_is_blank(bytes.p[at])) {
        at++;
    }
    return at;
}

static size_t quote_end(struct line_reader *r, size_t from, char quote) {
    bool *none_left = quote == '"' ? &r->no_double : &r->no_single;
    for (size_t i = from; i < r->bytes.n && !*none_left; i++) {
        if (r->bytes.p[i] == '\\' && quote == '"') {
            i++;
        } else if (r->bytes.p[i] == quote) {
            return i;
        }
    }
    *none_left = true;
    return STR_NPOS;
}

// A double-quoted value with its escapes undone.
static void decode_double(struct line_reader *r, struct piece *piece) {
    struct str raw = piece->text;
    if (str_find_char(raw, '\\') == STR_NPOS) {
        return;
    }
    char *text = ARENA_ARRAY(r->arena, raw.n + 1, char);
    uint32_t *map = ARENA_ARRAY(r->arena, raw.n + 1, uint32_t);
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];
        map[n] = (uint32_t)(piece->start + i);
        if (c == '\\' && i + 1 < raw.n && strchr("\"\\$`nrt", raw.p[i + 1])) {
            c = raw.p[++i];
            c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
        }
        text[n++] = c;
    }
    map[n] = (uint32_t)piece->end;
    piece->text = str_of(text, n);
    piece->map = map;
}

static void read_value(struct line_reader *r, size_t at, struct piece *value) {
    struct str bytes = r->bytes;
    char quote = at < bytes.n ? bytes.p[at] : '\0';
    if (quote == '"' || quote == '\'') {
        size_t end = quote_end(r, at + 1, quote);
        if (end != STR_NPOS) {
            *value = (struct piece){.text = str_slice(bytes, at + 1, end),
                                    .start = at + 1,
                                    .end = end,
                                    .quoting = quote == '"' ? QUOTE_DOUBLE : QUOTE_SINGLE};
            if (quote == '"') {
                decode_double(r, value);
            }
            r->at = line_end(bytes, end);
            return;
        }
    }
    size_t end = line_end(bytes, at);
    r->at = end;
    for (size_t i = at; i < end; i++) {
        if (bytes.p[i] == '#' && (i == at || char_is_blank(bytes.p[i - 1]))) {
            end = i;
        }
    }
    while (end > at && char_is_blank(bytes.p[end - 1])) {
        end--;
    }
    *value = (struct piece){.text = str_slice(bytes, at, end), .start = at, .end = end};
}

// Moves to the next assignment. False at the end of the file.
static bool next_assignment(struct line_reader *r, struct piece *name, struct piece *value) {
    struct str bytes = r->bytes;
    while (r->at < bytes.n) {
        if (char_is_space(bytes.p[r->at])) {
            r->at++;
            continue;
        }
        size_t at = r->at;
        if (str_starts(str_from_index(bytes, at), STR("export")) && at + 6 < bytes.n &&
            char_is_blank(bytes.p[at + 6])) {
            at = skip_blanks(bytes, at + 6);
        }
        size_t start = at;
        while (at < bytes.n && (char_is_alnum(bytes.p[at]) || bytes.p[at] == '_' ||
                                (at > start && (bytes.p[at] == '.' || bytes.p[at] == '-')))) {
            at++;
        }
        size_t end = at;
        at = skip_blanks(bytes, at);
        if (end == start || at >= bytes.n || bytes.p[at] != '=') {
            r->at = line_end(bytes, r->at);
            continue;
        }
        *name = (struct piece){.text = str_slice(bytes, start, end), .start = start, .end = end};
        read_value(r, skip_blanks(bytes, at + 1), value);
        return true;
    }
    return false;
}

static struct line_reader line_reader_of(struct arena *arena, struct str bytes) {
    size_t at = str_starts(bytes, STR("\xef\xbb\xbf")) ? 3 : 0;
    return (struct line_reader){.arena = arena, .bytes = bytes, .at = at};
}

void dotenv_collect(struct collector *collector) {
    struct line_reader reader = line_reader_of(collector->arena, collector->bytes);
    struct shell_session session;
    shell_session_init(&session, collector, STR("environment file"), 0);
    struct piece name, value;
    while (next_assignment(&reader, &name, &value)) {
        shell_session_assign(&session, &name, &value);
    }
    shell_session_finish(&session);
}

size_t dotenv_items(struct arena *arena, struct str bytes, struct env_item **out) {
    struct line_reader reader = line_reader_of(arena, bytes);
    VEC(struct env_item) items = {0};
    struct piece name, value;
    while (next_assignment(&reader, &name, &value)) {
        *VEC_PUSH(arena, &items) = (struct env_item){.name = name, .value = value};
    }
    *out = items.at;
    return items.n;
}

size_t dotenv_entries(struct arena *arena, struct str bytes, struct env_entry **out) {
    struct line_reader reader = line_reader_of(arena, bytes);
    VEC(struct env_entry) entries = {0};
    struct piece name, value;
    while (next_assignment(&reader, &name, &value)) {
        struct env_entry *entry = VEC_PUSH(arena, &entries);
        *entry = (struct env_entry){
            .name = name.text, .value = value.text, .start = value.start, .end = value.end};
    }
    // Later ones win: of equal names only the last stays, in the order of the file.
    size_t cap = 16;
    while (cap < entries.n * 2) {
        cap *= 2;
    }
    uint32_t *slots = ARENA_ARRAY(arena, cap, uint32_t); // index + 1 of the last entry of a name
    bool *is_old = ARENA_ARRAY(arena, entries.n + 1, bool);
    for (size_t i = 0; i < entries.n; i++) {
        size_t slot = str_hash(entries.at[i].name) & (cap - 1);
        while (slots[slot] && !str_eq(entries.at[slots[slot] - 1].name, entries.at[i].name)) {
            slot = (slot + 1) & (cap - 1);
        }
        if (slots[slot]) {
            is_old[slots[slot] - 1] = true;
        }
        slots[slot] = (uint32_t)i + 1;
    }
    size_t n = 0;
    for (size_t i = 0; i < entries.n; i++) {
        if (!is_old[i]) {
            entries.at[n++] = entries.at[i];
        }
    }
    *out = entries.at;
    return n;
}
