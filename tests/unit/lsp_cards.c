// SPDX-License-Identifier: MIT
//
// Cards: what files and servers say stays text, and plain text has no marks left.
#include "lsp/handlers/cards.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// After the headers that it leans on.
#include <cmocka.h>

static const char *const hostile[] = {
    "x](http://evil) ![i](http://evil/i.png)",
    "<img src=x onerror=1>",
    "`",
    "``` <b>",
    "a`b``c`<i>",
    "\\` <b>",
    "**b** _i_ [l]: http://evil",
    "\x1b[31m\xe2\x80\xae",
    "line\n# heading\n<b>",
};

// Everything between code spans, by CommonMark 6.1: a run of backticks closes only with an equal
// run.
static struct str outside_spans(struct arena *arena, struct str text) {
    char *out = arena_alloc(arena, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n;) {
        size_t ticks = 0;
        while (i + ticks < text.n && text.p[i + ticks] == '`') {
            ticks++;
        }
        if (ticks == 0) {
            if (text.p[i] == '\\' && i + 1 < text.n) {
                i++; // an escaped character is text
                i++;
                continue;
            }
            out[n++] = text.p[i++];
            continue;
        }
        size_t end = i + ticks;
        size_t run = 0;
        while (end < text.n) {
            run = text.p[end] == '`' ? run + 1 : 0;
            end++;
            if (run == ticks && (end == text.n || text.p[end] != '`')) {
                break;
            }
        }
        assert_int_equal(run, ticks); // every span is closed
        i = end;
    }
    return str_of(out, n);
}

static void assert_inert(struct arena *arena, struct str card) {
    struct str outside = outside_spans(arena, card);
    assert_false(str_contains(outside, STR("![")));
    assert_false(str_contains(outside, STR("](")));
    assert_false(str_contains(outside, STR("://evil")));
    assert_false(str_contains(card, STR("\x1b")));
    assert_false(str_contains(card, STR("\xe2\x80\xae")));
    for (size_t at = 0; (at = str_find_char(outside, '<')) != STR_NPOS;) {
        outside = str_from_index(outside, at);
        assert_true(str_starts(outside, STR("<https://"))); // our own links only
        outside = str_from_index(outside, 1);
    }
}

static void hostile_text_is_inert(void **state) {
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        struct str text = str_from(hostile[i]);
        struct model_name name;
        assert_true(model_name_parse(STR("llama3.2:3b"), MODEL_NAME_INFERENCE, &name, NULL));
        struct model model = {
            .name = text,
            .parameters = text,
            .quantization = text,
            .digest = text,
            .remote = true,
            .remote_host = text,
            .size = 1,
        };
        struct server server = {.url = text,
                                .version = text,
                                .state = SERVER_UNREACHABLE,
                                .error_message = text,
                                .error_remedy = text};
        assert_inert(&arena, model_card(&arena, text, &name, &model, &server));
        assert_inert(&arena, model_card(&arena, text, &name, NULL, NULL));
        struct reference reference = {.kind = REF_HOST, .text = text};
        assert_inert(&arena, host_card(&arena, &reference, &server));
    }
    arena_finish(&arena);
}

static void plain_text_has_no_marks(void **state) {
    struct arena arena = {0};
    struct model_name name;
    (void)state;
    assert_true(model_name_parse(STR("llama3.2:3b"), MODEL_NAME_INFERENCE, &name, NULL));
    struct model model = {
        .name = STR("llama3.2:3b"), .parameters = STR("3.2B"), .quantization = STR("Q4_K_M")};
    struct str plain = card_to_plain(&arena, model_card(&arena, STR("x"), &name, &model, NULL));
    assert_true(str_starts(plain, STR("llama3.2:3b\n\n- 3.2B · Q4_K_M\n")));
    assert_true(str_contains(plain, STR("\nhttps://ollama.com/library/llama3.2:3b\n")));
    assert_int_equal(str_find_char(plain, '`'), STR_NPOS);
    assert_int_equal(str_find_char(plain, '*'), STR_NPOS);
    struct str odd = card_to_plain(&arena, STR("a `` x`y `` **b** \\*c\\* `un"));
    assert_true(str_eq(odd, STR("a x`y b *c* un")));
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_text_is_inert),
        cmocka_unit_test(plain_text_has_no_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
