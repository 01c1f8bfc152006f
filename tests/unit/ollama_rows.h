// SPDX-License-Identifier: MIT
//
// Tables of expectations under tests/unit/data: tab separated, '#' comments. Included once per
// test.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/uri.h"

#define MAX_CELLS 8

typedef void (*row_check)(struct arena *arena, const struct str cells[MAX_CELLS], size_t line);

// Calls `check` for each row; returns how many there were.
static inline size_t each_row(const char *name, row_check check) {
    struct arena arena = {0};
    struct str text = {0};
    struct str path = arena_printf(&arena, "%s/unit/data/%s", TEST_DATA_DIR, name);
    assert_int_equal(file_read(&arena, path.p, 1 << 20, &text), ERR_OK);
    size_t rows = 0;
    size_t number = 0;
    struct str line;
    while (str_next_line(&text, &line)) {
        number++;
        if (line.n == 0 || line.p[0] == '#') {
            continue;
        }
        struct str cells[MAX_CELLS] = {{0}};
        struct str rest = line;
        for (size_t i = 0; i < MAX_CELLS && rest.p; i++) {
            cells[i] = str_split(&rest, '\t');
        }
        check(&arena, cells, number);
        rows++;
    }
    arena_finish(&arena);
    return rows;
}

// "|…|" with JSON escapes inside.
static inline struct str unquote(struct arena *arena, struct str cell) {
    assert_true(cell.n >= 2 && cell.p[0] == '|' && cell.p[cell.n - 1] == '|');
    struct str inner = str_slice(cell, 1, cell.n - 1);
    struct str json = arena_printf(arena, "\"%.*s\"", STR_ARG(inner));
    struct json_object *value = NULL;
    assert_int_equal(json_parse(arena, json, &value, NULL), ERR_OK);
    struct str out = arena_copy(arena, json_str(value));
    json_object_put(value);
    return out;
}

#define CHECK_STR(line, actual, expected)                                                          \
    check_str(__FILE__, __LINE__, (line), (actual), (expected))
static inline void check_str(const char *file, int at, size_t line, struct str actual,
                             struct str expected) {
    if (!str_eq(actual, expected)) {
        print_error("row %zu: got '%.*s', expected '%.*s'\n", line, STR_ARG(actual),
                    STR_ARG(expected));
        _fail(file, at);
    }
}

static inline void check_true(const char *file, int at, size_t line, bool ok, const char *what) {
    if (!ok) {
        print_error("row %zu: %s\n", line, what);
        _fail(file, at);
    }
}
#define CHECK(line, condition) check_true(__FILE__, __LINE__, (line), (condition), #condition)
