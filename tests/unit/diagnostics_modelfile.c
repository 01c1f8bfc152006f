// SPDX-License-Identifier: MIT
//
// The Modelfile parser against the verdict of record (data/modelfiles.tsv, every row also as
// UTF-16), byte ranges, what goes on behind a fault, and the places of completion.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/uri.h"
#include "base/utf.h"
#include "diagnostics/modelfile.h"

struct row {
    struct str id;
    struct str text;
    bool accept;
    struct str detail; // commands as JSON, or Ollama's error
};

typedef void (*row_check)(struct arena *arena, const struct row *row);

static size_t each_row(row_check check) {
    struct arena arena = {0};
    struct str file, line;
    assert_int_equal(file_read(&arena, TEST_DATA_DIR "/unit/data/modelfiles.tsv", 1 << 20, &file),
                     ERR_OK);
    size_t n = 0;
    while (str_next_line(&file, &line)) {
        if (line.n == 0 || line.p[0] == '#') {
            continue;
        }
        struct row row;
        row.id = str_split(&line, '\t');
        struct json_object *text = NULL;
        assert_int_equal(json_parse(&arena, str_split(&line, '\t'), &text, NULL), ERR_OK);
        row.text = arena_copy(&arena, json_str(text));
        json_object_put(text);
        row.accept = str_eq(str_split(&line, '\t'), STR("accept"));
        row.detail = str_split(&line, '\t');
        check(&arena, &row);
        n++;
    }
    arena_finish(&arena);
    return n;
}

static struct str command_of(const struct modelfile_instruction *in, struct arena *arena) {
    if (in->command == MODELFILE_FROM) {
        return STR("model");
    }
    if (in->command == MODELFILE_PARAMETER) {
        return in->name;
    }
    return arena_lower(arena, modelfile_command_name(in->command));
}

static void fail_row(const struct row *row, struct str got) {
    fail_msg("%.*s: %.*s\n expected %.*s\n got      %.*s", STR_ARG(row->id), STR_ARG(row->text),
             STR_ARG(row->detail), STR_ARG(got));
}

static void compare(struct arena *arena, const struct row *row, struct str bytes) {
    struct modelfile file;
    modelfile_parse(arena, bytes, &file);
    if (!row->accept) {
        struct str got =
            file.n_faults > 0 ? modelfile_fault_text(arena, &file.faults[0]) : STR("accepted");
        if (!str_eq(got, row->detail)) {
            fail_row(row, got);
        }
        return;
    }
    struct json_object *commands = json_object_new_array();
    for (size_t i = 0; i < file.n; i++) {
        struct json_object *pair = json_object_new_array();
        struct str value = file.at[i].value;
        if (file.at[i].command == MODELFILE_MESSAGE) {
            value = arena_printf(arena, "%.*s: %.*s", STR_ARG(file.at[i].name), STR_ARG(value));
        }
        json_add(pair, json_new_str(command_of(&file.at[i], arena)));
        json_add(pair, json_new_str(value));
        json_add(commands, pair);
    }
    struct json_object *expected = NULL;
    assert_int_equal(json_parse(arena, row->detail, &expected, NULL), ERR_OK);
    if (file.n_faults > 0 || !json_object_equal(commands, expected)) {
        fail_row(row, file.n_faults > 0 ? modelfile_fault_text(arena, &file.faults[0])
                                        : json_text(commands));
    }
    json_object_put(expected);
    json_object_put(commands);
}

static void check_verdict(struct arena *arena, const struct row *row) {
    compare(arena, row, row->text);
}

static struct str to_utf16(struct arena *arena, struct str text, bool big_endian) {
    unsigned char *out = ARENA_ARRAY(arena, 2 * text.n + 4, unsigned char);
    size_t n = 0;
    uint32_t units[3] = {0xfeff, 0, 0};
    size_t n_units = 1;
    for (size_t i = 0;;) {
        for (size_t k = 0; k < n_units; k++) {
            out[n++] = (unsigned char)(big_endian ? units[k] >> 8 : units[k]);
            out[n++] = (unsigned char)(big_endian ? units[k] : units[k] >> 8);
        }
        if (i >= text.n) {
            return str_of((char *)out, n);
        }
        uint32_t c = utf8_next(text, &i);
        n_units = c > 0xffff ? 2 : 1;
        units[0] = c > 0xffff ? 0xd800 + ((c - 0x10000) >> 10) : c;
        units[1] = 0xdc00 + ((c - 0x10000) & 0x3ff);
    }
}

static void check_utf16(struct arena *arena, const struct row *row) {
    struct str text = row->text;
    if (str_starts(text, STR("\xef\xbb\xbf"))) {
        text = str_from_index(text, 3);
    }
    compare(arena, row, to_utf16(arena, text, false));
    compare(arena, row, to_utf16(arena, text, true));
}

