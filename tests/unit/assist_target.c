// SPDX-License-Identifier: MIT
//
// What an action works on: a table of marked texts (data/targets.txt).
#include "assist_rig.h"

#define SELECTION_OPEN STR("\xe2\x80\xb9")
#define SELECTION_CLOSE STR("\xe2\x80\xba")
#define CURSOR STR("\xe2\x80\xb8")
#define TARGET_OPEN STR("\xc2\xab")
#define TARGET_CLOSE STR("\xc2\xbb")

struct marked {
    char bytes[4096];
    size_t n;
    struct text_range selection, target;
    bool has_target, has_selection;
};

static size_t take_mark(struct str *rest, struct str mark) {
    if (str_starts(*rest, mark)) {
        *rest = str_from_index(*rest, mark.n);
        return mark.n;
    }
    return 0;
}

static void read_marked(struct str source, struct str eol, struct marked *out) {
    memset(out, 0, sizeof(*out));
    for (struct str rest = source; rest.n > 0;) {
        if (take_mark(&rest, SELECTION_OPEN)) {
            out->selection.start = out->n;
        } else if (take_mark(&rest, SELECTION_CLOSE)) {
            out->selection.end = out->n;
            out->has_selection = true;
        } else if (take_mark(&rest, CURSOR)) {
            out->selection = (struct text_range){out->n, out->n};
            out->has_selection = true;
        } else if (take_mark(&rest, TARGET_OPEN)) {
            out->target.start = out->n;
        } else if (take_mark(&rest, TARGET_CLOSE)) {
            out->target.end = out->n;
            out->has_target = true;
        } else {
            struct str one = rest.p[0] == '\n' ? eol : str_slice(rest, 0, 1);
            assert_true(out->n + one.n < sizeof(out->bytes));
            memcpy(out->bytes + out->n, one.p, one.n);
            out->n += one.n;
            rest = str_from_index(rest, 1);
        }
    }
}

static bool check_target(struct str head, struct str source) {
    struct str rest = head;
    struct str options = str_split(&rest, ':');
    char language[32];
    struct str name = str_split(&options, ' ');
    snprintf(language, sizeof(language), "%.*s", STR_ARG(name));
    struct str kind_name = str_split(&options, ' ');
    static const char *const KINDS[] = {"nodes", "definition", "point", "behind"};
    enum target_kind kind = TARGET_NODES;
    while (!str_eq(kind_name, str_from(KINDS[kind]))) {
        kind++;
        assert_true(kind <= TARGET_BEHIND);
    }
    struct str eol = str_contains(options, STR("crlf")) ? STR("\r\n")
                     : str_contains(options, STR("cr")) ? STR("\r")
                                                        : STR("\n");
    if (str_contains(options, STR("noeol")) && source.n > 0) {
        source.n--;
    }
    struct marked marked;
    read_marked(source, eol, &marked);
    if (!marked.has_target || !marked.has_selection) {
        print_error("%.*s: marks are missing\n", STR_ARG(head));
        return false;
    }
    struct fixture fixture;
    fixture_init(&fixture, language, str_of(marked.bytes, marked.n));
    fixture.input.selection = marked.selection;
    fixture.input.tree = str_contains(options, STR("notree")) ? NULL : fixture.tree;
    struct text_range got = context_target(&fixture.input, kind);
    struct str bytes = text_str(fixture.text);
    bool ok = got.start == marked.target.start && got.end == marked.target.end;
    if (!ok) {
        print_error("%.*s\n  expected %zu-%zu '%.*s'\n  got %zu-%zu '%.*s'\n", STR_ARG(head),
                    marked.target.start, marked.target.end,
                    STR_ARG(str_slice(bytes, marked.target.start, marked.target.end)), got.start,
                    got.end, STR_ARG(str_slice(bytes, got.start, got.end)));
    }
    fixture_finish(&fixture);
    return ok;
}

static struct str read_data(struct arena *arena, const char *name) {
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    char *bytes = arena_alloc(arena, 1 << 20);
    size_t n = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return str_of(bytes, n);
}

static void test_targets(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct str rest = read_data(&arena, TEST_DATA_DIR "/unit/data/targets.txt");
    size_t cases = 0;
    size_t failures = 0;
    size_t at = str_find(rest, STR("\n== "));
    while (at != STR_NPOS) {
        rest = str_from_index(rest, at + 4);
        struct str head;
        str_next_line(&rest, &head);
        // The case's own last line end stays; the next head may follow at once.
        at = str_starts(rest, STR("== ")) ? 0 : str_find(rest, STR("\n== "));
        struct str source = at == STR_NPOS ? rest : str_slice(rest, 0, at + 1);
        cases++;
        failures += check_target(head, source) ? 0 : 1;
    }
    print_message("%zu cases\n", cases);
    assert_true(cases >= 120);
    assert_int_equal(failures, 0);
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
