// SPDX-License-Identifier: MIT
//
// The Modelfile parser and the template checker: ranges inside the bytes and in order, a map for
// each decoded byte, a place for every offset. Input: the Modelfile; a first byte of 'T' makes the
// rest a template.
#include "base/utf.h"
#include "diagnostics/modelfile.h"
#include "diagnostics/template.h"
#include "fuzz/fuzz.h"

static void check_instruction(const struct modelfile_instruction *at, struct str bytes) {
    FUZZ_CHECK(at->command < MODELFILE_COMMANDS);
    FUZZ_CHECK(at->keyword_start <= at->keyword_end && at->keyword_end <= bytes.n);
    FUZZ_CHECK(at->start <= at->end && at->end <= bytes.n);
    FUZZ_CHECK(at->outer_start <= at->start && at->end <= at->outer_end &&
               at->outer_end <= bytes.n);
    FUZZ_CHECK(at->name.n == 0 ||
               (at->name_start <= at->name_end && at->name_end <= at->outer_start));
    if (at->map) {
        for (size_t i = 0; i < at->value.n; i++) {
            FUZZ_CHECK(at->map[i] <= at->map[i + 1] && at->map[i + 1] <= bytes.n);
        }
    }
}

static void check_template(struct arena *arena, struct str text) {
    struct template_problem *problems = NULL;
    size_t n = template_check(arena, text, &problems);
    for (size_t i = 0; i < n; i++) {
        FUZZ_CHECK(problems[i].start <= problems[i].end && problems[i].end <= text.n);
        FUZZ_CHECK(problems[i].message.n > 0 && utf8_is_valid(problems[i].message));
    }
}

static void check_modelfile(struct arena *arena, struct str bytes) {
    struct modelfile file;
    modelfile_parse(arena, bytes, &file);
    for (size_t i = 0; i < file.n; i++) {
        check_instruction(&file.at[i], bytes);
        FUZZ_CHECK(i == 0 || file.at[i - 1].keyword_end <= file.at[i].keyword_start);
        if (file.at[i].command == MODELFILE_TEMPLATE) {
            check_template(arena, file.at[i].value);
        }
    }
    for (size_t i = 0; i < file.n_faults; i++) {
        FUZZ_CHECK(file.faults[i].start <= file.faults[i].end && file.faults[i].end <= bytes.n);
        FUZZ_CHECK(utf8_is_valid(modelfile_fault_text(arena, &file.faults[i])));
    }
    size_t step = 1 + bytes.n / 16; // each parses the file
    for (size_t offset = 0; offset <= bytes.n; offset += step) {
        struct modelfile_place place;
        modelfile_place_at(arena, bytes, offset, &place);
        FUZZ_CHECK(place.kind == MODELFILE_PLACE_NONE ||
                   (place.start <= offset && offset <= place.end && place.end <= bytes.n));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    arena_init(&arena);
    struct str bytes = fuzz_exact(str_of((const char *)data, size));
    if (bytes.n > 0 && bytes.p[0] == 'T') {
        check_template(&arena, str_from_index(bytes, 1));
    }
    check_modelfile(&arena, bytes);
    free((char *)bytes.p);
    arena_finish(&arena);
    return 0;
}