// Ranges lie in the file, in order; unless characters were dropped, a value is the bytes of its
// range, and its quotes are the bytes around it.
static void check_ranges(struct arena *arena, const struct row *row) {
    struct modelfile file;
    modelfile_parse(arena, row->text, &file);
    size_t last = 0;
    for (size_t i = 0; i < file.n; i++) {
        const struct modelfile_instruction *in = &file.at[i];
        assert_true(last <= in->keyword_start && in->keyword_start < in->keyword_end);
        assert_true(in->keyword_end < in->outer_start && in->outer_start <= in->start);
        assert_true(in->start <= in->end && in->end <= in->outer_end &&
                    in->outer_end <= row->text.n);
        last = in->outer_end;
        struct str keyword = str_slice(row->text, in->keyword_start, in->keyword_end);
        assert_int_equal(modelfile_command_parse(keyword), in->command);
        struct str name = str_slice(row->text, in->name_start, in->name_end);
        assert_true(str_eq(name, in->name));
        size_t quotes = in->quoting == QUOTE_BLOCK ? 3 : in->quoting == QUOTE_DOUBLE ? 1 : 0;
        assert_int_equal(in->start - in->outer_start, quotes);
        assert_int_equal(in->outer_end - in->end, quotes);
        if (!in->map) {
            assert_true(str_eq(str_slice(row->text, in->start, in->end), in->value));
            continue;
        }
        for (size_t k = 0; k < in->value.n; k++) {
            assert_true(in->map[k] >= in->start && in->map[k] < in->end);
            bool is_first = ((unsigned char)in->value.p[k] & 0xc0) != 0x80;
            bool is_replaced = str_starts(str_from_index(in->value, k), STR("\xef\xbf\xbd"));
            assert_true(!is_first || is_replaced || in->value.p[k] == row->text.p[in->map[k]]);
        }
        assert_int_equal(in->map[in->value.n], in->end);
    }
    for (size_t i = 0; i < file.n_faults; i++) {
        assert_true(file.faults[i].start <= file.faults[i].end &&
                    file.faults[i].end <= row->text.n);
    }
}

static void test_verdicts(void **state) {
    (void)state;
    assert_int_equal(each_row(check_verdict), 220);
}

static void test_utf16(void **state) {
    (void)state;
    assert_int_equal(each_row(check_utf16), 220);
}

static void test_ranges(void **state) {
    (void)state;
    assert_int_equal(each_row(check_ranges), 220);
}

static void test_reading_goes_on(void **state) {
    (void)state;
    struct arena arena = {0};
    struct modelfile file;
    struct str text =
        STR("FORM llama3\nSYSTEM hi\nthere you are\nwhat now\nPARAMETER temp-x 1\n"
            "FROM llama3\nMESSAGE user: x\nMESSAGE bob x\nSYSTEM \"\"\"open\nFROM y\n");
    modelfile_parse(&arena, text, &file);
    static const enum modelfile_fault_kind kinds[] = {
        MODELFILE_FAULT_COMMAND,   MODELFILE_FAULT_COMMAND, MODELFILE_FAULT_NAME_CHAR,
        MODELFILE_FAULT_NAME_CHAR, MODELFILE_FAULT_ROLE,    MODELFILE_FAULT_UNCLOSED};
    static const char *const words[] = {"FORM", "there", "-", ":", "bob", "\"\"\"open"};
    assert_int_equal(file.n_faults, 6);
    for (size_t i = 0; i < 6; i++) {
        const struct modelfile_fault *fault = &file.faults[i];
        assert_int_equal(fault->kind, kinds[i]);
        struct str at = str_slice(text, fault->start, fault->end);
        assert_true(str_eq(at, str_from(words[i])));
    }
    assert_int_equal(file.n, 2);
    assert_true(str_eq(file.at[1].value, STR("llama3")));
    arena_finish(&arena);
}

// Byte by byte cut and broken input: no crash, all ranges inside. (Run under ASan by the asan
// preset.)
static void check_prefixes(struct arena *arena, const struct row *row) {
    for (size_t n = 0; n < row->text.n; n++) {
        struct row part = *row;
        part.text = str_slice(row->text, 0, n);
        check_ranges(arena, &part);
        struct modelfile_place place;
        modelfile_place_at(arena, row->text, n, &place);
        assert_true(place.start <= n && n <= place.end && place.end <= row->text.n);
    }
}

static void test_prefixes(void **state) {
    (void)state;
    each_row(check_prefixes);
}

static void test_linear(void **state) {
    (void)state;
    // Blank lines within a quoted value: each is a line end at which completeness is tested.
    struct arena arena = {0};
    size_t n = 4u << 20;
    char *text = ARENA_ARRAY(&arena, n, char);
    memset(text, '\n', n);
    memcpy(text, "FROM x\nSYSTEM \"a", 16);
    struct modelfile file;
    modelfile_parse(&arena, str_of(text, n), &file);
    assert_int_equal(file.n_faults, 1);
    assert_int_equal(file.faults[0].kind, MODELFILE_FAULT_UNCLOSED);
    arena_finish(&arena);
}

static void test_places(void **state) {
    (void)state;
    // "|" is the cursor, "<>" what a completion replaces.
    static const struct {
        const char *text;
        enum modelfile_place_kind kind;
        const char *typed;
        const char *word;
    } cases[] = {
        {"|", MODELFILE_PLACE_INSTRUCTION, "", ""},
        {"FR|", MODELFILE_PLACE_INSTRUCTION, "FR", "FR"},
        {"  F|ROM x", MODELFILE_PLACE_INSTRUCTION, "F", "FROM"},
        {"FROM |", MODELFILE_PLACE_MODEL, "", ""},
        {"FROM lla|ma3:8b\nSYSTEM x", MODELFILE_PLACE_MODEL, "lla", "llama3:8b"},
        {"from \"lla|\"", MODELFILE_PLACE_MODEL, "lla", "lla"},
        {"FROM x\n|", MODELFILE_PLACE_INSTRUCTION, "", ""},
        {"FROM x\nADAPTER ./my ad|", MODELFILE_PLACE_PATH, "./my ad", "./my ad"},
        {"PARAMETER |", MODELFILE_PLACE_PARAMETER, "", ""},
        {"PARAMETER num_|ctx 5", MODELFILE_PLACE_PARAMETER, "num_", "num_ctx"},
        {"PARAMETER num_ctx 40|", MODELFILE_PLACE_PARAMETER_VALUE, "40", "40"},
        {"MESSAGE |\n", MODELFILE_PLACE_ROLE, "", ""},
        {"MESSAGE us|", MODELFILE_PLACE_ROLE, "us", "us"},
        {"MESSAGE user FROM |", MODELFILE_PLACE_NONE, "", ""},
        {"TEMPLATE \"\"\"{{ .Sy|stem }}", MODELFILE_PLACE_TEMPLATE, ".Sy", ".System"},
        {"TEMPLATE \"\"\"{{ if .System }}\nF|", MODELFILE_PLACE_NONE, "", ""},
        {"TEMPLATE {{ |", MODELFILE_PLACE_TEMPLATE, "", ""},
        {"SYSTEM \"\"\"\nFROM |\n\"\"\"", MODELFILE_PLACE_NONE, "", ""},
        {"# FROM |", MODELFILE_PLACE_NONE, "", ""},
        {"RENDERER qw|", MODELFILE_PLACE_VALUE, "qw", "qw"},
        {"bad line!\nFROM l|", MODELFILE_PLACE_MODEL, "l", "l"},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str marked = str_from(cases[i].text);
        size_t offset = str_find_char(marked, '|');
        struct str text =
            arena_join(&arena, str_slice(marked, 0, offset), str_from_index(marked, offset + 1));
        struct modelfile_place place;
        modelfile_place_at(&arena, text, offset, &place);
        struct str word = str_slice(text, place.start, place.end);
        if (place.kind != cases[i].kind || !str_eq(place.typed, str_from(cases[i].typed)) ||
            !str_eq(word, str_from(cases[i].word))) {
            fail_msg("%s: kind %d, typed \"%.*s\", word \"%.*s\"", cases[i].text, place.kind,
                     STR_ARG(place.typed), STR_ARG(word));
        }
    }
    struct modelfile_place place;
    modelfile_place_at(&arena, STR("FROM x\nPARAMETER num_ctx "), 25, &place);
    assert_true(str_eq(place.parameter, STR("num_ctx")));
    arena_finish(&arena);
}

static void test_from_is_path(void **state) {
    (void)state;
    static const char *const paths[] = {
        "", ".", "/a/b", "~/x", "./x", "../x", "m.gguf", "M.GGUF", "a/b.safetensors", "..\\x"};
    static const char *const names[] = {"llama3", "llama3.2:3b", "a/b", "hf.co/a/b-GGUF:Q4_K_M",
                                        "https://host/ns/m.gguf"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_true(modelfile_from_is_path(str_from(paths[i])));
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_false(modelfile_from_is_path(str_from(names[i])));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts), cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_ranges),   cmocka_unit_test(test_reading_goes_on),
        cmocka_unit_test(test_prefixes), cmocka_unit_test(test_linear),
        cmocka_unit_test(test_places),   cmocka_unit_test(test_from_is_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
